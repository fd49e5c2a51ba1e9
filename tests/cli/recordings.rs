//! `validate` and `verify`: what they answer, byte for byte.

use std::fs;

use pastproof::recording::{Line, Order, Writer, WriterOptions, parse_line};
use serde_json::{Value, json};

use super::tool::{Folder, ORDER_1, members};

const GOOD: &str = r#"{"s":"o-1","n":0,"t":"OrderPlaced","v":1,"d":{"order":"o","total":1}}"#;

#[test]
fn validate_counts_and_tells() {
    let folder = Folder::project().with(
        "e.ndjson",
        format!(
            "{GOOD}\n{}\n{}\n",
            r#"{"s":"o-1","n":1,"t":"OrderPlaced","v":1,"d":{"order":"o","total":"1"}}"#,
            r#"{"s":"o-1","n":2,"t":"Other","v":1,"d":{}}"#
        ),
    );
    let said = folder.look(&["validate", "e.ndjson"]).exits(1).quietly();
    assert_eq!(
        said.stdout,
        concat!(
            r#"{"kind":"finding","id":"invalid-event","level":"deny","message":"the value is not of type \"integer\"","#,
            r#""where":{"file":"e.ndjson","line":2,"type":"OrderPlaced","version":"1","stream":"o-1","revision":1,"pointer":"/total"},"#,
            r#""next":"find the writer that stored it, then correct the schema or upcast the event"}"#,
            "\n",
            r#"{"kind":"finding","id":"unknown-type","level":"deny","message":"the catalogue has no type Other","#,
            r#""where":{"file":"e.ndjson","line":3,"type":"Other","version":"1","stream":"o-1","revision":2},"#,
            r#""next":"add the type to the catalogue"}"#,
            "\n",
            r#"{"kind":"summary","events":3,"valid":1,"invalid":1,"unknown":1}"#,
            "\n"
        )
    );
    let quiet = folder
        .look(&["validate", "e.ndjson", "--quiet"])
        .exits(1)
        .quietly();
    assert_eq!(
        quiet.stdout,
        "{\"kind\":\"summary\",\"events\":3,\"valid\":1,\"invalid\":1,\"unknown\":1}\n"
    );
    let human = folder
        .run(&["validate", "e.ndjson", "--quiet"])
        .exits(1)
        .quietly();
    assert_eq!(
        human.stdout,
        "3 events: 1 valid, 1 invalid, 1 of unknown type or version\n"
    );
}

#[test]
fn several_files_are_one_answer() {
    let folder = Folder::project()
        .with("a.ndjson", format!("{GOOD}\n"))
        .with("b.ndjson", format!("{GOOD}\nnonsense\n"));
    let said = folder
        .look(&["validate", "a.ndjson", "b.ndjson"])
        .exits(1)
        .quietly();
    assert_eq!(said.only()["where"], json!({"file": "b.ndjson", "line": 2}));
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","events":3,"valid":2,"invalid":1,"unknown":0}"#
    );
    // What could not be completed weighs more than what was found.
    let said = folder.look(&["validate", "b.ndjson", "nowhere.ndjson"]).exits(3);
    said.says("error: nowhere.ndjson: ");
    assert!(!said.stdout.contains("summary"), "{said}");
}

#[test]
fn standard_input_and_pointers() {
    let folder = Folder::new().with("schemas/OrderPlaced/1.json", ORDER_1);
    let line = r#"{"meta":{"kind":"OrderPlaced","v":"1"},"body":{"order":"o","total":1},"of":"o-7"}"#;
    let bad = line.replace(":1}", ":\"x\"}");
    let said = folder
        .feed(
            &[
                "validate",
                "-",
                "--catalogue",
                "schemas",
                "--type",
                "/meta/kind",
                "--version",
                "/meta/v",
                "--data",
                "/body",
                "--stream",
                "/of",
                "--format",
                "json",
            ],
            format!("{line}\n{bad}\n").as_bytes(),
        )
        .exits(1)
        .quietly();
    assert_eq!(
        said.only()["where"],
        json!({"file": "-", "line": 2, "type": "OrderPlaced", "version": "1", "stream": "o-7", "pointer": "/total"})
    );
    // The whole line as data.
    let said = folder
        .feed(
            &[
                "validate",
                "-",
                "--catalogue",
                "schemas",
                "--type",
                "/order",
                "--data",
                "",
            ],
            b"{\"order\":\"OrderPlaced\",\"total\":1}\n",
        )
        .exits(0)
        .quietly();
    assert_eq!(
        said.stdout,
        "1 event: 1 valid, 0 invalid, 0 of unknown type or version\n"
    );
    // Pointers that lead nowhere.
    let said = folder
        .feed(
            &[
                "validate",
                "-",
                "--catalogue",
                "schemas",
                "--type",
                "/no/where",
                "--format",
                "json",
            ],
            format!("{line}\n").as_bytes(),
        )
        .exits(1);
    assert_eq!(said.only()["id"], "not-an-event");
}

#[test]
fn nothing_to_validate() {
    let folder = Folder::project();
    folder
        .look(&["validate"])
        .exits(4)
        .says("no file was named and no recording is configured");
    let said = folder
        .feed(&["validate", "-", "--format", "json"], b"")
        .exits(4)
        .quietly();
    assert_eq!(
        said.stdout,
        "{\"kind\":\"summary\",\"events\":0,\"valid\":0,\"invalid\":0,\"unknown\":0}\n"
    );
}

fn record(folder: &Folder, name: &str, events: &[String]) {
    let mut writer = Writer::create(folder.path(name), WriterOptions::new(Order::Stream)).unwrap();
    for text in events {
        let Line::Event(event) = parse_line(text.as_bytes()).unwrap() else {
            panic!("an event")
        };
        writer.push(&event).unwrap();
    }
    writer.finish().unwrap();
}

fn orders(count: u64) -> Vec<String> {
    (0..count)
        .map(|number| GOOD.replace("o-1", &format!("o-{number}")))
        .collect()
}

#[test]
fn verify_answers_with_what_was_sealed() {
    let folder = Folder::new();
    for name in ["plain.ndjson", "packed.ndjson.zst"] {
        record(&folder, name, &orders(3));
        let said = folder.look(&["verify", name]).exits(0).quietly();
        assert_eq!(said.stdout.lines().count(), 1);
        assert_eq!(
            members(said.summary()),
            ["kind", "events", "streams", "frames", "root"]
        );
        let summary: Value = serde_json::from_str(said.summary()).unwrap();
        let manifest = folder.path(&name.replace(".ndjson", ".manifest").replace(".zst", ""));
        let manifest = fs::read_to_string(manifest.with_extension("manifest.json")).unwrap();
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!(summary["root"], manifest["root"]);
        assert_eq!(
            (&summary["events"], &summary["streams"], &summary["frames"]),
            (&json!(3), &json!(3), &json!(1))
        );
        let human = folder.run(&["verify", name]).exits(0).quietly();
        let root = manifest["root"].as_str().unwrap();
        assert_eq!(
            human.stdout,
            format!("3 events of 3 streams in 1 frame\nroot {root}\n")
        );
    }
}

#[test]
fn verify_since_an_older_recording() {
    let folder = Folder::new();
    record(&folder, "old.ndjson.zst", &orders(3));
    record(&folder, "new.ndjson.zst", &orders(5));
    folder
        .look(&["verify", "new.ndjson.zst", "--since", "old.ndjson.zst"])
        .exits(0)
        .quietly();
    let mut altered = orders(5);
    altered[1] = altered[1].replace("\"total\":1", "\"total\":2");
    record(&folder, "altered.ndjson.zst", &altered);
    let said = folder
        .look(&["verify", "altered.ndjson.zst", "--since", "old.ndjson.zst"])
        .exits(1)
        .quietly();
    said.denies(
        "history-altered",
        &json!({"file": "altered.ndjson.zst", "stream": "o-1", "revision": 0}),
    );
    let said = folder
        .look(&["verify", "new.ndjson.zst", "--since", "nowhere.zst"])
        .exits(3);
    said.says("nowhere.zst");
}
