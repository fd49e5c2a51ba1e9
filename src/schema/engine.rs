//! Compiling schemas and validating values: the only place, beside the algebra, that calls the `jsonschema` crate.
//!
//! Nothing is ever fetched. `format`, `contentMediaType` and `contentEncoding` are annotations in every draft: what
//! they would assert differs between drafts and validators, and an event that was stored is a fact whatever its
//! e-mail address looks like. Integer formats of Rust types are bounds instead.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::error::ValidationErrorKind;
use jsonschema::json::Json;
use jsonschema::{Retrieve, Uri, ValidationError, ValidationOptions};
use serde_json::Value;

use super::draft::Draft;
use super::flat::{Flat, FlatNode};
use super::shape;
use crate::json::Document;

/// One way in which a value does not satisfy a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// JSON pointer of the value that is wrong.
    pub pointer: String,
    /// What is wrong with it. Holds what the schema says and the names of members, never values.
    pub message: String,
}

/// A schema that can validate.
#[derive(Debug)]
pub(super) struct Compiled {
    validator: jsonschema::Validator,
    draft: Draft,
    /// Whether formats are assertions.
    asserting: bool,
    /// The same for documents on a tape, once one was asked about; nothing if it cannot be built.
    flat: OnceLock<Option<jsonschema::Validator<Flat>>>,
}

/// Why a schema cannot validate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CompileError {
    /// It refers to these documents outside itself.
    Outside(Vec<String>),
    /// It is wrong at this pointer.
    Invalid(Violation),
    /// It is too deep to be compiled safely.
    TooDeep(String),
}

impl CompileError {
    pub(super) fn message(&self) -> String {
        match self {
            Self::Outside(uris) => format!("refers to {}, which is not fetched", uris.join(" and ")),
            Self::Invalid(violation) if violation.pointer.is_empty() => violation.message.clone(),
            Self::Invalid(violation) => format!("at {}: {}", violation.pointer, violation.message),
            Self::TooDeep(why) => why.clone(),
        }
    }
}

pub(super) fn engine_draft(draft: Draft) -> jsonschema::Draft {
    match draft {
        Draft::Draft4 => jsonschema::Draft::Draft4,
        Draft::Draft6 => jsonschema::Draft::Draft6,
        Draft::Draft7 => jsonschema::Draft::Draft7,
        Draft::Draft201909 => jsonschema::Draft::Draft201909,
        Draft::Draft202012 => jsonschema::Draft::Draft202012,
    }
}

/// The address of a schema that has none of its own, so that what it refers to has one.
pub(super) const BASE: &str = "schema:///";

/// Refuses to fetch anything, and remembers what it was asked for.
#[derive(Clone, Default)]
pub(super) struct Refusal(Arc<Mutex<Vec<String>>>);

impl Retrieve for Refusal {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync + 'static>> {
        // A reference without a base of its own is resolved against one that the engine makes up.
        let text = uri.as_str();
        let text = text.strip_prefix(BASE).unwrap_or(text);
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.iter().any(|known| known == text) {
            asked.push(text.to_owned());
        }
        Err("nothing is fetched".into())
    }
}

/// What every validator of `schema` is built with, whatever it validates.
fn options<'a, F: Json>(
    options: ValidationOptions<'a, Arc<dyn Retrieve>, F>,
    schema: &Value,
    draft: Draft,
    asserting: bool,
    refusal: Refusal,
) -> ValidationOptions<'a, Arc<dyn Retrieve>, F> {
    let mut options = options
        .with_draft(engine_draft(draft))
        .with_retriever(refusal)
        .should_validate_formats(asserting);
    if !asserting {
        options = options
            .without_content_media_type_support("application/json")
            .without_content_encoding_support("base64");
    }
    if schema.get(draft.id_keyword()).is_none() {
        options.with_base_uri(BASE)
    } else {
        options
    }
}

/// Compiles `schema`, which is taken as written in `draft` whatever it says itself.
pub(super) fn compile(schema: &Value, draft: Draft) -> Result<Compiled, CompileError> {
    compiled(schema, draft, false)
}

/// The same, with `format`, `contentMediaType` and `contentEncoding` as assertions where the draft has them.
pub(super) fn compile_asserting(schema: &Value, draft: Draft) -> Result<Compiled, CompileError> {
    compiled(schema, draft, true)
}

fn compiled(schema: &Value, draft: Draft, asserting: bool) -> Result<Compiled, CompileError> {
    shape::check_depth(schema).map_err(CompileError::TooDeep)?;
    let refusal = Refusal::default();
    // A refusal may show a part of the schema.
    let mut sorted = schema.clone();
    sorted.sort_all_objects();
    match options(jsonschema::options(), schema, draft, asserting, refusal.clone()).build(&sorted) {
        Ok(validator) => Ok(Compiled {
            validator,
            draft,
            asserting,
            flat: OnceLock::new(),
        }),
        Err(error) => {
            let asked = refusal.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if asked.is_empty() {
                // What is wrong with a schema is no production data, so it is shown.
                Err(CompileError::Invalid(Violation {
                    pointer: error.instance_path().to_string(),
                    message: lower(error.to_string()),
                }))
            } else {
                Err(CompileError::Outside(asked))
            }
        }
    }
}

/// How many violations of one value are listed.
const LISTED: usize = 16;

/// How many are gathered to list the first of: they come in the order in which the schema is held in memory.
const GATHERED: usize = 1024;

impl Compiled {
    pub(super) fn is_valid(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// As [`is_valid`](Self::is_valid), for the value at an entry of a document. `schema` is what this was
    /// compiled from.
    pub(super) fn accepts(&self, schema: &Value, document: Document<'_>, at: u32) -> bool {
        let flat = self.flat.get_or_init(|| {
            options(
                jsonschema::options_for::<Flat>(),
                schema,
                self.draft,
                self.asserting,
                Refusal::default(),
            )
            .build(schema)
            .ok()
        });
        match flat {
            Some(validator) => validator.is_valid(FlatNode::Value(document, at)),
            None => self.is_valid(&document.value(at)),
        }
    }

    /// The first ways in which `value` does not satisfy the schema.
    pub(super) fn violations(&self, value: &Value) -> Vec<Violation> {
        let mut violations: Vec<Violation> = self
            .validator
            .iter_errors(value)
            .take(GATHERED)
            .map(|error| Violation {
                pointer: error.instance_path().to_string(),
                message: masked(&error),
            })
            .collect();
        violations.sort();
        violations.dedup();
        violations.truncate(LISTED);
        violations
    }
}

/// What a schema refuses about a value, and where in the schema that stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Objection {
    /// JSON pointer in the schema.
    pub(super) keyword: String,
    /// JSON pointer in the value.
    pub(super) pointer: String,
    pub(super) message: String,
}

impl Compiled {
    /// The first objections to `value`.
    pub(super) fn objections(&self, value: &Value) -> Vec<Objection> {
        let mut objections: Vec<Objection> = self
            .validator
            .iter_errors(value)
            .take(GATHERED)
            .map(|error| Objection {
                keyword: error.schema_path().to_string(),
                pointer: error.instance_path().to_string(),
                message: masked(&error),
            })
            .collect();
        objections.sort();
        objections.dedup();
        objections.truncate(LISTED);
        objections
    }
}

fn masked(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::PropertyNames { error } => {
            format!(
                "a member name is refused: {}",
                lower(error.masked_with("it").to_string())
            )
        }
        _ => lower(error.masked_with("the value").to_string()),
    }
}

/// `message` as messages here are: without a capital at the start.
fn lower(message: String) -> String {
    let mut characters = message.chars();
    match characters.next() {
        Some(first) if first.is_uppercase() => first.to_lowercase().chain(characters).collect(),
        Some(_) | None => message,
    }
}
