//! A scenario that is told in code, written as a file and run comes to the same record; and that record is the same
//! file again.

use std::path::Path;
use std::time::Duration;

use pastproof::scenario::file::{FileReader, Library, ScenarioFile, read, write};
use pastproof::scenario::{
    Awaiting, Fixture, Managing, Outcome, Projecting, Reacting, Record, Subject, collect, given_nothing,
};
use pastproof::upcast::Chains;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::order::{
    Checked, Collecting, Debts, MoreThan, NOON, Notices, Order, OrderCommand, OrderEvent, later, paid,
    placed, reminded,
};
use crate::parcel::board::DeliveryBoard;
use crate::parcel::cash_box::CashBox;
use crate::parcel::follow_up::FollowUp;
use crate::parcel::notices::CustomerNotices;
use crate::parcel::parcel::Parcel;
use crate::parcel::{current_versions, scenarios, upcasters};
use crate::shop::{Ticket, TicketCommand};

/// The ids that code makes up.
const FIRST: &str = "00000000-0000-0000-0000-000000000001";
const SECOND: &str = "00000000-0000-0000-0000-000000000002";

fn chains() -> Chains {
    Chains::new(upcasters::typed(), current_versions())
}

fn library() -> Library {
    let folder = Path::new("/nowhere");
    Library::new(folder)
        .upcasters(chains())
        .subject("parcel", FileReader::<Parcel>::decider())
        .subject("cashbox", FileReader::<CashBox>::decider())
        .subject("ticket", FileReader::<Ticket>::decider())
        .subject("order", FileReader::<Order>::commands(orders()))
        .subject("checked", FileReader::<Awaiting<Checked>>::commands(checked()))
        .subject(
            "board",
            FileReader::<Projecting<DeliveryBoard>>::follower(Fixture::new()),
        )
        .subject(
            "follow-up",
            FileReader::<Managing<FollowUp>>::follower(Fixture::new()),
        )
        .subject(
            "customer-notices",
            FileReader::<Reacting<CustomerNotices>>::follower(Fixture::new()),
        )
        .subject(
            "notices",
            FileReader::<Reacting<Notices>>::follower(Fixture::new()),
        )
        .subject(
            "collecting",
            FileReader::<Managing<Collecting>>::follower(Fixture::new()),
        )
        .subject("debts", FileReader::<Projecting<Debts>>::follower(debts()))
}

fn orders() -> Fixture<Order> {
    Fixture::new().as_json()
}

fn checked() -> Fixture<Awaiting<Checked>> {
    Fixture::new().as_json()
}

fn debts() -> Fixture<Projecting<Debts>> {
    Fixture::new().query::<MoreThan>("more_than")
}

/// The record without what says where it stands, and by which words it was checked.
fn plain(record: &Record) -> Record {
    let mut record = record.clone();
    record.name = None;
    record.file.clear();
    record.line = 0;
    for given in &mut record.given {
        given.from = None;
    }
    for step in &mut record.steps {
        step.checks.clear();
        step.open = false;
    }
    record
}

/// Holds scenarios to the law, and says how many there were.
fn come_back(scenarios: impl FnOnce()) -> usize {
    let library = library();
    let mut files = Vec::new();
    let (ended, records) = collect(|| files = library.told_in_code(scenarios));
    ended.unwrap();
    assert_eq!(records.len(), files.len());
    for (record, file) in records.iter().zip(&files) {
        let file = file.as_ref().unwrap_or_else(|error| panic!("{error}"));
        let text = write(file);
        let source = read("a.json", text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(source.scenario, *file, "{text}");
        let (ran, back) = collect(|| library.run_source("a", &source));
        if let Err(trouble) = ran.unwrap() {
            panic!("{trouble}\n\n{text}");
        }
        let [back] = back.as_slice() else {
            panic!("one scenario a file: {}", back.len())
        };
        assert_eq!(plain(back), plain(record), "{text}");
        assert_eq!(ScenarioFile::of(back, &file.subject).unwrap(), *file, "{text}");
    }
    files.len()
}

#[test]
fn every_scenario_of_the_example_comes_back() {
    let mut count = 0;
    for (name, scenario) in scenarios::all() {
        // Recorded scenarios compare with their snapshots, which is another test's. What a projector refuses with is a
        // text that its fixture gives no form as JSON.
        if [
            "the_life_of_a_parcel",
            "the_day_of_a_cash_box",
            "money_that_nobody_collected_is_refused",
        ]
        .contains(&name)
        {
            continue;
        }
        count += come_back(scenario);
    }
    assert!(count >= 45, "{count}");
}

/// A part of a history.
#[derive(Clone, Debug)]
enum Past<E, C> {
    Event(E),
    In(&'static str, E),
    Tagged(Vec<(&'static str, &'static str)>, E),
    /// So many hours after the last time that was set.
    At(u64),
    Command(C),
}

/// Something that is asked.
#[derive(Clone, Debug)]
enum Ask<I> {
    Input(I),
    Passes(u32),
    /// So many hours after noon.
    Is(u32),
    Nothing,
}

/// Asks at either stage.
macro_rules! ask {
    ($stage:expr, $ask:expr) => {
        match $ask {
            Ask::Input(input) => $stage.when(input),
            Ask::Passes(minutes) => $stage.when_time_passes(Duration::from_secs(u64::from(minutes) * 60)),
            Ask::Is(hours) => $stage.when_time_is(later(10_000_000 + u64::from(hours) * 3_600)),
            Ask::Nothing => unreachable!("asked elsewhere"),
        }
    };
}

fn given<S: Subject>(
    fixture: &Fixture<S>,
    past: Vec<Past<S::Event, S::Input>>,
) -> pastproof::scenario::Given<S> {
    let mut hours = 0;
    let mut given = fixture.given_nothing();
    for part in past {
        given = match part {
            Past::Event(event) => given.given([event]),
            Past::In(stream, event) => given.given_in(stream, [event]),
            Past::Tagged(tags, event) => given.given_tagged(tags, [event]),
            Past::At(more) => {
                hours += more;
                given.at(later(hours * 3_600))
            }
            Past::Command(command) => given.given_commands([command]),
        };
    }
    given
}

/// Tells a scenario and checks all of it, whatever came.
fn tell<S: Subject>(fixture: &Fixture<S>, past: Vec<Past<S::Event, S::Input>>, steps: Vec<Ask<S::Input>>) {
    let mut steps = steps.into_iter();
    let given = given(fixture, past);
    let first = steps.next().unwrap_or(Ask::Nothing);
    let outcome = match first {
        Ask::Nothing => given.when_nothing(),
        first => ask!(given, first),
    };
    let whatever = |outcome: Outcome<S>| outcome.then_events_that("whatever", |_| true);
    let outcome = steps.fold(outcome, |outcome, step| ask!(whatever(outcome), step));
    let _ = outcome.recorded(None);
}

fn order_event() -> impl Strategy<Value = OrderEvent> {
    let order = || prop_oneof![Just(FIRST), Just(SECOND), Just("Ž/~\"")];
    prop_oneof![
        (order(), 0..5_000_u64).prop_map(|(order, cents)| placed(order, cents).into()),
        order().prop_map(|order| paid(order).into()),
        order().prop_map(|order| reminded(order).into()),
    ]
}

fn order_command() -> impl Strategy<Value = OrderCommand> {
    let order = prop_oneof![Just(FIRST), Just(SECOND)];
    prop_oneof![
        (1..50_u64).prop_map(|cents| OrderCommand::Place { cents }),
        (order, 1..60_u64).prop_map(|(order, cents)| OrderCommand::Pay {
            order: order.to_owned(),
            cents
        }),
        Just(OrderCommand::HowMuch),
    ]
}

fn tags() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    vec(
        (
            prop_oneof![Just("course"), Just("student")],
            prop_oneof![Just("c1"), Just("s7"), Just("")],
        ),
        1..4,
    )
}

/// The history of one that follows several streams.
fn past() -> impl Strategy<Value = Vec<Past<OrderEvent, OrderEvent>>> {
    let part = prop_oneof![
        2 => order_event().prop_map(Past::Event),
        2 => (prop_oneof![Just("order-1"), Just("order-2")], order_event())
            .prop_map(|(stream, event)| Past::In(stream, event)),
        1 => (tags(), order_event()).prop_map(|(tags, event)| Past::Tagged(tags, event)),
        1 => (0..40_u64).prop_map(Past::At),
    ];
    vec(part, 0..6)
}

fn time_or<I: Clone + std::fmt::Debug + 'static>(
    input: impl Strategy<Value = I> + 'static,
) -> impl Strategy<Value = Vec<Ask<I>>> {
    // Time goes on: to moments in their order, and then for a while.
    let before = vec(input.prop_map(Ask::Input), 1..4);
    (before, vec(0..200_u32, 0..3), vec(0..5_000_u32, 0..2)).prop_map(|(mut steps, mut moments, spans)| {
        moments.sort_unstable();
        steps.extend(moments.into_iter().map(Ask::Is));
        steps.extend(spans.into_iter().map(Ask::Passes));
        steps
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_asked_of_a_decider_comes_back(
        events in vec(order_event(), 0..3),
        tagged in tags(),
        in_a_stream in any::<bool>(),
        commands in vec((1..50_u64).prop_map(|cents| OrderCommand::Place { cents }), 0..2),
        at in proptest::option::of(0..9_u64),
        steps in time_or(order_command()),
    ) {
        let mut past: Vec<_> = events.clone().into_iter().map(Past::Event).collect();
        if let Some(event) = events.first() {
            past.push(Past::Tagged(tagged, event.clone()));
            if in_a_stream {
                past.insert(0, Past::In("order-7", event.clone()));
            }
        } else {
            // A legal history: one order is placed.
            past.extend(commands.into_iter().map(Past::Command));
        }
        past.extend(at.map(Past::At));
        // Free checks ask a command twice; what is accepted without change in state is not at stake here.
        come_back(|| tell(&orders(), past, steps));
    }

    #[test]
    fn what_a_process_manager_follows_comes_back(past in past(), steps in time_or(order_event())) {
        come_back(|| tell(&Fixture::<Managing<Collecting>>::new().at(NOON), past, steps));
    }

    #[test]
    fn what_a_reactor_follows_comes_back(past in past(), steps in vec(order_event().prop_map(Ask::Input), 1..4)) {
        come_back(|| tell(&Fixture::<Reacting<Notices>>::new(), past, steps));
    }

    #[test]
    fn what_a_projector_follows_comes_back(
        orders in vec((0..9_u64, 0..5_000_u64), 0..5),
        more in vec(0..6_000_u64, 0..3),
        questions in vec(0..6_000_u64, 1..4),
    ) {
        let placed = |(number, cents): &(u64, u64)| placed(&format!("o-{number}"), *cents);
        come_back(|| {
            let mut given = debts().given_nothing();
            for order in &orders {
                given = given.given_in(&format!("order-{}", order.0), [placed(order)]);
            }
            let mut outcome = given.when_nothing().then_events_that("whatever", |_| true);
            for cents in more {
                outcome = outcome
                    .when(placed(&(cents % 10, cents)))
                    .then_events_that("whatever", |_| true);
            }
            for cents in questions {
                outcome = outcome.when_query(MoreThan(cents));
            }
            let _ = outcome.recorded(None);
        });
    }

    #[test]
    fn ids_that_tickets_take_come_back(about in vec("[a-z]{1,3}", 1..3), texts in vec(".{0,4}", 0..4)) {
        come_back(|| {
            let ended = given_nothing::<Ticket>()
                .when(TicketCommand::Open { about: about[0].clone() })
                .capture("ticket", "/0/id")
                .then_events_that("one", |events| events.len() == 1)
                .ending();
            let _ = ended
                .given()
                .given_commands([TicketCommand::Note { ticket: FIRST.to_owned(), texts: vec!["a".to_owned(); 2] }])
                .when(TicketCommand::Note { ticket: FIRST.to_owned(), texts })
                .then_events_that("whatever", |_| true)
                .when(TicketCommand::Close)
                .then_events_that("whatever", |_| true)
                .recorded(None);
        });
    }
}

#[test]
fn what_no_file_can_say_is_refused_at_the_line_of_the_scenario() {
    let said = |scenario: &dyn Fn()| {
        let (_, records) = collect(|| pastproof::scenario::collect(scenario).0.ok());
        let error = ScenarioFile::of(&records[0], "order").unwrap_err();
        assert!(error.file().ends_with("identity.rs"), "{error}");
        assert!(error.spot().unwrap().line > 1);
        error.message().to_owned()
    };
    let plain = Fixture::<Order>::new();
    assert_eq!(
        said(&|| {
            plain
                .given_nothing()
                .when(OrderCommand::HowMuch)
                .then_reply_that("whatever", |_| true);
        }),
        "the command HowMuch has no form as JSON: `Fixture::as_json` gives it one"
    );
    assert_eq!(
        said(&|| {
            Fixture::<Projecting<Debts>>::new()
                .given_nothing()
                .when_query(MoreThan(5))
                .then_result(Vec::<String>::new());
        }),
        "the question MoreThan(5) has no form as JSON: `Fixture::query` gives it one"
    );
    let failed = said(&|| {
        orders()
            .given_nothing()
            .when(OrderCommand::HowMuch)
            .then_ignored()
            .check_now();
    });
    assert!(
        failed.starts_with("what fails has no file: scenario failed"),
        "{failed}"
    );

    let strange = library().told_in_code(|| {
        given_nothing::<crate::shop::Wallet>()
            .when(crate::shop::WalletCommand::Freeze { note: String::new() })
            .then_nothing();
    });
    assert_eq!(
        strange[0].as_ref().unwrap_err().message(),
        "no subject here is a Wallet"
    );
}
