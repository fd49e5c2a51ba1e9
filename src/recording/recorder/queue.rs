//! The queue between callers and the writer, and its counts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use serde::Serialize;

use super::asked::Asked;
use super::command;
use super::writer::Writer;
use crate::model::Event;

/// How much a recorder holds, and how often its writer looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many lines may wait: 8192.
    pub lines: usize,
    /// How many bytes may wait: 16 MiB. A line that is longer by itself is always dropped.
    pub bytes: u64,
    /// How long the writer sleeps when there is nothing to write: 20 ms.
    pub pause: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lines: 8192,
            bytes: 16 << 20,
            pause: Duration::from_millis(20),
        }
    }
}

/// What became of the decisions so far. They only grow, and each decision ends in one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Handed to the file.
    pub written: u64,
    /// Lost, since the queue was full or the writer had ended.
    pub dropped: u64,
    /// Lost, since the file refused them.
    pub failed: u64,
    /// Lost, since a command, event or error could not be serialized.
    pub unwritable: u64,
    /// Commands without an answer: the handler panicked, or its future was dropped.
    pub unanswered: u64,
}

#[derive(Default)]
pub(super) struct Shared {
    /// Lines that callers finished.
    offered: AtomicU64,
    pub(super) written: AtomicU64,
    dropped: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) unwritable: AtomicU64,
    pub(super) unanswered: AtomicU64,
    /// Bytes of the lines that wait.
    pub(super) waiting: AtomicU64,
    pub(super) closed: AtomicBool,
    pub(super) ended: AtomicBool,
}

impl Shared {
    pub(super) fn counts(&self) -> Counts {
        let (written, failed) = (self.written.load(SeqCst), self.failed.load(SeqCst));
        // A line that came into the queue while the writer left is in no count of its own.
        let dropped = if self.ended.load(SeqCst) {
            self.offered.load(SeqCst).saturating_sub(written + failed)
        } else {
            self.dropped.load(SeqCst)
        };
        Counts {
            written,
            dropped,
            failed,
            unwritable: self.unwritable.load(SeqCst),
            unanswered: self.unanswered.load(SeqCst),
        }
    }

    /// Decisions that were made and that no line tells of.
    pub(super) fn missing(&self) -> u64 {
        let lost = [&self.dropped, &self.failed, &self.unwritable];
        lost.iter().map(|count| count.load(SeqCst)).sum()
    }
}

/// Writes down what a live command handler decides; see the [module](crate::recording::recorder). A clone records to the same
/// file.
#[derive(Clone)]
pub struct Recorder {
    pub(super) shared: Arc<Shared>,
    lines: SyncSender<Vec<u8>>,
    bytes: u64,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Recorder {
    /// A recorder, and the writer that the caller runs.
    pub fn new(options: Options) -> (Self, Writer) {
        let (lines, queue) = sync_channel(options.lines.max(1));
        let shared = Arc::new(Shared::default());
        let recorder = Self {
            shared: Arc::clone(&shared),
            lines,
            bytes: options.bytes,
        };
        (recorder, Writer::new(shared, queue, options.pause))
    }

    /// Runs `handler` and records what it answers. What it returns is returned.
    ///
    /// `revision` is the last revision of the stream that the decision sees; none for a stream without events.
    ///
    /// # Errors
    ///
    /// What `handler` returns.
    pub fn record<C, E, R>(
        &self,
        stream: &str,
        revision: Option<u64>,
        command: &C,
        handler: impl FnOnce() -> Result<Vec<E>, R>,
    ) -> Result<Vec<E>, R>
    where
        C: Serialize + ?Sized,
        E: Event,
        R: Serialize,
    {
        let asked = self.asked(stream, revision, command);
        let answer = handler();
        asked.answered(&answer);
        answer
    }

    /// As [`record`](Self::record), for a handler that is a future. Dropping it records nothing.
    ///
    /// # Errors
    ///
    /// What `handler` returns.
    pub async fn record_async<C, E, R>(
        &self,
        stream: &str,
        revision: Option<u64>,
        command: &C,
        handler: impl Future<Output = Result<Vec<E>, R>>,
    ) -> Result<Vec<E>, R>
    where
        C: Serialize + ?Sized,
        E: Event,
        R: Serialize,
    {
        let asked = self.asked(stream, revision, command);
        let answer = handler.await;
        asked.answered(&answer);
        answer
    }

    /// Writes down what is asked, before a handler takes the command. The answer is given to what this returns.
    ///
    /// An enum that serde tags externally, which is its default, is recorded with its variant as the command's type.
    /// A struct is recorded under its own name.
    pub fn asked<C: Serialize + ?Sized>(&self, stream: &str, revision: Option<u64>, command: &C) -> Asked {
        self.begin(stream, revision, |line| command::write(command, line))
    }

    /// As [`asked`](Self::asked), with a type of the caller's choice for the command.
    pub fn asked_as<D: Serialize + ?Sized>(
        &self,
        stream: &str,
        revision: Option<u64>,
        command_type: &str,
        data: &D,
    ) -> Asked {
        self.begin(stream, revision, |line| {
            command::write_as(command_type, data, line)
        })
    }

    fn begin(
        &self,
        stream: &str,
        revision: Option<u64>,
        command: impl FnOnce(&mut Vec<u8>) -> Result<(), serde_json::Error>,
    ) -> Asked {
        let mut line = Vec::with_capacity(256);
        let whole = caught(|| {
            line.extend_from_slice(b"{\"kind\":\"decision\",\"s\":");
            serde_json::to_writer(&mut line, stream)?;
            if let Some(revision) = revision {
                line.extend_from_slice(b",\"n\":");
                serde_json::to_writer(&mut line, &revision)?;
            }
            line.extend_from_slice(b",\"cmd\":");
            command(&mut line)
        });
        Asked::new(self.clone(), line, whole)
    }

    /// What became of the decisions so far.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    /// Tells the writer to write what waits and to end. What is recorded afterwards is dropped.
    ///
    /// The writer also ends when the last recorder is gone.
    pub fn close(&self) {
        self.shared.closed.store(true, SeqCst);
    }

    /// Puts a line into the queue, or drops it.
    pub(super) fn offer(&self, line: Vec<u8>) {
        let shared = &self.shared;
        shared.offered.fetch_add(1, SeqCst);
        let length = line.len() as u64;
        let fits = shared.waiting.fetch_add(length, Relaxed).saturating_add(length) <= self.bytes;
        if !fits || shared.closed.load(Relaxed) || self.lines.try_send(line).is_err() {
            shared.waiting.fetch_sub(length, Relaxed);
            shared.dropped.fetch_add(1, SeqCst);
        }
    }
}

/// Whether `write` succeeded, also where it panics: serializing is the user's code.
pub(super) fn caught(write: impl FnOnce() -> Result<(), serde_json::Error>) -> bool {
    matches!(catch_unwind(AssertUnwindSafe(write)), Ok(Ok(())))
}
