//! What a test needs around a replay: a catalogue, a recording, the code, and findings as text.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pastproof::finding::Finding;
use pastproof::model::{Projector, RecordedEvent};
use pastproof::recording::{Line, Order, Writer, WriterOptions, parse_line};
use pastproof::replay::{self, AggregateFold, ProjectorFold, ReplayError, ReplayRequest, Replayed};
use pastproof::schema::{Catalogue, CatalogueOptions, Validators};
use pastproof::upcast::Chains;
use serde::Serialize;

use super::domain::{self, Account, AccountEvent, Balances};

/// A folder with a catalogue and a recording, and the code to replay it with.
pub struct Bed {
    folder: tempfile::TempDir,
    pub recording: PathBuf,
    pub chains: Chains,
    pub validators: Validators,
    pub aggregates: Vec<Box<dyn AggregateFold>>,
    pub projectors: Vec<Box<dyn ProjectorFold>>,
}

impl Bed {
    fn new(recording: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let schemas = folder.path().join("schemas");
        for (path, schema) in domain::SCHEMAS {
            let path = schemas.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, schema).unwrap();
        }
        let catalogue = Catalogue::open(&schemas, &CatalogueOptions::default()).unwrap();
        Self {
            recording: folder.path().join(recording),
            folder,
            chains: domain::chains(),
            validators: Validators::new(Arc::new(catalogue)),
            aggregates: vec![replay::aggregate::<Account>("account")],
            projectors: vec![replay::projector::<Balances>("balances")],
        }
    }

    /// A recording in global order, with a manifest.
    pub fn global(lines: &[impl AsRef<str>]) -> Self {
        Self::recorded(Order::Global, 1 << 20, lines)
    }

    /// A recording by streams, with a manifest.
    pub fn by_stream(lines: &[impl AsRef<str>]) -> Self {
        Self::recorded(Order::Stream, 1 << 20, lines)
    }

    /// A recording with a manifest and frames of `frame` bytes.
    pub fn recorded(order: Order, frame: u64, lines: &[impl AsRef<str>]) -> Self {
        let lines = lines
            .iter()
            .map(|line| parse_line(line.as_ref().as_bytes()).unwrap());
        Self::written(WriterOptions::new(order).frame_size(frame), lines)
    }

    /// A recording as it is written.
    pub fn written(options: WriterOptions, lines: impl IntoIterator<Item = Line>) -> Self {
        let bed = Self::new("history.ndjson.zst");
        let mut writer = Writer::create(&bed.recording, options).unwrap();
        for line in lines {
            match line {
                Line::Event(event) => writer.push(&event).unwrap(),
                Line::Decision(decision) => writer.push_decision(&decision).unwrap(),
            }
        }
        writer.finish().unwrap();
        bed
    }

    /// A file of lines, without a manifest.
    pub fn plain(text: &str) -> Self {
        let bed = Self::new("history.ndjson");
        std::fs::write(&bed.recording, text).unwrap();
        bed
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same bed with another aggregate for accounts.
    pub fn with<A>(mut self) -> Self
    where
        A: pastproof::model::Aggregate<Event = AccountEvent> + Serialize + 'static,
    {
        self.aggregates = vec![replay::aggregate::<A>("account")];
        self
    }

    /// The same bed with another projector.
    pub fn showing<P: Projector + 'static>(mut self) -> Self {
        self.projectors = vec![replay::projector::<P>("balances")];
        self
    }

    pub fn request(&self) -> ReplayRequest<'_> {
        let mut request = ReplayRequest::new(&self.recording, &self.validators, &self.chains);
        request.aggregates = &self.aggregates;
        request.projectors = &self.projectors;
        request.collect_baseline = true;
        request
    }

    pub fn run(&self) -> Replayed {
        self.run_with(|_| {})
    }

    pub fn run_with(&self, change: impl FnOnce(&mut ReplayRequest<'_>)) -> Replayed {
        self.try_with(change).unwrap()
    }

    pub fn try_with(&self, change: impl FnOnce(&mut ReplayRequest<'_>)) -> Result<Replayed, ReplayError> {
        let mut request = self.request();
        change(&mut request);
        replay::replay(&request)
    }

    /// Saves a baseline of the bed as it is.
    pub fn baseline(&self) -> PathBuf {
        let path = self.path("known-good.baseline.ndjson");
        self.run().save_baseline(&path, false).unwrap();
        path
    }

    /// Replays against `baseline`.
    pub fn against(&self, baseline: &Path) -> Replayed {
        let mut request = self.request();
        request.baseline = Some(baseline);
        replay::replay(&request).unwrap()
    }
}

/// Findings as text: level, rule, place, message.
pub fn text(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let place = &finding.place;
            let mut text = format!("{} {}", finding.level, finding.rule.id);
            if let Some(stream) = &place.stream {
                write!(text, " {stream}").unwrap();
            }
            if let Some(revision) = place.revision {
                write!(text, "@{revision}").unwrap();
            }
            if let (Some(event_type), Some(version)) = (&place.event_type, &place.version) {
                write!(text, " {event_type}:{version}").unwrap();
            }
            if let Some(pointer) = &place.pointer {
                write!(text, " {pointer}").unwrap();
            }
            format!("{text} | {}", finding.message)
        })
        .collect()
}

/// One event line with data.
pub fn event(stream: &str, revision: u64, global: u64, kind: &str, data: &str) -> String {
    let (event_type, version) = kind.split_once(':').unwrap_or((kind, "1"));
    format!(r#"{{"s":"{stream}","n":{revision},"g":{global},"t":"{event_type}","v":{version},"d":{data}}}"#)
}

/// A short history of two accounts, old and new versions, a split and a drop.
pub fn history() -> Vec<String> {
    let mut global = 0;
    let mut next = |stream, revision, kind, data: &str| {
        global += 1;
        event(stream, revision, global, kind, data)
    };
    vec![
        next("account-1", 0, "Opened", r#"{"owner":"Ana"}"#),
        next("account-2", 0, "Opened", r#"{"owner":"Bojan"}"#),
        next("account-1", 1, "Deposited", r#"{"cents":1000}"#),
        next("account-2", 1, "Deposited:2", r#"{"cents":500,"currency":"RSD"}"#),
        next("account-1", 2, "Audited", r#"{"by":"Mira"}"#),
        next("account-1", 3, "Moved", r#"{"cents":300,"fee":5}"#),
        next("account-2", 2, "Withdrawn", r#"{"cents":20}"#),
    ]
}

/// The history with one line replaced.
pub fn history_with(index: usize, line: String) -> Vec<String> {
    let mut lines = history();
    lines[index] = line;
    lines
}

/// Reads an event line.
pub fn read(line: &str) -> RecordedEvent {
    match parse_line(line.as_bytes()).unwrap() {
        Line::Event(event) => event,
        Line::Decision(_) => panic!("a decision"),
    }
}
