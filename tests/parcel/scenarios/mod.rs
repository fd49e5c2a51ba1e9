//! What parcels and cash boxes do, one story each.
//!
//! Every scenario is a plain function, so that the harness can list it under its name.

mod all;
pub mod cash_boxes;
pub mod parcels;
mod samples;
pub mod stored;

pub use all::all;
