//! Reading a recording, event by event.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::RecordingError;
use super::frames::{self, Bytes};
use super::line::{Line, LineError};
use super::lines::{Block, Cursor, Lines, Piece};
use super::manifest::{Manifest, Order};
use super::parse::LineReader;
use crate::finding::{Finding, Place};
use crate::model::Version;
use crate::rules;

/// Reads a recording, event by event, in the order of the file.
///
/// Where there is a manifest, each frame is checked against it before any event of the frame is handed out. Memory
/// does not grow with the recording, but for the manifest.
pub struct Reader {
    path: PathBuf,
    manifest: Option<Arc<Manifest>>,
    lines: Lines<Bytes>,
    block: Option<(Block, Cursor)>,
    parser: LineReader,
    ended: bool,
}

/// What a reader met in place of an event.
#[derive(Debug)]
pub enum Problem {
    /// A line is no event; the reader goes on with the next one.
    Line(Box<Finding>),
    /// The recording is damaged or cannot be read; the reader has ended.
    Broken(RecordingError),
}

impl Problem {
    /// The finding it makes.
    pub fn into_finding(self) -> Finding {
        match self {
            Self::Line(finding) => *finding,
            Self::Broken(error) => error.to_finding(),
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("path", &self.path)
            .field("next_line", &self.lines.next_line())
            .finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens the recording at `path`, with the manifest beside it where there is one.
    ///
    /// A path that ends in `.zst` is read through zstd: with windows of up to 128 MiB, and of each frame no more than
    /// its manifest states, or 16 GiB where there is none.
    ///
    /// # Errors
    ///
    /// When the recording cannot be opened, or its manifest is damaged or of a later major version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RecordingError> {
        let path = path.as_ref();
        let (manifest, bytes) = frames::open(path)?;
        Ok(Self::new(path, manifest, bytes))
    }

    /// Reads lines from `read`, without a manifest. `name` is what findings call the file; a name that ends in
    /// `.zst` is read through zstd.
    ///
    /// # Errors
    ///
    /// When this build has no zstd and the name asks for it.
    pub fn from_read(
        name: impl AsRef<Path>,
        read: impl Read + Send + 'static,
    ) -> Result<Self, RecordingError> {
        let path = name.as_ref();
        let bytes = frames::from_read(path, Box::new(read))?;
        Ok(Self::new(path, None, bytes))
    }

    fn new(path: &Path, manifest: Option<Arc<Manifest>>, bytes: Bytes) -> Self {
        Self {
            path: path.to_owned(),
            manifest,
            lines: Lines::new(bytes),
            block: None,
            parser: LineReader::default(),
            ended: false,
        }
    }

    /// The lines of one frame, whose bytes are checked.
    pub(super) fn of_frame(path: &Path, manifest: Arc<Manifest>, bytes: Bytes) -> Self {
        Self::new(path, Some(manifest), bytes)
    }

    /// The manifest, where there is one.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_deref()
    }

    /// In which order the events stand, where the manifest says it.
    pub fn order(&self) -> Option<Order> {
        self.manifest.as_ref().map(|manifest| manifest.order)
    }

    /// The schema version of an event that says none: what the manifest says, or 1.
    pub fn default_version(&self) -> Version {
        self.manifest
            .as_ref()
            .map_or(Version::Number(1), |manifest| manifest.default_version.clone())
    }

    /// The next line that holds something, with its number from 1; nothing at the end.
    pub fn next_event(&mut self) -> Option<Result<(u64, Line), Problem>> {
        while !self.ended {
            if let Some((block, cursor)) = &mut self.block {
                if let Some((number, text)) = block.next_line(cursor) {
                    let open = block.is_open() && block.is_at_end(cursor);
                    return Some(match self.parser.read(text) {
                        Ok(line) => Ok((number, line)),
                        Err(error) => {
                            let sealed = self.manifest.is_some();
                            Err(line_problem(&self.path, number, error, open, sealed))
                        }
                    });
                }
                if let Some((block, _)) = self.block.take() {
                    self.lines.recycle(block);
                }
            }
            match self.lines.next_piece() {
                Ok(Some(Piece::Block(block))) => self.block = Some((block, Cursor::default())),
                Ok(Some(Piece::TooLong { line, length })) => {
                    let place = Place::file(self.path.display().to_string()).at_line(line);
                    return Some(Err(Problem::Line(Box::new(too_long(place, length)))));
                }
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    let error = RecordingError::io(&self.path, "read the recording", error);
                    return Some(Err(Problem::Broken(error)));
                }
            }
        }
        None
    }
}

impl Iterator for Reader {
    type Item = Result<(u64, Line), Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_event()
    }
}

/// The finding for a line that is longer than what is read.
pub(crate) fn too_long(place: Place, length: u64) -> Finding {
    let message = format!("the line has {length} bytes, more than are read of one line");
    Finding::new(&rules::LINE_TOO_LONG, message, place)
}

/// What a line that is no event makes of it: in a sealed recording, a last line without an end was cut off.
pub(super) fn line_problem(path: &Path, line: u64, error: LineError, open: bool, sealed: bool) -> Problem {
    let place = Place::file(path.display().to_string()).at_line(line);
    Problem::Line(Box::new(if open && sealed && error.is_cut_off() {
        Finding::new(
            &rules::LINE_CUT_OFF,
            format!("the last line is cut off: {error}"),
            place,
        )
    } else {
        error.into_finding(place)
    }))
}
