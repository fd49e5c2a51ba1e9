//! Searches: what they find, how small it is, and that the file fails in the same way.

use pastproof::model::Aggregate as _;
use pastproof::scenario::file::{Library, read};
use pastproof::scenario::search::{Found, Search, commands};
use pastproof::scenario::{Fixture, FreeCheck, Invariants, from_json, given_nothing, json};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use crate::run::library;
use crate::shop::{Wallet, WalletCommand};

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
    let said = crate::panic_of(|| Search::new("wallet", small, Invariants::new()));
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
