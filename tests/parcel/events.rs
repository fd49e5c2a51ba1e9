//! The events as the code writes them today.
//!
//! The doc comments here end up as descriptions in `schemas/`, for readers who have no Rust.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pastproof::events! {
    /// What happens to a parcel.
    #[derive(Clone, Debug, PartialEq)]
    pub enum ParcelEvent {
        OrderCreated(OrderCreated) = 3,
        TakenByCarrier(TakenByCarrier) = 1,
        DepotReached(DepotReached) = 2,
        OutForDelivery(OutForDelivery) = 1,
        DeliveryFailed(DeliveryFailed) = 2,
        Delivered(Delivered) = 2,
        MoneyCollected(MoneyCollected) = 2,
        ReturnStarted(ReturnStarted) = 1,
        ReturnedToSender(ReturnedToSender) = 1,
    }
}

pastproof::events! {
    /// What happens to the cash box that a courier carries for a day.
    #[derive(Clone, Debug, PartialEq)]
    pub enum CashBoxEvent {
        CashBoxOpened(CashBoxOpened) = 2,
        CashAdded(CashAdded) = 1,
        CashHandedOver(CashHandedOver) = 1,
        DiscrepancyFound(DiscrepancyFound) = 1,
    }
}

/// A shop sold something; the money is collected when it is delivered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCreated {
    /// Who sells, and gets the parcel back if it is not delivered.
    pub shop: String,
    pub recipient: Recipient,
    pub items: Vec<Item>,
    /// What the courier has to collect; absent when the order is paid already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Money>,
    /// When the recipient is at home.
    pub window: DeliveryWindow,
}

/// A carrier took the parcel from the shop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TakenByCarrier {
    pub carrier: String,
    /// Absent when the parcel was not weighed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<u32>,
}

/// The parcel was scanned at a depot on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DepotReached {
    pub depot: String,
    /// The scanner, where it tells its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanner: Option<u16>,
}

/// A courier left with the parcel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutForDelivery {
    pub courier: String,
}

/// The courier came back with the parcel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryFailed {
    /// Which attempt it was, from 1.
    pub attempt: u8,
    pub reason: FailureReason,
}

/// Somebody took the parcel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Delivered {
    /// Who signed.
    pub received_by: String,
}

/// The recipient paid what was due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MoneyCollected {
    pub amount: Money,
    pub paid_with: PaidWith,
}

/// The parcel goes back to the shop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnStarted {
    pub reason: ReturnReason,
}

/// The shop has the parcel again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnedToSender {
    /// Who signed at the shop.
    pub received_by: String,
}

/// A courier got an empty cash box, or one with money to give change from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CashBoxOpened {
    pub courier: String,
    pub depot: String,
    /// Money to give change from.
    pub float: Money,
}

/// The courier put the money for a parcel into the box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CashAdded {
    /// Stream of the parcel that was paid for.
    pub parcel: String,
    pub amount: Money,
}

/// The courier handed the box over, and a clerk counted what is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CashHandedOver {
    pub clerk: String,
    pub counted: Money,
}

/// The clerk counted another amount than the box should hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiscrepancyFound {
    pub expected: Money,
    pub counted: Money,
}

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// In hundredths, so that sums are exact.
    pub cents: u64,
    pub currency: Currency,
}

/// The currencies that couriers take.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    Eur,
    Czk,
    Pln,
    Ron,
    Thb,
}

/// Who gets the parcel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recipient {
    pub name: String,
    pub address: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// Where the courier knocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    pub street: String,
    pub city: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    /// Two letters, as in ISO 3166-1.
    pub country: String,
}

/// A line of the order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    pub description: String,
    pub quantity: u16,
}

/// When a courier may knock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeliveryWindow {
    AnyTime,
    Between { from_hour: u8, until_hour: u8 },
}

/// Why a parcel was not handed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FailureReason {
    NobodyHome,
    NoMoney,
    WrongAddress,
    Refused {
        /// What the recipient had to say.
        #[serde(skip_serializing_if = "Option::is_none")]
        statement: Option<String>,
    },
}

/// Why a parcel goes back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    Refused,
    WrongAddress,
    TooManyAttempts,
}

/// How the recipient paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PaidWith {
    Cash,
    Card { terminal: String },
}
