//! The recorded history of the example domain, and the simulation it comes from.

#![expect(
    clippy::expect_used,
    reason = "a test stops where it finds something else than it expects"
)]

mod parcel;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use parcel::board::{BoardEvent, DeliveryBoard};
use parcel::cash_box::CashBox;
use parcel::current_versions;
use parcel::events::{CashBoxEvent, ParcelEvent};
use parcel::parcel::{Parcel, Stage};
use parcel::simulation::{DAYS, SEED, World, run};
use pastproof::model::{Aggregate, Event, Payload, Position, Projector, RecordedEvent, Version};
use pastproof::recording::{Order, Source, Writer, WriterOptions, write_line};
use pastproof::schema::{Catalogue, CatalogueOptions, Validation, Validators};
use pastproof::upcast::{Chains, Envelope, Fence, JQ_WORKER, Upcast, upcasters_in};

static WORLD: LazyLock<World> = LazyLock::new(|| run(SEED, DAYS));

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| {
    let catalogue = Catalogue::open(&folder("schemas"), &CatalogueOptions::default());
    Arc::new(catalogue.expect("a folder of schemas"))
});

/// What the code reads of each event of the world.
static UPCAST: LazyLock<Vec<Vec<Upcast>>> = LazyLock::new(|| {
    let chains = chains();
    let upcast = |event: &RecordedEvent| {
        let (event_type, version) = kind(event);
        let stored = serde_json::from_str(data(event)).expect("the simulation stores JSON");
        let made = chains.upcast(&event_type, &version, stored, &Envelope::from(event));
        made.unwrap_or_else(|error| panic!("{error}"))
    };
    WORLD
        .written
        .iter()
        .map(|written| upcast(&written.event))
        .collect()
});

fn chains() -> Chains {
    let worker = [env!("CARGO_BIN_EXE_pastproof"), JQ_WORKER].map(OsString::from);
    let fence = Arc::new(Fence::for_command(worker.to_vec()));
    let (files, findings) = upcasters_in(&CATALOGUE, &fence).expect("the catalogue's files can be read");
    assert_eq!(findings, []);
    let mut upcasters = parcel::upcasters::typed();
    upcasters.extend(files);
    Chains::new(upcasters, current_versions())
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn kind(event: &RecordedEvent) -> (String, Version) {
    let version = event.version.clone().expect("the simulation stores versions");
    (event.event_type.clone(), version)
}

fn data(event: &RecordedEvent) -> &str {
    match &event.payload {
        Payload::Json(text) => text.get(),
        Payload::Bytes { .. } => panic!("the simulation stores JSON"),
    }
}

#[test]
fn the_history_is_large_and_a_third_of_it_is_old() {
    let mut counts = BTreeMap::<_, usize>::new();
    let mut streams = BTreeMap::<_, BTreeSet<_>>::new();
    let current: BTreeSet<_> = current_versions().into_iter().collect();
    let mut old = 0;
    let mut interleaved = 0;
    let mut before = None;
    for written in &WORLD.written {
        let kind = kind(&written.event);
        old += usize::from(!current.contains(&kind));
        streams
            .entry(&written.event.stream)
            .or_default()
            .insert(!current.contains(&kind));
        interleaved += usize::from(before != Some(&written.event.stream));
        before = Some(&written.event.stream);
        *counts.entry(kind).or_default() += 1;
    }
    let events = WORLD.written.len();
    let mixed = streams.values().filter(|releases| releases.len() == 2).count();
    println!(
        "{events} events in {} streams, {mixed} of them with old and current events",
        streams.len()
    );
    println!("{old} events at old versions, {} %", old * 100 / events);
    for ((event_type, version), count) in &counts {
        println!("{count:>6}  {event_type} {version}");
    }
    let outcomes = &WORLD.outcomes;
    println!(
        "{} commands accepted, {} repeated, refused {:?}",
        outcomes.accepted, outcomes.repeated, outcomes.refused
    );

    assert!(events >= 20_000 && streams.len() >= 2_000);
    assert!((30..=36).contains(&(old * 100 / events)), "about a third is old");
    assert!(mixed > 500, "old and current events meet in one stream");
    assert!(interleaved * 100 / events > 80, "streams are interleaved");
    let old_kinds = parcel::history::kinds();
    let all = old_kinds
        .iter()
        .map(|kind| (kind.event_type.to_owned(), kind.version.clone()))
        .chain(current);
    for kind in all {
        assert!(counts[&kind] >= 20, "{} {} is rare", kind.0, kind.1);
    }
}

#[test]
fn a_seed_decides_everything() {
    let text = |world: World| -> Vec<String> {
        let events = world.written.iter();
        events.map(|written| format!("{:?}", written.event)).collect()
    };
    let week = text(run(SEED, 7));
    assert!(week.len() > 1_000);
    assert_eq!(week, text(run(SEED, 7)));
    assert_ne!(week, text(run(SEED + 1, 7)));
}

#[test]
fn positions_and_times_are_those_of_a_store() {
    let mut revisions = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let mut before = "";
    for (index, written) in WORLD.written.iter().enumerate() {
        let event = &written.event;
        assert_eq!(event.global, Some(index as u64 + 1));
        let next = revisions.entry(&event.stream).or_insert(0);
        assert_eq!(event.revision, Some(*next), "in {:?}", event.stream);
        *next += 1;
        assert!(ids.insert(&event.id), "{:?} twice", event.id);
        let now = event.recorded_at.as_deref().expect("the simulation stores times");
        assert!(before <= now, "{now} after {before}");
        before = now;
    }
}

#[test]
fn every_event_is_what_its_version_writes() {
    let validators = Validators::new(Arc::clone(&CATALOGUE));
    for written in &WORLD.written {
        let (event_type, version) = kind(&written.event);
        let stored = serde_json::from_str(data(&written.event)).expect("the simulation stores JSON");
        let answer = validators.validate(&event_type, &version, &stored);
        assert_eq!(answer, Validation::Valid, "{event_type} {version}: {stored}");
    }
}

/// The recording that everything else in the repository reads; the harness verifies and replays it.
/// `PASTPROOF_UPDATE=1` writes it anew.
#[test]
fn the_recording_is_what_the_simulation_writes() {
    let path = folder("tests/recordings").join("parcel.ndjson.zst");
    if std::env::var_os("PASTPROOF_UPDATE").is_some_and(|value| value == "1") {
        let options = WriterOptions::new(Order::Global)
            .source(Source::new("simulation"))
            .taken_at("2024-06-01T00:00:00.000Z");
        let mut writer = Writer::create(&path, options).expect("a recording can be started");
        for written in &WORLD.written {
            writer.push(&written.event).expect("an event can be recorded");
        }
        writer.finish().expect("a recording can be finished");
    }

    let mut expected = String::new();
    for written in &WORLD.written {
        write_line(&written.event, &mut expected);
        expected.push('\n');
    }
    let file = File::open(&path).expect("the recording is there");
    let compressed = file.metadata().expect("a file has a size").len();
    let recorded = zstd::decode_all(file).expect("the recording is zstd");
    println!("{} bytes of events, {compressed} in the file", recorded.len());
    // A megabyte of difference helps nobody; the first line does.
    let differs = expected
        .as_bytes()
        .split(|byte| *byte == b'\n')
        .zip(recorded.split(|byte| *byte == b'\n'));
    if let Some((index, (expected, recorded))) = differs.enumerate().find(|(_, (left, right))| left != right)
    {
        let (expected, recorded) = (
            String::from_utf8_lossy(expected),
            String::from_utf8_lossy(recorded),
        );
        panic!(
            "line {} is\n{recorded}\nand should be\n{expected}\nPASTPROOF_UPDATE=1 writes it anew",
            index + 1
        );
    }
    assert_eq!(expected.len(), recorded.len());
    assert!(compressed < 1_500_000, "the file is small enough to be committed");
}

#[test]
fn upcasting_brings_back_what_was_decided() {
    for (written, made) in WORLD.written.iter().zip(&*UPCAST) {
        let decided = written.decided.iter();
        let decided: Vec<_> = decided
            .map(|(kind, version, data)| Upcast::new(*kind, *version, data.clone()))
            .collect();
        assert_eq!(
            *made, decided,
            "{:?} of {:?}",
            written.event.revision, written.event.stream
        );
    }
}

#[test]
fn folding_the_history_ends_where_the_aggregates_ended() {
    let mut parcels = BTreeMap::<String, Parcel>::new();
    let mut cash_boxes = BTreeMap::<String, CashBox>::new();
    let mut board = DeliveryBoard::default();
    let followed: BTreeSet<_> = BoardEvent::kinds().iter().map(|kind| kind.event_type).collect();
    for (written, made) in WORLD.written.iter().zip(&*UPCAST) {
        let stream = written
            .event
            .stream
            .as_deref()
            .expect("the simulation stores streams");
        for (index, event) in made.iter().enumerate() {
            let (kind, text) = (event.event_type.as_str(), event.data.to_string());
            match written.event.category() {
                Some("parcel") => {
                    let event = ParcelEvent::decode(kind, &text).expect("parcels read their events");
                    parcels.entry(stream.to_owned()).or_default().apply(&event);
                }
                Some("cashbox") => {
                    let event = CashBoxEvent::decode(kind, &text).expect("cash boxes read their events");
                    cash_boxes.entry(stream.to_owned()).or_default().apply(&event);
                }
                category => panic!("category {category:?}"),
            }
            if followed.contains(kind) {
                let event = BoardEvent::decode(kind, &text).expect("the board reads what it follows");
                let at = Position {
                    stream,
                    revision: written.event.revision,
                    global: written.event.global,
                    index,
                    recorded_at: written.event.recorded_at.as_deref(),
                };
                board.project(&event, at).expect("the board has no complaint");
            }
        }
    }
    // Refused orders leave an aggregate behind that nothing was stored of.
    let ordered = WORLD.parcels.iter().filter(|(_, parcel)| parcel.order.is_some());
    assert!(
        ordered
            .map(|(id, parcel)| (id.clone(), parcel.clone()))
            .eq(parcels.clone())
    );
    assert_eq!(cash_boxes, WORLD.cash_boxes);

    let rows = board.rows();
    assert_eq!(rows.len(), parcels.len());
    let mut in_boxes = BTreeMap::<_, u64>::new();
    for (id, row) in rows {
        let parcel = &parcels[&id];
        assert_eq!(row.status, parcel.stage, "{id}");
        assert_eq!(row.failed_attempts, parcel.failed_attempts, "{id}");
        assert_eq!(
            (&row.depot, &row.courier),
            (&parcel.depot, &parcel.courier),
            "{id}"
        );
        assert_eq!(row.due, parcel.due(), "{id}");
        assert_eq!(
            row.collected,
            row.due.filter(|_| row.status == Stage::Delivered),
            "{id}"
        );
        if let Some(cash_box) = row.cash_box {
            *in_boxes.entry(cash_box).or_default() += row.collected.map_or(0, |amount| amount.cents);
        }
    }
    for (id, cash_box) in cash_boxes {
        let added: u64 = cash_box.added.values().map(|amount| amount.cents).sum();
        assert_eq!(in_boxes.get(&id).copied().unwrap_or(0), added, "{id}");
    }
}

/// The harness runs what is listed; a story that is not would never be told.
#[test]
fn every_scenario_is_listed() {
    let told: usize = [
        include_str!("parcel/scenarios/parcels.rs"),
        include_str!("parcel/scenarios/cash_boxes.rs"),
        include_str!("parcel/scenarios/stored.rs"),
        include_str!("parcel/scenarios/followers.rs"),
        include_str!("parcel/scenarios/boards.rs"),
    ]
    .iter()
    .map(|file| file.matches("\npub fn ").count())
    .sum();
    assert!(told >= 15);
    assert_eq!(parcel::scenarios::all().len(), told);
}
