//! Event schemas: what a type writes and reads, the catalogue of every version that was ever released, and
//! whether one version still reads what another wrote.

#[cfg(feature = "compat")]
mod accept;
#[cfg(feature = "compat")]
mod against;
#[cfg(feature = "compat")]
mod algebra;
#[cfg(feature = "proptest")]
mod arbitrary;
#[cfg(feature = "compat")]
mod bounds;
#[cfg(feature = "compat")]
mod bump;
#[cfg(feature = "compat")]
mod catalogue;
#[cfg(feature = "compat")]
mod changes;
#[cfg(feature = "compat")]
mod check;
#[cfg(feature = "compat")]
mod classes;
mod closing;
#[cfg(feature = "compat")]
mod compare;
#[cfg(feature = "compat")]
mod deploy;
#[cfg(feature = "compat")]
mod direction;
#[cfg(feature = "compat")]
mod document;
#[cfg(feature = "compat")]
mod draft;
#[cfg(feature = "compat")]
mod engine;
#[cfg(feature = "compat")]
mod error;
#[cfg(feature = "compat")]
mod eval;
#[cfg(feature = "compat")]
mod explain;
#[cfg(feature = "compat")]
mod files;
#[cfg(feature = "compat")]
mod flat;
#[cfg(feature = "compat")]
mod generate;
mod keywords;
#[cfg(feature = "compat")]
mod layout;
#[cfg(feature = "compat")]
mod lock;
#[cfg(feature = "compat")]
mod matrix;
#[cfg(feature = "compat")]
mod operand;
#[cfg(feature = "compat")]
mod pairs;
#[cfg(feature = "compat")]
mod prove;
#[cfg(feature = "compat")]
mod questions;
#[cfg(feature = "compat")]
mod readings;
#[cfg(feature = "compat")]
mod sample;
#[cfg(feature = "compat")]
mod scan;
#[cfg(feature = "compat")]
mod serde_true;
#[cfg(feature = "compat")]
mod shape;
#[cfg(feature = "compat")]
mod shrink;
#[cfg(feature = "proptest")]
mod smaller;
#[cfg(feature = "compat")]
mod text;
#[cfg(feature = "compat")]
mod told;
#[cfg(feature = "compat")]
mod translate;
mod types;
#[cfg(feature = "compat")]
mod validators;
#[cfg(feature = "compat")]
mod version;

#[cfg(feature = "compat")]
pub use accept::{Accepted, TypeSchemas, accept, check_types};
#[cfg(feature = "compat")]
pub use against::{Against, against};
#[cfg(feature = "proptest")]
pub use arbitrary::{Instances, Misses, Tree, arbitrary, arbitrary_in, near_misses};
#[cfg(feature = "compat")]
pub use catalogue::{Catalogue, CatalogueOptions, SchemaVersion, TypeHistory, UpcasterFile};
#[cfg(feature = "compat")]
pub use changes::{Changes, changes};
#[cfg(feature = "compat")]
pub use check::{CheckOptions, CheckReport, Coverage, Pairs, Require, Step, TypeOptions, check};
#[cfg(feature = "compat")]
pub use compare::{
    Classes, CompareOptions, Comparison, Contract, Difference, Direction, Formats, Verdict, compare,
};
#[cfg(feature = "compat")]
pub use deploy::{Deployment, Order};
#[cfg(feature = "compat")]
pub use draft::Draft;
#[cfg(feature = "compat")]
pub use engine::Violation;
#[cfg(feature = "compat")]
pub use error::SchemaError;
#[cfg(feature = "compat")]
pub use explain::{Explanation, Spot, Written, explain};
#[cfg(feature = "compat")]
pub use generate::{NearMiss, sample_instances, sample_near_misses};
#[cfg(feature = "compat")]
pub(crate) use keywords::definition_name;
#[cfg(feature = "compat")]
pub use matrix::{Cell, Matrix, matrix};
#[cfg(feature = "compat")]
pub use pairs::{PairsSummary, compare_pairs};
#[cfg(feature = "compat")]
pub use prove::Step as DerivationStep;
#[cfg(feature = "compat")]
pub(crate) use questions::{Condition, common_form, included, instances, smallest};
#[cfg(feature = "compat")]
pub use readings::Reading;
#[cfg(feature = "harness")]
pub(crate) use serde_true::Reads;
#[cfg(feature = "compat")]
pub use serde_true::{Heard, Word, check_agreement, compare_kinds, hear};
pub use types::{kind, reader_schema, writer_schema};
#[cfg(feature = "compat")]
pub(crate) use validators::Known;
#[cfg(feature = "compat")]
pub use validators::{Validation, Validators};
#[cfg(feature = "compat")]
pub use version::VersionScheme;
