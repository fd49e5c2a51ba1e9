//! Objects: each member there and not there, each value of each, and two at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::place::{LONGEST, Sampler};
use super::scalars::limits;
use super::ways::{At, Way, keys, members_of, names};
use crate::schema::shape;

impl Sampler {
    pub(super) fn objects(
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
        let cost = shape::size(&values[0], usize::MAX);
        let with = |name: &str, value: &Value| {
            let mut changed = base.clone();
            changed.insert(name.to_owned(), value.clone());
            Value::Object(changed)
        };
        let optional: Vec<&String> = known.iter().filter(|name| !base.contains_key(*name)).collect();
        let mut full = base.clone();
        for name in &optional {
            if let Some(value) = choose(self, name).into_iter().next()
                && self.copies(cost)
            {
                values.push(with(name, &value));
                full.insert((*name).clone(), value);
            }
        }
        values.push(Value::Object(full.clone()));
        for name in &others {
            if let Some(value) = choose(self, name).into_iter().next()
                && self.copies(cost)
            {
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
                if let Some(value) = choices.get(index)
                    && self.copies(cost)
                {
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
                if let (Some(left_value), Some(right_value)) = (left_values.first(), right_values.first())
                    && self.copies(cost)
                {
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

    /// Takes the room for a copy; false when there is none left.
    fn copies(&mut self, cost: usize) -> bool {
        let has_room = self.room >= cost;
        self.room = self.room.saturating_sub(cost);
        has_room
    }
}
