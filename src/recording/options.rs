//! How a recording is taken, and what came of it.

use serde::{Deserialize, Serialize};

use super::manifest::{Manifest, Order};
use super::source::{EventPointers, MaskKey, MaskPolicy, Selection};
use crate::finding::Finding;
use crate::model::Version;

/// What a source's events are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceForm {
    /// Lines of our own recordings.
    Recording,
    /// JSON, one event a line, read through pointers.
    Ndjson,
    /// CloudEvents in their JSON format: one after the other, or in batches, which are arrays.
    CloudEvents,
}

/// How a recording is taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecordOptions {
    /// What the source is written in; what its first event looks like, if left out.
    pub form: Option<SourceForm>,
    /// Where the parts of an event are. For CloudEvents, where other attributes than `subject` and `sequence`
    /// hold stream and revision.
    pub pointers: EventPointers,
    /// The order of the recording; that of the source where it is a recording, else `global` where there are
    /// global positions, else `stream`.
    pub order: Option<Order>,
    /// What is taken.
    pub selection: Selection,
    /// What is masked, and under which key.
    pub masking: Option<(MaskPolicy, MaskKey)>,
    /// When the recording is taken, if the manifest should say it.
    pub taken_at: Option<String>,
    /// The schema version of an event that says none; that of the source where it is a recording, else 1.
    pub default_version: Option<Version>,
    /// How many bytes of lines a frame holds at least.
    pub frame_size: u64,
    /// About how many bytes of events are put in order in memory; beyond, they go to disk. 64 MiB.
    pub memory: usize,
}

impl Default for RecordOptions {
    fn default() -> Self {
        Self {
            form: None,
            pointers: EventPointers::default(),
            order: None,
            selection: Selection::default(),
            masking: None,
            taken_at: None,
            default_version: None,
            frame_size: 1 << 20,
            memory: 64 << 20,
        }
    }
}

/// What came of taking a recording.
#[derive(Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// What is wrong with the source, sorted. With one at level deny nothing was recorded.
    pub findings: Vec<Finding>,
    /// The manifest of the recording; nothing where nothing was recorded.
    pub manifest: Option<Manifest>,
    /// How many events and decisions the source holds.
    pub read: u64,
    /// How many of them an interrupted run had read already.
    pub resumed: u64,
}
