//! Records whose values are masked, as reports mask them.

use serde_json::Value;

use crate::mask;
use crate::scenario::{AskedRecord, Came, OutcomeRecord, Record, Shown, StoredEvent};

/// The record with every value replaced by its kind and length unless `show` is set. Names stay: of types, variants,
/// members and streams.
#[must_use]
pub fn masked(record: &Record, show: bool) -> Record {
    let mut record = record.clone();
    if show {
        return record;
    }
    for given in &mut record.given {
        stored(&mut given.event);
        given.read_as.iter_mut().flatten().for_each(stored);
        given.by.iter_mut().for_each(shown);
        for (_, value) in &mut given.tags {
            *value = mask::value(&Value::String(std::mem::take(value)), false);
        }
    }
    for step in &mut record.steps {
        step.when.iter_mut().for_each(asked);
        outcome(&mut step.then);
    }
    record
}

fn stored(event: &mut StoredEvent) {
    json(&mut event.data);
}

fn json(value: &mut Value) {
    *value = mask::whole(value, false);
}

fn shown(shown: &mut Shown) {
    // What is no more than the name of a variant has no value.
    if shown.text == shown.variant {
        return;
    }
    shown.lines = None;
    shown.text = match shown.variant.as_str() {
        "" => "…".to_owned(),
        name => format!("{name} …"),
    };
    if let Some(data) = &mut shown.data {
        json(data);
    }
}

/// A timeout, which is known by its text alone.
fn text(text: &mut String) {
    let name: String = text
        .chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect();
    if name != *text {
        *text = format!("{name} …");
    }
}

fn asked(asked: &mut AskedRecord) {
    match asked {
        AskedRecord::Command { command, came, .. } => {
            shown(command);
            came_of(came);
        }
        AskedRecord::Event { event, came, .. } => {
            stored(event);
            came_of(came);
        }
        AskedRecord::Timeout { timeout, came, .. } => {
            text(timeout);
            came_of(came);
        }
        AskedRecord::Query { query, result } => {
            shown(query);
            json(result);
        }
        AskedRecord::Time { .. } | AskedRecord::Nothing => {}
    }
}

fn came_of(came: &mut Came) {
    came.error.iter_mut().for_each(shown);
    came.effects.iter_mut().for_each(shown);
    came.commands.iter_mut().for_each(shown);
    came.scheduled.iter_mut().for_each(text);
    came.cancelled.iter_mut().for_each(text);
}

fn outcome(then: &mut OutcomeRecord) {
    then.events.iter_mut().for_each(stored);
    then.error.iter_mut().for_each(shown);
    then.reply.iter_mut().for_each(shown);
    then.effects.iter_mut().for_each(shown);
    then.commands.iter_mut().for_each(shown);
    then.scheduled.iter_mut().for_each(|(timeout, _)| text(timeout));
    then.cancelled.iter_mut().for_each(text);
    then.state.iter_mut().for_each(json);
}
