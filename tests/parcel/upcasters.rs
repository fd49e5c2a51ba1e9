//! How what earlier releases wrote becomes what the code reads.
//!
//! Two more steps are jq files beside the schemas, for readers of the store that are not written in Rust:
//! `DepotReached/1-to-2.jq` renames a member, `DeliveryFailed/1-to-2.jq` maps values.

use std::convert::Infallible;

use pastproof::model::EventError;
use pastproof::upcast::{Upcast, Upcaster};

use super::events::{
    CashBoxOpened, Delivered, Money, MoneyCollected, OrderCreated, PaidWith, TakenByCarrier,
};
use super::history::{
    CashBoxOpenedV1, DeliveredV1, MoneyCollectedV1, OrderCreatedV1, OrderCreatedV2, PickedUpV1, euro,
};

/// The steps that are code.
pub fn typed() -> Vec<Upcaster> {
    vec![
        Upcaster::typed("OrderCreated", 1, 2, |old: OrderCreatedV1| {
            Ok::<_, Infallible>(OrderCreatedV2::from(old))
        }),
        Upcaster::typed("OrderCreated", 2, 3, |old: OrderCreatedV2| {
            Ok::<_, Infallible>(OrderCreated::from(old))
        }),
        Upcaster::renamed("PickedUp", 1, "TakenByCarrier", 1, |old: PickedUpV1| {
            Ok::<_, Infallible>(TakenByCarrier {
                carrier: old.company,
                // Nobody had scales.
                weight_grams: None,
            })
        }),
        Upcaster::dropped("RecipientNotified", 1),
        // Handing over and paying were one event.
        Upcaster::split(
            "Delivered",
            1,
            [("Delivered", 2), ("MoneyCollected", 1)],
            |old: DeliveredV1| {
                let DeliveredV1 {
                    received_by,
                    collected_cents,
                } = old;
                let mut events = vec![Upcast::of("Delivered", 2, &Delivered { received_by })?];
                if let Some(amount) = euro(collected_cents) {
                    events.push(Upcast::of("MoneyCollected", 1, &MoneyCollectedV1 { amount })?);
                }
                Ok::<_, EventError>(events)
            },
        ),
        Upcaster::typed("MoneyCollected", 1, 2, |old: MoneyCollectedV1| {
            Ok::<_, Infallible>(MoneyCollected {
                amount: old.amount,
                // Couriers could take nothing else.
                paid_with: PaidWith::Cash,
            })
        }),
        Upcaster::typed("CashBoxOpened", 1, 2, |old: CashBoxOpenedV1| {
            Ok::<_, Infallible>(CashBoxOpened {
                courier: old.courier,
                depot: old.depot,
                // Every box started empty.
                float: Money {
                    cents: 0,
                    currency: old.currency,
                },
            })
        }),
    ]
}
