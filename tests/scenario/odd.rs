//! Domains with something wrong or missing, each for one thing that a scenario must notice.

use std::cell::Cell;
use std::collections::BTreeMap;

use pastproof::model::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// Anything at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Said {
    pub what: Value,
}

/// Loses its text when it is read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Whispered {
    #[serde(skip_deserializing)]
    pub what: String,
}

/// Is written under another name than it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mumbled {
    #[serde(rename(serialize = "said"))]
    pub what: String,
}

/// Cannot be written at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Screeched {
    #[serde(serialize_with = "refuse")]
    pub what: String,
}

fn refuse<S: Serializer>(_: &str, _: S) -> Result<S::Ok, S::Error> {
    Err(serde::ser::Error::custom("too loud to write down"))
}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum ParrotEvent {
        Said(Said) = 1,
        Whispered(Whispered) = 1,
        Mumbled(Mumbled) = 1,
        Screeched(Screeched) = 1,
    }
}

pub fn said(what: impl Into<Value>) -> ParrotEvent {
    Said { what: what.into() }.into()
}

#[derive(Clone, Debug)]
pub enum Teach {
    /// Says exactly these.
    Say(Vec<ParrotEvent>),
    /// Says something else each time it is asked.
    Wander,
    /// Refuses with something else each time it is asked.
    WanderOff,
}

/// Records what it is told to. Panics when it hears the text `cat`.
#[derive(Default, Serialize)]
pub struct Parrot {
    pub heard: Vec<Value>,
    #[serde(skip)]
    asked: Cell<u64>,
}

impl Aggregate for Parrot {
    type Command = Teach;
    type Event = ParrotEvent;
    type Error = String;

    fn handle(&self, command: &Teach) -> Result<Vec<ParrotEvent>, String> {
        self.asked.set(self.asked.get() + 1);
        match command {
            Teach::Say(events) => Ok(events.clone()),
            Teach::Wander => Ok(vec![said(self.asked.get())]),
            Teach::WanderOff => Err(format!("no, for the {}. time", self.asked.get())),
        }
    }

    fn apply(&mut self, event: &ParrotEvent) {
        if let ParrotEvent::Said(Said { what }) = event {
            assert!(what != "cat", "a cat was mentioned");
            self.heard.push(what.clone());
        }
    }
}

/// No `Debug`, no `PartialEq`, no `Clone`, no `Serialize` anywhere that it is not needed.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Moved {
    pub by: i64,
}

pastproof::events! {
    pub enum SilentEvent { Moved(Moved) = 1 }
}

pub struct Move(pub i64);

pub struct Stuck;

#[derive(Default)]
pub struct Silent {
    at: i64,
}

impl Silent {
    pub fn at(&self) -> i64 {
        self.at
    }
}

impl Aggregate for Silent {
    type Command = Move;
    type Event = SilentEvent;
    type Error = Stuck;

    fn handle(&self, command: &Move) -> Result<Vec<SilentEvent>, Stuck> {
        match command.0 {
            0 => Err(Stuck),
            by => Ok(vec![Moved { by }.into()]),
        }
    }

    fn apply(&mut self, event: &SilentEvent) {
        let SilentEvent::Moved(Moved { by }) = event;
        self.at += by;
    }
}

/// A state and an event too long for a line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Filled {
    pub rows: BTreeMap<String, Vec<String>>,
    pub page: u32,
}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum LedgerEvent { Filled(Filled) = 1 }
}

pub fn filled(page: u32, names: &[&str]) -> Filled {
    let words: Vec<String> = (0..6)
        .map(|number| format!("entry number {number} of page {page}"))
        .collect();
    Filled {
        rows: names
            .iter()
            .map(|name| ((*name).to_owned(), words.clone()))
            .collect(),
        page,
    }
}

#[derive(Default, Serialize)]
pub struct Ledger {
    pages: BTreeMap<u32, Filled>,
}

impl Aggregate for Ledger {
    type Command = Filled;
    type Event = LedgerEvent;
    type Error = String;

    fn handle(&self, command: &Filled) -> Result<Vec<LedgerEvent>, String> {
        Ok(vec![command.clone().into()])
    }

    fn apply(&mut self, event: &LedgerEvent) {
        let LedgerEvent::Filled(filled) = event;
        self.pages.insert(filled.page, filled.clone());
    }
}
