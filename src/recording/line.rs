//! One line of a recording: an event, or a decision.
//!
//! An event is `{"s":stream,"c":category,"n":revision,"g":global position,"i":event id,"t":type,"v":version,
//! "at":recorded time,"tags":{…},"d":data,"m":metadata,"x":[flags]}`; data that is not JSON is `"b":base64` with
//! `"ct":content type` in place of `d`. In a recording that was taken to current versions `"u"` says what an event was
//! made of ([`Origin`](crate::model::Origin)); events that were one have one position, and the index `k` in it counts
//! them. Required are `t`, and `s` with `n` or `tags` with `g`. A decision is
//! `{"kind":"decision","s":stream,"n":revision seen,"cmd":{"t":type,"d":data},"outcome":…,"dropped":decisions missing
//! before it}`.
//!
//! A member with another name is passed over, so that a later minor version of the format may add one. A flag
//! with another name is refused: a flag says how an event must be treated, and guessing would be wrong.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::value::RawValue;

use crate::finding::{Finding, Place};
use crate::json::{self, JsonError, JsonErrorKind};
use crate::model::{Flag, Payload, RecordedEvent, Version};
use crate::rules::{self, Rule};

/// What a line holds.
#[derive(Clone, Debug)]
pub enum Line {
    /// A recorded event.
    Event(RecordedEvent),
    /// A recorded decision.
    Decision(Decision),
}

/// A command that production was asked, and what came of it.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The stream that was asked.
    pub stream: String,
    /// The last revision that the decision saw; absent for a stream without events.
    pub revision: Option<u64>,
    /// The command's type.
    pub command_type: String,
    /// The command's data, as it was recorded.
    pub command: Box<RawValue>,
    /// What came of it.
    pub outcome: Outcome,
    /// How many decisions before this one are missing, since whoever recorded them could not keep up; mostly 0.
    pub dropped: u64,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// These events, in order.
    Events(Vec<Decided>),
    /// A refusal, as it was recorded.
    Rejected(Box<RawValue>),
    /// Nothing, by intention.
    Ignored,
}

/// An event that a decision led to.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The event's type.
    pub event_type: String,
    /// The schema version it was written at.
    pub version: Option<Version>,
    /// Its data, as it was recorded.
    pub data: Box<RawValue>,
}

/// Why a line was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    rule: &'static Rule,
    pointer: String,
    message: String,
    cut_off: bool,
}

impl LineError {
    pub(crate) fn not_an_event(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            rule: &rules::NOT_AN_EVENT,
            pointer: pointer.into(),
            message: message.into(),
            cut_off: false,
        }
    }

    /// The rule behind it: `not-json`, `duplicate-member` or `not-an-event`.
    pub fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// JSON pointer, inside the line, of what was refused; empty for the whole line.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Whether the text ends inside a value.
    pub fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    /// The finding it makes at `place`, which says file and line.
    pub fn into_finding(self, place: Place) -> Finding {
        let place = if self.pointer.is_empty() {
            place
        } else {
            place.at_pointer(self.pointer)
        };
        Finding::new(self.rule, self.message, place)
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LineError {}

impl From<JsonError> for LineError {
    fn from(error: JsonError) -> Self {
        let rule = match error.kind() {
            JsonErrorKind::DuplicateMember(_) => &rules::DUPLICATE_MEMBER,
            _ => &rules::NOT_JSON,
        };
        Self {
            rule,
            pointer: error.pointer().to_owned(),
            message: error.to_string(),
            cut_off: *error.kind() == JsonErrorKind::CutOff,
        }
    }
}

/// Writes one event to `out`, without a line end.
///
/// Line ends inside data or metadata, where they can only stand between values, are written as spaces.
pub fn write_line(event: &RecordedEvent, out: &mut String) {
    let mut object = Object::begin(out);
    object.optional_text("s", event.stream.as_deref());
    object.optional_text("c", event.category.as_deref());
    object.optional_number("n", event.revision);
    object.optional_number("g", event.global);
    object.optional_text("i", event.id.as_deref());
    object.text("t", &event.event_type);
    object.optional_version(event.version.as_ref());
    object.optional_text("at", event.recorded_at.as_deref());
    if !event.tags.is_empty() {
        object.name("tags");
        write_tags(&event.tags, object.out);
    }
    match &event.payload {
        Payload::Json(data) => object.raw("d", data),
        Payload::Bytes { content_type, bytes } => {
            object.text("b", &BASE64.encode(bytes));
            object.text("ct", content_type);
        }
    }
    if let Some(metadata) = &event.metadata {
        object.raw("m", metadata);
    }
    if !event.flags.is_empty() {
        object.name("x");
        object.out.push('[');
        for (index, flag) in event.flags.iter().enumerate() {
            if index > 0 {
                object.out.push(',');
            }
            json::write_text(flag_name(*flag), object.out);
        }
        object.out.push(']');
    }
    if let Some(origin) = &event.origin {
        object.name("u");
        // Numbers and texts only, which have a JSON form.
        object
            .out
            .push_str(&serde_json::to_string(origin).unwrap_or_default());
    }
    object.end();
}

/// Writes one decision to `out`, without a line end.
pub fn write_decision(decision: &Decision, out: &mut String) {
    let mut object = Object::begin(out);
    object.text("kind", "decision");
    object.text("s", &decision.stream);
    object.optional_number("n", decision.revision);
    object.name("cmd");
    let mut command = Object::begin(object.out);
    command.text("t", &decision.command_type);
    command.raw("d", &decision.command);
    command.end();
    object.name("outcome");
    match &decision.outcome {
        Outcome::Ignored => json::write_text("ignored", object.out),
        Outcome::Rejected(error) => {
            let mut outcome = Object::begin(object.out);
            outcome.raw("rejected", error);
            outcome.end();
        }
        Outcome::Events(events) => {
            object.out.push_str("{\"events\":[");
            for (index, event) in events.iter().enumerate() {
                if index > 0 {
                    object.out.push(',');
                }
                let mut decided = Object::begin(object.out);
                decided.text("t", &event.event_type);
                decided.optional_version(event.version.as_ref());
                decided.raw("d", &event.data);
                decided.end();
            }
            object.out.push_str("]}");
        }
    }
    object.optional_number("dropped", (decision.dropped > 0).then_some(decision.dropped));
    object.end();
}

/// A JSON object as it is written.
struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    fn begin(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    fn name(&mut self, name: &str) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        json::write_text(name, self.out);
        self.out.push(':');
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        json::write_text(text, self.out);
    }

    fn optional_text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn optional_number(&mut self, name: &str, number: Option<u64>) {
        if let Some(number) = number {
            self.name(name);
            // Writing to a String cannot fail.
            let _ = write!(self.out, "{number}");
        }
    }

    fn optional_version(&mut self, version: Option<&Version>) {
        match version {
            None => {}
            Some(Version::Number(number)) => self.optional_number("v", Some(*number)),
            Some(Version::Text(text)) => self.text("v", text),
        }
    }

    fn raw(&mut self, name: &str, value: &RawValue) {
        self.name(name);
        let text = value.get();
        if text.contains(['\n', '\r']) {
            self.out.push_str(&text.replace(['\n', '\r'], " "));
        } else {
            self.out.push_str(text);
        }
    }

    fn end(self) {
        self.out.push('}');
    }
}

fn write_tags(tags: &BTreeMap<String, Vec<String>>, out: &mut String) {
    let mut object = Object::begin(out);
    for (name, values) in tags {
        if let [value] = values.as_slice() {
            object.text(name, value);
            continue;
        }
        object.name(name);
        object.out.push('[');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                object.out.push(',');
            }
            json::write_text(value, object.out);
        }
        object.out.push(']');
    }
    object.end();
}

pub(super) fn flag_name(flag: Flag) -> &'static str {
    match flag {
        Flag::Redacted => "redacted",
        Flag::TruncatedHead => "truncated-head",
        Flag::Link => "link",
        Flag::Skipped => "skipped",
    }
}
