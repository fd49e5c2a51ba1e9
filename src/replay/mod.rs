//! Recorded history through the code: recorded event → upcast → validate → deserialize → fold → compare.

mod fold;
mod outcome;
mod progress;

pub use fold::{
    AggregateFold, FoldError, ModelFold, ProjectorFold, StreamFold, aggregate, aggregate_view, projector,
};
pub use outcome::{Counts, ReplayError, Replayed};
pub use progress::{Progress, Silent};
