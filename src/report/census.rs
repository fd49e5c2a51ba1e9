//! What a recording holds of every version, as a table or as JSON Lines.

use std::io::{self, Write};

use serde::Serialize;

use super::{count, json_line};
use crate::upcast::{Census, CensusRow, Sighting};

#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    file: &'a str,
    #[serde(flatten)]
    row: &'a CensusRow,
}

/// Writes a census: one JSON object a version, or a table.
///
/// # Errors
///
/// When the writer fails.
pub fn census(out: &mut dyn Write, census: &Census, json: bool) -> io::Result<()> {
    if json {
        for row in &census.versions {
            let line = Line {
                kind: "census",
                file: &census.file,
                row,
            };
            json_line(out, &line)?;
        }
        return Ok(());
    }
    writeln!(out, "{}: {}", census.file, count(census.events, "event"))?;
    let mut lines = vec![
        [
            "type@version",
            "events",
            "valid",
            "written",
            "first",
            "last",
            "steps",
            "made",
            "way",
        ]
        .map(str::to_owned),
    ];
    for row in &census.versions {
        let seen = |sighting: &Option<Sighting>| {
            sighting
                .as_ref()
                .map_or_else(|| "-".to_owned(), ToString::to_string)
        };
        let way = match (row.readable, &row.chain[..]) {
            (false, _) => "nobody reads it".to_owned(),
            (true, []) => "current".to_owned(),
            (true, chain) => chain.join(", then "),
        };
        lines.push([
            format!("{}@{}", row.event_type, row.version),
            row.events.to_string(),
            share(row),
            row.written.words().to_owned(),
            seen(&row.first),
            seen(&row.last),
            row.work.steps.to_string(),
            row.work.made.to_string(),
            way,
        ]);
    }
    let mut widths = [0; 9];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for line in &lines {
        let mut text = String::from(" ");
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            let right = matches!(column, 1 | 2 | 6 | 7);
            text.push_str(&if right {
                format!(" {cell:>width$}")
            } else {
                format!(" {cell:<width$}")
            });
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

/// How many of the events that say anything are valid, rounded down: only all of them are 100 %.
fn share(row: &CensusRow) -> String {
    match row.valid + row.invalid {
        0 => "-".to_owned(),
        all => format!("{} %", row.valid * 100 / all),
    }
}
