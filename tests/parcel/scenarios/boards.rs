//! What a dispatcher sees on the delivery board.

use pastproof::scenario::{Fixture, Projecting};

use super::samples::*;
use crate::parcel::board::{BoardRow, DeliveryBoard};
use crate::parcel::events::*;
use crate::parcel::parcel::{Stage, in_cash};

fn board() -> Fixture<Projecting<DeliveryBoard>> {
    Fixture::new().stream("parcel-1")
}

fn row() -> BoardRow {
    BoardRow {
        due: Some(euro(4_990)),
        ..BoardRow::default()
    }
}

pub fn a_parcel_is_on_the_board_until_it_is_delivered() {
    board()
        .given((order(), taken()))
        .when(depot())
        .when(out())
        .then_row(
            "parcel-1",
            BoardRow {
                status: Stage::OutForDelivery,
                depot: Some("depot-07".to_owned()),
                courier: Some("courier-1".to_owned()),
                ..row()
            },
        )
        .when(failed(1, FailureReason::NobodyHome))
        .then_row(
            "parcel-1",
            BoardRow {
                status: Stage::Shipping,
                depot: Some("depot-07".to_owned()),
                failed_attempts: 1,
                ..row()
            },
        );
}

pub fn a_parcel_that_goes_back_is_on_the_board_until_it_is_back() {
    board()
        .given([order()])
        .when(back(ReturnReason::Refused))
        .then_row(
            "parcel-1",
            BoardRow {
                status: Stage::Returning,
                ..row()
            },
        )
        .when(ReturnedToSender {
            received_by: "Teehaus Blüte".to_owned(),
        })
        .then_row(
            "parcel-1",
            BoardRow {
                status: Stage::Returned,
                ..row()
            },
        );
}

pub fn the_board_knows_where_the_money_is() {
    board()
        .given((order(), delivered("Žofie"), in_cash(euro(4_990))))
        .given_in("cashbox-1", [added("parcel-1", 4_990)])
        .when_nothing()
        .then_rows([(
            "parcel-1",
            BoardRow {
                status: Stage::Delivered,
                collected: Some(euro(4_990)),
                cash_box: Some("cashbox-1".to_owned()),
                ..row()
            },
        )]);
}

pub fn money_that_nobody_collected_is_refused() {
    Fixture::<Projecting<DeliveryBoard>>::new()
        .stream("cashbox-1")
        .given_nothing()
        .when(added("parcel-1", 4_990))
        .then_error("parcel-1 was never ordered");
    Fixture::<Projecting<DeliveryBoard>>::new()
        .stream("cashbox-1")
        .given_nothing()
        .given_in("parcel-1", [order()])
        .when(added("parcel-1", 4_990))
        .then_error("cashbox-1 holds money for parcel-1 that nobody collected");
}
