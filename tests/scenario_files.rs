//! Scenario files: what they may say, what is refused and how, what they mean, and what a search writes as one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

#[path = "scenario_files/format.rs"]
mod format;
#[path = "scenario_files/generate.rs"]
mod generate;
#[path = "scenario_files/identity.rs"]
mod identity;
#[path = "scenario/shop.rs"]
#[allow(dead_code, reason = "another test uses the rest")]
mod order;
mod parcel;
#[path = "scenario_files/run.rs"]
mod run;
#[path = "scenario_files/search.rs"]
mod search;
#[path = "scenario_files/shop.rs"]
mod shop;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Compares a report with the one that was reviewed.
#[track_caller]
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// What `run` says when it panics, which it must.
#[track_caller]
fn panic_of<T>(run: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(run)) else {
        panic!("this must panic, and it did not")
    };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic
            .downcast::<&str>()
            .map_or_else(|_| "no text".to_owned(), |text| (*text).to_owned()),
    }
}
