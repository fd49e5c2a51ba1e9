//! What a scenario has seen so far.

use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use serde_json::Value;

use crate::model::{Aggregate, Event};
use crate::upcast::Envelope;

use super::StoredEvent;
use super::fixture::{Fixture, FreeCheck, Shape, View};
use super::text::{Complaint, Told, differences};

/// A place in the caller's code.
pub(super) type At = &'static Location<'static>;

/// Everything a scenario has seen so far.
pub(super) struct Story<A: Aggregate> {
    pub(super) fixture: Fixture<A>,
    pub(super) started: At,
    pub(super) given: Vec<Past<A::Event>>,
    /// The fold of everything given and of everything recorded since.
    pub(super) state: A,
    pub(super) steps: Vec<Step<A>>,
    /// What is wrong with the scenario apart from its checks.
    pub(super) troubles: Vec<Complaint>,
}

/// One given event.
pub(super) struct Past<E> {
    /// As it was handed in, when it was handed in as it is stored.
    pub(super) stored: Option<Told>,
    /// Whether it could be read.
    pub(super) read: bool,
    /// What the aggregate folded: the event as it is read back, several after a split, none after a drop.
    pub(super) became: Vec<Became<E>>,
}

impl<E> Past<E> {
    /// The event as it was handed in.
    pub(super) fn told(&self) -> Option<&Told> {
        self.stored
            .as_ref()
            .or_else(|| self.became.first().map(|became| &became.told))
    }
}

/// An event that was folded.
pub(super) struct Became<E> {
    pub(super) told: Told,
    pub(super) event: E,
    /// What `apply` said when it panicked.
    pub(super) panicked: Option<String>,
}

/// Commands in turn, and what is demanded of what came of them.
pub(super) struct Step<A: Aggregate> {
    pub(super) asked: Vec<Asked<A>>,
    pub(super) checks: Vec<Check>,
}

/// One command and its answer.
pub(super) struct Asked<A: Aggregate> {
    pub(super) at: At,
    pub(super) command: A::Command,
    pub(super) answer: Answer<A>,
}

/// What the aggregate answered.
pub(super) enum Answer<A: Aggregate> {
    Accepted(Vec<Became<A::Event>>),
    Rejected(A::Error),
    Panicked(String),
    /// An earlier command of the step was not accepted.
    NotAsked,
}

/// One check and how it went.
pub(super) struct Check {
    pub(super) at: At,
    /// The word it was asked with, as in `then`.
    pub(super) word: String,
    pub(super) looks_at: LooksAt,
    pub(super) complaint: Option<Complaint>,
}

/// What a check takes into account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LooksAt {
    /// The events, and that nothing was rejected unless another check says so.
    Events,
    /// That the command was accepted without events.
    Acceptance,
    /// The rejection.
    Rejection,
    /// The state alone.
    State,
    /// Events and rejection, as a recorded scenario does.
    Everything,
}

impl<A: Aggregate> Story<A> {
    pub(super) fn new(fixture: Fixture<A>, started: At) -> Self {
        Self {
            fixture,
            started,
            given: Vec::new(),
            state: A::default(),
            steps: Vec::new(),
            troubles: Vec::new(),
        }
    }

    /// Takes `event` into the history, as it would be read back from a store.
    pub(super) fn give(&mut self, event: A::Event, at: At) {
        let label = Label::Given(self.given.len() + 1);
        let became = self.fold(event, label, at);
        self.given.push(Past {
            stored: None,
            read: true,
            became: vec![became],
        });
    }

    /// Takes `stored` into the history, as it would be read from a store.
    pub(super) fn give_stored(&mut self, stored: StoredEvent, at: At) {
        let label = Label::Given(self.given.len() + 1);
        let read = self.read(&stored);
        let past = Past {
            read: read.is_ok(),
            became: match read {
                Ok(events) => events
                    .into_iter()
                    .map(|event| self.fold(event, label, at))
                    .collect(),
                Err(message) => {
                    let headline = format!("{label}: {} cannot be read", stored.kind());
                    self.troubles.push(Complaint::new(at, headline, vec![message]));
                    Vec::new()
                }
            },
            stored: Some(Told::stored(stored)),
        };
        self.given.push(past);
    }

    /// What the code reads of a stored event.
    pub(super) fn read(&self, stored: &StoredEvent) -> Result<Vec<A::Event>, String> {
        let decode = |event_type: &str, data: &Value| {
            A::Event::decode(event_type, &data.to_string()).map_err(|error| error.to_string())
        };
        let chains = self.fixture.upcasters.as_deref();
        let stays =
            chains.is_none_or(|chains| chains.first_step(&stored.event_type, &stored.version).is_none());
        let kinds = A::Event::kinds();
        let kind = kinds.iter().find(|kind| kind.event_type == stored.event_type);
        match (kind, chains) {
            (Some(kind), _) if stays && kind.version == stored.version => {
                Ok(vec![decode(&stored.event_type, &stored.data)?])
            }
            (_, Some(chains)) => chains
                .upcast(
                    &stored.event_type,
                    &stored.version,
                    stored.data.clone(),
                    &Envelope::default(),
                )
                .map_err(|error| error.to_string())?
                .iter()
                .map(|event| decode(&event.event_type, &event.data))
                .collect(),
            (Some(kind), None) => Err(format!(
                "the code reads version {}, and this fixture has no upcasters: `Fixture::upcasters` gives it some",
                kind.version
            )),
            (None, None) => Err(
                "it is not an event of this aggregate, and this fixture has no upcasters: `Fixture::upcasters` gives it some"
                    .to_owned(),
            ),
        }
    }

    /// Folds one event into the state, as it would be read back from a store.
    fn fold(&mut self, event: A::Event, label: Label, at: At) -> Became<A::Event> {
        let mut became = self.through_store(event, label, at);
        let state = &mut self.state;
        if let Err(panic) = caught(|| state.apply(&became.event)) {
            let headline = format!("{label}: `apply` panics on {}", became.told.stored.kind());
            self.troubles
                .push(Complaint::new(at, headline, vec![panic.clone()]));
            became.panicked = Some(panic);
        }
        became
    }

    /// The event as it comes back from a store, with a complaint when that is another one.
    fn through_store(&mut self, event: A::Event, label: Label, at: At) -> Became<A::Event> {
        let told = Told::of(&event);
        let mut back = None;
        if self.fixture.makes(FreeCheck::RoundTrip) {
            let complaint = match &told.unwritten {
                Some(error) => Some(("does not serialize", vec![error.clone()])),
                None => match A::Event::decode(&told.stored.event_type, &told.stored.data.to_string()) {
                    Err(error) => Some((
                        "is not read back from its own stored form",
                        vec![error.to_string(), told.stored.to_string()],
                    )),
                    Ok(event) => {
                        let again = Told::of(back.insert(event));
                        (!again.same(&told)).then(|| {
                            let lines = match again.unwritten {
                                Some(error) => vec![error],
                                None => differences(&told.stored, &again.stored, "stored", "read back as"),
                            };
                            ("changes when it is stored and read back", lines)
                        })
                    }
                },
            };
            if let Some((headline, lines)) = complaint {
                let headline = format!("{label}: {} {headline}", told.stored.kind());
                self.troubles.push(Complaint::new(at, headline, lines));
            }
        }
        Became {
            told,
            event: back.unwrap_or(event),
            panicked: None,
        }
    }

    /// Asks the aggregate, unless an earlier command of the step was not accepted.
    pub(super) fn ask(&mut self, command: A::Command, at: At) {
        if self.steps.last().is_none_or(|step| !step.checks.is_empty()) {
            self.steps.push(Step {
                asked: Vec::new(),
                checks: Vec::new(),
            });
        }
        let stopped = self.steps.last().is_some_and(|step| {
            step.asked
                .iter()
                .any(|asked| !matches!(asked.answer, Answer::Accepted(_)))
        });
        let answer = if stopped {
            Answer::NotAsked
        } else {
            self.answer(&command, at)
        };
        if let Some(step) = self.steps.last_mut() {
            step.asked.push(Asked { at, command, answer });
        }
    }

    fn answer(&mut self, command: &A::Command, at: At) -> Answer<A> {
        let state = &self.state;
        let decided = match caught(|| state.handle(command)) {
            Ok(decided) => decided,
            Err(panic) => return Answer::Panicked(panic),
        };
        if self.fixture.makes(FreeCheck::DecideTwice) {
            self.decide_again(command, &decided, at);
        }
        match decided {
            Err(error) => Answer::Rejected(error),
            Ok(events) => {
                let before = self.produced().count();
                let mut became = Vec::new();
                for (index, event) in events.into_iter().enumerate() {
                    became.push(self.fold(event, Label::Recorded(before + index + 1), at));
                }
                Answer::Accepted(became)
            }
        }
    }

    fn decide_again(&mut self, command: &A::Command, first: &Result<Vec<A::Event>, A::Error>, at: At) {
        let state = &self.state;
        let second = caught(|| state.handle(command));
        let show = |answer: &Result<Vec<A::Event>, A::Error>| match answer {
            Err(error) => vec![format!("rejected with {}", self.error(error, Shape::Line))],
            Ok(events) if events.is_empty() => vec!["accepted without events".to_owned()],
            Ok(events) => events.iter().map(|event| Told::of(event).line()).collect(),
        };
        let first = show(first);
        let second = match second {
            Ok(second) => show(&second),
            Err(panic) => vec![format!("panicked: {panic}")],
        };
        if first == second {
            return;
        }
        let mut lines = vec!["first".to_owned()];
        lines.extend(first.iter().map(|line| format!("  {line}")));
        lines.push("second".to_owned());
        lines.extend(second.iter().map(|line| format!("  {line}")));
        self.troubles.push(Complaint::new(
            at,
            "the same command on the same state is answered in two ways".to_owned(),
            lines,
        ));
    }

    /// The events of the open step, in order.
    pub(super) fn produced(&self) -> impl Iterator<Item = &Became<A::Event>> {
        self.steps.last().into_iter().flat_map(Step::produced)
    }

    /// The command on one line, or as a report shows it.
    pub(super) fn command(&self, command: &A::Command, shape: Shape) -> String {
        show(self.fixture.views.command, command, shape)
    }

    /// The error on one line, or as a report shows it.
    pub(super) fn error(&self, error: &A::Error, shape: Shape) -> String {
        show(self.fixture.views.error, error, shape)
    }
}

/// Which event a complaint is about, counted from 1.
#[derive(Clone, Copy)]
enum Label {
    Given(usize),
    Recorded(usize),
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given(number) => write!(f, "given event {number}"),
            Self::Recorded(number) => write!(f, "recorded event {number}"),
        }
    }
}

fn show<T>(view: Option<View<T>>, value: &T, shape: Shape) -> String {
    match view {
        Some(view) => view.show(value, shape),
        None => format!("a {} (not shown)", short_name::<T>()),
    }
}

impl<A: Aggregate> Step<A> {
    /// What was recorded, in order.
    pub(super) fn produced(&self) -> impl Iterator<Item = &Became<A::Event>> {
        self.asked.iter().flat_map(|asked| match &asked.answer {
            Answer::Accepted(events) => events.as_slice(),
            Answer::Rejected(_) | Answer::Panicked(_) | Answer::NotAsked => &[],
        })
    }

    /// The rejection, if there is one.
    pub(super) fn rejection(&self) -> Option<&A::Error> {
        self.asked.iter().find_map(|asked| match &asked.answer {
            Answer::Rejected(error) => Some(error),
            Answer::Accepted(_) | Answer::Panicked(_) | Answer::NotAsked => None,
        })
    }

    /// The panic and the command it belongs to, if there is one.
    pub(super) fn panicked(&self) -> Option<(At, &str)> {
        self.asked.iter().find_map(|asked| match &asked.answer {
            Answer::Panicked(message) => Some((asked.at, message.as_str())),
            Answer::Accepted(_) | Answer::Rejected(_) | Answer::NotAsked => None,
        })
    }
}

/// What `run` returns, or what it said when it panicked.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a text".to_owned())
    })
}

/// The name of a type without its path.
fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}
