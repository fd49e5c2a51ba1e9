//! Ways in which other kits let a wrong system pass. Each is a scenario that must fail, and the part of the
//! report that says why.

use pastproof::scenario::{Fixture, given, given_nothing, json};

use crate::account::*;
use crate::odd::*;
use crate::{panic_of, report, says};

fn rich() -> pastproof::scenario::Given<Account> {
    given::<Account>((opened(), deposited(500)))
}

#[test]
fn a_forgotten_then() {
    let message = panic_of(|| {
        let _ = rich().when(Command::Close);
    });
    says(&message, "scenario never checked");
    says(&message, "tests/scenario/fails.rs");
    says(&message, "add `.then([event])`");
}

#[test]
fn a_forgotten_when() {
    let message = panic_of(|| {
        let _ = rich();
    });
    says(&message, "scenario never checked");
    says(&message, "add `.when(command)`");
}

#[test]
fn a_forgotten_then_after_a_command_that_panics() {
    let message = panic_of(|| {
        let _ = rich().when(Command::Crash);
    });
    says(&message, "scenario never checked");
    says(
        &report(rich().when(Command::Crash).then_nothing()),
        "the vault is on fire",
    );
}

#[test]
fn a_forgotten_then_after_an_earlier_step_that_was_checked() {
    let report = report(
        rich()
            .when(Command::Deposit { cents: 1 })
            .then([deposited(1)])
            .when(Command::Close),
    );
    says(&report, "the last command was never checked");
}

#[test]
fn a_failed_step_before_one_that_passes() {
    let report = report(
        rich()
            .when(Command::Deposit { cents: 1 })
            .then([deposited(2)])
            .when(Command::Deposit { cents: 3 })
            .then([deposited(3)]),
    );
    says(&report, "/cents: expected 2, got 1");
}

#[test]
fn another_order() {
    let withdrawal = Command::Withdraw { cents: vec![1, 2] };
    let report = report(rich().when(withdrawal).then([withdrawn(2), withdrawn(1)]));
    says(&report, "out of order  1. MoneyWithdrawn v1 {\"cents\":2}");
    says(&report, "it was recorded as event 2");
}

#[test]
fn one_event_for_two_equal_expectations() {
    let withdrawal = Command::Withdraw { cents: vec![1] };
    let report = report(rich().when(withdrawal).then([withdrawn(1), withdrawn(1)]));
    says(&report, "expected twice, recorded once");
}

#[test]
fn two_equal_events_for_one_expectation() {
    let withdrawal = Command::Withdraw { cents: vec![1, 1] };
    let report = report(rich().when(withdrawal).then([withdrawn(1)]));
    says(&report, "expected once, recorded twice");
}

#[test]
fn two_different_events_for_two_equal_expectations() {
    let withdrawal = Command::Withdraw { cents: vec![1, 2] };
    let report = report(rich().when(withdrawal).then([withdrawn(1), withdrawn(1)]));
    says(&report, "/cents: expected 1, got 2");
}

#[test]
fn an_empty_list_where_events_were_recorded() {
    let withdrawal = || rich().when(Command::Withdraw { cents: vec![1] });
    says(
        &report(withdrawal().then(Vec::<AccountEvent>::new())),
        "where nothing was expected",
    );
    says(&report(withdrawal().then_nothing()), "where nothing was expected");
    let none: [(&str, u64, serde_json::Value); 0] = [];
    says(
        &report(withdrawal().then_stored(none)),
        "where nothing was expected",
    );
}

#[test]
fn an_empty_list_where_the_command_was_rejected() {
    let rejected = || given_nothing::<Account>().when(Command::Close);
    says(
        &report(rejected().then(Vec::<AccountEvent>::new())),
        "the command was rejected",
    );
    says(&report(rejected().then_nothing()), "the command was rejected");
    // Saying both does not make it true.
    says(
        &report(rejected().then_error(Refusal::NotOpen).then_nothing()),
        "rejected is not the same as accepted without events",
    );
}

#[test]
fn an_event_more_than_expected() {
    let report = report(rich().when(Command::Close).then([withdrawn(500)]));
    says(&report, "not expected  2. Closed v1 {}");
}

#[test]
fn an_event_less_than_expected() {
    let report = report(
        given::<Account>([opened()])
            .when(Command::Close)
            .then((withdrawn(0), Closed {})),
    );
    says(&report, "missing       1. MoneyWithdrawn v1 {\"cents\":0}");
}

#[test]
fn events_that_came_before_a_rejection() {
    let report = report(
        rich()
            .when(Command::Deposit { cents: 1 })
            .when(Command::Withdraw { cents: vec![502] })
            .then_error(Refusal::TooLittle { missing: 1 }),
    );
    says(&report, "events came before the rejection");
}

#[test]
fn a_rejection_after_the_expected_events() {
    let scenario = || {
        rich()
            .when(Command::Deposit { cents: 1 })
            .when(Command::Withdraw { cents: vec![502] })
    };
    says(
        &report(scenario().then([deposited(1)])),
        "the command was rejected",
    );
    says(
        &report(scenario().then_state_that("it got the money", |account| account.cents == 501)),
        "the command was rejected",
    );
}

#[test]
fn a_command_after_the_one_that_was_rejected() {
    let report = report(
        given_nothing::<Account>()
            .when(Command::Close)
            .when(Command::Close)
            .then_error(Refusal::NotOpen),
    );
    says(
        &report,
        "command 2 was never asked, because command 1 was not accepted",
    );
}

#[test]
fn an_expected_error_where_nothing_was_thrown_and_nothing_recorded() {
    let accepted = || rich().when(Command::Deposit { cents: 0 });
    says(
        &report(accepted().then_error(Refusal::NotOpen)),
        "the command was accepted",
    );
    says(
        &report(accepted().then_error_message("the account is not open")),
        "the command was accepted",
    );
    // The closure form must not pass because it never ran.
    says(
        &report(accepted().then_error_that("any", |_| true)),
        "the command was accepted",
    );
}

#[test]
fn another_error_than_the_expected_one() {
    let rejected = || rich().when(Command::Withdraw { cents: vec![501] });
    says(
        &report(rejected().then_error(Refusal::NotOpen)),
        "it was rejected with another error",
    );
    // The same variant with another value.
    says(
        &report(rejected().then_error(Refusal::TooLittle { missing: 2 })),
        "expected  TooLittle { missing: 2 }",
    );
    // A part of the text.
    says(
        &report(rejected().then_error_message("1 cents")),
        "it was rejected with another message",
    );
    says(
        &report(rejected().then_error_that("is shut", |_| false)),
        "it does not hold of the error",
    );
}

#[test]
fn a_stray_panic_is_no_rejection() {
    let crash = || rich().when(Command::Crash);
    says(
        &report(crash().then_error_that("any", |_| true)),
        "`handle` panics",
    );
    says(&report(crash().then_nothing()), "`handle` panics");
    says(
        &report(crash().then_state_that("any", |_| true)),
        "`handle` panics",
    );
}

#[test]
fn a_given_event_that_no_state_reads() {
    let report = report(
        fixture()
            .given_stored([("MoneyDepositet", 2, json!({"cents": 5}))])
            .given([opened()])
            .when(Command::Deposit { cents: 0 })
            .then_nothing(),
    );
    says(&report, "given event 1: MoneyDepositet v2 cannot be read");
}

#[test]
fn a_given_event_does_not_meet_an_expectation() {
    let report = report(rich().when(Command::Deposit { cents: 0 }).then([deposited(500)]));
    says(&report, "nothing was recorded");
}

#[test]
fn a_state_that_forgets_what_was_given() {
    let report = report(rich().when(Command::Deposit { cents: 1 }).then_state(Account {
        owner: None,
        cents: 1,
        closed: false,
    }));
    says(&report, "/cents: expected 1, got 501");
    says(&report, "/owner: expected null, got \"ann\"");
}

#[test]
fn a_predicate_that_does_not_hold_or_panics() {
    let scenario = || rich().when(Command::Deposit { cents: 0 });
    says(
        &report(scenario().then_state_that("is empty", |account| account.cents == 0)),
        "then_state_that is empty",
    );
    says(
        &report(scenario().then_state_that("is fine", |account| {
            assert!(account.cents == 0, "it is not");
            true
        })),
        "it is not",
    );
}

#[test]
fn values_that_only_look_alike() {
    let speak = |what: serde_json::Value| given_nothing::<Parrot>().when(Teach::Say(vec![said(what)]));
    let cases = [
        (json!([]), json!([1]), "/what/0: expected nothing, got 1"),
        (json!({}), json!({"a": 1}), "/what/a: expected nothing, got 1"),
        (
            json!({"a": null}),
            json!({}),
            "/what/a: expected null, got nothing",
        ),
        (json!("1"), json!(1), "/what: expected \"1\", got 1"),
        (json!(1), json!(1.0), "/what: expected 1, got 1.0"),
        (json!(0.0), json!(-0.0), "/what: expected 0.0, got -0.0"),
        (json!(0), json!(-0.0), "/what: expected 0, got -0.0"),
        (json!(null), json!(false), "/what: expected null, got false"),
        (
            json!("2024-01-01"),
            json!("2024-01-02"),
            "/what: expected \"2024-01-01\", got \"2024-01-02\"",
        ),
        (json!([1, 2]), json!([2, 1]), "/what/0: expected 1, got 2"),
        (
            json!(u64::MAX),
            json!(u64::MAX - 1),
            "/what: expected 18446744073709551615, got 18446744073709551614",
        ),
    ];
    for (expected, actual, difference) in cases {
        says(&report(speak(actual).then([said(expected)])), difference);
    }
}

#[test]
fn a_version_is_part_of_an_event() {
    let report = report(
        given::<Account>([opened()])
            .when(Command::Deposit { cents: 5 })
            .then_stored([("MoneyDeposited", 1, json!({"cents": 5}))]),
    );
    says(&report, "version: expected 1, got 2");
}

#[test]
fn an_event_that_is_lost_on_the_way_through_the_store() {
    let lost: [(ParrotEvent, &str); 3] = [
        (
            Whispered {
                what: "psst".to_owned(),
            }
            .into(),
            "changes when it is stored and read back",
        ),
        (
            Mumbled {
                what: "mm".to_owned(),
            }
            .into(),
            "is not read back from its own stored form",
        ),
        (
            Screeched {
                what: "AAH".to_owned(),
            }
            .into(),
            "does not serialize",
        ),
    ];
    for (event, why) in lost {
        let fixture = Fixture::<Parrot>::new();
        says(
            &report(
                fixture
                    .given([event.clone()])
                    .when(Teach::Say(Vec::new()))
                    .then_nothing(),
            ),
            &format!(
                "given event 1: {} v1 {why}",
                pastproof::model::Event::event_type(&event)
            ),
        );
        let say = Teach::Say(vec![said("first"), event.clone()]);
        says(
            &report(
                fixture
                    .given_nothing()
                    .when(say)
                    .then([said("first"), event.clone()]),
            ),
            &format!(
                "recorded event 2: {} v1 {why}",
                pastproof::model::Event::event_type(&event)
            ),
        );
    }
}

#[test]
fn an_event_that_cannot_be_written_equals_nothing() {
    let screech = || {
        ParrotEvent::from(Screeched {
            what: "AAH".to_owned(),
        })
    };
    let report = report(
        Fixture::<Parrot>::new()
            .without(
                pastproof::scenario::FreeCheck::RoundTrip,
                "to see the comparison alone",
            )
            .given_nothing()
            .when(Teach::Say(vec![screech()]))
            .then([screech()]),
    );
    says(&report, "Screeched v1 does not serialize: too loud to write down");
}

#[test]
fn an_answer_that_is_another_one_the_second_time() {
    says(
        &report(given_nothing::<Parrot>().when(Teach::Wander).then([said(1)])),
        "the same command on the same state is answered in two ways",
    );
    says(
        &report(
            given_nothing::<Parrot>()
                .when(Teach::WanderOff)
                .then_error("no, for the 1. time"),
        ),
        "the same command on the same state is answered in two ways",
    );
}

#[test]
fn an_apply_that_panics() {
    says(
        &report(
            given::<Parrot>([said("cat")])
                .when(Teach::Say(Vec::new()))
                .then_nothing(),
        ),
        "given event 1: `apply` panics on Said v1",
    );
    says(
        &report(
            given_nothing::<Parrot>()
                .when(Teach::Say(vec![said("cat")]))
                .then([said("cat")]),
        ),
        "recorded event 1: `apply` panics on Said v1",
    );
}

#[test]
fn every_failed_check_is_reported_and_not_only_the_first() {
    let report = report(
        rich()
            .when(Command::Close)
            .then([withdrawn(500)])
            .then_state_that("is open", |account| !account.closed)
            .then_state_that("is rich", |account| account.cents > 0)
            .then_state_that("has an owner", |account| account.owner.is_some()),
    );
    says(&report, "scenario failed in 3 ways");
    says(&report, "then_state_that is open");
    says(&report, "then_state_that is rich");
    assert_eq!(report.matches(") passed").count(), 1, "{report}");
}
