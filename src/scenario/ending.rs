//! The end of a scenario, where others begin.

use std::sync::Arc;

use crate::model::Scheduled;

use super::capture::Captured;
use super::given::Given;
use super::outcome::{Outcome, end};
use super::story::{At, Clock, Story, Tags};
use super::subject::Subject;
use super::text::Told;

/// The end of a scenario that passed: its whole history, the time, the timeouts that are scheduled and what was
/// captured. Any number of scenarios can begin there, each for itself.
///
/// ```
/// # use pastproof::model::Aggregate;
/// # use pastproof::scenario::{Ending, given_nothing};
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Opened {}
/// # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Closed {}
/// # pastproof::events! { pub enum DoorEvent { Opened(Opened) = 1, Closed(Closed) = 1 } }
/// # #[derive(Debug)] pub enum Command { Open, Close }
/// # #[derive(Default, Serialize)] pub struct Door { open: bool }
/// # impl Aggregate for Door {
/// #     type Command = Command;
/// #     type Event = DoorEvent;
/// #     type Error = ();
/// #     fn handle(&self, command: &Command) -> Result<Vec<DoorEvent>, ()> {
/// #         Ok(match (command, self.open) {
/// #             (Command::Open, false) => vec![Opened {}.into()],
/// #             (Command::Close, true) => vec![Closed {}.into()],
/// #             _ => vec![],
/// #         })
/// #     }
/// #     fn apply(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened(_)); }
/// # }
/// fn an_open_door() -> Ending<Door> {
///     given_nothing::<Door>()
///         .named("an open door")
///         .when(Command::Open)
///         .then([Opened {}])
///         .ending()
/// }
///
/// an_open_door().given().when(Command::Close).then([Closed {}]);
/// an_open_door().given().when(Command::Open).then_nothing();
/// ```
pub struct Ending<S: Subject> {
    fixture: super::Fixture<S>,
    name: Arc<str>,
    history: Vec<Ended>,
    clock: Clock,
    ids: u64,
    pending: Vec<Scheduled<S::Timeout>>,
    captured: Captured,
}

/// One event of a history.
#[derive(Clone)]
struct Ended {
    told: Told,
    stream: Option<String>,
    tags: Tags,
    at: Option<Arc<str>>,
}

impl<S: Subject> Clone for Ending<S> {
    fn clone(&self) -> Self {
        Self {
            fixture: self.fixture.clone(),
            name: Arc::clone(&self.name),
            history: self.history.clone(),
            clock: self.clock.clone(),
            ids: self.ids,
            pending: self.pending.clone(),
            captured: self.captured.clone(),
        }
    }
}

impl<S: Subject> Ending<S> {
    /// Begins a scenario here, with the fixture of the one that ended.
    #[track_caller]
    pub fn given(&self) -> Given<S> {
        self.fixture.given_end_of(self)
    }

    /// The name of the scenario that ended.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<S: Subject> Outcome<S> {
    /// Ends the scenario, and returns its end as a place where others begin. Its name is that of
    /// [`Given::named`], or its file and line.
    ///
    /// # Panics
    ///
    /// When the scenario failed, or when nothing was checked.
    #[track_caller]
    pub fn ending(mut self) -> Ending<S> {
        let Some(mut story) = self.take() else {
            // `self.story` is taken where a scenario ends, and this ends it.
            unreachable!("a scenario ends once")
        };
        if let Err(failure) = end(&mut story) {
            panic!("{failure}");
        }
        let history = story.folded().map(|(event, spot)| Ended {
            told: Told::of::<S>(event),
            stream: story.streams().name(spot).map(str::to_owned),
            tags: spot.tags.clone(),
            at: spot.at.clone(),
        });
        let started = || format!("{}:{}", story.started.file(), story.started.line());
        Ending {
            history: history.collect(),
            name: story.name.clone().unwrap_or_else(started).into(),
            fixture: story.fixture,
            clock: story.clock,
            ids: story.ids,
            pending: story.pending,
            captured: story.captured,
        }
    }
}

impl<S: Subject> Given<S> {
    /// Goes on with the history of another scenario, from its end: events, time, scheduled timeouts.
    #[track_caller]
    pub fn given_end_of(self, ending: &Ending<S>) -> Self {
        let at = At::caller();
        self.with(|story| story.continue_from(ending, at))
    }
}

impl<S: Subject> Story<S> {
    fn continue_from(&mut self, ending: &Ending<S>, at: At) {
        let now = ending.clock.clone();
        for ended in &ending.history {
            let first = self.given.len();
            self.clock.text.clone_from(&ended.at);
            let stored = ended.told.stored.clone();
            self.continuing = true;
            self.give_stored(stored, ended.stream.as_deref(), &ended.tags, at);
            self.continuing = false;
            for past in &mut self.given[first..] {
                past.from = Some(Arc::clone(&ending.name));
            }
        }
        self.clock = now;
        self.ids = self.ids.max(ending.ids);
        self.pending.extend(ending.pending.iter().cloned());
        self.captured = ending.captured.clone();
    }
}
