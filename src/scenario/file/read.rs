//! Reading a scenario file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::json;
use crate::model::{Timestamp, read_json};

use super::bind::{Refusal, Use};
use super::place::{spot, spots};
use super::span;
use super::{FORMAT, FileError, GivenLine, ScenarioFile, Spot, Template, Then, WhenLine};

/// A scenario file that was read, and where its parts stand.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file, as the caller named it.
    pub file: String,
    /// What it says.
    pub scenario: ScenarioFile,
    spots: BTreeMap<String, Spot>,
}

impl Source {
    /// Where the value at `pointer` stands, or what holds it when it is not there.
    pub fn spot(&self, pointer: &str) -> Option<Spot> {
        nearest(&self.spots, pointer)
    }

    /// An error at `pointer`.
    pub fn error(&self, pointer: &str, message: impl Into<String>) -> FileError {
        FileError::new(&self.file, self.spot(pointer), pointer, message)
    }
}

fn nearest(spots: &BTreeMap<String, Spot>, pointer: &str) -> Option<Spot> {
    let mut pointer = pointer;
    loop {
        if let Some(spot) = spots.get(pointer) {
            return Some(*spot);
        }
        pointer = pointer.rsplit_once('/')?.0;
    }
}

/// Reads the scenario `text` of the file `file`, whose name is used in errors.
///
/// # Errors
///
/// When it is not JSON, has a member that nobody knows, lacks one, checks nothing, or uses a name that nothing was
/// bound to.
///
/// ```
/// let text = br#"{"format": "1.0", "subject": "account", "given": [], "when": [{"comand": "Close"}], "then": {}}"#;
/// let error = pastproof::scenario::file::read("close.json", text).unwrap_err();
/// let said = error.to_string();
/// assert!(said.starts_with("close.json:1:64, at /when/0/comand: unknown field `comand`"), "{said}");
/// ```
pub fn read(file: &str, text: &[u8]) -> Result<Source, FileError> {
    let parsed = json::parse(text).map_err(|error| {
        let spot = std::str::from_utf8(text)
            .ok()
            .map(|text| spot(text, error.offset()));
        let message = error.to_string();
        // The line says where; the byte says nothing to a person.
        let message = message.split(" at byte ").next().unwrap_or_default();
        FileError::new(file, spot, error.pointer(), message)
    })?;
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(FileError::new(file, None, "", "the text is not UTF-8"));
    };
    let spots = spots(text);
    if let Some(pointer) = &parsed.imprecise {
        let message = "a whole number beyond 64 bits, which readers round; write it as a text";
        return Err(FileError::new(file, nearest(&spots, pointer), pointer, message));
    }
    // The format first: a later one may have members that this one refuses.
    if let Some(format) = parsed.value.get("format").and_then(|format| format.as_str())
        && format.split('.').next() != FORMAT.split('.').next()
    {
        return Err(FileError::new(
            file,
            nearest(&spots, "/format"),
            "/format",
            format!(
                "the file has format {format}, and this version of pastproof reads {FORMAT}; update pastproof"
            ),
        ));
    }
    let scenario: ScenarioFile = read_json(text).map_err(|error| {
        // The type names its own line and column, which are those of the value's end.
        let message = error.message.split(" at line ").next().unwrap_or_default();
        let spot = nearest(&spots, &error.pointer);
        FileError::new(file, spot, &error.pointer, message)
    })?;
    let source = Source {
        file: file.to_owned(),
        scenario,
        spots,
    };
    check(&source).map_err(|(pointer, message)| source.error(&pointer, message))?;
    Ok(source)
}

/// What the types cannot say.
fn check(source: &Source) -> Result<(), Refusal> {
    let scenario = &source.scenario;
    if scenario.subject.is_empty() {
        return Err(("/subject".to_owned(), "the subject has no name".to_owned()));
    }
    if let Some(at) = &scenario.at {
        moment(at, "/at")?;
    }
    let mut names: BTreeSet<String> = BTreeSet::new();
    let asks = |template: &Template, pointer: String, names: &BTreeSet<String>| {
        template.names(&pointer, &mut |name, how, at| match how {
            Use::Is => is_bound(names, name, at),
            Use::Bind => Err((
                at.to_owned(),
                format!("nothing gives `{name}` a value here; `$bind` belongs into `then`"),
            )),
        })
    };
    for (index, line) in scenario.given.iter().enumerate() {
        match line {
            GivenLine::Event(event) => asks(&event.data, format!("/given/{index}/data"), &names)?,
            GivenLine::Command { command } => asks(command, format!("/given/{index}/command"), &names)?,
            GivenLine::Time { time } => moment(time, &format!("/given/{index}/time"))?,
            GivenLine::Scenario { .. } => {}
        }
    }
    for (at, when, then) in scenario.steps() {
        if when.is_empty() && !at.is_empty() {
            return Err((format!("{at}/when"), "nothing is asked: add a command".to_owned()));
        }
        for (index, line) in when.iter().enumerate() {
            let at = format!("{at}/when/{index}");
            match line {
                WhenLine::Command { command } => asks(command, format!("{at}/command"), &names)?,
                WhenLine::Event(event) => asks(&event.data, format!("{at}/data"), &names)?,
                WhenLine::Time { time } => moment(time, &format!("{at}/time"))?,
                WhenLine::Passing { passes } => {
                    span::parse(passes).map_err(|message| (format!("{at}/passes"), message))?;
                }
                WhenLine::Query { query } => {
                    question(query).map_err(|message| (format!("{at}/query"), message.to_owned()))?;
                    asks(query, format!("{at}/query"), &names)?;
                }
            }
        }
        check_then(then, &format!("{at}/then"), &mut names)?;
    }
    Ok(())
}

/// The name of a question, and what it asks.
pub(super) fn question(query: &Template) -> Result<(&str, &Value), &'static str> {
    let named = match query.json() {
        Value::String(name) => Some((name.as_str(), &Value::Null)),
        Value::Object(members) if members.len() == 1 => {
            members.iter().next().map(|(name, asked)| (name.as_str(), asked))
        }
        _ => None,
    };
    named
        .filter(|(name, _)| !name.is_empty() && !name.starts_with('$'))
        .ok_or("a question stands under its name, as in {\"due\": {\"above\": 500}}; one without more to say is its name")
}

fn moment(time: &str, at: &str) -> Result<(), Refusal> {
    match time.parse::<Timestamp>() {
        Ok(_) => Ok(()),
        Err(error) => Err((at.to_owned(), error.to_string())),
    }
}

fn is_bound(names: &BTreeSet<String>, name: &str, at: &str) -> Result<(), Refusal> {
    if names.contains(name) {
        return Ok(());
    }
    Err((
        at.to_owned(),
        format!("nothing before this gives `{name}` a value with {{\"$bind\": \"{name}\"}}"),
    ))
}

fn check_then(then: &Then, at: &str, names: &mut BTreeSet<String>) -> Result<(), Refusal> {
    if *then == Then::default() {
        return Err((
            at.to_owned(),
            "this checks nothing: add `events`, `error`, `outcome`, `state` or `holds`".to_owned(),
        ));
    }
    let mut seen = |name: &str, how: Use, at: &str| match how {
        Use::Is => is_bound(names, name, at),
        Use::Bind if !names.insert(name.to_owned()) => Err((
            at.to_owned(),
            format!("`{name}` has a value already; {{\"$is\": \"{name}\"}} stands for it"),
        )),
        Use::Bind => Ok(()),
    };
    let mut lists = 0;
    for (member, events) in then.event_lists() {
        lists += 1;
        if events.is_empty() && member != "events" {
            return Err((
                format!("{at}/{member}"),
                "this holds whatever happens; `\"events\": []` says that nothing is recorded".to_owned(),
            ));
        }
        for (index, event) in events.iter().enumerate() {
            event
                .data
                .names(&format!("{at}/{member}/{index}/data"), &mut seen)?;
        }
    }
    for (member, value) in [
        ("error", &then.error),
        ("state", &then.state),
        ("reply", &then.reply),
        ("result", &then.result),
    ] {
        if let Some(value) = value {
            value.names(&format!("{at}/{member}"), &mut seen)?;
        }
    }
    if then.rows.as_ref().is_some_and(BTreeMap::is_empty) {
        return Err((
            format!("{at}/rows"),
            "this holds whatever happens; `\"state\": {}` says that there are no rows".to_owned(),
        ));
    }
    for (key, row) in then.rows.iter().flatten() {
        let key = key.replace('~', "~0").replace('/', "~1");
        row.names(&format!("{at}/rows/{key}"), &mut seen)?;
    }
    for (member, values) in [("effects", &then.effects), ("commands", &then.commands)] {
        for (index, value) in values.iter().flatten().enumerate() {
            value.names(&format!("{at}/{member}/{index}"), &mut seen)?;
        }
    }
    for (index, line) in then.scheduled.iter().flatten().enumerate() {
        moment(&line.due, &format!("{at}/scheduled/{index}/due"))?;
    }
    for (index, pointer) in then.ignoring.iter().enumerate() {
        let at = format!("{at}/ignoring/{index}");
        if lists == 0 {
            return Err((
                at,
                "there are no expected events in which to ignore it".to_owned(),
            ));
        }
        if pointer.is_empty() {
            return Err((
                at,
                "this ignores all of the data; name a member, as in `/at`".to_owned(),
            ));
        }
        if !pointer.starts_with('/') {
            return Err((
                at,
                format!("`{pointer}` is no JSON pointer; those start with `/`"),
            ));
        }
    }
    Ok(())
}
