//! Where a scenario starts: the aggregate, and how its values are shown.

use std::fmt::Debug;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::json;
use crate::model::{Aggregate, write_json};

use crate::upcast::Chains;

use super::given::Given;
use super::text::fits;
use super::{Events, StoredEvent};

/// How a state is shown, or why it cannot be.
pub(super) type StateView<A> = fn(&A) -> Result<Value, String>;

/// Whether a value is shown on one line whatever its length.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Line,
    Lines,
}

/// How a command or an error is shown.
pub(super) enum View<T> {
    /// As `Debug` has it, on one line and on several.
    Debug(fn(&T) -> String, fn(&T) -> String),
    Own(fn(&T) -> String),
}

impl<T> Clone for View<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<T> {}

impl<T> View<T> {
    fn debug() -> Self
    where
        T: Debug,
    {
        Self::Debug(|value| format!("{value:?}"), |value| format!("{value:#?}"))
    }

    pub(super) fn show(self, value: &T, shape: Shape) -> String {
        match (self, shape) {
            (Self::Own(view) | Self::Debug(view, _), Shape::Line) | (Self::Own(view), Shape::Lines) => {
                view(value)
            }
            (Self::Debug(line, lines), Shape::Lines) => {
                let text = line(value);
                if fits(&text) { text } else { lines(value) }
            }
        }
    }
}

/// How the values of an aggregate are shown in a report.
pub(super) struct Views<A: Aggregate> {
    pub(super) state: Option<StateView<A>>,
    pub(super) command: Option<View<A::Command>>,
    pub(super) error: Option<View<A::Error>>,
}

impl<A: Aggregate> Clone for Views<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Aggregate> Copy for Views<A> {}

/// A check that every scenario makes without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FreeCheck {
    /// Every event is written as it would be stored, read back and written again, and nothing is lost.
    RoundTrip,
    /// Every command is decided twice on the same state, with the same answer.
    DecideTwice,
}

impl FreeCheck {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RoundTrip => "round trip",
            Self::DecideTwice => "decide twice",
        }
    }
}

/// What all scenarios of one aggregate share. It is cheap to clone, and nothing has started yet.
pub struct Fixture<A: Aggregate> {
    pub(super) views: Views<A>,
    pub(super) upcasters: Option<Arc<Chains>>,
    pub(super) without: Vec<(FreeCheck, String)>,
}

impl<A: Aggregate> Clone for Fixture<A> {
    fn clone(&self) -> Self {
        Self {
            views: self.views,
            upcasters: self.upcasters.clone(),
            without: self.without.clone(),
        }
    }
}

impl<A> Default for Fixture<A>
where
    A: Aggregate + Serialize,
    A::Command: Debug,
    A::Error: Debug,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Aggregate> Fixture<A> {
    /// A fixture whose reports show the state as JSON, commands and errors as `Debug` has them.
    ///
    /// [`opaque`](Self::opaque) asks nothing of these types.
    pub fn new() -> Self
    where
        A: Serialize,
        A::Command: Debug,
        A::Error: Debug,
    {
        Self {
            views: Views {
                state: Some(state_json),
                command: Some(View::debug()),
                error: Some(View::debug()),
            },
            ..Self::opaque()
        }
    }

    /// A fixture for an aggregate whose state does not serialize, or whose commands or errors have no `Debug`.
    ///
    /// Events are compared as always. The report says what it cannot show; `show_state`, `show_command` and
    /// `show_error` give it a view.
    pub fn opaque() -> Self {
        Self {
            views: Views {
                state: None,
                command: None,
                error: None,
            },
            upcasters: None,
            without: Vec::new(),
        }
    }

    /// The same fixture, which takes stored events at old versions through these upcasters.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn upcasters(mut self, chains: impl Into<Arc<Chains>>) -> Self {
        self.upcasters = Some(chains.into());
        self
    }

    /// The same fixture, whose reports show the state by `view`.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn show_state(mut self, view: fn(&A) -> Result<Value, String>) -> Self {
        self.views.state = Some(view);
        self
    }

    /// The same fixture, whose reports show commands by `view`.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn show_command(mut self, view: fn(&A::Command) -> String) -> Self {
        self.views.command = Some(View::Own(view));
        self
    }

    /// The same fixture, whose reports show errors by `view`.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    pub fn show_error(mut self, view: fn(&A::Error) -> String) -> Self {
        self.views.error = Some(View::Own(view));
        self
    }

    /// The same fixture without one of the checks that come free, for a reason that its reports give.
    ///
    /// # Panics
    ///
    /// When the reason is empty.
    #[must_use = "this makes a new fixture and leaves the old one as it was"]
    #[track_caller]
    pub fn without(mut self, check: FreeCheck, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        assert!(!reason.trim().is_empty(), "leaving out a check takes a reason");
        self.without.push((check, reason));
        self
    }

    /// Whether a free check is made.
    pub(super) fn makes(&self, check: FreeCheck) -> bool {
        self.without.iter().all(|(off, _)| *off != check)
    }

    /// Starts a scenario with the events of its history, oldest first.
    #[track_caller]
    pub fn given(&self, events: impl Events<A::Event>) -> Given<A> {
        Given::start(self.clone()).given(events)
    }

    /// Starts a scenario with no history.
    #[track_caller]
    pub fn given_nothing(&self) -> Given<A> {
        Given::start(self.clone())
    }

    /// Starts a scenario with events as they are stored, at whatever version they were written.
    #[track_caller]
    pub fn given_stored<S: Into<StoredEvent>>(&self, events: impl IntoIterator<Item = S>) -> Given<A> {
        Given::start(self.clone()).given_stored(events)
    }
}

/// The state as JSON, or why it has none. The canonical form refuses what JSON would change in silence.
pub(super) fn state_json<A: Serialize>(state: &A) -> Result<Value, String> {
    json::canonical(state).map_err(|error| error.to_string())?;
    write_json(state).map_err(|error| error.to_string())
}

/// Starts a scenario of `A` with the events of its history, oldest first.
///
/// A scenario of an aggregate whose state does not serialize starts from [`Fixture::opaque`].
#[track_caller]
pub fn given<A>(events: impl Events<A::Event>) -> Given<A>
where
    A: Aggregate + Serialize,
    A::Command: Debug,
    A::Error: Debug,
{
    Fixture::new().given(events)
}

/// Starts a scenario of `A` with no history.
#[track_caller]
pub fn given_nothing<A>() -> Given<A>
where
    A: Aggregate + Serialize,
    A::Command: Debug,
    A::Error: Debug,
{
    Fixture::new().given_nothing()
}
