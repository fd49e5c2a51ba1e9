//! What follows from what parcels and cash boxes do: the process that sees to it that both arrive, and the notices.

use pastproof::scenario::{Fixture, Given, Managing, Reacting};

use super::samples::*;
use crate::parcel::events::*;
use crate::parcel::follow_up::{
    Alarm, BACK_AFTER, FollowUp, FollowUpCommand, FollowUpEvent, IN_A_BOX_AFTER, Reminder,
};
use crate::parcel::notices::{About, CustomerNotices, Notice, Reader};
use crate::parcel::parcel::in_cash;

const MORNING: &str = "2024-02-29T08:00:00Z";

fn follow_up() -> Fixture<Managing<FollowUp>> {
    Fixture::new().stream("parcel-7").at(MORNING)
}

/// The courier left this morning.
fn on_the_road() -> Given<Managing<FollowUp>> {
    follow_up().given([out()])
}

/// The money was collected this morning.
fn paid_in_cash() -> Given<Managing<FollowUp>> {
    follow_up().given((out(), delivered("Žofie"), in_cash(euro(4_990))))
}

fn overdue(failed_attempts: u8) -> Reminder {
    Reminder::CourierOverdue { failed_attempts }
}

fn missing(reminders: u8) -> Reminder {
    Reminder::CashMissing { reminders }
}

fn add_cash() -> FollowUpCommand {
    FollowUpCommand::AddCash {
        courier: "courier-1".to_owned(),
        amount: euro(4_990),
    }
}

pub fn a_courier_is_expected_back_in_the_evening() {
    follow_up()
        .given_nothing()
        .when(out())
        .then_scheduled([(overdue(0), "2024-02-29T18:00:00Z")]);
}

pub fn a_courier_who_is_back_is_no_longer_expected() {
    on_the_road()
        .when(failed(1, FailureReason::NobodyHome))
        .then_cancelled([overdue(0)])
        .when_time_passes(BACK_AFTER * 2)
        .then_nothing();
}

pub fn a_courier_who_does_not_come_back_has_failed() {
    on_the_road()
        .when_time_is("2024-02-29T17:59:59Z")
        .then_nothing()
        .when_time_is("2024-02-29T18:00:00Z")
        .then_commands([FollowUpCommand::GiveUp {
            reason: FailureReason::NobodyHome,
        }]);
}

pub fn a_courier_who_handed_it_over_is_no_longer_expected() {
    on_the_road()
        .when(delivered("Žofie"))
        .then_cancelled([overdue(0)])
        .when_time_passes(BACK_AFTER * 2)
        .then_nothing();
}

pub fn each_attempt_has_its_own_evening() {
    on_the_road()
        .given([failed(1, FailureReason::NobodyHome)])
        .at("2024-03-01T08:00:00Z")
        .when(out())
        .then_scheduled([(overdue(1), "2024-03-01T18:00:00Z")])
        .when_time_is("2024-03-01T17:59:59Z")
        .then_nothing();
}

pub fn cash_goes_into_the_box_of_its_courier() {
    follow_up()
        .given((out(), delivered("Žofie")))
        .when(in_cash(euro(4_990)))
        .then_commands([add_cash()])
        .then_scheduled([(missing(0), "2024-03-01T08:00:00Z")]);
}

pub fn a_payment_by_card_is_left_to_the_bank() {
    let by_card = MoneyCollected {
        amount: euro(4_990),
        paid_with: PaidWith::Card {
            terminal: "terminal-3".to_owned(),
        },
    };
    follow_up()
        .given((out(), delivered("Žofie")))
        .when(by_card)
        .then_ignored();
}

pub fn cash_in_a_box_is_no_longer_missed() {
    paid_in_cash()
        .when(added("parcel-7", 4_990))
        .then_cancelled([missing(0), missing(1)])
        .when_time_passes(IN_A_BOX_AFTER * 3)
        .then_nothing();
}

pub fn missing_cash_is_asked_for_again_and_then_looked_for() {
    paid_in_cash()
        .when_time_passes(IN_A_BOX_AFTER)
        .then_commands([add_cash()])
        .then_scheduled([(missing(1), "2024-03-02T08:00:00Z")])
        .when_time_passes(IN_A_BOX_AFTER)
        .then_effects([Alarm::CashMissing {
            courier: "courier-1".to_owned(),
            amount: euro(4_990),
        }])
        .then_state_that("the money is still in hand", |process| {
            process.in_hand == Some(euro(4_990))
        });
}

fn notices() -> Fixture<Reacting<CustomerNotices>> {
    Fixture::new().stream("parcel-7")
}

fn notice(to: Reader, about: About) -> Notice {
    Notice {
        parcel: "parcel-7".to_owned(),
        to,
        about,
    }
}

pub fn a_recipient_is_told_that_the_parcel_comes() {
    notices()
        .given_nothing()
        .when(out())
        .then_effects([notice(Reader::Recipient, About::ComesToday)]);
}

pub fn a_recipient_who_was_not_at_home_is_told_so() {
    notices()
        .given_nothing()
        .when(failed(2, FailureReason::NobodyHome))
        .then_effects([notice(Reader::Recipient, About::Missed { attempt: 2 })]);
}

pub fn a_recipient_who_refused_is_left_alone_and_the_shop_is_told() {
    notices()
        .given_nothing()
        .when(failed(1, FailureReason::Refused { statement: None }))
        .then_nothing()
        .when(back(ReturnReason::Refused))
        .then_effects([notice(
            Reader::Shop,
            About::ComesBack {
                reason: ReturnReason::Refused,
            },
        )]);
}

pub fn nobody_is_told_what_can_be_looked_up() {
    notices()
        .given_nothing()
        .when(order())
        .when(taken())
        .when(depot())
        .when(ReturnedToSender {
            received_by: "Teehaus Blüte".to_owned(),
        })
        .then_nothing();
}

pub fn both_sides_are_told_of_a_delivery() {
    let arrived = || About::Arrived {
        received_by: "Žofie".to_owned(),
    };
    notices()
        .given_nothing()
        .when(delivered("Žofie"))
        .then_effects([
            notice(Reader::Recipient, arrived()),
            notice(Reader::Shop, arrived()),
        ])
        .when(in_cash(euro(4_990)))
        .then_effects([notice(Reader::Recipient, About::Paid { amount: euro(4_990) })]);
}
