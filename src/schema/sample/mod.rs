//! Values that satisfy one schema and look for the edges of another.
//!
//! A directed builder, no fuzzer: the smallest value first, then one thing changed at a time. Each optional member
//! there and not there, each enum member, each branch, both sides of every bound that either schema has, a member
//! nobody declares. The same schemas give the same values in the same order.

mod arrays;
mod objects;
mod place;
mod scalars;
mod ways;

pub(super) use place::{Effort, values};
