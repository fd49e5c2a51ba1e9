//! Smoke tests and event-schema versioning for event-sourced systems.

pub mod docs;
pub mod finding;
pub mod json;
mod macros;
#[cfg(feature = "compat")]
mod mask;
pub mod model;
pub mod rules;
pub mod scenario;
pub mod schema;
pub mod upcast;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "compat")]
pub mod gate;
#[cfg(feature = "harness")]
pub mod harness;
pub mod recording;
#[cfg(feature = "compat")]
pub mod replay;
#[cfg(feature = "compat")]
pub mod report;

/// What the macros expand to; not for direct use.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "snapshots")]
    pub use crate::scenario::recorded_earlier;
    #[cfg(feature = "snapshots")]
    pub use insta;
    pub use serde_json::Value;
}
