//! Which states and rows a baseline keeps in full.
//!
//! A digest detects a difference and cannot show it, and a baseline lives in version control. So the states kept
//! in full are those that bring something new: a (type, version) pair, a set of them, or a shape of state.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json::{self, hex_sha256};

/// States kept because they bring a new pair, at most.
const PAIRS: usize = 256;
/// States kept because they bring a new set of pairs or a new shape, at most.
const SHAPES: usize = 256;
/// Rows of one read model kept in full, at most.
const ROWS: usize = 128;
/// A state or row longer than this many bytes is never kept in full.
const LONGEST: usize = 64 * 1024;
/// Deeper states and rows are never kept in full: a reader of the baseline would refuse the line.
const DEEPEST: usize = 100;

/// Chooses states.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    pairs: BTreeSet<(String, u32)>,
    sets: BTreeSet<(String, Vec<u32>)>,
    shapes: BTreeSet<(String, String)>,
    for_pairs: usize,
    for_shapes: usize,
}

impl Sampler {
    /// Whether to keep the state of a stream of `category` whose stored events are of the types and versions
    /// numbered by `kinds`, which is sorted.
    pub(super) fn wants(&mut self, category: &str, kinds: &[u32], state: &str) -> bool {
        let pair = |kind: &u32| (category.to_owned(), *kind);
        let new: Vec<_> = kinds
            .iter()
            .map(pair)
            .filter(|pair| !self.pairs.contains(pair))
            .collect();
        let brings = !new.is_empty() && self.for_pairs < PAIRS;
        if !brings && self.for_shapes == SHAPES {
            return false;
        }
        let Some(value) = fit(state) else { return false };
        let new_set = self.sets.insert((category.to_owned(), kinds.to_vec()));
        let new_shape = self.shapes.insert((category.to_owned(), shape(&value)));
        if brings {
            self.for_pairs += 1;
            self.pairs.extend(new);
            return true;
        }
        if new_set || new_shape {
            self.for_shapes += 1;
        }
        new_set || new_shape
    }
}

/// The rows to keep of `rows`, which are sorted: those with a new shape, then those whose keys have the smallest
/// digests, so that the choice hardly moves when rows come and go.
pub(super) fn rows(rows: &[(String, String)]) -> Vec<(String, String)> {
    let mut shapes = BTreeSet::new();
    let mut chosen = BTreeSet::new();
    for (index, (_, row)) in rows.iter().enumerate() {
        if chosen.len() == ROWS / 2 {
            break;
        }
        if fit(row).is_some_and(|value| shapes.insert(shape(&value))) {
            chosen.insert(index);
        }
    }
    let mut others: Vec<_> = rows
        .iter()
        .enumerate()
        .filter(|(index, _)| !chosen.contains(index))
        .map(|(index, (key, _))| (hex_sha256(key.as_bytes()), index))
        .collect();
    others.sort_unstable();
    for (_, index) in others {
        if chosen.len() == ROWS {
            break;
        }
        if fit(&rows[index].1).is_some() {
            chosen.insert(index);
        }
    }
    chosen.into_iter().map(|index| rows[index].clone()).collect()
}

/// The value of a canonical form that is small enough to be kept.
fn fit(text: &str) -> Option<Value> {
    if text.len() > LONGEST {
        return None;
    }
    let value = json::parse(text.as_bytes()).ok()?.value;
    (depth(&value) <= DEEPEST).then_some(value)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
    }
}

/// The kinds of a value's parts by member, where items of an array are one another's like.
fn shape(value: &Value) -> String {
    let mut parts = BTreeSet::new();
    walk(value, &mut String::new(), &mut parts);
    let mut text = String::new();
    for part in parts {
        text.push_str(&part);
        text.push('\n');
    }
    hex_sha256(text.as_bytes())
}

fn walk(value: &Value, path: &mut String, parts: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    parts.insert(format!("{path} {kind}"));
    let length = path.len();
    match value {
        Value::Array(items) => {
            path.push_str("/*");
            for item in items {
                walk(item, path, parts);
            }
            path.truncate(length);
        }
        Value::Object(members) => {
            for (name, item) in members {
                path.push('/');
                path.push_str(name);
                walk(item, path, parts);
                path.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_kept_when_it_brings_a_pair_a_set_or_a_shape() {
        let mut sampler = Sampler::default();
        assert!(sampler.wants("a", &[1], r#"{"x":1}"#), "a pair");
        assert!(!sampler.wants("a", &[1], r#"{"x":2}"#), "nothing new");
        assert!(sampler.wants("a", &[1], r#"{"x":null}"#), "a shape");
        assert!(sampler.wants("a", &[1, 2], r#"{"x":1}"#), "another pair");
        assert!(sampler.wants("a", &[2], r#"{"x":1}"#), "a set");
        assert!(!sampler.wants("a", &[2], r#"{"x":9}"#), "nothing new");
        assert!(sampler.wants("b", &[1], r#"{"x":1}"#), "another category");
        assert!(sampler.wants("b", &[1], r#"{"x":[1]}"#), "a shape");
        assert!(
            !sampler.wants("b", &[1], r#"{"x":[1,2]}"#),
            "items are of one shape"
        );
    }

    #[test]
    fn a_state_that_no_line_of_a_baseline_could_hold_is_not_kept() {
        let mut sampler = Sampler::default();
        let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
        assert!(!sampler.wants("a", &[1], &deep));
        assert!(!sampler.wants("a", &[1], &format!("\"{}\"", "x".repeat(LONGEST))));
        assert!(sampler.wants("a", &[1], "1"));
    }

    #[test]
    fn shapes_are_bounded_and_leave_room_for_pairs() {
        let mut sampler = Sampler::default();
        let kept = (0..1000)
            .filter(|n| sampler.wants("a", &[1], &format!(r#"{{"{n}":1}}"#)))
            .count();
        assert_eq!(kept, SHAPES + 1);
        assert!(sampler.wants("a", &[2], "{}"));
    }

    #[test]
    fn rows_are_bounded_and_in_the_order_of_their_keys() {
        let all: Vec<_> = (0..1000).map(|n| (format!("{n:04}"), n.to_string())).collect();
        let kept = rows(&all);
        assert_eq!(kept.len(), ROWS);
        assert!(kept.is_sorted());
        let without_first: Vec<_> = all[1..].to_vec();
        let again = rows(&without_first);
        assert!(kept.iter().filter(|row| again.contains(row)).count() >= ROWS - 2);
    }
}
