//! The file that says what a known-good release made of a recording.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::finding::{Finding, Place};
use crate::json::{self, hex_sha256};
use crate::rules;

/// The format that is written, and the newest that is read.
const FORMAT: (u64, u64) = (1, 0);

/// What a known-good release made of a recording.
///
/// A baseline is a text file, by custom named `NAME.baseline.ndjson`, of one JSON object a line.
///
/// The first line is the header:
/// `{"kind":"baseline","format":"1.0","recording":{"root":HEX},"events":N,"streams":N,"models":N}`, where
/// `recording` names the recording by the root of its manifest, or as `{"events":HEX}` by the SHA-256 over its
/// events, one line each, when it has no manifest; `streams` and `models` count the lines that follow.
///
/// Then comes one line for each stream that an aggregate folded, sorted by stream id as bytes:
/// `{"s":stream,"c":category,"n":revision of the last event,"digest":HEX,"state":…}`. The digest is the SHA-256 of
/// the state's [canonical form](crate::json::canonical). `state` is that canonical form itself and is there for a
/// sample only: for streams that bring a type and version, a set of them, or a shape of state that no stream
/// before them had, so that a difference can be shown and not only detected.
///
/// Then one line for each read model, sorted by name:
/// `{"model":name,"rows":N,"digest":HEX,"sample":[[key,row],…]}`. The digest is over all rows sorted by key, the
/// sample is in the order of its keys.
///
/// Members may be added to a line: then the minor version of the format grows, and an older reader passes them
/// by. A change of meaning makes the major version grow, and an older reader refuses the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    pub(super) recording: RecordingId,
    pub(super) events: u64,
    pub(super) streams: BTreeMap<String, StreamEntry>,
    pub(super) models: BTreeMap<String, ModelEntry>,
}

/// Which recording a baseline was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RecordingId {
    /// The root of its manifest.
    Root(String),
    /// SHA-256 over its events.
    Events(String),
}

/// What became of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StreamEntry {
    pub(super) category: String,
    pub(super) revision: Option<u64>,
    pub(super) digest: String,
    /// The state's canonical form, where the stream is part of the sample.
    pub(super) state: Option<String>,
}

/// What became of one read model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModelEntry {
    pub(super) rows: u64,
    pub(super) digest: String,
    /// Rows in canonical form, by key.
    pub(super) sample: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct HeaderLine {
    kind: String,
    format: String,
    recording: RecordingId,
    events: u64,
    streams: u64,
    models: u64,
}

#[derive(Deserialize)]
struct FormatLine {
    kind: Option<String>,
    format: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StreamLine {
    s: String,
    c: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
    digest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<Box<RawValue>>,
}

#[derive(Serialize, Deserialize)]
struct ModelLine {
    model: String,
    rows: u64,
    digest: String,
    sample: Vec<(String, Box<RawValue>)>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// When the file is missing, cannot be read, is not a whole baseline, or has a newer format.
    pub fn load(path: &Path) -> Result<Self, BaselineError> {
        let file = File::open(path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                BaselineError::new(path, None, ErrorKind::Missing, "there is no baseline here")
            } else {
                BaselineError::new(path, None, ErrorKind::Unreadable, error.to_string())
            }
        })?;
        Self::read(path, BufReader::new(file))
    }

    fn read(path: &Path, mut input: impl BufRead) -> Result<Self, BaselineError> {
        let mut text = Vec::new();
        let mut line = 0;
        let mut next = |text: &mut Vec<u8>| -> Result<Option<u64>, BaselineError> {
            text.clear();
            line += 1;
            let length = input.by_ref().read_until(b'\n', text).map_err(|error| {
                BaselineError::new(path, Some(line), ErrorKind::Unreadable, error.to_string())
            })?;
            Ok((length > 0).then_some(line))
        };

        let damaged =
            |line, message: String| BaselineError::new(path, Some(line), ErrorKind::Damaged, message);
        if next(&mut text)?.is_none() {
            return Err(damaged(1, "the file is empty".to_owned()));
        }
        let header =
            header(&text).map_err(|(kind, message)| BaselineError::new(path, Some(1), kind, message))?;
        let mut baseline = Self {
            recording: header.recording,
            events: header.events,
            streams: BTreeMap::new(),
            models: BTreeMap::new(),
        };
        let mut last = 1;
        while let Some(line) = next(&mut text)? {
            baseline.take(&text).map_err(|message| damaged(line, message))?;
            last = line;
        }
        for (what, stated, found) in [
            ("streams", header.streams, baseline.streams.len()),
            ("read models", header.models, baseline.models.len()),
        ] {
            if stated != found as u64 {
                return Err(damaged(
                    last,
                    format!("the header counts {stated} {what} and the file has {found}"),
                ));
            }
        }
        Ok(baseline)
    }

    fn take(&mut self, text: &[u8]) -> Result<(), String> {
        let value = json::parse(text).map_err(|error| error.to_string())?.value;
        // Strict parsing has shown that the text is UTF-8.
        let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
        if value.get("model").is_some() {
            let line: ModelLine = serde_json::from_str(text).map_err(|error| plain(&error))?;
            if self
                .models
                .last_key_value()
                .is_some_and(|(name, _)| *name >= line.model)
            {
                return Err(format!(
                    "read model `{}` is not in the order of names",
                    line.model
                ));
            }
            self.models.insert(
                line.model,
                ModelEntry {
                    rows: line.rows,
                    digest: digest(line.digest)?,
                    sample: line
                        .sample
                        .into_iter()
                        .map(|(key, row)| (key, row.get().to_owned()))
                        .collect(),
                },
            );
            return Ok(());
        }
        if !self.models.is_empty() {
            return Err("a stream stands behind the read models".to_owned());
        }
        let line: StreamLine = serde_json::from_str(text).map_err(|error| plain(&error))?;
        if self
            .streams
            .last_key_value()
            .is_some_and(|(stream, _)| *stream >= line.s)
        {
            return Err(format!("stream `{}` is not in the order of stream ids", line.s));
        }
        let digest = digest(line.digest)?;
        if let Some(state) = &line.state
            && hex_sha256(state.get().as_bytes()) != digest
        {
            return Err(format!(
                "the state of stream `{}` does not match its digest",
                line.s
            ));
        }
        self.streams.insert(
            line.s,
            StreamEntry {
                category: line.c,
                revision: line.n,
                digest,
                state: line.state.map(|state| state.get().to_owned()),
            },
        );
        Ok(())
    }

    /// Writes the baseline to `path`: all of it, or nothing when that fails.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), BaselineError> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(name);
        let written = self
            .write_file(&temporary)
            .and_then(|()| std::fs::rename(&temporary, path));
        written.map_err(|error| {
            // The first error is the one to tell; a file that was never made cannot be removed either.
            let _ = std::fs::remove_file(&temporary);
            BaselineError::new(path, None, ErrorKind::Unwritable, error.to_string())
        })
    }

    fn write_file(&self, path: &Path) -> std::io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        self.write(&mut out)?;
        out.into_inner()
            .map_err(std::io::IntoInnerError::into_error)?
            .sync_all()
    }

    /// Writes the text of the baseline.
    ///
    /// # Errors
    ///
    /// When `out` refuses it.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let mut line = |text: serde_json::Result<String>| -> std::io::Result<()> {
            let mut text = text.map_err(std::io::Error::from)?;
            text.push('\n');
            out.write_all(text.as_bytes())
        };
        line(serde_json::to_string(&HeaderLine {
            kind: "baseline".to_owned(),
            format: format!("{}.{}", FORMAT.0, FORMAT.1),
            recording: self.recording.clone(),
            events: self.events,
            streams: self.streams.len() as u64,
            models: self.models.len() as u64,
        }))?;
        for (stream, entry) in &self.streams {
            line(serde_json::to_string(&StreamLine {
                s: stream.clone(),
                c: entry.category.clone(),
                n: entry.revision,
                digest: entry.digest.clone(),
                state: entry.state.as_deref().map(raw).transpose()?,
            }))?;
        }
        for (name, entry) in &self.models {
            let sample: serde_json::Result<Vec<_>> = entry
                .sample
                .iter()
                .map(|(key, row)| Ok((key.clone(), raw(row)?)))
                .collect();
            line(serde_json::to_string(&ModelLine {
                model: name.clone(),
                rows: entry.rows,
                digest: entry.digest.clone(),
                sample: sample?,
            }))?;
        }
        Ok(())
    }

    /// How many streams it has.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// How many read models it has.
    pub fn models(&self) -> usize {
        self.models.len()
    }
}

fn raw(text: &str) -> serde_json::Result<Box<RawValue>> {
    RawValue::from_string(text.to_owned())
}

/// An error of `serde_json` without the position, which counts inside one line.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

fn digest(text: String) -> Result<String, String> {
    let hexadecimal = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() == 64 && text.as_bytes().iter().all(hexadecimal) {
        Ok(text)
    } else {
        Err("a digest is 64 lower-case hexadecimal digits".to_owned())
    }
}

fn header(text: &[u8]) -> Result<HeaderLine, (ErrorKind, String)> {
    let damaged = |message: String| (ErrorKind::Damaged, message);
    json::parse(text).map_err(|error| damaged(error.to_string()))?;
    let no_header = || damaged("the first line is not the header of a baseline".to_owned());
    let first: FormatLine = serde_json::from_slice(text).map_err(|_| no_header())?;
    if first.kind.as_deref() != Some("baseline") {
        return Err(no_header());
    }
    let format = first.format.as_deref().unwrap_or_default();
    let (major, _) = format
        .split_once('.')
        .and_then(|(major, minor)| Some((major.parse::<u64>().ok()?, minor.parse::<u64>().ok()?)))
        .ok_or_else(|| damaged("the header has no format of the form `major.minor`".to_owned()))?;
    if major > FORMAT.0 {
        return Err((
            ErrorKind::Newer,
            format!(
                "its format is {format} and this pastproof reads up to {}.x: use the pastproof that saved it, or a newer one",
                FORMAT.0
            ),
        ));
    }
    serde_json::from_slice(text).map_err(|error| damaged(plain(&error)))
}

/// Why a baseline could not be read or written.
#[derive(Debug)]
pub struct BaselineError {
    path: PathBuf,
    line: Option<u64>,
    kind: ErrorKind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ErrorKind {
    Missing,
    Damaged,
    Newer,
    Unreadable,
    Unwritable,
}

impl BaselineError {
    fn new(path: &Path, line: Option<u64>, kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            kind,
            message: message.into(),
        }
    }

    /// Whether there is no file.
    pub fn is_missing(&self) -> bool {
        self.kind == ErrorKind::Missing
    }

    /// Whether the file has a format of a later pastproof.
    pub fn is_newer(&self) -> bool {
        self.kind == ErrorKind::Newer
    }

    /// Whether the file could not be written.
    pub fn is_unwritable(&self) -> bool {
        self.kind == ErrorKind::Unwritable
    }

    /// The error as a finding.
    pub fn finding(&self) -> Finding {
        let place = Place {
            line: self.line,
            ..Place::file(self.path.display().to_string())
        };
        match self.kind {
            ErrorKind::Missing => Finding::new(&rules::BASELINE_MISSING, self.message.clone(), place),
            ErrorKind::Newer => Finding::new(&rules::BASELINE_DAMAGED, self.message.clone(), place)
                .with_next("use the pastproof that saved it, or a newer one"),
            ErrorKind::Damaged | ErrorKind::Unreadable | ErrorKind::Unwritable => {
                Finding::new(&rules::BASELINE_DAMAGED, self.message.clone(), place)
            }
        }
    }
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::Unwritable => write!(f, "cannot write the baseline {}", self.path.display())?,
            _ => write!(f, "baseline {}", self.path.display())?,
        }
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for BaselineError {}
