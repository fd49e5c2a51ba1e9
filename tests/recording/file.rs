//! Files: written, read, sealed, refused.

use std::fs;
use std::path::Path;

use pastproof::model::RecordedEvent;
use pastproof::recording::{
    Decision, FORMAT, Line, Manifest, Masking, Order, Outcome, Reader, Source, Writer, WriterOptions,
    manifest_path, verify,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::common::{self, event, ids, names, raw, read, record, small, text, texts, told};

#[test]
fn what_was_written_is_read() {
    for name in ["r.ndjson", "r.ndjson.zst"] {
        for order in [Order::Stream, Order::Global] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            record(&path, order, &small());
            let reader = Reader::open(&path).unwrap();
            assert_eq!(reader.order(), Some(order));
            assert!(reader.manifest().unwrap().frames.len() > 2);
            let read: Vec<String> = read(&path).into_iter().map(Result::unwrap).collect();
            assert_eq!(read, texts(&small()));
            let numbers: Vec<u64> = reader.map(|line| line.unwrap().0).collect();
            assert_eq!(numbers, (1..=16).collect::<Vec<u64>>());
            let verification = verify(&path, None).unwrap();
            assert_eq!(verification.findings, []);
            assert_eq!((verification.events, verification.streams), (16, 4));
            assert_eq!(
                names(folder.path()),
                [
                    name.replace("ndjson.zst", "manifest.json")
                        .replace("ndjson", "manifest.json"),
                    name.to_owned()
                ]
            );
        }
    }
}

#[test]
fn the_same_events_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["r.ndjson", "r.ndjson.zst"] {
        let (first, second) = (
            folder.path().join(name),
            folder.path().join(format!("again-{name}")),
        );
        record(&first, Order::Global, &small());
        record(&second, Order::Global, &small());
        assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
        assert_eq!(
            fs::read(manifest_path(&first)).unwrap(),
            fs::read(manifest_path(&second)).unwrap()
        );
    }
}

#[test]
fn where_a_manifest_lies() {
    for (data, manifest) in [
        ("a/events.ndjson", "a/events.manifest.json"),
        ("events.ndjson.zst", "events.manifest.json"),
        ("events.jsonl.zst", "events.manifest.json"),
        ("events.v2", "events.v2.manifest.json"),
    ] {
        assert_eq!(manifest_path(Path::new(data)), Path::new(manifest));
    }
}

fn member(path: &Path, name: &str) -> Value {
    let manifest: Value = serde_json::from_slice(&fs::read(manifest_path(path)).unwrap()).unwrap();
    manifest[name].clone()
}

#[test]
fn the_manifest_in_stream_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson");
    let mut events = small();
    events[1].event_type = "Other".to_owned();
    events[2].version = None;
    events.remove(5);
    events.remove(5);
    let mut options = WriterOptions::new(Order::Stream)
        .frame_size(200)
        .default_version(7)
        .taken_at("2024-05-01T10:00:00Z")
        .source(Source::new("test"));
    options.source.fidelity.push("payload-normalised".to_owned());
    options.selection = Some(json!({"category": "a"}));
    options.masking = Some(Masking {
        policy: "0123".to_owned(),
        key: Some("k-1".to_owned()),
    });
    let mut writer = Writer::create(&path, options).unwrap();
    for event in &events {
        writer.push(event).unwrap();
    }
    let manifest = writer.finish().unwrap();
    // What is sealed does not depend on the machine, the day or how `serde_json` was built.
    assert_eq!(
        manifest.root,
        "75033752180af27b81e14e610540000e1ce7647f0fe1e1cc31c20125619b877e"
    );
    assert_eq!(
        Manifest::open(&manifest_path(&path)).unwrap().as_ref(),
        Some(&manifest)
    );
    assert_eq!(member(&path, "format"), FORMAT);
    assert_eq!(
        member(&path, "source"),
        json!({"kind": "test", "fidelity": ["payload-normalised"]})
    );
    assert_eq!(member(&path, "taken_at"), "2024-05-01T10:00:00Z");
    assert_eq!(member(&path, "order"), "stream");
    assert_eq!(member(&path, "selection"), json!({"category": "a"}));
    assert_eq!(member(&path, "masking"), json!({"policy": "0123", "key": "k-1"}));
    assert_eq!(member(&path, "events"), 14);
    assert_eq!(
        member(&path, "counts"),
        json!({"Happened": {"1": 12, "7": 1}, "Other": {"1": 1}})
    );
    assert_eq!(
        member(&path, "streams"),
        json!([["a-0", 0, 3], ["a-1", 0, 3], ["a-2", 0, 3], ["a-3", 0, 3]])
    );
    assert_eq!(member(&path, "gaps"), json!([["a-1", 1, 2]]));
    let lines: Vec<usize> = texts(&events).iter().map(|line| line.len() + 1).collect();
    let first: usize = lines[..4].iter().sum();
    assert_eq!(member(&path, "frames")[0]["size"], first);
    assert_eq!(member(&path, "frames")[0]["events"], 4);
    assert_eq!(member(&path, "frames")[0]["first"], 0);
    assert_eq!(member(&path, "frames")[0].get("streams"), None);
    assert_eq!(member(&path, "frames")[1]["offset"], first);
    let read = Reader::open(&path).unwrap();
    assert_eq!(read.default_version().to_string(), "7");
    assert_eq!(ids(&verify(&path, None).unwrap().findings), [""; 0]);
}

#[test]
fn frames_in_global_order_say_which_streams_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson");
    let mut events: Vec<RecordedEvent> = (0..30)
        .map(|number| event(&format!("a-{}", number * 7 % 10), number / 10, number, "{}"))
        .collect();
    events[0].stream = None;
    events[0].tags.insert("course".to_owned(), vec!["c-1".to_owned()]);
    record(&path, Order::Global, &events);
    let manifest = Reader::open(&path).unwrap().manifest().unwrap().clone();
    let mut at = 0;
    for frame in &manifest.frames {
        let end = at + usize::try_from(frame.events).unwrap();
        let mut expected: Vec<&str> = events[at..end]
            .iter()
            .filter_map(|event| event.stream.as_deref())
            .collect();
        let first = manifest.streams[usize::try_from(frame.first.unwrap()).unwrap()]
            .stream
            .clone();
        assert_eq!(first, expected[0]);
        let mut position = 0;
        let mut held: Vec<&str> = frame
            .streams
            .iter()
            .map(|distance| {
                position += usize::try_from(*distance).unwrap();
                manifest.streams[position].stream.as_str()
            })
            .collect();
        held.sort_unstable();
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(held, expected);
        at = end;
    }
    assert_eq!(at, 30);
    assert!(manifest.frames.len() > 5);
    assert_eq!(ids(&verify(&path, None).unwrap().findings), [""; 0]);
}

#[test]
fn decisions_are_kept_among_the_events_they_belong_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson.zst");
    let decision = Decision {
        stream: "a-0".to_owned(),
        revision: Some(0),
        command_type: "Do".to_owned(),
        command: raw("{}"),
        outcome: Outcome::Ignored,
        dropped: 0,
    };
    let mut writer = Writer::create(&path, WriterOptions::new(Order::Stream)).unwrap();
    writer.push(&event("a-0", 0, 0, "{}")).unwrap();
    writer.push_decision(&decision).unwrap();
    writer.push(&event("a-0", 1, 1, "{}")).unwrap();
    let manifest = writer.finish().unwrap();
    assert_eq!((manifest.events, manifest.decisions), (2, 1));
    assert_eq!(read(&path)[1], Ok(text(&Line::Decision(decision))));
    let verification = verify(&path, None).unwrap();
    assert_eq!((ids(&verification.findings), verification.events), (vec![], 2));
}

fn refusal(order: Order, events: &[RecordedEvent]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson");
    let mut writer = Writer::create(&path, WriterOptions::new(order)).unwrap();
    let (last, before) = events.split_last().unwrap();
    for event in before {
        writer.push(event).unwrap();
    }
    let error = writer.push(last).unwrap_err();
    assert!(!error.is_damage());
    // What was refused is not in the recording, and the writer goes on.
    let manifest = writer.finish().unwrap();
    assert_eq!(manifest.events, before.len() as u64);
    assert_eq!(read(&path).len(), before.len());
    error.to_string().replace(&format!("{}: ", path.display()), "")
}

#[test]
fn events_in_another_order_are_refused() {
    let of = |stream: &str, revision, global| event(stream, revision, global, "{}");
    assert_eq!(
        refusal(Order::Stream, &[of("a", 0, 0), of("b", 0, 1), of("a", 1, 2)]),
        "stream a comes back after another stream, and `order: stream` keeps a stream together"
    );
    for order in [Order::Stream, Order::Global] {
        assert_eq!(
            refusal(order, &[of("a", 3, 0), of("a", 3, 1)]),
            "stream a: revision 3 follows revision 3"
        );
    }
    assert_eq!(
        refusal(Order::Global, &[of("a", 0, 5), of("b", 0, 4)]),
        "global position 4 follows global position 5"
    );
    let mut nowhere = of("a", 0, 0);
    nowhere.global = None;
    assert_eq!(
        refusal(Order::Global, &[nowhere.clone()]),
        "the event has no global position (`g`), which `order: global` needs"
    );
    nowhere.revision = None;
    assert_eq!(
        refusal(Order::Stream, &[nowhere]),
        "`n` (revision) is missing, and there are no `tags` with `g` (global position) either"
    );
    let mut tagged = of("a", 0, 0);
    tagged.stream = None;
    tagged.tags.insert("course".to_owned(), vec!["c-1".to_owned()]);
    assert_eq!(
        refusal(Order::Stream, &[tagged]),
        "the event has no stream (`s`), which `order: stream` needs"
    );
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["r.ndjson", "r.ndjson.zst"] {
        let path = folder.path().join(name);
        let mut writer = Writer::create(&path, WriterOptions::new(Order::Stream).frame_size(1)).unwrap();
        for event in small() {
            writer.push(&event).unwrap();
        }
        assert_eq!(names(folder.path()).len(), 1);
        drop(writer);
        assert_eq!(names(folder.path()), [""; 0]);
    }
}

#[test]
fn a_writer_that_cannot_write_says_so_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("no-such-folder/r.ndjson");
    let error = Writer::create(&inside, WriterOptions::new(Order::Stream)).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("{}: cannot write the recording: ", inside.display())),
        "{error}"
    );
    assert_eq!(names(folder.path()), [""; 0]);
    // A folder stands where the manifest belongs.
    let path = folder.path().join("r.ndjson");
    fs::create_dir(manifest_path(&path)).unwrap();
    let error = Writer::create(&path, WriterOptions::new(Order::Stream)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("r.manifest.json: cannot write the recording"),
        "{error}"
    );
    assert_eq!(names(folder.path()), ["r.manifest.json"]);
}

#[test]
fn a_recording_that_cannot_be_moved_leaves_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson");
    record(&path, Order::Stream, &small());
    let before = fs::read(&path).unwrap();
    let mut writer = Writer::create(&path, WriterOptions::new(Order::Stream)).unwrap();
    writer.push(&small()[0]).unwrap();
    fs::remove_file(manifest_path(&path)).unwrap();
    fs::create_dir_all(manifest_path(&path).join("in-the-way")).unwrap();
    let error = writer.finish().unwrap_err();
    assert!(
        error.to_string().contains("cannot write the recording"),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(names(folder.path()), ["r.manifest.json", "r.ndjson"]);
}

#[test]
fn an_empty_recording_is_one() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["r.ndjson", "r.ndjson.zst"] {
        let path = folder.path().join(name);
        record(&path, Order::Global, &[]);
        assert_eq!(read(&path), []);
        let verification = verify(&path, None).unwrap();
        assert_eq!((ids(&verification.findings), verification.events), (vec![], 0));
    }
    let bare = folder.path().join("bare.ndjson");
    fs::write(&bare, "").unwrap();
    assert_eq!(read(&bare), []);
    assert_eq!(ids(&verify(&bare, None).unwrap().findings), ["manifest-missing"]);
}

#[test]
fn lines_without_a_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    let good = r#"{"s":"a","n":0,"t":"T","d":{}}"#;
    fs::write(
        &path,
        format!("{good}\r\n\n  \n{{\"t\":1}}\nnonsense\n{good}\n{{\"s\":\"a\""),
    )
    .unwrap();
    assert_eq!(
        read(&path),
        [
            Ok(good.to_owned()),
            Err("not-an-event 4: `t` is not a text".to_owned()),
            Err("not-json 5: expected a value at byte 1".to_owned()),
            Ok(good.to_owned()),
            Err("not-json 7: the text ends inside a value at byte 9".to_owned()),
        ]
    );
    let verification = verify(&path, None).unwrap();
    assert_eq!(
        ids(&verification.findings),
        [
            "manifest-missing",
            "not-an-event",
            "not-json",
            "not-json",
            "order-broken"
        ]
    );
    assert_eq!((verification.events, verification.root), (1, None));
    let read: Vec<_> = Reader::from_read("-", good.as_bytes()).unwrap().collect();
    assert_eq!(read.len(), 1);
    assert!(read[0].is_ok());
}

#[test]
fn a_byte_order_mark_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    let good = r#"{"s":"a","n":0,"t":"T","d":{}}"#;
    fs::write(&path, format!("\u{feff}{good}\n{good}\n")).unwrap();
    assert_eq!(
        read(&path),
        [
            Err("not-json 1: the text starts with a byte-order mark at byte 1".to_owned()),
            Ok(good.to_owned())
        ]
    );
}

#[test]
fn a_recording_of_a_later_major_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson");
    record(&path, Order::Stream, &small());
    fs::write(manifest_path(&path), r#"{"format":"2.0","seal":{}}"#).unwrap();
    for error in [Reader::open(&path).unwrap_err(), verify(&path, None).unwrap_err()] {
        assert!(error.is_newer() && !error.is_damage());
        assert!(
            error
                .to_string()
                .ends_with("the recording has format 2.0, and this version reads 1.0 and its minor versions"),
            "{error}"
        );
        assert_eq!(
            error.to_finding().next_step(),
            "read it with the version of pastproof that made it, or a later one"
        );
    }
}

/// Writes a manifest anew with a seal that fits.
fn reseal(path: &Path, change: impl FnOnce(&mut Value)) {
    let path = manifest_path(path);
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest.as_object_mut().unwrap().remove("root");
    change(&mut manifest);
    let root = pastproof::json::digest(&manifest).unwrap();
    manifest["root"] = root.into();
    fs::write(&path, serde_json::to_string_pretty(&manifest).unwrap()).unwrap();
}

#[test]
fn a_recording_of_a_later_minor_version_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.ndjson");
    record(&path, Order::Stream, &small());
    reseal(&path, |manifest| {
        manifest["format"] = "1.7".into();
        manifest["later"] = json!({"of": "a kind"});
        manifest["frames"][0]["later"] = 1.into();
    });
    assert_eq!(read(&path).len(), 16);
    assert_eq!(ids(&verify(&path, None).unwrap().findings), [""; 0]);
}

#[test]
fn a_sealed_manifest_that_says_something_else_is_found() {
    let say = |change: &dyn Fn(&mut Value)| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.ndjson");
        record(&path, Order::Stream, &small());
        reseal(&path, |manifest| change(manifest));
        let findings = verify(&path, None).unwrap().findings;
        findings.iter().map(told).collect::<Vec<String>>()
    };
    assert_eq!(say(&|_| ()), [""; 0]);
    assert_eq!(
        say(&|manifest| manifest["events"] = 15.into()),
        ["recording-mismatch: the manifest states 15 events, and there are 16"]
    );
    assert_eq!(
        say(&|manifest| manifest["decisions"] = 1.into()),
        ["recording-mismatch: the manifest states 1 decisions, and there are 0"]
    );
    assert_eq!(
        say(&|manifest| manifest["counts"]["Happened"]["2"] = 1.into()),
        [
            "recording-mismatch: the manifest states other numbers of events by type and version than there are"
        ]
    );
    assert_eq!(
        say(&|manifest| manifest["streams"][2][2] = 9.into()),
        ["recording-mismatch: the manifest states another range of revisions of stream a-2"]
    );
    assert_eq!(
        say(&|manifest| manifest["streams"]
            .as_array_mut()
            .unwrap()
            .push(json!(["a-9", 0, 0]))),
        ["recording-mismatch: the manifest states 5 streams, and there are 4"]
    );
    assert_eq!(
        say(&|manifest| manifest["gaps"] = json!([["a-1", 8, 9]])),
        ["recording-mismatch: the manifest states other gaps in streams than there are"]
    );
    assert_eq!(
        say(&|manifest| manifest["frames"][1]["events"] = 3.into()).len(),
        1
    );
    assert_eq!(
        say(&|manifest| manifest["frames"][1]["offset"] = 3.into()),
        ["manifest-damaged: the manifest is damaged: frame 2 does not start where the frame before it ends"]
    );
    assert_eq!(
        say(&|manifest| manifest["frames"][3]["length"] = u64::MAX.into()).len(),
        1
    );
    assert_eq!(
        say(&|manifest| manifest["order"] = "sideways".into())[0],
        "manifest-damaged: the manifest is damaged: at order: unknown variant `sideways`, expected `stream` or `global`"
    );
}

proptest! {
    #![proptest_config(common::config(32))]

    /// Whatever the events and the size of frames, a recording gives back what it was given, and each frame of it
    /// stands for itself.
    #[test]
    fn a_recording_gives_back_what_it_was_given(
        steps in prop::collection::vec((0usize..5, 1u64..3, "[a-z\"\\u{e4}]{0,40}"), 0..60),
        frame_size in 1u64..2000,
        by_stream in any::<bool>(),
        compressed in any::<bool>(),
    ) {
        let mut revisions = [0; 5];
        let mut events: Vec<RecordedEvent> = steps
            .iter()
            .enumerate()
            .map(|(global, (stream, step, note))| {
                revisions[*stream] += step;
                event(&format!("a-{stream}"), revisions[*stream], global as u64, &json!({"note": note}).to_string())
            })
            .collect();
        let order = if by_stream { Order::Stream } else { Order::Global };
        if by_stream {
            events.sort_by_key(|event| (event.stream.clone(), event.revision));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(if compressed { "r.ndjson.zst" } else { "r.ndjson" });
        let mut writer = Writer::create(&path, WriterOptions::new(order).frame_size(frame_size)).unwrap();
        for event in &events {
            writer.push(event).unwrap();
        }
        let manifest = writer.finish().unwrap();
        let given: Vec<String> = read(&path).into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(&given, &texts(&events));
        let verification = verify(&path, None).unwrap();
        prop_assert_eq!(verification.findings, []);
        prop_assert_eq!(verification.root, Some(manifest.root.clone()));

        let bytes = fs::read(&path).unwrap();
        let (mut offset, mut lines, mut seen) = (0, Vec::new(), std::collections::BTreeSet::new());
        for frame in &manifest.frames {
            prop_assert_eq!(frame.offset, offset as u64);
            let end = offset + usize::try_from(frame.length).unwrap();
            let mut text = bytes[offset..end].to_vec();
            if compressed {
                text = zstd::decode_all(text.as_slice()).unwrap();
            }
            prop_assert_eq!(text.len() as u64, frame.size);
            let text = String::from_utf8(text).unwrap();
            prop_assert!(text.is_empty() || text.ends_with('\n'));
            lines.extend(text.lines().map(str::to_owned));
            if by_stream {
                let streams: std::collections::BTreeSet<&str> =
                    text.lines().map(|line| line.split('"').nth(3).unwrap()).collect();
                for stream in streams {
                    prop_assert!(seen.insert(stream.to_owned()), "{} is in two frames", stream);
                }
            }
            offset = end;
        }
        prop_assert_eq!(offset, bytes.len());
        prop_assert_eq!(lines, given);
    }
}
