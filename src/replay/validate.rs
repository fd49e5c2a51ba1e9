//! Every event of a file against the schema of its type and version.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::seen::{Schemas, Seen, Sort, Task};
use crate::finding::{Finding, Place};
use crate::json::{JsonErrorKind, Tape};
use crate::model::Version;
use crate::recording::{self, Block, LineError, Lines, LinesOptions, Piece, RecordingError};
use crate::rules;
use crate::schema::Validators;

/// How many findings travel together.
const TOGETHER: usize = 256;

/// Where a line that is not one of our own recordings has what makes it an event: JSON pointers into the line.
///
/// A pointer that is absent names the member of our own format: `/t`, `/v`, `/d` and `/s`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointers {
    /// The event type, a text.
    pub event_type: Option<String>,
    /// The schema version, a whole number or a text; where there is none or `null`, the default version.
    pub version: Option<String>,
    /// The data; the empty pointer validates the whole line.
    pub data: Option<String>,
    /// The stream, for messages.
    pub stream: Option<String>,
}

impl Pointers {
    fn all(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("type", self.event_type.as_deref()),
            ("version", self.version.as_deref()),
            ("data", self.data.as_deref()),
            ("stream", self.stream.as_deref()),
        ]
    }

    /// Whether lines are those of our own recordings.
    fn are_ours(&self) -> bool {
        self.all().iter().all(|(_, pointer)| pointer.is_none())
    }

    /// Checks that each is a JSON pointer.
    ///
    /// # Errors
    ///
    /// Which one is none, and what one looks like.
    pub fn check(&self) -> Result<(), String> {
        for (name, pointer) in self.all() {
            if let Some(pointer) = pointer
                && !(pointer.is_empty() || pointer.starts_with('/'))
            {
                return Err(format!(
                    "{pointer:?} is no JSON pointer for the {name}: a pointer is empty or starts with `/`, as in `/meta/{name}`"
                ));
            }
        }
        Ok(())
    }
}

/// How a file is validated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ValidateOptions {
    /// Where the parts of an event are, for lines that are not ours.
    pub pointers: Pointers,
    /// The schema version of an event that says none; else what the manifest says, or 1.
    pub default_version: Option<Version>,
    /// How many threads validate; one does it in the caller's thread. The findings are the same for any number.
    pub threads: usize,
    /// How lines are read. The size of blocks makes no difference to the findings.
    pub lines: LinesOptions,
}

impl Default for ValidateOptions {
    fn default() -> Self {
        Self {
            pointers: Pointers::default(),
            default_version: None,
            threads: 1,
            lines: LinesOptions::default(),
        }
    }
}

/// How many events there were, of each sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validated {
    /// All of them: valid, invalid and unknown.
    pub events: u64,
    /// Events that satisfy their schema, and redacted ones.
    pub valid: u64,
    /// Events that do not, and lines that are no events.
    pub invalid: u64,
    /// Events for which there is no schema, or whose data is not JSON.
    pub unknown: u64,
    /// Recorded decisions, which are no events.
    pub decisions: u64,
}

impl std::ops::AddAssign for Validated {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.valid += other.valid;
        self.invalid += other.invalid;
        self.unknown += other.unknown;
        self.decisions += other.decisions;
    }
}

/// Validates every event of the file at `path` and hands over the findings, in the order of the lines.
///
/// A path that ends in `.zst` is read through zstd. Where a manifest lies beside the file, each frame is checked
/// against it first. Memory does not grow with the file.
///
/// What keeps a line from being an event is told with a pointer into the line, what is wrong with data with a
/// pointer into the data. No message holds a value.
///
/// # Errors
///
/// When the file cannot be read, or is damaged; what was found before was handed over.
pub fn validate(
    path: impl AsRef<Path>,
    validators: &Validators,
    options: &ValidateOptions,
    findings: &mut dyn FnMut(Finding),
) -> Result<Validated, RecordingError> {
    let path = path.as_ref();
    let (manifest, bytes) = recording::open(path)?;
    let stated = manifest.map(|manifest| manifest.default_version.clone());
    run(path, bytes, stated, validators, options, findings)
}

/// Validates every event in `read`, as [`validate`] does. `name` is what findings call it; a name that ends in
/// `.zst` is read through zstd.
///
/// # Errors
///
/// As [`validate`].
pub fn validate_read(
    name: impl AsRef<Path>,
    read: impl Read + Send + 'static,
    validators: &Validators,
    options: &ValidateOptions,
    findings: &mut dyn FnMut(Finding),
) -> Result<Validated, RecordingError> {
    let path = name.as_ref();
    let bytes = recording::from_read(path, Box::new(read))?;
    run(path, bytes, None, validators, options, findings)
}

fn run(
    path: &Path,
    bytes: impl Read,
    stated: Option<Version>,
    validators: &Validators,
    options: &ValidateOptions,
    findings: &mut dyn FnMut(Finding),
) -> Result<Validated, RecordingError> {
    let task = Task {
        file: path.display().to_string(),
        validators,
        pointers: (!options.pointers.are_ours()).then_some(&options.pointers),
        default_version: options
            .default_version
            .clone()
            .or(stated)
            .unwrap_or(Version::Number(1)),
    };
    let mut lines = Lines::with_options(bytes, options.lines);
    let failed = |error| RecordingError::io(path, "read the file", error);
    if options.threads > 1 {
        return on_threads(&task, options.threads, &mut lines, findings).map_err(failed);
    }
    let mut worker = Worker::new(&task);
    while let Some(piece) = lines.next_piece().map_err(failed)? {
        worker.piece(&piece, findings);
        if let Piece::Block(block) = piece {
            lines.recycle(block);
        }
    }
    Ok(worker.counts)
}

/// What a worker hands over: findings, and in the end the block it is done with.
enum Part {
    Findings(Vec<Finding>),
    Done(Validated, Option<Block>),
}

/// Reads blocks, gives them to workers, and hands over what they find in the order of the blocks.
///
/// There are never more than two blocks for each worker, and a worker that is ahead waits with its findings.
fn on_threads(
    task: &Task<'_>,
    threads: usize,
    lines: &mut Lines<impl Read>,
    findings: &mut dyn FnMut(Finding),
) -> std::io::Result<Validated> {
    let (give, take) = mpsc::channel::<(Piece, SyncSender<Part>)>();
    let take = Mutex::new(take);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut worker = Worker::new(task);
                loop {
                    let next = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((piece, parts)) = next else { break };
                    worker.piece_in_parts(piece, &parts);
                }
            });
        }
        let mut total = Validated::default();
        let mut open: VecDeque<Receiver<Part>> = VecDeque::new();
        let mut outcome = Ok(());
        let mut reading = true;
        loop {
            while reading && open.len() < 2 * threads {
                match lines.next_piece() {
                    Ok(Some(piece)) => {
                        let (parts, received) = mpsc::sync_channel(2);
                        open.push_back(received);
                        // The workers live as long as this loop, so there is always one to take it.
                        reading = give.send((piece, parts)).is_ok();
                    }
                    Ok(None) => reading = false,
                    Err(error) => {
                        reading = false;
                        outcome = Err(error);
                    }
                }
            }
            let Some(parts) = open.pop_front() else { break };
            for part in parts {
                match part {
                    Part::Findings(found) => found.into_iter().for_each(&mut *findings),
                    Part::Done(counts, block) => {
                        total += counts;
                        if let Some(block) = block {
                            lines.recycle(block);
                        }
                    }
                }
            }
        }
        drop(give);
        outcome.map(|()| total)
    })
}

struct Worker<'a> {
    task: &'a Task<'a>,
    tape: Tape,
    schemas: Schemas<'a>,
    counts: Validated,
}

impl<'a> Worker<'a> {
    fn new(task: &'a Task<'a>) -> Self {
        Self {
            task,
            tape: Tape::default(),
            schemas: Schemas::new(task.validators),
            counts: Validated::default(),
        }
    }

    fn piece(&mut self, piece: &Piece, findings: &mut dyn FnMut(Finding)) {
        match piece {
            Piece::Block(block) => {
                for (number, text) in block.lines() {
                    self.line(number, text, findings);
                }
            }
            Piece::TooLong { line, length } => {
                self.counts.events += 1;
                self.counts.invalid += 1;
                let place = Place::file(&self.task.file).at_line(*line);
                findings(recording::too_long(place, *length));
            }
        }
    }

    fn piece_in_parts(&mut self, piece: Piece, parts: &SyncSender<Part>) {
        let mut found = Vec::new();
        // Nobody listens any more only when the caller's thread has panicked; then nothing is left to say.
        self.piece(&piece, &mut |finding| {
            found.push(finding);
            if found.len() == TOGETHER {
                let _ = parts.send(Part::Findings(std::mem::take(&mut found)));
            }
        });
        let block = match piece {
            Piece::Block(block) => Some(block),
            Piece::TooLong { .. } => None,
        };
        let _ = parts.send(Part::Findings(found));
        let _ = parts.send(Part::Done(std::mem::take(&mut self.counts), block));
    }

    fn line(&mut self, number: u64, text: &[u8], findings: &mut dyn FnMut(Finding)) {
        let task = self.task;
        let place = || Place::file(&task.file).at_line(number);
        let document = match self.tape.read(text) {
            Ok(document) => document,
            Err(error) => {
                self.counts.events += 1;
                self.counts.invalid += 1;
                let marked = *error.kind() == JsonErrorKind::ByteOrderMark;
                let mut finding = LineError::from(error).into_finding(place());
                if marked {
                    finding = finding.with_next("save the file as UTF-8 without a byte-order mark");
                }
                return findings(finding);
            }
        };
        let event = match task.pointers {
            None => Seen::ours(document),
            Some(pointers) => Seen::at(pointers, document),
        };
        let event = match event {
            Ok(Some(event)) => event,
            Ok(None) => {
                self.counts.decisions += 1;
                return;
            }
            Err(error) => {
                self.counts.events += 1;
                self.counts.invalid += 1;
                return findings(error.into_finding(place()));
            }
        };
        self.counts.events += 1;
        if let Some(pointer) = document.imprecise() {
            let message = "a whole number does not fit 64 bits";
            let place = event.place(place(), task).at_pointer(pointer);
            findings(Finding::new(&rules::NUMBER_PRECISION, message, place));
        }
        let count = match self.schemas.look_up(&event, task) {
            Ok(known) => match event.check(known, document) {
                Ok(()) => &mut self.counts.valid,
                Err(found) => {
                    let count = match found.sort {
                        Sort::Valid => &mut self.counts.valid,
                        Sort::Invalid => &mut self.counts.invalid,
                        Sort::Unknown => &mut self.counts.unknown,
                    };
                    for (rule, pointer, message) in found.told {
                        let place = event.place(place(), task);
                        let place = match pointer {
                            Some(pointer) => place.at_pointer(pointer),
                            None => place,
                        };
                        findings(Finding::new(rule, message, place));
                    }
                    count
                }
            },
            Err(why) => {
                findings(event.without_schema(&why, event.place(place(), task), task));
                &mut self.counts.unknown
            }
        };
        *count += 1;
    }
}
