//! One line of a recording: an event, or a decision.
//!
//! An event is `{"s":stream,"c":category,"n":revision,"g":global position,"i":event id,"t":type,"v":version,
//! "at":recorded time,"tags":{…},"d":data,"m":metadata,"x":[flags]}`; data that is not JSON is `"b":base64` with
//! `"ct":content type` in place of `d`. Required are `t`, and `s` with `n` or `tags` with `g`. A decision is
//! `{"kind":"decision","s":stream,"n":revision seen,"cmd":{"t":type,"d":data},"outcome":…}`.
//!
//! A member with another name is passed over, so that a later minor version of the format may add one. A flag
//! with another name is refused: a flag says how an event must be treated, and guessing would be wrong.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::value::RawValue;

use crate::finding::{Finding, Place};
use crate::json::{self, Document, Entry, JsonError, JsonErrorKind, Kind, Tape};
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
    fn not_an_event(pointer: impl Into<String>, message: impl Into<String>) -> Self {
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

/// Reads one line, without its line end.
///
/// Data and metadata are kept byte for byte. `null` in place of an optional member means that it is absent, except
/// for `d` and `m`; an event without `d` and `b` has the data `null`.
///
/// # Errors
///
/// When the text is not JSON that readers agree about, or lacks what a recorded event must have.
///
/// ```
/// use pastproof::recording::{Line, parse_line};
///
/// let Line::Event(event) = parse_line(br#"{"s":"parcel-7","n":0,"t":"OrderCreated","d":{"cents":1.50}}"#)? else {
///     unreachable!()
/// };
/// assert_eq!(event.category(), Some("parcel"));
/// # Ok::<(), pastproof::recording::LineError>(())
/// ```
pub fn parse_line(text: &[u8]) -> Result<Line, LineError> {
    LineReader::default().read(text)
}

/// Reads line after line with the memory of one.
#[derive(Debug, Default)]
pub(crate) struct LineReader {
    tape: Tape,
}

impl LineReader {
    /// As [`parse_line`].
    pub(crate) fn read(&mut self, text: &[u8]) -> Result<Line, LineError> {
        let members = Members::of(String::new(), self.tape.read(text)?)?;
        match members.text("kind")?.as_deref() {
            None => members.event().map(Line::Event),
            Some("decision") => members.decision().map(Line::Decision),
            Some(_) => Err(members.refuse("kind", "`kind` is neither absent nor `decision`")),
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

const FLAGS: [Flag; 4] = [Flag::Redacted, Flag::TruncatedHead, Flag::Link, Flag::Skipped];

fn flag_name(flag: Flag) -> &'static str {
    match flag {
        Flag::Redacted => "redacted",
        Flag::TruncatedHead => "truncated-head",
        Flag::Link => "link",
        Flag::Skipped => "skipped",
    }
}

/// The members of one object: their values, and the text they were written in.
struct Members<'t> {
    /// JSON pointer of the object inside the line.
    at: String,
    document: Document<'t>,
    slots: [Option<(u32, &'t str)>; NAMES.len()],
}

/// The members that mean something, in an event, a decision, its command and its outcome.
const NAMES: [&str; 19] = [
    "s", "c", "n", "g", "i", "t", "v", "at", "tags", "d", "m", "x", "b", "ct", "kind", "cmd", "outcome",
    "events", "rejected",
];

impl<'t> Members<'t> {
    fn of(at: String, document: Document<'t>) -> Result<Self, LineError> {
        if document.entry(0).kind != Kind::Object {
            let what = if at.is_empty() { "the line" } else { "the value" };
            return Err(LineError::not_an_event(at, format!("{what} is not an object")));
        }
        let mut slots = [None; NAMES.len()];
        for (name, value, text) in document.outermost() {
            if let Some(slot) = NAMES.iter().position(|known| *known == name) {
                slots[slot] = Some((value, text));
            }
        }
        Ok(Self { at, document, slots })
    }

    /// The member as an entry and as text, also where it is `null`.
    fn slot(&self, name: &str) -> Option<(u32, &'t str)> {
        let slot = NAMES.iter().position(|known| *known == name)?;
        self.slots[slot]
    }

    fn refuse(&self, name: &str, message: impl Into<String>) -> LineError {
        LineError::not_an_event(format!("{}/{name}", self.at), message)
    }

    fn missing(&self, name: &str, what: &str) -> LineError {
        LineError::not_an_event(self.at.clone(), format!("`{name}` ({what}) is missing"))
    }

    /// The member as an entry with its index, where it is not `null`.
    fn value(&self, name: &str) -> Option<(Entry, u32)> {
        let (at, _) = self.slot(name)?;
        let entry = self.document.entry(at);
        (entry.kind != Kind::Null).then_some((entry, at))
    }

    fn text(&self, name: &str) -> Result<Option<String>, LineError> {
        match self.value(name) {
            None => Ok(None),
            Some((entry, _)) => match self.document.text(entry) {
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(self.refuse(name, format!("`{name}` is not a text"))),
            },
        }
    }

    fn number(&self, name: &str) -> Result<Option<u64>, LineError> {
        match self.value(name) {
            None => Ok(None),
            Some((entry, _)) if entry.kind == Kind::Unsigned => Ok(Some(entry.unsigned())),
            Some(_) => Err(self.refuse(
                name,
                format!("`{name}` is not a whole number from 0 to 18446744073709551615"),
            )),
        }
    }

    fn version(&self) -> Result<Option<Version>, LineError> {
        match self.value("v") {
            None => Ok(None),
            Some((entry, _)) if entry.kind == Kind::Unsigned => Ok(Some(Version::from(entry.unsigned()))),
            Some((entry, _)) => match self.document.text(entry) {
                Some(text) => Ok(Some(Version::from(text.to_owned()))),
                None => Err(self.refuse("v", "`v` is neither a whole number nor a text")),
            },
        }
    }

    fn raw(&self, name: &str) -> Result<Option<Box<RawValue>>, LineError> {
        let Some((_, text)) = self.slot(name) else {
            return Ok(None);
        };
        RawValue::from_string(text.to_owned())
            .map(Some)
            .map_err(|error| self.refuse(name, error.to_string()))
    }

    fn data(&self) -> Result<Box<RawValue>, LineError> {
        Ok(self.raw("d")?.unwrap_or_else(|| RawValue::NULL.to_owned()))
    }

    fn tags(&self) -> Result<BTreeMap<String, Vec<String>>, LineError> {
        let mut tags = BTreeMap::new();
        let Some((entry, at)) = self.value("tags") else {
            return Ok(tags);
        };
        if entry.kind != Kind::Object {
            return Err(self.refuse("tags", "`tags` is not an object"));
        }
        for (name, value) in self.document.members(at) {
            let name = self.document.text_of(self.document.entry(name));
            let entry = self.document.entry(value);
            let text = |entry| self.document.text(entry).map(str::to_owned);
            let values = match entry.kind {
                Kind::Array => self
                    .document
                    .items(value)
                    .map(|item| text(self.document.entry(item)))
                    .collect(),
                _ => text(entry).map(|text| vec![text]),
            };
            let values: Vec<String> = values.ok_or_else(|| {
                let name = name.replace('~', "~0").replace('/', "~1");
                self.refuse(
                    &format!("tags/{name}"),
                    "a tag is neither a text nor an array of texts",
                )
            })?;
            tags.insert(name.to_owned(), values);
        }
        Ok(tags)
    }

    fn flags(&self) -> Result<Vec<Flag>, LineError> {
        let Some((entry, at)) = self.value("x") else {
            return Ok(Vec::new());
        };
        if entry.kind != Kind::Array {
            return Err(self.refuse("x", "`x` is not an array of flags"));
        }
        let mut flags = Vec::with_capacity(entry.count().min(FLAGS.len()));
        for (index, item) in self.document.items(at).enumerate() {
            let name = self.document.text(self.document.entry(item));
            let known = FLAGS.iter().find(|flag| name == Some(flag_name(**flag)));
            flags.push(*known.ok_or_else(|| {
                self.refuse(
                    &format!("x/{index}"),
                    "no such flag; there are `redacted`, `truncated-head`, `link` and `skipped`",
                )
            })?);
        }
        Ok(flags)
    }

    fn payload(&self) -> Result<Payload, LineError> {
        match (self.raw("d")?, self.text("b")?, self.text("ct")?) {
            (Some(_), Some(_), _) => Err(self.refuse("b", "there is `d` as well as `b`")),
            (None, Some(text), Some(content_type)) => match BASE64.decode(text) {
                Ok(bytes) => Ok(Payload::Bytes { content_type, bytes }),
                Err(_) => Err(self.refuse("b", "`b` is not base64")),
            },
            (None, Some(_), None) => Err(self.missing("ct", "content type of `b`")),
            (_, None, Some(_)) => Err(self.refuse("ct", "there is `ct` without `b`")),
            (Some(data), None, None) => Ok(Payload::Json(data)),
            (None, None, None) => Ok(Payload::Json(RawValue::NULL.to_owned())),
        }
    }

    fn event_type(&self) -> Result<String, LineError> {
        self.text("t")?.ok_or_else(|| self.missing("t", "event type"))
    }

    fn event(&self) -> Result<RecordedEvent, LineError> {
        let event = RecordedEvent {
            event_type: self.event_type()?,
            stream: self.text("s")?,
            category: self.text("c")?,
            revision: self.number("n")?,
            global: self.number("g")?,
            id: self.text("i")?,
            version: self.version()?,
            recorded_at: self.text("at")?,
            tags: self.tags()?,
            payload: self.payload()?,
            metadata: self.raw("m")?,
            flags: self.flags()?,
        };
        match position_error(&event) {
            Some(message) => Err(LineError::not_an_event("", message)),
            None => Ok(event),
        }
    }

    fn decision(&self) -> Result<Decision, LineError> {
        let stream = self.text("s")?.ok_or_else(|| self.missing("s", "stream"))?;
        let revision = self.number("n")?;
        let (_, command) = self.slot("cmd").ok_or_else(|| self.missing("cmd", "command"))?;
        let mut tape = Tape::default();
        let command = self.inside("cmd", tape.read(command.as_bytes())?)?;
        Ok(Decision {
            stream,
            revision,
            command_type: command
                .text("t")?
                .ok_or_else(|| command.missing("t", "command type"))?,
            command: command.data()?,
            outcome: self.outcome()?,
        })
    }

    fn inside<'i>(&self, name: &str, document: Document<'i>) -> Result<Members<'i>, LineError> {
        Members::of(format!("{}/{name}", self.at), document)
    }

    fn outcome(&self) -> Result<Outcome, LineError> {
        const WHAT: &str = "`outcome` is not `{\"events\":[…]}`, `{\"rejected\":…}` or `\"ignored\"`";
        let (_, text) = self
            .slot("outcome")
            .ok_or_else(|| self.missing("outcome", "what came of the command"))?;
        let mut tape = Tape::default();
        let document = tape.read(text.as_bytes())?;
        if document.text(document.entry(0)) == Some("ignored") {
            return Ok(Outcome::Ignored);
        }
        if document.entry(0).kind != Kind::Object {
            return Err(self.refuse("outcome", WHAT));
        }
        let outcome = self.inside("outcome", document)?;
        match (outcome.value("events"), outcome.raw("rejected")?) {
            (None, Some(error)) => Ok(Outcome::Rejected(error)),
            (Some((entry, _)), None) if entry.kind == Kind::Array => outcome.decided().map(Outcome::Events),
            _ => Err(self.refuse("outcome", WHAT)),
        }
    }

    /// The items of `events`, which is an array.
    fn decided(&self) -> Result<Vec<Decided>, LineError> {
        let text = self.slot("events").map_or("[]", |(_, text)| text);
        let items: Vec<&RawValue> =
            serde_json::from_str(text).map_err(|error| self.refuse("events", error.to_string()))?;
        let mut events = Vec::with_capacity(items.len());
        let mut tape = Tape::default();
        for (index, item) in items.into_iter().enumerate() {
            let event = self.inside(&format!("events/{index}"), tape.read(item.get().as_bytes())?)?;
            events.push(Decided {
                event_type: event.event_type()?,
                version: event.version()?,
                data: event.data()?,
            });
        }
        Ok(events)
    }
}

/// What keeps an event from having a place in a recording.
pub(crate) fn position_error(event: &RecordedEvent) -> Option<&'static str> {
    let in_stream = event.stream.is_some() && event.revision.is_some();
    let in_store = !event.tags.is_empty() && event.global.is_some();
    if in_stream || in_store {
        None
    } else if event.stream.is_some() {
        Some("`n` (revision) is missing, and there are no `tags` with `g` (global position) either")
    } else if event.tags.is_empty() {
        Some("there is neither `s` (stream) with `n` (revision) nor `tags` with `g` (global position)")
    } else {
        Some("`g` (global position) is missing, and there is no `s` (stream) with `n` (revision) either")
    }
}
