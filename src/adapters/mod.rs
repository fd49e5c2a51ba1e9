//! Scenarios of what is written for another framework, or for none.
//!
//! [`decider`](decider()) makes a subject of plain functions, with a decision query over tags where there are no
//! streams. With the feature `cqrs-es`, [`cqrs_es`] runs aggregates, views and queries of that crate as they stand.
//! A type of any other framework becomes a subject by an implementation of
//! [`Subject`](crate::scenario::Subject).
//!
//! The words after `given` are the same for all of them. [`agree`] tells one story of two implementations, which have
//! to answer the same: a rewrite and what it replaces, a framework and plain functions.

mod agree;
mod decider;
mod query;

#[cfg(feature = "cqrs-es")]
pub mod cqrs_es;

pub use agree::{Disagreement, agree};
pub use decider::{Codec, Decided, Deciding, EventCodec, SerdeCodec, decider, serde_decider};
pub use query::{DecisionQuery, Tag};
