//! Checks of everything but events: rejection, state, reply, effects, commands, timeouts, rows.

use std::fmt::{Debug, Display};

use serde::Serialize;

use crate::model::{Projector, Scheduled, Timestamp, Verdict};

use super::outcome::Outcome;
use super::poll::caught;
use super::roles::Projecting;
use super::story::{At, LooksAt, Step, Story};
use super::subject::Subject;
use super::text::{Complaint, changes, count};
use super::values;
use super::views::{Shape, View, to_json};

#[expect(
    clippy::return_self_not_must_use,
    reason = "a scenario may end with any check: dropping it is what makes it count"
)]
impl<S: Subject> Outcome<S> {
    /// The command was ignored: none of the subject's business, or carried out already.
    #[track_caller]
    pub fn then_ignored(mut self) -> Self {
        self.ignored("then_ignored", At::caller());
        self
    }

    pub(super) fn ignored(&mut self, word: &'static str, at: At) {
        self.check(word, LooksAt::Ignorance, at, |story, at| {
            let last = story.answers().last().map(|answered| &answered.verdict);
            let events = story.produced().count();
            let headline = match last {
                Some(Verdict::Ignored) => return None,
                Some(Verdict::Rejected(error)) => {
                    let lines = vec![format!("with {}", story.error(error, Shape::Line))];
                    return Some(Complaint::new(at, "the command was rejected", lines));
                }
                Some(Verdict::Accepted(_)) if events == 0 => "the command was accepted without events",
                Some(Verdict::Accepted(_)) => "the command was accepted",
                None => "nothing was asked",
            };
            let lines = match events {
                0 => vec!["accepted without events is not the same as ignored".to_owned()],
                number => vec![format!("with {}", count(number, "event"))],
            };
            Some(Complaint::new(at, headline, lines))
        });
    }

    /// The command was rejected with this error, and nothing was recorded before that unless another check says
    /// so.
    #[track_caller]
    pub fn then_error(mut self, error: impl Into<S::Error>) -> Self
    where
        S::Error: PartialEq + Debug,
    {
        let at = At::caller();
        let expected = error.into();
        self.rejection("then_error".to_owned(), at, |story, actual| {
            if *actual == expected {
                return None;
            }
            let view = &story.fixture.views.error;
            Some((
                "it was rejected with another error".to_owned(),
                values::differ(&expected, actual, view),
            ))
        });
        self
    }

    /// The command was rejected with an error of this variant, whatever it holds, and nothing was recorded before
    /// that unless another check says so. The name is what stands first when the error is shown.
    #[track_caller]
    pub fn then_error_variant(mut self, name: &str) -> Self {
        let at = At::caller();
        self.rejection(format!("then_error_variant {name}"), at, |story, actual| {
            let view = &story.fixture.views.error;
            (view.variant(actual) != name).then(|| {
                (
                    "it was rejected with another variant".to_owned(),
                    vec![
                        format!("expected  {name}"),
                        format!("got       {}", view.line(actual)),
                    ],
                )
            })
        });
        self
    }

    /// The command was rejected with an error of this text, and nothing was recorded before that unless another
    /// check says so.
    #[track_caller]
    pub fn then_error_message(mut self, message: impl Display) -> Self
    where
        S::Error: Display,
    {
        let at = At::caller();
        let expected = message.to_string();
        self.rejection("then_error_message".to_owned(), at, |_, actual| {
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

    /// The command was rejected with an error that serializes to this, and nothing was recorded before that unless
    /// another check says so.
    #[track_caller]
    pub fn then_error_json(mut self, expected: impl Serialize) -> Self
    where
        S::Error: Serialize,
    {
        let at = At::caller();
        self.rejection("then_error_json".to_owned(), at, |_, actual| {
            json_differ("the error", &expected, actual)
        });
        self
    }

    /// The command was rejected with an error of which `predicate` holds, and nothing was recorded before that
    /// unless another check says so. `name` says what is demanded.
    #[track_caller]
    pub fn then_error_that(mut self, name: impl Display, predicate: impl FnOnce(&S::Error) -> bool) -> Self {
        let at = At::caller();
        self.rejection(format!("then_error_that {name}"), at, |_, actual| {
            match caught(|| predicate(actual)) {
                Ok(true) => None,
                Ok(false) => Some(("it does not hold of the error".to_owned(), Vec::new())),
                Err(panic) => Some(("it panics on the error".to_owned(), vec![panic])),
            }
        });
        self
    }

    pub(super) fn rejection(
        &mut self,
        word: String,
        at: At,
        judge: impl FnOnce(&Story<S>, &S::Error) -> Option<(String, Vec<String>)>,
    ) {
        self.check(word, LooksAt::Rejection, at, |story, at| {
            let Some(error) = story.steps.last().and_then(|step| step.rejection()) else {
                if story.steps.last().is_some_and(Step::ignored) {
                    return Some(Complaint::new(at, "the command was ignored", Vec::new()));
                }
                let how = match story.produced().count() {
                    0 => "without events".to_owned(),
                    number => format!("with {}", count(number, "event")),
                };
                return Some(Complaint::new(at, "the command was accepted", vec![how]));
            };
            judge(story, error).map(|(headline, mut lines)| {
                if lines.is_empty() {
                    lines.push(format!("got  {}", story.error(error, Shape::Line)));
                }
                Complaint::new(at, headline, lines)
            })
        });
    }

    /// The state is this one, compared by what it serializes to.
    #[track_caller]
    pub fn then_state(mut self, state: S::State) -> Self
    where
        S::State: Serialize,
    {
        let at = At::caller();
        self.check("then_state", LooksAt::State, at, |story, at| {
            json_differ("the state", &state, story.subject.state())
                .map(|(headline, lines)| Complaint::new(at, headline, lines))
        });
        self
    }

    /// The state, as the fixture shows it, is this. A projector's state is its rows by key.
    ///
    /// A failed scenario prints the state in this form.
    #[track_caller]
    pub fn then_state_json(mut self, expected: impl Serialize) -> Self {
        let at = At::caller();
        self.check("then_state_json", LooksAt::State, at, |story, at| {
            let Some(view) = story.fixture.views.state else {
                let lines = vec!["`Fixture::show_state` gives it one".to_owned()];
                return Some(Complaint::new(at, "this fixture has no view of the state", lines));
            };
            let (headline, lines) = match (to_json(&expected), view(story.subject.state())) {
                (Err(error), _) => ("the expected state does not serialize", vec![error]),
                (_, Err(error)) => ("the state does not serialize", vec![error]),
                (Ok(expected), Ok(actual)) => (
                    "the state differs",
                    changes(&expected, &actual, "expected", "got"),
                ),
            };
            (!lines.is_empty()).then(|| Complaint::new(at, headline, lines))
        });
        self
    }

    /// `predicate` holds of the state. `name` says what is demanded.
    #[track_caller]
    pub fn then_state_that(mut self, name: impl Display, predicate: impl FnOnce(&S::State) -> bool) -> Self {
        let at = At::caller();
        self.check(
            format!("then_state_that {name}"),
            LooksAt::State,
            at,
            |story, at| {
                let state = story.subject.state();
                match caught(|| predicate(state)) {
                    Ok(true) => None,
                    Ok(false) => Some(Complaint::new(at, "it does not hold of the state", Vec::new())),
                    Err(panic) => Some(Complaint::new(at, "it panics on the state", vec![panic])),
                }
            },
        );
        self
    }

    /// The last command was accepted with this reply.
    #[track_caller]
    pub fn then_reply(mut self, reply: impl Into<S::Reply>) -> Self
    where
        S::Reply: PartialEq + Debug,
    {
        let at = At::caller();
        let expected = reply.into();
        self.reply("then_reply".to_owned(), at, |story, actual| {
            (*actual != expected).then(|| {
                let lines = values::differ(&expected, actual, &story.fixture.views.reply);
                ("it was another reply".to_owned(), lines)
            })
        });
        self
    }

    /// The last command was accepted with a reply that serializes to this.
    #[track_caller]
    pub fn then_reply_json(mut self, expected: impl Serialize) -> Self
    where
        S::Reply: Serialize,
    {
        let at = At::caller();
        self.reply("then_reply_json".to_owned(), at, |_, actual| {
            json_differ("the reply", &expected, actual)
        });
        self
    }

    /// `predicate` holds of the reply to the last command. `name` says what is demanded.
    #[track_caller]
    pub fn then_reply_that(mut self, name: impl Display, predicate: impl FnOnce(&S::Reply) -> bool) -> Self {
        let at = At::caller();
        self.reply(format!("then_reply_that {name}"), at, |story, actual| {
            let got = || vec![format!("got  {}", story.fixture.views.reply.line(actual))];
            match caught(|| predicate(actual)) {
                Ok(true) => None,
                Ok(false) => Some(("it does not hold of the reply".to_owned(), got())),
                Err(panic) => Some(("it panics on the reply".to_owned(), vec![panic])),
            }
        });
        self
    }

    fn reply(
        &mut self,
        word: String,
        at: At,
        judge: impl FnOnce(&Story<S>, &S::Reply) -> Option<(String, Vec<String>)>,
    ) {
        self.check(word, LooksAt::Reply, at, |story, at| {
            let (headline, lines) = match story.answers().last().map(|answered| &answered.verdict) {
                Some(Verdict::Accepted(reply)) => judge(story, reply)?,
                Some(Verdict::Ignored) => (
                    "there is no reply: the command was ignored".to_owned(),
                    Vec::new(),
                ),
                Some(Verdict::Rejected(error)) => (
                    "there is no reply: the command was rejected".to_owned(),
                    vec![format!("with {}", story.error(error, Shape::Line))],
                ),
                None => ("there is no reply: nothing was asked".to_owned(), Vec::new()),
            };
            Some(Complaint::new(at, headline, lines))
        });
    }

    /// Exactly these effects are to be carried out, in this order.
    #[track_caller]
    pub fn then_effects<T: Into<S::Effect>>(mut self, effects: impl IntoIterator<Item = T>) -> Self
    where
        S::Effect: PartialEq + Debug,
    {
        let at = At::caller();
        let expected: Vec<S::Effect> = effects.into_iter().map(Into::into).collect();
        self.check("then_effects", LooksAt::Effects, at, |story, at| {
            let actual: Vec<&S::Effect> = story.answers().flat_map(|answered| &answered.effects).collect();
            values::compare("effect", &expected, &actual, &story.fixture.views.effect, at)
        });
        self
    }

    /// `predicate` holds of the effects of the step, in their order. `name` says what is demanded.
    #[track_caller]
    pub fn then_effects_that(
        mut self,
        name: impl Display,
        predicate: impl FnOnce(&[&S::Effect]) -> bool,
    ) -> Self {
        let at = At::caller();
        let word = format!("then_effects_that {name}");
        self.check(word, LooksAt::Effects, at, |story, at| {
            let actual: Vec<&S::Effect> = story.answers().flat_map(|answered| &answered.effects).collect();
            values::hold("effect", &actual, predicate, &story.fixture.views.effect, at)
        });
        self
    }

    /// Exactly these commands were sent, in this order.
    #[track_caller]
    pub fn then_commands<T: Into<S::Sent>>(mut self, commands: impl IntoIterator<Item = T>) -> Self
    where
        S::Sent: PartialEq + Debug,
    {
        let at = At::caller();
        let expected: Vec<S::Sent> = commands.into_iter().map(Into::into).collect();
        self.check("then_commands", LooksAt::Commands, at, |story, at| {
            let actual: Vec<&S::Sent> = story.answers().flat_map(|answered| &answered.commands).collect();
            values::compare("command", &expected, &actual, &story.fixture.views.sent, at)
        });
        self
    }

    /// `predicate` holds of the commands that were sent, in their order. `name` says what is demanded.
    #[track_caller]
    pub fn then_commands_that(
        mut self,
        name: impl Display,
        predicate: impl FnOnce(&[&S::Sent]) -> bool,
    ) -> Self {
        let at = At::caller();
        let word = format!("then_commands_that {name}");
        self.check(word, LooksAt::Commands, at, |story, at| {
            let actual: Vec<&S::Sent> = story.answers().flat_map(|answered| &answered.commands).collect();
            values::hold("command", &actual, predicate, &story.fixture.views.sent, at)
        });
        self
    }

    /// Exactly these timeouts were scheduled, in this order, each due at this time.
    #[track_caller]
    pub fn then_scheduled<T, W>(mut self, timeouts: impl IntoIterator<Item = (T, W)>) -> Self
    where
        T: Into<S::Timeout>,
        W: TryInto<Timestamp, Error: Display>,
    {
        let at = At::caller();
        let mut expected: Vec<Scheduled<S::Timeout>> = Vec::new();
        for (timeout, due) in timeouts {
            expected.push(Scheduled {
                timeout: timeout.into(),
                due: super::fixture::moment(due),
            });
        }
        self.check("then_scheduled", LooksAt::Scheduled, at, |story, at| {
            let actual: Vec<_> = story.answers().flat_map(|answered| &answered.scheduled).collect();
            let view = View::own(|scheduled: &Scheduled<S::Timeout>| {
                format!("{:?}, due {}", scheduled.timeout, scheduled.due)
            });
            values::compare("timeout", &expected, &actual, &view, at)
        });
        self
    }

    /// Exactly these timeouts were cancelled, in this order.
    #[track_caller]
    pub fn then_cancelled<T: Into<S::Timeout>>(mut self, timeouts: impl IntoIterator<Item = T>) -> Self {
        let at = At::caller();
        let expected: Vec<S::Timeout> = timeouts.into_iter().map(Into::into).collect();
        self.check("then_cancelled", LooksAt::Cancelled, at, |story, at| {
            let actual: Vec<_> = story.answers().flat_map(|answered| &answered.cancelled).collect();
            values::compare("cancelled timeout", &expected, &actual, &View::debug(), at)
        });
        self
    }
}

#[expect(
    clippy::return_self_not_must_use,
    reason = "a scenario may end with any check: dropping it is what makes it count"
)]
impl<P: Projector> Outcome<Projecting<P>> {
    /// The read model holds exactly these rows, in any order, compared by what they serialize to.
    #[track_caller]
    pub fn then_rows<K: Into<String>>(mut self, rows: impl IntoIterator<Item = (K, P::Row)>) -> Self {
        let at = At::caller();
        let expected: Vec<(String, P::Row)> = rows.into_iter().map(|(key, row)| (key.into(), row)).collect();
        self.check("then_rows", LooksAt::State, at, |story, at| {
            values::rows(&expected, &story.subject.state().rows(), at)
        });
        self
    }

    /// The row of this key is this one; there may be others.
    #[expect(clippy::needless_pass_by_value, reason = "reads as the other checks do")]
    #[track_caller]
    pub fn then_row(mut self, key: &str, row: P::Row) -> Self {
        let at = At::caller();
        self.check(format!("then_row {key}"), LooksAt::State, at, |story, at| {
            let rows = story.subject.state().rows();
            let mut found = rows.iter().filter(|(other, _)| other == key);
            let (headline, lines) = match (found.next(), found.next()) {
                (Some((_, actual)), None) => json_differ("the row", &row, actual)?,
                (None, _) => {
                    let mut keys: Vec<&str> = rows.iter().map(|(key, _)| key.as_str()).collect();
                    keys.sort_unstable();
                    let lines = match keys.as_slice() {
                        [] => vec!["the read model has no rows".to_owned()],
                        keys => vec![format!("there is {}", keys.join(", "))],
                    };
                    ("there is no such row".to_owned(), lines)
                }
                (Some(_), Some(_)) => (
                    "the read model has several rows of this key".to_owned(),
                    Vec::new(),
                ),
            };
            Some(Complaint::new(at, headline, lines))
        });
        self
    }

    /// There is no row of this key.
    #[track_caller]
    pub fn then_no_row(mut self, key: &str) -> Self {
        let at = At::caller();
        self.check(format!("then_no_row {key}"), LooksAt::State, at, |story, at| {
            let rows = story.subject.state().rows();
            let (_, row) = rows.iter().find(|(other, _)| other == key)?;
            let lines =
                to_json(row).map_or_else(|error| vec![error], |row| vec![super::events::one_line(&row)]);
            Some(Complaint::new(at, "there is such a row", lines))
        });
        self
    }
}

/// How two values differ in what they serialize to; nothing when they do not.
fn json_differ<E: Serialize, A: Serialize>(
    what: &str,
    expected: &E,
    actual: &A,
) -> Option<(String, Vec<String>)> {
    match (to_json(expected), to_json(actual)) {
        (Err(error), _) => Some((
            format!("{} does not serialize", what.replacen("the", "the expected", 1)),
            vec![error],
        )),
        (_, Err(error)) => Some((format!("{what} does not serialize"), vec![error])),
        (Ok(expected), Ok(actual)) => {
            let lines = changes(&expected, &actual, "expected", "got");
            (!lines.is_empty()).then(|| (format!("{what} differs"), lines))
        }
    }
}
