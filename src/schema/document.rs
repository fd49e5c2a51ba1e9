//! Reading one schema file: strictly, boundedly, and without following anything out of it.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use crate::finding::{Finding, Place};
use crate::json::{self, JsonErrorKind};
use crate::rules;

use super::draft::Draft;
use super::engine::{self, CompileError, Compiled};
use super::keywords::subschemas;

/// The largest schema file that is read.
pub(super) const MAX_BYTES: u64 = 8 << 20;

/// A schema that was read and can validate.
pub(super) struct Document {
    pub(super) schema: Value,
    pub(super) compiled: Compiled,
    /// What there is to say about it all the same.
    pub(super) findings: Vec<Finding>,
}

/// Reads the schema in the bytes of a file, or says why they could not be had; `place` says what it is.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn read(bytes: Result<Vec<u8>, String>, place: &Place) -> Result<Document, Vec<Finding>> {
    let file = place.file.as_deref().unwrap_or_default();
    let bytes = bytes.map_err(|why| vec![unreadable(file, &why, place.clone())])?;
    let (schema, findings) = value(&bytes, place).map_err(|finding| vec![finding])?;
    let compiled = check(&schema, place)?;
    Ok(Document {
        schema,
        compiled,
        findings,
    })
}

fn unreadable(file: &str, why: &str, place: Place) -> Finding {
    Finding::new(&rules::SCHEMA_UNREADABLE, format!("{file}: {why}"), place)
}

/// The bytes of a regular file of bounded size.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let kind = file.metadata().map_err(|error| error.to_string())?;
    if !kind.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_BYTES >> 20));
    }
    Ok(bytes)
}

/// The JSON in `bytes`, and what there is to say about it.
fn value(bytes: &[u8], place: &Place) -> Result<(Value, Vec<Finding>), Finding> {
    let file = place.file.as_deref().unwrap_or_default();
    let parsed = json::parse(bytes).map_err(|error| {
        let (line, column) = position(bytes, error.offset());
        let what = match error.kind() {
            JsonErrorKind::CutOff => "the file ends inside a value".to_owned(),
            JsonErrorKind::ByteOrderMark => {
                "the file starts with a byte-order mark, which JSON does not have".to_owned()
            }
            JsonErrorKind::NotUtf8 => "the file is not UTF-8".to_owned(),
            JsonErrorKind::Syntax(_)
            | JsonErrorKind::DuplicateMember(_)
            | JsonErrorKind::NumberOutOfRange
            | JsonErrorKind::LoneSurrogate
            | JsonErrorKind::TooDeep => {
                let message = error.to_string();
                // The line and the column say it better than the byte.
                message.split(" at byte ").next().unwrap_or(&message).to_owned()
            }
        };
        let place = place.clone().at_line(line).at_pointer(error.pointer());
        unreadable(file, &format!("line {line}, column {column}: {what}"), place)
    })?;
    let mut findings = Vec::new();
    if let Some(pointer) = parsed.imprecise {
        findings.push(Finding::new(
            &rules::NUMBER_PRECISION,
            format!("{file}: at {pointer} stands a whole number beyond 64 bits, which is rounded"),
            place.clone().at_pointer(pointer),
        ));
    }
    Ok((parsed.value, findings))
}

/// Line and column, from 1, of a byte in a text; the column counts characters.
pub(super) fn position(text: &[u8], offset: usize) -> (u64, u64) {
    let before = &text[..offset.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() as u64 + 1;
    (line, column)
}

/// Whether `schema` is a schema that stands on its own.
fn check(schema: &Value, place: &Place) -> Result<Compiled, Vec<Finding>> {
    let file = place.file.as_deref().unwrap_or_default();
    let invalid = |pointer: &str, what: &str| {
        let place = place.clone().at_pointer(pointer);
        let at = if pointer.is_empty() {
            String::new()
        } else {
            format!(" at {pointer}")
        };
        Finding::new(&rules::SCHEMA_INVALID, format!("{file}{at}: {what}"), place)
    };
    if !schema.is_object() && !schema.is_boolean() {
        return Err(vec![invalid("", "a schema is an object or a boolean")]);
    }
    let draft = Draft::of(schema).map_err(|named| {
        let what =
            format!("`{named}` is no dialect known here; there are drafts 4, 6, 7, 2019-09 and 2020-12");
        vec![invalid("/$schema", &what)]
    })?;
    engine::compile(schema, draft).map_err(|error| match error {
        CompileError::Invalid(violation) if is_type_keyword(&violation.pointer) => vec![invalid(
            &violation.pointer,
            "names no JSON type; there are array, boolean, integer, null, number, object and string",
        )],
        CompileError::Invalid(violation) => vec![invalid(&violation.pointer, &violation.message)],
        CompileError::TooDeep(why) => vec![invalid("", &why)],
        CompileError::Outside(uris) => {
            let references = references(schema);
            uris.iter()
                .map(|uri| {
                    let pointer = references
                        .iter()
                        .find(|(_, reference)| {
                            let document = reference.split('#').next().unwrap_or_default();
                            !document.is_empty() && uri.ends_with(document.trim_start_matches(['.', '/']))
                        })
                        .map_or("", |(pointer, _)| pointer);
                    Finding::new(
                        &rules::SCHEMA_REFERENCE,
                        format!("{file}: refers to {uri} outside itself; nothing was fetched"),
                        place.clone().at_pointer(pointer),
                    )
                })
                .collect()
        }
    })
}

/// Whether a pointer into a schema leads to the keyword `type`, and not to a member of that name.
fn is_type_keyword(pointer: &str) -> bool {
    pointer.strip_suffix("/type").is_some_and(|above| {
        ![
            "properties",
            "patternProperties",
            "$defs",
            "definitions",
            "dependentSchemas",
        ]
        .iter()
        .any(|names| above.ends_with(names))
    })
}

/// Every reference in a schema, with the pointer of its keyword.
fn references(schema: &Value) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), schema)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                    if let (true, Some(reference)) = (name == "$ref", value.as_str()) {
                        found.push((pointer, reference));
                    } else if subschemas(name).is_some() || value.is_object() {
                        open.push((pointer, value));
                    }
                }
            }
            Value::Array(items) => {
                open.extend(
                    items
                        .iter()
                        .enumerate()
                        .map(|(index, value)| (format!("{pointer}/{index}"), value)),
                );
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found.sort();
    found
}
