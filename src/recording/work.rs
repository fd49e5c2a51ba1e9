//! What a run that takes a recording keeps on disk while it is under way.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::RecordingError;
use super::source::Counter;

/// How far a run has come. What it says is on disk before it is.
#[derive(Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// Digest of everything that the bytes of the recording depend on, but the source.
    pub(super) plan: String,
    /// How many texts of the source were read, and their digest.
    pub(super) read: u64,
    pub(super) digest: String,
    pub(super) runs: Vec<String>,
    pub(super) counter: Counter,
    pub(super) last_global: u64,
    /// How many values each masking rule replaced.
    pub(super) replaced: Vec<u64>,
    /// What a transformation knows of the events so far.
    #[serde(default)]
    pub(super) transform: Value,
}

impl Checkpoint {
    pub(super) fn new(plan: String) -> Self {
        Self {
            plan,
            read: 0,
            digest: String::new(),
            runs: Vec::new(),
            counter: Counter::default(),
            last_global: 0,
            replaced: Vec::new(),
            transform: Value::Null,
        }
    }
}

/// The folder of a run that is under way.
pub(super) struct Work {
    pub(super) folder: PathBuf,
}

impl Work {
    pub(super) fn open(target: &Path) -> Result<Self, RecordingError> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let folder = target.with_file_name(format!(".{name}.recording"));
        fs::create_dir_all(&folder)
            .map_err(|error| RecordingError::io(target, "make a work folder beside it", error))?;
        Ok(Self { folder })
    }

    pub(super) fn checkpoint(&self, plan: &str) -> Option<Checkpoint> {
        let text = fs::read(self.folder.join("state.json")).ok()?;
        let checkpoint: Checkpoint = serde_json::from_slice(&text).ok()?;
        let there = |run: &String| self.folder.join(run).is_file();
        (checkpoint.plan == plan && checkpoint.runs.iter().all(there)).then_some(checkpoint)
    }

    pub(super) fn save(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let next = self.folder.join("state.next");
        let mut file = File::create(&next)?;
        file.write_all(&serde_json::to_vec(checkpoint)?)?;
        file.sync_all()?;
        fs::rename(next, self.folder.join("state.json"))
    }

    pub(super) fn clear(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.folder)?;
        fs::create_dir_all(&self.folder)
    }

    pub(super) fn remove(&self) {
        // The recording is there; a folder that cannot be removed is no reason to fail.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
