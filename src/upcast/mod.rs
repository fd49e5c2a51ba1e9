//! Upcasters: from the versions that history holds to the versions that the code reads.
//!
//! An [`Upcaster`] turns an event of one (type, version) into none, one or several events of later versions or
//! other types. It may refuse, and it may panic; neither leaves this module other than as an [`UpcastError`].
//! [`Chains`] puts upcasters together: from any stored version it follows the shortest way to what the code
//! reads, and [`Chains::check`] finds the versions from which there is none.
//!
//! Upcasters are typed, JSON, declarative or jq. [`Verifier`] proves the declarative ones where it can and tries all of
//! them; [the guide](crate::docs::upcasters) has the operations and the obligations.
//!
//! Revisions belong to the store. A split or a drop never moves one: what upcasting makes of a stored event is
//! addressed by the position of the stored event and the index in the list that [`Chains::upcast`] returns.

#[cfg(feature = "compat")]
mod census;
mod chains;
mod check;
mod context;
#[cfg(feature = "compat")]
mod declared;
#[cfg(feature = "compat")]
mod draft;
mod envelope;
mod error;
mod event;
#[cfg(feature = "compat")]
mod files;
#[cfg(feature = "compat")]
mod golden;
#[cfg(feature = "jq")]
mod jq;
#[cfg(feature = "compat")]
mod mutate;
#[cfg(feature = "compat")]
mod obligations;
#[cfg(feature = "compat")]
mod pages;
#[cfg(feature = "compat")]
mod rewrite;
#[cfg(feature = "compat")]
mod skeleton;
#[cfg(feature = "compat")]
mod trial;
mod upcaster;
#[cfg(feature = "compat")]
mod verified;
#[cfg(feature = "compat")]
mod verify;

#[cfg(feature = "compat")]
pub use census::{Census, CensusRow, Sighting, Work, Written};
pub use chains::{Bounds, Chains};
pub use context::{Seen, StreamContext};
#[cfg(feature = "compat")]
pub use draft::{Draft, Guess, Hole};
pub use envelope::Envelope;
pub use error::UpcastError;
pub use event::Upcast;
#[cfg(feature = "compat")]
pub use files::declared_in;
#[cfg(feature = "jq")]
pub use files::upcasters_in;
#[cfg(feature = "jq")]
pub use jq::{Fence, JQ_WORKER, jq_worker, jq_worker_if_asked};
#[cfg(feature = "compat")]
pub use mutate::Mutants;
#[cfg(feature = "compat")]
pub use rewrite::{RewriteCounts, RewriteOptions, RewriteReport, Rewritten, rewrite};
#[cfg(feature = "compat")]
pub use trial::Trial;
pub use upcaster::Upcaster;
#[cfg(feature = "compat")]
pub use verified::{Verified, VerifiedStep};
#[cfg(feature = "compat")]
pub use verify::{Decoder, Verifier};
