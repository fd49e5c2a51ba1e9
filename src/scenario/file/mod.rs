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
//! # What a file can say
//!
//! | member | line | says |
//! |---|---|---|
//! | `given` | `{"type", "version", "data"}` | an event as it was stored, at whatever version; with `"stream"` and `"tags"`, where it stands |
//! | | `{"command": …}` | the code makes this part of the history, and has to accept it |
//! | | `{"scenario": "folder/name"}` | the end of another scenario, which has to hold: events, time, ids |
//! | | `{"time": "2024-02-29T12:00:00Z"}` | what time it is for what follows |
//! | `when` | `{"command": …}`, `{"type", "version", "data"}` | a command; an event, for those that follow events |
//! | | `{"query": {"due": {"above": 500}}}` | a question to a read model, which [`Fixture::query`](crate::scenario::Fixture::query) gave a name |
//! | | `{"time": …}`, `{"passes": "PT48H"}` | time passes to a moment, or for a while |
//! | `then` | `events`, `events_unordered`, `events_containing`, `events_starting_with`, `ignoring` | what was recorded |
//! | | `outcome`, `error`, `error_variant`, `error_text` | the verdict |
//! | | `state`, `rows`, `no_rows`, `result`, `reply` | what is to be seen afterwards, and what was answered |
//! | | `effects`, `commands`, `scheduled`, `cancelled`, `holds` | what is done, sent and remembered, and invariants |
//! | `and` | a list of `when` and `then` | the steps that follow |
//!
//! `stream`, `at` and `ids` say before all this where the subject lives, what time it is, and how many ids were taken.
//!
//! # From code to a file and back
//!
//! [`Library::told_in_code`] carries out scenarios that are told in Rust and makes files of them
//! ([`ScenarioFile::of`]). A file that was made so comes to the same [`Record`](crate::scenario::Record) as the
//! scenario it was made of.
//!
//! # Values that the code makes up
//!
//! Where an expected event, error or state holds an id that the code generates, `{"$bind": "name"}` stands for any value
//! and gives it a name, and `{"$is": "name"}` after that stands for the same value, in checks and in commands. Data
//! that looks like one of these is written as `{"$literal": …}`, whose content means itself.

mod bind;
mod checks;
mod error;
mod format;
mod library;
mod lines;
mod matching;
mod of;
mod place;
mod read;
mod run;
pub(super) mod span;
mod variants;
mod walk;
mod write;

pub use bind::Template;
pub use error::FileError;
pub use format::{EventTemplate, FORMAT, OutcomeWord, ScenarioFile, ScheduledLine, Step, Then};
pub use library::{FileReader, Known, Library, Trouble};
pub use lines::{GivenEvent, GivenLine, TagValues, WhenLine};
pub(super) use of::happened;
pub use place::Spot;
pub use read::{Source, read};
pub use variants::Variants;
pub(super) use variants::variants;
pub use walk::{FOLDER, Found, file_of, find};
pub(super) use write::then_text;
pub use write::write;
