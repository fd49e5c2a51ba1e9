//! The manifest: what a recording holds, and the seal on it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::RecordingError;
use crate::json;
use crate::model::Version;

/// The format that this version writes. A later minor version adds members; a later major version is refused.
pub const FORMAT: &str = "1.0";
/// What is written where events say what they were made of: a reader of 1.0 takes those at one position for a mistake.
pub(super) const WITH_ORIGINS: &str = "1.1";

/// A manifest larger than this is not read.
const SIZE_LIMIT: u64 = 1 << 30;

/// What a recording holds. It lies beside the recording, as `NAME.manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// Version of the format, `major.minor`.
    pub format: String,
    /// Where the events come from.
    #[serde(default)]
    pub source: Source,
    /// When the recording was taken, as whoever took it writes times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<String>,
    /// In which order the events stand.
    pub order: Order,
    /// The schema version of an event that says none.
    #[serde(default = "first_version")]
    pub default_version: Version,
    /// What was selected from the source; absent for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<Value>,
    /// How values were masked; absent where they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masking: Option<Masking>,
    /// How many events there are.
    pub events: u64,
    /// How many decisions there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub decisions: u64,
    /// How many events there are of each type and, inside it, of each version.
    pub counts: BTreeMap<String, BTreeMap<String, u64>>,
    /// The streams in the order of their first event: `[stream, first revision, last revision]` each.
    pub streams: Vec<StreamRange>,
    /// Revisions missing inside streams: `[stream, first missing, last missing]` each.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// The frames, in the order of the file, without space between them.
    pub frames: Vec<Frame>,
    /// SHA-256, in hexadecimal, over the canonical form of this manifest without this member.
    pub root: String,
}

fn first_version() -> Version {
    Version::Number(1)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// In which order the events of a recording stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// All events of a stream together, by revision; frames end where streams end.
    Stream,
    /// By global position; frames end where events end and say which streams they hold.
    Global,
}

/// Where the events of a recording come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Source {
    /// The kind of store or program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// In what the recording is less than the source, as kebab-case words: `payload-normalised` where the store
    /// had written the JSON anew, for example.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fidelity: Vec<String>,
}

impl Source {
    /// A source of this kind with nothing lost.
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: Some(kind.into()),
            fidelity: Vec::new(),
        }
    }
}

/// How the values of a recording were masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masking {
    /// Digest of the policy.
    pub policy: String,
    /// Id of the key; never the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A stream with its first and last revision; no revisions where the store has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    from = "(String, Option<u64>, Option<u64>)",
    into = "(String, Option<u64>, Option<u64>)"
)]
pub struct StreamRange {
    /// The stream.
    pub stream: String,
    /// Its first recorded revision.
    pub first: Option<u64>,
    /// Its last recorded revision.
    pub last: Option<u64>,
}

impl From<(String, Option<u64>, Option<u64>)> for StreamRange {
    fn from((stream, first, last): (String, Option<u64>, Option<u64>)) -> Self {
        Self { stream, first, last }
    }
}

impl From<StreamRange> for (String, Option<u64>, Option<u64>) {
    fn from(range: StreamRange) -> Self {
        (range.stream, range.first, range.last)
    }
}

/// Revisions that a stream lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(String, u64, u64)", into = "(String, u64, u64)")]
pub struct Gap {
    /// The stream.
    pub stream: String,
    /// The first missing revision.
    pub first: u64,
    /// The last missing revision.
    pub last: u64,
}

impl From<(String, u64, u64)> for Gap {
    fn from((stream, first, last): (String, u64, u64)) -> Self {
        Self { stream, first, last }
    }
}

impl From<Gap> for (String, u64, u64) {
    fn from(gap: Gap) -> Self {
        (gap.stream, gap.first, gap.last)
    }
}

/// A part of a recording that can be read, checked and given to a worker on its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Byte offset in the file.
    pub offset: u64,
    /// Length in the file, in bytes.
    pub length: u64,
    /// Length of the lines in it, in bytes.
    pub size: u64,
    /// How many events it holds.
    pub events: u64,
    /// SHA-256, in hexadecimal, over its bytes in the file.
    pub sha256: String,
    /// Position in [`Manifest::streams`] of the stream of its first event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// In `order: global`, which streams it holds: positions in [`Manifest::streams`], in rising order, the first
    /// as it is and each other one as the distance from the one before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<u64>,
}

/// Where the manifest of the recording at `data` lies: `events.ndjson` and `events.ndjson.zst` have
/// `events.manifest.json` beside them.
pub fn manifest_path(data: &Path) -> PathBuf {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".zst").unwrap_or(&name);
    let stem = [".ndjson", ".jsonl"]
        .iter()
        .find_map(|ending| stem.strip_suffix(ending))
        .unwrap_or(stem);
    data.with_file_name(format!("{stem}.manifest.json"))
}

impl Manifest {
    /// Reads the manifest at `path` and checks its seal; nothing where there is no such file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is damaged, or has a later major version of the format.
    pub fn open(path: &Path) -> Result<Option<Self>, RecordingError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(RecordingError::io(path, "open the manifest", error)),
        };
        let mut text = Vec::new();
        file.take(SIZE_LIMIT + 1)
            .read_to_end(&mut text)
            .map_err(|error| RecordingError::io(path, "read the manifest", error))?;
        if text.len() as u64 > SIZE_LIMIT {
            return Err(RecordingError::manifest(path, "it is larger than 1 GiB"));
        }
        Self::parse(path, &text).map(Some)
    }

    fn parse(path: &Path, text: &[u8]) -> Result<Self, RecordingError> {
        let damaged = |what: String| RecordingError::manifest(path, what);
        let value = json::parse(text)
            .map_err(|error| damaged(error.to_string()))?
            .value;
        let Value::Object(mut members) = value else {
            return Err(damaged("it is not an object".to_owned()));
        };
        // The format comes first: a later version may seal itself in another way.
        let format = members
            .get("format")
            .and_then(Value::as_str)
            .ok_or_else(|| damaged("it does not say its `format`".to_owned()))?
            .to_owned();
        let major = |format: &str| {
            let (major, minor) = format.split_once('.')?;
            minor.parse::<u32>().ok()?;
            major.parse::<u32>().ok()
        };
        let current = major(FORMAT);
        match major(&format) {
            None => return Err(damaged("its `format` is not `major.minor`".to_owned())),
            Some(major) if Some(major) > current => return Err(RecordingError::newer(path, format)),
            Some(_) => {}
        }
        let Some(Value::String(root)) = members.remove("root") else {
            return Err(damaged("it has no seal (`root`)".to_owned()));
        };
        let members = Value::Object(members);
        let sealed = json::digest(&members).map_err(|error| damaged(error.to_string()))?;
        if sealed != root {
            return Err(damaged(
                "its seal (`root`) does not match what it says".to_owned(),
            ));
        }
        let Value::Object(mut members) = members else {
            return Err(damaged("it is not an object".to_owned()));
        };
        members.insert("root".to_owned(), Value::String(root));
        serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
            let path = error.path().to_string();
            damaged(format!("at {path}: {}", error.into_inner()))
        })
    }

    /// Puts the seal on, and gives the text to store: canonical members, one a line.
    pub(super) fn seal(&mut self, path: &Path) -> Result<String, RecordingError> {
        let failed =
            |what: String| RecordingError::refused(path, format!("the manifest cannot be written: {what}"));
        let value = serde_json::to_value(&*self).map_err(|error| failed(error.to_string()))?;
        let Value::Object(mut members) = value else {
            return Err(failed("it is not an object".to_owned()));
        };
        members.remove("root");
        let members = Value::Object(members);
        self.root = json::digest(&members).map_err(|error| failed(error.to_string()))?;
        let Value::Object(mut members) = members else {
            return Err(failed("it is not an object".to_owned()));
        };
        members.insert("root".to_owned(), Value::String(self.root.clone()));
        layout(&members).map_err(|error| failed(error.to_string()))
    }

    /// The stream with which `frame` starts.
    pub(super) fn first_stream(&self, frame: &Frame) -> Option<&str> {
        let position = usize::try_from(frame.first?).ok()?;
        self.streams.get(position).map(|range| range.stream.as_str())
    }
}

/// One member a line, and one frame a line, so that a change shows where it is.
fn layout(members: &Map<String, Value>) -> Result<String, json::CanonicalError> {
    let sorted: BTreeMap<&String, &Value> = members.iter().collect();
    let mut text = String::from("{");
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        text.push_str(if index > 0 { ",\n" } else { "\n" });
        json::write_text(name, &mut text);
        text.push(':');
        match value {
            Value::Array(frames) if name == "frames" && !frames.is_empty() => {
                for (index, frame) in frames.iter().enumerate() {
                    text.push_str(if index > 0 { ",\n" } else { "[\n" });
                    text.push_str(&json::canonical(frame)?);
                }
                text.push_str("\n]");
            }
            value => text.push_str(&json::canonical(value)?),
        }
    }
    text.push_str("\n}\n");
    Ok(text)
}
