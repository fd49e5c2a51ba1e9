//! The gate: configuration, plan of checks, verdict, exit codes.

#[cfg(feature = "cli")]
mod causes;
#[cfg(any(feature = "cli", feature = "harness"))]
pub mod config;
#[cfg(feature = "cli")]
mod counts;
#[cfg(feature = "cli")]
mod coverage;
#[cfg(feature = "cli")]
pub mod driver;
pub mod exit;
#[cfg(any(feature = "cli", feature = "harness"))]
pub mod ground;
pub mod protocol;
#[cfg(feature = "cli")]
mod run;
#[cfg(any(feature = "cli", feature = "harness"))]
pub mod upcasters;
mod verdict;
mod waiver;

#[cfg(feature = "cli")]
pub use coverage::coverage_findings;
pub use exit::Exit;
#[cfg(feature = "cli")]
pub use run::{
    GateError, GateOptions, Outcome, built_in_upcasters, executables, replay_task, run, validate_options,
};
pub use verdict::{Assessment, Check, Summary, Verdict};
pub use waiver::{Day, Waiver, apply as apply_waivers};
