//! The result: a sheet for every subject, with its rows, its outcomes and what has to be shown.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::Record;

use super::count::{self, Count};
use super::facts::{Facts, Role};

/// A scenario that ran, with what it told: several records where a function tells several stories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioRun {
    /// The name under which a suite knows it.
    pub name: String,
    /// What it tells, in a sentence, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tells: Option<String>,
    /// Whether it failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// What it told, in order; none where it does not use the kit.
    pub records: Vec<Record>,
}

/// What is asked of a subject, and makes a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// A command.
    Command,
    /// An event that is handed to one that follows events.
    Event,
    /// A timeout that is due.
    Timeout,
    /// A question to a read model.
    Query,
}

impl fmt::Display for RowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Command => "command",
            Self::Event => "event",
            Self::Timeout => "timeout",
            Self::Query => "query",
        })
    }
}

/// What may come of it, and makes a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "name")]
pub enum Outcome {
    /// An event of this type is recorded.
    Event(String),
    /// This command is sent to others.
    Sends(String),
    /// This effect is asked for.
    Effect(String),
    /// This timeout is scheduled.
    Schedules(String),
    /// This timeout is cancelled.
    Cancels(String),
    /// A projector takes it.
    Projected,
    /// A question is answered.
    Answered,
    /// It is accepted, and nothing comes of it.
    Nothing,
    /// It is ignored.
    Ignored,
    /// It is rejected with this error.
    Error(String),
    /// It is rejected with an error that has no name, such as a text.
    Refused,
}

impl Outcome {
    /// The name of what it is about, where it has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Event(name)
            | Self::Sends(name)
            | Self::Effect(name)
            | Self::Schedules(name)
            | Self::Cancels(name)
            | Self::Error(name) => Some(name),
            Self::Projected | Self::Answered | Self::Nothing | Self::Ignored | Self::Refused => None,
        }
    }
}

/// One cell of the matrix that scenarios show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How often.
    pub count: u64,
    /// In which scenarios, by name.
    pub scenarios: Vec<String>,
}

/// One row of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What is asked.
    pub kind: RowKind,
    /// Its name.
    pub name: String,
    /// Whether the type is known to have it. One that is not is shown by scenarios under a name of its own.
    pub known: bool,
    /// How often it was asked where a check looked at what came of it.
    pub asked: u64,
    /// How often it was asked where the checks looked at the state or at a reply alone. This shows nothing.
    #[serde(skip_serializing_if = "count::is_zero")]
    pub unchecked: u64,
    /// How often an event stood in the history when something was asked, which is how most events reach a read model.
    #[serde(skip_serializing_if = "count::is_zero")]
    pub given: u64,
    /// What came of it.
    pub cells: Vec<Cell>,
}

/// Something that a subject has, and that a scenario has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ItemKind {
    /// A command is asked.
    Command,
    /// An event comes of a command.
    Produced,
    /// An event stands in the history when something is asked.
    Given,
    /// A command is rejected with an error.
    Error,
    /// A reactor or a process manager is handed an event.
    Handled,
    /// A projector is handed an event.
    Projected,
    /// A command is sent to others.
    Sent,
    /// An effect is asked for.
    Effect,
    /// A timeout is scheduled.
    Scheduled,
    /// A timeout is due.
    Due,
}

impl ItemKind {
    /// The name, as configurations and reports have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Produced => "produced",
            Self::Given => "given",
            Self::Error => "error",
            Self::Handled => "handled",
            Self::Projected => "projected",
            Self::Sent => "sent",
            Self::Effect => "effect",
            Self::Scheduled => "scheduled",
            Self::Due => "due",
        }
    }
}

/// Something that a subject has, and how often scenarios show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What has to be shown of it.
    #[serde(rename = "what")]
    pub kind: ItemKind,
    /// Its name.
    pub name: String,
    /// How often it is shown.
    pub shown: u64,
    /// Why it need not be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excepted: Option<String>,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind.word(), self.name)
    }
}

/// Something that no scenario has to show, and why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exception {
    /// The aggregate, projector, reactor or process manager: the name of its type, or the one in the suite.
    pub subject: String,
    /// What need not be shown.
    pub what: ItemKind,
    /// The name of the command, event, error, effect or timeout.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// What scenarios show of one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// The name under which a suite knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The name of its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What it is.
    pub role: Role,
    /// The scenarios that tell of it and hold, by name.
    pub scenarios: Vec<String>,
    /// What was asked, each with what came of it.
    pub rows: Vec<Row>,
    /// The columns: everything that may come of what is asked, as far as it is known.
    pub outcomes: Vec<Outcome>,
    /// What has to be shown.
    pub items: Vec<Item>,
    /// Lists that are not known, so that what is missing of them cannot be told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<&'static str>,
}

impl Sheet {
    /// How much has to be shown; what is excepted does not count.
    pub fn items(&self) -> u64 {
        self.items.iter().filter(|item| item.excepted.is_none()).count() as u64
    }

    /// How much of it is shown.
    pub fn shown(&self) -> u64 {
        let shown = |item: &&Item| item.excepted.is_none() && item.shown > 0;
        self.items.iter().filter(shown).count() as u64
    }

    /// What is not shown and not excepted.
    pub fn missing(&self) -> impl Iterator<Item = &Item> {
        self.items
            .iter()
            .filter(|item| item.excepted.is_none() && item.shown == 0)
    }

    /// The number of cells of the matrix. Some of them no scenario can show, since the code never does it.
    pub fn cells(&self) -> u64 {
        if self.role == Role::Projector {
            // Each event is taken or refused, and each question is answered.
            return self.rows.len() as u64;
        }
        (self.rows.len() * self.outcomes.len()) as u64
    }

    /// How many cells of the matrix are shown.
    pub fn cells_shown(&self) -> u64 {
        if self.role == Role::Projector {
            let shown = |row: &&Row| row.given > 0 || !row.cells.is_empty();
            return self.rows.iter().filter(shown).count() as u64;
        }
        self.rows.iter().map(|row| row.cells.len() as u64).sum()
    }

    fn is(&self, name: &str) -> bool {
        self.type_name == name || self.subject.as_deref() == Some(name)
    }
}

/// What scenarios show of everything there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// A sheet for every subject: aggregates first, then process managers, reactors and projectors, each by name.
    pub sheets: Vec<Sheet>,
    /// How many scenarios ran.
    pub scenarios: u64,
    /// Those that failed, by name. A story that failed shows nothing.
    pub failed: Vec<String>,
    /// Those that told no story with the kit, so that nothing is known of them.
    pub untold: Vec<String>,
}

impl Coverage {
    /// Counts what `runs` show of what there is by `facts`, and of what else they tell of.
    pub fn of(facts: &[Facts], runs: &[ScenarioRun]) -> Self {
        Count::of(facts, runs).into_coverage()
    }

    /// How much has to be shown.
    pub fn items(&self) -> u64 {
        self.sheets.iter().map(Sheet::items).sum()
    }

    /// How much of it is shown.
    pub fn shown(&self) -> u64 {
        self.sheets.iter().map(Sheet::shown).sum()
    }

    /// How many cells the matrices have.
    pub fn cells(&self) -> u64 {
        self.sheets.iter().map(Sheet::cells).sum()
    }

    /// How many cells are shown.
    pub fn cells_shown(&self) -> u64 {
        self.sheets.iter().map(Sheet::cells_shown).sum()
    }

    /// What is not shown and not excepted, with its subject.
    pub fn missing(&self) -> impl Iterator<Item = (&Sheet, &Item)> {
        self.sheets
            .iter()
            .flat_map(|sheet| sheet.missing().map(move |item| (sheet, item)))
    }

    /// Takes out what need not be shown, and says of each exception that takes nothing out why it does not.
    pub fn except(&mut self, exceptions: &[Exception]) -> Vec<String> {
        let mut idle = Vec::new();
        for exception in exceptions {
            let Exception {
                subject,
                what,
                name,
                reason,
            } = exception;
            let word = what.word();
            let mut found = false;
            let mut needed = false;
            for sheet in self.sheets.iter_mut().filter(|sheet| sheet.is(subject)) {
                for item in &mut sheet.items {
                    if item.kind == *what && item.name == *name {
                        found = true;
                        if item.shown == 0 {
                            needed = true;
                            item.excepted = Some(reason.clone());
                        }
                    }
                }
            }
            if !self.sheets.iter().any(|sheet| sheet.is(subject)) {
                idle.push(format!("{subject}, {word} `{name}`: there is no such subject"));
            } else if !found {
                idle.push(format!("{subject}, {word} `{name}`: there is no such {word}"));
            } else if !needed {
                idle.push(format!("{subject}, {word} `{name}`: a scenario shows it"));
            }
        }
        idle
    }
}

/// The share of `shown` in `of`, in whole percent, rounded down, so that 100 means all.
pub fn percent(shown: u64, of: u64) -> u64 {
    let percent = u128::from(shown) * 100 / u128::from(of.max(1));
    u64::try_from(percent).unwrap_or(100)
}
