//! A small shop with everything that is not a plain aggregate: an order that takes ids and the time, replies and asks
//! for effects; a reactor, a process manager with timeouts, a read model with queries.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use pastproof::model::{
    AsyncAggregate, Context, Decider, Decision, Position, ProcessManager, Projector, Query, Reaction,
    Reactor, Timestamp, Trigger,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Placed {
    pub order: String,
    pub cents: u64,
    pub at: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Paid {
    pub order: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reminded {
    pub order: String,
}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum OrderEvent {
        Placed(Placed) = 1,
        Paid(Paid) = 1,
        Reminded(Reminded) = 1,
    }
}

pub const NOON: &str = "2024-02-28T12:00:00Z";

pub fn placed(order: &str, cents: u64) -> Placed {
    Placed {
        order: order.to_owned(),
        cents,
        at: NOON.to_owned(),
    }
}

pub fn paid(order: &str) -> Paid {
    Paid {
        order: order.to_owned(),
    }
}

pub fn reminded(order: &str) -> Reminded {
    Reminded {
        order: order.to_owned(),
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OrderCommand {
    Place { cents: u64 },
    Pay { order: String, cents: u64 },
    HowMuch,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OrderError {
    NoSuchOrder,
    NotEnough { missing: u64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OrderReply {
    Done,
    Due { cents: u64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Notice {
    Mail { to: String },
    Refund { cents: u64 },
}

/// One order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub id: Option<String>,
    pub due: u64,
    pub paid: bool,
}

impl Decider for Order {
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Error = OrderError;
    type Reply = OrderReply;
    type Effect = Notice;

    fn decide(
        &self,
        command: &OrderCommand,
        context: &mut Context,
    ) -> Decision<OrderEvent, OrderError, OrderReply, Notice> {
        let decision = |reply| Decision::reply(reply);
        match command {
            OrderCommand::Place { .. } if self.id.is_some() => Decision::ignored(),
            OrderCommand::Place { cents } => decision(OrderReply::Done)
                .with_event(Placed {
                    order: context.id(),
                    cents: *cents,
                    at: context.now().to_string(),
                })
                .with_effect(Notice::Mail { to: "ann".to_owned() }),
            OrderCommand::HowMuch => decision(OrderReply::Due { cents: self.due }),
            OrderCommand::Pay { order, .. } if self.id.as_ref() != Some(order) => {
                Decision::rejected(OrderError::NoSuchOrder)
            }
            OrderCommand::Pay { .. } if self.paid => Decision::ignored(),
            OrderCommand::Pay { order, cents } => match self.due.checked_sub(*cents) {
                Some(0) => decision(OrderReply::Done).with_event(paid(order)),
                Some(missing) => {
                    Decision::rejected(OrderError::NotEnough { missing }).with_event(reminded(order))
                }
                None => decision(OrderReply::Done)
                    .with_event(paid(order))
                    .with_effect(Notice::Refund {
                        cents: cents - self.due,
                    }),
            },
        }
    }

    fn evolve(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::Placed(Placed { order, cents, .. }) => {
                self.id = Some(order.clone());
                self.due = *cents;
            }
            OrderEvent::Paid(_) => self.paid = true,
            OrderEvent::Reminded(_) => {}
        }
    }
}

/// Writes to customers.
#[derive(Default)]
pub struct Notices;

impl Reactor for Notices {
    type Event = OrderEvent;
    type Effect = Notice;

    fn react(&self, event: &OrderEvent, at: Position<'_>, _: &mut Context) -> Vec<Notice> {
        match event {
            OrderEvent::Placed(_) => Vec::new(),
            OrderEvent::Paid(Paid { order }) | OrderEvent::Reminded(Reminded { order }) => {
                vec![Notice::Mail {
                    to: format!("{order}{}", at.stream),
                }]
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Late {
    Remind { order: String },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Collect {
    Warn { order: String },
    GiveUp { order: String },
}

/// Reminds of what is not paid after a day, and gives up a day later.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Collecting {
    pub open: BTreeMap<String, u32>,
}

const DAY: Duration = Duration::from_secs(86_400);

impl ProcessManager for Collecting {
    type Event = OrderEvent;
    type Command = Collect;
    type Timeout = Late;
    type Effect = Notice;

    fn react(
        &self,
        trigger: Trigger<'_, OrderEvent, Late>,
        context: &mut Context,
    ) -> Reaction<OrderEvent, Collect, Late, Notice> {
        let late = |order: &str| Late::Remind {
            order: order.to_owned(),
        };
        match trigger {
            Trigger::Event(OrderEvent::Placed(Placed { order, .. })) => {
                Reaction::new().scheduling(late(order), context.now() + DAY)
            }
            Trigger::Event(OrderEvent::Paid(Paid { order })) if self.open.contains_key(order) => {
                Reaction::new().cancelling(late(order))
            }
            Trigger::Event(_) => Reaction::ignored(),
            Trigger::Timeout(Late::Remind { order }) => match self.open.get(order) {
                None => Reaction::ignored(),
                Some(0) => Reaction::new()
                    .recording(reminded(order))
                    .sending(Collect::Warn { order: order.clone() })
                    .scheduling(late(order), context.now() + DAY),
                Some(_) => Reaction::new().sending(Collect::GiveUp { order: order.clone() }),
            },
        }
    }

    fn apply(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::Placed(Placed { order, .. }) => {
                self.open.insert(order.clone(), 0);
            }
            OrderEvent::Paid(Paid { order }) => {
                self.open.remove(order);
            }
            OrderEvent::Reminded(Reminded { order }) => *self.open.entry(order.clone()).or_default() += 1,
        }
    }
}

/// What customers owe.
#[derive(Default)]
pub struct Debts {
    due: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Debt {
    pub cents: u64,
}

impl Projector for Debts {
    type Event = OrderEvent;
    type Row = Debt;

    fn project(&mut self, event: &OrderEvent, _: Position<'_>) -> Result<(), String> {
        match event {
            OrderEvent::Placed(Placed { order, cents, .. }) => {
                self.due.insert(order.clone(), *cents);
            }
            OrderEvent::Paid(Paid { order }) => {
                self.due
                    .remove(order)
                    .ok_or_else(|| format!("{order} was never placed"))?;
            }
            OrderEvent::Reminded(_) => {}
        }
        Ok(())
    }

    fn rows(&self) -> Vec<(String, Debt)> {
        self.due
            .iter()
            .map(|(order, cents)| (order.clone(), Debt { cents: *cents }))
            .collect()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MoreThan(pub u64);

impl Query<Debts> for MoreThan {
    type Result = Vec<String>;

    fn ask(&self, debts: &Debts) -> Vec<String> {
        let more = debts.due.iter().filter(|(_, cents)| **cents > self.0);
        more.map(|(order, _)| order.clone()).collect()
    }
}

/// Asks a bank, which answers at once or after a while.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Checked {
    pub paid: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Bank {
    pub slow: bool,
    pub broke: bool,
}

impl AsyncAggregate for Checked {
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Error = OrderError;
    type Services = Bank;

    async fn handle(&self, command: &OrderCommand, bank: &Bank) -> Result<Vec<OrderEvent>, OrderError> {
        let mut waits = u32::from(bank.slow);
        poll_fn(|context| {
            if waits == 0 {
                return Poll::Ready(());
            }
            waits -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        assert!(!bank.broke, "the bank is broke");
        match command {
            OrderCommand::Pay { order, .. } => Ok(vec![paid(order).into()]),
            _ => Err(OrderError::NoSuchOrder),
        }
    }

    fn apply(&mut self, event: &OrderEvent) {
        self.paid |= matches!(event, OrderEvent::Paid(_));
    }
}

/// So many seconds after noon of the 28th of February 2024.
pub fn later(seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(1_709_121_600) + Duration::from_secs(seconds)
}
