//! The schema room through its public doors.

#[path = "schema/types.rs"]
mod types;
