//! An account that answers: every command gets a reply, and some leave no events.
//!
//! Prior art: `akka/akka-core`, `akka-cluster-sharding-typed/src/test/scala/docs/akka/cluster/sharding/typed/`:
//! `AccountExampleDocSpec.scala` (4 cases), `AccountExampleSpec.scala` (6), `AccountExampleUnpersistentDocSpec.scala`
//! (3), over `AccountExampleWithEventHandlersInState.scala`.
//!
//! Stricter here:
//!
//! * A refusal is compared with its reason. The originals ask whether the reply is any error, so an account that
//!   was never created would pass as one that is overdrawn.
//! * Events are compared as a whole list. The originals look at the first event of a command, or at nothing.
//! * Every reply has its state and events beside it. The originals that go through a cluster look at replies only.
//! * Values go through JSON and have to be equal afterwards; the originals only ask that nothing is thrown.
//! * A command that the entity does not handle is *ignored*, which is an answer of its own; there it is a reply that
//!   never comes, and no case tells of it.

use pastproof::model::{Context, Decider, Decision};
use pastproof::scenario::{Fixture, Given, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount of money with its decimals, which travels as a text: `"10.50"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i128);

impl Amount {
    const ZERO: Self = Self(0);

    const fn whole(units: i128) -> Self {
        Self(units * 100)
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let hundredths = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

impl Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let refuse = || serde::de::Error::custom(format!("{text} is no amount such as 10.50"));
        let (units, hundredths) = text.split_once('.').ok_or_else(refuse)?;
        let units: i128 = units.parse().map_err(|_| refuse())?;
        if hundredths.len() != 2 {
            return Err(refuse());
        }
        let hundredths: i128 = hundredths.parse().map_err(|_| refuse())?;
        let sign = if text.starts_with('-') { -1 } else { 1 };
        Ok(Self(units * 100 + sign * hundredths))
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^-?[0-9]+\\.[0-9]{2}$"})
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountCreated {}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Deposited {
    amount: Amount,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Withdrawn {
    amount: Amount,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountClosed {}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum AccountEvent {
        AccountCreated(AccountCreated) = 1,
        Deposited(Deposited) = 1,
        Withdrawn(Withdrawn) = 1,
        AccountClosed(AccountClosed) = 1,
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    CreateAccount,
    Deposit { amount: Amount },
    Withdraw { amount: Amount },
    GetBalance,
    CloseAccount,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    #[default]
    Done,
    CurrentBalance(Amount),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Refusal {
    AlreadyCreated,
    Closed,
    InsufficientBalance { balance: Amount, asked: Amount },
    BalanceLeft { balance: Amount },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Account {
    #[default]
    Empty,
    Opened {
        balance: Amount,
    },
    Closed,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum NoEffect {}

type AccountDecision = Decision<AccountEvent, Refusal, Reply, NoEffect>;

impl Decider for Account {
    type Command = Command;
    type Event = AccountEvent;
    type Error = Refusal;
    type Reply = Reply;
    type Effect = NoEffect;

    fn decide(&self, command: &Command, _: &mut Context) -> AccountDecision {
        match (self, command) {
            (Self::Empty, Command::CreateAccount) => Decision::accepted([AccountCreated {}]),
            (Self::Empty, _) => Decision::ignored(),
            (Self::Opened { .. }, Command::CreateAccount) => Decision::rejected(Refusal::AlreadyCreated),
            (Self::Opened { .. }, Command::Deposit { amount }) => {
                Decision::accepted([Deposited { amount: *amount }])
            }
            (Self::Opened { balance }, Command::Withdraw { amount }) if amount > balance => {
                Decision::rejected(Refusal::InsufficientBalance {
                    balance: *balance,
                    asked: *amount,
                })
            }
            (Self::Opened { .. }, Command::Withdraw { amount }) => {
                Decision::accepted([Withdrawn { amount: *amount }])
            }
            (Self::Opened { balance }, Command::GetBalance) => {
                Decision::reply(Reply::CurrentBalance(*balance))
            }
            (Self::Opened { balance }, Command::CloseAccount) if *balance != Amount::ZERO => {
                Decision::rejected(Refusal::BalanceLeft { balance: *balance })
            }
            (Self::Opened { .. }, Command::CloseAccount) => Decision::accepted([AccountClosed {}]),
            (Self::Closed, Command::GetBalance) => Decision::reply(Reply::CurrentBalance(Amount::ZERO)),
            (Self::Closed, _) => Decision::rejected(Refusal::Closed),
        }
    }

    fn evolve(&mut self, event: &AccountEvent) {
        *self = match (&*self, event) {
            (Self::Empty, AccountEvent::AccountCreated(_)) => Self::Opened {
                balance: Amount::ZERO,
            },
            (Self::Opened { balance }, AccountEvent::Deposited(Deposited { amount })) => Self::Opened {
                balance: Amount(balance.0 + amount.0),
            },
            (Self::Opened { balance }, AccountEvent::Withdrawn(Withdrawn { amount })) => Self::Opened {
                balance: Amount(balance.0 - amount.0),
            },
            (Self::Opened { .. }, AccountEvent::AccountClosed(_)) => Self::Closed,
            (state, event) => panic!("{event:?} cannot happen to {state:?}"),
        };
    }
}

const HUNDRED: Amount = Amount::whole(100);
const TEN: Amount = Amount::whole(10);

fn account() -> Fixture<Account> {
    Fixture::new().as_json()
}

fn opened() -> Given<Account> {
    account().given([AccountCreated {}])
}

fn holding(amount: Amount) -> Given<Account> {
    account().given((AccountCreated {}, Deposited { amount }))
}

fn deposit(amount: Amount) -> Command {
    Command::Deposit { amount }
}

fn withdraw(amount: Amount) -> Command {
    Command::Withdraw { amount }
}

fn balance(amount: Amount) -> Reply {
    Reply::CurrentBalance(amount)
}

fn overdrawn(scenario: Outcome<Account>) -> Outcome<Account> {
    scenario
        .then_error(Refusal::InsufficientBalance {
            balance: HUNDRED,
            asked: Amount::whole(110),
        })
        .then_state(Account::Opened { balance: HUNDRED })
}

/// `AccountExampleDocSpec.scala`.
mod with_the_test_kit {
    use super::*;

    use pastproof::scenario::file::{FileReader, Library};

    use crate::domains::come_back::come_back;

    #[test]
    fn it_is_created_with_nothing_in_it() {
        account()
            .given_nothing()
            .when(Command::CreateAccount)
            .then([AccountCreated {}])
            .then_reply(Reply::Done)
            .then_state(Account::Opened {
                balance: Amount::ZERO,
            });
    }

    #[test]
    fn it_takes_money_and_gives_some_back() {
        opened()
            .when(deposit(HUNDRED))
            .then([Deposited { amount: HUNDRED }])
            .then_reply(Reply::Done)
            .then_state(Account::Opened { balance: HUNDRED })
            .when(withdraw(TEN))
            .then([Withdrawn { amount: TEN }])
            .then_reply(Reply::Done)
            .then_state(Account::Opened {
                balance: Amount::whole(90),
            });
    }

    #[test]
    fn it_gives_no_more_than_it_holds() {
        overdrawn(holding(HUNDRED).when(withdraw(Amount::whole(110))));
    }

    #[test]
    fn it_tells_its_balance_and_records_nothing() {
        holding(HUNDRED)
            .when(Command::GetBalance)
            .then_reply(balance(HUNDRED))
            .then_nothing();
    }

    #[test]
    fn they_come_back_from_files() {
        let library = Library::new("/nowhere").subject("account", FileReader::<Account>::commands(account()));
        come_back(
            &library,
            &[
                it_is_created_with_nothing_in_it,
                it_takes_money_and_gives_some_back,
                it_gives_no_more_than_it_holds,
                it_tells_its_balance_and_records_nothing,
            ],
        );
    }
}

/// `AccountExampleSpec.scala`, whose entities live in a cluster.
mod through_commands_alone {
    use super::*;

    #[test]
    fn it_takes_money_twice() {
        account()
            .given_nothing()
            .when(Command::CreateAccount)
            .then_reply(Reply::Done)
            .then([AccountCreated {}])
            .when(deposit(HUNDRED))
            .then_reply(Reply::Done)
            .then([Deposited { amount: HUNDRED }])
            .when(deposit(TEN))
            .then_reply(Reply::Done)
            .then([Deposited { amount: TEN }]);
    }

    #[test]
    fn it_knows_what_is_left() {
        account()
            .given_nothing()
            .when(Command::CreateAccount)
            .when(deposit(HUNDRED))
            .when(withdraw(TEN))
            .then((
                AccountCreated {},
                Deposited { amount: HUNDRED },
                Withdrawn { amount: TEN },
            ))
            .when(Command::GetBalance)
            .then_reply(balance(Amount::whole(90)))
            .then_nothing();
    }

    #[test]
    fn it_gives_no_more_than_it_was_given() {
        let scenario = account()
            .given_nothing()
            .when(Command::CreateAccount)
            .when(deposit(HUNDRED))
            .then((AccountCreated {}, Deposited { amount: HUNDRED }))
            .when(withdraw(Amount::whole(110)));
        overdrawn(scenario);
    }

    #[test]
    fn it_tells_what_it_was_given() {
        account()
            .given_nothing()
            .when(Command::CreateAccount)
            .when(deposit(HUNDRED))
            .then((AccountCreated {}, Deposited { amount: HUNDRED }))
            .when(Command::GetBalance)
            .then_reply(balance(HUNDRED))
            .then_nothing();
    }

    #[test]
    fn every_command_is_answered_in_its_turn() {
        account()
            .given_nothing()
            .when(Command::CreateAccount)
            .then_reply(Reply::Done)
            .then([AccountCreated {}])
            .when(deposit(HUNDRED))
            .then_reply(Reply::Done)
            .then([Deposited { amount: HUNDRED }])
            .when(withdraw(TEN))
            .then_reply(Reply::Done)
            .then([Withdrawn { amount: TEN }])
            .when(Command::GetBalance)
            .then_reply(balance(Amount::whole(90)))
            .then_nothing();
    }

    /// Events do so in every scenario; here are the values that cross a network as well.
    #[test]
    fn every_value_survives_being_sent() {
        fn survives<T>(values: impl IntoIterator<Item = T>)
        where
            T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
        {
            for value in values {
                let text = serde_json::to_string(&value).unwrap();
                assert_eq!(serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
            }
        }
        let odd = Amount(-1_050);
        assert_eq!(odd.to_string(), "-10.50");
        survives([
            Amount::ZERO,
            HUNDRED,
            odd,
            Amount(i128::from(u64::MAX) * 1000 + 1),
        ]);
        survives([
            Command::CreateAccount,
            deposit(HUNDRED),
            withdraw(odd),
            Command::GetBalance,
            Command::CloseAccount,
        ]);
        survives([Reply::Done, balance(HUNDRED)]);
        survives([
            Account::Empty,
            Account::Opened { balance: HUNDRED },
            Account::Closed,
        ]);
        survives([
            Refusal::AlreadyCreated,
            Refusal::Closed,
            Refusal::BalanceLeft { balance: HUNDRED },
        ]);
        account()
            .given((
                AccountCreated {},
                Deposited { amount: HUNDRED },
                Withdrawn { amount: HUNDRED },
                AccountClosed {},
            ))
            .when_nothing()
            .then_state(Account::Closed);
    }
}

/// `AccountExampleUnpersistentDocSpec.scala`, which starts from states; a history is what makes a state here.
mod from_a_given_point {
    use super::*;

    #[test]
    fn a_new_account_holds_nothing() {
        account()
            .given_nothing()
            .when(Command::CreateAccount)
            .then([AccountCreated {}])
            .then_reply(Reply::Done)
            .when(Command::GetBalance)
            .then_reply(balance(Amount::ZERO))
            .then_nothing();
    }

    #[test]
    fn an_open_account_takes_and_gives() {
        opened()
            .when(deposit(HUNDRED))
            .then([Deposited { amount: HUNDRED }])
            .then_reply(Reply::Done)
            .when(withdraw(TEN))
            .then([Withdrawn { amount: TEN }])
            .then_reply(Reply::Done)
            .when(Command::GetBalance)
            .then_reply(balance(Amount::whole(90)))
            .then_nothing();
    }

    #[test]
    fn an_account_with_a_balance_gives_no_more() {
        overdrawn(holding(HUNDRED).when(withdraw(Amount::whole(110))));
    }
}

/// What the originals leave untold.
mod beyond_the_originals {
    use super::*;

    #[test]
    fn an_account_that_was_never_created_ignores_everything_else() {
        account()
            .given_nothing()
            .when(deposit(TEN))
            .then_ignored()
            .when(Command::GetBalance)
            .then_ignored();
    }

    #[test]
    fn it_is_created_once_and_closed_when_it_is_empty() {
        holding(TEN)
            .when(Command::CreateAccount)
            .then_error(Refusal::AlreadyCreated)
            .when(Command::CloseAccount)
            .then_error(Refusal::BalanceLeft { balance: TEN })
            .when(withdraw(TEN))
            .then([Withdrawn { amount: TEN }])
            .when(Command::CloseAccount)
            .then([AccountClosed {}])
            .when(Command::GetBalance)
            .then_reply(balance(Amount::ZERO))
            .then_nothing()
            .when(deposit(TEN))
            .then_error(Refusal::Closed);
    }
}
