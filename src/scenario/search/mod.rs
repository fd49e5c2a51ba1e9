//! Searching for the shortest history that breaks an invariant.
//!
//! A [`Search`] grows histories through the aggregate itself: it draws a command for the state that is reached, asks the
//! aggregate, and goes on from there. So every history is one that could really come about, and a state that no
//! command leads to is never tried. After each command all [`Invariants`](super::Invariants) and all checks that a
//! scenario makes for free have to hold.
//!
//! What it finds is made small, first by leaving out commands and then by making what is in them smaller, and is
//! told as a scenario to paste, and as a [scenario file](super::file) where a folder is named. The file fails as the search did
//! until the code is corrected, and then stays as its regression test.
//!
//! ```
//! # use pastproof::model::Aggregate;
//! # use schemars::JsonSchema;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Deposited { pub cents: u64 }
//! # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Withdrawn { pub cents: u64 }
//! # pastproof::events! { pub enum AccountEvent { Deposited(Deposited) = 1, Withdrawn(Withdrawn) = 1 } }
//! # #[derive(Default, Serialize)] struct Account { cents: i64 }
//! # #[derive(Debug, Serialize, Deserialize)]
//! # enum Command { Deposit { cents: u64 }, Withdraw { cents: u64 } }
//! # impl Aggregate for Account {
//! #     type Command = Command;
//! #     type Event = AccountEvent;
//! #     type Error = String;
//! #     fn handle(&self, command: &Command) -> Result<Vec<AccountEvent>, String> {
//! #         match *command {
//! #             Command::Deposit { cents } => Ok(vec![Deposited { cents }.into()]),
//! #             Command::Withdraw { cents } if cents.cast_signed() <= self.cents => Ok(vec![Withdrawn { cents }.into()]),
//! #             Command::Withdraw { .. } => Err("too little".to_owned()),
//! #         }
//! #     }
//! #     fn apply(&mut self, event: &AccountEvent) {
//! #         match event {
//! #             AccountEvent::Deposited(Deposited { cents }) => self.cents += cents.cast_signed(),
//! #             AccountEvent::Withdrawn(Withdrawn { cents }) => self.cents -= cents.cast_signed(),
//! #         }
//! #     }
//! # }
//! use pastproof::scenario::Invariants;
//! use pastproof::scenario::search::Search;
//! use proptest::prelude::*;
//!
//! fn next(_: &Account) -> BoxedStrategy<Command> {
//!     prop_oneof![
//!         (1..1_000_u64).prop_map(|cents| Command::Deposit { cents }),
//!         (1..1_000_u64).prop_map(|cents| Command::Withdraw { cents }),
//!     ]
//!     .boxed()
//! }
//!
//! let invariants = Invariants::<Account>::new().always("nobody owes", |account: &Account| account.cents >= 0);
//! let seen = Search::new("account", next, invariants).cases(64).run();
//! assert!(seen.commands > 64);
//! ```
//!
//! [`Search::given`] begins with a history, such as one that went wrong, and goes on from there.
//!
//! A process manager is searched as [`Managing`](super::Managing) it: what is drawn are events and time that passes
//! ([`Happens`]), its timeouts fire, and [`Invariants::of_sent`](super::Invariants::of_sent) demands something of the
//! commands that it sends.
//!
//! The same seed searches the same histories; [`Search::seed`] gives it another one. Prior art: property tests over
//! random states in the samples of Equinox, and the state machines of `QuickCheck`; new is the way out into a named scenario.

mod commands;
mod lives;
mod run;
mod tell;

pub use commands::{Commands, commands};
pub use lives::{Happens, Searchable, Went};
pub use run::{Found, Search, Searched};
