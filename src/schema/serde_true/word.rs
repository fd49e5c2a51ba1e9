//! A Rust type that can be asked about values.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{EventError, EventKind, Version, read_json};

/// The Rust type of one version of one event type, to be asked what it reads and writes.
#[derive(Clone)]
pub struct Word {
    event_type: String,
    version: Version,
    says: Says,
}

/// Whether a type reads a text.
pub(crate) type Reads = fn(&str) -> Result<(), EventError>;

#[derive(Clone, Copy)]
enum Says {
    /// It reads, and writes again what it read.
    Both(fn(&str) -> Result<Value, EventError>),
    /// It reads.
    Reads(Reads),
}

impl Word {
    /// The type of `kind`: what it reads, and what it writes.
    pub fn of(kind: &EventKind) -> Self {
        Self {
            event_type: kind.event_type.to_owned(),
            version: kind.version.clone(),
            says: Says::Both(kind.round_trip),
        }
    }

    /// A type that is only known to read stored events, as the argument of an upcaster is.
    ///
    /// It may read more than the code of its time did, so that it is asked only whether a value can be one of its
    /// events.
    pub fn reading<T: DeserializeOwned>(event_type: impl Into<String>, version: impl Into<Version>) -> Self {
        Self::with_reader(event_type.into(), version.into(), |text| {
            read_json::<T>(text).map(drop)
        })
    }

    /// As [`reading`](Self::reading), by what reads a text.
    pub(crate) fn with_reader(event_type: String, version: Version, reads: Reads) -> Self {
        Self {
            event_type,
            version,
            says: Says::Reads(reads),
        }
    }

    /// The stored name of the event type.
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// The version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Whether it also writes.
    pub fn writes(&self) -> bool {
        match self.says {
            Says::Both(_) => true,
            Says::Reads(_) => false,
        }
    }

    /// What it writes of the value that it reads from `data`; nothing if it only reads. A panic of the type's own code
    /// is a refusal.
    pub(super) fn read(&self, data: &Value) -> Result<Option<Value>, EventError> {
        let text = data.to_string();
        let asked = catch_unwind(AssertUnwindSafe(|| match self.says {
            Says::Both(round_trip) => round_trip(&text).map(Some),
            Says::Reads(reads) => reads(&text).map(|()| None),
        }));
        let mut answer = asked.unwrap_or_else(|panic| Err(panicked(panic)))?;
        if let Some(written) = &mut answer {
            written.sort_all_objects();
        }
        Ok(answer)
    }

    /// Whether it is the type of this version.
    pub(super) fn is_of(&self, event_type: &str, version: &Version) -> bool {
        self.event_type == event_type && self.version == *version
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Word")
            .field("event_type", &self.event_type)
            .field("version", &self.version)
            .field("writes", &self.writes())
            .finish_non_exhaustive()
    }
}

fn panicked(panic: Box<dyn Any + Send>) -> EventError {
    if panic.is::<&str>() || panic.is::<String>() {
        return EventError::new("the type's own code panics");
    }
    // A payload of another type may itself panic when it is dropped.
    std::mem::forget(panic);
    EventError::new("the type's own code panics without a message")
}
