//! The bytes of a recording, frame by frame.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::error::{Damage, RecordingError};
use super::manifest::{Manifest, manifest_path};
use crate::json;

/// How many bytes a frame may hold where no manifest says its size: 16 GiB.
const FRAME_LIMIT: u64 = 16 << 30;

/// A recording's file, of which one frame at a time is read.
pub(super) struct Frames {
    path: PathBuf,
    file: File,
    length: u64,
}

/// What the lines of a recording are read from.
pub(crate) type Bytes = Box<dyn Read + Send>;

impl Frames {
    pub(super) fn open(path: &Path) -> Result<Self, RecordingError> {
        let failed = |error| RecordingError::io(path, "open the recording", error);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            length: metadata.len(),
        })
    }

    fn damage(manifest: &Manifest, index: usize, what: impl Into<String>) -> Damage {
        let frame = manifest.frames.get(index);
        Damage {
            frame: index as u64 + 1,
            offset: frame.map_or(0, |frame| frame.offset),
            stream: frame
                .and_then(|frame| manifest.first_stream(frame))
                .map(str::to_owned),
            what: what.into(),
        }
    }

    /// Checks that the bytes of a frame are those that were sealed, without trusting what the manifest says
    /// about their number, and gives them to be read.
    pub(super) fn frame(&mut self, manifest: &Manifest, index: usize) -> Result<Bytes, RecordingError> {
        let Some(frame) = manifest.frames.get(index) else {
            return Ok(Box::new(io::empty()));
        };
        let path = self.path.clone();
        let io = |error| RecordingError::io(&path, "read the recording", error);
        let start = match index.checked_sub(1).and_then(|index| manifest.frames.get(index)) {
            None => Some(0),
            Some(before) => before.offset.checked_add(before.length),
        };
        if start != Some(frame.offset) {
            let what = format!(
                "frame {} does not start where the frame before it ends",
                index + 1
            );
            return Err(RecordingError::manifest(&self.path, what));
        }
        let missing = frame
            .offset
            .saturating_add(frame.length)
            .saturating_sub(self.length);
        if missing > 0 {
            let what = format!("the file ends {missing} bytes before the end of the frame");
            let damage = Self::damage(manifest, index, what);
            if !is_compressed(&self.path) && self.ends_inside_line().map_err(io)? {
                return Err(RecordingError::cut_off(&self.path, damage));
            }
            return Err(RecordingError::frame(&self.path, damage));
        }
        self.file.seek(SeekFrom::Start(frame.offset)).map_err(io)?;
        let mut hashing = Hashing::default();
        io::copy(&mut (&self.file).take(frame.length), &mut hashing).map_err(io)?;
        if hashing.finish() != frame.sha256 {
            let damage = Self::damage(manifest, index, "its SHA-256 is not the one that was sealed");
            return Err(RecordingError::frame(&self.path, damage));
        }
        self.file.seek(SeekFrom::Start(frame.offset)).map_err(io)?;
        let read = self.file.try_clone().map_err(io)?.take(frame.length);
        let damage = Self::damage(manifest, index, String::new());
        decode(&self.path, Box::new(read), Some((damage, frame.size)))
    }

    /// Checks that nothing follows the last frame.
    pub(super) fn end(&self, manifest: &Manifest) -> Result<(), RecordingError> {
        let end = manifest
            .frames
            .last()
            .map_or(0, |frame| frame.offset.saturating_add(frame.length));
        if self.length <= end {
            return Ok(());
        }
        let damage = Damage {
            frame: manifest.frames.len() as u64 + 1,
            offset: end,
            stream: None,
            what: format!("{} bytes follow the last sealed frame", self.length - end),
        };
        Err(RecordingError::frame(&self.path, damage))
    }

    fn ends_inside_line(&mut self) -> io::Result<bool> {
        let mut last = [b'\n'];
        if self.length > 0 {
            self.file.seek(SeekFrom::End(-1))?;
            self.file.read_exact(&mut last)?;
        }
        Ok(last != *b"\n")
    }

    /// The whole file, where there is no manifest.
    pub(super) fn whole(self) -> Result<Bytes, RecordingError> {
        let Self { path, file, .. } = self;
        decode(&path, Box::new(file), None)
    }
}

/// The lines of the recording at `path`, with the manifest beside it where there is one. Each frame is then checked
/// against it before any byte of the frame is handed out.
pub(crate) fn open(path: &Path) -> Result<(Option<Arc<Manifest>>, Bytes), RecordingError> {
    let frames = Frames::open(path)?;
    let Some(manifest) = Manifest::open(&manifest_path(path))?.map(Arc::new) else {
        return Ok((None, frames.whole()?));
    };
    let sealed = Sealed {
        manifest: Arc::clone(&manifest),
        frames,
        next: 0,
        frame: Box::new(io::empty()),
    };
    Ok((Some(manifest), Box::new(sealed)))
}

/// The frames of a recording one after the other.
struct Sealed {
    manifest: Arc<Manifest>,
    frames: Frames,
    next: usize,
    frame: Bytes,
}

impl Read for Sealed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.frame.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            if self.next >= self.manifest.frames.len() {
                self.frames.end(&self.manifest).map_err(io::Error::other)?;
                return Ok(0);
            }
            self.frame = self
                .frames
                .frame(&self.manifest, self.next)
                .map_err(io::Error::other)?;
            self.next += 1;
        }
    }
}

/// Whether the file at `path` is in zstd frames, by its name.
pub(super) fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "zst")
}

/// The lines in `read`, decompressed where the name `path` says so.
pub(crate) fn from_read(path: &Path, read: Bytes) -> Result<Bytes, RecordingError> {
    decode(path, read, None)
}

fn decode(path: &Path, read: Bytes, sealed: Option<(Damage, u64)>) -> Result<Bytes, RecordingError> {
    if !is_compressed(path) {
        return Ok(read);
    }
    #[cfg(feature = "zstd")]
    {
        let (damage, limit) = sealed.unwrap_or_else(|| {
            let damage = Damage {
                frame: 1,
                offset: 0,
                stream: None,
                what: String::new(),
            };
            (damage, FRAME_LIMIT)
        });
        let decoder = zstd_frames::Decoder::new(read, damage, limit)
            .map_err(|error| RecordingError::io(path, "start zstd", error))?;
        Ok(Box::new(decoder))
    }
    #[cfg(not(feature = "zstd"))]
    {
        let _ = (read, sealed, FRAME_LIMIT);
        Err(RecordingError::refused(
            path,
            "pastproof was built without its feature `zstd`, which reads and writes this file",
        ))
    }
}

/// Counts and digests what is written to it.
#[derive(Default)]
pub(super) struct Hashing {
    digest: Sha256,
    length: u64,
}

impl Hashing {
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The digest so far, in hexadecimal, from where the next one starts.
    pub(super) fn finish(&mut self) -> String {
        self.length = 0;
        json::hex(&self.digest.finalize_reset())
    }
}

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "zstd")]
mod zstd_frames {
    use std::io::{self, Read};

    use zstd::stream::raw::{DParameter, Decoder as Raw, InBuffer, Operation as _, OutBuffer};

    use super::super::error::Damage;
    use super::Bytes;

    /// The widest window that is taken on: what `zstd -d` takes on unless told otherwise, 128 MiB.
    const WINDOW_LOG_MAX: u32 = 27;

    /// How many bytes are read from the file at a time.
    const CHUNK: u64 = 128 << 10;

    /// Decodes zstd frames one after the other, each within its limit.
    pub(super) struct Decoder {
        read: Bytes,
        raw: Raw<'static>,
        input: Vec<u8>,
        at: usize,
        /// The frame that is being read, to say where damage is.
        frame: Damage,
        limit: u64,
        consumed: u64,
        size: u64,
        inside: bool,
        ended: bool,
    }

    impl Decoder {
        pub(super) fn new(read: Bytes, frame: Damage, limit: u64) -> io::Result<Self> {
            let mut raw = Raw::new()?;
            raw.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX))?;
            Ok(Self {
                read,
                raw,
                input: Vec::new(),
                at: 0,
                consumed: frame.offset,
                frame,
                limit,
                size: 0,
                inside: false,
                ended: false,
            })
        }

        fn damaged(&mut self, what: impl Into<String>) -> io::Error {
            self.ended = true;
            self.frame.what = what.into();
            io::Error::other(self.frame.clone())
        }

        fn fill(&mut self) -> io::Result<bool> {
            if self.at < self.input.len() {
                return Ok(true);
            }
            self.at = 0;
            self.input.clear();
            (&mut self.read).take(CHUNK).read_to_end(&mut self.input)?;
            Ok(!self.input.is_empty())
        }
    }

    impl Read for Decoder {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            while !self.ended && !out.is_empty() {
                let filled = self.fill()?;
                if !filled && !self.inside {
                    self.ended = true;
                    break;
                }
                let mut input = InBuffer::around(&self.input[self.at..]);
                let mut output = OutBuffer::around(&mut *out);
                let hint = self.raw.run(&mut input, &mut output);
                let (read, written) = (input.pos(), output.pos());
                let hint = match hint {
                    Ok(hint) => hint,
                    Err(error) => return Err(self.damaged(error.to_string().to_lowercase())),
                };
                self.at += read;
                self.consumed += read as u64;
                self.size += written as u64;
                self.inside = hint != 0;
                if self.size > self.limit {
                    let what = format!("it holds more than {} bytes", self.limit);
                    return Err(self.damaged(what));
                }
                if !filled && written == 0 {
                    return Err(self.damaged("the file ends inside it"));
                }
                if hint == 0 {
                    self.raw.reinit()?;
                    self.frame.frame += 1;
                    self.frame.offset = self.consumed;
                    self.frame.stream = None;
                    self.size = 0;
                }
                if written > 0 {
                    return Ok(written);
                }
            }
            Ok(0)
        }
    }
}
