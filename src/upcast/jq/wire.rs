//! What the two sides of the fence say to each other: one JSON line there, one JSON line back.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Said first by the fence; the worker answers [`Reply::Ready`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Limits {
    /// How long one request may take.
    pub(super) time_ms: u64,
    /// How many bytes one answer may have.
    pub(super) output_bytes: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Request<'a> {
    Hello(Limits),
    /// Compiles a program and keeps it under a number.
    Compile {
        id: u32,
        source: String,
    },
    /// Runs a compiled program. Data and envelope stay text, so that no number is read and written on the way.
    Run {
        id: u32,
        #[serde(borrow)]
        data: &'a RawValue,
        #[serde(borrow)]
        event: &'a RawValue,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reply<'a> {
    Ready,
    Compiled,
    Invalid(Invalid),
    /// What the program made, in order.
    #[serde(borrow)]
    Made(Vec<&'a RawValue>),
    /// The program refused the event, or made what is no JSON.
    Refused {
        message: String,
        pointer: String,
    },
    /// A bound was passed that the worker itself watches.
    Limit {
        message: String,
    },
    Panicked {
        message: String,
    },
    /// The request made no sense.
    Confused {
        message: String,
    },
}

/// Why a program does not compile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Invalid {
    pub(super) message: String,
    /// From 1; 0 where there is no place.
    pub(super) line: u64,
    pub(super) column: u64,
}
