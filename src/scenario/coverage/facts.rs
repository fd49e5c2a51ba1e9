//! What there is of a subject, whether or not a scenario shows it.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::model::Never;
use crate::scenario::file::{Known, variants};
use crate::scenario::subject::Subject;

/// What a scenario can be told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It decides on commands.
    #[default]
    Aggregate,
    /// It turns events and timeouts into commands.
    ProcessManager,
    /// It turns events into effects.
    Reactor,
    /// It folds events into rows.
    Projector,
}

impl Role {
    /// Whether it follows events, and takes no commands.
    pub fn follows(self) -> bool {
        match self {
            Self::Aggregate => false,
            Self::ProcessManager | Self::Reactor | Self::Projector => true,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aggregate => "aggregate",
            Self::ProcessManager => "process manager",
            Self::Reactor => "reactor",
            Self::Projector => "projector",
        })
    }
}

/// What there is of one subject. A list that is absent is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The name under which a suite knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The name of its type, by which records name it.
    pub type_name: String,
    /// What it is.
    pub role: Role,
    /// Its event types: those it records, or those it follows.
    #[serde(default)]
    pub events: Vec<String>,
    /// What it may be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commands: Option<Vec<String>>,
    /// Why it refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<String>>,
    /// What is to be done outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effects: Option<Vec<String>>,
    /// What it sends to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends: Option<Vec<String>>,
    /// What it wants to be reminded of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Vec<String>>,
}

impl Facts {
    /// A subject of the type `rust_type`, of which nothing else is known.
    pub fn named(rust_type: &str, role: Role) -> Self {
        Self {
            type_name: short(rust_type).to_owned(),
            role,
            ..Self::default()
        }
    }

    /// Takes over what `other` knows of the same type.
    pub(super) fn join(&mut self, other: Self) {
        fn known<T>(mine: &mut Option<T>, theirs: Option<T>) {
            if mine.is_none() {
                *mine = theirs;
            }
        }
        known(&mut self.subject, other.subject);
        known(&mut self.commands, other.commands);
        known(&mut self.errors, other.errors);
        known(&mut self.effects, other.effects);
        known(&mut self.sends, other.sends);
        known(&mut self.timeouts, other.timeouts);
        for event in other.events {
            if !self.events.contains(&event) {
                self.events.push(event);
            }
        }
    }
}

impl From<Known> for Facts {
    fn from(known: Known) -> Self {
        // A type that is no enum has no variants, and what it has is then not known.
        let listed = |names: Option<Vec<String>>| names.filter(|names| !names.is_empty());
        Self {
            subject: Some(known.subject),
            type_name: known.type_name,
            role: known.role,
            events: known.events,
            commands: listed(known.commands),
            errors: listed(known.errors),
            ..Self::default()
        }
    }
}

/// Says what there is of the subject `S`, from its own types.
///
/// Event types are always known. The rest takes a type that schemars describes: the variants of an enum, or the one
/// name of a struct.
///
/// ```
/// # use schemars::JsonSchema;
/// # use pastproof::model::{Context, Position, Reactor};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Paid { pub cents: u64 }
/// # pastproof::events! { pub enum ShopEvent { Paid(Paid) = 1 } }
/// # #[derive(Default)] struct Receipts;
/// # #[derive(JsonSchema)] enum Mail { Receipt { cents: u64 } }
/// # impl Reactor for Receipts {
/// #     type Event = ShopEvent; type Effect = Mail;
/// #     fn react(&self, event: &ShopEvent, _: Position<'_>, _: &mut Context) -> Vec<Mail> {
/// #         let ShopEvent::Paid(Paid { cents }) = event; vec![Mail::Receipt { cents: *cents }] }
/// # }
/// use pastproof::scenario::Reacting;
/// use pastproof::scenario::coverage::Inventory;
///
/// let facts = Inventory::<Reacting<Receipts>>::new().effects().facts("receipts");
/// assert_eq!(facts.events, ["Paid"]);
/// assert_eq!(facts.effects, Some(vec!["Receipt".to_owned()]));
/// ```
#[derive(Clone, Debug)]
pub struct Inventory<S> {
    facts: Facts,
    subject: PhantomData<fn() -> S>,
}

impl<S: Subject> Default for Inventory<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Subject> Inventory<S> {
    /// Its event types.
    pub fn new() -> Self {
        Self {
            facts: Facts {
                events: S::kinds().iter().map(|kind| kind.event_type.to_owned()).collect(),
                effects: none::<S::Effect>(),
                sends: none::<S::Sent>(),
                timeouts: none::<S::Timeout>(),
                errors: none::<S::Error>(),
                ..Facts::named(S::name(), S::ROLE)
            },
            subject: PhantomData,
        }
    }

    /// What it may be asked, too.
    #[must_use]
    pub fn commands(mut self) -> Self
    where
        S::Input: JsonSchema,
    {
        self.facts.commands = names::<S::Input>();
        self
    }

    /// Why it refuses, too.
    #[must_use]
    pub fn errors(mut self) -> Self
    where
        S::Error: JsonSchema,
    {
        self.facts.errors = names::<S::Error>();
        self
    }

    /// What is to be done outside, too.
    #[must_use]
    pub fn effects(mut self) -> Self
    where
        S::Effect: JsonSchema,
    {
        self.facts.effects = names::<S::Effect>();
        self
    }

    /// What it sends to others, too.
    #[must_use]
    pub fn sends(mut self) -> Self
    where
        S::Sent: JsonSchema,
    {
        self.facts.sends = names::<S::Sent>();
        self
    }

    /// What it wants to be reminded of, too.
    #[must_use]
    pub fn timeouts(mut self) -> Self
    where
        S::Timeout: JsonSchema,
    {
        self.facts.timeouts = names::<S::Timeout>();
        self
    }

    /// All of it, of the subject that a suite knows as `name`.
    pub fn facts(mut self, name: &str) -> Facts {
        self.facts.subject = Some(name.to_owned());
        self.facts
    }
}

/// An empty list where there is nothing of the type `T`.
fn none<T>() -> Option<Vec<String>> {
    (std::any::type_name::<T>() == std::any::type_name::<Never>()).then(Vec::new)
}

/// The variants of `T`, or the name of a type that is a struct; nothing where its schema tells neither.
fn names<T: JsonSchema>() -> Option<Vec<String>> {
    let variants = variants::<T>();
    if !variants.is_empty() {
        return Some(variants);
    }
    let schema = SchemaGenerator::default().into_root_schema_for::<T>();
    let is_struct = schema.get("type").is_some_and(|kind| kind == "object")
        && ["oneOf", "anyOf"]
            .into_iter()
            .all(|word| schema.get(word).is_none());
    // `Debug` writes it without its parameters.
    let name = short(std::any::type_name::<T>());
    let name = name.split('<').next().unwrap_or(name);
    is_struct.then(|| vec![name.to_owned()])
}

/// The name of a type without its path, as records have it.
fn short(name: &str) -> &str {
    let end = name.find('<').unwrap_or(name.len());
    let start = name[..end].rfind("::").map_or(0, |at| at + 2);
    &name[start..]
}
