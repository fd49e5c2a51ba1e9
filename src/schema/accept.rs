//! The code's types against the catalogue, and freezing what is new.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::finding::{self, Finding, Level, Place};
use crate::model::{EventKind, Version};
use crate::rules;

use super::catalogue::{Catalogue, CatalogueOptions, shown};
use super::compare::{CompareOptions, Verdict, contains};
use super::document;
use super::error::SchemaError;
use super::layout::Layout;
use super::lock::{self, Digests, Lock, LockError, Rewritten};

/// What the code writes and reads under one version of one event type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeSchemas {
    /// The type's stored name.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version that the code writes.
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

/// Holds the code's types against what is frozen for their versions.
///
/// Schemas are equal when each accepts what the other accepts, however they are worded: a doc comment or another
/// version of the generator changes nothing.
pub fn check_types(catalogue: &Catalogue, kinds: &[TypeSchemas]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for kind in kinds {
        check_type(catalogue, kind, &mut findings);
    }
    finding::sort(&mut findings);
    findings.dedup();
    findings
}

fn check_type(catalogue: &Catalogue, kind: &TypeSchemas, findings: &mut Vec<Finding>) {
    let TypeSchemas {
        event_type, version, ..
    } = kind;
    let place = Place::kind(event_type, version);
    let nothing = contains(&kind.writer, &Value::Bool(false), &CompareOptions::default());
    if nothing.is_ok_and(|direction| direction.verdict == Verdict::Compatible) {
        let message = format!("{event_type} {version}: no value satisfies what the code is said to write");
        findings.push(Finding::new(&rules::TYPE_UNSATISFIABLE, message, place.clone()));
    }
    if let Some(newest) = catalogue.newest(event_type)
        && catalogue.scheme().compare(version, &newest.version).is_lt()
    {
        let message = format!(
            "{event_type}: the code writes version {version}, and the catalogue has {} in {}",
            newest.version,
            shown(&newest.path)
        );
        let place = place.clone().in_file(shown(&newest.path));
        findings.push(Finding::new(&rules::TYPE_BEHIND, message, place));
    }
    let Some(frozen) = catalogue.get(event_type, version) else {
        if catalogue.unusable(event_type, version).is_none() {
            let message = format!(
                "{event_type}: the code writes version {version}, which is not in {}",
                shown(catalogue.root())
            );
            findings.push(Finding::new(&rules::TYPE_NOT_FROZEN, message, place));
        }
        return;
    };
    let sides = [
        ("writes", &kind.writer, &frozen.schema, frozen.path.as_path()),
        (
            "reads",
            &kind.reader,
            frozen.reader_schema(),
            frozen.reader_path(),
        ),
    ];
    for (verb, code, schema, path) in sides {
        if let Some((why, witness)) = unequal(code, schema) {
            let file = shown(path);
            let message =
                format!("{event_type} {version}: the code {verb} something else than {file} says: {why}");
            let finding = Finding::new(&rules::TYPE_NOT_ACCEPTED, message, place.clone().in_file(file));
            findings.push(match witness {
                Some(witness) => finding.with_witness(witness),
                None => finding,
            });
        }
    }
}

/// Why two schemas do not accept the same values, with one that only one of them accepts.
fn unequal(code: &Value, frozen: &Value) -> Option<(String, Option<Value>)> {
    let options = CompareOptions::default();
    let questions = [
        (code, frozen, "the frozen schema refuses what the code has"),
        (frozen, code, "the code refuses what the frozen schema has"),
    ];
    for (sub, sup, what) in questions {
        let answer = match contains(sub, sup, &options) {
            Ok(answer) => answer,
            Err(error) => return Some((error.to_string(), None)),
        };
        let why = answer
            .findings
            .first()
            .map_or("", |difference| difference.message.as_str());
        match answer.verdict {
            Verdict::Compatible => {}
            Verdict::Breaking => return Some((format!("{what}: {why}"), answer.witness)),
            Verdict::Unproven => return Some((format!("they cannot be shown to be equal: {why}"), None)),
        }
    }
    None
}

/// What was frozen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Every file that was written or removed, the lock last.
    pub written: Vec<PathBuf>,
    /// Files that are frozen from now on.
    pub frozen: Vec<PathBuf>,
    /// Files whose new wording is recorded.
    pub reworded: Vec<PathBuf>,
    /// Files whose history was rewritten.
    pub rewritten: Vec<PathBuf>,
}

/// Freezes what is new: schemas of the code's types that the catalogue does not have are written, and every schema
/// file that is not in the lock enters it.
///
/// `<version>.reader.json` is written only where readers accept something else than writers emit. Files are
/// written beside their place and then put there, the lock last; a run that was cut short is completed by the
/// next one.
///
/// What is frozen does not change: a file or a type that differs from it is refused before anything is written,
/// unless `rewrite_history` gives a reason, which is kept in the lock.
///
/// # Errors
///
/// When something frozen would change, a file of the catalogue cannot be used, the lock is damaged or of a later
/// format, or a file cannot be written.
pub fn accept(
    root: &Path,
    options: &CatalogueOptions,
    kinds: &[TypeSchemas],
    rewrite_history: Option<&str>,
) -> Result<Accepted, SchemaError> {
    if rewrite_history.is_some_and(|reason| reason.trim().is_empty()) {
        return Err(SchemaError::usage(
            "history is rewritten for a reason, and this one is empty",
        ));
    }
    let layout = Layout::new(&options.layout, options.scheme)?;
    std::fs::create_dir_all(root).map_err(|error| SchemaError::io("create the folder", root, &error))?;
    let catalogue = Catalogue::open(root, options)?;
    refuse_unusable(&catalogue)?;
    let mut plan = Plan {
        root,
        lock: read_lock(root)?,
        catalogue: &catalogue,
        files: BTreeMap::new(),
        accepted: Accepted::default(),
        reason: rewrite_history,
        had_lock: catalogue.is_frozen(),
    };
    for kind in kinds {
        plan.kind(kind, &layout)?;
    }
    plan.freeze()?;
    plan.carry_out()
}

/// A catalogue with a file that cannot be used is not frozen: what is in that file would stay unseen.
fn refuse_unusable(catalogue: &Catalogue) -> Result<(), SchemaError> {
    let about_lock = [
        &rules::FROZEN_CHANGED,
        &rules::FROZEN_REWORDED,
        &rules::FROZEN_MISSING,
        &rules::NOT_FROZEN,
    ];
    let reason = catalogue.findings().iter().find(|finding| {
        finding.level == Level::Deny && !about_lock.iter().any(|rule| rule.id == finding.rule.id)
    });
    match reason {
        Some(finding) => Err(SchemaError::refused(format!(
            "{}; nothing was frozen",
            finding.message
        ))),
        None => Ok(()),
    }
}

fn read_lock(root: &Path) -> Result<Lock, SchemaError> {
    let path = root.join(lock::NAME);
    if path.symlink_metadata().is_err() {
        return Ok(Lock::default());
    }
    let text = document::bytes(&path).map_err(LockError::Damaged);
    text.and_then(|text| Lock::parse(&text))
        .map_err(|error| match error {
            LockError::Newer(why) => SchemaError::newer(format!("{}: {why}; update pastproof", shown(&path))),
            LockError::Damaged(why) => SchemaError::refused(format!("{}: {why}", shown(&path))),
        })
}

/// What will be done, worked out before any of it is.
struct Plan<'a> {
    root: &'a Path,
    lock: Lock,
    catalogue: &'a Catalogue,
    /// Files to write, by path inside the catalogue.
    files: BTreeMap<String, Value>,
    accepted: Accepted,
    reason: Option<&'a str>,
    had_lock: bool,
}

impl Plan<'_> {
    fn path(&self, inner: &str) -> PathBuf {
        self.root.join(inner)
    }

    /// Plans what the code has for one version.
    fn kind(&mut self, kind: &TypeSchemas, layout: &Layout) -> Result<(), SchemaError> {
        let TypeSchemas {
            event_type, version, ..
        } = kind;
        let scheme = self.catalogue.scheme();
        if scheme.parse(&version.text()).is_none() {
            return Err(SchemaError::input(format!(
                "{event_type}: `{version}` is no version in the scheme `{scheme}`"
            )));
        }
        let known = self.catalogue.get(event_type, version);
        let (writer, reader) = match known {
            // The file that is there keeps its name.
            Some(known) => {
                let writer = self.inner(&known.path);
                let reader = reader_of(&writer);
                (writer, reader)
            }
            None => {
                let writer = layout.path(event_type, version);
                let reader = reader_of(&writer);
                (writer, reader)
            }
        };
        let with_reader = unequal(&kind.reader, &kind.writer).is_some();
        let frozen_writer = known.map(|known| &known.schema);
        let frozen_reader = known
            .and_then(|known| known.reader.as_ref())
            .map(|(_, schema)| schema);
        self.file(kind, &writer, Some(&kind.writer), frozen_writer)?;
        self.file(kind, &reader, with_reader.then_some(&kind.reader), frozen_reader)
    }

    fn inner(&self, path: &Path) -> String {
        shown(path.strip_prefix(self.root).unwrap_or(path))
    }

    /// Plans one file: what the code wants in it, and what is in it.
    fn file(
        &mut self,
        kind: &TypeSchemas,
        inner: &str,
        wanted: Option<&Value>,
        present: Option<&Value>,
    ) -> Result<(), SchemaError> {
        let differs = match (wanted, present) {
            (None, None) => return Ok(()),
            (Some(wanted), Some(present)) => match unequal(wanted, present) {
                None => {
                    // A doc comment that was improved is carried over; another way to say the same is not.
                    if reworded(present, wanted) {
                        self.files.insert(inner.to_owned(), wanted.clone());
                    }
                    return Ok(());
                }
                Some((why, _)) => why,
            },
            (Some(_), None) => "the readers accept something else than the writers emit".to_owned(),
            (None, Some(_)) => "the readers accept what the writers emit".to_owned(),
        };
        // A new version brings both its files, and a version that is not frozen yet may get its second one. What
        // is frozen, and what somebody else has written, stays.
        let writer = inner
            .strip_suffix(".reader.json")
            .map_or_else(|| inner.to_owned(), |stem| format!("{stem}.json"));
        let frozen = self.lock.frozen.contains_key(&writer) || self.lock.frozen.contains_key(inner);
        if (frozen || present.is_some()) && self.reason.is_none() {
            return Err(SchemaError::refused(format!(
                "{}: {} {} is {}, and the code has something else: {differs}; give the type a new version, or \
                 rewrite history if nothing was ever stored under it",
                shown(&self.path(inner)),
                kind.event_type,
                kind.version,
                if frozen { "frozen" } else { "in the catalogue" },
            )));
        }
        match wanted {
            Some(wanted) => {
                if self
                    .files
                    .get(inner)
                    .is_some_and(|planned| unequal(planned, wanted).is_some())
                {
                    return Err(SchemaError::input(format!(
                        "{} {} is described twice, in two ways",
                        kind.event_type, kind.version
                    )));
                }
                self.files.insert(inner.to_owned(), wanted.clone());
            }
            // The file on disk says something that the code no longer does: what both say stands in one file.
            None => {
                self.files.insert(inner.to_owned(), Value::Null);
            }
        }
        Ok(())
    }

    /// Plans the lock: what is there and what will be.
    fn freeze(&mut self) -> Result<(), SchemaError> {
        let mut present: BTreeMap<String, &Value> = BTreeMap::new();
        for version in self
            .catalogue
            .types()
            .iter()
            .flat_map(|history| &history.versions)
        {
            present.insert(self.inner(&version.path), &version.schema);
            if let Some((path, schema)) = &version.reader {
                present.insert(self.inner(path), schema);
            }
        }
        for (inner, schema) in &self.files {
            if schema.is_null() {
                present.remove(inner);
            } else {
                present.insert(inner.clone(), schema);
            }
        }
        let gone: Vec<String> = self
            .lock
            .frozen
            .keys()
            .filter(|inner| !present.contains_key(*inner))
            .cloned()
            .collect();
        let mut digests = Vec::new();
        for (inner, schema) in present {
            let made =
                Digests::of(schema).map_err(|error| SchemaError::input(format!("{inner}: {error}")))?;
            digests.push((inner, made));
        }
        for inner in gone {
            self.rewrite(&inner, "the file is gone")?;
            self.lock.frozen.remove(&inner);
        }
        for (inner, made) in digests {
            let path = self.path(&inner);
            match self.lock.frozen.get(&inner) {
                None => self.accepted.frozen.push(path),
                Some(known) if *known == made => continue,
                Some(known) if known.meaning == made.meaning => self.accepted.reworded.push(path),
                Some(_) => self.rewrite(&inner, "it changed in meaning")?,
            }
            self.lock.frozen.insert(inner, made);
        }
        Ok(())
    }

    /// Notes that what was frozen changes, or refuses it.
    fn rewrite(&mut self, inner: &str, what: &str) -> Result<(), SchemaError> {
        let path = self.path(inner);
        let Some(reason) = self.reason else {
            return Err(SchemaError::refused(format!(
                "{}: frozen, but {what}; restore it from version control, or rewrite history if nothing was ever \
                 stored under it",
                shown(&path)
            )));
        };
        if let Some(known) = self.lock.frozen.get(inner) {
            self.lock.rewritten.push(Rewritten {
                file: inner.to_owned(),
                meaning: known.meaning.clone(),
                reason: reason.to_owned(),
            });
        }
        self.accepted.rewritten.push(path);
        Ok(())
    }

    fn carry_out(mut self) -> Result<Accepted, SchemaError> {
        for (inner, schema) in &self.files {
            let path = self.path(inner);
            if schema.is_null() {
                std::fs::remove_file(&path).map_err(|error| SchemaError::io("remove it", &path, &error))?;
                self.accepted.written.push(path);
                continue;
            }
            let mut sorted = schema.clone();
            sorted.sort_all_objects();
            let text = serde_json::to_string_pretty(&sorted)
                .map_err(|error| SchemaError::input(format!("{}: {error}", path.display())))?;
            write(&path, &format!("{text}\n"))?;
            self.accepted.written.push(path);
        }
        let changed = !self.accepted.frozen.is_empty()
            || !self.accepted.reworded.is_empty()
            || !self.accepted.rewritten.is_empty();
        if changed || (!self.had_lock && !self.lock.frozen.is_empty()) {
            let path = self.root.join(lock::NAME);
            write(&path, &self.lock.text())?;
            self.accepted.written.push(path);
        }
        Ok(self.accepted)
    }
}

/// Whether two schemas say the same in the same way, but for annotations.
fn reworded(present: &Value, wanted: &Value) -> bool {
    match (Digests::of(present), Digests::of(wanted)) {
        (Ok(present), Ok(wanted)) => present.meaning == wanted.meaning && present.wording != wanted.wording,
        _ => false,
    }
}

fn reader_of(writer: &str) -> String {
    format!("{}.reader.json", writer.strip_suffix(".json").unwrap_or(writer))
}

/// Writes a file as a whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), SchemaError> {
    let io = |error: std::io::Error| SchemaError::io("write it", path, &error);
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(io)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = std::fs::File::create(&beside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // Nothing half-written stays behind; that it cannot be removed adds nothing to the error.
        let _ = std::fs::remove_file(&beside);
    }
    written.map_err(io)
}
