//! Recordings: written, read, verified, damaged.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
use std::path::Path;

use pastproof::model::{Payload, RecordedEvent, Version};
use pastproof::recording::{
    Line, Order, Reader, Writer, WriterOptions, manifest_path, parse_line, verify, write_line,
};
use serde_json::value::RawValue;

fn event(stream: &str, revision: u64, global: u64, data: &str) -> RecordedEvent {
    RecordedEvent {
        stream: Some(stream.to_owned()),
        category: None,
        revision: Some(revision),
        global: Some(global),
        id: None,
        event_type: "Happened".to_owned(),
        version: Some(Version::from(1)),
        recorded_at: None,
        tags: std::collections::BTreeMap::new(),
        payload: Payload::Json(RawValue::from_string(data.to_owned()).unwrap()),
        metadata: None,
        flags: Vec::new(),
    }
}

fn text(event: &RecordedEvent) -> String {
    let mut line = String::new();
    write_line(event, &mut line);
    line
}

fn record(path: &Path, order: Order, events: &[RecordedEvent]) {
    let mut writer = Writer::create(path, WriterOptions::new(order).frame_size(200)).unwrap();
    for event in events {
        writer.push(event).unwrap();
    }
    writer.finish().unwrap();
}

fn small() -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    for stream in 0..4 {
        for revision in 0..4 {
            let data = format!("{{\"n\": {revision}.50, \"of\":\"s{stream}\"}}");
            events.push(event(
                &format!("a-{stream}"),
                revision,
                stream * 4 + revision,
                &data,
            ));
        }
    }
    events
}

#[test]
fn what_was_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["r.ndjson", "r.ndjson.zst"] {
        for order in [Order::Stream, Order::Global] {
            let path = folder.path().join(name);
            record(&path, order, &small());
            let reader = Reader::open(&path).unwrap();
            assert_eq!(reader.order(), Some(order));
            assert!(reader.manifest().unwrap().frames.len() > 2);
            let read: Vec<String> = reader
                .map(|line| match line.unwrap() {
                    (_, Line::Event(event)) => text(&event),
                    (_, Line::Decision(_)) => panic!("no decision was written"),
                })
                .collect();
            let written: Vec<String> = small().iter().map(text).collect();
            assert_eq!(read, written);
            let verification = verify(&path, None).unwrap();
            assert_eq!(verification.findings, []);
            assert_eq!((verification.events, verification.streams), (16, 4));
            assert!(manifest_path(&path).exists());
        }
    }
}

#[test]
fn a_line_keeps_its_data_byte_for_byte() {
    let line = br#"{"s":"a-1","n":0,"t":"T","v":2,"d":{"b": 1.50,  "a":[1e3,"\u00e4"]},"m":null}"#;
    let Line::Event(event) = parse_line(line).unwrap() else {
        panic!("an event")
    };
    assert_eq!(text(&event).as_bytes(), line);
}
