//! Differences between two JSON values, by pointer.

use serde_json::{Number, Value};

use super::canonical;

/// One place where two values differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// JSON pointer of the place.
    pub pointer: String,
    /// What differs there.
    pub kind: ChangeKind,
}

/// How two values differ at one place.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeKind {
    /// Only the right one has it.
    Added(Value),
    /// Only the left one has it.
    Removed(Value),
    /// Both have it, with other values.
    Changed(Value, Value),
}

/// The differences between `left` and `right`, in the order of their pointers as the values are walked:
/// members by name, items by position.
///
/// Numbers are equal when they are written as the same kind of number with the same value, as in [`same`].
pub fn diff(left: &Value, right: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(left, right, &mut String::new(), &mut changes);
    changes
}

/// Whether two values have one canonical form: members in any order, numbers of the same kind and value.
///
/// The answer does not depend on the features that `serde_json` was built with elsewhere: with
/// `arbitrary_precision` its own comparison holds the spelling of a number against another spelling.
///
/// ```
/// use pastproof::json::same;
/// use serde_json::json;
/// assert!(same(&json!({"a": 1, "b": [1.50]}), &json!({"b": [1.5], "a": 1})));
/// assert!(!same(&json!(1), &json!(1.0)));
/// assert!(!same(&json!(0.0), &json!(-0.0)));
/// ```
pub fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, left)| right.get(name).is_some_and(|right| same(left, right)))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Number(left), Value::Number(right)) => same_number(left, right),
        _ => left == right,
    }
}

fn same_number(left: &Number, right: &Number) -> bool {
    match (left.as_u64(), right.as_u64()) {
        (Some(left), Some(right)) => left == right,
        (None, None) => match (canonical(left), canonical(right)) {
            (Ok(left), Ok(right)) => left == right,
            _ => left == right,
        },
        _ => false,
    }
}

fn walk(left: &Value, right: &Value, pointer: &mut String, changes: &mut Vec<Change>) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                step(
                    left.get(name),
                    right.get(name),
                    &name.replace('~', "~0").replace('/', "~1"),
                    pointer,
                    changes,
                );
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            for index in 0..left.len().max(right.len()) {
                step(
                    left.get(index),
                    right.get(index),
                    &index.to_string(),
                    pointer,
                    changes,
                );
            }
        }
        _ if same(left, right) => {}
        _ => changes.push(Change {
            pointer: pointer.clone(),
            kind: ChangeKind::Changed(left.clone(), right.clone()),
        }),
    }
}

fn step(
    left: Option<&Value>,
    right: Option<&Value>,
    name: &str,
    pointer: &mut String,
    changes: &mut Vec<Change>,
) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(name);
    match (left, right) {
        (Some(left), Some(right)) => walk(left, right, pointer, changes),
        (Some(left), None) => changes.push(Change {
            pointer: pointer.clone(),
            kind: ChangeKind::Removed(left.clone()),
        }),
        (None, Some(right)) => changes.push(Change {
            pointer: pointer.clone(),
            kind: ChangeKind::Added(right.clone()),
        }),
        (None, None) => {}
    }
    pointer.truncate(length);
}
