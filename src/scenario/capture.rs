//! Generated values, bound once and used in later expectations.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::events::one_line;
use super::outcome::Outcome;
use super::story::{At, Story};
use super::subject::Subject;
use super::text::{Complaint, count};

/// Values that the code made, such as ids, by the names that [`Outcome::capture`] gave them.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    values: BTreeMap<String, Value>,
    /// Whether something could not be captured.
    missing: bool,
}

impl Captured {
    /// The captured text of this name.
    ///
    /// # Panics
    ///
    /// When nothing was captured under it, or it is no text.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        match self.value(name) {
            Value::String(text) => text.clone(),
            other => panic!("`{name}` is no text: {}", one_line(other)),
        }
    }

    /// The captured value of this name.
    ///
    /// # Panics
    ///
    /// When nothing was captured under it.
    #[track_caller]
    pub fn value(&self, name: &str) -> &Value {
        self.values.get(name).unwrap_or_else(|| {
            let known: Vec<&str> = self.values.keys().map(String::as_str).collect();
            panic!("nothing was captured as `{name}`; there is: {}", known.join(", "))
        })
    }

    /// The captured value of this name, read as a `T`.
    ///
    /// # Panics
    ///
    /// When nothing was captured under it, or it is no `T`.
    #[track_caller]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> T {
        let value = self.value(name);
        match T::deserialize(value) {
            Ok(value) => value,
            Err(error) => panic!("`{name}` is {}: {error}", one_line(value)),
        }
    }
}

#[expect(
    clippy::return_self_not_must_use,
    reason = "a scenario may end with any check: dropping it is what makes it count"
)]
impl<S: Subject> Outcome<S> {
    /// Binds a name to a value that the code made: the member of an event's data at this JSON pointer, whose first
    /// part is the position of the event in the step, from 0.
    ///
    /// ```text
    /// .when(Command::Place)
    /// .capture("order", "/0/id")
    /// .using(|captured, scenario| {
    ///     scenario
    ///         .then([Placed { id: captured.text("order") }])
    ///         .when(Command::Pay { order: captured.text("order") })
    ///         .then([Paid { order: captured.text("order") }])
    /// })
    /// ```
    ///
    /// This is no check of the events. A name that is bound already has to have the same value.
    #[track_caller]
    pub fn capture(self, name: &str, pointer: &str) -> Self {
        let at = At::caller();
        self.go_on(|story| {
            let found = find(story, pointer).and_then(|value| match story.captured.values.get(name) {
                Some(before) if *before != value => Err((
                    format!("`{name}` is bound already"),
                    vec![
                        format!("it was  {}", one_line(before)),
                        format!("it is   {}", one_line(&value)),
                    ],
                )),
                _ => Ok(value),
            });
            match found {
                Ok(value) => {
                    story.captured.values.insert(name.to_owned(), value);
                }
                Err((headline, lines)) => {
                    story.captured.missing = true;
                    story.troubles.push(Complaint::new(at, headline, lines));
                }
            }
        })
    }

    /// Goes on with what was captured. Where something could not be captured, the scenario has failed and does not
    /// go on.
    pub fn using(self, go_on: impl FnOnce(&Captured, Self) -> Self) -> Self {
        let captured = self.captured();
        if captured.missing {
            return self;
        }
        go_on(&captured, self)
    }
}

/// What an event of the step has at this pointer.
fn find<S: Subject>(story: &Story<S>, pointer: &str) -> Result<Value, (String, Vec<String>)> {
    let (index, rest) = split(pointer);
    let Some(index) = index else {
        let line = "it begins with the position of an event in the step, as in `/0/id`".to_owned();
        return Err((format!("{pointer} points at no event"), vec![line]));
    };
    let Some(event) = story.produced().nth(index) else {
        let line = format!(
            "of this step there are {}",
            count(story.produced().count(), "event")
        );
        return Err((format!("{pointer} points at no event"), vec![line]));
    };
    let told = event.told();
    let found = told.stored.data.pointer(rest).cloned();
    found.ok_or_else(|| (format!("there is nothing at {pointer}"), vec![told.line()]))
}

/// The position of an event, and the pointer into its data.
fn split(pointer: &str) -> (Option<usize>, &str) {
    let rest = pointer.strip_prefix('/').unwrap_or_default();
    let end = rest.find('/').unwrap_or(rest.len());
    (rest[..end].parse().ok(), &rest[end..])
}
