//! The schema room through its public doors.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

#[path = "schema/bounds.rs"]
mod bounds;
#[path = "schema/eiffel.rs"]
mod eiffel;
#[path = "schema/types.rs"]
mod types;
