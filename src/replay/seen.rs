//! What validation sees of an event, and which schema it is held against.

use std::collections::HashMap;

use serde_json::Value;

use super::validate::Pointers;
use crate::finding::{Finding, Place};
use crate::json::{Document, Kind};
use crate::model::{Flag, Version};
use crate::recording::{Envelope, EnvelopePayload, LineError, WrittenVersion};
use crate::rules;
use crate::schema::{Known, Validation, Validators};

/// How many spellings of versions of one type are remembered.
const SPELLINGS: usize = 64;

/// What all workers have in common.
pub(super) struct Task<'a> {
    pub(super) file: String,
    pub(super) validators: &'a Validators,
    /// Nothing for our own recordings.
    pub(super) pointers: Option<&'a Pointers>,
    pub(super) default_version: Version,
}

/// What validation needs of an event.
pub(super) struct Seen<'t> {
    event_type: &'t str,
    version: Option<WrittenVersion<'t>>,
    stream: Option<&'t str>,
    revision: Option<u64>,
    data: Data<'t>,
    redacted: bool,
}

enum Data<'t> {
    At(u32),
    Absent,
    Bytes(&'t str),
}

/// What was found about an event that does not simply satisfy its schema.
pub(super) struct Found {
    pub(super) sort: Sort,
    pub(super) told: Vec<(&'static rules::Rule, Option<String>, String)>,
}

pub(super) enum Sort {
    Valid,
    Invalid,
    Unknown,
}

impl<'t> Seen<'t> {
    /// An event of our own recordings; nothing for a decision.
    pub(super) fn ours(document: Document<'t>) -> Result<Option<Self>, LineError> {
        let Some(envelope) = Envelope::of(document)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            event_type: envelope.event_type,
            version: envelope.version,
            stream: envelope.stream,
            revision: envelope.revision,
            data: match envelope.payload {
                EnvelopePayload::Json(at) => Data::At(at),
                EnvelopePayload::Absent => Data::Absent,
                EnvelopePayload::Bytes { content_type, .. } => Data::Bytes(content_type),
            },
            redacted: envelope.flags.contains(&Flag::Redacted),
        }))
    }

    /// An event in whatever form, where the pointers say.
    pub(super) fn at(pointers: &Pointers, document: Document<'t>) -> Result<Option<Self>, LineError> {
        let text = |at: u32| document.text(document.entry(at));
        let type_pointer = pointers.event_type.as_deref().unwrap_or("/t");
        let event_type = match document.pointer(type_pointer).map(text) {
            Some(Some(event_type)) => event_type,
            Some(None) => {
                return Err(LineError::not_an_event(
                    type_pointer,
                    "the event type is not a text",
                ));
            }
            None => {
                let message = format!("there is no event type at {type_pointer}");
                return Err(LineError::not_an_event("", message));
            }
        };
        let version_pointer = pointers.version.as_deref().unwrap_or("/v");
        let version = match document.pointer(version_pointer) {
            None => None,
            Some(at) if document.entry(at).kind == Kind::Null => None,
            Some(at) => Some(WrittenVersion::read(document, at).ok_or_else(|| {
                let message = "the version is neither a whole number nor a text";
                LineError::not_an_event(version_pointer, message)
            })?),
        };
        let data_pointer = pointers.data.as_deref().unwrap_or("/d");
        let data = document.pointer(data_pointer).ok_or_else(|| {
            let message = format!("there is no data at {data_pointer}");
            LineError::not_an_event("", message)
        })?;
        let stream_pointer = pointers.stream.as_deref().unwrap_or("/s");
        Ok(Some(Self {
            event_type,
            version,
            stream: document.pointer(stream_pointer).and_then(text),
            revision: None,
            data: Data::At(data),
            redacted: false,
        }))
    }

    fn version(&self, task: &Task<'_>) -> Version {
        self.version
            .map_or_else(|| task.default_version.clone(), WrittenVersion::to_version)
    }

    pub(super) fn place(&self, place: Place, task: &Task<'_>) -> Place {
        Place {
            event_type: Some(self.event_type.to_owned()),
            version: Some(self.version(task).to_string()),
            stream: self.stream.map(str::to_owned),
            revision: self.revision,
            ..place
        }
    }

    pub(super) fn check(&self, known: Known<'_>, document: Document<'_>) -> Result<(), Found> {
        let value = match self.data {
            Data::At(at) if known.accepts(document, at) => return Ok(()),
            Data::At(at) => document.value(at),
            Data::Absent => Value::Null,
            Data::Bytes(content_type) => {
                let message = format!("the data is {content_type}, and schemas are about JSON");
                return Err(Found {
                    sort: Sort::Unknown,
                    told: vec![(&rules::NOT_CHECKED, None, message)],
                });
            }
        };
        if self.redacted {
            let message = "the event was redacted and does not satisfy its schema, which is legal";
            return Err(Found {
                sort: Sort::Valid,
                told: vec![(&rules::REDACTED_EVENT, None, message.to_owned())],
            });
        }
        let mut told: Vec<_> = known
            .violations(&value)
            .into_iter()
            .map(|violation| (&rules::INVALID_EVENT, Some(violation.pointer), violation.message))
            .collect();
        if told.is_empty() {
            if let Data::Absent = self.data {
                return Ok(());
            }
            told.push((
                &rules::INVALID_EVENT,
                Some(String::new()),
                "the event does not satisfy its schema".to_owned(),
            ));
        }
        Err(Found {
            sort: Sort::Invalid,
            told,
        })
    }

    pub(super) fn without_schema(&self, why: &Validation, place: Place, task: &Task<'_>) -> Finding {
        let (event_type, version) = (self.event_type, self.version(task));
        match why {
            Validation::UnknownVersion => {
                let known: Vec<String> = task
                    .validators
                    .catalogue()
                    .history(event_type)
                    .map(|history| &history.versions)
                    .into_iter()
                    .flatten()
                    .map(|known| known.version.to_string())
                    .collect();
                let message = format!(
                    "the catalogue has no version {version} of {event_type}, only {}",
                    known.join(", ")
                );
                Finding::new(&rules::UNKNOWN_VERSION, message, place)
            }
            Validation::Unusable(why) => {
                let message = format!("the schema of {event_type} {version} cannot be used: {why}");
                Finding::new(&rules::UNKNOWN_VERSION, message, place)
            }
            Validation::UnknownType | Validation::Valid | Validation::Invalid(_) => {
                let message = format!("the catalogue has no type {event_type}");
                Finding::new(&rules::UNKNOWN_TYPE, message, place)
            }
        }
    }
}

/// A version as it was spelled, absent where an event says none.
type Spelling = Option<Version>;

/// Schemas that were looked up, by type and by version as it is written.
pub(super) struct Schemas<'a> {
    validators: &'a Validators,
    types: HashMap<String, Vec<(Spelling, Known<'a>)>>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(validators: &'a Validators) -> Self {
        Self {
            validators,
            types: HashMap::new(),
        }
    }

    pub(super) fn look_up(&mut self, event: &Seen<'_>, task: &Task<'_>) -> Result<Known<'a>, Validation> {
        let known = self.types.get(event.event_type);
        if let Some((_, known)) = known.and_then(|versions| {
            versions
                .iter()
                .find(|(spelling, _)| is_written(event.version, spelling.as_ref()))
        }) {
            return Ok(*known);
        }
        let found = self.validators.known(event.event_type, &event.version(task))?;
        let versions = self.types.entry(event.event_type.to_owned()).or_default();
        if versions.len() < SPELLINGS {
            versions.push((event.version.map(WrittenVersion::to_version), found));
        }
        Ok(found)
    }
}

fn is_written(version: Option<WrittenVersion<'_>>, spelling: Option<&Version>) -> bool {
    match (version, spelling) {
        (None, None) => true,
        (Some(WrittenVersion::Number(number)), Some(Version::Number(spelled))) => number == *spelled,
        (Some(WrittenVersion::Text(text)), Some(Version::Text(spelled))) => text == spelled,
        _ => false,
    }
}
