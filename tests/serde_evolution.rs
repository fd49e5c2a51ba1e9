//! How Rust types change, and what serde makes of it: the whole table, each answer held against serde itself.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    dead_code,
    reason = "a test may fail; the types are read and written by serde alone"
)]

#[path = "serde_evolution/agreement.rs"]
mod agreement;
#[path = "serde_evolution/catalogue.rs"]
mod catalogue;
mod second;
#[path = "serde_evolution/shapes.rs"]
mod shapes;
#[path = "serde_evolution/table.rs"]
mod table;
#[path = "serde_evolution/types.rs"]
mod types;

/// Whether serde reads floats inside tagged types: not where the dependency graph turns on `serde_json`'s
/// `arbitrary_precision`.
fn floats_are_read_everywhere() -> bool {
    let data = r#"{"type":"Data","id":"","count":0.5}"#;
    serde_json::from_str::<types::to_float::new::Internal>(data).is_ok()
}
