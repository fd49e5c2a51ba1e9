//! An aggregate as a subject.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};

use crate::adapters::decider::short;
use crate::json::same;
use crate::model::{Context, EventError, Never, Verdict, Version, append_json, read_json, write_json};
use crate::scenario::{Answer, Fixture, Folded, FreeCheck, Place, StoredEvent, Subject};

/// An aggregate of `cqrs-es` as a subject, whose commands can be cloned, so that a scenario may ask one twice.
///
/// ```
/// # use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub enum DoorEvent { Opened, Closed }
/// # impl DomainEvent for DoorEvent {
/// #     fn event_type(&self) -> String { format!("{self:?}") }
/// #     fn event_version(&self) -> String { "1".to_owned() }
/// # }
/// # #[derive(Clone, Debug)] pub enum DoorCommand { Open, Close }
/// # #[derive(Debug)] pub struct DoorError;
/// # impl std::fmt::Display for DoorError {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("no") }
/// # }
/// # impl std::error::Error for DoorError {}
/// # #[derive(Default, Serialize, Deserialize)] pub struct Door { open: bool }
/// # impl Aggregate for Door {
/// #     const TYPE: &'static str = "door";
/// #     type Command = DoorCommand;
/// #     type Event = DoorEvent;
/// #     type Error = DoorError;
/// #     type Services = ();
/// #     async fn handle(&mut self, command: DoorCommand, _: &(), sink: &EventSink<Self>) -> Result<(), DoorError> {
/// #         let event = match command { DoorCommand::Open => DoorEvent::Opened, DoorCommand::Close => DoorEvent::Closed };
/// #         sink.write(event, self).await;
/// #         Ok(())
/// #     }
/// #     fn apply(&mut self, event: DoorEvent) { self.open = event == DoorEvent::Opened }
/// # }
/// use pastproof::adapters::cqrs_es::Hosted;
///
/// let door = Hosted::<Door>::fixture(|| ());
/// door.given([DoorEvent::Opened])
///     .when(DoorCommand::Close)
///     .then([DoorEvent::Closed])
///     .then_state_that("it is shut", |door| !door.open)
///     .when(DoorCommand::Open)
///     .then([DoorEvent::Opened]);
/// ```
pub struct Hosted<A: Aggregate> {
    host: Host<A>,
}

/// An aggregate of `cqrs-es` as a subject, whose commands are given away when they are asked.
///
/// [`TestFramework`](super::TestFramework) uses it: it asks nothing of commands that `cqrs-es` does not.
pub struct HostedOnce<A: Aggregate> {
    host: Host<A>,
}

/// A command that can be asked once.
pub struct Once<C>(Cell<Option<C>>);

impl<C> From<C> for Once<C> {
    fn from(command: C) -> Self {
        Self(Cell::new(Some(command)))
    }
}

impl<C> fmt::Debug for Once<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} (not shown)", short::<C>())
    }
}

impl<A> Hosted<A>
where
    A: Aggregate + 'static,
    A::Command: Clone + fmt::Debug,
    A::Services: 'static,
{
    /// What its scenarios start from. `services` makes what the aggregate asks; each scenario has its own.
    ///
    /// A scenario asks a command more than once, to see that it is answered the same. Services that answer once, as a
    /// mock may, leave [`FreeCheck::DecideTwice`] and [`FreeCheck::CommandRepeated`] out by [`Fixture::without`].
    pub fn fixture(services: impl Fn() -> A::Services + Send + Sync + 'static) -> Fixture<Self> {
        Fixture::starting(move || Self {
            host: Host::new(Arc::new(services())),
        })
    }
}

impl<A> HostedOnce<A>
where
    A: Aggregate + 'static,
    A::Services: 'static,
{
    /// What its scenarios start from.
    pub(super) fn fixture(services: A::Services) -> Fixture<Self> {
        let services = Arc::new(services);
        let fixture = Fixture::starting(move || Self {
            host: Host::new(Arc::clone(&services)),
        });
        let reason =
            "a command of cqrs-es is given away when it is asked, and a mocked service may answer once";
        fixture
            .without(FreeCheck::DecideTwice, reason)
            .without(FreeCheck::CommandRepeated, reason)
    }
}

/// The aggregate, its history, and whom it asks.
struct Host<A: Aggregate> {
    aggregate: A,
    history: Vec<A::Event>,
    services: Arc<A::Services>,
}

impl<A: Aggregate> Host<A> {
    fn new(services: Arc<A::Services>) -> Self {
        Self {
            aggregate: A::default(),
            history: Vec::new(),
            services,
        }
    }

    fn fold(&mut self, event: &A::Event) {
        self.history.push(event.clone());
        self.aggregate.apply(event.clone());
    }

    /// The aggregate as the framework loads it for a command.
    fn loaded(&self) -> A {
        let mut aggregate = A::default();
        for event in &self.history {
            aggregate.apply(event.clone());
        }
        aggregate
    }

    /// What was written, and how it ended.
    async fn ask(&self, command: A::Command) -> (Vec<A::Event>, Result<(), A::Error>) {
        let mut aggregate = self.loaded();
        let sink = EventSink::default();
        let ended = aggregate.handle(command, &self.services, &sink).await;
        let events = sink.collect().await;
        self.must_be_the_fold(&aggregate, &events);
        (events, ended)
    }

    /// Panics, as a wrong handler does, when the aggregate is another one than its events make of it.
    fn must_be_the_fold(&self, handled: &A, events: &[A::Event]) {
        let mut folded = self.loaded();
        for event in events {
            folded.apply(event.clone());
        }
        // The same text is the same state. Another text may be: a set has no order.
        let (mut one, mut other) = (Vec::new(), Vec::new());
        let written = append_json(handled, &mut one).and_then(|()| append_json(&folded, &mut other));
        if written.is_ok() && one == other {
            return;
        }
        // What does not serialize is complained of where the state is shown.
        if let (Ok(handled), Ok(folded)) = (write_json(handled), write_json(&folded)) {
            assert!(
                same(&handled, &folded),
                "the handler changes the aggregate in another way than by its events: it is {handled}, and its events make it {folded}"
            );
        }
    }
}

/// The answer of a subject that hosts `A`.
fn answer<A, S>((events, ended): (Vec<A::Event>, Result<(), A::Error>)) -> Answer<S>
where
    A: Aggregate,
    S: Subject<Event = A::Event, Error = A::Error, Reply = ()>,
{
    let verdict = match ended {
        Ok(()) => Verdict::Accepted(()),
        Err(error) => Verdict::Rejected(error),
    };
    Answer {
        events,
        ..Answer::of(verdict)
    }
}

/// The parts of a subject that are those of the framework.
macro_rules! hosted {
    () => {
        type State = A;
        type Event = A::Event;
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
            &self.host.aggregate
        }

        fn fold(&mut self, event: &A::Event, _: &Place<'_>) -> Result<Folded, A::Error> {
            self.host.fold(event);
            Ok(Folded::Folded)
        }

        fn kind_of(event: &A::Event) -> (String, Version) {
            super::aggregate::kind_of(event)
        }

        fn encode(event: &A::Event) -> Result<StoredEvent, EventError> {
            super::aggregate::encode(event)
        }

        fn encode_into(event: &A::Event, to: &mut Vec<u8>) -> Result<(), EventError> {
            append_json(event, to)
        }

        fn decode(_: &str, data: &str) -> Result<A::Event, EventError> {
            read_json(data)
        }

        fn decode_as(_: &A::Event, data: &str) -> Result<A::Event, EventError> {
            read_json(data)
        }

        fn equals(left: &A::Event, right: &A::Event) -> Option<bool> {
            Some(left == right)
        }
    };
}

impl<A: Aggregate + 'static> Subject for Hosted<A>
where
    A::Command: Clone,
{
    type Input = A::Command;

    hosted!();

    async fn answer(&mut self, command: &A::Command, _: &Place<'_>, _: &mut Context) -> Answer<Self> {
        answer::<A, Self>(self.host.ask(command.clone()).await)
    }
}

impl<A: Aggregate + 'static> Subject for HostedOnce<A> {
    type Input = Once<A::Command>;

    hosted!();

    async fn answer(&mut self, command: &Once<A::Command>, _: &Place<'_>, _: &mut Context) -> Answer<Self> {
        match command.0.take() {
            Some(command) => answer::<A, Self>(self.host.ask(command).await),
            // The checks that ask again are left out by the only fixture there is.
            None => Answer::ignored(),
        }
    }
}

/// Type and version of an event, as the framework stores it.
pub(super) fn kind_of<E: DomainEvent>(event: &E) -> (String, Version) {
    (event.event_type(), version(event))
}

/// The version as the framework stores it, which is a text.
fn version<E: DomainEvent>(event: &E) -> Version {
    Version::from(event.event_version())
}

/// The event as the framework stores it: the whole value, its type and its version beside it.
pub(super) fn encode<E: DomainEvent>(event: &E) -> Result<StoredEvent, EventError> {
    Ok(StoredEvent {
        event_type: event.event_type(),
        version: version(event),
        data: write_json(event)?,
    })
}
