//! Files of others become recordings.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use pastproof::recording::{
    EventPointers, Number, Order, RecordOptions, Recorded, Sample, Selection, record, record_read, verify,
};
use proptest::prelude::*;

use super::common::{self, ids, names, read, told};

fn pointers() -> EventPointers {
    EventPointers {
        stream: Some("/of".to_owned()),
        category: Some("/sort".to_owned()),
        revision: Some(Number::At("/no".to_owned())),
        global: Some(Number::At("/at/0".to_owned())),
        event_type: Some("/meta/kind".to_owned()),
        version: Some("/meta/v".to_owned()),
        id: Some("/id".to_owned()),
        time: Some("/when".to_owned()),
        tags: Some("/tags".to_owned()),
        data: Some("/body".to_owned()),
        metadata: Some("/meta/rest".to_owned()),
    }
}

fn options(pointers: EventPointers) -> RecordOptions {
    let mut options = RecordOptions::default();
    options.pointers = pointers;
    options
}

/// Converts `source`; gives the lines of the recording.
fn convert(source: &str, options: &RecordOptions) -> (Recorded, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.jsonl"), folder.path().join("to.ndjson"));
    fs::write(&from, source).unwrap();
    let recorded = record(&from, &to, options).unwrap();
    let lines = if recorded.manifest.is_some() {
        assert_eq!(verify(&to, None).unwrap().findings, []);
        read(&to).into_iter().map(Result::unwrap).collect()
    } else {
        assert_eq!(names(folder.path()), ["from.jsonl"], "nothing is left");
        Vec::new()
    };
    (recorded, lines)
}

#[test]
fn every_part_has_its_pointer_and_numbers_stay_as_they_were_written() {
    let line = r#"{"of":"order-7","sort":"orders","no":"3","at":[12],"id":"e-1","when":"2026-01-01","tags":{"customer":["9","8"],"shop":"1"},"meta":{"kind":"Placed","v":"2.0","rest":{"by":"x"}},"body":{"total":1.50,"big":123456789012345678901234567890}}"#;
    let (recorded, lines) = convert(line, &options(pointers()));
    assert_eq!(recorded.findings, []);
    assert_eq!(
        lines,
        [
            r#"{"s":"order-7","c":"orders","n":3,"g":12,"i":"e-1","t":"Placed","v":"2.0","at":"2026-01-01","tags":{"customer":["9","8"],"shop":"1"},"d":{"total":1.50,"big":123456789012345678901234567890},"m":{"by":"x"}}"#
        ]
    );
    let manifest = recorded.manifest.unwrap();
    assert_eq!(manifest.order, Order::Global, "there are global positions");
    assert_eq!(manifest.source.kind.as_deref(), Some("ndjson"));
}

#[test]
fn what_the_source_does_not_number_is_counted() {
    let source = ["a", "b", "a", "a", "b"]
        .map(|stream| format!("{{\"s\":\"{stream}\",\"k\":\"T\"}}\n"))
        .concat();
    let counted = EventPointers {
        stream: Some("/s".to_owned()),
        revision: Some(Number::Counted),
        global: Some(Number::Counted),
        event_type: Some("/k".to_owned()),
        ..EventPointers::default()
    };
    let mut options = options(counted);
    options.order = Some(Order::Stream);
    let (recorded, lines) = convert(&source, &options);
    let places: Vec<String> = lines
        .iter()
        .map(|line| line.split(",\"t\"").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        places,
        [
            r#"{"s":"a","n":0,"g":0"#,
            r#"{"s":"a","n":1,"g":2"#,
            r#"{"s":"a","n":2,"g":3"#,
            r#"{"s":"b","n":0,"g":1"#,
            r#"{"s":"b","n":1,"g":4"#,
        ]
    );
    assert_eq!(
        recorded.manifest.unwrap().source.fidelity,
        ["revisions-counted", "positions-counted"]
    );
}

#[test]
fn bad_lines_are_all_told_and_nothing_is_recorded() {
    let good = r#"{"of":"a-1","no":0,"at":[1],"meta":{"kind":"T"},"body":{}}"#;
    let source = [
        good,
        "nonsense",
        r#"{"of":"a-1","no":1,"at":[2],"body":{}}"#,
        r#"{"of":"a-1","no":-1,"at":[3],"meta":{"kind":"T"},"body":{}}"#,
        r#"{"of":"a-1","no":2,"at":[4],"meta":{"kind":"T"}}"#,
        r#"{"of":"a-1","no":2,"no":3,"at":[4],"meta":{"kind":"T"},"body":{}}"#,
        r#"{"no":2,"at":[4],"meta":{"kind":"T"},"body":{}}"#,
        r#"{"of":"a-1","no":3,"at":["18446744073709551616"],"meta":{"kind":"T"},"body":{}}"#,
    ]
    .join("\n");
    let (recorded, _) = convert(&source, &options(pointers()));
    assert_eq!(recorded.read, 8);
    let told: Vec<String> = recorded
        .findings
        .iter()
        .map(|finding| {
            let at = finding.place.pointer.clone().unwrap_or_default();
            format!("{} {at}", told(finding))
        })
        .collect();
    insta::with_settings!(
        {
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        },
        { insta::assert_snapshot!("recording__bad_source", told.join("\n")) }
    );
}

#[test]
fn two_events_at_one_place_are_told_with_their_lines() {
    let line = |no: u64, at: u64| {
        format!("{{\"of\":\"a-1\",\"no\":{no},\"at\":[{at}],\"meta\":{{\"kind\":\"T\"}},\"body\":{{}}}}\n")
    };
    let source = [line(0, 1), line(1, 2), line(1, 3)].concat();
    let (recorded, _) = convert(&source, &options(pointers()));
    assert_eq!(ids(&recorded.findings), ["order-broken"]);
    let place = &recorded.findings[0].place;
    assert_eq!(
        (place.line, place.stream.as_deref(), place.revision),
        (Some(3), Some("a-1"), Some(1))
    );
}

#[test]
fn types_streams_categories_and_samples_are_selected() {
    let source: String = (0..200)
        .map(|number| {
            let (stream, no) = (number % 40, number / 40);
            let sort = if stream < 10 { "x" } else { "y" };
            let kind = if no == 2 { "Odd" } else { "Even" };
            format!("{{\"s\":\"{sort}-{stream}\",\"n\":{no},\"t\":\"{kind}\",\"d\":{number}}}\n")
        })
        .collect();
    let select = |selection: Selection| {
        let mut options = RecordOptions::default();
        options.selection = selection;
        let (recorded, lines) = convert(&source, &options);
        let manifest = recorded.manifest.unwrap();
        let gaps = manifest.gaps.len();
        (lines.len(), manifest.streams.len(), gaps, manifest.selection)
    };
    let mut one = Selection::default();
    assert_eq!(select(one.clone()), (200, 40, 0, None));
    one.types = vec!["Even".to_owned()];
    let (events, streams, gaps, selection) = select(one);
    assert_eq!((events, streams, gaps), (160, 40, 40));
    assert_eq!(selection.unwrap().to_string(), r#"{"types":["Even"]}"#);
    let two = Selection {
        streams: vec!["x-3".to_owned(), "y-1*".to_owned()],
        ..Selection::default()
    };
    assert_eq!(select(two).0, 11 * 5);
    let three = Selection {
        categories: vec!["x".to_owned()],
        ..Selection::default()
    };
    assert_eq!(select(three).0, 50);
    let sample = |per_million, seed| {
        select(Selection {
            sample: Some(Sample { per_million, seed }),
            ..Selection::default()
        })
    };
    let (events, streams, gaps, _) = sample(300_000, 7);
    assert_eq!((events, gaps), (streams * 5, 0), "whole streams");
    assert!((4..=20).contains(&streams), "about a third of forty: {streams}");
    assert_eq!(sample(1_000_000, 7).1, 40);
    assert_ne!(sample(300_000, 8).3, sample(300_000, 7).3);
}

#[test]
fn cloudevents_are_read_line_by_line_and_in_batches() {
    let event = |number: u64| {
        format!(
            "{{\"specversion\":\"1.0\",\"id\":\"e-{number}\",\"source\":\"/shop\",\"type\":\"T\",\"subject\":\"a-1\",\n \"sequence\":\"{number}\",\"data\":{{\"brace\":\"}}]\\\"\"}}}}"
        )
    };
    let events: Vec<String> = (0..3).map(event).collect();
    let (_, lines) = convert(
        &events.join("\n").replace("\n \"", " \""),
        &RecordOptions::default(),
    );
    assert_eq!(lines.len(), 3);
    assert_eq!(
        lines[0],
        r#"{"s":"a-1","n":0,"i":"e-0","t":"T","d":{"brace":"}]\""},"m":{"cloudevents":{"specversion":"1.0","source":"/shop"},"from":{"id":"i","sequence":"n","subject":"s","type":"t"}}}"#
    );
    for batch in [
        format!("[{}]", events.join(",")),
        format!("  [\n{}\n]\n", events.join("\n,\n")),
        format!("[{},{}]\n[{}]\n[]", events[0], events[1], events[2]),
        events.join("\n"),
    ] {
        assert_eq!(convert(&batch, &RecordOptions::default()).1, lines, "{batch}");
    }
    for (batch, message) in [
        (
            format!("[{},", events[0]),
            "the file ends inside an array of events",
        ),
        (format!("[{}", &events[0][..40]), "the file ends inside an event"),
        (
            format!("[{} {}]", events[0], events[1]),
            "an event, which is an object, is expected here",
        ),
        (
            format!("[{}, 7]", events[0]),
            "an event, which is an object, is expected here",
        ),
        (
            events[0].replace("1.0", "0.3"),
            "CloudEvents 0.3 is not read here; version 1.0 is",
        ),
        (
            events[0].replace("\"sequence\"", "\"other\""),
            "the event has no place",
        ),
    ] {
        let (recorded, _) = convert(&batch, &RecordOptions::default());
        assert_eq!(ids(&recorded.findings), ["not-an-event"], "{batch}");
        assert!(
            recorded.findings[0].message.contains(message),
            "{:?}",
            recorded.findings
        );
    }
}

#[test]
fn a_source_of_no_known_form_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.jsonl"), folder.path().join("to.ndjson"));
    fs::write(&from, "{\"a\":1}\n").unwrap();
    let error = record(&from, &to, &RecordOptions::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("`--type /POINTER`"), "{error}");
    let error = record(
        &from,
        &to,
        &options(EventPointers {
            event_type: Some("kind".to_owned()),
            ..EventPointers::default()
        }),
    )
    .unwrap_err()
    .to_string();
    assert!(
        error.contains("\"kind\" is no JSON pointer for the type"),
        "{error}"
    );
    assert!(!to.exists());
}

/// A reader that fails after some bytes, as a process does that is killed.
struct Broken<R>(R, usize);

impl<R: Read> Read for Broken<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(self.1);
        if most == 0 && !out.is_empty() {
            return Err(io::Error::other("broken"));
        }
        let read = self.0.read(&mut out[..most])?;
        self.1 -= read;
        Ok(read)
    }
}

fn shuffled(count: u64) -> String {
    (0..count)
        .map(|number| {
            let number = number * 7919 % count;
            format!(
                "{{\"s\":\"a-{}\",\"n\":{},\"g\":{number},\"t\":\"T\",\"d\":{{\"x\":\"{}\"}}}}\n",
                number % 17,
                number / 17,
                "y".repeat((number % 50) as usize)
            )
        })
        .collect()
}

fn bytes(path: &Path) -> (Vec<u8>, Vec<u8>) {
    let manifest = pastproof::recording::manifest_path(path);
    (fs::read(path).unwrap(), fs::read(manifest).unwrap())
}

#[test]
fn any_memory_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from.jsonl");
    fs::write(&from, shuffled(203)).unwrap();
    for (order, name) in [(Order::Stream, "s.ndjson"), (Order::Global, "g.ndjson.zst")] {
        let mut expected = None;
        // Of one byte there is a run for each event: more runs than are merged at a time.
        for memory in [64 << 20, 3000, 1] {
            let to = folder.path().join(name);
            let mut options = RecordOptions::default();
            options.order = Some(order);
            options.frame_size = 500;
            options.memory = memory;
            let recorded = record(&from, &to, &options).unwrap();
            assert_eq!(recorded.findings, []);
            let bytes = bytes(&to);
            assert_eq!(
                expected.get_or_insert_with(|| bytes.clone()),
                &bytes,
                "{order:?} {memory}"
            );
        }
        assert_eq!(verify(folder.path().join(name), None).unwrap().findings, []);
    }
    assert_eq!(
        names(folder.path()),
        [
            "from.jsonl",
            "g.manifest.json",
            "g.ndjson.zst",
            "s.manifest.json",
            "s.ndjson"
        ],
        "no work folder stays"
    );
}

#[test]
fn what_cannot_be_read_twice_starts_anew() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("to.ndjson");
    let source = shuffled(503);
    let mut options = RecordOptions::default();
    options.memory = 20_000;
    let broken = Broken(io::Cursor::new(source.clone()), 20_000);
    let error = record_read(Path::new("-"), broken, &to, &options).unwrap_err();
    assert!(error.to_string().contains("broken"), "{error}");
    assert!(!to.exists());
    let recorded = record_read(Path::new("-"), io::Cursor::new(source), &to, &options).unwrap();
    assert_eq!((recorded.resumed, recorded.read), (0, 503));
    assert_eq!(names(folder.path()), ["to.manifest.json", "to.ndjson"]);
}

#[test]
fn a_source_that_ends_inside_a_line_leaves_nothing_that_looks_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.jsonl"), folder.path().join("to.ndjson"));
    let whole = shuffled(503);
    fs::write(&from, &whole[..whole.len() / 2 + 7]).unwrap();
    let mut options = RecordOptions::default();
    options.memory = 20_000;
    let recorded = record(&from, &to, &options).unwrap();
    assert_eq!(ids(&recorded.findings), ["not-json"]);
    assert_eq!(names(folder.path()), ["from.jsonl"]);
}

proptest! {
    #![proptest_config(common::config(16))]

    /// Whatever order the source has, the recording has the order asked for, and each event once.
    #[test]
    fn order_is_a_matter_of_the_recording(
        order in any::<bool>(),
        memory in 500usize..6000,
        keys in prop::collection::vec(any::<u32>(), 1..60),
    ) {
        let mut events: Vec<(u32, String, u64)> = keys
            .iter()
            .enumerate()
            .map(|(global, key)| {
                let line = format!("{{\"s\":\"a-{}\",\"n\":{global},\"g\":{global},\"t\":\"T\",\"d\":null}}", global % 5);
                (*key, line, global as u64)
            })
            .collect();
        events.sort();
        let source: String = events.iter().map(|(_, line, _)| format!("{line}\n")).collect();
        let mut options = RecordOptions::default();
        options.order = Some(if order { Order::Global } else { Order::Stream });
        options.memory = memory;
        let (recorded, lines) = convert(&source, &options);
        prop_assert!(recorded.findings.is_empty());
        events.sort_by_key(|(_, _, global)| if order { (0, *global) } else { (global % 5, *global) });
        let expected: Vec<&String> = events.iter().map(|(_, line, _)| line).collect();
        prop_assert_eq!(lines.iter().collect::<Vec<_>>(), expected);
    }
}
