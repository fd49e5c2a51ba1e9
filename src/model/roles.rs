//! Who decides and who follows, beyond the plain aggregate: deciders with replies and effects, reactors, process
//! managers, queries.

use std::fmt::Debug;
use std::future::Future;

use serde::Serialize;

use super::{Aggregate, Context, Event, Position, Projector, Timestamp};

/// Nothing of this type exists: an aggregate without effects has `Never` for its effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Never {}

/// How a command was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<R, X> {
    /// It is agreed to; there may be nothing to record.
    Accepted(R),
    /// It is none of the aggregate's business, or it was carried out already: nothing changes, and nobody is told no.
    Ignored,
    /// The caller is told no.
    Rejected(X),
}

/// What a [`Decider`] decides: events, a verdict, effects.
///
/// Events of a rejected command are those recorded before the rejection; they stay recorded.
///
/// ```
/// use pastproof::model::{Decision, Verdict};
/// let decision: Decision<&str, String, u32> = Decision::accepted(["opened"]).replying(7);
/// assert_eq!(decision.events, ["opened"]);
/// assert_eq!(decision.verdict, Verdict::Accepted(7));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<E, X, R = (), F = Never> {
    /// What is recorded, in order.
    pub events: Vec<E>,
    /// How the command was answered.
    pub verdict: Verdict<R, X>,
    /// What is to be done outside, in order.
    pub effects: Vec<F>,
}

impl<E, X, R, F> Decision<E, X, R, F> {
    /// Accepted, with these events.
    pub fn accepted<T: Into<E>>(events: impl IntoIterator<Item = T>) -> Self
    where
        R: Default,
    {
        Self {
            events: events.into_iter().map(Into::into).collect(),
            verdict: Verdict::Accepted(R::default()),
            effects: Vec::new(),
        }
    }

    /// Accepted with nothing to record, and this reply.
    pub fn reply(reply: R) -> Self {
        Self {
            events: Vec::new(),
            verdict: Verdict::Accepted(reply),
            effects: Vec::new(),
        }
    }

    /// Ignored.
    pub fn ignored() -> Self {
        Self {
            events: Vec::new(),
            verdict: Verdict::Ignored,
            effects: Vec::new(),
        }
    }

    /// Rejected.
    pub fn rejected(error: impl Into<X>) -> Self {
        Self {
            events: Vec::new(),
            verdict: Verdict::Rejected(error.into()),
            effects: Vec::new(),
        }
    }

    /// The same decision, accepted with this reply.
    #[must_use]
    pub fn replying(mut self, reply: R) -> Self {
        self.verdict = Verdict::Accepted(reply);
        self
    }

    /// The same decision with one effect more.
    #[must_use]
    pub fn with_effect(mut self, effect: impl Into<F>) -> Self {
        self.effects.push(effect.into());
        self
    }

    /// The same decision with one event more.
    #[must_use]
    pub fn with_event(mut self, event: impl Into<E>) -> Self {
        self.events.push(event.into());
        self
    }
}

impl<E, X, R: Default, F> From<Result<Vec<E>, X>> for Decision<E, X, R, F> {
    fn from(answer: Result<Vec<E>, X>) -> Self {
        match answer {
            Ok(events) => Self::accepted(events),
            Err(error) => Self::rejected(error),
        }
    }
}

/// An aggregate whose decisions take more than a command, or give more than events: the time, new ids, replies,
/// effects, and a word for what is ignored.
///
/// Every [`Aggregate`] is one. The shape is the decider of Jérémie Chassaing's "Functional Event Sourcing Decider":
/// an initial state, a decision, an evolution.
pub trait Decider: Default + 'static {
    /// What may be asked of it.
    type Command;
    /// The facts it records.
    type Event: Event;
    /// Why it refuses a command.
    type Error;
    /// What it tells the caller of an accepted command; `()` for nothing.
    type Reply;
    /// What is to be done outside; [`Never`] for nothing.
    type Effect;

    /// Decides. What lies outside is in `context`.
    fn decide(
        &self,
        command: &Self::Command,
        context: &mut Context,
    ) -> Decision<Self::Event, Self::Error, Self::Reply, Self::Effect>;

    /// Folds one event into the state.
    fn evolve(&mut self, event: &Self::Event);
}

impl<A: Aggregate> Decider for A {
    type Command = A::Command;
    type Event = A::Event;
    type Error = A::Error;
    type Reply = ();
    type Effect = Never;

    fn decide(&self, command: &A::Command, _: &mut Context) -> Decision<A::Event, A::Error> {
        self.handle(command).into()
    }

    fn evolve(&mut self, event: &A::Event) {
        self.apply(event);
    }
}

/// An aggregate that has to wait for something before it decides, such as an answer from another service.
///
/// What it waits for is behind [`Services`](Self::Services), so that a test can stand in for it.
pub trait AsyncAggregate: Default + 'static {
    /// What may be asked of it.
    type Command;
    /// The facts it records.
    type Event: Event;
    /// Why it refuses a command.
    type Error;
    /// Whom it asks.
    type Services;

    /// Decides: the events that the command leads to, or a refusal.
    fn handle(
        &self,
        command: &Self::Command,
        services: &Self::Services,
    ) -> impl Future<Output = Result<Vec<Self::Event>, Self::Error>>;

    /// Folds one event into the state.
    fn apply(&mut self, event: &Self::Event);
}

/// Turns events into effects, and keeps nothing in mind.
///
/// Effects are values: to react is to say what is to be done, and somebody else does it. So a reactor can be tested
/// without a mail server, and a replay can ask what would be done and do nothing.
pub trait Reactor: Default + 'static {
    /// The events it follows; other types pass it by.
    type Event: Event;
    /// What is to be done outside.
    type Effect;

    /// What is to be done because of one event; nothing where there is nothing to do.
    fn react(&self, event: &Self::Event, at: Position<'_>, context: &mut Context) -> Vec<Self::Effect>;
}

/// What makes a process manager act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger<'a, E, T> {
    /// Something happened.
    Event(&'a E),
    /// A timeout that it had scheduled is due.
    Timeout(&'a T),
}

/// A timeout and when it is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scheduled<T> {
    /// What it is for.
    pub timeout: T,
    /// When it is due.
    pub due: Timestamp,
}

/// What a [`ProcessManager`] does about an event or a timeout.
///
/// ```
/// use pastproof::model::{Never, Reaction};
/// let reaction: Reaction<Never, &str, &str> = Reaction::new().sending("ship").cancelling("give up");
/// assert_eq!(reaction.commands, ["ship"]);
/// assert!(reaction.events.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction<E, C, T, F = Never> {
    /// Facts of the process itself, in order.
    pub events: Vec<E>,
    /// Commands for others, in order.
    pub commands: Vec<C>,
    /// Timeouts to be scheduled, in order.
    pub scheduled: Vec<Scheduled<T>>,
    /// Scheduled timeouts that are no longer wanted.
    pub cancelled: Vec<T>,
    /// What is to be done outside, in order.
    pub effects: Vec<F>,
    /// Whether what happened is none of its business.
    pub ignored: bool,
}

impl<E, C, T, F> Reaction<E, C, T, F> {
    /// Taken note of, with nothing to do.
    pub fn new() -> Self {
        Self {
            events: Vec::new(),
            commands: Vec::new(),
            scheduled: Vec::new(),
            cancelled: Vec::new(),
            effects: Vec::new(),
            ignored: false,
        }
    }

    /// None of its business, or it was done already.
    pub fn ignored() -> Self {
        Self {
            ignored: true,
            ..Self::new()
        }
    }

    /// The same reaction with one event more.
    #[must_use]
    pub fn recording(mut self, event: impl Into<E>) -> Self {
        self.events.push(event.into());
        self
    }

    /// The same reaction with one command more.
    #[must_use]
    pub fn sending(mut self, command: impl Into<C>) -> Self {
        self.commands.push(command.into());
        self
    }

    /// The same reaction with one timeout more.
    #[must_use]
    pub fn scheduling(mut self, timeout: impl Into<T>, due: Timestamp) -> Self {
        self.scheduled.push(Scheduled {
            timeout: timeout.into(),
            due,
        });
        self
    }

    /// The same reaction, which cancels every scheduled timeout that equals this one.
    #[must_use]
    pub fn cancelling(mut self, timeout: impl Into<T>) -> Self {
        self.cancelled.push(timeout.into());
        self
    }

    /// The same reaction with one effect more.
    #[must_use]
    pub fn with_effect(mut self, effect: impl Into<F>) -> Self {
        self.effects.push(effect.into());
        self
    }
}

impl<E, C, T, F> Default for Reaction<E, C, T, F> {
    fn default() -> Self {
        Self::new()
    }
}

/// Turns events and timeouts into commands: a saga with a state of its own, which is the fold of the events it
/// follows and of those it records.
///
/// The default value is the state before the first event. Timeouts are values as well: it says what it wants to be
/// reminded of and when, and is told when that time has come.
pub trait ProcessManager: Default + 'static {
    /// The events it follows, and those it records itself.
    type Event: Event;
    /// What it sends to others.
    type Command;
    /// What it wants to be reminded of.
    type Timeout: Clone + PartialEq + Debug;
    /// What is to be done outside; [`Never`] for nothing.
    type Effect;

    /// What is to be done, in the state before the event is folded. A timeout is not folded; what it changes is
    /// recorded as an event.
    fn react(
        &self,
        trigger: Trigger<'_, Self::Event, Self::Timeout>,
        context: &mut Context,
    ) -> Reaction<Self::Event, Self::Command, Self::Timeout, Self::Effect>;

    /// Folds one event into the state.
    fn apply(&mut self, event: &Self::Event);
}

/// A question that a read model answers.
pub trait Query<P: Projector> {
    /// The answer.
    type Result: Serialize + 'static;

    /// Asks the read model.
    fn ask(&self, read_model: &P) -> Self::Result;
}
