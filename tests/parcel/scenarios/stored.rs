//! Stories that start from, or are kept as, what a store holds.
//!
//! Old payloads stand here as they are stored, not as types: a stored event is text that nobody can change.

use std::fmt::Debug;

use pastproof::model::Aggregate;
use pastproof::scenario::{Fixture, given, json};
use pastproof::upcast::Chains;
use serde::Serialize;
use serde_json::Value;

use super::samples::*;
use crate::parcel::cash_box::{CashBox, CashBoxCommand};
use crate::parcel::events::*;
use crate::parcel::parcel::{Parcel, ParcelCommand, ParcelError, in_cash};
use crate::parcel::{current_versions, upcasters};

pub fn a_history_of_the_first_release_goes_on_today() {
    stored::<Parcel>()
        .given_stored([
            old_order(4_990),
            ("PickedUp", 1, json!({"company": "swift-hare"})),
            ("DepotReached", 2, json!({"depot": "depot-07"})),
            (
                "RecipientNotified",
                1,
                json!({"channel": "sms", "sent_to": "+00 555 0107"}),
            ),
            ("OutForDelivery", 1, json!({"courier": "courier-1"})),
        ])
        .when(hand_over("Žofie", Some(euro(4_990))))
        .then((delivered("Žofie"), in_cash(euro(4_990))))
        .then_state_that("it knows its carrier", |parcel| {
            parcel.carrier.as_deref() == Some("swift-hare")
        });
}

pub fn an_old_delivery_was_a_delivery_and_a_payment() {
    for cents in [1, 4_990] {
        let delivered = json!({"received_by": "Žofie", "collected_cents": cents});
        stored::<Parcel>()
            .given_stored([old_order(cents), ("Delivered", 1, delivered)])
            .when(hand_over("Žofie", Some(euro(cents))))
            .then_nothing();
    }
}

pub fn an_old_delivery_of_a_paid_order_collected_nothing() {
    stored::<Parcel>()
        .given_stored([
            old_order(0),
            (
                "Delivered",
                1,
                json!({"received_by": "Žofie", "collected_cents": 0}),
            ),
        ])
        .when(hand_over("Žofie", None))
        .then_nothing()
        .when(hand_over("Žofie", Some(euro(4_990))))
        .then_error(ParcelError::AlreadyDelivered);
}

pub fn an_old_cash_box_started_empty() {
    stored::<CashBox>()
        .given_stored([
            (
                "CashBoxOpened",
                1,
                json!({"courier": "courier-1", "depot": "depot-07", "currency": "EUR"}),
            ),
            (
                "CashAdded",
                1,
                json!({"parcel": "parcel-1", "amount": {"cents": 4_990, "currency": "EUR"}}),
            ),
        ])
        .when(count(4_990))
        .then([counted(4_990)]);
}

/// Recorded when the second release was out, and its events have kept the versions of that time: whoever changes
/// an event type learns here whether what the old code recorded still means the same.
pub fn the_life_of_a_parcel() {
    let courier = || "courier-1".to_owned();
    let scenario = stored::<Parcel>()
        .given_nothing()
        .when(ParcelCommand::CreateOrder(order()))
        .when(ParcelCommand::Take {
            carrier: "swift-hare".to_owned(),
            weight_grams: Some(740),
        })
        .when(ParcelCommand::ReachDepot {
            depot: "depot-07".to_owned(),
            scanner: Some(212),
        })
        .when(ParcelCommand::SendOut { courier: courier() })
        .when(ParcelCommand::GiveUp {
            reason: FailureReason::NobodyHome,
        })
        .when(ParcelCommand::SendOut { courier: courier() })
        .when(hand_over("Žofie", Some(euro(4_990))));
    pastproof::recorded!(scenario, "parcel__the_life_of_a_parcel");
}

pub fn the_day_of_a_cash_box() {
    let add = |parcel: &str, cents| CashBoxCommand::Add {
        parcel: parcel.to_owned(),
        amount: euro(cents),
    };
    let scenario = given::<CashBox>([opened()])
        .when(add("parcel-1", 4_990))
        .when(add("parcel-2", 1_250))
        .when(add("parcel-1", 4_990))
        .when(count(11_200));
    pastproof::recorded!(scenario, "parcel__the_day_of_a_cash_box");
}

/// Scenarios that start from what a store holds.
fn stored<A>() -> Fixture<A>
where
    A: Aggregate + Serialize,
    A::Command: Debug,
    A::Error: Debug,
{
    Fixture::new().upcasters(Chains::new(upcasters::typed(), current_versions()))
}

/// An order as the first release stored it.
fn old_order(due_cents: u64) -> (&'static str, u64, Value) {
    let address = json!({"street": "Ölweg 7", "city": "Mürzzuschlag", "country": "AT"});
    let data = json!({
        "shop": "Teehaus Blüte",
        "recipient": {"name": "Žofie Dvořák", "address": address},
        "items": [{"description": "Teekanne", "quantity": 1}],
        "due_cents": due_cents,
    });
    ("OrderCreated", 1, data)
}
