//! Given these events, when this command, then these events.

mod align;
mod events;
mod fixture;
mod given;
mod outcome;
mod recorded;
mod report;
mod story;
mod text;

pub use serde_json::json;

pub use events::{Events, StoredEvent};
pub use fixture::{Fixture, FreeCheck, given, given_nothing};
pub use given::Given;
pub use outcome::Outcome;
pub use report::Failure;

#[cfg(feature = "snapshots")]
#[doc(hidden)]
pub use recorded::earlier as recorded_earlier;
