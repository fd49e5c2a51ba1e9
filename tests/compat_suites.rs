//! Compatibility held against public pairs of schemas: how many are right, wrong and open, and how long they take.
//!
//! `cargo test --release --test compat_suites -- --nocapture` prints the tables.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test may fail, and prints what it measured"
)]

#[path = "compat_suites/boxes.rs"]
mod boxes;
#[path = "compat_suites/eiffel.rs"]
mod eiffel;
#[path = "compat_suites/engine.rs"]
mod engine;
#[path = "compat_suites/measure.rs"]
mod measure;
#[path = "compat_suites/pairs.rs"]
mod pairs;
#[path = "compat_suites/random.rs"]
mod random;
#[path = "compat_suites/second.rs"]
mod second;
#[path = "compat_suites/signed.rs"]
mod signed;
