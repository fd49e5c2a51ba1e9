//! Every way on which history is read takes an old event through the same chain: replay, read models, baselines,
//! a walk through a stream, scenarios, and the copy of a recording at current versions.

use std::collections::BTreeMap;
use std::path::Path;

use pastproof::model::Version;
use pastproof::recording::Order;
use pastproof::replay::{Replayed, Silent, inspect, minimise};
use pastproof::scenario::{Fixture, StoredEvent};
use pastproof::upcast::{Chains, RewriteOptions, Upcast, Upcaster, rewrite};
use serde_json::{Value, json};

use super::bed::{Bed, event, history, text};
use super::domain::{Account, Superstitious};

/// A deposit's currency was that of the owner; a fee goes to the bank's own account.
fn chains(moving: bool) -> Chains {
    let deposited = Upcaster::with_context(
        "Deposited",
        1,
        [("Deposited", 2)],
        ["Opened"],
        |owner: &mut String, event| {
            event.data["owner"].as_str().unwrap_or_default().clone_into(owner);
            Ok::<_, String>(())
        },
        |mut data: Value, owner, _| {
            data["currency"] = json!(if owner == "Ana" { "CZK" } else { "EUR" });
            Ok::<_, String>(vec![Upcast::new("Deposited", 2, data)])
        },
    );
    let moved = Upcaster::json("Moved", 1, [("Withdrawn", 1), ("Deposited", 2)], move |data| {
        let fee = Upcast::new("Deposited", 2, json!({"cents": data["fee"], "currency": "EUR"}));
        let fee = if moving { fee.in_stream("account-9") } else { fee };
        Ok::<_, String>(vec![
            Upcast::new("Withdrawn", 1, json!({"cents": data["cents"]})),
            fee,
        ])
    });
    let moved = if moving { moved.moving() } else { moved };
    Chains::new(
        [deposited, moved, Upcaster::dropped("Audited", 1)],
        [("Opened", 1), ("Deposited", 2), ("Withdrawn", 1)],
    )
}

/// What a replay made, by stream and read model, as a baseline has it.
fn made(replayed: &Replayed, folder: &Path) -> BTreeMap<String, Value> {
    let path = folder.join("made.baseline.ndjson");
    replayed.save_baseline(&path, true).unwrap();
    let lines = std::fs::read_to_string(path).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|line| {
            let name = line.get("s").or_else(|| line.get("model"))?.as_str()?.to_owned();
            Some((name, line["digest"].clone()))
        })
        .collect()
}

fn account(owner: &str, balance: i64, currency: &str) -> String {
    let state = json!({"owner": owner, "balance": balance, "currencies": {currency: 1}});
    pastproof::json::canonical(&state).unwrap()
}

fn sha256(text: &str) -> Value {
    let digest = pastproof::json::digest(&serde_json::from_str::<Value>(text).unwrap()).unwrap();
    digest.into()
}

fn bed(order: Order, moving: bool) -> Bed {
    let mut lines = history();
    if order == Order::Stream {
        lines.sort_by_key(|line| line.split(',').next().unwrap().to_owned());
    }
    let mut bed = Bed::recorded(order, 1, &lines);
    bed.chains = chains(moving);
    bed
}

#[test]
fn states_and_read_models_know_the_stream_and_take_what_is_moved() {
    let bed = bed(Order::Global, true);
    let replayed = bed.run();
    assert_eq!(text(&replayed.findings), Vec::<String>::new());
    let found = made(&replayed, &bed.path("."));
    for (stream, state) in [
        ("account-1", account("Ana", 700, "CZK")),
        ("account-9", account("", 5, "EUR")),
    ] {
        assert_eq!(found[stream], sha256(&state), "{stream}: {state}");
    }
    // Against what it made itself nothing differs.
    let baseline = bed.baseline();
    assert_eq!(bed.against(&baseline).differences, 0);

    // The copy at current versions is the same history to the code, though no upcaster is left to take.
    let copy = bed.path("copy.ndjson.zst");
    let options = RewriteOptions::default();
    let done = rewrite(&bed.recording, &copy, &bed.chains, &bed.validators, &options).unwrap();
    assert_eq!(done.findings, []);
    let mut current = Bed::global(&history());
    current.recording = copy;
    current.chains = Chains::new([], [("Opened", 1), ("Deposited", 2), ("Withdrawn", 1)]);
    let again = current.run();
    assert_eq!(text(&again.findings), Vec::<String>::new());
    assert_eq!(again.counts.upcast, 0);
    assert_eq!(made(&again, &current.path(".")), found);
}

/// By streams nobody knows when what is moved arrives: no state is checked, and that is said.
#[test]
fn what_is_moved_needs_global_order() {
    let replayed = bed(Order::Stream, true).run();
    let said = text(&replayed.findings).join("\n");
    assert!(
        said.contains("an upcaster moves events between streams"),
        "{said}"
    );
    assert_eq!(replayed.counts.folded, 0);
    // Without a move both orders come to the same.
    let (global, stream) = (bed(Order::Global, false), bed(Order::Stream, false));
    let accounts = |bed: &Bed| {
        let mut made = made(&bed.run(), &bed.path("."));
        made.retain(|name, _| name.starts_with("account"));
        made
    };
    assert_eq!(accounts(&global), accounts(&stream));
}

#[test]
fn a_walk_through_a_stream_knows_the_stream() {
    let bed = bed(Order::Global, false);
    let mut steps = Vec::new();
    let mut request = bed.request();
    request.show_values = true;
    inspect(&request, "account-1", None, &mut Silent, &mut |step| {
        steps.push(step);
    })
    .unwrap();
    let last = steps.last().unwrap();
    let state = json!({"owner": "Ana", "balance": 705, "currencies": {"CZK": 1, "EUR": 1}});
    assert_eq!(last.after, Some(state));
}

#[test]
fn the_smallest_failing_history_knows_the_stream() {
    let mut lines = history();
    lines.push(event("account-1", 4, 8, "Withdrawn", r#"{"cents":666}"#));
    let mut bed = Bed::global(&lines).with::<Superstitious>();
    bed.chains = chains(false);
    let minimised = minimise(&bed.request(), "account-1", &mut Silent).unwrap();
    let minimised = minimised.unwrap();
    assert_eq!(minimised.finding.rule.id, "apply-panicked");
    assert_eq!(minimised.events.len(), 1);
}

fn stored(event_type: &str, version: u64, data: Value) -> StoredEvent {
    StoredEvent {
        event_type: event_type.to_owned(),
        version: Version::from(version),
        data,
    }
}

#[test]
fn a_scenario_knows_what_was_given_before() {
    Fixture::<Account>::new()
        .upcasters(chains(false))
        .given_stored([
            stored("Opened", 1, json!({"owner": "Ana"})),
            stored("Deposited", 1, json!({"cents": 1000})),
            stored("Moved", 1, json!({"cents": 300, "fee": 5})),
        ])
        .when(())
        .then_nothing()
        .then_state_that("it holds what its owner had", |account| {
            account.balance == 705 && account.currencies.contains_key("CZK")
        });
}
