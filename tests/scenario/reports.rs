//! How every kind of failure reads. The reports are kept under `snapshots/`, with the line numbers of this file
//! left out.

use std::time::Duration;

use pastproof::scenario::{
    Awaiting, Fixture, FreeCheck, Given, Managing, Projecting, Reacting, given, given_nothing, json,
};

use crate::account::*;
use crate::odd::*;
use crate::shop::*;
use crate::{panic_of, report};

/// The places in this file, with their numbers left out.
fn without_numbers(report: &str) -> String {
    let mut parts = report.split("reports.rs:");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_digit = |character: char| character.is_ascii_digit();
        let rest = part.trim_start_matches(is_digit);
        let rest = rest
            .strip_prefix(':')
            .unwrap_or(rest)
            .trim_start_matches(is_digit);
        text.push_str("reports.rs:LINE");
        text.push_str(rest);
    }
    text
}

macro_rules! reads {
    ($name:literal, $report:expr) => {
        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(concat!("scenario__report_", $name), without_numbers(&$report));
        });
    };
}

fn rich() -> Given<Account> {
    given::<Account>((opened(), deposited(500)))
}

#[test]
fn wrong_data() {
    let withdrawal = Command::Withdraw {
        cents: vec![100, 200],
    };
    reads!(
        "wrong_data",
        report(rich().when(withdrawal).then((withdrawn(100), withdrawn(20))))
    );
}

#[test]
fn wrong_type() {
    let withdrawal = Command::Withdraw { cents: vec![100] };
    reads!(
        "wrong_type",
        report(rich().when(withdrawal).then([deposited(100)]))
    );
}

#[test]
fn wrong_number() {
    let withdrawal = Command::Withdraw {
        cents: vec![100, 7, 7],
    };
    reads!(
        "wrong_number",
        report(
            rich()
                .when(withdrawal)
                .then((withdrawn(7), withdrawn(100), withdrawn(100), Closed {}))
        )
    );
}

#[test]
fn out_of_order() {
    let withdrawal = Command::Withdraw { cents: vec![1, 2, 3] };
    reads!(
        "out_of_order",
        report(
            rich()
                .when(withdrawal)
                .then([withdrawn(3), withdrawn(1), withdrawn(2)])
        )
    );
}

#[test]
fn the_nearest_candidate() {
    // The first deposit expected differs from the one recorded in two members, the second in one.
    let note = |cents, note: &str| Deposited {
        cents,
        note: Some(note.to_owned()),
    };
    let say = |deposit: Deposited| said(serde_json::to_value(deposit).unwrap());
    let scenario = given_nothing::<Parrot>()
        .when(Teach::Say(vec![say(note(5, "rent")), said("done")]))
        .then([say(note(6, "gift")), say(note(5, "gift")), said("done")]);
    reads!("nearest_candidate", report(scenario));
}

#[test]
fn something_where_nothing_was_expected() {
    reads!(
        "nothing_expected",
        report(rich().when(Command::Close).then_nothing())
    );
}

#[test]
fn nothing_where_something_was_expected() {
    let scenario = rich().when(Command::Deposit { cents: 0 }).then([deposited(0)]);
    reads!("nothing_recorded", report(scenario));
}

#[test]
fn rejected_where_events_were_expected() {
    let scenario = rich()
        .when(Command::Withdraw { cents: vec![501] })
        .then([withdrawn(501)]);
    reads!("rejected", report(scenario));
}

#[test]
fn rejected_where_nothing_was_expected() {
    let scenario = given_nothing::<Account>().when(Command::Close).then_nothing();
    reads!("rejected_is_not_nothing", report(scenario));
}

#[test]
fn accepted_where_an_error_was_expected() {
    let scenario = rich()
        .when(Command::Withdraw { cents: vec![500] })
        .then_error(Refusal::TooLittle { missing: 1 });
    reads!("accepted", report(scenario));
}

#[test]
fn another_error() {
    let scenario = rich()
        .when(Command::Withdraw { cents: vec![501] })
        .then_error(Refusal::NotOpen)
        .then_error_message("2 cents are missing")
        .then_error_that("is about an open account", |error| *error == Refusal::AlreadyOpen)
        .then_error(Refusal::TooLittle { missing: 1 });
    reads!("another_error", report(scenario));
}

#[test]
fn another_state() {
    let scenario = rich()
        .when(Command::Deposit { cents: 1 })
        .then([deposited(1)])
        .then_state(Account {
            owner: Some("bob".to_owned()),
            cents: 502,
            closed: false,
        })
        .then_state_that("the account is closed", |account| account.closed)
        .then_state_that("the owner is known", |account| account.owner.is_some());
    reads!("another_state", report(scenario));
}

#[test]
fn several_commands() {
    let scenario = rich()
        .when(Command::Deposit { cents: 1 })
        .when(Command::Withdraw { cents: vec![502] })
        .when(Command::Close)
        .then_error(Refusal::TooLittle { missing: 2 });
    reads!("several_commands", report(scenario));
}

#[test]
fn several_steps() {
    let scenario = given_nothing::<Account>()
        .when(Command::Open {
            owner: "ann".to_owned(),
        })
        .then([opened()])
        .when(Command::Deposit { cents: 500 })
        .then([deposited(5)])
        .when(Command::Close)
        .then_error(Refusal::NotOpen);
    reads!("several_steps", report(scenario));
}

#[test]
fn a_decision_that_panics() {
    let scenario = rich()
        .when(Command::Crash)
        .when(Command::Close)
        .then((withdrawn(500), Closed {}))
        .then_state_that("the account is closed", |account| account.closed);
    reads!("handle_panics", report(scenario));
}

#[test]
fn a_fold_that_panics() {
    let scenario = given::<Parrot>([said("dog"), said("cat"), said("bird")])
        .when(Teach::Say(vec![said("hello")]))
        .then([said("hello")]);
    reads!("apply_panics", report(scenario));
}

#[test]
fn events_that_do_not_survive_the_store() {
    let whisper = Whispered {
        what: "psst".to_owned(),
    };
    let mumble = Mumbled {
        what: "mm".to_owned(),
    };
    let screech = Screeched {
        what: "AAH".to_owned(),
    };
    let scenario = given::<Parrot>((whisper, mumble))
        .when(Teach::Say(vec![screech.into()]))
        .then([said("nothing")]);
    reads!("round_trip", report(scenario));
}

#[test]
fn two_answers() {
    let scenario = given_nothing::<Parrot>().when(Teach::Wander).then([said(1)]);
    reads!("two_answers", report(scenario));
}

#[test]
fn history_that_is_read_through_upcasters() {
    let scenario = fixture()
        .given_stored([
            ("Opened", 1, json!({"owner": "ann"})),
            ("GreetingSent", 1, json!({"text": "hello"})),
            ("MoneyDeposited", 1, json!({"euros": 5})),
            ("PaidOut", 1, json!({"cents": 120, "fee": 30})),
        ])
        .when(Command::Close)
        .then([Closed {}]);
    reads!("upcast", report(scenario));
}

#[test]
fn history_that_cannot_be_read() {
    let scenario = fixture()
        .given_stored([
            ("Opened", 1, json!({"owner": 7})),
            ("Opened", 2, json!({"owner": "ann"})),
            ("MoneyDeposited", 1, json!({"euros": 2_000_000})),
            ("Unheard", 1, json!({})),
        ])
        .when(Command::Open {
            owner: "ann".to_owned(),
        })
        .then([opened()]);
    reads!("unreadable", report(scenario));
}

#[test]
fn history_that_needs_upcasters_and_has_none() {
    let scenario = Fixture::<Account>::new()
        .given_stored([
            ("MoneyDeposited", 1, json!({"euros": 5})),
            ("Unheard", 1, json!({})),
        ])
        .when(Command::Open {
            owner: "ann".to_owned(),
        })
        .then([opened()]);
    reads!("no_upcasters", report(scenario));
}

#[test]
fn long_values() {
    let scenario = given::<Ledger>([filled(1, &["income", "expenses"]), filled(2, &["income"])])
        .when(filled(2, &["expenses"]))
        .then([filled(3, &["expenses"])]);
    reads!("long_values", report(scenario));
}

#[test]
fn values_that_cannot_be_shown() {
    let scenario = Fixture::<Silent>::opaque()
        .without(FreeCheck::DecideTwice, "moves are counted")
        .given([Moved { by: 2 }])
        .when(Move(3))
        .when(Move(0))
        .then([Moved { by: 4 }]);
    reads!("opaque", report(scenario));
}

#[test]
fn views_of_ones_own() {
    let scenario = Fixture::<Silent>::opaque()
        .show_state(|silent| Ok(json!({"at": silent.at()})))
        .show_command(|Move(by)| format!("move by {by}"))
        .show_error(|Stuck| "stuck".to_owned())
        .given([Moved { by: 2 }])
        .when(Move(0))
        .then_nothing();
    reads!("own_views", report(scenario));
}

#[test]
fn ignored_where_events_were_expected() {
    let scenario = given::<Order>([placed("o1", 5)])
        .when(OrderCommand::Place { cents: 5 })
        .then([placed("o1", 5)]);
    reads!("ignored", report(scenario));
}

#[test]
fn another_reply_and_another_effect() {
    let scenario = Fixture::<Order>::new()
        .as_json()
        .at(NOON)
        .given_nothing()
        .named("an order is placed")
        .when(OrderCommand::Place { cents: 5 })
        .then([placed("00000000-0000-0000-0000-000000000001", 5)])
        .then_effects([Notice::Mail { to: "bob".to_owned() }, Notice::Refund { cents: 1 }])
        .then_reply(OrderReply::Due { cents: 5 });
    reads!("reply_and_effects", report(scenario));
}

#[test]
fn events_before_a_rejection_that_no_check_mentions() {
    let scenario = given::<Order>([placed("o1", 5)])
        .when(OrderCommand::Pay {
            order: "o1".to_owned(),
            cents: 2,
        })
        .then_error_variant("NoSuchOrder");
    reads!("rejected_after_events", report(scenario));
}

#[test]
fn a_process_that_does_more_than_expected() {
    let scenario = given_nothing::<Managing<Collecting>>()
        .at(NOON)
        .given_in("order-1", [placed("o1", 5)])
        .when_time_passes(Duration::from_secs(86_400))
        .then_commands([Collect::GiveUp {
            order: "o1".to_owned(),
        }]);
    reads!("process", report(scenario));
}

#[test]
fn an_effect_that_nobody_expected() {
    let scenario = given_nothing::<Reacting<Notices>>()
        .given_tagged([("order", "o1")], [placed("o1", 5)])
        .when(paid("o1"))
        .then_nothing();
    reads!("effect_not_expected", report(scenario));
}

#[test]
fn other_rows_and_another_result() {
    let scenario = given::<Projecting<Debts>>((placed("o1", 5), placed("o2", 7)))
        .when(placed("o3", 9))
        .then_rows([
            ("o1", Debt { cents: 6 }),
            ("o2", Debt { cents: 7 }),
            ("o4", Debt { cents: 1 }),
        ])
        .when_query(MoreThan(6))
        .then_result(["o3"]);
    reads!("rows_and_result", report(scenario));
}

#[test]
fn an_answer_that_is_not_ready() {
    let slow = || {
        Awaiting::<Checked>::new(Bank {
            slow: true,
            broke: false,
        })
    };
    let scenario = Fixture::starting(slow)
        .given_nothing()
        .when(OrderCommand::Pay {
            order: "o1".to_owned(),
            cents: 5,
        })
        .then([paid("o1")]);
    reads!("not_ready", report(scenario));
}

#[test]
fn looser_checks() {
    let scenario = rich()
        .when(Command::Withdraw { cents: vec![1, 2, 3] })
        .then_containing((withdrawn(4), Closed {}))
        .then_unordered([withdrawn(3), withdrawn(2), withdrawn(2)])
        .then_starting_with([withdrawn(2)])
        .then_ignoring(["/note"], [withdrawn(1)])
        .then_events_that("there are two", |events| events.len() == 2);
    reads!("looser", report(scenario));
}

#[test]
fn a_history_from_elsewhere() {
    let open = rich()
        .named("a rich account")
        .when(Command::Deposit { cents: 1 })
        .then([deposited(1)])
        .ending();
    let scenario = open
        .given()
        .given_commands([Command::Withdraw { cents: vec![1] }])
        .given_in("account-2", [deposited(7)])
        .when(Command::Close)
        .then([Closed {}]);
    reads!("history_from_elsewhere", report(scenario));
}

#[test]
fn a_command_that_is_not_idempotent() {
    let scenario = Fixture::<Account>::new()
        .idempotent()
        .given([opened()])
        .when(Command::Deposit { cents: 5 })
        .then([deposited(5)]);
    reads!("not_idempotent", report(scenario));
}

#[test]
fn a_scenario_that_passes_whatever_happens() {
    let weak = || {
        rich()
            .when(Command::Withdraw { cents: vec![1, 2] })
            .then_starting_with([withdrawn(1)])
    };
    reads!(
        "cannot_fail",
        panic_of(|| pastproof::scenario::prove_it_can_fail(weak))
    );
}

#[test]
fn never_checked() {
    reads!("no_when", panic_of(|| drop(rich())));
    reads!("no_then", panic_of(|| drop(rich().when(Command::Close))));
    reads!(
        "no_last_then",
        panic_of(|| drop(rich().when(Command::Close).then_nothing().when(Command::Close)))
    );
}

#[test]
fn the_panic_is_the_report() {
    let told = crate::panic_of(|| drop(rich().when(Command::Close).then_nothing()));
    assert!(!told.contains('\u{1b}'), "a report has no colour codes: {told:?}");
    let broken = || rich().when(Command::Close).then_nothing();
    let dropped = panic_of(|| drop(broken()));
    assert_eq!(dropped, report(broken()));
    assert_eq!(dropped, panic_of(|| broken().check_now()));
    assert!(!dropped.contains('\u{1b}'), "plain text: {dropped}");
    assert!(
        !dropped.lines().any(|line| line.ends_with(' ')),
        "no blank ends: {dropped}"
    );
}

#[test]
fn the_place_is_the_callers_line() {
    let line = line!() + 3;
    let failure = rich()
        .when(Command::Close)
        .then_nothing()
        .try_check()
        .unwrap_err();
    assert_eq!(
        (failure.location().file(), failure.location().line()),
        (file!(), line)
    );
    assert!(failure.to_string().contains(&format!("at {}:{line}:10", file!())));
    let finding = failure.finding("closing");
    assert_eq!(finding.place.line, Some(u64::from(line)));
    assert_eq!(finding.rule.id, "scenario-failed");
    assert_eq!(
        finding.message,
        "closing: scenario failed: 2 events were recorded where nothing was expected"
    );
}
