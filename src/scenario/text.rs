//! How events, states and differences are put into words. Nothing here depends on the aggregate.

use serde_json::Value;

use crate::json::{Change, ChangeKind, diff, same};
use crate::model::Version;

use super::StoredEvent;
use super::at::At;
use super::events::one_line;
use super::subject::Subject;

/// What fits on a line; longer values are spread over several.
const WIDTH: usize = 96;

/// Something that is wrong, and where in the caller's code it was asked.
#[derive(Clone, Debug)]
pub(super) struct Complaint {
    pub(super) at: At,
    pub(super) headline: String,
    pub(super) lines: Vec<String>,
}

impl Complaint {
    pub(super) fn new(at: At, headline: impl Into<String>, lines: Vec<String>) -> Self {
        Self {
            at,
            headline: headline.into(),
            lines,
        }
    }
}

/// An event as a report tells it.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) stored: StoredEvent,
    /// Why there is no data, when there is none.
    pub(super) unwritten: Option<String>,
}

impl Told {
    pub(super) fn of<S: Subject>(event: &S::Event) -> Self {
        match S::encode(event) {
            Ok(stored) => Self::stored(stored),
            Err(error) => {
                let (event_type, version) = S::kind_of(event);
                Self {
                    stored: StoredEvent {
                        event_type,
                        version,
                        data: Value::Null,
                    },
                    unwritten: Some(error.to_string()),
                }
            }
        }
    }

    pub(super) fn stored(stored: StoredEvent) -> Self {
        Self {
            stored,
            unwritten: None,
        }
    }

    /// Whether the two are one event as a store sees them.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.unwritten.is_none()
            && other.unwritten.is_none()
            && self.stored.event_type == other.stored.event_type
            && self.stored.version == other.stored.version
            && same(&self.stored.data, &other.stored.data)
    }

    /// The event on one line.
    pub(super) fn line(&self) -> String {
        match &self.unwritten {
            Some(error) => format!("{} does not serialize: {error}", self.stored.kind()),
            None => self.stored.to_string(),
        }
    }

    /// The event, on several lines when it does not fit on one.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = self.line();
        if self.unwritten.is_some() || fits(&line) {
            return vec![line];
        }
        let mut lines = vec![self.stored.kind()];
        lines.extend(indented(2, spread(&self.stored.data)));
        lines
    }
}

/// Whether a text fits on a line.
pub(super) fn fits(text: &str) -> bool {
    text.chars().count() <= WIDTH
}

/// `lines`, each `by` columns further in.
pub(super) fn indented(by: usize, lines: Vec<String>) -> Vec<String> {
    lines
        .into_iter()
        .map(|line| format!("{:by$}{line}", ""))
        .collect()
}

/// `value` on as many lines as it takes, members by name.
pub(crate) fn spread(value: &Value) -> Vec<String> {
    let line = one_line(value);
    if fits(&line) {
        return vec![line];
    }
    let (open, close, parts): (&str, &str, Vec<(String, &Value)>) = match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            let named = members
                .into_iter()
                .map(|(name, part)| (format!("{}: ", Value::from(name.as_str())), part))
                .collect();
            ("{", "}", named)
        }
        Value::Array(items) => ("[", "]", items.iter().map(|part| (String::new(), part)).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return vec![line],
    };
    let mut lines = vec![open.to_owned()];
    let last = parts.len().saturating_sub(1);
    for (index, (name, part)) in parts.into_iter().enumerate() {
        let mut part = spread(part);
        if let Some(first) = part.first_mut() {
            first.insert_str(0, &name);
        }
        if index < last
            && let Some(end) = part.last_mut()
        {
            end.push(',');
        }
        lines.extend(indented(2, part));
    }
    lines.push(close.to_owned());
    lines
}

/// How `right` differs from `left`, in the two words given for them.
pub(super) fn differences(
    left: &StoredEvent,
    right: &StoredEvent,
    left_word: &str,
    right_word: &str,
) -> Vec<String> {
    let mut lines = Vec::new();
    if left.event_type != right.event_type {
        lines.push(format!(
            "type: {left_word} {}, {right_word} {}",
            left.event_type, right.event_type
        ));
    }
    if left.version != right.version {
        lines.push(format!(
            "version: {left_word} {}, {right_word} {}",
            left.version, right.version
        ));
    }
    lines.extend(changes(&left.data, &right.data, left_word, right_word));
    lines
}

/// How the value `right` differs from `left`: a line for each pointer, or several where the values are long.
pub(super) fn changes(left: &Value, right: &Value, left_word: &str, right_word: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for change in diff(left, right) {
        let (pointer, left, right) = sides(&change);
        let say = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), one_line);
        let line = format!(
            "{pointer}: {left_word} {}, {right_word} {}",
            say(left),
            say(right)
        );
        if fits(&line) {
            lines.push(line);
            continue;
        }
        lines.push(format!("{pointer}:"));
        for (word, value) in [(left_word, left), (right_word, right)] {
            let mut value = value.map_or_else(|| vec!["nothing".to_owned()], spread);
            if let Some(first) = value.first_mut() {
                first.insert_str(0, &format!("{word} "));
            }
            lines.extend(indented(2, value));
        }
    }
    lines
}

/// How a state went from `before` to `after`: one line for each pointer, long values cut off, because the events
/// that they come from are told in full.
pub(super) fn cut_changes(before: &Value, after: &Value) -> Vec<String> {
    diff(before, after)
        .iter()
        .map(|change| {
            let (pointer, before, after) = sides(change);
            let say = |value: Option<&Value>| match value {
                None => "nothing".to_owned(),
                Some(value) => {
                    let line = one_line(value);
                    match line.char_indices().nth(CUT) {
                        Some((end, _)) => format!("{}…", &line[..end]),
                        None => line,
                    }
                }
            };
            format!("{pointer}: was {}, is {}", say(before), say(after))
        })
        .collect()
}

/// How much of a value is left when it is cut off.
const CUT: usize = 40;

fn sides(Change { pointer, kind }: &Change) -> (&str, Option<&Value>, Option<&Value>) {
    let pointer = if pointer.is_empty() { "the whole" } else { pointer };
    match kind {
        ChangeKind::Added(right) => (pointer, None, Some(right)),
        ChangeKind::Removed(left) => (pointer, Some(left), None),
        ChangeKind::Changed(left, right) => (pointer, Some(left), Some(right)),
    }
}

/// A version as it is written in Rust.
pub(super) fn version_literal(version: &Version) -> String {
    match version {
        Version::Number(number) => number.to_string(),
        Version::Text(text) => format!("{text:?}"),
    }
}

/// A number of things, in words a person would say.
pub(super) fn count(number: usize, one: &str) -> String {
    match number {
        0 => format!("no {one}s"),
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}
