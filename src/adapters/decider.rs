//! A subject made of plain functions.

use std::fmt::Debug;
use std::future::{Future, ready};
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::query::{DecisionQuery, Tag};
use crate::model::{
    Context, Decision, Event, EventError, EventKind, Never, Version, append_json, write_json,
};
use crate::scenario::{Answer, Fixture, Folded, Place, StoredEvent, Subject};

/// A decider of three functions: the state before the first event, what is decided about a command, and how an event
/// changes the state.
///
/// Nothing has to be implemented: whoever keeps their domain in functions can tell scenarios of it as it stands. The
/// shape is the one of Jérémie Chassaing's "Functional Event Sourcing Decider", with the arguments as `fmodel-rust`
/// has them. `decide` returns events or an error, or a [`Decision`] where it has more to say.
///
/// ```
/// use pastproof::adapters::decider;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)] pub struct Lit {}
/// # #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)] pub struct Dimmed { pub to: u8 }
/// pastproof::events! {
///     #[derive(Clone, Debug)]
///     pub enum LampEvent { Lit(Lit) = 1, Dimmed(Dimmed) = 1 }
/// }
///
/// fn decide(command: &Option<u8>, level: &u8) -> Result<Vec<LampEvent>, String> {
///     match command {
///         None => Ok(vec![Lit {}.into()]),
///         Some(_) if *level == 0 => Err("it is dark".to_owned()),
///         Some(to) => Ok(vec![Dimmed { to: *to }.into()]),
///     }
/// }
///
/// fn evolve(_: &u8, event: &LampEvent) -> u8 {
///     match event {
///         LampEvent::Lit(_) => 100,
///         LampEvent::Dimmed(Dimmed { to }) => *to,
///     }
/// }
///
/// let lamp = decider(u8::default, decide, evolve).fixture();
/// lamp.given([Lit {}]).when(Some(40)).then([Dimmed { to: 40 }]).then_state(40);
/// lamp.given_nothing().when(Some(40)).then_error("it is dark");
/// ```
///
/// # Decision queries
///
/// Where a store has no streams, a decision looks at the events that its query selects by type and by tags.
/// [`tags`](Deciding::tags) says which tags an event carries, and [`query`](Deciding::query) what a command looks at.
/// The state is then the fold of what was selected, so that a decision never sees an event that its query leaves out;
/// and a given event that no query of the scenario selects is reported, since the story does not depend on it.
///
/// ```
/// use pastproof::adapters::{DecisionQuery, serde_decider};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// pub enum Library {
///     Lent { book: u32, to: String },
///     Returned { book: u32 },
/// }
///
/// #[derive(Debug)]
/// pub struct Lend { book: u32, to: String }
///
/// fn decide(lend: &Lend, lent: &bool) -> Result<Vec<Library>, String> {
///     if *lent { return Err(format!("book {} is out", lend.book)) }
///     Ok(vec![Library::Lent { book: lend.book, to: lend.to.clone() }])
/// }
///
/// let library = serde_decider(bool::default, decide, |_, event: &Library| matches!(event, Library::Lent { .. }))
///     .tags(|event| match event {
///         Library::Lent { book, .. } | Library::Returned { book } => vec![("book".to_owned(), book.to_string())],
///     })
///     .query(|lend: &Lend| DecisionQuery::tag("book", lend.book))
///     .fixture();
/// let lent = |book| Library::Lent { book, to: "ann".to_owned() };
/// let lend = |book| Lend { book, to: "ann".to_owned() };
///
/// library.given([lent(1)]).when(lend(1)).then_error("book 1 is out");
///
/// // The other book has nothing to do with it; whoever gives it meant something else.
/// let failure = library.given([lent(2)]).when(lend(1)).then([lent(1)]).try_check().unwrap_err();
/// assert!(failure.to_string().contains("Lent"), "{failure}");
/// ```
pub fn decider<S, C, O, I, D, V>(initial: I, decide: D, evolve: V) -> Deciding<S, C, O, EventCodec<O::Event>>
where
    O: Decided,
    O::Event: Event,
    I: Fn() -> S + Send + Sync + 'static,
    D: Fn(&C, &S) -> O + Send + Sync + 'static,
    V: Fn(&S, &O::Event) -> S + Send + Sync + 'static,
{
    Deciding::new(initial, decide, evolve)
}

/// As [`decider`](decider()), for events that are an enum of serde's and nothing else.
///
/// An event is stored under the name of its variant, at version 1, with what the variant holds as its data. The enum
/// is tagged externally, which is serde's default.
pub fn serde_decider<S, C, O, I, D, V>(
    initial: I,
    decide: D,
    evolve: V,
) -> Deciding<S, C, O, SerdeCodec<O::Event>>
where
    O: Decided,
    O::Event: Serialize + DeserializeOwned + PartialEq,
    I: Fn() -> S + Send + Sync + 'static,
    D: Fn(&C, &S) -> O + Send + Sync + 'static,
    V: Fn(&S, &O::Event) -> S + Send + Sync + 'static,
{
    Deciding::new(initial, decide, evolve)
}

/// What a `decide` function may return.
pub trait Decided {
    /// The facts.
    type Event;
    /// Why it refuses.
    type Error;
    /// What it tells the caller.
    type Reply;
    /// What is to be done outside.
    type Effect;

    /// The same, with every part in its place.
    fn into_decision(self) -> Decision<Self::Event, Self::Error, Self::Reply, Self::Effect>;
}

impl<E, X> Decided for Result<Vec<E>, X> {
    type Event = E;
    type Error = X;
    type Reply = ();
    type Effect = Never;

    fn into_decision(self) -> Decision<E, X> {
        self.into()
    }
}

impl<E, X, R, F> Decided for Decision<E, X, R, F> {
    type Event = E;
    type Error = X;
    type Reply = R;
    type Effect = F;

    fn into_decision(self) -> Self {
        self
    }
}

/// How events are stored.
pub trait Codec {
    /// The events.
    type Event;

    /// Type and version of an event.
    fn kind_of(event: &Self::Event) -> (String, Version);

    /// The event as it is stored.
    ///
    /// # Errors
    ///
    /// When it does not serialize.
    fn encode(event: &Self::Event) -> Result<StoredEvent, EventError>;

    /// Appends the data as it is stored, as the text of JSON.
    ///
    /// # Errors
    ///
    /// When it does not serialize.
    fn encode_into(event: &Self::Event, to: &mut Vec<u8>) -> Result<(), EventError> {
        append_json(&Self::encode(event)?.data, to)
    }

    /// Whether two events have one type and one version.
    fn same_kind(left: &Self::Event, right: &Self::Event) -> bool {
        Self::kind_of(left) == Self::kind_of(right)
    }

    /// The event as it is read.
    ///
    /// # Errors
    ///
    /// When the type is not one of them, or the data does not deserialize.
    fn decode(event_type: &str, data: &str) -> Result<Self::Event, EventError>;

    /// The version at which events of this type are read.
    fn current(event_type: &str) -> Option<Version>;

    /// Every event type, where that is known.
    fn kinds() -> Vec<EventKind>;

    /// Whether two events are equal, where that can be told.
    fn equals(left: &Self::Event, right: &Self::Event) -> Option<bool>;
}

/// Events that say themselves how they are stored; see [`Event`].
#[derive(Clone, Copy, Debug)]
pub struct EventCodec<E>(PhantomData<fn(E)>);

impl<E: Event> Codec for EventCodec<E> {
    type Event = E;

    fn kind_of(event: &E) -> (String, Version) {
        (event.event_type().to_owned(), event.version())
    }

    fn encode(event: &E) -> Result<StoredEvent, EventError> {
        StoredEvent::of(event)
    }

    fn encode_into(event: &E, to: &mut Vec<u8>) -> Result<(), EventError> {
        event.encode_into(to)
    }

    fn same_kind(left: &E, right: &E) -> bool {
        left.event_type() == right.event_type() && left.version() == right.version()
    }

    fn decode(event_type: &str, data: &str) -> Result<E, EventError> {
        E::decode(event_type, data)
    }

    fn current(event_type: &str) -> Option<Version> {
        let kind = E::kinds().into_iter().find(|kind| kind.event_type == event_type);
        kind.map(|kind| kind.version)
    }

    fn kinds() -> Vec<EventKind> {
        E::kinds()
    }

    fn equals(left: &E, right: &E) -> Option<bool> {
        left.equals(right)
    }
}

/// Events that are an enum of serde's, tagged externally.
#[derive(Clone, Copy, Debug)]
pub struct SerdeCodec<E>(PhantomData<fn(E)>);

impl<E: Serialize + DeserializeOwned + PartialEq> Codec for SerdeCodec<E> {
    type Event = E;

    fn kind_of(event: &E) -> (String, Version) {
        let name = Self::encode(event).map_or_else(|_| short::<E>().to_owned(), |event| event.event_type);
        (name, Version::from(1))
    }

    fn encode(event: &E) -> Result<StoredEvent, EventError> {
        let (event_type, data) = match write_json(event)? {
            Value::String(name) => (name, Value::Null),
            Value::Object(members) if members.len() == 1 => {
                // A map of one member has a first one.
                members.into_iter().next().unwrap_or_default()
            }
            other => {
                return Err(EventError::new(format!(
                    "{other} does not say which event of {} it is: the enum has to be tagged externally",
                    short::<E>()
                )));
            }
        };
        Ok(StoredEvent {
            event_type,
            version: Version::from(1),
            data,
        })
    }

    fn decode(event_type: &str, data: &str) -> Result<E, EventError> {
        let name = Value::from(event_type);
        if data == "null"
            && let Ok(event) = serde_json::from_value(name.clone())
        {
            return Ok(event);
        }
        crate::model::read_json(&format!("{{{name}:{data}}}"))
    }

    /// Every type is tried: which there are is known to serde alone.
    fn current(_: &str) -> Option<Version> {
        Some(Version::from(1))
    }

    fn kinds() -> Vec<EventKind> {
        Vec::new()
    }

    fn equals(left: &E, right: &E) -> Option<bool> {
        Some(left == right)
    }
}

/// The name of a type without its path and its parameters.
pub(super) fn short<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    let end = name.find('<').unwrap_or(name.len());
    let start = name[..end].rfind("::").map_or(0, |at| at + 2);
    &name[start..end]
}

type Decide<C, S, O> = dyn Fn(&C, &S) -> O + Send + Sync;
type Evolve<S, E> = dyn Fn(&S, &E) -> S + Send + Sync;
type Tags<E> = dyn Fn(&E) -> Vec<Tag> + Send + Sync;

/// The functions, which all scenarios of a decider share.
struct Functions<S, C, O: Decided> {
    initial: Box<dyn Fn() -> S + Send + Sync>,
    decide: Box<Decide<C, S, O>>,
    evolve: Box<Evolve<S, O::Event>>,
    tags: Option<Box<Tags<O::Event>>>,
    query: Option<Selecting<C, O::Event>>,
}

/// What a command looks at, and how its events are kept until that is known.
struct Selecting<C, E> {
    query: Box<dyn Fn(&C) -> DecisionQuery + Send + Sync>,
    keep: fn(&E) -> E,
}

/// A decider made of functions; see [`decider`](decider()).
pub struct Deciding<S, C, O: Decided, K> {
    functions: Arc<Functions<S, C, O>>,
    state: S,
    /// What happened, where a query chooses from it.
    log: Vec<Kept<O::Event>>,
    /// The query of the last decision, and whether there was one.
    query: Option<DecisionQuery>,
    codec: PhantomData<K>,
}

/// An event until a query selects it.
struct Kept<E> {
    event: E,
    event_type: String,
    tags: Vec<Tag>,
    /// Whether a query has selected it.
    read: bool,
}

impl<S, C, O: Decided, K> Deciding<S, C, O, K> {
    fn new(
        initial: impl Fn() -> S + Send + Sync + 'static,
        decide: impl Fn(&C, &S) -> O + Send + Sync + 'static,
        evolve: impl Fn(&S, &O::Event) -> S + Send + Sync + 'static,
    ) -> Self {
        Self::with(Functions {
            initial: Box::new(initial),
            decide: Box::new(decide),
            evolve: Box::new(evolve),
            tags: None,
            query: None,
        })
    }

    fn with(functions: Functions<S, C, O>) -> Self {
        Self::start(Arc::new(functions))
    }

    fn start(functions: Arc<Functions<S, C, O>>) -> Self {
        Self {
            state: (functions.initial)(),
            functions,
            log: Vec::new(),
            query: None,
            codec: PhantomData,
        }
    }

    fn change(self, change: impl FnOnce(&mut Functions<S, C, O>)) -> Self {
        match Arc::try_unwrap(self.functions) {
            Ok(mut functions) => {
                change(&mut functions);
                Self::with(functions)
            }
            // A fixture shares the functions, and it takes the decider with it.
            Err(_) => unreachable!("a decider is changed before it becomes a fixture"),
        }
    }

    /// The same decider, whose events carry these tags, beside those that a scenario gives them.
    #[must_use = "this makes a new decider"]
    pub fn tags(self, tags: impl Fn(&O::Event) -> Vec<Tag> + Send + Sync + 'static) -> Self {
        self.change(|functions| functions.tags = Some(Box::new(tags)))
    }

    /// The same decider, whose decisions look at the events that this selects.
    #[must_use = "this makes a new decider"]
    pub fn query(self, query: impl Fn(&C) -> DecisionQuery + Send + Sync + 'static) -> Self
    where
        O::Event: Clone,
    {
        self.change(|functions| {
            functions.query = Some(Selecting {
                query: Box::new(query),
                keep: Clone::clone,
            });
        })
    }

    fn tags_of(&self, event: &O::Event, at: &Place<'_>) -> Vec<Tag> {
        let mut tags = self
            .functions
            .tags
            .as_ref()
            .map_or_else(Vec::new, |tags| tags(event));
        tags.extend_from_slice(at.tags);
        tags
    }
}

impl<S, C, O, K> Deciding<S, C, O, K>
where
    S: 'static,
    C: 'static,
    O: Decided + 'static,
    O::Event: 'static,
    K: Codec<Event = O::Event> + 'static,
{
    /// What its scenarios start from.
    pub fn fixture(self) -> Fixture<Self>
    where
        S: Serialize,
        C: Debug,
        O::Error: Debug,
        O::Reply: Debug,
        O::Effect: Debug,
    {
        let functions = self.functions;
        Fixture::starting(move || Self::start(Arc::clone(&functions)))
    }

    /// As [`fixture`](Self::fixture), where the state does not serialize, or commands or errors have no `Debug`.
    pub fn opaque_fixture(self) -> Fixture<Self> {
        let functions = self.functions;
        Fixture::opaque_starting(move || Self::start(Arc::clone(&functions)))
    }
}

impl<S: 'static, C: 'static, O, K> Subject for Deciding<S, C, O, K>
where
    O: Decided + 'static,
    K: Codec<Event = O::Event> + 'static,
{
    type State = S;
    type Event = O::Event;
    type Input = C;
    type Error = O::Error;
    type Reply = O::Reply;
    type Effect = O::Effect;
    type Sent = Never;
    type Timeout = Never;

    const FOLD: &'static str = "evolve";
    const ANSWER: &'static str = "decide";

    fn name() -> &'static str {
        short::<S>()
    }

    /// With a decision query: of what the last decision looked at, and of what came of it.
    fn state(&self) -> &S {
        &self.state
    }

    fn fold(&mut self, event: &O::Event, at: &Place<'_>) -> Result<Folded, O::Error> {
        if let Some(selecting) = &self.functions.query {
            let (event_type, _) = K::kind_of(event);
            let tags = self.tags_of(event, at);
            let selected = self.query.as_ref().map(|query| query.selects(&event_type, &tags));
            self.log.push(Kept {
                event: (selecting.keep)(event),
                event_type,
                tags,
                read: selected == Some(true),
            });
            if selected != Some(true) {
                return Ok(Folded::Folded);
            }
        }
        self.state = (self.functions.evolve)(&self.state, event);
        Ok(Folded::Folded)
    }

    fn answer(&mut self, command: &C, _: &Place<'_>, _: &mut Context) -> impl Future<Output = Answer<Self>> {
        if let Some(selecting) = &self.functions.query {
            let query = (selecting.query)(command);
            let mut state = (self.functions.initial)();
            for kept in &mut self.log {
                if query.selects(&kept.event_type, &kept.tags) {
                    kept.read = true;
                    state = (self.functions.evolve)(&state, &kept.event);
                }
            }
            self.state = state;
            self.query = Some(query);
        }
        let decision = (self.functions.decide)(command, &self.state).into_decision();
        ready(decision.into())
    }

    fn refold(&self, fresh: &mut Self) {
        fresh.query.clone_from(&self.query);
    }

    fn unread(&self) -> Vec<usize> {
        if self.query.is_none() {
            return Vec::new();
        }
        let unread = self.log.iter().enumerate().filter(|(_, kept)| !kept.read);
        unread.map(|(index, _)| index).collect()
    }

    fn kind_of(event: &O::Event) -> (String, Version) {
        K::kind_of(event)
    }

    fn encode(event: &O::Event) -> Result<StoredEvent, EventError> {
        K::encode(event)
    }

    fn encode_into(event: &O::Event, to: &mut Vec<u8>) -> Result<(), EventError> {
        K::encode_into(event, to)
    }

    fn same_kind(left: &O::Event, right: &O::Event) -> bool {
        K::same_kind(left, right)
    }

    fn decode(event_type: &str, data: &str) -> Result<O::Event, EventError> {
        K::decode(event_type, data)
    }

    fn current(event_type: &str) -> Option<Version> {
        K::current(event_type)
    }

    fn kinds() -> Vec<EventKind> {
        K::kinds()
    }

    fn equals(left: &O::Event, right: &O::Event) -> Option<bool> {
        K::equals(left, right)
    }
}
