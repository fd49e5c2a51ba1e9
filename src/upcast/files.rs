//! The upcasters that stand as files beside the schemas.

use std::io;
#[cfg(feature = "jq")]
use std::sync::Arc;

use crate::finding::{Finding, Place};
use crate::rules;
use crate::schema::{Catalogue, SchemaError, UpcasterFile};

use super::Upcaster;
use super::declared::Declared;
#[cfg(feature = "jq")]
use super::jq::Fence;

/// The largest declarative upcaster that is read.
const LARGEST: u64 = 1 << 20;

/// The upcasters of a catalogue: `<from>-to-<to>.upcast.json` and `<from>-to-<to>.jq` beside a type's schemas; jq
/// runs inside `fence`.
///
/// What cannot be used is a finding: a declarative file that says something wrong, a program that is not UTF-8, or a
/// file of another kind. What is wrong with a program is told by [`Chains::check`](super::Chains::check).
///
/// # Errors
///
/// When a file cannot be read.
#[cfg(feature = "jq")]
pub fn upcasters_in(
    catalogue: &Catalogue,
    fence: &Arc<Fence>,
) -> Result<(Vec<Upcaster>, Vec<Finding>), SchemaError> {
    all(catalogue, &mut |file, program, path| {
        Some(Upcaster::jq(
            &file.event_type,
            file.from.clone(),
            file.to.clone(),
            program,
            path,
            Arc::clone(fence),
        ))
    })
}

/// The declarative upcasters of a catalogue: `<from>-to-<to>.upcast.json` beside a type's schemas. A file of another
/// kind is a finding, and so is one that says something wrong.
///
/// # Errors
///
/// When a file cannot be read.
///
/// ```
/// use pastproof::schema::{Catalogue, CatalogueOptions};
/// use pastproof::upcast::declared_in;
///
/// let folder = tempfile::tempdir()?;
/// std::fs::create_dir(folder.path().join("PriceSet"))?;
/// std::fs::write(
///     folder.path().join("PriceSet/1-to-2.upcast.json"),
///     r#"{"format": "1.0", "operations": [{"op": "rename", "at": "/cents", "to": "amount"}]}"#,
/// )?;
/// let catalogue = Catalogue::open(folder.path(), &CatalogueOptions::default())?;
/// let (upcasters, findings) = declared_in(&catalogue)?;
/// assert_eq!((upcasters.len(), findings.len()), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn declared_in(catalogue: &Catalogue) -> Result<(Vec<Upcaster>, Vec<Finding>), SchemaError> {
    all(catalogue, &mut |_, _, _| None)
}

type Program<'a> = &'a mut dyn FnMut(&UpcasterFile, String, String) -> Option<Upcaster>;

fn all(catalogue: &Catalogue, program: Program<'_>) -> Result<(Vec<Upcaster>, Vec<Finding>), SchemaError> {
    let mut upcasters = Vec::new();
    let mut findings = Vec::new();
    for file in catalogue.upcaster_files() {
        let path = file.path.display().to_string();
        let place = || Place::kind(&file.event_type, &file.from).in_file(&path);
        let read = |error: io::Error| SchemaError::io("read the upcaster", &file.path, &error);
        if path.ends_with(".upcast.json") {
            let length = std::fs::metadata(&file.path).map_err(read)?.len();
            if length > LARGEST {
                findings.push(Finding::new(
                    &rules::UPCASTER_MALFORMED,
                    format!("{path}: it is larger than {} MiB", LARGEST >> 20),
                    place(),
                ));
                continue;
            }
            let text = std::fs::read(&file.path).map_err(read)?;
            match Declared::read(&text, &file.event_type, &file.to) {
                Ok(declared) => {
                    upcasters.push(declared.upcaster(&file.event_type, file.from.clone(), path));
                }
                Err(wrong) => {
                    let at = match (wrong.line, wrong.pointer.as_str()) {
                        (Some(line), _) => format!(", line {line}"),
                        (None, "") => String::new(),
                        (None, pointer) => format!(", at {pointer}"),
                    };
                    let mut place = place();
                    place.line = wrong.line;
                    place.pointer = Some(wrong.pointer).filter(|pointer| !pointer.is_empty());
                    findings.push(Finding::new(
                        &rules::UPCASTER_MALFORMED,
                        format!("{path}{at}: {}", wrong.message),
                        place,
                    ));
                }
            }
            continue;
        }
        match std::fs::read_to_string(&file.path) {
            Ok(text) => match program(file, text, path.clone()) {
                Some(upcaster) => upcasters.push(upcaster),
                None => findings.push(Finding::new(
                    &rules::NOT_CHECKED,
                    format!("{path}: no kind of upcaster that can be run"),
                    place(),
                )),
            },
            Err(error) if error.kind() == io::ErrorKind::InvalidData => findings.push(Finding::new(
                &rules::JQ_INVALID,
                format!("{path}: the program is not UTF-8"),
                place(),
            )),
            Err(error) => return Err(read(error)),
        }
    }
    Ok((upcasters, findings))
}
