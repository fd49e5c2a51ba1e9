//! Recordings: lines, files, seals, damage.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod recording {
    mod cloudevents;
    pub mod common;
    mod convert;
    mod damage;
    mod file;
    mod line;
    mod lines;
    mod mask;
    mod recorder;
    mod recorder_load;
    mod since;
    mod zstd;
}
