//! One stream through the code, event by event, with the state before and after each.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::baseline::Baseline;
use super::outcome::ReplayError;
use super::pipeline::Pipeline;
use super::request::ReplayRequest;
use super::walk::{Event, Folding, events_of, prepare};
use super::{Progress, mask};
use crate::finding::Finding;
use crate::json::{self, Change, ChangeKind, hex_sha256};
use crate::model::{Flag, Payload, Version};
use crate::upcast::{Chains, StreamContext};

/// What happens at one event of a stream. Values are masked unless the request shows them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// The stream.
    pub stream: String,
    /// Position in it.
    pub revision: Option<u64>,
    /// Position in the whole store.
    pub global: Option<u64>,
    /// Line in the recording, where it is known.
    pub line: Option<u64>,
    /// When it was recorded.
    pub recorded_at: Option<String>,
    /// The stored type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The stored version.
    pub version: Version,
    /// What the recording says about it.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// The stored data; nothing where it is not JSON.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub stored: Option<Value>,
    /// The upcasters on the way to what the code reads, in words.
    pub chain: Vec<String>,
    /// What the code reads; empty where the event is dropped or cannot be read.
    pub upcast: Vec<StepEvent>,
    /// The state before; nothing where it is not known.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub before: Option<Value>,
    /// The state after.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub after: Option<Value>,
    /// What the event changed in the state.
    pub changes: Vec<StepChange>,
    /// Why the event was not folded, where that is nobody's fault.
    pub not_folded: Option<String>,
    /// What is wrong with it.
    pub finding: Option<Finding>,
    /// How the state after it compares with a baseline's, at the revision that the baseline holds.
    pub baseline: Option<Against>,
}

/// A value that is there, `null` included.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// An event as the code reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepEvent {
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its version.
    pub version: Version,
    /// Its data.
    pub data: Value,
}

/// One change of a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepChange {
    /// JSON pointer in the state.
    pub pointer: String,
    /// What was there; nothing where it is new.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub before: Option<Value>,
    /// What is there; nothing where it is gone.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub after: Option<Value>,
}

/// How a state compares with the one in a baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// Whether they are the same.
    pub same: bool,
    /// Whether the baseline keeps the whole state, so that `changes` can say what differs.
    pub kept: bool,
    /// From the baseline's state to this one.
    pub changes: Vec<StepChange>,
}

/// What was walked through.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspected {
    /// How many events the stream has.
    pub events: u64,
    /// Its first and last revision.
    pub revisions: Option<(u64, u64)>,
    /// The revision that the baseline holds, where there is one that knows the stream.
    pub baseline: Option<u64>,
}

/// Takes `stream` through the code and hands out what happens at each event, or at revision `at` only.
///
/// Of a sealed recording only the frames that hold the stream are read. Every event is handed out: one that fails
/// carries its finding, and the state is not known after it.
///
/// # Errors
///
/// When the recording or the baseline cannot be read or is damaged.
pub fn inspect(
    request: &ReplayRequest<'_>,
    stream: &str,
    at: Option<u64>,
    progress: &mut dyn Progress,
    each: &mut dyn FnMut(Step),
) -> Result<Inspected, ReplayError> {
    let baseline = match request.baseline.map(Baseline::load) {
        None => None,
        Some(Ok(baseline)) => Some(baseline),
        Some(Err(error)) => return Err(ReplayError::container(error.finding())),
    };
    let entry = baseline
        .as_ref()
        .and_then(|baseline| baseline.streams.get(stream));
    let (events, default_version) = events_of(request, stream)?;
    let pipeline = Pipeline::new(request);
    let mut folding = Folding::new(request.aggregates, request.show_values);
    let mut inspected = Inspected {
        events: events.len() as u64,
        revisions: None,
        baseline: entry.and_then(|entry| entry.revision),
    };
    if let Some(first) = events.first() {
        folding.begin(&first.event);
    }
    let mut before = folding.state();
    let mut context = StreamContext::default();
    for (index, Event { line, event }) in events.iter().enumerate() {
        if let Some(revision) = event.revision {
            let first = inspected.revisions.map_or(revision, |(first, _)| first);
            inspected.revisions = Some((first, revision));
        }
        let version = event.version.as_ref().unwrap_or(&default_version);
        progress.begin(stream, event.revision, &event.event_type);
        let prepared = prepare(&pipeline, request, *line, event, version, &mut context);
        let outcome = folding.fold(event, &prepared);
        let after = folding.state();
        let wanted = at.is_none() || event.revision == at;
        let compared = entry.filter(|entry| {
            entry.revision == event.revision && (event.revision.is_some() || index + 1 == events.len())
        });
        if wanted {
            let show = request.show_values;
            let known = |state: &Option<Value>| state.as_ref().map(|state| mask::whole(state, show));
            let changes = match (&before, &after) {
                (Some(before), Some(after)) => masked(json::diff(before, after), show),
                _ => Vec::new(),
            };
            let (not_folded, finding) = outcome.into_parts();
            each(Step {
                stream: stream.to_owned(),
                revision: event.revision,
                global: event.global,
                line: *line,
                recorded_at: event.recorded_at.clone(),
                event_type: event.event_type.clone(),
                version: version.clone(),
                flags: event.flags.clone(),
                stored: match &event.payload {
                    Payload::Json(text) => json::parse(text.get().as_bytes())
                        .ok()
                        .map(|parsed| mask::whole(&parsed.value, show)),
                    Payload::Bytes { .. } => None,
                },
                chain: chain(request.chains, &event.event_type, version),
                upcast: prepared
                    .events()
                    .iter()
                    .map(|made| StepEvent {
                        event_type: made.event_type.clone(),
                        version: made.version.clone(),
                        data: json::parse(made.data.as_bytes())
                            .map_or(Value::Null, |parsed| mask::whole(&parsed.value, show)),
                    })
                    .collect(),
                before: known(&before),
                after: known(&after),
                changes,
                not_folded,
                finding,
                baseline: compared.and_then(|entry| {
                    let after = after.as_ref()?;
                    let text = json::canonical(after).ok()?;
                    let kept = entry
                        .state
                        .as_ref()
                        .and_then(|state| json::parse(state.as_bytes()).ok());
                    Some(Against {
                        same: hex_sha256(text.as_bytes()) == entry.digest,
                        kept: kept.is_some(),
                        changes: kept.map_or(Vec::new(), |kept| masked(json::diff(&kept.value, after), show)),
                    })
                }),
            });
        }
        before = after;
    }
    Ok(inspected)
}

fn masked(changes: Vec<Change>, show: bool) -> Vec<StepChange> {
    let shown = |value: &Value| Some(mask::whole(value, show));
    changes
        .into_iter()
        .map(|Change { pointer, kind }| {
            let (before, after) = match &kind {
                ChangeKind::Added(after) => (None, shown(after)),
                ChangeKind::Removed(before) => (shown(before), None),
                ChangeKind::Changed(before, after) => (shown(before), shown(after)),
            };
            StepChange {
                pointer,
                before,
                after,
            }
        })
        .collect()
}

/// The upcasters that an event of this type and version passes, as declared.
fn chain(chains: &Chains, event_type: &str, version: &Version) -> Vec<String> {
    let mut told = Vec::new();
    let mut open = vec![(event_type.to_owned(), version.clone())];
    let mut seen: Vec<(String, Version)> = Vec::new();
    while let Some((event_type, version)) = open.pop() {
        let here = (event_type, version);
        if seen.contains(&here) || chains.is_current(&here.0, &here.1) {
            continue;
        }
        let Some(step) = chains.first_step(&here.0, &here.1) else {
            continue;
        };
        let to: Vec<String> = step
            .targets()
            .iter()
            .map(|(event_type, version)| format!("{event_type}@{version}"))
            .collect();
        let to = if to.is_empty() {
            "dropped".to_owned()
        } else {
            to.join(", ")
        };
        told.push(format!("{}@{} → {to} ({})", here.0, here.1, step.origin()));
        open.extend(step.targets().iter().rev().cloned());
        seen.push(here);
    }
    told
}
