//! Values that satisfy one schema and look for the edges of another.
//!
//! A directed builder, no fuzzer: the smallest value first, then one thing changed at a time. Each optional member
//! there and not there, each enum member, each branch, both sides of every bound that either schema has, a member
//! nobody declares. The same schemas give the same values in the same order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value, json};

use super::eval::{Evaluator, equal};

/// Ways to satisfy the choices of one schema that are followed.
const WAYS: usize = 24;
/// Values for one place inside a value, values for the whole, and places that are looked at.
const FULL: (usize, usize, usize) = (160, 6000, 2000);
const GLANCE: (usize, usize, usize) = (6, 60, 400);
/// Places that are looked at after that, only to have what is required.
const RESERVE: usize = 1000;
/// How deep values are built.
const DEPTH: usize = 40;
/// The longest array or text that is built.
const LONGEST: u64 = 2048;

/// A schema object and the document that its references belong to.
#[derive(Clone, Copy)]
struct At<'a> {
    schema: &'a Value,
    document: &'a Evaluator<'a>,
}

/// How many values are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// As many as are worth trying.
    Full,
    /// A few.
    Glance,
}

/// Values for `old`, directed by what `new` says at the same places.
pub(super) fn values<'a>(
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
    let mut sampler = Sampler {
        open: Vec::new(),
        per_place,
        whole,
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

struct Sampler {
    /// The places being built, outermost first, by the addresses of their schemas.
    open: Vec<Vec<usize>>,
    per_place: usize,
    whole: usize,
    /// Places that may still be looked at.
    left: usize,
}

/// One way to satisfy a list of schemas: the objects that all apply.
#[derive(Clone)]
struct Way<'a> {
    objects: Vec<(&'a Map<String, Value>, &'a Evaluator<'a>)>,
    possible: bool,
}

impl Sampler {
    /// Values that satisfy all of `has`.
    fn place(&mut self, has: &[At<'_>], hints: &[At<'_>], depth: usize) -> Vec<Value> {
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

    fn objects(
        &mut self,
        way: &Way<'_>,
        hints: &[At<'_>],
        near: &[At<'_>],
        depth: usize,
        small: bool,
    ) -> Vec<Value> {
        let mut required = BTreeSet::new();
        let mut declared = BTreeSet::new();
        for (members, _) in &way.objects {
            required.extend(names(members.get("required")));
            declared.extend(keys(members.get("properties")));
        }
        let known: BTreeSet<String> = declared.union(&required).cloned().collect();
        let open = |name: &str| {
            way.objects.iter().all(|(members, document)| {
                members
                    .get("additionalProperties")
                    .is_none_or(|rest| *rest != Value::Bool(false) || document.declares(members, name))
            })
        };
        let mut others: Vec<String> = Vec::new();
        if !small {
            let mut suggested = BTreeSet::new();
            for at in near {
                let Some(members) = at.schema.as_object() else {
                    continue;
                };
                suggested.extend(keys(members.get("properties")));
                suggested.extend(names(members.get("required")));
                suggested.extend(keys(members.get("dependentSchemas")));
                for (name, needed) in members
                    .get("dependentRequired")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten()
                {
                    suggested.insert(name.clone());
                    suggested.extend(names(Some(needed)));
                }
                for pattern in keys(members.get("patternProperties")) {
                    suggested.extend(at.document.texts(&pattern).iter().take(4).cloned());
                }
                for listed in [members.get("const"), members.get("enum")].into_iter().flatten() {
                    let listed = listed
                        .as_array()
                        .map_or(std::slice::from_ref(listed), Vec::as_slice);
                    suggested.extend(listed.iter().flat_map(|value| keys(Some(value))));
                }
                if let Some(name_schema) = members.get("propertyNames") {
                    let at = At {
                        schema: name_schema,
                        document: at.document,
                    };
                    let texts = self.place(&[at], &[], depth + 8);
                    suggested.extend(texts.iter().filter_map(Value::as_str).take(4).map(str::to_owned));
                }
            }
            suggested.extend(["extra", "", "x1"].map(str::to_owned));
            others.extend(
                suggested
                    .into_iter()
                    .filter(|name| !known.contains(name) && open(name))
                    .take(64),
            );
        }
        let mut choices: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut choose = |sampler: &mut Self, name: &str| {
            choices
                .entry(name.to_owned())
                .or_insert_with(|| {
                    let (has, child_hints) = members_of(way, hints, name);
                    sampler.place(&has, &child_hints, depth + 1)
                })
                .clone()
        };
        let mut base = Map::new();
        for name in &required {
            match choose(self, name).into_iter().next() {
                Some(value) => base.insert(name.clone(), value),
                // A member that has to be there and cannot be.
                None => return Vec::new(),
            };
        }
        let least = way
            .objects
            .iter()
            .filter_map(|(members, _)| members.get("minProperties")?.as_u64())
            .max()
            .unwrap_or_default()
            .min(LONGEST);
        let candidates: Vec<String> = known.iter().chain(&others).cloned().collect();
        let mut more = candidates.iter();
        let mut number = 0;
        while (base.len() as u64) < least {
            let name = match more.next() {
                Some(name) => name.clone(),
                None if number > least * 2 => break,
                None => {
                    number += 1;
                    format!("x{number}")
                }
            };
            if !base.contains_key(&name)
                && let Some(value) = choose(self, &name).into_iter().next()
            {
                base.insert(name, value);
            }
        }
        let mut values = vec![Value::Object(base.clone())];
        if small {
            return values;
        }
        let with = |name: &str, value: &Value| {
            let mut changed = base.clone();
            changed.insert(name.to_owned(), value.clone());
            Value::Object(changed)
        };
        let optional: Vec<&String> = known.iter().filter(|name| !base.contains_key(*name)).collect();
        let mut full = base.clone();
        for name in &optional {
            if let Some(value) = choose(self, name).into_iter().next() {
                values.push(with(name, &value));
                full.insert((*name).clone(), value);
            }
        }
        values.push(Value::Object(full.clone()));
        for name in &others {
            if let Some(value) = choose(self, name).into_iter().next() {
                values.push(with(name, &value));
            }
        }
        // Then the other values of every member, in rounds, so that no member comes before all others.
        let mut all: Vec<(&String, Vec<Value>)> = Vec::new();
        for name in known.iter().chain(&others) {
            all.push((name, choose(self, name)));
        }
        let longest = all
            .iter()
            .map(|(_, values)| values.len())
            .max()
            .unwrap_or_default();
        for index in 1..longest {
            for (name, choices) in &all {
                if let Some(value) = choices.get(index) {
                    values.push(with(name, value));
                }
            }
        }
        // And two members at once, for what depends on both.
        let pairs: Vec<&(&String, Vec<Value>)> = all
            .iter()
            .filter(|(name, _)| !base.contains_key(*name))
            .take(12)
            .collect();
        for (index, (left, left_values)) in pairs.iter().enumerate() {
            for (right, right_values) in &pairs[index + 1..] {
                if let (Some(left_value), Some(right_value)) = (left_values.first(), right_values.first()) {
                    let mut changed = base.clone();
                    changed.insert((*left).clone(), left_value.clone());
                    changed.insert((*right).clone(), right_value.clone());
                    values.push(Value::Object(changed));
                }
            }
        }
        for bound in limits(near, &["minProperties", "maxProperties"]) {
            let mut sized = full.clone();
            let mut number = 0;
            while (sized.len() as u64) < bound.min(LONGEST) && number <= bound {
                number += 1;
                let name = format!("x{number}");
                if open(&name)
                    && let Some(value) = choose(self, &name).into_iter().next()
                {
                    sized.insert(name, value);
                }
            }
            while sized.len() as u64 > bound {
                let Some(name) = sized
                    .keys()
                    .filter(|name| !required.contains(*name))
                    .min()
                    .cloned()
                else {
                    break;
                };
                sized.remove(&name);
            }
            values.push(Value::Object(sized));
        }
        values
    }

    fn arrays(
        &mut self,
        way: &Way<'_>,
        hints: &[At<'_>],
        near: &[At<'_>],
        depth: usize,
        small: bool,
    ) -> Vec<Value> {
        let bound = |keyword: &'static str| {
            way.objects
                .iter()
                .filter_map(move |(members, _)| members.get(keyword)?.as_u64())
        };
        let least = bound("minItems").max().unwrap_or_default();
        let most = bound("maxItems").min().unwrap_or(u64::MAX);
        if least > LONGEST {
            return Vec::new();
        }
        let unique = way
            .objects
            .iter()
            .any(|(members, _)| members.get("uniqueItems") == Some(&Value::Bool(true)));
        // One item for each schema that some item has to satisfy, which is an item like the others as well.
        let mut wanted: Vec<Vec<Value>> = Vec::new();
        for (members, document) in &way.objects {
            if let Some(schema) = members.get("contains")
                && members.get("minContains") != Some(&json!(0))
            {
                let (mut has, child_hints) = items_of(way, hints, usize::MAX);
                has.push(At { schema, document });
                let values = self.place(&has, &child_hints, depth + 1);
                if values.is_empty() {
                    return Vec::new();
                }
                wanted.push(values);
            }
        }
        let mut positions: Vec<Vec<Value>> = Vec::new();
        let tuple = way
            .objects
            .iter()
            .map(|(members, _)| *members)
            .chain(near.iter().filter_map(|at| at.schema.as_object()))
            .filter_map(|members| Some(members.get("prefixItems")?.as_array()?.len()))
            .max()
            .unwrap_or_default()
            .min(16);
        for index in 0..=tuple {
            let (has, child_hints) = items_of(way, hints, index);
            positions.push(self.place(&has, &child_hints, depth + 1));
        }
        let at = |position: usize| &positions[position.min(tuple)];
        let build = |length: u64, varied: usize, choice: usize| -> Option<Value> {
            let mut items: Vec<Value> = Vec::new();
            for index in 0..usize::try_from(length).ok()? {
                let choices = at(index);
                let wanted = if index == varied { choice } else { 0 };
                let item = if unique {
                    choices
                        .iter()
                        .cycle()
                        .skip(wanted)
                        .take(choices.len())
                        .find(|item| !items.iter().any(|known| equal(known, item)))?
                } else {
                    choices.get(wanted)?
                };
                items.push(item.clone());
            }
            Some(Value::Array(items))
        };
        let mut values = Vec::new();
        if wanted.is_empty() {
            values.extend(build(least, usize::MAX, 0));
        }
        let rounds = if small {
            1
        } else {
            wanted.iter().map(Vec::len).max().unwrap_or_default()
        };
        for choice in 0..rounds {
            for varied in 0..wanted.len() {
                let chosen = wanted.iter().enumerate().filter_map(|(index, choices)| {
                    choices.get(if index == varied { choice } else { 0 }).cloned()
                });
                let mut items: Vec<Value> = Vec::new();
                for item in chosen {
                    if !items.contains(&item) {
                        items.push(item);
                    }
                }
                let missing = least.saturating_sub(items.len() as u64);
                if let Some(Value::Array(more)) = build(missing, usize::MAX, 0) {
                    items.extend(more);
                }
                values.push(Value::Array(items));
            }
        }
        if small {
            return values;
        }
        if least == 0 {
            values.push(json!([]));
        }
        let length = least.max(1).min(most);
        let rounds = positions.iter().map(Vec::len).max().unwrap_or_default();
        for choice in 0..rounds {
            for (varied, values_there) in positions.iter().enumerate().take(tuple + 1) {
                let length = length.max(varied as u64 + 1);
                if length <= most && choice < values_there.len() {
                    values.extend(build(length, varied, choice));
                }
            }
        }
        if !unique {
            // Twice the same, and two that differ.
            for choice in 0..rounds.min(6) {
                if let Some(item) = at(0).get(choice).filter(|_| most >= 2) {
                    values.push(json!([item, at(1).first().unwrap_or(item)]));
                    values.push(json!([item, item]));
                }
            }
        }
        for length in limits(near, &["minItems", "maxItems", "minContains", "maxContains"]) {
            if length >= least && length <= most && length <= LONGEST {
                values.extend(build(length, usize::MAX, 0));
                for choice in 1..rounds.min(4) {
                    values.extend((length > 0).then(|| build(length, 0, choice)).flatten());
                }
            }
        }
        // What another schema counts or wants among the items, as items.
        for near in near {
            if let Some(schema) = near.schema.get("contains") {
                let (mut has, _) = items_of(way, hints, usize::MAX);
                has.push(At {
                    schema,
                    document: near.document,
                });
                for value in self.place(&has, &[], depth + 1).into_iter().take(4) {
                    values.push(json!([value.clone()]));
                    values.push(json!([value.clone(), value]));
                }
            }
        }
        values
    }
}

/// The ways to satisfy all of `has`.
fn ways<'a>(has: &[At<'a>]) -> Vec<Way<'a>> {
    let mut done = Vec::new();
    let start = Way {
        objects: Vec::new(),
        possible: true,
    };
    let mut open: Vec<(Way<'a>, Vec<At<'a>>, usize)> = vec![(start, has.to_vec(), 0)];
    while let Some((mut way, mut rest, steps)) = open.pop() {
        if done.len() >= WAYS {
            break;
        }
        let Some(at) = rest.pop() else {
            done.push(way);
            continue;
        };
        let members = match at.schema {
            Value::Object(members) => members,
            Value::Bool(false) => continue,
            _ => {
                open.push((way, rest, steps));
                continue;
            }
        };
        // A schema that applies to a value by itself again says nothing new.
        let known = way.objects.iter().any(|(known, _)| std::ptr::eq(*known, members));
        if known || steps > 512 {
            open.push((way, rest, steps));
            continue;
        }
        way.objects.push((members, at.document));
        let inside = |schema: &'a Value| At {
            schema,
            document: at.document,
        };
        if let Some(target) = members
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| at.document.target(reference))
        {
            rest.push(inside(target));
        }
        if let Some(Value::Array(parts)) = members.get("allOf") {
            rest.extend(parts.iter().map(inside));
        }
        let mut cases: Vec<Vec<At<'a>>> = vec![Vec::new()];
        for keyword in ["anyOf", "oneOf"] {
            if let Some(Value::Array(branches)) = members.get(keyword) {
                cases = product(&cases, branches.iter().map(|branch| vec![inside(branch)]));
            }
        }
        if let Some(condition) = members.get("if") {
            let then = members.get("then").map(inside);
            let otherwise: Vec<At<'a>> = members.get("else").map(inside).into_iter().collect();
            let met = std::iter::once(inside(condition)).chain(then).collect();
            cases = product(&cases, [otherwise, met].into_iter());
        }
        if let Some(Value::Object(dependent)) = members.get("dependentSchemas") {
            let met = dependent.values().map(|schema| vec![inside(schema)]);
            cases = product(&cases, std::iter::once(Vec::new()).chain(met));
        }
        // The last one is taken up first.
        for case in cases.into_iter().rev() {
            let rest = rest.iter().copied().chain(case).collect();
            open.push((way.clone(), rest, steps + 1));
        }
    }
    done
}

fn product<'a>(cases: &[Vec<At<'a>>], more: impl Iterator<Item = Vec<At<'a>>>) -> Vec<Vec<At<'a>>> {
    let more: Vec<Vec<At<'a>>> = more.collect();
    cases
        .iter()
        .flat_map(|case| {
            more.iter()
                .map(|extra| case.iter().chain(extra).copied().collect())
        })
        .take(WAYS)
        .collect()
}

/// Every schema that says something about the value that these are about, whether it has to hold or not.
fn reached<'a>(from: impl Iterator<Item = impl std::borrow::Borrow<At<'a>>>) -> Vec<At<'a>> {
    let mut open: Vec<At<'a>> = from.map(|at| *at.borrow()).collect();
    let mut reached: Vec<At<'a>> = Vec::new();
    let mut seen = BTreeSet::new();
    while let Some(at) = open.pop() {
        let Some(members) = at.schema.as_object() else {
            continue;
        };
        if reached.len() >= 64 || !seen.insert(std::ptr::from_ref(at.schema).addr()) {
            continue;
        }
        reached.push(at);
        let inside = |schema: &'a Value| At {
            schema,
            document: at.document,
        };
        for keyword in ["allOf", "anyOf", "oneOf"] {
            open.extend(
                members
                    .get(keyword)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .map(inside),
            );
        }
        for keyword in ["not", "if", "then", "else"] {
            open.extend(members.get(keyword).map(inside));
        }
        let dependent = members.get("dependentSchemas").and_then(Value::as_object);
        open.extend(dependent.into_iter().flatten().map(|(_, schema)| inside(schema)));
        open.extend(
            members
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| at.document.target(reference))
                .map(inside),
        );
    }
    reached
}

/// The schemas of a member: those that have to hold, and those of the other side.
fn members_of<'a>(way: &Way<'a>, hints: &[At<'a>], name: &str) -> (Vec<At<'a>>, Vec<At<'a>>) {
    let of = |members: &'a Map<String, Value>, document: &'a Evaluator<'a>| {
        let mut found = Vec::new();
        found.extend(
            members
                .get("properties")
                .and_then(|properties| properties.get(name)),
        );
        for (pattern, schema) in members
            .get("patternProperties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if document.matches(pattern, name) {
                found.push(schema);
            }
        }
        if found.is_empty() {
            found.extend(members.get("additionalProperties").or_else(|| {
                members
                    .get("unevaluatedProperties")
                    .filter(|rest| rest.is_object())
            }));
        }
        found
            .into_iter()
            .map(move |schema| At { schema, document })
            .collect::<Vec<_>>()
    };
    let has = way
        .objects
        .iter()
        .flat_map(|(members, document)| of(members, document))
        .collect();
    let near = reached(hints.iter());
    let hints = near
        .iter()
        .filter_map(|at| Some(of(at.schema.as_object()?, at.document)))
        .flatten()
        .collect();
    (has, hints)
}

/// The schemas of an item, as [`members_of`].
fn items_of<'a>(way: &Way<'a>, hints: &[At<'a>], index: usize) -> (Vec<At<'a>>, Vec<At<'a>>) {
    let of = |members: &'a Map<String, Value>, document: &'a Evaluator<'a>| {
        let positions = members.get("prefixItems").and_then(Value::as_array);
        positions
            .and_then(|positions| positions.get(index))
            .or_else(|| members.get("items"))
            .or_else(|| members.get("unevaluatedItems").filter(|rest| rest.is_object()))
            .map(|schema| At { schema, document })
    };
    let has = way
        .objects
        .iter()
        .filter_map(|(members, document)| of(members, document))
        .collect();
    let near = reached(hints.iter());
    let hints = near
        .iter()
        .filter_map(|at| of(at.schema.as_object()?, at.document))
        .collect();
    (has, hints)
}

fn types_of<'a>(way: &Way<'a>) -> Option<Vec<&'a str>> {
    let mut types: Option<Vec<&'a str>> = None;
    for (members, _) in &way.objects {
        let named: Vec<&'a str> = match members.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => continue,
        };
        let allows = |named: &[&str], name: &str| {
            named.contains(&name) || (name == "integer" && named.contains(&"number"))
        };
        types = Some(match types {
            None => named,
            Some(known) => {
                let mut both: Vec<&str> = known
                    .iter()
                    .copied()
                    .filter(|name| allows(&named, name))
                    .collect();
                both.extend(named.iter().copied().filter(|name| allows(&known, name)));
                both.sort_unstable();
                both.dedup();
                both
            }
        });
    }
    types
}

fn names(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn keys(object: Option<&Value>) -> Vec<String> {
    object
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

/// Both sides of every count that a schema has.
fn limits(near: &[At<'_>], keywords: &[&str]) -> Vec<u64> {
    let mut limits = BTreeSet::new();
    for at in near {
        for keyword in keywords {
            if let Some(limit) = at.schema.get(*keyword).and_then(Value::as_u64) {
                limits.extend([limit.saturating_sub(1), limit, limit.saturating_add(1)]);
            }
        }
    }
    limits.into_iter().take(24).collect()
}

/// Numbers at the edges of what the schemas say.
fn numbers(way: &Way<'_>, near: &[At<'_>], integer: bool) -> Vec<Value> {
    let mut exact: Vec<i128> = Vec::new();
    let mut floats: Vec<f64> = Vec::new();
    let own = way.objects.iter().map(|(members, _)| *members);
    let others = near.iter().filter_map(|at| at.schema.as_object());
    let mut divisors: Vec<f64> = Vec::new();
    for members in own.chain(others) {
        for keyword in [
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "const",
        ] {
            if let Some(Value::Number(limit)) = members.get(keyword) {
                around(limit, &mut exact, &mut floats);
            }
        }
        for value in members
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .take(32)
        {
            if let Value::Number(number) = value {
                around(number, &mut exact, &mut floats);
            }
        }
        if let Some(divisor) = members.get("multipleOf").and_then(Value::as_f64)
            && divisor > 0.0
        {
            divisors.push(divisor);
        }
    }
    exact.extend([0, 1, -1, 2]);
    let edges: Vec<f64> = exact
        .iter()
        .take(12)
        .map(|edge| to_float(*edge))
        .chain(floats.iter().copied())
        .collect();
    for divisor in divisors.iter().take(6) {
        for edge in &edges {
            let times = (edge / divisor).round();
            for times in [times, times + 1.0, times - 1.0] {
                floats.push(times * divisor);
            }
        }
        floats.extend([*divisor, divisor * 2.0, divisor * 3.0, divisor / 2.0]);
    }
    if let [first, second, ..] = divisors.as_slice() {
        floats.push(first * second);
    }
    exact.extend([10, 1000, i128::from(i32::MAX) + 1, -1000, i128::from(u64::MAX)]);
    if !integer {
        floats.extend([0.5, 1.5, -0.5, 1e300, -1e300]);
    }
    let mut values = Vec::new();
    for float in floats {
        let whole = float.fract() == 0.0 && float.abs() < 9e15;
        if whole {
            #[allow(clippy::cast_possible_truncation)]
            exact.push(float as i128);
        } else if !integer || float.fract() == 0.0 {
            values.extend(Number::from_f64(float).map(Value::Number));
        }
    }
    let mut all: Vec<Value> = Vec::new();
    for number in exact {
        let value = u64::try_from(number)
            .map(Value::from)
            .or_else(|_| i64::try_from(number).map(Value::from));
        all.extend(value);
    }
    all.extend(values);
    // The spelling with a point, last: a witness that hangs on it says little.
    all.extend(
        [1.0, 0.0]
            .into_iter()
            .filter_map(Number::from_f64)
            .map(Value::Number),
    );
    let floats: Vec<Value> = all.iter().take(16).filter_map(as_float).collect();
    all.extend(floats);
    all.truncate(FULL.0);
    all
}

/// A whole number, spelled with a point.
fn as_float(value: &Value) -> Option<Value> {
    let whole = value.is_u64() || value.is_i64();
    let float = value.as_f64().filter(|_| whole)?;
    Number::from_f64(float).map(Value::Number)
}

#[allow(clippy::cast_precision_loss)]
fn to_float(number: i128) -> f64 {
    number as f64
}

fn around(limit: &Number, exact: &mut Vec<i128>, floats: &mut Vec<f64>) {
    let whole = limit
        .as_u64()
        .map(i128::from)
        .or_else(|| limit.as_i64().map(i128::from));
    match (whole, limit.as_f64()) {
        (Some(whole), _) => {
            exact.extend([whole, whole + 1, whole - 1]);
            floats.extend([to_float(whole) + 0.5, to_float(whole) - 0.5]);
        }
        (None, Some(float)) => {
            floats.extend([
                float,
                float + 1.0,
                float - 1.0,
                float.ceil(),
                float.floor(),
                float + 0.001,
                float - 0.001,
            ]);
        }
        (None, None) => {}
    }
}

/// Texts at the edges of what the schemas say.
fn texts(way: &Way<'_>, near: &[At<'_>]) -> Vec<Value> {
    let mut texts: Vec<String> = Vec::new();
    let own: Vec<&Map<String, Value>> = way.objects.iter().map(|(members, _)| *members).collect();
    for (members, document) in &way.objects {
        if let Some(pattern) = members.get("pattern").and_then(Value::as_str) {
            texts.extend_from_slice(&document.texts(pattern));
        }
    }
    let least = own
        .iter()
        .filter_map(|members| members.get("minLength")?.as_u64())
        .max()
        .unwrap_or_default();
    if let Ok(least) = usize::try_from(least.min(LONGEST)) {
        texts.push("a".repeat(least));
    }
    texts.extend(["a", "", "A", "0", " ", "-", "é", "𝄞", "a b", "true", "1.0"].map(str::to_owned));
    for limit in limits(near, &["minLength", "maxLength"]) {
        if let Ok(limit) = usize::try_from(limit.min(LONGEST)) {
            texts.push("a".repeat(limit));
            texts.push("0".repeat(limit));
            texts.push("𝄞".repeat(limit));
        }
    }
    for at in near {
        if let Some(pattern) = at.schema.get("pattern").and_then(Value::as_str) {
            let matching = at.document.texts(pattern);
            for text in matching.iter().take(8) {
                texts.push(text.clone());
                let mut cut = text.clone();
                if cut.pop().is_some() {
                    texts.push(cut);
                }
                texts.push(text.to_uppercase());
            }
        }
        let listed = at
            .schema
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let listed = listed
            .chain(at.schema.get("const"))
            .filter_map(Value::as_str)
            .take(32);
        for text in listed {
            texts.push(text.to_owned());
            texts.push(format!("{text}a"));
        }
    }
    let mut seen = BTreeSet::new();
    texts.retain(|text| seen.insert(text.clone()));
    texts.truncate(FULL.0 * 2);
    texts.into_iter().map(Value::from).collect()
}
