//! The domain: a path has an entry or none, and all entries are a tree.

use std::collections::BTreeMap;

use pastproof::model::{Aggregate, Position, Projector};
use pastproof::upcast::{Chains, Upcast, Upcaster};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a tree has at a path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// The mode, in octal digits.
    pub mode: String,
    /// The id of the blob, or of a submodule's commit.
    pub blob: String,
}

impl Entry {
    pub fn new(mode: &str, blob: &str) -> Self {
        Self {
            mode: mode.to_owned(),
            blob: blob.to_owned(),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContentChanged {
    pub blob: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ModeChanged {
    pub mode: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Deleted {}

/// The path is new here and was at `from` before, whose stream has a [`RenamedTo`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenamedFrom {
    pub from: String,
    pub entry: Entry,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RenamedTo {
    pub to: String,
}

pastproof::events! {
    pub enum PathEvent {
        Added(Entry) = 2,
        ContentChanged(ContentChanged) = 1,
        ModeChanged(ModeChanged) = 1,
        Deleted(Deleted) = 1,
        RenamedFrom(RenamedFrom) = 1,
        RenamedTo(RenamedTo) = 1,
    }
}

/// What an older writer stored when a path was added: mode and blob in one text.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AddedV1 {
    pub entry: String,
}

/// What an older writer stored for any change of a path that stays: both entries.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangedV1 {
    pub before: Entry,
    pub after: Entry,
}

/// The ways from what the older writer stored.
pub fn chains() -> Chains {
    Chains::new(
        [
            Upcaster::typed("Added", 1, 2, |old: AddedV1| match old.entry.split_once(' ') {
                Some((mode, blob)) => Ok(Entry::new(mode, blob)),
                None => Err("no space between mode and blob"),
            }),
            Upcaster::json(
                "Changed",
                1,
                [("ContentChanged", 1), ("ModeChanged", 1)],
                |data| {
                    let (before, after) = (&data["before"], &data["after"]);
                    let mut made = Vec::new();
                    if before["blob"] != after["blob"] {
                        made.push(Upcast::new("ContentChanged", 1, json!({"blob": after["blob"]})));
                    }
                    if before["mode"] != after["mode"] {
                        made.push(Upcast::new("ModeChanged", 1, json!({"mode": after["mode"]})));
                    }
                    Ok::<_, String>(made)
                },
            ),
        ],
        [
            ("Added", 2),
            ("ContentChanged", 1),
            ("ModeChanged", 1),
            ("Deleted", 1),
            ("RenamedFrom", 1),
            ("RenamedTo", 1),
        ],
    )
}

/// The schema of every version that is written, by type and version.
pub fn schemas() -> Vec<(&'static str, u64, Value)> {
    use pastproof::schema::writer_schema;
    vec![
        ("Added", 1, writer_schema::<AddedV1>()),
        ("Added", 2, writer_schema::<Entry>()),
        ("Changed", 1, writer_schema::<ChangedV1>()),
        ("ContentChanged", 1, writer_schema::<ContentChanged>()),
        ("ModeChanged", 1, writer_schema::<ModeChanged>()),
        ("Deleted", 1, writer_schema::<Deleted>()),
        ("RenamedFrom", 1, writer_schema::<RenamedFrom>()),
        ("RenamedTo", 1, writer_schema::<RenamedTo>()),
    ]
}

/// The state of one path: its entry, while it has one.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct PathFile {
    pub entry: Option<Entry>,
}

impl Aggregate for PathFile {
    type Command = ();
    type Event = PathEvent;
    type Error = String;

    fn handle(&self, (): &()) -> Result<Vec<PathEvent>, String> {
        Ok(Vec::new())
    }

    fn apply(&mut self, event: &PathEvent) {
        match event {
            PathEvent::Added(entry) => self.entry = Some(entry.clone()),
            PathEvent::RenamedFrom(renamed) => self.entry = Some(renamed.entry.clone()),
            PathEvent::Deleted(Deleted {}) | PathEvent::RenamedTo(_) => self.entry = None,
            PathEvent::ContentChanged(ContentChanged { blob }) => {
                let entry = self.entry.as_mut().expect("only what is there changes");
                entry.blob.clone_from(blob);
            }
            PathEvent::ModeChanged(ModeChanged { mode }) => {
                let entry = self.entry.as_mut().expect("only what is there changes");
                entry.mode.clone_from(mode);
            }
        }
    }
}

/// The tree: what every path has. A rename takes its source's entry away itself, so that the two events of a
/// rename are held against each other.
#[derive(Debug, Default)]
pub struct Tree(BTreeMap<String, Entry>);

impl Projector for Tree {
    type Event = PathEvent;
    type Row = Entry;

    fn project(&mut self, event: &PathEvent, at: Position<'_>) -> Result<(), String> {
        let path = at.stream;
        let missing = || "there is nothing at this path".to_owned();
        match event {
            PathEvent::Added(entry) => match self.0.insert(path.to_owned(), entry.clone()) {
                None => Ok(()),
                Some(_) => Err("there was something at this path".to_owned()),
            },
            PathEvent::ContentChanged(ContentChanged { blob }) => {
                self.0.get_mut(path).ok_or_else(missing)?.blob.clone_from(blob);
                Ok(())
            }
            PathEvent::ModeChanged(ModeChanged { mode }) => {
                self.0.get_mut(path).ok_or_else(missing)?.mode.clone_from(mode);
                Ok(())
            }
            PathEvent::Deleted(Deleted {}) => self.0.remove(path).map(drop).ok_or_else(missing),
            PathEvent::RenamedFrom(RenamedFrom { from, entry }) => {
                self.0.remove(from).ok_or_else(missing)?;
                match self.0.insert(path.to_owned(), entry.clone()) {
                    None => Ok(()),
                    Some(_) => Err("there was something at this path".to_owned()),
                }
            }
            PathEvent::RenamedTo(_) => Ok(()),
        }
    }

    fn rows(&self) -> Vec<(String, Entry)> {
        self.0.clone().into_iter().collect()
    }
}

/// The same tree, made by code that forgets about modes that change.
#[derive(Debug, Default)]
pub struct Forgetful(Tree);

impl Projector for Forgetful {
    type Event = PathEvent;
    type Row = Entry;

    fn project(&mut self, event: &PathEvent, at: Position<'_>) -> Result<(), String> {
        match event {
            PathEvent::ModeChanged(_) => Ok(()),
            event => self.0.project(event, at),
        }
    }

    fn rows(&self) -> Vec<(String, Entry)> {
        self.0.rows()
    }
}
