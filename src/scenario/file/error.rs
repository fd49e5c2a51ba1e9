//! Why a scenario file cannot be used.

use std::fmt;

use super::Spot;

/// Why a scenario file cannot be used: where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    file: String,
    spot: Option<Spot>,
    pointer: String,
    message: String,
}

impl FileError {
    pub(crate) fn new(file: &str, spot: Option<Spot>, pointer: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            spot,
            pointer: pointer.to_owned(),
            message: message.into(),
        }
    }

    /// The file, as the caller named it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Line and column, where the file could be read that far.
    pub fn spot(&self) -> Option<Spot> {
        self.spot
    }

    /// JSON pointer of what is wrong; empty for the whole file.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong, in lower case, without a full stop.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(spot) = self.spot {
            write!(f, ":{spot}")?;
        }
        if !self.pointer.is_empty() {
            write!(f, ", at {}", self.pointer)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for FileError {}
