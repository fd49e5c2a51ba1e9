//! One line: what is read, what is refused, what is kept.

use std::collections::BTreeMap;

use pastproof::model::{Flag, Payload, RecordedEvent, Version};
use pastproof::recording::{Decided, Decision, Line, Outcome, parse_line};
use proptest::prelude::*;

use super::common::{self, event, raw, text};

/// Reads a line and writes it again; what is refused as `id pointer: message`.
fn check(line: &str, expected: &str) {
    let found = match parse_line(line.as_bytes()) {
        Ok(line) => text(&line),
        Err(error) => format!("{} {}: {error}", error.rule().id, error.pointer()),
    };
    assert_eq!(found, expected);
}

/// A line that is written as it was read.
fn same(line: &str) {
    check(line, line);
}

#[test]
fn members_stand_in_the_order_of_the_format() {
    same(
        r#"{"s":"a-1","c":"a","n":3,"g":18446744073709551615,"i":"e-1","t":"T","v":"1.4.0","at":"2024-05-01T10:00:00Z","tags":{"course":"c-1","student":["s-1","s-2"]},"d":{},"m":{"by":null},"x":["redacted","truncated-head","link","skipped"]}"#,
    );
    same(r#"{"g":7,"t":"T","tags":{"course":"c-1"},"d":1}"#);
    same(r#"{"s":"a-1","n":0,"t":"T","b":"AP8=","ct":"application/octet-stream"}"#);
}

#[test]
fn data_and_metadata_are_kept_byte_for_byte() {
    same(r#"{"s":"a-1","n":0,"t":"T","v":2,"d":{"b": 1.50,  "a":[1e3,"\u00e4"]},"m":{ }}"#);
    same(r#"{"s":"a-1","n":0,"t":"T","d":12345678901234567890123}"#);
    same(r#"{"s":"a-1","n":0,"t":"T","d":-0}"#);
}

#[test]
fn line_ends_inside_data_become_spaces() {
    let event = event("a-1", 0, 0, "{\n\"a\":\r\n1}");
    assert_eq!(
        text(&Line::Event(event)),
        r#"{"s":"a-1","n":0,"g":0,"t":"Happened","v":1,"d":{ "a":  1}}"#
    );
}

#[test]
fn absent_and_null_members_are_the_same_but_for_data_and_metadata() {
    check(
        r#"{"s":"a-1","c":null,"n":0,"g":null,"i":null,"t":"T","v":null,"at":null,"tags":null,"d":null,"m":null,"x":null,"b":null,"ct":null,"kind":null}"#,
        r#"{"s":"a-1","n":0,"t":"T","d":null,"m":null}"#,
    );
    check(
        r#"{"s":"a-1","n":0,"t":"T"}"#,
        r#"{"s":"a-1","n":0,"t":"T","d":null}"#,
    );
}

#[test]
fn members_of_a_later_minor_version_are_passed_over() {
    check(
        r#"{"later":[1,{"s":2}],"t":"T","n":0,"s":"a-1","d":{}}"#,
        r#"{"s":"a-1","n":0,"t":"T","d":{}}"#,
    );
}

#[test]
fn what_an_event_needs() {
    check("[]", "not-an-event : the line is not an object");
    check(
        r#"{"s":"a-1","n":0}"#,
        "not-an-event : `t` (event type) is missing",
    );
    check(
        r#"{"t":"T","s":"a-1"}"#,
        "not-an-event : `n` (revision) is missing, and there are no `tags` with `g` (global position) either",
    );
    check(
        r#"{"t":"T","n":1,"g":1,"tags":{}}"#,
        "not-an-event : there is neither `s` (stream) with `n` (revision) nor `tags` with `g` (global position)",
    );
    check(
        r#"{"t":"T","tags":{"a":"b"}}"#,
        "not-an-event : `g` (global position) is missing, and there is no `s` (stream) with `n` (revision) either",
    );
}

#[test]
fn members_of_another_kind_are_refused_with_their_place() {
    for (line, expected) in [
        (r#"{"t":1,"s":"a","n":0}"#, "not-an-event /t: `t` is not a text"),
        (
            r#"{"t":"T","s":["a"],"n":0}"#,
            "not-an-event /s: `s` is not a text",
        ),
        (
            r#"{"t":"T","s":"a","n":-1}"#,
            "not-an-event /n: `n` is not a whole number from 0 to 18446744073709551615",
        ),
        (
            r#"{"t":"T","s":"a","n":18446744073709551616}"#,
            "not-an-event /n: `n` is not a whole number from 0 to 18446744073709551615",
        ),
        (
            r#"{"t":"T","s":"a","n":0,"g":1.0}"#,
            "not-an-event /g: `g` is not a whole number from 0 to 18446744073709551615",
        ),
        (
            r#"{"t":"T","s":"a","n":0,"v":1.5}"#,
            "not-an-event /v: `v` is neither a whole number nor a text",
        ),
        (
            r#"{"t":"T","s":"a","n":0,"tags":{"a~/b":[1]}}"#,
            "not-an-event /tags/a~0~1b: a tag is neither a text nor an array of texts",
        ),
        (
            r#"{"t":"T","s":"a","n":0,"x":["link","gone"]}"#,
            "not-an-event /x/1: no such flag; there are `redacted`, `truncated-head`, `link` and `skipped`",
        ),
        (
            r#"{"t":"T","s":"a","n":0,"d":{},"b":""}"#,
            "not-an-event /b: there is `d` as well as `b`",
        ),
        (
            r#"{"t":"T","s":"a","n":0,"b":"!","ct":"x/y"}"#,
            "not-an-event /b: `b` is not base64",
        ),
        (
            r#"{"t":"T","s":"a","n":0,"b":"AA=="}"#,
            "not-an-event : `ct` (content type of `b`) is missing",
        ),
        (
            r#"{"t":"T","s":"a","n":0,"ct":"x/y"}"#,
            "not-an-event /ct: there is `ct` without `b`",
        ),
        (
            r#"{"kind":"snapshot","t":"T","s":"a","n":0}"#,
            "not-an-event /kind: `kind` is neither absent nor `decision`",
        ),
    ] {
        check(line, expected);
    }
}

#[test]
fn decisions_in_all_their_outcomes() {
    for outcome in [
        r#"{"events":[]}"#,
        r#"{"events":[{"t":"A","v":2,"d":{"n": 1.0}},{"t":"B","d":null}]}"#,
        r#"{"rejected":{"reason": "late"}}"#,
        r#"{"rejected":null}"#,
        r#""ignored""#,
    ] {
        same(&format!(
            r#"{{"kind":"decision","s":"a-1","n":4,"cmd":{{"t":"Do","d":{{"x": 1}}}},"outcome":{outcome}}}"#
        ));
    }
    same(r#"{"kind":"decision","s":"a-1","cmd":{"t":"Do","d":null},"outcome":"ignored"}"#);
}

#[test]
fn decisions_that_say_too_little() {
    for (line, expected) in [
        (
            r#"{"kind":"decision","cmd":{"t":"Do"},"outcome":"ignored"}"#,
            "not-an-event : `s` (stream) is missing",
        ),
        (
            r#"{"kind":"decision","s":"a","outcome":"ignored"}"#,
            "not-an-event : `cmd` (command) is missing",
        ),
        (
            r#"{"kind":"decision","s":"a","cmd":{},"outcome":"ignored"}"#,
            "not-an-event /cmd: `t` (command type) is missing",
        ),
        (
            r#"{"kind":"decision","s":"a","cmd":[],"outcome":"ignored"}"#,
            "not-an-event /cmd: the value is not an object",
        ),
        (
            r#"{"kind":"decision","s":"a","cmd":{"t":"Do"}}"#,
            "not-an-event : `outcome` (what came of the command) is missing",
        ),
        (
            r#"{"kind":"decision","s":"a","cmd":{"t":"Do"},"outcome":{"events":[{"t":"A"},{"d":1}]}}"#,
            "not-an-event /outcome/events/1: `t` (event type) is missing",
        ),
        (
            r#"{"kind":"decision","s":"a","cmd":{"t":"Do"},"outcome":{"events":[],"rejected":1}}"#,
            "not-an-event /outcome: `outcome` is not `{\"events\":[…]}`, `{\"rejected\":…}` or `\"ignored\"`",
        ),
    ] {
        check(line, expected);
    }
}

#[test]
fn json_that_readers_disagree_about() {
    let wrap = |data: &str| format!(r#"{{"s":"a-1","n":0,"t":"T","d":{data}}}"#);
    check(
        &wrap(r#"{"order":{"id":1,"\u0069d":2}}"#),
        r#"duplicate-member /d/order: two members are named "id" at byte 47, in /d/order"#,
    );
    check(
        &wrap(r#"{"names":["a","\ud800x"]}"#),
        "not-json /d/names/1: an escaped surrogate lacks its other half at byte 45, in /d/names/1",
    );
    check(
        &wrap("[1e400]"),
        "not-json /d/0: a number is too large at byte 31, in /d/0",
    );
}

#[test]
fn nesting_has_a_limit_and_needs_no_stack() {
    let line = |depth: usize| {
        format!(
            r#"{{"s":"a-1","n":0,"t":"T","d":{}{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    assert!(parse_line(line(126).as_bytes()).is_ok());
    for depth in [127, 10_000] {
        let error = parse_line(line(depth).as_bytes()).unwrap_err();
        assert_eq!(error.rule().id, "not-json");
        assert!(
            error.to_string().starts_with("more than 127 levels of nesting"),
            "{error}"
        );
    }
}

#[test]
fn text_that_is_not_json() {
    for (line, expected) in [
        ("", "not-json : the text ends inside a value at byte 1"),
        (
            "{\"t\":\"T\"",
            "not-json : the text ends inside a value at byte 9",
        ),
        ("{'t':'T'}", "not-json : expected a member name at byte 2"),
        ("{} {}", "not-json : something follows the value at byte 4"),
        (
            "\u{feff}{}",
            "not-json : the text starts with a byte-order mark at byte 1",
        ),
    ] {
        check(line, expected);
    }
    let error = parse_line(b"{\"t\":\"\xFF\"}").unwrap_err();
    assert_eq!(error.to_string(), "the text is not UTF-8 at byte 7");
    assert!(parse_line(b"{\"t\":").unwrap_err().is_cut_off());
    assert!(!parse_line(b"{\"t\"}").unwrap_err().is_cut_off());
}

fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<u64>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?",
        any::<String>().prop_map(|value| serde_json::to_string(&value).unwrap()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(|members| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("{} :{value}", serde_json::to_string(name).unwrap()))
                    .collect();
                format!("{{ {} }}", members.join(","))
            }),
        ]
    })
}

fn any_version() -> impl Strategy<Value = Option<Version>> {
    prop_oneof![
        Just(None),
        any::<u64>().prop_map(|number| Some(Version::from(number))),
        any::<String>().prop_map(|text| Some(Version::from(text))),
    ]
}

fn any_event() -> impl Strategy<Value = RecordedEvent> {
    let place = (
        any::<Option<String>>(),
        any::<Option<u64>>(),
        any::<Option<u64>>(),
        prop::collection::btree_map(
            any::<String>(),
            prop::collection::vec(any::<String>(), 0..3),
            0..3,
        ),
    );
    let payload = prop_oneof![
        any_json().prop_map(|text| Payload::Json(raw(&text))),
        (any::<String>(), any::<Vec<u8>>())
            .prop_map(|(content_type, bytes)| Payload::Bytes { content_type, bytes }),
    ];
    let flags = prop::sample::subsequence(
        vec![Flag::Redacted, Flag::TruncatedHead, Flag::Link, Flag::Skipped],
        0..4,
    );
    let rest = (
        any::<Option<String>>(),
        any::<Option<String>>(),
        any::<String>(),
        any_version(),
        any::<Option<String>>(),
        payload,
        prop::option::of(any_json()),
        flags,
    );
    (place, rest).prop_map(|((stream, revision, global, tags), rest)| {
        let (category, id, event_type, version, recorded_at, payload, metadata, flags) = rest;
        RecordedEvent {
            stream,
            category,
            revision,
            global,
            id,
            event_type,
            version,
            recorded_at,
            tags,
            payload,
            metadata: metadata.map(|text| raw(&text)),
            flags,
            origin: None,
        }
    })
}

fn is_placed(event: &RecordedEvent) -> bool {
    (event.stream.is_some() && event.revision.is_some()) || (!event.tags.is_empty() && event.global.is_some())
}

proptest! {
    #![proptest_config(common::config(48))]

    #[test]
    fn an_event_survives_being_written(event in any_event()) {
        let line = text(&Line::Event(event.clone()));
        prop_assert!(!line.contains(['\n', '\r']));
        match parse_line(line.as_bytes()) {
            Ok(Line::Event(again)) => {
                prop_assert!(is_placed(&event));
                prop_assert_eq!(format!("{again:?}"), format!("{event:?}"));
                prop_assert_eq!(text(&Line::Event(again)), line);
            }
            Ok(Line::Decision(_)) => prop_assert!(false, "an event became a decision"),
            Err(error) => prop_assert!(!is_placed(&event), "{}", error),
        }
    }

    #[test]
    fn a_decision_survives_being_written(
        stream in any::<String>(),
        revision in any::<Option<u64>>(),
        command_type in any::<String>(),
        command in any_json(),
        outcome in prop_oneof![
            Just(None),
            any_json().prop_map(|error| Some(Err(error))),
            prop::collection::vec((any::<String>(), any_version(), any_json()), 0..3)
                .prop_map(|events| Some(Ok(events))),
        ],
        dropped in prop_oneof![Just(0), any::<u64>()],
    ) {
        let decision = Decision {
            stream,
            revision,
            command_type,
            command: raw(&command),
            outcome: match outcome {
                None => Outcome::Ignored,
                Some(Err(error)) => Outcome::Rejected(raw(&error)),
                Some(Ok(events)) => Outcome::Events(
                    events
                        .into_iter()
                        .map(|(event_type, version, data)| Decided { event_type, version, data: raw(&data) })
                        .collect(),
                ),
            },
            dropped,
        };
        let line = text(&Line::Decision(decision.clone()));
        match parse_line(line.as_bytes()) {
            Ok(Line::Decision(again)) => {
                prop_assert_eq!(format!("{again:?}"), format!("{decision:?}"));
                prop_assert_eq!(text(&Line::Decision(again)), line);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    /// Whatever stands in a line, reading it ends with an answer.
    #[test]
    fn no_text_makes_it_panic(text in any::<Vec<u8>>(), cut in 0usize..200) {
        let _ = parse_line(&text);
        let line = r#"{"s":"a-1","c":"ä€🦀","n":3,"t":"T","tags":{"a":["b"]},"d":{"x":"\ud83e\udd80"},"m":[1e5,true]}"#;
        let cut = cut.min(line.len() - 1);
        prop_assert!(parse_line(&line.as_bytes()[..cut]).unwrap_err().is_cut_off());
    }
}

#[test]
fn tags_without_values_are_kept() {
    let mut event = event("a-1", 0, 0, "{}");
    event.tags = BTreeMap::from([("none".to_owned(), Vec::new())]);
    same(&text(&Line::Event(event)));
}
