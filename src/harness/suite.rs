//! The suite: everything of the user's code that can be checked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;

use crate::gate::config::{self, Located};
use crate::gate::ground::{Ground, GroundError};
use crate::gate::protocol::{REPLY_ARGUMENT, REQUEST_ARGUMENT};
use crate::harness::{serve, trials};
use crate::model::{Aggregate, EventKind, Projector, Version};
use crate::replay::{self, AggregateFold, Progress, ProjectorFold, ReplayRequest, Replayed};
use crate::scenario::Subject;
use crate::scenario::coverage::{Facts, Inventory, Role};
use crate::scenario::file::{self, FileReader, Library};
use crate::schema::Word;
use crate::upcast::{Chains, Upcaster};

/// Everything of the user's code that can be checked: aggregates, projectors, upcasters, scenarios.
///
/// Which catalogue and which recordings they are checked with stands in `pastproof.toml`.
#[must_use = "a suite does nothing until `main` runs it"]
pub struct Suite {
    pub(super) folder: PathBuf,
    pub(super) aggregates: Vec<Box<dyn AggregateFold>>,
    pub(super) projectors: Vec<Box<dyn ProjectorFold>>,
    pub(super) upcasters: Vec<Upcaster>,
    pub(super) scenarios: Vec<(String, fn())>,
    pub(super) files: Library,
    pub(super) history: Vec<EventKind>,
    facts: Vec<Facts>,
}

impl Suite {
    /// An empty suite of the package in `folder`, which is `env!("CARGO_MANIFEST_DIR")`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self {
            files: Library::new(folder.join(file::FOLDER)).root(&folder),
            folder,
            aggregates: Vec::new(),
            projectors: Vec::new(),
            upcasters: Vec::new(),
            scenarios: Vec::new(),
            history: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Folds the streams of `category` with `A`.
    pub fn aggregate<A: Aggregate + Serialize + 'static>(mut self, category: &str) -> Self {
        self.aggregates.push(replay::aggregate::<A>(category));
        self
    }

    /// Folds the streams of `category` with `A`, and compares what `view` makes of its state.
    pub fn aggregate_view<A, V>(mut self, category: &str, view: fn(&A) -> V) -> Self
    where
        A: Aggregate + 'static,
        V: Serialize + 'static,
    {
        self.aggregates
            .push(replay::aggregate_view::<A, V>(category, view));
        self
    }

    /// Folds every event that `P` follows, and compares its rows under `name`.
    pub fn projector<P: Projector + 'static>(mut self, name: &str) -> Self {
        self.projectors.push(replay::projector::<P>(name));
        self
    }

    /// Upcasters that are written in Rust. Those in files beside the schemas join them by themselves.
    pub fn upcasters(mut self, upcasters: impl IntoIterator<Item = Upcaster>) -> Self {
        self.upcasters.extend(upcasters);
        self
    }

    /// Types of earlier versions that are still linked in, as [`kind`](crate::schema::kind) describes them.
    ///
    /// Where they are, an event that is said to break a version is one that its type really writes, and whether the
    /// release can be taken back is asked of the types that would read its events. Of a version that only an upcaster
    /// reads, the upcaster's own argument is asked what can be such an event.
    pub fn history(mut self, kinds: impl IntoIterator<Item = EventKind>) -> Self {
        self.history.extend(kinds);
        self
    }

    /// A scenario: a function that panics when it does not hold.
    pub fn scenario(mut self, name: &str, run: fn()) -> Self {
        self.scenarios.push((name.to_owned(), run));
        self
    }

    /// Scenarios by name.
    pub fn scenarios<'a>(mut self, scenarios: impl IntoIterator<Item = (&'a str, fn())>) -> Self {
        self.scenarios
            .extend(scenarios.into_iter().map(|(name, run)| (name.to_owned(), run)));
        self
    }

    /// Scenario files about `subject`: every `.json` file below `tests/scenarios` is a test named by its path, and those
    /// whose `subject` is this one are read and run as `files` says.
    ///
    /// # Panics
    ///
    /// When a subject of this name is registered already.
    #[track_caller]
    pub fn scenario_files<S: Subject + 'static>(mut self, subject: &str, files: FileReader<S>) -> Self
    where
        FileReader<S>: Send + Sync,
    {
        self.files = self.files.subject(subject, files);
        self
    }

    /// Says what there is of the subject that is known as `name`, so that `pastproof scenario coverage` can tell what no
    /// scenario shows.
    ///
    /// Aggregates, projectors and those whose scenario files are read are counted without it, as far as their types say
    /// what they have: event types always, commands and errors where they are read by [`FileReader::decider`]. Process
    /// managers and reactors are counted from here, or once a scenario tells of them.
    pub fn inventory<S: Subject>(mut self, name: &str, inventory: Inventory<S>) -> Self {
        self.facts.push(inventory.facts(name));
        self
    }

    /// What there is of every subject.
    pub(super) fn facts(&self) -> Vec<Facts> {
        let names = |kinds: &[EventKind]| kinds.iter().map(|kind| kind.event_type.to_owned()).collect();
        let nothing = || Some(Vec::new());
        let mut facts = self.facts.clone();
        facts.extend(self.files.known().into_iter().map(Facts::from));
        facts.extend(self.aggregates.iter().map(|fold| Facts {
            subject: Some(fold.category().to_owned()),
            events: names(fold.kinds()),
            // An aggregate has none of these.
            effects: nothing(),
            sends: nothing(),
            timeouts: nothing(),
            ..Facts::named(
                fold.rust_type().unwrap_or_else(|| fold.category()),
                Role::Aggregate,
            )
        }));
        facts.extend(self.projectors.iter().map(|fold| Facts {
            subject: Some(fold.name().to_owned()),
            events: names(fold.kinds()),
            effects: nothing(),
            sends: nothing(),
            timeouts: nothing(),
            ..Facts::named(fold.rust_type().unwrap_or_else(|| fold.name()), Role::Projector)
        }));
        facts
    }

    /// The scenario files, with the upcasters of `world`, or where there is no configuration with those in code.
    pub(super) fn library(&self, world: Option<&World>) -> Library {
        let chains = world.map_or_else(
            || {
                let current = self.kinds();
                let current = current
                    .iter()
                    .map(|kind| (kind.event_type.to_owned(), kind.version.clone()));
                Arc::new(Chains::new(self.upcasters.clone(), current))
            },
            |world| Arc::clone(&world.chains),
        );
        self.files.clone().upcasters(chains)
    }

    /// Runs what the command line asks for: the tests of `cargo test` or nextest, or the requests of a gate.
    ///
    /// This is the whole of the user's `main`; it reads the arguments of the process.
    pub fn main(self) -> ExitCode {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        if let Some(code) = crate::upcast::jq_worker_if_asked(arguments.clone()) {
            return code;
        }
        let after = |name: &str| {
            arguments
                .iter()
                .position(|argument| argument == name)
                .and_then(|index| arguments.get(index + 1))
                .map(PathBuf::from)
        };
        match (after(REQUEST_ARGUMENT), after(REPLY_ARGUMENT)) {
            (Some(request), Some(reply)) => serve::run(&self, &request, &reply),
            _ => trials::run(self),
        }
    }

    /// The event types of the code, each once: the one that the first aggregate or projector names.
    pub(super) fn kinds(&self) -> Vec<EventKind> {
        let mut kinds: Vec<EventKind> = Vec::new();
        let all = self
            .aggregates
            .iter()
            .flat_map(|fold| fold.kinds())
            .chain(self.projectors.iter().flat_map(|fold| fold.kinds()));
        for kind in all {
            let known = kinds
                .iter()
                .any(|known| known.event_type == kind.event_type && known.version == kind.version);
            if !known {
                kinds.push(kind.clone());
            }
        }
        kinds
            .sort_by(|left, right| (left.event_type, &left.version).cmp(&(right.event_type, &right.version)));
        kinds
    }

    /// The configuration of the package.
    pub(super) fn located(&self) -> Result<Located, GroundError> {
        config::find(&self.folder).map_err(GroundError::new)
    }

    /// Catalogue, validators and chains.
    pub(super) fn world(&self, located: &Located) -> Result<World, GroundError> {
        let executable = std::env::current_exe().map_err(GroundError::new)?;
        let ground = Ground::open(located, &executable)?;
        let kinds = self.kinds();
        let current: Vec<(String, Version)> = kinds
            .iter()
            .map(|kind| (kind.event_type.to_owned(), kind.version.clone()))
            .collect();
        let upcasters: Vec<Upcaster> = self
            .upcasters
            .iter()
            .chain(&ground.file_upcasters)
            .cloned()
            .collect();
        Ok(World {
            words: words(&kinds, &self.history, &upcasters),
            chains: Arc::new(Chains::new(upcasters, current)),
            ground,
            kinds,
        })
    }
}

/// The suite's code on the ground of its configuration.
pub(super) struct World {
    pub ground: Ground,
    pub chains: Arc<Chains>,
    pub kinds: Vec<EventKind>,
    /// Every type that is linked in, with its version: those of the code, then those of history.
    pub words: Vec<Word>,
}

fn words(kinds: &[EventKind], history: &[EventKind], upcasters: &[Upcaster]) -> Vec<Word> {
    let own = kinds.iter().chain(history).map(Word::of);
    own.chain(upcasters.iter().filter_map(Upcaster::word)).collect()
}

impl World {
    /// Replays `recording` through the suite's code, and saves the baseline where that is asked for.
    pub fn replay(
        &self,
        suite: &Suite,
        ask: &Ask<'_>,
        progress: &mut dyn Progress,
    ) -> Result<Replayed, String> {
        let file = self.ground.path(ask.file);
        let baseline = ask.baseline.map(|path| self.ground.path(path));
        let mut request = ReplayRequest::new(&file, &self.ground.validators, &self.chains);
        request.aggregates = &suite.aggregates;
        request.projectors = &suite.projectors;
        request.baseline = baseline.as_deref();
        request.collect_baseline = ask.save_baseline.is_some();
        request.default_version.clone_from(&ask.default_version);
        request.skip_streams = ask.skip_streams.iter().cloned().collect();
        request.show_values = ask.show_values;
        let mut replayed = replay::run(&request, progress).map_err(|error| error.to_string())?;
        for finding in &mut replayed.findings {
            if let Some(named) = &finding.place.file {
                finding.place.file = Some(self.ground.shown(Path::new(named)));
            }
        }
        if let Some(path) = ask.save_baseline {
            replayed
                .save_baseline(&self.ground.path(path), false)
                .map_err(|error| error.to_string())?;
        }
        Ok(replayed)
    }
}

/// One replay.
pub(super) struct Ask<'a> {
    pub file: &'a str,
    pub baseline: Option<&'a str>,
    pub save_baseline: Option<&'a str>,
    pub default_version: Option<Version>,
    pub skip_streams: &'a [String],
    pub show_values: bool,
}
