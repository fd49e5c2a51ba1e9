//! A small domain that the scenarios about scenarios are told of.

use pastproof::model::{Aggregate, Event as _, EventError};
use pastproof::scenario::Fixture;
use pastproof::upcast::{Chains, Upcast, Upcaster};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Opened {
    pub owner: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Deposited {
    pub cents: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Withdrawn {
    pub cents: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum AccountEvent {
        Opened(Opened) = 1,
        Deposited(Deposited) as "MoneyDeposited" = 2,
        Withdrawn(Withdrawn) as "MoneyWithdrawn" = 1,
        Closed(Closed) = 1,
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Open {
        owner: String,
    },
    Deposit {
        cents: u64,
    },
    /// Takes these amounts in turn, all or none.
    Withdraw {
        cents: Vec<u64>,
    },
    /// Pays out what is left and closes the account.
    Close,
    Crash,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    NotOpen,
    AlreadyOpen,
    TooLittle { missing: u64 },
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotOpen => f.write_str("the account is not open"),
            Self::AlreadyOpen => f.write_str("the account is open already"),
            Self::TooLittle { missing } => write!(f, "{missing} cents are missing"),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Account {
    pub owner: Option<String>,
    pub cents: u64,
    pub closed: bool,
}

impl Aggregate for Account {
    type Command = Command;
    type Event = AccountEvent;
    type Error = Refusal;

    fn handle(&self, command: &Command) -> Result<Vec<AccountEvent>, Refusal> {
        let open = self.owner.is_some() && !self.closed;
        match command {
            Command::Open { .. } if open => Err(Refusal::AlreadyOpen),
            Command::Open { owner } => Ok(vec![Opened { owner: owner.clone() }.into()]),
            Command::Crash => panic!("the vault is on fire"),
            _ if !open => Err(Refusal::NotOpen),
            Command::Deposit { cents: 0 } => Ok(Vec::new()),
            Command::Deposit { cents } => Ok(vec![
                Deposited {
                    cents: *cents,
                    note: None,
                }
                .into(),
            ]),
            Command::Withdraw { cents } => {
                let total: u64 = cents.iter().sum();
                if total > self.cents {
                    return Err(Refusal::TooLittle {
                        missing: total - self.cents,
                    });
                }
                Ok(cents
                    .iter()
                    .map(|cents| Withdrawn { cents: *cents }.into())
                    .collect())
            }
            Command::Close => {
                let mut events = Vec::new();
                if self.cents > 0 {
                    events.push(Withdrawn { cents: self.cents }.into());
                }
                events.push(Closed {}.into());
                Ok(events)
            }
        }
    }

    fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened(Opened { owner }) => self.owner = Some(owner.clone()),
            AccountEvent::Deposited(Deposited { cents, .. }) => self.cents += cents,
            AccountEvent::Withdrawn(Withdrawn { cents }) => self.cents -= cents,
            AccountEvent::Closed(Closed {}) => self.closed = true,
        }
    }
}

pub fn opened() -> Opened {
    Opened {
        owner: "ann".to_owned(),
    }
}

pub fn deposited(cents: u64) -> Deposited {
    Deposited { cents, note: None }
}

pub fn withdrawn(cents: u64) -> Withdrawn {
    Withdrawn { cents }
}

/// What stands between the versions that were stored once and those of today.
pub fn fixture() -> Fixture<Account> {
    #[derive(Deserialize)]
    struct InEuros {
        euros: u64,
    }
    #[derive(Deserialize)]
    struct PaidOut {
        cents: u64,
        fee: u64,
    }
    let deposits = Upcaster::typed("MoneyDeposited", 1, 2, |old: InEuros| {
        if old.euros > 1_000_000 {
            return Err("nobody had so much");
        }
        Ok(Deposited {
            cents: old.euros * 100,
            note: None,
        })
    });
    let payments = Upcaster::split("PaidOut", 1, [("MoneyWithdrawn", 1)], |old: PaidOut| {
        let of = |cents| Upcast::of("MoneyWithdrawn", 1, &withdrawn(cents));
        Ok::<_, EventError>(vec![of(old.cents)?, of(old.fee)?])
    });
    let greetings = Upcaster::dropped("GreetingSent", 1);
    let current = AccountEvent::kinds()
        .into_iter()
        .map(|kind| (kind.event_type, kind.version));
    Fixture::new().upcasters(Chains::new(vec![deposits, payments, greetings], current))
}
