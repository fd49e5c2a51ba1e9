//! The payloads that earlier releases wrote.
//!
//! Nobody writes them any more, and stores are full of them. They are kept as types for as long as that is so:
//! the upcasters read them, and their schemas stay frozen under `schemas/`. What has not changed since (such as
//! [`Recipient`]) is shared with today's events; the frozen schemas notice when it does change.

use pastproof::model::EventKind;
use pastproof::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::events::{Currency, DeliveryWindow, Item, Money, OrderCreated, Recipient};

/// Every version that earlier releases wrote, for the catalogue.
pub fn kinds() -> Vec<EventKind> {
    vec![
        schema::kind::<OrderCreatedV1>("OrderCreated", 1.into()),
        schema::kind::<OrderCreatedV2>("OrderCreated", 2.into()),
        schema::kind::<PickedUpV1>("PickedUp", 1.into()),
        schema::kind::<DepotReachedV1>("DepotReached", 1.into()),
        schema::kind::<RecipientNotifiedV1>("RecipientNotified", 1.into()),
        schema::kind::<DeliveryFailedV1>("DeliveryFailed", 1.into()),
        schema::kind::<DeliveredV1>("Delivered", 1.into()),
        schema::kind::<MoneyCollectedV1>("MoneyCollected", 1.into()),
        schema::kind::<CashBoxOpenedV1>("CashBoxOpened", 1.into()),
    ]
}

/// `OrderCreated` while the service knew one currency, and 0 meant that nothing was due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCreatedV1 {
    pub shop: String,
    pub recipient: Recipient,
    pub items: Vec<Item>,
    pub due_cents: u64,
}

/// `OrderCreated` before recipients could say when they are at home.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCreatedV2 {
    pub shop: String,
    pub recipient: Recipient,
    pub items: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Money>,
}

/// What became `TakenByCarrier`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PickedUpV1 {
    pub company: String,
}

/// `DepotReached` when a depot was called a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DepotReachedV1 {
    pub place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanner: Option<u16>,
}

/// Told the recipient that the courier is coming. Notifications are another service's business now, and the
/// parcel's history does without phone numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecipientNotifiedV1 {
    pub channel: ChannelV1,
    pub sent_to: String,
}

/// How a recipient was told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelV1 {
    Sms,
    Email,
}

/// `DeliveryFailed` when reasons were plain words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryFailedV1 {
    pub attempt: u8,
    pub reason: FailureReasonV1,
}

/// Why a parcel was not handed over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureReasonV1 {
    Absent,
    NoMoney,
    WrongAddress,
    Refused,
}

/// `Delivered` when it also said what was collected; 0 when nothing was due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveredV1 {
    pub received_by: String,
    pub collected_cents: u64,
}

/// `MoneyCollected` before couriers carried card terminals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MoneyCollectedV1 {
    pub amount: Money,
}

/// `CashBoxOpened` when every box started empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CashBoxOpenedV1 {
    pub courier: String,
    pub depot: String,
    pub currency: Currency,
}

/// There was one currency, so the amount was in it.
impl From<OrderCreatedV1> for OrderCreatedV2 {
    fn from(old: OrderCreatedV1) -> Self {
        Self {
            shop: old.shop,
            recipient: old.recipient,
            items: old.items,
            due: euro(old.due_cents),
        }
    }
}

/// Nobody could choose a time, so couriers knocked at any.
impl From<OrderCreatedV2> for OrderCreated {
    fn from(old: OrderCreatedV2) -> Self {
        Self {
            shop: old.shop,
            recipient: old.recipient,
            items: old.items,
            due: old.due,
            window: DeliveryWindow::AnyTime,
        }
    }
}

/// The first release had one currency, and wrote 0 for "nothing".
pub fn euro(cents: u64) -> Option<Money> {
    (cents > 0).then_some(Money {
        cents,
        currency: Currency::Eur,
    })
}
