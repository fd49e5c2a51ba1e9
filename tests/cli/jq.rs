//! jq upcasters that fail, never end, or reach for what is not theirs.

use std::time::Instant;

use serde_json::{Value, json};

use super::tool::{Folder, ORDER_1, ORDER_2, at};

/// What the gate and `upcast verify` say about the program, which is the only thing wrong.
#[track_caller]
fn bad(program: &str, id: &str) -> Value {
    let folder = Folder::bridged().with("schemas/OrderPlaced/1-to-2.jq", program);
    let place = json!({"file": "schemas/OrderPlaced/1-to-2.jq", "type": "OrderPlaced", "version": "1"});
    let place = if matches!(id, "jq-invalid" | "upcaster-untried") {
        place
    } else {
        // The event that it fails on.
        json!({"type": "OrderPlaced", "version": "1"})
    };
    let said = folder.look(&["gate"]).quietly().exits(1);
    let found = said.denies(id, &place);
    assert!(
        said.summary().contains(r#""verdict":"fail","release":"unsafe""#),
        "{said}"
    );
    // The break that it was to bridge is open again, and says why.
    let step = &said.of("breaking-step")[0];
    assert_eq!(step["level"], "note");
    let said = folder.look(&["upcast", "verify"]).quietly().exits(1);
    said.denies(id, &place);
    assert!(said.summary().contains(r#""verified":0,"#), "{said}");
    found
}

#[test]
fn one_that_holds() {
    let folder = Folder::bridged();
    let said = folder.look(&["gate"]).quietly().exits(0);
    assert!(
        said.summary()
            .contains(r#"{"id":"upcasters","checked":1,"findings":1,"failing":0"#),
        "{said}"
    );
    let said = folder.look(&["upcast", "verify"]).quietly().exits(0);
    let step = &said.lines()[1];
    assert_eq!(step["kind"], "step", "{said}");
    assert_eq!(step["type"], "OrderPlaced", "{said}");
    assert_eq!(step["from"], 1, "{said}");
    assert_eq!(step["to"], serde_json::json!(["OrderPlaced@2"]), "{said}");
    assert_eq!(step["origin"], "schemas/OrderPlaced/1-to-2.jq", "{said}");
    assert_eq!(
        (&step["examples"], &step["recorded"]),
        (&json!(1), &json!(0)),
        "{said}"
    );
    assert!(step["generated"].as_u64() > Some(1), "{said}");
    // A program is tested, never proved.
    assert_eq!(
        (&step["proved"], &step["verified"]),
        (&json!(false), &json!(true)),
        "{said}"
    );
    assert_eq!(
        said.summary(),
        "{\"kind\":\"summary\",\"upcasters\":1,\"verified\":1,\"proved\":0}"
    );
    // What it makes up is said.
    assert_eq!(said.of("upcaster-invents")[0]["where"]["pointer"], "/currency");
}

#[test]
fn one_that_fails() {
    let found = bad("error(\"no currency\")", "upcaster-fails");
    assert!(!found["message"].as_str().unwrap().is_empty());
    bad(".order + 1", "upcaster-fails");
}

#[test]
fn one_that_makes_invalid_data() {
    let found = bad(".currency = 7", "upcaster-invalid-output");
    assert_eq!(found["where"]["pointer"], "/currency");
    bad(".", "upcaster-invalid-output");
}

#[test]
fn one_that_does_not_compile() {
    bad(".currency = ", "jq-invalid");
    bad("nonsense", "jq-invalid");
}

#[test]
fn one_that_calls_what_is_fenced_off() {
    for program in [
        "halt",
        "halt_error",
        "env",
        "$ENV",
        "env.HOME",
        "now",
        "input",
        "inputs",
        "debug",
        "stderr",
        "localtime",
        "input_filename",
        "$__prog_args",
        "get_search_list",
        "import \"a\" as a; .",
        "include \"a\"; .",
    ] {
        let found = bad(program, "jq-invalid");
        assert!(
            !found["message"].as_str().unwrap().is_empty(),
            "{program}: {found}"
        );
    }
}

#[test]
fn one_that_loops_for_ever() {
    // Each takes as long as its fence allows, so they stand side by side in one catalogue.
    let folder = Folder::bridged();
    let programs = [
        ("Spins", "def f: f; f", &["upcaster-timeout"][..]),
        (
            "Recurses",
            "def f: [f]; f",
            &["upcaster-limit", "upcaster-timeout"],
        ),
        (
            "Grows",
            "[range(infinite)] | .[0]",
            &["upcaster-limit", "upcaster-timeout"],
        ),
        (
            "Repeats",
            "range(infinite)",
            &["upcaster-limit", "upcaster-invalid-output", "upcaster-timeout"],
        ),
    ];
    for (event_type, program, _) in programs {
        folder.write(&format!("schemas/{event_type}/1.json"), ORDER_1);
        folder.write(&format!("schemas/{event_type}/2.json"), ORDER_2);
        folder.write(&format!("schemas/{event_type}/1-to-2.jq"), program);
        folder.write(
            &format!("schemas/{event_type}/examples/1.ndjson"),
            "{\"order\":\"o-1\",\"total\":1}\n",
        );
    }
    let started = Instant::now();
    let said = folder.look(&["gate"]).quietly().exits(1);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    let denies: Vec<Value> = said
        .findings()
        .into_iter()
        .filter(|finding| finding["level"] == "deny")
        .collect();
    assert_eq!(denies.len(), programs.len(), "{said}");
    for (event_type, _, ids) in programs {
        let found = denies
            .iter()
            .find(|finding| finding["where"]["type"] == event_type)
            .unwrap_or_else(|| panic!("{event_type}: {said}"));
        assert!(ids.contains(&found["id"].as_str().unwrap()), "{found}");
        at(
            found,
            &json!({"version": "1", "file": format!("schemas/{event_type}/examples/1.ndjson"), "line": 1}),
        );
    }
    // The one that holds is verified all the same.
    assert!(
        said.summary().contains(r#"{"id":"upcasters","checked":5"#),
        "{said}"
    );
}

#[test]
fn without_an_example_it_is_tried_on_what_the_schema_allows() {
    let folder = Folder::bridged();
    std::fs::remove_file(folder.path("schemas/OrderPlaced/examples/1.ndjson")).unwrap();
    let said = folder.look(&["upcast", "verify"]).quietly().exits(0);
    let step = &said.lines()[1];
    assert_eq!(step["examples"], 0, "{said}");
    assert_eq!(step["tried"], step["generated"], "{said}");
}

#[test]
fn one_that_was_tried_on_nothing() {
    // No event is of this version, so nothing is known of an upcaster from it.
    let nobody = r#"{"type": "object", "properties": {"order": false}, "required": ["order"]}"#;
    let folder = Folder::bridged().with("schemas/OrderPlaced/1.json", nobody);
    std::fs::remove_file(folder.path("schemas/OrderPlaced/examples/1.ndjson")).unwrap();
    let said = folder.look(&["upcast", "verify"]).quietly().exits(1);
    said.denies(
        "upcaster-untried",
        &json!({"type": "OrderPlaced", "version": "1"}),
    );
}

#[test]
fn two_of_them_from_one_version_and_a_circle() {
    let folder = Folder::bridged()
        .with("schemas/OrderPlaced/3.json", ORDER_2)
        .with("schemas/OrderPlaced/1-to-3.jq", super::tool::ORDER_1_TO_2)
        .with("schemas/OrderPlaced/2-to-3.jq", ".");
    // Two ways that agree.
    folder.look(&["upcast", "verify"]).quietly().exits(0);
    folder.write("schemas/OrderPlaced/1-to-3.jq", ".currency = \"CZK\"");
    let said = folder.look(&["upcast", "verify"]).quietly().exits(1);
    let found = &said.of("upcaster-path-dependent")[0];
    assert!(found["witness"].is_object(), "{said}");
    let folder = Folder::bridged().with(
        "schemas/OrderPlaced/1-to-2.upcast.json",
        r#"{"format": "1.0", "operations": [{"op": "add", "at": "/currency", "value": "EUR"}]}"#,
    );
    let said = folder.look(&["gate"]).quietly().exits(1);
    said.of("upcaster-duplicate");
    let folder = Folder::bridged().with("schemas/OrderPlaced/2-to-1.jq", "del(.currency)");
    let said = folder.look(&["gate"]).quietly().exits(1);
    said.of("upcaster-cycle");
}

#[test]
fn a_declarative_one_is_proved_and_opens_the_gate() {
    let folder = Folder::bridged().with(
        "schemas/OrderPlaced/1-to-2.upcast.json",
        r#"{"format": "1.0", "operations": [{"op": "add", "at": "/currency", "value": "EUR"}]}"#,
    );
    std::fs::remove_file(folder.path("schemas/OrderPlaced/1-to-2.jq")).unwrap();
    let said = folder.look(&["upcast", "verify"]).quietly().exits(0);
    assert!(
        said.summary()
            .ends_with(r#""upcasters":1,"verified":1,"proved":1}"#),
        "{said}"
    );
    let said = folder.look(&["gate"]).quietly().exits(0);
    assert_eq!(said.of("breaking-step")[0]["level"], "note");
    let said = folder.run(&["upcast", "verify"]).exits(0);
    super::tool::snapshot("upcast_verify_proved", &said.stdout);
    folder.write(
        "schemas/OrderPlaced/1-to-2.upcast.json",
        r#"{"format": "1.0", "operations": [{"op": "add", "at": "currency", "value": "EUR"}]}"#,
    );
    let said = folder.look(&["upcast", "verify"]).quietly().exits(1);
    let found = &said.of("upcaster-malformed")[0];
    at(
        found,
        &json!({"file": "schemas/OrderPlaced/1-to-2.upcast.json", "pointer": "/operations/0/at"}),
    );
    folder.write(
        "schemas/OrderPlaced/1-to-2.upcast.json",
        r#"{"format": "1.0", "operations": [{"op": "add", "at": "/currency", "value": 7}]}"#,
    );
    let said = folder.run(&["upcast", "verify"]).exits(1);
    super::tool::snapshot("upcast_verify_broken", &said.stdout);
}

#[test]
fn a_draft_has_a_hole_where_history_has_no_value() {
    let folder = Folder::bridged();
    std::fs::remove_file(folder.path("schemas/OrderPlaced/1-to-2.jq")).unwrap();
    let drafted = folder.run(&["upcast", "draft", "OrderPlaced", "1", "2"]).exits(0);
    super::tool::snapshot(
        "upcast_draft",
        &format!("{}---\n{}", drafted.stdout, drafted.stderr),
    );
    // As it stands it bridges nothing, and says what there is to decide.
    folder.write("schemas/OrderPlaced/1-to-2.upcast.json", &drafted.stdout);
    let said = folder.look(&["upcast", "verify"]).quietly().exits(1);
    let found = &said.of("upcaster-malformed")[0];
    at(found, &json!({"pointer": "/operations/0/op"}));
    folder
        .run(&["upcast", "draft", "OrderPlaced", "1", "7"])
        .exits(4)
        .says("the catalogue has no OrderPlaced 7 that can be used; there are 1, 2");
}
