//! Recorded history through the code: recorded event → upcast → validate → deserialize → fold → compare.

mod baseline;
mod collect;
mod compare;
mod fold;
mod models;
mod outcome;
mod pipeline;
mod progress;
mod request;
mod run;
mod sample;
mod streams;
mod validate;

use crate::mask;

pub use baseline::{Baseline, BaselineError};
pub use fold::{
    AggregateFold, FoldError, ModelFold, ProjectorFold, StreamFold, aggregate, aggregate_view, projector,
};
pub use outcome::{Counts, ReplayError, Replayed};
pub use progress::{Progress, Silent};
pub use request::ReplayRequest;
pub use run::{replay, run};
pub use validate::{Pointers, ValidateOptions, Validated, validate, validate_read};
