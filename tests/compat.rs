//! Compatibility on pairs of our own: `compat/<case>/` holds two schemas, what is expected, and examples.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test may fail"
)]

#[path = "compat/fixtures.rs"]
mod fixtures;
#[path = "compat/laws.rs"]
mod laws;
#[path = "compat/random.rs"]
mod random;
#[path = "second/mod.rs"]
mod second;
