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
//! # Stages
//!
//! 1. [`given`], [`given_nothing`] or a [`Fixture`], which keeps what the scenarios of one aggregate share, start
//!    a scenario. Events are an array, a `Vec`, or a tuple of payloads of different types ([`Events`]).
//!    [`given_stored`](Fixture::given_stored) takes stored events at the versions they were written at, through
//!    the fixture's upcasters.
//! 2. [`when`](Given::when) asks. Several commands in turn are one step; a command after a check begins the next.
//! 3. Any number of checks follow. All of them are made, and everything that failed is in one report.
//!
//! A scenario ends where it is dropped, and there it panics when a check failed or when there was none. Leaving
//! out a stage is a warning of the compiler too. [`try_check`](Outcome::try_check) ends it with a `Result`
//! instead.
//!
//! # What is checked without being asked
//!
//! Every event is written as a store would hold it, read back and written again, and must not change; what the
//! aggregate folds is what was read back. Every command is decided twice on the same state, with the same answer.
//! [`Fixture::without`] leaves a check out, with a reason that the report gives.
//!
//! Events are compared as they are stored: by type, version and data. So they need neither `PartialEq` nor
//! `Debug`, and `1`, `1.0` and `"1"` are three values. What an event encodes to has to be the same each time; an
//! event that holds a `HashSet` is not.
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
//! reviewed snapshot under `snapshots/` in place of checks.

mod account;
mod align;
mod ask;
mod at;
mod capture;
mod ending;
mod events;
mod expect;
pub mod file;
mod fixture;
mod free;
mod from_json;
mod given;
mod history;
mod invariants;
mod loose;
mod outcome;
mod poll;
mod prove;
mod query;
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
pub use outcome::{Inspected, Outcome};
pub use prove::{Proof, prove_it_can_fail};
pub use record::{
    AskedRecord, GivenRecord, OutcomeRecord, Record, Shown, StepRecord, VerdictRecord, collect,
};
pub use report::Failure;
pub use roles::{Awaiting, Managing, Projecting, Reacting, ReadModel};
#[cfg(feature = "compat")]
pub use schemas::with_catalogue;
pub use subject::{Answer, Folded, Place, Subject};

#[cfg(feature = "snapshots")]
#[doc(hidden)]
pub use recorded::earlier as recorded_earlier;
