//! The other end of the queue.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use super::queue::{Counts, Shared};

/// A batch is handed to the file when it has this many bytes.
const BATCH: usize = 256 << 10;

/// Takes lines out of the queue of a [`Recorder`](super::Recorder) and writes them.
///
/// Dropping it in place of running it makes the recorder drop, and count, everything.
pub struct Writer {
    shared: Arc<Shared>,
    queue: Receiver<Vec<u8>>,
    pause: Duration,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, queue: Receiver<Vec<u8>>, pause: Duration) -> Self {
        Self { shared, queue, pause }
    }

    /// Writes lines to `out` until the recorder is closed or gone, and says what became of all decisions. This
    /// occupies the thread it is called on.
    ///
    /// Batches are flushed. What `out` refuses is counted, and the next batch is tried.
    pub fn run(self, mut out: impl Write) -> Counts {
        let mut batch = Batch::default();
        loop {
            // Asked first: what came before the recorder was closed is then found in the queue.
            let closed = self.shared.closed.load(SeqCst);
            let gone = self.fill(&mut batch);
            if batch.lines > 0 {
                self.hand_over(&mut batch, &mut out);
            } else if closed || gone {
                break;
            } else {
                std::thread::sleep(self.pause);
            }
        }
        let shared = Arc::clone(&self.shared);
        drop(self);
        shared.counts()
    }

    /// Takes lines until the batch is full or none waits; whether none will come any more.
    fn fill(&self, batch: &mut Batch) -> bool {
        while batch.text.len() < BATCH {
            match self.queue.try_recv() {
                Ok(line) => {
                    self.shared.waiting.fetch_sub(line.len() as u64, Relaxed);
                    let missing = self.shared.missing();
                    batch.push(&line, missing);
                }
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
        false
    }

    fn hand_over(&self, batch: &mut Batch, out: &mut impl Write) {
        let handed = out.write_all(&batch.text).and_then(|()| out.flush());
        let count = if handed.is_ok() {
            &self.shared.written
        } else {
            &self.shared.failed
        };
        count.fetch_add(batch.lines, SeqCst);
        batch.clear(handed.is_ok());
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.ended.store(true, SeqCst);
    }
}

/// Lines on their way to the file.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    lines: u64,
    /// How many missing decisions the file tells of, and with this batch.
    told: u64,
    telling: u64,
}

impl Batch {
    /// Adds a line that lacks its closing bracket. `missing` is how many decisions were lost so far.
    fn push(&mut self, line: &[u8], missing: u64) {
        self.text.extend_from_slice(line);
        let dropped = missing.saturating_sub(self.telling);
        if dropped > 0 {
            // Writing to memory cannot fail.
            let _ = write!(self.text, ",\"dropped\":{dropped}");
            self.telling = missing;
        }
        self.text.extend_from_slice(b"}\n");
        self.lines += 1;
    }

    fn clear(&mut self, handed: bool) {
        self.text.clear();
        self.lines = 0;
        if handed {
            self.told = self.telling;
        } else {
            self.telling = self.told;
            // A part of the batch may stand in the file, without a line end.
            self.text.push(b'\n');
        }
    }
}

/// Opens `path` to go on writing at its end; it is made when it is not there.
///
/// A last line that was cut off is left as it is and ended, so that what follows is on lines of its own.
///
/// # Errors
///
/// When the file cannot be opened, read or written.
pub fn append_to(path: impl AsRef<Path>) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}
