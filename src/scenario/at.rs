//! Where something stands: in the caller's code, or in a scenario file.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use super::file::Spot;

/// A place in the caller's code, or in a scenario file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    code: &'static Location<'static>,
    file: Option<&'static InFile>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct InFile {
    file: String,
    spot: Spot,
}

/// The places of files, so that each is kept once.
static PLACES: Mutex<BTreeSet<&'static InFile>> = Mutex::new(BTreeSet::new());

impl At {
    #[track_caller]
    pub(super) fn caller() -> Self {
        Self {
            code: Location::caller(),
            file: None,
        }
    }

    /// A place in a scenario file. Each place is kept for as long as the process runs; there are as many as lines of files.
    #[track_caller]
    pub(super) fn in_file(file: &str, spot: Spot) -> Self {
        let place = InFile {
            file: file.to_owned(),
            spot,
        };
        // The set is whole after every statement that a panic could interrupt.
        let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
        let kept: &'static InFile = match places.get(&place) {
            Some(kept) => kept,
            None => {
                let kept: &'static InFile = Box::leak(Box::new(place));
                places.insert(kept);
                kept
            }
        };
        Self {
            code: Location::caller(),
            file: Some(kept),
        }
    }

    pub(super) fn is_in_file(self) -> bool {
        self.file.is_some()
    }

    /// The place in code that began it.
    pub(super) fn code(self) -> &'static Location<'static> {
        self.code
    }

    pub(super) fn file(self) -> &'static str {
        self.file.map_or(self.code.file(), |place| &place.file)
    }

    pub(super) fn line(self) -> u32 {
        self.file.map_or(self.code.line(), |place| place.spot.line)
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file {
            Some(place) => write!(f, "{}:{}", place.file, place.spot),
            None => self.code.fmt(f),
        }
    }
}
