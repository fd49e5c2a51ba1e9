//! `scenarios [COUNT] [ROUNDS]`: simple scenarios beside the test framework of `cqrs-es`, on the same aggregate written
//! for both, and what recording a decision adds to a command. One thread, by CPU time where the system tells it; each
//! round takes every contender in turn, and the medians are what is compared.

use std::error::Error;
use std::fmt;
use std::hint::black_box;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use cqrs_es::event_sink::EventSink;
use pastproof::model::Aggregate;
use pastproof::recording::recorder::{Options, Recorder};
use pastproof::scenario::{Fixture, FreeCheck};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Opened {
    owner: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Deposited {
    cents: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Withdrawn {
    cents: u64,
}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    enum OurEvent {
        Opened(Opened) = 1,
        Deposited(Deposited) = 1,
        Withdrawn(Withdrawn) = 1,
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TheirEvent {
    Opened(Opened),
    Deposited(Deposited),
    Withdrawn(Withdrawn),
}

impl cqrs_es::DomainEvent for TheirEvent {
    fn event_type(&self) -> String {
        let name = match self {
            Self::Opened(_) => "Opened",
            Self::Deposited(_) => "Deposited",
            Self::Withdrawn(_) => "Withdrawn",
        };
        name.to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

#[derive(Clone, Debug, Serialize)]
enum Command {
    Withdraw { cents: u64 },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
enum Refusal {
    TooLittle,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too little")
    }
}

impl Error for Refusal {}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Account {
    owner: Option<String>,
    cents: u64,
}

impl Account {
    fn withdraw(&self, command: &Command) -> Result<Withdrawn, Refusal> {
        let Command::Withdraw { cents } = *command;
        if cents > self.cents {
            return Err(Refusal::TooLittle);
        }
        Ok(Withdrawn { cents })
    }
}

impl Aggregate for Account {
    type Command = Command;
    type Event = OurEvent;
    type Error = Refusal;

    fn handle(&self, command: &Command) -> Result<Vec<OurEvent>, Refusal> {
        self.withdraw(command).map(|event| vec![event.into()])
    }

    fn apply(&mut self, event: &OurEvent) {
        match event {
            OurEvent::Opened(Opened { owner }) => self.owner = Some(owner.clone()),
            OurEvent::Deposited(Deposited { cents }) => self.cents += cents,
            OurEvent::Withdrawn(Withdrawn { cents }) => self.cents -= cents,
        }
    }
}

impl cqrs_es::Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = Command;
    type Event = TheirEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(&mut self, command: Command, _: &(), sink: &EventSink<Self>) -> Result<(), Refusal> {
        let event = self.withdraw(&command)?;
        sink.write(TheirEvent::Withdrawn(event), self).await;
        Ok(())
    }

    fn apply(&mut self, event: TheirEvent) {
        match event {
            TheirEvent::Opened(Opened { owner }) => self.owner = Some(owner),
            TheirEvent::Deposited(Deposited { cents }) => self.cents += cents,
            TheirEvent::Withdrawn(Withdrawn { cents }) => self.cents -= cents,
        }
    }
}

fn opened() -> Opened {
    Opened {
        owner: "ann".to_owned(),
    }
}

fn ours(fixture: &Fixture<Account>) {
    fixture
        .given((opened(), Deposited { cents: 500 }))
        .when(Command::Withdraw { cents: 200 })
        .then([Withdrawn { cents: 200 }]);
}

fn their_history() -> Vec<TheirEvent> {
    vec![
        TheirEvent::Opened(opened()),
        TheirEvent::Deposited(Deposited { cents: 500 }),
    ]
}

fn theirs() {
    cqrs_es::test::TestFramework::<Account>::with(())
        .given(their_history())
        .when(Command::Withdraw { cents: 200 })
        .then_expect_events(vec![TheirEvent::Withdrawn(Withdrawn { cents: 200 })]);
}

fn adapted() {
    pastproof::adapters::cqrs_es::TestFramework::<Account>::with(())
        .given(their_history())
        .when(Command::Withdraw { cents: 200 })
        .then_expect_events(vec![TheirEvent::Withdrawn(Withdrawn { cents: 200 })]);
}

/// A fixture that makes no free check.
fn unchecked() -> Fixture<Account> {
    [
        FreeCheck::RoundTrip,
        FreeCheck::DecideTwice,
        FreeCheck::CommandRepeated,
        FreeCheck::EventDeliveredTwice,
        FreeCheck::Replay,
        FreeCheck::Snapshot,
        FreeCheck::Schema,
        FreeCheck::UnusedGivens,
    ]
    .into_iter()
    .fold(Fixture::new(), |fixture, check| fixture.without(check, "measured"))
}

/// CPU time of this thread; nothing where the system does not tell it.
fn cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// Nanoseconds for one call of `run`.
fn each(count: u64, mut run: impl FnMut()) -> f64 {
    let (started, before) = (Instant::now(), cpu());
    for _ in 0..count {
        run();
    }
    let taken = match (before, cpu()) {
        (Some(before), Some(after)) => after - before,
        _ => started.elapsed(),
    };
    taken.as_nanos() as f64 / count as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let rounds: usize = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let (checked, unchecked) = (Fixture::new(), unchecked());

    let (recorder, writer) = Recorder::new(Options::default());
    let writing = std::thread::spawn(move || writer.run(io::sink()));
    let account = Account {
        owner: Some("ann".to_owned()),
        cents: 500,
    };
    let command = Command::Withdraw { cents: 200 };
    let decide = || black_box(&account).handle(black_box(&command));

    let mut times: [Vec<f64>; 6] = Default::default();
    for _ in 0..rounds.max(1) {
        times[0].push(each(count, theirs));
        times[1].push(each(count, || ours(&unchecked)));
        times[2].push(each(count, || ours(&checked)));
        times[3].push(each(count, adapted));
        times[4].push(each(count, || drop(black_box(decide()))));
        times[5].push(each(count, || {
            drop(black_box(recorder.record("account-7", Some(41), &command, decide)));
        }));
    }
    recorder.close();
    let counts = writing.join().map_err(|_| "the writer panicked")?;

    let [theirs, unchecked, checked, adapted, plain, recorded] = times.each_mut().map(|times| median(times));
    let mut out = io::stdout().lock();
    writeln!(out, "{count} scenarios, median of {rounds} rounds, ns of CPU time each")?;
    writeln!(out, "cqrs-es TestFramework           {theirs:>8.0}")?;
    writeln!(out, "ours, free checks off           {unchecked:>8.0}   ratio {:.2}", unchecked / theirs)?;
    writeln!(out, "ours, free checks on            {checked:>8.0}   ratio {:.2}", checked / theirs)?;
    writeln!(out, "ours, under the names of cqrs-es{adapted:>8.0}   ratio {:.2}", adapted / theirs)?;
    writeln!(out, "a command                       {plain:>8.0}")?;
    writeln!(out, "a command that is recorded      {recorded:>8.0}   overhead {:.0} ns", recorded - plain)?;
    writeln!(out, "recorded: {counts:?}")?;
    Ok(())
}
