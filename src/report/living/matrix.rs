//! What scenarios show of a subject, as tables.

use crate::report::text::count;
use crate::scenario::coverage::{Outcome, Role, RowKind, Sheet, percent};

use super::escape::{cell, code, prose};

/// How many columns a table gets before it lists what came of a row in place of them.
const COLUMNS: usize = 10;

/// The matrix of a subject, and what no scenario shows of it.
pub(super) fn matrix(text: &mut String, sheet: &Sheet) {
    let (shown, of) = (sheet.shown(), sheet.items());
    text.push_str(&format!(
        "{} {shown} of {of} ({} %) of what it has.\n\n",
        match sheet.scenarios.len() {
            0 => "No scenario shows anything:".to_owned(),
            1 => "1 scenario shows".to_owned(),
            many => format!("{} show", count(many as u64, "scenario")),
        },
        percent(shown, of)
    ));
    if sheet.role == Role::Projector {
        projected(text, sheet);
    } else if sheet.rows.len() <= COLUMNS && !sheet.rows.is_empty() {
        crossed(text, sheet);
    } else if !sheet.rows.is_empty() {
        listed(text, sheet);
    }
    missing(text, sheet);
}

fn row_of(text: &mut String, cells: &[String]) {
    text.push_str("| ");
    text.push_str(&cells.join(" | "));
    text.push_str(" |\n");
}

fn head(text: &mut String, cells: &[String]) {
    row_of(text, cells);
    text.push('|');
    text.push_str(&"---|".repeat(cells.len()));
    text.push('\n');
}

fn name_of(kind: RowKind, name: &str) -> String {
    match kind {
        RowKind::Timeout => format!("{} due", cell(name)),
        RowKind::Command | RowKind::Event | RowKind::Query => cell(name),
    }
}

fn outcome_of(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Event(name) => format!("records {}", cell(name)),
        Outcome::Sends(name) => format!("sends {}", cell(name)),
        Outcome::Effect(name) => format!("effect {}", cell(name)),
        Outcome::Schedules(name) => format!("schedules {}", cell(name)),
        Outcome::Cancels(name) => format!("cancels {}", cell(name)),
        Outcome::Projected => "projected".to_owned(),
        Outcome::Answered => "answered".to_owned(),
        Outcome::Nothing => "nothing".to_owned(),
        Outcome::Ignored => "ignored".to_owned(),
        Outcome::Error(name) => format!("refused {}", cell(name)),
        Outcome::Refused => "refused".to_owned(),
    }
}

/// What may come of it down, what is asked across: names are long, and there are fewer commands than outcomes.
fn crossed(text: &mut String, sheet: &Sheet) {
    let mut cells = vec![String::new()];
    cells.extend(sheet.rows.iter().map(|row| name_of(row.kind, &row.name)));
    head(text, &cells);
    for outcome in &sheet.outcomes {
        let mut cells = vec![outcome_of(outcome)];
        cells.extend(sheet.rows.iter().map(|row| {
            let found = row.cells.iter().find(|cell| cell.outcome == *outcome);
            found.map_or_else(|| "·".to_owned(), |cell| cell.count.to_string())
        }));
        row_of(text, &cells);
    }
    text.push('\n');
}

fn listed(text: &mut String, sheet: &Sheet) {
    head(text, &[String::new(), "what comes of it".to_owned()]);
    for row in &sheet.rows {
        let came: Vec<String> = row
            .cells
            .iter()
            .map(|cell| format!("{} ({})", outcome_of(&cell.outcome), cell.count))
            .collect();
        row_of(text, &[name_of(row.kind, &row.name), came.join(", ")]);
    }
    text.push('\n');
}

fn projected(text: &mut String, sheet: &Sheet) {
    let words = ["", "handed over", "in the history"];
    head(text, &words.map(str::to_owned));
    for row in &sheet.rows {
        row_of(
            text,
            &[
                name_of(row.kind, &row.name),
                row.asked.to_string(),
                row.given.to_string(),
            ],
        );
    }
    text.push('\n');
}

fn missing(text: &mut String, sheet: &Sheet) {
    let missing: Vec<String> = sheet
        .missing()
        .map(|item| format!("{} {}", item.kind.word(), code(&item.name)))
        .collect();
    if !missing.is_empty() {
        text.push_str(&format!("Not shown: {}.\n\n", missing.join(", ")));
    }
    for item in &sheet.items {
        if let Some(reason) = &item.excepted {
            text.push_str(&format!(
                "Need not be shown: {} {}, because: {}\n\n",
                item.kind.word(),
                code(&item.name),
                prose(reason)
            ));
        }
    }
    if !sheet.unknown.is_empty() {
        text.push_str(&format!(
            "Not known, and so not counted: {}.\n\n",
            sheet.unknown.join(", ")
        ));
    }
}
