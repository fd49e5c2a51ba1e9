//! `upcast run` and `upcast census`: a recording taken to current versions, and what it holds of the old ones.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::tool::{Folder, snapshot};

/// Orders of two versions, and of one that nobody reads.
fn history() -> String {
    let lines = [
        json!({"s": "order-1", "n": 0, "g": 1, "i": "a", "t": "OrderPlaced", "v": 1, "at": "2026-01-01", "d": {"order": "o-1", "total": 5}}),
        json!({"s": "order-2", "n": 0, "g": 2, "t": "OrderPlaced", "v": 2, "d": {"currency": "CZK", "order": "o-2", "total": 6}}),
        json!({"s": "order-2", "n": 1, "g": 3, "t": "OrderSeen", "v": 1, "d": {"by": "o-2"}}),
        json!({"s": "order-3", "n": 0, "g": 4, "t": "OrderPlaced", "v": 2, "d": {"currency": "EUR", "order": "o-3", "total": 7}}),
    ];
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The bridge between two versions as a file of operations, and a type that is dropped.
fn project() -> Folder {
    Folder::bridged()
        .with(
            "schemas/OrderPlaced/1-to-2.upcast.json",
            r#"{"format": "1.0", "operations": [{"op": "add", "at": "/currency", "value": "EUR"}]}"#,
        )
        .with("schemas/OrderSeen/1.json", r#"{"type": "object"}"#)
        .with("schemas/OrderSeen/2.json", r#"{"type": "object"}"#)
        .with(
            "schemas/OrderSeen/1-to-2.upcast.json",
            r#"{"format": "1.0", "operations": [{"op": "drop"}]}"#,
        )
        .with("in.jsonl", history())
        .without("schemas/OrderPlaced/1-to-2.jq")
        .recorded(&["--order", "global"])
}

#[test]
fn a_recording_is_taken_to_current_versions() {
    let folder = project();
    let said = folder
        .run(&["upcast", "run", "old.ndjson", "--to", "new.ndjson"])
        .exits(0)
        .quietly();
    snapshot("upcast_run", &said.stdout);
    snapshot(
        "upcast_run_copy",
        &fs::read_to_string(folder.path("new.ndjson")).unwrap(),
    );
    folder.run(&["verify", "new.ndjson"]).exits(0).quietly();
    folder.run(&["validate", "new.ndjson"]).exits(0).quietly();
    let said = folder
        .run(&[
            "upcast",
            "run",
            "old.ndjson",
            "--to",
            "new.ndjson.zst",
            "--format",
            "json",
        ])
        .exits(0);
    let summary: Value = serde_json::from_str(said.summary()).unwrap();
    assert_eq!(
        [
            &summary["events"],
            &summary["copied"],
            &summary["upcast"],
            &summary["dropped"]
        ],
        [&json!(4), &json!(2), &json!(2), &json!(1)]
    );
    // Names that no command would read again.
    folder
        .run(&["upcast", "run", "old.ndjson", "--to", "new.json"])
        .exits(2);
    folder
        .run(&["upcast", "run", "none.ndjson", "--to", "new.ndjson"])
        .exits(3);
}

#[test]
fn one_bad_event_is_told_and_nothing_is_written() {
    let bad = history().replace(r#""total":5"#, r#""total":"5""#);
    let folder = project().with("in.jsonl", bad).recorded(&["--order", "global"]);
    let said = folder
        .run(&["upcast", "run", "old.ndjson", "--to", "new.ndjson"])
        .exits(1)
        .quietly();
    snapshot("upcast_run_bad", &said.stdout);
    assert!(!folder.path("new.ndjson").exists() && !folder.path("new.manifest.json").exists());
}

#[test]
fn a_census_says_what_there_is_and_what_reading_it_takes() {
    let folder = project().with(
        "schemas/OrderPlaced/0.json",
        fs::read(project().path("schemas/OrderPlaced/1.json")).unwrap(),
    );
    folder.write(
        "in.jsonl",
        format!(
            "{}{}\n",
            history(),
            json!({"s": "order-3", "n": 1, "g": 5, "t": "OrderLost", "v": 1, "d": {}})
        ),
    );
    let folder = folder.recorded(&["--order", "global"]);
    let said = folder.run(&["upcast", "census", "old.ndjson"]).exits(1).quietly();
    snapshot("upcast_census", &said.stdout);
    let said = folder.look(&["upcast", "census", "old.ndjson"]).exits(1);
    snapshot("upcast_census_json", &said.stdout);
    folder.run(&["upcast", "census"]).exits(4);
}

/// Orders enough for several runs of a mebibyte.
fn large() -> String {
    (0..12_000_u64)
        .map(|number| {
            format!(
                "{{\"s\":\"order-{}\",\"n\":{},\"g\":{number},\"t\":\"OrderPlaced\",\"v\":1,\"d\":{{\"order\":\"{number:0>300}\",\"total\":{number}}}}}\n",
                number % 100,
                number / 100,
            )
        })
        .collect()
}

#[test]
fn a_killed_run_goes_on_and_ends_with_the_same_bytes() {
    let folder = project()
        .with("in.jsonl", large())
        .recorded(&["--order", "global"]);
    let arguments = [
        "upcast",
        "run",
        "old.ndjson",
        "--to",
        "new.ndjson",
        "--memory",
        "1",
    ];
    folder.run(&arguments).exits(0).quietly();
    let expected = fs::read(folder.path("new.ndjson")).unwrap();
    let sealed = fs::read(folder.path("new.manifest.json")).unwrap();
    let state = folder.path(".new.ndjson.recording/state.json");
    let mut resumed = 0;
    for round in 0..3 {
        fs::remove_file(folder.path("new.ndjson")).unwrap();
        fs::remove_file(folder.path("new.manifest.json")).unwrap();
        let mut child = folder
            .command(&arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while !state.exists()
            && begun.elapsed() < Duration::from_secs(20)
            && child.try_wait().unwrap().is_none()
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(round * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        if state.exists() {
            assert!(
                !folder.path("new.manifest.json").exists(),
                "no seal before the end"
            );
        }
        let said = folder.run(&arguments).exits(0);
        resumed += usize::from(said.stderr.contains("goes on after"));
        assert_eq!(fs::read(folder.path("new.ndjson")).unwrap(), expected);
        assert_eq!(fs::read(folder.path("new.manifest.json")).unwrap(), sealed);
        assert!(!state.exists());
    }
    assert!(resumed > 0, "no run was interrupted in the middle");
}

fn mutated(folder: &Folder, more: &[&str]) -> String {
    let arguments: Vec<&str> = ["upcast", "verify", "--mutate"]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    folder.run(&arguments).exits(0).stdout
}

/// Nothing tells the right default from another one, until a person has accepted a result.
#[test]
fn copies_that_nothing_tells_apart_survive_until_results_are_accepted() {
    let operations = r#"{"format": "1.0", "operations": [
        {"op": "rename", "at": "/order", "to": "order"},
        {"op": "add", "at": "/currency", "value": "EUR"}
    ]}"#;
    let folder = project().with("schemas/OrderPlaced/1-to-2.upcast.json", operations);
    let said = mutated(&folder, &[]);
    snapshot("upcast_mutants_survive", &said);
    // Twice the same.
    assert_eq!(mutated(&folder, &[]), said);
    let said = folder.run(&["upcast", "verify", "--accept"]).exits(0);
    assert_eq!(
        said.stderr,
        "pastproof: accepted schemas/OrderPlaced/examples/1-to-2.ndjson\n"
    );
    assert_eq!(
        fs::read_to_string(folder.path("schemas/OrderPlaced/examples/1-to-2.ndjson")).unwrap(),
        "[{\"d\":{\"currency\":\"EUR\",\"order\":\"o-1\",\"total\":1},\"t\":\"OrderPlaced\",\"v\":2}]\n"
    );
    snapshot("upcast_mutants_caught", &mutated(&folder, &[]));
    // A change from then on is told.
    let folder = folder.with(
        "schemas/OrderPlaced/1-to-2.upcast.json",
        operations.replace("EUR", "CZK"),
    );
    let said = folder.run(&["upcast", "verify"]).exits(1).quietly();
    snapshot("upcast_golden_changed", &said.stdout);
    folder.write("schemas/OrderPlaced/examples/1.ndjson", "");
    folder.run(&["upcast", "verify"]).exits(1).quietly();
}

#[test]
fn copies_of_programs_are_tried_like_others() {
    let folder = Folder::bridged().with(
        "schemas/OrderPlaced/1-to-2.jq",
        "{order, total, currency: (if .total > 1000 then \"CZK\" else \"EUR\" end)}\n",
    );
    snapshot("upcast_mutants_jq", &mutated(&folder, &[]));
    let said = folder
        .run(&["upcast", "verify", "--mutate", "--format", "json"])
        .exits(0);
    let step = said
        .lines()
        .into_iter()
        .find(|line| line["kind"] == "step")
        .unwrap();
    assert!(step["mutants_survived"].as_u64() > Some(0), "{said}");
    // What is wrong with the upcaster itself comes first: a copy would say nothing.
    let folder = folder.with("schemas/OrderPlaced/1-to-2.jq", "{order, total, currency: 1}\n");
    let said = folder
        .run(&["upcast", "verify", "--mutate", "--format", "json"])
        .exits(1);
    assert!(!said.stdout.contains("upcaster-mutant-survives"), "{said}");
}
