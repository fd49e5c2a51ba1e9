//! `gate` without code: what it says to programs and to people.

use serde_json::{Value, json};

use super::tool::{Folder, ORDER_2, members, snapshot};

const RECORDED: &str = concat!(
    r#"{"s":"o-1","n":0,"t":"OrderPlaced","v":1,"d":{"order":"o-1","total":1}}"#,
    "\n",
    r#"{"s":"o-1","n":1,"t":"OrderPlaced","v":2,"d":{"order":"o-1","total":1,"currency":"EUR"}}"#,
    "\n"
);

const WITH_EVENTS: &str = "[catalogue]\n\n[[recording]]\npath = \"e.ndjson\"\ntype = \"/t\"\nversion = \"/v\"\ndata = \"/d\"\nstream = \"/s\"\n";

fn green() -> Folder {
    Folder::bridged()
        .with("e.ndjson", RECORDED)
        .with("pastproof.toml", WITH_EVENTS)
}

fn red() -> Folder {
    let folder = Folder::project()
        .with("schemas/OrderPlaced/2.json", ORDER_2)
        .with("schemas/Refunded/1.json", "{\"type\": \"objekt\"}")
        .with("pastproof.toml", WITH_EVENTS);
    folder.write(
        "e.ndjson",
        format!(
            "{RECORDED}{}\n{}\n",
            r#"{"s":"o-2","n":0,"t":"OrderPlaced","v":2,"d":{"order":"o-2","total":"much"}}"#, "nonsense"
        ),
    );
    folder
}

#[test]
fn green_for_programs() {
    let said = green().look(&["gate"]).exits(0).quietly();
    let summary = said.summary();
    assert_eq!(
        members(summary),
        ["kind", "verdict", "release", "rollback", "checks", "deployment"]
    );
    let value: Value = serde_json::from_str(summary).unwrap();
    assert_eq!(value["verdict"], "pass");
    assert_eq!(value["release"], "safe");
    assert_eq!(value["rollback"], "unsafe");
    let checks = value["checks"].as_array().unwrap();
    let counts: Vec<(&str, u64, u64)> = checks
        .iter()
        .map(|check| {
            (
                check["id"].as_str().unwrap(),
                check["checked"].as_u64().unwrap(),
                check["findings"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        counts,
        [
            ("catalogue", 2, 0),
            ("upcasters", 1, 1),
            ("events", 2, 0),
            ("compatibility", 1, 2)
        ]
    );
    // Every finding belongs to a check.
    for line in said
        .stdout
        .lines()
        .filter(|line| line.contains(r#""kind":"finding""#))
    {
        let names = members(line);
        assert_eq!(
            names[..6],
            ["kind", "id", "level", "check", "message", "where"],
            "{line}"
        );
    }
}

#[test]
fn green_for_people() {
    let said = green().run(&["gate"]).exits(0).quietly();
    snapshot("gate_green", &said.stdout);
}

#[test]
fn red_for_people() {
    let said = red().run(&["gate"]).exits(1).quietly();
    snapshot("gate_red", &said.stdout);
}

#[test]
fn values_are_shown_when_asked_for_only() {
    let secret = RECORDED.replace("\"total\":1,\"currency\"", "\"total\":\"secret-7\",\"currency\"");
    let folder = green().with("e.ndjson", secret);
    for arguments in [&["gate"][..], &["validate"]] {
        for said in [folder.run(arguments), folder.look(arguments)] {
            assert_eq!(said.exit, 1, "{said}");
            assert!(!said.stdout.contains("secret"), "{said}");
        }
    }
}

#[test]
fn only_what_must_hold_fails() {
    let config = |require: &str| format!("[catalogue]\nrequire = \"{require}\"\n");
    // Bridged forwards; a rollback stays unsafe.
    for (require, code) in [("backward", 0), ("none", 0), ("full", 1), ("forward", 1)] {
        let folder = Folder::bridged().with("pastproof.toml", config(require));
        let said = folder.look(&["gate"]).quietly();
        assert_eq!(said.exit, code, "{require}: {said}");
        if code == 1 {
            said.denies(
                "breaking-rollback",
                &json!({"type": "OrderPlaced", "version": "2"}),
            );
        }
        assert!(said.summary().contains(r#""rollback":"unsafe""#), "{said}");
    }
}

#[test]
fn a_waiver_is_a_loan_with_a_date() {
    let config = |rest: &str| {
        format!(
            "[catalogue]\n[[waiver]]\nid = \"breaking-step\"\ntype = \"OrderPlaced\"\nversion = \"1\"\nauthor = \"ann\"\nreason = \"no order of version 1 is left\"\nexpires = \"2026-06-30\"\n{rest}"
        )
    };
    let folder = Folder::project()
        .with("schemas/OrderPlaced/2.json", ORDER_2)
        .with("pastproof.toml", config(""));
    let on = |day: &str| folder.look(&["gate", "--today", day]).quietly();
    let said = on("2026-06-30").exits(0);
    let step = &said.of("breaking-step")[0];
    assert!(
        step["waived"]
            .as_str()
            .unwrap()
            .contains("no order of version 1 is left"),
        "{step}"
    );
    let said = on("2026-07-01").exits(1);
    said.of("waiver-expired");
    folder.write("pastproof.toml", config("at-most = 0\n"));
    on("2026-06-30").exits(1).of("waiver-exceeded");
    folder.write(
        "pastproof.toml",
        config("").replace("version = \"1\"", "version = \"7\""),
    );
    let said = on("2026-06-30").exits(1);
    assert_eq!(said.of("waiver-unused")[0]["level"], "warn");
}

#[test]
fn a_version_that_is_not_stored_any_more_may_break() {
    let folder = Folder::project()
        .with("schemas/OrderPlaced/2.json", ORDER_2)
        .with(
            "pastproof.toml",
            "[catalogue]\nnot-stored = [\"OrderPlaced@1\"]\n",
        );
    let said = folder.look(&["gate"]).quietly().exits(0);
    assert_eq!(said.of("breaking-step")[0]["level"], "note");
}

/// A schema alone is well-formed or not; it says nothing about what is stored.
#[test]
fn one_version_alone_says_nothing_about_a_release() {
    let said = Folder::project().look(&["gate"]).quietly().exits(0);
    assert!(
        said.summary()
            .contains(r#""verdict":"pass","release":"not-checked","rollback":"not-checked""#),
        "{said}"
    );
}

#[test]
fn a_harness_that_is_none_is_incomplete_and_the_rest_is_checked() {
    let folder = Folder::bridged().with("notes.txt", "no program");
    for (config, says) in [
        (
            "[[harness]]\nexecutable = \"nowhere\"\n",
            "there is no harness at",
        ),
        ("[[harness]]\nexecutable = \"notes.txt\"\n", "notes.txt"),
    ] {
        folder.write("pastproof.toml", config);
        let said = folder.look(&["gate"]).exits(3);
        said.says(says);
        assert!(said.summary().contains(r#""verdict":"incomplete""#), "{said}");
        assert!(
            said.summary().contains(r#"{"id":"catalogue","checked":2"#),
            "{said}"
        );
        let said = folder.look(&["scenario", "list"]).exits(3);
        said.says(says);
    }
    // A program that does not speak the protocol.
    #[cfg(unix)]
    for program in ["/bin/true", "/bin/false", "/bin/cat"] {
        let said = folder.look(&["gate", "--harness", program]);
        assert!([1, 3].contains(&said.exit), "{said}");
        assert!(!said.summary().contains(r#""verdict":"pass""#), "{said}");
    }
}
