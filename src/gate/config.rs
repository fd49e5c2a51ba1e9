//! `pastproof.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

#[cfg(feature = "cli")]
use crate::finding::{Finding, Place};
use crate::gate::Waiver;
use crate::model::Version;
#[cfg(feature = "cli")]
use crate::rules;
use crate::scenario::coverage::Exception;

/// The names under which a configuration is looked for, in a folder and its parents.
pub const FILE_NAMES: [&str; 2] = ["pastproof.toml", ".config/pastproof.toml"];

/// What is to be checked.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// The folder of event schemas.
    pub catalogue: Option<CatalogueConfig>,
    /// Executables that know the code: built from a test target, or given.
    pub harness: Vec<HarnessConfig>,
    /// Recorded streams to verify, validate and replay.
    pub recording: Vec<RecordingConfig>,
    /// What scenarios have to show.
    pub scenarios: Option<ScenariosConfig>,
    /// Accepted differences.
    pub waiver: Vec<Waiver>,
    /// How findings are shown.
    pub report: ReportConfig,
}

/// The folder of event schemas.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CatalogueConfig {
    /// The folder, relative to the configuration's project folder.
    #[serde(default = "default_catalogue")]
    pub path: String,
    /// Where a version's file is: `{type}` and `{version}` stand for themselves, all else is literal.
    #[serde(default = "default_layout")]
    pub layout: String,
    /// How versions are read and ordered.
    #[serde(default)]
    pub version_scheme: SchemeName,
    /// Which directions must hold for the gate to pass.
    #[serde(default)]
    pub require: Require,
    /// Which versions are held against each other; left out, adjacent ones, and transitively where readers have
    /// schemas of their own.
    #[serde(default)]
    pub pairs: Option<Pairs>,
    /// What the schemas stand for.
    #[serde(default)]
    pub contract: ContractName,
    /// JSON pointer, in the data, of a member that names the version; what schemas say about it is set aside.
    #[serde(default)]
    pub own_version: Option<String>,
    /// How much a version number weighs that declares less than the change is.
    #[serde(default)]
    pub declared_bump: Weight,
    /// Another state of the catalogue to tell changes from: a git ref such as `origin/main`, or a folder.
    #[serde(default)]
    pub against: Option<String>,
    /// Versions, as `Type@version`, of which no event is stored any more: a break after them is only noted.
    #[serde(default)]
    pub not_stored: Vec<String>,
    /// What holds for single event types, by name; what is left out is as for all.
    #[serde(default)]
    pub types: BTreeMap<String, TypeConfig>,
}

/// What holds for one event type.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TypeConfig {
    /// Which directions must hold for the gate to pass.
    pub require: Option<Require>,
    /// Which versions are held against each other.
    pub pairs: Option<Pairs>,
    /// What the schemas stand for.
    pub contract: Option<ContractName>,
    /// JSON pointer, in the data, of a member that names the version.
    pub own_version: Option<String>,
    /// Versions of which no event is stored any more.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub not_stored: Vec<Version>,
}

fn default_catalogue() -> String {
    "schemas".to_owned()
}

fn default_layout() -> String {
    "{type}/{version}.json".to_owned()
}

impl Default for CatalogueConfig {
    fn default() -> Self {
        Self {
            path: default_catalogue(),
            layout: default_layout(),
            version_scheme: SchemeName::default(),
            require: Require::default(),
            pairs: None,
            contract: ContractName::default(),
            own_version: None,
            declared_bump: Weight::default(),
            against: None,
            not_stored: Vec::new(),
            types: BTreeMap::new(),
        }
    }
}

/// How versions are read and ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SchemeName {
    /// Whole numbers.
    #[default]
    Integer,
    /// Semantic versions.
    Semver,
    /// `SchemaVer`: MODEL-REVISION-ADDITION.
    Schemaver,
}

/// Which versions of a type are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pairs {
    /// Every version and the next.
    Adjacent,
    /// Besides, the newest version and every earlier one that is stored.
    Transitive,
    /// Besides, every version that is stored and every later one.
    Live,
}

/// What a schema stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContractName {
    /// The events it accepts, on both sides.
    #[default]
    Literal,
    /// Where it writes, the events of a program that knows no other member; where it reads, the events it accepts.
    WriterReader,
}

/// How much something weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// It fails the gate.
    Deny,
    /// It is worth a look.
    #[default]
    Warn,
    /// It is only said.
    Note,
}

/// Which directions of compatibility must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Require {
    /// New code reads old events.
    #[default]
    Backward,
    /// Old code reads new events.
    Forward,
    /// Both.
    Full,
    /// Neither: report only.
    None,
}

/// An executable that knows the code.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HarnessConfig {
    /// The Cargo package that has the test target; the project folder's own if left out.
    pub package: Option<String>,
    /// The test target.
    #[serde(default = "default_test")]
    pub test: String,
    /// Cargo features to build it with.
    #[serde(default)]
    pub features: Vec<String>,
    /// The Cargo profile to build it with.
    #[serde(default = "default_profile")]
    pub profile: String,
    /// An executable that is already built, in place of a test target.
    pub executable: Option<String>,
}

fn default_test() -> String {
    "pastproof".to_owned()
}

fn default_profile() -> String {
    "release".to_owned()
}

/// A recorded stream of events.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RecordingConfig {
    /// The file, plain or `.zst`.
    pub path: String,
    /// What a known-good release made of it.
    pub baseline: Option<String>,
    /// The seal (`root`) that its manifest must have: whoever can write the file can seal it anew, but not change
    /// this line unseen.
    pub root: Option<String>,
    /// JSON pointer of the event type, for lines that are not recordings of ours.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// JSON pointer of the schema version.
    pub version: Option<String>,
    /// JSON pointer of the data; empty for the whole line.
    pub data: Option<String>,
    /// JSON pointer of the stream id.
    pub stream: Option<String>,
    /// The version of events that have none; 1 unless said otherwise.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
    pub default_version: Option<Version>,
}

impl RecordingConfig {
    /// The recording at `path`, of which nothing else is known.
    pub fn at(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            baseline: None,
            root: None,
            event_type: None,
            version: None,
            data: None,
            stream: None,
            default_version: None,
        }
    }

    /// What is wrong with the seal that was found where another is pinned; `file` is what the finding calls the
    /// recording.
    #[cfg(feature = "cli")]
    pub(crate) fn pinned(&self, found: Option<&str>, file: &str) -> Option<Finding> {
        let pinned = self.root.as_deref()?;
        // Without an unbroken seal there are findings about that already.
        let found = found?;
        (!pinned.eq_ignore_ascii_case(found)).then(|| {
            let message = format!("the configuration pins the root {pinned}, and the recording has {found}");
            Finding::new(&rules::ROOT_MISMATCH, message, Place::file(file))
        })
    }

    /// Whether its lines are read through pointers instead of as recordings of ours.
    pub fn is_foreign(&self) -> bool {
        self.event_type.is_some() || self.version.is_some() || self.data.is_some() || self.stream.is_some()
    }
}

/// What scenarios have to show, as `pastproof scenario coverage` counts it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ScenariosConfig {
    /// How much of the commands, events, errors, effects and timeouts of the code scenarios show at least, in percent.
    #[schemars(range(min = 0, max = 100))]
    pub floor: Option<u8>,
    /// How many cells of the matrix of what is asked by what comes of it are shown at least, in percent. The code does
    /// not reach every cell, so this one guards against losing scenarios.
    #[schemars(range(min = 0, max = 100))]
    pub cell_floor: Option<u8>,
    /// What need not be shown, and why.
    pub except: Vec<Exception>,
}

/// How findings are shown.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ReportConfig {
    /// Show values of recorded events and states; without it reports name their kind and length only.
    pub show_values: bool,
}

/// A configuration and where it was found.
#[derive(Clone, Debug)]
pub struct Located {
    /// The folder that relative paths start from.
    pub root: PathBuf,
    /// The file itself.
    pub file: PathBuf,
    /// What it says.
    pub config: Config,
}

/// Why there is no usable configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    message: String,
    missing: bool,
}

impl ConfigError {
    /// Whether no file was found, as opposed to one that cannot be used.
    pub fn is_missing(&self) -> bool {
        self.missing
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Looks for a configuration in `start` and the folders above it, up to a folder that holds a Cargo workspace.
///
/// # Errors
///
/// When there is none, or it cannot be read.
pub fn find(start: &Path) -> Result<Located, ConfigError> {
    for folder in start.ancestors() {
        for name in FILE_NAMES {
            let file = folder.join(name);
            if file.is_file() {
                return load_in(&file, folder);
            }
        }
        if is_workspace_root(folder) {
            break;
        }
    }
    Err(ConfigError {
        message: format!(
            "no pastproof.toml in {} or above it; `pastproof init` writes one",
            start.display()
        ),
        missing: true,
    })
}

/// Reads the configuration in `file`.
///
/// # Errors
///
/// When it cannot be read or says something unknown.
pub fn load(file: &Path) -> Result<Located, ConfigError> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let folder = if folder.ends_with(".config") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    load_in(file, folder)
}

fn load_in(file: &Path, root: &Path) -> Result<Located, ConfigError> {
    let refuse = |message: String| ConfigError {
        message: format!("{}: {message}", file.display()),
        missing: false,
    };
    let text = std::fs::read_to_string(file).map_err(|error| refuse(error.to_string()))?;
    let config: Config = toml::from_str(&text).map_err(|error| {
        let place = error.span().map_or_else(String::new, |span| {
            let before = text.get(..span.start).unwrap_or(&text);
            let line = before.matches('\n').count() + 1;
            format!("line {line}: ")
        });
        refuse(format!("{place}{}", with_suggestion(error.message())))
    })?;
    for (index, harness) in config.harness.iter().enumerate() {
        if harness.executable.is_some() && harness.package.is_some() {
            return Err(refuse(format!(
                "[[harness]] {}: `executable` stands in place of `package` and `test`",
                index + 1
            )));
        }
    }
    for recording in &config.recording {
        if let Some(root) = &recording.root {
            if recording.is_foreign() {
                return Err(refuse(format!(
                    "[[recording]] {}: `root` pins a sealed recording, and lines read through pointers have no seal",
                    recording.path
                )));
            }
            if root.len() != 64 || !root.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(refuse(format!(
                    "[[recording]] {}: `root` is the 64 hexadecimal digits that `pastproof verify` prints",
                    recording.path
                )));
            }
        }
    }
    if let Some(scenarios) = &config.scenarios {
        for (name, floor) in [("floor", scenarios.floor), ("cell-floor", scenarios.cell_floor)] {
            if floor.is_some_and(|floor| floor > 100) {
                return Err(refuse(format!(
                    "[scenarios]: `{name}` is a number of percent, and so not above 100"
                )));
            }
        }
        if let Some(exception) = scenarios
            .except
            .iter()
            .find(|known| known.reason.trim().is_empty())
        {
            return Err(refuse(format!(
                "[[scenarios.except]] {}, {} `{}`: say a `reason`",
                exception.subject,
                exception.what.word(),
                exception.name
            )));
        }
    }
    for waiver in &config.waiver {
        if crate::rules::find(&waiver.id).is_none() {
            return Err(refuse(format!("[[waiver]]: there is no rule `{}`", waiver.id)));
        }
    }
    if let Some(catalogue) = &config.catalogue {
        for entry in &catalogue.not_stored {
            if !entry.contains('@') {
                return Err(refuse(format!(
                    "not-stored: `{entry}` is not of the form Type@version"
                )));
            }
        }
        let own = catalogue.types.iter().filter_map(|(name, own)| {
            Some((format!("[catalogue.types.{name}] "), own.own_version.as_ref()?))
        });
        let all = catalogue
            .own_version
            .iter()
            .map(|pointer| (String::new(), pointer));
        for (place, pointer) in all.chain(own) {
            if !pointer.starts_with('/') {
                return Err(refuse(format!(
                    "{place}own-version: `{pointer}` is no JSON pointer to a member, such as /meta/version"
                )));
            }
        }
    }
    let root = if root.as_os_str().is_empty() {
        Path::new(".")
    } else {
        root
    };
    Ok(Located {
        root: root.to_owned(),
        file: file.to_owned(),
        config,
    })
}

fn is_workspace_root(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|text| {
        text.lines()
            .any(|line| line.trim_start().starts_with("[workspace"))
    })
}

/// Adds the nearest known key to serde's message about an unknown one.
fn with_suggestion(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    if !message.starts_with("unknown ") {
        return message.to_owned();
    }
    let Some(unknown) = names.next() else {
        return message.to_owned();
    };
    let nearest = names
        .map(|name| (distance(unknown, name), name))
        .min()
        .filter(|(distance, name)| *distance <= name.len().max(3) / 2);
    match nearest {
        Some((_, name)) => format!("{message}; did you mean `{name}`?"),
        None => message.to_owned(),
    }
}

/// Levenshtein distance.
pub(crate) fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in right.iter().enumerate() {
            let cost = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
