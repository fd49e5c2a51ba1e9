//! Views and queries as subjects.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::{Future, ready};
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};

use cqrs_es::{Aggregate, EventEnvelope, Query, View};
use serde::Serialize;

use super::aggregate::{encode, kind_of};
use crate::adapters::decider::short;
use crate::model::{Context, EventError, Never, Verdict, Version, append_json, read_json};
use crate::scenario::coverage::Role;
use crate::scenario::{Answer, Fixture, Folded, Place, StoredEvent, Subject};

/// A view of `cqrs-es` as a subject: `given` and `when` hand it events, and its state is what is checked.
///
/// An event's envelope has the stream as its aggregate id and its position in the stream, from 1, as its sequence.
pub struct Viewing<V, A> {
    view: V,
    aggregate: PhantomData<fn(A)>,
}

impl<V: Default, A> Default for Viewing<V, A> {
    fn default() -> Self {
        Self {
            view: V::default(),
            aggregate: PhantomData,
        }
    }
}

/// A query of `cqrs-es` as a subject: `given` and `when` dispatch events to it, and what is checked is what it made of
/// them, as its fixture reads it.
pub struct Querying<Q, T, A> {
    query: Arc<Q>,
    read: Arc<dyn Fn(&Q) -> T + Send + Sync>,
    state: T,
    aggregate: PhantomData<fn(A)>,
}

impl<Q, T, A> Querying<Q, T, A>
where
    Q: Query<A> + 'static,
    T: Serialize + 'static,
    A: Aggregate + 'static,
    A::Event: Debug,
{
    /// What its scenarios start from: `start` makes the query, and `read` says what it holds.
    pub fn fixture(
        start: impl Fn() -> Q + Send + Sync + 'static,
        read: impl Fn(&Q) -> T + Send + Sync + 'static,
    ) -> Fixture<Self> {
        let read: Arc<dyn Fn(&Q) -> T + Send + Sync> = Arc::new(read);
        Fixture::starting(move || {
            let query = start();
            Self {
                state: read(&query),
                query: Arc::new(query),
                read: Arc::clone(&read),
                aggregate: PhantomData,
            }
        })
    }
}

/// An event as the framework hands it to views and queries.
fn envelope<A: Aggregate>(event: &A::Event, at: &Place<'_>) -> EventEnvelope<A> {
    EventEnvelope {
        aggregate_id: at.position.stream.to_owned(),
        sequence: at
            .position
            .revision
            .and_then(|revision| usize::try_from(revision).ok())
            .unwrap_or_default(),
        payload: event.clone(),
        metadata: HashMap::new(),
    }
}

/// The parts of a subject that follows the events of `A`.
macro_rules! following {
    () => {
        type Event = A::Event;
        type Input = A::Event;
        type Error = String;
        type Reply = ();
        type Effect = Never;
        type Sent = Never;
        type Timeout = Never;

        fn answer(
            &mut self,
            _: &A::Event,
            _: &Place<'_>,
            _: &mut Context,
        ) -> impl Future<Output = Answer<Self>> {
            ready(Answer::of(Verdict::Accepted(())))
        }

        fn event_of(event: &A::Event) -> Option<&A::Event> {
            Some(event)
        }

        fn kind_of(event: &A::Event) -> (String, Version) {
            kind_of(event)
        }

        fn encode(event: &A::Event) -> Result<StoredEvent, EventError> {
            encode(event)
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

impl<V: View<A> + 'static, A: Aggregate + 'static> Subject for Viewing<V, A> {
    type State = V;

    const ROLE: Role = Role::Projector;
    const FOLD: &'static str = "update";

    following!();

    fn name() -> &'static str {
        short::<V>()
    }

    fn state(&self) -> &V {
        &self.view
    }

    fn fold(&mut self, event: &A::Event, at: &Place<'_>) -> Result<Folded, String> {
        self.view.update(&envelope(event, at));
        Ok(Folded::Folded)
    }
}

impl<Q: Query<A> + 'static, T: 'static, A: Aggregate + 'static> Subject for Querying<Q, T, A> {
    type State = T;

    const ROLE: Role = Role::Projector;
    const FOLD: &'static str = "dispatch";

    following!();

    fn name() -> &'static str {
        short::<Q>()
    }

    fn state(&self) -> &T {
        &self.state
    }

    /// The query is polled once: one that waits for a store is no matter of a scenario.
    fn fold(&mut self, event: &A::Event, at: &Place<'_>) -> Result<Folded, String> {
        let events = [envelope::<A>(event, at)];
        let dispatched = pin!(self.query.dispatch(at.position.stream, &events));
        match dispatched.poll(&mut std::task::Context::from_waker(Waker::noop())) {
            Poll::Ready(()) => {
                self.state = (self.read)(&self.query);
                Ok(Folded::Folded)
            }
            Poll::Pending => {
                Err("it awaits something that is not ready, and a scenario awaits no query".to_owned())
            }
        }
    }
}
