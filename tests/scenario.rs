//! The scenario kit, through its public door: what passes, what fails, and how a failure reads.

#[path = "scenario/account.rs"]
mod account;
#[path = "scenario/coverage.rs"]
mod coverage;
#[path = "scenario/fails.rs"]
mod fails;
#[path = "scenario/false_passes.rs"]
mod false_passes;
#[path = "scenario/free.rs"]
mod free;
#[path = "scenario/laws.rs"]
mod laws;
#[path = "scenario/misuse.rs"]
mod misuse;
#[path = "scenario/odd.rs"]
mod odd;
#[path = "scenario/passes.rs"]
mod passes;
#[path = "scenario/recorded.rs"]
mod recorded;
#[path = "scenario/reports.rs"]
mod reports;
#[path = "scenario/roles.rs"]
mod roles;
#[path = "scenario/shop.rs"]
mod shop;
#[path = "scenario/words.rs"]
mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};

use pastproof::scenario::{Outcome, Subject};

/// The report of a scenario that must fail.
#[track_caller]
fn report<S: Subject>(scenario: Outcome<S>) -> String {
    match scenario.try_check() {
        Ok(()) => panic!("this scenario must fail, and it passed"),
        Err(failure) => failure.to_string(),
    }
}

#[track_caller]
fn says(report: &str, what: &str) {
    assert!(
        report.contains(what),
        "the report does not say {what:?}:\n{report}"
    );
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
