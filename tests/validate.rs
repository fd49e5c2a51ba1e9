//! `validate`: every event of a file against the schema of its type and version.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod validate {
    mod agree;
}

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use pastproof::finding::Finding;
use pastproof::model::{Payload, RecordedEvent, Version};
use pastproof::recording::{LinesOptions, Order, Writer, WriterOptions, parse_line};
use pastproof::replay::{Pointers, ValidateOptions, Validated, validate, validate_read};
use pastproof::schema::{Catalogue, CatalogueOptions, Validators};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A catalogue of `[type, version, schema]`.
fn catalogue(schemas: &[(&str, &str, Value)]) -> (tempfile::TempDir, Validators) {
    let folder = tempfile::tempdir().unwrap();
    for (event_type, version, schema) in schemas {
        let folder = folder.path().join(event_type);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{version}.json")), schema.to_string()).unwrap();
    }
    let catalogue = Catalogue::open(folder.path(), &CatalogueOptions::default()).unwrap();
    (folder, Validators::new(Arc::new(catalogue)))
}

fn parcels() -> (tempfile::TempDir, Validators) {
    let order = json!({
        "type": "object",
        "properties": {
            "cents": {"type": "integer", "minimum": 0},
            "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}}
        },
        "required": ["cents"],
        "additionalProperties": false,
        "$defs": {"line": {"type": "object", "required": ["sku"], "properties": {"sku": {"pattern": "^[A-Z]+$"}}}}
    });
    let taken =
        json!({"type": "object", "properties": {"by": {"enum": ["van", "bike"]}}, "required": ["by"]});
    catalogue(&[
        ("OrderCreated", "1", order),
        ("PackageTaken", "1", json!(true)),
        ("PackageTaken", "2", taken),
        ("Broken", "1", json!({"type": "nonsense"})),
    ])
}

/// A finding as `level id line type version stream/revision pointer: message`, with what is known.
fn told(finding: &Finding) -> String {
    let place = &finding.place;
    let mut text = format!("{} {}", finding.level, finding.rule.id);
    for part in [
        place.line.map(|line| line.to_string()),
        place.event_type.clone(),
        place.version.clone(),
        place.stream.clone().map(|stream| match place.revision {
            Some(revision) => format!("{stream}/{revision}"),
            None => stream,
        }),
        place.pointer.as_ref().map(|pointer| format!("`{pointer}`")),
    ]
    .into_iter()
    .flatten()
    {
        text.push(' ');
        text.push_str(&part);
    }
    format!("{text}: {}", finding.message)
}

fn run(validators: &Validators, options: &ValidateOptions, text: &[u8]) -> (Vec<String>, Validated) {
    let mut findings = Vec::new();
    let read = io::Cursor::new(text.to_vec());
    let counts = validate_read("in.ndjson", read, validators, options, &mut |finding| {
        assert_eq!(finding.place.file.as_deref(), Some("in.ndjson"));
        findings.push(told(&finding));
    })
    .unwrap();
    (findings, counts)
}

/// What is found in one file, and `valid/invalid/unknown` of it.
fn check(options: &ValidateOptions, text: &[u8], expected: &[&str], counts: (u64, u64, u64)) {
    let (folder, validators) = parcels();
    let (findings, found) = run(&validators, options, text);
    let folder = folder.path().display().to_string();
    let findings: Vec<String> = findings
        .iter()
        .map(|told| told.replace(&folder, "schemas"))
        .collect();
    assert_eq!(findings, expected);
    assert_eq!((found.valid, found.invalid, found.unknown), counts);
    assert_eq!(found.events, found.valid + found.invalid + found.unknown);
}

fn ours(lines: &[&str], expected: &[&str], counts: (u64, u64, u64)) {
    check(
        &ValidateOptions::default(),
        lines.join("\n").as_bytes(),
        expected,
        counts,
    );
}

#[test]
fn valid_events_say_nothing() {
    ours(
        &[
            r#"{"s":"o-1","n":0,"t":"OrderCreated","d":{"cents":1,"lines":[{"sku":"A"}]}}"#,
            r#"{"s":"o-1","n":1,"t":"PackageTaken","v":2,"d":{"by":"van"}}"#,
            r#"{"s":"o-1","n":2,"t":"PackageTaken","v":"2","d":{"by":"bike"}}"#,
            r#"{"g":3,"tags":{"order":"o-1"},"t":"PackageTaken","v":1,"d":[]}"#,
            r#"{"kind":"decision","s":"o-1","n":1,"cmd":{"t":"Take","d":{}},"outcome":"ignored"}"#,
            "",
        ],
        &[],
        (4, 0, 0),
    );
}

#[test]
fn what_is_wrong_is_told_in_the_order_of_the_lines_and_without_values() {
    ours(
        &[
            r#"{"s":"o-1","n":0,"t":"OrderCreated","d":{"cents":-77,"lines":[{"sku":"A"},{"sku":"secret"}],"name":"hidden"}}"#,
            "nonsense",
            r#"{"s":"o-1","t":"OrderCreated","d":{"cents":1}}"#,
            r#"{"s":"o-1","n":1,"t":"OrderCreated","d":{"cents":1,"cents":2}}"#,
            "",
            r#"{"s":"o-1","n":2,"t":"Unheard","d":{}}"#,
            r#"{"s":"o-1","n":3,"t":"PackageTaken","v":3,"d":{}}"#,
            r#"{"s":"o-1","n":4,"t":"Broken","d":{}}"#,
            r#"{"s":"o-1","n":5,"t":"PackageTaken","d":{"of":[18446744073709551616]}}"#,
            r#"{"s":"o-1","n":6,"t":"PackageTaken","v":2}"#,
        ],
        &[
            "deny invalid-event 1 OrderCreated 1 o-1/0 ``: additional properties are not allowed ('name' was unexpected)",
            "deny invalid-event 1 OrderCreated 1 o-1/0 `/cents`: the value is less than the minimum of 0",
            "deny invalid-event 1 OrderCreated 1 o-1/0 `/lines/1/sku`: the value does not match \"^[A-Z]+$\"",
            "deny not-json 2: expected a value at byte 1",
            "deny not-an-event 3: `n` (revision) is missing, and there are no `tags` with `g` (global position) either",
            "deny duplicate-member 4 `/d`: two members are named \"cents\" at byte 52, in /d",
            "deny unknown-type 6 Unheard 1 o-1/2: the catalogue has no type Unheard",
            "deny unknown-version 7 PackageTaken 3 o-1/3: the catalogue has no version 3 of PackageTaken, only 1, 2",
            "deny unknown-version 8 Broken 1 o-1/4: the schema of Broken 1 cannot be used: schemas/Broken/1.json at /type: names no JSON type; there are array, boolean, integer, null, number, object and string",
            "warn number-precision 9 PackageTaken 1 o-1/5 `/d/of/0`: a whole number does not fit 64 bits",
            "deny invalid-event 10 PackageTaken 2 o-1/6 ``: the value is not of type \"object\"",
        ],
        (1, 5, 3),
    );
}

#[test]
fn redacted_events_and_data_that_is_not_json() {
    ours(
        &[
            r#"{"s":"o-1","n":0,"t":"OrderCreated","d":null,"x":["redacted"]}"#,
            r#"{"s":"o-1","n":1,"t":"OrderCreated","d":{"cents":1},"x":["redacted"]}"#,
            r#"{"s":"o-1","n":2,"t":"OrderCreated","b":"AA==","ct":"image/png"}"#,
        ],
        &[
            "note redacted-event 1 OrderCreated 1 o-1/0: the event was redacted and does not satisfy its schema, which is legal",
            "warn not-checked 3 OrderCreated 1 o-1/2: the data is image/png, and schemas are about JSON",
        ],
        (2, 0, 1),
    );
}

#[test]
fn lines_that_readers_disagree_about() {
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"s":"o-1","n":0,"t":"PackageTaken","d":{open}{close}}}"#)
    };
    ours(
        &[
            "\u{feff}{}",
            r#"{"s":"o-1","n":0,"t":"PackageTaken","d":"\udc00"}"#,
            r#"{"s":"o-1","n":0,"t":"PackageTaken","d":1e400}"#,
            r#"{"s":"o-1","n":0,"t":"PackageTaken","d":-0}"#,
            &deep(126),
            &deep(10_000),
            "{\"s\":\"o-1\",\"n\":0,\"t\":\"PackageTaken\",\"d\":1}\r",
            r#"{"s":"o-1","n":0,"t":"PackageTaken","d":"#,
        ],
        &[
            "deny not-json 1: the text starts with a byte-order mark at byte 1",
            "deny not-json 2 `/d`: an escaped surrogate lacks its other half at byte 42, in /d",
            "deny not-json 3 `/d`: a number is too large at byte 41, in /d",
            &format!(
                "deny not-json 6 `/d{}`: more than 127 levels of nesting at byte 167, in /d{}",
                "/0".repeat(126),
                "/0".repeat(126)
            ),
            "deny not-json 8 `/d`: the text ends inside a value at byte 41, in /d",
        ],
        (3, 5, 0),
    );
}

#[test]
fn a_byte_order_mark_comes_with_advice() {
    let (_folder, validators) = parcels();
    let mut next = Vec::new();
    let text = "\u{feff}{}".as_bytes();
    validate_read(
        "in",
        text,
        &validators,
        &ValidateOptions::default(),
        &mut |finding| {
            next.push(finding.next_step().to_owned());
        },
    )
    .unwrap();
    assert_eq!(next, ["save the file as UTF-8 without a byte-order mark"]);
}

fn foreign(pointers: [Option<&str>; 4]) -> ValidateOptions {
    let [event_type, version, data, stream] = pointers.map(|pointer| pointer.map(str::to_owned));
    let mut options = ValidateOptions::default();
    options.pointers = Pointers {
        event_type,
        version,
        data,
        stream,
    };
    options
}

#[test]
fn lines_of_others_are_read_through_pointers() {
    let pointers = [
        Some("/meta/type"),
        Some("/meta/versions/0"),
        Some("/the~1data"),
        Some("/meta/id"),
    ];
    check(
        &foreign(pointers),
        br#"{"meta":{"type":"PackageTaken","versions":[2],"id":"p-1"},"the/data":{"by":"van"}}
{"meta":{"type":"PackageTaken","versions":["2"],"id":7},"the/data":{"by":"foot"}}
{"meta":{"type":"OrderCreated","versions":[]},"the/data":{"cents":0}}
{"meta":{"type":"OrderCreated","versions":[null]},"the/data":{"cents":0}}
{"meta":{"type":["OrderCreated"]},"the/data":{}}
{"meta":{},"the/data":{}}
{"meta":{"type":"OrderCreated","versions":[1.5]},"the/data":{}}
{"meta":{"type":"OrderCreated"}}
[]
"#,
        &[
            "deny invalid-event 2 PackageTaken 2 `/by`: the value is not one of \"van\" or \"bike\"",
            "deny not-an-event 5 `/meta/type`: the event type is not a text",
            "deny not-an-event 6: there is no event type at /meta/type",
            "deny not-an-event 7 `/meta/versions/0`: the version is neither a whole number nor a text",
            "deny not-an-event 8: there is no data at /the~1data",
            "deny not-an-event 9: there is no event type at /meta/type",
        ],
        (3, 6, 0),
    );
}

#[test]
fn the_empty_pointer_validates_the_whole_line() {
    let (_folder, validators) = catalogue(&[(
        "Note",
        "1.0.0",
        json!({"required": ["type", "text"], "properties": {"text": {"type": "string"}}}),
    )]);
    // The default scheme has whole numbers, so this catalogue is empty.
    assert!(validators.catalogue().is_empty());
    let (_folder, validators) = catalogue(&[(
        "Note",
        "4",
        json!({"required": ["type", "text"], "properties": {"text": {"type": "string"}}}),
    )]);
    let mut options = foreign([Some("/type"), None, Some(""), None]);
    options.default_version = Some(Version::from(4));
    let (findings, counts) = run(
        &validators,
        &options,
        b"{\"type\":\"Note\",\"text\":\"a\"}\n{\"type\":\"Note\",\"text\":1}\n{\"type\":\"Note\"}",
    );
    assert_eq!(
        findings,
        [
            "deny invalid-event 2 Note 4 `/text`: the value is not of type \"string\"",
            "deny invalid-event 3 Note 4 ``: \"text\" is a required property",
        ]
    );
    assert_eq!((counts.valid, counts.invalid), (1, 2));
}

#[test]
fn pointers_that_are_none_are_refused() {
    assert_eq!(
        foreign([Some(""), Some("/a"), None, None]).pointers.check(),
        Ok(())
    );
    assert_eq!(
        foreign([None, Some("meta.version"), None, None]).pointers.check(),
        Err(
            "\"meta.version\" is no JSON pointer for the version: a pointer is empty or starts with `/`, as in `/meta/version`"
                .to_owned()
        )
    );
}

fn recorded(path: &Path, default_version: u64) {
    let lines = [
        r#"{"s":"o-1","n":0,"t":"PackageTaken","d":{"by":"van"}}"#,
        r#"{"s":"o-1","n":1,"t":"PackageTaken","d":{"by":"foot"}}"#,
    ];
    let options = WriterOptions::new(Order::Stream).default_version(default_version);
    let mut writer = Writer::create(path, options).unwrap();
    for line in lines {
        let pastproof::recording::Line::Event(event) = parse_line(line.as_bytes()).unwrap() else {
            panic!("an event")
        };
        writer.push(&event).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn a_manifest_says_the_default_version_and_options_say_it_louder() {
    let (folder, validators) = parcels();
    for name in ["r.ndjson", "r.ndjson.zst"] {
        let path = folder.path().join(name);
        for (stated, told, invalid) in [(1, None, 0), (2, None, 1), (2, Some(1), 0), (1, Some(2), 1)] {
            recorded(&path, stated);
            let mut options = ValidateOptions::default();
            options.default_version = told.map(Version::from);
            let mut findings = 0;
            let counts = validate(&path, &validators, &options, &mut |_| findings += 1).unwrap();
            assert_eq!((counts.events, counts.invalid, findings), (2, invalid, invalid));
        }
    }
}

#[test]
fn a_damaged_recording_cannot_be_completed() {
    let (folder, validators) = parcels();
    let path = folder.path().join("r.ndjson");
    recorded(&path, 1);
    let mut bytes = fs::read(&path).unwrap();
    bytes[5] ^= 1;
    fs::write(&path, bytes).unwrap();
    for threads in [1, 2] {
        let mut options = ValidateOptions::default();
        options.threads = threads;
        let error = validate(&path, &validators, &options, &mut |_| ()).unwrap_err();
        assert!(error.is_damage(), "{error}");
    }
    let none = folder.path().join("none.ndjson");
    let error = validate(&none, &validators, &ValidateOptions::default(), &mut |_| ()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("none.ndjson: cannot open the recording"),
        "{error}"
    );
}

#[test]
fn nothing_in_means_nothing_counted() {
    ours(&["", " ", "\r"], &[], (0, 0, 0));
}

/// Gives a text, then fails.
struct Cut(io::Cursor<Vec<u8>>);

impl Read for Cut {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(io::Error::other("the cable is out")),
            read => Ok(read),
        }
    }
}

#[test]
fn what_stands_before_a_failure_is_told() {
    let (_folder, validators) = parcels();
    for threads in [1, 3] {
        let mut options = ValidateOptions::default();
        options.threads = threads;
        options.lines.block_size = 8;
        let read = Cut(io::Cursor::new(b"one\ntwo\nthree\nfo".to_vec()));
        let mut lines = Vec::new();
        let error = validate_read("-", read, &validators, &options, &mut |finding| {
            lines.push(finding.place.line.unwrap());
        })
        .unwrap_err();
        assert_eq!(error.to_string(), "-: cannot read the file: the cable is out");
        assert_eq!(lines, [1, 2, 3]);
    }
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("nonsense".to_owned()),
        Just("{\"s\":1}\r".to_owned()),
        Just("x".repeat(300)),
        (0u64..3, 0u64..40, -2i64..9).prop_map(|(version, revision, cents)| format!(
            r#"{{"s":"o-1","n":{revision},"t":"PackageTaken","v":{version},"d":{{"by":"van","cents":{cents}}}}}"#
        )),
        (0u64..40, -2i64..9).prop_map(|(revision, cents)| format!(
            r#"{{"s":"o-1","n":{revision},"t":"OrderCreated","d":{{"cents":{cents}}}}}"#
        )),
    ]
}

/// Laws are tried on new values each time, as often as `PROPTEST_CASES` says.
fn laws(cases: u32) -> ProptestConfig {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig { cases, ..config },
    }
}

proptest! {
    #![proptest_config(laws(64))]

    /// Neither threads nor blocks change a finding, a count or the order.
    #[test]
    fn threads_and_blocks_make_no_difference(
        lines in prop::collection::vec(any_line(), 0..60),
        ending in prop::bool::ANY,
        threads in 1usize..6,
        block_size in 1usize..600,
    ) {
        let (_folder, validators) = parcels();
        let mut text = lines.join("\n");
        if ending {
            text.push('\n');
        }
        let mut options = ValidateOptions::default();
        options.lines = LinesOptions { line_limit: 200, ..LinesOptions::default() };
        let expected = run(&validators, &options, text.as_bytes());
        options.threads = threads;
        options.lines.block_size = block_size;
        prop_assert_eq!(run(&validators, &options, text.as_bytes()), expected);
    }
}

#[test]
fn many_findings_of_one_block_come_in_order() {
    let (_folder, validators) = parcels();
    let text = "x\n".repeat(20_000);
    let mut options = ValidateOptions::default();
    options.threads = 4;
    options.lines.block_size = 5000;
    let mut expected = 1;
    let read = io::Cursor::new(text.into_bytes());
    let counts = validate_read("in", read, &validators, &options, &mut |finding| {
        assert_eq!(finding.place.line, Some(expected));
        expected += 1;
    })
    .unwrap();
    assert_eq!((counts.invalid, expected), (20_000, 20_001));
}

#[test]
fn events_without_a_stream_are_placed_by_line() {
    let event = RecordedEvent {
        stream: None,
        category: None,
        revision: None,
        global: Some(4),
        id: None,
        event_type: "Unheard".to_owned(),
        version: None,
        recorded_at: None,
        tags: [("order".to_owned(), vec!["o-1".to_owned()])].into(),
        payload: Payload::Bytes {
            content_type: "x/y".to_owned(),
            bytes: vec![0],
        },
        metadata: None,
        flags: Vec::new(),
        origin: None,
    };
    let mut line = String::new();
    pastproof::recording::write_line(&event, &mut line);
    ours(
        &[&line],
        &["deny unknown-type 1 Unheard 1: the catalogue has no type Unheard"],
        (0, 0, 1),
    );
}
