//! Reading parts of a sealed recording without reading the rest.

use std::path::Path;
use std::sync::Arc;

use super::error::RecordingError;
use super::frames::Frames;
use super::line::Line;
use super::manifest::{Manifest, Order, manifest_path};
use super::reader::{Problem, Reader};

/// A sealed recording of which frames and streams are read one by one.
///
/// Each frame is checked against the manifest before anything of it is handed out. In `order: stream` a stream is in
/// one frame; in `order: global` the frames that hold it are known.
pub struct Seeker {
    reader: Box<dyn FnMut(usize) -> Result<super::frames::Bytes, RecordingError>>,
    path: std::path::PathBuf,
    manifest: Arc<Manifest>,
}

impl std::fmt::Debug for Seeker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seeker")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Seeker {
    /// Opens the recording at `path`; nothing where it has no manifest.
    ///
    /// # Errors
    ///
    /// When a file cannot be opened, or the manifest is damaged or of a later major version.
    pub fn open(path: impl AsRef<Path>) -> Result<Option<Self>, RecordingError> {
        let path = path.as_ref();
        let mut frames = Frames::open(path)?;
        let Some(manifest) = Manifest::open(&manifest_path(path))?.map(Arc::new) else {
            return Ok(None);
        };
        let known = Arc::clone(&manifest);
        Ok(Some(Self {
            reader: Box::new(move |index| frames.frame(&known, index)),
            path: path.to_owned(),
            manifest,
        }))
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The frame at `index`, from 0, line by line: where the line's number is known, with it.
    ///
    /// # Errors
    ///
    /// When the frame cannot be read or is not what was sealed.
    pub fn frame(
        &mut self,
        index: usize,
    ) -> Result<impl Iterator<Item = Result<(Option<u64>, Line), Problem>> + use<>, RecordingError> {
        let bytes = (self.reader)(index)?;
        // Each event is a line; where there are decisions too, they are not counted frame by frame.
        let before: u64 = self
            .manifest
            .frames
            .iter()
            .take(index)
            .map(|frame| frame.events)
            .sum();
        let counted = self.manifest.decisions == 0;
        let lines = Reader::of_frame(&self.path, Arc::clone(&self.manifest), bytes);
        Ok(lines.map(move |line| line.map(|(number, line)| (counted.then_some(before + number), line))))
    }

    /// The frames, from 0, that hold something of `stream`.
    pub fn frames_of(&self, stream: &str) -> Vec<usize> {
        let manifest = &self.manifest;
        let Some(position) = manifest.streams.iter().position(|range| range.stream == stream) else {
            return Vec::new();
        };
        let position = position as u64;
        match manifest.order {
            Order::Stream => manifest
                .frames
                .iter()
                .rposition(|frame| frame.first.is_some_and(|first| first <= position))
                .into_iter()
                .collect(),
            Order::Global => {
                let holds = |streams: &[u64]| {
                    let mut at = 0;
                    streams.iter().any(|distance| {
                        at += distance;
                        at == position
                    })
                };
                let frames = manifest.frames.iter().enumerate();
                frames
                    .filter_map(|(index, frame)| holds(&frame.streams).then_some(index))
                    .collect()
            }
        }
    }
}

/// Hands out everything that the recording at `path` holds of `stream`, in the order of the file, with the numbers of
/// lines where they are known. Of a sealed recording only the frames that hold it are read.
///
/// # Errors
///
/// When the recording cannot be read, or one of those frames is not what was sealed. A line that is no event is passed
/// to `with` where it may be of the stream.
pub fn read_stream(
    path: &Path,
    stream: &str,
    mut with: impl FnMut(Result<(Option<u64>, Line), Problem>),
) -> Result<(), RecordingError> {
    let is_of = |line: &Line| match line {
        Line::Event(event) => event.stream.as_deref() == Some(stream),
        Line::Decision(decision) => decision.stream == stream,
    };
    let mut take = |line: Result<(Option<u64>, Line), Problem>| match line {
        Err(Problem::Broken(error)) => Err(error),
        Ok((_, line)) if !is_of(&line) => Ok(()),
        other => {
            with(other);
            Ok(())
        }
    };
    let Some(mut seeker) = Seeker::open(path)? else {
        for line in Reader::open(path)? {
            take(line.map(|(number, line)| (Some(number), line)))?;
        }
        return Ok(());
    };
    for index in seeker.frames_of(stream) {
        for line in seeker.frame(index)? {
            take(line)?;
        }
    }
    Ok(())
}
