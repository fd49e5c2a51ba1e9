//! CloudEvents 1.0 in their JSON format, both ways without loss.
//!
//! *From a CloudEvent.* `id`, `type`, `time` and the data become `i`, `t`, `at` and `d` (`data_base64` becomes `b`,
//! with `datacontenttype` as `ct`). Stream and revision are taken from `subject` and the extension `sequence`, unless
//! other attributes are named. Every other attribute stands in the metadata under `cloudevents`, as it was written;
//! `from` and `copied` beside it say which attributes were
//! taken for what.
//!
//! *To a CloudEvent.* An event that came from one becomes that one again. Any other has the source
//! `urn:pastproof:recording`, the stream as `subject`, and what CloudEvents have no attribute for in extensions:
//! `ppstream`, `ppcategory`, `pprevision`, `ppglobal`, `ppversion` or `ppversiontext`, `pptime` where the recorded
//! time is not of RFC 3339, `ppid` where there is no id, `pptags` and `ppmetadata` as JSON texts, `ppflags`. Positions
//! are texts, since integers of CloudEvents have 32 bits.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::line::{Line, LineError, write_line};
use super::super::parse::{parse_line, position_error};
use super::pointers::{
    Counter, EventPointers, Number, not_json, optional_number, optional_tags, optional_text,
    optional_version, required_text,
};
use super::raw;
use crate::json;
use crate::model::{Payload, RecordedEvent, Version};

const SOURCE: &str = "urn:pastproof:recording";

/// The pointers with what is usual where nothing is named.
fn usual(pointers: &EventPointers) -> EventPointers {
    let mut usual = pointers.clone();
    usual.stream.get_or_insert_with(|| "/subject".to_owned());
    usual
        .revision
        .get_or_insert_with(|| Number::At("/sequence".to_owned()));
    usual
}

/// Reads one CloudEvent in its JSON format.
///
/// # Errors
///
/// When it is not one, or has no stream with a revision and no tags with a position where `pointers` say.
///
/// ```
/// use pastproof::recording::{EventPointers, from_cloudevent, to_cloudevent};
///
/// let text = r#"{"specversion":"1.0","id":"e-1","source":"/shop","type":"OrderPlaced","subject":"order-7",
///     "sequence":"0","time":"2026-01-01T00:00:00Z","data":{"total":1.50},"traceparent":"00-ab"}"#;
/// let event = from_cloudevent(text, &EventPointers::default())?;
/// assert_eq!((event.stream.as_deref(), event.revision), (Some("order-7"), Some(0)));
/// let again: serde_json::Value = serde_json::from_str(&to_cloudevent(&event)).unwrap();
/// assert_eq!(again, serde_json::from_str::<serde_json::Value>(text).unwrap());
/// # Ok::<(), pastproof::recording::LineError>(())
/// ```
pub fn from_cloudevent(text: &str, pointers: &EventPointers) -> Result<RecordedEvent, LineError> {
    read(text, pointers, &mut Counter::default())
}

pub(in super::super) fn read(
    text: &str,
    pointers: &EventPointers,
    counter: &mut Counter,
) -> Result<RecordedEvent, LineError> {
    json::parse(text.as_bytes())?;
    let event: &RawValue = serde_json::from_str(text).map_err(not_json)?;
    let Some(members) = raw::members(event) else {
        return Err(LineError::not_an_event("", "a CloudEvent is an object"));
    };
    let attributes: BTreeMap<&str, &RawValue> = members
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let version = required_text(event, "/specversion", "version of CloudEvents")?;
    if version != "1.0" {
        let message = format!("CloudEvents {version} is not read here; version 1.0 is");
        return Err(LineError::not_an_event("/specversion", message));
    }
    if required_text(event, "/source", "source")? == SOURCE && attributes.contains_key("ppevent") {
        return ours(event, &attributes);
    }
    let pointers = usual(pointers);
    if pointers.metadata.is_some() || pointers.data.is_some() {
        let message = "of a CloudEvent, data and metadata are what the format says they are";
        return Err(LineError::not_an_event("", message));
    }
    let mut from = BTreeMap::from([("id", "i"), ("type", "t")]);
    let time_at = "/time".to_owned();
    let (payload, dataless) = payload(&attributes)?;
    let mut recorded = RecordedEvent {
        stream: optional_text(event, pointers.stream.as_ref(), "stream id")?,
        category: optional_text(event, pointers.category.as_ref(), "category")?,
        revision: optional_number(event, pointers.revision.as_ref(), "revision")?,
        global: optional_number(event, pointers.global.as_ref(), "global position")?,
        id: Some(required_text(event, "/id", "id")?),
        event_type: required_text(event, "/type", "type")?,
        version: optional_version(event, pointers.version.as_ref())?,
        recorded_at: optional_text(event, Some(&time_at), "time")?,
        tags: optional_tags(event, pointers.tags.as_ref())?,
        payload,
        metadata: None,
        flags: Vec::new(),
        origin: None,
    };
    let number_pointer = |number: &Option<Number>| match number {
        Some(Number::At(pointer)) => Some(pointer.clone()),
        Some(Number::Counted) | None => None,
    };
    let taken = [
        (pointers.stream.clone(), "s"),
        (pointers.category.clone(), "c"),
        (number_pointer(&pointers.revision), "n"),
        (number_pointer(&pointers.global), "g"),
        (pointers.version.clone(), "v"),
        (Some(time_at), "at"),
        (pointers.tags.clone(), "tags"),
    ];
    let mut copied: BTreeMap<&str, &str> = BTreeMap::new();
    for (pointer, member) in &taken {
        let Some(pointer) = pointer.as_deref() else {
            continue;
        };
        // What the event does not give back as it was written stays among the attributes.
        let name = pointer.strip_prefix('/').unwrap_or(pointer);
        let again = value_of(&recorded, member).and_then(|value| json::canonical(&value).ok());
        let written = attributes
            .get(name)
            .and_then(|written| json::canonical(written).ok());
        if again.is_some() && again == written && !from.contains_key(name) {
            from.insert(name, member);
        } else if raw::find(event, pointer).is_some() {
            copied.insert(member, pointer);
        }
    }
    let counted: Vec<&str> = [("n", &pointers.revision), ("g", &pointers.global)]
        .into_iter()
        .filter_map(|(member, number)| (*number == Some(Number::Counted)).then_some(member))
        .collect();
    recorded.metadata = Some(metadata(&members, &from, &copied, &counted, dataless));
    counter.number(
        &mut recorded,
        pointers.revision.as_ref(),
        pointers.global.as_ref(),
    );
    match position_error(&recorded) {
        None => Ok(recorded),
        Some(_) => Err(LineError::not_an_event("", unplaced(&pointers))),
    }
}

fn unplaced(pointers: &EventPointers) -> String {
    let at = |number: &Option<Number>, counted: &str| match number {
        Some(Number::At(pointer)) => format!("at {pointer}"),
        Some(Number::Counted) => counted.to_owned(),
        None => "nowhere".to_owned(),
    };
    format!(
        "the event has no place: its stream is looked for at {}, its revision {}; name other attributes, or count revisions in the order of the source (`--revision count`)",
        pointers.stream.as_deref().unwrap_or("/subject"),
        at(&pointers.revision, "counted"),
    )
}

/// The value of an attribute that was taken for `member`, where the event gives it back.
fn value_of(event: &RecordedEvent, member: &str) -> Option<Value> {
    match member {
        "s" => event.stream.as_ref().map(|text| json!(text)),
        "c" => event.category.as_ref().map(|text| json!(text)),
        // As texts, which is how CloudEvents write numbers of more than 32 bits.
        "n" => event.revision.map(|number| json!(number.to_string())),
        "g" => event.global.map(|number| json!(number.to_string())),
        "v" => event.version.as_ref().map(|version| json!(version)),
        "i" => event.id.as_ref().map(|text| json!(text)),
        "t" => Some(json!(event.event_type)),
        "at" => event.recorded_at.as_ref().map(|text| json!(text)),
        _ => None,
    }
}

fn payload(attributes: &BTreeMap<&str, &RawValue>) -> Result<(Payload, bool), LineError> {
    let content_type = attributes
        .get("datacontenttype")
        .and_then(|value| raw::text(value));
    match (attributes.get("data"), attributes.get("data_base64")) {
        (Some(_), Some(_)) => Err(LineError::not_an_event(
            "/data_base64",
            "the event has `data` as well, and only one of them may be there",
        )),
        (Some(data), None) => Ok((Payload::Json((*data).to_owned()), false)),
        (None, Some(bytes)) => {
            let bytes = raw::text(bytes)
                .and_then(|text| BASE64.decode(text).ok())
                .ok_or_else(|| LineError::not_an_event("/data_base64", "it is not base64"))?;
            let content_type = content_type.unwrap_or_default();
            Ok((Payload::Bytes { content_type, bytes }, false))
        }
        (None, None) => {
            let null = RawValue::from_string("null".to_owned()).map_err(not_json)?;
            Ok((Payload::Json(null), true))
        }
    }
}

/// The attributes that the event does not hold, as they were written.
fn metadata(
    members: &[(String, &RawValue)],
    from: &BTreeMap<&str, &str>,
    copied: &BTreeMap<&str, &str>,
    counted: &[&str],
    dataless: bool,
) -> Box<RawValue> {
    let mut text = String::from("{\"cloudevents\":{");
    let mut empty = true;
    for (name, value) in members {
        let name = name.as_str();
        if from.contains_key(name) || matches!(name, "data" | "data_base64") {
            continue;
        }
        if !std::mem::take(&mut empty) {
            text.push(',');
        }
        json::write_text(name, &mut text);
        text.push(':');
        text.push_str(value.get());
    }
    text.push_str("},\"from\":");
    text.push_str(&json!(from).to_string());
    if !copied.is_empty() {
        text.push_str(",\"copied\":");
        text.push_str(&json!(copied).to_string());
    }
    if !counted.is_empty() {
        text.push_str(",\"counted\":");
        text.push_str(&json!(counted).to_string());
    }
    if dataless {
        text.push_str(",\"dataless\":true");
    }
    text.push('}');
    RawValue::from_string(text).unwrap_or_default()
}

/// Writes an event as a CloudEvent in its JSON format, on one line.
pub fn to_cloudevent(event: &RecordedEvent) -> String {
    again(event).unwrap_or_else(|| native(event))
}

/// The CloudEvent that the event came from, if it came from one and says all that the event says.
fn again(event: &RecordedEvent) -> Option<String> {
    let metadata = event.metadata.as_ref()?;
    let members = raw::members(metadata)?;
    let member = |name: &str| {
        members
            .iter()
            .find_map(|(known, value)| (known == name).then_some(*value))
    };
    let attributes = raw::members(member("cloudevents")?)?;
    let from: BTreeMap<String, String> = serde_json::from_str(member("from")?.get()).ok()?;
    let counted: Vec<String> =
        member("counted").map_or(Some(Vec::new()), |value| serde_json::from_str(value.get()).ok())?;
    let copied: BTreeMap<String, String> = member("copied").map_or(Some(BTreeMap::new()), |value| {
        serde_json::from_str(value.get()).ok()
    })?;
    let mut out = Out::new();
    for (name, value) in &attributes {
        out.raw(name, value.get());
    }
    for (name, member) in &from {
        out.value(name, &value_of(event, member)?);
    }
    match &event.payload {
        Payload::Json(_) if member("dataless").is_some() => {}
        Payload::Json(data) => out.raw("data", data.get()),
        Payload::Bytes { bytes, .. } => out.value("data_base64", &json!(BASE64.encode(bytes))),
    }
    let text = out.end();
    // Read back in the same way, it must give the same event; else something would be lost.
    let pointer = |wanted: &str| {
        from.iter()
            .find_map(|(name, member)| (member == wanted).then(|| format!("/{name}")))
            .or_else(|| copied.get(wanted).cloned())
    };
    let number = |wanted: &str| {
        if counted.iter().any(|member| member == wanted) {
            Some(Number::Counted)
        } else {
            pointer(wanted).map(Number::At)
        }
    };
    let pointers = EventPointers {
        stream: pointer("s"),
        category: pointer("c"),
        revision: number("n"),
        global: number("g"),
        version: pointer("v"),
        tags: pointer("tags"),
        ..EventPointers::default()
    };
    let mut back = read(&text, &pointers, &mut Counter::default()).ok()?;
    for member in &counted {
        match member.as_str() {
            "n" => back.revision = event.revision,
            "g" => back.global = event.global,
            _ => return None,
        }
    }
    (line(&back) == line(event)).then_some(text)
}

fn line(event: &RecordedEvent) -> String {
    let mut text = String::new();
    write_line(event, &mut text);
    text
}

fn native(event: &RecordedEvent) -> String {
    let mut out = Out::new();
    out.value("specversion", &json!("1.0"));
    let id = event.id.as_deref().filter(|id| !id.is_empty());
    let place = || match (&event.stream, event.revision, event.global) {
        (Some(stream), Some(revision), _) => format!("{stream}@{revision}"),
        (_, _, global) => format!("@{}", global.unwrap_or_default()),
    };
    out.value("id", &json!(id.map_or_else(place, ToOwned::to_owned)));
    out.value("source", &json!(SOURCE));
    out.value("type", &json!(event.event_type));
    let time = event.recorded_at.as_deref().filter(|time| is_rfc3339(time));
    if let Some(time) = time {
        out.value("time", &json!(time));
    }
    if let Some(stream) = event.stream.as_deref().filter(|stream| !stream.is_empty()) {
        out.value("subject", &json!(stream));
    }
    out.value("ppevent", &json!("1"));
    if id.is_none() {
        out.value("ppid", &json!(if event.id.is_some() { "empty" } else { "none" }));
    }
    let mut optional = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            out.value(name, &json!(text));
        }
    };
    optional("ppstream", event.stream.clone());
    optional("ppcategory", event.category.clone());
    optional("pprevision", event.revision.map(|number| number.to_string()));
    optional("ppglobal", event.global.map(|number| number.to_string()));
    match &event.version {
        None => {}
        Some(Version::Number(number)) => optional("ppversion", Some(number.to_string())),
        Some(Version::Text(text)) => optional("ppversiontext", Some(text.clone().into_owned())),
    }
    if time.is_none() {
        optional("pptime", event.recorded_at.clone());
    }
    if !event.tags.is_empty() {
        optional("pptags", Some(json!(event.tags).to_string()));
    }
    optional(
        "ppmetadata",
        event.metadata.as_ref().map(|metadata| metadata.get().to_owned()),
    );
    if !event.flags.is_empty() {
        optional("ppflags", Some(json!(event.flags).to_string()));
    }
    match &event.payload {
        Payload::Json(data) => {
            out.value("datacontenttype", &json!("application/json"));
            out.raw("data", data.get());
        }
        Payload::Bytes { content_type, bytes } => {
            out.value("datacontenttype", &json!(content_type));
            out.value("data_base64", &json!(BASE64.encode(bytes)));
        }
    }
    out.end()
}

/// An event that [`native`] wrote.
fn ours(event: &RawValue, attributes: &BTreeMap<&str, &RawValue>) -> Result<RecordedEvent, LineError> {
    let text = |name: &str| attributes.get(name).and_then(|value| raw::text(value));
    let number = |name: &str| optional_number(event, Some(&Number::At(format!("/{name}"))), name);
    let json = |name: &'static str| {
        text(name)
            .map(|text| serde_json::from_str::<Value>(&text).map(|value| (text, value)))
            .transpose()
            .map_err(|error| LineError::not_an_event(format!("/{name}"), error.to_string()))
    };
    let mut out = Out::new();
    let mut optional = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.value(name, &value);
        }
    };
    optional("s", text("ppstream").map(Value::from));
    optional("c", text("ppcategory").map(Value::from));
    optional("n", number("pprevision")?.map(Value::from));
    optional("g", number("ppglobal")?.map(Value::from));
    match text("ppid").as_deref() {
        Some("none") => {}
        Some("empty") => optional("i", Some(json!(""))),
        _ => optional("i", text("id").map(Value::from)),
    }
    optional("t", text("type").map(Value::from));
    let version = number("ppversion")?.map(Value::from);
    optional("v", version.or_else(|| text("ppversiontext").map(Value::from)));
    optional("at", text("time").or_else(|| text("pptime")).map(Value::from));
    optional("tags", json("pptags")?.map(|(_, tags)| tags));
    optional("x", json("ppflags")?.map(|(_, flags)| flags));
    if let Some((metadata, _)) = json("ppmetadata")? {
        out.raw("m", &metadata);
    }
    match payload(attributes)?.0 {
        Payload::Json(data) => out.raw("d", data.get()),
        Payload::Bytes { content_type, bytes } => {
            out.value("b", &json!(BASE64.encode(bytes)));
            out.value("ct", &json!(content_type));
        }
    }
    // Read as a line of ours, so that it is held to the same rules.
    match parse_line(out.end().as_bytes())? {
        Line::Event(event) => Ok(event),
        Line::Decision(_) => Err(LineError::not_an_event("", "this is no event")),
    }
}

/// An object on one line.
struct Out(String);

impl Out {
    fn new() -> Self {
        Self(String::from("{"))
    }

    fn raw(&mut self, name: &str, value: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        json::write_text(name, &mut self.0);
        self.0.push(':');
        // Line ends can only stand between values.
        self.0.push_str(&value.replace(['\n', '\r'], " "));
    }

    fn value(&mut self, name: &str, value: &Value) {
        self.raw(name, &value.to_string());
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// Whether a text is a timestamp of RFC 3339, by its shape.
fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shaped = |pattern: &[u8], at: usize| {
        pattern.iter().enumerate().all(|(index, expected)| {
            bytes.get(at + index).is_some_and(|byte| {
                if *expected == b'0' {
                    byte.is_ascii_digit()
                } else {
                    byte == expected
                }
            })
        })
    };
    if !shaped(b"0000-00-00T00:00:00", 0) {
        return false;
    }
    let mut at = 19;
    if bytes.get(at) == Some(&b'.') {
        let digits = bytes[at + 1..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits == 0 {
            return false;
        }
        at += 1 + digits;
    }
    match bytes.len() - at {
        1 => bytes[at] == b'Z',
        6 => shaped(b"+00:00", at) || shaped(b"-00:00", at),
        _ => false,
    }
}
