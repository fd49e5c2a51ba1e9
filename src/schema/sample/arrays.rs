//! Arrays: each length, each position with each of its values, and what has to be among the items.

use serde_json::{Value, json};

use super::place::{LONGEST, Sampler};
use super::scalars::limits;
use super::ways::{At, Way, items_of};
use crate::schema::eval::equal;

impl Sampler {
    pub(super) fn arrays(
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
