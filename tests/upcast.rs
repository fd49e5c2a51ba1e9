//! Upcasters and their chains, through the public door.

#[path = "upcast/chains.rs"]
mod chains;
