//! Running a scenario file.

use std::sync::Arc;

use serde_json::Value;

use crate::json::{ChangeKind, diff as json_diff};
use crate::model::{EventError, Timestamp, Verdict};
use crate::scenario::at::At;
use crate::scenario::fixture::Fixture;
use crate::scenario::given::Given;
use crate::scenario::invariants::Invariants;
use crate::scenario::outcome::Outcome;
use crate::scenario::story::{Answered, LooksAt, Past, Step, Story};
use crate::scenario::subject::Subject;
use crate::scenario::text::{Complaint, Told, changes, count};
use crate::scenario::views::View;
use crate::scenario::{Failure, StoredEvent, align};
use crate::upcast::Chains;

use super::bind::Bindings;
use super::library::Trouble;
use super::{EventTemplate, FileError, GivenLine, OutcomeWord, Source, Template, Then, WhenLine};

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
    /// The history at the end of another scenario.
    pub(super) history_of: &'a dyn Fn(&str) -> Result<Vec<StoredEvent>, String>,
}

/// A scenario of a file that was carried out, not yet judged.
pub(super) struct Ran<S: Subject> {
    outcome: Outcome<S>,
}

impl<S: Subject> Ran<S> {
    pub(super) fn judge(self) -> Result<(), Failure> {
        self.outcome.try_check()
    }

    /// Everything that was given and recorded, as it was handed in or as it is stored.
    pub(super) fn history(&self) -> Vec<StoredEvent> {
        let Some(story) = self.outcome.story() else {
            return Vec::new();
        };
        let given = story.given.iter().filter_map(Past::told);
        let produced = story.steps.iter().flat_map(Step::produced);
        given
            .map(|told| told.stored.clone())
            .chain(produced.map(|became| became.told().stored.clone()))
            .collect()
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
        if let Some(at) = &scenario.at {
            fixture.clock.set(instant(source, "/at", at)?);
        }
        let history = self.expand(source, &fixture, around)?;
        let run = Run {
            reader: self,
            source,
            bindings: Bindings::new(),
        };
        run.go(fixture, history, around.name)
    }

    /// The given lines as stored events, each with its place.
    fn expand(
        &self,
        source: &Source,
        fixture: &Fixture<S>,
        around: &Surroundings<'_>,
    ) -> Result<Vec<(StoredEvent, At)>, Trouble> {
        let mut history: Vec<(StoredEvent, At)> = Vec::new();
        for (index, line) in source.scenario.given.iter().enumerate() {
            let pointer = format!("/given/{index}");
            let at = place(source, &pointer);
            match line {
                GivenLine::Event(event) => history.push((stored(source, &pointer, event)?, at)),
                GivenLine::Scenario { scenario } => {
                    let events = (around.history_of)(scenario)
                        .map_err(|message| source.error(&format!("{pointer}/scenario"), message))?;
                    history.extend(events.into_iter().map(|event| (event, at)));
                }
                GivenLine::Command { command } => {
                    let pointer = format!("{pointer}/command");
                    let input = self.command(source, &pointer, command, &Bindings::new())?;
                    let mut given = Given::start_at(fixture.clone(), at);
                    for (event, at) in &history {
                        given.give_stored(event.clone(), *at);
                    }
                    let outcome = given.go_on(|story| story.ask_now(input, at));
                    let events = accepted(&outcome);
                    outcome.discard();
                    let events = events.map_err(|message| source.error(&pointer, message))?;
                    history.extend(events.into_iter().map(|event| (event, at)));
                }
            }
        }
        Ok(history)
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

/// The events of a given command, which has to be accepted.
fn accepted<S: Subject>(outcome: &Outcome<S>) -> Result<Vec<StoredEvent>, String> {
    let answered = outcome
        .story()
        .and_then(|story| Some((story, story.answers().last()?)));
    match answered {
        Some((
            _,
            Answered {
                verdict: Verdict::Accepted(_) | Verdict::Ignored,
                events,
                ..
            },
        )) => Ok(events.iter().map(|event| event.told().stored.clone()).collect()),
        Some((
            story,
            Answered {
                verdict: Verdict::Rejected(error),
                ..
            },
        )) => Err(format!(
            "this command is rejected with {}, so it is no history",
            story.fixture.views.error.line(error)
        )),
        None => Err("this command is not answered: it panics, or waits for something".to_owned()),
    }
}

fn instant(source: &Source, pointer: &str, text: &str) -> Result<Timestamp, FileError> {
    text.parse()
        .map_err(|error: crate::model::TimeError| source.error(pointer, error.to_string()))
}

fn place(source: &Source, pointer: &str) -> At {
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

fn stored(source: &Source, pointer: &str, event: &EventTemplate) -> Result<StoredEvent, FileError> {
    stored_with(source, pointer, event, &Bindings::new())
}

fn stored_with(
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

/// One file on its way.
struct Run<'a, S: Subject> {
    reader: &'a Reader<S>,
    source: &'a Source,
    bindings: Bindings,
}

impl<S: Subject> Run<'_, S> {
    fn go(
        mut self,
        fixture: Fixture<S>,
        history: Vec<(StoredEvent, At)>,
        name: &str,
    ) -> Result<Ran<S>, Trouble> {
        let steps: Vec<(String, &[WhenLine], &Then)> = self.source.scenario.steps().collect();
        let mut given = Given::start_at(fixture, place(self.source, "")).named(name);
        for (event, at) in history {
            given.give_stored(event, at);
        }
        let mut outcome = given.go_on(|_| ());
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
            let pointer = format!("{pointer}/{index}");
            let at = place(self.source, &pointer);
            match self.input(&pointer, line, &outcome) {
                Ok(Asked::Input(input)) => outcome = outcome.go_on(|story| story.ask_now(input, at)),
                Ok(Asked::Time(time)) => outcome = outcome.go_on(|story| story.pass_time(time, at)),
                Err(error) => return Err((outcome, error)),
            }
        }
        Ok(outcome)
    }

    fn input(&self, pointer: &str, line: &WhenLine, outcome: &Outcome<S>) -> Result<Asked<S>, FileError> {
        match line {
            WhenLine::Command { command } => {
                let pointer = format!("{pointer}/command");
                self.reader
                    .command(self.source, &pointer, command, &self.bindings)
                    .map(Asked::Input)
            }
            WhenLine::Time { time } => {
                instant(self.source, &format!("{pointer}/time"), time).map(Asked::Time)
            }
            WhenLine::Event(event) => {
                if self.reader.commands {
                    let subject = &self.source.scenario.subject;
                    return Err(self.source.error(
                        pointer,
                        format!("{subject} is asked commands and follows no events"),
                    ));
                }
                let stored = stored_with(self.source, pointer, event, &self.bindings)?;
                let read = outcome
                    .story()
                    .map_or_else(|| Ok(Vec::new()), |story| story.read(&stored));
                let mut events = read.map_err(|error| {
                    self.source
                        .error(pointer, format!("{} cannot be read: {error}", stored.kind()))
                })?;
                let (Some(event), true) = (events.pop(), events.is_empty()) else {
                    return Err(self.source.error(
                        pointer,
                        "upcasting makes none or several events of this one; write the one that is meant",
                    ));
                };
                let input = match S::encode(&event) {
                    Ok(now) => (self.reader.input)(&json_of(&now)),
                    Err(error) => Err(error),
                };
                input
                    .map(Asked::Input)
                    .map_err(|error| self.source.error(pointer, error.to_string()))
            }
        }
    }

    fn then(&mut self, outcome: &mut Outcome<S>, pointer: &str, then: &Then) -> Result<(), FileError> {
        for (member, events) in then.event_lists() {
            self.events(
                outcome,
                &format!("{pointer}/{member}"),
                member,
                events,
                &then.ignoring,
            );
        }
        if let Some(word) = then.outcome {
            let at = place(self.source, &format!("{pointer}/outcome"));
            match word {
                OutcomeWord::AcceptedWithoutEvents => {
                    let word = "outcome accepted_without_events";
                    outcome.check(word, LooksAt::Acceptance, at, |story, at| {
                        let actual: Vec<Told> = story.produced().map(|event| event.told().clone()).collect();
                        let lines = align::compare(&[], &actual)?;
                        Some(Complaint::new(at, align::headline(&[], &actual), lines))
                    });
                }
                OutcomeWord::Ignored => outcome.ignored("outcome ignored", at),
            }
        }
        self.error(outcome, pointer, then)?;
        let bindings = &mut self.bindings;
        if let Some(state) = &then.state {
            let at = place(self.source, &format!("{pointer}/state"));
            outcome.check("state", LooksAt::State, at, |story, at| {
                let Some(view) = story.fixture.views.state else {
                    return Some(Complaint::new(at, "the state has no form as JSON", Vec::new()));
                };
                match view(story.subject.state()) {
                    Ok(actual) => differs("the state differs", state, &actual, bindings, at),
                    Err(error) => Some(Complaint::new(at, "the state does not serialize", vec![error])),
                }
            });
        }
        if let Some(reply) = &then.reply {
            let at = place(self.source, &format!("{pointer}/reply"));
            outcome.check("reply", LooksAt::Reply, at, |story, at| {
                match story.answers().last().map(|answered| &answered.verdict) {
                    Some(Verdict::Accepted(actual)) => match json(&story.fixture.views.reply, actual) {
                        Ok(actual) => differs("the reply differs", reply, &actual, bindings, at),
                        Err(error) => Some(Complaint::new(at, error, Vec::new())),
                    },
                    _ => Some(Complaint::new(at, "there is no reply", Vec::new())),
                }
            });
        }
        if let Some(effects) = &then.effects {
            let at = place(self.source, &format!("{pointer}/effects"));
            outcome.check("effects", LooksAt::Effects, at, |story, at| {
                let actual = story.answers().flat_map(|answered| &answered.effects);
                let actual: Result<Vec<Value>, String> =
                    actual.map(|one| json(&story.fixture.views.effect, one)).collect();
                list("effect", effects, actual, bindings, at)
            });
        }
        if let Some(commands) = &then.commands {
            let at = place(self.source, &format!("{pointer}/commands"));
            outcome.check("commands", LooksAt::Commands, at, |story, at| {
                let actual = story.answers().flat_map(|answered| &answered.commands);
                let actual: Result<Vec<Value>, String> =
                    actual.map(|one| json(&story.fixture.views.sent, one)).collect();
                list("command", commands, actual, bindings, at)
            });
        }
        self.timeouts(outcome, pointer, then);
        for (index, name) in then.holds.iter().enumerate() {
            let pointer = format!("{pointer}/holds/{index}");
            let known: Vec<&str> = self.reader.invariants.names().collect();
            if !known.contains(&name.as_str()) {
                return Err(self.source.error(
                    &pointer,
                    match known.as_slice() {
                        [] => "no invariants are registered for this subject".to_owned(),
                        known => format!("there is no invariant of this name; there are {known:?}"),
                    },
                ));
            }
            let at = place(self.source, &pointer);
            outcome.holds("holds", &self.reader.invariants, name, at);
        }
        Ok(())
    }

    fn timeouts(&self, outcome: &mut Outcome<S>, pointer: &str, then: &Then) {
        if let Some(scheduled) = &then.scheduled {
            let at = place(self.source, &format!("{pointer}/scheduled"));
            let expected: Vec<String> = scheduled
                .iter()
                .map(|line| {
                    // Written the same way, whatever its zone.
                    let due = line.due.parse::<Timestamp>();
                    let due = due.map_or_else(|_| line.due.clone(), |due| due.to_string());
                    format!("{}, due {due}", line.timeout)
                })
                .collect();
            outcome.check("scheduled", LooksAt::Scheduled, at, |story, at| {
                let actual = story.answers().flat_map(|answered| &answered.scheduled);
                let actual: Vec<String> = actual
                    .map(|one| format!("{:?}, due {}", one.timeout, one.due))
                    .collect();
                texts("timeout", &expected, &actual, at)
            });
        }
        if let Some(cancelled) = &then.cancelled {
            let at = place(self.source, &format!("{pointer}/cancelled"));
            outcome.check("cancelled", LooksAt::Cancelled, at, |story, at| {
                let actual = story.answers().flat_map(|answered| &answered.cancelled);
                let actual: Vec<String> = actual.map(|one| format!("{one:?}")).collect();
                texts("cancelled timeout", cancelled, &actual, at)
            });
        }
    }

    fn error(&mut self, outcome: &mut Outcome<S>, pointer: &str, then: &Then) -> Result<(), FileError> {
        let bindings = &mut self.bindings;
        if let Some(error) = &then.error {
            let pointer = format!("{pointer}/error");
            if let (Some(read), Ok(value)) = (self.reader.error, error.fill(bindings)) {
                read(&value).map_err(|wrong| {
                    self.source
                        .error(&format!("{pointer}{}", wrong.pointer), wrong.message)
                })?;
            }
            let at = place(self.source, &pointer);
            outcome.rejection("error".to_owned(), at, |story, actual| {
                match json(&story.fixture.views.error, actual) {
                    Ok(actual) => {
                        let complaint =
                            differs("it was rejected with another error", error, &actual, bindings, at)?;
                        Some((complaint.headline, complaint.lines))
                    }
                    Err(error) => Some((error, Vec::new())),
                }
            });
        }
        if let Some(variant) = &then.error_variant {
            let at = place(self.source, &format!("{pointer}/error_variant"));
            outcome.rejection(format!("error_variant {variant}"), at, |story, actual| {
                let view = &story.fixture.views.error;
                (view.variant(actual) != *variant).then(|| {
                    let lines = vec![
                        format!("expected  {variant}"),
                        format!("got       {}", view.line(actual)),
                    ];
                    ("it was rejected with another variant".to_owned(), lines)
                })
            });
        }
        if let Some(text) = &then.error_text {
            let pointer = format!("{pointer}/error_text");
            let Some(message) = self.reader.message else {
                let advice =
                    "the errors of this subject have no text: `FileReader::error_texts` says that they do";
                return Err(self.source.error(&pointer, advice));
            };
            let at = place(self.source, &pointer);
            outcome.rejection("error_text".to_owned(), at, |_, actual| {
                let actual = message(actual);
                (actual != *text).then(|| {
                    let lines = vec![format!("expected  {text}"), format!("got       {actual}")];
                    ("it was rejected with another message".to_owned(), lines)
                })
            });
        }
        Ok(())
    }

    fn events(
        &mut self,
        outcome: &mut Outcome<S>,
        pointer: &str,
        member: &'static str,
        expected: &[EventTemplate],
        ignoring: &[String],
    ) {
        let at = place(self.source, pointer);
        let word = if ignoring.is_empty() {
            member.to_owned()
        } else {
            format!("{member} ignoring {}", ignoring.join(", "))
        };
        let bindings = &mut self.bindings;
        outcome.check(word, LooksAt::Events, at, |story, at| {
            let actual: Vec<Told> = story.produced().map(|event| event.told().clone()).collect();
            let matched = Matched::new(member, expected, &actual, ignoring, bindings);
            let (expected, actual) = (matched.expected, matched.actual);
            align::compare(&expected, &actual)
                .map(|lines| Complaint::new(at, align::headline(&expected, &actual), lines))
        });
    }
}

/// The check that what happened in a step would pass.
pub(in crate::scenario) fn happened<S: Subject>(story: &Story<S>, step: &Step<S>, with_state: bool) -> Then {
    let views = &story.fixture.views;
    let literal = |value: Value| Template::literal(&value);
    let events: Vec<EventTemplate> = step
        .produced()
        .map(|became| {
            let stored = &became.told().stored;
            EventTemplate::literal(&stored.event_type, stored.version.clone(), &stored.data)
        })
        .collect();
    let mut then = Then::default();
    if let Some(error) = step.rejection() {
        match json(&views.error, error) {
            Ok(error) => then.error = Some(literal(error)),
            Err(_) => then.error_variant = Some(views.error.variant(error)),
        }
    }
    let effects: Vec<Template> = step
        .answers()
        .flat_map(|answered| &answered.effects)
        .filter_map(|effect| json(&views.effect, effect).ok().map(literal))
        .collect();
    let commands: Vec<Template> = step
        .answers()
        .flat_map(|answered| &answered.commands)
        .filter_map(|sent| json(&views.sent, sent).ok().map(literal))
        .collect();
    then.effects = (!effects.is_empty()).then_some(effects);
    then.commands = (!commands.is_empty()).then_some(commands);
    if step.ignored() {
        then.outcome = Some(OutcomeWord::Ignored);
    } else if events.is_empty() && then == Then::default() {
        then.outcome = Some(OutcomeWord::AcceptedWithoutEvents);
    }
    then.events = (!events.is_empty()).then_some(events);
    if with_state
        && let Some(view) = views.state
        && let Ok(state) = view(story.subject.state())
    {
        then.state = Some(literal(state));
    }
    then
}

/// What is asked, read.
enum Asked<S: Subject> {
    Input(S::Input),
    Time(Timestamp),
}

/// An event as those are read that follow events.
pub(super) fn json_of(event: &StoredEvent) -> Value {
    let members = [
        ("type".to_owned(), Value::from(event.event_type.as_str())),
        ("data".to_owned(), event.data.clone()),
    ];
    Value::Object(members.into_iter().collect())
}

fn json<T>(view: &View<T>, value: &T) -> Result<Value, String> {
    match view.json {
        Some(json) => json(value),
        None => Err("it has no form as JSON".to_owned()),
    }
}

fn differs(
    headline: &str,
    expected: &Template,
    actual: &Value,
    bindings: &mut Bindings,
    at: At,
) -> Option<Complaint> {
    let expected = expected.expect(Some(actual), bindings);
    let lines = changes(&expected, actual, "expected", "got");
    (!lines.is_empty()).then(|| Complaint::new(at, headline, lines))
}

fn list(
    one: &str,
    expected: &[Template],
    actual: Result<Vec<Value>, String>,
    bindings: &mut Bindings,
    at: At,
) -> Option<Complaint> {
    let actual = match actual {
        Ok(actual) => actual,
        Err(error) => return Some(Complaint::new(at, format!("an {one}: {error}"), Vec::new())),
    };
    let expected: Vec<Value> = expected
        .iter()
        .enumerate()
        .map(|(index, template)| template.expect(actual.get(index), bindings))
        .collect();
    let lines = changes(
        &Value::from(expected.clone()),
        &Value::from(actual.clone()),
        "expected",
        "got",
    );
    (!lines.is_empty()).then(|| {
        let headline = if expected.len() == actual.len() {
            format!("the {one}s differ")
        } else {
            format!("expected {}, got {}", count(expected.len(), one), actual.len())
        };
        Complaint::new(at, headline, lines)
    })
}

fn texts(one: &str, expected: &[String], actual: &[String], at: At) -> Option<Complaint> {
    (expected != actual).then(|| {
        let mut lines: Vec<String> = expected.iter().map(|text| format!("expected  {text}")).collect();
        lines.extend(actual.iter().map(|text| format!("got       {text}")));
        Complaint::new(at, format!("the {one}s differ"), lines)
    })
}

/// Expected events with the values that names and ignored members stand for, and the actual ones that are compared
/// with them.
struct Matched {
    expected: Vec<Told>,
    actual: Vec<Told>,
}

impl Matched {
    fn new(
        member: &str,
        expected: &[EventTemplate],
        actual: &[Told],
        ignoring: &[String],
        bindings: &mut Bindings,
    ) -> Self {
        let partners = partners(member, expected, actual, ignoring, bindings);
        let mut resolved = Vec::new();
        for (template, partner) in expected.iter().zip(&partners) {
            let partner = partner.map(|index| &actual[index]);
            let data = expect(template, partner, ignoring, bindings);
            resolved.push(Told::stored(StoredEvent {
                event_type: template.event_type.clone(),
                version: template.version.clone(),
                data,
            }));
        }
        let all_met = resolved
            .iter()
            .zip(&partners)
            .all(|(expected, partner)| partner.is_some_and(|index| expected.same(&actual[index])));
        let compared = match member {
            "events_starting_with" => actual.iter().take(expected.len()).cloned().collect(),
            "events_containing" if all_met => resolved.clone(),
            "events_unordered" => {
                let mut rest: Vec<usize> = (0..actual.len()).collect();
                rest.retain(|index| !partners.contains(&Some(*index)));
                partners
                    .iter()
                    .flatten()
                    .chain(&rest)
                    .map(|index| actual[*index].clone())
                    .collect()
            }
            _ => actual.to_vec(),
        };
        Self {
            expected: resolved,
            actual: compared,
        }
    }
}

/// What `template` expects beside its partner.
fn expect(
    template: &EventTemplate,
    partner: Option<&Told>,
    ignoring: &[String],
    bindings: &mut Bindings,
) -> Value {
    let actual = partner.map(|told| &told.stored.data);
    let mut data = template.data.expect(actual, bindings);
    if let Some(actual) = actual {
        for pointer in ignoring {
            ignore(&mut data, actual, pointer);
        }
    }
    data
}

/// Makes what stands at `pointer` the same as in `actual`.
fn ignore(data: &mut Value, actual: &Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    match (data.pointer_mut(parent), actual.pointer(pointer)) {
        (Some(Value::Object(members)), Some(value)) => {
            members.insert(name, value.clone());
        }
        (Some(Value::Object(members)), None) => {
            members.remove(&name);
        }
        (Some(Value::Array(items)), Some(value)) => {
            if let Some(item) = name.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                *item = value.clone();
            }
        }
        _ => {}
    }
}

/// Which actual event each expected one is compared with.
fn partners(
    member: &str,
    expected: &[EventTemplate],
    actual: &[Told],
    ignoring: &[String],
    bindings: &Bindings,
) -> Vec<Option<usize>> {
    let mut bindings = bindings.clone();
    let mut taken = vec![false; actual.len()];
    let mut next = 0;
    let mut partners = Vec::new();
    for (position, template) in expected.iter().enumerate() {
        let same_type = |index: &usize| {
            actual
                .get(*index)
                .is_some_and(|told| told.stored.event_type == template.event_type)
        };
        let meets = |index: &usize| {
            let told = &actual[*index];
            let data = expect(template, Some(told), ignoring, &mut bindings.clone());
            told.same(&Told::stored(StoredEvent {
                event_type: template.event_type.clone(),
                version: template.version.clone(),
                data,
            }))
        };
        let partner = match member {
            "events" | "events_starting_with" => Some(position).filter(same_type),
            "events_containing" => (next..actual.len()).find(meets),
            _ => {
                let free = || (0..actual.len()).filter(|index| !taken[*index]);
                free().find(meets).or_else(|| free().find(same_type))
            }
        };
        if let Some(index) = partner {
            taken[index] = true;
            next = index + 1;
            expect(template, Some(&actual[index]), ignoring, &mut bindings);
        }
        partners.push(partner);
    }
    partners
}
