//! Schemas made from a stream of small numbers.

use serde_json::{Map, Value, json};

/// The stream: bytes, then zeros.
pub struct Stream<'a> {
    bytes: &'a [u8],
}

impl<'a> Stream<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                usize::from(*first) % limit
            }
            None => 0,
        }
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

const NAMES: [&str; 4] = ["a", "b", "c", "x1"];
const PATTERNS: [&str; 6] = ["^a", "^x[0-9]$", "^[a-c]{1,2}$", "b", "^(ab)*$", "^$"];

/// A schema that means the same in drafts 7 and 2020-12.
pub fn schema(stream: &mut Stream<'_>, depth: usize) -> Value {
    if depth == 0 {
        return leaf(stream);
    }
    match stream.below(12) {
        0..=3 => leaf(stream),
        4 | 5 => object(stream, depth),
        6 => array(stream, depth),
        7 => json!({ "anyOf": parts(stream, depth) }),
        8 => json!({ "oneOf": parts(stream, depth) }),
        9 => json!({ "allOf": parts(stream, depth) }),
        10 => json!({ "not": schema(stream, depth - 1) }),
        _ => {
            let mut made = json!({ "if": schema(stream, depth - 1), "then": schema(stream, depth - 1) });
            if stream.below(2) == 0 {
                made["else"] = schema(stream, depth - 1);
            }
            made
        }
    }
}

fn parts(stream: &mut Stream<'_>, depth: usize) -> Vec<Value> {
    (0..=stream.below(3)).map(|_| schema(stream, depth - 1)).collect()
}

fn leaf(stream: &mut Stream<'_>) -> Value {
    match stream.below(10) {
        0 => json!(true),
        1 => {
            json!({ "type": stream.one(&["string", "integer", "number", "boolean", "null", "object", "array"]) })
        }
        2 => {
            json!({ "type": [stream.one(&["string", "null"]), stream.one(&["integer", "number", "array"])] })
        }
        3 => {
            json!({ "enum": [stream.one(&[json!(1), json!("a"), json!(null)]), stream.one(&[json!("b"), json!([]), json!({}), json!(0.5)])] })
        }
        4 => {
            json!({ "const": stream.one(&[json!(1), json!("a"), json!({"a": 1}), json!([1]), json!(true)]) })
        }
        5 | 6 => {
            let mut made = Map::new();
            made.insert("type".into(), stream.one(&["integer", "number"]).into());
            for keyword in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
                if stream.below(3) == 0 {
                    made.insert(
                        keyword.into(),
                        stream.one(&[json!(0), json!(3), json!(-2), json!(4.5), json!(10)]),
                    );
                }
            }
            if stream.below(4) == 0 {
                made.insert(
                    "multipleOf".into(),
                    stream.one(&[json!(2), json!(3), json!(0.5), json!(6)]),
                );
            }
            made.into()
        }
        7 | 8 => {
            let mut made = Map::new();
            made.insert("type".into(), "string".into());
            if stream.below(2) == 0 {
                made.insert("minLength".into(), stream.below(4).into());
            }
            if stream.below(2) == 0 {
                made.insert("maxLength".into(), (1 + stream.below(4)).into());
            }
            if stream.below(3) == 0 {
                made.insert("pattern".into(), stream.one(&PATTERNS).into());
            }
            made.into()
        }
        _ => json!(false),
    }
}

fn object(stream: &mut Stream<'_>, depth: usize) -> Value {
    let mut made = Map::new();
    if stream.below(4) > 0 {
        made.insert("type".into(), "object".into());
    }
    let mut properties = Map::new();
    for _ in 0..stream.below(3) {
        properties.insert(stream.one(&NAMES).into(), schema(stream, depth - 1));
    }
    if !properties.is_empty() {
        made.insert("properties".into(), properties.into());
    }
    if stream.below(2) == 0 {
        made.insert("required".into(), json!([stream.one(&NAMES)]));
    }
    if stream.below(3) == 0 {
        made.insert("additionalProperties".into(), schema(stream, 0));
    }
    if stream.below(5) == 0 {
        made.insert(
            "patternProperties".into(),
            json!({ stream.one(&PATTERNS): schema(stream, 0) }),
        );
    }
    if stream.below(6) == 0 {
        made.insert(
            "propertyNames".into(),
            json!({ "maxLength": 1 + stream.below(3) }),
        );
    }
    if stream.below(6) == 0 {
        made.insert("minProperties".into(), stream.below(3).into());
    }
    if stream.below(6) == 0 {
        made.insert("maxProperties".into(), stream.below(3).into());
    }
    made.into()
}

fn array(stream: &mut Stream<'_>, depth: usize) -> Value {
    let mut made = Map::new();
    made.insert("type".into(), "array".into());
    if stream.below(2) == 0 {
        made.insert("items".into(), schema(stream, depth - 1));
    }
    if stream.below(4) == 0 {
        made.insert("contains".into(), schema(stream, 0));
    }
    if stream.below(4) == 0 {
        made.insert("minItems".into(), stream.below(3).into());
    }
    if stream.below(4) == 0 {
        made.insert("maxItems".into(), stream.below(3).into());
    }
    if stream.below(5) == 0 {
        made.insert("uniqueItems".into(), true.into());
    }
    made.into()
}

/// `schema` with one thing changed, or another schema.
pub fn changed(stream: &mut Stream<'_>, from: &Value) -> Value {
    match stream.below(6) {
        0 => schema(stream, 2),
        1 => json!({ "anyOf": [from, schema(stream, 1)] }),
        2 => json!({ "allOf": [from, schema(stream, 1)] }),
        _ => {
            let mut made = from.clone();
            let mut places = Vec::new();
            collect(&made, &mut String::new(), &mut places);
            let place = stream.one(&places);
            if let Some(part) = made.pointer_mut(&place) {
                match part {
                    Value::Object(members) if !members.is_empty() && stream.below(2) == 0 => {
                        let name = members.keys().nth(stream.below(members.len())).cloned();
                        name.and_then(|name| members.remove(&name));
                    }
                    part => *part = schema(stream, 1),
                }
            }
            made
        }
    }
}

/// Pointers of the subschemas.
fn collect(schema: &Value, at: &mut String, places: &mut Vec<String>) {
    places.push(at.clone());
    let length = at.len();
    let Value::Object(members) = schema else { return };
    for (keyword, value) in members {
        match (keyword.as_str(), value) {
            ("properties" | "patternProperties", Value::Object(held)) => {
                for (name, held) in held {
                    at.push_str(&format!("/{keyword}/{name}"));
                    collect(held, at, places);
                    at.truncate(length);
                }
            }
            ("anyOf" | "allOf" | "oneOf", Value::Array(held)) => {
                for (index, held) in held.iter().enumerate() {
                    at.push_str(&format!("/{keyword}/{index}"));
                    collect(held, at, places);
                    at.truncate(length);
                }
            }
            ("items" | "not" | "if" | "then" | "else" | "additionalProperties" | "contains", held) => {
                at.push_str(&format!("/{keyword}"));
                collect(held, at, places);
                at.truncate(length);
            }
            _ => {}
        }
    }
}
