//! What may be typed after `inspect` and `minimise`, which look at one stream.

use std::path::PathBuf;

use clap::Args;

/// `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The recording.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The stream.
    #[arg(value_name = "STREAM")]
    pub stream: String,
    /// Only the event at this revision, with the whole state before and after.
    #[arg(long, value_name = "REVISION")]
    pub at: Option<u64>,
    /// Compare the state with the one in this baseline.
    #[arg(long, value_name = "BASELINE")]
    pub diff: Option<PathBuf>,
    /// Newest event first.
    #[arg(long)]
    pub reverse: bool,
    /// A harness that is already built, in place of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub harness: Option<PathBuf>,
}

/// `minimise`.
#[derive(Debug, Args)]
pub struct MinimiseArgs {
    /// The recording.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The stream.
    #[arg(value_name = "STREAM")]
    pub stream: String,
    /// Where the smallest history goes, as a recording: NAME.ndjson or NAME.ndjson.zst.
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Where the scenario goes, as a Rust function; a file that is there is not written over.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// A harness that is already built, in place of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub harness: Option<PathBuf>,
}
