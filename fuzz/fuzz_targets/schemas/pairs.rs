//! A schema and another one that mostly differs from it in one place.

use pastproof::schema::Contract;
use serde_json::{Map, Value, json};

use super::making::{Stream, schema};

const DRAFTS: [&str; 8] = [
    "https://json-schema.org/draft/2020-12/schema",
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

/// Two schemas, each with its draft, and how they are compared.
#[derive(Debug)]
pub struct Pair {
    pub old: Value,
    pub new: Value,
    pub contract: Contract,
}

/// The pair that these bytes stand for.
pub fn pair(bytes: &[u8]) -> Pair {
    let mut stream = Stream(bytes);
    let draft = stream.one(&DRAFTS);
    let other = match stream.below(6) {
        0 => stream.one(&DRAFTS),
        _ => draft,
    };
    let contract = match stream.below(4) {
        0 => Contract::WriterReader,
        _ => Contract::Literal,
    };
    let old = defining(&mut stream);
    let new = match stream.below(8) {
        0 => defining(&mut stream),
        1 => beside(&old, "anyOf", schema(&mut stream, 2, false)),
        2 => beside(&old, "allOf", schema(&mut stream, 2, false)),
        3 => beside(&old, "oneOf", schema(&mut stream, 2, false)),
        _ => changed(&mut stream, &old),
    };
    Pair {
        old: named(old, draft),
        new: named(new, other),
        contract,
    }
}

fn named(mut schema: Value, draft: &str) -> Value {
    if let Value::Bool(accepts) = schema {
        schema = if accepts { json!({}) } else { json!({ "not": {} }) };
    }
    if let Value::Object(members) = &mut schema {
        let draft = Map::from_iter([("$schema".to_owned(), draft.into())]);
        members.extend(draft);
    }
    schema
}

/// A schema with two definitions.
fn defining(stream: &mut Stream<'_>) -> Value {
    let mut whole = schema(stream, 3, false);
    let (one, two) = (schema(stream, 2, true), schema(stream, 1, true));
    if let Value::Object(members) = &mut whole {
        // A definition is behind a member or an item, so that it may lead anywhere.
        let one = json!({ "properties": { "a": one }, "items": { "$ref": "#/$defs/two" } });
        let two = json!({ "additionalProperties": two });
        members.insert("$defs".to_owned(), json!({ "one": one, "two": two }));
    }
    whole
}

fn beside(old: &Value, keyword: &str, more: Value) -> Value {
    let definitions = old.get("$defs").cloned().unwrap_or_else(|| json!({}));
    let mut part = old.clone();
    if let Value::Object(members) = &mut part {
        members.remove("$defs");
    }
    json!({ keyword: [part, more], "$defs": definitions })
}

/// One place of `old` is another schema, or is left out.
fn changed(stream: &mut Stream<'_>, old: &Value) -> Value {
    let mut places = Vec::new();
    collect(old, &mut String::new(), &mut places);
    let place = stream.one(&places);
    let mut new = old.clone();
    if let Some(part) = new.pointer_mut(&place) {
        match part {
            Value::Object(members) if stream.below(2) == 0 => {
                let mut names: Vec<String> =
                    members.keys().filter(|name| *name != "$defs").cloned().collect();
                names.sort_unstable();
                if !names.is_empty() {
                    members.remove(&stream.one(&names));
                }
            }
            Value::Object(members) => {
                if let Value::Object(more) = schema(stream, 2, !place.is_empty()) {
                    members.extend(more);
                }
            }
            part => *part = schema(stream, 1, !place.is_empty()),
        }
    }
    new
}

/// Pointers of subschemas, those behind members and items only: a reference may stand in each of them.
fn collect(schema: &Value, at: &mut String, places: &mut Vec<String>) {
    places.push(at.clone());
    let length = at.len();
    let Value::Object(members) = schema else { return };
    let mut members: Vec<(&String, &Value)> = members.iter().collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    for (keyword, held) in members {
        match (keyword.as_str(), held) {
            ("properties" | "patternProperties", Value::Object(held)) => {
                let mut held: Vec<(&String, &Value)> = held.iter().collect();
                held.sort_unstable_by_key(|(name, _)| *name);
                for (name, held) in held {
                    at.push_str(&format!(
                        "/{keyword}/{}",
                        name.replace('~', "~0").replace('/', "~1")
                    ));
                    collect(held, at, places);
                    at.truncate(length);
                }
            }
            ("items" | "additionalProperties" | "contains", held) => {
                at.push_str(&format!("/{keyword}"));
                collect(held, at, places);
                at.truncate(length);
            }
            _ => {}
        }
    }
}
