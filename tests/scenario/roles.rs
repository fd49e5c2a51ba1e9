//! The same words for deciders, projectors, reactors, process managers and those who wait.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pastproof::scenario::{
    Awaiting, Fixture, Managing, Projecting, Reacting, VerdictRecord, collect, given, given_nothing,
};

use crate::shop::*;
use crate::{report, says};

const DAY: Duration = Duration::from_secs(86_400);

/// Runs a future on the caller's thread, as a test runtime would.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

#[test]
fn time_and_ids_are_values() {
    given_nothing::<Order>()
        .at(NOON)
        .when(OrderCommand::Place { cents: 5 })
        .then([placed("00000000-0000-0000-0000-000000000001", 5)])
        .then_effects([Notice::Mail { to: "ann".to_owned() }])
        .then_reply(OrderReply::Done);
}

#[test]
fn a_reply_without_events() {
    given::<Order>([placed("o1", 5)])
        .when(OrderCommand::HowMuch)
        .then_nothing()
        .then_reply(OrderReply::Due { cents: 5 })
        .then_reply_json(serde_json::json!({"Due": {"cents": 5}}))
        .then_reply_that(
            "it is little",
            |reply| matches!(reply, OrderReply::Due { cents } if *cents < 6),
        );
}

#[test]
fn ignored_is_its_own_outcome() {
    let twice = || given::<Order>([placed("o1", 5)]).when(OrderCommand::Place { cents: 5 });
    twice().then_ignored();
    says(
        &report(twice().then_nothing()),
        "ignored is not the same as accepted without events",
    );
    says(
        &report(twice().then_error(OrderError::NoSuchOrder)),
        "the command was ignored",
    );
    let asked = given::<Order>([placed("o1", 5)]).when(OrderCommand::HowMuch);
    says(
        &report(asked.then_ignored()),
        "accepted without events is not the same as ignored",
    );
}

#[test]
fn a_rejection_together_with_the_events_of_the_same_answer() {
    let little = || {
        given::<Order>([placed("o1", 5)]).when(OrderCommand::Pay {
            order: "o1".to_owned(),
            cents: 2,
        })
    };
    little()
        .then([reminded("o1")])
        .then_error(OrderError::NotEnough { missing: 3 })
        .then_error_variant("NotEnough")
        .then_error_json(serde_json::json!({"NotEnough": {"missing": 3}}));
    says(
        &report(little().then_error_variant("NotEnough")),
        "1 event came before the rejection: add `.then([event])`",
    );
    says(
        &report(little().then([reminded("o1")])),
        "the command was rejected",
    );
}

#[test]
fn what_no_check_mentions_is_told() {
    let report = report(
        given_nothing::<Order>()
            .at(NOON)
            .when(OrderCommand::Place { cents: 5 })
            .then([placed("00000000-0000-0000-0000-000000000001", 5)]),
    );
    says(&report, "1 effect was asked for: add `.then_effects([effect])`");
    says(&report, ".then_effects([Mail { to: \"ann\" }])");
}

#[test]
fn a_projector_is_handed_events_and_its_rows_are_looked_at() {
    let scenario = || {
        given::<Projecting<Debts>>((placed("o1", 5), placed("o2", 7)))
            .when(paid("o1"))
            .then_rows([("o2", Debt { cents: 7 })])
            .then_row("o2", Debt { cents: 7 })
            .then_no_row("o1")
    };
    scenario();
    says(
        &report(scenario().then_row("o2", Debt { cents: 8 })),
        "/cents: expected 8, got 7",
    );
    says(
        &report(scenario().then_rows([("o1", Debt { cents: 5 })])),
        "missing       o1",
    );
    given::<Projecting<Debts>>([placed("o1", 5)])
        .when(paid("o2"))
        .then_error("o2 was never placed");
    says(
        &report(
            given::<Projecting<Debts>>([paid("o1")])
                .when(placed("o1", 1))
                .then_no_row("o1"),
        ),
        "`project` refuses Paid v1",
    );
}

#[test]
fn a_reactor_is_handed_an_event_and_its_effects_are_looked_at() {
    given_nothing::<Reacting<Notices>>()
        .when(paid("o1"))
        .then_effects([Notice::Mail { to: "o1".to_owned() }]);
    given_nothing::<Reacting<Notices>>()
        .when(placed("o1", 5))
        .then_nothing();
}

#[test]
fn a_process_manager_is_reminded_of_what_it_scheduled() {
    let late = || Late::Remind {
        order: "o1".to_owned(),
    };
    given_nothing::<Managing<Collecting>>()
        .at(NOON)
        .when(placed("o1", 5))
        .then_scheduled([(late(), "2024-02-29T12:00:00Z")])
        .when_time_passes(Duration::from_secs(86_399))
        .then_nothing()
        .when_time_passes(Duration::from_secs(1))
        .then([reminded("o1")])
        .then_commands([Collect::Warn {
            order: "o1".to_owned(),
        }])
        .then_scheduled([(late(), later(2 * 86_400))])
        .when_time_is("2024-03-01T12:00:00Z")
        .then_commands([Collect::GiveUp {
            order: "o1".to_owned(),
        }]);
    // What was scheduled when history happened is due as well.
    given_nothing::<Managing<Collecting>>()
        .at(NOON)
        .given([placed("o1", 5)])
        .when_time_passes(DAY * 3)
        .then([reminded("o1")])
        .then_commands([
            Collect::Warn {
                order: "o1".to_owned(),
            },
            Collect::GiveUp {
                order: "o1".to_owned(),
            },
        ])
        .then_scheduled([(late(), later(2 * 86_400))]);
    given::<Managing<Collecting>>([placed("o1", 5)])
        .when(paid("o1"))
        .then_cancelled([late()])
        .when_time_passes(DAY * 3)
        .then_nothing();
}

#[test]
fn an_answer_that_has_to_be_waited_for() {
    let fixture =
        |slow| Fixture::<Awaiting<Checked>>::starting(move || Awaiting::new(Bank { slow, broke: false }));
    let pay = || OrderCommand::Pay {
        order: "o1".to_owned(),
        cents: 5,
    };
    fixture(false).given_nothing().when(pay()).then([paid("o1")]);
    wait(async {
        fixture(true)
            .given_nothing()
            .when_async(pay())
            .await
            .then([paid("o1")])
            .when_async(OrderCommand::HowMuch)
            .await
            .then_error(OrderError::NoSuchOrder);
    });
    let report = report(fixture(true).given_nothing().when(pay()).then([paid("o1")]));
    says(&report, "`handle` is not ready");
    says(&report, "`.when_async(command).await` waits for it");
}

#[test]
fn nobody_has_to_be_asked() {
    given::<Order>([placed("o1", 5)])
        .when_nothing()
        .then_state_that("five cents are due", |order| order.due == 5);
}

#[test]
fn a_scenario_is_a_value() {
    let fixture = Fixture::<Order>::new().as_json();
    let (result, records) = collect(|| {
        fixture
            .given_nothing()
            .named("an order is placed once")
            .given_in("order-1", [placed("o1", 5)])
            .when(OrderCommand::Place { cents: 5 })
            .then_ignored()
            .when(OrderCommand::Pay {
                order: "o1".to_owned(),
                cents: 2,
            })
            .then([reminded("o1")])
            .then_error_variant("NotEnough");
        fixture.given_nothing().when(OrderCommand::HowMuch).then_ignored();
    });
    assert!(result.is_err(), "the second one fails");
    let text = serde_json::to_string(&records).unwrap();
    assert_eq!(
        serde_json::from_str::<Vec<pastproof::scenario::Record>>(&text).unwrap(),
        records
    );
    let [placed, failed] = &records[..] else {
        panic!("{text}")
    };
    assert_eq!(placed.subject, "Order");
    assert_eq!(placed.name.as_deref(), Some("an order is placed once"));
    assert_eq!(placed.given[0].stream.as_deref(), Some("order-1"));
    assert_eq!(placed.steps[0].then.verdict, VerdictRecord::Ignored);
    assert_eq!(placed.steps[1].then.verdict, VerdictRecord::Rejected);
    assert_eq!(placed.steps[1].then.events[0].event_type, "Reminded");
    let error = placed.steps[1].then.error.as_ref().unwrap();
    assert_eq!(error.variant, "NotEnough");
    assert_eq!(error.data, Some(serde_json::json!({"NotEnough": {"missing": 3}})));
    assert_eq!(placed.steps[1].checks, ["then", "then_error_variant NotEnough"]);
    assert!(
        failed
            .failed
            .as_ref()
            .unwrap()
            .contains("accepted without events"),
        "{text}"
    );
    assert!(collect(|| ()).1.is_empty());
}
