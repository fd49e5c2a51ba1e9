//! The catalogue: every version of every event type that was ever written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::finding::{self, Finding, Level, Place};
use crate::model::Version;
use crate::rules;

use super::document;
use super::engine::Compiled;
use super::error::SchemaError;
use super::layout::{Layout, Match};
use super::lock::{self, Digests, Lock, LockError};
use super::version::VersionScheme;

/// How a catalogue is laid out.
///
/// ```
/// use pastproof::schema::{CatalogueOptions, VersionScheme};
///
/// let eiffel = CatalogueOptions { scheme: VersionScheme::Semver, ..CatalogueOptions::default() };
/// assert_eq!(eiffel.layout, "{type}/{version}.json");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueOptions {
    /// Where a schema lies: `{type}` may span folders, other text is literal.
    pub layout: String,
    /// How versions are spelled and ordered.
    pub scheme: VersionScheme,
}

impl Default for CatalogueOptions {
    fn default() -> Self {
        Self {
            layout: "{type}/{version}.json".to_owned(),
            scheme: VersionScheme::default(),
        }
    }
}

/// A folder with the schema of every version of every event type, and what is wrong with it.
///
/// Schemas are read strictly and compiled when the catalogue is opened; nothing is fetched, and no link is
/// followed out of the folder. What cannot be used is a finding and is left out.
///
/// Type names are percent-encoded in paths. Reserved are the folder `pastproof` at the top, folders named
/// `examples`, files named `*.reader.json` (what a version's readers accept, where it differs from what its
/// writers emit), `<from>-to-<to>.jq` and `<from>-to-<to>.upcast.json`, and `pastproof.lock`. Files whose names
/// start with a dot, Markdown files and licences are nobody's business. Anything else is a finding.
pub struct Catalogue {
    root: PathBuf,
    scheme: VersionScheme,
    types: Vec<TypeHistory>,
    upcasters: Vec<UpcasterFile>,
    unusable: BTreeMap<String, Vec<(Version, String)>>,
    findings: Vec<Finding>,
    frozen: bool,
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogue")
            .field("root", &self.root)
            .field("types", &self.types.len())
            .field("findings", &self.findings.len())
            .finish_non_exhaustive()
    }
}

/// The versions of one event type.
#[derive(Clone, Debug)]
pub struct TypeHistory {
    /// The type's stored name.
    pub event_type: String,
    /// Its versions, oldest first.
    pub versions: Vec<SchemaVersion>,
}

/// One version of one event type.
#[derive(Clone)]
pub struct SchemaVersion {
    /// The version.
    pub version: Version,
    /// The file of its schema.
    pub path: PathBuf,
    /// What its writers emit.
    pub schema: Value,
    /// The file and the schema of what its readers accept, where it differs.
    pub reader: Option<(PathBuf, Value)>,
    pub(super) compiled: Arc<Compiled>,
    examples: Option<PathBuf>,
}

impl SchemaVersion {
    /// What the version's readers accept.
    pub fn reader_schema(&self) -> &Value {
        self.reader.as_ref().map_or(&self.schema, |(_, schema)| schema)
    }

    /// The file of what the version's readers accept.
    pub fn reader_path(&self) -> &Path {
        self.reader.as_ref().map_or(&self.path, |(path, _)| path)
    }
}

impl fmt::Debug for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaVersion")
            .field("version", &self.version)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A file that bridges two versions of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpcasterFile {
    /// The type's stored name.
    pub event_type: String,
    /// The version it reads.
    pub from: Version,
    /// The version it makes.
    pub to: Version,
    /// The file.
    pub path: PathBuf,
}

impl Catalogue {
    /// Opens the catalogue in the folder `root`.
    ///
    /// What is wrong with its content becomes [findings](Self::findings).
    ///
    /// # Errors
    ///
    /// When the folder cannot be read, the layout makes no sense, or the lock is of a later format.
    pub fn open(root: &Path, options: &CatalogueOptions) -> Result<Self, SchemaError> {
        let layout = Layout::new(&options.layout, options.scheme)?;
        let mut scan = Scan::new(root, layout)?;
        scan.folder("")?;
        scan.finish()
    }

    /// What is wrong with the catalogue, in reporting order.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The event types, sorted by name.
    pub fn types(&self) -> &[TypeHistory] {
        &self.types
    }

    /// The history of one type.
    pub fn history(&self, event_type: &str) -> Option<&TypeHistory> {
        self.types
            .binary_search_by(|history| history.event_type.as_str().cmp(event_type))
            .ok()
            .map(|index| &self.types[index])
    }

    /// One version of one type.
    pub fn get(&self, event_type: &str, version: &Version) -> Option<&SchemaVersion> {
        let versions = &self.history(event_type)?.versions;
        versions
            .iter()
            .find(|known| known.version == *version)
            .or_else(|| {
                versions
                    .iter()
                    .find(|known| self.scheme.same(&known.version, version))
            })
    }

    /// The newest version of a type.
    pub fn newest(&self, event_type: &str) -> Option<&SchemaVersion> {
        self.history(event_type)?.versions.last()
    }

    /// Whether the catalogue has files of this type, usable or not.
    pub fn has_type(&self, event_type: &str) -> bool {
        self.history(event_type).is_some() || self.unusable.contains_key(event_type)
    }

    /// Whether it has no usable schema.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// Upcasters as files, sorted by type and versions.
    pub fn upcaster_files(&self) -> &[UpcasterFile] {
        &self.upcasters
    }

    /// The file of examples of a version: `examples/<version>.ndjson` beside its schema.
    pub fn examples(&self, event_type: &str, version: &Version) -> Option<&Path> {
        self.get(event_type, version)?.examples.as_deref()
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How its versions are ordered.
    pub fn scheme(&self) -> VersionScheme {
        self.scheme
    }

    /// Whether it has a lock. A catalogue without one is somebody else's: nothing in it is frozen.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Why a version that has a file cannot be used.
    pub(super) fn unusable(&self, event_type: &str, version: &Version) -> Option<&str> {
        self.unusable
            .get(event_type)?
            .iter()
            .find(|(known, _)| self.scheme.same(known, version))
            .map(|(_, why)| why.as_str())
    }
}

/// A catalogue while it is being read.
pub(super) struct Scan {
    root: PathBuf,
    real_root: PathBuf,
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
    lock: Option<PathBuf>,
}

impl Scan {
    fn new(root: &Path, layout: Layout) -> Result<Self, SchemaError> {
        let real_root = root.canonicalize().map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                SchemaError::input(format!(
                    "there is no catalogue folder {}; put event schemas there as <EventType>/<version>.json, or name another folder",
                    shown(root)
                ))
            } else {
                SchemaError::io("open the catalogue", root, &error)
            }
        })?;
        if !real_root.is_dir() {
            return Err(SchemaError::input(format!(
                "the catalogue {} is not a folder",
                shown(root)
            )));
        }
        Ok(Self {
            root: root.to_owned(),
            real_root,
            layout,
            findings: Vec::new(),
            schemas: BTreeMap::new(),
            readers: BTreeMap::new(),
            upcasters: Vec::new(),
            examples: BTreeSet::new(),
            read: BTreeMap::new(),
            unusable: BTreeMap::new(),
            lock: None,
        })
    }

    fn path(&self, inner: &str) -> PathBuf {
        self.root.join(inner)
    }

    fn place(&self, inner: &str) -> Place {
        Place::file(shown(&self.path(inner)))
    }

    fn folder(&mut self, inner: &str) -> Result<(), SchemaError> {
        // Folders without recursion: how deep they nest is not ours to trust.
        let mut folders = vec![inner.to_owned()];
        while let Some(folder) = folders.pop() {
            let path = self.path(&folder);
            let io = |error| SchemaError::io("read the folder", &path, &error);
            let mut names = Vec::new();
            for entry in std::fs::read_dir(&path).map_err(io)? {
                let entry = entry.map_err(io)?;
                names.push((entry.file_name(), entry.file_type().map_err(io)?));
            }
            names.sort_by(|left, right| left.0.cmp(&right.0));
            for (name, kind) in names {
                let Some(text) = name.to_str() else {
                    let message = format!("{}: the name is not UTF-8", shown(&path.join(&name)));
                    let place = Place::file(shown(&path.join(&name)));
                    self.findings
                        .push(Finding::new(&rules::VERSION_UNPARSABLE, message, place));
                    continue;
                };
                if text.starts_with('.') {
                    continue;
                }
                let inner = if folder.is_empty() {
                    text.to_owned()
                } else {
                    format!("{folder}/{text}")
                };
                if kind.is_dir() {
                    if inner == "pastproof" {
                        continue;
                    }
                    folders.push(inner);
                } else {
                    self.file(&inner, text, kind.is_symlink());
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, inner: &str, name: &str, link: bool) {
        if link && let Err(why) = self.follow(inner) {
            let place = self.place(inner);
            let message = format!("{}: {why}", place.file.as_deref().unwrap_or_default());
            self.findings
                .push(Finding::new(&rules::SCHEMA_UNREADABLE, message, place));
            return;
        }
        if inner == lock::NAME {
            self.lock = Some(self.path(inner));
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

    /// Whether a link leads to a file inside the catalogue.
    fn follow(&self, inner: &str) -> Result<(), String> {
        let target = self
            .path(inner)
            .canonicalize()
            .map_err(|error| format!("the link leads nowhere: {error}"))?;
        if !target.starts_with(&self.real_root) {
            return Err("the link leads out of the catalogue and is not followed".to_owned());
        }
        if !target.is_file() {
            return Err("the link leads to no file and is not followed".to_owned());
        }
        Ok(())
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
            root: self.root,
            scheme,
            types,
            upcasters: self.upcasters.into_iter().map(|(file, _)| file).collect(),
            unusable: self.unusable,
            findings: self.findings,
            frozen,
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
            if let Ok(document) = document::read(&self.path(other), &self.place(other)) {
                self.read.insert(other.clone(), document.schema);
            }
        }
        match document::read(&self.path(inner), &place) {
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
            match document::read(&self.path(&inner), &place) {
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
                    && writer.is_none_or(|writer| !self.path(&writer).exists())
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
        let Some(path) = self.lock.clone() else {
            return Ok(false);
        };
        let file = shown(&path);
        let parsed = document::bytes(&path)
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
        let mut findings = Vec::new();
        for (inner, frozen) in &lock.frozen {
            let place = self.frozen_place(inner);
            let file = place.file.clone().unwrap_or_default();
            let Some(schema) = self.read.get(inner) else {
                // A file that is there but cannot be read has its finding already.
                if self.path(inner).symlink_metadata().is_err() {
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

/// A path as it is shown: with `/` everywhere, so that reports are the same on every system.
pub(super) fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if std::path::MAIN_SEPARATOR == '/' {
        text
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}
