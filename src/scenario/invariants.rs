//! What holds of a subject whatever happens.

use std::fmt;

use super::Outcome;
use super::at::At;
use super::poll::caught;
use super::story::{LooksAt, Step, Story};
use super::subject::Subject;
use super::text::Complaint;

/// A demand on the state and on all events that led to it.
type Demand<S> = fn(&<S as Subject>::State, &[&<S as Subject>::Event]) -> bool;

/// What holds of a subject, such as an aggregate, whatever happens to it: demands with names, written once for scenarios, scenario files and searches.
///
/// ```
/// # use pastproof::model::Aggregate;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Deposited { pub cents: u64 }
/// # pastproof::events! { pub enum AccountEvent { Deposited(Deposited) = 1 } }
/// # #[derive(Default, Serialize)] struct Account { cents: u64 }
/// # impl Aggregate for Account {
/// #     type Command = u64;
/// #     type Event = AccountEvent;
/// #     type Error = String;
/// #     fn handle(&self, cents: &u64) -> Result<Vec<AccountEvent>, String> { Ok(vec![Deposited { cents: *cents }.into()]) }
/// #     fn apply(&mut self, event: &AccountEvent) { let AccountEvent::Deposited(Deposited { cents }) = event; self.cents += cents; }
/// # }
/// use pastproof::scenario::{Invariants, given_nothing};
///
/// fn invariants() -> Invariants<Account> {
///     Invariants::new()
///         .always("nobody is rich", |account: &Account| account.cents < 1_000_000)
///         .of_history("the books balance", |account: &Account, events| {
///             let AccountEvent::Deposited(last) = events.last().expect("there was a command");
///             account.cents >= last.cents
///         })
/// }
///
/// given_nothing::<Account>().when(500_u64).then_holds(&invariants(), "the books balance");
/// ```
pub struct Invariants<S: Subject> {
    demands: Vec<(&'static str, Law<S>)>,
}

/// One demand.
enum Law<S: Subject> {
    State(fn(&S::State) -> bool),
    History(Demand<S>),
    Sent(fn(&S::State, &[&S::Sent]) -> bool),
}

impl<S: Subject> Clone for Law<S> {
    fn clone(&self) -> Self {
        match self {
            Self::State(demand) => Self::State(*demand),
            Self::History(demand) => Self::History(*demand),
            Self::Sent(demand) => Self::Sent(*demand),
        }
    }
}

impl<S: Subject> Clone for Invariants<S> {
    fn clone(&self) -> Self {
        Self {
            demands: self.demands.clone(),
        }
    }
}

impl<S: Subject> Default for Invariants<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Subject> fmt::Debug for Invariants<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl<S: Subject> Invariants<S> {
    /// No demands yet.
    pub fn new() -> Self {
        Self { demands: Vec::new() }
    }

    /// The same demands and one more: `demand` holds of every state.
    ///
    /// # Panics
    ///
    /// When another demand has this name.
    #[must_use = "this makes new invariants"]
    #[track_caller]
    pub fn always(self, name: &'static str, demand: fn(&S::State) -> bool) -> Self {
        self.with(name, Law::State(demand))
    }

    /// The same demands and one more: `demand` holds of every state and all events that led to it, oldest first.
    ///
    /// # Panics
    ///
    /// When another demand has this name.
    #[must_use = "this makes new invariants"]
    #[track_caller]
    pub fn of_history(self, name: &'static str, demand: fn(&S::State, &[&S::Event]) -> bool) -> Self {
        self.with(name, Law::History(demand))
    }

    /// The same demands and one more: `demand` holds of every state and all commands that were sent in the scenario, in
    /// their order.
    ///
    /// # Panics
    ///
    /// When another demand has this name.
    #[must_use = "this makes new invariants"]
    #[track_caller]
    pub fn of_sent(self, name: &'static str, demand: fn(&S::State, &[&S::Sent]) -> bool) -> Self {
        self.with(name, Law::Sent(demand))
    }

    #[track_caller]
    fn with(mut self, name: &'static str, law: Law<S>) -> Self {
        assert!(
            self.names().all(|known| known != name),
            "two invariants are named {name:?}"
        );
        self.demands.push((name, law));
        self
    }

    /// The names of the demands, in their order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.demands.iter().map(|(name, _)| *name)
    }

    /// Whether the demand of this name holds, what it said when it panicked, or nothing when there is no such demand.
    fn holds(&self, name: &str, story: &Story<S>) -> Option<Result<bool, String>> {
        let (_, law) = self.demands.iter().find(|(known, _)| *known == name)?;
        let state = story.subject.state();
        Some(caught(|| match law {
            Law::State(demand) => demand(state),
            Law::History(demand) => {
                let history: Vec<&S::Event> = story.folded().map(|(event, _)| event).collect();
                demand(state, &history)
            }
            Law::Sent(demand) => {
                let answers = story.steps.iter().flat_map(Step::answers);
                let sent: Vec<&S::Sent> = answers.flat_map(|answered| &answered.commands).collect();
                demand(state, &sent)
            }
        }))
    }
}

/// What is wrong with a scenario so far.
#[cfg(feature = "proptest")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The invariant of this name does not hold, or panics.
    Invariant(String),
    /// Something else, in words that are the same wherever in a history it happens.
    Else(String),
}

#[cfg(feature = "proptest")]
impl Broken {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Invariant(text) | Self::Else(text) => text,
        }
    }
}

#[cfg(feature = "proptest")]
impl<S: Subject> Outcome<S> {
    /// What is wrong so far.
    pub(super) fn broken(&self) -> Option<Broken> {
        let story = self.story()?;
        if let Some(trouble) = story.troubles.first() {
            // As in `recorded event 3: …`.
            let (_, headline) = trouble
                .headline
                .split_once(": ")
                .unwrap_or(("", &trouble.headline));
            return Some(Broken::Else(headline.to_owned()));
        }
        let step = story.steps.last()?;
        if step.panicked().is_some() {
            return Some(Broken::Else("`handle` panics".to_owned()));
        }
        let failed = step.checks.iter().find(|check| check.complaint.is_some())?;
        let name = failed.word.strip_prefix(WORD).unwrap_or(&failed.word);
        Some(Broken::Invariant(name.trim().trim_matches('"').to_owned()))
    }
}

/// The word of the check, before the name of its invariant.
pub(super) const WORD: &str = "then_holds";

#[expect(
    clippy::return_self_not_must_use,
    reason = "a scenario may end with any check: dropping it is what makes it count"
)]
impl<S: Subject> Outcome<S> {
    /// The invariant of this name holds of the state and of everything that led to it.
    ///
    /// # Panics
    ///
    /// When there is no such invariant.
    #[track_caller]
    pub fn then_holds(mut self, invariants: &Invariants<S>, name: &str) -> Self {
        assert!(
            invariants.names().any(|known| known == name),
            "there is no invariant {name:?}; there are {:?}",
            invariants.names().collect::<Vec<_>>()
        );
        self.holds(WORD, invariants, name, At::caller());
        self
    }

    pub(super) fn holds(&mut self, word: &str, invariants: &Invariants<S>, name: &str, at: At) {
        self.check(
            format!("{word} \"{name}\""),
            LooksAt::Invariant,
            at,
            |story, at| match invariants.holds(name, story) {
                Some(Ok(true)) | None => None,
                Some(Ok(false)) => Some(Complaint::new(at, "the invariant does not hold", Vec::new())),
                Some(Err(panic)) => Some(Complaint::new(at, "the invariant panics", vec![panic])),
            },
        );
    }
}
