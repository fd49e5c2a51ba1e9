//! The schema room through its public doors.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test may fail, and says so when it is skipped"
)]

#[path = "schema/bounds.rs"]
mod bounds;
#[path = "schema/check.rs"]
mod check;
#[path = "schema/eiffel.rs"]
mod eiffel;
#[path = "schema/rules.rs"]
mod rules;
#[path = "schema/types.rs"]
mod types;
