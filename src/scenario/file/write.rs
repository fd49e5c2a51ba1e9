//! Writing a scenario file.

use serde_json::Value;

use crate::model::Version;
use crate::scenario::events::one_line;
use crate::scenario::text::{fits, indented, spread, version_literal};

use super::{EventTemplate, GivenEvent, GivenLine, OutcomeWord, ScenarioFile, Then, WhenLine};

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
    if let Some(stream) = &scenario.stream {
        members.push(member("stream", text(stream)));
    }
    if let Some(at) = &scenario.at {
        members.push(member("at", text(at)));
    }
    if scenario.ids > 0 {
        members.push(member("ids", vec![scenario.ids.to_string()]));
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
        GivenLine::Event(event) => given_event(event),
        GivenLine::Time { time } => named("time", &Value::from(time.as_str())),
        GivenLine::Command { command } => named("command", command.json()),
        GivenLine::Scenario { scenario } => named("scenario", &Value::from(scenario.as_str())),
    }
}

fn step(when: &[WhenLine], check: &Then) -> Vec<Vec<String>> {
    let asked = when.iter().map(|line| match line {
        WhenLine::Command { command } => named("command", command.json()),
        WhenLine::Event(event) => one_event(event),
        WhenLine::Time { time } => named("time", &Value::from(time.as_str())),
        WhenLine::Passing { passes } => named("passes", &Value::from(passes.as_str())),
        WhenLine::Query { query } => named("query", query.json()),
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
    if let Some(result) = &then.result {
        members.push(member("result", spread(result.json())));
    }
    if let Some(rows) = &then.rows {
        let rows = rows.iter().map(|(key, row)| member(key, spread(row.json())));
        members.push(member("rows", object(rows.collect())));
    }
    if !then.no_rows.is_empty() {
        members.push(member("no_rows", texts(&then.no_rows)));
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

fn given_event(event: &GivenEvent) -> Vec<String> {
    let mut lines = one_event(&event.event());
    let mut more = String::new();
    if let Some(stream) = &event.stream {
        more.push_str(&format!(", \"stream\": {}", Value::from(stream.as_str())));
    }
    if !event.tags.is_empty() {
        let tags = event.tags.iter().map(|(name, values)| {
            let values = match values.values() {
                [only] => Value::from(only.as_str()),
                several => Value::from(several.to_vec()),
            };
            format!("{}: {values}", Value::from(name.as_str()))
        });
        more.push_str(&format!(
            ", \"tags\": {{{}}}",
            tags.collect::<Vec<_>>().join(", ")
        ));
    }
    // Before the brace that closes the event.
    if let Some(last) = lines.last_mut() {
        last.insert_str(last.len() - 1, &more);
    }
    lines
}

fn one_event(event: &EventTemplate) -> Vec<String> {
    let head = format!(
        "{{\"type\": {}, \"version\": {}, \"data\": ",
        Value::from(event.event_type.as_str()),
        version_json(&event.version)
    );
    closed(&head, event.data.json())
}

fn version_json(version: &Version) -> String {
    match version {
        Version::Text(text) => Value::from(text.as_ref()).to_string(),
        number @ Version::Number(_) => version_literal(number),
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
