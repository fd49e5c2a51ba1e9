//! What happens in those three months, task by task.

#![expect(
    clippy::expect_used,
    reason = "a simulation that does not understand its own parcels has to stop"
)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use pastproof::json::canonical;
use pastproof::model::{Aggregate, Payload, RecordedEvent};
use serde::Serialize;
use serde_json::value::RawValue;

use super::clock::{DAY, HOUR, MINUTE, Moment, SECOND};
use super::people::{self, CARRIERS, COUNTRIES, COURIERS, SHOPS, STATEMENTS};
use super::random::Random;
use crate::parcel::cash_box::{CashBox, CashBoxCommand};
use crate::parcel::events::{
    Currency, DeliveryWindow, FailureReason, Money, MoneyCollected, OrderCreated, PaidWith, Recipient,
};
use crate::parcel::parcel::{Parcel, ParcelCommand, Stage, in_cash};
use crate::parcel::writers::{Release, Stored};

/// The seed of the recorded history.
pub const SEED: u64 = 20_240_301;

/// How long the recorded history is: most parcels have arrived, some are still on their way.
pub const DAYS: u64 = 92;

const TIP: Money = Money {
    cents: 100,
    currency: Currency::Eur,
};

/// Instances are replaced one after the other, so for some hours two releases write side by side.
const ROLLOUT: u64 = 6 * HOUR;
const ROLLOUTS: &[(Release, Moment)] = &[
    (Release::Second, Moment(32 * DAY + 9 * HOUR)),
    (Release::Third, Moment(53 * DAY + 9 * HOUR)),
];

/// What the simulation made.
#[derive(Default)]
pub struct World {
    /// In global order.
    pub written: Vec<Written>,
    /// The aggregates as they decided last: what folding the upcast history has to arrive at.
    pub parcels: BTreeMap<String, Parcel>,
    pub cash_boxes: BTreeMap<String, CashBox>,
    pub outcomes: Outcomes,
}

/// What became of the commands.
#[derive(Default)]
pub struct Outcomes {
    pub accepted: u64,
    /// Commands that led to nothing, because they had been carried out before.
    pub repeated: u64,
    /// Commands that were refused, by the name of the refusal.
    pub refused: BTreeMap<String, u64>,
}

/// A stored event and what had been decided.
pub struct Written {
    pub event: RecordedEvent,
    /// Type, version and data of each event that upcasting has to bring back.
    pub decided: Vec<(&'static str, u64, serde_json::Value)>,
}

/// Runs the simulation from its first day on.
pub fn run(seed: u64, days: u64) -> World {
    let mut simulation = Simulation {
        random: Random::new(seed),
        now: Moment(0),
        tasks: BTreeMap::new(),
        scheduled: 0,
        orders: 100_000,
        streams: BTreeMap::new(),
        world: World::default(),
    };
    simulation.schedule(7 * HOUR, Task::Order);
    while let Some(((now, _), task)) = simulation.tasks.pop_first()
        && now < Moment(days * DAY)
    {
        simulation.now = now;
        simulation.perform(task);
    }
    simulation.world
}

enum Task {
    Order,
    Take {
        parcel: String,
    },
    ReachDepot {
        parcel: String,
        depots_left: u64,
    },
    SendOut {
        parcel: String,
    },
    Knock {
        parcel: String,
        cash_box: Option<String>,
    },
    AddCash {
        parcel: String,
        cash_box: String,
        amount: Money,
    },
    Return {
        parcel: String,
    },
    CountCash {
        cash_box: String,
    },
}

struct Simulation {
    random: Random,
    now: Moment,
    /// By time, then in the order in which they were scheduled.
    tasks: BTreeMap<(Moment, u64), Task>,
    scheduled: u64,
    orders: u64,
    /// Next revision and correlation id.
    streams: BTreeMap<String, (u64, String)>,
    world: World,
}

impl Simulation {
    fn perform(&mut self, task: Task) {
        match task {
            Task::Order => self.order(),
            Task::Take { parcel } => self.take(parcel),
            Task::ReachDepot { parcel, depots_left } => self.reach_depot(parcel, depots_left),
            Task::SendOut { parcel } => self.send_out(parcel),
            Task::Knock { parcel, cash_box } => self.knock(parcel, cash_box),
            Task::AddCash {
                parcel,
                cash_box,
                amount,
            } => self.add_cash(parcel, &cash_box, amount),
            Task::Return { parcel } => self.bring_back(&parcel),
            Task::CountCash { cash_box } => self.count_cash(&cash_box),
        }
    }

    fn order(&mut self) {
        let next = self.random.between(1, 98) * MINUTE + self.random.between(0, 59_999);
        self.schedule(next, Task::Order);

        self.orders += 1;
        let parcel = format!("parcel-{}", self.orders);
        // A currency and a delivery window are offered once every instance can store them.
        let countries = if self.deployed(Release::Second) {
            COUNTRIES
        } else {
            &COUNTRIES[..3]
        };
        let country = self.random.pick(countries);
        let recipient = people::recipient(&mut self.random, country);
        let due = self.random.percent(88).then(|| Money {
            cents: self.random.between(4, 1_200) * 50 - 1,
            currency: country.currency,
        });
        let mut order = OrderCreated {
            shop: (*self.random.pick(SHOPS)).to_owned(),
            recipient,
            items: people::items(&mut self.random),
            due,
            window: DeliveryWindow::AnyTime,
        };
        if self.deployed(Release::Third) && self.random.percent(40) {
            let from_hour = self.random.between(8, 15);
            order.window = DeliveryWindow::Between {
                from_hour,
                until_hour: from_hour + 3,
            };
        }
        let shop = "webshop";
        if self.random.percent(2) {
            let mut empty = order.clone();
            empty.items.clear();
            self.ask_parcel(&parcel, shop, &ParcelCommand::CreateOrder(empty));
        }
        self.ask_parcel(&parcel, shop, &ParcelCommand::CreateOrder(order.clone()));
        // A shop that got no answer sends its order again, and now and then another one under the same number.
        if self.random.percent(5) {
            if self.random.percent(20) {
                order.due = None;
                order.items.truncate(1);
            }
            self.ask_parcel(&parcel, shop, &ParcelCommand::CreateOrder(order));
        }
        let pause = self.random.between(2 * HOUR, 30 * HOUR);
        self.schedule(pause, Task::Take { parcel });
    }

    fn take(&mut self, parcel: String) {
        let carrier = (*self.random.pick(CARRIERS)).to_owned();
        let weighed = self.deployed(Release::Second) && self.random.percent(70);
        let weight_grams = weighed.then(|| self.random.between(80, 20_000));
        let take = ParcelCommand::Take {
            carrier,
            weight_grams,
        };
        self.ask_parcel(&parcel, "driver", &take);
        if self.random.percent(4) {
            self.ask_parcel(&parcel, "driver", &take);
        }
        let depots_left = self.random.between(1, 4);
        let pause = self.random.between(3 * HOUR, 14 * HOUR);
        self.schedule(pause, Task::ReachDepot { parcel, depots_left });
    }

    fn reach_depot(&mut self, parcel: String, depots_left: u64) {
        let depot = self.depot();
        let scanner = self.random.percent(75).then(|| self.random.between(1, 400));
        self.ask_parcel(&parcel, "depot", &ParcelCommand::ReachDepot { depot, scanner });
        if depots_left > 1 {
            let pause = self.random.between(4 * HOUR, 20 * HOUR);
            let depots_left = depots_left - 1;
            self.schedule(pause, Task::ReachDepot { parcel, depots_left });
        } else {
            self.next_morning(parcel);
        }
    }

    fn send_out(&mut self, parcel: String) {
        let currency = people::currency(&self.recipient(&parcel).address)
            .expect("every order goes to one of the countries");
        let couriers: Vec<_> = COURIERS
            .iter()
            .filter(|(_, collects)| *collects == currency)
            .collect();
        let (courier, _) = **self.random.pick(&couriers);
        let send_out = ParcelCommand::SendOut {
            courier: courier.to_owned(),
        };
        self.ask_parcel(&parcel, "depot", &send_out);
        let cash_box = self
            .deployed(Release::Second)
            .then(|| self.cash_box_of_the_day(courier, currency));
        let pause = self.random.between(HOUR, 8 * HOUR);
        self.schedule(pause, Task::Knock { parcel, cash_box });
    }

    /// Opens the courier's box with the first parcel of the day.
    fn cash_box_of_the_day(&mut self, courier: &str, currency: Currency) -> String {
        let cash_box = format!("cashbox-{courier}-{}", self.now.date());
        if !self.world.cash_boxes.contains_key(&cash_box) {
            let cents = if self.deployed(Release::Third) { 5_000 } else { 0 };
            let opening = CashBoxCommand::Open {
                courier: courier.to_owned(),
                depot: self.depot(),
                float: Money { cents, currency },
            };
            self.ask_cash_box(&cash_box, "clerk", &opening);
            let evening = self
                .now
                .today(18 * HOUR + 30 * MINUTE)
                .plus(self.random.between(0, HOUR));
            let cash_box = cash_box.clone();
            self.schedule_at(evening, Task::CountCash { cash_box });
        }
        cash_box
    }

    fn knock(&mut self, parcel: String, cash_box: Option<String>) {
        let reason = match self.random.between(1, 100_u16) {
            1..=12 => FailureReason::NobodyHome,
            13..=17 => FailureReason::NoMoney,
            18..=20 => FailureReason::WrongAddress,
            21..=25 => {
                let speaks = self.deployed(Release::Second) && self.random.percent(70);
                let statement = speaks.then(|| (*self.random.pick(STATEMENTS)).to_owned());
                FailureReason::Refused { statement }
            }
            _ => return self.hand_over(parcel, cash_box),
        };
        self.ask_parcel(&parcel, "courier", &ParcelCommand::GiveUp { reason });
        if self.world.parcels[&parcel].stage == Stage::Returning {
            let pause = self.random.between(DAY, 4 * DAY);
            self.schedule(pause, Task::Return { parcel });
        } else {
            self.next_morning(parcel);
        }
    }

    fn hand_over(&mut self, parcel: String, cash_box: Option<String>) {
        let due = self.world.parcels[&parcel].due();
        let payment = due.map(|due| self.payment(due));
        let to = if self.random.percent(85) {
            self.recipient(&parcel).name
        } else {
            people::name(&mut self.random)
        };
        let hand_over = |to: &str, payment: Option<MoneyCollected>| ParcelCommand::HandOver {
            received_by: to.to_owned(),
            payment,
        };
        // Somebody tries to get away without paying, or gives a tip that the accounts know nothing of.
        if self.random.percent(3) {
            let wrong = payment.is_none().then(|| in_cash(TIP));
            self.ask_parcel(&parcel, "courier", &hand_over(&to, wrong));
        }
        let right = hand_over(&to, payment.clone());
        self.ask_parcel(&parcel, "courier", &right);
        // The scanner had no coverage and sends what it has sent already.
        if self.random.percent(5) {
            self.ask_parcel(&parcel, "courier", &right);
        }
        if self.random.percent(2) {
            self.ask_parcel(&parcel, "courier", &hand_over("somebody else", payment.clone()));
        }
        if let (Some(cash_box), Some(payment)) = (cash_box, payment)
            && payment.paid_with == PaidWith::Cash
        {
            let amount = payment.amount;
            let pause = self.random.between(5 * SECOND, 4 * MINUTE);
            let add = Task::AddCash {
                parcel,
                cash_box,
                amount,
            };
            self.schedule(pause, add);
        }
    }

    fn payment(&mut self, amount: Money) -> MoneyCollected {
        if self.deployed(Release::Third) && self.random.percent(30) {
            let terminal = format!("T-{}", self.random.between(10, 19_u8));
            let paid_with = PaidWith::Card { terminal };
            MoneyCollected { amount, paid_with }
        } else {
            in_cash(amount)
        }
    }

    fn add_cash(&mut self, parcel: String, cash_box: &str, amount: Money) {
        let add = CashBoxCommand::Add { parcel, amount };
        self.ask_cash_box(cash_box, "courier", &add);
        if self.random.percent(3) {
            self.ask_cash_box(cash_box, "courier", &add);
        }
    }

    fn bring_back(&mut self, parcel: &str) {
        let received_by = people::name(&mut self.random);
        self.ask_parcel(parcel, "driver", &ParcelCommand::ReturnToSender { received_by });
    }

    fn count_cash(&mut self, cash_box: &str) {
        let mut counted = self.world.cash_boxes[cash_box]
            .expected()
            .expect("a box is counted in the evening of the day it was opened");
        if self.random.percent(9) {
            let missing = self.random.between(1, 20_u64) * 50;
            counted.cents = counted
                .cents
                .checked_sub(missing)
                .unwrap_or(counted.cents + missing);
        }
        let clerk = people::name(&mut self.random);
        self.ask_cash_box(cash_box, "clerk", &CashBoxCommand::HandOver { clerk, counted });
    }

    /// Sends a command to a parcel and stores what it decides.
    fn ask_parcel(&mut self, id: &str, user: &str, command: &ParcelCommand) {
        let parcel = self.world.parcels.entry(id.to_owned()).or_default();
        let Some(decided) = decide(parcel, command, &mut self.world.outcomes) else {
            return;
        };
        let recipient = self.recipient(id);
        let stored = self.release().write_parcel(&decided, &recipient);
        self.store(id, user, stored.expect("payloads are JSON"));
    }

    /// Sends a command to a cash box and stores what it decides.
    fn ask_cash_box(&mut self, id: &str, user: &str, command: &CashBoxCommand) {
        let cash_box = self.world.cash_boxes.entry(id.to_owned()).or_default();
        let Some(decided) = decide(cash_box, command, &mut self.world.outcomes) else {
            return;
        };
        let stored = self.release().write_cash_box(&decided);
        self.store(id, user, stored.expect("payloads are JSON"));
    }

    fn store(&mut self, stream: &str, user: &str, stored: Vec<Stored>) {
        let millis = self.now.since_1970();
        for stored in stored {
            let id = self.random.uuid(millis);
            // All that happens in a stream goes back to the request that started it.
            let (revision, correlation) = self
                .streams
                .entry(stream.to_owned())
                .and_modify(|(revision, _)| *revision += 1)
                .or_insert_with(|| (0, id.clone()));
            let metadata = Metadata { correlation, user };
            self.world.written.push(Written {
                event: RecordedEvent {
                    stream: Some(stream.to_owned()),
                    category: None,
                    revision: Some(*revision),
                    global: Some(self.world.written.len() as u64 + 1),
                    id: Some(id),
                    event_type: stored.event_type.to_owned(),
                    version: Some(stored.version.into()),
                    recorded_at: Some(self.now.to_string()),
                    tags: BTreeMap::new(),
                    payload: Payload::Json(raw(&stored.data)),
                    metadata: Some(raw(&metadata)),
                    flags: Vec::new(),
                    origin: None,
                },
                decided: stored.decided,
            });
        }
    }

    /// The release of the instance that answers.
    fn release(&mut self) -> Release {
        let mut release = Release::First;
        for &(next, start) in ROLLOUTS {
            let replaced = self.now.0.saturating_sub(start.0) * 100 / ROLLOUT;
            if self.random.percent(replaced) {
                release = next;
            }
        }
        release
    }

    /// Whether every instance is at least at `release`, so that what only it can store may be switched on.
    fn deployed(&self, release: Release) -> bool {
        ROLLOUTS
            .iter()
            .any(|&(next, start)| next == release && self.now >= start.plus(ROLLOUT))
    }

    fn recipient(&self, parcel: &str) -> Recipient {
        let order = self.world.parcels[parcel].order.as_ref();
        order
            .expect("nothing happens to a parcel before its order")
            .recipient
            .clone()
    }

    fn depot(&mut self) -> String {
        format!("depot-{:02}", self.random.between(1, 24_u16))
    }

    fn next_morning(&mut self, parcel: String) {
        let morning = self
            .now
            .today(DAY + 7 * HOUR)
            .plus(self.random.between(0, 2 * HOUR));
        self.schedule_at(morning, Task::SendOut { parcel });
    }

    fn schedule(&mut self, pause: u64, task: Task) {
        self.schedule_at(self.now.plus(pause), task);
    }

    fn schedule_at(&mut self, moment: Moment, task: Task) {
        self.scheduled += 1;
        self.tasks.insert((moment, self.scheduled), task);
    }
}

#[derive(Serialize)]
struct Metadata<'a> {
    correlation: &'a str,
    user: &'a str,
}

/// What the aggregate decides, folded into it already; nothing when it refuses or has nothing to do.
fn decide<A>(aggregate: &mut A, command: &A::Command, outcomes: &mut Outcomes) -> Option<Vec<A::Event>>
where
    A: Aggregate,
    A::Error: Debug,
{
    match aggregate.handle(command) {
        Ok(events) if events.is_empty() => outcomes.repeated += 1,
        Ok(events) => {
            outcomes.accepted += 1;
            for event in &events {
                aggregate.apply(event);
            }
            return Some(events);
        }
        Err(refusal) => {
            let refusal = format!("{refusal:?}");
            let name = refusal.split([' ', '{']).next().unwrap_or_default();
            *outcomes.refused.entry(name.to_owned()).or_default() += 1;
        }
    }
    None
}

/// Text that does not depend on the order in which a map happens to keep its members.
fn raw<T: Serialize>(value: &T) -> Box<RawValue> {
    let text = canonical(value).expect("what is stored is JSON");
    RawValue::from_string(text).expect("canonical text is JSON")
}
