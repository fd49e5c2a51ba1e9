//! One story in words.

use crate::scenario::coverage::Role;
use crate::scenario::{AskedRecord, GivenRecord, Record, Shown, StepRecord, StoredEvent, VerdictRecord};

use super::escape::{block, code, json, prose};

/// How long a value is at most that stands in a line.
const INLINE: usize = 60;

/// The story of a record: given, when, then, in words and JSON.
pub(super) fn story(text: &mut String, record: &Record) {
    text.push_str("**Given**");
    if record.given.is_empty() && record.at.is_none() {
        text.push_str(" nothing\n\n");
    } else {
        text.push_str("\n\n");
        for given in &record.given {
            write_given(text, given);
        }
        if let Some(at) = &record.at {
            item(text, &format!("it is {}", code(&at.to_string())));
        }
        text.push('\n');
    }
    for step in &record.steps {
        text.push_str("**When**");
        write_when(text, step);
        text.push_str("**Then**\n\n");
        write_then(text, step, record.role);
        text.push('\n');
    }
}

fn event(text: &mut String, before: &str, event: &StoredEvent, after: &str) {
    let kind = format!("{before}{} version {}", code(&event.event_type), event.version);
    item(text, &format!("{kind}{after}"));
    text.push_str(&json(&event.data, "  "));
}

fn item(text: &mut String, words: &str) {
    text.push_str("- ");
    text.push_str(words);
    text.push('\n');
}

fn write_given(text: &mut String, given: &GivenRecord) {
    let mut after = String::new();
    if let Some(stream) = &given.stream {
        after.push_str(&format!(", in stream {}", code(stream)));
    }
    if let Some(at) = &given.at {
        after.push_str(&format!(", recorded at {}", code(&at.to_string())));
    }
    for (name, value) in &given.tags {
        after.push_str(&format!(", {} {}", code(name), code(value)));
    }
    if let Some(by) = &given.by {
        after.push_str(&format!(", after {}", code(&by.variant)));
    }
    if let Some(from) = &given.from {
        after.push_str(&format!(", from the end of {}", code(from)));
    }
    match given.read_as.as_deref() {
        None => {}
        Some([]) => after.push_str(", which is dropped when it is read"),
        Some(read) => {
            let kinds: Vec<String> = read
                .iter()
                .map(|event| format!("{} version {}", code(&event.event_type), event.version))
                .collect();
            after.push_str(&format!(", read as {}", kinds.join(" and ")));
        }
    }
    event(text, "", &given.event, &after);
}

/// A value that has JSON, or is shown as its own code has it.
fn value(text: &mut String, before: &str, shown: &Shown, after: &str) {
    // What has no JSON and is short stands in the line.
    let short = shown.data.is_none() && shown.lines.is_none() && shown.text.chars().count() <= INLINE;
    let is_name = shown.text == shown.variant;
    let name = match (short, shown.variant.as_str()) {
        (true, _) => code(&shown.text),
        (false, "") => String::new(),
        (false, variant) => code(variant),
    };
    let head = [before, name.as_str(), after];
    let head: Vec<&str> = head.into_iter().filter(|part| !part.is_empty()).collect();
    item(text, &head.join(" "));
    match &shown.data {
        _ if short || is_name => {}
        Some(data) => text.push_str(&json(data, "  ")),
        None => {
            let lines = shown.lines.as_ref().unwrap_or(&shown.text);
            text.push_str(&block("text", lines, "  "));
        }
    }
}

fn write_when(text: &mut String, step: &StepRecord) {
    if step
        .when
        .iter()
        .all(|asked| matches!(asked, AskedRecord::Nothing))
    {
        text.push_str(" nothing is asked\n\n");
        return;
    }
    text.push_str("\n\n");
    for asked in &step.when {
        match asked {
            AskedRecord::Command { command, .. } => value(text, "", command, ""),
            AskedRecord::Event { event: handed, .. } => event(text, "", handed, " arrives"),
            AskedRecord::Timeout { timeout, .. } => item(text, &format!("{} is due", code(timeout))),
            AskedRecord::Time { to } => item(text, &format!("it is {}", code(&to.to_string()))),
            AskedRecord::Query { query, .. } => value(text, "", query, "is asked"),
            AskedRecord::Nothing => {}
        }
    }
    text.push('\n');
}

fn write_then(text: &mut String, step: &StepRecord, role: Role) {
    let then = &step.then;
    let before = text.len();
    for recorded in &then.events {
        event(text, "", recorded, " is recorded");
    }
    for sent in &then.commands {
        value(text, "", sent, "is sent");
    }
    for effect in &then.effects {
        value(text, "", effect, "is to be done");
    }
    for (timeout, due) in &then.scheduled {
        let due = code(&due.to_string());
        item(text, &format!("{} is scheduled for {due}", code(timeout)));
    }
    for timeout in &then.cancelled {
        item(text, &format!("{} is no longer waited for", code(timeout)));
    }
    if let Some(reply) = &then.reply {
        value(text, "the answer is", reply, "");
    }
    for asked in &step.when {
        if let AskedRecord::Query { result, .. } = asked {
            item(text, "the answer is");
            text.push_str(&json(result, "  "));
        }
    }
    if let Some(error) = &then.error {
        value(text, "it is refused with", error, "");
    }
    if then.verdict == VerdictRecord::Ignored {
        item(text, "it is ignored");
    }
    for check in &step.checks {
        if let Some(demanded) = demanded(check) {
            item(text, &prose(demanded));
        }
    }
    if step.checks.iter().any(|check| looks_at_state(check))
        && let Some(state) = &then.state
    {
        item(
            text,
            match role {
                Role::Projector => "the rows are",
                Role::Aggregate | Role::ProcessManager | Role::Reactor => "the state is",
            },
        );
        text.push_str(&json(state, "  "));
    }
    if text.len() == before {
        item(
            text,
            match role {
                Role::Aggregate => "it is accepted, and there is nothing to record",
                Role::ProcessManager | Role::Reactor => "nothing comes of it",
                Role::Projector => "the rows follow it",
            },
        );
    }
}

/// Whether a check says what the state or the rows are.
fn looks_at_state(check: &str) -> bool {
    let word = check.split(' ').next().unwrap_or(check);
    matches!(
        word,
        "then_state" | "then_state_json" | "state" | "then_rows" | "then_row" | "then_no_row"
    )
}

/// What a check says by a name of its own.
fn demanded(check: &str) -> Option<&str> {
    ["then_state_that ", "then_events_that ", "then_error_that "]
        .iter()
        .find_map(|word| check.strip_prefix(word))
        .or_else(|| {
            let (word, name) = check.split_once(" \"")?;
            word.ends_with("holds")
                .then(|| name.strip_suffix('"').unwrap_or(name))
        })
}
