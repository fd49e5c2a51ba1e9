//! Writing a recording.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::RecordingError;
use super::frames::{Hashing, is_compressed};
use super::line::{Decision, write_decision, write_line};
use super::manifest::{FORMAT, Frame, Manifest, Masking, Order, Source, WITH_ORIGINS, manifest_path};
use super::tally::Tally;
use crate::model::{RecordedEvent, Version};

/// How a recording is written, and what its manifest says about where it comes from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WriterOptions {
    /// In which order the events come.
    pub order: Order,
    /// Where the events come from.
    pub source: Source,
    /// When the recording is taken, if the manifest should say it.
    pub taken_at: Option<String>,
    /// The schema version of an event that says none; 1.
    pub default_version: Version,
    /// What was selected from the source.
    pub selection: Option<Value>,
    /// How values were masked.
    pub masking: Option<Masking>,
    /// How many bytes of lines a frame holds at least, unless it is the last; 1 MiB. A frame ends at the first
    /// place after it where the order allows.
    pub frame_size: u64,
}

impl WriterOptions {
    /// Events in this order, frames of 1 MiB, and nothing to say about the source.
    pub fn new(order: Order) -> Self {
        Self {
            order,
            source: Source::default(),
            taken_at: None,
            default_version: Version::Number(1),
            selection: None,
            masking: None,
            frame_size: 1 << 20,
        }
    }

    /// The same with this source.
    #[must_use]
    pub fn source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// The same with this time, as whoever takes the recording writes times.
    #[must_use]
    pub fn taken_at(mut self, time: impl Into<String>) -> Self {
        self.taken_at = Some(time.into());
        self
    }

    /// The same with this version for events that say none.
    #[must_use]
    pub fn default_version(mut self, version: impl Into<Version>) -> Self {
        self.default_version = version.into();
        self
    }

    /// The same with frames of at least this many bytes of lines.
    #[must_use]
    pub fn frame_size(mut self, bytes: u64) -> Self {
        self.frame_size = bytes;
        self
    }
}

/// Writes a recording and its manifest.
///
/// Both are written beside their target and moved there by [`finish`](Self::finish). A writer that is dropped
/// before, or fails, leaves nothing behind. The same events give the same bytes.
///
/// A path that ends in `.zst` gives zstd frames; any other gives plain lines.
pub struct Writer {
    path: PathBuf,
    /// Where the files lie until they are whole.
    folder: PathBuf,
    options: WriterOptions,
    data: Temporary,
    sink: Option<Sink>,
    tally: Tally,
    frames: Vec<Frame>,
    /// Where the open frame starts in the file, and how many bytes of lines it has.
    offset: u64,
    size: u64,
    line: String,
    failed: bool,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("path", &self.path)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// Starts a recording that will stand at `path`, in place of what may stand there.
    ///
    /// # Errors
    ///
    /// When no file can be made beside it.
    pub fn create(path: impl AsRef<Path>, options: WriterOptions) -> Result<Self, RecordingError> {
        let path = path.as_ref();
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::create_in(path, folder, options)
    }

    /// As [`create`](Self::create), with what is under way in `folder`, which is on the same file system.
    pub(super) fn create_in(
        path: &Path,
        folder: &Path,
        options: WriterOptions,
    ) -> Result<Self, RecordingError> {
        let path = path.to_owned();
        for target in [&path, &manifest_path(&path)] {
            if target.is_dir() {
                let error = io::ErrorKind::IsADirectory.into();
                return Err(RecordingError::io(target, "write the recording", error));
            }
        }
        let (data, file) = Temporary::create(&path, folder)
            .map_err(|error| RecordingError::io(&path, "write the recording", error))?;
        let output = Output {
            file: BufWriter::with_capacity(128 << 10, file),
            hashing: Hashing::default(),
        };
        let sink = Sink::begin(&path, output)?;
        Ok(Self {
            tally: Tally::new(Some(options.order), options.default_version.clone()),
            path,
            folder: folder.to_owned(),
            options,
            data,
            sink: Some(sink),
            frames: Vec::new(),
            offset: 0,
            size: 0,
            line: String::new(),
            failed: false,
        })
    }

    /// Adds an event.
    ///
    /// # Errors
    ///
    /// When the event cannot stand here, for its position or the order of the recording; it is not added then, and
    /// the writer goes on. When the file cannot be written, which ends the recording.
    pub fn push(&mut self, event: &RecordedEvent) -> Result<(), RecordingError> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        write_line(event, &mut line);
        self.line = line;
        self.add(event.stream.as_deref(), |tally| tally.event(event))
    }

    /// Adds a decision.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn push_decision(&mut self, decision: &Decision) -> Result<(), RecordingError> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        write_decision(decision, &mut line);
        self.line = line;
        self.add(Some(&decision.stream), |tally| tally.decision(decision))
    }

    fn add(
        &mut self,
        stream: Option<&str>,
        count: impl FnOnce(&mut Tally) -> Result<(), String>,
    ) -> Result<(), RecordingError> {
        if self.failed {
            return Err(RecordingError::refused(
                &self.path,
                "the recording could not be written and has ended",
            ));
        }
        let full = self.size >= self.options.frame_size.max(1);
        if full && (self.options.order == Order::Global || self.tally.changes_stream(stream)) {
            self.end_frame(true)?;
        }
        count(&mut self.tally).map_err(|what| RecordingError::refused(&self.path, what))?;
        self.line.push('\n');
        self.size += self.line.len() as u64;
        let written = match &mut self.sink {
            Some(sink) => sink.write(self.line.as_bytes()),
            None => Ok(()),
        };
        written.map_err(|error| self.fail(error))
    }

    fn fail(&mut self, error: io::Error) -> RecordingError {
        self.failed = true;
        RecordingError::io(&self.path, "write the recording", error)
    }

    /// Ends the open frame, and begins the next one if there is `more`.
    fn end_frame(&mut self, more: bool) -> Result<Option<Output>, RecordingError> {
        let Some(sink) = self.sink.take() else {
            return Ok(None);
        };
        let mut output = sink.end().map_err(|error| self.fail(error))?;
        let tally = self.tally.end_frame();
        let length = output.hashing.length();
        self.frames.push(Frame {
            offset: self.offset,
            length,
            size: self.size,
            events: tally.events,
            sha256: output.hashing.finish(),
            first: tally.first,
            streams: tally.streams,
        });
        self.offset += length;
        self.size = 0;
        if more {
            self.sink = Some(Sink::begin(&self.path, output).inspect_err(|_| self.failed = true)?);
            Ok(None)
        } else {
            Ok(Some(output))
        }
    }

    /// Seals the recording and moves it and its manifest to where they belong.
    ///
    /// # Errors
    ///
    /// When a file cannot be written or moved; what stood at the target before still stands there.
    pub fn finish(mut self) -> Result<Manifest, RecordingError> {
        if self.failed {
            return Err(RecordingError::refused(
                &self.path,
                "the recording could not be written and has ended",
            ));
        }
        if let Some(output) = self.end_frame(false)? {
            output.end().map_err(|error| self.fail(error))?;
        }
        let Self {
            path,
            folder,
            options,
            data,
            tally,
            frames,
            ..
        } = self;
        let counted = tally.finish();
        let mut manifest = Manifest {
            format: if counted.indexed { WITH_ORIGINS } else { FORMAT }.to_owned(),
            source: options.source,
            taken_at: options.taken_at,
            order: options.order,
            default_version: options.default_version,
            selection: options.selection,
            masking: options.masking,
            events: counted.events,
            decisions: counted.decisions,
            counts: counted.counts,
            streams: counted.streams,
            gaps: counted.gaps,
            frames,
            root: String::new(),
        };
        let text = manifest.seal(&path)?;
        let beside = manifest_path(&path);
        store(&beside, &folder, &text)
            .and_then(|sealed| move_both(data, &path, sealed, &beside))
            .map_err(|error| RecordingError::io(&path, "write the recording", error))?;
        Ok(manifest)
    }
}

fn store(target: &Path, folder: &Path, text: &str) -> io::Result<Temporary> {
    let (temporary, mut file) = Temporary::create(target, folder)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(temporary)
}

/// Moves recording and manifest to their targets; when one of them fails, what stood there before stands there.
fn move_both(data: Temporary, path: &Path, sealed: Temporary, beside: &Path) -> io::Result<()> {
    let before = Temporary::link(path);
    data.move_to(path)?;
    let moved = sealed.move_to(beside);
    if moved.is_err() {
        // The error that is reported is the first one; nothing more can be done about a second.
        let _ = match before {
            Some(before) => before.move_to(path),
            None => fs::remove_file(path),
        };
    }
    moved
}

/// A file beside its target, which goes away unless it is moved there.
struct Temporary {
    path: Option<PathBuf>,
}

impl Temporary {
    fn names(target: &Path, folder: &Path) -> impl Iterator<Item = PathBuf> {
        let name = target
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let folder = folder.to_owned();
        (0..u32::MAX).map(move |number| folder.join(format!(".{name}.{number}.tmp")))
    }

    fn create(target: &Path, folder: &Path) -> io::Result<(Self, File)> {
        for path in Self::names(target, folder) {
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((Self { path: Some(path) }, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// A second name for the file at `target`, where there is one and the file system can.
    fn link(target: &Path) -> Option<Self> {
        for path in Self::names(target, target.parent().unwrap_or(Path::new(""))) {
            match fs::hard_link(target, &path) {
                Ok(()) => return Some(Self { path: Some(path) }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(_) => return None,
            }
        }
        None
    }

    fn move_to(mut self, target: &Path) -> io::Result<()> {
        match &self.path {
            Some(path) => fs::rename(path, target)?,
            None => return Ok(()),
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // A file that cannot be removed is left: there is nobody to tell.
            let _ = fs::remove_file(path);
        }
    }
}

/// A file without seal, which stands at its target once it is whole.
pub(super) struct PlainFile {
    temporary: Temporary,
    file: BufWriter<File>,
}

impl PlainFile {
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        let folder = target.parent().unwrap_or(Path::new(""));
        let (temporary, file) = Temporary::create(target, folder)?;
        let file = BufWriter::with_capacity(128 << 10, file);
        Ok(Self { temporary, file })
    }

    pub(super) fn finish(self, target: &Path) -> io::Result<()> {
        self.file.into_inner()?.sync_all()?;
        self.temporary.move_to(target)
    }
}

impl Write for PlainFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The file that is being written, with the digest of the open frame.
struct Output {
    file: BufWriter<File>,
    hashing: Hashing,
}

impl Output {
    fn end(self) -> io::Result<()> {
        self.file.into_inner()?.sync_all()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hashing.write_all(&bytes[..written])?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// One open frame.
enum Sink {
    Plain(Output),
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::write::Encoder<'static, Output>),
}

impl Sink {
    #[cfg(feature = "zstd")]
    fn begin(path: &Path, output: Output) -> Result<Self, RecordingError> {
        const LEVEL: i32 = 3;
        if !is_compressed(path) {
            return Ok(Self::Plain(output));
        }
        zstd::stream::write::Encoder::new(output, LEVEL)
            .and_then(|mut encoder| {
                // So that `zstd -t` finds damage, too.
                encoder.include_checksum(true)?;
                Ok(Self::Zstd(encoder))
            })
            .map_err(|error| RecordingError::io(path, "start zstd", error))
    }

    #[cfg(not(feature = "zstd"))]
    fn begin(path: &Path, output: Output) -> Result<Self, RecordingError> {
        if is_compressed(path) {
            return Err(RecordingError::refused(
                path,
                "pastproof was built without its feature `zstd`, which reads and writes this file",
            ));
        }
        Ok(Self::Plain(output))
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(output) => output.write_all(line),
            #[cfg(feature = "zstd")]
            Self::Zstd(encoder) => encoder.write_all(line),
        }
    }

    fn end(self) -> io::Result<Output> {
        match self {
            Self::Plain(output) => Ok(output),
            #[cfg(feature = "zstd")]
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}
