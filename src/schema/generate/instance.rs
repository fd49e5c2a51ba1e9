//! Building one instance of a schema, choice by choice.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::schema::draft::Draft;
use crate::schema::engine::{self, Compiled};
use crate::schema::error::SchemaError;
use crate::schema::eval::{Evaluator, Patterns, equal};
use crate::schema::keywords::definition_name;
use crate::schema::sample::{self, Effort};
use crate::schema::translate::{self, Integers};

use super::choices::Choices;
use super::positive::{self, OTHERWISE};
use super::scalars;

/// How often an instance is begun before the schema is taken for one without.
const ATTEMPTS: usize = 60;
/// Places that are built for one instance.
const PLACES: usize = 4000;
/// Beyond this depth, instances are built as small as they can be.
const DEEP: usize = 6;
/// Beyond this depth, nothing is built.
const DEEPEST: usize = 40;
/// A height that no instance has.
const NEVER: u32 = 1_000_000;

/// Makes instances of one schema.
pub(crate) struct Generator {
    /// In the common form, with what refusals demand.
    positive: Value,
    /// As it was written.
    compiled: Compiled,
    patterns: Patterns,
    /// How deep the smallest instance of each definition is.
    heights: HashMap<String, u32>,
}

impl Generator {
    /// A generator for `schema`, in `draft` or the one it names.
    ///
    /// # Errors
    ///
    /// When it is no schema, refers to something outside itself, or uses what is not followed.
    pub(crate) fn new(schema: &Value, draft: Option<Draft>) -> Result<Self, SchemaError> {
        let own = || {
            Draft::of(schema).map_err(|named| {
                SchemaError::input(format!(
                    "the schema is written in `{named}`, which is no draft from 4 to 2020-12"
                ))
            })
        };
        let draft = draft.map_or_else(own, Ok)?;
        if !schema.is_object() && !schema.is_boolean() {
            return Err(SchemaError::input(
                "the schema is neither an object nor a boolean",
            ));
        }
        let compiled = engine::compile(schema, draft)
            .map_err(|error| SchemaError::input(format!("the schema: {}", error.message())))?;
        let common = translate::translate(schema, draft, Integers::Widened).map_err(|error| {
            SchemaError::input(format!("the schema at {}: {}", error.pointer, error.reason))
        })?;
        let positive = positive::positive(&common.schema);
        Ok(Self {
            heights: heights(&positive),
            positive,
            compiled,
            patterns: Patterns::default(),
        })
    }

    /// Whether the schema accepts `value`.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        self.compiled.is_valid(value)
    }

    /// An instance, or nothing when none was found.
    pub(crate) fn instance(&self, choices: &mut dyn Choices) -> Option<Value> {
        for attempt in 0..ATTEMPTS {
            let mut building = self.building(choices, attempt);
            if let Some(value) = building.value(&[&self.positive], 0)
                && self.compiled.is_valid(&value)
            {
                return Some(value);
            }
        }
        let document = Evaluator::new(&self.positive, &self.patterns);
        let known = sample::values(
            &self.positive,
            &document,
            &self.positive,
            &document,
            Effort::Glance,
        );
        let known: Vec<Value> = known
            .into_iter()
            .filter(|value| self.compiled.is_valid(value))
            .collect();
        choices.of(&known).cloned()
    }

    fn building<'a>(&'a self, choices: &'a mut dyn Choices, attempt: usize) -> Building<'a> {
        Building {
            generator: self,
            document: Evaluator::new(&self.positive, &self.patterns),
            choices,
            left: PLACES,
            attempt,
        }
    }

    fn height(&self, schema: &Value) -> u32 {
        height(schema, &self.heights)
    }

    pub(super) fn patterns(&self) -> &Patterns {
        &self.patterns
    }
}

/// One attempt at one instance.
pub(super) struct Building<'a> {
    pub(super) generator: &'a Generator,
    pub(super) document: Evaluator<'a>,
    pub(super) choices: &'a mut dyn Choices,
    left: usize,
    attempt: usize,
}

impl<'a> Building<'a> {
    /// A value that satisfies all of `has`.
    pub(super) fn value(&mut self, has: &[&'a Value], depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        let tries = if depth == 0 { 1 } else { 3 };
        for _ in 0..tries {
            self.left = self.left.checked_sub(1)?;
            if let Some(value) = self.once(has, depth)
                && has.iter().all(|schema| self.document.holds(schema, &value))
            {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn is_deep(&self, depth: usize) -> bool {
        depth >= DEEP || self.left < PLACES / 2
    }

    fn once(&mut self, has: &[&'a Value], depth: usize) -> Option<Value> {
        let objects = self.expand(has, depth)?;
        if let Some(listed) = listed(&objects) {
            let fitting: Vec<Value> = listed
                .into_iter()
                .filter(|value| {
                    scalars::allowed(&objects, value)
                        && has.iter().all(|schema| self.document.holds(schema, value))
                })
                .cloned()
                .collect();
            return self.choices.of(&fitting).cloned();
        }
        let kind = self.kind(&objects)?;
        match kind {
            "null" => Some(Value::Null).filter(|value| scalars::allowed(&objects, value)),
            "boolean" => {
                let both: Vec<Value> = [false, true]
                    .map(Value::Bool)
                    .into_iter()
                    .filter(|value| scalars::allowed(&objects, value))
                    .collect();
                self.choices.of(&both).cloned()
            }
            "integer" => scalars::number(&objects, true, self.choices),
            "number" => scalars::number(&objects, false, self.choices),
            "string" => scalars::text(&objects, &self.generator.patterns, self.choices).map(Value::from),
            "array" => self.array(&objects, depth),
            _ => self.object(&objects, depth),
        }
    }

    /// Every schema object that applies, one branch of each choice taken.
    fn expand(&mut self, has: &[&'a Value], depth: usize) -> Option<Vec<&'a Map<String, Value>>> {
        let mut objects: Vec<&'a Map<String, Value>> = Vec::new();
        let mut open: Vec<&'a Value> = has.to_vec();
        let mut choices: Vec<&'a Map<String, Value>> = Vec::new();
        loop {
            while let Some(schema) = open.pop() {
                let members = match schema {
                    Value::Bool(false) => return None,
                    Value::Object(members) => members,
                    _ => continue,
                };
                if objects.iter().any(|known| std::ptr::eq(*known, members)) {
                    continue;
                }
                if objects.len() > 400 {
                    return None;
                }
                objects.push(members);
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    open.extend(definition_name(reference).and_then(|_| self.document.target(reference)));
                }
                if let Some(Value::Array(parts)) = members.get("allOf") {
                    open.extend(parts);
                }
                if ["anyOf", "oneOf", "if", "dependentSchemas"]
                    .iter()
                    .any(|keyword| members.contains_key(*keyword))
                {
                    choices.push(members);
                }
            }
            // Choices last: what is certain rules branches out.
            let Some(members) = choices.pop() else {
                return Some(objects);
            };
            for keyword in ["anyOf", "oneOf"] {
                if let Some(Value::Array(branches)) = members.get(keyword) {
                    let chosen = self.branch(&objects, branches, depth)?;
                    open.push(&branches[chosen]);
                    // That the others do not hold is left to luck first.
                    if keyword == "oneOf" && self.attempt % 3 == 2 {
                        let others = members
                            .get(OTHERWISE)
                            .and_then(|otherwise| otherwise.get("oneOf"));
                        let others = others.and_then(Value::as_array).into_iter().flatten().enumerate();
                        open.extend(
                            others
                                .filter(|(index, _)| *index != chosen)
                                .map(|(_, other)| other),
                        );
                    }
                }
            }
            if let Some(condition) = members.get("if") {
                let refused = members.get(OTHERWISE).and_then(|otherwise| otherwise.get("if"));
                if self.choices.chance(1, 2) {
                    open.push(condition);
                    open.extend(members.get("then"));
                } else {
                    open.extend(refused);
                    open.extend(members.get("else"));
                }
            }
            if let Some(Value::Object(dependent)) = members.get("dependentSchemas") {
                let required = super::members::required(&objects);
                for (name, schema) in dependent {
                    if required.iter().any(|known| known == name) || self.choices.chance(1, 3) {
                        open.push(schema);
                    }
                }
            }
        }
    }

    /// Which of `branches` is taken.
    fn branch(
        &mut self,
        objects: &[&'a Map<String, Value>],
        branches: &'a [Value],
        depth: usize,
    ) -> Option<usize> {
        let types = types(objects);
        let possible: Vec<usize> = (0..branches.len())
            .filter(|index| !self.refutes(types.as_deref(), &branches[*index]))
            .collect();
        if self.is_deep(depth) {
            let least = possible
                .iter()
                .map(|index| self.generator.height(&branches[*index]))
                .min()?;
            let small: Vec<usize> = possible
                .iter()
                .copied()
                .filter(|index| self.generator.height(&branches[*index]) == least)
                .collect();
            return self.choices.of(&small).copied();
        }
        self.choices.of(&possible).copied()
    }

    /// Whether nothing of these types satisfies `branch`, as far as shows at once.
    fn refutes(&self, types_there: Option<&[&str]>, branch: &'a Value) -> bool {
        let mut branch = branch;
        for _ in 0..8 {
            let members = match branch {
                Value::Bool(accepts) => return !accepts,
                Value::Object(members) => members,
                _ => return false,
            };
            if let (Some(known), Some(own)) = (types_there, types(&[members]))
                && !own.iter().any(|name| known.iter().any(|known| meet(name, known)))
            {
                return true;
            }
            match members
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|to| self.document.target(to))
            {
                Some(target) => branch = target,
                None => return false,
            }
        }
        false
    }

    /// Of which type the value is.
    fn kind(&mut self, objects: &[&'a Map<String, Value>]) -> Option<&'a str> {
        let types = types(objects);
        if let Some(types) = types {
            return self.choices.of(&types).copied();
        }
        // Where no type is said, mostly one that something is said about.
        let about: [(&'static str, &[&str]); 4] = [
            (
                "object",
                &[
                    "properties",
                    "required",
                    "patternProperties",
                    "additionalProperties",
                    "propertyNames",
                    "minProperties",
                    "maxProperties",
                    "dependentRequired",
                    "dependentSchemas",
                    "unevaluatedProperties",
                ],
            ),
            (
                "array",
                &[
                    "items",
                    "prefixItems",
                    "contains",
                    "minItems",
                    "maxItems",
                    "uniqueItems",
                    "unevaluatedItems",
                ],
            ),
            ("string", &["pattern", "minLength", "maxLength"]),
            (
                "number",
                &[
                    "minimum",
                    "maximum",
                    "exclusiveMinimum",
                    "exclusiveMaximum",
                    "multipleOf",
                ],
            ),
        ];
        let said: Vec<&'static str> = about
            .iter()
            .filter(|(_, keywords)| {
                keywords
                    .iter()
                    .any(|keyword| objects.iter().any(|members| members.contains_key(*keyword)))
            })
            .map(|(name, _)| *name)
            .collect();
        if !said.is_empty() && self.choices.chance(3, 4) {
            return self.choices.of(&said).copied();
        }
        self.choices
            .of(&[
                "string", "integer", "boolean", "null", "number", "object", "array",
            ])
            .copied()
    }
}

/// The values that are listed, where some are: those in every list.
fn listed<'a>(objects: &[&'a Map<String, Value>]) -> Option<Vec<&'a Value>> {
    let mut all: Option<Vec<&'a Value>> = None;
    for members in objects {
        for list in [
            members.get("const").map(std::slice::from_ref),
            members.get("enum").and_then(Value::as_array).map(Vec::as_slice),
        ]
        .into_iter()
        .flatten()
        {
            all = Some(match all {
                None => list.iter().collect(),
                Some(known) => known
                    .into_iter()
                    .filter(|value| list.iter().any(|other| equal(other, value)))
                    .collect(),
            });
        }
    }
    all
}

fn meet(left: &str, right: &str) -> bool {
    left == right || matches!((left, right), ("integer", "number") | ("number", "integer"))
}

/// The types that every schema object allows, where one says any.
fn types<'a>(objects: &[&'a Map<String, Value>]) -> Option<Vec<&'a str>> {
    let mut all: Option<Vec<&'a str>> = None;
    for members in objects {
        let named: Vec<&'a str> = match members.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => continue,
        };
        all = Some(match all {
            None => named,
            Some(known) => {
                let mut both = Vec::new();
                for name in known {
                    for other in &named {
                        // Of a number and an integer, the integer.
                        let narrower = if name == "number" { *other } else { name };
                        if meet(name, other) && !both.contains(&narrower) {
                            both.push(narrower);
                        }
                    }
                }
                both
            }
        });
    }
    all
}

/// The height of the smallest instance of every definition.
fn heights(document: &Value) -> HashMap<String, u32> {
    let definitions = document.get("$defs").and_then(Value::as_object);
    let mut heights = HashMap::new();
    // Each round settles at least one more definition.
    for _ in 0..=definitions.map_or(0, Map::len).min(200) {
        let mut changed = false;
        for (name, definition) in definitions.into_iter().flatten() {
            let height = height(definition, &heights);
            if height < NEVER && heights.get(name).is_none_or(|known| *known > height) {
                heights.insert(name.clone(), height);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    heights
}

/// At least how deep an instance of `schema` is.
fn height(schema: &Value, known: &HashMap<String, u32>) -> u32 {
    let members = match schema {
        Value::Bool(false) => return NEVER,
        Value::Object(members) => members,
        _ => return 0,
    };
    let under = |schema: Option<&Value>| schema.map_or(0, |schema| height(schema, known));
    let list = |keyword: &str| members.get(keyword).and_then(Value::as_array).map(Vec::as_slice);
    let mut least = 0;
    if let Some(name) = members
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(definition_name)
    {
        least = least.max(known.get(&name).copied().unwrap_or(NEVER));
    }
    for part in list("allOf").unwrap_or_default() {
        least = least.max(height(part, known));
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(branches) = list(keyword) {
            least = least.max(
                branches
                    .iter()
                    .map(|branch| height(branch, known))
                    .min()
                    .unwrap_or(NEVER),
            );
        }
    }
    for name in list("required")
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
    {
        let member = members
            .get("properties")
            .and_then(|properties| properties.get(name));
        least = least.max(under(member).saturating_add(1));
    }
    if members
        .get("minItems")
        .and_then(scalars::count)
        .unwrap_or_default()
        > 0
    {
        let first = list("prefixItems")
            .and_then(<[Value]>::first)
            .or_else(|| members.get("items"));
        least = least.max(under(first).saturating_add(1));
    }
    if members.contains_key("contains") && members.get("minContains").and_then(scalars::count) != Some(0) {
        least = least.max(under(members.get("contains")).saturating_add(1));
    }
    least.min(NEVER)
}
