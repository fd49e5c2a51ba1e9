//! The command line: arguments to calls, results to reports. No logic of its own.

mod args;
mod context;
mod driven;
mod explain;
mod gate;
mod init;
mod inspect;
mod minimise;
mod record;
mod recordings;
mod scenario_args;
mod scenario_docs;
mod scenarios;
mod schema;
mod stream_args;
mod upcast;

pub use context::{Surroundings, run};
