//! Recordings: what a store held, one event a line, sealed by a manifest.
//!
//! A recording is a text file with one recorded event a line ([`parse_line`], [`write_line`]), plain or in
//! independent zstd frames. Beside it lies a manifest with counts, streams, frames and their digests.

mod line;
mod parse;
pub mod recorder;

#[cfg(feature = "compat")]
mod error;
#[cfg(feature = "compat")]
mod export;
#[cfg(feature = "compat")]
mod frames;
#[cfg(feature = "compat")]
mod lines;
#[cfg(feature = "compat")]
mod manifest;
#[cfg(feature = "compat")]
mod options;
#[cfg(feature = "compat")]
mod reader;
#[cfg(feature = "compat")]
mod record;
#[cfg(feature = "compat")]
mod seek;
#[cfg(feature = "compat")]
mod since;
#[cfg(feature = "compat")]
mod source;
#[cfg(feature = "compat")]
mod spool;
#[cfg(feature = "compat")]
mod tally;
#[cfg(feature = "compat")]
mod verify;
#[cfg(feature = "compat")]
mod work;
#[cfg(feature = "compat")]
mod writer;

pub use line::{Decided, Decision, Line, LineError, Outcome, write_decision, write_line};
pub use parse::parse_line;

#[cfg(feature = "compat")]
pub use error::RecordingError;
#[cfg(feature = "compat")]
pub use export::{Exported, export_cloudevents};
#[cfg(feature = "compat")]
pub(crate) use frames::{from_read, open};
#[cfg(feature = "compat")]
pub use lines::{Block, LINE_LIMIT, Lines, LinesOptions, Piece};
#[cfg(feature = "compat")]
pub use manifest::{FORMAT, Frame, Gap, Manifest, Masking, Order, Source, StreamRange, manifest_path};
#[cfg(feature = "compat")]
pub use options::{RecordOptions, Recorded, SourceForm};
#[cfg(feature = "compat")]
pub(crate) use parse::{Envelope, EnvelopePayload, WrittenVersion};
#[cfg(feature = "compat")]
pub(crate) use reader::too_long;
#[cfg(feature = "compat")]
pub use reader::{Problem, Reader};
#[cfg(feature = "compat")]
pub(crate) use record::{Transform, record_with};
#[cfg(feature = "compat")]
pub use record::{record, record_read};
#[cfg(feature = "compat")]
pub use seek::{Seeker, read_stream};
#[cfg(feature = "compat")]
pub use source::{
    EventPointers, MaskForm, MaskKey, MaskPart, MaskPolicy, MaskRule, Number, Sample, Selection,
    from_cloudevent, to_cloudevent,
};
#[cfg(feature = "compat")]
pub use verify::{Verification, verify};
#[cfg(feature = "compat")]
pub use writer::{Writer, WriterOptions};
