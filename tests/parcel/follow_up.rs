//! What has to happen after a courier left with a parcel: the process that sees to it that parcels and money arrive.
//!
//! It is a process manager (a saga): it follows parcels and cash boxes, sends commands to both, and is reminded by
//! timeouts of what did not happen. Nothing can be undone here, so what went wrong is made good: a courier who does
//! not come back is an attempt that failed, and money that is in no box is asked for again.

use std::time::Duration;

use pastproof::model::{Context, ProcessManager, Reaction, Trigger};
use schemars::JsonSchema;
use serde::Serialize;

use super::events::{
    CashAdded, Delivered, DeliveryFailed, FailureReason, Money, MoneyCollected, OutForDelivery, PaidWith,
};

/// Couriers are back by the evening.
pub const BACK_AFTER: Duration = Duration::from_secs(10 * 60 * 60);

/// Money is in a box by the next day.
pub const IN_A_BOX_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// After this many reminders somebody has to look into it.
pub const MAX_REMINDERS: u8 = 2;

pastproof::events! {
    /// What the process follows, of one parcel and of the boxes that may hold its money.
    #[derive(Clone, Debug, PartialEq)]
    pub enum FollowUpEvent {
        OutForDelivery(OutForDelivery) = 1,
        DeliveryFailed(DeliveryFailed) = 2,
        Delivered(Delivered) = 2,
        MoneyCollected(MoneyCollected) = 2,
        CashAdded(CashAdded) = 1,
    }
}

/// What it asks of others. Whoever delivers these knows the parcel: it is the process's own id.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub enum FollowUpCommand {
    /// To the parcel: the attempt failed.
    GiveUp { reason: FailureReason },
    /// To the box of this courier: it holds the money for the parcel.
    AddCash { courier: String, amount: Money },
}

/// What it wants to be reminded of.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub enum Reminder {
    /// The courier is not back from the attempt after this many failed ones.
    CourierOverdue { failed_attempts: u8 },
    /// The money is in no box.
    CashMissing { reminders: u8 },
}

/// What a person has to see to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub enum Alarm {
    /// This courier collected money that never reached a box.
    CashMissing { courier: String, amount: Money },
}

/// How far it has come with one parcel.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FollowUp {
    pub failed_attempts: u8,
    /// Who has the parcel, or had it when the money was collected.
    pub courier: Option<String>,
    /// Whether the courier is on the road.
    pub on_the_road: bool,
    /// Cash that is in no box yet.
    pub in_hand: Option<Money>,
}

type FollowUpReaction = Reaction<FollowUpEvent, FollowUpCommand, Reminder, Alarm>;

impl FollowUp {
    fn overdue(&self) -> Reminder {
        Reminder::CourierOverdue {
            failed_attempts: self.failed_attempts,
        }
    }

    fn collected(&self, amount: Money, context: &Context) -> FollowUpReaction {
        let Some(courier) = self.courier.clone() else {
            return Reaction::ignored();
        };
        Reaction::new()
            .sending(FollowUpCommand::AddCash { courier, amount })
            .scheduling(
                Reminder::CashMissing { reminders: 0 },
                context.now() + IN_A_BOX_AFTER,
            )
    }

    fn still_missing(&self, reminders: u8, context: &Context) -> FollowUpReaction {
        let (Some(courier), Some(amount)) = (self.courier.clone(), self.in_hand) else {
            return Reaction::ignored();
        };
        let reminders = reminders + 1;
        if reminders >= MAX_REMINDERS {
            return Reaction::new().with_effect(Alarm::CashMissing { courier, amount });
        }
        // A box takes the money of a parcel once, so that asking again is safe.
        Reaction::new()
            .sending(FollowUpCommand::AddCash { courier, amount })
            .scheduling(
                Reminder::CashMissing { reminders },
                context.now() + IN_A_BOX_AFTER,
            )
    }
}

impl ProcessManager for FollowUp {
    type Event = FollowUpEvent;
    type Command = FollowUpCommand;
    type Timeout = Reminder;
    type Effect = Alarm;

    fn react(
        &self,
        trigger: Trigger<'_, FollowUpEvent, Reminder>,
        context: &mut Context,
    ) -> FollowUpReaction {
        match trigger {
            Trigger::Event(FollowUpEvent::OutForDelivery(_)) => {
                Reaction::new().scheduling(self.overdue(), context.now() + BACK_AFTER)
            }
            Trigger::Event(FollowUpEvent::DeliveryFailed(_) | FollowUpEvent::Delivered(_)) => {
                if self.on_the_road {
                    Reaction::new().cancelling(self.overdue())
                } else {
                    Reaction::ignored()
                }
            }
            Trigger::Event(FollowUpEvent::MoneyCollected(MoneyCollected { amount, paid_with })) => {
                match paid_with {
                    PaidWith::Cash => self.collected(*amount, context),
                    // The bank has it.
                    PaidWith::Card { .. } => Reaction::ignored(),
                }
            }
            Trigger::Event(FollowUpEvent::CashAdded(_)) if self.in_hand.is_none() => Reaction::ignored(),
            Trigger::Event(FollowUpEvent::CashAdded(_)) => (0..MAX_REMINDERS)
                .fold(Reaction::new(), |reaction, reminders| {
                    reaction.cancelling(Reminder::CashMissing { reminders })
                }),
            Trigger::Timeout(Reminder::CourierOverdue { failed_attempts }) => {
                if !self.on_the_road || *failed_attempts != self.failed_attempts {
                    return Reaction::ignored();
                }
                Reaction::new().sending(FollowUpCommand::GiveUp {
                    reason: FailureReason::NobodyHome,
                })
            }
            Trigger::Timeout(Reminder::CashMissing { reminders }) => self.still_missing(*reminders, context),
        }
    }

    fn apply(&mut self, event: &FollowUpEvent) {
        match event {
            FollowUpEvent::OutForDelivery(OutForDelivery { courier }) => {
                self.courier = Some(courier.clone());
                self.on_the_road = true;
            }
            FollowUpEvent::DeliveryFailed(DeliveryFailed { attempt, .. }) => {
                self.failed_attempts = *attempt;
                self.on_the_road = false;
            }
            FollowUpEvent::Delivered(_) => self.on_the_road = false,
            FollowUpEvent::MoneyCollected(MoneyCollected { amount, paid_with }) => {
                self.in_hand = (*paid_with == PaidWith::Cash).then_some(*amount);
            }
            FollowUpEvent::CashAdded(_) => self.in_hand = None,
        }
    }
}
