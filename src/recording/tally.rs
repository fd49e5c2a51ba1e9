//! What a manifest says about events, counted as they pass by.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::line::Decision;
use super::manifest::{Gap, Order, StreamRange};
use super::parse::position_error;
use crate::model::{RecordedEvent, Version};

/// Counts of the events that were added so far.
pub(super) struct Tally {
    order: Option<Order>,
    default_version: Version,
    events: u64,
    decisions: u64,
    counts: BTreeMap<String, BTreeMap<String, u64>>,
    positions: HashMap<Arc<str>, usize>,
    streams: Vec<Stream>,
    gaps: Vec<Gap>,
    /// The stream whose events stand together at the moment.
    open: Option<usize>,
    global: Option<(u64, u64)>,
    frame: FrameTally,
    /// Whether there is an event with an index.
    indexed: bool,
}

struct Stream {
    name: Arc<str>,
    first: Option<u64>,
    last: Option<u64>,
    /// Index of the last event at its revision.
    index: u64,
}

/// Counts of the frame that is open.
#[derive(Default)]
pub(super) struct FrameTally {
    pub(super) events: u64,
    pub(super) first: Option<u64>,
    pub(super) streams: Vec<u64>,
}

/// What was counted in the end.
pub(super) struct Counted {
    pub(super) indexed: bool,
    pub(super) events: u64,
    pub(super) decisions: u64,
    pub(super) counts: BTreeMap<String, BTreeMap<String, u64>>,
    pub(super) streams: Vec<StreamRange>,
    pub(super) gaps: Vec<Gap>,
}

impl Tally {
    /// Counts events that should stand in `order`, or in any order.
    pub(super) fn new(order: Option<Order>, default_version: Version) -> Self {
        Self {
            order,
            default_version,
            events: 0,
            decisions: 0,
            counts: BTreeMap::new(),
            positions: HashMap::new(),
            streams: Vec::new(),
            gaps: Vec::new(),
            open: None,
            global: None,
            frame: FrameTally::default(),
            indexed: false,
        }
    }

    /// Whether an event or decision of `stream` would belong to another stream than the one before it.
    pub(super) fn changes_stream(&self, stream: Option<&str>) -> bool {
        let open = self.open.map(|position| &*self.streams[position].name);
        open.is_none() || open != stream
    }

    /// Counts one event.
    ///
    /// # Errors
    ///
    /// What keeps it from standing here; it is not counted then.
    pub(super) fn event(&mut self, event: &RecordedEvent) -> Result<(), String> {
        if let Some(message) = position_error(event) {
            return Err(message.to_owned());
        }
        if self.order == Some(Order::Global) {
            match (event.global, self.global) {
                (None, _) => {
                    return Err(
                        "the event has no global position (`g`), which `order: global` needs".to_owned(),
                    );
                }
                (Some(global), Some((last, index)))
                    if global < last || (global == last && event.index() <= index) =>
                {
                    return Err(format!("global position {global} follows global position {last}"));
                }
                _ => {}
            }
        }
        let position = match (&event.stream, self.order) {
            (None, Some(Order::Stream)) => {
                return Err("the event has no stream (`s`), which `order: stream` needs".to_owned());
            }
            (None, _) => None,
            (Some(stream), _) => Some(self.stream(stream, event.revision, event.index())?),
        };
        self.open = position;
        self.global = event.global.map(|global| (global, event.index())).or(self.global);
        self.indexed |= event.origin.is_some();
        self.events += 1;
        self.frame.events += 1;
        if let Some(position) = position {
            self.note(position);
        }
        let version = event.version.as_ref().unwrap_or(&self.default_version).text();
        match self.counts.get_mut(&event.event_type) {
            None => {
                let versions = BTreeMap::from([(version.into_owned(), 1)]);
                self.counts.insert(event.event_type.clone(), versions);
            }
            Some(versions) => match versions.get_mut(&*version) {
                Some(count) => *count += 1,
                None => {
                    versions.insert(version.into_owned(), 1);
                }
            },
        }
        Ok(())
    }

    /// Counts one decision.
    ///
    /// # Errors
    ///
    /// As for an event.
    pub(super) fn decision(&mut self, decision: &Decision) -> Result<(), String> {
        let position = self.place(&decision.stream)?;
        self.open = Some(position);
        self.note(position);
        self.decisions += 1;
        Ok(())
    }

    /// Position of `stream` in the table, where it may stand here.
    fn place(&mut self, stream: &str) -> Result<usize, String> {
        if let Some(&position) = self.positions.get(stream) {
            if self.order == Some(Order::Stream) && self.open != Some(position) {
                return Err(format!(
                    "stream {stream} comes back after another stream, and `order: stream` keeps a stream together"
                ));
            }
            return Ok(position);
        }
        let name: Arc<str> = stream.into();
        self.positions.insert(Arc::clone(&name), self.streams.len());
        self.streams.push(Stream {
            name,
            first: None,
            last: None,
            index: 0,
        });
        Ok(self.streams.len() - 1)
    }

    fn stream(&mut self, stream: &str, revision: Option<u64>, index: u64) -> Result<usize, String> {
        if self.order == Some(Order::Stream) && revision.is_none() {
            return Err("the event has no revision (`n`), which `order: stream` needs".to_owned());
        }
        let position = self.place(stream)?;
        let Some(revision) = revision else {
            return Ok(position);
        };
        let entry = &mut self.streams[position];
        match entry.last {
            Some(last) if revision == last && index > entry.index => {}
            Some(last) if revision <= last => {
                return Err(format!(
                    "stream {stream}: revision {revision} follows revision {last}"
                ));
            }
            Some(last) if revision - last > 1 => self.gaps.push(Gap {
                stream: stream.to_owned(),
                first: last + 1,
                last: revision - 1,
            }),
            Some(_) => {}
            None => entry.first = Some(revision),
        }
        entry.last = Some(revision);
        entry.index = index;
        Ok(position)
    }

    fn note(&mut self, position: usize) {
        let position = position as u64;
        self.frame.first.get_or_insert(position);
        if self.order == Some(Order::Global) && self.frame.streams.last() != Some(&position) {
            self.frame.streams.push(position);
            // A frame of any length takes no more memory than the streams do.
            if self.frame.streams.len() > 2 * self.streams.len() + 1024 {
                self.frame.streams.sort_unstable();
                self.frame.streams.dedup();
            }
        }
    }

    /// Ends the open frame and gives what it holds, its streams as distances.
    pub(super) fn end_frame(&mut self) -> FrameTally {
        let mut frame = std::mem::take(&mut self.frame);
        frame.streams.sort_unstable();
        frame.streams.dedup();
        let mut before = 0;
        for position in &mut frame.streams {
            (before, *position) = (*position, *position - before);
        }
        frame
    }

    pub(super) fn finish(self) -> Counted {
        Counted {
            indexed: self.indexed,
            events: self.events,
            decisions: self.decisions,
            counts: self.counts,
            streams: self
                .streams
                .into_iter()
                .map(|stream| StreamRange {
                    stream: stream.name.to_string(),
                    first: stream.first,
                    last: stream.last,
                })
                .collect(),
            gaps: self.gaps,
        }
    }
}
