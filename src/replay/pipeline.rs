//! One stored event on its way to the code: validate, upcast, validate what was made.

use std::borrow::Cow;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

use super::collect::pointing;
use super::mask::{self, counted};
use super::request::ReplayRequest;
use crate::finding::{Finding, Place};
use crate::json;
use crate::model::{EventKind, Payload, RecordedEvent, Version};
use crate::rules;
use crate::schema::{Validation, Validators, Violation};
use crate::upcast::{Chains, Envelope, StreamContext, Upcaster};

/// An event at a version that the code reads.
pub(super) struct Current<'e> {
    pub(super) event_type: Cow<'e, str>,
    pub(super) version: Cow<'e, Version>,
    pub(super) data: Cow<'e, str>,
    /// The stream it belongs to, where upcasting moved it there.
    pub(super) stream: Option<String>,
}

/// What became of a stored event.
pub(super) enum Read<'e> {
    /// These events at versions the code reads; none when the event is dropped.
    Events { events: Vec<Current<'e>>, upcast: bool },
    /// Valid, of a type that no code reads and in a stream that no aggregate claims.
    Nobody,
    /// Redacted, and what is left of it does not reach the code.
    Redacted,
}

/// The way of every stored event, whichever stream it is of.
pub(super) struct Pipeline<'r> {
    validators: &'r Validators,
    chains: &'r Chains,
    show: bool,
    /// Whether any code is registered that folds.
    folds: bool,
    /// The types that any fold takes or any upcaster starts from.
    known: HashSet<&'r str>,
}

impl<'r> Pipeline<'r> {
    pub(super) fn new(request: &'r ReplayRequest<'r>) -> Self {
        let aggregates = request.aggregates.iter().map(|fold| fold.kinds());
        let projectors = request.projectors.iter().map(|fold| fold.kinds());
        let read = aggregates.chain(projectors).flatten().map(|kind| kind.event_type);
        let upcast = request.chains.upcasters().iter().map(Upcaster::event_type);
        Self {
            validators: request.validators,
            chains: request.chains,
            show: request.show_values,
            folds: !request.aggregates.is_empty() || !request.projectors.is_empty(),
            known: read.chain(upcast).collect(),
        }
    }

    /// Takes `event`, stored at `version`, to the code. `claimed` says that an aggregate claims its stream, `context`
    /// is what upcasters know of the stream before it; nothing where there is no stream.
    pub(super) fn read<'e>(
        &self,
        event: &'e RecordedEvent,
        version: &'e Version,
        place: &Place,
        claimed: bool,
        context: Option<&mut StreamContext>,
    ) -> Result<Read<'e>, Box<Finding>> {
        let redacted = event.is(crate::model::Flag::Redacted);
        let text = match &event.payload {
            Payload::Json(text) => text.get(),
            Payload::Bytes { .. } if redacted => return Ok(Read::Redacted),
            Payload::Bytes { content_type, .. } => {
                return Err(Box::new(Finding::new(
                    &rules::EVENT_UNREADABLE,
                    format!("the data is `{content_type}`, not JSON"),
                    place.clone(),
                )));
            }
        };
        let data = match json::parse(text.as_bytes()) {
            Ok(parsed) => parsed.value,
            Err(_) if redacted => return Ok(Read::Redacted),
            Err(error) => {
                return Err(Box::new(Finding::new(
                    &rules::NOT_JSON,
                    error.to_string(),
                    pointing(place.clone(), error.pointer().to_owned()),
                )));
            }
        };
        self.validate_stored(event, version, &data, redacted, place)?;

        if self.chains.is_current(&event.event_type, version) {
            if let (Some(context), true) = (context, self.chains.needs_context()) {
                // It comes back as it is; later ones may have to know it.
                let _ =
                    self.chains
                        .upcast_in(context, &event.event_type, version, data, &Envelope::from(event));
            }
            return Ok(Read::Events {
                events: vec![Current {
                    event_type: Cow::Borrowed(&event.event_type),
                    version: Cow::Borrowed(version),
                    data: Cow::Borrowed(text),
                    stream: None,
                }],
                upcast: false,
            });
        }
        self.upcast(event, version, data, redacted, place, claimed, context)
    }

    fn validate_stored(
        &self,
        event: &RecordedEvent,
        version: &Version,
        data: &Value,
        redacted: bool,
        place: &Place,
    ) -> Result<(), Box<Finding>> {
        let event_type = &event.event_type;
        let (rule, message, pointer) = match self.validators.validate(event_type, version, data) {
            Validation::Valid => return Ok(()),
            // What is left of a redacted event is not what its writer stored.
            Validation::Invalid(_) if redacted => return Ok(()),
            Validation::Invalid(violations) => {
                let (message, pointer) = describe(&violations);
                (
                    &rules::INVALID_EVENT,
                    format!("not a valid {event_type} {version}: {message}"),
                    pointer,
                )
            }
            Validation::UnknownType => (
                &rules::UNKNOWN_TYPE,
                format!("the catalogue has no type `{event_type}`"),
                String::new(),
            ),
            Validation::UnknownVersion => (
                &rules::UNKNOWN_VERSION,
                format!("the catalogue has no version {version} of `{event_type}`"),
                String::new(),
            ),
            Validation::Unusable(why) => (
                &rules::SCHEMA_INVALID,
                format!("the schema of {event_type} {version} cannot check anything: {why}"),
                String::new(),
            ),
        };
        let place = pointing(place.clone(), pointer);
        Err(Box::new(Finding::new(rule, message, place)))
    }

    #[expect(clippy::too_many_arguments, reason = "all of one stored event")]
    fn upcast<'e>(
        &self,
        event: &'e RecordedEvent,
        version: &Version,
        data: Value,
        redacted: bool,
        place: &Place,
        claimed: bool,
        context: Option<&mut StreamContext>,
    ) -> Result<Read<'e>, Box<Finding>> {
        let envelope = Envelope::from(event);
        let made = match context {
            Some(context) => self
                .chains
                .upcast_in(context, &event.event_type, version, data, &envelope),
            None => self.chains.upcast(&event.event_type, version, data, &envelope),
        };
        let made = match made {
            Ok(made) => made,
            Err(_) if redacted => return Ok(Read::Redacted),
            Err(error) => {
                let unknown = !self.known.contains(error.event_type());
                if error.is_missing() && self.folds && unknown && !claimed {
                    return Ok(Read::Nobody);
                }
                let data = payload_value(event);
                let error = error.with_words(|words| mask::message(words, &data, self.show));
                let mut finding = error.finding();
                finding.place.file.clone_from(&place.file);
                finding.place.line = place.line;
                return Err(Box::new(finding));
            }
        };
        let mut events = Vec::with_capacity(made.len());
        for upcast in made {
            if !redacted {
                self.validate_made(&upcast.event_type, &upcast.version, &upcast.data, event, place)?;
            }
            events.push(Current {
                data: Cow::Owned(upcast.data.to_string()),
                event_type: Cow::Owned(upcast.event_type),
                version: Cow::Owned(upcast.version),
                stream: upcast
                    .stream
                    .filter(|stream| Some(stream) != event.stream.as_ref()),
            });
        }
        Ok(Read::Events { events, upcast: true })
    }

    /// Holds what upcasting made against the schema of the version it claims to be.
    fn validate_made(
        &self,
        event_type: &str,
        version: &Version,
        data: &Value,
        event: &RecordedEvent,
        place: &Place,
    ) -> Result<(), Box<Finding>> {
        let stored = &event.event_type;
        let (rule, message, pointer) = match self.validators.validate(event_type, version, data) {
            Validation::Valid => return Ok(()),
            Validation::Invalid(violations) => {
                let (message, pointer) = describe(&violations);
                (
                    &rules::UPCASTER_INVALID_OUTPUT,
                    format!("upcasting {stored} makes no valid {event_type} {version}: {message}"),
                    pointer,
                )
            }
            Validation::UnknownType => (
                &rules::UNKNOWN_TYPE,
                format!("upcasting {stored} makes `{event_type}`, and the catalogue has no such type"),
                String::new(),
            ),
            Validation::UnknownVersion => (
                &rules::UNKNOWN_VERSION,
                format!(
                    "upcasting {stored} makes {event_type} {version}, and the catalogue has no such version"
                ),
                String::new(),
            ),
            Validation::Unusable(why) => (
                &rules::SCHEMA_INVALID,
                format!("the schema of {event_type} {version} cannot check anything: {why}"),
                String::new(),
            ),
        };
        let place = pointing(place.clone(), pointer);
        Err(Box::new(Finding::new(rule, message, place)))
    }

    /// Whether `kind`, which a fold takes, is what the event is.
    pub(super) fn mismatch(kind: &EventKind, event: &Current<'_>) -> Option<String> {
        (kind.version != *event.version).then(|| {
            format!(
                "the code reads version {} of `{}`, and the event is at version {}",
                kind.version, kind.event_type, event.version
            )
        })
    }
}

/// The data of an event, for masking what user code says about it.
pub(super) fn payload_value(event: &RecordedEvent) -> Value {
    match &event.payload {
        Payload::Json(text) => json::parse(text.get().as_bytes()).map_or(Value::Null, |parsed| parsed.value),
        Payload::Bytes { .. } => Value::Null,
    }
}

/// The first violation, and how many more there are.
fn describe(violations: &[Violation]) -> (String, String) {
    let Some((first, rest)) = violations.split_first() else {
        return ("the schema refuses it".to_owned(), String::new());
    };
    let mut message = first.message.clone();
    if !rest.is_empty() {
        message.push_str("; and ");
        message.push_str(&counted(rest.len() as u64, "more violation"));
    }
    (message, first.pointer.clone())
}

/// Runs user code; a panic comes back as its message.
pub(super) fn caught<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    // Whatever the code was changing is given up after a panic, or said not to be compared.
    catch_unwind(AssertUnwindSafe(code)).map_err(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        message.unwrap_or_else(|| "a panic without a message".to_owned())
    })
}
