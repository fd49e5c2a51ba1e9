//! JSON where the details matter: strict reading, a canonical form to digest, differences by pointer.

mod canonical;
mod diff;
mod parse;

#[cfg(feature = "compat")]
pub use canonical::digest;
#[cfg(feature = "compat")]
pub(crate) use canonical::hex;
pub(crate) use canonical::write_text;
pub use canonical::{CanonicalError, canonical};
pub use diff::{Change, ChangeKind, diff};
pub use parse::{JsonError, JsonErrorKind, Parsed, parse};
