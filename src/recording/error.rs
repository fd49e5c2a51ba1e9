//! Why a recording could not be read or written.

use std::fmt;
use std::io;
use std::path::Path;

use crate::finding::{Finding, Place};
use crate::rules;

/// Why a recording could not be read or written.
///
/// What is wrong with single lines is a finding, not an error; an error ends the work on the file.
#[derive(Debug)]
pub struct RecordingError {
    file: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Io { doing: &'static str, error: io::Error },
    Newer { format: String },
    Manifest(String),
    Frame(Damage),
    CutOff(Damage),
    Refused(String),
}

/// Where a recording's bytes are not what was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    /// Number of the frame, from 1.
    pub(super) frame: u64,
    /// Byte offset in the file at which the frame starts.
    pub(super) offset: u64,
    /// The stream with which the frame starts.
    pub(super) stream: Option<String>,
    /// What is wrong with it.
    pub(super) what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "frame {} at byte {} is damaged: {}",
            self.frame, self.offset, self.what
        )?;
        match &self.stream {
            Some(stream) => write!(f, "; its first stream is {stream}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Damage {}

impl RecordingError {
    fn new(path: &Path, kind: Kind) -> Self {
        Self {
            file: path.display().to_string(),
            kind,
        }
    }

    pub(crate) fn io(path: &Path, doing: &'static str, error: io::Error) -> Self {
        // Damage that reading met on its way comes as what it is.
        match error.downcast::<Self>() {
            Ok(error) => error,
            Err(error) => match error.downcast::<Damage>() {
                Ok(damage) => Self::frame(path, damage),
                Err(error) => Self::new(path, Kind::Io { doing, error }),
            },
        }
    }

    pub(super) fn newer(path: &Path, format: impl Into<String>) -> Self {
        Self::new(
            path,
            Kind::Newer {
                format: format.into(),
            },
        )
    }

    pub(super) fn manifest(path: &Path, what: impl Into<String>) -> Self {
        Self::new(path, Kind::Manifest(what.into()))
    }

    pub(super) fn frame(path: &Path, damage: Damage) -> Self {
        Self::new(path, Kind::Frame(damage))
    }

    pub(super) fn cut_off(path: &Path, damage: Damage) -> Self {
        Self::new(path, Kind::CutOff(damage))
    }

    pub(crate) fn refused(path: &Path, what: impl Into<String>) -> Self {
        Self::new(path, Kind::Refused(what.into()))
    }

    /// Whether the file differs from what was sealed: a damaged frame, a damaged manifest, a file cut off.
    pub fn is_damage(&self) -> bool {
        matches!(self.kind, Kind::Manifest(_) | Kind::Frame(_) | Kind::CutOff(_))
    }

    /// Whether something was asked that cannot be, such as an event at a place where it may not stand.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self.kind, Kind::Refused(_))
    }

    /// What is wrong, without the file.
    pub(super) fn reason(&self) -> String {
        self.what()
    }

    /// Whether it is the manifest that is damaged.
    pub(super) fn is_manifest(&self) -> bool {
        matches!(self.kind, Kind::Manifest(_))
    }

    /// Whether the recording was made by a later major version of the format.
    pub fn is_newer(&self) -> bool {
        matches!(self.kind, Kind::Newer { .. })
    }

    /// The finding that says the same, for those who look for damage.
    pub fn to_finding(&self) -> Finding {
        let place = Place::file(&self.file);
        let message = self.what();
        match &self.kind {
            Kind::Manifest(_) => Finding::new(&rules::MANIFEST_DAMAGED, message, place),
            Kind::Frame(damage) | Kind::CutOff(damage) => {
                let place = match &damage.stream {
                    Some(stream) => place.in_stream(stream.clone(), None),
                    None => place,
                };
                let rule = match self.kind {
                    Kind::CutOff(_) => &rules::LINE_CUT_OFF,
                    _ => &rules::FRAME_DAMAGED,
                };
                Finding::new(rule, message, place)
            }
            Kind::Newer { .. } => Finding::new(&rules::RECORDING_UNREADABLE, message, place)
                .with_next("read it with the version of pastproof that made it, or a later one"),
            Kind::Io { .. } | Kind::Refused(_) => Finding::new(&rules::RECORDING_UNREADABLE, message, place),
        }
    }

    fn what(&self) -> String {
        match &self.kind {
            Kind::Io { doing, error } => format!("cannot {doing}: {error}"),
            Kind::Newer { format } => format!(
                "the recording has format {format}, and this version reads {} and its minor versions",
                super::FORMAT
            ),
            Kind::Manifest(what) => format!("the manifest is damaged: {what}"),
            Kind::Frame(damage) => damage.to_string(),
            Kind::CutOff(damage) => damage.what.clone(),
            Kind::Refused(what) => what.clone(),
        }
    }
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.what())
    }
}

impl std::error::Error for RecordingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
