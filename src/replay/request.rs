//! What a replay is asked for.

use std::collections::BTreeSet;
use std::path::Path;

use super::{AggregateFold, ProjectorFold, ReplayError};
use crate::model::Version;
use crate::schema::Validators;
use crate::upcast::Chains;

/// What a replay is asked for: which recording, through which code, compared with what.
pub struct ReplayRequest<'a> {
    /// The recording.
    pub recording: &'a Path,
    /// The schemas that stored and upcast events are held against.
    pub validators: &'a Validators,
    /// The ways from stored versions to those the code reads.
    pub chains: &'a Chains,
    /// The code that folds streams, one for each category.
    pub aggregates: &'a [Box<dyn AggregateFold>],
    /// The code that makes read models.
    pub projectors: &'a [Box<dyn ProjectorFold>],
    /// The baseline to compare with. Without one a replay finds errors and no differences.
    pub baseline: Option<&'a Path>,
    /// Makes a baseline of this replay, for [`Replayed::save_baseline`](super::Replayed::save_baseline).
    pub collect_baseline: bool,
    /// The version of an event that says none; what the manifest says, or 1, unless given here.
    pub default_version: Option<Version>,
    /// Streams that no user code is shown, for a driver that knows they take the process down.
    pub skip_streams: BTreeSet<String>,
    /// Findings listed for each rule; the rest is counted. 100 unless said otherwise.
    pub listed: usize,
    /// Shows production values in findings. They are masked unless asked for.
    pub show_values: bool,
}

impl<'a> ReplayRequest<'a> {
    /// A replay of `recording` that validates and upcasts, with no code to fold it and no baseline.
    pub fn new(recording: &'a Path, validators: &'a Validators, chains: &'a Chains) -> Self {
        Self {
            recording,
            validators,
            chains,
            aggregates: &[],
            projectors: &[],
            baseline: None,
            collect_baseline: false,
            default_version: None,
            skip_streams: BTreeSet::new(),
            listed: 100,
            show_values: false,
        }
    }

    /// Refuses a request that contradicts itself.
    pub(super) fn check(&self) -> Result<(), ReplayError> {
        let mut categories = BTreeSet::new();
        for aggregate in self.aggregates {
            if !categories.insert(aggregate.category()) {
                return Err(ReplayError::request(format!(
                    "two aggregates are registered for category `{}`",
                    aggregate.category()
                )));
            }
        }
        let mut names = BTreeSet::new();
        for projector in self.projectors {
            if !names.insert(projector.name()) {
                return Err(ReplayError::request(format!(
                    "two projectors are registered for the read model `{}`",
                    projector.name()
                )));
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for ReplayRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let aggregates: Vec<_> = self.aggregates.iter().map(|fold| fold.category()).collect();
        let projectors: Vec<_> = self.projectors.iter().map(|fold| fold.name()).collect();
        f.debug_struct("ReplayRequest")
            .field("recording", &self.recording)
            .field("aggregates", &aggregates)
            .field("projectors", &projectors)
            .field("baseline", &self.baseline)
            .field("skip_streams", &self.skip_streams)
            .finish_non_exhaustive()
    }
}
