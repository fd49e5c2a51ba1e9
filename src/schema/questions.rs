//! What upcasting asks about schemas: one form of them to work on, inclusion with a proof, values to try.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::closing::{self, Unspecified};
use super::compare::{CompareOptions, Contract, Verdict, contains};
use super::draft::Draft;
use super::engine::{self, Compiled};
use super::eval::{Evaluator, Patterns};
use super::keywords::for_each_object;
use super::sample::{self, Effort};
use super::shrink::shrink;
use super::translate::{self, Fidelity, Integers};

/// How long one inclusion may take.
const ALLOWANCE: Duration = Duration::from_secs(5);

/// `schema` in draft 2020-12 with every reference to an entry of `$defs`; it accepts what `schema` accepts and
/// perhaps more. The other way to come out is why there is no such form.
pub(crate) fn common_form(schema: &Value) -> Result<Value, String> {
    let draft = Draft::of(schema).map_err(|named| format!("`{named}` is no draft known here"))?;
    let translated =
        translate::translate(schema, draft, Integers::Widened).map_err(|error| error.reason.clone())?;
    match translated.fidelity {
        Fidelity::Exact | Fidelity::Wider => Ok(translated.schema),
        Fidelity::Narrower | Fidelity::Loose => {
            Err("it has no form in draft 2020-12 that accepts as much".to_owned())
        }
    }
}

/// Whether every value that a writer of `sub` emits is one of `sup`. Not being so has a reason and, where one is
/// known, a value.
pub(crate) fn included(sub: &Value, sup: &Value, contract: Contract) -> Result<(), (String, Option<Value>)> {
    let options = CompareOptions {
        contract,
        allowance: ALLOWANCE,
        ..CompareOptions::default()
    };
    let direction = contains(sub, sup, &options).map_err(|error| (error.to_string(), None))?;
    match direction.verdict {
        Verdict::Compatible => Ok(()),
        Verdict::Breaking | Verdict::Unproven => Err((
            direction
                .findings
                .first()
                .map_or_else(String::new, |difference| difference.message.clone()),
            direction.witness,
        )),
    }
}

/// `schema` in the common form, with examples of the formats of texts in place of what those leave open; and whether it
/// has a format of which there are none.
pub(crate) fn spoken(schema: &Value) -> Option<(Value, bool)> {
    // The common form has no formats any more.
    let mut spoken = schema.clone();
    for_each_object(&mut spoken, &mut speak_formats);
    let mut unspoken = false;
    for_each_object(&mut spoken, &mut |members| {
        let text = members.get("type").is_some_and(|of| match of {
            Value::Array(names) => names.iter().any(|name| name == "string"),
            of => of == "string",
        });
        unspoken |= text && members.contains_key("format") && !says_texts(members);
    });
    Some((common_form(&spoken).ok()?, unspoken))
}

/// Values of `old`, smallest first: every branch and every member of an enumeration, optional members present and
/// absent, bounds and what lies beside them, and all of it aimed at what `aims` say at the same places.
pub(crate) fn instances(old: &Value, aims: &[&Value], limit: usize) -> Vec<Value> {
    let Some((from, _)) = spoken(old) else {
        return Vec::new();
    };
    // What a writer does not declare it does not write.
    let from = closing::close(&from, Unspecified::Anything);
    let patterns = Patterns::default();
    let document = Evaluator::new(&from, &patterns);
    let mut values: Vec<(usize, String, Value)> = Vec::new();
    let anything = json!({});
    let aims = if aims.is_empty() {
        vec![&anything]
    } else {
        aims.to_vec()
    };
    for aim in aims {
        let Ok(aim) = common_form(aim) else { continue };
        let aimed = Evaluator::new(&aim, &patterns);
        for mut value in sample::values(&from, &document, &aim, &aimed, Effort::Full) {
            write_whole(&mut value);
            let text = value.to_string();
            values.push((text.len(), text, value));
        }
    }
    values.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
    values.dedup_by(|left, right| left.1 == right.1);
    // The smallest half, and the largest: what is rare is often what is long.
    if values.len() > limit {
        let tail = values.split_off(values.len() - limit / 2);
        values.truncate(limit - tail.len());
        values.extend(tail);
    }
    values.into_iter().map(|(_, _, value)| value).collect()
}

/// Whether a keyword other than `format` says which texts there are.
fn says_texts(members: &Map<String, Value>) -> bool {
    ["enum", "const", "pattern"]
        .iter()
        .any(|keyword| members.contains_key(*keyword))
}

/// Formats assert nothing, but a writer that states one keeps to it: texts of a stated format are taken from a few
/// that have it, and integers of a Rust type's width stay inside it.
fn speak_formats(members: &mut Map<String, Value>) {
    if says_texts(members) {
        return;
    }
    let samples = match members.get("format").and_then(Value::as_str) {
        Some("date-time") => json!(["1970-01-01T00:00:00Z", "2024-02-29T23:59:59.999999999Z"]),
        Some("date") => json!(["1970-01-01", "2024-02-29"]),
        Some("time") => json!(["00:00:00Z", "23:59:59Z"]),
        Some("duration") => json!(["PT0S", "P1DT2H"]),
        Some("uuid") => json!([
            "00000000-0000-0000-0000-000000000000",
            "c0a80101-7f4e-4c5a-9b0e-1f2e3d4c5b6a"
        ]),
        Some("email") => json!(["a@example.com"]),
        Some("hostname") => json!(["example.com"]),
        Some("ipv4") => json!(["192.0.2.1"]),
        Some("ipv6") => json!(["2001:db8::1"]),
        Some("ip") => json!(["192.0.2.1", "2001:db8::1"]),
        Some("uri" | "url" | "iri") => json!(["https://example.com/a"]),
        Some("int64" | "int") => return bound(members, json!(i64::MIN), json!(i64::MAX)),
        Some("uint64" | "uint") => return bound(members, json!(0), json!(u64::MAX)),
        Some("int32") => return bound(members, json!(i32::MIN), json!(i32::MAX)),
        Some("uint32") => return bound(members, json!(0), json!(u32::MAX)),
        Some("int16") => return bound(members, json!(i16::MIN), json!(i16::MAX)),
        Some("uint16") => return bound(members, json!(0), json!(u16::MAX)),
        Some("int8") => return bound(members, json!(i8::MIN), json!(i8::MAX)),
        Some("uint8") => return bound(members, json!(0), json!(u8::MAX)),
        Some(_) | None => return,
    };
    let (Some(of), Value::Array(mut samples)) = (members.get("type"), samples) else {
        return;
    };
    let nullable = *of == json!(["null", "string"]) || *of == json!(["string", "null"]);
    if nullable {
        samples.push(Value::Null);
    }
    if nullable || *of == "string" {
        members.insert("enum".to_owned(), Value::Array(samples));
    }
}

/// Writes whole numbers without a point, as those who write events do.
fn write_whole(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number
                .as_f64()
                .filter(|float| float.fract() == 0.0 && float.abs() < 9e15);
            // The bounds make it exact.
            #[expect(clippy::cast_possible_truncation, reason = "whole and inside 53 bits")]
            if let Some(whole) = whole {
                *value = Value::from(whole as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_whole),
        Value::Object(members) => members.values_mut().for_each(write_whole),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn bound(members: &mut Map<String, Value>, least: Value, most: Value) {
    members.entry("minimum").or_insert(least);
    members.entry("maximum").or_insert(most);
}

/// The smallest value that `holds` and that is found from `value`.
pub(crate) fn smallest(value: Value, holds: &dyn Fn(&Value) -> bool) -> Value {
    shrink(value, holds, 1)
}

/// A schema that stands in an upcaster, as a condition on the data.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) schema: Value,
    compiled: Compiled,
}

impl Condition {
    /// A condition in draft 2020-12; else the pointer inside it and what is wrong there.
    pub(crate) fn new(schema: &Value) -> Result<Self, (String, String)> {
        if !schema.is_object() && !schema.is_boolean() {
            return Err((String::new(), "is neither an object nor a boolean".to_owned()));
        }
        let compiled = engine::compile(schema, Draft::Draft202012).map_err(|error| {
            let pointer = match &error {
                engine::CompileError::Invalid(violation) => violation.pointer.clone(),
                engine::CompileError::Outside(_) | engine::CompileError::TooDeep(_) => String::new(),
            };
            (pointer, error.message())
        })?;
        Ok(Self {
            schema: schema.clone(),
            compiled,
        })
    }

    pub(crate) fn holds(&self, data: &Value) -> bool {
        self.compiled.is_valid(data)
    }
}
