//! `scenario coverage` and `scenario docs`: on the example domain, and on harnesses that have little to say.

use std::fs;

use serde_json::{Value, json};

use super::code::harness;
use super::tool::{Folder, Said, here, members, snapshot};

/// The example's scenarios, with a section of the configuration.
fn project(section: &str) -> Folder {
    let folder = Folder::new();
    let schemas = here().join("schemas");
    folder.write(
        "pastproof.toml",
        format!(
            "[catalogue]\npath = \"{}\"\n\n[[harness]]\nexecutable = \"{}\"\n\n{section}",
            schemas.display(),
            harness()
        ),
    );
    folder
}

/// What this run says, without the places of this checkout.
fn shown(said: &Said) -> String {
    let here = format!("{}/", here().display());
    said.stdout.replace(&here, "")
}

#[test]
fn the_example_shows_all_of_itself() {
    let folder = project("");
    let said = folder.run(&["scenario", "coverage"]).exits(0).quietly();
    snapshot("scenario_coverage", &shown(&said));

    let said = folder
        .look(&["scenario", "coverage", "--floor", "100"])
        .exits(0)
        .quietly();
    assert_eq!(
        members(said.summary()),
        [
            "kind",
            "scenarios",
            "failed",
            "untold",
            "shown",
            "of",
            "percent",
            "cells",
            "cells_shown",
            "floor",
            "cell_floor"
        ]
    );
    let summary: Value = serde_json::from_str(said.summary()).unwrap();
    assert_eq!(summary["percent"], 100, "{summary}");
    assert_eq!((&summary["failed"], &summary["untold"]), (&json!([]), &json!([])));
    let lines = said.lines();
    let types: Vec<&str> = lines.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(
        types,
        [
            "CashBox",
            "Parcel",
            "FollowUp",
            "CustomerNotices",
            "DeliveryBoard"
        ]
    );
    let parcel = said
        .stdout
        .lines()
        .find(|line| line.contains("\"type\":\"Parcel\""))
        .unwrap();
    assert_eq!(
        members(parcel),
        [
            "kind",
            "subject",
            "type",
            "role",
            "scenarios",
            "rows",
            "outcomes",
            "items",
            "shown",
            "of",
            "percent",
            "cells",
            "cells_shown"
        ]
    );
    // The harness names every command, also one that nobody asks, and a scenario file counts as one in code.
    let parcel: Value = serde_json::from_str(parcel).unwrap();
    assert_eq!(parcel["rows"].as_array().unwrap().len(), 7, "{parcel}");
    let scenarios = parcel["scenarios"].as_array().unwrap();
    assert!(scenarios.contains(&"parcel/at_the_door".into()), "{scenarios:?}");
}

#[test]
fn below_the_floor_is_a_finding() {
    let folder = project("");
    let said = folder
        .look(&["scenario", "coverage", "--cell-floor", "90"])
        .exits(1);
    let finding = said.denies("scenario-coverage", &json!({"file": "pastproof.toml"}));
    let message = finding["message"].as_str().unwrap();
    assert!(
        message.contains("of the cells of the matrix, and the floor is 90 %"),
        "{message}"
    );
    folder
        .run(&["scenario", "coverage", "--floor", "101"])
        .exits(2)
        .says("101 is not in 0..=100");
    folder.run(&["explain", "scenario-coverage"]).exits(0);

    let folder = project("[scenarios]\ncell-floor = 90\n");
    folder
        .look(&["scenario", "coverage"])
        .exits(1)
        .of("scenario-coverage");
    // What is typed goes before what is written.
    folder
        .look(&["scenario", "coverage", "--cell-floor", "1"])
        .exits(0);
}

#[test]
fn exceptions_have_to_name_something_that_is_not_shown() {
    let except = |what: &str, name: &str| {
        format!(
            "[scenarios]\nfloor = 100\n\n[[scenarios.except]]\nsubject = \"Parcel\"\nwhat = \"{what}\"\nname = \"{name}\"\nreason = \"it is rare\"\n"
        )
    };
    let said = project(&except("error", "OrderDifers"))
        .look(&["scenario", "coverage"])
        .exits(0);
    let idle = said.only();
    assert_eq!(
        (&idle["id"], &idle["level"]),
        (&"setting-unused".into(), &"warn".into())
    );
    assert_eq!(
        idle["message"],
        "[[scenarios.except]] Parcel, error `OrderDifers`: there is no such error"
    );
    for (section, message) in [
        (
            except("erorr", "OrderDiffers"),
            "line 12: unknown variant `erorr`",
        ),
        (except("erorr", "OrderDiffers"), "did you mean `error`?"),
        ("[scenarios]\nflor = 1\n".to_owned(), "did you mean `floor`?"),
        (
            "[scenarios]\nfloor = 101\n".to_owned(),
            "`floor` is a number of percent",
        ),
        (
            except("error", "OrderDiffers").replace("it is rare", " "),
            "Parcel, error `OrderDiffers`: say a `reason`",
        ),
    ] {
        let said = project(&section).run(&["scenario", "coverage"]).exits(3);
        said.says(message);
    }
}

#[test]
fn the_gate_holds_scenarios_to_the_floor() {
    let folder = project("[scenarios]\nfloor = 100\n");
    let said = folder.run(&["gate", "--format", "json"]);
    let summary: Value = serde_json::from_str(said.summary()).unwrap();
    let check = |summary: &Value| {
        let checks = summary["checks"].as_array().unwrap().iter();
        checks
            .clone()
            .find(|check| check["id"] == "scenarios")
            .unwrap()
            .clone()
    };
    assert_eq!(check(&summary)["failing"], 0, "{said}");
    let detail = check(&summary)["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(" (100 %) shown"), "{detail}");

    let folder = project("[scenarios]\ncell-floor = 100\n");
    let said = folder.run(&["gate", "--format", "json"]).exits(1);
    let finding = &said.of("scenario-coverage")[0];
    assert_eq!(finding["check"], "scenarios");

    // A floor that nothing can reach is not kept in silence.
    let folder = Folder::project().with("pastproof.toml", "[catalogue]\n[scenarios]\nfloor = 1\n");
    folder.look(&["gate"]).of("setting-unused");
}

#[test]
fn without_a_harness_there_is_nothing_to_ask() {
    for command in ["coverage", "docs"] {
        Folder::project()
            .run(&["scenario", command])
            .exits(3)
            .says("no harness is configured");
    }
}

#[test]
fn documents_are_written_whole_and_are_checked_later() {
    let folder = project("");
    let printed = folder
        .run(&["scenario", "docs", "--show-values"])
        .exits(0)
        .quietly();
    assert!(
        printed
            .stdout
            .starts_with("<!-- Written by `pastproof scenario docs`"),
        "{printed}"
    );
    assert!(printed.stdout.contains("Teehaus Blüte"), "{printed}");
    let masked = folder.run(&["scenario", "docs"]).exits(0);
    for value in ["Teehaus", "4990", "courier-1", "Žofie"] {
        assert!(printed.stdout.contains(value), "{value}");
        assert!(
            !masked.stdout.contains(value),
            "{value} is a value, and nobody asked for it"
        );
    }

    folder
        .run(&["scenario", "docs", "--to", "docs/told", "--check"])
        .exits(1)
        .says("there is no such document");
    assert!(!folder.path("docs").exists(), "checking writes nothing");
    let said = folder
        .run(&["scenario", "docs", "--to", "docs/told"])
        .exits(0)
        .quietly();
    assert_eq!(
        said.stdout,
        "docs/told/README.md\ndocs/told/cash-box.md\ndocs/told/parcel.md\ndocs/told/follow-up.md\ndocs/told/customer-notices.md\ndocs/told/delivery-board.md\n"
    );
    let mut names: Vec<String> = fs::read_dir(folder.path("docs/told"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "README.md",
            "cash-box.md",
            "customer-notices.md",
            "delivery-board.md",
            "follow-up.md",
            "parcel.md"
        ]
    );
    let first = fs::read(folder.path("docs/told/parcel.md")).unwrap();
    folder
        .run(&["scenario", "docs", "--to", "docs/told"])
        .exits(0)
        .quietly();
    assert_eq!(
        first,
        fs::read(folder.path("docs/told/parcel.md")).unwrap(),
        "the same bytes"
    );
    folder
        .look(&["scenario", "docs", "--to", "docs/told", "--check"])
        .exits(0);

    // One that changed, and one that tells of what is gone.
    folder.write("docs/told/parcel.md", [first.as_slice(), b"and more\n"].concat());
    fs::copy(
        folder.path("docs/told/parcel.md"),
        folder.path("docs/told/letter.md"),
    )
    .unwrap();
    let said = folder
        .look(&["scenario", "docs", "--to", "docs/told", "--check"])
        .exits(1);
    let stale: Vec<Value> = said.of("scenario-docs-stale");
    let files: Vec<&str> = stale
        .iter()
        .map(|finding| finding["where"]["file"].as_str().unwrap())
        .collect();
    assert_eq!(files, ["docs/told/letter.md", "docs/told/parcel.md"]);
    let said = folder.run(&["scenario", "docs", "--to", "docs/told"]).exits(0);
    said.says("docs/told/letter.md is left from an earlier run");

    folder
        .run(&["scenario", "docs", "--to", "all.md"])
        .exits(0)
        .quietly();
    assert_eq!(fs::read_to_string(folder.path("all.md")).unwrap(), masked.stdout);
}

#[test]
fn what_somebody_else_wrote_is_left_alone() {
    let folder = project("")
        .with("docs/README.md", "# Ours\n")
        .with("a-file", "text")
        .with("mine.md", "# Mine\n");
    for (to, code, says) in [
        ("docs", 3, "docs/README.md is there already"),
        ("mine.md", 3, "mine.md is there already"),
        ("a-file", 2, "is a file; name a folder"),
        ("a-file/told", 3, "a-file"),
    ] {
        let before = folder.content();
        folder
            .run(&["scenario", "docs", "--to", to])
            .exits(code)
            .says(says);
        assert_eq!(before, folder.content(), "{to}");
    }
    folder.run(&["scenario", "docs", "--check"]).exits(2).says("--to");
}

#[test]
fn stories_for_programs() {
    let said = project("").look(&["scenario", "docs"]).exits(0).quietly();
    assert_eq!(
        members(said.summary()),
        ["kind", "scenarios", "subjects", "files"]
    );
    let line = said
        .stdout
        .lines()
        .find(|line| line.contains("at_the_door"))
        .unwrap();
    assert_eq!(members(line), ["kind", "name", "tells", "story"]);
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["story"]["subject"], "Parcel");
    assert_eq!(
        line["story"]["given"][0]["event"]["data"]["shop"],
        "a text of 10 characters"
    );
}

/// A harness that answers with these lines.
#[cfg(unix)]
fn answering(replies: &[Value]) -> Folder {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::project();
    let mut text = String::new();
    for reply in replies {
        text.push_str(&format!("{reply}\n"));
    }
    folder.write("replies", text);
    folder.write(
        "harness.sh",
        format!(
            "#!/bin/sh\ncat '{}' >> \"$4\"\n",
            folder.path("replies").display()
        ),
    );
    let script = folder.path("harness.sh");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    folder.write(
        "pastproof.toml",
        "[catalogue]\n\n[[harness]]\nexecutable = \"harness.sh\"\n",
    );
    folder
}

#[cfg(unix)]
#[test]
fn an_empty_suite_checks_nothing_and_an_old_one_says_so() {
    let hello = json!({"reply": "hello", "protocol": "1.0"});
    let begin = json!({"reply": "begin", "task": 0});
    let done = |checked: u64| json!({"reply": "done", "task": 0, "checked": checked, "detail": ""});
    let end = json!({"reply": "end"});
    let empty = answering(&[
        hello.clone(),
        begin.clone(),
        json!({"reply": "facts", "subjects": []}),
        done(0),
        end.clone(),
    ]);
    let old = answering(&[hello.clone(), begin.clone(), done(3), end.clone()]);
    let name = json!({"type_name": "Parcel", "role": "aggregate", "events": ["Sent"], "commands": ["Send"]});
    let unshown = answering(&[
        hello,
        begin,
        json!({"reply": "facts", "subjects": [name]}),
        json!({"reply": "ran", "run": {"name": "plain", "records": []}}),
        done(1),
        end,
    ]);
    for command in ["coverage", "docs"] {
        empty
            .run(&["scenario", command])
            .exits(4)
            .says("there are no scenarios");
        old.run(&["scenario", command])
            .exits(3)
            .says("use one version of pastproof for both");
    }
    let said = unshown.look(&["scenario", "coverage", "--floor", "1"]).exits(1);
    let finding = said.denies("scenario-coverage", &json!({}));
    assert_eq!(
        finding["message"],
        "the scenarios show 0 of 3 (0 %) of what the code has, and the floor is 1 %\n    Parcel: command `Send`\n    Parcel: produced `Sent`\n    Parcel: given `Sent`"
    );
    said.of("scenario-coverage-unknown");
}

#[cfg(unix)]
#[test]
fn what_fails_is_not_told() {
    let record = json!({
        "subject": "Parcel", "file": "a.rs", "line": 1, "given": [], "steps": [], "failed": "it failed",
    });
    let finding = json!({
        "kind": "finding", "id": "scenario-failed", "level": "deny",
        "message": "the scenario `bad` does not hold", "where": {"file": "a.rs", "line": 1},
    });
    let folder = answering(&[
        json!({"reply": "hello", "protocol": "1.1"}),
        json!({"reply": "begin", "task": 0}),
        json!({"reply": "facts", "subjects": [{"type_name": "Parcel", "role": "aggregate", "events": ["Sent"]}]}),
        json!({"reply": "ran", "run": {"name": "bad", "failed": true, "records": [record]}}),
        json!({"reply": "finding", "finding": finding}),
        json!({"reply": "done", "task": 0, "checked": 1, "detail": ""}),
        json!({"reply": "end"}),
    ]);
    folder
        .look(&["scenario", "coverage"])
        .exits(1)
        .of("scenario-failed");
    let said = folder.run(&["scenario", "docs", "--to", "docs"]).exits(1);
    said.says("nothing is written");
    assert!(!folder.path("docs").exists());
    let said = folder.run(&["scenario", "docs"]).exits(1);
    assert!(!said.stdout.contains("# Scenarios"), "{said}");
}
