//! A recording, event by event, through the code.

use std::collections::BTreeMap;

use sha2::Digest as _;

use super::baseline::{Baseline, RecordingId};
use super::collect::{Collector, Many};
use super::compare::{Comparator, Compared};
use super::mask::counted;
use super::models::Models;
use super::outcome::{Counts, ReplayError, Replayed};
use super::pipeline::{Current, Pipeline, Read};
use super::request::ReplayRequest;
use super::streams::{Live, Standing, Streams, Taken, Why};
use super::{Progress, Silent};
use crate::finding::{Finding, Level, Place};
use crate::json::hex;
use crate::model::{Flag, RecordedEvent, Version};
use crate::recording::{Line, Order, Problem, Reader, write_line};
use crate::rules;

/// Replays a recording.
///
/// Every stored event is validated, upcast where the code does not read its version, validated again, read and
/// folded. An event that fails poisons its own stream: it is one finding, later events of the stream are counted
/// and left alone, and every other stream goes on. Memory grows with the streams that live at the same time, not
/// with the events; in a recording by streams one stream lives at a time.
///
/// # Errors
///
/// When the recording cannot be read or is not what was sealed, and when the request contradicts itself. What is
/// wrong with events, states and baselines is a finding.
pub fn run(request: &ReplayRequest<'_>, progress: &mut dyn Progress) -> Result<Replayed, ReplayError> {
    request.check()?;
    let mut reader =
        Reader::open(request.recording).map_err(|error| ReplayError::container(error.to_finding()))?;
    let default_version = request
        .default_version
        .clone()
        .unwrap_or_else(|| reader.default_version());
    let root = reader.manifest().map(|manifest| manifest.root.clone());
    let mut run = Run::new(request, reader.order(), root, default_version);
    while let Some(next) = reader.next_event() {
        match next {
            Ok((line, Line::Event(event))) => run.event(line, &event, progress),
            Ok((_, Line::Decision(_))) => run.counts.decisions += 1,
            Err(Problem::Line(finding)) => run.bad_line(*finding),
            Err(problem @ Problem::Broken(_)) => return Err(ReplayError::container(problem.into_finding())),
        }
    }
    Ok(run.finish(progress))
}

/// Replays a recording and listens to nothing; see [`run`].
pub fn replay(request: &ReplayRequest<'_>) -> Result<Replayed, ReplayError> {
    run(request, &mut Silent)
}

struct Run<'r> {
    request: &'r ReplayRequest<'r>,
    default_version: Version,
    order: Option<Order>,
    id: Identity,
    pipeline: Pipeline<'r>,
    streams: Streams<'r>,
    models: Models<'r>,
    collector: Collector,
    comparator: Option<Comparator>,
    /// What the baseline says it was made of.
    expected: Option<(RecordingId, u64)>,
    counts: Counts,
    events: u64,
    numbers: BTreeMap<String, BTreeMap<Version, (u32, u64)>>,
    next_number: u32,
    last_global: Option<u64>,
    /// In a recording by streams, the one that the last event was of.
    current: Option<String>,
    /// Streams of categories that no aggregate claims, and their events.
    unclaimed: BTreeMap<String, (Many, u64)>,
    /// Streams that start at revision 1.
    from_one: Option<Many>,
    starts_at_zero: bool,
}

/// What the recording is known by.
enum Identity {
    Root(String),
    /// Digest so far, and room for a line.
    Events(Box<sha2::Sha256>, String),
    /// Nobody asks.
    None,
}

impl<'r> Run<'r> {
    fn new(
        request: &'r ReplayRequest<'r>,
        order: Option<Order>,
        root: Option<String>,
        default_version: Version,
    ) -> Self {
        let mut collector = Collector::new(request.recording.display().to_string(), request.listed);
        let mut models = Models::new(request.projectors, request.show_values, &mut collector);
        if order == Some(Order::Stream) {
            models.turn_off(
                "the recording holds one stream after the other, and a projector needs global order",
            );
        }
        let baseline = match request.baseline.map(Baseline::load) {
            None => None,
            Some(Ok(baseline)) => Some(baseline),
            Some(Err(error)) => {
                collector.push(error.finding());
                None
            }
        };
        Self {
            id: match root {
                Some(root) => Identity::Root(root),
                None if request.collect_baseline || baseline.is_some() => {
                    Identity::Events(Box::default(), String::new())
                }
                None => Identity::None,
            },
            expected: baseline
                .as_ref()
                .map(|baseline| (baseline.recording.clone(), baseline.events)),
            comparator: baseline
                .map(|baseline| Comparator::new(collector.file(), baseline, request.show_values)),
            pipeline: Pipeline::new(request),
            streams: Streams::new(request.aggregates, request.show_values, request.collect_baseline),
            request,
            default_version,
            order,
            models,
            collector,
            counts: Counts::default(),
            events: 0,
            numbers: BTreeMap::new(),
            next_number: 0,
            last_global: None,
            current: None,
            unclaimed: BTreeMap::new(),
            from_one: None,
            starts_at_zero: false,
        }
    }

    /// A line that is no event. Which stream it was of is not known: a gap will show it.
    fn bad_line(&mut self, finding: Finding) {
        self.counts.bad_lines += 1;
        self.models.miss();
        self.collector.push(finding);
    }

    fn event(&mut self, line: u64, event: &RecordedEvent, progress: &mut dyn Progress) {
        self.events += 1;
        if let Identity::Events(digest, text) = &mut self.id {
            text.clear();
            write_line(event, text);
            text.push('\n');
            digest.update(text.as_bytes());
        }
        let version = event.version.as_ref().unwrap_or(&self.default_version).clone();
        let number = self.number(&event.event_type, &version);
        let place = Place {
            stream: event.stream.clone(),
            revision: event.revision,
            ..Place::kind(&event.event_type, &version)
                .in_file(self.collector.file())
                .at_line(line)
        };
        self.check_global(event, &place);

        let Some(stream) = event.stream.as_deref() else {
            self.tags_only(event, &version, &place, progress);
            return;
        };
        self.turn_to(stream, progress);
        let (key, mut state) = self.streams.take(event, stream);
        self.check_revision(&mut state, stream, event, &place);
        state.saw(event, number, self.counts.bad_lines);
        if self.in_stream(&mut state, event, &version, &place, progress) {
            self.counts.folded += 1;
        }
        self.streams.put(key, state);
    }

    /// The number of a type and version, which is counted.
    fn number(&mut self, event_type: &str, version: &Version) -> u32 {
        if !self.numbers.contains_key(event_type) {
            self.numbers.insert(event_type.to_owned(), BTreeMap::new());
        }
        let versions = self.numbers.get_mut(event_type);
        if let Some((number, count)) = versions.and_then(|versions| versions.get_mut(version)) {
            *count += 1;
            return *number;
        }
        let number = self.next_number;
        self.next_number += 1;
        if let Some(versions) = self.numbers.get_mut(event_type) {
            versions.insert(version.clone(), (number, 1));
        }
        number
    }

    fn check_global(&mut self, event: &RecordedEvent, place: &Place) {
        let broken = match (event.global, self.last_global) {
            (Some(global), Some(last)) => global < last || (global == last && event.index() == 0),
            _ => false,
        };
        match self.order {
            Some(Order::Global) if broken => {
                let last = self.last_global.unwrap_or_default();
                self.collector.push(Finding::new(
                    &rules::ORDER_BROKEN,
                    format!(
                        "global position {} comes after {last}",
                        event.global.unwrap_or_default()
                    ),
                    place.clone(),
                ));
                self.models.miss();
            }
            None if broken || event.global.is_none() => self.models.turn_off(
                "the recording has no manifest that says its order, and not every event a later global position \
                 than the one before; a projector needs global order",
            ),
            Some(Order::Stream | Order::Global) | None => {}
        }
        if event.global > self.last_global {
            self.last_global = event.global;
        }
    }

    /// In a recording by streams, ends the stream before when `stream` is another one.
    fn turn_to(&mut self, stream: &str, progress: &mut dyn Progress) {
        if self.order != Some(Order::Stream) || self.current.as_deref() == Some(stream) {
            return;
        }
        if let Some(before) = self.current.replace(stream.to_owned())
            && let Some(live) = self.streams.remove(&before)
        {
            let comparator = self.comparator.as_mut();
            let poisoned = self
                .streams
                .end(&before, live, &mut self.collector, comparator, progress);
            self.counts.poisoned += u64::from(poisoned);
            self.streams.ended(&before);
        }
    }

    /// Looks at where the event stands in its stream.
    fn check_revision(&mut self, live: &mut Live, stream: &str, event: &RecordedEvent, place: &Place) {
        if live.seen == 0 {
            if self.request.skip_streams.contains(stream) {
                live.give_up(Standing::Skipped);
            } else if self.order == Some(Order::Stream) && self.streams.has_ended(stream) {
                self.collector.push(Finding::new(
                    &rules::ORDER_BROKEN,
                    format!("stream `{stream}` goes on after other streams have begun"),
                    place.clone(),
                ));
                self.streams.count -= 1;
                live.give_up(Standing::Closed);
            }
        }
        if matches!(live.standing, Standing::Skipped | Standing::Closed) {
            return;
        }
        if self.request.chains.moves()
            && self.order != Some(Order::Global)
            && live.standing == Standing::Known
        {
            live.give_up(Standing::Unknown(Why::Moves));
            self.models.miss();
        }
        if event.is(Flag::TruncatedHead) && live.standing == Standing::Known {
            live.give_up(Standing::Unknown(Why::Head));
            // What the head held, no projector saw either.
            self.models.miss();
        }
        let Some(revision) = event.revision else { return };
        let wrong = match live.last {
            None if event.is(Flag::TruncatedHead) || live.seen > 0 => None,
            None if revision == 0 => {
                self.starts_at_zero = true;
                None
            }
            None if revision == 1 => {
                match &mut self.from_one {
                    Some(many) => {
                        many.join(stream, Some(revision));
                    }
                    None => self.from_one = Some(Many::one(stream, Some(revision))),
                }
                None
            }
            None => Some((
                revision - 1,
                format!(
                    "the stream starts at revision {revision}, and nothing says that its head is cut off"
                ),
            )),
            Some(last) if revision == last && event.index() > live.index => None,
            Some(last) if revision <= last => {
                Some((0, format!("revision {revision} comes after revision {last}")))
            }
            Some(last) if revision - last > 1 => {
                let missing = revision - last - 1;
                Some((
                    missing,
                    format!(
                        "{} between revision {last} and revision {revision}",
                        if missing == 1 {
                            "1 event is missing".to_owned()
                        } else {
                            format!("{missing} events are missing")
                        }
                    ),
                ))
            }
            Some(_) => None,
        };
        let Some((missing, message)) = wrong else { return };
        // Bad lines since the last event of the stream may be what is missing, and have their own findings.
        let bad = self.counts.bad_lines - live.bad_lines;
        if missing == 0 || bad < missing {
            self.collector
                .push(Finding::new(&rules::REVISION_GAP, message, place.clone()));
        }
        live.give_up(Standing::Closed);
    }

    /// An event of a stream; says whether a state took it.
    fn in_stream(
        &mut self,
        live: &mut Live,
        event: &RecordedEvent,
        version: &Version,
        place: &Place,
        progress: &mut dyn Progress,
    ) -> bool {
        let claimed = live.claim.is_some();
        if !claimed {
            let stream = event.stream.as_deref().unwrap_or_default();
            let first = live.seen == 1;
            if let Some((many, events)) = self.unclaimed.get_mut(&live.category) {
                *events += 1;
                if first {
                    many.join(stream, event.revision);
                }
            } else {
                let many = Many::one(stream, event.revision);
                self.unclaimed.insert(live.category.clone(), (many, 1));
            }
        }
        if matches!(live.standing, Standing::Closed | Standing::Skipped) {
            self.models.miss();
            return false;
        }
        if self.is_flagged(event) {
            return false;
        }
        progress.begin(
            event.stream.as_deref().unwrap_or_default(),
            event.revision,
            &event.event_type,
        );
        let context = Some(&mut live.context);
        match self.pipeline.read(event, version, place, claimed, context) {
            Ok(Read::Events { events, upcast }) => {
                self.counts.upcast += u64::from(upcast);
                let taken = if events.iter().any(|event| event.stream.is_some()) {
                    self.fold_moved(live, event, &events, place)
                } else {
                    self.streams
                        .fold(live, event, &events, place, &mut self.collector)
                };
                // A projector that has not seen what came before, or cannot read it, would fail for a known reason.
                let known = !matches!(live.standing, Standing::Unknown(_));
                if known && taken != Taken::Unreadable {
                    self.models.project(event, &events, place, &mut self.collector);
                } else {
                    self.models.miss();
                }
                if events.is_empty() {
                    self.counts.dropped += 1;
                    return false;
                }
                taken == Taken::Whole
            }
            Ok(Read::Nobody) => false,
            Ok(Read::Redacted) => {
                if live.standing == Standing::Known {
                    live.give_up(Standing::Unknown(Why::Redacted));
                }
                self.models.miss();
                false
            }
            Err(finding) => {
                self.collector.push(*finding);
                live.give_up(Standing::Closed);
                self.models.miss();
                false
            }
        }
    }

    /// Folds what was made of one stored event, of which some goes to other streams.
    fn fold_moved(
        &mut self,
        live: &mut Live,
        stored: &RecordedEvent,
        events: &[Current<'_>],
        place: &Place,
    ) -> Taken {
        let mut all = Taken::Whole;
        for event in events {
            let one = std::slice::from_ref(event);
            let taken = match &event.stream {
                None => self.streams.fold(live, stored, one, place, &mut self.collector),
                Some(_) if self.order != Some(Order::Global) => Taken::Not,
                Some(stream) => {
                    let (key, mut other) = self.streams.take_moved(stream);
                    let taken = self
                        .streams
                        .fold(&mut other, stored, one, place, &mut self.collector);
                    self.streams.put(key, other);
                    taken
                }
            };
            if taken != Taken::Whole {
                all = taken;
            }
        }
        all
    }

    /// An event without a stream: no aggregate folds it.
    fn tags_only(
        &mut self,
        event: &RecordedEvent,
        version: &Version,
        place: &Place,
        progress: &mut dyn Progress,
    ) {
        self.counts.tags_only += 1;
        if self.is_flagged(event) {
            return;
        }
        progress.begin("", event.revision, &event.event_type);
        match self.pipeline.read(event, version, place, false, None) {
            Ok(Read::Events { events, upcast }) => {
                self.counts.upcast += u64::from(upcast);
                self.models.project(event, &events, place, &mut self.collector);
            }
            Ok(Read::Nobody) => {}
            Ok(Read::Redacted) => self.models.miss(),
            Err(finding) => {
                self.collector.push(*finding);
                self.models.miss();
            }
        }
    }

    /// Counts what the flags say; whether the event is for nobody to fold.
    fn is_flagged(&mut self, event: &RecordedEvent) -> bool {
        self.counts.redacted += u64::from(event.is(Flag::Redacted));
        let (link, skipped) = (event.is(Flag::Link), event.is(Flag::Skipped));
        self.counts.links += u64::from(link);
        self.counts.skipped += u64::from(skipped);
        link || skipped
    }

    fn finish(mut self, progress: &mut dyn Progress) -> Replayed {
        self.counts.poisoned += self
            .streams
            .finish(&mut self.collector, self.comparator.as_mut(), progress);
        let collect = self.request.collect_baseline;
        let models = self
            .models
            .finish(&mut self.collector, self.comparator.as_mut(), collect, progress);
        let id = match self.id {
            Identity::Root(root) => Some(RecordingId::Root(root)),
            Identity::Events(digest, _) => Some(RecordingId::Events(hex(&digest.finalize()))),
            Identity::None => None,
        };
        let compared = match (self.comparator, self.expected, &id) {
            (Some(comparator), Some((expected, events)), Some(id)) => {
                if expected == *id {
                    comparator.finish(&mut self.collector)
                } else {
                    stale(&mut self.collector, self.counts.bad_lines, events, self.events);
                    Compared::default()
                }
            }
            _ => Compared::default(),
        };
        self.counts.streams_compared = compared.streams;
        self.counts.models_compared = compared.models;

        let place = Place::file(self.collector.file());
        if self.events == 0 {
            self.collector.push(Finding::new(
                &rules::RECORDING_EMPTY,
                "the recording has no event",
                place.clone(),
            ));
        }
        for (category, (many, events)) in &self.unclaimed {
            self.collector.push(Finding::new(
                &rules::STREAM_NOT_FOLDED,
                format!(
                    "no aggregate folds category `{category}`: {} with {} left alone",
                    counted(many.count, "stream"),
                    counted(*events, "event")
                ),
                many.place(self.collector.file()),
            ));
        }
        if let (true, Some(many)) = (self.starts_at_zero, &self.from_one) {
            self.collector.push(
                Finding::new(
                    &rules::REVISION_GAP,
                    format!(
                        "{} at revision 1 while others start at 0: the first event may be missing",
                        if many.count == 1 {
                            "1 stream starts".to_owned()
                        } else {
                            format!("{} streams start", many.count)
                        }
                    ),
                    many.place(self.collector.file()),
                )
                .at_level(Level::Warn),
            );
        }
        let streams = self.streams.count;
        let entries = self.streams.report(&mut self.collector);
        self.counts.not_folded = self.events - self.counts.folded - self.counts.dropped;
        for (event_type, versions) in self.numbers {
            let versions = versions
                .into_iter()
                .map(|(version, (_, count))| (version, count))
                .collect();
            self.counts.stored.insert(event_type, versions);
        }
        let baseline = id.filter(|_| collect).map(|recording| Baseline {
            recording,
            events: self.events,
            streams: entries,
            models,
        });
        Replayed {
            errors: self.collector.errors(),
            findings: self.collector.finish(),
            events: self.events,
            streams,
            differences: compared.differences,
            counts: self.counts,
            baseline,
        }
    }
}

/// Says that the baseline was made of another recording, or that nobody can tell.
fn stale(collector: &mut Collector, bad_lines: u64, then: u64, now: u64) {
    let place = Place::file(collector.file());
    collector.push(if bad_lines > 0 {
        Finding::new(
            &rules::NOT_CHECKED,
            "nothing is compared: with bad lines in it, the recording cannot be told to be the baseline's",
            place,
        )
    } else {
        Finding::new(
            &rules::BASELINE_STALE,
            format!(
                "the baseline was made of another recording, of {}; this one has {}",
                counted(then, "event"),
                now
            ),
            place,
        )
    });
}
