//! The search itself.

use std::fmt::{self, Debug};
use std::ops::Range;
use std::path::PathBuf;

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde::Serialize;

use crate::scenario::at::At;
use crate::scenario::file::{self, EventTemplate, GivenLine, ScenarioFile, Then, WhenLine};
use crate::scenario::given::Given;
use crate::scenario::invariants::{Broken, WORD};
use crate::scenario::story::Story;
use crate::scenario::{Events, Failure, Fixture, Invariants, Outcome, StoredEvent};

use super::commands::{Commands, commands};
use super::lives::{Happens, Searchable};
use super::tell;

/// How many histories are tried unless something else is said.
const CASES: u32 = 256;
/// How many smaller histories are tried once one was found.
const SHRINKS: u32 = 4_096;

/// A search for a history that breaks an invariant; see the [module](super).
#[must_use = "a search looks for nothing until it is run"]
pub struct Search<A: Searchable> {
    pub(super) name: String,
    pub(super) fixture: Fixture<A>,
    pub(super) invariants: Invariants<A>,
    pub(super) invariants_are: String,
    pub(super) commands: Commands<A>,
    next: fn(&A::Seen) -> BoxedStrategy<A::Ask>,
    /// What happened before the search begins.
    pub(super) history: Vec<StoredEvent>,
    pub(super) fixture_is: Option<String>,
    cases: u32,
    seed: u64,
    pub(super) files: Option<Files>,
    /// Where the search stands, which is the place of everything in its scenarios.
    pub(super) at: At,
}

/// Where what is found is written.
pub(super) struct Files {
    pub(super) folder: PathBuf,
    pub(super) subject: String,
}

/// What a search that found nothing has looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Searched {
    /// How many histories.
    pub cases: u32,
    /// How many commands in all of them together.
    pub commands: usize,
    /// How many commands in the longest.
    pub longest: usize,
}

/// What a search found: the smallest history it knows that fails.
#[derive(Clone)]
pub struct Found {
    pub(super) name: String,
    pub(super) seed: u64,
    pub(super) case: u32,
    pub(super) rust: String,
    pub(super) file: ScenarioFile,
    pub(super) written: Option<Result<PathBuf, String>>,
    pub(super) failure: Failure,
    /// What broke: the name of an invariant, or the headline of the failure.
    pub(super) broken: String,
    pub(super) length: usize,
}

impl Found {
    /// What it is called, as a function of Rust or a file would be.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The invariant that does not hold, or what else fails.
    pub fn broken(&self) -> &str {
        &self.broken
    }

    /// The scenario in Rust, ready to paste.
    pub fn rust(&self) -> &str {
        &self.rust
    }

    /// The scenario as a file holds it.
    pub fn file(&self) -> &ScenarioFile {
        &self.file
    }

    /// Where the file was written, when a folder was named and it could be.
    pub fn path(&self) -> Option<&std::path::Path> {
        self.written.as_ref()?.as_deref().ok()
    }

    /// The report of the scenario.
    pub fn failure(&self) -> &Failure {
        &self.failure
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&tell::found(self))
    }
}

impl Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Found {}

impl<A: Searchable> Search<A> {
    /// A search with this name; `next` says what may be asked in a state.
    ///
    /// # Panics
    ///
    /// When there is no invariant: a search that demands nothing finds nothing.
    #[track_caller]
    pub fn new(
        name: impl Into<String>,
        next: fn(&A::Seen) -> BoxedStrategy<A::Ask>,
        invariants: Invariants<A>,
    ) -> Self
    where
        A: Default,
        A::State: Serialize,
        A::Input: Debug,
        A::Error: Debug,
        A::Reply: Debug,
        A::Effect: Debug,
        A::Sent: Debug,
    {
        assert!(
            invariants.names().next().is_some(),
            "a search without an invariant finds nothing: `Invariants::always` adds one"
        );
        Self {
            name: name.into(),
            fixture: Fixture::new(),
            invariants,
            invariants_are: "invariants()".to_owned(),
            commands: commands(next, 1..13),
            next,
            history: Vec::new(),
            fixture_is: None,
            cases: CASES,
            seed: 0,
            files: None,
            at: At::caller(),
        }
    }

    /// The same search with scenarios of `fixture`: with its upcasters and without the checks that it leaves out.
    pub fn fixture(mut self, fixture: Fixture<A>) -> Self {
        self.fixture = fixture;
        self
    }

    /// The same search, whose histories begin with these events.
    ///
    /// # Panics
    ///
    /// When one of them does not serialize.
    #[track_caller]
    pub fn given(mut self, events: impl Events<A::Event>) -> Self {
        for event in events.into_events() {
            match A::encode(&event) {
                Ok(stored) => self.history.push(stored),
                Err(error) => panic!("a given {} does not serialize: {error}", A::kind_of(&event).0),
            }
        }
        self
    }

    /// The same search, whose histories begin with these events as they are stored, at whatever version; old ones are
    /// read through the upcasters of its [`fixture`](Self::fixture).
    pub fn given_stored<E: Into<StoredEvent>>(mut self, events: impl IntoIterator<Item = E>) -> Self {
        self.history.extend(events.into_iter().map(Into::into));
        self
    }

    /// The same search, whose scenarios have this expression for the fixture; `Fixture::<A>::new()` unless said
    /// otherwise.
    pub fn fixture_is(mut self, expression: impl Into<String>) -> Self {
        self.fixture_is = Some(expression.into());
        self
    }

    /// The same search through histories with this many commands; 1 to 12 unless said otherwise.
    ///
    /// # Panics
    ///
    /// When the range is empty.
    #[track_caller]
    pub fn length(mut self, length: Range<usize>) -> Self {
        assert!(!length.is_empty(), "a range of no lengths: {length:?}");
        self.commands = commands(self.next, length);
        self
    }

    /// The same search through this many histories; 256 unless said otherwise.
    pub fn cases(mut self, cases: u32) -> Self {
        self.cases = cases;
        self
    }

    /// The same search through other histories. The same seed gives the same ones.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same search, which writes what it finds as a scenario file into `folder`, about the `subject` under which
    /// the suite knows the aggregate.
    pub fn files(mut self, folder: impl Into<PathBuf>, subject: impl Into<String>) -> Self {
        self.files = Some(Files {
            folder: folder.into(),
            subject: subject.into(),
        });
        self
    }

    /// The same search, whose scenarios have this expression for the invariants; `invariants()` unless said
    /// otherwise.
    pub fn invariants_are(mut self, expression: impl Into<String>) -> Self {
        self.invariants_are = expression.into();
        self
    }

    /// Searches.
    ///
    /// # Panics
    ///
    /// With the report of what it found, when no command was ever accepted, or when the given history cannot be read.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "the panic is what counts")]
    pub fn run(&self) -> Searched {
        match self.try_run() {
            Ok(seen) if seen.commands > 0 => seen,
            Ok(seen) => panic!(
                "the search `{}` looked at nothing: in {} histories no command was accepted; see what `next` draws for the first state",
                self.name, seen.cases
            ),
            Err(found) => panic!("{found}"),
        }
    }

    /// Searches, and answers with what was found in place of a panic.
    ///
    /// # Errors
    ///
    /// With what was found.
    ///
    /// # Panics
    ///
    /// When the given history cannot be read.
    #[track_caller]
    pub fn try_run(&self) -> Result<Searched, Box<Found>> {
        let config = Config {
            cases: self.cases,
            max_shrink_iters: SHRINKS,
            failure_persistence: None,
            // Commands that the aggregate refuses are drawn anew here, and so are not the runner's to count.
            max_local_rejects: u32::MAX,
            max_global_rejects: u32::MAX,
            source_file: None,
            test_name: None,
            max_shrink_time: 0,
            verbose: 0,
            ..Config::default()
        };
        let mut seed = [0_u8; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let commands = self.commands.clone().after(self.events());
        let mut seen = Searched {
            cases: 0,
            commands: 0,
            longest: 0,
        };
        for case in 0..self.cases {
            let Ok(tree) = commands.new_tree(&mut runner) else {
                // A strategy of the caller's that rejects what it draws.
                continue;
            };
            let first = tree.current();
            seen.cases += 1;
            seen.commands += first.len();
            seen.longest = seen.longest.max(first.len());
            let Some(broken) = self.check(first).err().map(|wrong| wrong.broken) else {
                continue;
            };
            // Smaller histories may fail in other ways, which would be another find.
            let outcome = runner.run_one(tree, |commands| match self.check(commands) {
                Err(wrong) if wrong.broken == broken => Err(TestCaseError::fail("broken")),
                Ok(()) | Err(_) => Ok(()),
            });
            let smallest = match outcome {
                Err(TestError::Fail(_, smallest)) => smallest,
                // What failed a moment ago fails no more: `handle` or `apply` looks at something else than its arguments.
                Ok(_) | Err(TestError::Abort(_)) => continue,
            };
            if let Some(found) = self.find(smallest, case) {
                return Err(Box::new(found));
            }
        }
        Ok(seen)
    }

    /// Asks these commands one after the other, each followed by every invariant, until something fails.
    fn check(&self, commands: Vec<A::Ask>) -> Result<(), Wrong> {
        let mut commands = commands.into_iter();
        let Some(first) = commands.next() else {
            return Ok(());
        };
        let mut scenario = self.demand(self.begin(first), &self.names());
        let mut asked = 1;
        for command in commands {
            if scenario.broken().is_some() {
                break;
            }
            scenario = self.demand(
                scenario.go_on(|story| ask(story, command, self.at)),
                &self.names(),
            );
            asked += 1;
        }
        let broken = scenario.broken();
        match (scenario.try_check(), broken) {
            (Ok(()), _) => Ok(()),
            (Err(_), Some(broken)) => Err(Wrong { broken, asked }),
            (Err(failure), None) => Err(Wrong {
                broken: Broken::Else(tell::headline(&failure)),
                asked,
            }),
        }
    }

    fn names(&self) -> Vec<&'static str> {
        self.invariants.names().collect()
    }

    /// The given history as the code reads it.
    #[track_caller]
    fn events(&self) -> Vec<A::Event> {
        let mut read = Ok(Vec::new());
        let given = Given::start_at(self.fixture.clone(), self.at);
        let reader = given.go_on(|story| {
            let events = self.history.iter().map(|stored| {
                let events = story.read(stored);
                events.map_err(|error| format!("the given {} cannot be read: {error}", stored.kind()))
            });
            read = events.collect::<Result<Vec<_>, _>>();
        });
        reader.discard();
        match read {
            Ok(events) => events.into_iter().flatten().collect(),
            Err(error) => panic!("{error}"),
        }
    }

    /// A scenario with its first command.
    pub(super) fn begin(&self, command: A::Ask) -> Outcome<A> {
        let given = Given::start_at(self.fixture.clone(), self.at);
        let given = given.with(|story| {
            for stored in &self.history {
                story.give_stored(stored.clone(), None, &None, self.at);
            }
        });
        given.go_on(|story| ask(story, command, self.at))
    }

    pub(super) fn demand(&self, mut outcome: Outcome<A>, names: &[&str]) -> Outcome<A> {
        for name in names {
            outcome.holds(WORD, &self.invariants, name, self.at);
        }
        outcome
    }

    /// What is found in `commands`, if they still fail: the scenario that asks them in one step.
    fn find(&self, commands: Vec<A::Ask>, case: u32) -> Option<Found> {
        let lines: Vec<WhenLine> = commands.iter().map(A::line).collect::<Option<_>>()?;
        let Wrong { broken, asked } = self.check(commands).err()?;
        let lines = &lines[..asked];
        let names = match &broken {
            Broken::Invariant(name) => vec![name.as_str()],
            Broken::Else(_) => self.names(),
        };
        let failure = tell::again(self, lines, &names)?;
        let name = tell::slug(&format!("{} {}", self.name, broken.text()));
        let subject = self.files.as_ref().map_or(&self.name, |files| &files.subject);
        let mut file = ScenarioFile::new(
            subject,
            self.history
                .iter()
                .map(|event| {
                    let event = EventTemplate::literal(&event.event_type, event.version.clone(), &event.data);
                    GivenLine::Event(event.into())
                })
                .collect(),
            lines.to_vec(),
            Then {
                holds: names.iter().map(|name| (*name).to_owned()).collect(),
                ..Then::default()
            },
        );
        file.tells = Some(format!(
            "Found by the search `{}` with seed {}.",
            self.name, self.seed
        ));
        let written = self.files.as_ref().map(|files| {
            let path = files.folder.join(format!("{name}.json"));
            std::fs::create_dir_all(&files.folder)
                .and_then(|()| std::fs::write(&path, file::write(&file)))
                .map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(path)
        });
        Some(Found {
            rust: tell::rust(self, &name, lines, &names),
            name,
            seed: self.seed,
            case,
            file,
            written,
            failure,
            broken: broken.text().to_owned(),
            length: lines.len(),
        })
    }
}

/// Asks in a scenario.
pub(super) fn ask<A: Searchable>(story: &mut Story<A>, ask: A::Ask, at: At) {
    match A::happens(ask) {
        Happens::Input(input) => story.ask_now(input, at),
        Happens::Passes(time) => story.pass_time(story.clock.now + time, at),
    }
}

/// How a history fails.
struct Wrong {
    broken: Broken,
    /// How many commands were asked until it did.
    asked: usize,
}
