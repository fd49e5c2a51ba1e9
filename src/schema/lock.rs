//! `pastproof.lock`: what the released versions were when they were released.
//!
//! ```json
//! {
//! "format": "1.0",
//! "frozen": [
//! {"file": "OrderPlaced/1.json", "meaning": "…", "wording": "…"},
//! {}
//! ],
//! "rewritten": [
//! {}
//! ]
//! }
//! ```
//!
//! One entry a line, sorted by file, and an empty entry at the end of each list, so that adding one touches no
//! other line and two branches that freeze different types merge. `meaning` is a digest of the parsed content
//! without annotations, `wording` one of all of it; neither sees white space or the order of members.
//!
//! Annotations are `title`, `description`, `$comment`, `examples`, `deprecated`, `readOnly` and `writeOnly`.
//! `default` is none: readers fill it in, so that changing it changes what an old event says. The order of
//! `required`, `enum` and `type` lists means nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::{self, CanonicalError};

use super::keywords::for_each_object;

/// The lock's name inside a catalogue.
pub(super) const NAME: &str = "pastproof.lock";

/// The format that this program writes, as major and minor.
const FORMAT: (u64, u64) = (1, 0);

/// Keywords that say something to people only.
const ANNOTATIONS: &[&str] = &[
    "title",
    "description",
    "$comment",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// Lists whose order means nothing.
const UNORDERED: &[&str] = &["required", "enum", "type"];

/// The digests of one frozen file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digests {
    pub(super) meaning: String,
    pub(super) wording: String,
}

impl Digests {
    /// The digests of `schema`.
    ///
    /// # Errors
    ///
    /// When it has no canonical form, which what was parsed always has.
    pub(super) fn of(schema: &Value) -> Result<Self, CanonicalError> {
        let wording = json::digest(schema)?;
        let mut bare = schema.clone();
        for_each_object(&mut bare, &mut |members| {
            for annotation in ANNOTATIONS {
                members.remove(*annotation);
            }
            for list in UNORDERED {
                if let Some(Value::Array(items)) = members.get_mut(*list) {
                    items.sort_by_cached_key(Value::to_string);
                }
            }
        });
        Ok(Self {
            meaning: json::digest(&bare)?,
            wording,
        })
    }
}

/// Why history was rewritten, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rewritten {
    pub(super) file: String,
    /// What the file's meaning was before.
    pub(super) meaning: String,
    pub(super) reason: String,
}

/// The lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lock {
    /// By path inside the catalogue, with `/` between folders.
    pub(super) frozen: BTreeMap<String, Digests>,
    /// In the order in which it happened.
    pub(super) rewritten: Vec<Rewritten>,
}

/// Why a lock could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LockError {
    /// It is of a later major format.
    Newer(String),
    /// It is no lock.
    Damaged(String),
}

impl Lock {
    /// Reads a lock.
    pub(super) fn parse(text: &[u8]) -> Result<Self, LockError> {
        let damaged = |why: String| LockError::Damaged(why);
        if text
            .split(|byte| *byte == b'\n')
            .any(|line| line.starts_with(b"<<<<<<<"))
        {
            return Err(damaged("it holds the marks of an unfinished merge".to_owned()));
        }
        let value = json::parse(text)
            .map_err(|error| damaged(error.to_string()))?
            .value;
        let format = value.get("format").and_then(Value::as_str);
        let major = format
            .and_then(|format| format.split_once('.'))
            .filter(|(_, minor)| minor.parse::<u64>().is_ok())
            .and_then(|(major, _)| major.parse::<u64>().ok())
            .ok_or_else(|| damaged("it does not say its format".to_owned()))?;
        if major > FORMAT.0 {
            return Err(LockError::Newer(format!(
                "it is of format {}, and this version of pastproof knows up to {}.{}",
                format.unwrap_or_default(),
                FORMAT.0,
                FORMAT.1
            )));
        }
        let mut lock = Self::default();
        for entry in entries(&value, "frozen")? {
            let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
            let (Some(file), Some(meaning), Some(wording)) = (text("file"), text("meaning"), text("wording"))
            else {
                return Err(damaged(format!("`{entry}` is no entry of a frozen file")));
            };
            if ![&meaning, &wording].iter().all(|digest| is_digest(digest)) {
                return Err(damaged(format!("the digests of {file} are none")));
            }
            let digests = Digests { meaning, wording };
            if lock.frozen.get(&file).is_some_and(|known| *known != digests) {
                return Err(damaged(format!("{file} is in it twice, with different digests")));
            }
            lock.frozen.insert(file, digests);
        }
        for entry in entries(&value, "rewritten")? {
            let rewritten = serde_json::from_value(entry.clone())
                .map_err(|error| damaged(format!("`{entry}` is no note of a rewritten file: {error}")))?;
            lock.rewritten.push(rewritten);
        }
        Ok(lock)
    }

    /// The text of the lock.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{{\n\"format\": \"{}.{}\",\n\"frozen\": [\n", FORMAT.0, FORMAT.1);
        for (file, digests) in &self.frozen {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{{\"file\": {}, \"meaning\": \"{}\", \"wording\": \"{}\"}},",
                Value::from(file.as_str()),
                digests.meaning,
                digests.wording
            );
        }
        text.push_str("{}\n],\n\"rewritten\": [\n");
        for note in &self.rewritten {
            let _ = writeln!(
                text,
                "{{\"file\": {}, \"meaning\": \"{}\", \"reason\": {}}},",
                Value::from(note.file.as_str()),
                note.meaning,
                Value::from(note.reason.as_str())
            );
        }
        text.push_str("{}\n]\n}\n");
        text
    }
}

/// The entries of a list, without the empty one at its end. A list that is missing is an error.
fn entries<'a>(lock: &'a Value, list: &str) -> Result<Vec<&'a Value>, LockError> {
    let Some(Value::Array(entries)) = lock.get(list) else {
        return Err(LockError::Damaged(format!("it has no list `{list}`")));
    };
    Ok(entries
        .iter()
        .filter(|entry| entry.as_object().is_none_or(|entry| !entry.is_empty()))
        .collect())
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
