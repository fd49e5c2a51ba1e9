//! Two schemas compared, as people read it.

use std::io::{self, Write};

use serde_json::Value;

use super::human::{Look, cut_at, plain};
use super::schema::contract_name;
use crate::finding::Side;
use crate::schema::{Contract, DerivationStep, Direction, Explanation, Spot, Verdict};

/// The longest event and the longest piece of a schema that are shown.
const EVENT: usize = 2_000;
const PIECE: usize = 72;

/// The most reasons that are shown, and how much of each.
const REASONS: usize = 5;
const REASON: usize = 240;

/// What a comparison is told with.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The file of the old schema, as it was named.
    pub old: &'a str,
    /// The file of the new schema.
    pub new: &'a str,
    /// What they were taken for.
    pub contract: Contract,
    /// How it looks.
    pub look: Look,
}

/// Writes what was compared, and what the files were taken for.
///
/// # Errors
///
/// When the writer fails.
pub fn compared(out: &mut dyn Write, compared: Compared<'_>) -> io::Result<()> {
    writeln!(out, "old  {}", plain(compared.old))?;
    writeln!(out, "new  {}", plain(compared.new))?;
    let taken = match compared.contract {
        Contract::Literal => {
            "each file stands for the events that it accepts; --contract writer-reader leaves out what a writer never \
             mentions"
        }
        Contract::WriterReader => {
            "the writer's side emits only what its file mentions, the reader's side accepts what its file accepts"
        }
    };
    writeln!(out, "as   {}: {taken}", contract_name(compared.contract))?;
    writeln!(out)
}

/// Writes one direction: the verdict, the smallest event that breaks, the places in both files, what to do next; or
/// how it follows that it is compatible.
///
/// # Errors
///
/// When the writer fails.
pub fn direction(
    out: &mut dyn Write,
    compared: Compared<'_>,
    name: &str,
    direction: &Direction,
    explanation: Option<&Explanation>,
) -> io::Result<()> {
    let Compared { old, new, look, .. } = compared;
    let (writer, reader) = match name {
        "forward" => (new, old),
        _ => (old, new),
    };
    let (writer, reader) = (plain(writer), plain(reader));
    let (code, said) = match direction.verdict {
        Verdict::Compatible => (
            "1;32",
            format!("{reader} accepts every event that {writer} allows"),
        ),
        Verdict::Breaking => ("1;31", format!("{reader} refuses an event that {writer} allows")),
        Verdict::Unproven => (
            "1;33",
            format!("whether {reader} accepts every event that {writer} allows is open"),
        ),
    };
    let verdict = look.paint(code, &direction.verdict.to_string());
    writeln!(out, "{name}: {verdict}; {said}")?;
    let label = |label: &str| look.paint("1", &format!("{label:<11}"));
    if let Some(witness) = &direction.witness {
        writeln!(out, "  {} {}", label("event"), plain(&cut_at(EVENT, witness)))?;
    }
    let derived: Vec<String> = direction.derivation.iter().map(step).collect();
    let because = explanation.map_or(&derived, |explanation| &explanation.because);
    for (at, because) in because.iter().take(REASONS).enumerate() {
        let label = if at == 0 { label("because") } else { " ".repeat(11) };
        writeln!(out, "  {label} {}", plain(because))?;
    }
    if let Some(more) = because.len().checked_sub(REASONS + 1) {
        let all = if explanation.is_none() {
            "; --format json has them all"
        } else {
            ""
        };
        writeln!(out, "  {} and {} more{all}", " ".repeat(11), more + 1)?;
    }
    let Some(explanation) = explanation else {
        return writeln!(out);
    };
    let stuck = direction.verdict == Verdict::Unproven;
    let places = [
        (if stuck { "stuck at" } else { "refused at" }, &explanation.at),
        ("allowed at", &explanation.opposite),
    ];
    for (name, spot) in places {
        let Some(spot) = spot else { continue };
        let file = match spot.side {
            Side::Old => old,
            Side::New => new,
        };
        writeln!(out, "  {} {}", label(name), place(file, spot))?;
    }
    writeln!(out, "  {} {}", label("next"), explanation.next)?;
    writeln!(out)
}

/// `at /total: from integers follows numbers`
fn step(step: &DerivationStep) -> String {
    let why = cut_text(&step.why);
    if step.at.is_empty() {
        why
    } else {
        format!("at {}: {why}", step.at)
    }
}

/// A reason on one line.
fn cut_text(text: &str) -> String {
    if text.chars().count() <= REASON {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(REASON).collect();
    cut.push('…');
    cut
}

/// `new.json:7, /properties/total/type: "integer"`
fn place(file: &str, spot: &Spot) -> String {
    let line = spot.line.map_or_else(String::new, |line| format!(":{line}"));
    let pointer = if spot.pointer.is_empty() {
        "the root"
    } else {
        &spot.pointer
    };
    let says = match &spot.says {
        // A large piece is named by its keywords.
        Value::Object(members) if cut_at(PIECE, &spot.says).contains('…') => {
            let names: Vec<&str> = members.keys().map(String::as_str).collect();
            let mut names = names;
            names.sort_unstable();
            format!("{{{}}}", names.join(", "))
        }
        says => cut_at(PIECE, says)
            .split_once('…')
            .map_or_else(|| cut_at(PIECE, says), |(piece, _)| format!("{piece}…")),
    };
    plain(&format!("{file}{line}, {pointer}: {says}"))
}
