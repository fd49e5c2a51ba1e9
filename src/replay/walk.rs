//! One stream's events, made ready for the code once and folded as often as is asked.

use std::collections::HashMap;

use serde_json::Value;

use super::collect::pointing;
use super::fold::{AggregateFold, FoldError, StreamFold};
use super::mask;
use super::outcome::ReplayError;
use super::pipeline::{Current, Pipeline, Read, caught, payload_value};
use super::request::ReplayRequest;
use crate::finding::{Finding, Place};
use crate::json;
use crate::model::{EventKind, Flag, RecordedEvent, Version};
use crate::recording::{self, Line, Problem, Reader};
use crate::rules;
use crate::upcast::StreamContext;

/// An event and its line in the recording, where that is known.
pub(super) struct Event {
    pub(super) line: Option<u64>,
    pub(super) event: RecordedEvent,
}

/// The events of `stream`, and the version of those that say none.
pub(super) fn events_of(
    request: &ReplayRequest<'_>,
    stream: &str,
) -> Result<(Vec<Event>, Version), ReplayError> {
    let broken = |error: recording::RecordingError| ReplayError::container(error.to_finding());
    let default_version = match &request.default_version {
        Some(version) => version.clone(),
        None => Reader::open(request.recording).map_err(broken)?.default_version(),
    };
    let mut events = Vec::new();
    let mut bad = None;
    recording::read_stream(request.recording, stream, |line| match line {
        Ok((line, Line::Event(event))) => events.push(Event { line, event }),
        Ok((_, Line::Decision(_))) => {}
        Err(Problem::Line(finding)) => bad = Some(*finding),
        Err(Problem::Broken(error)) => bad = Some(error.to_finding()),
    })
    .map_err(broken)?;
    match bad {
        // Nobody knows which stream a line is of that cannot be read.
        Some(finding) if events.is_empty() => Err(ReplayError::container(finding)),
        _ => Ok((events, default_version)),
    }
}

/// An event at a version that the code reads.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) event_type: String,
    pub(super) version: Version,
    pub(super) data: String,
}

/// What validation and upcasting make of a stored event. It depends on nothing but the event, and on the stream before
/// it where an upcaster has to know that.
pub(super) enum Prepared {
    Events(Vec<Made>),
    NotFolded(&'static str),
    Failed(Box<Finding>),
}

impl Prepared {
    pub(super) fn events(&self) -> &[Made] {
        match self {
            Self::Events(events) => events,
            Self::NotFolded(_) | Self::Failed(_) => &[],
        }
    }
}

pub(super) fn place(
    request: &ReplayRequest<'_>,
    line: Option<u64>,
    event: &RecordedEvent,
    version: &Version,
) -> Place {
    Place {
        stream: event.stream.clone(),
        revision: event.revision,
        line,
        ..Place::kind(&event.event_type, version).in_file(request.recording.display().to_string())
    }
}

pub(super) fn prepare(
    pipeline: &Pipeline<'_>,
    request: &ReplayRequest<'_>,
    line: Option<u64>,
    event: &RecordedEvent,
    version: &Version,
    context: &mut StreamContext,
) -> Prepared {
    if event.is(Flag::Skipped) {
        return Prepared::NotFolded("the store tells its readers to skip it");
    }
    if event.is(Flag::Link) {
        return Prepared::NotFolded("it is a link to an event of another stream");
    }
    let place = place(request, line, event, version);
    let category = event.category().unwrap_or_default();
    let claimed = request.aggregates.iter().any(|fold| fold.category() == category);
    match pipeline.read(event, version, &place, claimed, Some(context)) {
        Ok(Read::Events { events, .. }) => Prepared::Events(
            events
                .into_iter()
                // What is moved is folded by the stream it is moved to, which is not looked at here.
                .filter(|made| made.stream.is_none())
                .map(|made| Made {
                    event_type: made.event_type.into_owned(),
                    version: made.version.into_owned(),
                    data: made.data.into_owned(),
                })
                .collect(),
        ),
        Ok(Read::Nobody) => Prepared::NotFolded("no code reads its type"),
        Ok(Read::Redacted) => Prepared::NotFolded("it is redacted, and what is left does not reach the code"),
        Err(finding) => Prepared::Failed(finding),
    }
}

/// What came of folding one event.
pub(super) enum Outcome {
    Folded,
    NotFolded(String),
    Failed(Box<Finding>),
}

impl Outcome {
    pub(super) fn into_parts(self) -> (Option<String>, Option<Finding>) {
        match self {
            Self::Folded => (None, None),
            Self::NotFolded(why) => (Some(why), None),
            Self::Failed(finding) => (None, Some(*finding)),
        }
    }
}

/// The state of one stream on its way.
pub(super) struct Folding<'r> {
    aggregates: &'r [Box<dyn AggregateFold>],
    show: bool,
    claim: Option<&'r dyn AggregateFold>,
    kinds: HashMap<&'r str, &'r EventKind>,
    fold: Option<Box<dyn StreamFold>>,
    /// Why the state is not known any more.
    lost: Option<&'static str>,
}

impl<'r> Folding<'r> {
    pub(super) fn new(aggregates: &'r [Box<dyn AggregateFold>], show: bool) -> Self {
        Self {
            aggregates,
            show,
            claim: None,
            kinds: HashMap::new(),
            fold: None,
            lost: None,
        }
    }

    /// The state, where it is known and has a JSON form.
    pub(super) fn state(&self) -> Option<Value> {
        if self.lost.is_some() {
            return None;
        }
        let fold = self.fold.as_ref()?;
        let text = caught(|| fold.state()).ok()?.ok()?;
        json::parse(text.as_bytes()).ok().map(|parsed| parsed.value)
    }

    /// Why the state has no JSON form, where it has none.
    pub(super) fn state_error(&self) -> Option<String> {
        match caught(|| self.fold.as_ref().map(|fold| fold.state())) {
            Ok(None | Some(Ok(_))) => None,
            Ok(Some(Err(error))) => Some(error.to_string()),
            Err(panic) => Some(panic),
        }
    }

    /// Takes the state before `event`, where it is the first one of the stream.
    pub(super) fn begin(&mut self, event: &RecordedEvent) {
        let category = event.category().unwrap_or_default();
        if self.claim.is_some() {
            return;
        }
        self.claim = self
            .aggregates
            .iter()
            .map(AsRef::as_ref)
            .find(|fold| fold.category() == category);
        if let Some(claim) = self.claim {
            self.kinds = claim.kinds().iter().map(|kind| (kind.event_type, kind)).collect();
            if event.is(Flag::TruncatedHead) {
                self.lost = Some("earlier events of the stream are not in the recording");
            } else {
                self.fold = caught(|| claim.start()).ok();
            }
        }
    }

    fn lose(&mut self, why: &'static str) {
        self.lost = Some(why);
        if let Some(fold) = self.fold.take() {
            // A state that user code left in the middle of a change may panic once more when it goes.
            let _ = caught(|| drop(fold));
        }
    }

    pub(super) fn fold(&mut self, event: &RecordedEvent, prepared: &Prepared) -> Outcome {
        self.begin(event);
        let category = event.category().unwrap_or_default();
        let events = match prepared {
            Prepared::Failed(finding) => {
                self.lose("an earlier event could not be folded");
                return Outcome::Failed(finding.clone());
            }
            Prepared::NotFolded(why) => {
                if event.is(Flag::Redacted) {
                    self.lose("an earlier event is redacted and could not be folded");
                }
                return Outcome::NotFolded((*why).to_owned());
            }
            Prepared::Events(events) => events,
        };
        let Some(claim) = self.claim else {
            return Outcome::NotFolded(format!("no aggregate claims category `{category}`"));
        };
        if let Some(why) = self.lost {
            return Outcome::NotFolded(why.to_owned());
        }
        for made in events {
            if let Some(finding) = self.fold_one(claim, event, made) {
                self.lose("an earlier event could not be folded");
                return Outcome::Failed(Box::new(finding));
            }
        }
        if events.is_empty() {
            return Outcome::NotFolded("upcasting drops it".to_owned());
        }
        Outcome::Folded
    }

    fn fold_one(
        &mut self,
        claim: &dyn AggregateFold,
        stored: &RecordedEvent,
        made: &Made,
    ) -> Option<Finding> {
        let place = Place {
            stream: stored.stream.clone(),
            revision: stored.revision,
            ..Place::kind(&made.event_type, &made.version)
        };
        let current = Current {
            event_type: made.event_type.as_str().into(),
            version: std::borrow::Cow::Borrowed(&made.version),
            data: made.data.as_str().into(),
            stream: None,
        };
        let mismatch = self
            .kinds
            .get(made.event_type.as_str())
            .and_then(|kind| Pipeline::mismatch(kind, &current));
        if let Some(message) = mismatch {
            return Some(Finding::new(&rules::EVENT_UNREADABLE, message, place));
        }
        let fold = self.fold.as_mut()?;
        let category = claim.category();
        let words = |text: &str| mask::message(text, &payload_value(stored), self.show);
        let (rule, message, pointer) = match caught(|| fold.fold(&made.event_type, &made.data)) {
            Ok(Ok(())) => return None,
            Ok(Err(FoldError::Unreadable(error))) => (
                &rules::EVENT_UNREADABLE,
                format!(
                    "the code cannot read {} {}: {}",
                    made.event_type,
                    made.version,
                    words(&error.message)
                ),
                error.pointer,
            ),
            Ok(Err(error)) => (
                &rules::EVENT_UNREADABLE,
                format!(
                    "the aggregate of category `{category}` refuses {} {}: {}",
                    made.event_type,
                    made.version,
                    words(&error.to_string())
                ),
                String::new(),
            ),
            Err(panic) => (
                &rules::APPLY_PANICKED,
                format!(
                    "the aggregate of category `{category}` panics on {} {}: {}",
                    made.event_type,
                    made.version,
                    words(&panic)
                ),
                String::new(),
            ),
        };
        Some(Finding::new(rule, message, pointing(place, pointer)))
    }
}
