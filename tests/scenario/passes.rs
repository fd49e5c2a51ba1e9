//! What a scenario can say, each thing once, of code that does it.

use std::sync::Arc;

use pastproof::scenario::{Fixture, FreeCheck, given, given_nothing, json};
use pastproof::upcast::{Chains, Upcaster};

use crate::account::*;
use crate::odd::*;

#[test]
fn the_simplest_scenario_is_three_lines() {
    given::<Account>([opened()])
        .when(Command::Deposit { cents: 500 })
        .then([deposited(500)]);
}

#[test]
fn events_are_an_array_a_vec_or_a_tuple() {
    let fixture = Fixture::<Account>::new();
    let history = || vec![AccountEvent::from(opened()), deposited(500).into()];
    for _ in 0..2 {
        // A fixture starts any number of scenarios.
        fixture
            .given(history())
            .when(Command::Close)
            .then((withdrawn(500), Closed {}));
    }
    fixture
        .given([AccountEvent::from(opened()), deposited(500).into()])
        .when(Command::Close)
        .then(vec![AccountEvent::from(withdrawn(500)), Closed {}.into()]);
    fixture
        .given([opened()])
        .given((deposited(300), deposited(200)))
        .when(Command::Close)
        .then((withdrawn(500), Closed {}));
}

#[test]
fn no_history_is_said_aloud() {
    given_nothing::<Account>()
        .when(Command::Open {
            owner: "ann".to_owned(),
        })
        .then([opened()]);
}

#[test]
fn rejected_and_accepted_without_events_are_two_outcomes() {
    given::<Account>([opened()])
        .when(Command::Deposit { cents: 0 })
        .then_nothing();
    given::<Account>([opened()])
        .when(Command::Withdraw { cents: vec![1] })
        .then_error(Refusal::TooLittle { missing: 1 });
}

#[test]
fn an_error_is_met_by_value_by_text_or_by_a_predicate() {
    let rejected = || given_nothing::<Account>().when(Command::Close);
    rejected().then_error(Refusal::NotOpen);
    rejected().then_error_message("the account is not open");
    rejected().then_error_that("is about a closed account", |error| {
        matches!(error, Refusal::NotOpen)
    });
}

#[test]
fn the_state_is_met_by_value_or_by_a_predicate() {
    given::<Account>((opened(), deposited(500)))
        .when(Command::Withdraw {
            cents: vec![100, 200],
        })
        .then((withdrawn(100), withdrawn(200)))
        .then_state(Account {
            owner: Some("ann".to_owned()),
            cents: 200,
            closed: false,
        })
        .then_state_that("there is money left", |account| account.cents > 0);
}

#[test]
fn several_commands_in_turn_are_one_step() {
    given::<Account>([opened()])
        .when(Command::Deposit { cents: 500 })
        .when(Command::Close)
        .then((deposited(500), withdrawn(500), Closed {}));
}

#[test]
fn a_check_ends_a_step_and_the_next_command_begins_another() {
    given::<Account>([opened()])
        .when(Command::Deposit { cents: 500 })
        .then([deposited(500)])
        .when(Command::Withdraw { cents: vec![501] })
        .then_error(Refusal::TooLittle { missing: 1 })
        .when(Command::Close)
        .then((withdrawn(500), Closed {}))
        .then_state_that("nothing is left", |account| account.cents == 0);
}

#[test]
fn events_before_a_rejection_are_met_beside_it() {
    given::<Account>([opened()])
        .when(Command::Deposit { cents: 500 })
        .when(Command::Withdraw { cents: vec![501] })
        .then([deposited(500)])
        .then_error(Refusal::TooLittle { missing: 1 });
}

#[test]
fn stored_events_are_given_at_the_version_they_were_written_at() {
    fixture()
        .given_stored([
            ("Opened", 1, json!({"owner": "ann"})),
            ("GreetingSent", 1, json!({"text": "hello"})),
            ("MoneyDeposited", 1, json!({"euros": 5})),
            ("PaidOut", 1, json!({"cents": 120, "fee": 30})),
        ])
        .given([deposited(50)])
        .when(Command::Close)
        .then((withdrawn(400), Closed {}));
}

#[test]
fn stored_events_at_todays_version_need_no_upcasters() {
    given::<Account>([opened()])
        .given_stored([("MoneyDeposited", 2, json!({"cents": 5}))])
        .when(Command::Close)
        .then_stored([
            ("MoneyWithdrawn", 1, json!({"cents": 5})),
            ("Closed", 1, json!({})),
        ]);
}

#[test]
fn a_stored_event_goes_the_way_of_the_chains_even_where_the_code_could_read_it() {
    let chains = Chains::new([Upcaster::dropped("Closed", 1)], [("Opened", 1)]);
    Fixture::<Account>::new()
        .upcasters(Arc::new(chains))
        .given_stored([("Opened", 1, json!({"owner": "ann"})), ("Closed", 1, json!({}))])
        .when(Command::Close)
        .then([Closed {}]);
}

#[test]
fn nothing_but_events_has_to_implement_anything() {
    Fixture::<Silent>::opaque()
        .given([Moved { by: 2 }])
        .when(Move(3))
        .then([Moved { by: 3 }])
        .then_state_that("it is at five", |silent| silent.at() == 5);
    Fixture::<Silent>::opaque()
        .given_nothing()
        .when(Move(0))
        .then_error_that("it is stuck", |Stuck| true);
}

#[test]
fn a_free_check_is_left_out_for_a_reason() {
    Fixture::<Parrot>::new()
        .without(FreeCheck::DecideTwice, "it wanders")
        .given_nothing()
        .when(Teach::Wander)
        .then([said(1)]);
    let whisper = || {
        ParrotEvent::from(Whispered {
            what: "psst".to_owned(),
        })
    };
    Fixture::<Parrot>::new()
        .without(FreeCheck::RoundTrip, "whispers are for the moment")
        .given([whisper()])
        .when(Teach::Say(vec![whisper()]))
        .then([whisper()]);
}

#[test]
fn an_outcome_that_passes_can_be_asked_for_instead_of_a_panic() {
    let outcome = given::<Account>([opened()])
        .when(Command::Deposit { cents: 0 })
        .then_nothing();
    outcome.try_check().unwrap();
    given::<Account>([opened()])
        .when(Command::Deposit { cents: 0 })
        .then_nothing()
        .check_now();
}
