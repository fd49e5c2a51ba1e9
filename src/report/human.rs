//! The terminal: one finding as a paragraph, a gate as a table with a last word.

use std::io::{self, Write};

use serde_json::Value;

use crate::finding::{Finding, Level, Place};
use crate::gate::{Assessment, Summary, Verdict};
use crate::json::Sorted;

/// How the terminal report looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Colour by SGR escape sequences.
    pub color: bool,
}

impl Look {
    pub(super) fn paint(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn level(self, level: Level, text: &str) -> String {
        self.paint(
            match level {
                Level::Deny => "1;31",
                Level::Warn => "1;33",
                Level::Note => "1;36",
            },
            text,
        )
    }
}

/// Text from data, made safe for a terminal: control characters are shown, not obeyed.
pub(super) fn plain(text: &str) -> String {
    if text
        .chars()
        .all(|character| !character.is_control() || character == '\n')
    {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\n' {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// The first line of a finding: level, rule, message.
pub fn headline(finding: &Finding, look: Look) -> String {
    let level = match &finding.waived {
        Some(_) => look.paint("2", "waived"),
        None => look.level(finding.level, &finding.level.to_string()),
    };
    format!("{level}[{}] {}", finding.rule.id, plain(&finding.message))
}

/// Writes one finding: headline, place, the event that shows it, why it matters, what to do next. A note is its
/// headline alone.
///
/// `explained` says that the rule's reason stood under an earlier finding already and need not be repeated.
///
/// # Errors
///
/// When the writer fails.
pub fn finding(out: &mut dyn Write, finding: &Finding, explained: bool, look: Look) -> io::Result<()> {
    writeln!(out, "{}", headline(finding, look))?;
    if finding.level == Level::Note {
        return Ok(());
    }
    let place = place(&finding.place);
    if !place.is_empty() {
        writeln!(out, "  {} {}", look.paint("34", "-->"), plain(&place))?;
    }
    if let Some(witness) = &finding.witness {
        writeln!(
            out,
            "  {} {}",
            look.paint("1", "event:"),
            plain(&shortened(witness))
        )?;
    }
    if let Some(waived) = &finding.waived {
        writeln!(out, "  {} {}", look.paint("1", "waived:"), plain(waived))?;
    }
    if !explained {
        writeln!(out, "  {} {}", look.paint("1", "why:"), finding.rule.reason)?;
    }
    if finding.waived.is_none() && (!explained || finding.next.is_some()) {
        writeln!(
            out,
            "  {} {}",
            look.paint("1", "next:"),
            plain(finding.next_step())
        )?;
    }
    writeln!(out)
}

/// The longest witness that a terminal report shows whole.
const WITNESS_LIMIT: usize = 600;

fn shortened(value: &Value) -> String {
    cut_at(WITNESS_LIMIT, value)
}

/// `value` as text, and no more of it than `limit` bytes.
pub(super) fn cut_at(limit: usize, value: &Value) -> String {
    let text = serde_json::to_string(&Sorted(value)).unwrap_or_default();
    if text.len() <= limit {
        return text;
    }
    let cut = (0..=limit)
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    format!(
        "{}… ({} bytes; --format json has all of it)",
        &text[..cut],
        text.len()
    )
}

fn place(place: &Place) -> String {
    let mut parts = Vec::new();
    if let Some(file) = &place.file {
        parts.push(match place.line {
            Some(line) => format!("{file}:{line}"),
            None => file.clone(),
        });
    } else if let Some(line) = place.line {
        parts.push(format!("line {line}"));
    }
    if let Some(event_type) = &place.event_type {
        parts.push(match &place.version {
            Some(version) => format!("{event_type} version {version}"),
            None => event_type.clone(),
        });
    }
    if let Some(stream) = &place.stream {
        parts.push(match place.revision {
            Some(revision) => format!("stream {stream} at revision {revision}"),
            None => format!("stream {stream}"),
        });
    }
    if let Some(pointer) = &place.pointer {
        parts.push(if pointer.is_empty() {
            "at the root".to_owned()
        } else {
            format!("at {pointer}")
        });
    }
    parts.join(", ")
}

/// Writes what a gate checked, the order of the release where any will not do, and the last word.
///
/// # Errors
///
/// When the writer fails.
pub fn gate_summary(out: &mut dyn Write, summary: &Summary, failing: usize, look: Look) -> io::Result<()> {
    let width = summary
        .checks
        .iter()
        .map(|check| check.id.len())
        .max()
        .unwrap_or(0);
    for check in &summary.checks {
        let mark = if check.checked == 0 {
            look.paint("2", "-")
        } else if check.failing == 0 {
            look.paint("32", "✓")
        } else {
            look.paint("31", "✗")
        };
        writeln!(out, "  {mark} {:width$}  {}", check.id, plain(&check.detail))?;
    }
    super::schema::orders(out, &summary.deployment)?;
    let word = match summary.verdict {
        Verdict::Pass => look.paint("1;32", "PASS"),
        Verdict::Fail => look.paint("1;31", "FAIL"),
        Verdict::NothingChecked => look.paint("1;33", "NOTHING CHECKED"),
        Verdict::Incomplete => look.paint("1;31", "INCOMPLETE"),
    };
    let count = match failing {
        0 => String::new(),
        1 => "  1 finding fails the gate.".to_owned(),
        many => format!("  {many} findings fail the gate."),
    };
    writeln!(out)?;
    writeln!(
        out,
        "{word}  release: {}, rollback: {}.{count}",
        assessment(summary.release),
        assessment(summary.rollback)
    )
}

fn assessment(assessment: Assessment) -> &'static str {
    match assessment {
        Assessment::Safe => "safe",
        Assessment::Unsafe => "unsafe",
        Assessment::Unproven => "unproven",
        Assessment::NotChecked => "not checked",
    }
}
