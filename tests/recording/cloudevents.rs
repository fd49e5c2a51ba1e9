//! CloudEvents and recorded events: both ways, without loss.

use pastproof::model::{Flag, Payload, RecordedEvent, Version};
use pastproof::recording::{EventPointers, Line, Number, from_cloudevent, to_cloudevent};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::common::{self, event, raw, text};

fn again(event: &RecordedEvent) -> String {
    let cloudevent = to_cloudevent(event);
    let back = from_cloudevent(&cloudevent, &EventPointers::default())
        .unwrap_or_else(|error| panic!("{error}: {cloudevent}"));
    text(&Line::Event(back))
}

#[test]
fn an_event_of_ours_has_the_attributes_of_a_cloudevent() {
    let mut event = event("order-7", 3, 41, r#"{"total":1.50}"#);
    event.recorded_at = Some("2026-01-01T00:00:00.5+01:00".to_owned());
    event.metadata = Some(raw(r#"{"by": "x"}"#));
    assert_eq!(
        to_cloudevent(&event),
        r#"{"specversion":"1.0","id":"order-7@3","source":"urn:pastproof:recording","type":"Happened","time":"2026-01-01T00:00:00.5+01:00","subject":"order-7","ppevent":"1","ppid":"none","ppstream":"order-7","pprevision":"3","ppglobal":"41","ppversion":"1","ppmetadata":"{\"by\": \"x\"}","datacontenttype":"application/json","data":{"total":1.50}}"#
    );
    assert_eq!(again(&event), text(&Line::Event(event)));
}

#[test]
fn metadata_that_only_looks_like_a_cloudevent_is_kept_too() {
    let mut event = event("a-1", 0, 0, "null");
    event.metadata = Some(raw(
        r#"{"cloudevents":{"specversion":"1.0","source":"/x"},"from":{"id":"i","subject":"s"}}"#,
    ));
    assert_eq!(again(&event), text(&Line::Event(event)));
}

fn events() -> impl Strategy<Value = RecordedEvent> {
    let text = || "[ -~\u{e4}\u{1F600}]{0,12}";
    let metadata = prop::option::of(prop_oneof![
        Just("null"),
        Just(r#"{"a": [1.50, 2e3]}"#),
        Just(r#"{"cloudevents":{"a":1},"from":{}}"#)
    ]);
    let version = prop::option::of(prop_oneof![
        any::<u64>().prop_map(Version::from),
        text().prop_map(Version::from)
    ]);
    let payload = prop_oneof![
        text().prop_map(|text| Payload::Json(raw(&json!({ "t": text }).to_string()))),
        Just(Payload::Json(raw("12345678901234567890123.10"))),
        (text(), prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(content_type, bytes)| Payload::Bytes { content_type, bytes }),
    ];
    let times = prop::option::of(prop_oneof![
        Just("2026-01-01T00:00:00Z".to_owned()),
        text().prop_map(|text| text),
        Just("2026-01-01T00:00:00.Z".to_owned())
    ]);
    let tags = prop::collection::btree_map(text(), prop::collection::vec(text(), 1..3), 0..3);
    let flags = prop::sample::subsequence(vec![Flag::Redacted, Flag::Link, Flag::Skipped], 0..3);
    (
        (
            prop::option::of("[a-z]{1,3}-[0-9]{1,3}"),
            prop::option::of(text()),
            any::<u64>(),
            any::<u64>(),
        ),
        (prop::option::of(text()), "[A-Z][a-z]{0,5}", version, times),
        (tags, payload, metadata, flags),
    )
        .prop_map(
            |((stream, category, n, g), (id, event_type, version, recorded_at), rest)| {
                let (mut tags, payload, metadata, flags) = rest;
                if stream.is_none() {
                    tags.insert("of".to_owned(), vec!["1".to_owned()]);
                }
                RecordedEvent {
                    revision: stream.as_ref().map(|_| n),
                    stream,
                    category,
                    global: Some(g),
                    id,
                    event_type,
                    version,
                    recorded_at,
                    tags,
                    payload,
                    metadata: metadata.map(raw),
                    flags,
                    origin: None,
                }
            },
        )
}

fn cloudevents() -> impl Strategy<Value = Value> {
    let text = || "[ -~\u{e4}]{1,12}";
    let sequence = prop_oneof![
        (0u64..9).prop_map(|number| json!(number)),
        any::<u64>().prop_map(|number| json!(number.to_string())),
        Just(json!("007"))
    ];
    let data = prop_oneof![
        Just(None),
        Just(Some(("data", Value::Null))),
        text().prop_map(|text| Some(("data", json!({ "x": [text] })))),
        Just(Some(("data_base64", json!("AQID")))),
    ];
    let others = prop::collection::btree_map(
        prop_oneof![
            "[a-z]{3,8}".prop_map(|name| format!("x{name}")),
            Just("datacontenttype".to_owned())
        ],
        text().prop_map(Value::from),
        0..4,
    );
    (
        text(),
        text(),
        text(),
        sequence,
        prop::option::of(text()),
        data,
        others,
    )
        .prop_map(|(id, source, subject, sequence, time, data, others)| {
            let mut event = Map::new();
            event.insert("specversion".to_owned(), json!("1.0"));
            event.insert("id".to_owned(), json!(id));
            event.insert("source".to_owned(), json!(source));
            event.insert("type".to_owned(), json!("T"));
            event.insert("subject".to_owned(), json!(subject));
            event.insert("sequence".to_owned(), sequence);
            if let Some(time) = time {
                event.insert("time".to_owned(), json!(time));
            }
            event.extend(others);
            if let Some((name, data)) = data {
                event.insert(name.to_owned(), data);
            }
            Value::Object(event)
        })
}

proptest! {
    #![proptest_config(common::config(256))]

    #[test]
    fn an_event_comes_back_from_a_cloudevent(event in events()) {
        prop_assert_eq!(again(&event), text(&Line::Event(event)));
    }

    #[test]
    fn a_cloudevent_comes_back_from_an_event(cloudevent in cloudevents(), which in 0..3) {
        let pointers = match which {
            0 => EventPointers::default(),
            // Counted positions have no attribute to stand in, and need none.
            1 => EventPointers {
                revision: Some(Number::Counted),
                global: Some(Number::Counted),
                ..EventPointers::default()
            },
            _ => EventPointers {
                stream: Some("/source".to_owned()),
                category: Some("/type".to_owned()),
                version: Some("/id".to_owned()),
                global: Some(Number::At("/sequence".to_owned())),
                ..EventPointers::default()
            },
        };
        let event = from_cloudevent(&cloudevent.to_string(), &pointers).unwrap();
        // Through a line, as it stands in a recording.
        let line = text(&Line::Event(event));
        let Line::Event(event) = pastproof::recording::parse_line(line.as_bytes()).unwrap() else { unreachable!() };
        prop_assert_eq!(serde_json::from_str::<Value>(&to_cloudevent(&event)).unwrap(), cloudevent);
    }
}
