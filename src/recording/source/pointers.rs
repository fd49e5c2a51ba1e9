//! Lines of another form, read through JSON pointers.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::line::LineError;
use super::super::parse::position_error;
use super::raw;
use crate::json;
use crate::model::{Payload, RecordedEvent, Version};

/// Where a number is taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Number {
    /// From the line, at this JSON pointer.
    At(String),
    /// It is counted, from 0, in the order of the source: revisions in each stream, positions over all.
    Counted,
}

/// Where a line has what makes it a recorded event: JSON pointers (RFC 6901) into the line.
///
/// A number may be written as a text of digits. Where there is `null` or nothing, the member is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPointers {
    /// The stream id: a text or a whole number.
    pub stream: Option<String>,
    /// The kind of stream.
    pub category: Option<String>,
    /// The position in the stream.
    pub revision: Option<Number>,
    /// The position in the whole store.
    pub global: Option<Number>,
    /// The event type; needed.
    pub event_type: Option<String>,
    /// The schema version: a whole number or a text.
    pub version: Option<String>,
    /// The event's own id.
    pub id: Option<String>,
    /// When it was recorded.
    pub time: Option<String>,
    /// Domain ids: an object of texts or arrays of texts, or an array of texts `name:value`.
    pub tags: Option<String>,
    /// The data; the empty pointer takes the whole line.
    pub data: Option<String>,
    /// The metadata.
    pub metadata: Option<String>,
}

impl EventPointers {
    /// Checks that each is a JSON pointer.
    ///
    /// # Errors
    ///
    /// Which one is none, and what one looks like.
    pub fn check(&self) -> Result<(), String> {
        let number = |number: &Option<Number>| match number {
            Some(Number::At(pointer)) => Some(pointer.clone()),
            Some(Number::Counted) | None => None,
        };
        for (name, pointer) in [
            ("stream", self.stream.clone()),
            ("category", self.category.clone()),
            ("revision", number(&self.revision)),
            ("global", number(&self.global)),
            ("type", self.event_type.clone()),
            ("version", self.version.clone()),
            ("id", self.id.clone()),
            ("time", self.time.clone()),
            ("tags", self.tags.clone()),
            ("data", self.data.clone()),
            ("metadata", self.metadata.clone()),
        ] {
            if let Some(pointer) = pointer
                && !(pointer.is_empty() || pointer.starts_with('/'))
            {
                return Err(format!(
                    "{pointer:?} is no JSON pointer for the {name}: a pointer is empty or starts with `/`, as in `/meta/{name}`"
                ));
            }
        }
        Ok(())
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads one line.
    ///
    /// # Errors
    ///
    /// When it is not JSON that readers agree about, or lacks what a recorded event must have.
    pub(crate) fn read(&self, text: &str, counter: &mut Counter) -> Result<RecordedEvent, LineError> {
        json::parse(text.as_bytes())?;
        let line: &RawValue = serde_json::from_str(text).map_err(not_json)?;
        let Some(event_type) = &self.event_type else {
            return Err(LineError::not_an_event(
                "",
                "no pointer says where the event type is",
            ));
        };
        let event_type = required_text(line, event_type, "event type")?;
        let data = match &self.data {
            Some(pointer) => raw::find(line, pointer)
                .ok_or_else(|| absent(pointer, "data"))?
                .to_owned(),
            None => line.to_owned(),
        };
        let mut event = RecordedEvent {
            stream: optional_text(line, self.stream.as_ref(), "stream id")?,
            category: optional_text(line, self.category.as_ref(), "category")?,
            revision: optional_number(line, self.revision.as_ref(), "revision")?,
            global: optional_number(line, self.global.as_ref(), "global position")?,
            id: optional_text(line, self.id.as_ref(), "event id")?,
            event_type,
            version: optional_version(line, self.version.as_ref())?,
            recorded_at: optional_text(line, self.time.as_ref(), "recorded time")?,
            tags: optional_tags(line, self.tags.as_ref())?,
            payload: Payload::Json(data),
            metadata: self
                .metadata
                .as_ref()
                .and_then(|pointer| raw::find(line, pointer))
                .map(ToOwned::to_owned),
            flags: Vec::new(),
            origin: None,
        };
        counter.number(&mut event, self.revision.as_ref(), self.global.as_ref());
        match position_error(&event) {
            Some(message) => Err(LineError::not_an_event("", message)),
            None => Ok(event),
        }
    }
}

/// Counts what the source does not number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counter {
    revisions: HashMap<String, u64>,
    positions: u64,
}

impl Counter {
    pub(super) fn number(
        &mut self,
        event: &mut RecordedEvent,
        revision: Option<&Number>,
        global: Option<&Number>,
    ) {
        if revision == Some(&Number::Counted)
            && let Some(stream) = &event.stream
        {
            let next = match self.revisions.get_mut(stream) {
                Some(next) => next,
                None => self.revisions.entry(stream.clone()).or_default(),
            };
            event.revision = Some(*next);
            *next += 1;
        }
        if global == Some(&Number::Counted) {
            event.global = Some(self.positions);
            self.positions += 1;
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err hands over")]
pub(super) fn not_json(error: serde_json::Error) -> LineError {
    LineError::not_an_event("", error.to_string())
}

fn absent(pointer: &str, what: &str) -> LineError {
    LineError::not_an_event(pointer, format!("the line has no {what} there"))
}

fn present<'a>(line: &'a RawValue, pointer: Option<&'a String>) -> Option<(&'a RawValue, &'a str)> {
    let pointer = pointer?;
    let value = raw::find(line, pointer)?;
    (value.get() != "null").then_some((value, pointer.as_str()))
}

pub(super) fn required_text(line: &RawValue, pointer: &str, what: &str) -> Result<String, LineError> {
    let value = raw::find(line, pointer).ok_or_else(|| absent(pointer, what))?;
    raw::text(value)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| LineError::not_an_event(pointer, format!("the {what} is not a text")))
}

pub(super) fn optional_text(
    line: &RawValue,
    pointer: Option<&String>,
    what: &str,
) -> Result<Option<String>, LineError> {
    let Some((value, pointer)) = present(line, pointer) else {
        return Ok(None);
    };
    let whole = || {
        value
            .get()
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    raw::text(value)
        .or_else(|| whole().then(|| value.get().to_owned()))
        .map(Some)
        .ok_or_else(|| {
            LineError::not_an_event(
                pointer,
                format!("the {what} is neither a text nor a whole number"),
            )
        })
}

pub(super) fn optional_number(
    line: &RawValue,
    number: Option<&Number>,
    what: &str,
) -> Result<Option<u64>, LineError> {
    let Some(Number::At(pointer)) = number else {
        return Ok(None);
    };
    let Some((value, pointer)) = present(line, Some(pointer)) else {
        return Ok(None);
    };
    let digits = raw::text(value).unwrap_or_else(|| value.get().to_owned());
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = format!("the {what} is not a whole number from 0");
        return Err(LineError::not_an_event(pointer, message));
    }
    digits
        .parse()
        .map(Some)
        .map_err(|_| LineError::not_an_event(pointer, format!("the {what} is larger than 64 bits hold")))
}

pub(super) fn optional_version(
    line: &RawValue,
    pointer: Option<&String>,
) -> Result<Option<Version>, LineError> {
    let Some((value, pointer)) = present(line, pointer) else {
        return Ok(None);
    };
    if let Some(text) = raw::text(value) {
        return Ok(Some(Version::from(text)));
    }
    value
        .get()
        .parse::<u64>()
        .map(|number| Some(Version::Number(number)))
        .map_err(|_| {
            LineError::not_an_event(pointer, "the schema version is neither a whole number nor a text")
        })
}

pub(super) fn optional_tags(
    line: &RawValue,
    pointer: Option<&String>,
) -> Result<BTreeMap<String, Vec<String>>, LineError> {
    let mut tags: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let Some((value, pointer)) = present(line, pointer) else {
        return Ok(tags);
    };
    let refused = |what: &str| LineError::not_an_event(pointer, format!("the tags are {what}"));
    if let Some(members) = raw::members(value) {
        for (name, value) in members {
            let texts = match raw::items(value) {
                Some(items) => items.into_iter().map(raw::text).collect(),
                None => raw::text(value).map(|text| vec![text]),
            };
            let texts = texts.ok_or_else(|| refused("not all texts or arrays of texts"))?;
            tags.insert(name, texts);
        }
        return Ok(tags);
    }
    for item in raw::items(value).ok_or_else(|| refused("neither an object nor an array"))? {
        let text = raw::text(item).ok_or_else(|| refused("not all texts"))?;
        let (name, value) = text
            .split_once(':')
            .ok_or_else(|| refused("not all of the form `name:value`"))?;
        tags.entry(name.to_owned()).or_default().push(value.to_owned());
    }
    Ok(tags)
}
