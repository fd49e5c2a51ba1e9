//! Recorded history through the code: validate → upcast → validate → deserialize → fold → compare.
//!
//! A replay answers two questions about a release: does it still take every event that production recorded, and
//! does it make of them what the release before it made. The first needs a [recording](crate::recording), the
//! second a [`Baseline`] as well.
//!
//! It is strict where production may be lenient. An event that is unknown, invalid, unreadable or out of its place
//! is a finding with its line, stream and revision, and ends what can be known of its stream: later events of the
//! stream are counted as not folded, and its state is not compared. Every other stream goes on, so one poisoned
//! event never hides the next. What could not be looked at is said: streams without their head, redacted events,
//! categories that no aggregate claims, read models without global order.
//!
//! Nothing of what production recorded stands in a finding unless it is [asked for](ReplayRequest::show_values).
//!
//! ```no_run
//! # use pastproof::model::{Aggregate, Event as _};
//! # use schemars::JsonSchema;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Serialize, Deserialize, JsonSchema)]
//! # pub struct Deposited { pub cents: u64 }
//! # pastproof::events! { pub enum AccountEvent { Deposited(Deposited) = 1 } }
//! # #[derive(Default, Serialize)]
//! # struct Account { balance: u64 }
//! # impl Aggregate for Account {
//! #     type Command = ();
//! #     type Event = AccountEvent;
//! #     type Error = String;
//! #     fn handle(&self, _: &()) -> Result<Vec<AccountEvent>, String> { Ok(Vec::new()) }
//! #     fn apply(&mut self, _: &AccountEvent) {}
//! # }
//! use std::path::Path;
//! use std::sync::Arc;
//! use pastproof::replay::{self, ReplayRequest};
//! use pastproof::schema::{Catalogue, CatalogueOptions, Validators};
//! use pastproof::upcast::Chains;
//!
//! let catalogue = Catalogue::open(Path::new("schemas"), &CatalogueOptions::default())?;
//! let validators = Validators::new(Arc::new(catalogue));
//! let chains = Chains::new([], [("Deposited", 1)]);
//! let aggregates = [replay::aggregate::<Account>("account")];
//!
//! let mut request = ReplayRequest::new(Path::new("accounts.ndjson.zst"), &validators, &chains);
//! request.aggregates = &aggregates;
//! request.baseline = Some(Path::new("accounts.baseline.ndjson"));
//! let replayed = replay::replay(&request)?;
//! for finding in &replayed.findings {
//!     eprintln!("{}: {}", finding.rule.id, finding.message);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod baseline;
mod collect;
mod compare;
mod fold;
mod inspect;
mod minimise;
mod models;
mod outcome;
mod pipeline;
mod progress;
mod request;
mod run;
mod sample;
mod seen;
mod streams;
mod validate;
mod walk;

use crate::mask;

pub use baseline::{Baseline, BaselineError};
pub use fold::{
    AggregateFold, FoldError, ModelFold, ProjectorFold, StreamFold, aggregate, aggregate_view, projector,
};
pub use inspect::{Against, Inspected, Step, StepChange, StepEvent, inspect};
pub use minimise::{Minimised, minimise, scenario_of};
pub use outcome::{Counts, ReplayError, Replayed};
pub use progress::{Progress, Silent};
pub use request::ReplayRequest;
pub use run::{replay, run};
pub use validate::{Pointers, ValidateOptions, Validated, validate, validate_read};
