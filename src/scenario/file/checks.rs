//! The checks of a scenario file, made of what came of a step.

use serde_json::Value;

use crate::model::{Timestamp, Verdict};
use crate::scenario::align;
use crate::scenario::at::At;
use crate::scenario::events::one_line;
use crate::scenario::outcome::Outcome;
use crate::scenario::story::LooksAt;
use crate::scenario::subject::Subject;
use crate::scenario::text::{Complaint, Told, changes, count};
use crate::scenario::views::View;

use super::bind::Bindings;
use super::matching::Matched;
use super::run::{Run, place};
use super::{EventTemplate, FileError, OutcomeWord, Template, Then};

impl<S: Subject> Run<'_, S> {
    pub(super) fn then(
        &mut self,
        outcome: &mut Outcome<S>,
        pointer: &str,
        then: &Then,
    ) -> Result<(), FileError> {
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
        if let Some(result) = &then.result {
            let at = place(self.source, &format!("{pointer}/result"));
            outcome.check("result", LooksAt::Result, at, |story, at| {
                match story.last_query().map(|query| &query.result) {
                    Some(Ok(actual)) => differs("the result differs", result, actual, bindings, at),
                    Some(Err(error)) => Some(Complaint::new(
                        at,
                        "the result does not serialize",
                        vec![error.clone()],
                    )),
                    None => Some(Complaint::new(
                        at,
                        "no question was asked in this step",
                        Vec::new(),
                    )),
                }
            });
        }
        self.rows(outcome, pointer, then)?;
        let bindings = &mut self.bindings;
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

    fn rows(&mut self, outcome: &mut Outcome<S>, pointer: &str, then: &Then) -> Result<(), FileError> {
        let wanted = then.rows.iter().flatten().map(|(key, row)| (key, Some(row)));
        let wanted = wanted.chain(then.no_rows.iter().map(|key| (key, None)));
        for (index, (key, row)) in wanted.enumerate() {
            let pointer = match row {
                Some(_) => format!("{pointer}/rows/{}", key.replace('~', "~0").replace('/', "~1")),
                None => format!("{pointer}/no_rows/{}", index - then.rows.iter().flatten().count()),
            };
            if !S::HAS_ROWS {
                let subject = &self.source.scenario.subject;
                return Err(self
                    .source
                    .error(&pointer, format!("{subject} is no read model and has no rows")));
            }
            let at = place(self.source, &pointer);
            let bindings = &mut self.bindings;
            let word = match row {
                Some(_) => format!("rows {key}"),
                None => format!("no_rows {key}"),
            };
            outcome.check(word, LooksAt::State, at, |story, at| {
                let view = story.fixture.views.state?;
                let rows = match view(story.subject.state()) {
                    Ok(rows) => rows,
                    Err(error) => {
                        return Some(Complaint::new(at, "the state does not serialize", vec![error]));
                    }
                };
                match (row, rows.get(key)) {
                    (Some(row), Some(actual)) => differs("the row differs", row, actual, bindings, at),
                    (Some(_), None) => {
                        let keys = rows.as_object().into_iter().flatten();
                        let mut keys: Vec<&str> = keys.map(|(key, _)| key.as_str()).collect();
                        keys.sort_unstable();
                        let line = match keys.as_slice() {
                            [] => "the read model has no rows".to_owned(),
                            keys => format!("there is {}", keys.join(", ")),
                        };
                        Some(Complaint::new(at, "there is no such row", vec![line]))
                    }
                    (None, Some(actual)) => {
                        Some(Complaint::new(at, "there is such a row", vec![one_line(actual)]))
                    }
                    (None, None) => None,
                }
            });
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
