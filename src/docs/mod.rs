//! Long guides. They are Markdown files, included here so that their code is compiled by `cargo test`.

#[doc = include_str!("architecture.md")]
pub mod architecture {}

#[doc = include_str!("changelog.md")]
pub mod changelog {}

#[doc = include_str!("features.md")]
pub mod features {}

#[cfg(feature = "compat")]
#[doc = include_str!("upcasters.md")]
pub mod upcasters {}

#[cfg(feature = "compat")]
#[doc = include_str!("recordings.md")]
pub mod recordings {}

#[cfg(feature = "harness")]
#[doc = include_str!("types-and-schemas.md")]
pub mod types_and_schemas {}

#[doc = include_str!("scenario-coverage.md")]
pub mod scenario_coverage {}
