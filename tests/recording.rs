//! Recordings: lines, files, seals, damage.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod recording {
    pub mod common;
    mod damage;
    mod file;
    mod line;
    mod lines;
    mod recorder;
    mod recorder_load;
    mod since;
    mod zstd;
}
