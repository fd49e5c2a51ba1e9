//! The schema room through its public doors.

#[path = "schema/eiffel.rs"]
mod eiffel;
#[path = "schema/types.rs"]
mod types;
