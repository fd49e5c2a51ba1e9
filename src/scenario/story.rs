//! What a scenario has seen so far.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Position, Scheduled, Timestamp, Verdict};
use crate::upcast::StreamContext;

use super::capture::Captured;
use super::fixture::Fixture;
use super::forms;
use super::query::AskedQuery;
use super::record;
use super::schemas::{self, Schemas};
use super::subject::{Place, Subject};
use super::text::{Complaint, Told};
use super::views::Shape;

pub(super) use super::at::At;

/// Domain ids of an event, shared by those that were given together.
pub(super) type Tags = Option<Arc<Vec<(String, String)>>>;

/// Everything a scenario has seen so far.
pub(super) struct Story<S: Subject> {
    pub(super) fixture: Fixture<S>,
    pub(super) name: Option<String>,
    pub(super) started: At,
    pub(super) given: Vec<Past<S>>,
    /// Everything given and everything recorded since is folded into it.
    pub(super) subject: S,
    pub(super) steps: Vec<Step<S>>,
    /// What is wrong with the scenario apart from its checks.
    pub(super) troubles: Vec<Complaint>,
    pub(super) clock: Clock,
    /// How many ids decisions have taken.
    pub(super) ids: u64,
    /// Time and ids when something was asked for the first time.
    pub(super) began: Option<(Clock, u64)>,
    /// Timeouts that are scheduled, in the order in which they were.
    pub(super) pending: Vec<Scheduled<S::Timeout>>,
    /// What generated values are called.
    pub(super) captured: Captured,
    /// Whether a command is asked to make history, and not to be looked at.
    pub(super) giving: bool,
    /// Whether history is taken over with the timeouts that were scheduled then.
    pub(super) continuing: bool,
    pub(super) streams: Streams,
    /// What the catalogue says of an event, where there is one.
    pub(super) schemas: Option<Schemas>,
    /// What upcasters know of the stored events given so far, by stream.
    pub(super) contexts: BTreeMap<String, StreamContext>,
}

/// The scenario's time.
#[derive(Clone)]
pub(super) struct Clock {
    pub(super) now: Timestamp,
    /// As recorded events have it, once somebody set the time.
    pub(super) text: Option<Arc<str>>,
}

impl Clock {
    pub(super) fn set(&mut self, now: Timestamp) {
        self.now = now;
        self.text = Some(now.to_string().into());
    }
}

/// The streams of a scenario; the first one is the subject's own.
#[derive(Default)]
pub(super) struct Streams {
    pub(super) own: u64,
    /// The name of the first one, where it has one.
    name: Option<Arc<str>>,
    others: Vec<(Arc<str>, u64)>,
    pub(super) global: u64,
}

/// Where an event stands.
#[derive(Clone)]
pub(super) struct Spot {
    pub(super) stream: usize,
    pub(super) revision: u64,
    pub(super) global: u64,
    pub(super) at: Option<Arc<str>>,
    pub(super) tags: Tags,
}

impl Streams {
    fn index(&mut self, name: Option<&str>) -> usize {
        let Some(name) = name else { return 0 };
        if self.name.is_none() && self.own == 0 {
            self.name = Some(name.into());
        }
        if self.name.as_deref() == Some(name) {
            return 0;
        }
        let found = self.others.iter().position(|(other, _)| **other == *name);
        1 + found.unwrap_or_else(|| {
            self.others.push((name.into(), 0));
            self.others.len() - 1
        })
    }

    fn next(&mut self, stream: usize, at: Option<Arc<str>>, tags: Tags) -> Spot {
        let count = match stream.checked_sub(1) {
            None => &mut self.own,
            Some(other) => &mut self.others[other].1,
        };
        *count += 1;
        self.global += 1;
        Spot {
            stream,
            revision: *count,
            global: self.global,
            at,
            tags,
        }
    }

    pub(super) fn own_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(super) fn name(&self, spot: &Spot) -> Option<&str> {
        match spot.stream.checked_sub(1) {
            None => self.name.as_deref(),
            Some(other) => Some(&*self.others[other].0),
        }
    }

    pub(super) fn place<'a>(&'a self, spot: &'a Spot) -> Place<'a> {
        Place {
            position: Position {
                stream: self.name(spot).unwrap_or_default(),
                revision: Some(spot.revision),
                global: Some(spot.global),
                index: 0,
                recorded_at: spot.at.as_deref(),
            },
            tags: spot.tags.as_deref().map_or(&[], Vec::as_slice),
        }
    }
}

/// One given event.
pub(super) struct Past<S: Subject> {
    /// As it was handed in, when it was handed in as it is stored.
    pub(super) stored: Option<Told>,
    /// Whether it could be read.
    pub(super) read: bool,
    /// What the subject folded: the event as it is read back, several after a split, none after a drop.
    pub(super) became: Vec<Became<S>>,
    /// Whether a command made it history.
    pub(super) made: bool,
    /// That command, for the first event of each.
    pub(super) by: Option<S::Input>,
    /// The scenario at whose end it was history.
    pub(super) from: Option<Arc<str>>,
}

impl<S: Subject> Past<S> {
    /// The event as it was handed in.
    pub(super) fn told(&self) -> Option<&Told> {
        self.stored
            .as_ref()
            .or_else(|| self.became.first().map(Became::told))
    }
}

/// An event that was folded.
pub(super) struct Became<S: Subject> {
    pub(super) event: S::Event,
    pub(super) spot: Spot,
    pub(super) told: OnceCell<Told>,
    /// What the fold said when it panicked, or refused the event.
    pub(super) stopped: Option<String>,
    /// Whether the subject has no business with it.
    pub(super) passed_by: bool,
}

impl<S: Subject> Became<S> {
    /// The event as it is stored; written when it is first looked at.
    pub(super) fn told(&self) -> &Told {
        self.told.get_or_init(|| Told::of::<S>(&self.event))
    }
}

/// Commands in turn, and what is demanded of what came of them.
pub(super) struct Step<S: Subject> {
    pub(super) asked: Vec<Asked<S>>,
    pub(super) checks: Vec<Check>,
}

/// One command and its answer.
pub(super) struct Asked<S: Subject> {
    pub(super) at: At,
    pub(super) what: What<S>,
    pub(super) response: Response<S>,
}

/// What is asked.
pub(super) enum What<S: Subject> {
    Input(S::Input),
    /// A timeout that is due.
    Timeout(Scheduled<S::Timeout>),
    /// Time passes to this moment.
    Time(Timestamp),
    /// A read model, which answered.
    Query(AskedQuery),
    Nothing,
}

/// What came of it.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all of them are answers, and a box would be an allocation for each"
)]
pub(super) enum Response<S: Subject> {
    Answered(Answered<S>),
    Panicked(String),
    /// The answer awaits something, and nobody awaits the answer.
    NotReady,
    /// An earlier command of the step was not accepted.
    NotAsked,
    /// Nobody was asked.
    Quiet,
}

/// What the subject answered, its events folded.
pub(super) struct Answered<S: Subject> {
    /// The event that was handed to it, where inputs are events.
    pub(super) input: Option<Told>,
    pub(super) input_spot: Spot,
    pub(super) events: Vec<Became<S>>,
    pub(super) verdict: Verdict<S::Reply, S::Error>,
    pub(super) effects: Vec<S::Effect>,
    pub(super) commands: Vec<S::Sent>,
    pub(super) scheduled: Vec<Scheduled<S::Timeout>>,
    pub(super) cancelled: Vec<S::Timeout>,
    /// What the same input came to once more, in the state after it.
    pub(super) repeated: Option<Repeated>,
}

/// What a repeated command or event came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeated {
    Ignored,
    Rejected,
    /// Accepted, with nothing more to do.
    Quiet,
    /// Something comes of it once more.
    Again,
}

impl<S: Subject> Answered<S> {
    /// Whether nothing came of it but a verdict.
    pub(super) fn is_quiet(&self) -> bool {
        self.events.is_empty()
            && self.effects.is_empty()
            && self.commands.is_empty()
            && self.scheduled.is_empty()
            && self.cancelled.is_empty()
    }
}

/// One check and how it went.
pub(super) struct Check {
    pub(super) at: At,
    /// The word it was asked with, as in `then`.
    pub(super) word: Cow<'static, str>,
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
    /// That the command was ignored.
    Ignorance,
    /// The rejection.
    Rejection,
    /// The state alone.
    State,
    /// What holds whatever happens.
    Invariant,
    /// The answer to a question.
    Result,
    /// The reply.
    Reply,
    Effects,
    Commands,
    Scheduled,
    Cancelled,
    /// Events and rejection, as a recorded scenario does.
    Everything,
}

impl<S: Subject> Story<S> {
    pub(super) fn new(mut fixture: Fixture<S>, started: At) -> Self {
        if record::collecting() {
            forms::lend(&mut fixture);
        }
        let schemas = fixture.schemas.clone().or_else(schemas::around);
        Self {
            subject: fixture.start(),
            clock: fixture.clock.clone(),
            streams: Streams {
                name: fixture.stream.clone(),
                ..Streams::default()
            },
            fixture,
            name: None,
            started,
            given: Vec::new(),
            steps: Vec::new(),
            troubles: Vec::new(),
            ids: 0,
            began: None,
            pending: Vec::new(),
            captured: Captured::default(),
            giving: false,
            continuing: false,
            schemas,
            contexts: BTreeMap::new(),
        }
    }

    pub(super) fn streams(&self) -> &Streams {
        &self.streams
    }

    pub(super) fn spot(&mut self, stream: Option<&str>, tags: Tags) -> Spot {
        let stream = self.streams.index(stream);
        self.streams.next(stream, self.clock.text.clone(), tags)
    }

    /// The events of the open step, in order.
    pub(super) fn produced(&self) -> impl Iterator<Item = &Became<S>> {
        self.steps.last().into_iter().flat_map(Step::produced)
    }

    /// The answers of the open step, in order.
    pub(super) fn answers(&self) -> impl Iterator<Item = &Answered<S>> {
        self.steps.last().into_iter().flat_map(Step::answers)
    }

    /// A subject that has folded nothing, to fold this history again.
    pub(super) fn fresh(&self) -> S {
        let mut fresh = self.fixture.start();
        self.subject.refold(&mut fresh);
        fresh
    }

    /// Every event that was folded, in the order in which it was.
    pub(super) fn folded(&self) -> impl Iterator<Item = (&S::Event, &Spot)> {
        let given = self.given.iter().flat_map(|past| &past.became);
        let given = given
            .filter(|became| !became.passed_by && became.stopped.is_none())
            .map(|became| (&became.event, &became.spot));
        let since = self.steps.iter().flat_map(|step| &step.asked).flat_map(|asked| {
            let answered = match &asked.response {
                Response::Answered(answered) => Some(answered),
                _ => None,
            };
            let input = match &asked.what {
                What::Input(input) => S::event_of(input),
                _ => None,
            };
            let input = answered
                .zip(input)
                .map(|(answered, event)| (event, &answered.input_spot));
            let events = answered.into_iter().flat_map(|answered| &answered.events);
            input
                .into_iter()
                .chain(events.map(|became| (&became.event, &became.spot)))
        });
        given.chain(since)
    }

    /// Where an event stands, for a subject that folds it again.
    pub(super) fn place<'a>(&'a self, spot: &'a Spot) -> Place<'a> {
        self.streams.place(spot)
    }

    /// The input on one line, or as a report shows it.
    pub(super) fn input(&self, input: &S::Input, shape: Shape) -> String {
        self.fixture.views.input.show(input, shape)
    }

    /// The error on one line, or as a report shows it.
    pub(super) fn error(&self, error: &S::Error, shape: Shape) -> String {
        self.fixture.views.error.show(error, shape)
    }
}

impl<S: Subject> Response<S> {
    /// Whether the next command may be asked.
    pub(super) fn went_well(&self) -> bool {
        match self {
            Self::Answered(answered) => !matches!(answered.verdict, Verdict::Rejected(_)),
            Self::Quiet => true,
            Self::Panicked(_) | Self::NotReady | Self::NotAsked => false,
        }
    }
}

impl<S: Subject> Step<S> {
    /// The answers, in order.
    pub(super) fn answers(&self) -> impl Iterator<Item = &Answered<S>> {
        self.asked.iter().filter_map(|asked| match &asked.response {
            Response::Answered(answered) => Some(answered),
            _ => None,
        })
    }

    /// What was recorded, in order.
    pub(super) fn produced(&self) -> impl Iterator<Item = &Became<S>> {
        self.answers().flat_map(|answered| &answered.events)
    }

    /// The rejection, if there is one.
    pub(super) fn rejection(&self) -> Option<&S::Error> {
        self.answers().find_map(|answered| match &answered.verdict {
            Verdict::Rejected(error) => Some(error),
            Verdict::Accepted(_) | Verdict::Ignored => None,
        })
    }

    /// Whether something that was asked was ignored.
    pub(super) fn ignored(&self) -> bool {
        self.answers()
            .any(|answered| matches!(answered.verdict, Verdict::Ignored))
    }

    /// The panic and the command it belongs to, if there is one.
    pub(super) fn panicked(&self) -> Option<(At, &str)> {
        self.asked.iter().find_map(|asked| match &asked.response {
            Response::Panicked(message) => Some((asked.at, message.as_str())),
            _ => None,
        })
    }

    /// The command whose answer nobody awaited, if there is one.
    pub(super) fn not_ready(&self) -> Option<At> {
        self.asked
            .iter()
            .find(|asked| matches!(asked.response, Response::NotReady))
            .map(|asked| asked.at)
    }
}
