//! Findings and summaries as people and programs read them.
//!
//! Every reporter is fed the same findings, in the same order, and computes nothing.

mod census;
mod comparison;
mod human;
mod json;
mod schema;
mod text;

pub use census::census;
pub use comparison::{Compared, compared, direction};
pub use human::{Look, finding, gate_summary, headline};
pub use json::{json_line, json_object};
pub use schema::{check_summary, contract_name, deployment, matrices, since};
pub(crate) use text::{below, count};
