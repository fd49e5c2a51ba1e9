//! A parcel: what may be done with it, and when.

use pastproof::model::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::events::{
    Delivered, DeliveryFailed, DeliveryWindow, DepotReached, FailureReason, Money, MoneyCollected,
    OrderCreated, OutForDelivery, PaidWith, ParcelEvent, ReturnReason, ReturnStarted, ReturnedToSender,
    TakenByCarrier,
};

/// After this many knocks in vain the parcel goes back.
pub const MAX_ATTEMPTS: u8 = 3;

/// Couriers carry no more than this for one parcel, in hundredths.
pub const MAX_DUE_CENTS: u64 = 1_000_000;

/// What may be asked of a parcel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum ParcelCommand {
    CreateOrder(OrderCreated),
    Take {
        carrier: String,
        weight_grams: Option<u32>,
    },
    ReachDepot {
        depot: String,
        scanner: Option<u16>,
    },
    SendOut {
        courier: String,
    },
    GiveUp {
        reason: FailureReason,
    },
    HandOver {
        received_by: String,
        payment: Option<MoneyCollected>,
    },
    ReturnToSender {
        received_by: String,
    },
}

/// Why a parcel refuses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum ParcelError {
    /// The command does not fit where the parcel is.
    NotNow { stage: Stage },
    /// The same order number with other contents.
    OrderDiffers,
    /// An order of nothing.
    NothingOrdered,
    /// A delivery window that closes before it opens.
    WindowNeverOpens,
    /// More than a courier may carry.
    TooMuchDue { limit_cents: u64 },
    /// Another carrier has the parcel.
    TakenByAnother { carrier: String },
    /// The recipient pays something else than what is due.
    WrongAmount {
        due: Option<Money>,
        offered: Option<Money>,
    },
    /// Somebody else has it, or paid for it in another way.
    AlreadyDelivered,
}

/// Where a parcel is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    #[default]
    NotOrdered,
    Ordered,
    Shipping,
    OutForDelivery,
    Delivered,
    Returning,
    Returned,
}

/// What is known of a parcel.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Parcel {
    pub stage: Stage,
    /// The order as it was created, so that a shop may safely send it twice.
    pub order: Option<OrderCreated>,
    pub carrier: Option<String>,
    pub depot: Option<String>,
    pub courier: Option<String>,
    pub failed_attempts: u8,
    pub received_by: Option<String>,
    pub payment: Option<MoneyCollected>,
}

impl Parcel {
    /// What the courier has to collect.
    pub fn due(&self) -> Option<Money> {
        self.order.as_ref().and_then(|order| order.due)
    }

    fn not_now(&self) -> ParcelError {
        ParcelError::NotNow { stage: self.stage }
    }

    fn create(&self, order: &OrderCreated) -> Result<Vec<ParcelEvent>, ParcelError> {
        match &self.order {
            Some(known) if known == order => return Ok(vec![]),
            Some(_) => return Err(ParcelError::OrderDiffers),
            None => {}
        }
        if order.items.iter().all(|item| item.quantity == 0) {
            return Err(ParcelError::NothingOrdered);
        }
        if order.due.is_some_and(|due| due.cents > MAX_DUE_CENTS) {
            return Err(ParcelError::TooMuchDue {
                limit_cents: MAX_DUE_CENTS,
            });
        }
        if let DeliveryWindow::Between {
            from_hour,
            until_hour,
        } = order.window
            && from_hour >= until_hour
        {
            return Err(ParcelError::WindowNeverOpens);
        }
        Ok(vec![order.clone().into()])
    }

    fn take(&self, carrier: &str, weight_grams: Option<u32>) -> Result<Vec<ParcelEvent>, ParcelError> {
        match (&self.carrier, self.stage) {
            // A driver's device sends again what it has sent before coverage was lost.
            (Some(known), _) if known == carrier => Ok(vec![]),
            (Some(known), _) => Err(ParcelError::TakenByAnother {
                carrier: known.clone(),
            }),
            (None, Stage::Ordered) => Ok(vec![
                TakenByCarrier {
                    carrier: carrier.to_owned(),
                    weight_grams,
                }
                .into(),
            ]),
            (None, _) => Err(self.not_now()),
        }
    }

    fn reach(&self, depot: &str, scanner: Option<u16>) -> Result<Vec<ParcelEvent>, ParcelError> {
        match self.stage {
            Stage::Shipping | Stage::Returning if self.depot.as_deref() == Some(depot) => Ok(vec![]),
            Stage::Shipping | Stage::Returning => Ok(vec![
                DepotReached {
                    depot: depot.to_owned(),
                    scanner,
                }
                .into(),
            ]),
            _ => Err(self.not_now()),
        }
    }

    fn send_out(&self, courier: &str) -> Result<Vec<ParcelEvent>, ParcelError> {
        // A courier loads at a depot, never at the shop.
        match (self.stage, &self.depot) {
            (Stage::Shipping, Some(_)) => Ok(vec![
                OutForDelivery {
                    courier: courier.to_owned(),
                }
                .into(),
            ]),
            _ => Err(self.not_now()),
        }
    }

    fn give_up(&self, reason: &FailureReason) -> Result<Vec<ParcelEvent>, ParcelError> {
        if self.stage != Stage::OutForDelivery {
            return Err(self.not_now());
        }
        let attempt = self.failed_attempts.saturating_add(1);
        let failed = DeliveryFailed {
            attempt,
            reason: reason.clone(),
        };
        // Knocking again helps only where somebody may be at home, or may have been to the bank.
        let back = match reason {
            FailureReason::Refused { .. } => Some(ReturnReason::Refused),
            FailureReason::WrongAddress => Some(ReturnReason::WrongAddress),
            FailureReason::NobodyHome | FailureReason::NoMoney => {
                (attempt >= MAX_ATTEMPTS).then_some(ReturnReason::TooManyAttempts)
            }
        };
        let mut events = vec![failed.into()];
        events.extend(back.map(|reason| ReturnStarted { reason }.into()));
        Ok(events)
    }

    fn hand_over(
        &self,
        received_by: &str,
        payment: Option<&MoneyCollected>,
    ) -> Result<Vec<ParcelEvent>, ParcelError> {
        match self.stage {
            Stage::OutForDelivery => {}
            Stage::Delivered
                if self.received_by.as_deref() == Some(received_by) && self.payment.as_ref() == payment =>
            {
                return Ok(vec![]);
            }
            Stage::Delivered => return Err(ParcelError::AlreadyDelivered),
            _ => return Err(self.not_now()),
        }
        let offered = payment.map(|payment| payment.amount);
        if offered != self.due() {
            return Err(ParcelError::WrongAmount {
                due: self.due(),
                offered,
            });
        }
        let mut events = vec![
            Delivered {
                received_by: received_by.to_owned(),
            }
            .into(),
        ];
        events.extend(payment.cloned().map(ParcelEvent::from));
        Ok(events)
    }

    fn return_to_sender(&self, received_by: &str) -> Result<Vec<ParcelEvent>, ParcelError> {
        match self.stage {
            Stage::Returning => Ok(vec![
                ReturnedToSender {
                    received_by: received_by.to_owned(),
                }
                .into(),
            ]),
            Stage::Returned if self.received_by.as_deref() == Some(received_by) => Ok(vec![]),
            _ => Err(self.not_now()),
        }
    }
}

impl Aggregate for Parcel {
    type Command = ParcelCommand;
    type Event = ParcelEvent;
    type Error = ParcelError;

    fn handle(&self, command: &ParcelCommand) -> Result<Vec<ParcelEvent>, ParcelError> {
        match command {
            ParcelCommand::CreateOrder(order) => self.create(order),
            ParcelCommand::Take {
                carrier,
                weight_grams,
            } => self.take(carrier, *weight_grams),
            ParcelCommand::ReachDepot { depot, scanner } => self.reach(depot, *scanner),
            ParcelCommand::SendOut { courier } => self.send_out(courier),
            ParcelCommand::GiveUp { reason } => self.give_up(reason),
            ParcelCommand::HandOver { received_by, payment } => self.hand_over(received_by, payment.as_ref()),
            ParcelCommand::ReturnToSender { received_by } => self.return_to_sender(received_by),
        }
    }

    fn apply(&mut self, event: &ParcelEvent) {
        match event {
            ParcelEvent::OrderCreated(order) => {
                self.stage = Stage::Ordered;
                self.order = Some(order.clone());
            }
            ParcelEvent::TakenByCarrier(TakenByCarrier { carrier, .. }) => {
                self.stage = Stage::Shipping;
                self.carrier = Some(carrier.clone());
            }
            // A parcel on its way back passes depots as well, and stays on its way back.
            ParcelEvent::DepotReached(DepotReached { depot, .. }) => self.depot = Some(depot.clone()),
            ParcelEvent::OutForDelivery(OutForDelivery { courier }) => {
                self.stage = Stage::OutForDelivery;
                self.courier = Some(courier.clone());
            }
            ParcelEvent::DeliveryFailed(DeliveryFailed { attempt, .. }) => {
                self.stage = Stage::Shipping;
                self.courier = None;
                self.failed_attempts = *attempt;
            }
            ParcelEvent::Delivered(Delivered { received_by }) => {
                self.stage = Stage::Delivered;
                self.received_by = Some(received_by.clone());
            }
            ParcelEvent::MoneyCollected(payment) => self.payment = Some(payment.clone()),
            ParcelEvent::ReturnStarted(_) => self.stage = Stage::Returning,
            ParcelEvent::ReturnedToSender(ReturnedToSender { received_by }) => {
                self.stage = Stage::Returned;
                self.received_by = Some(received_by.clone());
            }
        }
    }
}

/// A payment in notes and coins.
pub fn in_cash(amount: Money) -> MoneyCollected {
    MoneyCollected {
        amount,
        paid_with: PaidWith::Cash,
    }
}
