//! Whether a value satisfies the schema of its type and version.

use std::sync::Arc;

use serde_json::Value;

use crate::json::Document;
use crate::model::Version;

use super::catalogue::{Catalogue, SchemaVersion};
use super::engine::Violation;

/// The answer about one value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Validation {
    /// It satisfies the schema.
    Valid,
    /// It does not, in these ways; of many, the first.
    Invalid(Vec<Violation>),
    /// The catalogue does not have the type.
    UnknownType,
    /// The catalogue has the type but not the version.
    UnknownVersion,
    /// The version has a schema that cannot be used; the text says why.
    Unusable(String),
}

/// Validates values against a catalogue. Can be shared between threads.
///
/// A value is held against what the writers of its version emit. `format` is an annotation in every draft and
/// refuses nothing.
#[derive(Clone, Debug)]
pub struct Validators {
    catalogue: Arc<Catalogue>,
}

impl Validators {
    /// Validators for every version in `catalogue`.
    pub fn new(catalogue: Arc<Catalogue>) -> Self {
        Self { catalogue }
    }

    /// The catalogue behind them.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// Whether `data` satisfies the schema of `event_type` at `version`.
    pub fn validate(&self, event_type: &str, version: &Version, data: &Value) -> Validation {
        match self.known(event_type, version) {
            Err(why) => why,
            Ok(known) if known.0.compiled.is_valid(data) => Validation::Valid,
            Ok(known) => Validation::Invalid(known.violations(data)),
        }
    }

    /// The schema of `event_type` at `version`, or why there is none.
    pub(crate) fn known(&self, event_type: &str, version: &Version) -> Result<Known<'_>, Validation> {
        match self.catalogue.get(event_type, version) {
            Some(known) => Ok(Known(known)),
            None => Err(match self.catalogue.unusable(event_type, version) {
                Some(why) => Validation::Unusable(why.to_owned()),
                None if self.catalogue.has_type(event_type) => Validation::UnknownVersion,
                None => Validation::UnknownType,
            }),
        }
    }
}

/// A schema that was looked up once for many events.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a>(&'a SchemaVersion);

impl Known<'_> {
    /// Whether the value at an entry of a document satisfies it.
    pub(crate) fn accepts(self, document: Document<'_>, at: u32) -> bool {
        self.0.compiled.accepts(&self.0.schema, document, at)
    }

    /// The first ways in which `data` does not satisfy it.
    pub(crate) fn violations(self, data: &Value) -> Vec<Violation> {
        self.0.compiled.violations(data)
    }
}
