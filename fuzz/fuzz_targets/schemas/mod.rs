//! Pairs of schemas out of bytes: small ones, so that what is said in one meets what is said in the other.

mod making;
mod pairs;

pub use pairs::{Pair, pair};
