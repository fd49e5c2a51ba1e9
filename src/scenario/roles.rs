//! Projectors, reactors, process managers and waiting aggregates as subjects.

use std::future::{Future, ready};
use std::ops::Deref;

use serde::{Serialize, Serializer};

use crate::model::{
    AsyncAggregate, Context, Event, EventError, EventKind, Never, ProcessManager, Projector, Reactor,
    Trigger, Verdict, Version,
};

use super::StoredEvent;
use super::coverage::Role;
use super::subject::{Answer, Folded, Place, Subject};

/// The events of one of the traits of the model, as a subject has them.
macro_rules! events_of {
    ($event:ty) => {
        fn kind_of(event: &$event) -> (String, Version) {
            (event.event_type().to_owned(), event.version())
        }

        fn encode(event: &$event) -> Result<StoredEvent, EventError> {
            StoredEvent::of(event)
        }

        fn encode_into(event: &$event, to: &mut Vec<u8>) -> Result<(), EventError> {
            event.encode_into(to)
        }

        fn same_kind(left: &$event, right: &$event) -> bool {
            left.event_type() == right.event_type() && left.version() == right.version()
        }

        fn decode(event_type: &str, data: &str) -> Result<$event, EventError> {
            <$event>::decode(event_type, data)
        }

        fn decode_as(event: &$event, data: &str) -> Result<$event, EventError> {
            <$event>::decode(event.event_type(), data)
        }

        fn kinds() -> Vec<EventKind> {
            <$event>::kinds()
        }

        fn equals(left: &$event, right: &$event) -> Option<bool> {
            left.equals(right)
        }
    };
}

/// The type's name without its path.
fn short<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    let end = name.find('<').unwrap_or(name.len());
    let start = name[..end].rfind("::").map_or(0, |at| at + 2);
    &name[start..]
}

/// A projector as a scenario sees it: `when` hands it an event, and the checks look at rows and query results.
#[derive(Clone, Debug, Default)]
pub struct Projecting<P> {
    read_model: ReadModel<P>,
}

impl<P> Projecting<P> {
    /// The read model as it is.
    pub fn read_model(&self) -> &ReadModel<P> {
        &self.read_model
    }
}

/// A read model, which serializes to its rows by key.
#[derive(Clone, Debug, Default)]
pub struct ReadModel<P>(P);

impl<P> Deref for ReadModel<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.0
    }
}

impl<P: Projector> Serialize for ReadModel<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.rows())
    }
}

impl<P: Projector> Subject for Projecting<P> {
    type State = ReadModel<P>;
    type Event = P::Event;
    type Input = P::Event;
    type Error = String;
    type Reply = ();
    type Effect = Never;
    type Sent = Never;
    type Timeout = Never;

    const ROLE: Role = Role::Projector;
    const FOLD: &'static str = "project";
    const HAS_ROWS: bool = true;

    fn name() -> &'static str {
        short::<P>()
    }

    fn state(&self) -> &ReadModel<P> {
        &self.read_model
    }

    fn fold(&mut self, event: &P::Event, at: &Place<'_>) -> Result<Folded, String> {
        self.read_model
            .0
            .project(event, at.position)
            .map(|()| Folded::Folded)
    }

    fn answer(&mut self, _: &P::Event, _: &Place<'_>, _: &mut Context) -> impl Future<Output = Answer<Self>> {
        ready(Answer::of(Verdict::Accepted(())))
    }

    fn event_of(event: &P::Event) -> Option<&P::Event> {
        Some(event)
    }

    events_of!(P::Event);
}

/// A reactor as a scenario sees it: `when` hands it an event, and the checks look at its effects.
#[derive(Clone, Debug, Default)]
pub struct Reacting<R> {
    reactor: R,
}

impl<R: Reactor> Subject for Reacting<R> {
    type State = ();
    type Event = R::Event;
    type Input = R::Event;
    type Error = Never;
    type Reply = ();
    type Effect = R::Effect;
    type Sent = Never;
    type Timeout = Never;

    const ROLE: Role = Role::Reactor;
    const ANSWER: &'static str = "react";
    const HAS_STATE: bool = false;

    fn name() -> &'static str {
        short::<R>()
    }

    fn state(&self) -> &() {
        &()
    }

    /// A reactor keeps nothing in mind, so history makes no difference to it.
    fn fold(&mut self, _: &R::Event, _: &Place<'_>) -> Result<Folded, Never> {
        Ok(Folded::Folded)
    }

    fn answer(
        &mut self,
        event: &R::Event,
        at: &Place<'_>,
        context: &mut Context,
    ) -> impl Future<Output = Answer<Self>> {
        ready(Answer {
            effects: self.reactor.react(event, at.position, context),
            ..Answer::of(Verdict::Accepted(()))
        })
    }

    fn event_of(event: &R::Event) -> Option<&R::Event> {
        Some(event)
    }

    events_of!(R::Event);
}

/// A process manager as a scenario sees it: `when` hands it an event or lets time pass, and the checks look at the
/// commands it sends, the timeouts it schedules and cancels, and the events of its own.
#[derive(Clone, Debug, Default)]
pub struct Managing<M> {
    manager: M,
}

impl<M: ProcessManager> Subject for Managing<M> {
    type State = M;
    type Event = M::Event;
    type Input = M::Event;
    type Error = Never;
    type Reply = ();
    type Effect = M::Effect;
    type Sent = M::Command;
    type Timeout = M::Timeout;

    const ROLE: Role = Role::ProcessManager;
    const ANSWER: &'static str = "react";
    const SCHEDULES: bool = true;

    fn name() -> &'static str {
        short::<M>()
    }

    fn state(&self) -> &M {
        &self.manager
    }

    fn fold(&mut self, event: &M::Event, _: &Place<'_>) -> Result<Folded, Never> {
        self.manager.apply(event);
        Ok(Folded::Folded)
    }

    fn answer(
        &mut self,
        event: &M::Event,
        _: &Place<'_>,
        context: &mut Context,
    ) -> impl Future<Output = Answer<Self>> {
        ready(self.manager.react(Trigger::Event(event), context).into())
    }

    fn schedule(
        &mut self,
        event: &M::Event,
        _: &Place<'_>,
        context: &mut Context,
    ) -> impl Future<Output = Option<Answer<Self>>> {
        ready(Some(self.manager.react(Trigger::Event(event), context).into()))
    }

    fn time_out(
        &mut self,
        timeout: &M::Timeout,
        context: &mut Context,
    ) -> impl Future<Output = Answer<Self>> {
        ready(self.manager.react(Trigger::Timeout(timeout), context).into())
    }

    fn event_of(event: &M::Event) -> Option<&M::Event> {
        Some(event)
    }

    fn restore(state: M) -> Option<Self> {
        Some(Self { manager: state })
    }

    events_of!(M::Event);
}

/// An aggregate that waits before it decides, with those whom it asks.
///
/// `when(command)` polls its decision once, and fails the scenario when it is not ready;
/// `when_async(command).await` waits for it on whatever runs the test.
#[derive(Debug)]
pub struct Awaiting<A: AsyncAggregate> {
    aggregate: A,
    services: A::Services,
}

impl<A: AsyncAggregate> Awaiting<A> {
    /// The aggregate before its first event, asking `services`.
    pub fn new(services: A::Services) -> Self {
        Self {
            aggregate: A::default(),
            services,
        }
    }
}

impl<A: AsyncAggregate> Default for Awaiting<A>
where
    A::Services: Default,
{
    fn default() -> Self {
        Self::new(A::Services::default())
    }
}

impl<A: AsyncAggregate> Subject for Awaiting<A> {
    type State = A;
    type Event = A::Event;
    type Input = A::Command;
    type Error = A::Error;
    type Reply = ();
    type Effect = Never;
    type Sent = Never;
    type Timeout = Never;

    const ONE_STREAM: bool = true;

    fn name() -> &'static str {
        short::<A>()
    }

    fn state(&self) -> &A {
        &self.aggregate
    }

    fn fold(&mut self, event: &A::Event, _: &Place<'_>) -> Result<Folded, A::Error> {
        self.aggregate.apply(event);
        Ok(Folded::Folded)
    }

    async fn answer(&mut self, command: &A::Command, _: &Place<'_>, _: &mut Context) -> Answer<Self> {
        match self.aggregate.handle(command, &self.services).await {
            Ok(events) => Answer::accepted(events, ()),
            Err(error) => Answer::rejected(error),
        }
    }

    events_of!(A::Event);
}
