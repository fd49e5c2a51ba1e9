//! Smoke tests and event-schema versioning for event-sourced systems.
//!
//! An event-sourced system stores facts and never deletes them; its state is a replay of all of them. So every
//! release has to agree with the whole of history. This crate asks before the release whether it does, in three
//! places: under `cargo test`, as a gate in CI, and on a pull request that changes a schema.
//!
//! # Where to start
//!
//! | you want to | start with |
//! |---|---|
//! | test an aggregate: given events, when a command, then events | [`scenario`] |
//! | describe events, aggregates, projectors | [`model`] and [`events!`] |
//! | know what a change of a schema does to stored events | `schema::compare`, `pastproof schema compare` |
//! | keep every version of every event type | `schema::Catalogue`, `pastproof schema accept` |
//! | read old events with new code | [`upcast`] |
//! | keep a piece of production and replay it | [`recording`], `replay` |
//! | all of it, with one verdict | `pastproof gate`, and `harness::Suite` to hand it your code |
//!
//! # An example
//!
//! A scenario needs no store, no runtime and no setup. It panics when it does not hold, and tells the whole story.
//!
//! ```
//! use pastproof::model::Aggregate;
//! use pastproof::scenario::{given, given_nothing};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
//! pub struct Reserved { pub seats: u32 }
//!
//! pastproof::events! {
//!     #[derive(Clone, Debug, PartialEq)]
//!     pub enum HallEvent { Reserved(Reserved) = 1 }
//! }
//!
//! #[derive(Debug)]
//! pub struct Reserve { pub seats: u32 }
//!
//! #[derive(Debug, PartialEq)]
//! pub enum Refusal { SoldOut }
//!
//! #[derive(Default, Serialize)]
//! pub struct Hall { taken: u32 }
//!
//! impl Aggregate for Hall {
//!     type Command = Reserve;
//!     type Event = HallEvent;
//!     type Error = Refusal;
//!
//!     fn handle(&self, command: &Reserve) -> Result<Vec<HallEvent>, Refusal> {
//!         if self.taken + command.seats > 100 {
//!             return Err(Refusal::SoldOut);
//!         }
//!         Ok(vec![Reserved { seats: command.seats }.into()])
//!     }
//!
//!     fn apply(&mut self, event: &HallEvent) {
//!         let HallEvent::Reserved(reserved) = event;
//!         self.taken += reserved.seats;
//!     }
//! }
//!
//! given_nothing::<Hall>().when(Reserve { seats: 4 }).then([Reserved { seats: 4 }]);
//! given::<Hall>([Reserved { seats: 98 }]).when(Reserve { seats: 4 }).then_error(Refusal::SoldOut);
//! ```
//!
//! # What an answer is worth
//!
//! - Nothing passes because nothing was looked at: a scenario without a check, a recording without events and an
//!   upcaster without an example are said aloud.
//! - A comparison of schemas is `compatible` with a proof, `breaking` with an event that the validator accepts on one
//!   side and refuses on the other, or `unproven` with the reason. It is never a guess.
//! - An upcaster counts once it has been tried or proved, not because it exists.
//! - The same inputs print the same bytes, whatever the number of threads and whatever features of `serde_json` are
//!   turned on elsewhere.
//! - Recorded values are masked in reports unless they are asked for.
//!
//! # Features
//!
//! The default is what the command needs; a dev-dependency takes less. [`docs::features`] has the weights.
//!
//! # What it does not do
//!
//! It is no event store, no schema registry and no framework. It reads exports of a store, folders of schema files and
//! your own types, and leaves all of them as they are.

pub mod adapters;
pub mod docs;
pub mod finding;
pub mod json;
mod macros;
#[cfg(feature = "compat")]
mod mask;
pub mod model;
pub mod rules;
pub mod scenario;
pub mod schema;
pub mod upcast;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "compat")]
pub mod gate;
#[cfg(feature = "harness")]
pub mod harness;
pub mod recording;
#[cfg(feature = "compat")]
pub mod replay;
#[cfg(feature = "compat")]
pub mod report;

/// What the macros expand to; not for direct use.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "snapshots")]
    pub use crate::scenario::recorded_earlier;
    #[cfg(feature = "snapshots")]
    pub use insta;
    pub use serde_json::Value;

    /// A payload that may have `PartialEq`: a method of this name is found on the first of the two traits that has it.
    pub struct Compared<'a, T>(pub &'a T);

    pub trait ByPartialEq<T> {
        fn compared(&self, other: &T) -> Option<bool>;
    }

    impl<T: PartialEq> ByPartialEq<T> for Compared<'_, T> {
        fn compared(&self, other: &T) -> Option<bool> {
            Some(self.0 == other)
        }
    }

    pub trait ByNothing<T> {
        fn compared(&self, other: &T) -> Option<bool>;
    }

    impl<T> ByNothing<T> for &Compared<'_, T> {
        fn compared(&self, _: &T) -> Option<bool> {
            None
        }
    }
}
