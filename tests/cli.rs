//! The command line as a user meets it: what is typed, what comes out, how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test may fail, and says what it looked at"
)]

#[path = "cli/against.rs"]
mod against;
#[path = "cli/bad_catalogue.rs"]
mod bad_catalogue;
#[path = "cli/bad_recording.rs"]
mod bad_recording;
#[path = "cli/catalogue.rs"]
mod catalogue;
#[path = "cli/code.rs"]
mod code;
#[path = "cli/eiffel.rs"]
mod eiffel;
#[path = "cli/gate.rs"]
mod gate;
#[path = "cli/jq.rs"]
mod jq;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/record.rs"]
mod record;
#[path = "cli/recordings.rs"]
mod recordings;
#[path = "cli/scenarios.rs"]
mod scenarios;
#[path = "cli/tool.rs"]
mod tool;
#[path = "cli/upcast.rs"]
mod upcast;
#[path = "cli/usage.rs"]
mod usage;
