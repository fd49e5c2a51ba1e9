//! The words everything else is written in: recorded events, event types, aggregates, deciders, projectors,
//! reactors, process managers.
//!
//! Nothing in this module knows about schemas, files or reports. The names are the field's own:
//! an *event* is a fact, a *recorded event* is its stored form, a *stream* is the ordered events of one
//! aggregate instance, and a *category* is the kind of stream.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

mod roles;
mod time;

pub use roles::{
    AsyncAggregate, Decider, Decision, Never, ProcessManager, Query, Reaction, Reactor, Scheduled, Trigger,
    Verdict,
};
pub use time::{Context, TimeError, Timestamp};

/// The schema version of an event, as the store has it: a number or a text.
///
/// Two versions are the same when they are written the same way, so the number `2` and the text `"2"` are one
/// version. Which of two versions is the later one is a question for the catalogue's version scheme.
///
/// ```
/// use pastproof::model::Version;
/// assert_eq!(Version::from(2), Version::from("2"));
/// assert_eq!(Version::from("1.4.0").to_string(), "1.4.0");
/// ```
#[derive(Clone, Debug)]
pub enum Version {
    /// A whole number, as in `"v":2`.
    Number(u64),
    /// Any other spelling, as in `"v":"1.4.0"`.
    Text(Cow<'static, str>),
}

impl Version {
    /// The version as it is written in file names, messages and reports.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<u64> for Version {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&'static str> for Version {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Version {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => left == right,
            _ => self.text() == other.text(),
        }
    }
}

impl Eq for Version {}

/// By spelling, so that maps and reports have one order whatever the version scheme.
impl Ord for Version {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text().cmp(&other.text())
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::hash::Hash for Version {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Version;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a version: a whole number or a text")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Version, E> {
                Ok(Version::Number(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Version, E> {
                Ok(Version::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Version, A::Error> {
                use serde::de::{Error as _, Unexpected};
                // What `serde_json` makes of a number when another crate has it keep numbers as they are written.
                if map.next_key::<String>()?.as_deref() != Some("$serde_json::private::Number") {
                    return Err(A::Error::invalid_type(Unexpected::Map, &self));
                }
                let digits = map.next_value::<String>()?;
                let number = digits.parse();
                number.map_or_else(
                    |_| Err(A::Error::invalid_value(Unexpected::Other(&digits), &self)),
                    |number| Ok(Version::Number(number)),
                )
            }
        }
        // `deserialize_u64` hints would refuse a text, and `deserialize_any` hands numbers over as they are.
        deserializer.deserialize_any(Visitor)
    }
}

/// One event as a store has it: the payload untouched, and everything the store says about it.
///
/// It has a stream with a revision, or tags with a global position, or all of them.
#[derive(Clone, Debug)]
pub struct RecordedEvent {
    /// The stream the event belongs to.
    pub stream: Option<String>,
    /// The kind of stream, where the store says it.
    pub category: Option<String>,
    /// Position in the stream, from 0 or 1 as the source has it.
    pub revision: Option<u64>,
    /// Position in the whole store.
    pub global: Option<u64>,
    /// The event's own id.
    pub id: Option<String>,
    /// The event type as it is stored.
    pub event_type: String,
    /// The schema version as it is stored; absent where the store has none.
    pub version: Option<Version>,
    /// When the store recorded it, as the store writes times.
    pub recorded_at: Option<String>,
    /// Domain ids by name, for stores without streams.
    pub tags: BTreeMap<String, Vec<String>>,
    /// The event's data.
    pub payload: Payload,
    /// Metadata, untouched.
    pub metadata: Option<Box<RawValue>>,
    /// What the recording says about this event.
    pub flags: Vec<Flag>,
    /// What it was made of, in a recording that was taken to current versions; nothing where it is as it was stored.
    pub origin: Option<Box<Origin>>,
}

/// What an event was made of that upcasting wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Origin {
    /// Which of the events at its position it is. Position and index are an event's address.
    #[serde(rename = "k", default, skip_serializing_if = "is_zero")]
    pub index: u64,
    /// The type that was stored.
    #[serde(rename = "t")]
    pub event_type: String,
    /// The version that was stored.
    #[serde(rename = "v")]
    pub version: Version,
    /// The stream that was read, where it is another one.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// The revision that was read, where it is another one.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Which of the events made of that one it is, where that is another number than the index.
    #[serde(rename = "part", default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u64>,
    /// The revisions of earlier events that are merged into it.
    #[serde(rename = "of", default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<u64>,
}

impl Origin {
    /// Made of an event of this type and version, as the one with this index.
    pub fn new(index: u64, event_type: impl Into<String>, version: impl Into<Version>) -> Self {
        Self {
            index,
            event_type: event_type.into(),
            version: version.into(),
            stream: None,
            revision: None,
            part: None,
            merged: Vec::new(),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl RecordedEvent {
    /// Which of the events at its position it is: 0, but in a recording that was upcast.
    pub fn index(&self) -> u64 {
        self.origin.as_ref().map_or(0, |origin| origin.index)
    }

    /// The kind of stream: what the store says, or the stream id up to its first `-`.
    pub fn category(&self) -> Option<&str> {
        self.category.as_deref().or_else(|| {
            self.stream
                .as_deref()
                .map(|stream| stream.split_once('-').map_or(stream, |(category, _)| category))
        })
    }

    /// Whether the recording marks the event with `flag`.
    pub fn is(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }
}

/// The data of a recorded event.
#[derive(Clone, Debug)]
pub enum Payload {
    /// JSON, kept as the text that was recorded.
    Json(Box<RawValue>),
    /// Anything else.
    Bytes {
        /// What the bytes are, as a media type.
        content_type: String,
        /// The bytes themselves.
        bytes: Vec<u8>,
    },
}

/// What a recording says about one of its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// The payload was removed, as stores do when a person's data must go.
    Redacted,
    /// Earlier events of the stream are not in the recording.
    TruncatedHead,
    /// A link to an event of another stream.
    Link,
    /// The store tells its readers to skip it.
    Skipped,
}

/// Why an event could not be read into a Rust type or written from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventError {
    /// JSON pointer of the member that was refused; empty for the whole.
    pub pointer: String,
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
}

impl EventError {
    /// An error about the whole event.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            pointer: String::new(),
            message: message.into(),
        }
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "at {}: {}", self.pointer, self.message)
        }
    }
}

impl std::error::Error for EventError {}

/// The events of one aggregate or read model, at the versions that the code writes today.
///
/// [`events!`](crate::events) writes the implementation for an enum whose variants hold one payload each.
pub trait Event: Sized {
    /// The stored name of this event's type.
    fn event_type(&self) -> &'static str;

    /// The schema version the code writes for this event's type.
    fn version(&self) -> Version;

    /// The event's data as it would be stored.
    ///
    /// # Errors
    ///
    /// When the payload does not serialize.
    fn encode(&self) -> Result<Value, EventError>;

    /// Appends the event's data as the text of JSON, as it would be stored.
    ///
    /// # Errors
    ///
    /// When the payload does not serialize.
    fn encode_into(&self, to: &mut Vec<u8>) -> Result<(), EventError> {
        append_json(&self.encode()?, to)
    }

    /// Reads stored data of `event_type` that is already at the version the code writes.
    ///
    /// # Errors
    ///
    /// When the type is not one of this set, or the data does not deserialize.
    fn decode(event_type: &str, data: &str) -> Result<Self, EventError>;

    /// Every event type of the set.
    fn kinds() -> Vec<EventKind>;

    /// Whether the two are equal as Rust values; nothing where the type cannot tell.
    ///
    /// [`events!`](crate::events) asks a payload's `PartialEq` where it has one.
    fn equals(&self, _other: &Self) -> Option<bool> {
        None
    }
}

/// One event type as the code has it: name, version, and what serde writes and reads.
#[derive(Clone)]
pub struct EventKind {
    /// The stored name.
    pub event_type: &'static str,
    /// The version the code writes.
    pub version: Version,
    /// JSON Schema of what the code writes (serialize contract, closed).
    pub writer_schema: fn() -> Value,
    /// JSON Schema of what the code reads (deserialize contract, as open as serde is).
    pub reader_schema: fn() -> Value,
    /// Reads data into the type and writes it again: the type's own word on whether it accepts a value.
    pub round_trip: fn(&str) -> Result<Value, EventError>,
}

impl fmt::Debug for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventKind")
            .field("event_type", &self.event_type)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A consistency boundary: folds its stream to state and decides on commands.
///
/// The default value is the state before the first event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no aggregate",
    note = "a scenario of a projector, a reactor or a process manager is told of `Projecting<{Self}>`, `Reacting<{Self}>` or `Managing<{Self}>`"
)]
pub trait Aggregate: Default + 'static {
    /// What may be asked of it.
    type Command;
    /// The facts it records.
    type Event: Event;
    /// Why it refuses a command.
    type Error;

    /// Decides: the events that the command leads to (none when there is nothing to do), or a refusal.
    ///
    /// # Errors
    ///
    /// The domain's own refusals.
    fn handle(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Error>;

    /// Folds one event into the state.
    fn apply(&mut self, event: &Self::Event);
}

/// Where an event stands, for consumers that need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position<'a> {
    /// The stream, empty where the store has none.
    pub stream: &'a str,
    /// Position in the stream.
    pub revision: Option<u64>,
    /// Position in the whole store.
    pub global: Option<u64>,
    /// Which of the events that upcasting made of the stored one; 0 unless it was split.
    pub index: usize,
    /// When the store recorded it, as the store writes times.
    pub recorded_at: Option<&'a str>,
}

/// Folds events, in global order, into the rows of a read model.
///
/// The default value is the empty read model.
pub trait Projector: Default + 'static {
    /// The events it follows; other types pass it by.
    type Event: Event;
    /// One row.
    type Row: Serialize;

    /// Folds one event into the rows.
    ///
    /// # Errors
    ///
    /// What production would log or stop at. A replay reports every one.
    fn project(&mut self, event: &Self::Event, at: Position<'_>) -> Result<(), String>;

    /// The rows by key, in any order.
    fn rows(&self) -> Vec<(String, Self::Row)>;
}

/// Reads `data` into `T`, with the JSON pointer of what was refused.
///
/// # Errors
///
/// When `data` is not JSON or `T` refuses it.
pub fn read_json<'de, T: Deserialize<'de>>(data: &'de str) -> Result<T, EventError> {
    // The path costs about as much as reading does, and is asked for when something was refused.
    if let Ok(value) = serde_json::from_str(data) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_str(data);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer_of(error.path());
        EventError {
            pointer,
            message: error.into_inner().to_string(),
        }
    })?;
    deserializer
        .end()
        .map_err(|error| EventError::new(error.to_string()))?;
    Ok(value)
}

/// Writes `value` as JSON.
///
/// # Errors
///
/// When its `Serialize` fails, or it holds what JSON cannot (a map whose keys are no texts).
pub fn write_json<T: Serialize>(value: &T) -> Result<Value, EventError> {
    serde_json::to_value(value).map_err(|error| EventError::new(error.to_string()))
}

/// Appends `value` to `to` as the text of JSON.
///
/// # Errors
///
/// As [`write_json`]. What was appended until then stays.
pub fn append_json<T: Serialize>(value: &T, to: &mut Vec<u8>) -> Result<(), EventError> {
    serde_json::to_writer(to, value).map_err(|error| EventError::new(error.to_string()))
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            // A variant is a member name only in externally tagged enums, where serde reports the
            // member as well.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::value::{Error, MapDeserializer};

    #[test]
    fn a_version_is_a_number_or_a_text_however_numbers_are_handed_over() {
        let handed = |name: &'static str, value: &'static str| {
            Version::deserialize(MapDeserializer::<_, Error>::new([(name, value)].into_iter()))
        };
        let kept = handed("$serde_json::private::Number", "2");
        assert!(matches!(kept, Ok(Version::Number(2))), "{kept:?}");
        assert!(handed("$serde_json::private::Number", "2.5").is_err());
        assert!(handed("number", "2").is_err());
        let versions: Vec<Version> = serde_json::from_str(r#"[2, "2", "1.4.0"]"#).unwrap();
        assert_eq!(
            versions,
            [Version::from(2), Version::from(2), Version::from("1.4.0")]
        );
        for refused in ["2.5", "-1", "null", "{}", "[2]"] {
            assert!(serde_json::from_str::<Version>(refused).is_err(), "{refused}");
        }
    }
}
