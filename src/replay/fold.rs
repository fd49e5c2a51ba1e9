//! Aggregates and projectors behind one object-safe face, so that a replay can hold any number of them.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;

use crate::json::{CanonicalError, canonical};
use crate::model::{Aggregate, Event, EventError, EventKind, Position, Projector};

/// Makes the folds of one category's streams.
///
/// [`aggregate`] and [`aggregate_view`] make one of an [`Aggregate`].
pub trait AggregateFold: Send + Sync {
    /// The category whose streams it folds.
    fn category(&self) -> &str;

    /// The event types it takes, each at the version the code reads.
    fn kinds(&self) -> &[EventKind];

    /// Reads an event without folding it: whether the code understands it at all.
    ///
    /// # Errors
    ///
    /// When the type refuses the data.
    fn read(&self, event_type: &str, data: &str) -> Result<(), EventError>;

    /// The state before the first event of a stream.
    fn start(&self) -> Box<dyn StreamFold>;

    /// The Rust type that folds, where it has a name.
    fn rust_type(&self) -> Option<&'static str> {
        None
    }
}

/// The state of one stream while it is folded.
pub trait StreamFold {
    /// Folds one event, already at the version the code reads.
    ///
    /// # Errors
    ///
    /// [`FoldError::Unreadable`] when the type refuses the data.
    fn fold(&mut self, event_type: &str, data: &str) -> Result<(), FoldError>;

    /// The state in its [canonical form](crate::json::canonical).
    ///
    /// # Errors
    ///
    /// [`FoldError::Unserializable`] when the state has none.
    fn state(&self) -> Result<String, FoldError>;
}

/// Makes the fold of one read model.
///
/// [`projector`] makes one of a [`Projector`].
pub trait ProjectorFold: Send + Sync {
    /// The name of the read model, as it stands in baselines and reports.
    fn name(&self) -> &str;

    /// The event types it follows, each at the version the code reads; others pass it by.
    fn kinds(&self) -> &[EventKind];

    /// The empty read model.
    fn start(&self) -> Box<dyn ModelFold>;

    /// The Rust type that folds, where it has a name.
    fn rust_type(&self) -> Option<&'static str> {
        None
    }
}

/// A read model while it is folded.
pub trait ModelFold {
    /// Folds one event, already at the version the code reads.
    ///
    /// # Errors
    ///
    /// [`FoldError::Unreadable`] when the type refuses the data, [`FoldError::Refused`] when the projector does.
    fn project(&mut self, event_type: &str, data: &str, at: Position<'_>) -> Result<(), FoldError>;

    /// The rows by key, each in its [canonical form](crate::json::canonical), in any order.
    ///
    /// # Errors
    ///
    /// [`FoldError::Unserializable`] when a row has none.
    fn rows(&self) -> Result<Vec<(String, String)>, FoldError>;
}

/// Why a fold did not take an event, or has nothing to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoldError {
    /// The type refuses the event's data.
    Unreadable(EventError),
    /// The projector refuses the event, in its own words.
    Refused(String),
    /// The state or a row does not serialize, or holds what JSON cannot.
    Unserializable {
        /// JSON pointer of what is refused.
        pointer: String,
        /// What is wrong.
        message: String,
    },
}

impl FoldError {
    /// `inside` is the pointer of the value that has no canonical form.
    fn unserializable(error: &CanonicalError, inside: &str) -> Self {
        let pointer = error.pointer();
        let text = error.to_string();
        let message = text
            .strip_prefix(&format!("at {pointer}: "))
            .unwrap_or(&text)
            .to_owned();
        Self::Unserializable {
            pointer: format!("{inside}{pointer}"),
            message,
        }
    }
}

impl fmt::Display for FoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Refused(message) => f.write_str(message),
            Self::Unserializable { pointer, message } if pointer.is_empty() => f.write_str(message),
            Self::Unserializable { pointer, message } => write!(f, "at {pointer}: {message}"),
        }
    }
}

impl std::error::Error for FoldError {}

/// Folds the streams of `category` with `A`, and compares its serialized state.
///
/// ```
/// # use pastproof::model::{Aggregate, Event as _};
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, JsonSchema)]
/// # pub struct Deposited { pub cents: u64 }
/// # pastproof::events! { pub enum AccountEvent { Deposited(Deposited) = 1 } }
/// #[derive(Default, Serialize)]
/// struct Account { balance: u64 }
///
/// impl Aggregate for Account {
///     type Command = ();
///     type Event = AccountEvent;
///     type Error = String;
///     fn handle(&self, _: &()) -> Result<Vec<AccountEvent>, String> { Ok(Vec::new()) }
///     fn apply(&mut self, event: &AccountEvent) {
///         let AccountEvent::Deposited(Deposited { cents }) = event;
///         self.balance += cents;
///     }
/// }
///
/// let mut account = pastproof::replay::aggregate::<Account>("account").start();
/// account.fold("Deposited", r#"{"cents":500}"#)?;
/// assert_eq!(account.state()?, r#"{"balance":500}"#);
/// # Ok::<(), pastproof::replay::FoldError>(())
/// ```
pub fn aggregate<A>(category: impl Into<String>) -> Box<dyn AggregateFold>
where
    A: Aggregate + Serialize + 'static,
{
    aggregate_by::<A>(category.into(), |state| canonical(state))
}

/// Folds the streams of `category` with `A`, and compares what `view` makes of its state.
///
/// For a state that does not serialize, holds what JSON cannot, or has parts that nobody should compare.
pub fn aggregate_view<A, V>(category: impl Into<String>, view: fn(&A) -> V) -> Box<dyn AggregateFold>
where
    A: Aggregate + 'static,
    V: Serialize + 'static,
{
    aggregate_by::<A>(category.into(), move |state| canonical(&view(state)))
}

fn aggregate_by<A: Aggregate + 'static>(
    category: String,
    view: impl Fn(&A) -> Result<String, CanonicalError> + Clone + Send + Sync + 'static,
) -> Box<dyn AggregateFold> {
    Box::new(OfAggregate {
        category,
        kinds: A::Event::kinds(),
        view,
        aggregate: PhantomData::<fn() -> A>,
    })
}

/// Folds every event of the types that `P` follows, in global order, and compares its rows.
pub fn projector<P: Projector + 'static>(name: impl Into<String>) -> Box<dyn ProjectorFold> {
    Box::new(OfProjector {
        name: name.into(),
        kinds: P::Event::kinds(),
        projector: PhantomData::<fn() -> P>,
    })
}

struct OfAggregate<A, F> {
    category: String,
    kinds: Vec<EventKind>,
    view: F,
    aggregate: PhantomData<fn() -> A>,
}

struct State<A, F> {
    state: A,
    view: F,
}

impl<A, F> AggregateFold for OfAggregate<A, F>
where
    A: Aggregate + 'static,
    F: Fn(&A) -> Result<String, CanonicalError> + Clone + Send + Sync + 'static,
{
    fn category(&self) -> &str {
        &self.category
    }

    fn kinds(&self) -> &[EventKind] {
        &self.kinds
    }

    fn read(&self, event_type: &str, data: &str) -> Result<(), EventError> {
        A::Event::decode(event_type, data).map(drop)
    }

    fn rust_type(&self) -> Option<&'static str> {
        Some(std::any::type_name::<A>())
    }

    fn start(&self) -> Box<dyn StreamFold> {
        Box::new(State {
            state: A::default(),
            view: self.view.clone(),
        })
    }
}

impl<A, F> StreamFold for State<A, F>
where
    A: Aggregate,
    F: Fn(&A) -> Result<String, CanonicalError>,
{
    fn fold(&mut self, event_type: &str, data: &str) -> Result<(), FoldError> {
        let event = A::Event::decode(event_type, data).map_err(FoldError::Unreadable)?;
        self.state.apply(&event);
        Ok(())
    }

    fn state(&self) -> Result<String, FoldError> {
        (self.view)(&self.state).map_err(|error| FoldError::unserializable(&error, ""))
    }
}

struct OfProjector<P> {
    name: String,
    kinds: Vec<EventKind>,
    projector: PhantomData<fn() -> P>,
}

struct Model<P>(P);

impl<P: Projector + 'static> ProjectorFold for OfProjector<P> {
    fn name(&self) -> &str {
        &self.name
    }

    fn kinds(&self) -> &[EventKind] {
        &self.kinds
    }

    fn start(&self) -> Box<dyn ModelFold> {
        Box::new(Model(P::default()))
    }

    fn rust_type(&self) -> Option<&'static str> {
        Some(std::any::type_name::<P>())
    }
}

impl<P: Projector> ModelFold for Model<P> {
    fn project(&mut self, event_type: &str, data: &str, at: Position<'_>) -> Result<(), FoldError> {
        let event = P::Event::decode(event_type, data).map_err(FoldError::Unreadable)?;
        self.0.project(&event, at).map_err(FoldError::Refused)
    }

    fn rows(&self) -> Result<Vec<(String, String)>, FoldError> {
        self.0
            .rows()
            .into_iter()
            .map(|(key, row)| match canonical(&row) {
                Ok(row) => Ok((key, row)),
                Err(error) => {
                    let inside = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
                    Err(FoldError::unserializable(&error, &inside))
                }
            })
            .collect()
    }
}
