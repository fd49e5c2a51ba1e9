//! What scenarios show, for the terminal.

use std::io::{self, Write};

use crate::report::Look;
use crate::report::human::plain;
use crate::report::text::count;
use crate::scenario::coverage::{Coverage, Item, ItemKind, Outcome, Role, Row, RowKind, Sheet, percent};

/// How wide the report is at most, as far as names allow it.
const WIDTH: usize = 80;
/// How wide the names of rows get before what comes of them moves to the next line.
const NAMES: usize = 24;
/// How wide the words are that stand before what comes of a row.
const LABELS: usize = 9;

/// Writes what the scenarios show: for every subject what was asked, what came of it, and what no scenario shows; with
/// `cells`, also what no scenario shows of each command or event by itself. The last line counts.
///
/// # Errors
///
/// When the writer fails.
pub fn coverage(out: &mut dyn Write, coverage: &Coverage, cells: bool, look: Look) -> io::Result<()> {
    for sheet in &coverage.sheets {
        Table::of(sheet).write(out, sheet, cells, look)?;
    }
    let silent = [
        (&coverage.failed, "failed, and so shows nothing"),
        (
            &coverage.untold,
            "tells no story with the kit, and so shows nothing",
        ),
    ];
    for (names, why) in silent {
        for name in names {
            writeln!(out, "{} {why}", look.paint("33", &plain(name)))?;
        }
        if !names.is_empty() {
            writeln!(out)?;
        }
    }
    let (shown, of) = (coverage.shown(), coverage.items());
    let share = format!("{} %", percent(shown, of));
    writeln!(
        out,
        "{}: {shown} of {of} commands, events and errors shown ({}), {} of {} cells",
        count(coverage.scenarios, "scenario"),
        look.paint(if shown == of { "1;32" } else { "1;33" }, &share),
        coverage.cells_shown(),
        coverage.cells()
    )
}

/// One word of a list.
struct Word {
    text: String,
    /// Follows it, dimly.
    dim: String,
    /// How it is painted.
    code: &'static str,
}

impl Word {
    fn new(text: impl Into<String>, code: &'static str) -> Self {
        Self {
            text: text.into(),
            dim: String::new(),
            code,
        }
    }

    fn counted(name: Option<&str>, count: u64, code: &'static str) -> Self {
        let text = name.map(plain).unwrap_or_default();
        let space = if text.is_empty() { "" } else { " " };
        Self {
            // Once is what a name alone says.
            dim: if count == 1 && !text.is_empty() {
                String::new()
            } else {
                format!("{space}×{count}")
            },
            text,
            code,
        }
    }

    fn width(&self) -> usize {
        self.text.chars().count() + self.dim.chars().count()
    }

    fn painted(&self, look: Look) -> String {
        let part = |code: &str, text: &str| {
            if code.is_empty() || text.is_empty() {
                text.to_owned()
            } else {
                look.paint(code, text)
            }
        };
        format!("{}{}", part(self.code, &self.text), part("2", &self.dim))
    }
}

/// What stands under one label.
struct Group {
    label: &'static str,
    words: Vec<Word>,
}

/// Puts `word` under `label`, with those that are there already.
fn put(groups: &mut Vec<Group>, label: &'static str, word: Word) {
    match groups.last_mut() {
        Some(last) if last.label == label => last.words.push(word),
        _ => groups.push(Group {
            label,
            words: vec![word],
        }),
    }
}

/// The columns of one subject: names, labels, what comes of it.
struct Table {
    names: usize,
}

impl Table {
    fn of(sheet: &Sheet) -> Self {
        let longest = sheet.rows.iter().map(|row| row_name(row).chars().count()).max();
        Self {
            names: longest.unwrap_or(0).clamp("not shown".len(), NAMES),
        }
    }

    fn write(&self, out: &mut dyn Write, sheet: &Sheet, cells: bool, look: Look) -> io::Result<()> {
        let name = plain(&sheet.type_name);
        let role = match &sheet.subject {
            Some(subject) if *subject != sheet.type_name => {
                format!("  {} {}", sheet.role, plain(subject))
            }
            _ => format!("  {}", sheet.role),
        };
        let (shown, of) = (sheet.shown(), sheet.items());
        let total = format!("{shown} of {of} shown");
        let used = name.chars().count() + role.chars().count() + total.len();
        writeln!(
            out,
            "{}{}{}{}",
            look.paint("1", &name),
            look.paint("2", &role),
            " ".repeat(WIDTH.saturating_sub(used).max(2)),
            look.paint(if shown == of { "32" } else { "33" }, &total)
        )?;
        for row in &sheet.rows {
            let mut groups = row_groups(row, sheet.role);
            if cells && sheet.role != Role::Projector {
                groups.extend(unshown(row, sheet));
            }
            self.line(out, &row_name(row), "", &groups, look)?;
        }
        let missing = missing(sheet);
        if !missing.is_empty() {
            self.line(out, "not shown", "33", &missing, look)?;
        }
        for item in &sheet.items {
            if let Some(reason) = &item.excepted {
                self.line(out, "excepted", "", &[excepted(item, reason)], look)?;
            }
        }
        if !sheet.unknown.is_empty() {
            let mut unknown = Vec::new();
            for word in &sheet.unknown {
                put(&mut unknown, "", Word::new(*word, "33"));
            }
            self.line(out, "not known", "33", &unknown, look)?;
        }
        writeln!(out)
    }

    /// A name, and beside it the groups, each from a line of its own and wrapped.
    fn line(
        &self,
        out: &mut dyn Write,
        name: &str,
        code: &str,
        groups: &[Group],
        look: Look,
    ) -> io::Result<()> {
        let indent = 2 + self.names + 2;
        let width = name.chars().count();
        let painted = if code.is_empty() {
            name.to_owned()
        } else {
            look.paint(code, name)
        };
        let mut head = format!(
            "  {painted}{}",
            " ".repeat((self.names + 2).saturating_sub(width))
        );
        if width > self.names {
            writeln!(out, "{}", head.trim_end())?;
            head = " ".repeat(indent);
        }
        for group in groups {
            let label = match group.label {
                "" => String::new(),
                label => format!("{label:LABELS$}  "),
            };
            let start = indent + label.chars().count();
            let mut at = start;
            let mut line = format!("{head}{}", look.paint("2", &label));
            for (index, word) in group.words.iter().enumerate() {
                let comma = if index + 1 < group.words.len() { "," } else { "" };
                if index > 0 {
                    if at + 1 + word.width() + comma.len() > WIDTH {
                        writeln!(out, "{line}")?;
                        line = " ".repeat(start);
                        at = start;
                    } else {
                        line.push(' ');
                        at += 1;
                    }
                }
                line.push_str(&word.painted(look));
                line.push_str(comma);
                at += word.width() + comma.len();
            }
            writeln!(out, "{line}")?;
            head = " ".repeat(indent);
        }
        Ok(())
    }
}

fn row_name(row: &Row) -> String {
    match row.kind {
        _ if row.name.is_empty() => format!("(a {} without a name)", row.kind),
        RowKind::Timeout => format!("{} due", plain(&row.name)),
        RowKind::Query => format!("{}?", plain(&row.name)),
        RowKind::Command | RowKind::Event => plain(&row.name),
    }
}

/// What came of a row.
fn row_groups(row: &Row, role: Role) -> Vec<Group> {
    let mut groups = Vec::new();
    for cell in &row.cells {
        let (label, code) = match cell.outcome {
            Outcome::Event(_) => ("records", ""),
            Outcome::Sends(_) => ("sends", ""),
            Outcome::Effect(_) => ("effect", ""),
            Outcome::Schedules(_) => ("schedules", ""),
            Outcome::Cancels(_) => ("cancels", ""),
            Outcome::Projected => ("projected", ""),
            Outcome::Answered => ("answered", ""),
            Outcome::Nothing => ("nothing", ""),
            Outcome::Ignored => ("ignored", ""),
            Outcome::Error(_) | Outcome::Refused => ("refused", "31"),
        };
        put(
            &mut groups,
            label,
            Word::counted(cell.outcome.name(), cell.count, code),
        );
    }
    if row.given > 0 && role == Role::Projector {
        put(&mut groups, "given", Word::counted(None, row.given, ""));
    }
    if row.unchecked > 0 {
        let times = format!("{}, and only its state looked at", count(row.unchecked, "time"));
        put(&mut groups, "asked", Word::new(times, "33"));
    }
    if !row.known {
        let why = "its type is not known to have it";
        if row.kind == RowKind::Command || row.kind == RowKind::Event {
            put(&mut groups, "", Word::new(why, "33"));
        }
    }
    if groups.is_empty() {
        let nobody = match row.kind {
            RowKind::Command | RowKind::Query => "no scenario asks it",
            RowKind::Event => "no scenario hands it over",
            RowKind::Timeout => "no scenario waits for it",
        };
        put(&mut groups, "", Word::new(nobody, "33"));
    }
    groups
}

/// The cells of a row that no scenario shows.
fn unshown(row: &Row, sheet: &Sheet) -> Vec<Group> {
    let mut groups = Vec::new();
    for outcome in &sheet.outcomes {
        if row.cells.iter().any(|cell| cell.outcome == *outcome) {
            continue;
        }
        // An event and an error tell themselves apart; the others do not.
        let text = match outcome {
            Outcome::Event(name) | Outcome::Error(name) => plain(name),
            Outcome::Sends(name) => format!("sends {}", plain(name)),
            Outcome::Effect(name) => format!("effect {}", plain(name)),
            Outcome::Schedules(name) => format!("schedules {}", plain(name)),
            Outcome::Cancels(name) => format!("cancels {}", plain(name)),
            Outcome::Projected => "projected".to_owned(),
            Outcome::Answered => "answered".to_owned(),
            Outcome::Nothing => "nothing".to_owned(),
            Outcome::Ignored => "ignored".to_owned(),
            Outcome::Refused => "refused".to_owned(),
        };
        put(&mut groups, "not shown", Word::new(text, "2"));
    }
    groups
}

/// What is not shown, but for what the rows say of themselves.
fn missing(sheet: &Sheet) -> Vec<Group> {
    let mut groups = Vec::new();
    for item in sheet.missing() {
        let label = match item.kind {
            ItemKind::Command | ItemKind::Handled | ItemKind::Projected | ItemKind::Due => continue,
            ItemKind::Produced => "records",
            ItemKind::Given => "given",
            ItemKind::Error => "refused",
            ItemKind::Sent => "sends",
            ItemKind::Effect => "effect",
            ItemKind::Scheduled => "schedules",
        };
        put(&mut groups, label, Word::new(plain(&item.name), "33"));
    }
    groups
}

fn excepted(item: &Item, reason: &str) -> Group {
    let text = format!("{}: {}", plain(&item.name), plain(reason));
    Group {
        label: item.kind.word(),
        words: vec![Word::new(text, "")],
    }
}
