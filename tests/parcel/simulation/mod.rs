//! Three releases running for three months: the history under `tests/recordings`.
//!
//! The aggregates decide as they do today; what they decide is stored as the release of the day would have
//! stored it. Nothing here reads a clock or the machine's randomness, so the same seed gives the same bytes.

mod clock;
mod people;
mod random;
mod world;

pub use world::{DAYS, SEED, World, run};
