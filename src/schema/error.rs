//! The one error type of this room.

use std::fmt;
use std::path::Path;

/// Why something could not be completed. What is wrong *with* schemas is a finding, not an error.
#[derive(Debug)]
pub struct SchemaError {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Usage,
    Input,
    Io,
    Newer,
    Refused,
}

impl SchemaError {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    pub(crate) fn io(what: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::new(Kind::Io, format!("{}: cannot {what}: {error}", path.display()))
    }

    pub(crate) fn newer(message: impl Into<String>) -> Self {
        Self::new(Kind::Newer, message)
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// Whether the caller asked for something that makes no sense: a template without `{version}`, a scheme that
    /// does not exist.
    pub fn is_usage(&self) -> bool {
        self.kind == Kind::Usage
    }

    /// Whether a file was written by a later version of this program, in a format that this one does not know.
    pub fn is_newer_format(&self) -> bool {
        self.kind == Kind::Newer
    }

    /// Whether nothing was done because it would have changed what is frozen.
    pub fn is_refusal(&self) -> bool {
        self.kind == Kind::Refused
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SchemaError {}
