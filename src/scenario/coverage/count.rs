//! Counting what records show.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::scenario::views::name_of;
use crate::scenario::{AskedRecord, Came, Record, Shown, StepRecord, VerdictRecord};

use super::facts::{Facts, Role};
use super::sheet::{Cell, Coverage, Item, ItemKind, Outcome, Row, RowKind, ScenarioRun, Sheet};

/// For `#[serde(skip_serializing_if)]`.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference to the member"
)]
pub(super) fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What was counted so far.
pub(super) struct Count {
    /// By the name of the type.
    subjects: BTreeMap<String, Subject>,
    scenarios: u64,
    failed: Vec<String>,
    untold: Vec<String>,
}

#[derive(Default)]
struct Subject {
    facts: Facts,
    scenarios: BTreeSet<String>,
    rows: BTreeMap<(RowKind, String), Asked>,
    /// How often events of a type stood in the history when something was asked.
    given: BTreeMap<String, u64>,
}

#[derive(Default)]
struct Asked {
    asked: u64,
    unchecked: u64,
    cells: BTreeMap<Outcome, (u64, BTreeSet<String>)>,
}

impl Count {
    pub(super) fn of(facts: &[Facts], runs: &[ScenarioRun]) -> Self {
        let mut count = Self {
            subjects: BTreeMap::new(),
            scenarios: runs.len() as u64,
            failed: Vec::new(),
            untold: Vec::new(),
        };
        for facts in facts {
            count.subject(facts.clone());
        }
        for run in runs {
            if run.failed {
                count.failed.push(run.name.clone());
            } else if run.records.is_empty() {
                count.untold.push(run.name.clone());
            }
            for record in run.records.iter().filter(|record| record.failed.is_none()) {
                let facts = Facts {
                    events: record.events.clone(),
                    ..Facts::named(&record.subject, record.role)
                };
                let subject = count.subject(facts);
                subject.scenarios.insert(run.name.clone());
                subject.record(&run.name, record);
            }
        }
        count
    }

    fn subject(&mut self, facts: Facts) -> &mut Subject {
        let subject = self.subjects.entry(facts.type_name.clone()).or_default();
        if subject.facts.type_name.is_empty() {
            subject.facts = facts;
        } else {
            subject.facts.join(facts);
        }
        subject
    }

    pub(super) fn into_coverage(self) -> Coverage {
        let mut sheets: Vec<Sheet> = self.subjects.into_values().map(Subject::into_sheet).collect();
        sheets.sort_by(|one, other| (one.role, &one.type_name).cmp(&(other.role, &other.type_name)));
        Coverage {
            sheets,
            scenarios: self.scenarios,
            failed: self.failed,
            untold: self.untold,
        }
    }
}

impl Subject {
    fn record(&mut self, scenario: &str, record: &Record) {
        let given = record.given.iter().flat_map(|given| match &given.read_as {
            Some(read) => read.iter().map(|event| &event.event_type).collect(),
            None => vec![&given.event.event_type],
        });
        let mut history: Vec<&String> = given.collect();
        for step in &record.steps {
            for asked in &step.when {
                if !matches!(asked, AskedRecord::Time { .. }) {
                    for event_type in history.drain(..) {
                        *self.given.entry(event_type.clone()).or_default() += 1;
                    }
                }
                self.asked(scenario, step, asked);
                match asked {
                    AskedRecord::Command { came, .. } | AskedRecord::Timeout { came, .. } => {
                        history.extend(&came.events);
                    }
                    AskedRecord::Event { event, came, .. } => {
                        history.push(&event.event_type);
                        history.extend(&came.events);
                    }
                    AskedRecord::Time { .. } | AskedRecord::Query { .. } | AskedRecord::Nothing => {}
                }
            }
        }
    }

    fn asked(&mut self, scenario: &str, step: &StepRecord, asked: &AskedRecord) {
        let projects = self.facts.role == Role::Projector;
        let (kind, name, outcomes) = match asked {
            AskedRecord::Command {
                command,
                verdict,
                came,
                ..
            } => (
                RowKind::Command,
                name_in(self.facts.commands.as_deref(), command),
                self.outcomes(verdict, came),
            ),
            AskedRecord::Event {
                event, verdict, came, ..
            } => (
                RowKind::Event,
                event.event_type.clone(),
                self.outcomes(verdict, came),
            ),
            AskedRecord::Timeout {
                timeout,
                verdict,
                came,
                ..
            } => (
                RowKind::Timeout,
                named(self.facts.timeouts.as_deref(), timeout),
                self.outcomes(verdict, came),
            ),
            AskedRecord::Query { query, .. } => {
                (RowKind::Query, query.variant.clone(), vec![Outcome::Answered])
            }
            AskedRecord::Time { .. } | AskedRecord::Nothing => return,
        };
        let row = self.rows.entry((kind, name)).or_default();
        // What a projector makes of an event is its state.
        if step.open && !projects && kind != RowKind::Query {
            row.unchecked += 1;
            return;
        }
        row.asked += 1;
        for outcome in outcomes {
            let cell = row.cells.entry(outcome).or_default();
            cell.0 += 1;
            cell.1.insert(scenario.to_owned());
        }
    }

    fn outcomes(&self, verdict: &VerdictRecord, came: &Came) -> Vec<Outcome> {
        let facts = &self.facts;
        let mut outcomes: BTreeSet<Outcome> = came.events.iter().cloned().map(Outcome::Event).collect();
        let shown = |known: &Option<Vec<String>>, shown: &Shown| name_in(known.as_deref(), shown);
        let timeout = |text: &String| named(facts.timeouts.as_deref(), text);
        outcomes.extend(
            came.commands
                .iter()
                .map(|sent| Outcome::Sends(shown(&facts.sends, sent))),
        );
        outcomes.extend(
            came.effects
                .iter()
                .map(|effect| Outcome::Effect(shown(&facts.effects, effect))),
        );
        outcomes.extend(
            came.scheduled
                .iter()
                .map(|text| Outcome::Schedules(timeout(text))),
        );
        outcomes.extend(came.cancelled.iter().map(|text| Outcome::Cancels(timeout(text))));
        match verdict {
            VerdictRecord::Ignored => {
                outcomes.insert(Outcome::Ignored);
            }
            VerdictRecord::Rejected => {
                let name = came.error.as_ref().map(|error| shown(&facts.errors, error));
                outcomes.insert(match name {
                    Some(name) if !name.is_empty() => Outcome::Error(name),
                    _ => Outcome::Refused,
                });
            }
            VerdictRecord::Accepted if outcomes.is_empty() => {
                outcomes.insert(match facts.role {
                    Role::Projector => Outcome::Projected,
                    Role::Aggregate | Role::ProcessManager | Role::Reactor => Outcome::Nothing,
                });
            }
            // What panics or does not answer fails its scenario.
            VerdictRecord::Accepted | VerdictRecord::Failed => {}
        }
        outcomes.into_iter().collect()
    }

    fn into_sheet(self) -> Sheet {
        let items = self.items();
        let outcomes = self.columns();
        let facts = self.facts;
        let mut rows = self.rows;
        let (kind, known): (RowKind, &[String]) = match facts.role {
            Role::Aggregate => (RowKind::Command, facts.commands.as_deref().unwrap_or_default()),
            Role::ProcessManager | Role::Reactor | Role::Projector => (RowKind::Event, &facts.events),
        };
        let timeouts = facts.timeouts.as_deref().unwrap_or_default();
        let every = known
            .iter()
            .map(|name| (kind, name.clone()))
            .chain(timeouts.iter().map(|name| (RowKind::Timeout, name.clone())));
        let mut sheet_rows: Vec<Row> = Vec::new();
        let given = self.given;
        let mut row = |(kind, name): (RowKind, String), asked: Asked, known| {
            let mut cells: Vec<Cell> = asked
                .cells
                .into_iter()
                .map(|(outcome, (count, scenarios))| Cell {
                    outcome,
                    count,
                    scenarios: scenarios.into_iter().collect(),
                })
                .collect();
            cells.sort_by_key(|cell| outcomes.iter().position(|outcome| *outcome == cell.outcome));
            sheet_rows.push(Row {
                kind,
                known,
                asked: asked.asked,
                unchecked: asked.unchecked,
                given: match kind {
                    RowKind::Event => given.get(&name).copied().unwrap_or(0),
                    RowKind::Command | RowKind::Timeout | RowKind::Query => 0,
                },
                name,
                cells,
            });
        };
        for key in every {
            let asked = rows.remove(&key).unwrap_or_default();
            row(key, asked, true);
        }
        for (key, asked) in rows {
            row(key, asked, false);
        }
        let mut unknown = Vec::new();
        let shows = |wanted: fn(&Outcome) -> bool| outcomes.iter().any(wanted);
        let mut say = |word, is_unknown: bool| unknown.extend(is_unknown.then_some(word));
        match facts.role {
            Role::Aggregate => {
                say("commands", facts.commands.is_none());
                say("errors", facts.errors.is_none());
                let seen = shows(|outcome| matches!(outcome, Outcome::Effect(_)));
                say("effects", facts.effects.is_none() && seen);
            }
            Role::ProcessManager => {
                say("commands that it sends", facts.sends.is_none());
                say("timeouts", facts.timeouts.is_none());
                let seen = shows(|outcome| matches!(outcome, Outcome::Effect(_)));
                say("effects", facts.effects.is_none() && seen);
            }
            Role::Reactor => say("effects", facts.effects.is_none()),
            Role::Projector => {}
        }
        say("event types", facts.events.is_empty());
        Sheet {
            subject: facts.subject,
            type_name: facts.type_name,
            role: facts.role,
            scenarios: self.scenarios.into_iter().collect(),
            rows: sheet_rows,
            outcomes,
            items,
            unknown,
        }
    }

    /// What has to be shown, and how often it is.
    fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        let mut add = |kind, names: &[String], shown: &dyn Fn(&String) -> u64| {
            items.extend(names.iter().map(|name| Item {
                kind,
                name: name.clone(),
                shown: shown(name),
                excepted: None,
            }));
        };
        let asked = |kind: RowKind| {
            move |name: &String| self.rows.get(&(kind, name.clone())).map_or(0, |row| row.asked)
        };
        let came = |outcome: fn(String) -> Outcome| {
            move |name: &String| {
                let outcome = outcome(name.clone());
                let cells = self.rows.values().filter_map(|row| row.cells.get(&outcome));
                cells.map(|(count, _)| count).sum()
            }
        };
        let given = |name: &String| self.given.get(name).copied().unwrap_or(0);
        let facts = &self.facts;
        let list = |names: &Option<Vec<String>>| names.clone().unwrap_or_default();
        match facts.role {
            Role::Aggregate => {
                add(
                    ItemKind::Command,
                    &list(&facts.commands),
                    &asked(RowKind::Command),
                );
                add(ItemKind::Produced, &facts.events, &came(Outcome::Event));
                add(ItemKind::Given, &facts.events, &given);
                add(ItemKind::Error, &list(&facts.errors), &came(Outcome::Error));
            }
            Role::ProcessManager => {
                // An event of its own is not handed to it.
                let handled = |name: &String| asked(RowKind::Event)(name) + came(Outcome::Event)(name);
                add(ItemKind::Handled, &facts.events, &handled);
                add(ItemKind::Sent, &list(&facts.sends), &came(Outcome::Sends));
                add(
                    ItemKind::Scheduled,
                    &list(&facts.timeouts),
                    &came(Outcome::Schedules),
                );
                add(ItemKind::Due, &list(&facts.timeouts), &asked(RowKind::Timeout));
            }
            Role::Reactor => add(ItemKind::Handled, &facts.events, &asked(RowKind::Event)),
            Role::Projector => {
                let projected = |name: &String| asked(RowKind::Event)(name) + given(name);
                add(ItemKind::Projected, &facts.events, &projected);
            }
        }
        add(ItemKind::Effect, &list(&facts.effects), &came(Outcome::Effect));
        items
    }

    /// What may come of what is asked: what is known, then what else was seen.
    fn columns(&self) -> Vec<Outcome> {
        let facts = &self.facts;
        let list = |names: &Option<Vec<String>>, outcome: fn(String) -> Outcome| {
            names.iter().flatten().cloned().map(outcome).collect::<Vec<_>>()
        };
        let mut columns: Vec<Outcome> = match facts.role {
            Role::Aggregate => facts.events.iter().cloned().map(Outcome::Event).collect(),
            Role::Projector => vec![Outcome::Projected],
            Role::ProcessManager | Role::Reactor => Vec::new(),
        };
        let end: Vec<Outcome> = match facts.role {
            Role::Projector => Vec::new(),
            Role::Aggregate => [vec![Outcome::Nothing], list(&facts.errors, Outcome::Error)].concat(),
            Role::ProcessManager | Role::Reactor => vec![Outcome::Nothing],
        };
        columns.extend(list(&facts.sends, Outcome::Sends));
        columns.extend(list(&facts.effects, Outcome::Effect));
        columns.extend(list(&facts.timeouts, Outcome::Schedules));
        columns.extend(list(&facts.timeouts, Outcome::Cancels));
        columns.extend(end);
        let seen: BTreeSet<&Outcome> = self.rows.values().flat_map(|row| row.cells.keys()).collect();
        for outcome in seen {
            if !columns.contains(outcome) {
                columns.push(outcome.clone());
            }
        }
        // One kind beside the other; the known ones of a kind stay in the order of their type.
        columns.sort_by_key(|outcome| match outcome {
            Outcome::Event(_) => 0,
            Outcome::Sends(_) => 1,
            Outcome::Effect(_) => 2,
            Outcome::Schedules(_) => 3,
            Outcome::Cancels(_) => 4,
            Outcome::Projected | Outcome::Answered => 5,
            Outcome::Nothing => 6,
            Outcome::Ignored => 7,
            Outcome::Error(_) => 8,
            Outcome::Refused => 9,
        });
        columns
    }
}

/// The name of a value among those that are known: as it is shown, or as serde writes it.
fn name_in(known: Option<&[String]>, shown: &Shown) -> String {
    let Some(known) = known else {
        return shown.variant.clone();
    };
    let by_tag = || shown.data.as_ref().and_then(|data| tag(known, data));
    if known.contains(&shown.variant) {
        return shown.variant.clone();
    }
    by_tag().unwrap_or_else(|| named(Some(known), &shown.variant))
}

/// The tag of a variant as serde writes it: a text, the only member, or a member that holds the tag.
fn tag(known: &[String], data: &Value) -> Option<String> {
    let is_known = |name: &&str| known.iter().any(|known| known == name);
    match data {
        Value::String(text) => Some(text.as_str()).filter(is_known),
        Value::Object(members) if members.len() == 1 => members
            .iter()
            .flat_map(|(name, value)| [Some(name.as_str()), value.as_str()])
            .flatten()
            .find(is_known),
        Value::Object(members) => {
            let mut tags = members.values().filter_map(Value::as_str).filter(is_known);
            // With two candidates, nobody knows which is the tag.
            tags.next().filter(|_| tags.next().is_none())
        }
        _ => None,
    }
    .map(str::to_owned)
}

/// The known name that `text` begins with, whatever case convention serde renames variants to.
fn named(known: Option<&[String]>, text: &str) -> String {
    let name = name_of(text);
    let plain = |name: &str| -> String {
        name.chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let known = known.unwrap_or_default();
    if !known.iter().any(|known| known == name) {
        let mut same = known.iter().filter(|known| plain(known) == plain(name));
        if let (Some(only), None) = (same.next(), same.next()) {
            return only.clone();
        }
    }
    name.to_owned()
}
