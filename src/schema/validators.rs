//! Whether a value satisfies the schema of its type and version.

use std::sync::Arc;

use serde_json::Value;

use crate::model::Version;

use super::catalogue::Catalogue;
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
        let Some(known) = self.catalogue.get(event_type, version) else {
            return match self.catalogue.unusable(event_type, version) {
                Some(why) => Validation::Unusable(why.to_owned()),
                None if self.catalogue.has_type(event_type) => Validation::UnknownVersion,
                None => Validation::UnknownType,
            };
        };
        if known.compiled.is_valid(data) {
            return Validation::Valid;
        }
        Validation::Invalid(known.compiled.violations(data))
    }
}
