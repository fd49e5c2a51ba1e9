//! Given these events, when this command, then these events.
//!
//! A scenario tells a piece of an aggregate's life as a test: the history it had, what was asked of it, and what
//! came of that. It calls [`Aggregate::handle`](crate::model::Aggregate::handle) and
//! [`Aggregate::apply`](crate::model::Aggregate::apply) and needs no store, no runtime and no setup.
//!
//! ```
//! use pastproof::model::Aggregate;
//! use pastproof::scenario::{given, given_nothing};
//! # use schemars::JsonSchema;
//! # use serde::{Deserialize, Serialize};
//!
//! # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Opened { pub owner: String }
//! # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Deposited { pub cents: u64 }
//! # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Withdrawn { pub cents: u64 }
//! pastproof::events! {
//!     pub enum AccountEvent {
//!         Opened(Opened) = 1,
//!         Deposited(Deposited) = 1,
//!         Withdrawn(Withdrawn) = 1,
//!     }
//! }
//!
//! #[derive(Debug)]
//! pub enum Command {
//!     Open { owner: String },
//!     Deposit { cents: u64 },
//!     Withdraw { cents: u64 },
//! }
//!
//! #[derive(Debug, PartialEq)]
//! pub enum Refusal {
//!     NotOpen,
//!     TooLittle { missing: u64 },
//! }
//!
//! #[derive(Default, Serialize)]
//! pub struct Account {
//!     owner: Option<String>,
//!     cents: u64,
//! }
//!
//! impl Aggregate for Account {
//!     type Command = Command;
//!     type Event = AccountEvent;
//!     type Error = Refusal;
//!
//!     fn handle(&self, command: &Command) -> Result<Vec<AccountEvent>, Refusal> {
//!         match command {
//!             Command::Open { owner } => Ok(vec![Opened { owner: owner.clone() }.into()]),
//!             _ if self.owner.is_none() => Err(Refusal::NotOpen),
//!             Command::Deposit { cents: 0 } => Ok(vec![]),
//!             Command::Deposit { cents } => Ok(vec![Deposited { cents: *cents }.into()]),
//!             Command::Withdraw { cents } => match cents.checked_sub(self.cents) {
//!                 None | Some(0) => Ok(vec![Withdrawn { cents: *cents }.into()]),
//!                 Some(missing) => Err(Refusal::TooLittle { missing }),
//!             },
//!         }
//!     }
//!
//!     fn apply(&mut self, event: &AccountEvent) {
//!         match event {
//!             AccountEvent::Opened(Opened { owner }) => self.owner = Some(owner.clone()),
//!             AccountEvent::Deposited(Deposited { cents }) => self.cents += cents,
//!             AccountEvent::Withdrawn(Withdrawn { cents }) => self.cents -= cents,
//!         }
//!     }
//! }
//!
//! let opened = || Opened { owner: "ann".to_owned() };
//!
//! // Events: exactly these, in this order, every member the same.
//! given::<Account>((opened(), Deposited { cents: 500 }))
//!     .when(Command::Withdraw { cents: 200 })
//!     .then([Withdrawn { cents: 200 }])
//!     .then_state_that("there is money left", |account| account.cents == 300);
//!
//! // Rejected: the aggregate refuses.
//! given::<Account>([opened()])
//!     .when(Command::Withdraw { cents: 200 })
//!     .then_error(Refusal::TooLittle { missing: 200 });
//!
//! // Accepted without events: the aggregate agrees, and there is nothing to record.
//! given::<Account>([opened()])
//!     .when(Command::Deposit { cents: 0 })
//!     .then_nothing();
//!
//! given_nothing::<Account>()
//!     .when(Command::Deposit { cents: 1 })
//!     .then_error(Refusal::NotOpen);
//! ```
//!
//! # Rejected is not the same as nothing
//!
//! A command that is *rejected* tells its caller no: [`then_error`](Outcome::then_error). One that is *accepted
//! without events* tells its caller yes and changes nothing, as when it is repeated:
//! [`then_nothing`](Outcome::then_nothing). A test that takes one for the other passes when the system is wrong,
//! so neither check is met by the other outcome, and a rejection that no check mentions fails the scenario.
//!
//! A third answer is *ignored*: the command is none of the aggregate's business, or was carried out already. A
//! [`Decider`](crate::model::Decider) says so, and [`then_ignored`](Outcome::then_ignored) is met by nothing else.
//!
//! # Stages
//!
//! 1. [`given`], [`given_nothing`] or a [`Fixture`], which keeps what the scenarios of one subject share, start
//!    a scenario. Events are an array, a `Vec`, or a tuple of payloads of different types ([`Events`]).
//!    [`given_stored`](Fixture::given_stored) takes stored events at the versions they were written at, through
//!    the fixture's upcasters; [`given_commands`](Fixture::given_commands) lets the code make a history of its own;
//!    [`given_in`](Given::given_in) and [`given_tagged`](Given::given_tagged) say where events stand; an [`Ending`]
//!    is the end of another scenario, where any number of others begin.
//! 2. [`when`](Given::when) asks. Several commands in turn are one step; a command after a check begins the next.
//!    [`when_time_passes`](Given::when_time_passes) and [`when_time_is`](Given::when_time_is) let timeouts become due,
//!    [`when_query`](Given::when_query) asks a read model, [`when_nothing`](Given::when_nothing) asks nobody, and
//!    [`when_async`](Given::when_async) waits for an answer, on whatever runs the test.
//! 3. Any number of checks follow. All of them are made, and everything that failed is in one report.
//!
//! A scenario ends where it is dropped, and there it panics when a check failed or when there was none. Leaving
//! out a stage is a warning of the compiler too. [`try_check`](Outcome::try_check) ends it with a `Result`
//! instead.
//!
//! # One set of words
//!
//! | told of | `when` takes | the checks beside events, errors and state |
//! |---|---|---|
//! | an [`Aggregate`](crate::model::Aggregate) | a command | |
//! | a [`Decider`](crate::model::Decider) | a command | `then_reply`, `then_effects` |
//! | [`Awaiting`] an [`AsyncAggregate`](crate::model::AsyncAggregate) | a command | |
//! | [`Projecting`] a [`Projector`](crate::model::Projector) | an event, a query | `then_rows`, `then_row`, `then_no_row`, `then_result` |
//! | [`Reacting`] of a [`Reactor`](crate::model::Reactor) | an event | `then_effects` |
//! | [`Managing`] by a [`ProcessManager`](crate::model::ProcessManager) | an event, time | `then_commands`, `then_scheduled`, `then_cancelled`, `then_effects` |
//!
//! Anything else becomes a [`Subject`] by an implementation of that trait.
//!
//! What comes beside that which a check looks at has to be looked at as well: where events are expected and a command
//! is sent too, the scenario fails and names the check that is missing. A check of the state or of a reply alone
//! leaves the rest open.
//!
//! # Exact, and looser by name
//!
//! [`then`](Outcome::then) is exact: number, order, every member. [`then_unordered`](Outcome::then_unordered),
//! [`then_in_groups`](Outcome::then_in_groups), [`then_containing`](Outcome::then_containing), [`then_starting_with`](Outcome::then_starting_with),
//! [`then_ignoring`](Outcome::then_ignoring) and [`then_events_that`](Outcome::then_events_that) say in their name what
//! they leave open, and the report says it again. A value that the code made, such as an id, is bound once with
//! [`capture`](Outcome::capture) and used in what follows. [`prove_it_can_fail`] changes what happens, and demands that
//! the scenario notices.
//!
//! # What is checked without being asked
//!
//! | [`FreeCheck`] | demanded of every scenario | demanded where the fixture says so |
//! |---|---|---|
//! | `RoundTrip` | each event, given or recorded, is written, read back and written again without a loss, and is equal where it has `PartialEq` | |
//! | `DecideTwice` | the same command on the same state, with the same time and ids, is answered in the same way | |
//! | `CommandRepeated`, `EventDeliveredTwice` | what comes once more does not panic | nothing comes of it, and the state stays: [`Fixture::idempotent`] |
//! | `Replay` | the state is the one that a fold of all events comes to | |
//! | `Snapshot` | | a state that is saved and read back goes on to the same end: [`Fixture::snapshots`] |
//! | `Schema` | in a harness, what the catalogue has is as it says | every type and version is in it: `Fixture::catalogue` |
//! | `UnusedGivens` | given events are of the subject's stream, and selected by its query | each makes a difference to the state: [`Fixture::strict_givens`] |
//!
//! A second deposit is rightly a second deposit, a type that does not read its state back cannot be asked to, and an
//! event without a difference may stand there for the reader: so these three are demanded only where the fixture says
//! so. [`Fixture::without`] leaves a check out, with a reason that the report gives.
//!
//! What the aggregate folds is what was read back. Events are compared as they are stored: by type, version and data.
//! So they need neither `PartialEq` nor `Debug`, and `1`, `1.0` and `"1"` are three values. What an event encodes to
//! has to be the same each time; an event that holds a `HashSet` is not. Commands, errors, replies and effects are shown
//! as `Debug` has them; [`Fixture::as_json`] shows differences by pointer, and [`Fixture::opaque`] asks for nothing.
//!
//! # What it costs
//!
//! A scenario that passes compares and stores events as text, and makes values, differences and reports only where
//! something is not the same at a glance. `benches/scenarios.sh` tells simple scenarios (two events, a command, an event)
//! beside the test framework of `cqrs-es`, which starts a runtime for each: with no free check they take 0.6 of its
//! time, with all of them 1.8, and 2.3 under its own names ([`adapters::cqrs_es`](crate::adapters)) with those that a command
//! can bear that is asked once. These are medians of ratios of CPU time, of nine rounds in one process, three times
//! over; one scenario was 0.8 and 2.4 µs on the machine that was there.
//!
//! # A scenario is a value
//!
//! [`collect`] returns a [`Record`] of each scenario that a function carries out: what was given, asked and answered.
//! [`coverage`] counts what records show of what the code has.
//!
//! # The report
//!
//! ```text
//! scenario failed: the events differ
//! at tests/account.rs:31:6
//!
//! given
//!   1. Opened v1 {"owner":"ann"}
//!      state {"cents":0,"owner":"ann"}
//!   2. Deposited v1 {"cents":500}
//!      state {"cents":500,"owner":"ann"}
//!
//! when
//!   Withdraw { cents: 200 }
//!   accepted with 1 event
//!   1. Withdrawn v1 {"cents":200}
//!      state {"cents":300,"owner":"ann"}
//!
//! then (tests/account.rs:31:6) failed: the events differ
//!   wrong data    1. Withdrawn v1
//!                    /cents: expected 20, got 200
//!
//! what happened, as a check
//!   .then_stored([
//!     ("Withdrawn", 1, json!({"cents":200})),
//!   ])
//! ```
//!
//! The last lines can be pasted over the check that failed, if what happened is right; `json!` is
//! [`pastproof::scenario::json`](json).
//!
//! # Recorded scenarios
//!
//! With the feature `snapshots`, `pastproof::recorded!(scenario, "name")` compares the whole scenario with a
//! reviewed snapshot under `snapshots/` in place of checks. Events keep the version at which they were recorded, and are
//! read through the upcasters ever after. [`orphans`] finds recordings that nobody makes any more.

mod account;
mod align;
mod ask;
mod at;
mod capture;
pub mod coverage;
mod ending;
mod events;
mod expect;
pub mod file;
mod fixture;
mod forms;
mod free;
mod from_json;
mod given;
mod history;
mod invariants;
mod loose;
mod orphans;
mod outcome;
mod poll;
mod prove;
mod query;
mod quick;
mod record;
mod recorded;
mod report;
mod roles;
mod schemas;
#[cfg(feature = "proptest")]
pub mod search;
mod story;
mod subject;
mod suggest;
mod text;
mod values;
mod views;

/// Makes a [`Value`](serde_json::Value) of what is written like JSON, as stored events take it.
pub use serde_json::json;

pub use capture::Captured;
pub use ending::Ending;
pub use events::{Events, StoredEvent};
pub use fixture::{Fixture, FreeCheck, given, given_nothing};
pub use from_json::from_json;
pub use given::Given;
pub use invariants::Invariants;
pub use orphans::orphans;
pub use outcome::{Inspected, Outcome};
pub use prove::{Proof, prove_it_can_fail};
pub use record::{
    AskedRecord, Came, GivenRecord, OutcomeRecord, Record, Shown, StepRecord, VerdictRecord, collect,
};
pub use report::Failure;
pub use roles::{Awaiting, Managing, Projecting, Reacting, ReadModel};
#[cfg(feature = "compat")]
pub use schemas::with_catalogue;
pub use subject::{Answer, Folded, Place, Subject};
#[cfg(feature = "compat")]
pub(crate) use text::spread as json_lines;

#[cfg(feature = "snapshots")]
#[doc(hidden)]
pub use recorded::earlier as recorded_earlier;
