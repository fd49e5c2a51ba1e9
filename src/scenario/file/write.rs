//! Writing a scenario file.

use serde_json::Value;

use crate::scenario::events::one_line;
use crate::scenario::text::{fits, indented, spread, version_literal};

use super::{EventTemplate, GivenLine, OutcomeWord, ScenarioFile, Then, WhenLine};

/// The scenario as the text of its file. Reading it gives the same scenario, and the same scenario gives the same
/// text.
pub fn write(scenario: &ScenarioFile) -> String {
    let mut members = Vec::new();
    if let Some(schema) = &scenario.schema {
        members.push(member("$schema", text(schema)));
    }
    members.push(member("format", text(&scenario.format)));
    members.push(member("subject", text(&scenario.subject)));
    if let Some(tells) = &scenario.tells {
        members.push(member("tells", text(tells)));
    }
    if let Some(at) = &scenario.at {
        members.push(member("at", text(at)));
    }
    members.push(member("given", list(scenario.given.iter().map(given).collect())));
    members.extend(step(&scenario.when, &scenario.then));
    if !scenario.and.is_empty() {
        let steps = scenario.and.iter().map(|and| object(step(&and.when, &and.then)));
        members.push(member("and", list(steps.collect())));
    }
    object(members).join("\n") + "\n"
}

/// The check `then`, as a file has it.
pub(crate) fn then_text(check: &Then) -> Vec<String> {
    member("then", then(check))
}

fn given(line: &GivenLine) -> Vec<String> {
    match line {
        GivenLine::Event(event) => one_event(event),
        GivenLine::Command { command } => named("command", command.json()),
        GivenLine::Scenario { scenario } => named("scenario", &Value::from(scenario.as_str())),
    }
}

fn step(when: &[WhenLine], check: &Then) -> Vec<Vec<String>> {
    let asked = when.iter().map(|line| match line {
        WhenLine::Command { command } => named("command", command.json()),
        WhenLine::Event(event) => one_event(event),
        WhenLine::Time { time } => named("time", &Value::from(time.as_str())),
    });
    vec![member("when", list(asked.collect())), member("then", then(check))]
}

fn then(then: &Then) -> Vec<String> {
    let mut members = Vec::new();
    for (name, events) in then.event_lists() {
        members.push(member(name, list(events.iter().map(one_event).collect())));
    }
    let texts = |texts: &[String]| list(texts.iter().map(|one| text(one)).collect());
    if !then.ignoring.is_empty() {
        members.push(member("ignoring", texts(&then.ignoring)));
    }
    if let Some(outcome) = then.outcome {
        let word = match outcome {
            OutcomeWord::AcceptedWithoutEvents => "accepted_without_events",
            OutcomeWord::Ignored => "ignored",
        };
        members.push(member("outcome", text(word)));
    }
    if let Some(error) = &then.error {
        members.push(member("error", spread(error.json())));
    }
    if let Some(variant) = &then.error_variant {
        members.push(member("error_variant", text(variant)));
    }
    if let Some(said) = &then.error_text {
        members.push(member("error_text", text(said)));
    }
    if let Some(state) = &then.state {
        members.push(member("state", spread(state.json())));
    }
    if let Some(reply) = &then.reply {
        members.push(member("reply", spread(reply.json())));
    }
    for (name, values) in [("effects", &then.effects), ("commands", &then.commands)] {
        if let Some(values) = values {
            members.push(member(
                name,
                list(values.iter().map(|one| spread(one.json())).collect()),
            ));
        }
    }
    if let Some(scheduled) = &then.scheduled {
        let lines = scheduled.iter().map(|line| {
            let (timeout, due) = (Value::from(line.timeout.as_str()), Value::from(line.due.as_str()));
            vec![format!("{{\"timeout\": {timeout}, \"due\": {due}}}")]
        });
        members.push(member("scheduled", list(lines.collect())));
    }
    if let Some(cancelled) = &then.cancelled {
        members.push(member("cancelled", texts(cancelled)));
    }
    if !then.holds.is_empty() {
        members.push(member("holds", texts(&then.holds)));
    }
    object(members)
}

fn one_event(event: &EventTemplate) -> Vec<String> {
    let head = format!(
        "{{\"type\": {}, \"version\": {}, \"data\": ",
        Value::from(event.event_type.as_str()),
        version_json(event)
    );
    closed(&head, event.data.json())
}

fn version_json(event: &EventTemplate) -> String {
    match &event.version {
        crate::model::Version::Text(text) => Value::from(text.as_ref()).to_string(),
        number @ crate::model::Version::Number(_) => version_literal(number),
    }
}

fn named(name: &str, value: &Value) -> Vec<String> {
    closed(&format!("{{\"{name}\": "), value)
}

/// `value` after `head`, and the brace that closes what `head` opened.
fn closed(head: &str, value: &Value) -> Vec<String> {
    let line = format!("{head}{}}}", one_line(value));
    if fits(&line) {
        return vec![line];
    }
    let mut lines = spread(value);
    if let Some(first) = lines.first_mut() {
        first.insert_str(0, head);
    }
    if let Some(last) = lines.last_mut() {
        last.push('}');
    }
    lines
}

fn text(text: &str) -> Vec<String> {
    vec![Value::from(text).to_string()]
}

fn member(name: &str, mut value: Vec<String>) -> Vec<String> {
    if let Some(first) = value.first_mut() {
        first.insert_str(0, &format!("{}: ", Value::from(name)));
    }
    value
}

fn object(members: Vec<Vec<String>>) -> Vec<String> {
    between("{", members, "}")
}

fn list(items: Vec<Vec<String>>) -> Vec<String> {
    between("[", items, "]")
}

fn between(open: &str, parts: Vec<Vec<String>>, close: &str) -> Vec<String> {
    if parts.is_empty() {
        return vec![format!("{open}{close}")];
    }
    let mut lines = vec![open.to_owned()];
    let count = parts.len();
    for (index, mut part) in parts.into_iter().enumerate() {
        if index + 1 < count
            && let Some(last) = part.last_mut()
        {
            last.push(',');
        }
        lines.extend(indented(2, part));
    }
    lines.push(close.to_owned());
    lines
}
