//! A schema without refusals: every `not` also says what it demands.
//!
//! A builder can follow "at least one member whose value is no text"; it cannot follow "not only texts". So
//! `not` gets its complement beside it, negation pushed down to the keywords, as in witness generation (Attouche,
//! Baazizi, Colazzo, Ghelli, Sartiani, Scherzinger: *Witness generation for JSON Schema*, VLDB 2022). What JSON
//! Schema has no keyword for gets a private one, whose name no schema can have.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use crate::schema::keywords::{Reach, definition_name, definition_reference, map_held, subschemas};

/// A value equal to none of these.
pub(super) const NONE_OF: &str = "\u{0}noneOf";
/// A number that is not whole.
pub(super) const FRACTION: &str = "\u{0}fraction";
/// A number that is no multiple of any of these.
pub(super) const NO_MULTIPLE: &str = "\u{0}noMultiple";
/// A text that matches none of these patterns.
pub(super) const NO_MATCH: &str = "\u{0}noMatch";
/// Members, each with a schema for its name and one for its value: there is one such.
pub(super) const SOME_MEMBER: &str = "\u{0}someMember";
/// From which position on, and what: there is one such item.
pub(super) const SOME_ITEM: &str = "\u{0}someItem";
/// Two items are equal.
pub(super) const TWICE: &str = "\u{0}twice";
/// What each branch of `oneOf`, or the items that `contains` counts, must not be.
pub(super) const OTHERWISE: &str = "\u{0}otherwise";

/// The most schema objects that are made.
const LARGEST: usize = 20_000;

/// `schema`, in the common form, with the complements of what it refuses.
pub(super) fn positive(schema: &Value) -> Value {
    let empty = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&empty);
    let mut made = Making {
        left: LARGEST,
        wanted: BTreeSet::new(),
        pending: VecDeque::new(),
    };
    let mut root = schema.clone();
    if let Value::Object(members) = &mut root {
        members.remove("$defs");
    }
    let mut root = made.keep(&root);
    let mut all = Map::new();
    for (name, definition) in definitions {
        let definition = made.keep(definition);
        all.insert(name.clone(), definition);
    }
    while let Some(name) = made.pending.pop_front() {
        let complement = definitions
            .get(&name)
            .map_or(Value::Bool(false), |definition| made.complement(definition));
        all.insert(complement_name(&name), complement);
    }
    if let Value::Object(members) = &mut root {
        members.insert("$defs".to_owned(), Value::Object(all));
    }
    root
}

fn complement_name(name: &str) -> String {
    format!("{name}\u{0}not")
}

struct Making {
    left: usize,
    wanted: BTreeSet<String>,
    pending: VecDeque<String>,
}

impl Making {
    /// `schema` with complements beside its refusals.
    fn keep(&mut self, schema: &Value) -> Value {
        let Value::Object(members) = schema else {
            return schema.clone();
        };
        let Some(left) = self.left.checked_sub(1) else {
            return schema.clone();
        };
        self.left = left;
        let mut made = Map::new();
        for (keyword, value) in members {
            let value = match subschemas(keyword) {
                // A refusal stays as it is, for checking.
                Some(_) if keyword == "not" => value.clone(),
                Some((_, Reach::Definition)) | None => value.clone(),
                Some((shape, _)) => map_held(value, shape, &mut |held| self.keep(held)),
            };
            made.insert(keyword.clone(), value);
        }
        let mut demanded = Vec::new();
        if let Some(refused) = members.get("not") {
            demanded.push(self.complement(refused));
        }
        if !demanded.is_empty() {
            let mut all = match made.remove("allOf") {
                Some(Value::Array(all)) => all,
                _ => Vec::new(),
            };
            all.extend(demanded);
            made.insert("allOf".to_owned(), Value::Array(all));
        }
        let mut otherwise = Map::new();
        if let Some(Value::Array(branches)) = members.get("oneOf") {
            let branches = branches.iter().map(|branch| self.complement(branch)).collect();
            otherwise.insert("oneOf".to_owned(), Value::Array(branches));
        }
        if let (Some(counted), true) = (members.get("contains"), members.contains_key("maxContains")) {
            otherwise.insert("contains".to_owned(), self.complement(counted));
        }
        if let Some(condition) = members.get("if") {
            otherwise.insert("if".to_owned(), self.complement(condition));
        }
        if !otherwise.is_empty() {
            made.insert(OTHERWISE.to_owned(), Value::Object(otherwise));
        }
        Value::Object(made)
    }

    /// What accepts values that `schema` refuses.
    fn complement(&mut self, schema: &Value) -> Value {
        let members = match schema {
            Value::Bool(accepts) => return Value::Bool(!accepts),
            Value::Object(members) => members,
            _ => return Value::Bool(false),
        };
        let Some(left) = self.left.checked_sub(1) else {
            return Value::Bool(true);
        };
        self.left = left;
        let mut ways: Vec<Value> = Vec::new();
        for (keyword, value) in members {
            self.refusals(members, keyword, value, &mut ways);
        }
        match ways.len() {
            0 => Value::Bool(false),
            1 => ways.remove(0),
            _ => json!({ "anyOf": ways }),
        }
    }

    /// The ways in which a value can miss one keyword.
    #[expect(clippy::too_many_lines, reason = "one arm a keyword")]
    fn refusals(
        &mut self,
        members: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        ways: &mut Vec<Value>,
    ) {
        let list = || value.as_array().map(Vec::as_slice).unwrap_or_default();
        let entries = || value.as_object().into_iter().flatten();
        let less = |value: &Value| value.as_u64().and_then(|count| count.checked_sub(1));
        let more = |value: &Value| value.as_u64().and_then(|count| count.checked_add(1));
        match keyword {
            "$ref" => {
                if let Some(name) = value.as_str().and_then(definition_name) {
                    if self.wanted.insert(name.clone()) {
                        self.pending.push_back(name.clone());
                    }
                    ways.push(json!({ "$ref": definition_reference(&complement_name(&name)) }));
                }
            }
            "type" => {
                let named: Vec<&str> = match value {
                    Value::String(name) => vec![name],
                    _ => list().iter().filter_map(Value::as_str).collect(),
                };
                let number = named.contains(&"number");
                let integer = named.contains(&"integer");
                let others: Vec<&str> = ["null", "boolean", "string", "number", "array", "object"]
                    .into_iter()
                    .filter(|name| !(named.contains(name) || (*name == "number" && integer)))
                    .collect();
                if !others.is_empty() {
                    ways.push(json!({ "type": others }));
                }
                if integer && !number {
                    ways.push(json!({ "type": "number", FRACTION: true }));
                }
            }
            "const" => ways.push(json!({ NONE_OF: [value] })),
            "enum" => ways.push(json!({ NONE_OF: value })),
            "allOf" => {
                for part in list() {
                    ways.push(self.complement(part));
                }
            }
            "anyOf" => {
                let all: Vec<Value> = list().iter().map(|branch| self.complement(branch)).collect();
                ways.push(json!({ "allOf": all }));
            }
            "oneOf" => {
                let all: Vec<Value> = list().iter().map(|branch| self.complement(branch)).collect();
                ways.push(json!({ "allOf": all }));
                for (index, left) in list().iter().enumerate().take(6) {
                    for right in list().iter().skip(index + 1).take(6) {
                        ways.push(json!({ "allOf": [self.keep(left), self.keep(right)] }));
                    }
                }
            }
            "not" => ways.push(self.keep(value)),
            "if" => {
                if let Some(then) = members.get("then") {
                    ways.push(json!({ "allOf": [self.keep(value), self.complement(then)] }));
                }
                if let Some(otherwise) = members.get("else") {
                    ways.push(json!({ "allOf": [self.complement(value), self.complement(otherwise)] }));
                }
            }
            "minimum" => ways.push(json!({ "type": "number", "exclusiveMaximum": value })),
            "maximum" => ways.push(json!({ "type": "number", "exclusiveMinimum": value })),
            "exclusiveMinimum" => ways.push(json!({ "type": "number", "maximum": value })),
            "exclusiveMaximum" => ways.push(json!({ "type": "number", "minimum": value })),
            "multipleOf" => ways.push(json!({ "type": "number", NO_MULTIPLE: [value] })),
            "minLength" => {
                ways.extend(less(value).map(|most| json!({ "type": "string", "maxLength": most })));
            }
            "maxLength" => {
                ways.extend(more(value).map(|least| json!({ "type": "string", "minLength": least })));
            }
            "pattern" => ways.push(json!({ "type": "string", NO_MATCH: [value] })),
            "minItems" => {
                ways.extend(less(value).map(|most| json!({ "type": "array", "maxItems": most })));
            }
            "maxItems" => {
                ways.extend(more(value).map(|least| json!({ "type": "array", "minItems": least })));
            }
            "uniqueItems" if value == &Value::Bool(true) => {
                ways.push(json!({ "type": "array", TWICE: true, "minItems": 2 }));
            }
            "prefixItems" => {
                for (index, position) in list().iter().enumerate() {
                    let mut positions = vec![Value::Bool(true); index];
                    positions.push(self.complement(position));
                    ways.push(json!({ "type": "array", "minItems": index + 1, "prefixItems": positions }));
                }
            }
            "items" | "unevaluatedItems" => {
                let skipped = members
                    .get("prefixItems")
                    .and_then(Value::as_array)
                    .map_or(0, Vec::len);
                let refused = self.complement(value);
                ways.push(
                    json!({ "type": "array", "minItems": skipped + 1, SOME_ITEM: [[skipped, refused]] }),
                );
            }
            "contains" => {
                let least = members.get("minContains").and_then(Value::as_u64).unwrap_or(1);
                if least == 1 {
                    ways.push(json!({ "type": "array", "items": self.complement(value) }));
                } else if least > 1 {
                    ways.push(json!({
                        "type": "array", "contains": self.keep(value), "minContains": 0,
                        "maxContains": least - 1, OTHERWISE: { "contains": self.complement(value) },
                    }));
                }
                if let Some(most) = members.get("maxContains").and_then(Value::as_u64) {
                    ways.push(json!({
                        "type": "array", "contains": self.keep(value), "minContains": most.saturating_add(1),
                    }));
                }
            }
            "required" => {
                for name in list().iter().filter_map(Value::as_str) {
                    ways.push(json!({ "type": "object", "properties": { name: false } }));
                }
            }
            "properties" => {
                for (name, schema) in entries() {
                    let refused = self.complement(schema);
                    ways.push(json!({
                        "type": "object", "required": [name], "properties": { name.clone(): refused },
                    }));
                }
            }
            "patternProperties" => {
                for (pattern, schema) in entries() {
                    let refused = self.complement(schema);
                    ways.push(json!({
                        "type": "object", SOME_MEMBER: [[{ "pattern": pattern }, refused]],
                    }));
                }
            }
            "additionalProperties" | "unevaluatedProperties" => {
                let names = |keyword| {
                    let named = members.get(keyword).and_then(Value::as_object);
                    named
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| Value::from(name.as_str()))
                        .collect::<Vec<_>>()
                };
                let undeclared = json!({
                    NONE_OF: names("properties"), NO_MATCH: names("patternProperties"),
                });
                let refused = self.complement(value);
                ways.push(json!({ "type": "object", SOME_MEMBER: [[undeclared, refused]] }));
            }
            "propertyNames" => {
                let refused = self.complement(value);
                ways.push(json!({ "type": "object", SOME_MEMBER: [[refused, true]] }));
            }
            "minProperties" => {
                ways.extend(less(value).map(|most| json!({ "type": "object", "maxProperties": most })));
            }
            "maxProperties" => {
                ways.extend(more(value).map(|least| json!({ "type": "object", "minProperties": least })));
            }
            "dependentRequired" => {
                for (name, needed) in entries() {
                    for needed in needed.as_array().into_iter().flatten().filter_map(Value::as_str) {
                        ways.push(json!({
                            "type": "object", "required": [name], "properties": { needed: false },
                        }));
                    }
                }
            }
            "dependentSchemas" => {
                for (name, schema) in entries() {
                    let refused = self.complement(schema);
                    ways.push(json!({ "type": "object", "required": [name], "allOf": [refused] }));
                }
            }
            _ => {}
        }
    }
}
