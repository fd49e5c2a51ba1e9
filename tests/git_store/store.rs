//! From git to a recording, and from the recording to states and rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use pastproof::json;
use pastproof::model::{Event, EventKind, Payload, Position, Projector, RecordedEvent, Version};
use pastproof::recording::{Order, Source, Writer, WriterOptions};
use pastproof::replay::{self, FoldError, ModelFold, ProjectorFold, ReplayRequest};
use pastproof::schema::{Catalogue, CatalogueOptions, Validators};
use serde_json::value::to_raw_value;

use crate::git::{Change, Git};
use crate::tree::{
    self, AddedV1, ChangedV1, ContentChanged, Deleted, Entry, ModeChanged, PathEvent, PathFile, RenamedFrom,
    RenamedTo,
};

/// A recording of a repository's history, with the catalogue of its events.
pub struct Store {
    folder: tempfile::TempDir,
    pub commits: usize,
    /// Every path that ever had an entry.
    paths: BTreeSet<String>,
}

/// What a replay made of a recording.
pub struct Folded {
    pub findings: Vec<String>,
    pub events: u64,
    pub upcast: u64,
    /// Events by type and version, as they were stored.
    pub stored: Vec<(String, u64)>,
    /// The digest of each path's state.
    pub states: BTreeMap<String, String>,
    pub rows: BTreeMap<String, Entry>,
}

/// Writes events in order, each path a stream.
struct Recorder {
    writer: Writer,
    revisions: BTreeMap<String, u64>,
    global: u64,
}

impl Recorder {
    fn push(
        &mut self,
        path: &str,
        commit: &str,
        event_type: &str,
        version: u64,
        data: &impl serde::Serialize,
    ) {
        self.global += 1;
        let next = self.revisions.entry(path.to_owned()).or_default();
        let event = RecordedEvent {
            stream: Some(path.to_owned()),
            category: Some("path".to_owned()),
            revision: Some(*next),
            global: Some(self.global),
            id: None,
            event_type: event_type.to_owned(),
            version: Some(Version::from(version)),
            recorded_at: None,
            tags: BTreeMap::new(),
            payload: Payload::Json(to_raw_value(data).unwrap()),
            metadata: Some(to_raw_value(&serde_json::json!({"commit": commit})).unwrap()),
            flags: Vec::new(),
            origin: None,
        };
        *next += 1;
        self.writer.push(&event).unwrap();
    }

    fn current(&mut self, path: &str, commit: &str, event: &PathEvent) {
        let Version::Number(version) = event.version() else {
            panic!("versions are numbers here");
        };
        self.push(
            path,
            commit,
            event.event_type(),
            version,
            &event.encode().unwrap(),
        );
    }

    /// One change, as the older writer or the newer one stores it.
    fn change(&mut self, commit: &str, change: &Change, old_writer: bool) {
        let path = change.path.as_str();
        let entry = change.new.clone();
        match change.status {
            b'A' if old_writer => {
                let entry = format!("{} {}", entry.mode, entry.blob);
                self.push(path, commit, "Added", 1, &AddedV1 { entry });
            }
            b'A' => self.current(path, commit, &entry.into()),
            // A change of type, say from a file to a link, is a change of mode.
            b'M' | b'T' if old_writer => {
                let before = change.old.clone();
                self.push(path, commit, "Changed", 1, &ChangedV1 { before, after: entry });
            }
            b'M' | b'T' => {
                if change.old.blob != entry.blob {
                    self.current(path, commit, &ContentChanged { blob: entry.blob }.into());
                }
                if change.old.mode != entry.mode {
                    self.current(path, commit, &ModeChanged { mode: entry.mode }.into());
                }
            }
            b'D' => self.current(path, commit, &Deleted {}.into()),
            b'R' => {
                let from = change.source.clone().unwrap();
                let to = path.to_owned();
                self.current(&from, commit, &RenamedTo { to }.into());
                self.current(path, commit, &RenamedFrom { from, entry }.into());
            }
            status => panic!("no such change: {}", char::from(status)),
        }
    }
}

impl Store {
    /// Records the first-parent history of `git`. Every other commit is stored by the older writer.
    pub fn record(git: &Git) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (event_type, version, schema) in tree::schemas() {
            let path = folder.path().join(format!("schemas/{event_type}/{version}.json"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, schema.to_string()).unwrap();
        }
        let options = WriterOptions::new(Order::Global)
            .source(Source::new("git"))
            .frame_size(16 * 1024);
        let mut recorder = Recorder {
            writer: Writer::create(folder.path().join("history.ndjson.zst"), options).unwrap(),
            revisions: BTreeMap::new(),
            global: 0,
        };
        let commits = git.commits();
        let changes: BTreeMap<_, _> = git.changes(&commits).into_iter().collect();
        for (index, (commit, _)) in commits.iter().enumerate() {
            let mut changes: Vec<_> = changes.get(commit).into_iter().flatten().collect();
            // A path may go where another one was: what goes away goes first.
            changes.sort_by_key(|change| change.status != b'D');
            for change in changes {
                recorder.change(commit, change, index % 2 == 0);
            }
        }
        let paths = recorder.revisions.into_keys().collect();
        recorder.writer.finish().unwrap();
        Self {
            folder,
            commits: commits.len(),
            paths,
        }
    }

    /// The digest of the state that each path must have, going by the tree.
    pub fn states(&self, tree: &BTreeMap<String, Entry>) -> BTreeMap<String, String> {
        self.paths
            .iter()
            .map(|path| {
                let entry = tree.get(path).cloned();
                (path.clone(), json::digest(&PathFile { entry }).unwrap())
            })
            .collect()
    }

    /// Replays the recording with [`PathFile`] and `P`.
    pub fn fold<P: Projector<Row = Entry> + 'static>(&self) -> Folded {
        let schemas = self.folder.path().join("schemas");
        let catalogue = Catalogue::open(&schemas, &CatalogueOptions::default()).unwrap();
        let validators = Validators::new(Arc::new(catalogue));
        let chains = tree::chains();
        let recording = self.folder.path().join("history.ndjson.zst");
        let aggregates = [replay::aggregate::<PathFile>("path")];
        let seen = Seen::default();
        let projectors: [Box<dyn ProjectorFold>; 1] = [Box::new(Watched {
            inner: replay::projector::<P>("tree"),
            seen: seen.clone(),
        })];
        let mut request = ReplayRequest::new(&recording, &validators, &chains);
        request.aggregates = &aggregates;
        request.projectors = &projectors;
        request.collect_baseline = true;
        let replayed = replay::replay(&request).unwrap();

        let mut baseline = Vec::new();
        replayed.baseline().unwrap().write(&mut baseline).unwrap();
        let states = String::from_utf8(baseline)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter_map(|line| {
                let stream = line.get("s")?.as_str()?.to_owned();
                Some((stream, line["digest"].as_str()?.to_owned()))
            })
            .collect();
        let rows = seen.lock().unwrap().take().expect("the rows were taken");
        Folded {
            findings: replayed
                .findings
                .iter()
                .map(|finding| format!("{}: {} {:?}", finding.rule.id, finding.message, finding.place))
                .collect(),
            events: replayed.events,
            upcast: replayed.counts.upcast,
            stored: replayed
                .counts
                .stored
                .iter()
                .flat_map(|(event_type, versions)| {
                    versions
                        .iter()
                        .map(move |(version, count)| (format!("{event_type} {version}"), *count))
                })
                .collect(),
            states,
            rows: rows
                .into_iter()
                .map(|(path, row)| (path, serde_json::from_str(&row).unwrap()))
                .collect(),
        }
    }
}

/// The rows that a replay took.
type Seen = Arc<Mutex<Option<Vec<(String, String)>>>>;

/// A projector whose rows can be looked at.
struct Watched {
    inner: Box<dyn ProjectorFold>,
    seen: Seen,
}

struct WatchedModel {
    inner: Box<dyn ModelFold>,
    seen: Seen,
}

impl ProjectorFold for Watched {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn kinds(&self) -> &[EventKind] {
        self.inner.kinds()
    }
    fn start(&self) -> Box<dyn ModelFold> {
        Box::new(WatchedModel {
            inner: self.inner.start(),
            seen: self.seen.clone(),
        })
    }
}

impl ModelFold for WatchedModel {
    fn project(&mut self, event_type: &str, data: &str, at: Position<'_>) -> Result<(), FoldError> {
        self.inner.project(event_type, data, at)
    }
    fn rows(&self) -> Result<Vec<(String, String)>, FoldError> {
        let rows = self.inner.rows()?;
        *self.seen.lock().unwrap() = Some(rows.clone());
        Ok(rows)
    }
}
