//! The old releases' writers: how each of three releases stored what was decided.
//!
//! A service does not keep such code; its history is in the store. The example keeps it, because its history has
//! to come from somewhere, and because it gives every upcaster its law: what an old release stored becomes, once
//! upcast, exactly what was decided.

use pastproof::model::{Event, EventError};
use serde::Serialize;
use serde_json::Value;

use super::events::{
    CashBoxEvent, DeliveryFailed, FailureReason, Money, OrderCreated, ParcelEvent, Recipient,
};
use super::history::{
    CashBoxOpenedV1, ChannelV1, DeliveredV1, DeliveryFailedV1, DepotReachedV1, FailureReasonV1,
    MoneyCollectedV1, OrderCreatedV1, OrderCreatedV2, PickedUpV1, RecipientNotifiedV1,
};

/// The releases that wrote the recorded history, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// One currency, money as a part of the delivery, text messages in the parcel's history.
    First,
    /// Several currencies, weights, money as an event of its own, cash boxes.
    Second,
    /// Delivery windows, card terminals, change money: today's code.
    Third,
}

/// An event as a release stored it.
#[derive(Clone, Debug)]
pub struct Stored {
    pub event_type: &'static str,
    pub version: u64,
    pub data: Value,
    /// What was decided, and upcasting has to bring back: type, version and data of each event.
    pub decided: Vec<(&'static str, u64, Value)>,
}

impl Release {
    /// Stores what a parcel decided.
    ///
    /// The first two releases tell the recipient when the parcel is on its way, which needs the order.
    pub fn write_parcel(
        self,
        decided: &[ParcelEvent],
        recipient: &Recipient,
    ) -> Result<Vec<Stored>, EventError> {
        let mut stored = Vec::new();
        let mut events = decided.iter().peekable();
        while let Some(event) = events.next() {
            if self < Self::Third
                && let ParcelEvent::OutForDelivery(_) = event
            {
                let notified = notification(recipient);
                stored.push(old::<ParcelEvent, _>("RecipientNotified", 1, &notified, &[])?);
            }
            let one = std::slice::from_ref(event);
            stored.push(match (self, event) {
                (Self::First, ParcelEvent::OrderCreated(order)) => {
                    old("OrderCreated", 1, &OrderCreatedV1::from(order), one)?
                }
                (Self::Second, ParcelEvent::OrderCreated(order)) => {
                    old("OrderCreated", 2, &OrderCreatedV2::from(order), one)?
                }
                (Self::First, ParcelEvent::TakenByCarrier(taken)) => {
                    let company = taken.carrier.clone();
                    old("PickedUp", 1, &PickedUpV1 { company }, one)?
                }
                (Self::First, ParcelEvent::DepotReached(reached)) => {
                    let (place, scanner) = (reached.depot.clone(), reached.scanner);
                    old("DepotReached", 1, &DepotReachedV1 { place, scanner }, one)?
                }
                (Self::First, ParcelEvent::DeliveryFailed(failed)) => {
                    old("DeliveryFailed", 1, &DeliveryFailedV1::from(failed), one)?
                }
                (Self::First, ParcelEvent::Delivered(delivered)) => {
                    let mut both = vec![event.clone()];
                    both.extend(
                        events
                            .next_if(|next| matches!(next, ParcelEvent::MoneyCollected(_)))
                            .cloned(),
                    );
                    let collected_cents = both.iter().map(collected_cents).sum();
                    let received_by = delivered.received_by.clone();
                    let payload = DeliveredV1 {
                        received_by,
                        collected_cents,
                    };
                    old("Delivered", 1, &payload, &both)?
                }
                (Self::Second, ParcelEvent::MoneyCollected(collected)) => {
                    let amount = collected.amount;
                    old("MoneyCollected", 1, &MoneyCollectedV1 { amount }, one)?
                }
                _ => current(event)?,
            });
        }
        Ok(stored)
    }

    /// Stores what a cash box decided. There were none before the second release.
    pub fn write_cash_box(self, decided: &[CashBoxEvent]) -> Result<Vec<Stored>, EventError> {
        let store = |event: &CashBoxEvent| match (self, event) {
            (Self::Second, CashBoxEvent::CashBoxOpened(opened)) => {
                let payload = CashBoxOpenedV1 {
                    courier: opened.courier.clone(),
                    depot: opened.depot.clone(),
                    currency: opened.float.currency,
                };
                old("CashBoxOpened", 1, &payload, std::slice::from_ref(event))
            }
            _ => current(event),
        };
        decided.iter().map(store).collect()
    }
}

fn old<E: Event, T: Serialize>(
    event_type: &'static str,
    version: u64,
    payload: &T,
    decided: &[E],
) -> Result<Stored, EventError> {
    Ok(Stored {
        event_type,
        version,
        data: pastproof::model::write_json(payload)?,
        decided: decided.iter().map(fact).collect::<Result<_, _>>()?,
    })
}

fn current<E: Event>(event: &E) -> Result<Stored, EventError> {
    let (event_type, version, data) = fact(event)?;
    Ok(Stored {
        event_type,
        version,
        data: data.clone(),
        decided: vec![(event_type, version, data)],
    })
}

fn fact<E: Event>(event: &E) -> Result<(&'static str, u64, Value), EventError> {
    let version = event.version().to_string().parse();
    let version = version.map_err(|_| EventError::new("versions of this service are whole numbers"))?;
    Ok((event.event_type(), version, event.encode()?))
}

fn notification(recipient: &Recipient) -> RecipientNotifiedV1 {
    match &recipient.phone {
        Some(phone) => RecipientNotifiedV1 {
            channel: ChannelV1::Sms,
            sent_to: phone.clone(),
        },
        None => RecipientNotifiedV1 {
            channel: ChannelV1::Email,
            sent_to: format!("{}@mail.example", recipient.name),
        },
    }
}

fn cents(amount: Option<Money>) -> u64 {
    amount.map_or(0, |amount| amount.cents)
}

fn collected_cents(event: &ParcelEvent) -> u64 {
    match event {
        ParcelEvent::MoneyCollected(collected) => collected.amount.cents,
        _ => 0,
    }
}

impl From<&OrderCreated> for OrderCreatedV1 {
    fn from(order: &OrderCreated) -> Self {
        Self {
            shop: order.shop.clone(),
            recipient: order.recipient.clone(),
            items: order.items.clone(),
            due_cents: cents(order.due),
        }
    }
}

impl From<&OrderCreated> for OrderCreatedV2 {
    fn from(order: &OrderCreated) -> Self {
        Self {
            shop: order.shop.clone(),
            recipient: order.recipient.clone(),
            items: order.items.clone(),
            due: order.due,
        }
    }
}

impl From<&DeliveryFailed> for DeliveryFailedV1 {
    fn from(failed: &DeliveryFailed) -> Self {
        Self {
            attempt: failed.attempt,
            reason: match failed.reason {
                FailureReason::NobodyHome => FailureReasonV1::Absent,
                FailureReason::NoMoney => FailureReasonV1::NoMoney,
                FailureReason::WrongAddress => FailureReasonV1::WrongAddress,
                FailureReason::Refused { .. } => FailureReasonV1::Refused,
            },
        }
    }
}
