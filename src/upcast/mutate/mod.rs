//! Changed copies of upcasters: would anything have been found if the upcaster were another one?

#[cfg(feature = "jq")]
mod jq;
mod operations;
mod score;

pub use score::Mutants;
