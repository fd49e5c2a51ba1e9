//! Scenario files: the scenario kit's words as strict JSON, one scenario a file.
//!
//! ```json
//! {
//!   "format": "1.0",
//!   "subject": "account",
//!   "given": [
//!     {"type": "Opened", "version": 1, "data": {"owner": "ann"}}
//!   ],
//!   "when": [
//!     {"command": {"Deposit": {"cents": 500}}}
//!   ],
//!   "then": {
//!     "events": [
//!       {"type": "Deposited", "version": 1, "data": {"cents": 500}}
//!     ]
//!   }
//! }
//! ```
//!
//! A file means what the same scenario means in code: events exactly, in order, every member; a check that is
//! looser has a name that says so; a file without a check is refused. Events keep the version they were written
//! at and are read through the upcasters. What is unknown, misspelt or superfluous is an error with file, line and
//! JSON pointer, so that a file never passes because a word of it was overlooked.
//!
//! # Values that the code makes up
//!
//! Where an expected event, error or state holds an id that the code generates, `{"$bind": "name"}` stands for any value
//! and gives it a name, and `{"$is": "name"}` after that stands for the same value, in checks and in commands. Data
//! that looks like one of these is written as `{"$literal": …}`, whose content means itself.

mod bind;
mod error;
mod format;
mod library;
mod place;
mod read;
mod run;
mod variants;
mod walk;
mod write;

pub use bind::Template;
pub use error::FileError;
pub use format::{
    EventTemplate, FORMAT, GivenLine, OutcomeWord, ScenarioFile, ScheduledLine, Step, Then, WhenLine,
};
pub use library::{FileReader, Known, Library, Trouble};
pub use place::Spot;
pub use read::{Source, read};
pub(super) use run::happened;
pub use variants::Variants;
pub use walk::{FOLDER, Found, file_of, find};
pub(super) use write::then_text;
pub use write::write;
