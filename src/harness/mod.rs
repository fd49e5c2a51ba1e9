//! What `tests/pastproof.rs` calls: a suite that `cargo test`, nextest and the gate drive.
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
//! // tests/pastproof.rs, with `harness = false` for the target in Cargo.toml
//! fn main() -> std::process::ExitCode {
//!     pastproof::harness::Suite::new(env!("CARGO_MANIFEST_DIR"))
//!         .aggregate::<Account>("account")
//!         .main()
//! }
//! ```

mod serve;
mod suite;
mod told;
mod trials;
mod upcasting;

pub use suite::Suite;
