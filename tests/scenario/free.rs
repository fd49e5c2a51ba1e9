//! Checks that come free: what they notice, and that they can be left out for a reason.

use std::cell::Cell;

use pastproof::model::{Aggregate, Position, Projector};
use pastproof::scenario::{Fixture, FreeCheck, Projecting, given, prove_it_can_fail};
use serde::{Deserialize, Serialize};

use crate::account::*;
use crate::shop::*;
use crate::{panic_of, report, says};

/// Keeps count of what it was asked, outside of its events.
#[derive(Default, Serialize)]
struct Counting {
    asked: Cell<u32>,
}

impl Aggregate for Counting {
    type Command = Command;
    type Event = AccountEvent;
    type Error = Refusal;

    fn handle(&self, _: &Command) -> Result<Vec<AccountEvent>, Refusal> {
        self.asked.set(self.asked.get() + 1);
        Ok(Vec::new())
    }

    fn apply(&mut self, _: &AccountEvent) {}
}

#[test]
fn a_state_that_is_not_the_fold_of_its_events() {
    let scenario = || {
        Fixture::<Counting>::new()
            .given_nothing()
            .when(Command::Close)
            .then_nothing()
    };
    let report = report(scenario());
    says(&report, "the state is not the one that its events fold to");
    says(&report, "/asked: folded again 0, live 2");
    Fixture::<Counting>::new()
        .without(FreeCheck::Replay, "it counts on purpose")
        .given_nothing()
        .when(Command::Close)
        .then_nothing();
}

/// Forgets what it owes when it is saved.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Forgetful {
    cents: u64,
    #[serde(skip)]
    since: u64,
    rate: u64,
}

impl Aggregate for Forgetful {
    type Command = Command;
    type Event = AccountEvent;
    type Error = Refusal;

    fn handle(&self, _: &Command) -> Result<Vec<AccountEvent>, Refusal> {
        Ok(vec![deposited(1).into()])
    }

    fn apply(&mut self, event: &AccountEvent) {
        if let AccountEvent::Deposited(Deposited { cents, .. }) = event {
            self.cents += cents;
            self.since += 1;
            self.rate = self.since;
        }
    }
}

#[test]
fn a_state_that_was_saved_and_read_back() {
    let fixture = Fixture::<Forgetful>::new().snapshots();
    let scenario = |fixture: &Fixture<Forgetful>| {
        fixture
            .given([deposited(1), deposited(2)])
            .when(Command::Close)
            .then([deposited(1)])
    };
    let report = report(scenario(&fixture));
    says(
        &report,
        "the state that was saved after 1 event and read back comes to another end",
    );
    says(&report, "/rate: from the saved one 2, live 3");
    scenario(&fixture.without(FreeCheck::Snapshot, "it is never saved"));
    Fixture::<Order>::new()
        .snapshots()
        .given([placed("o1", 5)])
        .when(OrderCommand::HowMuch)
        .then_nothing();
}

#[test]
fn a_command_that_comes_twice() {
    // A deposit that is made twice is two deposits, and nobody says otherwise.
    given::<Account>([opened()])
        .when(Command::Deposit { cents: 5 })
        .then([deposited(5)]);
    let fixture = Fixture::<Account>::new().idempotent();
    let report = report(
        fixture
            .given([opened()])
            .when(Command::Deposit { cents: 5 })
            .then([deposited(5)]),
    );
    says(&report, "something comes of the same command once more");
    says(&report, "MoneyDeposited v2 {\"cents\":5}");
    fixture.given([opened()]).when(Command::Close).then([Closed {}]);
}

/// Panics when it is told twice.
#[derive(Default, Serialize)]
struct Brittle {
    closed: bool,
}

impl Aggregate for Brittle {
    type Command = Command;
    type Event = AccountEvent;
    type Error = Refusal;

    fn handle(&self, _: &Command) -> Result<Vec<AccountEvent>, Refusal> {
        assert!(!self.closed, "closed already");
        Ok(vec![Closed {}.into()])
    }

    fn apply(&mut self, _: &AccountEvent) {
        self.closed = true;
    }
}

#[test]
fn a_command_that_panics_when_it_comes_twice() {
    let report = report(
        given::<Brittle>([deposited(1)])
            .when(Command::Close)
            .then([Closed {}]),
    );
    says(&report, "`handle` panics");
}

#[test]
fn a_command_that_panics_only_the_second_time() {
    let scenario = |fixture: Fixture<Brittle>| fixture.given_nothing().when(Command::Close).then([Closed {}]);
    let report = report(scenario(Fixture::new()));
    says(&report, "`handle` panics when the same command comes again");
    scenario(Fixture::new().without(FreeCheck::CommandRepeated, "the bus delivers once"));
}

/// Adds up.
#[derive(Default)]
struct Sum {
    cents: u64,
}

impl Projector for Sum {
    type Event = OrderEvent;
    type Row = u64;

    fn project(&mut self, event: &OrderEvent, _: Position<'_>) -> Result<(), String> {
        if let OrderEvent::Placed(placed) = event {
            self.cents += placed.cents;
        }
        Ok(())
    }

    fn rows(&self) -> Vec<(String, u64)> {
        vec![("sum".to_owned(), self.cents)]
    }
}

#[test]
fn an_event_that_is_delivered_twice_with_the_same_position() {
    let scenario = |fixture: Fixture<Projecting<Sum>>| {
        fixture
            .given([placed("o1", 5)])
            .when(placed("o2", 7))
            .then_row("sum", 12)
    };
    scenario(Fixture::new());
    let report = report(scenario(Fixture::new().idempotent()));
    says(&report, "an event that is delivered twice makes another state");
    says(&report, "/sum: delivered twice 19, live 12");
    scenario(
        Fixture::new()
            .idempotent()
            .without(FreeCheck::EventDeliveredTwice, "the log delivers once"),
    );
    Fixture::<Projecting<Debts>>::new()
        .idempotent()
        .given([placed("o1", 5)])
        .when(placed("o2", 7))
        .then_row("o2", Debt { cents: 7 });
}

#[test]
fn a_given_event_that_makes_no_difference() {
    let fixture = Fixture::<Order>::new();
    let scenario = |fixture: &Fixture<Order>| {
        fixture
            .given((placed("o1", 5), reminded("o1")))
            .when(OrderCommand::HowMuch)
            .then_nothing()
    };
    let (_, records) = pastproof::scenario::collect(|| drop(scenario(&fixture)));
    let unused: Vec<bool> = records[0].given.iter().map(|given| given.unused).collect();
    assert_eq!(unused, [false, true]);
    let strict = fixture.strict_givens();
    scenario(
        &strict
            .clone()
            .without(FreeCheck::UnusedGivens, "it is there for the reader"),
    );
    let report = report(scenario(&strict));
    says(&report, "given event 2 was not looked at");
    says(&report, "it makes no difference to the state");
}

#[test]
fn a_proof_that_a_scenario_can_fail() {
    let proof = prove_it_can_fail(|| {
        given::<Account>((opened(), deposited(500)))
            .when(Command::Withdraw { cents: vec![1, 2] })
            .then((withdrawn(1), withdrawn(2)))
    });
    // Two events left out, two other values, one other order, one other verdict; both given events are needed.
    assert_eq!((proof.noticed, proof.not_needed.len()), (8, 0), "{proof}");

    let rejected = prove_it_can_fail(|| {
        given::<Account>((opened(), deposited(500)))
            .when(Command::Withdraw { cents: vec![501] })
            .then_error_variant("TooLittle")
    });
    assert_eq!(
        rejected.to_string(),
        "2 changes noticed\nnot noticed: the given MoneyDeposited v2 was left out"
    );

    let weak = panic_of(|| {
        prove_it_can_fail(|| {
            given::<Account>((opened(), deposited(500)))
                .when(Command::Withdraw { cents: vec![1, 2] })
                .then_events_that("something happens", |events| !events.is_empty())
        })
    });
    says(
        &weak,
        "the scenario passes whatever happens\nat tests/scenario/free.rs",
    );
    says(&weak, "MoneyWithdrawn v1 had another /cents");
    let failing =
        panic_of(|| prove_it_can_fail(|| given::<Account>([opened()]).when(Command::Close).then_nothing()));
    says(&failing, "where nothing was expected");
    let nothing = panic_of(|| {
        prove_it_can_fail(|| {
            given::<Account>([opened()])
                .when_nothing()
                .then_state_that("is", |_| true)
        })
    });
    says(&nothing, "nothing in it could be changed so that it fails");
}

#[cfg(feature = "compat")]
#[test]
fn events_have_the_form_that_the_catalogue_says() {
    use pastproof::scenario::{json, with_catalogue};
    use pastproof::schema::{Catalogue, CatalogueOptions, Validators};
    use std::sync::Arc;

    let folder = tempfile::tempdir().unwrap();
    let write = |event_type: &str, schema: &str| {
        std::fs::create_dir(folder.path().join(event_type)).unwrap();
        std::fs::write(folder.path().join(event_type).join("1.json"), schema).unwrap();
    };
    write(
        "Opened",
        r#"{"type": "object", "properties": {"owner": {"maxLength": 3}}}"#,
    );
    write("MoneyDeposited", r#"{"type": "object"}"#);
    write("Closed", r#"{"type": "object"}"#);
    let catalogue = Catalogue::open(folder.path(), &CatalogueOptions::default()).unwrap();
    let validators = Validators::new(Arc::new(catalogue));
    let fixture = fixture().catalogue(validators.clone());
    fixture.given([opened()]).when(Command::Close).then([Closed {}]);
    let longer = || Opened {
        owner: "anna".to_owned(),
    };
    let report_of = |fixture: &Fixture<Account>| {
        report(
            fixture
                .given([longer()])
                .given_stored([("MoneyDeposited", 1, json!({"euros": 5}))])
                .when(Command::Close)
                .then((withdrawn(500), Closed {})),
        )
    };
    let text = report_of(&fixture);
    says(&text, "given event 1: Opened v1 is not what the catalogue says");
    says(&text, "/owner: ");
    says(&text, "it has no MoneyWithdrawn: `pastproof schema accept`");
    // What upcasters made is held against the version it claims.
    says(
        &text,
        "given event 2: MoneyDeposited v2 is not what the catalogue says",
    );
    says(&text, "it has MoneyDeposited, and no version 2");
    // A catalogue around a scenario says nothing of what it does not have.
    let around = with_catalogue(validators.clone(), || report_of(&crate::account::fixture()));
    says(&around, "/owner: ");
    assert!(!around.contains("it has"), "{around}");
    let off = fixture.without(FreeCheck::Schema, "these are drafts");
    off.given([longer()]).when(Command::Close).then([Closed {}]);
}
