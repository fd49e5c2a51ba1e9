//! Searches: what they find, how small it is, and that the file fails in the same way.

use std::time::Duration;

use pastproof::model::Aggregate as _;
use pastproof::scenario::file::{FileReader, Library, read};
use pastproof::scenario::search::{Found, Happens, Search, commands};
use pastproof::scenario::{Fixture, FreeCheck, Invariants, Managing, from_json, given_nothing, json};
use pastproof::upcast::Chains;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use crate::order::{Collect, Collecting, NOON, OrderEvent, paid, placed};
use crate::parcel::events::{
    Address, Currency, DeliveryWindow, FailureReason, Item, Money, OrderCreated, Recipient,
};
use crate::parcel::parcel::{Parcel, ParcelCommand, Stage, in_cash};
use crate::parcel::scenarios::invariants;
use crate::parcel::{current_versions, upcasters};
use crate::run::library;
use crate::shop::{PaidIn, Wallet, WalletCommand};

fn next(_: &Wallet) -> BoxedStrategy<WalletCommand> {
    prop_oneof![
        ".{0,12}".prop_map(|note| WalletCommand::Freeze { note }),
        (1_u32..50_000).prop_map(|cents| WalletCommand::PayIn { cents }),
        (1_u32..50_000).prop_map(|cents| WalletCommand::PayOut { cents }),
    ]
    .boxed()
}

/// Small sums, so that the wallet comes to hold thirteen.
fn small(_: &Wallet) -> BoxedStrategy<WalletCommand> {
    prop_oneof![
        (1_u32..9).prop_map(|cents| WalletCommand::PayIn { cents }),
        (1_u32..9).prop_map(|cents| WalletCommand::PayOut { cents }),
    ]
    .boxed()
}

fn owes() -> Invariants<Wallet> {
    Invariants::new().always("nobody owes", |wallet: &Wallet| wallet.cents >= 0)
}

fn found(search: &Search<Wallet>) -> Found {
    match search.try_run() {
        Err(found) => *found,
        Ok(seen) => panic!("there is something to be found: {seen:?}"),
    }
}

#[test]
fn what_is_found_is_as_small_as_can_be() {
    for seed in 0..8 {
        let found = found(&Search::new("wallet", next, owes()).seed(seed));
        assert_eq!(found.broken(), "nobody owes");
        // One command, with the smallest sum that the wallet does not look at.
        assert_eq!(
            serde_json::to_value(found.file()).unwrap()["when"],
            json!([{"command": {"PayOut": {"cents": 1_000}}}]),
            "seed {seed}"
        );
    }
}

#[test]
fn the_file_fails_in_the_same_way_and_so_does_the_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let search = Search::new("wallet", next, owes()).files(folder.path(), "wallet");
    let found = found(&search);
    let path = found.path().unwrap();
    assert_eq!(path, folder.path().join("wallet_nobody_owes.json"));

    let library: Library = library(folder.path());
    let trouble = library.run("wallet_nobody_owes").unwrap_err().to_string();
    // The same story, but for its name and its places.
    let story = |text: &str| {
        let text = text.split_once("\n\n").unwrap().1;
        let places = regex_like(text);
        places
            .split("\n\n")
            .take(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let report = found.failure().to_string();
    assert!(trouble.contains("the invariant does not hold"), "{trouble}");
    assert!(trouble.contains("at wallet_nobody_owes.json:"), "{trouble}");
    assert_eq!(story(&trouble), story(&report), "{trouble}\n\n{report}");

    // The scenario that is printed, pasted.
    let pasted = given_nothing::<Wallet>()
        .when(from_json::<WalletCommand>(json!({"PayOut":{"cents":1000}})))
        .then_holds(&owes(), "nobody owes")
        .try_check()
        .unwrap_err()
        .to_string();
    assert!(
        found
            .rust()
            .contains(".when(from_json::<WalletCommand>(json!({\"PayOut\":{\"cents\":1000}})))"),
        "{}",
        found.rust()
    );
    assert_eq!(story(&pasted), story(&report));

    // It is a file as every other, and stays one when the code is right.
    let text = std::fs::read(path).unwrap();
    assert_eq!(read("a.json", &text).unwrap().scenario, *found.file());
}

/// The text without its places.
fn regex_like(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        match (line.find('('), line.find(')')) {
            (Some(open), Some(close)) if line[open..close].contains(':') => {
                lines.push(format!("{}{}", &line[..open], &line[close + 1..]));
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

#[test]
fn what_was_found_is_told_whole() {
    let told = found(&Search::new("wallet", next, owes()).invariants_are("wallet_invariants()")).to_string();
    crate::snapshot("search_found", &without_places(&told));
}

/// Lines of this file change with it.
fn without_places(text: &str) -> String {
    let mut text = text.to_owned();
    let mut from = 0;
    while let Some(at) = text[from..].find("tests/scenario_files/search.rs") {
        let start = from + at;
        let path = start + text[start..].find(".rs:").unwrap() + 4;
        let end = path
            + text[path..]
                .find(|character: char| !(character.is_ascii_digit() || character == ':'))
                .unwrap_or(text.len() - path);
        text.replace_range(path..end, "LINE");
        from = path + 4;
    }
    text
}

#[test]
fn a_panic_is_found_as_well_and_needs_no_invariant_of_its_own() {
    let found = found(&Search::new("wallet", small, owes()).length(1..30));
    assert_eq!(found.broken(), "`handle` panics");
    // Thirteen cannot be paid in at once; two commands reach it, and one asks.
    let file = serde_json::to_value(found.file()).unwrap();
    let when = file["when"].as_array().unwrap();
    assert_eq!(when.len(), 3, "{file}");
    let sum: u64 = when[..2]
        .iter()
        .map(|line| line["command"]["PayIn"]["cents"].as_u64().unwrap())
        .sum();
    assert_eq!(sum, 13);
    assert_eq!(when[2], json!({"command": {"PayOut": {"cents": 1}}}));
}

#[test]
fn a_history_is_legal_whatever_is_left_out_of_it() {
    let strategy = commands::<Wallet>(small, 0..12);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..64 {
        let mut tree = strategy.new_tree(&mut runner).unwrap();
        let mut kept = true;
        for step in 0..200 {
            let mut wallet = Wallet::default();
            let commands = tree.current();
            for (index, command) in commands.iter().enumerate() {
                if (13..20).contains(&wallet.cents) && matches!(command, WalletCommand::PayOut { .. }) {
                    // The panic, after which there is nothing.
                    assert_eq!(index + 1, commands.len());
                    break;
                }
                for event in wallet.handle(command).expect("every command is accepted") {
                    wallet.apply(&event);
                }
            }
            kept = if step % 3 == 0 && kept {
                tree.complicate()
            } else {
                tree.simplify()
            };
            if !kept && !tree.simplify() {
                break;
            }
        }
    }
}

#[test]
fn the_same_seed_searches_the_same_histories() {
    let search = |seed| {
        Search::new("wallet", small, owes())
            .length(1..3)
            .cases(40)
            .seed(seed)
            .try_run()
            .unwrap()
    };
    assert_eq!(search(7), search(7));
    assert_ne!(search(7), search(8));
}

#[test]
fn a_search_that_looks_at_nothing_says_so() {
    fn refused(_: &Wallet) -> BoxedStrategy<WalletCommand> {
        Just(WalletCommand::PayOut { cents: 1 }).boxed()
    }
    let said = crate::panic_of(|| Search::new("wallet", refused, owes()).cases(3).run());
    assert!(
        said.contains("looked at nothing: in 3 histories no command was accepted"),
        "{said}"
    );
    let said = crate::panic_of(|| Search::new("wallet", small, Invariants::<Wallet>::new()));
    assert!(
        said.contains("a search without an invariant finds nothing"),
        "{said}"
    );
}

#[test]
fn a_fixture_has_its_say() {
    let fixture = Fixture::new().without(FreeCheck::DecideTwice, "it is quick enough");
    let seen = Search::new("wallet", small, owes())
        .fixture(fixture)
        .length(1..3)
        .cases(20)
        .run();
    assert_eq!(seen.cases, 20);
    assert_eq!(seen.longest, 2);
}

#[test]
fn a_search_goes_on_from_a_given_history() {
    // Two short of the sum on which the wallet panics, so that one command reaches it.
    let begin = |cents: u32| {
        Search::new("wallet", small, owes())
            .given([PaidIn { cents }])
            .length(1..4)
    };
    let folder = tempfile::tempdir().unwrap();
    let found = found(&begin(11).files(folder.path(), "wallet"));
    assert_eq!(found.broken(), "`handle` panics");
    let file = serde_json::to_value(found.file()).unwrap();
    let event = json!({"type": "PaidIn", "version": 1, "data": {"cents": 11}});
    assert_eq!(file["given"], json!([event]));
    assert_eq!(
        file["when"],
        json!([{"command": {"PayIn": {"cents": 2}}}, {"command": {"PayOut": {"cents": 1}}}])
    );
    for line in [
        "use pastproof::scenario::{Fixture, from_json, json};",
        "Fixture::<Wallet>::new()",
        ".given_stored([",
        "(\"PaidIn\", 1, json!({\"cents\":11})),",
    ] {
        assert!(found.rust().contains(line), "{line}\n{}", found.rust());
    }
    // Pasted, and as a file.
    let pasted = Fixture::<Wallet>::new()
        .given_stored([("PaidIn", 1, json!({"cents":11}))])
        .when(from_json::<WalletCommand>(json!({"PayIn":{"cents":2}})))
        .when(from_json::<WalletCommand>(json!({"PayOut":{"cents":1}})))
        .then_holds(&owes(), "nobody owes")
        .try_check()
        .unwrap_err()
        .to_string();
    let filed = library(folder.path()).run(found.name()).unwrap_err().to_string();
    for told in [&pasted, &filed] {
        assert!(told.contains("panicked: nobody thought of thirteen"), "{told}");
    }

    // Far away from it there is nothing to be found.
    assert!(begin(500).run().commands >= 256);
}

#[test]
fn a_given_history_of_an_old_version_needs_upcasters() {
    let search = Search::new("wallet", small, owes()).given_stored([("PaidIn", 0, json!({"sum": 11}))]);
    let said = crate::panic_of(|| search.run());
    assert!(said.starts_with("the given PaidIn v0 cannot be read: "), "{said}");
}

/// What may be asked of a parcel, wherever it is.
fn of_a_parcel(_: &Parcel) -> BoxedStrategy<ParcelCommand> {
    let order = |due: Option<u64>| OrderCreated {
        shop: "Teehaus".to_owned(),
        recipient: Recipient {
            name: "Žofie".to_owned(),
            address: Address {
                street: "Ölweg 7".to_owned(),
                city: "Mürzzuschlag".to_owned(),
                postcode: None,
                country: "AT".to_owned(),
            },
            phone: None,
        },
        items: vec![Item {
            description: "Teekanne".to_owned(),
            quantity: 1,
        }],
        due: due.map(euro),
        window: DeliveryWindow::AnyTime,
    };
    let due = || prop::option::of(prop_oneof![Just(1_u64), Just(4_990)]);
    let reason = prop_oneof![
        Just(FailureReason::NobodyHome),
        Just(FailureReason::WrongAddress),
        Just(FailureReason::Refused { statement: None }),
    ];
    let name = || prop_oneof![Just("ann"), Just("bob")].prop_map(str::to_owned);
    prop_oneof![
        due().prop_map(move |due| ParcelCommand::CreateOrder(order(due))),
        name().prop_map(|carrier| ParcelCommand::Take {
            carrier,
            weight_grams: None
        }),
        name().prop_map(|depot| ParcelCommand::ReachDepot { depot, scanner: None }),
        name().prop_map(|courier| ParcelCommand::SendOut { courier }),
        reason.prop_map(|reason| ParcelCommand::GiveUp { reason }),
        (name(), due()).prop_map(|(received_by, due)| ParcelCommand::HandOver {
            received_by,
            payment: due.map(|cents| in_cash(euro(cents))),
        }),
        name().prop_map(|received_by| ParcelCommand::ReturnToSender { received_by }),
    ]
    .boxed()
}

fn euro(cents: u64) -> Money {
    Money {
        cents,
        currency: Currency::Eur,
    }
}

#[test]
fn parcels_keep_their_promises_whatever_is_asked_of_them() {
    let search = || Search::new("parcel", of_a_parcel, invariants::of_parcels()).length(1..24);
    let seen = search().cases(96).run();
    assert!(seen.longest > 12, "{seen:?}");
    // And where a courier is at the door with a parcel that was written down by the first release.
    let chains = Chains::new(upcasters::typed(), current_versions());
    let seen = search()
        .fixture(Fixture::new().upcasters(chains))
        .given_stored([
            ("PickedUp", 1, json!({"company": "swift-hare"})),
            ("DepotReached", 2, json!({"depot": "depot-07"})),
            ("OutForDelivery", 1, json!({"courier": "courier-1"})),
        ])
        .cases(96)
        .run();
    assert!(seen.commands > 96, "{seen:?}");
}

#[test]
fn a_promise_that_parcels_do_not_make_is_broken_by_the_shortest_life() {
    let promise = Invariants::new().always("no courier is sent twice", |parcel: &Parcel| {
        parcel.failed_attempts == 0 || parcel.stage != Stage::OutForDelivery
    });
    let folder = tempfile::tempdir().unwrap();
    let search = Search::new("parcel", of_a_parcel, promise.clone())
        .length(1..24)
        .files(folder.path(), "parcel");
    let found = *search.try_run().expect_err("a second courier is sent");
    let kinds: Vec<String> = serde_json::to_value(found.file()).unwrap()["when"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            line["command"]
                .as_object()
                .unwrap()
                .keys()
                .next()
                .unwrap()
                .clone()
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "CreateOrder",
            "Take",
            "ReachDepot",
            "SendOut",
            "GiveUp",
            "SendOut"
        ]
    );
    let library =
        Library::new(folder.path()).subject("parcel", FileReader::<Parcel>::decider().invariants(promise));
    let told = library.run(found.name()).unwrap_err().to_string();
    assert!(told.contains("the invariant does not hold"), "{told}");
}

/// Orders that are placed, paid and forgotten, and the days between.
fn of_orders(_: &Collecting) -> BoxedStrategy<Happens<OrderEvent>> {
    let order = || prop_oneof![Just("o-1"), Just("o-2")];
    prop_oneof![
        (order(), 1..100_u64).prop_map(|(order, cents)| Happens::Input(placed(order, cents).into())),
        order().prop_map(|order| Happens::Input(paid(order).into())),
        (1..60_u64).prop_map(|hours| Happens::Passes(Duration::from_secs(hours * 3_600))),
    ]
    .boxed()
}

fn collecting(promise: fn(&Collecting, &[&Collect]) -> bool) -> Invariants<Managing<Collecting>> {
    Invariants::new().of_sent("it does not send too much", promise)
}

#[test]
fn a_process_manager_is_searched_through_events_and_time() {
    // What it promises: nobody is warned without an order, and there are orders without end.
    let never = collecting(|_, sent| {
        sent.iter().all(|command| match command {
            Collect::Warn { order } | Collect::GiveUp { order } => order.starts_with("o-"),
        })
    });
    let seen = Search::<Managing<Collecting>>::new("collecting", of_orders, never)
        .cases(64)
        .run();
    assert!(seen.commands > 64, "{seen:?}");

    // What it does not: that it is patient for ever.
    let folder = tempfile::tempdir().unwrap();
    let patient = collecting(|_, sent| {
        !sent
            .iter()
            .any(|command| matches!(command, Collect::GiveUp { .. }))
    });
    let search = Search::<Managing<Collecting>>::new("collecting", of_orders, patient.clone())
        .invariants_are("patient()")
        .files(folder.path(), "collecting");
    let found = *search.try_run().expect_err("it gives up");
    assert_eq!(found.broken(), "it does not send too much");
    let file = serde_json::to_value(found.file()).unwrap();
    // Nobody thought of an order that is placed twice: it is reminded twice on one day, and given up.
    let twice = json!({"type": "Placed", "version": 1, "data": {"order": "o-1", "cents": 1, "at": NOON}});
    assert_eq!(file["when"], json!([twice, twice, {"passes": "P1D"}]));
    crate::snapshot("search_of_a_process_manager", found.rust());

    let library = Library::new(folder.path()).subject(
        "collecting",
        FileReader::<Managing<Collecting>>::follower(Fixture::new()).invariants(patient.clone()),
    );
    let told = library.run(found.name()).unwrap_err().to_string();
    for told in [&told, &found.failure().to_string()] {
        assert!(told.contains("the invariant does not hold"), "{told}");
        assert!(told.contains("sent GiveUp { order: "), "{told}");
    }

    // From a given order there is only time to be found.
    let found = *Search::<Managing<Collecting>>::new("collecting", of_orders, patient)
        .given([placed("o-7", 5)])
        .seed(3)
        .try_run()
        .expect_err("it gives up");
    let file = serde_json::to_value(found.file()).unwrap();
    assert_eq!(file["given"][0]["data"]["order"], "o-7");
    assert!(
        file["when"]
            .as_array()
            .unwrap()
            .iter()
            .all(|line| line.get("passes").is_some()),
        "{file}"
    );
}
