//! Twenty-one ways in which scenario kits have let a wrong system pass, each told as a scenario of ours that fails, and
//! says why. The comment of each names the kits it is known of; some have mended it since.

use std::collections::{BTreeMap, BTreeSet};

use pastproof::model::{Aggregate, Event as _, Position, Projector};
use pastproof::scenario::{Fixture, FreeCheck, Managing, Projecting, Reacting, given, given_nothing, json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::*;
use crate::odd::{Parrot, Teach, said};
use crate::shop::*;
use crate::{panic_of, report, says};

fn rich() -> pastproof::scenario::Given<Account> {
    given::<Account>((opened(), deposited(500)))
}

fn withdraw(cents: &[u64]) -> Command {
    Command::Withdraw {
        cents: cents.to_vec(),
    }
}

/// cqrs-es, disintegrate, fmodel-rust: nobody looks at what came of the command.
#[test]
fn r01_then_is_forgotten() {
    says(
        &panic_of(|| drop(rich().when(Command::Close))),
        "scenario never checked",
    );
    says(&panic_of(|| drop(rich())), "scenario never checked");
    // An error is not swallowed with it, nor is a step before it.
    says(
        &panic_of(|| {
            drop(
                rich()
                    .when(Command::Deposit { cents: 1 })
                    .then_nothing()
                    .when(Command::Close),
            );
        }),
        "the last command was never checked",
    );
}

/// cqrs-es: a list of expectations ignores order and counts, and an empty one always holds.
#[test]
fn r02_one_event_meets_two_expectations() {
    says(
        &report(rich().when(withdraw(&[1])).then([withdrawn(1), withdrawn(1)])),
        "expected twice, recorded once",
    );
    says(
        &report(
            rich()
                .when(withdraw(&[1]))
                .then_containing([withdrawn(1), withdrawn(1)]),
        ),
        "it was recorded less often than it is expected",
    );
    says(
        &report(
            rich()
                .when(withdraw(&[1]))
                .then_unordered([withdrawn(1), withdrawn(1)]),
        ),
        "expected 2 events, got 1",
    );
    says(
        &report(
            rich()
                .when(withdraw(&[1]))
                .then_containing(Vec::<AccountEvent>::new()),
        ),
        "this checks nothing",
    );
    says(
        &report(rich().when(withdraw(&[1, 2])).then((withdrawn(2), withdrawn(1)))),
        "out of order",
    );
}

/// cqrs-es: events written before the handler's error are out of sight.
#[test]
fn r03_events_before_an_error_are_out_of_sight() {
    let report = report(
        given::<Order>([placed("o1", 5)])
            .when(OrderCommand::Pay {
                order: "o1".to_owned(),
                cents: 2,
            })
            .then_error(OrderError::NotEnough { missing: 3 }),
    );
    says(&report, "1 event came before the rejection: add `.then([event])`");
    says(&report, "after 1 event\n  1. Reminded v1 {\"order\":\"o1\"}");
}

/// disintegrate: given events that the decision does not select are dropped in silence.
#[test]
fn r04_given_events_are_dropped_in_silence() {
    let report = report(
        Fixture::<Account>::new()
            .stream("account-1")
            .given([opened()])
            .given_in("acount-1", [deposited(500)])
            .when(withdraw(&[1]))
            .then_error(Refusal::TooLittle { missing: 1 }),
    );
    says(&report, "given event 2 was not looked at");
    says(&report, "it is in the stream acount-1");
}

/// fmodel-rust: one way of giving a history is not seen by one way of looking at it.
#[test]
fn r05_what_is_given_is_not_what_is_looked_at() {
    says(
        &report(
            rich()
                .when_nothing()
                .then_state_that("is poor", |account| account.cents == 0),
        ),
        "it does not hold of the state",
    );
    says(
        &report(rich().when(withdraw(&[501])).then([withdrawn(501)])),
        "rejected with TooLittle { missing: 1 }",
    );
}

/// eventually-rs: an empty list is met by an error, and any error meets an expected one.
#[test]
fn r06_an_error_meets_an_empty_list() {
    let rejected = || given_nothing::<Account>().when(Command::Close);
    says(
        &report(rejected().then(Vec::<AccountEvent>::new())),
        "the command was rejected",
    );
    says(&report(rejected().then_nothing()), "the command was rejected");
    says(
        &report(rejected().then_error(Refusal::AlreadyOpen)),
        "it was rejected with another error",
    );
}

/// eventcore: a projection's error is thrown away, so that nothing collected is what was expected.
#[test]
fn r07_a_projection_fails_in_silence() {
    says(
        &report(
            given_nothing::<Projecting<Debts>>()
                .when(paid("o1"))
                .then_rows(Vec::<(String, Debt)>::new()),
        ),
        "the command was rejected",
    );
    says(
        &report(
            given::<Projecting<Debts>>([paid("o1")])
                .when_query(MoreThan(0))
                .then_result(json!([])),
        ),
        "`project` refuses Paid v1",
    );
}

/// Emmett: equality that is none. Order, other members, other dates; `[]` and `{}` meet anything; a stray error is one.
#[test]
fn r08_equality_is_none() {
    let speak = |what: serde_json::Value| given_nothing::<Parrot>().when(Teach::Say(vec![said(what)]));
    for (expected, actual) in [
        (json!([]), json!([1])),
        (json!({}), json!({"a": 1})),
        (json!({"at": "2024-01-01"}), json!({"at": "2025-01-01"})),
        (json!([1, 2]), json!([2, 1])),
        (json!({"a": {"b": [1]}}), json!({"a": {"b": [1, 1]}})),
    ] {
        says(&report(speak(actual).then([said(expected)])), "the events differ");
    }
    says(
        &report(rich().when(withdraw(&[1, 2])).then([withdrawn(1), withdrawn(1)])),
        "/cents: expected 1, got 2",
    );
    says(
        &report(rich().when(Command::Crash).then_error_that("any", |_| true)),
        "`handle` panics",
    );
    says(
        &report(rich().when(Command::Close).then_error_that("any", |_| true)),
        "the command was accepted",
    );
}

/// Remembers positions, and so knows what it has seen.
#[derive(Default)]
struct Once {
    seen: BTreeSet<Option<u64>>,
    cents: u64,
}

impl Projector for Once {
    type Event = OrderEvent;
    type Row = u64;

    fn project(&mut self, event: &OrderEvent, at: Position<'_>) -> Result<(), String> {
        if let OrderEvent::Placed(placed) = event
            && self.seen.insert(at.global)
        {
            self.cents += placed.cents;
        }
        Ok(())
    }

    fn rows(&self) -> Vec<(String, u64)> {
        vec![("sum".to_owned(), self.cents)]
    }
}

/// Adds up whatever comes.
#[derive(Default)]
struct Always(u64);

impl Projector for Always {
    type Event = OrderEvent;
    type Row = u64;

    fn project(&mut self, event: &OrderEvent, _: Position<'_>) -> Result<(), String> {
        if let OrderEvent::Placed(placed) = event {
            self.0 += placed.cents;
        }
        Ok(())
    }

    fn rows(&self) -> Vec<(String, u64)> {
        vec![("sum".to_owned(), self.0)]
    }
}

/// Emmett: a second delivery with a position of its own is no second delivery.
#[test]
fn r09_a_second_delivery_is_another_event() {
    Fixture::<Projecting<Once>>::new()
        .idempotent()
        .given_nothing()
        .when(placed("o1", 5))
        .then_row("sum", 5);
    let report = report(
        Fixture::<Projecting<Always>>::new()
            .idempotent()
            .given_nothing()
            .when(placed("o1", 5))
            .then_row("sum", 5),
    );
    says(&report, "/sum: delivered twice 10, live 5");
}

/// What is skipped is lost on the way through a store, and what is written is the same again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Noted {
    text: String,
    #[serde(skip)]
    by: String,
}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    enum NoteEvent { Noted(Noted) = 1 }
}

#[derive(Default, Serialize)]
struct Notes(Vec<String>);

impl Aggregate for Notes {
    type Command = NoteEvent;
    type Event = NoteEvent;
    type Error = String;

    fn handle(&self, command: &NoteEvent) -> Result<Vec<NoteEvent>, String> {
        Ok(vec![command.clone()])
    }

    fn apply(&mut self, NoteEvent::Noted(Noted { text, .. }): &NoteEvent) {
        self.0.push(text.clone());
    }
}

/// Akka and Pekko: a lossy serializer passes, only the first event is looked at, and givens never meet it.
#[test]
fn r10_a_lossy_serializer() {
    let noted = || Noted {
        text: "hello".to_owned(),
        by: "ann".to_owned(),
    };
    let lost = "it is not equal to the event that was stored, and is written the same";
    says(
        &report(given_nothing::<Notes>().when(noted()).then([noted()])),
        lost,
    );
    let anonymous = || Noted {
        text: "hello".to_owned(),
        by: String::new(),
    };
    let given_one = report(given::<Notes>([noted()]).when(anonymous()).then([anonymous()]));
    says(
        &given_one,
        "given event 1: Noted v1 changes when it is stored and read back",
    );
    says(
        &report(rich().when(withdraw(&[1, 2])).then([withdrawn(1)])),
        "not expected  2. MoneyWithdrawn v1",
    );
}

/// Axon 5: an expected class of error is met by another one below it.
#[test]
fn r11_an_error_of_another_kind() {
    let rejected = || rich().when(withdraw(&[501]));
    says(
        &report(rejected().then_error_variant("Too")),
        "it was rejected with another variant",
    );
    says(
        &report(rejected().then_error(Refusal::TooLittle { missing: 2 })),
        "it was rejected with another error",
    );
}

/// Axon 4: events that the store had refused, a deadline that was scheduled after all, fields no longer ignored.
#[test]
fn r12_what_is_not_there_was_expected_not_to_be() {
    says(
        &report(
            Fixture::<Parrot>::new()
                .given_nothing()
                .when(Teach::Say(vec![
                    crate::odd::Screeched {
                        what: "AAH".to_owned(),
                    }
                    .into(),
                ]))
                .then([crate::odd::Screeched {
                    what: "AAH".to_owned(),
                }]),
        ),
        "does not serialize",
    );
    let scheduled = given_nothing::<Managing<Collecting>>()
        .at(NOON)
        .when(placed("o1", 5))
        .then_nothing();
    says(
        &report(scheduled),
        "1 timeout was scheduled: add `.then_scheduled",
    );
    let none = given_nothing::<Managing<Collecting>>()
        .at(NOON)
        .when(placed("o1", 5))
        .then_scheduled(Vec::<(Late, &str)>::new());
    says(&report(none), "expected no timeouts, got 1");
    says(
        &report(
            rich()
                .when(withdraw(&[1]))
                .then_ignoring(["/amount"], [withdrawn(1)]),
        ),
        "/amount is in no event",
    );
}

/// `EventSauce`: what the command throws is swallowed unless somebody asks.
#[test]
fn r13_a_panic_is_swallowed() {
    says(
        &report(rich().when(Command::Crash).then_state_that("any", |_| true)),
        "the vault is on fire",
    );
    says(
        &report(rich().when(Command::Crash).then(Vec::<AccountEvent>::new())),
        "the vault is on fire",
    );
}

/// patchlevel: an expected error is met when nothing happens at all.
#[test]
fn r14_nothing_meets_an_expected_error() {
    let idle = || rich().when(Command::Deposit { cents: 0 });
    says(
        &report(idle().then_error(Refusal::NotOpen)),
        "the command was accepted",
    );
    says(
        &report(idle().then_error_variant("NotOpen")),
        "the command was accepted",
    );
    let ignored = given::<Order>([placed("o1", 5)])
        .when(OrderCommand::Place { cents: 5 })
        .then_error(OrderError::NoSuchOrder);
    says(&report(ignored), "the command was ignored");
}

/// Ogooreck: an expected error is met by success, and order does not count.
#[test]
fn r15_success_meets_an_expected_error() {
    says(
        &report(rich().when(Command::Close).then_error(Refusal::NotOpen)),
        "the command was accepted\n  with 2 events",
    );
    says(
        &report(rich().when(Command::Close).then((Closed {}, withdrawn(500)))),
        "out of order",
    );
}

/// spatie: a predicate is never asked where there is nothing to ask it of.
#[test]
fn r16_a_predicate_is_never_asked() {
    let idle = || rich().when(Command::Deposit { cents: 0 });
    says(
        &report(idle().then_events_that("one", |events| events.len() == 1)),
        "it does not hold",
    );
    says(
        &report(idle().then_error_that("any", |_| true)),
        "the command was accepted",
    );
    let quiet = given_nothing::<Reacting<Notices>>()
        .when(placed("o1", 5))
        .then_effects_that("one", |effects| effects.len() == 1);
    says(&report(quiet), "there are no effects");
    let rejected = given::<Order>([placed("o1", 5)])
        .when(OrderCommand::Pay {
            order: "o2".to_owned(),
            cents: 5,
        })
        .then_error(OrderError::NoSuchOrder)
        .then_reply_that("any", |_| true);
    says(&report(rejected), "there is no reply: the command was rejected");
}

/// Commanded: an event of the setup meets the expectation.
#[test]
fn r17_an_event_of_the_setup_meets_the_expectation() {
    says(
        &report(rich().when(Command::Deposit { cents: 0 }).then([deposited(500)])),
        "nothing was recorded",
    );
    says(
        &report(
            rich()
                .when(Command::Deposit { cents: 0 })
                .then_containing([deposited(500)]),
        ),
        "nothing was recorded",
    );
    // Neither does an event of an earlier step.
    let steps = rich()
        .when(Command::Deposit { cents: 5 })
        .then([deposited(5)])
        .when(Command::Deposit { cents: 0 })
        .then([deposited(5)]);
    says(&report(steps), "nothing was recorded");
}

/// Eventuous, Bobcat, `RailsEventStore`, domain-test-dsl: more than what was expected passes by default.
#[test]
fn r18_more_than_what_was_expected() {
    says(
        &report(rich().when(Command::Close).then([withdrawn(500)])),
        "not expected  2. Closed v1 {}",
    );
    let sent = given_nothing::<Order>()
        .at(NOON)
        .when(OrderCommand::Place { cents: 5 })
        .then([placed("00000000-0000-0000-0000-000000000001", 5)]);
    says(&report(sent), "more came of it than the checks say");
    let rows = given::<Projecting<Debts>>((placed("o1", 5), placed("o2", 7)))
        .when_nothing()
        .then_rows([("o1", Debt { cents: 5 })]);
    says(&report(rows), "not expected  o2");
}

/// Marten: a scenario that only arranges passes.
#[test]
fn r19_a_scenario_that_only_arranges() {
    says(
        &panic_of(|| {
            drop(Fixture::<Account>::new().given_commands([Command::Open {
                owner: "ann".to_owned(),
            }]));
        }),
        "scenario never checked",
    );
    says(
        &panic_of(|| drop(rich().when_nothing())),
        "scenario never checked",
    );
    says(
        &panic_of(|| drop(rich().when_time_passes(std::time::Duration::from_secs(1)))),
        "scenario never checked",
    );
    says(
        &panic_of(|| drop(rich().when_async(Command::Close))),
        "nothing was asked",
    );
}

/// Broadway, patchlevel: `"1"` meets `1`.
#[test]
fn r20_a_text_meets_a_number() {
    let speak = |what: serde_json::Value| given_nothing::<Parrot>().when(Teach::Say(vec![said(what)]));
    for (expected, actual) in [
        (json!("1"), json!(1)),
        (json!(1), json!(1.0)),
        (json!(0), json!(false)),
        (json!(null), json!("")),
    ] {
        says(&report(speak(actual).then([said(expected)])), "the events differ");
    }
    let stored = rich()
        .when(withdraw(&[1]))
        .then_stored([("MoneyWithdrawn", 1, json!({"cents": "1"}))]);
    says(&report(stored), "/cents: expected \"1\", got 1");
}

/// Adds one too many, and does so each time.
#[derive(Default)]
struct Miscounting(BTreeMap<String, u64>);

impl Projector for Miscounting {
    type Event = OrderEvent;
    type Row = u64;

    fn project(&mut self, event: &OrderEvent, _: Position<'_>) -> Result<(), String> {
        *self.0.entry(event.event_type().to_owned()).or_default() += 2;
        Ok(())
    }

    fn rows(&self) -> Vec<(String, u64)> {
        self.0.clone().into_iter().collect()
    }
}

/// protean: a read model compared with a fold by the same code is always right.
#[test]
fn r21_a_read_model_is_its_own_measure() {
    let scenario =
        |fixture: Fixture<Projecting<Miscounting>>| fixture.given([placed("o1", 5)]).when(placed("o2", 5));
    // Rows are expected as values, which no projector makes.
    says(
        &report(scenario(Fixture::new()).then_rows([("Placed", 2)])),
        "expected 2, got 4",
    );
    // A second delivery is held against the rows of one.
    says(
        &report(scenario(Fixture::new().idempotent()).then_row("Placed", 4)),
        "/Placed: delivered twice 6, live 4",
    );
    // And a replay alone does not count as a check.
    says(
        &panic_of(|| {
            drop(scenario(
                Fixture::new().without(FreeCheck::Schema, "there is no catalogue"),
            ));
        }),
        "scenario never checked",
    );
}
