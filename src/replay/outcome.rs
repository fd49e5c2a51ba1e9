//! What a replay answers.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::baseline::Baseline;
use super::mask::counted;
use crate::finding::Finding;
use crate::model::Version;

/// What came of a replay.
#[derive(Debug)]
pub struct Replayed {
    /// Everything there is to say, in the order of reports.
    pub findings: Vec<Finding>,
    /// Events read.
    pub events: u64,
    /// Streams met.
    pub streams: u64,
    /// Streams and read models that are not what the baseline has.
    pub differences: u64,
    /// What else was counted.
    pub counts: Counts,
    /// Findings that fail a gate, listed or not, but for differences from a baseline.
    pub(super) errors: u64,
    pub(super) baseline: Option<Baseline>,
}

impl Replayed {
    /// The baseline of this replay, where the request asked for one.
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_ref()
    }

    /// Whether every event was read and folded as it should; differences from a baseline are no errors here.
    pub fn is_clean(&self) -> bool {
        self.errors == 0
    }

    /// Saves the baseline of this replay at `path`.
    ///
    /// # Errors
    ///
    /// When the request did not ask for a baseline, when the replay has errors and `force` is not set, and when
    /// the file cannot be written. Nothing is written then, and what stood at `path` stays.
    pub fn save_baseline(&self, path: &Path, force: bool) -> Result<(), ReplayError> {
        let Some(baseline) = &self.baseline else {
            return Err(ReplayError::request("the replay was not asked for a baseline"));
        };
        if !self.is_clean() && !force {
            return Err(ReplayError::request(format!(
                "no baseline is saved of a replay with {}: a later replay would take what is wrong for right",
                counted(self.errors, "error")
            )));
        }
        baseline
            .save(path)
            .map_err(|error| ReplayError::write(error.to_string()))
    }
}

/// What a replay counts besides events, streams and differences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events by type and version, as they were stored.
    pub stored: BTreeMap<String, BTreeMap<Version, u64>>,
    /// Stored events that went through at least one upcaster.
    pub upcast: u64,
    /// Stored events that an aggregate took.
    pub folded: u64,
    /// Stored events that upcasting drops on purpose.
    pub dropped: u64,
    /// Stored events without a stream.
    pub tags_only: u64,
    /// Stored events that no aggregate took: of poisoned or skipped streams, of streams whose head is missing, of
    /// categories without an aggregate, redacted, flagged as links or as skipped, or with tags only.
    pub not_folded: u64,
    /// Stored events flagged as redacted.
    pub redacted: u64,
    /// Stored events flagged as links.
    pub links: u64,
    /// Stored events that the store tells its readers to skip.
    pub skipped: u64,
    /// Recorded decisions, which this replay leaves alone.
    pub decisions: u64,
    /// Lines that are no recorded event.
    pub bad_lines: u64,
    /// Streams with an event that could not be folded.
    pub poisoned: u64,
    /// Streams whose state was compared with the baseline.
    pub streams_compared: u64,
    /// Read models whose rows were compared with the baseline.
    pub models_compared: u64,
}

/// Why a replay could not be carried out at all.
///
/// What is wrong with a recorded event or a state is a finding, not an error.
#[derive(Debug)]
pub struct ReplayError {
    kind: ErrorKind,
}

#[derive(Debug)]
enum ErrorKind {
    /// The recording or the baseline cannot be used; the finding says which and why.
    Container(Box<Finding>),
    /// The request contradicts itself.
    Request(String),
    /// A file could not be written.
    Write(String),
}

impl ReplayError {
    pub(super) fn container(finding: Finding) -> Self {
        Self {
            kind: ErrorKind::Container(Box::new(finding)),
        }
    }

    pub(super) fn request(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Request(message.into()),
        }
    }

    pub(super) fn write(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Write(message.into()),
        }
    }

    /// The finding it is where damage is what is being looked for, as in a gate: a recording that cannot be read,
    /// or is not what was sealed.
    pub fn finding(&self) -> Option<&Finding> {
        match &self.kind {
            ErrorKind::Container(finding) => Some(finding),
            ErrorKind::Request(_) | ErrorKind::Write(_) => None,
        }
    }

    /// Whether the request contradicts itself, as when two aggregates claim one category.
    pub fn is_request(&self) -> bool {
        matches!(self.kind, ErrorKind::Request(_))
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Container(finding) => f.write_str(&finding.message),
            ErrorKind::Request(message) | ErrorKind::Write(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for ReplayError {}
