//! The values for one place, way by way and kind by kind.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::scalars::{as_float, numbers, texts};
use super::ways::{At, Way, reached, types_of, ways};
use crate::schema::eval::{Evaluator, equal};
use crate::schema::shape;

/// Values for one place inside a value, values for the whole, and places that are looked at.
pub(super) const FULL: (usize, usize, usize) = (160, 6000, 2000);
const GLANCE: (usize, usize, usize) = (6, 60, 400);
/// Places that are looked at after that, only to have what is required.
const RESERVE: usize = 1000;
/// How deep values are built.
const DEPTH: usize = 40;
/// Values for the whole times what the schemas have in them: with large schemas fewer values are made.
const WORK: usize = 8_000_000;
/// How many schemas are held against values, each side's apart.
const LOOKED: usize = 3_000_000;
/// The fewest values for the whole.
const FEWEST: usize = 24;
/// How many members are copied to vary objects.
const COPIED: usize = 4_000_000;
/// The longest array or text that is built.
pub(super) const LONGEST: u64 = 2048;

/// How many values are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Effort {
    /// As many as are worth trying.
    Full,
    /// A few.
    Glance,
}

/// Values for `old`, directed by what `new` says at the same places.
pub(in crate::schema) fn values<'a>(
    old: &'a Value,
    old_document: &'a Evaluator<'a>,
    new: &'a Value,
    new_document: &'a Evaluator<'a>,
    effort: Effort,
) -> Vec<Value> {
    let (per_place, whole, places) = match effort {
        Effort::Full => FULL,
        Effort::Glance => GLANCE,
    };
    let weight = shape::size(old, WORK) + shape::size(new, WORK);
    let whole = whole.min((WORK / weight).max(FEWEST));
    let mut sampler = Sampler {
        open: Vec::new(),
        per_place: per_place.min(whole),
        whole,
        room: match effort {
            Effort::Full => COPIED,
            Effort::Glance => COPIED / 16,
        },
        left: places + RESERVE,
    };
    let has = [At {
        schema: old,
        document: old_document,
    }];
    let hints = [At {
        schema: new,
        document: new_document,
    }];
    sampler.place(&has, &hints, 0)
}

pub(super) struct Sampler {
    /// The places being built, outermost first, by the addresses of their schemas.
    open: Vec<Vec<usize>>,
    per_place: usize,
    pub(super) whole: usize,
    /// Members that may still be copied.
    pub(super) room: usize,
    /// Places that may still be looked at.
    left: usize,
}

impl Sampler {
    /// Values that satisfy all of `has`.
    pub(super) fn place(&mut self, has: &[At<'_>], hints: &[At<'_>], depth: usize) -> Vec<Value> {
        if depth > DEPTH || self.left == 0 {
            return Vec::new();
        }
        self.left -= 1;
        let identity: Vec<usize> = has
            .iter()
            .map(|at| std::ptr::from_ref(at.schema).addr())
            .collect();
        let rounds = self.open.iter().filter(|open| **open == identity).count();
        self.open.push(identity);
        // What is inside itself is built twice with all its variety, then as small as it can be.
        let small = rounds >= 2 || self.left < RESERVE;
        let near = reached(hints.iter().chain(has));
        if near.is_empty() {
            // Nobody says anything about this place.
            self.open.pop();
            return [
                json!(null),
                json!(0),
                json!(""),
                json!({}),
                json!([]),
                json!(true),
                json!(0.5),
            ]
            .into_iter()
            .filter(|value| has.iter().all(|at| at.document.holds(at.schema, value)))
            .collect();
        }
        let mut all = Vec::new();
        for way in ways(has) {
            if way.possible {
                all.push(self.way(&way, hints, &near, depth, small));
            }
            if small && all.last().is_some_and(|values| !values.is_empty()) {
                break;
            }
        }
        self.open.pop();
        // Inside a place of its own kind, and far inside the whole, there is less variety.
        let limit = match (depth, rounds) {
            (0, _) => self.whole,
            (_, 0) if depth <= 3 => self.per_place,
            (_, 0) => self.per_place / 2,
            (_, 1) => self.per_place / 16,
            (_, _) => 1,
        }
        .max(1);
        let mut values: Vec<Value> = Vec::new();
        let mut seen = BTreeSet::new();
        // One of each way before the second of any.
        let longest = all.iter().map(Vec::len).max().unwrap_or_default();
        for index in 0..longest {
            for value in all.iter().filter_map(|values| values.get(index)) {
                if values.len() < limit
                    && has.iter().all(|at| at.document.looked() < LOOKED)
                    && has.iter().all(|at| at.document.holds(at.schema, value))
                    && seen.insert(value.to_string())
                {
                    values.push(value.clone());
                }
            }
        }
        values
    }

    fn way(
        &mut self,
        way: &Way<'_>,
        hints: &[At<'_>],
        near: &[At<'_>],
        depth: usize,
        small: bool,
    ) -> Vec<Value> {
        let mut given: Option<Vec<Value>> = None;
        for (members, _) in &way.objects {
            let listed = members
                .get("const")
                .map(|value| vec![value.clone()])
                .or_else(|| members.get("enum").and_then(Value::as_array).cloned());
            given = match (given, listed) {
                (None, listed) => listed,
                (Some(known), Some(listed)) => Some(
                    known
                        .into_iter()
                        .filter(|value| listed.iter().any(|other| equal(other, value)))
                        .collect(),
                ),
                (known, None) => known,
            };
        }
        if let Some(given) = given {
            // A number of an enumeration has two spellings, and draft 4 tells them apart.
            let floats: Vec<Value> = given.iter().filter_map(as_float).collect();
            return given.into_iter().chain(floats).collect();
        }
        let types = types_of(way);
        let typed = types.is_some();
        let types = types.unwrap_or_else(|| {
            vec![
                "object", "string", "integer", "number", "boolean", "null", "array",
            ]
        });
        let mut kinds: Vec<Vec<Value>> = Vec::new();
        for name in types {
            kinds.push(match name {
                "null" => vec![Value::Null],
                "boolean" => vec![Value::Bool(true), Value::Bool(false)],
                "integer" => numbers(way, near, true),
                "number" => numbers(way, near, false),
                "string" => texts(way, near),
                "array" => self.arrays(way, hints, near, depth, small),
                "object" => self.objects(way, hints, near, depth, small),
                _ => Vec::new(),
            });
        }
        let mut values = Vec::new();
        for member in ["examples", "default"] {
            for (members, _) in &way.objects {
                match members.get(member) {
                    Some(Value::Array(examples)) if member == "examples" => values.extend(examples.clone()),
                    Some(value) if member == "default" => values.push(value.clone()),
                    Some(_) | None => {}
                }
            }
        }
        let longest = kinds.iter().map(Vec::len).max().unwrap_or_default();
        for index in 0..longest {
            values.extend(kinds.iter().filter_map(|kind| kind.get(index).cloned()));
        }
        if !typed {
            // Whatever the other side lists is a value here as well.
            for at in near {
                values.extend(at.schema.get("const").cloned());
                values.extend(
                    at.schema
                        .get("enum")
                        .and_then(Value::as_array)
                        .cloned()
                        .unwrap_or_default(),
                );
            }
        }
        values
    }
}
