//! Events that upcasters are tried on, and whether two runs come to the same.

use serde_json::Value;

use crate::finding::Place;
use crate::json;
use crate::mask::counted;
use crate::model::{RecordedEvent, Version};
use crate::schema::Violation;

use super::error::Failure;
use super::upcaster::Stored;
use super::{Envelope, StreamContext, Upcast, Upcaster};

/// An event to try upcasters on.
#[derive(Clone, Debug)]
pub struct Trial<'a> {
    pub(super) event_type: &'a str,
    pub(super) version: &'a Version,
    pub(super) data: &'a Value,
    pub(super) envelope: Envelope<'a>,
    pub(super) place: Place,
    pub(super) source: Source,
    /// The event itself, where a store holds it.
    pub(super) event: Option<&'a RecordedEvent>,
    /// What is known of the stream before it, where that is made up.
    pub(super) context: Option<StreamContext>,
}

/// Where an event that is tried comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// An example of the catalogue.
    Example,
    /// Made from the schema.
    Generated,
    /// What a store holds.
    Recorded,
}

impl<'a> Trial<'a> {
    /// An example of a catalogue: it has data only, and may be shown in reports.
    pub fn example(event_type: &'a str, version: &'a Version, data: &'a Value, place: Place) -> Self {
        Self {
            event_type,
            version,
            data,
            envelope: Envelope::default(),
            place,
            source: Source::Example,
            event: None,
            context: None,
        }
    }

    /// A value made from the schema of its version; it may be shown.
    pub(super) fn generated(event_type: &'a str, version: &'a Version, data: &'a Value) -> Self {
        Self {
            source: Source::Generated,
            ..Self::example(event_type, version, data, Place::kind(event_type, version))
        }
    }

    /// A recorded event at the version it is stored under; `data` is what its payload holds, and `place` says file
    /// and line. Its values are masked in reports.
    pub fn recorded(
        event: &'a RecordedEvent,
        version: &'a Version,
        data: &'a Value,
        mut place: Place,
    ) -> Self {
        place.stream.clone_from(&event.stream);
        place.revision = event.revision;
        Self {
            event_type: &event.event_type,
            version,
            data,
            envelope: Envelope::from(event),
            place,
            source: Source::Recorded,
            event: Some(event),
            context: None,
        }
    }

    /// The same, as the event at `revision` of a stream of which `context` is known.
    pub(super) fn within(mut self, context: StreamContext, revision: u64) -> Self {
        self.envelope.revision = Some(revision);
        self.context = Some(context);
        self
    }
}

/// The value as bytes that do not depend on how this library was built.
pub(super) fn bytes(value: &Value) -> String {
    json::canonical(value).unwrap_or_else(|_| value.to_string())
}

/// Whether two runs came to the same: the same events byte for byte, or the same refusal.
pub(super) fn same(left: &Result<Vec<Upcast>, Failure>, right: &Result<Vec<Upcast>, Failure>) -> bool {
    match (left, right) {
        (Ok(left), Ok(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| {
                    left.event_type == right.event_type
                        && left.version == right.version
                        && left.stream == right.stream
                        && bytes(&left.data) == bytes(&right.data)
                        && left.metadata.as_ref().map(bytes) == right.metadata.as_ref().map(bytes)
                })
        }
        // What an error says may name an address or a thread; that it is the same refusal is what counts.
        (Err(left), Err(right)) => left.kind == right.kind && left.pointer == right.pointer,
        _ => false,
    }
}

/// The first violation, and how many more there are.
pub(super) fn describe(violations: &[Violation]) -> (String, String) {
    let Some((first, rest)) = violations.split_first() else {
        return ("the schema refuses it".to_owned(), String::new());
    };
    let mut message = first.message.clone();
    if !first.pointer.is_empty() {
        message.push_str(" at ");
        message.push_str(&first.pointer);
    }
    if !rest.is_empty() {
        message.push_str("; and ");
        message.push_str(&counted(rest.len() as u64, "more violation"));
    }
    (message, first.pointer.clone())
}

/// How often code is run again on an event that is at hand.
const RUNS: usize = 4;

/// Whether further runs come to the same: on this thread and, for code, on others with hash seeds of their own.
pub(super) fn agrees(
    upcaster: &Upcaster,
    data: &Value,
    source: Source,
    stored: Stored<'_>,
    made: &Result<Vec<Upcast>, Failure>,
) -> bool {
    let again = || same(made, &upcaster.run(data.clone(), stored));
    if upcaster.file().is_some() || source == Source::Recorded {
        return again();
    }
    // A hash map of two members has a fifty-fifty chance to come in the same order.
    (0..RUNS).all(|_| again()) && std::thread::scope(|scope| scope.spawn(again).join().unwrap_or(false))
}

/// One event's way through its chain.
pub(super) struct Way<'a> {
    pub(super) trial: &'a Trial<'a>,
    /// What is known of the stream before the event.
    pub(super) context: &'a StreamContext,
    /// Steps that may still be taken.
    pub(super) steps: usize,
    /// Events that may still come out.
    pub(super) outputs: usize,
}

impl Way<'_> {
    pub(super) fn context_of(&self, upcaster: &Upcaster) -> Option<&Value> {
        if upcaster.follows().is_empty() {
            return None;
        }
        self.context.known.get(&upcaster.to_string())
    }
}
