//! Upcasters and their chains, through the public door.

#[path = "upcast/chains.rs"]
mod chains;
#[cfg(all(feature = "cli", feature = "jq"))]
#[path = "upcast/jq.rs"]
mod jq;
