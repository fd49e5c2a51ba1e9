//! Whole recordings taken to current versions, and streams read in every way a reader may read them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use pastproof::finding::Finding;
use pastproof::model::{Flag, Payload, RecordedEvent, Version};
use pastproof::recording::{Line, Order, Reader, Writer, WriterOptions, parse_line, verify, write_line};
use pastproof::schema::{Catalogue, CatalogueOptions, Validators};
use pastproof::upcast::{
    Chains, Envelope, RewriteOptions, Rewritten, StreamContext, Upcast, Upcaster, rewrite,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// One upcaster of every kind; all data is one number.
fn chains() -> Chains {
    let mut upcasters = vec![
        Upcaster::json("Changed", 1, [("Changed", 2)], |data| {
            let n = data["n"].as_u64().ok_or("no number")?;
            Ok::<_, &str>(vec![Upcast::new("Changed", 2, json!({"n": n + 1000}))])
        }),
        Upcaster::json("Split", 1, [("Left", 1), ("Right", 1)], |data| {
            Ok::<_, String>(vec![
                Upcast::new("Left", 1, data.clone()),
                Upcast::new("Right", 1, data),
            ])
        }),
        Upcaster::dropped("Dropped", 1),
        Upcaster::json("Moved", 1, [("Arrived", 1), ("Left", 1)], |data| {
            let to = format!("depot-{}", data["n"].as_u64().unwrap_or(0) % 2);
            Ok::<_, String>(vec![
                Upcast::new("Left", 1, data.clone()),
                Upcast::new("Arrived", 1, data).in_stream(to),
            ])
        })
        .moving(),
        Upcaster::with_envelope("Noted", 1, [("Noted", 2)], |data, event| {
            let by = event.recorded_at.unwrap_or("nobody").to_owned();
            Ok::<_, String>(vec![
                Upcast::new("Noted", 2, data).with_metadata(json!({"by": by})),
            ])
        }),
        Upcaster::with_context(
            "Summed",
            1,
            [("Summed", 2)],
            ["Plain", "Changed"],
            |sum: &mut u64, event| {
                *sum += event.data["n"].as_u64().unwrap_or(0);
                Ok::<_, String>(())
            },
            |_, sum, _| Ok::<_, String>(vec![Upcast::new("Summed", 2, json!({"n": sum}))]),
        ),
    ];
    upcasters.extend(Upcaster::merged(
        [("First", 1), ("Second", 1)],
        1000,
        ("Both", 1),
        |parts| {
            Ok::<_, String>(
                json!({"n": parts[0]["n"].as_u64().unwrap_or(0) + parts[1]["n"].as_u64().unwrap_or(0)}),
            )
        },
    ));
    let current = [
        ("Plain", 1),
        ("Changed", 2),
        ("Left", 1),
        ("Right", 1),
        ("Arrived", 1),
        ("Noted", 2),
        ("Summed", 2),
        ("Both", 1),
    ];
    Chains::new(upcasters, current)
}

/// A catalogue in which every type has numbers as its data.
fn validators(folder: &Path) -> Validators {
    let types = [
        ("Plain", 1),
        ("Changed", 2),
        ("Split", 1),
        ("Left", 1),
        ("Right", 1),
        ("Dropped", 1),
        ("Moved", 1),
        ("Arrived", 1),
        ("Noted", 2),
        ("Summed", 2),
        ("First", 1),
        ("Second", 1),
        ("Both", 1),
    ];
    for (event_type, versions) in types {
        let at = folder.join("schemas").join(event_type);
        std::fs::create_dir_all(&at).unwrap();
        for version in 1..=versions {
            let schema = json!({
                "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
                "additionalProperties": false,
            });
            std::fs::write(at.join(format!("{version}.json")), schema.to_string()).unwrap();
        }
    }
    let catalogue = Catalogue::open(&folder.join("schemas"), &CatalogueOptions::default()).unwrap();
    Validators::new(Arc::new(catalogue))
}

/// Events as they were chosen, of which a merge's parts come in pairs.
fn store(chosen: &[(u8, u8)]) -> Vec<RecordedEvent> {
    let mut revisions: BTreeMap<String, u64> = BTreeMap::new();
    let mut waits: BTreeSet<String> = BTreeSet::new();
    let mut events = Vec::new();
    for (global, (stream, kind)) in chosen.iter().enumerate() {
        let stream = if *kind == 0 && stream % 3 == 0 {
            "depot-0".to_owned()
        } else {
            format!("order-{}", stream % 3)
        };
        let event_type = match kind % 8 {
            0 => "Plain",
            1 => "Changed",
            2 => "Split",
            3 => "Dropped",
            4 => "Moved",
            5 => "Noted",
            6 => "Summed",
            _ if waits.remove(&stream) => "Second",
            _ => {
                waits.insert(stream.clone());
                "First"
            }
        };
        let revision = revisions.entry(stream.clone()).or_insert(0);
        let line = json!({
            "s": stream, "n": *revision, "g": global + 1, "i": format!("e-{global}"), "t": event_type, "v": 1,
            "at": format!("2026-01-{}", global % 28 + 1), "d": {"n": global}, "m": {"u": 1},
        });
        *revision += 1;
        match parse_line(line.to_string().as_bytes()).unwrap() {
            Line::Event(event) => events.push(event),
            Line::Decision(_) => unreachable!(),
        }
    }
    events
}

fn write(path: &Path, order: Order, events: &[RecordedEvent]) {
    let mut writer = Writer::create(path, WriterOptions::new(order)).unwrap();
    for event in events {
        writer.push(event).unwrap();
    }
    writer.finish().unwrap();
}

fn read(path: &Path) -> Vec<RecordedEvent> {
    Reader::open(path)
        .unwrap()
        .map(|line| match line {
            Ok((_, Line::Event(event))) => event,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn text(event: &RecordedEvent) -> String {
    let mut text = String::new();
    write_line(event, &mut text);
    text
}

fn run(folder: &Path, from: &str, to: &str, memory: Option<usize>) -> Rewritten {
    let mut options = RewriteOptions::default();
    options.memory = memory;
    rewrite(
        &folder.join(from),
        &folder.join(to),
        &chains(),
        &validators(folder),
        &options,
    )
    .unwrap()
}

fn data(event: &RecordedEvent) -> Value {
    match &event.payload {
        Payload::Json(text) => serde_json::from_str(text.get()).unwrap(),
        Payload::Bytes { .. } => unreachable!(),
    }
}

/// What a reader sees that stops after every `page` events and goes on with what it kept as text.
fn paged(chains: &Chains, events: &[&RecordedEvent], page: usize) -> Vec<Vec<Upcast>> {
    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    let mut made = Vec::new();
    for page in events.chunks(page) {
        let mut contexts: BTreeMap<String, StreamContext> = kept
            .iter()
            .map(|(stream, text)| (stream.clone(), serde_json::from_str(text).unwrap()))
            .collect();
        for event in page {
            let context = contexts.entry(event.stream.clone().unwrap()).or_default();
            let version = event.version.clone().unwrap();
            let upcast = chains.upcast_in(
                context,
                &event.event_type,
                &version,
                data(event),
                &Envelope::from(*event),
            );
            made.push(upcast.unwrap());
        }
        kept = contexts
            .iter()
            .map(|(stream, context)| (stream.clone(), serde_json::to_string(context).unwrap()))
            .collect();
    }
    made
}

fn chosen() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop::collection::vec((0..6_u8, 0..8_u8), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// A copy is sealed and whole, no two events have one address, none of the store's positions moves or is lost, and
    /// it holds just what a reader of the original sees.
    #[test]
    fn a_copy_holds_what_a_reader_sees_at_addresses_of_their_own(chosen in chosen()) {
        let folder = tempfile::tempdir().unwrap();
        let stored = store(&chosen);
        write(&folder.path().join("old.ndjson"), Order::Global, &stored);
        let done = run(folder.path(), "old.ndjson", "new.ndjson", None);
        prop_assert_eq!(&done.findings, &[]);
        let whole = verify(folder.path().join("new.ndjson"), None).unwrap();
        prop_assert_eq!(whole.findings, []);
        let copy = read(&folder.path().join("new.ndjson"));

        let addresses: BTreeSet<_> = copy
            .iter()
            .map(|event| (event.stream.clone(), event.revision, event.index()))
            .collect();
        prop_assert_eq!(addresses.len(), copy.len());
        let order: Vec<_> = copy.iter().map(|event| (event.global, event.index())).collect();
        prop_assert!(order.windows(2).all(|two| two[0] < two[1]), "{order:?}");
        for event in &stored {
            prop_assert!(copy.iter().any(|copied| copied.global == event.global));
            prop_assert!(copy.iter().any(|copied| copied.stream == event.stream && copied.revision == event.revision));
        }

        let chains = chains();
        let seen = paged(&chains, &stored.iter().collect::<Vec<_>>(), stored.len());
        let mut expected = Vec::new();
        for (event, made) in stored.iter().zip(&seen) {
            for made in made {
                expected.push((
                    event.global,
                    made.event_type.clone(),
                    made.stream.clone().or_else(|| event.stream.clone()),
                    made.data.clone(),
                    made.metadata.clone().unwrap_or(json!({"u": 1})),
                ));
            }
        }
        let found: Vec<_> = copy
            .iter()
            .filter(|event| !event.is(Flag::Skipped))
            .map(|event| {
                let metadata = serde_json::from_str(event.metadata.as_ref().unwrap().get()).unwrap();
                (event.global, event.event_type.clone(), event.stream.clone(), data(event), metadata)
            })
            .collect();
        prop_assert_eq!(found, expected);
        // Each says what it was made of.
        for event in copy.iter().filter(|event| event.event_type == "Arrived") {
            let origin = event.origin.as_ref().unwrap();
            let source = stored.iter().find(|stored| stored.global == event.global).unwrap();
            prop_assert_eq!(origin.event_type.as_str(), "Moved");
            prop_assert_eq!((&origin.stream, origin.revision), (&source.stream, source.revision));
        }

        // Nothing depends on how much memory there was, and a copy of the copy is the copy.
        let spilled = run(folder.path(), "old.ndjson", "spilled.ndjson", Some(1));
        prop_assert_eq!(&spilled.manifest.unwrap().root, &done.manifest.unwrap().root);
        run(folder.path(), "new.ndjson", "again.ndjson", None);
        let again: Vec<_> = read(&folder.path().join("again.ndjson")).iter().map(text).collect();
        prop_assert_eq!(again, copy.iter().map(text).collect::<Vec<_>>());
    }

    /// Pages of 1, 2, 7 and all, and what stood there before the stream went on: the same events.
    #[test]
    fn no_page_and_no_prefix_changes_what_is_made(chosen in chosen()) {
        let stored = store(&chosen);
        let chains = chains();
        for stream in ["order-0", "order-1", "order-2", "depot-0"] {
            let events: Vec<&RecordedEvent> =
                stored.iter().filter(|event| event.stream.as_deref() == Some(stream)).collect();
            if events.is_empty() {
                continue;
            }
            let whole = paged(&chains, &events, events.len());
            for page in [1, 2, 7] {
                prop_assert_eq!(&paged(&chains, &events, page), &whole);
            }
            for length in 1..events.len() {
                prop_assert_eq!(&paged(&chains, &events[..length], length)[..], &whole[..length]);
            }
        }
    }
}

fn one(findings: &[Finding]) -> (&str, String) {
    match findings {
        [finding] => (finding.rule.id, finding.message.clone()),
        _ => panic!("{findings:#?}"),
    }
}

#[test]
fn a_merge_is_refused_where_its_parts_do_not_come_as_declared() {
    let merged = || {
        Chains::new(
            Upcaster::merged([("First", 1), ("Second", 1)], 2, ("Both", 1), |parts| {
                Ok::<_, String>(json!({"n": parts.len()}))
            }),
            [("Both", 1), ("Plain", 1)],
        )
    };
    let refused = |events: &[(u64, &str)]| {
        let chains = merged();
        let mut context = StreamContext::default();
        for (revision, event_type) in events {
            let envelope = Envelope {
                stream: Some("order-1"),
                revision: Some(*revision),
                ..Envelope::default()
            };
            let made = chains.upcast_in(
                &mut context,
                event_type,
                &Version::from(1),
                json!({"n": 1}),
                &envelope,
            );
            if let Err(error) = made {
                return error.to_string();
            }
        }
        let overdue = chains.overdue(&context, &Envelope::default());
        overdue
            .first()
            .map_or_else(|| "fine".to_owned(), ToString::to_string)
    };
    let all = [
        refused(&[(0, "First"), (1, "Plain"), (2, "Second")]),
        refused(&[(0, "Second")]),
        refused(&[(0, "First"), (1, "First")]),
        refused(&[(0, "First"), (1, "Plain"), (2, "Plain"), (3, "Second")]),
        // It may still come.
        refused(&[(0, "First"), (1, "Plain")]),
        refused(&[(0, "First"), (1, "Plain"), (2, "Second"), (3, "Second")]),
    ];
    pastproof_snapshot("upcast__merges_refused", &all.join("\n"));

    // Nothing but its stream can say what an event is merged with.
    let error = merged()
        .upcast("Second", &Version::from(1), json!({"n": 1}), &Envelope::default())
        .unwrap_err();
    assert_eq!(error.rule().id, "upcaster-needs-stream");
}

/// A part that nothing follows is told at the end of its stream, and nothing is written.
#[test]
fn a_part_that_waits_too_long_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let upcasters = Upcaster::merged([("First", 1), ("Second", 1)], 1, ("Both", 1), |parts| {
        Ok::<_, String>(parts[0].clone())
    });
    let chains = Chains::new(upcasters, [("Both", 1), ("Plain", 1)]);
    let stored = store(&[(1, 7), (1, 0), (1, 0)]);
    let (old, new) = (folder.path().join("old.ndjson"), folder.path().join("new.ndjson"));
    write(&old, Order::Stream, &stored);
    let done = rewrite(
        &old,
        &new,
        &chains,
        &validators(folder.path()),
        &RewriteOptions::default(),
    )
    .unwrap();
    let (rule, message) = one(&done.findings);
    assert_eq!(rule, "upcaster-fails");
    assert!(
        message.contains("the First 1 of revision 0 has waited for Second 1"),
        "{message}"
    );
    assert!(!new.exists() && done.manifest.is_none());
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let stored = store(&[(1, 1), (1, 2)]);
    let path = |name: &str| folder.path().join(name);
    write(&path("old.ndjson"), Order::Stream, &stored);
    let validators = validators(folder.path());
    let try_to = |from: &str, to: &str| {
        rewrite(
            &path(from),
            &path(to),
            &chains(),
            &validators,
            &RewriteOptions::default(),
        )
        .unwrap_err()
        .to_string()
        .replace(&format!("{}/", folder.path().display()), "")
    };
    let stay = Chains::new([], [("Changed", 2), ("Split", 1)]);
    let stuck = rewrite(
        &path("old.ndjson"),
        &path("new.ndjson"),
        &stay,
        &validators,
        &RewriteOptions::default(),
    )
    .unwrap();
    let said = [
        try_to("old.ndjson", "old.ndjson"),
        // Another stream's events may be anywhere in a recording by streams.
        try_to("old.ndjson", "new.ndjson"),
        try_to("none.ndjson", "new.ndjson"),
        one(&stuck.findings).1,
    ];
    pastproof_snapshot("upcast__rewrite_refused", &said.join("\n"));
    assert!(!path("new.ndjson").exists());
}

#[track_caller]
fn pastproof_snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text); });
}
