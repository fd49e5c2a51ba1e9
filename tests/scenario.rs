//! The scenario kit, through its public door: what passes, what fails, and how a failure reads.

#[path = "scenario/account.rs"]
mod account;

use account::*;
use pastproof::scenario::{given, given_nothing};

#[test]
fn the_simplest_scenario_is_three_lines() {
    given::<Account>([opened()])
        .when(Command::Deposit { cents: 500 })
        .then([deposited(500)]);
}

#[test]
fn a_command_without_history() {
    given_nothing::<Account>()
        .when(Command::Open {
            owner: "ann".to_owned(),
        })
        .then([opened()]);
    given_nothing::<Account>()
        .when(Command::Crash)
        .then_nothing()
        .try_check()
        .unwrap_err();
}

#[test]
fn accepted_without_events_and_rejected_are_two_outcomes() {
    given::<Account>((opened(), deposited(5)))
        .when(Command::Deposit { cents: 0 })
        .then_nothing();
    given::<Account>((opened(), deposited(5)))
        .when(Command::Withdraw { cents: vec![2, 4] })
        .then_error(Refusal::TooLittle { missing: 1 });
    let failure = given::<Account>([opened()])
        .when(Command::Withdraw { cents: vec![1] })
        .then_nothing()
        .try_check()
        .unwrap_err();
    assert!(
        failure.to_string().contains("the command was rejected"),
        "{failure}"
    );
}

#[test]
fn a_recorded_scenario_counts_as_checked() {
    pastproof::recorded!(
        given::<Account>((opened(), deposited(500))).when(Command::Withdraw {
            cents: vec![100, 200]
        }),
        "scenario__withdrawal"
    );
}
