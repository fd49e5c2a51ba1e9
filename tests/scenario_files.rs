//! Scenario files: what they may say, what is refused and how, and that nothing is lost on the way to a file and back.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

#[path = "scenario_files/format.rs"]
mod format;
#[path = "scenario_files/generate.rs"]
mod generate;
