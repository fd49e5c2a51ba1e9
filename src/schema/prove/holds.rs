//! Whether a value satisfies a node: exactly, or not known.

use std::collections::BTreeSet;

use serde_json::Value;

use super::exact::{exact, is_multiple};
use super::node::{Constant, Id, Keys, Kind, Node};
use super::solve::Prover;

/// How deep nodes are followed into each other.
const DEPTH: usize = 400;

impl Prover<'_> {
    /// Whether `value` satisfies the node; nothing when something in it has no model here.
    pub(super) fn holds(&self, id: Id, value: &Value) -> Option<bool> {
        self.at(id, value, 0)
    }

    /// Whether `value` satisfies all of the first and none of the second.
    pub(super) fn is_in(&self, holds: &[Id], fails: &[Id], value: &Value) -> Option<bool> {
        let mut known = true;
        for (ids, wanted) in [(holds, true), (fails, false)] {
            for id in ids {
                match self.holds(*id, value) {
                    Some(answer) if answer != wanted => return Some(false),
                    Some(_) => {}
                    None => known = false,
                }
            }
        }
        known.then_some(true)
    }

    fn at(&self, id: Id, value: &Value, depth: usize) -> Option<bool> {
        self.spend(1);
        if depth > DEPTH || self.is_spent() {
            return None;
        }
        let id = self.graph.resolved(id)?;
        let node = self.graph.get(id);
        let inside = |id: Id, value: &Value| self.at(id, value, depth + 1);
        match &*node {
            Node::True => return Some(true),
            Node::False => return Some(false),
            Node::Ref(_) | Node::Opaque(_) => return None,
            Node::And(parts) => return all(parts.iter().map(|part| inside(*part, value))),
            Node::Or(branches) => {
                let none = all(branches
                    .iter()
                    .map(|branch| inside(*branch, value).map(|held| !held)));
                return none.map(|none| !none);
            }
            Node::One(branches) => {
                let mut held = 0;
                let mut known = true;
                for branch in branches {
                    match inside(*branch, value) {
                        Some(true) => held += 1,
                        Some(false) => {}
                        None => known = false,
                    }
                }
                return if held > 1 {
                    Some(false)
                } else {
                    known.then_some(held == 1)
                };
            }
            Node::Not(part) => return inside(*part, value).map(|held| !held),
            Node::Types(kinds) => return Some(kinds & Kind::of(value).bit() != 0),
            Node::Values(values) => return Some(self.is_one_of(values, value)),
            _ => {}
        }
        match value {
            Value::Null | Value::Bool(_) => Some(true),
            Value::Number(number) => {
                let decided = match &*node {
                    Node::AtLeast(bound, open) => {
                        let value = exact(number)?;
                        if *open { value > *bound } else { value >= *bound }
                    }
                    Node::AtMost(bound, open) => {
                        let value = exact(number)?;
                        if *open { value < *bound } else { value <= *bound }
                    }
                    Node::MultipleOf(divisor) => is_multiple(&exact(number)?, divisor),
                    _ => true,
                };
                Some(decided)
            }
            Value::String(text) => match &*node {
                Node::MinLength(least) => Some(text.chars().count() as u64 >= *least),
                Node::MaxLength(most) => Some(text.chars().count() as u64 <= *most),
                Node::Pattern(pattern) => self.patterns.finds(pattern, text),
                Node::Assertion(keyword, held) => self.patterns.asserted(keyword, held, text),
                _ => Some(true),
            },
            Value::Array(items) => match &*node {
                Node::MinItems(least) => Some(items.len() as u64 >= *least),
                Node::MaxItems(most) => Some(items.len() as u64 <= *most),
                Node::Items(from, to, schema) => {
                    let from = usize::try_from(*from).unwrap_or(usize::MAX);
                    let to = to.map_or(usize::MAX, |to| usize::try_from(to).unwrap_or(usize::MAX));
                    all(items.iter().take(to).skip(from).map(|item| inside(*schema, item)))
                }
                Node::Contains(schema, least) => {
                    let (held, open) = tally(items.iter().map(|item| inside(*schema, item)));
                    if held >= *least {
                        Some(true)
                    } else {
                        (held + open < *least).then_some(false)
                    }
                }
                Node::ContainsAtMost(schema, most) => {
                    let (held, open) = tally(items.iter().map(|item| inside(*schema, item)));
                    if held > *most {
                        Some(false)
                    } else {
                        (held + open <= *most).then_some(true)
                    }
                }
                Node::Unique => {
                    let mut seen = BTreeSet::new();
                    Some(items.iter().all(|item| seen.insert(super::node::spelled(item))))
                }
                _ => Some(true),
            },
            Value::Object(members) => match &*node {
                Node::Has(name) => Some(members.contains_key(&**name)),
                Node::MinMembers(least) => Some(members.len() as u64 >= *least),
                Node::MaxMembers(most) => Some(members.len() as u64 <= *most),
                Node::Members(Keys::Name(name), schema) => match members.get(&**name) {
                    Some(value) => inside(*schema, value),
                    None => Some(true),
                },
                Node::Members(keys, schema) => {
                    all(members
                        .iter()
                        .map(|(name, value)| match self.is_among(keys, name) {
                            Some(false) => Some(true),
                            Some(true) => inside(*schema, value),
                            None => inside(*schema, value).filter(|held| *held),
                        }))
                }
                Node::Names(schema) => all(members
                    .keys()
                    .map(|name| inside(*schema, &Value::from(name.as_str())))),
                _ => Some(true),
            },
        }
    }

    pub(super) fn is_one_of(&self, values: &[Constant], value: &Value) -> bool {
        self.graph
            .known(value)
            .is_some_and(|known| values.binary_search(&known).is_ok())
    }

    /// Whether a member name is in a set of names.
    pub(super) fn is_among(&self, keys: &Keys, name: &str) -> Option<bool> {
        match keys {
            Keys::Name(known) => Some(**known == *name),
            Keys::Match(pattern) => self.patterns.finds(pattern, name),
            Keys::Rest(names, patterns) => {
                if names.binary_search_by(|known| (**known).cmp(name)).is_ok() {
                    return Some(false);
                }
                all(patterns
                    .iter()
                    .map(|pattern| self.patterns.finds(pattern, name).map(|found| !found)))
            }
        }
    }
}

/// Whether all of them are so.
fn all(mut answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    // A refusal decides, whatever is not known about the rest.
    let refused = answers.any(|answer| {
        known &= answer.is_some();
        answer == Some(false)
    });
    if refused {
        Some(false)
    } else {
        known.then_some(true)
    }
}

/// How many hold, and of how many that is not known.
fn tally(answers: impl Iterator<Item = Option<bool>>) -> (u64, u64) {
    let (mut held, mut open) = (0, 0);
    for answer in answers {
        match answer {
            Some(true) => held += 1,
            Some(false) => {}
            None => open += 1,
        }
    }
    (held, open)
}
