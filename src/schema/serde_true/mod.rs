//! The word of Rust types on what schemas say.
//!
//! A schema says what JSON may look like; serde decides. Where the types of an event are linked in, an answer about
//! their schemas is put before them: a value that is said to be lost must be one that the old type really writes and
//! the new type really refuses, and a proof must not be contradicted by a value that the type refuses all the same.

mod agree;
mod hear;
mod judge;
mod learn;
mod word;

pub use agree::check_agreement;
pub use hear::{Heard, compare_kinds, hear};
#[cfg(feature = "harness")]
pub(crate) use word::Reads;
pub use word::Word;
