//! Questions to read models.

use std::any::Any;
use std::fmt::{Debug, Display};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{EventError, Projector, Query, read_json};

use super::fixture::Fixture;
use super::given::Given;
use super::outcome::Outcome;
use super::poll::caught;
use super::roles::Projecting;
use super::story::{At, LooksAt, Response, Story, What};
use super::subject::Subject;
use super::text::{Complaint, changes};
use super::views::to_json;

/// A question and its answer.
pub(super) struct AskedQuery {
    pub(super) text: String,
    /// The question as JSON, where the fixture knows its name.
    pub(super) data: Option<Value>,
    /// The answer as JSON, or why it has none.
    pub(super) result: Result<Value, String>,
    value: Box<dyn Any>,
}

/// How the questions of one type stand in files and in records.
pub(super) struct QueryView<S> {
    name: Arc<str>,
    /// The question as JSON, when it is of this type.
    json: fn(&dyn Any) -> Option<Result<Value, String>>,
    ask: fn(&S, &Value) -> Result<Answered, EventError>,
}

/// A question that was asked, or its panic.
type Answered = (AskedQuery, Option<String>);

fn ask<P: Projector, Q: Query<P> + Debug>(subject: &Projecting<P>, query: &Q) -> Answered {
    let read_model: &P = subject.read_model();
    let (result, value, panic): (_, Box<dyn Any>, _) = match caught(|| query.ask(read_model)) {
        Ok(value) => (to_json(&value), Box::new(value), None),
        Err(panic) => (Ok(Value::Null), Box::new(()), Some(panic)),
    };
    let asked = AskedQuery {
        text: format!("{query:?}"),
        data: None,
        result,
        value,
    };
    (asked, panic)
}

/// A question under its name.
fn named(name: &str, question: Value) -> Value {
    Value::Object(std::iter::once((name.to_owned(), question)).collect())
}

impl<P: Projector> Fixture<Projecting<P>> {
    /// The same fixture, in whose scenario files and records questions of type `Q` stand under `name`.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn query<Q>(mut self, name: &str) -> Self
    where
        Q: Query<P> + Debug + Serialize + DeserializeOwned + 'static,
    {
        let view = QueryView {
            name: name.into(),
            json: |query| Some(to_json(query.downcast_ref::<Q>()?)),
            ask: |subject, question| {
                let query: Q = read_json(&question.to_string())?;
                let (mut asked, panic) = ask(subject, &query);
                asked.data = to_json(&query).ok();
                Ok((asked, panic))
            },
        };
        let mut views: Vec<QueryView<_>> = Vec::new();
        for known in self.queries.iter().flat_map(|views| views.iter()) {
            if *known.name != *name {
                views.push(QueryView {
                    name: Arc::clone(&known.name),
                    ..*known
                });
            }
        }
        views.push(view);
        self.queries = Some(Arc::new(views));
        self
    }
}

impl<S: Subject> Story<S> {
    /// The names of the questions that can be asked in files.
    pub(super) fn query_names(&self) -> Vec<&str> {
        let views = self.fixture.queries.iter().flat_map(|views| views.iter());
        views.map(|view| &*view.name).collect()
    }

    /// Asks the question of this name, and says what it was read as; nothing when there is no such name.
    pub(super) fn ask_named(
        &mut self,
        name: &str,
        question: &Value,
        at: At,
    ) -> Option<Result<Value, EventError>> {
        let views = self.fixture.queries.clone()?;
        let view = views.iter().find(|view| *view.name == *name)?;
        self.open_step();
        let (mut asked, panic) = match (view.ask)(&self.subject, question) {
            Ok(answered) => answered,
            Err(error) => return Some(Err(error)),
        };
        let read = asked.data.take().unwrap_or_default();
        asked.data = Some(named(name, read.clone()));
        self.push_query(asked, panic, at);
        Some(Ok(read))
    }

    fn push_query(&mut self, asked: AskedQuery, panic: Option<String>, at: At) {
        let response = if self.stopped() {
            Response::NotAsked
        } else {
            panic.map_or(Response::Quiet, Response::Panicked)
        };
        self.push(at, What::Query(asked), response);
    }

    /// The last question of the step.
    pub(super) fn last_query(&self) -> Option<&AskedQuery> {
        let asked = &self.steps.last()?.asked;
        asked.iter().rev().find_map(|asked| match &asked.what {
            What::Query(query) => Some(query),
            _ => None,
        })
    }
}

impl<P: Projector> Story<Projecting<P>> {
    fn ask_query<Q: Query<P> + Debug + 'static>(&mut self, query: &Q, at: At) {
        self.open_step();
        let (mut asked, panic) = ask(&self.subject, query);
        let mut views = self.fixture.queries.iter().flat_map(|views| views.iter());
        asked.data = views.find_map(|view| Some(named(&view.name, (view.json)(query)?.ok()?)));
        self.push_query(asked, panic, at);
    }
}

impl<P: Projector> Given<Projecting<P>> {
    /// Asks the read model. The answer has to be checked.
    #[expect(clippy::needless_pass_by_value, reason = "reads as the other stages do")]
    #[must_use = "nothing looks at the answer: add `.then_result(value)`"]
    #[track_caller]
    pub fn when_query<Q: Query<P> + Debug + 'static>(self, query: Q) -> Outcome<Projecting<P>> {
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
    pub fn when_query<Q: Query<P> + Debug + 'static>(self, query: Q) -> Self {
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
