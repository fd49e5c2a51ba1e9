//! A small evaluator for schemas in the common form, which guides the search for witnesses.
//!
//! It is quick to start on any part of a schema, and it never decides: what it says is checked by the validators
//! of the original schemas. It takes `unevaluatedProperties` and `unevaluatedItems` for satisfied.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::draft::Draft;
use super::engine::{self, Compiled};
use super::keywords::definition_name;
use super::text;

/// How deep schemas are followed into each other.
const DEPTH: usize = 512;

/// A schema in the common form, with its definitions.
pub(super) struct Evaluator<'a> {
    definitions: Option<&'a Map<String, Value>>,
    patterns: &'a Patterns,
    looked: Cell<usize>,
}

/// What was worked out about patterns before.
#[derive(Default)]
pub(super) struct Patterns {
    compiled: RefCell<HashMap<String, Option<Compiled>>>,
    texts: RefCell<HashMap<String, Rc<[String]>>>,
    assertions: RefCell<HashMap<(&'static str, String), Option<Compiled>>>,
}

impl Patterns {
    /// Texts that match `pattern`, as [`text::matching`] finds them.
    pub(super) fn texts(&self, pattern: &str) -> Rc<[String]> {
        let mut known = self.texts.borrow_mut();
        if let Some(texts) = known.get(pattern) {
            return Rc::clone(texts);
        }
        let texts: Rc<[String]> = text::matching(pattern).into();
        known.insert(pattern.to_owned(), Rc::clone(&texts));
        texts
    }

    /// Whether `text` matches `pattern`; one that cannot be compiled matches nothing.
    pub(super) fn matches(&self, pattern: &str, text: &str) -> bool {
        self.finds(pattern, text).unwrap_or_default()
    }

    /// Whether `pattern` is found in `text`; nothing for one that cannot be compiled.
    pub(super) fn finds(&self, pattern: &str, text: &str) -> Option<bool> {
        let mut known = self.compiled.borrow_mut();
        if !known.contains_key(pattern) {
            let schema = serde_json::json!({ "pattern": pattern });
            let compiled = engine::compile(&schema, Draft::Draft202012).ok();
            known.insert(pattern.to_owned(), compiled);
        }
        let compiled = known.get(pattern)?.as_ref()?;
        Some(compiled.is_valid(&Value::from(text)))
    }

    /// Whether a text is what `keyword` asserts by `held`; nothing where that is not known. What is encoded and what
    /// of stand together, on two lines.
    pub(super) fn asserted(&self, keyword: &'static str, held: &str, text: &str) -> Option<bool> {
        if keyword == "format" && held.starts_with("idn-") && !cfg!(feature = "idn") {
            return None;
        }
        let mut known = self.assertions.borrow_mut();
        let compiled = known.entry((keyword, held.to_owned())).or_insert_with(|| {
            let schema = match held.split_once('\n') {
                Some((encoding, media)) => {
                    serde_json::json!({ "contentEncoding": encoding, "contentMediaType": media })
                }
                None => serde_json::json!({ keyword: held }),
            };
            engine::compile_asserting(&schema, Draft::Draft7).ok()
        });
        compiled
            .as_ref()
            .map(|compiled| compiled.is_valid(&Value::from(text)))
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(root: &'a Value, patterns: &'a Patterns) -> Self {
        Self {
            definitions: root.get("$defs").and_then(Value::as_object),
            patterns,
            looked: Cell::new(0),
        }
    }

    /// How many schemas have been held against values so far.
    pub(super) fn looked(&self) -> usize {
        self.looked.get()
    }

    /// The definition that a reference names.
    pub(super) fn target(&self, reference: &str) -> Option<&'a Value> {
        self.definitions?.get(&definition_name(reference)?)
    }

    pub(super) fn matches(&self, pattern: &str, text: &str) -> bool {
        self.patterns.matches(pattern, text)
    }

    /// Texts that match `pattern`.
    pub(super) fn texts(&self, pattern: &str) -> Rc<[String]> {
        self.patterns.texts(pattern)
    }

    /// Whether `value` satisfies `schema`.
    pub(super) fn holds(&self, schema: &Value, value: &Value) -> bool {
        self.at(schema, value, 0)
    }

    fn at(&self, schema: &Value, value: &Value, depth: usize) -> bool {
        let members = match schema {
            Value::Bool(accepts) => return *accepts,
            Value::Object(members) => members,
            _ => return true,
        };
        if depth > DEPTH {
            return true;
        }
        self.looked.set(self.looked.get() + 1);
        let holds = |schema: &Value, value: &Value| self.at(schema, value, depth + 1);
        members.iter().all(|(keyword, expected)| {
            let list = || expected.as_array().map(Vec::as_slice).unwrap_or_default();
            match keyword.as_str() {
                "$ref" => expected
                    .as_str()
                    .and_then(|reference| self.target(reference))
                    .is_none_or(|target| holds(target, value)),
                "type" => match expected {
                    Value::String(name) => is_type(value, name),
                    Value::Array(names) => names
                        .iter()
                        .filter_map(Value::as_str)
                        .any(|name| is_type(value, name)),
                    _ => true,
                },
                "const" => equal(expected, value),
                "enum" => list().iter().any(|allowed| equal(allowed, value)),
                "allOf" => list().iter().all(|schema| holds(schema, value)),
                "anyOf" => list().iter().any(|schema| holds(schema, value)),
                "oneOf" => list().iter().filter(|schema| holds(schema, value)).count() == 1,
                "not" => !holds(expected, value),
                "if" => {
                    let case = if holds(expected, value) { "then" } else { "else" };
                    members.get(case).is_none_or(|schema| holds(schema, value))
                }
                "pattern" => match (expected.as_str(), value.as_str()) {
                    (Some(pattern), Some(text)) => self.matches(pattern, text),
                    _ => true,
                },
                "minLength" => value
                    .as_str()
                    .is_none_or(|text| text.chars().count() as u64 >= count(expected, 0)),
                "maxLength" => value
                    .as_str()
                    .is_none_or(|text| text.chars().count() as u64 <= count(expected, u64::MAX)),
                "minimum" => {
                    number(value).is_none_or(|value| number(expected).is_none_or(|limit| value >= limit))
                }
                "maximum" => {
                    number(value).is_none_or(|value| number(expected).is_none_or(|limit| value <= limit))
                }
                "exclusiveMinimum" => {
                    number(value).is_none_or(|value| number(expected).is_none_or(|limit| value > limit))
                }
                "exclusiveMaximum" => {
                    number(value).is_none_or(|value| number(expected).is_none_or(|limit| value < limit))
                }
                "multipleOf" => number(value).is_none_or(|value| {
                    number(expected).is_none_or(|divisor| {
                        let times = value / divisor;
                        (times - times.round()).abs() < 1e-9
                    })
                }),
                "minItems" => value
                    .as_array()
                    .is_none_or(|items| items.len() as u64 >= count(expected, 0)),
                "maxItems" => value
                    .as_array()
                    .is_none_or(|items| items.len() as u64 <= count(expected, u64::MAX)),
                "uniqueItems" => {
                    expected != &Value::Bool(true)
                        || value.as_array().is_none_or(|items| {
                            items.iter().enumerate().all(|(index, left)| {
                                !items[index + 1..].iter().any(|right| equal(left, right))
                            })
                        })
                }
                "prefixItems" => value
                    .as_array()
                    .is_none_or(|items| items.iter().zip(list()).all(|(item, schema)| holds(schema, item))),
                "items" => value.as_array().is_none_or(|items| {
                    let skipped = members
                        .get("prefixItems")
                        .and_then(Value::as_array)
                        .map_or(0, Vec::len);
                    items.iter().skip(skipped).all(|item| holds(expected, item))
                }),
                "contains" => value.as_array().is_none_or(|items| {
                    let found = items.iter().filter(|item| holds(expected, item)).count() as u64;
                    found >= members.get("minContains").map_or(1, |least| count(least, 1))
                        && found
                            <= members
                                .get("maxContains")
                                .map_or(u64::MAX, |most| count(most, u64::MAX))
                }),
                "required" => value.as_object().is_none_or(|object| {
                    list()
                        .iter()
                        .filter_map(Value::as_str)
                        .all(|name| object.contains_key(name))
                }),
                "minProperties" => value
                    .as_object()
                    .is_none_or(|object| object.len() as u64 >= count(expected, 0)),
                "maxProperties" => value
                    .as_object()
                    .is_none_or(|object| object.len() as u64 <= count(expected, u64::MAX)),
                "propertyNames" => value.as_object().is_none_or(|object| {
                    object
                        .keys()
                        .all(|name| holds(expected, &Value::from(name.as_str())))
                }),
                "properties" => value.as_object().is_none_or(|object| {
                    object
                        .iter()
                        .all(|(name, value)| expected.get(name).is_none_or(|schema| holds(schema, value)))
                }),
                "patternProperties" => value.as_object().is_none_or(|object| {
                    expected
                        .as_object()
                        .into_iter()
                        .flatten()
                        .all(|(pattern, schema)| {
                            object
                                .iter()
                                .all(|(name, value)| !self.matches(pattern, name) || holds(schema, value))
                        })
                }),
                "additionalProperties" => value.as_object().is_none_or(|object| {
                    object
                        .iter()
                        .all(|(name, value)| self.declares(members, name) || holds(expected, value))
                }),
                "dependentRequired" => value.as_object().is_none_or(|object| {
                    expected.as_object().into_iter().flatten().all(|(name, needed)| {
                        !object.contains_key(name)
                            || needed
                                .as_array()
                                .into_iter()
                                .flatten()
                                .filter_map(Value::as_str)
                                .all(|needed| object.contains_key(needed))
                    })
                }),
                "dependentSchemas" => value.as_object().is_none_or(|object| {
                    expected
                        .as_object()
                        .into_iter()
                        .flatten()
                        .all(|(name, schema)| !object.contains_key(name) || holds(schema, value))
                }),
                _ => true,
            }
        })
    }

    /// Whether a schema object says something about the member `name` itself.
    pub(super) fn declares(&self, members: &Map<String, Value>, name: &str) -> bool {
        let patterns = members.get("patternProperties").and_then(Value::as_object);
        members
            .get("properties")
            .is_some_and(|properties| properties.get(name).is_some())
            || patterns
                .into_iter()
                .flatten()
                .any(|(pattern, _)| self.matches(pattern, name))
    }
}

fn count(value: &Value, otherwise: u64) -> u64 {
    value.as_u64().unwrap_or_else(|| match value.as_f64() {
        // Counts are written as 2.0 as well.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Some(float) if float >= 0.0 => float as u64,
        Some(_) | None => otherwise,
    })
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

fn is_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => {
            value.is_u64() || value.is_i64() || number(value).is_some_and(|float| float.fract() == 0.0)
        }
        _ => true,
    }
}

/// Equality as JSON Schema has it: numbers by value.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, left)| right.get(name).is_some_and(|right| equal(left, right)))
        }
        (left, right) => left == right,
    }
}
