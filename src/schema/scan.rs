//! Reading a catalogue: what each file is, what is wrong with it, and what the lock says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::finding::{self, Finding, Level, Place};
use crate::model::Version;
use crate::rules;

use super::catalogue::{Catalogue, SchemaVersion, TypeHistory, UpcasterFile, shown};
use super::document;
use super::error::SchemaError;
use super::files::{Entry, Files};
use super::layout::{Layout, Match};
use super::lock::{self, Digests, Lock, LockError};

/// A catalogue while it is being read.
pub(super) struct Scan {
    files: Files,
    layout: Layout,
    findings: Vec<Finding>,
    /// Path inside the catalogue, by type and version; more than one is a finding.
    schemas: BTreeMap<String, Vec<(Version, String)>>,
    readers: BTreeMap<String, (String, Version)>,
    upcasters: Vec<(UpcasterFile, String)>,
    examples: BTreeSet<String>,
    /// Every schema that was read, by path inside the catalogue.
    read: BTreeMap<String, Value>,
    unusable: BTreeMap<String, Vec<(Version, String)>>,
    rewritten: Vec<(String, String)>,
    lock: bool,
}

impl Scan {
    pub(super) fn new(files: Files, layout: Layout) -> Self {
        Self {
            files,
            layout,
            findings: Vec::new(),
            schemas: BTreeMap::new(),
            readers: BTreeMap::new(),
            upcasters: Vec::new(),
            examples: BTreeSet::new(),
            read: BTreeMap::new(),
            unusable: BTreeMap::new(),
            rewritten: Vec::new(),
            lock: false,
        }
    }

    pub(super) fn read(mut self) -> Result<Catalogue, SchemaError> {
        for entry in self.files.list()? {
            match entry {
                Entry::NotUtf8(path) => {
                    let message = format!("{}: the name is not UTF-8", shown(&path));
                    let place = Place::file(shown(&path));
                    self.findings
                        .push(Finding::new(&rules::VERSION_UNPARSABLE, message, place));
                }
                Entry::File { inner, link } => self.file(&inner, link),
            }
        }
        self.finish()
    }

    fn path(&self, inner: &str) -> PathBuf {
        self.files.path(inner)
    }

    fn place(&self, inner: &str) -> Place {
        Place::file(shown(&self.path(inner)))
    }

    fn file(&mut self, inner: &str, link: bool) {
        let name = inner.rsplit('/').next().unwrap_or(inner);
        if link && let Err(why) = self.files.follow(inner) {
            let place = self.place(inner);
            let message = format!("{}: {why}", place.file.as_deref().unwrap_or_default());
            self.findings
                .push(Finding::new(&rules::SCHEMA_UNREADABLE, message, place));
            return;
        }
        if inner == lock::NAME {
            self.lock = true;
        } else if is_documentation(name) {
        } else if inner.rsplit('/').nth(1) == Some("examples") {
            self.examples.insert(inner.to_owned());
        } else if let Some(stem) = inner
            .strip_suffix(".jq")
            .or_else(|| inner.strip_suffix(".upcast.json"))
        {
            match self.layout.read_upcaster(stem) {
                Some((event_type, from, to)) => self.upcasters.push((
                    UpcasterFile {
                        event_type,
                        from,
                        to,
                        path: self.path(inner),
                    },
                    inner.to_owned(),
                )),
                None => self.no_version(inner, "names no two versions as `<from>-to-<to>`", Level::Deny),
            }
        } else if let Some(stem) = inner.strip_suffix(".reader.json") {
            match self.layout.read(&format!("{stem}.json")) {
                Some(Match::Schema(event_type, version)) => {
                    self.readers.insert(inner.to_owned(), (event_type, version));
                }
                Some(Match::NoVersion(version)) => self.no_version_text(inner, &version),
                None => self.no_version(inner, "does not fit the layout of the catalogue", Level::Deny),
            }
        } else {
            match self.layout.read(inner) {
                Some(Match::Schema(event_type, version)) => {
                    self.schemas
                        .entry(event_type)
                        .or_default()
                        .push((version, inner.to_owned()));
                }
                Some(Match::NoVersion(version)) => self.no_version_text(inner, &version),
                None => {
                    let is_schema = Path::new(name)
                        .extension()
                        .is_some_and(|extension| extension == "json");
                    let level = if is_schema { Level::Deny } else { Level::Warn };
                    self.no_version(inner, "does not fit the layout of the catalogue", level);
                }
            }
        }
    }

    fn no_version_text(&mut self, inner: &str, version: &str) {
        let what = format!(
            "`{version}` is no version in the scheme `{}`",
            self.layout.scheme()
        );
        self.no_version(inner, &what, Level::Deny);
    }

    fn no_version(&mut self, inner: &str, what: &str, level: Level) {
        let place = self.place(inner);
        let message = format!("{}: {what}", place.file.as_deref().unwrap_or_default());
        self.findings
            .push(Finding::new(&rules::VERSION_UNPARSABLE, message, place).at_level(level));
    }

    fn finish(mut self) -> Result<Catalogue, SchemaError> {
        let scheme = self.layout.scheme();
        let readers = self.read_readers();
        let mut types = Vec::new();
        for (event_type, mut files) in std::mem::take(&mut self.schemas) {
            files.sort_by(|left, right| {
                scheme
                    .compare(&left.0, &right.0)
                    .then_with(|| left.1.cmp(&right.1))
            });
            let mut versions = Vec::new();
            for same in files.chunk_by(|left, right| scheme.same(&left.0, &right.0)) {
                let version = self.version(&event_type, same, &readers);
                versions.extend(version);
            }
            if !versions.is_empty() {
                types.push(TypeHistory { event_type, versions });
            }
        }
        self.lonely_readers(&types);
        self.clashes(&types);
        let frozen = self.frozen()?;
        self.upcasters.sort_by(|(left, left_path), (right, right_path)| {
            left.event_type
                .cmp(&right.event_type)
                .then_with(|| scheme.compare(&left.from, &right.from))
                .then_with(|| scheme.compare(&left.to, &right.to))
                .then_with(|| left_path.cmp(right_path))
        });
        finding::sort(&mut self.findings);
        Ok(Catalogue {
            root: self.files.path(""),
            scheme,
            types,
            upcasters: self.upcasters.into_iter().map(|(file, _)| file).collect(),
            unusable: self.unusable,
            findings: self.findings,
            frozen,
            rewritten: self.rewritten,
        })
    }

    /// One version from the files that claim to be it.
    fn version(
        &mut self,
        event_type: &str,
        files: &[(Version, String)],
        readers: &BTreeMap<String, Value>,
    ) -> Option<SchemaVersion> {
        let (version, inner) = files.first()?;
        for (_, other) in &files[1..] {
            let place = self.place(other);
            let place = Place {
                file: place.file,
                ..Place::kind(event_type, version)
            };
            let message = format!(
                "{event_type} version {version} is in {} and in {}",
                shown(&self.path(inner)),
                shown(&self.path(other))
            );
            self.findings
                .push(Finding::new(&rules::VERSION_DUPLICATE, message, place));
        }
        let place = Place::kind(event_type, version).in_file(shown(&self.path(inner)));
        // Files that are not used are read as well: what is frozen must not change unseen.
        for (_, other) in &files[1..] {
            if let Ok(document) = document::read(self.files.bytes(other), &self.place(other)) {
                self.read.insert(other.clone(), document.schema);
            }
        }
        match document::read(self.files.bytes(inner), &place) {
            Ok(document) => {
                self.findings.extend(document.findings);
                self.read.insert(inner.clone(), document.schema.clone());
                let reader = inner
                    .strip_suffix(".json")
                    .map(|stem| format!("{stem}.reader.json"))
                    .and_then(|reader| Some((self.path(&reader), readers.get(&reader)?.clone())));
                Some(SchemaVersion {
                    version: version.clone(),
                    path: self.path(inner),
                    schema: document.schema,
                    reader,
                    compiled: Arc::new(document.compiled),
                    examples: self.examples_of(inner, version),
                })
            }
            Err(findings) => {
                let why = findings.first().map(|finding| finding.message.clone());
                self.unusable
                    .entry(event_type.to_owned())
                    .or_default()
                    .push((version.clone(), why.unwrap_or_default()));
                self.findings.extend(findings);
                None
            }
        }
    }

    /// `examples/<version>.ndjson` beside the schema.
    fn examples_of(&self, inner: &str, version: &Version) -> Option<PathBuf> {
        let folder = inner.rsplit_once('/').map_or("", |(folder, _)| folder);
        let examples = if folder.is_empty() {
            format!("examples/{version}.ndjson")
        } else {
            format!("{folder}/examples/{version}.ndjson")
        };
        self.examples.contains(&examples).then(|| self.path(&examples))
    }

    fn read_readers(&mut self) -> BTreeMap<String, Value> {
        let mut readers = BTreeMap::new();
        for (inner, (event_type, version)) in self.readers.clone() {
            let place = Place::kind(event_type, version).in_file(shown(&self.path(&inner)));
            match document::read(self.files.bytes(&inner), &place) {
                Ok(document) => {
                    self.findings.extend(document.findings);
                    self.read.insert(inner.clone(), document.schema.clone());
                    readers.insert(inner, document.schema);
                }
                Err(findings) => self.findings.extend(findings),
            }
        }
        readers
    }

    /// Reader schemas whose writers' schema is missing.
    fn lonely_readers(&mut self, types: &[TypeHistory]) {
        let used: BTreeSet<&Path> = types
            .iter()
            .flat_map(|history| &history.versions)
            .filter_map(|version| version.reader.as_ref().map(|(path, _)| path.as_path()))
            .collect();
        let lonely: Vec<String> = self
            .readers
            .keys()
            .filter(|inner| {
                let writer = inner
                    .strip_suffix(".reader.json")
                    .map(|stem| format!("{stem}.json"));
                !used.contains(self.path(inner).as_path())
                    && writer.is_none_or(|writer| !self.files.has(&writer))
            })
            .cloned()
            .collect();
        for inner in lonely {
            self.no_version(
                &inner,
                "the schema of its writers is missing beside it",
                Level::Deny,
            );
        }
    }

    fn clashes(&mut self, types: &[TypeHistory]) {
        let mut folded: BTreeMap<String, &str> = BTreeMap::new();
        for history in types {
            let name = history.event_type.as_str();
            if let Some(other) = folded.insert(name.to_lowercase(), name) {
                let message = format!("{other} and {name} differ by letter case only");
                let place = Place {
                    event_type: Some(name.to_owned()),
                    file: history.versions.first().map(|version| shown(&version.path)),
                    ..Place::default()
                };
                self.findings
                    .push(Finding::new(&rules::TYPE_CLASH, message, place));
            }
        }
    }

    /// Compares what was read with the lock, where there is one.
    fn frozen(&mut self) -> Result<bool, SchemaError> {
        if !self.lock {
            return Ok(false);
        }
        let file = shown(&self.path(lock::NAME));
        let parsed = self
            .files
            .bytes(lock::NAME)
            .map_err(LockError::Damaged)
            .and_then(|text| Lock::parse(&text));
        let lock = match parsed {
            Ok(lock) => lock,
            Err(LockError::Newer(why)) => {
                return Err(SchemaError::newer(format!("{file}: {why}; update pastproof")));
            }
            Err(LockError::Damaged(why)) => {
                self.findings.push(Finding::new(
                    &rules::LOCK_DAMAGED,
                    format!("{file}: {why}"),
                    Place::file(file),
                ));
                return Ok(true);
            }
        };
        let rewritten = lock.rewritten.iter();
        self.rewritten = rewritten
            .map(|note| (note.file.clone(), note.reason.clone()))
            .collect();
        let mut findings = Vec::new();
        for (inner, frozen) in &lock.frozen {
            let place = self.frozen_place(inner);
            let file = place.file.clone().unwrap_or_default();
            let Some(schema) = self.read.get(inner) else {
                // A file that is there but cannot be read has its finding already.
                if !self.files.has(inner) {
                    let message = format!("{file}: frozen, but the file is gone");
                    findings.push(Finding::new(&rules::FROZEN_MISSING, message, place));
                }
                continue;
            };
            let Ok(digests) = Digests::of(schema) else {
                continue;
            };
            if digests.meaning != frozen.meaning {
                let message = format!("{file}: changed in meaning since it was frozen");
                findings.push(Finding::new(&rules::FROZEN_CHANGED, message, place));
            } else if digests.wording != frozen.wording {
                let message = format!("{file}: reworded since it was frozen");
                findings.push(Finding::new(&rules::FROZEN_REWORDED, message, place));
            }
        }
        for inner in self.read.keys().filter(|inner| !lock.frozen.contains_key(*inner)) {
            let place = self.frozen_place(inner);
            let message = format!("{}: not frozen", place.file.as_deref().unwrap_or_default());
            findings.push(Finding::new(&rules::NOT_FROZEN, message, place));
        }
        self.findings.extend(findings);
        Ok(true)
    }

    fn frozen_place(&self, inner: &str) -> Place {
        let schema = inner
            .strip_suffix(".reader.json")
            .map_or_else(|| inner.to_owned(), |stem| format!("{stem}.json"));
        match self.layout.read(&schema) {
            Some(Match::Schema(event_type, version)) => {
                Place::kind(event_type, version).in_file(shown(&self.path(inner)))
            }
            Some(Match::NoVersion(_)) | None => self.place(inner),
        }
    }
}

/// Files that belong to people: they are in every folder and are no schemas.
fn is_documentation(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    Path::new(&lower)
        .extension()
        .is_some_and(|extension| extension == "md")
        || lower.starts_with("license")
}
