//! A recording taken to the versions that the code reads: copy and transform.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::finding::{Finding, Place};
use crate::json::{canonical, hex_sha256, parse};
use crate::mask::{self, counted};
use crate::model::{Flag, Origin, Payload, RecordedEvent, Version};
use crate::recording::{
    Manifest, Order, Reader, RecordOptions, Recorded, RecordingError, SourceForm, Transform, record_with,
};
use crate::rules;
use crate::schema::{Validation, Validators};

use super::trial::describe;
use super::{Chains, Envelope, StreamContext, Upcast};

/// How a recording is taken to current versions.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RewriteOptions {
    /// The version of events that say none; what the recording says, else 1.
    pub default_version: Option<Version>,
    /// About how many bytes of events are put in order in memory; beyond, they go to disk. 64 MiB.
    pub memory: Option<usize>,
    /// Whether findings show recorded values.
    pub show_values: bool,
}

/// What came of taking a recording to current versions.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rewritten {
    /// What is wrong, sorted. With one at level deny nothing was written.
    pub findings: Vec<Finding>,
    /// The manifest of the new recording; nothing where nothing was written.
    pub manifest: Option<Manifest>,
    /// How many events and decisions the recording holds.
    pub read: u64,
    /// How many of them an interrupted run had read already.
    pub resumed: u64,
    /// What became of its events.
    pub counts: RewriteCounts,
}

/// What became of the events of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RewriteCounts {
    /// Copied as they were: current already, or for nobody to read.
    pub copied: u64,
    /// Taken through at least one upcaster.
    pub upcast: u64,
    /// Of these, those that became several events.
    pub split: u64,
    /// Of these, those that became nothing. They stand in the copy with the flag `skipped`.
    pub dropped: u64,
    /// Events made that stand in another stream.
    pub moved: u64,
    /// Redacted events whose rest no upcaster takes; copied as they were.
    pub left: u64,
}

/// What is to be reported of a recording that was taken to current versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RewriteReport {
    /// How many events and decisions were read.
    pub read: u64,
    /// How many of them an interrupted run had read already.
    pub resumed: u64,
    /// How many events were written; nothing where nothing was written.
    pub events: Option<u64>,
    /// The new recording's root.
    pub root: Option<String>,
    /// What became of the events.
    #[serde(flatten)]
    pub counts: RewriteCounts,
}

impl Rewritten {
    /// The numbers of it.
    pub fn report(&self) -> RewriteReport {
        RewriteReport {
            read: self.read,
            resumed: self.resumed,
            events: self.manifest.as_ref().map(|manifest| manifest.events),
            root: self.manifest.as_ref().map(|manifest| manifest.root.clone()),
            counts: self.counts,
        }
    }
}

impl RewriteCounts {
    /// All events that were read.
    pub fn events(&self) -> u64 {
        self.copied + self.upcast
    }
}

/// Copies the recording `source` to `target`, with every event at a version that the code reads.
///
/// Positions stay: an event stands where it stood. Several events made of one stand at its position, told apart by
/// their index; an event that is dropped stays as it was stored, flagged `skipped`, so that no gap opens; an event
/// that is moved stands behind what its new stream holds by then, which needs a recording in global order. What was
/// upcast says what it was made of ([`Origin`]). Decisions are copied.
///
/// Every event that is upcast has to be valid before and after. If anything is wrong, that is a finding and nothing is
/// written. An interrupted run goes on where it was and ends with the same bytes; code that upcasts must be the same
/// by then, which cannot be seen from outside. Memory does not grow with the number of events.
///
/// # Errors
///
/// When a file cannot be read or written, when the recording is damaged, or when events are moved and it is not sealed
/// in global order.
pub fn rewrite(
    source: &Path,
    target: &Path,
    chains: &Chains,
    validators: &Validators,
    options: &RewriteOptions,
) -> Result<Rewritten, RecordingError> {
    let same = |left: &Path, right: &Path| {
        left == right
            || left
                .canonicalize()
                .ok()
                .is_some_and(|left| Some(left) == right.canonicalize().ok())
    };
    if same(source, target) {
        return Err(RecordingError::refused(
            source,
            "a recording is not rewritten in place; name another file",
        ));
    }
    let reader = Reader::open(source)?;
    let order = reader.order();
    if chains.moves() && order != Some(Order::Global) {
        return Err(RecordingError::refused(
            source,
            "an upcaster moves events to other streams, and the recording is not sealed in global order; take it again with `pastproof record --order global`",
        ));
    }
    if chains.needs_context() && order.is_none() {
        return Err(RecordingError::refused(
            source,
            "an upcaster has to know the stream before an event, and no manifest says that the recording is in order; seal it with `pastproof record`",
        ));
    }
    let mut rewriter = Rewriter {
        chains,
        validators,
        order,
        default_version: options
            .default_version
            .clone()
            .unwrap_or_else(|| reader.default_version()),
        show: options.show_values,
        file: source.display().to_string(),
        known: Known::default(),
    };
    drop(reader);
    let usual = RecordOptions::default();
    let about = RecordOptions {
        form: Some(SourceForm::Recording),
        default_version: Some(rewriter.default_version.clone()),
        memory: options.memory.unwrap_or(usual.memory),
        ..usual
    };
    let Recorded {
        findings,
        manifest,
        read,
        resumed,
        ..
    } = record_with(source, target, &about, &mut rewriter)?;
    Ok(Rewritten {
        findings,
        manifest,
        read,
        resumed,
        counts: rewriter.known.counts,
    })
}

/// Where the last event stands, by stream, revision and global position, and the next index there.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Spot {
    at: (Option<String>, Option<u64>, Option<u64>),
    next: u64,
}

/// All that is known of the events so far.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Known {
    counts: RewriteCounts,
    contexts: BTreeMap<String, StreamContext>,
    /// Where events are moved: each stream's last revision and the index there.
    last: HashMap<String, (u64, u64)>,
    spot: Spot,
}

struct Rewriter<'a> {
    chains: &'a Chains,
    validators: &'a Validators,
    order: Option<Order>,
    default_version: Version,
    show: bool,
    file: String,
    known: Known,
}

impl Transform for Rewriter<'_> {
    fn plan(&self) -> Value {
        let upcasters: Vec<Value> = self
            .chains
            .upcasters()
            .iter()
            .map(|upcaster| {
                let text = upcaster.file().and_then(|file| std::fs::read(file).ok());
                json!([upcaster.to_string(), text.map(|text| hex_sha256(&text))])
            })
            .collect();
        json!({"upcasters": upcasters, "current": self.chains.current()})
    }

    fn take(&mut self, line: u64, event: RecordedEvent) -> Result<Vec<RecordedEvent>, Box<Finding>> {
        let version = event
            .version
            .clone()
            .unwrap_or_else(|| self.default_version.clone());
        let place = Place {
            stream: event.stream.clone(),
            revision: event.revision,
            ..Place::kind(&event.event_type, &version)
                .in_file(self.file.as_str())
                .at_line(line)
        };
        if self.order == Some(Order::Stream)
            && let Some(stream) = &event.stream
            && !self.known.contexts.contains_key(stream)
        {
            let overdue = self.overdue().into_iter().next();
            self.known.contexts.clear();
            if let Some(finding) = overdue {
                return Err(Box::new(finding));
            }
        }
        let made = self.made_of(&event, &version, &place)?;
        let Some(made) = made else {
            self.known.counts.copied += 1;
            return Ok(vec![self.copied(event)]);
        };
        self.known.counts.upcast += 1;
        if made.is_empty() {
            self.known.counts.dropped += 1;
            let mut event = self.copied(event);
            event.flags.push(Flag::Skipped);
            event.flags.sort_unstable();
            return Ok(vec![event]);
        }
        self.known.counts.split += u64::from(made.len() > 1);
        Ok(self.written(&event, &version, made))
    }

    fn end(&mut self) -> Vec<Finding> {
        let mut findings = self.overdue();
        if self.known.counts.left > 0 {
            findings.push(Finding::new(
                &rules::NOT_CHECKED,
                format!(
                    "{} copied as they were: no upcaster takes what is left of them",
                    counted(self.known.counts.left, "redacted event")
                ),
                Place::file(self.file.as_str()),
            ));
        }
        findings
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.known).unwrap_or_default()
    }

    fn resume(&mut self, state: &Value) -> bool {
        serde_json::from_value(state.clone())
            .map(|known| self.known = known)
            .is_ok()
    }
}

impl Rewriter<'_> {
    /// What upcasting makes of an event; nothing where it is to be copied.
    fn made_of(
        &mut self,
        event: &RecordedEvent,
        version: &Version,
        place: &Place,
    ) -> Result<Option<Vec<Upcast>>, Box<Finding>> {
        let event_type = &event.event_type;
        let current = self.chains.is_current(event_type, version);
        let flagged = event.is(Flag::Skipped) || event.is(Flag::Link);
        if flagged || (current && !self.chains.follows(event_type)) {
            if self.chains.needs_context() {
                // How far the stream has come decides which merges are overdue.
                let context = self
                    .known
                    .contexts
                    .entry(event.stream.clone().unwrap_or_default());
                let context = context.or_default();
                context.last = event.revision.or(context.last);
            }
            return Ok(None);
        }
        let redacted = event.is(Flag::Redacted);
        let fault = |rule, message: String, pointer: &str| {
            let mut place = place.clone();
            place.pointer = Some(pointer.to_owned()).filter(|pointer| !pointer.is_empty());
            Err(Box::new(Finding::new(rule, message, place)))
        };
        let data = match &event.payload {
            Payload::Json(text) => parse(text.get().as_bytes()),
            Payload::Bytes { .. } if current => return Ok(None),
            Payload::Bytes { .. } if redacted => {
                self.known.counts.left += 1;
                return Ok(None);
            }
            Payload::Bytes { content_type, .. } => {
                return fault(
                    &rules::EVENT_UNREADABLE,
                    format!(
                        "the data is `{content_type}`, not JSON, and {event_type} {version} is not current"
                    ),
                    "",
                );
            }
        };
        let data = match data {
            Ok(parsed) => parsed.value,
            Err(error) => return fault(&rules::NOT_JSON, error.to_string(), error.pointer()),
        };
        if !current
            && !redacted
            && let Some((rule, message, pointer)) = self.invalid(event_type, version, &data, "the event")
        {
            return fault(rule, message, &pointer);
        }
        let envelope = Envelope::from(event);
        let context = self
            .known
            .contexts
            .entry(event.stream.clone().unwrap_or_default())
            .or_default();
        let made = self
            .chains
            .upcast_in(context, event_type, version, data.clone(), &envelope);
        if !self.chains.needs_context() && self.order != Some(Order::Stream) {
            self.known.contexts.clear();
        }
        let made = match made {
            Ok(_) if current => return Ok(None),
            Ok(made) => made,
            Err(_) if redacted => {
                self.known.counts.left += 1;
                return Ok(None);
            }
            Err(error) => {
                let error = error.with_words(|words| mask::message(words, &data, self.show));
                let mut finding = error.finding();
                finding.place.file.clone_from(&place.file);
                finding.place.line = place.line;
                return Err(Box::new(finding));
            }
        };
        for output in made.iter().filter(|_| !redacted) {
            let what = format!("what upcasting makes of {event_type} {version}");
            if let Some((rule, message, pointer)) =
                self.invalid(&output.event_type, &output.version, &output.data, &what)
            {
                let rule = if *rule == rules::INVALID_EVENT {
                    &rules::UPCASTER_INVALID_OUTPUT
                } else {
                    rule
                };
                return fault(rule, message, &pointer);
            }
        }
        Ok(Some(made))
    }

    fn invalid(
        &self,
        event_type: &str,
        version: &Version,
        data: &Value,
        what: &str,
    ) -> Option<(&'static rules::Rule, String, String)> {
        match self.validators.validate(event_type, version, data) {
            Validation::Valid => None,
            Validation::Invalid(violations) => {
                let (message, pointer) = describe(&violations);
                Some((
                    &rules::INVALID_EVENT,
                    format!("{what} is no valid {event_type} {version}: {message}"),
                    pointer,
                ))
            }
            Validation::UnknownType => Some((
                &rules::UNKNOWN_TYPE,
                format!("{what} is {event_type} {version}, and the catalogue has no such type"),
                String::new(),
            )),
            Validation::UnknownVersion => Some((
                &rules::UNKNOWN_VERSION,
                format!("{what} is {event_type} {version}, and the catalogue has no such version"),
                String::new(),
            )),
            Validation::Unusable(why) => Some((
                &rules::SCHEMA_INVALID,
                format!("the schema of {event_type} {version} cannot check anything: {why}"),
                String::new(),
            )),
        }
    }

    /// The next index where an event stands.
    fn index_of(&mut self, event: &RecordedEvent) -> u64 {
        let here = match self.order {
            // At one global position there may be events of several streams.
            Some(Order::Global) => (None, None, event.global),
            _ => (event.stream.clone(), event.revision, event.global),
        };
        let spot = &mut self.known.spot;
        if spot.at != here {
            *spot = Spot { at: here, next: 0 };
        }
        let mut index = spot.next.max(event.index());
        if let (true, Some(stream), Some(revision)) = (self.chains.moves(), &event.stream, event.revision) {
            // What was moved here stands behind the event that was last then.
            if let Some((last, used)) = self.known.last.get(stream)
                && *last == revision
            {
                index = index.max(used + 1);
            }
            self.known.last.insert(stream.clone(), (revision, index));
        }
        spot.next = index + 1;
        index
    }

    /// An event as it was, at an index that is free.
    fn copied(&mut self, mut event: RecordedEvent) -> RecordedEvent {
        let index = self.index_of(&event);
        if index != event.index() {
            let version = event
                .version
                .clone()
                .unwrap_or_else(|| self.default_version.clone());
            let origin = Origin::new(index, event.event_type.clone(), version);
            event.origin.get_or_insert_with(|| Box::new(origin)).index = index;
        }
        event
    }

    /// What was made of an event, as lines of a recording.
    fn written(
        &mut self,
        stored: &RecordedEvent,
        version: &Version,
        made: Vec<Upcast>,
    ) -> Vec<RecordedEvent> {
        let mut events = Vec::with_capacity(made.len());
        for (part, upcast) in (0..).zip(made) {
            let mut origin = match &stored.origin {
                Some(origin) => (**origin).clone(),
                None => Origin::new(0, stored.event_type.clone(), version.clone()),
            };
            let mut event = RecordedEvent {
                event_type: upcast.event_type,
                version: Some(upcast.version),
                payload: Payload::Json(text(&upcast.data)),
                ..stored.clone()
            };
            if let Some(metadata) = &upcast.metadata {
                event.metadata = Some(text(metadata));
            }
            if let Some(stream) = upcast
                .stream
                .filter(|stream| Some(stream) != stored.stream.as_ref())
            {
                self.known.counts.moved += 1;
                origin.stream = origin.stream.or_else(|| event.stream.clone());
                origin.revision = origin.revision.or(event.revision);
                let last = self.known.last.get(&stream).map_or(0, |(revision, _)| *revision);
                event.revision = Some(last);
                event.category = None;
                event.stream = Some(stream);
            }
            origin.index = self.index_of(&event);
            origin.part = (part != origin.index).then_some(part);
            origin.merged.extend(upcast.merged);
            if part > 0 {
                // An id is that of one event.
                event.id = None;
            }
            event.origin = Some(Box::new(origin));
            events.push(event);
        }
        events
    }

    /// Merges whose window has passed without their last part, in the streams that are known.
    fn overdue(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (stream, context) in &self.known.contexts {
            let envelope = Envelope {
                stream: Some(stream),
                revision: context.last,
                ..Envelope::default()
            };
            for error in self.chains.overdue(context, &envelope) {
                let mut finding = error.finding();
                finding.place.file = Some(self.file.clone());
                findings.push(finding);
            }
        }
        findings
    }
}

/// A value as text, the same however this library was built.
fn text(value: &Value) -> Box<RawValue> {
    let text = canonical(value).unwrap_or_else(|_| value.to_string());
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
