//! Events and commands that the stories are made of.

use crate::parcel::cash_box::CashBoxCommand;
use crate::parcel::events::*;
use crate::parcel::parcel::{ParcelCommand, in_cash};

pub fn order() -> OrderCreated {
    OrderCreated {
        shop: "Teehaus Blüte".to_owned(),
        recipient: Recipient {
            name: "Žofie Dvořák".to_owned(),
            address: Address {
                street: "Ölweg 7".to_owned(),
                city: "Mürzzuschlag".to_owned(),
                postcode: Some("8680".to_owned()),
                country: "AT".to_owned(),
            },
            phone: None,
        },
        items: vec![Item {
            description: "Teekanne".to_owned(),
            quantity: 1,
        }],
        due: Some(euro(4_990)),
        window: DeliveryWindow::AnyTime,
    }
}

/// The history of an order that a courier is about to hand over.
pub fn at_the_door(order: OrderCreated) -> Vec<ParcelEvent> {
    vec![order.into(), taken().into(), depot().into(), out().into()]
}

pub fn taken() -> TakenByCarrier {
    TakenByCarrier {
        carrier: "swift-hare".to_owned(),
        weight_grams: None,
    }
}

pub fn depot() -> DepotReached {
    DepotReached {
        depot: "depot-07".to_owned(),
        scanner: None,
    }
}

pub fn out() -> OutForDelivery {
    OutForDelivery {
        courier: "courier-1".to_owned(),
    }
}

pub fn failed(attempt: u8, reason: FailureReason) -> DeliveryFailed {
    DeliveryFailed { attempt, reason }
}

pub fn back(reason: ReturnReason) -> ReturnStarted {
    ReturnStarted { reason }
}

pub fn hand_over(to: &str, cash: Option<Money>) -> ParcelCommand {
    ParcelCommand::HandOver {
        received_by: to.to_owned(),
        payment: cash.map(in_cash),
    }
}

pub fn delivered(to: &str) -> Delivered {
    Delivered {
        received_by: to.to_owned(),
    }
}

pub fn opened() -> CashBoxOpened {
    CashBoxOpened {
        courier: "courier-1".to_owned(),
        depot: "depot-07".to_owned(),
        float: euro(5_000),
    }
}

pub fn added(parcel: &str, cents: u64) -> CashAdded {
    CashAdded {
        parcel: parcel.to_owned(),
        amount: euro(cents),
    }
}

pub fn count(cents: u64) -> CashBoxCommand {
    CashBoxCommand::HandOver {
        clerk: "Anna".to_owned(),
        counted: euro(cents),
    }
}

pub fn counted(cents: u64) -> CashHandedOver {
    CashHandedOver {
        clerk: "Anna".to_owned(),
        counted: euro(cents),
    }
}

pub fn euro(cents: u64) -> Money {
    Money {
        cents,
        currency: Currency::Eur,
    }
}
