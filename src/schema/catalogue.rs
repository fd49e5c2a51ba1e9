//! The catalogue: every version of every event type that was ever written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::finding::Finding;
use crate::model::Version;

use super::engine::Compiled;
use super::error::SchemaError;
use super::files::Files;
use super::layout::Layout;
use super::scan::Scan;
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
    pub(super) root: PathBuf,
    pub(super) scheme: VersionScheme,
    pub(super) types: Vec<TypeHistory>,
    pub(super) upcasters: Vec<UpcasterFile>,
    pub(super) unusable: BTreeMap<String, Vec<(Version, String)>>,
    pub(super) findings: Vec<Finding>,
    pub(super) frozen: bool,
    /// Why history was rewritten, by path inside the catalogue, in the order in which it happened.
    pub(super) rewritten: Vec<(String, String)>,
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
    pub(super) examples: Option<PathBuf>,
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
        Self::of(Files::folder(root)?, options)
    }

    /// The catalogue that `files` hold.
    pub(super) fn of(files: Files, options: &CatalogueOptions) -> Result<Self, SchemaError> {
        Scan::new(files, Layout::new(&options.layout, options.scheme)?).read()
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

/// A path as it is shown: with `/` everywhere, so that reports are the same on every system.
pub(super) fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if std::path::MAIN_SEPARATOR == '/' {
        text
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}
