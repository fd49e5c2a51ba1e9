//! Decisions of a running system, written down as they are made.
//!
//! A [`Recorder`] stands beside the live command handler. It turns each command and what came of it into one line of a
//! recording (a [`Decision`](super::Decision)) and puts the line into a bounded queue; a [`Writer`], which the caller
//! runs on a thread of its own, takes lines out and writes them. Later code can then be asked the same commands on the
//! same history.
//!
//! ```
//! use pastproof::recording::recorder::{Options, Recorder};
//! use pastproof::recording::{Line, Outcome, Reader};
//! # use pastproof::model::Aggregate;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)] pub struct Opened { pub owner: String }
//! # pastproof::events! { pub enum AccountEvent { Opened(Opened) = 1 } }
//! # #[derive(Default)] pub struct Account { open: bool }
//! #[derive(Serialize)]
//! pub enum Command {
//!     Open { owner: String },
//! }
//! #[derive(Debug, Serialize)]
//! pub enum Refusal {
//!     AlreadyOpen,
//! }
//! # impl Aggregate for Account {
//! #     type Command = Command;
//! #     type Event = AccountEvent;
//! #     type Error = Refusal;
//! #     fn handle(&self, command: &Command) -> Result<Vec<AccountEvent>, Refusal> {
//! #         let Command::Open { owner } = command;
//! #         if self.open { return Err(Refusal::AlreadyOpen) }
//! #         Ok(vec![Opened { owner: owner.clone() }.into()])
//! #     }
//! #     fn apply(&mut self, _: &AccountEvent) { self.open = true }
//! # }
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("decisions.ndjson");
//! let (recorder, writer) = Recorder::new(Options::default());
//! let file = pastproof::recording::recorder::append_to(&path)?;
//! let thread = std::thread::spawn(move || writer.run(file));
//!
//! // In the command handler, with the state that was loaded and the revision it was loaded at:
//! let account = Account::default();
//! let command = Command::Open { owner: "ann".to_owned() };
//! let decided = recorder.record("account-7", None, &command, || account.handle(&command));
//! assert_eq!(decided.unwrap().len(), 1);
//!
//! // When the service stops:
//! recorder.close();
//! let counts = thread.join().unwrap();
//! assert_eq!((counts.written, counts.dropped), (1, 0));
//!
//! let text = std::fs::read_to_string(&path)?;
//! assert_eq!(text, concat!(
//!     r#"{"kind":"decision","s":"account-7","cmd":{"t":"Open","d":{"owner":"ann"}},"#,
//!     r#""outcome":{"events":[{"t":"Opened","v":1,"d":{"owner":"ann"}}]}}"#, "\n",
//! ));
//! # #[cfg(feature = "compat")]
//! for line in Reader::open(&path)? {
//!     let (_, Line::Decision(decision)) = line.unwrap() else { continue };
//!     assert!(matches!(decision.outcome, Outcome::Events(events) if events.len() == 1));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the wrapped call can rely on
//!
//! * **It is never failed.** What it returns is returned. A command, event or error whose `Serialize` fails or panics
//!   costs its line, which is counted as [`Counts::unwritable`]. A handler that panics, or whose future is dropped,
//!   goes on doing so, and is counted as [`Counts::unanswered`].
//! * **It is never kept waiting.** Nothing on its way locks or waits for the writer, the disk or another caller.
//! * **When the queue is full, the new line is dropped and counted.** Both the number of lines and their bytes are
//!   bounded. The count is in [`Recorder::counts`], for a metric, and in the file: the next line that is written has a
//!   member `dropped` with the number of decisions that are missing before it.
//! * **It pays for writing JSON and for one allocation.** No clock is read and no thread is woken: the writer looks
//!   for lines on its own, every [`Options::pause`].
//!
//! # What the file can rely on
//!
//! Lines are handed to the file whole and in batches, in the order in which their calls ended. A process that is
//! killed loses what was not handed over, at most one pause and one batch, and may leave a last line cut off, which a
//! reader reports with its place. [`append_to`] goes on with such a file on a line of its own. When the file refuses
//! a batch, its lines are counted as [`Counts::failed`] and as `dropped` on the line after them, and the writer goes
//! on.
//!
//! Commands are written as they are. Where they hold what must not leave production, give the writer a file that may
//! not leave it either, or record values that are masked already.

mod asked;
mod command;
mod queue;
mod writer;

pub use asked::Asked;
pub use queue::{Counts, Options, Recorder};
pub use writer::{Writer, append_to};
