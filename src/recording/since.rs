//! Does a recording still hold what an older one held.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::path::Path;

use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::error::RecordingError;
use super::line::Line;
use super::reader::{Problem, Reader};
use super::verify::Collected;
use crate::finding::{Finding, Level, Place};
use crate::json;
use crate::model::{Flag, Payload, RecordedEvent};
use crate::rules;

/// How many events of the older recording are held at a time.
const HELD: u64 = 500_000;

/// Compares the newer recording with the older one and pushes a finding for each event of the older one that is
/// absent or different.
///
/// Both are read once for each part of the older one that fits memory; which part an event belongs to is a matter
/// of its key, so that the order of neither file plays a role.
pub(super) fn compare(older: &Path, newer: &Path, collected: &mut Collected) -> Result<(), RecordingError> {
    let stated = Reader::open(older)?.manifest().map(|manifest| manifest.events);
    let events = if let Some(events) = stated {
        events
    } else {
        let mut events = 0;
        each(older, |_, _| events += 1)?;
        events
    };
    let parts = events.div_ceil(HELD).max(1);
    for part in 0..parts {
        let mut held: HashMap<Key, Held> = HashMap::new();
        each(older, |line, event| {
            let key = key(event);
            if key.part(parts) == part {
                held.insert(key, Held::new(line, event));
            }
        })?;
        each(newer, |line, event| {
            let key = key(event);
            if key.part(parts) == part
                && let Some(before) = held.remove(&key)
                && let Some(finding) = altered(&before, newer, line, event)
            {
                collected.push(finding);
            }
        })?;
        let mut absent: Vec<Held> = held.into_values().collect();
        absent.sort_unstable_by_key(|before| before.line);
        for before in absent {
            collected.push(before.absent(older, newer));
        }
    }
    Ok(())
}

fn each(path: &Path, mut with: impl FnMut(u64, &RecordedEvent)) -> Result<(), RecordingError> {
    for line in Reader::open(path)? {
        match line {
            Ok((number, Line::Event(event))) => with(number, &event),
            // Lines that are no events are findings already, of the recording they stand in.
            Ok((_, Line::Decision(_))) | Err(Problem::Line(_)) => {}
            Err(Problem::Broken(error)) => return Err(error),
        }
    }
    Ok(())
}

/// What tells one event from another: stream and revision, or else the global position.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key([u8; 16]);

impl Key {
    fn part(&self, parts: u64) -> u64 {
        let mut number = 0;
        for byte in &self.0[..8] {
            number = number << 8 | u64::from(*byte);
        }
        number % parts
    }
}

fn shortened(digest: Sha256) -> [u8; 16] {
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(digest.finalize()) {
        *to = from;
    }
    short
}

fn key(event: &RecordedEvent) -> Key {
    let mut digest = Sha256::new();
    match (&event.stream, event.revision, event.global) {
        (Some(stream), Some(revision), _) => {
            digest.update(b"s");
            digest.update(revision.to_be_bytes());
            digest.update(event.index().to_be_bytes());
            digest.update(stream.as_bytes());
        }
        (_, _, global) => {
            digest.update(b"g");
            digest.update(global.unwrap_or_default().to_be_bytes());
            digest.update(event.index().to_be_bytes());
        }
    }
    Key(shortened(digest))
}

/// An event of the older recording.
struct Held {
    line: u64,
    whole: [u8; 16],
    members: [u32; NAMES.len()],
    place: Place,
}

/// The members that are compared, in the order of [`Held::members`]. Of the first two, only what both sides say.
const NAMES: [&str; 9] = [
    "c (category)",
    "g (global position)",
    "i (event id)",
    "t (event type)",
    "v (version)",
    "at (recorded time)",
    "tags",
    "d (data)",
    "m (metadata)",
];
const OPTIONAL: usize = 2;

fn members(event: &RecordedEvent) -> [Option<String>; NAMES.len()] {
    let tags = (!event.tags.is_empty()).then(|| format!("{:?}", event.tags));
    [
        event.category.clone(),
        event.global.map(|global| global.to_string()),
        event.id.clone(),
        Some(event.event_type.clone()),
        event.version.as_ref().map(ToString::to_string),
        event.recorded_at.clone(),
        tags,
        Some(match &event.payload {
            Payload::Json(data) => as_json(data),
            Payload::Bytes { content_type, bytes } => format!("{content_type} {}", json::hex(bytes)),
        }),
        event.metadata.as_ref().map(|metadata| as_json(metadata)),
    ]
}

/// One text for all ways to write the same JSON.
fn as_json(text: &RawValue) -> String {
    json::canonical(text).unwrap_or_else(|_| text.get().to_owned())
}

fn digests(event: &RecordedEvent) -> ([u8; 16], [u32; NAMES.len()]) {
    let mut whole = Sha256::new();
    let mut short = [0; NAMES.len()];
    for (index, member) in members(event).iter().enumerate() {
        let Some(member) = member else { continue };
        let mut hasher = DefaultHasher::new();
        member.hash(&mut hasher);
        // Zero stands for a member that is absent.
        short[index] = (hasher.finish() >> 32) as u32 | 1;
        if index >= OPTIONAL {
            whole.update(NAMES[index].as_bytes());
            whole.update((member.len() as u64).to_be_bytes());
            whole.update(member.as_bytes());
        }
    }
    (shortened(whole), short)
}

fn place(event: &RecordedEvent) -> Place {
    let mut place = Place {
        event_type: Some(event.event_type.clone()),
        ..Place::default()
    };
    if let Some(stream) = &event.stream {
        place = place.in_stream(stream.clone(), event.revision);
    }
    place
}

impl Held {
    fn new(line: u64, event: &RecordedEvent) -> Self {
        let (whole, members) = digests(event);
        Self {
            line,
            whole,
            members,
            place: place(event),
        }
    }

    fn absent(self, older: &Path, newer: &Path) -> Finding {
        let message = format!("the event on line {} of {} is absent", self.line, older.display());
        let place = self.place.in_file(newer.display().to_string());
        Finding::new(&rules::HISTORY_ALTERED, message, place)
    }
}

fn altered(before: &Held, newer: &Path, line: u64, event: &RecordedEvent) -> Option<Finding> {
    let (whole, members) = digests(event);
    let moved = before.members[..OPTIONAL]
        .iter()
        .zip(&members)
        .any(|(before, now)| *before != 0 && *now != 0 && before != now);
    if before.whole == whole && !moved {
        return None;
    }
    let differ: Vec<&str> = (0..NAMES.len())
        .filter(|&index| {
            let (before, now) = (before.members[index], members[index]);
            before != now && (index >= OPTIONAL || (before != 0 && now != 0))
        })
        .map(|index| NAMES[index])
        .collect();
    let message = format!(
        "the event is not what it was on line {} of the older recording: {}",
        before.line,
        if differ.is_empty() {
            "it differs".to_owned()
        } else {
            format!("it differs in {}", differ.join(", "))
        }
    );
    let place = place(event).in_file(newer.display().to_string()).at_line(line);
    let finding = Finding::new(&rules::HISTORY_ALTERED, message, place);
    Some(if event.is(Flag::Redacted) {
        finding.at_level(Level::Note)
    } else {
        finding
    })
}
