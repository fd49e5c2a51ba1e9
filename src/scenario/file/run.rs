//! Running a scenario file.

use std::sync::Arc;

use serde_json::Value;

use crate::json::{ChangeKind, diff as json_diff};
use crate::model::{EventError, Timestamp};
use crate::scenario::at::At;
use crate::scenario::fixture::Fixture;
use crate::scenario::given::Given;
use crate::scenario::invariants::Invariants;
use crate::scenario::outcome::Outcome;
use crate::scenario::story::{Response, Spot, Story, Tags, What};
use crate::scenario::subject::Subject;
use crate::scenario::text::Told;
use crate::scenario::{Failure, StoredEvent};
use crate::upcast::Chains;

use super::bind::Bindings;
use super::library::Trouble;
use super::read::question;
use super::span;
use super::{EventTemplate, FileError, GivenEvent, GivenLine, Source, Template, Then, WhenLine};

/// How commands, or whatever else a subject is asked, are read from JSON.
pub(super) type ReadInput<S> = fn(&Value) -> Result<<S as Subject>::Input, EventError>;
/// Whether JSON is an error of the subject, and what is wrong where it is not.
pub(super) type ReadError = fn(&Value) -> Result<(), EventError>;

/// How the scenario files of one subject are read and run.
pub(super) struct Reader<S: Subject> {
    pub(super) fixture: Fixture<S>,
    pub(super) input: ReadInput<S>,
    /// Whether it is asked commands, and not handed events.
    pub(super) commands: bool,
    pub(super) error: Option<ReadError>,
    /// The text of an error.
    pub(super) message: Option<fn(&S::Error) -> String>,
    pub(super) invariants: Invariants<S>,
}

/// What running one file needs from outside of it.
pub(super) struct Surroundings<'a> {
    pub(super) name: &'a str,
    pub(super) chains: Option<&'a Arc<Chains>>,
    /// The end of another scenario.
    pub(super) end_of: &'a dyn Fn(&str) -> Result<End, String>,
}

/// The end of a scenario, where another one begins, whatever their subjects.
pub(super) struct End {
    history: Vec<Happened>,
    now: Option<Timestamp>,
    ids: u64,
}

/// One event of a history, as it was handed in or as it is stored.
struct Happened {
    event: StoredEvent,
    stream: Option<String>,
    tags: Tags,
    at: Option<Timestamp>,
}

/// A scenario of a file that was carried out, not yet judged.
pub(super) struct Ran<S: Subject> {
    outcome: Outcome<S>,
}

impl<S: Subject> Ran<S> {
    pub(super) fn judge(self) -> Result<(), Failure> {
        self.outcome.try_check()
    }

    pub(super) fn end(&self) -> End {
        let Some(story) = self.outcome.story() else {
            return End {
                history: Vec::new(),
                now: None,
                ids: 0,
            };
        };
        let happened = |told: &Told, spot: Option<&Spot>| Happened {
            event: told.stored.clone(),
            stream: spot
                .and_then(|spot| story.streams().name(spot))
                .map(str::to_owned),
            tags: spot.and_then(|spot| spot.tags.clone()),
            at: spot.and_then(|spot| spot.at.as_deref()?.parse().ok()),
        };
        let given = story.given.iter().filter_map(|past| {
            let spot = past.became.first().map(|became| &became.spot);
            past.told().map(|told| happened(told, spot))
        });
        let mut history: Vec<Happened> = given.collect();
        for asked in story.steps.iter().flat_map(|step| &step.asked) {
            let Response::Answered(answered) = &asked.response else {
                continue;
            };
            if let (What::Input(_), Some(handed)) = (&asked.what, &answered.input) {
                history.push(happened(handed, Some(&answered.input_spot)));
            }
            history.extend(
                answered
                    .events
                    .iter()
                    .map(|became| happened(became.told(), Some(&became.spot))),
            );
        }
        End {
            history,
            now: story.clock.text.as_ref().map(|_| story.clock.now),
            ids: story.ids,
        }
    }
}

impl<S: Subject> Reader<S> {
    /// Carries out the scenario of a file.
    pub(super) fn run(&self, source: &Source, around: &Surroundings<'_>) -> Result<Ran<S>, Trouble> {
        let scenario = &source.scenario;
        let mut fixture = self.fixture.clone();
        if let Some(chains) = around.chains {
            fixture = fixture.upcasters(Arc::clone(chains));
        }
        if let Some(stream) = &scenario.stream {
            fixture = fixture.stream(stream);
        }
        if let Some(at) = &scenario.at {
            fixture.clock.set(instant(source, "/at", at)?);
        }
        let mut given = Given::start_at(fixture, place(source, "")).named(around.name);
        let mut wrong = None;
        given = given.with(|story| {
            for (index, line) in scenario.given.iter().enumerate() {
                if let Err(error) = self.give(story, source, &format!("/given/{index}"), line, around) {
                    wrong = Some(error);
                    return;
                }
            }
            story.ids = story.ids.max(scenario.ids);
        });
        let outcome = given.go_on(|_| ());
        if let Some(error) = wrong {
            outcome.discard();
            return Err(Trouble::File(error));
        }
        let run = Run {
            reader: self,
            source,
            bindings: Bindings::new(),
        };
        run.go(outcome)
    }

    fn give(
        &self,
        story: &mut Story<S>,
        source: &Source,
        pointer: &str,
        line: &GivenLine,
        around: &Surroundings<'_>,
    ) -> Result<(), FileError> {
        let at = place(source, pointer);
        match line {
            GivenLine::Event(event) => {
                let stored = stored(source, pointer, &event.event(), &Bindings::new())?;
                story.give_stored(stored, event.stream.as_deref(), &tags_of(event), at);
            }
            GivenLine::Time { time } => story
                .clock
                .set(instant(source, &format!("{pointer}/time"), time)?),
            GivenLine::Scenario { scenario } => {
                let end = (around.end_of)(scenario)
                    .map_err(|message| source.error(&format!("{pointer}/scenario"), message))?;
                let name: Arc<str> = scenario.as_str().into();
                for happened in end.history {
                    let first = story.given.len();
                    if let Some(at) = happened.at {
                        story.clock.set(at);
                    }
                    story.give_stored(happened.event, happened.stream.as_deref(), &happened.tags, at);
                    for past in &mut story.given[first..] {
                        past.from = Some(Arc::clone(&name));
                    }
                }
                if let Some(now) = end.now {
                    story.clock.set(now);
                }
                story.ids = story.ids.max(end.ids);
            }
            GivenLine::Command { command } => {
                let pointer = format!("{pointer}/command");
                let input = self.command(source, &pointer, command, &Bindings::new())?;
                if let Some(complaint) = story.give_command(input, at) {
                    let why = complaint.lines.join(", ");
                    let stop = if why.starts_with("with ") { "" } else { ":" };
                    return Err(source.error(&pointer, format!("{}{stop} {why}", complaint.headline)));
                }
            }
        }
        Ok(())
    }

    fn command(
        &self,
        source: &Source,
        pointer: &str,
        command: &Template,
        bindings: &Bindings,
    ) -> Result<S::Input, FileError> {
        if !self.commands {
            return Err(source.error(
                pointer,
                format!("{} follows events and takes no commands", source.scenario.subject),
            ));
        }
        let value = fill(source, pointer, command, bindings)?;
        let input = (self.input)(&value)
            .map_err(|error| source.error(&format!("{pointer}{}", error.pointer), error.message))?;
        if let Some(lost) = self
            .fixture
            .views
            .input
            .json
            .and_then(|json| lost(&value, &json(&input).ok()?))
        {
            return Err(source.error(
                &format!("{pointer}{lost}"),
                "the command's type reads nothing here; is the name misspelt?",
            ));
        }
        Ok(input)
    }
}

/// The pointer of a member that is in `value` and of which nothing is left in what was read of it.
fn lost(value: &Value, read: &Value) -> Option<String> {
    json_diff(value, read)
        .into_iter()
        .find_map(|change| match change.kind {
            // Many types leave out what is null.
            ChangeKind::Removed(value) if !value.is_null() => Some(change.pointer),
            _ => None,
        })
}

fn instant(source: &Source, pointer: &str, text: &str) -> Result<Timestamp, FileError> {
    text.parse()
        .map_err(|error: crate::model::TimeError| source.error(pointer, error.to_string()))
}

pub(super) fn place(source: &Source, pointer: &str) -> At {
    match source.spot(pointer) {
        Some(spot) => At::in_file(&source.file, spot),
        None => At::caller(),
    }
}

fn fill(
    source: &Source,
    pointer: &str,
    template: &Template,
    bindings: &Bindings,
) -> Result<Value, FileError> {
    template.fill(bindings).map_err(|name| {
        source.error(
            pointer,
            format!("`{name}` has no value, because nothing came of what binds it"),
        )
    })
}

fn stored(
    source: &Source,
    pointer: &str,
    event: &EventTemplate,
    bindings: &Bindings,
) -> Result<StoredEvent, FileError> {
    Ok(StoredEvent {
        event_type: event.event_type.clone(),
        version: event.version.clone(),
        data: fill(source, &format!("{pointer}/data"), &event.data, bindings)?,
    })
}

fn tags_of(event: &GivenEvent) -> Tags {
    let tags = event.tags.iter().flat_map(|(name, values)| {
        values
            .values()
            .iter()
            .map(move |value| (name.clone(), value.clone()))
    });
    let tags: Vec<(String, String)> = tags.collect();
    (!tags.is_empty()).then(|| Arc::new(tags))
}

/// One file on its way.
pub(super) struct Run<'a, S: Subject> {
    pub(super) reader: &'a Reader<S>,
    pub(super) source: &'a Source,
    pub(super) bindings: Bindings,
}

impl<S: Subject> Run<'_, S> {
    fn go(mut self, mut outcome: Outcome<S>) -> Result<Ran<S>, Trouble> {
        let steps: Vec<(String, &[WhenLine], &Then)> = self.source.scenario.steps().collect();
        for (pointer, when, then) in steps {
            outcome = match self.ask(outcome, &format!("{pointer}/when"), when) {
                Ok(outcome) => outcome,
                // What failed before tells more than the name that has no value because of it.
                Err((outcome, error)) => {
                    return Err(match outcome.failed() {
                        Some(failure) => Trouble::Failed(failure),
                        None => Trouble::File(error),
                    });
                }
            };
            if let Err(error) = self.then(&mut outcome, &format!("{pointer}/then"), then) {
                outcome.discard();
                return Err(Trouble::File(error));
            }
        }
        Ok(Ran { outcome })
    }

    fn ask(
        &self,
        mut outcome: Outcome<S>,
        pointer: &str,
        when: &[WhenLine],
    ) -> Result<Outcome<S>, (Outcome<S>, FileError)> {
        if when.is_empty() {
            let at = place(self.source, pointer);
            return Ok(outcome.go_on(|story| story.ask_nothing(at)));
        }
        for (index, line) in when.iter().enumerate() {
            let mut asked = Ok(());
            outcome =
                outcome.go_on(|story| asked = self.ask_line(story, &format!("{pointer}/{index}"), line));
            if let Err(error) = asked {
                return Err((outcome, error));
            }
        }
        Ok(outcome)
    }

    fn ask_line(&self, story: &mut Story<S>, pointer: &str, line: &WhenLine) -> Result<(), FileError> {
        let at = place(self.source, pointer);
        match line {
            WhenLine::Command { command } => {
                let pointer = format!("{pointer}/command");
                let input = self
                    .reader
                    .command(self.source, &pointer, command, &self.bindings)?;
                story.ask_now(input, at);
            }
            WhenLine::Event(event) => {
                let input = self.event(story, pointer, event)?;
                story.ask_now(input, at);
            }
            WhenLine::Time { time } => {
                let time = instant(self.source, &format!("{pointer}/time"), time)?;
                story.pass_time(time, at);
            }
            WhenLine::Passing { passes } => {
                let pointer = format!("{pointer}/passes");
                let span = span::parse(passes).map_err(|error| self.source.error(&pointer, error))?;
                story.pass_time(story.clock.now + span, at);
            }
            WhenLine::Query { query } => self.query(story, pointer, query, at)?,
        }
        Ok(())
    }

    fn query(&self, story: &mut Story<S>, pointer: &str, query: &Template, at: At) -> Result<(), FileError> {
        let pointer = format!("{pointer}/query");
        let filled = Template::written(fill(self.source, &pointer, query, &self.bindings)?);
        let (name, asked) = question(&filled).map_err(|error| self.source.error(&pointer, error))?;
        let Some(read) = story.ask_named(name, asked, at) else {
            let known = story.query_names();
            return Err(self.source.error(
                &pointer,
                match known.as_slice() {
                    [] => "no questions are registered for this subject: `Fixture::query` registers one"
                        .to_owned(),
                    known => format!("there is no question `{name}`; there are {known:?}"),
                },
            ));
        };
        let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        let read = read.map_err(|error| {
            // Line and column are those of a text that nobody sees.
            let message = error.message.split(" at line ").next().unwrap_or_default();
            self.source.error(&format!("{below}{}", error.pointer), message)
        })?;
        match lost(asked, &read) {
            Some(lost) => Err(self.source.error(
                &format!("{below}{lost}"),
                "the question's type reads nothing here; is the name misspelt?",
            )),
            None => Ok(()),
        }
    }

    fn event(&self, story: &Story<S>, pointer: &str, event: &EventTemplate) -> Result<S::Input, FileError> {
        let wrong = |message: String| self.source.error(pointer, message);
        if self.reader.commands {
            let subject = &self.source.scenario.subject;
            return Err(wrong(format!(
                "{subject} is asked commands and follows no events"
            )));
        }
        let stored = stored(self.source, pointer, event, &self.bindings)?;
        let mut events = story
            .read(&stored)
            .map_err(|error| wrong(format!("{} cannot be read: {error}", stored.kind())))?;
        let (Some(event), true) = (events.pop(), events.is_empty()) else {
            return Err(wrong(
                "upcasting makes none or several events of this one; write the one that is meant".to_owned(),
            ));
        };
        S::encode(&event)
            .and_then(|now| (self.reader.input)(&json_of(&now)))
            .map_err(|error| wrong(error.to_string()))
    }
}

/// An event as those are read that follow events.
pub(super) fn json_of(event: &StoredEvent) -> Value {
    let members = [
        ("type".to_owned(), Value::from(event.event_type.as_str())),
        ("data".to_owned(), event.data.clone()),
    ];
    Value::Object(members.into_iter().collect())
}
