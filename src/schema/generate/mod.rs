//! Instances of a schema: any of those it accepts, and those that miss it by one keyword.

mod choices;
mod decimal;
mod instance;
mod members;
mod near;
mod positive;
mod samples;
mod scalars;

#[cfg(feature = "proptest")]
pub(super) use choices::Choices;
#[cfg(feature = "proptest")]
pub(super) use instance::Generator;
pub use near::NearMiss;
#[cfg(feature = "proptest")]
pub(super) use near::NearMisses;
pub use samples::{sample_instances, sample_near_misses};
