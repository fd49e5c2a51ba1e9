//! What parcels and cash boxes do, one story each.
//!
//! Every scenario is a plain function, so that the harness can list it under its name.

#![allow(
    clippy::wildcard_imports,
    reason = "a story needs no page of imports before it"
)]

mod all;
pub mod boards;
pub mod cash_boxes;
pub mod followers;
pub mod invariants;
pub mod parcels;
mod samples;
pub mod stored;

pub use all::all;
