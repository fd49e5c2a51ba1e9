//! Expected values beside the ones that came: effects, commands, timeouts, rows.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::poll::caught;
use super::story::At;
use super::text::{Complaint, changes, count};
use super::views::{Shape, View, to_json};

/// How two values that are not equal differ.
pub(super) fn differ<T>(expected: &T, actual: &T, view: &View<T>) -> Vec<String> {
    if let Some(json) = view.json
        && let (Ok(expected), Ok(actual)) = (json(expected), json(actual))
    {
        let lines = changes(&expected, &actual, "expected", "got");
        if !lines.is_empty() {
            return lines;
        }
    }
    let (expected, mut actual) = (view.show(expected, Shape::Line), view.show(actual, Shape::Line));
    if expected == actual {
        actual.push_str(" (which looks the same and is not equal)");
    }
    vec![format!("expected  {expected}"), format!("got       {actual}")]
}

/// Whether these are the same values in the same order, and if not, how they differ.
pub(super) fn compare<T: PartialEq>(
    one: &str,
    expected: &[T],
    actual: &[&T],
    view: &View<T>,
    at: At,
) -> Option<Complaint> {
    let same =
        expected.len() == actual.len() && expected.iter().zip(actual).all(|(want, have)| want == *have);
    if same {
        return None;
    }
    let headline = if expected.len() == actual.len() {
        format!("the {one}s differ")
    } else {
        format!("expected {}, got {}", count(expected.len(), one), actual.len())
    };
    let mut lines = Vec::new();
    let mut unpaired: Option<usize> = None;
    for row in rows_of(expected, actual) {
        match row {
            Row::Same(index) => {
                flush(&mut unpaired, expected, view, &mut lines);
                lines.push(format!(
                    "{:<14}{}. {}",
                    "as expected",
                    index + 1,
                    view.line(&expected[index])
                ));
            }
            Row::Missing(index) => {
                flush(&mut unpaired, expected, view, &mut lines);
                unpaired = Some(index);
            }
            Row::Unexpected(index) => match unpaired.take() {
                Some(want) if view.variant(&expected[want]) == view.variant(actual[index]) => {
                    lines.push(format!("{:<14}{}.", "differs", want + 1));
                    let inner = differ(&expected[want], actual[index], view);
                    lines.extend(inner.into_iter().map(|line| format!("{:17}{line}", "")));
                }
                other => {
                    unpaired = other;
                    flush(&mut unpaired, expected, view, &mut lines);
                    lines.push(format!(
                        "{:<14}{}. {}",
                        "not expected",
                        index + 1,
                        view.line(actual[index])
                    ));
                }
            },
        }
    }
    flush(&mut unpaired, expected, view, &mut lines);
    Some(Complaint::new(at, headline, lines))
}

fn flush<T>(unpaired: &mut Option<usize>, expected: &[T], view: &View<T>, lines: &mut Vec<String>) {
    if let Some(index) = unpaired.take() {
        lines.push(format!(
            "{:<14}{}. {}",
            "missing",
            index + 1,
            view.line(&expected[index])
        ));
    }
}

enum Row {
    Same(usize),
    Missing(usize),
    Unexpected(usize),
}

/// The longest common subsequence, and what is left over around it.
fn rows_of<T: PartialEq>(expected: &[T], actual: &[&T]) -> Vec<Row> {
    let width = actual.len() + 1;
    let mut longest = vec![0_usize; (expected.len() + 1) * width];
    for i in (0..expected.len()).rev() {
        for j in (0..actual.len()).rev() {
            longest[i * width + j] = if expected[i] == *actual[j] {
                1 + longest[(i + 1) * width + j + 1]
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut rows) = (0, 0, Vec::new());
    while i < expected.len() || j < actual.len() {
        if i < expected.len() && j < actual.len() && expected[i] == *actual[j] {
            rows.push(Row::Same(i));
            i += 1;
            j += 1;
        } else if j == actual.len()
            || (i < expected.len() && longest[(i + 1) * width + j] >= longest[i * width + j + 1])
        {
            rows.push(Row::Missing(i));
            i += 1;
        } else {
            rows.push(Row::Unexpected(j));
            j += 1;
        }
    }
    rows
}

/// Whether a predicate holds of these values.
pub(super) fn hold<T>(
    one: &str,
    actual: &[&T],
    predicate: impl FnOnce(&[&T]) -> bool,
    view: &View<T>,
    at: At,
) -> Option<Complaint> {
    match caught(|| predicate(actual)) {
        Ok(true) => None,
        Ok(false) => {
            let lines = match actual {
                [] => vec![format!("there are no {one}s")],
                actual => actual
                    .iter()
                    .map(|value| format!("got  {}", view.line(value)))
                    .collect(),
            };
            Some(Complaint::new(
                at,
                format!("it does not hold of the {one}s"),
                lines,
            ))
        }
        Err(panic) => Some(Complaint::new(
            at,
            format!("it panics on the {one}s"),
            vec![panic],
        )),
    }
}

/// Whether a read model holds exactly these rows, and if not, how they differ.
pub(super) fn rows<R: Serialize>(
    expected: &[(String, R)],
    actual: &[(String, R)],
    at: At,
) -> Option<Complaint> {
    let mut lines = Vec::new();
    let expected = by_key("expected", expected, &mut lines);
    let actual = by_key("in the read model", actual, &mut lines);
    for (key, want) in &expected {
        match actual.get(key) {
            None => lines.push(format!(
                "{:<14}{key} {}",
                "missing",
                super::events::one_line(want)
            )),
            Some(have) => {
                let inner = changes(want, have, "expected", "got");
                if !inner.is_empty() {
                    lines.push(format!("{:<14}{key}", "differs"));
                    lines.extend(inner.into_iter().map(|line| format!("{:14}{line}", "")));
                }
            }
        }
    }
    for (key, have) in &actual {
        if !expected.contains_key(key) {
            lines.push(format!(
                "{:<14}{key} {}",
                "not expected",
                super::events::one_line(have)
            ));
        }
    }
    let headline = if expected.len() == actual.len() {
        "the rows differ".to_owned()
    } else {
        format!("expected {}, got {}", count(expected.len(), "row"), actual.len())
    };
    (!lines.is_empty()).then(|| Complaint::new(at, headline, lines))
}

fn by_key<'a, R: Serialize>(
    whose: &str,
    rows: &'a [(String, R)],
    lines: &mut Vec<String>,
) -> BTreeMap<&'a str, Value> {
    let mut found = BTreeMap::new();
    for (key, row) in rows {
        match to_json(row) {
            Ok(value) => {
                if found.insert(key.as_str(), value).is_some() {
                    lines.push(format!("several rows of the key {key} are {whose}"));
                }
            }
            Err(error) => lines.push(format!("row {key} does not serialize: {error}")),
        }
    }
    found
}
