//! Tickets whose ids the code makes up, a board that follows them, and a wallet with a mistake in it.

use pastproof::model::{Aggregate, Context, Decider, Decision, Never, Position, Projector, Reactor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Opened {
    pub id: String,
    pub about: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Noted {
    pub ticket: String,
    pub text: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum TicketEvent {
        Opened(Opened) = 1,
        Noted(Noted) = 2,
        Closed(Closed) = 1,
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketCommand {
    Open { about: String },
    Note { ticket: String, texts: Vec<String> },
    Close,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum TicketError {
    NotOpen,
    AnotherTicket { id: String },
}

impl std::fmt::Display for TicketError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotOpen => f.write_str("the ticket is not open"),
            Self::AnotherTicket { id } => write!(f, "this is ticket {id}"),
        }
    }
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Ticket {
    pub id: Option<String>,
    pub notes: usize,
    pub closed: bool,
}

impl Decider for Ticket {
    type Command = TicketCommand;
    type Event = TicketEvent;
    type Error = TicketError;
    type Reply = Option<String>;
    type Effect = Never;

    fn decide(
        &self,
        command: &TicketCommand,
        context: &mut Context,
    ) -> Decision<TicketEvent, TicketError, Option<String>> {
        match (command, &self.id) {
            (TicketCommand::Open { about }, None) => {
                let id = context.id();
                let about = about.clone();
                Decision::accepted([Opened {
                    id: id.clone(),
                    about,
                }])
                .replying(Some(id))
            }
            (TicketCommand::Open { .. }, Some(_)) => Decision::ignored(),
            (_, None) => Decision::rejected(TicketError::NotOpen),
            (TicketCommand::Note { ticket, .. }, Some(id)) if ticket != id => {
                Decision::rejected(TicketError::AnotherTicket { id: id.clone() })
            }
            (TicketCommand::Note { ticket, texts }, Some(_)) => {
                Decision::accepted(texts.iter().map(|text| Noted {
                    ticket: ticket.clone(),
                    text: text.clone(),
                }))
            }
            (TicketCommand::Close, Some(_)) if self.closed => Decision::reply(None),
            (TicketCommand::Close, Some(_)) => Decision::accepted([Closed {}]),
        }
    }

    fn evolve(&mut self, event: &TicketEvent) {
        match event {
            TicketEvent::Opened(Opened { id, .. }) => self.id = Some(id.clone()),
            TicketEvent::Noted(_) => self.notes += 1,
            TicketEvent::Closed(Closed {}) => self.closed = true,
        }
    }
}

/// How many tickets are about something.
#[derive(Default)]
pub struct Board {
    open: std::collections::BTreeMap<String, u32>,
}

impl Projector for Board {
    type Event = TicketEvent;
    type Row = u32;

    fn project(&mut self, event: &TicketEvent, _: Position<'_>) -> Result<(), String> {
        if let TicketEvent::Opened(Opened { about, .. }) = event {
            *self.open.entry(about.clone()).or_default() += 1;
        }
        Ok(())
    }

    fn rows(&self) -> Vec<(String, u32)> {
        self.open.clone().into_iter().collect()
    }
}

#[derive(Debug, PartialEq, Serialize)]
pub enum Notice {
    Mail { about: String },
}

#[derive(Default)]
pub struct Mailer;

impl Reactor for Mailer {
    type Event = TicketEvent;
    type Effect = Notice;

    fn react(&self, event: &TicketEvent, _: Position<'_>, _: &mut Context) -> Vec<Notice> {
        match event {
            TicketEvent::Opened(Opened { about, .. }) => vec![Notice::Mail { about: about.clone() }],
            TicketEvent::Noted(_) | TicketEvent::Closed(_) => Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaidIn {
    pub cents: u32,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaidOut {
    pub cents: u32,
}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum WalletEvent {
        PaidIn(PaidIn) = 1,
        PaidOut(PaidOut) = 1,
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum WalletCommand {
    Freeze { note: String },
    PayIn { cents: u32 },
    PayOut { cents: u32 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum WalletError {
    TooLittle,
}

/// A wallet that looks at what it holds only while the sum is small.
#[derive(Default, Serialize)]
pub struct Wallet {
    pub cents: i64,
}

impl Aggregate for Wallet {
    type Command = WalletCommand;
    type Event = WalletEvent;
    type Error = WalletError;

    fn handle(&self, command: &WalletCommand) -> Result<Vec<WalletEvent>, WalletError> {
        match *command {
            WalletCommand::Freeze { .. } => Ok(Vec::new()),
            WalletCommand::PayIn { cents } => Ok(vec![PaidIn { cents }.into()]),
            WalletCommand::PayOut { cents } if cents < 1_000 && i64::from(cents) > self.cents => {
                Err(WalletError::TooLittle)
            }
            WalletCommand::PayOut { .. } if (13..20).contains(&self.cents) => {
                panic!("nobody thought of thirteen")
            }
            WalletCommand::PayOut { cents } => Ok(vec![PaidOut { cents }.into()]),
        }
    }

    fn apply(&mut self, event: &WalletEvent) {
        match event {
            WalletEvent::PaidIn(PaidIn { cents }) => self.cents += i64::from(*cents),
            WalletEvent::PaidOut(PaidOut { cents }) => self.cents -= i64::from(*cents),
        }
    }
}
