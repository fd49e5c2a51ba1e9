//! Why an event did not reach the version that the code reads.

use std::any::Any;
use std::fmt;

use crate::finding::{Finding, Place};
use crate::model::Version;
use crate::rules::{self, Rule};

use super::Envelope;

/// What went wrong inside one step, before it is known which step it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) pointer: String,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            pointer: String::new(),
            message: message.into(),
        }
    }

    pub(super) fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Missing,
    Cycle,
    Refused,
    Panicked,
    Undeclared,
    Limit,
    /// An event alone where the stream is needed.
    Alone,
    #[cfg(feature = "jq")]
    Timeout,
    #[cfg(feature = "jq")]
    Program,
    #[cfg(feature = "jq")]
    Fence,
}

/// Why an event did not reach the version that the code reads: which step it was, and where the event is stored.
///
/// The message never holds the event's data, save for what an upcaster's own error or panic says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpcastError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    event_type: String,
    version: Version,
    step: Option<String>,
    stream: Option<String>,
    revision: Option<u64>,
    global: Option<u64>,
    pointer: String,
    message: String,
}

impl UpcastError {
    /// An error at the event's way through (type, version).
    pub(super) fn new(failure: Failure, node: (&str, &Version), envelope: &Envelope<'_>) -> Self {
        Self(Box::new(Inner {
            kind: failure.kind,
            event_type: node.0.to_owned(),
            version: node.1.clone(),
            step: None,
            stream: envelope.stream.map(str::to_owned),
            revision: envelope.revision,
            global: envelope.global,
            pointer: failure.pointer,
            message: failure.message,
        }))
    }

    pub(super) fn in_step(mut self, step: String) -> Self {
        self.0.step = Some(step);
        self
    }

    /// The same error with what user code said passed through `words`, which masks values in it.
    #[cfg(feature = "compat")]
    #[must_use]
    pub(crate) fn with_words(mut self, words: impl FnOnce(&str) -> String) -> Self {
        if matches!(self.0.kind, Kind::Refused | Kind::Panicked) {
            self.0.message = words(&self.0.message);
        }
        self
    }

    /// The type of the event where it got stuck; after a rename another one than is stored.
    pub fn event_type(&self) -> &str {
        &self.0.event_type
    }

    /// The version of the event where it got stuck.
    pub fn version(&self) -> &Version {
        &self.0.version
    }

    /// The step that failed, as in `PriceSet 1 to 2 (typed)`; absent when there is no step to take.
    pub fn step(&self) -> Option<&str> {
        self.0.step.as_deref()
    }

    /// JSON pointer of what was refused, empty for the whole.
    pub fn pointer(&self) -> &str {
        &self.0.pointer
    }

    /// The rule that this breaks.
    pub fn rule(&self) -> &'static Rule {
        match self.0.kind {
            Kind::Missing => &rules::UPCASTER_MISSING,
            Kind::Cycle => &rules::UPCASTER_CYCLE,
            Kind::Refused => &rules::UPCASTER_FAILS,
            Kind::Panicked => &rules::UPCASTER_PANICS,
            Kind::Undeclared => &rules::UPCASTER_UNDECLARED,
            Kind::Limit => &rules::UPCASTER_LIMIT,
            Kind::Alone => &rules::UPCASTER_NEEDS_STREAM,
            #[cfg(feature = "jq")]
            Kind::Timeout => &rules::UPCASTER_TIMEOUT,
            #[cfg(feature = "jq")]
            Kind::Program => &rules::JQ_INVALID,
            #[cfg(feature = "jq")]
            Kind::Fence => &rules::JQ_FENCE,
        }
    }

    /// Whether there is no upcaster from where the event got stuck.
    pub fn is_missing(&self) -> bool {
        self.0.kind == Kind::Missing
    }

    /// Where the event is stored, with the type and version at which it got stuck.
    pub fn place(&self) -> Place {
        Place {
            stream: self.0.stream.clone(),
            revision: self.0.revision,
            pointer: Some(self.0.pointer.clone()).filter(|pointer| !pointer.is_empty()),
            ..Place::kind(&self.0.event_type, &self.0.version)
        }
    }

    /// The error as a finding.
    pub fn finding(&self) -> Finding {
        Finding::new(self.rule(), self.to_string(), self.place())
    }
}

impl fmt::Display for UpcastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(step) = &self.0.step {
            write!(f, "upcaster {step} ")?;
        }
        f.write_str(&self.0.message)?;
        if !self.0.pointer.is_empty() {
            write!(f, " at {}", self.0.pointer)?;
        }
        match (&self.0.stream, self.0.revision, self.0.global) {
            (Some(stream), Some(revision), _) => write!(f, ", event {revision} of stream {stream}"),
            (Some(stream), None, Some(global)) => write!(f, ", event at {global} in stream {stream}"),
            (Some(stream), None, None) => write!(f, ", an event of stream {stream}"),
            (None, _, Some(global)) => write!(f, ", event at {global}"),
            (None, _, None) => Ok(()),
        }
    }
}

impl std::error::Error for UpcastError {}

/// What a panic said, if it said anything.
pub(super) fn said(panic: &(dyn Any + Send)) -> Option<String> {
    panic
        .downcast_ref::<&'static str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
}
