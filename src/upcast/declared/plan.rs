//! What a declarative upcaster is: operations, in order.

use serde_json::Value;

use crate::model::Version;
use crate::schema::Condition;

/// A member of the data, by the names on the way to it; never empty.
pub(super) type Path = Vec<String>;

/// Everything a file says.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) operations: Vec<Operation>,
    pub(super) ending: Ending,
    /// What is done to the metadata.
    pub(super) metadata: Vec<Operation>,
    /// The stream that the event is moved to, if it is.
    pub(super) stream: Option<ToStream>,
    /// The way back, for whoever rolls back.
    pub(super) back: Option<Vec<Operation>>,
}

/// A stream: a prefix, and a text or a whole number of the old data.
#[derive(Debug)]
pub(super) struct ToStream {
    pub(super) prefix: String,
    pub(super) at: Path,
}

/// One operation, and where it stands in the file.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) pointer: String,
    pub(super) change: Change,
}

/// What an operation does. Where there is nothing at its place, it does nothing, but for `Add`.
#[derive(Debug)]
pub(super) enum Change {
    /// The member gets another name in the same object.
    Rename { at: Path, to: String },
    /// The member goes to another place.
    Move { from: Path, to: Path },
    /// The member gets this value where it is absent.
    Add { at: Path, value: Value },
    /// The member goes.
    Remove { at: Path },
    /// The value becomes the one member of an object.
    Wrap { at: Path, member: String },
    /// The value becomes the one item of an array.
    List { at: Path },
    /// A member of the value takes the value's place.
    Hoist { at: Path, member: String },
    /// Listed values become other values.
    Map {
        at: Path,
        values: Vec<(Value, Value)>,
        otherwise: Otherwise,
    },
    /// The value is written as another JSON type.
    Convert { at: Path, to: Kind },
    /// Operations on every item of an array.
    Each { at: Path, operations: Vec<Operation> },
    /// The event goes where the condition holds.
    DropWhen { condition: Condition },
}

/// What becomes of a value that a map does not list.
#[derive(Debug)]
pub(super) enum Otherwise {
    Refuse,
    Keep,
    Become(Value),
}

/// The JSON types that values are converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Integer,
    Number,
    Boolean,
}

impl Kind {
    pub(super) const NAMES: [(&'static str, Self); 4] = [
        ("string", Self::String),
        ("integer", Self::Integer),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| name)
    }
}

/// What the event is in the end.
#[derive(Debug)]
pub(super) enum Ending {
    /// One event of this type and version.
    One(String, Version),
    /// An event for each part whose condition holds, in this order.
    Split(Vec<Part>),
    /// Nothing.
    Nothing,
}

/// One event of a split.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) event_type: String,
    pub(super) version: Version,
    pub(super) when: Option<Condition>,
    pub(super) operations: Vec<Operation>,
}

impl Plan {
    /// The types and versions it makes.
    pub(super) fn targets(&self) -> Vec<(String, Version)> {
        match &self.ending {
            Ending::One(event_type, version) => vec![(event_type.clone(), version.clone())],
            Ending::Split(parts) => {
                let mut targets = Vec::new();
                for part in parts {
                    let target = (part.event_type.clone(), part.version.clone());
                    if !targets.contains(&target) {
                        targets.push(target);
                    }
                }
                targets
            }
            Ending::Nothing => Vec::new(),
        }
    }
}

/// As JSON pointers write a path.
pub(super) fn pointer(path: &[String]) -> String {
    path.iter()
        .map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1")))
        .collect()
}
