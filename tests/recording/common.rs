//! What the tests about recordings share.

use std::collections::BTreeMap;
use std::path::Path;

use pastproof::finding::Finding;
use pastproof::model::{Payload, RecordedEvent, Version};
use pastproof::recording::{Line, Order, Reader, Writer, WriterOptions, write_decision, write_line};
use serde_json::value::RawValue;

pub fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

pub fn event(stream: &str, revision: u64, global: u64, data: &str) -> RecordedEvent {
    RecordedEvent {
        stream: Some(stream.to_owned()),
        category: None,
        revision: Some(revision),
        global: Some(global),
        id: None,
        event_type: "Happened".to_owned(),
        version: Some(Version::from(1)),
        recorded_at: None,
        tags: BTreeMap::new(),
        payload: Payload::Json(raw(data)),
        metadata: None,
        flags: Vec::new(),
        origin: None,
    }
}

/// Four streams of four events each, one stream after the other, which is both orders.
pub fn small() -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    for stream in 0..4 {
        for revision in 0..4 {
            let data = format!("{{\"n\": {revision}.50, \"of\":\"s{stream}\"}}");
            let global = stream * 4 + revision;
            events.push(event(&format!("a-{stream}"), revision, global, &data));
        }
    }
    events
}

pub fn text(line: &Line) -> String {
    let mut text = String::new();
    match line {
        Line::Event(event) => write_line(event, &mut text),
        Line::Decision(decision) => write_decision(decision, &mut text),
    }
    text
}

pub fn texts(events: &[RecordedEvent]) -> Vec<String> {
    events
        .iter()
        .map(|event| text(&Line::Event(event.clone())))
        .collect()
}

/// A recording with frames of about 200 bytes.
pub fn record(path: &Path, order: Order, events: &[RecordedEvent]) {
    let mut writer = Writer::create(path, WriterOptions::new(order).frame_size(200)).unwrap();
    for event in events {
        writer.push(event).unwrap();
    }
    writer.finish().unwrap();
}

/// Everything a reader gives: lines, and findings as `id line: message`.
pub fn read(path: &Path) -> Vec<Result<String, String>> {
    Reader::open(path)
        .unwrap()
        .map(|line| match line {
            Ok((_, line)) => Ok(text(&line)),
            Err(problem) => Err(told(&problem.into_finding())),
        })
        .collect()
}

/// A finding as `id line: message`.
pub fn told(finding: &Finding) -> String {
    let line = finding
        .place
        .line
        .map_or(String::new(), |line| format!(" {line}"));
    format!("{}{line}: {}", finding.rule.id, finding.message)
}

pub fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule.id).collect()
}

/// The names in a folder.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Laws are tried on new values each time, as often as `PROPTEST_CASES` says; a failure prints the smallest one and
/// leaves no file behind.
pub fn config(cases: u32) -> proptest::test_runner::Config {
    let config = proptest::test_runner::Config {
        failure_persistence: None,
        ..Default::default()
    };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => proptest::test_runner::Config { cases, ..config },
    }
}
