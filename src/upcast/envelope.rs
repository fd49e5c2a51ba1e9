//! What a store says about an event beside its data.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::model::{Flag, RecordedEvent};

/// What the store says about an event beside type, version and data.
///
/// Everything may be absent: an example in a catalogue has data and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Envelope<'a> {
    /// The stream the event belongs to.
    pub stream: Option<&'a str>,
    /// The kind of stream.
    pub category: Option<&'a str>,
    /// Position in the stream.
    pub revision: Option<u64>,
    /// Position in the whole store.
    pub global: Option<u64>,
    /// The event's own id.
    pub id: Option<&'a str>,
    /// When the store recorded it, as the store writes times.
    pub recorded_at: Option<&'a str>,
    /// Domain ids by name.
    pub tags: Option<&'a BTreeMap<String, Vec<String>>>,
    /// Metadata, untouched.
    pub metadata: Option<&'a RawValue>,
    /// What the recording says about the event.
    pub flags: &'a [Flag],
}

impl<'a> From<&'a RecordedEvent> for Envelope<'a> {
    fn from(event: &'a RecordedEvent) -> Self {
        Self {
            stream: event.stream.as_deref(),
            category: event.category(),
            revision: event.revision,
            global: event.global,
            id: event.id.as_deref(),
            recorded_at: event.recorded_at.as_deref(),
            tags: Some(&event.tags).filter(|tags| !tags.is_empty()),
            metadata: event.metadata.as_deref(),
            flags: &event.flags,
        }
    }
}
