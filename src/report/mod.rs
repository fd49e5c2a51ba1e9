//! Findings and summaries as people and programs read them.
//!
//! Every reporter is fed the same findings, in the same order, and computes nothing.

mod census;
mod comparison;
mod coverage;
mod human;
mod json;
pub mod living;
mod schema;
mod text;

pub use census::census;
pub use comparison::{Compared, compared, direction};
pub use coverage::coverage;
pub use human::{Look, finding, gate_summary, headline};
pub use json::{json_line, json_object};
pub use schema::{check_summary, contract_name, deployment, matrices, since};
#[cfg(any(feature = "cli", feature = "harness"))]
pub(crate) use text::below;
pub(crate) use text::count;
