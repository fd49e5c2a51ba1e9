//! Which keywords of JSON Schema hold subschemas, and what those apply to.

use serde_json::{Map, Value};

/// How a keyword holds its subschemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One schema.
    One,
    /// A list of schemas.
    List,
    /// Schemas by name.
    Map,
    /// One schema or a list, as `items` before 2020-12.
    OneOrList,
    /// Schemas or lists of names, by name, as `dependencies`.
    MapOfSchemasOrNames,
}

/// What a subschema applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The same value as the schema around it.
    Here,
    /// The same value, as a condition or a refusal: what it accepts does not have to hold.
    Test,
    /// A member or an item of the value.
    Child,
    /// A member name, or some of the items: a test on parts.
    ChildTest,
    /// Nothing by itself; others refer to it.
    Definition,
}

/// The keywords that hold subschemas, of every draft.
pub(crate) const SUBSCHEMAS: &[(&str, Shape, Reach)] = &[
    ("$defs", Shape::Map, Reach::Definition),
    ("definitions", Shape::Map, Reach::Definition),
    ("allOf", Shape::List, Reach::Here),
    ("anyOf", Shape::List, Reach::Here),
    ("oneOf", Shape::List, Reach::Here),
    ("then", Shape::One, Reach::Here),
    ("else", Shape::One, Reach::Here),
    ("dependentSchemas", Shape::Map, Reach::Here),
    ("dependencies", Shape::MapOfSchemasOrNames, Reach::Here),
    ("if", Shape::One, Reach::Test),
    ("not", Shape::One, Reach::Test),
    ("properties", Shape::Map, Reach::Child),
    ("patternProperties", Shape::Map, Reach::Child),
    ("additionalProperties", Shape::One, Reach::Child),
    ("unevaluatedProperties", Shape::One, Reach::Child),
    ("items", Shape::OneOrList, Reach::Child),
    ("prefixItems", Shape::List, Reach::Child),
    ("additionalItems", Shape::One, Reach::Child),
    ("unevaluatedItems", Shape::One, Reach::Child),
    ("propertyNames", Shape::One, Reach::ChildTest),
    ("contains", Shape::One, Reach::ChildTest),
];

/// How `keyword` holds subschemas, if it does.
pub(crate) fn subschemas(keyword: &str) -> Option<(Shape, Reach)> {
    SUBSCHEMAS
        .iter()
        .find(|(name, _, _)| *name == keyword)
        .map(|(_, shape, reach)| (*shape, *reach))
}

/// Calls `visit` with every schema object in `schema`, itself first.
pub(crate) fn for_each_object(schema: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Value::Object(members) = schema else {
        return;
    };
    visit(members);
    for (keyword, value) in members.iter_mut() {
        if let Some((shape, _)) = subschemas(keyword) {
            for_each_held(value, shape, &mut |held| for_each_object(held, visit));
        }
    }
}

/// Calls `visit` with every schema that a keyword of `shape` holds in `value`.
fn for_each_held(value: &mut Value, shape: Shape, visit: &mut dyn FnMut(&mut Value)) {
    match (shape, value) {
        (Shape::One, value) => visit(value),
        (Shape::List | Shape::OneOrList, Value::Array(items)) => items.iter_mut().for_each(visit),
        (Shape::Map | Shape::MapOfSchemasOrNames, Value::Object(members)) => {
            members.values_mut().for_each(visit);
        }
        (Shape::OneOrList, value) => visit(value),
        (Shape::List | Shape::Map | Shape::MapOfSchemasOrNames, _) => {}
    }
}

/// A copy of `value` with every schema that a keyword of `shape` holds replaced by what `change` makes of it.
pub(crate) fn map_held(value: &Value, shape: Shape, change: &mut dyn FnMut(&Value) -> Value) -> Value {
    match (shape, value) {
        (Shape::List | Shape::OneOrList, Value::Array(items)) => {
            Value::Array(items.iter().map(change).collect())
        }
        (Shape::Map, Value::Object(members)) => Value::Object(
            members
                .iter()
                .map(|(name, held)| (name.clone(), change(held)))
                .collect(),
        ),
        (Shape::MapOfSchemasOrNames, Value::Object(members)) => Value::Object(
            members
                .iter()
                .map(|(name, held)| {
                    let held = if held.is_array() {
                        held.clone()
                    } else {
                        change(held)
                    };
                    (name.clone(), held)
                })
                .collect(),
        ),
        (Shape::One | Shape::OneOrList, value) => change(value),
        (Shape::List | Shape::Map | Shape::MapOfSchemasOrNames, value) => value.clone(),
    }
}

/// The name of the definition that `reference` names, when it is one directly under `$defs`.
pub(crate) fn definition_name(reference: &str) -> Option<String> {
    let name = reference.strip_prefix("#/$defs/")?;
    if name.contains('/') {
        return None;
    }
    Some(unescape(name))
}

/// A reference to the definition `name` under `$defs`.
pub(crate) fn definition_reference(name: &str) -> String {
    let mut reference = String::from("#/$defs/");
    for character in name.replace('~', "~0").replace('/', "~1").chars() {
        if character.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(character) {
            reference.push(character);
        } else {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                reference.push('%');
                for digit in [byte >> 4, byte & 15] {
                    reference.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
                }
            }
        }
    }
    reference
}

/// One step of a JSON pointer in a URI fragment, as it was before it was written there.
pub(crate) fn unescape(step: &str) -> String {
    let mut bytes = Vec::with_capacity(step.len());
    let mut rest = step.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        rest = match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits are at most 255.
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                &after[2..]
            }
            _ => {
                bytes.push(*first);
                after
            }
        };
    }
    String::from_utf8_lossy(&bytes)
        .replace("~1", "/")
        .replace("~0", "~")
}
