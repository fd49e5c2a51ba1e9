//! The last stage: what came of the commands, and the checks of it.

use std::fmt::{Debug, Display};
use std::panic::Location;

use serde::Serialize;

use crate::model::Aggregate;

use super::align;
use super::fixture::{Shape, state_json};
use super::given::unfinished;
use super::recorded;
use super::report::{self, Failure};
use super::story::{At, Check, LooksAt, Story, caught};
use super::text::{Complaint, Told, changes, count};
use super::{Events, StoredEvent};

/// What came of the commands. Any number of checks may follow; all of them are made, and every one that fails is
/// reported when the scenario ends, which is when this value is dropped.
///
/// Dropping it without a check panics.
pub struct Outcome<A: Aggregate> {
    /// Absent once the scenario ended.
    story: Option<Box<Story<A>>>,
}

#[expect(
    clippy::return_self_not_must_use,
    reason = "a scenario may end with any check: dropping it is what makes it count"
)]
impl<A: Aggregate> Outcome<A> {
    pub(super) fn ask(mut story: Box<Story<A>>, command: A::Command, at: At) -> Self {
        story.ask(command, at);
        Self { story: Some(story) }
    }

    /// Asks the aggregate once more.
    ///
    /// Before a check, the commands belong together: the checks see the events of all of them, in order, and a
    /// command after one that was rejected is not asked, which fails the scenario. After a check, a new step
    /// begins, and the checks that follow see its events alone.
    #[must_use = "nothing looks at what came of the command: add `.then([event])`, `.then_nothing()` or `.then_error(error)`"]
    #[track_caller]
    pub fn when(mut self, command: impl Into<A::Command>) -> Self {
        let at = Location::caller();
        let command = command.into();
        if let Some(story) = &mut self.story {
            story.ask(command, at);
        }
        self
    }

    /// Exactly these events were recorded: in this order, this many, every member of their data the same.
    ///
    /// Events are compared as they would be stored, by type, version and data.
    #[track_caller]
    pub fn then(self, events: impl Events<A::Event>) -> Self {
        let expected: Vec<Told> = events.into_events().iter().map(Told::of).collect();
        self.events("then", LooksAt::Events, &expected, Location::caller())
    }

    /// As [`then`](Self::then), with events as they are stored.
    ///
    /// A failed scenario prints what happened in this form.
    #[track_caller]
    pub fn then_stored<S: Into<StoredEvent>>(self, events: impl IntoIterator<Item = S>) -> Self {
        let expected: Vec<Told> = events
            .into_iter()
            .map(|event| Told::stored(event.into()))
            .collect();
        self.events("then_stored", LooksAt::Events, &expected, Location::caller())
    }

    /// The command was accepted, and there was nothing to record.
    ///
    /// A rejected command does not meet this.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        self.events("then_nothing", LooksAt::Acceptance, &[], Location::caller())
    }

    fn events(mut self, word: &str, looks_at: LooksAt, expected: &[Told], at: At) -> Self {
        self.check(word, looks_at, at, |story, at| {
            let actual: Vec<Told> = story.produced().map(|event| event.told.clone()).collect();
            align::compare(expected, &actual)
                .map(|lines| Complaint::new(at, align::headline(expected, &actual), lines))
        });
        self
    }

    /// The command was rejected with this error, and nothing was recorded before that unless another check says
    /// so.
    #[track_caller]
    pub fn then_error(mut self, error: impl Into<A::Error>) -> Self
    where
        A::Error: PartialEq + Debug,
    {
        let at = Location::caller();
        let expected = error.into();
        self.rejection("then_error", at, |actual| {
            if *actual == expected {
                return None;
            }
            let (expected, mut actual) = (format!("{expected:?}"), format!("{actual:?}"));
            if expected == actual {
                actual.push_str(" (which looks the same and is not equal)");
            }
            Some((
                "it was rejected with another error".to_owned(),
                vec![format!("expected  {expected}"), format!("got       {actual}")],
            ))
        });
        self
    }

    /// The command was rejected with an error that reads exactly like this, and nothing was recorded before that
    /// unless another check says so.
    #[track_caller]
    pub fn then_error_message(mut self, message: impl Display) -> Self
    where
        A::Error: Display,
    {
        let at = Location::caller();
        let expected = message.to_string();
        self.rejection("then_error_message", at, |actual| {
            let actual = actual.to_string();
            (actual != expected).then(|| {
                (
                    "it was rejected with another message".to_owned(),
                    vec![format!("expected  {expected}"), format!("got       {actual}")],
                )
            })
        });
        self
    }

    /// The command was rejected with an error of which `predicate` holds, and nothing was recorded before that
    /// unless another check says so. `name` says what is demanded.
    #[track_caller]
    pub fn then_error_that(mut self, name: impl Display, predicate: impl FnOnce(&A::Error) -> bool) -> Self {
        let at = Location::caller();
        self.rejection(&format!("then_error_that {name}"), at, |actual| {
            match caught(|| predicate(actual)) {
                Ok(true) => None,
                Ok(false) => Some(("it does not hold of the error".to_owned(), Vec::new())),
                Err(panic) => Some(("it panics on the error".to_owned(), vec![panic])),
            }
        });
        self
    }

    fn rejection(
        &mut self,
        word: &str,
        at: At,
        judge: impl FnOnce(&A::Error) -> Option<(String, Vec<String>)>,
    ) {
        self.check(word, LooksAt::Rejection, at, |story, at| {
            let Some(error) = story.steps.last().and_then(|step| step.rejection()) else {
                let how = match story.produced().count() {
                    0 => "without events".to_owned(),
                    number => format!("with {}", count(number, "event")),
                };
                return Some(Complaint::new(at, "the command was accepted", vec![how]));
            };
            judge(error).map(|(headline, mut lines)| {
                if lines.is_empty() {
                    lines.push(format!("got  {}", story.error(error, Shape::Line)));
                }
                Complaint::new(at, headline, lines)
            })
        });
    }

    /// The state is this one, compared by what it serializes to.
    #[expect(clippy::needless_pass_by_value, reason = "reads as the other checks do")]
    #[track_caller]
    pub fn then_state(mut self, state: A) -> Self
    where
        A: Serialize,
    {
        let at = Location::caller();
        self.check("then_state", LooksAt::State, at, |story, at| {
            let complain = |headline: &str, lines| Some(Complaint::new(at, headline, lines));
            match (state_json(&state), state_json(&story.state)) {
                (Err(error), _) => complain("the expected state does not serialize", vec![error]),
                (_, Err(error)) => complain("the state does not serialize", vec![error]),
                (Ok(expected), Ok(actual)) => {
                    let lines = changes(&expected, &actual, "expected", "got");
                    if lines.is_empty() {
                        None
                    } else {
                        complain("the state differs", lines)
                    }
                }
            }
        });
        self
    }

    /// `predicate` holds of the state. `name` says what is demanded.
    #[track_caller]
    pub fn then_state_that(mut self, name: impl Display, predicate: impl FnOnce(&A) -> bool) -> Self {
        let at = Location::caller();
        self.check(
            &format!("then_state_that {name}"),
            LooksAt::State,
            at,
            |story, at| {
                let state = &story.state;
                match caught(|| predicate(state)) {
                    Ok(true) => None,
                    Ok(false) => Some(Complaint::new(at, "it does not hold of the state", Vec::new())),
                    Err(panic) => Some(Complaint::new(at, "it panics on the state", vec![panic])),
                }
            },
        );
        self
    }

    fn check(
        &mut self,
        word: &str,
        looks_at: LooksAt,
        at: At,
        judge: impl FnOnce(&Story<A>, At) -> Option<Complaint>,
    ) {
        if let Some(story) = &mut self.story {
            let complaint = judge(story, at);
            if let Some(step) = story.steps.last_mut() {
                step.checks.push(Check {
                    at,
                    word: word.to_owned(),
                    looks_at,
                    complaint,
                });
            }
        }
    }

    /// Ends the scenario and returns it as text: what was given, the commands, and what came of them, as JSON.
    ///
    /// This is what [`recorded!`](crate::recorded) compares with a snapshot, and it counts as a check of
    /// everything. Events that `earlier`, the text as it was before, has at an old version keep it, as long as the
    /// fixture's upcasters make of them what the scenario has today.
    ///
    /// # Panics
    ///
    /// When the scenario failed, or when `earlier` holds events that the code can no longer read.
    #[must_use = "the text has to be compared with the one that was reviewed"]
    #[track_caller]
    pub fn recorded(mut self, earlier: Option<&str>) -> String {
        let at = Location::caller();
        let Some(mut story) = self.story.take() else {
            return String::new();
        };
        for step in &mut story.steps {
            step.checks.push(Check {
                at,
                word: "recorded".to_owned(),
                looks_at: LooksAt::Everything,
                complaint: None,
            });
        }
        let text = recorded::write(&mut story, earlier, at);
        if let Err(failure) = end(*story) {
            panic!("{failure}");
        }
        text
    }

    /// Ends the scenario here. Without it, the scenario ends where the value is dropped; with it, the panic of a
    /// failed scenario has this line as its place.
    ///
    /// # Panics
    ///
    /// When the scenario failed, or when nothing was checked.
    #[track_caller]
    pub fn check_now(self) {
        if let Err(failure) = self.try_check() {
            panic!("{failure}");
        }
    }

    /// Ends the scenario and returns what failed in place of a panic.
    ///
    /// # Errors
    ///
    /// When the scenario failed, or when nothing was checked.
    pub fn try_check(mut self) -> Result<(), Failure> {
        match self.story.take() {
            Some(story) => end(*story),
            None => Ok(()),
        }
    }
}

/// How a scenario ended.
fn end<A: Aggregate>(mut story: Story<A>) -> Result<(), Failure> {
    let last = story.steps.last().filter(|step| step.checks.is_empty());
    let Some(at) = last.and_then(|step| step.asked.first()).map(|asked| asked.at) else {
        return report::judge(story);
    };
    let advice = "nothing looks at what came of the command: add `.then([event])`, `.then_nothing()` or `.then_error(error)`";
    if story.steps.len() == 1 && story.troubles.is_empty() {
        return Err(Failure::new(at, unfinished(story.started, advice)));
    }
    story.troubles.push(Complaint::new(
        at,
        "the last command was never checked",
        vec![advice.to_owned()],
    ));
    report::judge(story)
}

impl<A: Aggregate> Drop for Outcome<A> {
    fn drop(&mut self) {
        let Some(story) = self.story.take() else { return };
        if std::thread::panicking() {
            return;
        }
        if let Err(failure) = end(*story) {
            panic!("{failure}");
        }
    }
}
