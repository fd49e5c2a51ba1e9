//! The upcasters that stand as files beside the schemas.

use std::io;
use std::sync::Arc;

use crate::finding::{Finding, Place};
use crate::rules;
use crate::schema::{Catalogue, SchemaError};

use super::super::Upcaster;
use super::Fence;

/// The upcasters of a catalogue: `<from>-to-<to>.jq` beside a type's schemas, to be run inside `fence`.
///
/// What cannot be used is a finding: a program that is not UTF-8, or a file of another kind of upcaster than jq.
/// What is wrong with a program is told by [`Chains::check`](super::super::Chains::check).
///
/// # Errors
///
/// When a file cannot be read.
pub fn upcasters_in(
    catalogue: &Catalogue,
    fence: &Arc<Fence>,
) -> Result<(Vec<Upcaster>, Vec<Finding>), SchemaError> {
    let mut upcasters = Vec::new();
    let mut findings = Vec::new();
    for file in catalogue.upcaster_files() {
        let path = file.path.display().to_string();
        let mut unusable = |rule, message: &str| {
            let place = Place::kind(&file.event_type, &file.from).in_file(&path);
            findings.push(Finding::new(rule, format!("{path}: {message}"), place));
        };
        if file.path.extension().is_none_or(|extension| extension != "jq") {
            unusable(&rules::NOT_CHECKED, "no kind of upcaster that can be run");
            continue;
        }
        match std::fs::read_to_string(&file.path) {
            Ok(program) => upcasters.push(Upcaster::jq(
                &file.event_type,
                file.from.clone(),
                file.to.clone(),
                program,
                path,
                Arc::clone(fence),
            )),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                unusable(&rules::JQ_INVALID, "the program is not UTF-8");
            }
            Err(error) => return Err(SchemaError::io("read the upcaster", &file.path, &error)),
        }
    }
    Ok((upcasters, findings))
}
