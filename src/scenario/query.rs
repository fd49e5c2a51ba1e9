//! Questions to read models.

use std::any::Any;
use std::fmt::{Debug, Display};

use serde::Serialize;
use serde_json::Value;

use crate::model::{Projector, Query};

use super::given::Given;
use super::outcome::Outcome;
use super::poll::caught;
use super::roles::Projecting;
use super::story::{At, LooksAt, Response, Story, What};
use super::text::{Complaint, changes};
use super::views::to_json;

/// A question and its answer.
pub(super) struct AskedQuery {
    pub(super) text: String,
    /// The answer as JSON, or why it has none.
    pub(super) result: Result<Value, String>,
    value: Box<dyn Any>,
}

impl<P: Projector> Story<Projecting<P>> {
    fn ask_query<Q: Query<P> + Debug>(&mut self, query: &Q, at: At) {
        self.open_step();
        let text = format!("{query:?}");
        let read_model = &**self.subject.read_model();
        let response = if self.stopped() {
            Response::NotAsked
        } else {
            match caught(|| query.ask(read_model)) {
                Ok(value) => {
                    let asked = AskedQuery {
                        text,
                        result: to_json(&value),
                        value: Box::new(value),
                    };
                    self.push(at, What::Query(asked), Response::Quiet);
                    return;
                }
                Err(panic) => Response::Panicked(panic),
            }
        };
        let asked = AskedQuery {
            text,
            result: Ok(Value::Null),
            value: Box::new(()),
        };
        self.push(at, What::Query(asked), response);
    }

    /// The last question of the step.
    fn last_query(&self) -> Option<&AskedQuery> {
        let asked = &self.steps.last()?.asked;
        asked.iter().rev().find_map(|asked| match &asked.what {
            What::Query(query) => Some(query),
            _ => None,
        })
    }
}

impl<P: Projector> Given<Projecting<P>> {
    /// Asks the read model. The answer has to be checked.
    #[expect(clippy::needless_pass_by_value, reason = "reads as the other stages do")]
    #[must_use = "nothing looks at the answer: add `.then_result(value)`"]
    #[track_caller]
    pub fn when_query<Q: Query<P> + Debug>(self, query: Q) -> Outcome<Projecting<P>> {
        let at = At::caller();
        self.go_on(|story| story.ask_query(&query, at))
    }
}

#[expect(
    clippy::return_self_not_must_use,
    reason = "a scenario may end with any check: dropping it is what makes it count"
)]
impl<P: Projector> Outcome<Projecting<P>> {
    /// Asks the read model as it is now.
    #[expect(clippy::needless_pass_by_value, reason = "reads as the other stages do")]
    #[must_use = "nothing looks at the answer: add `.then_result(value)`"]
    #[track_caller]
    pub fn when_query<Q: Query<P> + Debug>(self, query: Q) -> Self {
        let at = At::caller();
        self.go_on(|story| story.ask_query(&query, at))
    }

    /// The last question was answered with this, compared by what it serializes to.
    #[track_caller]
    pub fn then_result(mut self, expected: impl Serialize) -> Self {
        let at = At::caller();
        self.check("then_result", LooksAt::Result, at, |story, at| {
            let Some(query) = story.last_query() else {
                return Some(no_query(at));
            };
            let (headline, lines) = match (to_json(&expected), &query.result) {
                (Err(error), _) => ("the expected result does not serialize", vec![error]),
                (_, Err(error)) => ("the result does not serialize", vec![error.clone()]),
                (Ok(expected), Ok(actual)) => (
                    "the result differs",
                    changes(&expected, actual, "expected", "got"),
                ),
            };
            (!lines.is_empty()).then(|| Complaint::new(at, headline, lines))
        });
        self
    }

    /// `predicate` holds of the answer to the last question, which is an `R`. `name` says what is demanded.
    #[track_caller]
    pub fn then_result_that<R: 'static>(
        mut self,
        name: impl Display,
        predicate: impl FnOnce(&R) -> bool,
    ) -> Self {
        let at = At::caller();
        let word = format!("then_result_that {name}");
        self.check(word, LooksAt::Result, at, |story, at| {
            let Some(query) = story.last_query() else {
                return Some(no_query(at));
            };
            let Some(value) = query.value.downcast_ref::<R>() else {
                let line = format!("it is no {}", std::any::type_name::<R>());
                return Some(Complaint::new(at, "the result is of another type", vec![line]));
            };
            match caught(|| predicate(value)) {
                Ok(true) => None,
                Ok(false) => Some(Complaint::new(at, "it does not hold of the result", Vec::new())),
                Err(panic) => Some(Complaint::new(at, "it panics on the result", vec![panic])),
            }
        });
        self
    }
}

fn no_query(at: At) -> Complaint {
    let lines = vec!["`.when_query(query)` asks one".to_owned()];
    Complaint::new(at, "no question was asked in this step", lines)
}
