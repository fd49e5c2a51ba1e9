//! Histories of every kind, looser checks, questions, captured values, and beginnings at the end of others.

use std::time::Duration;

use pastproof::scenario::{Ending, Fixture, Managing, Projecting, given, given_nothing, json};

use crate::account::*;
use crate::shop::*;
use crate::{panic_of, report, says};

#[test]
fn commands_make_history() {
    let fixture = Fixture::<Account>::new();
    fixture
        .given_commands([
            Command::Open {
                owner: "ann".to_owned(),
            },
            Command::Deposit { cents: 500 },
        ])
        .given([withdrawn(100)])
        .when(Command::Close)
        .then((withdrawn(400), Closed {}));
    says(
        &report(
            fixture
                .given_commands([Command::Deposit { cents: 5 }])
                .when(Command::Close)
                .then_error(Refusal::NotOpen),
        ),
        "the given command Deposit { cents: 5 } is rejected\nat tests/scenario/words.rs",
    );
    let idle = fixture
        .given([opened()])
        .given_commands([Command::Deposit { cents: 0 }])
        .when(Command::Close)
        .then([Closed {}]);
    says(
        &report(idle),
        "the given command Deposit { cents: 0 } comes to nothing",
    );
    let crash = fixture
        .given_commands([Command::Crash])
        .when(Command::Close)
        .then_error(Refusal::NotOpen);
    says(&report(crash), "the given command Crash panics");
}

fn an_open_account() -> Ending<Account> {
    given_nothing::<Account>()
        .named("an open account")
        .when(Command::Open {
            owner: "ann".to_owned(),
        })
        .then([opened()])
        .when(Command::Deposit { cents: 500 })
        .then([deposited(500)])
        .ending()
}

#[test]
fn scenarios_begin_at_the_end_of_another_one() {
    let open = an_open_account();
    assert_eq!(open.name(), "an open account");
    open.given()
        .when(Command::Close)
        .then((withdrawn(500), Closed {}));
    let poor = open
        .given()
        .named("a poor account")
        .when(Command::Withdraw { cents: vec![499] })
        .then([withdrawn(499)])
        .ending();
    poor.given()
        .when(Command::Withdraw { cents: vec![2] })
        .then_error(Refusal::TooLittle { missing: 1 });
    // Each branch tells its own story.
    let report = report(poor.given().when(Command::Close).then([Closed {}]));
    says(&report, "the end of `a poor account`\n  1. Opened v1");
    says(&report, "not expected  1. MoneyWithdrawn v1 {\"cents\":1}");
    assert!(
        panic_of(|| given::<Account>([opened()])
            .when(Command::Close)
            .then_nothing()
            .ending())
        .contains("where nothing was expected")
    );
}

#[test]
fn the_end_of_a_scenario_keeps_time_ids_and_timeouts() {
    let placed_order = Fixture::<Managing<Collecting>>::new()
        .at(NOON)
        .given([placed("o1", 5)])
        .when_time_passes(Duration::from_secs(86_399))
        .then_nothing()
        .ending();
    let warn = || Collect::Warn {
        order: "o1".to_owned(),
    };
    placed_order
        .given()
        .when_time_passes(Duration::from_secs(1))
        .then_commands([warn()])
        .then([reminded("o1")])
        .then_scheduled([(
            Late::Remind {
                order: "o1".to_owned(),
            },
            later(2 * 86_400),
        )]);
    placed_order
        .given()
        .when(paid("o1"))
        .then_cancelled([Late::Remind {
            order: "o1".to_owned(),
        }]);

    let first = Fixture::<Order>::new()
        .at(NOON)
        .given_nothing()
        .when(OrderCommand::Place { cents: 5 })
        .then_effects([Notice::Mail { to: "ann".to_owned() }])
        .then([placed("00000000-0000-0000-0000-000000000001", 5)])
        .capture("order", "/0/order")
        .ending();
    first
        .given()
        .when(OrderCommand::HowMuch)
        .then_nothing()
        .using(|captured, scenario| {
            let order = captured.text("order");
            scenario
                .when(OrderCommand::Pay {
                    order: order.clone(),
                    cents: 5,
                })
                .then([paid(&order)])
        });
}

#[test]
fn a_generated_id_is_bound_once_and_used_later() {
    let scenario = || {
        given_nothing::<Order>()
            .when(OrderCommand::Place { cents: 5 })
            .then_ignoring(["/order", "/at"], [placed("any", 5)])
            .then_effects([Notice::Mail { to: "ann".to_owned() }])
            .capture("order", "/0/order")
    };
    scenario().using(|captured, scenario| {
        assert_eq!(captured.get::<String>("order"), captured.text("order"));
        scenario
            .when(OrderCommand::Pay {
                order: captured.text("order"),
                cents: 5,
            })
            .then([paid(&captured.text("order"))])
    });
    says(
        &report(scenario().capture("order", "/1/order")),
        "/1/order points at no event",
    );
    says(
        &report(scenario().capture("order", "/0/nobody")),
        "there is nothing at /0/nobody",
    );
    says(
        &report(scenario().capture("order", "order")),
        "order points at no event",
    );
    let other = scenario().capture("order", "/0/cents");
    says(&report(other), "`order` is bound already");
    // What could not be captured is the failure, not what follows from it.
    let unbound = scenario()
        .capture("nobody", "/0/nobody")
        .using(|captured, scenario| {
            scenario
                .when(OrderCommand::HowMuch)
                .then_reply_that(captured.text("nobody"), |_| true)
        });
    says(&report(unbound), "there is nothing at /0/nobody");
    let message = panic_of(|| {
        scenario().using(|captured, scenario| {
            captured.text("ordre");
            scenario
        })
    });
    assert_eq!(message, "nothing was captured as `ordre`; there is: order");
    let unchecked = panic_of(|| {
        drop(
            given_nothing::<Order>()
                .when(OrderCommand::Place { cents: 5 })
                .capture("order", "/0/order"),
        );
    });
    says(&unchecked, "scenario never checked");
}

fn withdrawal() -> pastproof::scenario::Outcome<Account> {
    given::<Account>((opened(), deposited(500))).when(Command::Withdraw {
        cents: vec![1, 2, 2, 3],
    })
}

#[test]
fn some_of_the_events_are_looked_at() {
    withdrawal().then_containing((withdrawn(3), withdrawn(2), withdrawn(2)));
    says(
        &report(withdrawal().then_containing([withdrawn(1), withdrawn(1)])),
        "the nearest is event 2\n                   /cents: expected 1, got 2",
    );
    says(
        &report(withdrawal().then_containing([Closed {}])),
        "no other event of this type was recorded",
    );
    says(
        &report(withdrawal().then_containing(Vec::<AccountEvent>::new())),
        "this checks nothing",
    );
    says(
        &report(
            given_nothing::<Account>()
                .when(Command::Close)
                .then_containing([Closed {}]),
        ),
        "the command was rejected",
    );
}

#[test]
fn the_order_is_not_looked_at() {
    withdrawal().then_unordered((withdrawn(3), withdrawn(2), withdrawn(1), withdrawn(2)));
    let report =
        report(withdrawal().then_unordered((withdrawn(3), withdrawn(3), withdrawn(2), withdrawn(1))));
    says(&report, "then_unordered (tests/scenario/words.rs");
    says(&report, "missing       2. MoneyWithdrawn v1 {\"cents\":3}");
    says(&report, "not expected  3. MoneyWithdrawn v1 {\"cents\":2}");
}

#[test]
fn groups_have_an_order_and_what_is_in_them_has_none() {
    withdrawal().then_in_groups([vec![withdrawn(2), withdrawn(1)], vec![withdrawn(3), withdrawn(2)]]);
    let elsewhere =
        report(withdrawal().then_in_groups([vec![withdrawn(1), withdrawn(3)], vec![withdrawn(2); 2]]));
    says(&elsewhere, "then_in_groups (tests/scenario/words.rs");
    says(&elsewhere, "failed: group 1 is another one");
    says(&elsewhere, "missing       2. MoneyWithdrawn v1 {\"cents\":3}");
    says(
        &elsewhere,
        "group 2\n    missing       2. MoneyWithdrawn v1 {\"cents\":2}",
    );
    let more = report(withdrawal().then_in_groups([vec![withdrawn(2), withdrawn(1)]]));
    says(&more, "expected 2 events, got 4");
    says(&more, "after the last group");
    let less = report(withdrawal().then_in_groups([
        vec![withdrawn(1)],
        vec![withdrawn(2); 2],
        vec![withdrawn(3); 2],
    ]));
    says(&less, "expected 5 events, got 4");
    let empty = report(withdrawal().then_in_groups([vec![withdrawn(1)], Vec::new()]));
    says(&empty, "group 2 has no events");
}

#[test]
fn the_first_events_are_looked_at() {
    withdrawal().then_starting_with([withdrawn(1), withdrawn(2)]);
    says(
        &report(withdrawal().then_starting_with([withdrawn(1), withdrawn(3)])),
        "/cents: expected 3, got 2",
    );
    says(
        &report(withdrawal().then_starting_with(vec![withdrawn(1); 5])),
        "expected 5 events, got 4",
    );
    says(
        &report(withdrawal().then_starting_with(Vec::<AccountEvent>::new())),
        "this checks nothing",
    );
}

#[test]
fn a_predicate_is_asked_of_all_events_also_when_there_are_none() {
    withdrawal().then_events_that("there are four", |events| events.len() == 4);
    let nothing = given::<Account>([opened()])
        .when(Command::Deposit { cents: 0 })
        .then_events_that("there is one", |events| !events.is_empty());
    says(&report(nothing), "then_events_that there is one");
}

#[test]
fn what_is_ignored_is_listed_and_has_to_be_there() {
    let scenario = || given::<Account>([opened()]).when(Command::Deposit { cents: 5 });
    scenario().then_ignoring(["/cents"], [deposited(7)]);
    scenario().then_ignoring(["/*"], [deposited(7)]);
    says(
        &report(scenario().then_ignoring(["/cent"], [deposited(5)])),
        "/cent is in no event",
    );
    let report = report(scenario().then_ignoring(["/cents"], (deposited(7), Closed {})));
    says(&report, "then_ignoring /cents (tests");
    says(&report, "missing       2. Closed v1 {}");
}

#[test]
fn a_read_model_answers_questions() {
    let scenario = || {
        given::<Projecting<Debts>>((placed("o1", 5), placed("o2", 7)))
            .when_query(MoreThan(5))
            .then_result(["o2"])
            .then_result_that("there is one", |orders: &Vec<String>| orders.len() == 1)
    };
    scenario()
        .when(paid("o2"))
        .then_rows([("o1", Debt { cents: 5 })])
        .when_query(MoreThan(5))
        .then_result(json!([]));
    says(
        &report(scenario().then_result(["o1"])),
        "/0: expected \"o1\", got \"o2\"",
    );
    says(
        &report(scenario().then_result_that("is a number", |_: &u8| true)),
        "the result is of another type",
    );
    let unasked = given::<Projecting<Debts>>([placed("o1", 5)])
        .when(paid("o1"))
        .then_result(json!([]));
    says(&report(unasked), "no question was asked in this step");
}

#[test]
fn time_does_not_run_backwards() {
    let scenario = given_nothing::<Account>()
        .at(NOON)
        .when_time_is("2024-02-28T11:59:59Z")
        .then_nothing();
    says(&report(scenario), "time runs backwards");
    let message = panic_of(|| drop(given_nothing::<Account>().at("noon")));
    says(&message, "\"noon\" is no time as in `2024-02-29T12:00:00Z`");
}

#[test]
fn events_of_another_stream_are_not_part_of_an_aggregate() {
    let fixture = Fixture::<Account>::new().stream("account-1");
    fixture
        .given_nothing()
        .given_in("account-1", [opened()])
        .when(Command::Close)
        .then([Closed {}]);
    let report = report(
        fixture
            .given_nothing()
            .given_in("account-1", [opened()])
            .given_in("account-l", [deposited(500)])
            .when(Command::Close)
            .then([Closed {}]),
    );
    says(&report, "given event 2 was not looked at");
    says(
        &report,
        "it is in the stream account-l, and Account folds its own stream alone",
    );
    // A projector follows them all, and is told which one it is.
    given_nothing::<Projecting<Debts>>()
        .given_in("order-1", [placed("o1", 5)])
        .given_in("order-2", [placed("o2", 7)])
        .when_query(MoreThan(0))
        .then_result(["o1", "o2"]);
}
