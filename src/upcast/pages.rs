//! Streams read in pages, and again after every prefix: what is made of an event must not depend on it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::finding::Place;
use crate::json;
use crate::model::{Flag, RecordedEvent, Version};
use crate::rules;

use super::trial::{Source, Trial, bytes};
use super::verified::Witness;
use super::{Chains, Envelope, StreamContext, Upcast, UpcastError, Verifier};

/// How many streams are read again, and how many events of each.
const STREAMS: usize = 16;
const EVENTS: usize = 64;
/// How long the pages are.
const PAGES: [usize; 3] = [1, 2, 7];

/// The first events of the first streams.
#[derive(Default)]
pub(super) struct Sampled {
    streams: BTreeMap<String, Vec<Kept>>,
}

struct Kept {
    event: RecordedEvent,
    version: Version,
    data: Value,
    place: Place,
}

impl Sampled {
    /// Keeps the event, if it is among the first of its stream, and its stream among the first.
    pub(super) fn add(&mut self, chains: &Chains, trial: &Trial<'_>) {
        let code = || {
            chains
                .upcasters()
                .iter()
                .any(|upcaster| upcaster.file().is_none())
        };
        let Some(event) = trial.event.filter(|event| !event.is(Flag::Redacted) && code()) else {
            return;
        };
        let stream = event.stream.as_deref().unwrap_or_default();
        if !self.streams.contains_key(stream) {
            if self.streams.len() == STREAMS {
                return;
            }
            self.streams.insert(stream.to_owned(), Vec::new());
        }
        if let Some(kept) = self.streams.get_mut(stream)
            && kept.len() < EVENTS
        {
            kept.push(Kept {
                event: event.clone(),
                version: trial.version.clone(),
                data: trial.data.clone(),
                place: trial.place.clone(),
            });
        }
    }
}

/// What a read comes to, in a form that two reads are compared by.
fn form(made: Result<Vec<Upcast>, UpcastError>) -> Result<Vec<String>, String> {
    made.map(|made| {
        made.iter()
            .map(|made| {
                let metadata = made.metadata.as_ref().map(bytes);
                format!(
                    "{} {} {} {:?} {metadata:?}",
                    made.event_type,
                    made.version,
                    bytes(&made.data),
                    made.stream
                )
            })
            .collect()
    })
    .map_err(|error| error.rule().id.to_owned())
}

/// Reads events in pages, with the context written and read again between them, as a reader would that stops there.
fn read(chains: &Chains, events: &[Kept], page: usize) -> Vec<Result<Vec<String>, String>> {
    let mut stored = String::from("{}");
    let mut made = Vec::with_capacity(events.len());
    for page in events.chunks(page.max(1)) {
        let mut context: StreamContext = serde_json::from_str(&stored).unwrap_or_default();
        for kept in page {
            let envelope = Envelope::from(&kept.event);
            made.push(form(chains.upcast_in(
                &mut context,
                &kept.event.event_type,
                &kept.version,
                kept.data.clone(),
                &envelope,
            )));
        }
        stored = json::canonical(&context).unwrap_or_default();
    }
    made
}

impl Verifier<'_> {
    /// Reads the first streams that were handed over in pages of 1, 2 and 7 events, and up to every event in them: what
    /// is made of an event must be the same each time, so that no address and no fact depends on how a reader goes.
    ///
    /// Files cannot keep anything between events; this asks it of code.
    pub fn try_pages(&mut self) {
        let streams = std::mem::take(&mut self.sampled).streams;
        let mut found: Vec<(usize, Witness)> = Vec::new();
        for events in streams.values() {
            let whole = read(self.chains, events, events.len());
            let mut tell = |at: usize, how: String| {
                let Some(kept) = events.get(at) else { return };
                let Some(&step) = self
                    .chains
                    .node(&kept.event.event_type, &kept.version)
                    .and_then(|node| node.steps.first())
                else {
                    return;
                };
                let upcaster = &self.chains.upcasters()[step];
                let text = bytes(&kept.data);
                found.push((
                    step,
                    Witness {
                        length: text.len(),
                        text,
                        place: kept.place.clone(),
                        message: format!(
                            "upcaster {upcaster} makes something else of the event when its stream is read {how}"
                        ),
                        source: Source::Recorded,
                    },
                ));
            };
            let first = |left: &[Result<Vec<String>, String>]| {
                left.iter().zip(&whole).position(|(left, right)| left != right)
            };
            let paged = PAGES
                .iter()
                .find_map(|&page| Some((first(&read(self.chains, events, page))?, page)));
            if let Some((at, page)) = paged {
                tell(at, format!("in pages of {page}"));
                continue;
            }
            let cut = (1..events.len())
                .find_map(|length| Some((first(&read(self.chains, &events[..length], length))?, length)));
            if let Some((at, length)) = cut {
                tell(at, format!("up to its event {length} than when it goes on"));
            }
        }
        for (step, witness) in found {
            self.tallies[step].count(rules::UPCASTER_PAGE_DEPENDENT.id, witness, 1);
        }
    }
}
