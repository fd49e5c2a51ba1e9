//! What cash boxes do.

use pastproof::scenario::{given, given_nothing};

use super::samples::*;
use crate::parcel::cash_box::{CashBox, CashBoxCommand, CashBoxError};
use crate::parcel::events::*;

pub fn a_cash_box_is_opened_once() {
    let open = |cents| CashBoxCommand::Open {
        courier: "courier-1".to_owned(),
        depot: "depot-07".to_owned(),
        float: euro(cents),
    };
    given_nothing::<CashBox>()
        .when(open(5_000))
        .then([opened()])
        .when(open(5_000))
        .then_nothing()
        .when(open(4_000))
        .then_error(CashBoxError::OpenedDifferently);
}

pub fn a_cash_box_that_nobody_opened_takes_nothing() {
    let amount = euro(4_990);
    given_nothing::<CashBox>()
        .when(CashBoxCommand::Add {
            parcel: "parcel-1".to_owned(),
            amount,
        })
        .then_error(CashBoxError::NotOpen);
    given_nothing::<CashBox>()
        .when(count(0))
        .then_error(CashBoxError::NotOpen);
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
        .then_state_that("five euro are missing", |cash_box| cash_box.surplus_cents == -500)
        .when(count(9_490))
        .then_nothing();
}

pub fn a_cash_box_is_counted_once() {
    let koruna = Money {
        cents: 5_000,
        currency: Currency::Czk,
    };
    given::<CashBox>([opened()])
        .when(CashBoxCommand::HandOver {
            clerk: "Anna".to_owned(),
            counted: koruna,
        })
        .then_error(CashBoxError::OtherCurrency);
    given::<CashBox>([opened()])
        .when(count(5_000))
        .then([counted(5_000)])
        .when(count(5_000))
        .then_nothing()
        .when(count(4_999))
        .then_error(CashBoxError::AlreadyHandedOver);
}
