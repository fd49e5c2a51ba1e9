//! Objects and arrays.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::schema::eval::equal;

use super::instance::Building;
use super::positive::{OTHERWISE, SOME_ITEM, SOME_MEMBER, TWICE};
use super::scalars::{LONGEST, allowed, count, range, said};

static TEXT: LazyLock<Value> = LazyLock::new(|| json!({ "type": "string" }));

/// Names that are required.
pub(super) fn required(objects: &[&Map<String, Value>]) -> BTreeSet<String> {
    said(objects, "required")
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

impl<'a> Building<'a> {
    /// The schemas of a member, if there may be one of this name.
    fn of_member(&self, objects: &[&'a Map<String, Value>], name: &str) -> Option<Vec<&'a Value>> {
        let mut found: Vec<&'a Value> = Vec::new();
        let mut evaluated = false;
        for members in objects {
            let before = found.len();
            found.extend(
                members
                    .get("properties")
                    .and_then(|properties| properties.get(name)),
            );
            let patterns = members.get("patternProperties").and_then(Value::as_object);
            for (pattern, schema) in patterns.into_iter().flatten() {
                if self.document.matches(pattern, name) {
                    found.push(schema);
                }
            }
            if found.len() == before {
                found.extend(members.get("additionalProperties"));
            }
            evaluated |= found.len() > before;
        }
        if !evaluated {
            found.extend(said(objects, "unevaluatedProperties"));
        }
        let refused = found.iter().any(|schema| **schema == Value::Bool(false));
        let as_name = Value::from(name);
        let named = said(objects, "propertyNames")
            .into_iter()
            .all(|names| self.document.holds(names, &as_name));
        (!refused && named).then_some(found)
    }

    /// A name that satisfies `wanted` and may be given to a member.
    fn name(
        &mut self,
        objects: &[&'a Map<String, Value>],
        wanted: Option<&'a Value>,
        depth: usize,
    ) -> Option<String> {
        let mut has = said(objects, "propertyNames");
        has.extend(wanted);
        if !has.is_empty() {
            has.push(&TEXT);
        }
        let patterns: Vec<&'a String> = said(objects, "patternProperties")
            .into_iter()
            .filter_map(Value::as_object)
            .flat_map(|patterns| patterns.keys())
            .collect();
        for _ in 0..8 {
            let name = if has.is_empty() {
                match self.choices.below(4) {
                    0 => match self.choices.of(&patterns) {
                        Some(pattern) => {
                            let only: Map<String, Value> =
                                [("pattern".to_owned(), Value::from(pattern.as_str()))]
                                    .into_iter()
                                    .collect();
                            super::scalars::text(&[&only], self.generator.patterns(), self.choices)?
                        }
                        None => "extra".to_owned(),
                    },
                    1 => super::scalars::text(&[], self.generator.patterns(), self.choices)?,
                    _ => format!("x{}", self.choices.below(9)),
                }
            } else {
                let Some(Value::String(name)) = self.name_value(&has, depth) else {
                    continue;
                };
                name
            };
            if self.of_member(objects, &name).is_some() {
                return Some(name);
            }
        }
        None
    }

    fn name_value(&mut self, has: &[&'a Value], depth: usize) -> Option<Value> {
        (0..4).find_map(|_| self.value(has, depth + 1).filter(Value::is_string))
    }

    pub(super) fn object(&mut self, objects: &[&'a Map<String, Value>], depth: usize) -> Option<Value> {
        let (least, most) = range(objects, "minProperties", "maxProperties");
        if least > most || least > LONGEST {
            return None;
        }
        let deep = self.is_deep(depth);
        let mut wanted: BTreeSet<String> = required(objects);
        let mut demanded: Vec<(String, &'a Value)> = Vec::new();
        for some in said(objects, SOME_MEMBER)
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
        {
            let name = self.name(objects, some.get(0), depth)?;
            demanded.push((name.clone(), some.get(1)?));
            wanted.insert(name);
        }
        let certain = wanted.clone();
        let declared: Vec<&'a String> = said(objects, "properties")
            .into_iter()
            .filter_map(Value::as_object)
            .flat_map(|properties| properties.keys())
            .collect();
        // All, none, or some of the optional members.
        let share = if deep {
            0
        } else {
            [0, 1, 2, 4][self.choices.below(4)]
        };
        for name in &declared {
            if self.choices.chance(share, 4) {
                wanted.insert((*name).clone());
            }
        }
        if !deep && self.choices.chance(1, 3) {
            for _ in 0..=self.choices.below(2) {
                wanted.extend(self.name(objects, None, depth));
            }
        }
        depend(objects, &mut wanted);
        let mut spare = self.choices.shuffled(declared.clone());
        let mut tries = 0;
        while (wanted.len() as u64) < least && tries < least + 64 {
            tries += 1;
            match spare.pop() {
                Some(name) => wanted.extend(self.of_member(objects, name).map(|_| name.clone())),
                None => wanted.extend(self.name(objects, None, depth)),
            }
            depend(objects, &mut wanted);
        }
        let droppable: Vec<String> = wanted.difference(&certain).cloned().collect();
        for name in self.choices.shuffled(droppable) {
            if wanted.len() as u64 <= most {
                break;
            }
            wanted.remove(&name);
        }
        let mut made = Map::new();
        for name in &wanted {
            let member = self.of_member(objects, name).map(|mut has| {
                let more = demanded.iter().filter(|(demanded, _)| demanded == name);
                has.extend(more.map(|(_, schema)| *schema));
                has
            });
            match member.and_then(|has| self.value(&has, depth + 1)) {
                Some(value) => {
                    made.insert(name.clone(), value);
                }
                None if certain.contains(name) => return None,
                None => {}
            }
        }
        let made = Value::Object(made);
        allowed(objects, &made).then_some(made)
    }

    /// The schemas of an item, if there may be one at this position.
    fn of_item(objects: &[&'a Map<String, Value>], index: usize) -> Option<Vec<&'a Value>> {
        let mut found: Vec<&'a Value> = Vec::new();
        let mut evaluated = false;
        for members in objects {
            let position = members
                .get("prefixItems")
                .and_then(Value::as_array)
                .and_then(|positions| positions.get(index))
                .or_else(|| members.get("items"));
            evaluated |= position.is_some();
            found.extend(position);
        }
        if !evaluated {
            found.extend(said(objects, "unevaluatedItems"));
        }
        (!found.iter().any(|schema| **schema == Value::Bool(false))).then_some(found)
    }

    pub(super) fn array(&mut self, objects: &[&'a Map<String, Value>], depth: usize) -> Option<Value> {
        let (least, most) = range(objects, "minItems", "maxItems");
        // Items that some keyword asks for, with the first position they may have.
        let mut demanded: Vec<(usize, &'a Value)> = Vec::new();
        let mut refused: Vec<&'a Value> = Vec::new();
        for members in objects {
            if let Some(counted) = members.get("contains") {
                let wanted = members.get("minContains").and_then(count).unwrap_or(1);
                if wanted > LONGEST {
                    return None;
                }
                let bounded = members.get("maxContains").and_then(count);
                let more = bounded.map_or(2, |most| most.saturating_sub(wanted).min(2));
                let more = self.choices.below(usize::try_from(more).unwrap_or_default() + 1) as u64;
                demanded.extend((0..wanted + more).map(|_| (0, counted)));
                if bounded.is_some() {
                    refused.extend(
                        members
                            .get(OTHERWISE)
                            .and_then(|otherwise| otherwise.get("contains")),
                    );
                }
            }
            for some in members
                .get(SOME_ITEM)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let from = some.get(0).and_then(count).unwrap_or_default();
                demanded.push((usize::try_from(from).unwrap_or_default(), some.get(1)?));
            }
        }
        let mut needed = demanded.len() as u64;
        if let Some(from) = demanded.iter().map(|(from, _)| *from as u64 + 1).max() {
            needed = needed.max(from);
        }
        // One item can be what several keywords ask for.
        if needed > most || self.choices.chance(1, 4) {
            needed = needed.min(most).min(least.max(1));
        }
        let least = least.max(needed);
        if least > most || least > LONGEST {
            return None;
        }
        let room = usize::try_from(most.saturating_sub(least).min(4)).unwrap_or_default();
        let length = match self.choices.below(5) {
            _ if self.is_deep(depth) => least,
            0 => least,
            1 if most <= 16 => most,
            _ => least + self.choices.below(room + 1) as u64,
        };
        let mut length = usize::try_from(length).ok()?;
        for index in 0..length {
            if Self::of_item(objects, index).is_none() {
                if (index as u64) < least {
                    return None;
                }
                length = index;
                break;
            }
        }
        // Where the demanded items stand.
        let mut places: Vec<Vec<&'a Value>> = vec![Vec::new(); length];
        for (from, schema) in demanded {
            let mut free: Vec<usize> = (from..length).filter(|index| places[*index].is_empty()).collect();
            if free.is_empty() {
                free = (from..length).collect();
            }
            let at = *self.choices.of(&free)?;
            places[at].push(schema);
        }
        let unique = said(objects, "uniqueItems").contains(&&Value::Bool(true));
        let mut items: Vec<Value> = Vec::new();
        for (index, demanded) in places.iter().enumerate() {
            let mut has = Self::of_item(objects, index)?;
            if demanded.is_empty() {
                has.extend(&refused);
            } else {
                has.extend(demanded);
            }
            let mut made = None;
            for _ in 0..if unique { 16 } else { 1 } {
                let Some(item) = self.value(&has, depth + 1) else {
                    break;
                };
                if !unique || !items.iter().any(|known| equal(known, &item)) {
                    made = Some(item);
                    break;
                }
            }
            match made {
                Some(item) => items.push(item),
                // What is not needed and cannot be made ends the array.
                None if index as u64 >= least && places[index..].iter().all(Vec::is_empty) => break,
                None => return None,
            }
        }
        if !said(objects, TWICE).is_empty() && items.len() >= 2 {
            let from = self.choices.below(items.len());
            let to = (from + 1 + self.choices.below(items.len() - 1)) % items.len();
            items[to] = items[from].clone();
        }
        let made = Value::Array(items);
        allowed(objects, &made).then_some(made)
    }
}

/// Adds the members that others ask for.
fn depend(objects: &[&Map<String, Value>], wanted: &mut BTreeSet<String>) {
    loop {
        let before = wanted.len();
        for dependent in said(objects, "dependentRequired")
            .into_iter()
            .filter_map(Value::as_object)
        {
            for (name, needed) in dependent {
                if wanted.contains(name) {
                    let needed = needed.as_array().into_iter().flatten().filter_map(Value::as_str);
                    wanted.extend(needed.map(str::to_owned));
                }
            }
        }
        if wanted.len() == before {
            return;
        }
    }
}
