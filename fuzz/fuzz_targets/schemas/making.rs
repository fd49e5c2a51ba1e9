//! One schema out of bytes, of every keyword there is.

use serde_json::{Map, Value, json};

/// Bytes, then zeros.
pub struct Stream<'a>(pub &'a [u8]);

impl Stream<'_> {
    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                usize::from(*first) % limit
            }
            None => 0,
        }
    }

    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn count(&mut self) -> Value {
        self.below(5).into()
    }

    fn number(&mut self) -> Value {
        self.one(&[
            json!(0),
            json!(1),
            json!(3),
            json!(-2),
            json!(0.5),
            json!(2.5),
            json!(1.1),
            json!(10),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e300),
        ])
    }
}

pub const NAMES: [&str; 5] = ["a", "b", "c", "x1", ""];

const PATTERNS: [&str; 16] = [
    "^a",
    "b$",
    "^[ab]*$",
    "^.{2}$",
    "[01]",
    "^x",
    "^(a|ab)$",
    "^(?!a)",
    "\\d",
    "^\\w+$",
    "\\s",
    "^$",
    "^[a-c]{1,3}$",
    "(ab)+",
    "\\bab\\b",
    "^(?=.*a)b",
];

const TYPES: [&str; 7] = [
    "object", "string", "integer", "number", "array", "boolean", "null",
];

/// A value that is listed.
fn value(stream: &mut Stream<'_>, depth: usize) -> Value {
    match stream.below(if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => (stream.below(2) == 0).into(),
        2 => stream.number(),
        3 => stream.one(&NAMES).into(),
        4 => stream.one(&["ab", "0", "é", "a b", "aaaa"]).into(),
        5 => json!(1.0),
        6 => (0..stream.below(3)).map(|_| value(stream, depth - 1)).collect(),
        _ => {
            let mut members = Map::new();
            for _ in 0..stream.below(3) {
                members.insert(stream.one(&NAMES).to_owned(), value(stream, depth - 1));
            }
            members.into()
        }
    }
}

/// A schema; `guarded` says whether a reference would lead through a part of the value.
pub fn schema(stream: &mut Stream<'_>, depth: usize, guarded: bool) -> Value {
    if depth == 0 {
        return match stream.below(4) {
            0 => true.into(),
            1 => false.into(),
            _ => json!({ "type": stream.one(&TYPES) }),
        };
    }
    let mut made = Map::new();
    for _ in 0..=stream.below(4) {
        let (keyword, held) = keyword(stream, depth, guarded);
        made.insert(keyword.to_owned(), held);
    }
    made.into()
}

fn keyword(stream: &mut Stream<'_>, depth: usize, guarded: bool) -> (&'static str, Value) {
    let list = |stream: &mut Stream<'_>, guarded: bool| -> Value {
        (0..=stream.below(3))
            .map(|_| schema(stream, depth - 1, guarded))
            .collect()
    };
    let named = |stream: &mut Stream<'_>, names: &[&str], guarded: bool| -> Value {
        let mut members = Map::new();
        for _ in 0..=stream.below(2) {
            let name = stream.one(names).to_owned();
            members.insert(name, schema(stream, depth - 1, guarded));
        }
        members.into()
    };
    let names = |stream: &mut Stream<'_>| -> Value {
        let mut names: Vec<&str> = (0..stream.below(3)).map(|_| stream.one(&NAMES)).collect();
        names.sort_unstable();
        names.dedup();
        json!(names)
    };
    match stream.below(44) {
        0..=3 => ("type", stream.one(&TYPES).into()),
        4 => ("type", json!(["null", stream.one(&TYPES[..6])])),
        5 => ("const", value(stream, 2)),
        6 => ("enum", (0..=stream.below(4)).map(|_| value(stream, 1)).collect()),
        7 => ("minimum", stream.number()),
        8 => ("maximum", stream.number()),
        9 => ("exclusiveMinimum", stream.number()),
        10 => ("exclusiveMaximum", stream.number()),
        11 => (
            "multipleOf",
            stream.one(&[json!(2), json!(3), json!(0.5), json!(1.1), json!(0.1)]),
        ),
        12 => ("minLength", stream.count()),
        13 => ("maxLength", stream.count()),
        14 | 15 => ("pattern", stream.one(&PATTERNS).into()),
        16 => ("minItems", stream.count()),
        17 => ("maxItems", stream.count()),
        18 => ("uniqueItems", true.into()),
        19 | 20 => ("items", schema(stream, depth - 1, true)),
        21 => ("prefixItems", list(stream, true)),
        22 => ("contains", schema(stream, depth - 1, true)),
        23 => ("minContains", stream.count()),
        24 => ("maxContains", stream.count()),
        25..=27 => ("properties", named(stream, &NAMES, true)),
        28 | 29 => ("required", names(stream)),
        30 => ("patternProperties", named(stream, &PATTERNS, true)),
        31 => ("additionalProperties", schema(stream, depth - 1, true)),
        32 => ("propertyNames", schema(stream, depth - 1, true)),
        33 => ("minProperties", stream.count()),
        34 => ("maxProperties", stream.count()),
        35 => ("dependentRequired", json!({ stream.one(&NAMES): names(stream) })),
        36 => ("dependentSchemas", named(stream, &NAMES, guarded)),
        37 => {
            let keyword = stream.one(&["unevaluatedProperties", "unevaluatedItems"]);
            (keyword, schema(stream, depth - 1, true))
        }
        38 => ("allOf", list(stream, guarded)),
        39 => ("anyOf", list(stream, guarded)),
        40 => ("oneOf", list(stream, guarded)),
        41 => ("not", schema(stream, depth - 1, guarded)),
        42 => (
            stream.one(&["if", "then", "else"]),
            schema(stream, depth - 1, guarded),
        ),
        // Only where a value gets smaller on the way: others are refused by every validator.
        _ if guarded => ("$ref", stream.one(&["#", "#/$defs/one", "#/$defs/two"]).into()),
        _ => ("title", "t".into()),
    }
}
