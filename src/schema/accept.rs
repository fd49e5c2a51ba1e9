//! Freezing versions: from the code, and from files that are there.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::finding::{Finding, Place};
use crate::model::{EventKind, Version};
use crate::rules;

use super::catalogue::shown;
use super::layout::Layout;
use super::lock::{self, Digests, Lock, LockError, Rewritten};
use super::{Catalogue, CatalogueOptions, SchemaError, SchemaVersion};

/// One event type as the code has it: what it writes and what it reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeSchemas {
    /// The stored name.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version the code writes.
    pub version: Version,
    /// What it writes.
    pub writer: Value,
    /// What it reads.
    pub reader: Value,
}

impl From<&EventKind> for TypeSchemas {
    fn from(kind: &EventKind) -> Self {
        Self {
            event_type: kind.event_type.to_owned(),
            version: kind.version.clone(),
            writer: (kind.writer_schema)(),
            reader: (kind.reader_schema)(),
        }
    }
}

/// What was frozen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The files that were written.
    pub written: Vec<PathBuf>,
}

/// The code against the catalogue: every version the code writes is frozen, and means what the code writes and reads.
pub fn check_types(catalogue: &Catalogue, types: &[TypeSchemas]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for described in types {
        let (event_type, version) = (&described.event_type, &described.version);
        let place = Place::kind(event_type, version);
        let Some(frozen) = catalogue.get(event_type, version) else {
            findings.push(Finding::new(
                &rules::TYPE_NOT_FROZEN,
                format!("the code writes {event_type} {version}, and the catalogue does not have it"),
                place,
            ));
            continue;
        };
        let sides = [
            ("writes", &described.writer, &frozen.schema, frozen.path.as_path()),
            (
                "reads",
                &described.reader,
                frozen.reader_schema(),
                frozen.reader_path(),
            ),
        ];
        for (verb, code, file, path) in sides {
            if let Some(pointer) = first_difference(file, code) {
                findings.push(Finding::new(
                    &rules::TYPE_NOT_ACCEPTED,
                    format!(
                        "the code {verb} {event_type} {version} in another way than {} says",
                        shown(path)
                    ),
                    place.clone().in_file(shown(path)).at_pointer(pointer),
                ));
                break;
            }
        }
        if let Some(newest) = catalogue.newest(event_type)
            && catalogue.scheme().compare(&newest.version, version).is_gt()
        {
            findings.push(Finding::new(
                &rules::TYPE_BEHIND,
                format!(
                    "the code writes {event_type} {version}, and the catalogue has {} already",
                    newest.version
                ),
                place,
            ));
        }
    }
    crate::finding::sort(&mut findings);
    findings
}

/// Where two schemas differ in meaning; annotations and the order of members and sets are no difference.
fn first_difference(left: &Value, right: &Value) -> Option<String> {
    let same = match (Digests::of(left), Digests::of(right)) {
        (Ok(left), Ok(right)) => left.meaning == right.meaning,
        _ => left == right,
    };
    if same {
        return None;
    }
    let changes = crate::json::diff(left, right);
    let told = changes
        .iter()
        .find(|change| !lock::is_annotation(&change.pointer))
        .or(changes.first());
    Some(told.map_or_else(String::new, |change| change.pointer.clone()))
}

/// Freezes the versions of `types` and every file that is in the catalogue: writes what is missing, and the lock.
///
/// A frozen version whose meaning changed is refused unless `rewrite_history` gives a reason, which the lock keeps.
/// Each file is written beside its place and then renamed, so that none is ever half there.
///
/// # Errors
///
/// When the catalogue cannot be read or written, holds files that cannot be frozen, has a lock of a later format, or
/// a frozen version changed and no reason is given.
pub fn accept(
    root: &Path,
    options: &CatalogueOptions,
    types: &[TypeSchemas],
    rewrite_history: Option<&str>,
) -> Result<Accepted, SchemaError> {
    let layout = Layout::new(&options.layout, options.scheme)?;
    let before = Catalogue::open(root, options)?;
    let mut accepted = Accepted::default();
    let mut changed = BTreeSet::new();
    for described in types {
        let inner = layout.path(&described.event_type, &described.version);
        match before.get(&described.event_type, &described.version) {
            None => {
                write_schema(root, &inner, &described.writer, &mut accepted)?;
                write_reader(root, &inner, described, &mut accepted)?;
            }
            Some(frozen) => {
                let same = same_meaning(frozen, described);
                if same && same_wording(frozen, described) {
                    continue;
                }
                if !same {
                    changed.insert(format!("{} {}", described.event_type, described.version));
                }
                if same || rewrite_history.is_some() {
                    write_schema(root, &inner, &described.writer, &mut accepted)?;
                    write_reader(root, &inner, described, &mut accepted)?;
                }
            }
        }
    }
    if rewrite_history.is_none()
        && let Some(first) = changed.first()
    {
        return Err(refusal(first, changed.len()));
    }
    let after = Catalogue::open(root, options)?;
    let broken = after
        .findings()
        .iter()
        .find(|finding| finding.fails() && !about_freezing(finding));
    if let Some(finding) = broken {
        return Err(SchemaError::refused(format!(
            "{}: {}; nothing is frozen until this is mended",
            finding.place.file.as_deref().unwrap_or("the catalogue"),
            finding.message
        )));
    }
    write_lock(root, &after, rewrite_history, &mut accepted)?;
    Ok(accepted)
}

fn refusal(first: &str, count: usize) -> SchemaError {
    let others = match count {
        1 => String::new(),
        2 => " and one more version".to_owned(),
        many => format!(" and {} more versions", many - 1),
    };
    SchemaError::refused(format!(
        "{first}{others} changed in meaning after being frozen; give the type a new version, or say why history may be rewritten with --rewrite-history REASON"
    ))
}

fn about_freezing(finding: &Finding) -> bool {
    [
        &rules::FROZEN_CHANGED,
        &rules::FROZEN_MISSING,
        &rules::FROZEN_REWORDED,
        &rules::NOT_FROZEN,
    ]
    .iter()
    .any(|rule| **rule == *finding.rule)
}

fn same_meaning(frozen: &SchemaVersion, described: &TypeSchemas) -> bool {
    first_difference(&frozen.schema, &described.writer).is_none()
        && first_difference(frozen.reader_schema(), &described.reader).is_none()
}

fn same_wording(frozen: &SchemaVersion, described: &TypeSchemas) -> bool {
    frozen.schema == described.writer && *frozen.reader_schema() == described.reader
}

fn write_schema(
    root: &Path,
    inner: &str,
    schema: &Value,
    accepted: &mut Accepted,
) -> Result<(), SchemaError> {
    let mut sorted = schema.clone();
    sorted.sort_all_objects();
    let mut text = serde_json::to_string_pretty(&sorted)
        .map_err(|error| SchemaError::input(format!("{inner}: {error}")))?;
    text.push('\n');
    write(root, inner, text.as_bytes(), accepted)
}

fn write_reader(
    root: &Path,
    inner: &str,
    described: &TypeSchemas,
    accepted: &mut Accepted,
) -> Result<(), SchemaError> {
    if first_difference(&described.writer, &described.reader).is_none() {
        return Ok(());
    }
    let stem = inner.strip_suffix(".json").unwrap_or(inner);
    write_schema(root, &format!("{stem}.reader.json"), &described.reader, accepted)
}

/// Writes a file of the catalogue beside its place and renames it there; nothing happens when it is there already.
fn write(root: &Path, inner: &str, bytes: &[u8], accepted: &mut Accepted) -> Result<(), SchemaError> {
    let path = root.join(inner);
    if fs::read(&path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(|error| SchemaError::io("create the folder", folder, &error))?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let beside = folder.join(name);
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, &path));
    if let Err(error) = written {
        let _ = fs::remove_file(&beside);
        return Err(SchemaError::io("write", &path, &error));
    }
    accepted.written.push(path);
    Ok(())
}

fn write_lock(
    root: &Path,
    catalogue: &Catalogue,
    rewrite_history: Option<&str>,
    accepted: &mut Accepted,
) -> Result<(), SchemaError> {
    let path = root.join(lock::NAME);
    let mut lock = match fs::read(&path) {
        Ok(text) => Lock::parse(&text).map_err(|error| match error {
            LockError::Newer(why) => SchemaError::newer(format!("{}: {why}", path.display())),
            LockError::Damaged(why) => SchemaError::input(format!("{}: {why}", path.display())),
        })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Lock::default(),
        Err(error) => return Err(SchemaError::io("read", &path, &error)),
    };
    let mut changed = Vec::new();
    let mut present = BTreeSet::new();
    for version in catalogue.types().iter().flat_map(|history| &history.versions) {
        let files = std::iter::once((version.path.as_path(), &version.schema)).chain(
            version
                .reader
                .iter()
                .map(|(path, schema)| (path.as_path(), schema)),
        );
        for (file, schema) in files {
            let inner = shown(file.strip_prefix(root).unwrap_or(file));
            let digests =
                Digests::of(schema).map_err(|error| SchemaError::input(format!("{inner}: {error}")))?;
            present.insert(inner.clone());
            if let Some(known) = lock.frozen.get(&inner)
                && known.meaning != digests.meaning
            {
                changed.push((inner.clone(), known.meaning.clone()));
            }
            lock.frozen.insert(inner, digests);
        }
    }
    let missing: Vec<String> = lock
        .frozen
        .keys()
        .filter(|file| !present.contains(*file))
        .cloned()
        .collect();
    changed.extend(
        missing
            .iter()
            .map(|file| (file.clone(), lock.frozen[file].meaning.clone())),
    );
    if let Some((first, _)) = changed.first() {
        let Some(reason) = rewrite_history else {
            return Err(refusal(first, changed.len()));
        };
        for (file, meaning) in changed {
            lock.rewritten.push(Rewritten {
                file,
                meaning,
                reason: reason.to_owned(),
            });
        }
    }
    for file in missing {
        lock.frozen.remove(&file);
    }
    write(root, lock::NAME, lock.text().as_bytes(), accepted)
}
