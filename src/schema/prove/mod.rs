//! Proofs and counter-examples: is there a value that satisfies one schema and not another?
//!
//! The question is asked of a pair of schemas in the common form as one of satisfiability: the values of the first
//! that are none of the second. Both become one graph of shared nodes (`build`); a goal, some nodes that hold and
//! some that fail, is split by the kind of value and by the choices in it (`branch`) until only plain constraints
//! of one kind are left, which are decided exactly: numbers by rational arithmetic, texts by automata, arrays and
//! objects by goals about their parts. A goal met again inside itself, about a part of a value, is taken for empty:
//! the smallest value that satisfied it could not contain another. That is what makes recursive schemas decidable
//! here, and it is sound because values are finite.
//!
//! The method is the witness generation of Attouche, Baazizi, Colazzo, Ghelli, Sartiani and Scherzinger ("Witness
//! generation for JSON Schema", VLDB 2022) without its normal form up front: cases are only unfolded where they are
//! still open, in the manner of a tableau. Every answer is bounded by a number of steps, so that the same question
//! has the same answer on every machine.

mod arrays;
mod branch;
mod build;
mod derivation;
mod exact;
mod holds;
mod language;
mod members;
mod node;
mod numbers;
mod objects;
mod solve;
mod spares;
#[cfg(test)]
mod steps;
mod strings;
mod tags;
mod unevaluated;

pub(super) use build::{ORIGIN, WRITTEN_INTEGER};
pub use derivation::Step;
pub(super) use solve::{Answer, Asked, decide};
