//! What a recording holds of every version, and what reading it takes.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::finding::{self, Finding, Place};
use crate::json::parse;
use crate::mask::counted;
use crate::model::{Flag, Payload, RecordedEvent, Version};
use crate::recording::{Line, Problem, Reader, RecordingError};
use crate::rules;
use crate::schema::{Validation, Validators};

use super::{Chains, Envelope, StreamContext};

/// What a recording holds of every version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Census {
    /// The recording.
    pub file: String,
    /// How many events it holds.
    pub events: u64,
    /// Every (type, version) that the recording or the catalogue has, by type, in the order of versions.
    pub versions: Vec<CensusRow>,
    /// Lines that are no events.
    pub bad_lines: u64,
}

/// What a recording holds of one version of one type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CensusRow {
    /// The type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version.
    pub version: Version,
    /// How many events there are.
    pub events: u64,
    /// Where the first one stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Sighting>,
    /// Where the last one stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Sighting>,
    /// How many of them are valid against their own schema.
    pub valid: u64,
    /// How many are not, or have no schema.
    pub invalid: u64,
    /// How many are redacted; of these nobody says whether they are valid.
    pub redacted: u64,
    /// The upcasters on the way to what the code reads; none where it is current.
    pub chain: Vec<String>,
    /// Whether every event of it that takes its steps ends at what the code reads.
    pub readable: bool,
    /// What upcasting all of them takes.
    pub work: Work,
    /// How many of them upcasting refuses.
    pub refused: u64,
    /// Whether the version is still written.
    pub written: Written,
}

/// Where an event stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sighting {
    /// Line of the file.
    pub line: u64,
    /// The stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Position in the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Position in the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global: Option<u64>,
    /// When it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<String>,
}

/// What upcasting takes, in numbers that are the same on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Work {
    /// Steps on the shortest way, over all events.
    pub steps: u64,
    /// Events that come out.
    pub made: u64,
    /// Bytes of data that go in.
    pub bytes: u64,
}

/// Whether a version is still written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Written {
    /// No later version of the type follows its last event.
    Now,
    /// After its last event there are events of a later version.
    NoLonger,
    /// There is no event of it.
    Never,
    /// There are later versions, and without global positions nobody knows which came last.
    Unknown,
}

impl Written {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::NoLonger => "no longer",
            Self::Never => "never",
            Self::Unknown => "unknown",
        }
    }
}

impl Sighting {
    fn of(line: u64, event: &RecordedEvent) -> Self {
        Self {
            line,
            stream: event.stream.clone(),
            revision: event.revision,
            global: event.global,
            recorded_at: event.recorded_at.clone(),
        }
    }

    /// Whether it comes before `other`: by position in the store where both have one, else by line.
    fn is_before(&self, other: &Self) -> bool {
        match (self.global, other.global) {
            (Some(left), Some(right)) => left < right,
            _ => self.line < other.line,
        }
    }
}

/// As in `parcel-7@3`, or the line.
impl std::fmt::Display for Sighting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.stream, self.revision) {
            (Some(stream), Some(revision)) => write!(f, "{stream}@{revision}"),
            _ => write!(f, "line {}", self.line),
        }
    }
}

impl Census {
    /// Counts what the recording at `path` holds; `default_version` is that of events that say none, if not what the
    /// recording says. Memory does not grow with the number of events.
    ///
    /// # Errors
    ///
    /// When the recording cannot be read.
    pub fn take(
        path: &Path,
        chains: &Chains,
        validators: &Validators,
        default_version: Option<&Version>,
    ) -> Result<Self, RecordingError> {
        let mut reader = Reader::open(path)?;
        let default_version = default_version
            .cloned()
            .unwrap_or_else(|| reader.default_version());
        let mut counting = Counting {
            chains,
            validators,
            rows: BTreeMap::new(),
            contexts: BTreeMap::new(),
        };
        let mut census = Self {
            file: path.display().to_string(),
            ..Self::default()
        };
        for history in validators.catalogue().types() {
            for version in &history.versions {
                counting.row(&history.event_type, &version.version);
            }
        }
        while let Some(next) = reader.next_event() {
            match next {
                Ok((line, Line::Event(event))) => {
                    census.events += 1;
                    let version = event.version.as_ref().unwrap_or(&default_version);
                    counting.event(line, &event, version);
                }
                Ok((_, Line::Decision(_))) => {}
                Err(Problem::Line(_)) => census.bad_lines += 1,
                Err(Problem::Broken(error)) => return Err(error),
            }
        }
        census.versions = counting.finish();
        Ok(census)
    }

    /// What is to be said of it: stored versions that nobody can read, and versions that nobody stored.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for row in &self.versions {
            let mut place = Place::kind(&row.event_type, &row.version).in_file(self.file.as_str());
            if let Some(first) = &row.first {
                place.line = Some(first.line);
                place.stream.clone_from(&first.stream);
                place.revision = first.revision;
            }
            if row.events > 0 && !row.readable {
                findings.push(Finding::new(
                    &rules::UPCASTER_MISSING,
                    format!(
                        "{} of {} {} that nobody can read: no way leads to what the code reads",
                        counted(row.events, "event"),
                        row.event_type,
                        row.version
                    ),
                    place,
                ));
            } else if row.events == 0 && !row.chain.is_empty() {
                findings.push(Finding::new(
                    &rules::VERSION_UNWRITTEN,
                    format!(
                        "there is no event of {} {}, which takes {}",
                        row.event_type,
                        row.version,
                        counted(row.chain.len() as u64, "upcaster")
                    ),
                    place,
                ));
            }
        }
        finding::sort(&mut findings);
        findings
    }
}

struct Counting<'a> {
    chains: &'a Chains,
    validators: &'a Validators,
    rows: BTreeMap<(String, Version), CensusRow>,
    contexts: BTreeMap<String, StreamContext>,
}

impl Counting<'_> {
    fn row(&mut self, event_type: &str, version: &Version) -> &mut CensusRow {
        let chains = self.chains;
        self.rows
            .entry((event_type.to_owned(), version.clone()))
            .or_insert_with(|| CensusRow {
                event_type: event_type.to_owned(),
                version: version.clone(),
                events: 0,
                first: None,
                last: None,
                valid: 0,
                invalid: 0,
                redacted: 0,
                chain: chains.way(event_type, version),
                readable: chains.reaches(event_type, version),
                work: Work::default(),
                refused: 0,
                written: Written::Never,
            })
    }

    fn event(&mut self, line: u64, event: &RecordedEvent, version: &Version) {
        let data = match &event.payload {
            Payload::Json(text) => parse(text.get().as_bytes()).ok().map(|parsed| parsed.value),
            Payload::Bytes { .. } => None,
        };
        let valid = data.as_ref().is_some_and(|data| {
            self.validators.validate(&event.event_type, version, data) == Validation::Valid
        });
        let redacted = event.is(Flag::Redacted);
        let length = match &event.payload {
            Payload::Json(text) => text.get().len(),
            Payload::Bytes { bytes, .. } => bytes.len(),
        };
        let current = self.chains.is_current(&event.event_type, version);
        let made = match data {
            Some(data) if !current || self.chains.needs_context() => {
                let stream = event.stream.clone().unwrap_or_default();
                let mut context = self.contexts.remove(&stream).unwrap_or_default();
                let envelope = Envelope::from(event);
                let made = self
                    .chains
                    .upcast_in(&mut context, &event.event_type, version, data, &envelope);
                if self.chains.needs_context() {
                    self.contexts.insert(stream, context);
                }
                made.ok().map(|made| made.len() as u64)
            }
            _ => None,
        };
        let row = self.row(&event.event_type, version);
        row.events += 1;
        match (redacted, valid) {
            (true, _) => row.redacted += 1,
            (false, true) => row.valid += 1,
            (false, false) => row.invalid += 1,
        }
        if !current {
            row.work.steps += row.chain.len() as u64;
            row.work.bytes += length as u64;
            match made {
                Some(made) => row.work.made += made,
                None => row.refused += 1,
            }
        }
        let here = Sighting::of(line, event);
        if row.first.as_ref().is_none_or(|first| here.is_before(first)) {
            row.first = Some(here.clone());
        }
        if row.last.as_ref().is_none_or(|last| last.is_before(&here)) {
            row.last = Some(here);
        }
    }

    fn finish(self) -> Vec<CensusRow> {
        let catalogue = self.validators.catalogue();
        let rank = |row: &CensusRow| {
            let history = catalogue
                .types()
                .iter()
                .find(|history| history.event_type == row.event_type);
            history
                .and_then(|history| {
                    let versions = history.versions.iter();
                    versions
                        .map(|known| &known.version)
                        .position(|known| *known == row.version)
                })
                .unwrap_or(usize::MAX)
        };
        let mut rows: Vec<(usize, CensusRow)> =
            self.rows.into_values().map(|row| (rank(&row), row)).collect();
        rows.sort_by(|(left, one), (right, other)| {
            (&one.event_type, left, &one.version).cmp(&(&other.event_type, right, &other.version))
        });
        let written: Vec<Written> = rows
            .iter()
            .map(|(rank, row)| {
                let Some(last) = &row.last else {
                    return Written::Never;
                };
                let later = rows
                    .iter()
                    .filter(|(other, one)| one.event_type == row.event_type && other > rank)
                    .filter_map(|(_, one)| one.last.as_ref());
                let mut answer = Written::Now;
                for other in later {
                    match (last.global, other.global) {
                        (Some(here), Some(there)) if there > here => return Written::NoLonger,
                        (Some(_), Some(_)) => {}
                        _ => answer = Written::Unknown,
                    }
                }
                answer
            })
            .collect();
        rows.into_iter()
            .zip(written)
            .map(|((_, mut row), written)| {
                row.written = written;
                row
            })
            .collect()
    }
}
