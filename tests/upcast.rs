//! Upcasters and their chains, through the public door.

#[path = "upcast/chains.rs"]
mod chains;
#[cfg(all(feature = "cli", feature = "jq"))]
#[path = "upcast/jq.rs"]
mod jq;
#[path = "upcast/laws.rs"]
mod laws;
#[cfg(feature = "compat")]
#[path = "upcast/verify.rs"]
mod verify;
