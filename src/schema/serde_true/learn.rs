//! What a type reads and its schema cannot say: other names of members and variants, unknown variants, members that
//! may be missing.
//!
//! The type is not looked into, it is asked. Each guess is a wider schema, and values that only the wider one accepts
//! are put before the type; a guess stands if there are such values and the type reads them all. Guesses are about the
//! names that the writer's schema has, since no others are ever written.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::schema::draft::Draft;
use crate::schema::engine;
use crate::schema::generate::sample_instances;
use crate::schema::keywords::{Reach, Shape, subschemas};
use crate::schema::prove::Step;
use crate::schema::questions::{instances, spoken};

/// A wider schema and what it is wider by.
pub(super) struct Learned {
    pub(super) schema: Value,
    pub(super) what: Step,
}

/// A guess, with the name or text of the writer's that it is about.
struct Guess {
    wider: Learned,
    about: Option<String>,
}

/// The most guesses that are looked at, and that are put before the type.
const GUESSES: usize = 400;
const ASKED: usize = 48;
/// How many values of each sort a guess is tried on.
const DIRECTED: usize = 60;
const RANDOM: usize = 60;
const SEED: u64 = 0x1ea2_2ed5;

/// The first guess about `reader` that `accepts` confirms. Those that account for `witness` come first.
pub(super) fn learn(
    reader: &Value,
    writer: &Value,
    witness: Option<&Value>,
    accepts: &dyn Fn(&Value) -> bool,
) -> Option<Learned> {
    let known = Names::of(writer);
    let mut places = Vec::new();
    walk(reader, "", &mut places);
    let mut guesses = Vec::new();
    for place in &places {
        guesses.extend(at(reader, place, &known));
    }
    guesses.truncate(GUESSES);
    let now = engine::compile(reader, Draft::Draft202012).ok()?;
    // What accounts for the witness is asked first, then what is about something in it: it may be one reason of two.
    let accounts = |guess: &Guess| {
        witness.is_some_and(|witness| {
            engine::compile(&guess.wider.schema, Draft::Draft202012)
                .is_ok_and(|wider| wider.is_valid(witness))
        })
    };
    let mut in_witness = BTreeSet::new();
    if let Some(witness) = witness {
        mentioned(witness, &mut in_witness);
    }
    let about = |guess: &Guess| guess.about.as_ref().is_some_and(|name| in_witness.contains(name));
    let mut guesses: Vec<(bool, bool, Guess)> = guesses
        .into_iter()
        .map(|guess| (!accounts(&guess), !about(&guess), guess))
        .collect();
    guesses.sort_by_key(|(accounts, about, _)| (*accounts, *about));
    guesses.truncate(ASKED);
    let mut guesses = guesses.into_iter().map(|(_, _, guess)| guess.wider);
    guesses.find(|guess| {
        let mut values = instances(&guess.schema, &[], DIRECTED);
        if let Some((spoken, _)) = spoken(&guess.schema)
            && let Ok(random) = sample_instances(&spoken, SEED, RANDOM)
        {
            values.extend(random);
        }
        let mut values = values.iter().filter(|value| !now.is_valid(value)).peekable();
        values.peek().is_some() && values.all(accepts)
    })
}

/// Every member name and text in a value.
fn mentioned(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            names.extend(members.keys().cloned());
            members.values().for_each(|value| mentioned(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| mentioned(item, names)),
        Value::String(text) => {
            names.insert(text.clone());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Names of members, and texts that a schema lists.
struct Names {
    members: BTreeSet<String>,
    texts: BTreeSet<String>,
}

impl Names {
    fn of(schema: &Value) -> Self {
        let mut names = Self {
            members: BTreeSet::new(),
            texts: BTreeSet::new(),
        };
        let mut places = Vec::new();
        walk(schema, "", &mut places);
        for place in places {
            let Some(Value::Object(members)) = schema.pointer(&place) else {
                continue;
            };
            if let Some(Value::Object(properties)) = members.get("properties") {
                names.members.extend(properties.keys().cloned());
            }
            names.texts.extend(listed(members));
        }
        names
    }
}

/// The texts that a schema object limits its values to.
fn listed(members: &Map<String, Value>) -> Vec<String> {
    let listed = match (members.get("const"), members.get("enum")) {
        (Some(value), _) => std::slice::from_ref(value),
        (None, Some(Value::Array(values))) => values,
        _ => &[],
    };
    let texts = listed.iter().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// Pointers of every schema object that says what values look like, `schema` first.
fn walk(schema: &Value, pointer: &str, places: &mut Vec<String>) {
    let Value::Object(members) = schema else { return };
    places.push(pointer.to_owned());
    let mut keywords: Vec<&String> = members.keys().collect();
    keywords.sort_unstable();
    for keyword in keywords {
        let Some((shape, reach)) = subschemas(keyword) else {
            continue;
        };
        if matches!(reach, Reach::Test | Reach::ChildTest) {
            continue;
        }
        let below = step(pointer, keyword);
        match (shape, &members[keyword]) {
            (Shape::List | Shape::OneOrList, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &format!("{below}/{index}"), places);
                }
            }
            (Shape::Map | Shape::MapOfSchemasOrNames, Value::Object(held)) => {
                let mut names: Vec<&String> = held.keys().collect();
                names.sort_unstable();
                for name in names {
                    walk(&held[name], &step(&below, name), places);
                }
            }
            (_, held) => walk(held, &below, places),
        }
    }
}

fn step(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The guesses about one place of `reader`.
fn at(reader: &Value, place: &str, known: &Names) -> Vec<Guess> {
    let Some(Value::Object(object)) = reader.pointer(place) else {
        return Vec::new();
    };
    let mut guesses = Vec::new();
    let mut guess = |held: Value, about: Option<&String>, why: String| {
        let mut schema = reader.clone();
        if place.is_empty() {
            schema = rooted(&schema, held);
        } else if let Some(at) = schema.pointer_mut(place) {
            *at = held;
        }
        let what = Step {
            at: String::new(),
            given: None,
            asked: Some(place.to_owned()),
            why,
        };
        guesses.push(Guess {
            wider: Learned { schema, what },
            about: about.cloned(),
        });
    };
    let empty = Map::new();
    let properties = object
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let required: Vec<&str> = object
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut names: Vec<&String> = properties.keys().collect();
    // A member that the writer does not know is the one that has another name there.
    names.sort_unstable_by_key(|name| (known.members.contains(*name), *name));
    for name in &names {
        for other in known
            .members
            .iter()
            .filter(|other| !properties.contains_key(*other))
        {
            let own = inner(object);
            let mut renamed = own.clone();
            rename(&mut renamed, name, other);
            guess(
                json!({ "anyOf": [own, renamed] }),
                Some(other),
                format!("the type reads `{name}` under the name `{other}` as well"),
            );
        }
    }
    for name in names.iter().filter(|name| required.contains(&name.as_str())) {
        let mut optional = inner(object);
        let left: Vec<&&str> = required.iter().filter(|left| *left != name).collect();
        optional.insert("required".to_owned(), json!(left));
        guess(
            Value::Object(optional),
            None,
            format!("the type does without `{name}`"),
        );
    }
    let closed = ["additionalProperties", "unevaluatedProperties"]
        .into_iter()
        .find(|keyword| object.get(*keyword) == Some(&Value::Bool(false)));
    if let Some(keyword) = closed {
        let mut wider = inner(object);
        let mut all = properties.clone();
        for other in &known.members {
            all.entry(other.clone()).or_insert(Value::Bool(true));
        }
        wider.insert("properties".to_owned(), Value::Object(all));
        guess(
            Value::Object(wider),
            None,
            format!("the type reads past members that `{keyword}` refuses"),
        );
    }
    let own = listed(object);
    if !own.is_empty() {
        let beside = beside(reader, place);
        let mut others = inner(object);
        others.remove("const");
        others.remove("enum");
        others.insert("type".to_owned(), "string".into());
        if !beside.is_empty() {
            others.insert("not".to_owned(), json!({ "enum": beside }));
        }
        guess(
            Value::Object(others),
            None,
            format!(
                "the type takes what it does not know for `{}`",
                own.join("` or `")
            ),
        );
        let unknown = known
            .texts
            .iter()
            .filter(|text| !own.contains(text) && !beside.contains(text));
        for text in unknown {
            let mut more = inner(object);
            more.remove("const");
            let mut all = own.clone();
            all.push(text.clone());
            more.insert("enum".to_owned(), json!(all));
            guess(
                Value::Object(more),
                Some(text),
                format!("the type takes `{text}` for `{}`", own.join("` or `")),
            );
        }
    }
    guesses
}

/// `object` without what only a root has.
fn inner(object: &Map<String, Value>) -> Map<String, Value> {
    let mut object = object.clone();
    object.remove("$defs");
    object.remove("$schema");
    object
}

/// `held` in place of the root of `schema`, with its definitions.
fn rooted(schema: &Value, held: Value) -> Value {
    let Value::Object(mut held) = held else {
        return held;
    };
    for keyword in ["$schema", "$defs"] {
        if let Some(value) = schema.get(keyword) {
            held.insert(keyword.to_owned(), value.clone());
        }
    }
    Value::Object(held)
}

fn rename(object: &mut Map<String, Value>, name: &str, other: &str) {
    if let Some(Value::Object(properties)) = object.get_mut("properties")
        && let Some(schema) = properties.remove(name)
    {
        properties.insert(other.to_owned(), schema);
        // Under both names at once it would be there twice.
        properties.insert(name.to_owned(), false.into());
    }
    if let Some(Value::Array(required)) = object.get_mut("required") {
        for known in required.iter_mut().filter(|known| *known == name) {
            *known = other.into();
        }
    }
}

/// The texts that stand at the same place in the other branches of the choice that `place` is in.
fn beside(reader: &Value, place: &str) -> Vec<String> {
    let tokens: Vec<&str> = place.split('/').collect();
    let choice = tokens
        .iter()
        .rposition(|token| matches!(*token, "oneOf" | "anyOf"));
    let Some(at) = choice else { return Vec::new() };
    if at + 1 >= tokens.len() {
        return Vec::new();
    }
    let (list, inside) = (tokens[..=at].join("/"), tokens[at + 2..].join("/"));
    let count = reader
        .pointer(&list)
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    let mut texts = BTreeSet::new();
    for index in (0..count).filter(|index| tokens[at + 1] != index.to_string()) {
        let other = if inside.is_empty() {
            format!("{list}/{index}")
        } else {
            format!("{list}/{index}/{inside}")
        };
        if let Some(Value::Object(members)) = reader.pointer(&other) {
            texts.extend(listed(members));
        }
    }
    texts.into_iter().collect()
}
