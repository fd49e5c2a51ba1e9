//! Is a recording what was sealed, and does it still hold what an older one held.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::RecordingError;
use super::frames::{Bytes, Frames};
use super::line::Line;
use super::lines::{Lines, Piece};
use super::manifest::{Manifest, manifest_path};
use super::parse::LineReader;
use super::reader::{line_problem, too_long};
use super::since;
use super::tally::{Counted, FrameTally, Tally};
use crate::finding::{self, Finding, Place};
use crate::model::Version;
use crate::rules;

/// How many findings of one rule are told one by one.
const SHOWN: u64 = 1000;

/// What [`verify`] found out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Verification {
    /// Everything that is wrong, sorted.
    pub findings: Vec<Finding>,
    /// How many events could be read.
    pub events: u64,
    /// How many streams they belong to.
    pub streams: u64,
    /// How many frames the manifest lists.
    pub frames: u64,
    /// The seal, where it is unbroken.
    pub root: Option<String>,
}

/// Findings, of which there are never more than can be read.
#[derive(Default)]
pub(super) struct Collected {
    findings: Vec<Finding>,
    counts: BTreeMap<&'static str, u64>,
}

impl Collected {
    pub(super) fn push(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.rule.id).or_default();
        *count += 1;
        if *count <= SHOWN {
            self.findings.push(finding);
        }
    }

    fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    fn finish(mut self, file: &str) -> Vec<Finding> {
        for (id, count) in &self.counts {
            if let Some(rule) = rules::find(id).filter(|_| *count > SHOWN) {
                let message = format!("{} more findings of this kind are not shown", count - SHOWN);
                self.findings.push(Finding::new(rule, message, Place::file(file)));
            }
        }
        finding::sort(&mut self.findings);
        self.findings
    }
}

/// Checks the recording at `path` against its manifest: the seal, each frame's digest, every line, counts, streams,
/// gaps and order. With `since`, also that every event of that older recording is still there and unchanged.
///
/// A comparison reads both recordings as often as is needed to keep memory bounded. Data is compared as JSON, so
/// that a store that writes members in another order has not altered history.
///
/// # Errors
///
/// When a file cannot be read, or is of a later major version of the format; when the older recording is damaged.
/// Damage to the recording itself is a finding.
pub fn verify(path: impl AsRef<Path>, since: Option<&Path>) -> Result<Verification, RecordingError> {
    let path = path.as_ref();
    let file = path.display().to_string();
    let mut collected = Collected::default();
    let frames = Frames::open(path)?;
    let manifest = match Manifest::open(&manifest_path(path)) {
        Ok(Some(manifest)) => Some(manifest),
        Ok(None) => {
            let message = format!("there is no {}", manifest_path(path).display());
            collected.push(Finding::new(
                &rules::MANIFEST_MISSING,
                message,
                Place::file(&file),
            ));
            None
        }
        Err(error) if error.is_damage() => {
            collected.push(error.to_finding());
            None
        }
        Err(error) => return Err(error),
    };
    let mut scan = Scan {
        path,
        tally: Tally::new(
            manifest.as_ref().map(|manifest| manifest.order),
            manifest
                .as_ref()
                .map_or(Version::Number(1), |manifest| manifest.default_version.clone()),
        ),
        sealed: manifest.is_some(),
        next_line: 1,
        lines_known: true,
        size: 0,
        parser: LineReader::default(),
    };
    match &manifest {
        None => {
            let bytes = frames.whole()?;
            scan.lines(bytes, &mut collected)?;
        }
        Some(manifest) => scan.sealed(frames, manifest, &mut collected)?,
    }
    let whole = collected.is_empty();
    let counted = scan.tally.finish();
    if let (Some(manifest), true) = (&manifest, whole) {
        compare(manifest, &counted, &file, &mut collected);
    }
    if let Some(older) = since {
        if whole {
            since::compare(older, path, &mut collected)?;
        } else {
            let message = format!(
                "not compared with {}: the recording itself is not whole",
                older.display()
            );
            collected.push(Finding::new(&rules::NOT_CHECKED, message, Place::file(&file)));
        }
    }
    Ok(Verification {
        findings: collected.finish(&file),
        events: counted.events,
        streams: counted.streams.len() as u64,
        frames: manifest
            .as_ref()
            .map_or(0, |manifest| manifest.frames.len() as u64),
        root: manifest.map(|manifest| manifest.root),
    })
}

struct Scan<'a> {
    path: &'a Path,
    tally: Tally,
    sealed: bool,
    next_line: u64,
    /// Whether no frame was passed over, so that the number of a line is known.
    lines_known: bool,
    /// Bytes of the lines of the frame that is being read.
    size: u64,
    parser: LineReader,
}

impl Scan<'_> {
    fn place(&self, line: u64) -> Place {
        let place = Place::file(self.path.display().to_string());
        if self.lines_known {
            place.at_line(line)
        } else {
            place
        }
    }

    fn sealed(
        &mut self,
        mut frames: Frames,
        manifest: &Manifest,
        collected: &mut Collected,
    ) -> Result<(), RecordingError> {
        for (index, frame) in manifest.frames.iter().enumerate() {
            let bytes = match frames.frame(manifest, index) {
                Ok(bytes) => bytes,
                Err(error) if error.is_damage() => {
                    let of_manifest = error.is_manifest();
                    collected.push(error.to_finding());
                    self.lines_known = false;
                    if of_manifest {
                        return Ok(());
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.size = 0;
            self.lines(bytes, collected)?;
            let FrameTally {
                events,
                first,
                streams,
            } = self.tally.end_frame();
            let same = (events, first, &streams, self.size)
                == (frame.events, frame.first, &frame.streams, frame.size);
            // Once something is damaged, positions of streams say nothing.
            if !same && collected.is_empty() {
                let message = format!(
                    "frame {} holds {events} events in {} bytes, or other streams, where its manifest states {} in {}",
                    index + 1,
                    self.size,
                    frame.events,
                    frame.size
                );
                let place = Place::file(self.path.display().to_string());
                collected.push(Finding::new(&rules::RECORDING_MISMATCH, message, place));
            }
        }
        match frames.end(manifest) {
            Err(error) if error.is_damage() => collected.push(error.to_finding()),
            other => return other,
        }
        Ok(())
    }

    fn lines(&mut self, bytes: Bytes, collected: &mut Collected) -> Result<(), RecordingError> {
        let mut lines = Lines::new(bytes).numbered_from(self.next_line);
        loop {
            match lines.next_piece() {
                Ok(None) => break,
                Ok(Some(Piece::TooLong { line, length })) => {
                    collected.push(too_long(self.place(line), length));
                }
                Ok(Some(Piece::Block(block))) => {
                    self.size += block.size();
                    let mut last = None;
                    for (number, text) in block.lines() {
                        match self.parser.read(text) {
                            Ok(line) => self.count(number, &line, collected),
                            Err(error) => last = Some((number, error)),
                        }
                        if let Some((number, error)) = last.take() {
                            let open = block.is_open() && number + 1 == lines.next_line();
                            let problem = line_problem(self.path, number, error, open, self.sealed);
                            let mut finding = problem.into_finding();
                            if !self.lines_known {
                                finding.place.line = None;
                            }
                            collected.push(finding);
                        }
                    }
                    lines.recycle(block);
                }
                Err(error) => {
                    let error = RecordingError::io(self.path, "read the recording", error);
                    if !error.is_damage() {
                        return Err(error);
                    }
                    collected.push(error.to_finding());
                    self.lines_known = false;
                    break;
                }
            }
        }
        self.next_line = lines.next_line();
        Ok(())
    }

    fn count(&mut self, number: u64, line: &Line, collected: &mut Collected) {
        let (counted, stream, revision) = match line {
            Line::Event(event) => (self.tally.event(event), event.stream.as_ref(), event.revision),
            Line::Decision(decision) => (
                self.tally.decision(decision),
                Some(&decision.stream),
                decision.revision,
            ),
        };
        if let Err(message) = counted {
            let mut place = self.place(number);
            if let Some(stream) = stream {
                place = place.in_stream(stream.clone(), revision);
            }
            collected.push(Finding::new(&rules::ORDER_BROKEN, message, place));
        }
    }
}

/// What the manifest says against what was counted.
fn compare(manifest: &Manifest, counted: &Counted, file: &str, collected: &mut Collected) {
    let mut differ = |what: &str| {
        let message = format!("the manifest states {what}");
        collected.push(Finding::new(
            &rules::RECORDING_MISMATCH,
            message,
            Place::file(file),
        ));
    };
    if manifest.events != counted.events {
        differ(&format!(
            "{} events, and there are {}",
            manifest.events, counted.events
        ));
    }
    if manifest.decisions != counted.decisions {
        differ(&format!(
            "{} decisions, and there are {}",
            manifest.decisions, counted.decisions
        ));
    }
    if manifest.counts != counted.counts {
        differ("other numbers of events by type and version than there are");
    }
    if manifest.streams != counted.streams {
        let first = manifest
            .streams
            .iter()
            .zip(&counted.streams)
            .find(|(stated, counted)| stated != counted);
        match first {
            Some((_, counted)) => differ(&format!(
                "another range of revisions of stream {}",
                counted.stream
            )),
            None => differ(&format!(
                "{} streams, and there are {}",
                manifest.streams.len(),
                counted.streams.len()
            )),
        }
    }
    if manifest.gaps != counted.gaps {
        differ("other gaps in streams than there are");
    }
}
