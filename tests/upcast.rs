//! Upcasters and their chains, through the public door.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a skip is said aloud")]

#[cfg(feature = "compat")]
#[path = "upcast/cases.rs"]
mod cases;
#[path = "upcast/chains.rs"]
mod chains;
#[cfg(all(feature = "compat", feature = "cqrs-es"))]
#[path = "upcast/cqrs.rs"]
mod cqrs;
#[cfg(feature = "compat")]
#[path = "upcast/draft.rs"]
mod draft;
/// As a draft writes it.
#[cfg(feature = "compat")]
#[allow(clippy::pedantic, reason = "a draft is for a person to finish")]
#[path = "upcast/drafted.rs"]
#[rustfmt::skip]
mod drafted;
#[cfg(feature = "compat")]
#[path = "upcast/eiffel.rs"]
mod eiffel;
#[cfg(feature = "compat")]
#[path = "upcast/format.rs"]
mod format;
#[cfg(all(feature = "cli", feature = "jq"))]
#[path = "upcast/jq.rs"]
mod jq;
#[path = "upcast/laws.rs"]
mod laws;
#[cfg(all(feature = "compat", feature = "proptest"))]
#[path = "upcast/rewrite.rs"]
mod rewrite;
#[cfg(feature = "compat")]
#[path = "upcast/verify.rs"]
mod verify;
