//! Files of events that are not what they should be, through `validate`, `verify` and `gate`.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};

use pastproof::recording::{Line, Order, Writer, WriterOptions, parse_line};
use serde_json::{Value, json};

use super::tool::{Folder, Said, at};

/// A good event of the stream `o-1`.
fn event(revision: u64) -> String {
    format!(r#"{{"s":"o-1","n":{revision},"t":"OrderPlaced","v":1,"d":{{"order":"o","total":{revision}}}}}"#)
}

/// A project with `bytes` as its file of events, which is not a recording of ours: it has no manifest.
fn events(bytes: impl AsRef<[u8]>) -> Folder {
    Folder::project().with("e.ndjson", bytes)
}

fn validate(folder: &Folder) -> Said {
    folder.look(&["validate", "e.ndjson"]).quietly()
}

/// One bad line between two good ones.
#[track_caller]
fn between(bad: impl AsRef<[u8]>) -> Said {
    let mut bytes = event(0).into_bytes();
    bytes.push(b'\n');
    bytes.extend_from_slice(bad.as_ref());
    bytes.push(b'\n');
    bytes.extend_from_slice(event(2).as_bytes());
    bytes.push(b'\n');
    validate(&events(bytes))
}

/// One bad line between two good ones: invalid, on line 2, and the others are counted.
#[track_caller]
fn bad_line(bad: impl AsRef<[u8]>, id: &str, mut place: Value) -> Value {
    let said = between(bad).exits(1);
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","events":3,"valid":2,"invalid":1,"unknown":0}"#,
        "{said}"
    );
    place["file"] = json!("e.ndjson");
    place["line"] = json!(2);
    let only = said.only();
    assert_eq!(only["id"], id, "{said}");
    at(&only, &place);
    only
}

#[test]
fn not_json() {
    bad_line("nonsense", "not-json", json!({}));
    bad_line([0xff, 0xfe, b'{', b'}'], "not-json", json!({}));
    bad_line("{} {}", "not-json", json!({}));
    bad_line([0; 16], "not-json", json!({}));
}

#[test]
fn a_cut_off_last_line() {
    let whole = event(0) + "\n" + &event(1) + "\n" + &event(2);
    // The last line may lack its end, as long as it is whole.
    let said = validate(&events(&whole)).exits(0);
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","events":3,"valid":3,"invalid":0,"unknown":0}"#
    );
    let said = validate(&events(&whole[..whole.len() - 10])).exits(1);
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","events":3,"valid":2,"invalid":1,"unknown":0}"#
    );
    said.denies("not-json", &json!({"file": "e.ndjson", "line": 3}));
    said.says("the text ends inside");
}

#[test]
fn line_ends_of_windows_and_blank_lines() {
    let text = format!("{}\r\n\r\n   \n{}\r\n", event(0), event(1));
    let said = validate(&events(text)).exits(0);
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","events":2,"valid":2,"invalid":0,"unknown":0}"#
    );
}

#[test]
fn a_byte_order_mark() {
    let text = format!("\u{feff}{}\n{}\n", event(0), event(1));
    let said = validate(&events(text)).exits(1);
    said.denies("not-json", &json!({"file": "e.ndjson", "line": 1}));
    said.says("byte-order mark");
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","events":2,"valid":1,"invalid":1,"unknown":0}"#
    );
}

#[test]
fn a_line_of_a_hundred_megabytes() {
    let folder = Folder::project();
    let mut file = BufWriter::new(File::create(folder.path("e.ndjson")).unwrap());
    writeln!(file, "{}", event(0)).unwrap();
    file.write_all(br#"{"s":"o-1","n":1,"t":"OrderPlaced","v":1,"d":{"order":""#)
        .unwrap();
    let block = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        file.write_all(&block).unwrap();
    }
    writeln!(file, "\"}}}}").unwrap();
    writeln!(file, "{}", event(2)).unwrap();
    drop(file);
    let said = validate(&folder).exits(1);
    said.denies("line-too-long", &json!({"file": "e.ndjson", "line": 2}));
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","events":3,"valid":2,"invalid":1,"unknown":0}"#
    );
}

#[test]
fn nested_ten_thousand_deep() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let line = format!(r#"{{"s":"o-1","n":1,"t":"OrderPlaced","v":1,"d":{{"order":{deep}}}}}"#);
    bad_line(line, "not-json", json!({}));
    bad_line("[".repeat(10_000), "not-json", json!({}));
    let deep = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    bad_line(deep, "not-json", json!({}));
}

#[test]
fn duplicate_members() {
    let line = r#"{"s":"o-1","n":1,"t":"OrderPlaced","v":1,"d":{"order":"o","total":1,"total":2}}"#;
    let found = bad_line(line, "duplicate-member", json!({"pointer": "/d"}));
    assert!(found["message"].as_str().unwrap().contains("total"), "{found}");
    // An escape does not hide it.
    let line = r#"{"s":"o-1","n":1,"t":"OrderPlaced","v":1,"d":{"order":"o","total":1,"tot\u0061l":2}}"#;
    bad_line(line, "duplicate-member", json!({"pointer": "/d"}));
    let line = r#"{"s":"o-1","n":1,"t":"OrderPlaced","v":1,"n":4,"d":{"order":"o","total":1}}"#;
    bad_line(line, "duplicate-member", json!({}));
}

#[test]
fn numbers_beyond_what_readers_hold() {
    let with = |total: &str| {
        format!(r#"{{"s":"o-1","n":1,"t":"OrderPlaced","v":1,"d":{{"order":"o","total":{total}}}}}"#)
    };
    // Beyond 64 bits: legal JSON, and warned of, since most readers round it.
    let said = between(with("18446744073709551616")).exits(0);
    let only = said.only();
    assert_eq!(only["id"], "number-precision");
    assert_eq!(only["level"], "warn");
    at(
        &only,
        &json!({"file": "e.ndjson", "line": 2, "stream": "o-1", "revision": 1}),
    );
    // Beyond a double: no reader holds it.
    bad_line(with("1e400"), "not-json", json!({"pointer": "/d/total"}));
    bad_line(with("-1e400"), "not-json", json!({"pointer": "/d/total"}));
    // The edges are good.
    assert_eq!(
        between(with("18446744073709551615")).exits(0).findings(),
        [] as [Value; 0]
    );
    assert_eq!(
        between(with("-9223372036854775808")).exits(0).findings(),
        [] as [Value; 0]
    );
    // A revision that is not one.
    bad_line(
        r#"{"s":"o-1","n":18446744073709551616,"t":"OrderPlaced","v":1,"d":{"order":"o","total":1}}"#,
        "not-an-event",
        json!({"pointer": "/n"}),
    );
}

#[test]
fn a_lone_surrogate() {
    let line = r#"{"s":"o-1","n":1,"t":"OrderPlaced","v":1,"d":{"order":"\ud800","total":1}}"#;
    let found = bad_line(line, "not-json", json!({"pointer": "/d/order"}));
    assert!(
        found["message"].as_str().unwrap().contains("surrogate"),
        "{found}"
    );
}

#[test]
fn no_event() {
    bad_line("[]", "not-an-event", json!({}));
    bad_line("{}", "not-an-event", json!({}));
    bad_line("null", "not-an-event", json!({}));
    bad_line(
        r#"{"t":7,"s":"o-1","n":1,"d":{}}"#,
        "not-an-event",
        json!({"pointer": "/t"}),
    );
    bad_line(r#"{"t":"OrderPlaced","d":{}}"#, "not-an-event", json!({}));
}

#[test]
fn data_that_its_schema_refuses() {
    let line = r#"{"s":"o-1","n":1,"t":"OrderPlaced","v":1,"d":{"order":"secret-41","total":"secret-42"}}"#;
    let found = bad_line(
        line,
        "invalid-event",
        json!({"type": "OrderPlaced", "version": "1", "stream": "o-1", "revision": 1, "pointer": "/total"}),
    );
    assert!(
        !found.to_string().contains("secret"),
        "values are masked: {found}"
    );
}

#[test]
fn an_unknown_type() {
    let said = between(r#"{"s":"o-1","n":1,"t":"OrderPlacd","v":1,"d":{}}"#).exits(1);
    said.denies(
        "unknown-type",
        &json!({"file": "e.ndjson", "line": 2, "type": "OrderPlacd", "stream": "o-1", "revision": 1}),
    );
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","events":3,"valid":2,"invalid":0,"unknown":1}"#
    );
}

#[test]
fn an_unknown_version() {
    let said = between(r#"{"s":"o-1","n":1,"t":"OrderPlaced","v":9,"d":{}}"#).exits(1);
    said.denies(
        "unknown-version",
        &json!({"file": "e.ndjson", "line": 2, "type": "OrderPlaced", "version": "9", "stream": "o-1", "revision": 1}),
    );
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","events":3,"valid":2,"invalid":0,"unknown":1}"#
    );
}

#[test]
fn an_empty_file() {
    for bytes in ["", "\n\n"] {
        let said = validate(&events(bytes)).exits(4);
        assert_eq!(
            said.stdout,
            "{\"kind\":\"summary\",\"events\":0,\"valid\":0,\"invalid\":0,\"unknown\":0}\n"
        );
        let folder = sealed(0);
        let said = folder.look(&["gate"]).quietly().exits(1);
        said.denies("recording-empty", &json!({"file": "e.ndjson.zst"}));
    }
}

#[test]
fn a_file_that_is_not_there() {
    let folder = Folder::project().with(
        "pastproof.toml",
        "[catalogue]\n[[recording]]\npath = \"nowhere.ndjson\"\n",
    );
    for arguments in [
        &["validate", "nowhere.ndjson"][..],
        &["verify", "nowhere.ndjson"],
        &["validate", "schemas"],
    ] {
        let said = folder.look(arguments).exits(3);
        assert_eq!(said.stdout, "", "{said}");
        said.says(&format!("error: {}: cannot", arguments[1]));
    }
    let said = folder.look(&["gate"]).exits(1);
    said.denies("recording-unreadable", &json!({"file": "nowhere.ndjson"}));
}

/// A project with a sealed recording of `count` events in small frames.
fn sealed(count: u64) -> Folder {
    let folder = Folder::project().with(
        "pastproof.toml",
        "[catalogue]\n[[recording]]\npath = \"e.ndjson.zst\"\n",
    );
    let mut options = WriterOptions::new(Order::Stream);
    options.frame_size = 256;
    let mut writer = Writer::create(folder.path("e.ndjson.zst"), options).unwrap();
    for number in 0..count {
        let text = event(0).replace("o-1", &format!("o-{number}"));
        let Line::Event(event) = parse_line(text.as_bytes()).unwrap() else {
            panic!("an event")
        };
        writer.push(&event).unwrap();
    }
    writer.finish().unwrap();
    folder
}

#[test]
fn a_sealed_recording_is_green() {
    let folder = sealed(40);
    let said = folder.look(&["gate"]).quietly().exits(0);
    assert_eq!(said.findings(), [] as [Value; 0]);
    let said = folder.look(&["verify", "e.ndjson.zst"]).quietly().exits(0);
    let summary: Value = serde_json::from_str(said.summary()).unwrap();
    assert_eq!(summary["events"], 40);
    assert_eq!(summary["streams"], 40);
    assert!(summary["frames"].as_u64().unwrap() > 3, "{summary}");
    assert_eq!(summary["root"].as_str().unwrap().len(), 64, "{summary}");
    let said = folder.look(&["validate", "e.ndjson.zst"]).quietly().exits(0);
    assert_eq!(
        said.summary(),
        r#"{"kind":"summary","events":40,"valid":40,"invalid":0,"unknown":0}"#
    );
}

#[test]
fn a_damaged_frame() {
    let folder = sealed(40);
    let file = folder.path("e.ndjson.zst");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    damaged(&folder, "frame-damaged", "frame ");
}

#[test]
fn a_recording_that_is_cut_off() {
    let folder = sealed(40);
    let file = folder.path("e.ndjson.zst");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 100]).unwrap();
    let said = folder.look(&["verify", "e.ndjson.zst"]).quietly().exits(1);
    assert!(!said.findings().is_empty(), "{said}");
    let said = folder.look(&["gate"]).exits(1);
    assert!(said.summary().contains(r#""verdict":"fail""#), "{said}");
    let said = folder.look(&["validate", "e.ndjson.zst"]).exits(3);
    assert_eq!(said.stderr.lines().count(), 1, "{said}");
}

#[test]
fn a_damaged_manifest() {
    let folder = sealed(40);
    let file = folder.path("e.manifest.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replacen("\"events\": 40", "\"events\": 41", 1)
            .replacen("\"events\":40", "\"events\":41", 1),
    )
    .unwrap();
    assert_ne!(fs::read_to_string(&file).unwrap(), text);
    damaged(&folder, "manifest-damaged", "manifest");
    fs::write(&file, "{").unwrap();
    damaged(&folder, "manifest-damaged", "manifest");
    fs::write(&file, "").unwrap();
    damaged(&folder, "manifest-damaged", "manifest");
}

#[test]
fn a_manifest_of_a_later_format() {
    let folder = sealed(40);
    let file = folder.path("e.manifest.json");
    let mut manifest: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    manifest["format"] = json!("9.0");
    fs::write(&file, manifest.to_string()).unwrap();
    for command in ["validate", "verify"] {
        let said = folder.look(&[command, "e.ndjson.zst"]).exits(3);
        assert_eq!(said.stdout, "", "{said}");
        said.says("9.0");
    }
}

/// Where damage is looked for it is the finding; elsewhere the command cannot complete.
#[track_caller]
fn damaged(folder: &Folder, id: &str, says: &str) {
    for arguments in [&["gate"][..], &["verify", "e.ndjson.zst"]] {
        let said = folder.look(arguments).quietly().exits(1);
        said.denies(id, &json!({"file": "e.ndjson.zst"}));
        said.says(says);
    }
    let said = folder.look(&["validate", "e.ndjson.zst"]).exits(3);
    assert_eq!(said.stderr.lines().count(), 1, "{said}");
    assert!(said.stderr.starts_with("error: e."), "{said}");
    said.says(says);
}

#[test]
fn a_recording_without_its_manifest() {
    let folder = sealed(4);
    fs::remove_file(folder.path("e.manifest.json")).unwrap();
    let said = folder.look(&["verify", "e.ndjson.zst"]).quietly().exits(1);
    said.denies("manifest-missing", &json!({"file": "e.ndjson.zst"}));
}

#[test]
fn the_gate_tells_bad_lines_of_a_foreign_file_as_well() {
    let folder = events(event(0) + "\nnonsense\n").with(
        "pastproof.toml",
        "[catalogue]\n[[recording]]\npath = \"e.ndjson\"\ntype = \"/t\"\nversion = \"/v\"\ndata = \"/d\"\nstream = \"/s\"\n",
    );
    let said = folder.look(&["gate"]).quietly().exits(1);
    said.denies("not-json", &json!({"file": "e.ndjson", "line": 2}));
}
