//! Streams while a recording is replayed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use super::baseline::StreamEntry;
use super::collect::{Collector, Many, pointing};
use super::compare::{Comparator, Folded};
use super::mask::{self, counted};
use super::pipeline::{Current, Pipeline, caught, payload_value};
use super::sample::Sampler;
use super::{AggregateFold, FoldError, Progress, StreamFold};
use crate::finding::{Finding, Place};
use crate::json::hex_sha256;
use crate::model::{EventKind, Flag, RecordedEvent};
use crate::rules;
use crate::upcast::StreamContext;

/// A registered aggregate.
pub(super) struct Claim<'r> {
    pub(super) fold: &'r dyn AggregateFold,
    pub(super) kinds: HashMap<&'static str, &'r EventKind>,
}

impl<'r> Claim<'r> {
    pub(super) fn new(fold: &'r dyn AggregateFold) -> Self {
        Self {
            fold,
            kinds: fold.kinds().iter().map(|kind| (kind.event_type, kind)).collect(),
        }
    }

    /// Folds one event, or only reads it; a panic comes back as its message.
    fn take(
        &self,
        live: &mut Live,
        event: &Current<'_>,
        reads_only: bool,
    ) -> Result<Result<(), FoldError>, String> {
        caught(|| {
            if reads_only {
                return self
                    .fold
                    .read(&event.event_type, &event.data)
                    .map_err(FoldError::Unreadable);
            }
            live.fold
                .get_or_insert_with(|| self.fold.start())
                .fold(&event.event_type, &event.data)
        })
    }
}

/// What is known of a stream's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Every event so far is folded into it, or no aggregate claims the stream.
    Known,
    /// Nothing: the reason is no fault.
    Unknown(Why),
    /// Nothing: an event could not be folded, which a finding says. Further events are still looked at.
    Poisoned,
    /// Nothing, and nothing further of the stream is looked at: where it stands is not known any more.
    Closed,
    /// Nothing: the request says that the code must not see the stream.
    Skipped,
}

/// Why a state is not known although nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    Head,
    Redacted,
    Moves,
}

/// What a state did with a stored event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Folded all that upcasting made of it.
    Whole,
    /// Did not fold it.
    Not,
    /// Did not fold it, since the code cannot read it: other folds are not asked about it again.
    Unreadable,
}

/// A stream that has begun and not ended.
pub(super) struct Live {
    pub(super) category: String,
    /// Position of its aggregate among the claims.
    pub(super) claim: Option<usize>,
    fold: Option<Box<dyn StreamFold>>,
    pub(super) standing: Standing,
    /// Events of it so far.
    pub(super) seen: u64,
    /// Revision of its last event.
    pub(super) last: Option<u64>,
    /// Its index at that revision.
    pub(super) index: u64,
    last_type: String,
    /// Numbers of the types and versions it has, sorted.
    kinds: Vec<u32>,
    /// How many bad lines the recording had when its last event was read.
    pub(super) bad_lines: u64,
    /// What upcasters know of it.
    pub(super) context: StreamContext,
}

impl Live {
    /// Notes one event.
    pub(super) fn saw(&mut self, event: &RecordedEvent, kind: u32, bad_lines: u64) {
        self.seen += 1;
        if event.revision.is_some() {
            self.last = event.revision;
            self.index = event.index();
        }
        event.event_type.clone_into(&mut self.last_type);
        if let Err(at) = self.kinds.binary_search(&kind) {
            self.kinds.insert(at, kind);
        }
        self.bad_lines = bad_lines;
    }

    /// Gives the state up.
    pub(super) fn give_up(&mut self, standing: Standing) {
        self.standing = standing;
        if let Some(fold) = self.fold.take() {
            // A state that user code left in the middle of a change may panic once more when it goes.
            let _ = caught(|| drop(fold));
        }
    }
}

/// All streams: those that live, and what is left of those that ended.
pub(super) struct Streams<'r> {
    pub(super) claims: Vec<Claim<'r>>,
    by_category: HashMap<&'r str, usize>,
    show: bool,
    live: HashMap<String, Live>,
    /// In a recording by streams: those that ended, as digests of their ids.
    ended: HashSet<u128>,
    pub(super) count: u64,
    sampler: Option<Sampler>,
    entries: BTreeMap<String, StreamEntry>,
    /// Streams whose state is not checked although nothing is wrong, by category.
    unchecked: BTreeMap<(String, Why), Many>,
}

impl<'r> Streams<'r> {
    pub(super) fn new(aggregates: &'r [Box<dyn AggregateFold>], show: bool, collect: bool) -> Self {
        let claims: Vec<_> = aggregates.iter().map(|fold| Claim::new(fold.as_ref())).collect();
        Self {
            by_category: claims
                .iter()
                .enumerate()
                .map(|(index, claim)| (claim.fold.category(), index))
                .collect(),
            claims,
            show,
            live: HashMap::new(),
            ended: HashSet::new(),
            count: 0,
            sampler: collect.then(Sampler::default),
            entries: BTreeMap::new(),
            unchecked: BTreeMap::new(),
        }
    }

    /// Takes the stream out, begun if it is new; [`put`](Self::put) puts it back.
    pub(super) fn take(&mut self, event: &RecordedEvent, stream: &str) -> (String, Live) {
        self.take_of(stream, event.category().unwrap_or(stream))
    }

    /// As [`take`](Self::take), of a stream that an event is moved to.
    pub(super) fn take_moved(&mut self, stream: &str) -> (String, Live) {
        let category = stream.split_once('-').map_or(stream, |(category, _)| category);
        self.take_of(stream, category)
    }

    fn take_of(&mut self, stream: &str, category: &str) -> (String, Live) {
        self.live.remove_entry(stream).unwrap_or_else(|| {
            self.count += 1;
            let live = Live {
                category: category.to_owned(),
                claim: self.by_category.get(category).copied(),
                fold: None,
                standing: Standing::Known,
                seen: 0,
                last: None,
                index: 0,
                last_type: String::new(),
                kinds: Vec::new(),
                bad_lines: 0,
                context: StreamContext::default(),
            };
            (stream.to_owned(), live)
        })
    }

    pub(super) fn put(&mut self, stream: String, live: Live) {
        self.live.insert(stream, live);
    }

    /// Folds what upcasting made of one stored event.
    pub(super) fn fold(
        &self,
        live: &mut Live,
        stored: &RecordedEvent,
        events: &[Current<'_>],
        place: &Place,
        collector: &mut Collector,
    ) -> Taken {
        let Some(claim) = live.claim.map(|index| &self.claims[index]) else {
            return Taken::Not;
        };
        let reads_only = match live.standing {
            Standing::Known => false,
            Standing::Unknown(_) => true,
            Standing::Poisoned | Standing::Closed | Standing::Skipped => return Taken::Not,
        };
        let category = claim.fold.category();
        let words = |text: &str| mask::message(text, &payload_value(stored), self.show);
        for event in events {
            let mismatch = claim
                .kinds
                .get(event.event_type.as_ref())
                .and_then(|kind| Pipeline::mismatch(kind, event));
            if let Some(message) = mismatch {
                live.give_up(Standing::Poisoned);
                collector.push(Finding::new(&rules::EVENT_UNREADABLE, message, place.clone()));
                return Taken::Unreadable;
            }
            let finding = match claim.take(live, event, reads_only) {
                Ok(Ok(())) => continue,
                Ok(Err(FoldError::Unreadable(_))) if stored.is(Flag::Redacted) => {
                    if !reads_only {
                        live.give_up(Standing::Unknown(Why::Redacted));
                    }
                    return Taken::Unreadable;
                }
                Ok(Err(FoldError::Unreadable(error))) => Finding::new(
                    &rules::EVENT_UNREADABLE,
                    format!(
                        "the code cannot read {} {}: {}",
                        event.event_type,
                        event.version,
                        words(&error.message)
                    ),
                    pointing(place.clone(), error.pointer),
                ),
                Ok(Err(error)) => Finding::new(
                    &rules::EVENT_UNREADABLE,
                    format!(
                        "the aggregate of category `{category}` refuses {} {}: {}",
                        event.event_type,
                        event.version,
                        words(&error.to_string())
                    ),
                    place.clone(),
                ),
                Err(panic) => Finding::new(
                    &rules::APPLY_PANICKED,
                    format!(
                        "the aggregate of category `{category}` panics on {} {}: {}",
                        event.event_type,
                        event.version,
                        words(&panic)
                    ),
                    place.clone(),
                ),
            };
            live.give_up(Standing::Poisoned);
            let unreadable = finding.rule == &rules::EVENT_UNREADABLE;
            collector.push(finding);
            return if unreadable { Taken::Unreadable } else { Taken::Not };
        }
        if reads_only { Taken::Not } else { Taken::Whole }
    }

    /// Ends every stream that lives, in the order of their ids.
    pub(super) fn finish(
        &mut self,
        collector: &mut Collector,
        mut comparator: Option<&mut Comparator>,
        progress: &mut dyn Progress,
    ) -> u64 {
        let mut live: Vec<_> = std::mem::take(&mut self.live).into_iter().collect();
        live.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        let mut poisoned = 0;
        for (stream, live) in live {
            poisoned += u64::from(self.end(&stream, live, collector, comparator.as_deref_mut(), progress));
        }
        poisoned
    }

    /// Ends one stream: takes its state, compares it, and lets it go. Says whether the stream is poisoned.
    pub(super) fn end(
        &mut self,
        stream: &str,
        mut live: Live,
        collector: &mut Collector,
        mut comparator: Option<&mut Comparator>,
        progress: &mut dyn Progress,
    ) -> bool {
        if live.claim.is_none() {
            return live.standing == Standing::Closed;
        }
        let excuse = |comparator: Option<&mut Comparator>| {
            if let Some(comparator) = comparator {
                comparator.excuse_stream(stream);
            }
        };
        match live.standing {
            Standing::Known => {}
            Standing::Unknown(why) => {
                let category = std::mem::take(&mut live.category);
                Many::add(&mut self.unchecked, (category, why), stream, live.last);
                excuse(comparator);
                return false;
            }
            Standing::Skipped => {
                excuse(comparator);
                return false;
            }
            Standing::Poisoned | Standing::Closed => {
                excuse(comparator);
                return true;
            }
        }
        progress.finish(stream, live.last, &live.last_type);
        // A stream whose events are all dropped, or not to be folded, is as it began.
        let claim = live.claim.map(|index| self.claims[index].fold);
        let Some(claim) = claim else { return false };
        let fold = live.fold.take();
        let state = caught(|| {
            let fold = fold.unwrap_or_else(|| claim.start());
            fold.state()
        });
        let place = Place::file(collector.file()).in_stream(stream, live.last);
        let finding = match state {
            Ok(Ok(state)) => {
                let digest = hex_sha256(state.as_bytes());
                if let Some(comparator) = comparator.as_deref_mut() {
                    comparator.stream(Folded {
                        stream,
                        category: &live.category,
                        revision: live.last,
                        state: &state,
                        digest: &digest,
                    });
                }
                if let Some(sampler) = &mut self.sampler {
                    let sampled = sampler.wants(&live.category, &live.kinds, &state);
                    let entry = StreamEntry {
                        category: live.category,
                        revision: live.last,
                        digest,
                        state: sampled.then_some(state),
                    };
                    self.entries.insert(stream.to_owned(), entry);
                }
                return false;
            }
            Ok(Err(FoldError::Unserializable { pointer, message })) => Finding::new(
                &rules::STATE_UNSERIALIZABLE,
                format!(
                    "the state has no JSON form: {}",
                    mask::message(&message, &Value::Null, self.show)
                ),
                pointing(place, pointer),
            ),
            Ok(Err(error)) => Finding::new(
                &rules::STATE_UNSERIALIZABLE,
                format!("the state cannot be taken: {error}"),
                place,
            ),
            Err(panic) => Finding::new(
                &rules::STATE_UNSERIALIZABLE,
                format!(
                    "taking the state panics: {}",
                    mask::message(&panic, &Value::Null, self.show)
                ),
                place,
            ),
        };
        collector.push(finding);
        excuse(comparator);
        true
    }

    /// Reports the streams whose state is not checked, and gives what a baseline says of the others.
    pub(super) fn report(self, collector: &mut Collector) -> BTreeMap<String, StreamEntry> {
        for ((category, why), many) in &self.unchecked {
            let why = match why {
                Why::Head => "their first events are not in the recording",
                Why::Moves => {
                    "an upcaster moves events between streams, and only in global order is it known when they arrive"
                }
                Why::Redacted => "the code does not read what is left of a redacted event",
            };
            collector.push(Finding::new(
                &rules::NOT_CHECKED,
                format!(
                    "the state of {} of category `{category}` is not checked: {why}",
                    counted(many.count, "stream")
                ),
                many.place(collector.file()),
            ));
        }
        self.entries
    }

    /// Takes a stream that lives out for good.
    pub(super) fn remove(&mut self, stream: &str) -> Option<Live> {
        self.live.remove(stream)
    }

    /// Remembers that a stream of a recording by streams has ended.
    pub(super) fn ended(&mut self, stream: &str) {
        self.ended.insert(fingerprint(stream));
    }

    pub(super) fn has_ended(&self, stream: &str) -> bool {
        self.ended.contains(&fingerprint(stream))
    }
}

fn fingerprint(stream: &str) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        stream.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}
