//! Recorded history through the code: data in, findings out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

#[path = "replay/baseline.rs"]
mod baseline;
#[path = "replay/bed.rs"]
mod bed;
#[path = "replay/domain.rs"]
mod domain;
#[path = "replay/events.rs"]
mod events;
#[path = "replay/inspect.rs"]
mod inspect;
#[path = "replay/laws.rs"]
mod laws;
#[path = "replay/minimise.rs"]
mod minimise;
#[path = "replay/paths.rs"]
mod paths;
#[path = "replay/streams.rs"]
mod streams;
