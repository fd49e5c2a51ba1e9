//! Reading one line.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::value::RawValue;

use super::line::{Decided, Decision, Line, LineError, Outcome, flag_name};
use crate::json::{Document, Entry, Kind, Tape};
use crate::model::{Flag, Origin, Payload, RecordedEvent, Version};

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
        if members.is_decision()? {
            members.decision().map(Line::Decision)
        } else {
            members.event().map(Line::Event)
        }
    }
}

/// An event as it stands in a document, with nothing copied that need not be.
#[derive(Debug)]
pub(crate) struct Envelope<'t> {
    pub(crate) event_type: &'t str,
    pub(crate) version: Option<WrittenVersion<'t>>,
    pub(crate) stream: Option<&'t str>,
    pub(crate) revision: Option<u64>,
    pub(crate) payload: EnvelopePayload<'t>,
    pub(crate) flags: Vec<Flag>,
    category: Option<&'t str>,
    global: Option<u64>,
    id: Option<&'t str>,
    recorded_at: Option<&'t str>,
    tags: BTreeMap<String, Vec<String>>,
}

/// The data of an [`Envelope`].
#[derive(Debug)]
pub(crate) enum EnvelopePayload<'t> {
    /// At this entry of the document.
    Json(
        #[cfg_attr(
            not(feature = "compat"),
            expect(dead_code, reason = "only validation reads it")
        )]
        u32,
    ),
    /// There is none, which is the data `null`.
    Absent,
    Bytes {
        content_type: &'t str,
        bytes: Vec<u8>,
    },
}

/// A version as it stands in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WrittenVersion<'t> {
    Number(u64),
    Text(&'t str),
}

impl<'t> WrittenVersion<'t> {
    /// The version at an entry, which is a whole number or a text.
    pub(crate) fn read(document: Document<'t>, at: u32) -> Option<Self> {
        let entry = document.entry(at);
        match entry.kind {
            Kind::Unsigned => Some(Self::Number(entry.unsigned())),
            _ => document.text(entry).map(Self::Text),
        }
    }

    pub(crate) fn to_version(self) -> Version {
        match self {
            Self::Number(number) => Version::Number(number),
            Self::Text(text) => Version::from(text.to_owned()),
        }
    }
}

impl<'t> Envelope<'t> {
    /// The event in a line that was read; nothing where it is a decision.
    ///
    /// # Errors
    ///
    /// As [`parse_line`].
    #[cfg(feature = "compat")]
    pub(crate) fn of(document: Document<'t>) -> Result<Option<Self>, LineError> {
        let members = Members::of(String::new(), document)?;
        if members.is_decision()? {
            members.decision()?;
            return Ok(None);
        }
        members.envelope().map(Some)
    }
}

const FLAGS: [Flag; 4] = [Flag::Redacted, Flag::TruncatedHead, Flag::Link, Flag::Skipped];

/// The members of one object: their values, and the text they were written in.
struct Members<'t> {
    /// JSON pointer of the object inside the line.
    at: String,
    document: Document<'t>,
    slots: [Option<(u32, &'t str)>; NAMES.len()],
}

/// The members that mean something, in an event, a decision, its command and its outcome.
const NAMES: [&str; 21] = [
    "s", "c", "n", "g", "i", "t", "v", "at", "tags", "d", "m", "x", "b", "ct", "kind", "cmd", "outcome",
    "events", "rejected", "dropped", "u",
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

    fn is_decision(&self) -> Result<bool, LineError> {
        match self.text("kind")? {
            None => Ok(false),
            Some("decision") => Ok(true),
            Some(_) => Err(self.refuse("kind", "`kind` is neither absent nor `decision`")),
        }
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

    fn text(&self, name: &str) -> Result<Option<&'t str>, LineError> {
        match self.value(name) {
            None => Ok(None),
            Some((entry, _)) => match self.document.text(entry) {
                Some(text) => Ok(Some(text)),
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

    fn version(&self) -> Result<Option<WrittenVersion<'t>>, LineError> {
        match self.value("v") {
            None => Ok(None),
            Some((_, at)) => WrittenVersion::read(self.document, at)
                .map(Some)
                .ok_or_else(|| self.refuse("v", "`v` is neither a whole number nor a text")),
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

    fn payload(&self) -> Result<EnvelopePayload<'t>, LineError> {
        match (self.slot("d"), self.text("b")?, self.text("ct")?) {
            (Some(_), Some(_), _) => Err(self.refuse("b", "there is `d` as well as `b`")),
            (None, Some(text), Some(content_type)) => match BASE64.decode(text) {
                Ok(bytes) => Ok(EnvelopePayload::Bytes { content_type, bytes }),
                Err(_) => Err(self.refuse("b", "`b` is not base64")),
            },
            (None, Some(_), None) => Err(self.missing("ct", "content type of `b`")),
            (_, None, Some(_)) => Err(self.refuse("ct", "there is `ct` without `b`")),
            (Some((at, _)), None, None) => Ok(EnvelopePayload::Json(at)),
            (None, None, None) => Ok(EnvelopePayload::Absent),
        }
    }

    fn event_type(&self) -> Result<&'t str, LineError> {
        self.text("t")?.ok_or_else(|| self.missing("t", "event type"))
    }

    fn envelope(&self) -> Result<Envelope<'t>, LineError> {
        let envelope = Envelope {
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
            flags: self.flags()?,
        };
        let in_stream = envelope.stream.is_some() && envelope.revision.is_some();
        let in_store = !envelope.tags.is_empty() && envelope.global.is_some();
        if in_stream || in_store {
            return Ok(envelope);
        }
        let message = unplaced(envelope.stream.is_some(), !envelope.tags.is_empty());
        Err(LineError::not_an_event("", message))
    }

    fn event(&self) -> Result<RecordedEvent, LineError> {
        let envelope = self.envelope()?;
        Ok(RecordedEvent {
            stream: envelope.stream.map(str::to_owned),
            category: envelope.category.map(str::to_owned),
            revision: envelope.revision,
            global: envelope.global,
            id: envelope.id.map(str::to_owned),
            event_type: envelope.event_type.to_owned(),
            version: envelope.version.map(WrittenVersion::to_version),
            recorded_at: envelope.recorded_at.map(str::to_owned),
            tags: envelope.tags,
            payload: match envelope.payload {
                EnvelopePayload::Json(_) | EnvelopePayload::Absent => Payload::Json(self.data()?),
                EnvelopePayload::Bytes { content_type, bytes } => Payload::Bytes {
                    content_type: content_type.to_owned(),
                    bytes,
                },
            },
            metadata: self.raw("m")?,
            flags: envelope.flags,
            origin: self.origin()?,
        })
    }

    fn origin(&self) -> Result<Option<Box<Origin>>, LineError> {
        match self.slot("u") {
            None | Some((_, "null")) => Ok(None),
            Some((_, text)) => serde_json::from_str(text).map(Some).map_err(|error| {
                self.refuse(
                    "u",
                    format!("`u` does not say what the event was made of: {error}"),
                )
            }),
        }
    }

    fn decision(&self) -> Result<Decision, LineError> {
        let stream = self.text("s")?.ok_or_else(|| self.missing("s", "stream"))?;
        let revision = self.number("n")?;
        let (_, command) = self.slot("cmd").ok_or_else(|| self.missing("cmd", "command"))?;
        let mut tape = Tape::default();
        let command = self.inside("cmd", tape.read(command.as_bytes())?)?;
        Ok(Decision {
            stream: stream.to_owned(),
            revision,
            command_type: command
                .text("t")?
                .ok_or_else(|| command.missing("t", "command type"))?
                .to_owned(),
            command: command.data()?,
            outcome: self.outcome()?,
            dropped: self.number("dropped")?.unwrap_or(0),
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
                event_type: event.event_type()?.to_owned(),
                version: event.version()?.map(WrittenVersion::to_version),
                data: event.data()?,
            });
        }
        Ok(events)
    }
}

/// What keeps an event from having a place in a recording.
#[cfg(feature = "compat")]
pub(crate) fn position_error(event: &RecordedEvent) -> Option<&'static str> {
    let in_stream = event.stream.is_some() && event.revision.is_some();
    let in_store = !event.tags.is_empty() && event.global.is_some();
    if in_stream || in_store {
        None
    } else {
        Some(unplaced(event.stream.is_some(), !event.tags.is_empty()))
    }
}

fn unplaced(in_stream: bool, tagged: bool) -> &'static str {
    if in_stream {
        "`n` (revision) is missing, and there are no `tags` with `g` (global position) either"
    } else if tagged {
        "`g` (global position) is missing, and there is no `s` (stream) with `n` (revision) either"
    } else {
        "there is neither `s` (stream) with `n` (revision) nor `tags` with `g` (global position)"
    }
}
