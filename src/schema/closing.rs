//! Closing a schema: from what it accepts to what a writer that knows only this schema emits.
//!
//! An open schema accepts members it does not mention. A writer does not write them. Closing adds that, at the
//! outermost level of each position: a plain object gets `additionalProperties: false`; an object composed of
//! several schemas gets `unevaluatedProperties: false` around all of them, because closing one of the parts would
//! forbid the members of the others and leave a schema that nothing satisfies.
//!
//! One definition can be used alone in one place and as a part in another, so each may be needed in up to three
//! forms. A closed schema never accepts what the open one refuses.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::keywords::{Reach, Shape, definition_name, definition_reference, map_held, subschemas};
use super::types::free_name;

/// What an object is taken for when nothing is said about its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unspecified {
    /// An object without members, as the schema of a Rust struct without fields says it.
    Empty,
    /// An object with any members, as a schema written by hand leaves it open.
    #[cfg_attr(not(feature = "compat"), allow(dead_code))]
    Anything,
}

/// The closed form of `schema`, whose references are all to entries of its `$defs`.
///
/// The schema is of draft 2020-12. Closing a closed schema changes nothing.
pub(crate) fn close(schema: &Value, unspecified: Unspecified) -> Value {
    let Value::Object(root) = schema else {
        return schema.clone();
    };
    let empty = Map::new();
    let definitions = root.get("$defs").and_then(Value::as_object).unwrap_or(&empty);
    let mut closer = Closer {
        definitions,
        unspecified,
        names: BTreeMap::new(),
        taken: definitions.keys().cloned().collect(),
        pending: VecDeque::new(),
    };
    let mut body = root.clone();
    body.remove("$defs");
    let closed = closer.form(&Value::Object(body), Form::Closed);
    let mut forms = Map::new();
    while let Some((name, form, key)) = closer.pending.pop_front() {
        if let Some(definition) = definitions.get(&name) {
            let definition = closer.form(definition, form);
            forms.insert(key, definition);
        }
    }
    let Value::Object(mut closed) = closed else {
        return closed;
    };
    if !forms.is_empty() {
        closed.insert("$defs".to_owned(), Value::Object(forms));
    }
    let mut closed = Value::Object(closed);
    closed.sort_all_objects();
    closed
}

/// In which of its forms a schema is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// Closed itself, and in its parts.
    Closed,
    /// Closed in its members and items, open itself: something around it closes it.
    Part,
    /// As it was: a condition, or something refused.
    Untouched,
}

struct Closer<'a> {
    definitions: &'a Map<String, Value>,
    unspecified: Unspecified,
    /// The key under which a definition stands in one of its forms.
    names: BTreeMap<(String, Form), String>,
    taken: BTreeSet<String>,
    pending: VecDeque<(String, Form, String)>,
}

impl Closer<'_> {
    fn form(&mut self, schema: &Value, form: Form) -> Value {
        match schema {
            Value::Object(members) => Value::Object(match form {
                Form::Closed => self.closed(members),
                Form::Part => self.with_parts(members, Form::Part),
                Form::Untouched => self.with_parts(members, Form::Untouched),
            }),
            other => other.clone(),
        }
    }

    fn closed(&mut self, members: &Map<String, Value>) -> Map<String, Value> {
        let decided =
            members.contains_key("additionalProperties") || members.contains_key("unevaluatedProperties");
        let parts: Vec<&str> = members
            .keys()
            .filter(|keyword| {
                keyword.as_str() == "$ref"
                    || matches!(subschemas(keyword), Some((_, Reach::Here | Reach::Test)))
            })
            .map(String::as_str)
            .collect();
        let own = members.contains_key("properties") || members.contains_key("patternProperties");
        if decided {
            return self.with_parts(members, Form::Part);
        }
        // A choice or a reference alone is closed by closing what it leads to.
        if !own && matches!(parts.as_slice(), ["$ref" | "anyOf"]) && !optional_part(members) {
            return self.with_parts(members, Form::Closed);
        }
        if !own && matches!(parts.as_slice(), ["oneOf"]) && self.distinct(members.get("oneOf")) {
            return self.with_parts(members, Form::Closed);
        }
        let mut closed = self.with_parts(members, Form::Part);
        if self.describes_object(members, &mut BTreeSet::new()) {
            let keyword = if parts.is_empty() {
                "additionalProperties"
            } else {
                "unevaluatedProperties"
            };
            closed.insert(keyword.to_owned(), Value::Bool(false));
        }
        closed
    }

    /// `members` with what applies to the same value in `form`, and what applies to its members and items closed.
    fn with_parts(&mut self, members: &Map<String, Value>, form: Form) -> Map<String, Value> {
        let mut changed = Map::new();
        let mut exact = None;
        for (keyword, value) in members {
            let value = match (keyword.as_str(), subschemas(keyword)) {
                ("$ref", _) => match value.as_str().and_then(definition_name) {
                    Some(name) => definition_reference(&self.key(&name, form)).into(),
                    None => value.clone(),
                },
                (_, Some((_, Reach::Definition)) | None) => value.clone(),
                (_, Some((shape, reach))) => {
                    let form = match (form, reach) {
                        (Form::Untouched, _) | (_, Reach::Test | Reach::ChildTest) => Form::Untouched,
                        (form, Reach::Here | Reach::Definition) => form,
                        (Form::Closed | Form::Part, Reach::Child) => Form::Closed,
                    };
                    // Exactly one branch holds, so a branch that is closed can let another one hold that
                    // the open one kept out. Branches that overlap stay in force as they were. Those of a
                    // Rust type cannot: serde writes one variant, and members of another are not evaluated.
                    if keyword == "oneOf"
                        && form != Form::Untouched
                        && self.unspecified == Unspecified::Anything
                        && !self.distinct(Some(value))
                    {
                        exact = Some(map_held(value, Shape::List, &mut |held| {
                            self.form(held, Form::Untouched)
                        }));
                    }
                    map_held(value, shape, &mut |held| self.form(held, form))
                }
            };
            changed.insert(keyword.clone(), value);
        }
        if let Some(branches) = exact
            && changed.get("oneOf") != Some(&branches)
        {
            // What is left of the choice is that one of the closed branches holds.
            let closed = changed.remove("oneOf").unwrap_or_default();
            let mut both = match changed.remove("allOf") {
                Some(Value::Array(parts)) => parts,
                _ => Vec::new(),
            };
            both.push(serde_json::json!({ "oneOf": branches }));
            both.push(serde_json::json!({ "anyOf": closed }));
            changed.insert("allOf".to_owned(), Value::Array(both));
        }
        changed
    }

    /// The key of the definition `name` in `form`.
    fn key(&mut self, name: &str, form: Form) -> String {
        let wanted = (name.to_owned(), form);
        if let Some(key) = self.names.get(&wanted) {
            return key.clone();
        }
        // The first form keeps the name, so that a closed schema closes to itself.
        let free = [Form::Closed, Form::Part, Form::Untouched]
            .iter()
            .all(|form| !self.names.contains_key(&(name.to_owned(), *form)));
        let key = match form {
            _ if free => name.to_owned(),
            Form::Closed => self.new_key(&format!("{name}.closed")),
            Form::Part => self.new_key(&format!("{name}.part")),
            Form::Untouched => self.new_key(&format!("{name}.open")),
        };
        self.taken.insert(key.clone());
        self.names.insert(wanted, key.clone());
        self.pending.push_back((name.to_owned(), form, key.clone()));
        key
    }

    fn new_key(&self, name: &str) -> String {
        free_name(name, |name| self.taken.contains(name))
    }

    /// Whether the schema says something about the members of an object.
    fn describes_object(&self, members: &Map<String, Value>, seen: &mut BTreeSet<String>) -> bool {
        if members.contains_key("properties") || members.contains_key("patternProperties") {
            return true;
        }
        if self.unspecified == Unspecified::Empty
            && types(members).is_some_and(|types| types.contains("object"))
        {
            return true;
        }
        members.iter().any(|(keyword, value)| {
            if keyword == "$ref" {
                return value.as_str().and_then(definition_name).is_some_and(|name| {
                    seen.insert(name.clone())
                        && self
                            .definitions
                            .get(&name)
                            .and_then(Value::as_object)
                            .is_some_and(|definition| self.describes_object(definition, seen))
                });
            }
            match subschemas(keyword) {
                Some((shape, Reach::Here)) => held(value, shape)
                    .into_iter()
                    .filter_map(Value::as_object)
                    .any(|held| self.describes_object(held, seen)),
                _ => false,
            }
        })
    }

    /// Whether no value satisfies two of these branches, as far as their types, tags and only members say.
    fn distinct(&self, branches: Option<&Value>) -> bool {
        let Some(Value::Array(branches)) = branches else {
            return false;
        };
        let facts: Vec<Facts<'_>> = branches.iter().map(|branch| self.facts(branch)).collect();
        facts
            .iter()
            .enumerate()
            .all(|(index, left)| facts[index + 1..].iter().all(|right| left.excludes(right)))
    }

    fn facts<'b>(&'b self, schema: &'b Value) -> Facts<'b> {
        let mut facts = Facts::default();
        let mut schema = schema;
        // Following a chain of references alone; a longer one says nothing, which is always right.
        for _ in 0..8 {
            let Some(members) = schema.as_object() else {
                break;
            };
            facts.add(members);
            let target = members
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(definition_name)
                .and_then(|name| self.definitions.get(&name));
            match target {
                Some(target) => schema = target,
                None => break,
            }
        }
        facts
    }
}

/// Whether this is an object with members that may be missing as a whole: a choice of a part and of nothing.
/// The empty branch cannot be closed by itself.
fn optional_part(members: &Map<String, Value>) -> bool {
    let object = types(members).is_some_and(|types| types.len() == 1 && types.contains("object"));
    let empty = |branch: &Value| branch.as_object().is_some_and(Map::is_empty);
    object
        && members
            .get("anyOf")
            .and_then(Value::as_array)
            .is_some_and(|branches| branches.iter().any(empty))
}

/// What is known about every value that satisfies a branch.
#[derive(Default)]
struct Facts<'a> {
    types: Option<BTreeSet<&'a str>>,
    values: Option<Vec<&'a Value>>,
    /// Required members with the values they are limited to.
    tags: BTreeMap<&'a str, Vec<&'a Value>>,
    required: BTreeSet<&'a str>,
    /// The members there may be, when there may be no others.
    only: Option<BTreeSet<&'a str>>,
}

impl<'a> Facts<'a> {
    fn add(&mut self, members: &'a Map<String, Value>) {
        if self.types.is_none() {
            self.types = types(members);
        }
        if self.values.is_none() {
            self.values = values(members);
        }
        let properties = members.get("properties").and_then(Value::as_object);
        let required = members.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        self.required.extend(required);
        for name in &self.required {
            let tag = properties
                .and_then(|properties| properties.get(*name))
                .and_then(Value::as_object)
                .and_then(values);
            if let Some(tag) = tag {
                self.tags.entry(name).or_insert(tag);
            }
        }
        if self.only.is_none()
            && members.get("additionalProperties") == Some(&Value::Bool(false))
            && !members.contains_key("patternProperties")
        {
            self.only = Some(
                properties
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.as_str())
                    .collect(),
            );
        }
    }

    fn excludes(&self, other: &Self) -> bool {
        let objects = [self, other].iter().all(|facts| {
            facts
                .types
                .as_ref()
                .is_some_and(|types| types.len() == 1 && types.contains("object"))
        });
        let types = match (&self.types, &other.types) {
            (Some(left), Some(right)) => left.is_disjoint(right) && !(is_number(left) && is_number(right)),
            _ => false,
        };
        let values =
            matches!((&self.values, &other.values), (Some(left), Some(right)) if disjoint(left, right));
        let tags = self
            .tags
            .iter()
            .any(|(name, left)| other.tags.get(name).is_some_and(|right| disjoint(left, right)));
        let missing = |facts: &Self, other: &Self| {
            facts
                .only
                .as_ref()
                .is_some_and(|only| other.required.iter().any(|name| !only.contains(name)))
        };
        types || values || (objects && (tags || missing(self, other) || missing(other, self)))
    }
}

fn is_number(types: &BTreeSet<&str>) -> bool {
    types.contains("number") || types.contains("integer")
}

/// Whether no value is in both lists. Only texts and booleans are told apart: `1` and `1.0` are one value.
fn disjoint(left: &[&Value], right: &[&Value]) -> bool {
    let plain = |value: &Value| value.is_string() || value.is_boolean();
    left.iter().chain(right).all(|value| plain(value)) && !left.iter().any(|value| right.contains(value))
}

fn types(members: &Map<String, Value>) -> Option<BTreeSet<&str>> {
    match members.get("type")? {
        Value::String(name) => Some(BTreeSet::from([name.as_str()])),
        Value::Array(names) => Some(names.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

fn values(members: &Map<String, Value>) -> Option<Vec<&Value>> {
    if let Some(value) = members.get("const") {
        return Some(vec![value]);
    }
    members
        .get("enum")
        .and_then(Value::as_array)
        .map(|values| values.iter().collect())
}

/// The schemas that a keyword of `shape` holds in `value`.
fn held(value: &Value, shape: Shape) -> Vec<&Value> {
    match (shape, value) {
        (Shape::List | Shape::OneOrList, Value::Array(items)) => items.iter().collect(),
        (Shape::Map | Shape::MapOfSchemasOrNames, Value::Object(members)) => members.values().collect(),
        (Shape::One | Shape::OneOrList, value) => vec![value],
        (Shape::List | Shape::Map | Shape::MapOfSchemasOrNames, _) => Vec::new(),
    }
}
