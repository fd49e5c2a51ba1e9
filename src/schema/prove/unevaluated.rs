//! `unevaluatedProperties` and `unevaluatedItems` without annotations: which parts of a schema look at which
//! members depends only on which of its cases hold, so each combination of cases has a list of its own.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::build::Builder;
use super::node::{Id, Keys, Kind, Node};

/// The most combinations of cases that are followed.
const MOST: usize = 512;
/// How deep schemas apply to the same value through each other.
const DEPTH: usize = 48;

/// Members or items that are looked at.
#[derive(Clone, Default)]
struct Seen {
    all: bool,
    names: Vec<Rc<str>>,
    patterns: Vec<Rc<str>>,
    /// As many items from the start.
    items: u64,
    /// Items that satisfy one of these.
    contained: Vec<Id>,
}

/// A combination of cases: what holds in it, and what is looked at.
#[derive(Clone, Default)]
struct Case {
    holds: Vec<Id>,
    seen: Seen,
}

impl Seen {
    fn with(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.all |= other.all;
        both.names.extend(other.names.iter().cloned());
        both.patterns.extend(other.patterns.iter().cloned());
        both.items = both.items.max(other.items);
        both.contained.extend(&other.contained);
        both
    }

    fn is_nothing(&self) -> bool {
        !self.all
            && self.names.is_empty()
            && self.patterns.is_empty()
            && self.items == 0
            && self.contained.is_empty()
    }
}

fn product(left: &[Case], right: &[Case]) -> Option<Vec<Case>> {
    if left.len() * right.len() > MOST {
        return None;
    }
    let mut both = Vec::new();
    for left in left {
        for right in right {
            both.push(Case {
                holds: left.holds.iter().chain(&right.holds).copied().collect(),
                seen: left.seen.with(&right.seen),
            });
        }
    }
    Some(both)
}

impl<'a> Builder<'a> {
    /// That `rest` holds for what no other part of this schema looks at.
    pub(super) fn unevaluated(
        &mut self,
        members: &'a Map<String, Value>,
        properties: bool,
        rest: Id,
    ) -> Option<Id> {
        let cases = self.cases(members, properties, true, 0)?;
        let mut branches = Vec::new();
        for case in cases {
            let mut parts = case.holds;
            let mut seen = case.seen;
            if !seen.all {
                if properties {
                    seen.names.sort_unstable();
                    seen.names.dedup();
                    seen.patterns.sort_unstable();
                    seen.patterns.dedup();
                    self.members(Keys::Rest(seen.names, seen.patterns), rest, &mut parts);
                } else {
                    seen.contained.push(rest);
                    let rest = self.graph.or(seen.contained);
                    self.item(seen.items, None, rest, &mut parts);
                }
            }
            branches.push(self.graph.and(parts));
        }
        Some(self.graph.or(branches))
    }

    fn cases(
        &mut self,
        members: &'a Map<String, Value>,
        properties: bool,
        outermost: bool,
        depth: usize,
    ) -> Option<Vec<Case>> {
        if depth > DEPTH {
            return None;
        }
        let mut seen = Seen::default();
        if properties {
            let names = |keyword: &str| {
                let named = members.get(keyword).and_then(Value::as_object);
                named
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| Rc::from(name.as_str()))
                    .collect()
            };
            seen.names = names("properties");
            seen.patterns = names("patternProperties");
            seen.all = members.contains_key("additionalProperties")
                || (!outermost && members.contains_key("unevaluatedProperties"));
        } else {
            seen.items = members
                .get("prefixItems")
                .and_then(Value::as_array)
                .map_or(0, Vec::len) as u64;
            seen.all =
                members.contains_key("items") || (!outermost && members.contains_key("unevaluatedItems"));
            if let Some(contained) = members.get("contains") {
                let contained = self.schema(contained);
                seen.contained.push(contained);
            }
        }
        let mut cases = vec![Case {
            holds: Vec::new(),
            seen,
        }];
        if let Some(target) = members
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| self.target(reference))
        {
            cases = product(&cases, &self.inside(target, properties, depth)?)?;
        }
        for part in members
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            cases = product(&cases, &self.inside(part, properties, depth)?)?;
        }
        for branch in members
            .get("anyOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let held = self.inside(branch, properties, depth)?;
            cases = product(&cases, &self.held_or_not(branch, held))?;
        }
        if let Some(branches) = members.get("oneOf").and_then(Value::as_array) {
            let mut ways = Vec::new();
            for branch in branches {
                let held = self.inside(branch, properties, depth)?;
                let id = self.schema(branch);
                ways.extend(held.into_iter().map(|mut case| {
                    case.holds.push(id);
                    case
                }));
            }
            // When none of them looks at anything, it does not matter which holds.
            if ways.iter().any(|way| !way.seen.is_nothing()) {
                cases = product(&cases, &ways)?;
            }
        }
        if let Some(condition) = members.get("if") {
            let mut then = self.inside(condition, properties, depth)?;
            if let Some(more) = members.get("then") {
                then = product(&then, &self.inside(more, properties, depth)?)?;
            }
            let mut other = vec![Case::default()];
            if let Some(more) = members.get("else") {
                other = self.inside(more, properties, depth)?;
            }
            let id = self.schema(condition);
            let not = self.graph.not(id);
            for case in &mut then {
                case.holds.push(id);
            }
            for case in &mut other {
                case.holds.push(not);
            }
            then.extend(other);
            if then.iter().any(|way| !way.seen.is_nothing()) {
                cases = product(&cases, &then)?;
            }
        }
        for (name, schema) in members
            .get("dependentSchemas")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let mut held = self.inside(schema, properties, depth)?;
            if held.iter().all(|case| case.seen.is_nothing()) {
                continue;
            }
            let absent = self.absent(name);
            let object = self.graph.intern(Node::Types(Kind::Object.bit()));
            let has = self.graph.not(absent);
            for case in &mut held {
                case.holds.extend([object, has]);
            }
            held.push(Case {
                holds: vec![absent],
                seen: Seen::default(),
            });
            cases = product(&cases, &held)?;
        }
        Some(cases)
    }

    fn inside(&mut self, schema: &'a Value, properties: bool, depth: usize) -> Option<Vec<Case>> {
        match schema {
            Value::Object(members) => self.cases(members, properties, false, depth + 1),
            _ => Some(vec![Case::default()]),
        }
    }

    /// The cases of a branch that may hold or not.
    fn held_or_not(&mut self, branch: &'a Value, mut held: Vec<Case>) -> Vec<Case> {
        if held.iter().all(|case| case.seen.is_nothing()) {
            return vec![Case::default()];
        }
        let id = self.schema(branch);
        for case in &mut held {
            case.holds.push(id);
        }
        held.push(Case {
            holds: vec![self.graph.not(id)],
            seen: Seen::default(),
        });
        held
    }
}
