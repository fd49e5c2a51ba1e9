//! What a scenario is told of: anything that has a history and answers.

use std::fmt::Debug;
use std::future::{Future, ready};

use crate::model::{
    Context, Decider, Decision, Event, EventError, EventKind, Position, Reaction, Scheduled, Verdict,
    Version, append_json,
};

use super::StoredEvent;
use super::coverage::Role;

/// Anything a scenario can be told of: it folds the events it is given, and answers what it is asked.
///
/// Aggregates and [`Decider`]s are subjects as they stand. [`Projecting`](super::Projecting),
/// [`Reacting`](super::Reacting), [`Managing`](super::Managing) and [`Awaiting`](super::Awaiting) make one of the
/// other traits of [`model`](crate::model). A type of another framework becomes one by an implementation of this
/// trait on a type around it.
///
/// A subject is started anew for every scenario, and more than once where a check folds a history again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that a scenario can be told of",
    label = "it is neither an aggregate nor a subject",
    note = "an aggregate implements `pastproof::model::Aggregate` or `Decider`",
    note = "a projector, a reactor or a process manager is wrapped: `given::<Projecting<P>>`, `Reacting`, `Managing`"
)]
pub trait Subject: Sized + 'static {
    /// What its history comes to.
    type State;
    /// An event of its history.
    type Event;
    /// What it is asked: a command or, where it follows others, an event.
    type Input;
    /// Why it refuses.
    type Error;
    /// What it tells the caller.
    type Reply;
    /// What is to be done outside.
    type Effect;
    /// What it sends to others.
    type Sent;
    /// What it wants to be reminded of.
    type Timeout: Clone + PartialEq + Debug;

    /// What it is, for reports.
    const ROLE: Role = Role::Aggregate;

    /// Whether its history is one stream. Given events of other streams are then not folded, which fails the scenario.
    const ONE_STREAM: bool = false;

    /// What its own code calls folding, for reports.
    const FOLD: &'static str = "apply";

    /// What its own code calls answering, for reports.
    const ANSWER: &'static str = "handle";

    /// Whether it has a state that a report should show.
    const HAS_STATE: bool = true;

    /// Whether its state is the rows of a read model by their keys.
    const HAS_ROWS: bool = false;

    /// Whether [`schedule`](Self::schedule) is called for given events, so that timeouts they scheduled are known.
    const SCHEDULES: bool = false;

    /// The name of it in reports and files.
    fn name() -> &'static str {
        let name = std::any::type_name::<Self>();
        let end = name.find('<').unwrap_or(name.len());
        let start = name[..end].rfind("::").map_or(0, |at| at + 2);
        &name[start..]
    }

    /// What its history comes to, so far.
    fn state(&self) -> &Self::State;

    /// Folds one event of its history.
    ///
    /// # Errors
    ///
    /// When it refuses the event, as a projector may.
    fn fold(&mut self, event: &Self::Event, at: &Place<'_>) -> Result<Folded, Self::Error>;

    /// Answers, and leaves its state as it was: the scenario folds what came of it.
    fn answer(
        &mut self,
        input: &Self::Input,
        at: &Place<'_>,
        context: &mut Context,
    ) -> impl Future<Output = Answer<Self>>;

    /// What it answered when an event of its history happened, where timeouts may have been scheduled then.
    fn schedule(
        &mut self,
        _event: &Self::Event,
        _at: &Place<'_>,
        _context: &mut Context,
    ) -> impl Future<Output = Option<Answer<Self>>> {
        ready(None)
    }

    /// Answers a timeout that is due.
    fn time_out(
        &mut self,
        _timeout: &Self::Timeout,
        _context: &mut Context,
    ) -> impl Future<Output = Answer<Self>> {
        ready(Answer::ignored())
    }

    /// The event that an input is, where inputs are events.
    fn event_of(_input: &Self::Input) -> Option<&Self::Event> {
        None
    }

    /// Which of the events that were folded, counted from 0 in their order, no decision has looked at.
    ///
    /// A decider with a decision query names the events that no query selected.
    fn unread(&self) -> Vec<usize> {
        Vec::new()
    }

    /// Prepares a subject that has folded nothing to fold this one's history again, where that takes more than the
    /// events: a decider with a decision query hands its last query over.
    fn refold(&self, _fresh: &mut Self) {}

    /// Type and version of an event, also of one that does not serialize.
    fn kind_of(event: &Self::Event) -> (String, Version);

    /// The event as the code would store it today.
    ///
    /// # Errors
    ///
    /// When its payload does not serialize.
    fn encode(event: &Self::Event) -> Result<StoredEvent, EventError>;

    /// Appends the event's data as the text of JSON, as the code would store it today.
    ///
    /// Two events whose kind and text are the same are one event as a store sees them.
    ///
    /// # Errors
    ///
    /// When its payload does not serialize.
    fn encode_into(event: &Self::Event, to: &mut Vec<u8>) -> Result<(), EventError> {
        append_json(&Self::encode(event)?.data, to)
    }

    /// Whether two events have one type and one version.
    fn same_kind(left: &Self::Event, right: &Self::Event) -> bool {
        Self::kind_of(left) == Self::kind_of(right)
    }

    /// Reads data that is at the version the code reads.
    ///
    /// # Errors
    ///
    /// When the type is not one of its events, or the data does not deserialize.
    fn decode(event_type: &str, data: &str) -> Result<Self::Event, EventError>;

    /// Reads data of the type that this event has, at the version the code reads.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    fn decode_as(event: &Self::Event, data: &str) -> Result<Self::Event, EventError> {
        Self::decode(&Self::kind_of(event).0, data)
    }

    /// The version that the code reads of an event type; absent when it is not one of its events.
    fn current(event_type: &str) -> Option<Version> {
        Self::kinds()
            .into_iter()
            .find(|kind| kind.event_type == event_type)
            .map(|kind| kind.version)
    }

    /// Every event type that it has, where that is known.
    fn kinds() -> Vec<EventKind> {
        Vec::new()
    }

    /// Whether two events are equal as Rust values; nothing where the type cannot tell.
    fn equals(_left: &Self::Event, _right: &Self::Event) -> Option<bool> {
        None
    }

    /// The subject again, from a state that was saved; nothing where a state is not all there is to it.
    fn restore(_state: Self::State) -> Option<Self> {
        None
    }
}

/// What became of an event that was to be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folded {
    /// It is part of the state now.
    Folded,
    /// It is none of the subject's business.
    PassedBy,
}

/// Where and when an event stands in a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Stream, revision, global position, time.
    pub position: Position<'a>,
    /// Domain ids by name, as `given_tagged` has them.
    pub tags: &'a [(String, String)],
}

/// What a subject answered.
pub struct Answer<S: Subject> {
    /// What was recorded, in order, also before a rejection.
    pub events: Vec<S::Event>,
    /// How it was answered.
    pub verdict: Verdict<S::Reply, S::Error>,
    /// What is to be done outside, in order.
    pub effects: Vec<S::Effect>,
    /// What is sent to others, in order.
    pub commands: Vec<S::Sent>,
    /// Timeouts to be scheduled, in order.
    pub scheduled: Vec<Scheduled<S::Timeout>>,
    /// Scheduled timeouts that are no longer wanted.
    pub cancelled: Vec<S::Timeout>,
}

impl<S: Subject> Answer<S> {
    /// Nothing but a verdict.
    pub fn of(verdict: Verdict<S::Reply, S::Error>) -> Self {
        Self {
            events: Vec::new(),
            verdict,
            effects: Vec::new(),
            commands: Vec::new(),
            scheduled: Vec::new(),
            cancelled: Vec::new(),
        }
    }

    /// Accepted, with these events.
    pub fn accepted(events: Vec<S::Event>, reply: S::Reply) -> Self {
        Self {
            events,
            ..Self::of(Verdict::Accepted(reply))
        }
    }

    /// Ignored.
    pub fn ignored() -> Self {
        Self::of(Verdict::Ignored)
    }

    /// Rejected.
    pub fn rejected(error: S::Error) -> Self {
        Self::of(Verdict::Rejected(error))
    }
}

impl<S: Subject> From<Decision<S::Event, S::Error, S::Reply, S::Effect>> for Answer<S> {
    fn from(decision: Decision<S::Event, S::Error, S::Reply, S::Effect>) -> Self {
        Self {
            events: decision.events,
            effects: decision.effects,
            ..Self::of(decision.verdict)
        }
    }
}

impl<S: Subject<Reply = ()>> From<Reaction<S::Event, S::Sent, S::Timeout, S::Effect>> for Answer<S> {
    fn from(reaction: Reaction<S::Event, S::Sent, S::Timeout, S::Effect>) -> Self {
        Self {
            events: reaction.events,
            verdict: if reaction.ignored {
                Verdict::Ignored
            } else {
                Verdict::Accepted(())
            },
            effects: reaction.effects,
            commands: reaction.commands,
            scheduled: reaction.scheduled,
            cancelled: reaction.cancelled,
        }
    }
}

impl<D: Decider> Subject for D {
    type State = D;
    type Event = D::Event;
    type Input = D::Command;
    type Error = D::Error;
    type Reply = D::Reply;
    type Effect = D::Effect;
    type Sent = crate::model::Never;
    type Timeout = crate::model::Never;

    const ONE_STREAM: bool = true;

    fn state(&self) -> &D {
        self
    }

    fn fold(&mut self, event: &D::Event, _: &Place<'_>) -> Result<Folded, D::Error> {
        self.evolve(event);
        Ok(Folded::Folded)
    }

    fn answer(
        &mut self,
        command: &D::Command,
        _: &Place<'_>,
        context: &mut Context,
    ) -> impl Future<Output = Answer<D>> {
        ready(self.decide(command, context).into())
    }

    fn kind_of(event: &D::Event) -> (String, Version) {
        (event.event_type().to_owned(), event.version())
    }

    fn encode(event: &D::Event) -> Result<StoredEvent, EventError> {
        StoredEvent::of(event)
    }

    fn encode_into(event: &D::Event, to: &mut Vec<u8>) -> Result<(), EventError> {
        event.encode_into(to)
    }

    fn same_kind(left: &D::Event, right: &D::Event) -> bool {
        left.event_type() == right.event_type() && left.version() == right.version()
    }

    fn decode(event_type: &str, data: &str) -> Result<D::Event, EventError> {
        D::Event::decode(event_type, data)
    }

    fn decode_as(event: &D::Event, data: &str) -> Result<D::Event, EventError> {
        D::Event::decode(event.event_type(), data)
    }

    fn kinds() -> Vec<EventKind> {
        D::Event::kinds()
    }

    fn equals(left: &D::Event, right: &D::Event) -> Option<bool> {
        left.equals(right)
    }

    fn restore(state: D) -> Option<D> {
        Some(state)
    }
}
