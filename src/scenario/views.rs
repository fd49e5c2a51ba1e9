//! How values without a fixed form are shown and compared: commands, errors, effects, replies.

use std::fmt::Debug;

use serde::Serialize;
use serde_json::Value;

use crate::json::{self, same};
use crate::model::write_json;

use super::subject::Subject;
use super::text::fits;

/// Whether a value is shown on one line whatever its length.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Line,
    Lines,
}

/// How a value is made JSON, or why it has none.
pub(super) type Json<T> = fn(&T) -> Result<Value, String>;

/// How a value is put into words.
enum Words<T> {
    /// As `Debug` has it, on one line and on several.
    Debug(fn(&T) -> String, fn(&T) -> String),
    Own(fn(&T) -> String),
    None,
}

/// How the values of one type are shown.
pub(super) struct View<T> {
    words: Words<T>,
    pub(super) json: Option<Json<T>>,
}

impl<T> Clone for Words<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Words<T> {}

impl<T> Clone for View<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<T> {}

impl<T> View<T> {
    pub(super) fn none() -> Self {
        Self {
            words: Words::None,
            json: None,
        }
    }

    pub(super) fn debug() -> Self
    where
        T: Debug,
    {
        Self {
            words: Words::Debug(|value| format!("{value:?}"), |value| format!("{value:#?}")),
            json: None,
        }
    }

    pub(super) fn own(view: fn(&T) -> String) -> Self {
        Self {
            words: Words::Own(view),
            json: None,
        }
    }

    /// Whether what is shown is how the value is written in Rust, as near as `Debug` comes to it.
    pub(super) fn is_rust(&self) -> bool {
        matches!(self.words, Words::Debug(..))
    }

    pub(super) fn show(&self, value: &T, shape: Shape) -> String {
        match (self.words, shape) {
            (Words::Own(view) | Words::Debug(view, _), Shape::Line) | (Words::Own(view), Shape::Lines) => {
                view(value)
            }
            (Words::Debug(line, lines), Shape::Lines) => {
                let text = line(value);
                if fits(&text) { text } else { lines(value) }
            }
            (Words::None, _) => match self.json.map(|json| json(value)) {
                Some(Ok(value)) => super::events::one_line(&value),
                _ => format!("a {} (not shown)", short_name::<T>()),
            },
        }
    }

    /// The value on one line.
    pub(super) fn line(&self, value: &T) -> String {
        self.show(value, Shape::Line)
    }

    /// Whether two values are the same, as far as can be told.
    pub(super) fn same(&self, one: &T, other: &T) -> bool {
        if std::mem::size_of::<T>() == 0 {
            return true;
        }
        if let Some(json) = self.json
            && let (Ok(one), Ok(other)) = (json(one), json(other))
        {
            return same(&one, &other);
        }
        matches!(self.words, Words::None) || self.line(one) == self.line(other)
    }

    pub(super) fn all_same(&self, one: &[T], other: &[T]) -> bool {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| self.same(one, other))
    }

    /// The name of the variant, or of the type where it is no enum, as it is shown.
    pub(super) fn variant(&self, value: &T) -> String {
        name_of(&self.line(value)).to_owned()
    }
}

/// The name that a value begins with as it is shown.
pub(super) fn name_of(shown: &str) -> &str {
    let end = shown
        .find(|character: char| !(character.is_alphanumeric() || character == '_'))
        .unwrap_or(shown.len());
    &shown[..end]
}

/// How the values of a subject are shown in a report.
pub(super) struct Views<S: Subject> {
    pub(super) state: Option<Json<S::State>>,
    pub(super) input: View<S::Input>,
    pub(super) error: View<S::Error>,
    pub(super) reply: View<S::Reply>,
    pub(super) effect: View<S::Effect>,
    pub(super) sent: View<S::Sent>,
}

impl<S: Subject> Clone for Views<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Subject> Copy for Views<S> {}

/// A value as JSON, or why it has none. The canonical form refuses what JSON would change in silence.
pub(super) fn to_json<T: Serialize>(value: &T) -> Result<Value, String> {
    json::canonical(value).map_err(|error| error.to_string())?;
    write_json(value).map_err(|error| error.to_string())
}

/// The name of a type without its path.
pub(super) fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}
