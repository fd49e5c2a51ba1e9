//! What parcels and cash boxes do, one story each.
//!
//! Every scenario is a plain function, so that the harness can list it under its name.

use std::fmt::Debug;

use pastproof::model::{Aggregate, Position, Projector};
use pastproof::scenario::{Fixture, given, given_nothing, json};
use pastproof::upcast::Chains;
use serde::Serialize;
use serde_json::Value;

use super::board::{BoardEvent, BoardRow, DeliveryBoard};
use super::cash_box::{CashBox, CashBoxCommand, CashBoxError};
use super::current_versions;
use super::events::{
    Address, CashAdded, CashBoxOpened, CashHandedOver, Currency, Delivered, DeliveryFailed, DeliveryWindow,
    DepotReached, DiscrepancyFound, FailureReason, Item, Money, OrderCreated, OutForDelivery, ParcelEvent,
    Recipient, ReturnReason, ReturnStarted, ReturnedToSender, TakenByCarrier,
};
use super::parcel::{MAX_DUE_CENTS, Parcel, ParcelCommand, ParcelError, Stage, in_cash};
use super::upcasters;

/// Every scenario by its name.
pub fn all() -> Vec<(&'static str, fn())> {
    macro_rules! named {
        ($($scenario:ident),* $(,)?) => { vec![$((stringify!($scenario), $scenario as fn())),*] };
    }
    named![
        an_order_is_created,
        an_order_sent_twice_is_one_order,
        an_order_number_stands_for_one_order,
        an_order_of_nothing_is_refused,
        an_order_beyond_what_couriers_carry_is_refused,
        a_window_that_never_opens_is_refused,
        a_carrier_takes_the_parcel_once,
        a_courier_loads_at_a_depot,
        what_is_due_is_collected_at_the_door,
        a_paid_order_is_handed_over_without_money,
        another_amount_is_refused,
        another_currency_is_refused,
        a_parcel_is_handed_over_once,
        nobody_home_is_one_attempt,
        the_third_attempt_is_the_last,
        a_refused_parcel_goes_back_at_once,
        a_parcel_on_its_way_back_is_not_handed_over,
        a_shop_gets_its_parcel_back,
        a_cash_box_holds_one_currency,
        money_for_a_parcel_is_added_once,
        a_cash_box_that_is_right_is_closed_without_a_word,
        missing_money_is_written_down,
        a_history_of_the_first_release_goes_on_today,
        an_old_delivery_was_a_delivery_and_a_payment,
        an_old_delivery_of_a_paid_order_collected_nothing,
        an_old_cash_box_started_empty,
        the_board_knows_where_the_money_is,
        the_life_of_a_parcel,
        the_day_of_a_cash_box,
    ]
}

pub fn an_order_is_created() {
    given_nothing::<Parcel>()
        .when(ParcelCommand::CreateOrder(order()))
        .then([order()]);
}

pub fn an_order_sent_twice_is_one_order() {
    given::<Parcel>([order()])
        .when(ParcelCommand::CreateOrder(order()))
        .then_nothing();
}

pub fn an_order_number_stands_for_one_order() {
    let other = OrderCreated { due: None, ..order() };
    given::<Parcel>([order()])
        .when(ParcelCommand::CreateOrder(other))
        .then_error(ParcelError::OrderDiffers);
}

pub fn an_order_of_nothing_is_refused() {
    let mut nothing = order();
    nothing.items[0].quantity = 0;
    given_nothing::<Parcel>()
        .when(ParcelCommand::CreateOrder(nothing))
        .then_error(ParcelError::NothingOrdered);
}

pub fn an_order_beyond_what_couriers_carry_is_refused() {
    let limit_cents = MAX_DUE_CENTS;
    let due = |cents| OrderCreated {
        due: Some(euro(cents)),
        ..order()
    };
    given_nothing::<Parcel>()
        .when(ParcelCommand::CreateOrder(due(limit_cents)))
        .then([due(limit_cents)]);
    given_nothing::<Parcel>()
        .when(ParcelCommand::CreateOrder(due(limit_cents + 1)))
        .then_error(ParcelError::TooMuchDue { limit_cents });
}

pub fn a_window_that_never_opens_is_refused() {
    let window = DeliveryWindow::Between {
        from_hour: 18,
        until_hour: 18,
    };
    given_nothing::<Parcel>()
        .when(ParcelCommand::CreateOrder(OrderCreated { window, ..order() }))
        .then_error(ParcelError::WindowNeverOpens);
}

pub fn a_carrier_takes_the_parcel_once() {
    let take = |carrier: &str| ParcelCommand::Take {
        carrier: carrier.to_owned(),
        weight_grams: Some(740),
    };
    let carrier = "swift-hare".to_owned();
    given::<Parcel>([order()])
        .when(take("swift-hare"))
        .then([TakenByCarrier {
            carrier: carrier.clone(),
            weight_grams: Some(740),
        }])
        .when(take("swift-hare"))
        .then_nothing()
        .when(take("grey-goose"))
        .then_error(ParcelError::TakenByAnother { carrier });
}

pub fn a_courier_loads_at_a_depot() {
    let courier = || "courier-1".to_owned();
    given::<Parcel>((order(), taken()))
        .when(ParcelCommand::SendOut { courier: courier() })
        .then_error(ParcelError::NotNow {
            stage: Stage::Shipping,
        })
        .when(ParcelCommand::ReachDepot {
            depot: "depot-07".to_owned(),
            scanner: None,
        })
        .then([depot()])
        .when(ParcelCommand::SendOut { courier: courier() })
        .then([OutForDelivery { courier: courier() }]);
}

pub fn what_is_due_is_collected_at_the_door() {
    given::<Parcel>(at_the_door(order()))
        .when(hand_over("Žofie", Some(euro(4_990))))
        .then((delivered("Žofie"), in_cash(euro(4_990))));
}

pub fn a_paid_order_is_handed_over_without_money() {
    given::<Parcel>(at_the_door(OrderCreated { due: None, ..order() }))
        .when(hand_over("Žofie", None))
        .then([delivered("Žofie")]);
}

pub fn another_amount_is_refused() {
    let due = Some(euro(4_990));
    for offered in [None, Some(euro(4_989)), Some(euro(4_991))] {
        given::<Parcel>(at_the_door(order()))
            .when(hand_over("Žofie", offered))
            .then_error(ParcelError::WrongAmount { due, offered });
    }
}

pub fn another_currency_is_refused() {
    let offered = Some(Money {
        cents: 4_990,
        currency: Currency::Czk,
    });
    given::<Parcel>(at_the_door(order()))
        .when(hand_over("Žofie", offered))
        .then_error(ParcelError::WrongAmount {
            due: Some(euro(4_990)),
            offered,
        });
}

pub fn a_parcel_is_handed_over_once() {
    given::<Parcel>(at_the_door(order()))
        .given((delivered("Žofie"), in_cash(euro(4_990))))
        .when(hand_over("Žofie", Some(euro(4_990))))
        .then_nothing()
        .when(hand_over("Jörg", Some(euro(4_990))))
        .then_error(ParcelError::AlreadyDelivered);
}

pub fn nobody_home_is_one_attempt() {
    given::<Parcel>(at_the_door(order()))
        .when(ParcelCommand::GiveUp {
            reason: FailureReason::NobodyHome,
        })
        .then([failed(1, FailureReason::NobodyHome)])
        .then_state_that("the parcel is at the depot again", |parcel| {
            parcel.stage == Stage::Shipping
        });
}

pub fn the_third_attempt_is_the_last() {
    let reason = ReturnReason::TooManyAttempts;
    given::<Parcel>(at_the_door(order()))
        .given((
            failed(1, FailureReason::NobodyHome),
            out(),
            failed(2, FailureReason::NobodyHome),
            out(),
        ))
        .when(ParcelCommand::GiveUp {
            reason: FailureReason::NoMoney,
        })
        .then((failed(3, FailureReason::NoMoney), ReturnStarted { reason }));
}

pub fn a_refused_parcel_goes_back_at_once() {
    let refused = || FailureReason::Refused {
        statement: Some("I never ordered this.".to_owned()),
    };
    given::<Parcel>(at_the_door(order()))
        .when(ParcelCommand::GiveUp { reason: refused() })
        .then((
            failed(1, refused()),
            ReturnStarted {
                reason: ReturnReason::Refused,
            },
        ));
}

pub fn a_parcel_on_its_way_back_is_not_handed_over() {
    given::<Parcel>(at_the_door(order()))
        .given((
            failed(1, FailureReason::WrongAddress),
            ReturnStarted {
                reason: ReturnReason::WrongAddress,
            },
        ))
        .when(hand_over("Žofie", Some(euro(4_990))))
        .then_error(ParcelError::NotNow {
            stage: Stage::Returning,
        });
}

pub fn a_shop_gets_its_parcel_back() {
    let received_by = || "Frau Blüte".to_owned();
    let refused = FailureReason::Refused { statement: None };
    given::<Parcel>(at_the_door(order()))
        .given((
            failed(1, refused),
            ReturnStarted {
                reason: ReturnReason::Refused,
            },
        ))
        .when(ParcelCommand::ReturnToSender {
            received_by: received_by(),
        })
        .then([ReturnedToSender {
            received_by: received_by(),
        }])
        .when(ParcelCommand::ReturnToSender {
            received_by: received_by(),
        })
        .then_nothing();
}

pub fn a_cash_box_holds_one_currency() {
    given::<CashBox>([opened()])
        .when(CashBoxCommand::Add {
            parcel: "parcel-1".to_owned(),
            amount: Money {
                cents: 4_990,
                currency: Currency::Czk,
            },
        })
        .then_error(CashBoxError::OtherCurrency);
}

pub fn money_for_a_parcel_is_added_once() {
    let add = |cents| CashBoxCommand::Add {
        parcel: "parcel-1".to_owned(),
        amount: euro(cents),
    };
    given::<CashBox>([opened()])
        .when(add(4_990))
        .then([added("parcel-1", 4_990)])
        .when(add(4_990))
        .then_nothing()
        .when(add(5_000))
        .then_error(CashBoxError::AmountDiffers { before: euro(4_990) });
}

pub fn a_cash_box_that_is_right_is_closed_without_a_word() {
    given::<CashBox>((opened(), added("parcel-1", 4_990)))
        .when(count(9_990))
        .then([counted(9_990)])
        .when(CashBoxCommand::Add {
            parcel: "parcel-2".to_owned(),
            amount: euro(100),
        })
        .then_error(CashBoxError::AlreadyHandedOver);
}

pub fn missing_money_is_written_down() {
    given::<CashBox>((opened(), added("parcel-1", 4_990)))
        .when(count(9_490))
        .then((
            counted(9_490),
            DiscrepancyFound {
                expected: euro(9_990),
                counted: euro(9_490),
            },
        ))
        .then_state_that("five euro are missing", |cash_box| cash_box.surplus_cents == -500);
}

/// Old payloads stand here as they are stored, not as types: a stored event is text that nobody can change.
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
    stored::<Parcel>()
        .given_stored([
            old_order(4_990),
            (
                "Delivered",
                1,
                json!({"received_by": "Žofie", "collected_cents": 4_990}),
            ),
        ])
        .when(hand_over("Žofie", Some(euro(4_990))))
        .then_nothing();
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

pub fn the_board_knows_where_the_money_is() {
    let mut board = DeliveryBoard::default();
    let mut project = |stream: &str, event: BoardEvent| {
        let at = Position {
            stream,
            revision: None,
            global: None,
            index: 0,
            recorded_at: None,
        };
        board.project(&event, at)
    };
    let money = || BoardEvent::from(added("parcel-1", 4_990));
    assert!(
        project("cashbox-1", money()).is_err(),
        "nobody ordered the parcel"
    );
    assert_eq!(project("parcel-1", order().into()), Ok(()));
    assert!(
        project("cashbox-1", money()).is_err(),
        "nobody collected the money"
    );
    assert_eq!(project("parcel-1", delivered("Žofie").into()), Ok(()));
    assert_eq!(project("parcel-1", in_cash(euro(4_990)).into()), Ok(()));
    assert_eq!(project("cashbox-1", money()), Ok(()));
    let row = BoardRow {
        status: Stage::Delivered,
        due: Some(euro(4_990)),
        collected: Some(euro(4_990)),
        cash_box: Some("cashbox-1".to_owned()),
        ..BoardRow::default()
    };
    assert_eq!(board.rows(), [("parcel-1".to_owned(), row)]);
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

fn order() -> OrderCreated {
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
fn at_the_door(order: OrderCreated) -> Vec<ParcelEvent> {
    vec![order.into(), taken().into(), depot().into(), out().into()]
}

fn taken() -> TakenByCarrier {
    TakenByCarrier {
        carrier: "swift-hare".to_owned(),
        weight_grams: None,
    }
}

fn depot() -> DepotReached {
    DepotReached {
        depot: "depot-07".to_owned(),
        scanner: None,
    }
}

fn out() -> OutForDelivery {
    OutForDelivery {
        courier: "courier-1".to_owned(),
    }
}

fn failed(attempt: u8, reason: FailureReason) -> DeliveryFailed {
    DeliveryFailed { attempt, reason }
}

fn hand_over(to: &str, cash: Option<Money>) -> ParcelCommand {
    ParcelCommand::HandOver {
        received_by: to.to_owned(),
        payment: cash.map(in_cash),
    }
}

fn delivered(to: &str) -> Delivered {
    Delivered {
        received_by: to.to_owned(),
    }
}

fn opened() -> CashBoxOpened {
    CashBoxOpened {
        courier: "courier-1".to_owned(),
        depot: "depot-07".to_owned(),
        float: euro(5_000),
    }
}

fn added(parcel: &str, cents: u64) -> CashAdded {
    CashAdded {
        parcel: parcel.to_owned(),
        amount: euro(cents),
    }
}

fn count(cents: u64) -> CashBoxCommand {
    CashBoxCommand::HandOver {
        clerk: "Anna".to_owned(),
        counted: euro(cents),
    }
}

fn counted(cents: u64) -> CashHandedOver {
    CashHandedOver {
        clerk: "Anna".to_owned(),
        counted: euro(cents),
    }
}

fn euro(cents: u64) -> Money {
    Money {
        cents,
        currency: Currency::Eur,
    }
}
