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
fn what_fails() {
    for f in [
        given::<Account>((opened(), deposited(500)))
            .when(Command::Withdraw {
                cents: vec![100, 200],
            })
            .then([withdrawn(200), withdrawn(100)])
            .try_check(),
        given::<Account>((opened(), deposited(500)))
            .when(Command::Withdraw {
                cents: vec![100, 200],
            })
            .then([withdrawn(100), withdrawn(201)])
            .then_state(Account::default())
            .try_check(),
        given::<Account>((opened(), deposited(500)))
            .when(Command::Withdraw {
                cents: vec![100, 200],
            })
            .then_nothing()
            .try_check(),
        given::<Account>((opened(), deposited(500)))
            .when(Command::Withdraw { cents: vec![900] })
            .then_nothing()
            .try_check(),
        given::<Account>((opened(), deposited(500)))
            .when(Command::Withdraw { cents: vec![1] })
            .when(Command::Withdraw { cents: vec![900] })
            .when(Command::Close)
            .then_error(Refusal::TooLittle { missing: 4 })
            .try_check(),
        given_nothing::<Account>()
            .when(Command::Crash)
            .then_error(Refusal::TooLittle { missing: 4 })
            .try_check(),
        given::<Account>([opened()])
            .given_stored([("MoneyDeposited", 1, pastproof::scenario::json!({"cents": 5}))])
            .when(Command::Close)
            .then([Closed {}])
            .when(Command::Close)
            .try_check(),
    ] {
        println!("{}\n==========", f.unwrap_err());
    }
}
