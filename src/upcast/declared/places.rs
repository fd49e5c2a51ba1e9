//! One place of a schema: its members, its branches, two schemas in one.

use serde_json::{Map, Value, json};

use crate::schema::Condition;

use super::plan::pointer;

/// Whether a member is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Always,
    Maybe,
}

/// A member that was taken out: its schema and whether it is there.
pub(super) type Taken = Option<(Value, Presence)>;

/// Takes a member out of an object.
pub(super) fn take(members: &mut Map<String, Value>, name: &str) -> Taken {
    let value = member(members, name)?;
    let presence = presence(members, name);
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        properties.remove(name);
    }
    if let Some(Value::Array(required)) = members.get_mut("required") {
        required.retain(|known| known != name);
    }
    Some((value, presence))
}

/// Whether a `not` beside a constant names it.
pub(super) fn excluded(members: &Map<String, Value>, value: &Value) -> bool {
    let Some(not) = members.get("not") else {
        return false;
    };
    let listed = not.get("enum").and_then(Value::as_array);
    not.get("const").is_some_and(|known| json_same(known, value))
        || listed.is_some_and(|known| known.iter().any(|known| json_same(known, value)))
}

/// The branches of one choice, and what stands beside it.
pub(super) fn branches(members: &Map<String, Value>) -> Option<(Vec<Value>, Map<String, Value>)> {
    for keyword in ["oneOf", "anyOf"] {
        if let Some(Value::Array(branches)) = members.get(keyword) {
            let mut rest = members.clone();
            rest.remove(keyword);
            return Some((branches.clone(), rest));
        }
    }
    None
}

/// Both schemas in one, or a wider one: what cannot stand side by side in one object keeps the first's word.
pub(super) fn merged(schema: Value, more: Map<String, Value>) -> Value {
    let mut members = match schema {
        Value::Object(members) => members,
        Value::Bool(false) => return Value::Bool(false),
        _ => return Value::Object(more),
    };
    if more.is_empty() {
        return Value::Object(members);
    }
    // Said about the members that its own part declares, these would forbid those of the other part.
    let both_declare = members.contains_key("properties") && more.contains_key("properties");
    let declares = members.contains_key("properties");
    for (keyword, value) in more {
        match (keyword.as_str(), members.get_mut(&keyword)) {
            ("additionalProperties" | "unevaluatedProperties", _) if declares => {}
            (_, None) => {
                members.insert(keyword, value);
            }
            ("properties", Some(Value::Object(known))) => {
                for (name, schema) in value.as_object().cloned().unwrap_or_default() {
                    let both = match known.remove(&name) {
                        None => schema,
                        Some(known) => json!({"allOf": [known, schema]}),
                    };
                    known.insert(name, both);
                }
            }
            ("required", Some(Value::Array(known))) => {
                for name in value.as_array().cloned().unwrap_or_default() {
                    if !known.contains(&name) {
                        known.push(name);
                    }
                }
            }
            ("type", Some(known)) => {
                let (left, right) = (types(known), types(&value));
                let narrower = |of: &String| {
                    right.contains(of) || (of == "integer" && right.iter().any(|other| other == "number"))
                };
                let mut both: Vec<String> = left.iter().filter(|of| narrower(of)).cloned().collect();
                if left.iter().any(|of| of == "number") && right.iter().any(|of| of == "integer") {
                    both.push("integer".to_owned());
                }
                if both.is_empty() {
                    return Value::Bool(false);
                }
                *known = if both.len() == 1 {
                    json!(both[0])
                } else {
                    json!(both)
                };
            }
            ("const", Some(known)) if !json_same(known, &value) => return Value::Bool(false),
            ("enum", Some(Value::Array(known))) => {
                let other = value.as_array().cloned().unwrap_or_default();
                known.retain(|value| other.iter().any(|other| json_same(other, value)));
            }
            ("allOf", Some(Value::Array(known))) => {
                known.extend(value.as_array().cloned().unwrap_or_default());
            }
            // A second choice is one of both.
            ("anyOf" | "oneOf", Some(_)) => {
                let second = json!({ "anyOf": value });
                match members.get_mut("allOf") {
                    Some(Value::Array(parts)) => parts.push(second),
                    _ => {
                        members.insert("allOf".to_owned(), json!([second]));
                    }
                }
            }
            (_, Some(_)) => {}
        }
    }
    if both_declare {
        for keyword in ["additionalProperties", "unevaluatedProperties"] {
            if members.get(keyword) == Some(&Value::Bool(false)) {
                members.remove(keyword);
            }
        }
    }
    Value::Object(members)
}

pub(super) fn json_same(left: &Value, right: &Value) -> bool {
    crate::json::same(left, right)
}

pub(super) fn types(of: &Value) -> Vec<String> {
    match of {
        Value::String(of) => vec![of.clone()],
        Value::Array(types) => types
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

pub(super) fn is_of(value: &Value, of: &Value) -> bool {
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = types(of);
    types
        .iter()
        .any(|of| of == name || (of == "integer" && name == "number"))
}

/// A place where members can be.
pub(super) enum Place {
    Object(Map<String, Value>),
    /// There are none, and that is no error.
    Null(Value),
}

/// The schema of an object whose members can be followed.
pub(super) fn object(alternative: Value, at: &[String]) -> Result<Place, String> {
    let members = match alternative {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    match members.get("const") {
        Some(Value::Null) => return Ok(Place::Null(Value::Object(members))),
        Some(Value::Object(constant)) => {
            let mut made = Map::from_iter([
                ("type".to_owned(), json!("object")),
                ("additionalProperties".to_owned(), json!(false)),
            ]);
            for (name, value) in constant {
                put(&mut made, name, json!({ "const": value }), Presence::Always);
            }
            made.entry("properties").or_insert_with(|| json!({}));
            return Ok(Place::Object(made));
        }
        Some(_) => return Err(format!("{} can be something else than an object", shown(at))),
        None => {}
    }
    match members.get("type").and_then(Value::as_str) {
        Some("null") => return Ok(Place::Null(Value::Object(members))),
        Some("object") => {}
        Some(other) => return Err(format!("{} can be of type {other}", shown(at))),
        None => return Err(format!("{} can be of any type", shown(at))),
    }
    let mut members = members;
    for keyword in ["if", "then", "else", "dependentSchemas", "patternProperties"] {
        if members.contains_key(keyword) {
            return Err(format!("`{keyword}` at {} is not followed", shown(at)));
        }
    }
    // They only forbid: without them there is more, and never less.
    for keyword in [
        "not",
        "dependentRequired",
        "propertyNames",
        "minProperties",
        "maxProperties",
    ] {
        members.remove(keyword);
    }
    if let Some(unevaluated) = members.remove("unevaluatedProperties") {
        members.entry("additionalProperties").or_insert(unevaluated);
    }
    members.entry("properties").or_insert_with(|| json!({}));
    Ok(Place::Object(members))
}

/// The schema of a member, if there can be one.
pub(super) fn member(members: &Map<String, Value>, name: &str) -> Option<Value> {
    let declared = members
        .get("properties")
        .and_then(|properties| properties.get(name));
    if let Some(declared) = declared {
        return Some(declared.clone()).filter(|declared| *declared != Value::Bool(false));
    }
    let required = presence(members, name) == Presence::Always;
    match members.get("additionalProperties") {
        // A writer emits what it declares.
        None if !required => None,
        Some(Value::Bool(false)) => None,
        None => Some(Value::Bool(true)),
        Some(other) => Some(other.clone()),
    }
}

/// Whether nothing can be under this name.
pub(super) fn free(members: &Map<String, Value>, name: &str) -> Result<(), String> {
    match member(members, name) {
        None => Ok(()),
        Some(_) => Err(format!("there can be a member `{name}` already")),
    }
}

pub(super) fn presence(members: &Map<String, Value>, name: &str) -> Presence {
    let required = members.get("required").and_then(Value::as_array);
    if required.is_some_and(|required| required.iter().any(|known| known == name)) {
        Presence::Always
    } else {
        Presence::Maybe
    }
}

pub(super) fn names(members: &Map<String, Value>) -> impl Iterator<Item = String> + '_ {
    members
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|properties| properties.keys().cloned())
}

pub(super) fn put(members: &mut Map<String, Value>, name: &str, value: Value, presence: Presence) {
    let properties = members.entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(properties) = properties {
        properties.insert(name.to_owned(), value);
    }
    let required = members.entry("required").or_insert_with(|| json!([]));
    if let Value::Array(required) = required {
        required.retain(|known| known != name);
        if presence == Presence::Always {
            required.push(json!(name));
        }
    }
}

/// `schema` without the values for which a condition holds, as far as that can be said member by member.
pub(super) fn without(schema: Value, condition: &Condition) -> Value {
    let simple = || {
        let when = condition.schema.as_object()?;
        let properties = when.get("properties")?.as_object()?;
        let required = when.get("required")?.as_array()?;
        let (name, holds) = properties.iter().next()?;
        let alone = properties.len() == 1
            && required.len() == 1
            && required[0] == *name
            && when
                .keys()
                .all(|keyword| ["type", "properties", "required"].contains(&keyword.as_str()));
        alone.then(|| (name.clone(), holds.clone()))
    };
    match simple() {
        Some((name, holds)) => {
            let more = Map::from_iter([("properties".to_owned(), json!({name: {"not": holds}}))]);
            merged(schema, more)
        }
        None => json!({"allOf": [schema, {"not": condition.schema}]}),
    }
}

pub(super) fn any_of(mut alternatives: Vec<Value>) -> Value {
    let mut known: Vec<Value> = Vec::new();
    alternatives.retain(|alternative| {
        let new = !known.contains(alternative);
        if new {
            known.push(alternative.clone());
        }
        new
    });
    match alternatives.len() {
        0 => Value::Bool(false),
        1 => alternatives.remove(0),
        _ => json!({ "anyOf": alternatives }),
    }
}

pub(super) fn kind(schema: &Value) -> Option<&str> {
    schema.get("type").and_then(Value::as_str)
}

pub(super) fn is_null(schema: &Value) -> bool {
    kind(schema) == Some("null") || schema.get("const") == Some(&Value::Null)
}

pub(super) fn shown(at: &[String]) -> String {
    if at.is_empty() {
        "the data".to_owned()
    } else {
        pointer(at)
    }
}
