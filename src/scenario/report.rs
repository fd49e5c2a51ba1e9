//! The one report of a failed scenario: the whole story.

use std::fmt;
use std::iter::once;
use std::panic::Location;

use serde_json::Value;

use crate::finding::{Finding, Place};
use crate::json::same;
use crate::model::Verdict;
use crate::rules;

use super::account::account;
use super::events::one_line;
use super::poll::caught;
use super::story::{At, Became, LooksAt, Response, Spot, Step, Story, What};
use super::subject::Subject;
use super::suggest::suggest;
use super::text::{Complaint, Told, count, cut_changes, fits, indented, spread};
use super::views::{Json, Shape};

/// Why a scenario failed: the whole story, as the panic of a failed scenario tells it.
#[derive(Clone)]
pub struct Failure {
    at: At,
    text: String,
}

impl Failure {
    pub(super) fn new(at: At, text: String) -> Self {
        Self { at, text }
    }

    /// Where in the caller's code the first thing is that failed.
    pub fn location(&self) -> &'static Location<'static> {
        self.at.code()
    }

    /// The failure as a finding of the scenario of this name.
    pub fn finding(&self, name: &str) -> Finding {
        let headline = self.text.lines().next().unwrap_or_default();
        Finding::new(
            &rules::SCENARIO_FAILED,
            format!("{name}: {headline}"),
            Place::file(self.at.file()).at_line(u64::from(self.at.line())),
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text itself, so that `unwrap` tells the story too.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

/// Whether a scenario whose checks have been made passed.
pub(super) fn judge<S: Subject>(story: &mut Story<S>) -> Result<(), Failure> {
    let mut steps = std::mem::take(&mut story.steps);
    let judged: Vec<Vec<Complaint>> = steps.iter_mut().map(|step| account(story, step)).collect();
    story.steps = steps;
    let story = &*story;
    let right = story.troubles.is_empty()
        && judged.iter().all(Vec::is_empty)
        && story
            .steps
            .iter()
            .all(|step| step.checks.iter().all(|check| check.complaint.is_none()));
    if right {
        return Ok(());
    }
    let complaints: Vec<&Complaint> = story
        .troubles
        .iter()
        .chain(judged.iter().flatten())
        .chain(
            story
                .steps
                .iter()
                .flat_map(|step| step.checks.iter().filter_map(|check| check.complaint.as_ref())),
        )
        .collect();
    let Some(first) = complaints.first() else {
        return Ok(());
    };
    let mut lines = Vec::new();
    let failed = match &story.name {
        Some(name) => format!("scenario `{name}` failed"),
        None => "scenario failed".to_owned(),
    };
    lines.push(if complaints.len() == 1 {
        format!("{failed}: {}", first.headline)
    } else {
        format!("{failed} in {} ways", complaints.len())
    });
    lines.push(format!("at {}", first.at));
    for trouble in &story.troubles {
        lines.push(String::new());
        if complaints.len() > 1 {
            lines.push(format!("{}, at {}", trouble.headline, trouble.at));
            lines.extend(indented(2, trouble.lines.clone()));
        } else {
            lines.extend(trouble.lines.clone());
        }
    }
    tell(story, &judged, &mut lines);
    Err(Failure::new(first.at, lines.join("\n")))
}

/// The state as the story goes on, folded once more for the report.
struct Folding<'a, S: Subject> {
    story: &'a Story<S>,
    /// Absent when there is no view, or once the state can no longer be told.
    view: Option<Json<S::State>>,
    subject: S,
    shown: Option<Value>,
}

impl<S: Subject> Folding<'_, S> {
    /// The state as it is.
    fn now(&mut self) -> Vec<String> {
        let Some(view) = self.view else { return Vec::new() };
        let value = match view(self.subject.state()) {
            Ok(value) => value,
            Err(error) => {
                self.view = None;
                return vec![format!("state does not serialize: {error}")];
            }
        };
        let line = one_line(&value);
        let lines = match &self.shown {
            Some(before) if same(before, &value) => vec!["state unchanged".to_owned()],
            _ if fits(&line) => vec![format!("state {line}")],
            Some(before) => once("state changed".to_owned())
                .chain(indented(2, cut_changes(before, &value)))
                .collect(),
            None => once("state".to_owned())
                .chain(indented(2, spread(&value)))
                .collect(),
        };
        self.shown = Some(value);
        lines
    }

    /// The state after one more event.
    fn after(&mut self, became: &Became<S>) -> Vec<String> {
        if became.passed_by {
            return vec!["passed by: it is none of its business".to_owned()];
        }
        self.fold(&became.event, &became.spot, became.stopped.clone())
    }

    fn fold(&mut self, event: &S::Event, spot: &Spot, stopped: Option<String>) -> Vec<String> {
        let place = self.story.place(spot);
        let subject = &mut self.subject;
        let stopped = match stopped {
            Some(stopped) => Some(stopped),
            None if self.view.is_some() => match caught(|| subject.fold(event, &place)) {
                Ok(Ok(_)) => None,
                Ok(Err(error)) => Some(self.story.error(&error, Shape::Line)),
                Err(panic) => Some(panic),
            },
            None => None,
        };
        match stopped {
            Some(message) => {
                self.view = None;
                vec![format!("`{}` panics: {message}", S::FOLD)]
            }
            None => self.now(),
        }
    }
}

/// The story in the order in which it happened.
fn tell<S: Subject>(story: &Story<S>, judged: &[Vec<Complaint>], out: &mut Vec<String>) {
    let mut folding = Folding {
        story,
        view: story.fixture.views.state.filter(|_| S::HAS_STATE),
        subject: story.fresh(),
        shown: None,
    };
    let before = folding.now();
    out.push(String::new());
    if story.given.is_empty() {
        out.push("given nothing".to_owned());
        out.extend(indented(2, before));
    } else {
        out.push("given".to_owned());
    }
    let mut from = None;
    for (index, past) in story.given.iter().enumerate() {
        if past.from != from {
            from.clone_from(&past.from);
            out.push(match &from {
                Some(name) => format!("  the end of `{name}`"),
                None => "  and then".to_owned(),
            });
        }
        if let Some(command) = &past.by {
            out.push(format!("  by {}", story.input(command, Shape::Line)));
        }
        let mut lines = past.told().map(Told::lines).unwrap_or_default();
        if let (Some(first), Some(became)) = (lines.first_mut(), past.became.first()) {
            first.push_str(&where_it_stands(story, became));
        }
        let inner = numbered(index + 1, lines, out);
        if past.became.is_empty() {
            let word = if past.read {
                "dropped: nothing is read of it"
            } else {
                "it cannot be read"
            };
            out.extend(indented(inner, vec![word.to_owned()]));
        }
        for became in &past.became {
            if past
                .stored
                .as_ref()
                .is_some_and(|stored| !stored.same(became.told()))
            {
                let mut lines = became.told().lines();
                if let Some(first) = lines.first_mut() {
                    first.insert_str(0, "read as ");
                }
                out.extend(indented(inner, lines));
            }
            out.extend(indented(inner, folding.after(became)));
        }
    }
    for (index, (step, complaints)) in story.steps.iter().zip(judged).enumerate() {
        out.push(String::new());
        out.push(match story.steps.len() {
            1 => "when".to_owned(),
            _ => format!("when, step {}", index + 1),
        });
        tell_step(story, step, complaints, &mut folding, out);
    }
    suggest(story, out);
    remarks(story, out);
}

/// The stream and the tags of an event, where it has any.
fn where_it_stands<S: Subject>(story: &Story<S>, became: &Became<S>) -> String {
    let mut text = String::new();
    if let Some(stream) = story.streams().name(&became.spot) {
        text.push_str(&format!(" in {stream}"));
    }
    if let Some(tags) = &became.spot.tags {
        let tags: Vec<String> = tags
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        text.push_str(&format!(" [{}]", tags.join(", ")));
    }
    text
}

/// `lines` as the item of a list that has this number, from 1; returns how far in the item stands.
fn numbered(number: usize, lines: Vec<String>, out: &mut Vec<String>) -> usize {
    let number = format!("  {number}. ");
    let mut lines = lines.into_iter();
    if let Some(first) = lines.next() {
        out.push(format!("{number}{first}"));
    }
    out.extend(indented(number.len(), lines.collect()));
    number.len()
}

fn tell_step<S: Subject>(
    story: &Story<S>,
    step: &Step<S>,
    complaints: &[Complaint],
    folding: &mut Folding<'_, S>,
    out: &mut Vec<String>,
) {
    let views = &story.fixture.views;
    let mut number = 0;
    for asked in &step.asked {
        let answered = match &asked.response {
            Response::Answered(answered) => Some(answered),
            _ => None,
        };
        let what = match &asked.what {
            What::Input(input) => match answered.and_then(|answered| answered.input.as_ref()) {
                Some(event) => event.lines(),
                None => story
                    .input(input, Shape::Lines)
                    .lines()
                    .map(str::to_owned)
                    .collect(),
            },
            What::Timeout(scheduled) => {
                vec![format!("timeout {:?}, due {}", scheduled.timeout, scheduled.due)]
            }
            What::Time(to) => vec![format!("it is {to}")],
            What::Query(query) => vec![
                query.text.clone(),
                match &query.result {
                    Ok(result) => format!("result {}", one_line(result)),
                    Err(error) => format!("the result does not serialize: {error}"),
                },
            ],
            What::Nothing => vec!["nothing".to_owned()],
        };
        out.extend(indented(2, what));
        match &asked.response {
            Response::Answered(_) | Response::Quiet => {}
            Response::Panicked(panic) => out.push(format!("  panicked: {panic}")),
            Response::NotReady => out.push("  not ready".to_owned()),
            Response::NotAsked => out.push("  not asked".to_owned()),
        }
        let Some(answered) = answered else { continue };
        if let (What::Input(input), Some(_)) = (&asked.what, &answered.input)
            && let Some(event) = S::event_of(input)
            && !matches!(answered.verdict, Verdict::Rejected(_))
        {
            out.extend(indented(2, folding.fold(event, &answered.input_spot, None)));
        }
        let with = count(answered.events.len(), "event");
        let mut lines = match &answered.verdict {
            Verdict::Accepted(_) if answered.events.is_empty() => {
                match (answered.is_quiet(), &answered.input) {
                    (true, None) => vec!["accepted without events".to_owned()],
                    (true, Some(_)) if !S::HAS_STATE => vec!["nothing came of it".to_owned()],
                    _ => Vec::new(),
                }
            }
            Verdict::Accepted(_) => vec![format!("accepted with {with}")],
            Verdict::Ignored => vec!["ignored".to_owned()],
            Verdict::Rejected(error) => {
                let error = views.error.show(error, Shape::Lines);
                let mut lines: Vec<String> = error.lines().map(str::to_owned).collect();
                if let Some(first) = lines.first_mut() {
                    first.insert_str(0, "rejected with ");
                }
                if !answered.events.is_empty() {
                    lines.push(format!("after {with}"));
                }
                lines
            }
        };
        if let Verdict::Accepted(reply) = &answered.verdict
            && std::mem::size_of::<S::Reply>() > 0
        {
            lines.push(format!("replied {}", views.reply.line(reply)));
        }
        out.extend(indented(2, lines));
        for became in &answered.events {
            number += 1;
            let inner = numbered(number, became.told().lines(), out);
            out.extend(indented(inner, folding.after(became)));
        }
        out.extend(
            answered
                .effects
                .iter()
                .map(|effect| format!("  effect {}", views.effect.line(effect))),
        );
        out.extend(
            answered
                .commands
                .iter()
                .map(|sent| format!("  sent {}", views.sent.line(sent))),
        );
        out.extend(
            answered
                .scheduled
                .iter()
                .map(|scheduled| format!("  scheduled {:?}, due {}", scheduled.timeout, scheduled.due)),
        );
        out.extend(
            answered
                .cancelled
                .iter()
                .map(|timeout| format!("  cancelled {timeout:?}")),
        );
    }
    for complaint in complaints {
        out.push(String::new());
        out.push(format!("{}, at {}", complaint.headline, complaint.at));
        out.extend(indented(2, complaint.lines.clone()));
    }
    for check in &step.checks {
        let broke = step.panicked().is_some() || step.not_ready().is_some();
        let verdict = match (&check.complaint, broke) {
            (Some(complaint), _) => format!("failed: {}", complaint.headline),
            // The snapshot is compared once everything else has passed.
            _ if check.looks_at == LooksAt::Everything => continue,
            (None, true) => "not looked at".to_owned(),
            (None, false) => "passed".to_owned(),
        };
        out.push(String::new());
        out.push(format!("{} ({}) {verdict}", check.word, check.at));
        if let Some(complaint) = &check.complaint {
            out.extend(indented(2, complaint.lines.clone()));
        }
    }
}

/// What the report could not show and what was not checked.
fn remarks<S: Subject>(story: &Story<S>, out: &mut Vec<String>) {
    let mut lines = Vec::new();
    if S::HAS_STATE && story.fixture.views.state.is_none() {
        lines.push("the state is not shown: this fixture has no view of it".to_owned());
    }
    for (check, reason) in story.fixture.left_out() {
        lines.push(format!("not checked: {}, because {reason}", check.name()));
    }
    if !lines.is_empty() {
        out.push(String::new());
        out.extend(lines);
    }
}
