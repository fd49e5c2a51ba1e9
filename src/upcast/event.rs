//! Events on their way.

use serde::Serialize;
use serde_json::Value;

use crate::model::{EventError, Version, write_json};

/// An event on its way to the version that the code reads.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Upcast {
    /// The event type.
    pub event_type: String,
    /// The version that the data is at.
    pub version: Version,
    /// The event's data.
    pub data: Value,
    /// The stream it belongs to, where that is not the one it is stored in.
    pub stream: Option<String>,
    /// Its metadata, where that is not what is stored.
    pub metadata: Option<Value>,
    /// The revisions of earlier events that are merged into it.
    pub(super) merged: Vec<u64>,
}

impl Upcast {
    /// An event of this type and version.
    pub fn new(event_type: impl Into<String>, version: impl Into<Version>, data: Value) -> Self {
        Self {
            event_type: event_type.into(),
            version: version.into(),
            data,
            stream: None,
            metadata: None,
            merged: Vec::new(),
        }
    }

    /// The same event in another stream. The upcaster that makes it says so with
    /// [`Upcaster::moving`](super::Upcaster::moving).
    ///
    /// Its address stays that of the stored event.
    #[must_use]
    pub fn in_stream(mut self, stream: impl Into<String>) -> Self {
        self.stream = Some(stream.into());
        self
    }

    /// The same event with this as its metadata, in place of what is stored.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Value) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Takes over what the event before it on the way was given beside its data.
    pub(super) fn inherit(&mut self, before: &Beside) {
        if self.stream.is_none() {
            self.stream.clone_from(&before.stream);
        }
        if self.metadata.is_none() {
            self.metadata.clone_from(&before.metadata);
        }
        if self.merged.is_empty() {
            self.merged.clone_from(&before.merged);
        }
    }

    /// What it was given beside its data.
    pub(super) fn beside(&self) -> Beside {
        Beside {
            stream: self.stream.clone(),
            metadata: self.metadata.clone(),
            merged: self.merged.clone(),
        }
    }

    /// The revisions of earlier events of the stream that are merged into it.
    pub fn merged_from(&self) -> &[u64] {
        &self.merged
    }

    /// An event of this type and version with `payload` as its data.
    ///
    /// # Errors
    ///
    /// When `payload` does not serialize.
    pub fn of<T: Serialize>(
        event_type: impl Into<String>,
        version: impl Into<Version>,
        payload: &T,
    ) -> Result<Self, EventError> {
        Ok(Self::new(event_type, version, write_json(payload)?))
    }
}

/// What steps gave an event beside its data.
#[derive(Default)]
pub(super) struct Beside {
    stream: Option<String>,
    metadata: Option<Value>,
    merged: Vec<u64>,
}
