//! Versions as people read them: who reads whom, how a release goes out, what a check counted.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::human::{Look, cut_at, plain};
use super::text::count;
use crate::schema::{Against, Changes, CheckReport, Contract, Deployment, Matrix, Order, Reading, Verdict};

/// The widest line of a table or a paragraph.
const WIDTH: usize = 100;

/// The longest witness beside a table.
const WITNESS: usize = 300;

/// The name of a contract, as it is typed.
pub fn contract_name(contract: Contract) -> &'static str {
    match contract {
        Contract::Literal => "literal",
        Contract::WriterReader => "writer-reader",
    }
}

/// Writes one table a type, and what the breaks in it are.
///
/// # Errors
///
/// When the writer fails.
pub fn matrices(out: &mut dyn Write, tables: &[Matrix], look: Look) -> io::Result<()> {
    let mut single = Vec::new();
    for table in tables {
        if table.versions.len() < 2 {
            single.push(plain(&table.event_type));
        } else {
            matrix(out, table, look)?;
        }
    }
    if !single.is_empty() {
        writeln!(out, "{}", look.paint("1", "Of one version only"))?;
        list(out, "  ", &single)?;
        writeln!(out)?;
    }
    if single.len() < tables.len() {
        writeln!(
            out,
            "A row is who wrote an event, a column the code that reads it.\n\
             {} read as it is   {} read through verified upcasters   {} refused   {} unproven",
            mark(Reading::Works, look),
            mark(Reading::ThroughUpcasters, look),
            mark(Reading::Breaks, look),
            mark(Reading::Unproven, look)
        )?;
    }
    Ok(())
}

fn mark(reading: Reading, look: Look) -> String {
    match reading {
        Reading::Works => look.paint("32", "✓"),
        Reading::ThroughUpcasters => look.paint("32", "↑"),
        Reading::Breaks => look.paint("31", "✗"),
        Reading::Unproven => look.paint("33", "?"),
    }
}

fn matrix(out: &mut dyn Write, table: &Matrix, look: Look) -> io::Result<()> {
    let names: Vec<String> = table
        .versions
        .iter()
        .map(|version| plain(&version.to_string()))
        .collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(1);
    // Versions with long names are told by the numbers of their rows.
    let numbered = (longest.max(3) + 2) * (names.len() + 1) > WIDTH;
    let heads: Vec<String> = if numbered {
        (1..=names.len()).map(|number| format!("#{number}")).collect()
    } else {
        names.clone()
    };
    let rows: Vec<String> = if numbered {
        heads
            .iter()
            .zip(&names)
            .map(|(head, name)| format!("{head:<4}{name}"))
            .collect()
    } else {
        names.clone()
    };
    let row_width = rows.iter().map(|row| row.chars().count()).max().unwrap_or(1);
    let width = heads
        .iter()
        .map(|head| head.chars().count())
        .max()
        .unwrap_or(1)
        .max(3)
        + 1;

    writeln!(out, "{}", look.paint("1", &plain(&table.event_type)))?;
    let mut head_line = format!("  {:row_width$}  ", "");
    for head in &heads {
        head_line.push_str(&format!(" {head:<width$}"));
    }
    writeln!(out, "{}", head_line.trim_end())?;
    let mut notes = Notes::default();
    for (writer, row) in rows.iter().enumerate() {
        let mut line = format!("  {row:<row_width$}  ");
        for reader in 0..names.len() {
            let (sign, number) = match table.cell(writer, reader) {
                None => (look.paint("2", "·"), String::new()),
                Some(cell) if cell.reading.holds() => (mark(cell.reading, look), String::new()),
                Some(cell) => (
                    mark(cell.reading, look),
                    notes.number(table, writer, reader).to_string(),
                ),
            };
            line.push_str(&format!(
                " {sign}{number:<width$}",
                width = width.saturating_sub(1)
            ));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    if !table.not_stored.is_empty() {
        let gone: Vec<String> = table.not_stored.iter().map(ToString::to_string).collect();
        writeln!(out, "  no longer stored: {}", plain(&gone.join(", ")))?;
    }
    writeln!(out)?;
    for (number, (writer, reader)) in notes.told.iter().enumerate() {
        let Some(cell) = table.cell(*writer, *reader) else {
            continue;
        };
        writeln!(
            out,
            "  {}{:<3} {}",
            mark(cell.reading, look),
            number + 1,
            plain(cell.because.as_deref().unwrap_or_default())
        )?;
        if let Some(witness) = &cell.witness {
            let (writer, reader) = (&names[*writer], &names[*reader]);
            writeln!(
                out,
                "       {writer} → {reader}: {}",
                plain(&cut_at(WITNESS, witness))
            )?;
        }
    }
    if !notes.told.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

/// What is in the way, each told once, with the first pair that it stops.
#[derive(Default)]
struct Notes {
    numbers: BTreeMap<String, usize>,
    told: Vec<(usize, usize)>,
}

impl Notes {
    fn number(&mut self, table: &Matrix, writer: usize, reader: usize) -> usize {
        let because = table
            .cell(writer, reader)
            .and_then(|cell| cell.because.clone())
            .unwrap_or_default();
        let next = self.told.len();
        let at = *self.numbers.entry(because).or_insert(next);
        if at == next {
            self.told.push((writer, reader));
        }
        at + 1
    }
}

/// What is different from another state, in a few words.
pub fn since(before: &Against, changes: &Changes) -> String {
    let commit = before
        .commit
        .as_ref()
        .and_then(|commit| commit.get(..10))
        .map_or_else(String::new, |commit| format!(" ({commit})"));
    format!(
        "since {}{commit}: {} added, {} edited, {} reworded, {} removed",
        plain(&before.name),
        count(changes.added as u64, "version"),
        changes.edited,
        changes.reworded,
        changes.removed
    )
}

/// Writes in which order the types of a release go out, and why.
///
/// # Errors
///
/// When the writer fails.
pub fn deployment(out: &mut dyn Write, deployment: &[Deployment], look: Look) -> io::Result<()> {
    for order in [Order::Apart, Order::WritersFirst, Order::ReadersFirst, Order::Any] {
        let types: Vec<&Deployment> = deployment.iter().filter(|step| step.order == order).collect();
        if types.is_empty() {
            continue;
        }
        let headline = look.paint("1", &format!("Deployment: {}", order.headline()));
        writeln!(out, "{headline}")?;
        paragraph(out, "  ", order.advice())?;
        if order == Order::Any {
            let all: Vec<String> = types.iter().copied().map(named).collect();
            list(out, "  ", &all)?;
        }
        if order != Order::Any {
            writeln!(out, "  {}", order.reason())?;
        }
        // What stops several types is told once.
        let mut reasons: Vec<(&str, Vec<&Deployment>)> = Vec::new();
        for step in types.iter().filter(|step| !step.because.is_empty()) {
            match reasons.iter_mut().find(|(because, _)| *because == step.because) {
                Some((_, steps)) => steps.push(step),
                None => reasons.push((&step.because, vec![step])),
            }
        }
        for (because, steps) in reasons {
            let all: Vec<String> = steps.iter().copied().map(named).collect();
            list(out, "    ", &all)?;
            writeln!(out, "      {}", plain(because))?;
            if let Some(witness) = steps.first().and_then(|step| step.witness.as_ref()) {
                writeln!(out, "      {}", plain(&cut_at(WITNESS, witness)))?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Writes which types do not go out in any order.
pub(super) fn orders(out: &mut dyn Write, deployment: &[Deployment]) -> io::Result<()> {
    let mut said = false;
    for order in [Order::Apart, Order::WritersFirst, Order::ReadersFirst] {
        let types: Vec<String> = deployment
            .iter()
            .filter(|step| step.order == order)
            .map(named)
            .collect();
        if !types.is_empty() {
            if !said {
                writeln!(out)?;
            }
            said = true;
            writeln!(out, "  deploy {}:", order.headline())?;
            list(out, "    ", &types)?;
        }
    }
    Ok(())
}

fn named(step: &Deployment) -> String {
    plain(&format!("{} {} → {}", step.event_type, step.from, step.to))
}

/// Writes what a check of a catalogue counted.
///
/// # Errors
///
/// When the writer fails.
pub fn check_summary(out: &mut dyn Write, report: &CheckReport, contract: Contract) -> io::Result<()> {
    writeln!(
        out,
        "{} of {}; {}: {} compatible, {} breaking, {} unproven",
        count(report.versions as u64, "version"),
        count(report.types as u64, "event type"),
        count(report.pairs as u64, "version step"),
        report.compatible,
        report.breaking,
        report.unproven
    )?;
    if report.further > 0 {
        writeln!(
            out,
            "besides, {} of versions that are not adjacent",
            count(report.further as u64, "pair")
        )?;
    }
    if report.pairs > 0 {
        let taken = match contract {
            Contract::Literal => "each schema stands for the events that it accepts",
            Contract::WriterReader => {
                "a writer emits nothing that its schema does not mention, a reader accepts what its schema accepts"
            }
        };
        writeln!(out, "contract {}: {taken}", contract_name(contract))?;
    }
    if !report.deployment.is_empty() {
        let rollback = match report.rollback {
            Verdict::Compatible => "safe",
            Verdict::Breaking => "not safe once a new event is stored",
            Verdict::Unproven => "unproven",
        };
        writeln!(out, "rolling back: {rollback}")?;
    }
    Ok(())
}

/// Writes `text` in lines of at most [`WIDTH`], each after `indent`.
fn paragraph(out: &mut dyn Write, indent: &str, text: &str) -> io::Result<()> {
    wrapped(out, indent, text.split(' ').map(str::to_owned))
}

/// Writes `items` with commas between them, none of them over two lines.
fn list(out: &mut dyn Write, indent: &str, items: &[String]) -> io::Result<()> {
    let last = items.len().saturating_sub(1);
    let items = items.iter().enumerate();
    wrapped(
        out,
        indent,
        items.map(|(at, item)| {
            if at < last {
                format!("{item},")
            } else {
                item.clone()
            }
        }),
    )
}

fn wrapped(out: &mut dyn Write, indent: &str, pieces: impl Iterator<Item = String>) -> io::Result<()> {
    let mut line = String::new();
    for piece in pieces {
        if !line.is_empty() && indent.len() + line.chars().count() + 1 + piece.chars().count() > WIDTH {
            writeln!(out, "{indent}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&piece);
    }
    writeln!(out, "{indent}{line}")
}
