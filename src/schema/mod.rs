//! Event schemas: what a type writes and reads, the catalogue of every version that was ever released, and
//! whether one version still reads what another wrote.

mod closing;
mod keywords;
mod types;

pub use types::{kind, reader_schema, writer_schema};
