//! JSON where the details matter: strict reading, a canonical form to digest, differences by pointer.

mod canonical;
mod diff;
mod parse;
mod read;
mod sorted;
mod tape;

#[cfg(feature = "compat")]
pub use canonical::digest;
pub(crate) use canonical::write_text;
pub use canonical::{CanonicalError, canonical};
#[cfg(feature = "compat")]
pub(crate) use canonical::{hex, hex_sha256};
pub use diff::{Change, ChangeKind, diff, same};
#[cfg(feature = "jq")]
pub(crate) use parse::MAX_DEPTH;
pub use parse::{JsonError, JsonErrorKind, Parsed, parse};
#[cfg(feature = "compat")]
pub(crate) use sorted::Sorted;
pub(crate) use sorted::sorted;
pub(crate) use tape::{Document, Entry, Kind, Tape};
#[cfg(feature = "compat")]
pub(crate) use tape::{Items, Members};
