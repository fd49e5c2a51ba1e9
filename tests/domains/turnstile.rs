//! A turnstile of `cqrs-es` that does what frameworks make easy to get wrong: it writes an event before it refuses, waits
//! before it decides, and is followed by queries of which one waits too.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, Query};
use pastproof::adapters::cqrs_es::{Hosted, Querying, TestFramework};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TurnstileEvent {
    CoinTaken { cents: u32 },
    CoinReturned,
    Passed,
}

impl DomainEvent for TurnstileEvent {
    fn event_type(&self) -> String {
        let name = match self {
            Self::CoinTaken { .. } => "CoinTaken",
            Self::CoinReturned => "CoinReturned",
            Self::Passed => "Passed",
        };
        name.to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

#[derive(Clone, Debug)]
enum TurnstileCommand {
    /// Takes the coin, and gives it back when it is not enough.
    Insert {
        cents: u32,
    },
    Pass,
}

#[derive(Debug, PartialEq)]
enum TurnstileError {
    NotEnough,
    Locked,
}

impl fmt::Display for TurnstileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotEnough => "the coin is not enough",
            Self::Locked => "the turnstile is locked",
        })
    }
}

impl std::error::Error for TurnstileError {}

/// How often it says that it is not ready.
#[derive(Clone, Copy, Debug, Default)]
struct Mechanics {
    waits: u32,
}

impl Mechanics {
    async fn turn(self) {
        let mut waits = self.waits;
        poll_fn(|context| {
            if waits == 0 {
                return Poll::Ready(());
            }
            waits -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Turnstile {
    open: bool,
}

impl Aggregate for Turnstile {
    const TYPE: &'static str = "turnstile";
    type Command = TurnstileCommand;
    type Event = TurnstileEvent;
    type Error = TurnstileError;
    type Services = Mechanics;

    async fn handle(
        &mut self,
        command: TurnstileCommand,
        mechanics: &Mechanics,
        sink: &EventSink<Self>,
    ) -> Result<(), TurnstileError> {
        mechanics.turn().await;
        match command {
            TurnstileCommand::Insert { cents } => {
                sink.write(TurnstileEvent::CoinTaken { cents }, self).await;
                if cents < 100 {
                    sink.write(TurnstileEvent::CoinReturned, self).await;
                    return Err(TurnstileError::NotEnough);
                }
                Ok(())
            }
            TurnstileCommand::Pass if !self.open => Err(TurnstileError::Locked),
            TurnstileCommand::Pass => {
                sink.write(TurnstileEvent::Passed, self).await;
                Ok(())
            }
        }
    }

    fn apply(&mut self, event: TurnstileEvent) {
        self.open = matches!(event, TurnstileEvent::CoinTaken { .. });
    }
}

fn turnstile() -> TestFramework<Turnstile> {
    TestFramework::with(Mechanics::default())
}

fn too_little() -> TurnstileCommand {
    TurnstileCommand::Insert { cents: 20 }
}

fn coin(cents: u32) -> TurnstileEvent {
    TurnstileEvent::CoinTaken { cents }
}

/// Runs a future on the caller's thread, as a test runtime would.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

/// What `run` says when it panics, which it must.
#[track_caller]
fn panic_of<T>(run: impl FnOnce() -> T) -> String {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(_) => panic!("this must fail, and it passed"),
        Err(panic) => *panic.downcast::<String>().unwrap(),
    }
}

#[track_caller]
fn says(told: &str, expected: &str) {
    assert!(told.contains(expected), "expected {expected:?} in:\n{told}");
}

#[test]
fn events_before_an_error_are_never_out_of_sight() {
    // The framework's own test passes here: it throws the events away.
    let told = panic_of(|| {
        turnstile()
            .given_no_previous_events()
            .when(too_little())
            .then_expect_error(TurnstileError::NotEnough);
    });
    says(&told, "events came before the rejection, and no check says so");
    says(&told, r#"CoinTaken v1.0 {"CoinTaken":{"cents":20}}"#);
    let told = panic_of(|| {
        turnstile()
            .given_no_previous_events()
            .when(too_little())
            .then_expect_error_message("the coin is not enough");
    });
    says(&told, "2 events came before the rejection");
    // Said together, they pass.
    turnstile()
        .given_no_previous_events()
        .when(too_little())
        .outcome()
        .then_error(TurnstileError::NotEnough)
        .then([coin(20), TurnstileEvent::CoinReturned]);
    // Events alone do not meet an error.
    let told = panic_of(|| {
        turnstile()
            .given_no_previous_events()
            .when(too_little())
            .then_expect_events(vec![coin(20), TurnstileEvent::CoinReturned]);
    });
    says(&told, "the command was rejected");
    says(&told, "NotEnough");
}

#[test]
fn a_result_is_inspected_by_hand() {
    let passed = turnstile()
        .given(vec![coin(100)])
        .when(TurnstileCommand::Pass)
        .inspect_result();
    assert_eq!(passed, Ok(vec![TurnstileEvent::Passed]));
    let locked = turnstile()
        .given(vec![coin(100)])
        .and(vec![TurnstileEvent::Passed])
        .when(TurnstileCommand::Pass)
        .inspect_result();
    assert_eq!(locked, Err(TurnstileError::Locked));
    // An error hides what was written before it, there as here; the outcome has both.
    let refused = turnstile()
        .given_no_previous_events()
        .when(too_little())
        .inspect_result();
    assert_eq!(refused, Err(TurnstileError::NotEnough));
    // What is wrong by itself is no result.
    let told = panic_of(|| {
        TestFramework::<Turnstile>::with(Mechanics { waits: 1 })
            .given(vec![coin(100)])
            .when(TurnstileCommand::Pass)
            .inspect_result()
    });
    says(&told, "`handle` is not ready");
    says(&told, "`.when_async(command).await` waits for it");
}

#[test]
fn a_result_that_nobody_looks_at_fails() {
    let told = panic_of(|| drop(turnstile().given(vec![coin(100)]).when(TurnstileCommand::Pass)));
    says(&told, "scenario never checked");
}

#[test]
fn an_answer_is_waited_for_on_the_callers_own_runtime() {
    let slow = || TestFramework::<Turnstile>::with(Mechanics { waits: 3 });
    let passed = wait(slow().given(vec![coin(100)]).when_async(TurnstileCommand::Pass));
    passed.then_expect_events(vec![TurnstileEvent::Passed]);
    let locked = wait(
        slow()
            .given_no_previous_events()
            .when_async(TurnstileCommand::Pass),
    );
    locked.then_expect_error(TurnstileError::Locked);
    // What is never awaited was never asked.
    let told = panic_of(|| {
        drop(
            slow()
                .given_no_previous_events()
                .when_async(TurnstileCommand::Pass),
        );
    });
    says(
        &told,
        "nothing was asked: `.when_async(command)` asks once it is awaited",
    );
    // The words of scenarios wait as well, and ask twice where they may.
    let hosted = Hosted::<Turnstile>::fixture(|| Mechanics { waits: 2 });
    let outcome = wait(hosted.given([coin(100)]).when_async(TurnstileCommand::Pass));
    outcome
        .then([TurnstileEvent::Passed])
        .then_state_that("it is shut", |turnstile| !turnstile.open);
    let told = panic_of(|| {
        hosted
            .given([coin(100)])
            .when(TurnstileCommand::Pass)
            .then([TurnstileEvent::Passed]);
    });
    says(&told, "`handle` is not ready");
}

/// Counts who passed where.
#[derive(Default)]
struct Visitors {
    passed: Mutex<BTreeMap<String, Vec<usize>>>,
    waits: u32,
}

impl Query<Turnstile> for Visitors {
    /// As the framework's macro writes an async function.
    fn dispatch<'query, 'id, 'events, 'all>(
        &'query self,
        turnstile: &'id str,
        events: &'events [EventEnvelope<Turnstile>],
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'all>>
    where
        'query: 'all,
        'id: 'all,
        'events: 'all,
        Self: 'all,
    {
        Box::pin(async move {
            Mechanics { waits: self.waits }.turn().await;
            for event in events {
                if event.payload == TurnstileEvent::Passed {
                    let mut passed = self.passed.lock().unwrap();
                    passed
                        .entry(turnstile.to_owned())
                        .or_default()
                        .push(event.sequence);
                }
            }
        })
    }
}

fn visitors(
    waits: u32,
) -> pastproof::scenario::Fixture<Querying<Visitors, BTreeMap<String, Vec<usize>>, Turnstile>> {
    Querying::fixture(
        move || Visitors {
            waits,
            ..Visitors::default()
        },
        |visitors| visitors.passed.lock().unwrap().clone(),
    )
}

#[test]
fn a_query_is_dispatched_events_and_read() {
    let at = |stream: &str, sequences: &[usize]| (stream.to_owned(), sequences.to_vec());
    visitors(0)
        .stream("north")
        .given((coin(100), TurnstileEvent::Passed))
        .given_in("south", [TurnstileEvent::Passed])
        .when(TurnstileEvent::Passed)
        .then_state(BTreeMap::from([at("north", &[2, 3]), at("south", &[1])]));
    let told = panic_of(|| {
        visitors(0)
            .given_nothing()
            .when(TurnstileEvent::Passed)
            .then_state(BTreeMap::new());
    });
    says(&told, "the state differs");
    // What waits for a store is told, also among given events.
    let told = panic_of(|| {
        visitors(1)
            .given([coin(100)])
            .when(TurnstileEvent::Passed)
            .then_state_that("whatever", |_| true);
    });
    says(&told, "given event 1: `dispatch` refuses CoinTaken v1.0");
    says(&told, "it awaits something that is not ready");
}
