//! What scenarios show of what the code has: every command by every outcome, and what no scenario shows.
//!
//! Line coverage says that a line ran. It cannot say that nobody ever refused an order, that an event type is produced
//! by no scenario, or that none begins with it in its history. What there is comes from the types themselves: event
//! types from [`Event::kinds`](crate::model::Event::kinds), commands, errors, effects and timeouts from their JSON
//! Schema ([`Inventory`]). What is not known is said to be unknown, and never guessed.
//!
//! ```
//! # use pastproof::model::Aggregate;
//! # use schemars::JsonSchema;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Deposited { pub cents: u64 }
//! # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Closed {}
//! # pastproof::events! { pub enum AccountEvent { Deposited(Deposited) = 1, Closed(Closed) = 1 } }
//! # #[derive(Default, Serialize)] struct Account { cents: u64 }
//! # #[derive(Debug, Serialize, Deserialize, JsonSchema)] enum Command { Deposit { cents: u64 }, Close }
//! # #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)] enum Refusal { NotEmpty }
//! # impl Aggregate for Account {
//! #     type Command = Command;
//! #     type Event = AccountEvent;
//! #     type Error = Refusal;
//! #     fn handle(&self, command: &Command) -> Result<Vec<AccountEvent>, Refusal> {
//! #         match command {
//! #             Command::Deposit { cents } => Ok(vec![Deposited { cents: *cents }.into()]),
//! #             Command::Close if self.cents > 0 => Err(Refusal::NotEmpty),
//! #             Command::Close => Ok(vec![Closed {}.into()]),
//! #         }
//! #     }
//! #     fn apply(&mut self, event: &AccountEvent) {
//! #         if let AccountEvent::Deposited(Deposited { cents }) = event { self.cents += cents; } }
//! # }
//! use pastproof::scenario::coverage::{Coverage, Inventory, ScenarioRun};
//! use pastproof::scenario::{collect, given_nothing};
//!
//! let (_, records) = collect(|| {
//!     given_nothing::<Account>()
//!         .when(Command::Deposit { cents: 5 })
//!         .then([Deposited { cents: 5 }])
//!         .when(Command::Close)
//!         .then_error(Refusal::NotEmpty);
//! });
//! let runs = [ScenarioRun { name: "an account is closed empty".to_owned(), tells: None, failed: false, records }];
//! let facts = Inventory::<Account>::new().commands().errors().facts("account");
//! let coverage = Coverage::of(&[facts], &runs);
//!
//! // Both commands, one of two events produced, one of two given, and the error.
//! assert_eq!((coverage.shown(), coverage.items()), (5, 7));
//! let missing: Vec<String> = coverage.missing().map(|(_, item)| item.to_string()).collect();
//! assert_eq!(missing, ["produced `Closed`", "given `Closed`"]);
//! ```

mod count;
mod facts;
mod sheet;

pub use facts::{Facts, Inventory, Role};
pub use sheet::{
    Cell, Coverage, Exception, Item, ItemKind, Outcome, Row, RowKind, ScenarioRun, Sheet, percent,
};
