//! Where a scenario starts: the subject, and how its values are shown.

use std::borrow::Cow;
use std::fmt::{Debug, Display};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{Timestamp, read_json};
use crate::upcast::Chains;

use super::ending::Ending;
use super::given::Given;
use super::query::QueryView;
use super::schemas::Schemas;
use super::story::Clock;
use super::subject::Subject;
use super::views::{View, Views, to_json};
use super::{Events, StoredEvent};

/// A check that every scenario makes without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FreeCheck {
    /// Every event is written as it would be stored, read back and written again, and nothing is lost. Where events
    /// have `PartialEq`, what is read back is equal as well.
    RoundTrip,
    /// Every command is decided twice on the same state, with the same answer: no clock, no randomness, no state
    /// beside the one that is folded.
    DecideTwice,
    /// Every command that was accepted with something to do comes once more, in the state after it, and does not
    /// panic. Under [`Fixture::idempotent`], nothing comes of it.
    CommandRepeated,
    /// Every event that was handed over is delivered once more, and does not panic. Under
    /// [`Fixture::idempotent`], nothing comes of it and the state stays as it is.
    EventDeliveredTwice,
    /// The state at the end is the one that a fold of all events comes to, where the fixture has a view of it.
    Replay,
    /// At each position, the state that was saved and read back comes to the same end as the whole history, where
    /// the fixture can read states ([`Fixture::snapshots`]).
    Snapshot,
    /// Every event has the form that the catalogue says, where there is one ([`Fixture::catalogue`], or that of
    /// the harness).
    Schema,
    /// Every given event was looked at: it is of the subject's own stream, and a decision query selected it.
    UnusedGivens,
}

impl FreeCheck {
    fn bit(self) -> u16 {
        1 << self as u16
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RoundTrip => "round trip",
            Self::DecideTwice => "decide twice",
            Self::CommandRepeated => "command repeated",
            Self::EventDeliveredTwice => "event delivered twice",
            Self::Replay => "replay",
            Self::Snapshot => "snapshot and tail",
            Self::Schema => "schema",
            Self::UnusedGivens => "unused givens",
        }
    }
}

/// A check that is left out, and why.
type LeftOut = (FreeCheck, Cow<'static, str>);

/// How a subject is made for a scenario.
enum Start<S> {
    Default(fn() -> S),
    Own(Arc<dyn Fn() -> S + Send + Sync>),
}

impl<S> Clone for Start<S> {
    fn clone(&self) -> Self {
        match self {
            Self::Default(start) => Self::Default(*start),
            Self::Own(start) => Self::Own(Arc::clone(start)),
        }
    }
}

/// What all scenarios of one subject share. It is cheap to clone, and nothing has started yet.
pub struct Fixture<S: Subject> {
    start: Start<S>,
    pub(super) views: Views<S>,
    pub(super) upcasters: Option<Arc<Chains>>,
    /// The checks that are left out, a bit for each.
    off: u16,
    /// Why they are; shared, since every scenario has a copy of its fixture.
    reasons: Option<Arc<Vec<LeftOut>>>,
    pub(super) stream: Option<Arc<str>>,
    pub(super) clock: Clock,
    pub(super) schemas: Option<Schemas>,
    pub(super) restore: Option<Restore<S>>,
    pub(super) idempotent: bool,
    pub(super) strict_givens: bool,
    pub(super) queries: Option<Arc<Vec<QueryView<S>>>>,
}

/// Reads a state that was saved, and makes the subject of it again.
pub(super) type Restore<S> = fn(&str) -> Result<S, String>;

impl<S: Subject> Clone for Fixture<S> {
    fn clone(&self) -> Self {
        Self {
            start: self.start.clone(),
            views: self.views,
            upcasters: self.upcasters.clone(),
            off: self.off,
            reasons: self.reasons.clone(),
            stream: self.stream.clone(),
            clock: self.clock.clone(),
            schemas: self.schemas.clone(),
            restore: self.restore,
            idempotent: self.idempotent,
            strict_givens: self.strict_givens,
            queries: self.queries.clone(),
        }
    }
}

impl<S> Default for Fixture<S>
where
    S: Subject + Default,
    S::State: Serialize,
    S::Input: Debug,
    S::Error: Debug,
    S::Reply: Debug,
    S::Effect: Debug,
    S::Sent: Debug,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Subject> Fixture<S> {
    /// A fixture whose reports show the state as JSON, commands and errors as `Debug` has them.
    ///
    /// [`opaque`](Self::opaque) asks nothing of these types.
    pub fn new() -> Self
    where
        S: Default,
        S::State: Serialize,
        S::Input: Debug,
        S::Error: Debug,
        S::Reply: Debug,
        S::Effect: Debug,
        S::Sent: Debug,
    {
        Self::opaque().shown()
    }

    /// As [`new`](Self::new), for a subject that is made by `start`: one with services, or one made of functions.
    pub fn starting(start: impl Fn() -> S + Send + Sync + 'static) -> Self
    where
        S::State: Serialize,
        S::Input: Debug,
        S::Error: Debug,
        S::Reply: Debug,
        S::Effect: Debug,
        S::Sent: Debug,
    {
        Self::opaque_starting(start).shown()
    }

    /// A fixture for a subject whose state does not serialize, or whose commands or errors have no `Debug`.
    ///
    /// Events are compared as always. The report says what it cannot show; `show_state`, `show_command` and
    /// `show_error` give it a view.
    pub fn opaque() -> Self
    where
        S: Default,
    {
        Self::with_start(Start::Default(S::default))
    }

    /// As [`opaque`](Self::opaque), for a subject that is made by `start`.
    pub fn opaque_starting(start: impl Fn() -> S + Send + Sync + 'static) -> Self {
        Self::with_start(Start::Own(Arc::new(start)))
    }

    fn with_start(start: Start<S>) -> Self {
        Self {
            start,
            views: Views {
                state: None,
                input: View::none(),
                error: View::none(),
                reply: View::none(),
                effect: View::none(),
                sent: View::none(),
            },
            upcasters: None,
            off: 0,
            reasons: None,
            stream: None,
            clock: Clock {
                now: Timestamp::EPOCH,
                text: None,
            },
            schemas: None,
            restore: None,
            idempotent: false,
            strict_givens: false,
            queries: None,
        }
    }

    fn shown(mut self) -> Self
    where
        S::State: Serialize,
        S::Input: Debug,
        S::Error: Debug,
        S::Reply: Debug,
        S::Effect: Debug,
        S::Sent: Debug,
    {
        self.views = Views {
            state: Some(to_json),
            input: View::debug(),
            error: View::debug(),
            reply: View::debug(),
            effect: View::debug(),
            sent: View::debug(),
        };
        self
    }

    /// A subject before its first event.
    pub(super) fn start(&self) -> S {
        match &self.start {
            Start::Default(start) => start(),
            Start::Own(start) => start(),
        }
    }

    /// The same fixture, which takes stored events at old versions through these upcasters.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn upcasters(mut self, chains: impl Into<Arc<Chains>>) -> Self {
        self.upcasters = Some(chains.into());
        self
    }

    /// The same fixture, whose subject lives in this stream.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn stream(mut self, name: &str) -> Self {
        self.stream = Some(name.into());
        self
    }

    /// The same fixture, whose scenarios begin at this time, such as `"2024-02-29T12:00:00Z"`.
    ///
    /// # Panics
    ///
    /// When it is no time.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    #[track_caller]
    pub fn at<T>(mut self, time: T) -> Self
    where
        T: TryInto<Timestamp, Error: Display>,
    {
        self.clock.set(moment(time));
        self
    }

    /// The same fixture, whose commands, errors, replies, effects and sent commands have a form as JSON: differences
    /// are told by pointer, and scenario files can hold them.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn as_json(mut self) -> Self
    where
        S::Input: Serialize,
        S::Error: Serialize,
        S::Reply: Serialize,
        S::Effect: Serialize,
        S::Sent: Serialize,
    {
        self.views.input.json = Some(to_json);
        self.views.error.json = Some(to_json);
        self.views.reply.json = Some(to_json);
        self.views.effect.json = Some(to_json);
        self.views.sent.json = Some(to_json);
        self
    }

    /// The same fixture, whose states are saved and read back: at each position of a history, what was saved goes
    /// on to the same end as the whole history.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn snapshots(mut self) -> Self
    where
        S::State: DeserializeOwned,
    {
        self.restore = Some(|text| {
            let state = read_json(text).map_err(|error| error.to_string())?;
            S::restore(state).ok_or_else(|| format!("{} is more than its state", S::name()))
        });
        self
    }

    /// The same fixture, whose commands and events may come twice: nothing comes of the second one, and it changes
    /// no state.
    ///
    /// Without this, what comes of the second one is not judged, since a deposit that is made twice is two deposits;
    /// it must not panic.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// The same fixture, in whose scenarios every given event makes a difference to the state.
    ///
    /// Without this, a given event that makes none is marked in the [`Record`](super::Record) and said in reports.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn strict_givens(mut self) -> Self {
        self.strict_givens = true;
        self
    }

    /// The same fixture, whose events have the form that a catalogue says. A harness sets its own catalogue for the
    /// scenarios of its suite, so that these need none.
    #[cfg(feature = "compat")]
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn catalogue(mut self, validators: crate::schema::Validators) -> Self {
        self.schemas = Some(super::schemas::of(validators, true));
        self
    }

    /// The same fixture, whose reports show the state by `view`.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn show_state(mut self, view: fn(&S::State) -> Result<Value, String>) -> Self {
        self.views.state = Some(view);
        self
    }

    /// The same fixture, whose reports show commands by `view`.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn show_command(mut self, view: fn(&S::Input) -> String) -> Self {
        self.views.input = View::own(view);
        self
    }

    /// The same fixture, whose reports show errors by `view`.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn show_error(mut self, view: fn(&S::Error) -> String) -> Self {
        self.views.error = View::own(view);
        self
    }

    /// The same fixture, whose reports show replies by `view`.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn show_reply(mut self, view: fn(&S::Reply) -> String) -> Self {
        self.views.reply = View::own(view);
        self
    }

    /// The same fixture, whose reports show effects by `view`.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn show_effect(mut self, view: fn(&S::Effect) -> String) -> Self {
        self.views.effect = View::own(view);
        self
    }

    /// The same fixture, whose reports show the commands that are sent by `view`.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn show_sent(mut self, view: fn(&S::Sent) -> String) -> Self {
        self.views.sent = View::own(view);
        self
    }

    /// The same fixture without one of the checks that come free, for a reason that its reports give.
    ///
    /// # Panics
    ///
    /// When the reason is empty.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    #[track_caller]
    pub fn without(mut self, check: FreeCheck, reason: impl Into<Cow<'static, str>>) -> Self {
        let reason = reason.into();
        assert!(!reason.trim().is_empty(), "leaving out a check takes a reason");
        self.off |= check.bit();
        Arc::make_mut(self.reasons.get_or_insert_default()).push((check, reason));
        self
    }

    /// Whether a free check is made.
    pub(super) fn makes(&self, check: FreeCheck) -> bool {
        self.off & check.bit() == 0
    }

    /// The checks that are left out, and why.
    pub(super) fn left_out(&self) -> &[LeftOut] {
        self.reasons.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Starts a scenario with the events of its history, oldest first.
    #[track_caller]
    pub fn given(&self, events: impl Events<S::Event>) -> Given<S> {
        Given::start(self.clone()).given(events)
    }

    /// Starts a scenario with no history.
    #[track_caller]
    pub fn given_nothing(&self) -> Given<S> {
        Given::start(self.clone())
    }

    /// Starts a scenario with the history that these commands make.
    #[track_caller]
    pub fn given_commands<C: Into<S::Input>>(&self, commands: impl IntoIterator<Item = C>) -> Given<S> {
        Given::start(self.clone()).given_commands(commands)
    }

    /// Starts a scenario at the end of another one.
    #[track_caller]
    pub fn given_end_of(&self, ending: &Ending<S>) -> Given<S> {
        Given::start(self.clone()).given_end_of(ending)
    }

    /// Starts a scenario with events as they are stored, at whatever version they were written.
    #[track_caller]
    pub fn given_stored<E: Into<StoredEvent>>(&self, events: impl IntoIterator<Item = E>) -> Given<S> {
        Given::start(self.clone()).given_stored(events)
    }
}

/// A moment, or a panic that says what one looks like.
#[track_caller]
pub(super) fn moment<T>(time: T) -> Timestamp
where
    T: TryInto<Timestamp, Error: Display>,
{
    match time.try_into() {
        Ok(time) => time,
        Err(error) => panic!("{error}"),
    }
}

/// Starts a scenario of `S` with the events of its history, oldest first.
///
/// A scenario of an aggregate whose state does not serialize starts from [`Fixture::opaque`].
#[track_caller]
pub fn given<S>(events: impl Events<S::Event>) -> Given<S>
where
    S: Subject + Default,
    S::State: Serialize,
    S::Input: Debug,
    S::Error: Debug,
    S::Reply: Debug,
    S::Effect: Debug,
    S::Sent: Debug,
{
    Fixture::new().given(events)
}

/// Starts a scenario of `S` with no history.
#[track_caller]
pub fn given_nothing<S>() -> Given<S>
where
    S: Subject + Default,
    S::State: Serialize,
    S::Input: Debug,
    S::Error: Debug,
    S::Reply: Debug,
    S::Effect: Debug,
    S::Sent: Debug,
{
    Fixture::new().given_nothing()
}
