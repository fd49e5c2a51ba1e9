//! The one report of a failed scenario: the whole story.

use std::fmt;
use std::iter::once;
use std::panic::Location;

use serde_json::Value;

use crate::finding::{Finding, Place};
use crate::json::same;
use crate::model::Aggregate;
use crate::rules;

use super::events::one_line;
use super::fixture::{Shape, StateView, View};
use super::story::{Answer, Asked, At, Became, LooksAt, Step, Story, caught};
use super::text::{Complaint, Told, count, cut_changes, fits, indented, spread, version_literal};

/// Why a scenario failed: the whole story, as the panic of a failed scenario tells it.
#[derive(Clone)]
pub struct Failure {
    at: &'static Location<'static>,
    text: String,
}

impl Failure {
    pub(super) fn new(at: At, text: String) -> Self {
        Self { at, text }
    }

    /// Where in the caller's code the first thing is that failed.
    pub fn location(&self) -> &'static Location<'static> {
        self.at
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
pub(super) fn judge<A: Aggregate>(mut story: Story<A>) -> Result<(), Failure> {
    let mut steps = std::mem::take(&mut story.steps);
    let judged: Vec<Vec<Complaint>> = steps.iter_mut().map(|step| account(&story, step)).collect();
    let complaints: Vec<Complaint> = story
        .troubles
        .iter()
        .chain(judged.iter().flatten())
        .chain(
            steps
                .iter()
                .flat_map(|step| step.checks.iter().filter_map(|check| check.complaint.as_ref())),
        )
        .cloned()
        .collect();
    let Some(first) = complaints.first() else {
        return Ok(());
    };
    let mut lines = Vec::new();
    lines.push(if complaints.len() == 1 {
        format!("scenario failed: {}", first.headline)
    } else {
        format!("scenario failed in {} ways", complaints.len())
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
    tell(&story, &steps, &judged, &mut lines);
    Err(Failure::new(first.at, lines.join("\n")))
}

/// Holds what came of a step against what its checks took into account.
fn account<A: Aggregate>(story: &Story<A>, step: &mut Step<A>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if let Some((at, panic)) = step.panicked() {
        complaints.push(Complaint::new(at, "`handle` panics", vec![panic.to_owned()]));
        for check in &mut step.checks {
            check.complaint = None;
        }
    }
    let stopped = step
        .asked
        .iter()
        .position(|asked| !matches!(asked.answer, Answer::Accepted(_)));
    for (index, asked) in step.asked.iter().enumerate() {
        if let (Answer::NotAsked, Some(stopped)) = (&asked.answer, stopped) {
            complaints.push(Complaint::new(
                asked.at,
                format!(
                    "command {} was never asked, because command {} was not accepted",
                    index + 1,
                    stopped + 1
                ),
                Vec::new(),
            ));
        }
    }
    let rejection = step.rejection().map(|error| story.error(error, Shape::Line));
    let recorded: Vec<Told> = step.produced().map(|event| event.told.clone()).collect();
    let Some(rejection) = rejection else {
        return complaints;
    };
    let position = |step: &Step<A>, what: &[LooksAt]| {
        step.checks
            .iter()
            .position(|check| what.contains(&check.looks_at))
    };
    let says_rejected = position(step, &[LooksAt::Rejection, LooksAt::Everything]);
    let says_accepted = position(step, &[LooksAt::Acceptance]);
    let says_events = position(step, &[LooksAt::Events, LooksAt::Everything]);
    if says_accepted.is_some() || says_rejected.is_none() {
        // A scenario ends with a check, so there is a first one.
        if let Some(check) = step.checks.get_mut(says_accepted.or(says_events).unwrap_or(0)) {
            let mut lines = vec![format!("with {rejection}")];
            lines.extend(
                check
                    .complaint
                    .take()
                    .map(|complaint| complaint.lines)
                    .unwrap_or_default(),
            );
            if says_accepted.is_some() {
                lines.push("rejected is not the same as accepted without events".to_owned());
            }
            check.complaint = Some(Complaint::new(check.at, "the command was rejected", lines));
        }
    } else if let (Some(rejected), None, false) = (says_rejected, says_events, recorded.is_empty()) {
        let check = &mut step.checks[rejected];
        let number = count(recorded.len(), "event");
        let mut complaint = check.complaint.take().unwrap_or_else(|| {
            Complaint::new(
                check.at,
                "events came before the rejection, and no check says so",
                Vec::new(),
            )
        });
        complaint.lines.push(format!(
            "{number} came before the rejection: add `.then([event])`"
        ));
        check.complaint = Some(complaint);
    }
    complaints
}

/// The state as the story goes on, folded once more for the report.
struct Folding<A: Aggregate> {
    /// Absent when there is no view, or once the state can no longer be told.
    view: Option<StateView<A>>,
    state: A,
    shown: Option<Value>,
}

impl<A: Aggregate> Folding<A> {
    /// The state as it is.
    fn now(&mut self) -> Vec<String> {
        let Some(view) = self.view else { return Vec::new() };
        let value = match view(&self.state) {
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
    fn after(&mut self, became: &Became<A::Event>) -> Vec<String> {
        let state = &mut self.state;
        let panic = match &became.panicked {
            Some(panic) => Some(panic.clone()),
            None if self.view.is_some() => caught(|| state.apply(&became.event)).err(),
            None => None,
        };
        match panic {
            Some(panic) => {
                self.view = None;
                vec![format!("`apply` panics: {panic}")]
            }
            None => self.now(),
        }
    }
}

/// The story in the order in which it happened.
fn tell<A: Aggregate>(story: &Story<A>, steps: &[Step<A>], judged: &[Vec<Complaint>], out: &mut Vec<String>) {
    let mut folding = Folding {
        view: story.fixture.views.state,
        state: A::default(),
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
    for (index, past) in story.given.iter().enumerate() {
        let lines = past.told().map(Told::lines).unwrap_or_default();
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
                .is_some_and(|stored| !stored.same(&became.told))
            {
                let mut lines = became.told.lines();
                if let Some(first) = lines.first_mut() {
                    first.insert_str(0, "read as ");
                }
                out.extend(indented(inner, lines));
            }
            out.extend(indented(inner, folding.after(became)));
        }
    }
    for (index, (step, complaints)) in steps.iter().zip(judged).enumerate() {
        out.push(String::new());
        out.push(match steps.len() {
            1 => "when".to_owned(),
            _ => format!("when, step {}", index + 1),
        });
        tell_step(story, step, complaints, &mut folding, out);
    }
    suggest(story, steps, out);
    remarks(story, out);
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

fn tell_step<A: Aggregate>(
    story: &Story<A>,
    step: &Step<A>,
    complaints: &[Complaint],
    folding: &mut Folding<A>,
    out: &mut Vec<String>,
) {
    let mut number = 0;
    for Asked { command, answer, .. } in &step.asked {
        out.extend(indented(
            2,
            story
                .command(command, Shape::Lines)
                .lines()
                .map(str::to_owned)
                .collect(),
        ));
        match answer {
            Answer::Accepted(events) if events.is_empty() => {
                out.push("  accepted without events".to_owned());
            }
            Answer::Accepted(events) => {
                out.push(format!("  accepted with {}", count(events.len(), "event")));
                for became in events {
                    number += 1;
                    let inner = numbered(number, became.told.lines(), out);
                    out.extend(indented(inner, folding.after(became)));
                }
            }
            Answer::Rejected(error) => {
                let error = story.error(error, Shape::Lines);
                let mut lines: Vec<String> = error.lines().map(str::to_owned).collect();
                if let Some(first) = lines.first_mut() {
                    first.insert_str(0, "rejected with ");
                }
                out.extend(indented(2, lines));
            }
            Answer::Panicked(panic) => out.push(format!("  panicked: {panic}")),
            Answer::NotAsked => out.push("  not asked".to_owned()),
        }
    }
    for complaint in complaints {
        out.push(String::new());
        out.push(format!("{}, at {}", complaint.headline, complaint.at));
        out.extend(indented(2, complaint.lines.clone()));
    }
    for check in &step.checks {
        let verdict = match (&check.complaint, step.panicked()) {
            (Some(complaint), _) => format!("failed: {}", complaint.headline),
            // The snapshot is compared once everything else has passed.
            _ if check.looks_at == LooksAt::Everything => continue,
            (None, Some(_)) => "not looked at".to_owned(),
            (None, None) => "passed".to_owned(),
        };
        out.push(String::new());
        out.push(format!("{} ({}) {verdict}", check.word, check.at));
        if let Some(complaint) = &check.complaint {
            out.extend(indented(2, complaint.lines.clone()));
        }
    }
}

/// The checks that what happened would pass.
fn suggest<A: Aggregate>(story: &Story<A>, steps: &[Step<A>], out: &mut Vec<String>) {
    for (index, step) in steps.iter().enumerate() {
        let asked_for = step.checks.iter().any(|check| {
            check.complaint.is_some() && !matches!(check.looks_at, LooksAt::State | LooksAt::Everything)
        });
        let unwritten = step.produced().any(|event| event.told.unwritten.is_some());
        if step.panicked().is_some() || unwritten || !asked_for {
            continue;
        }
        out.push(String::new());
        out.push(if steps.len() == 1 {
            "what happened, as a check".to_owned()
        } else {
            format!("what happened in step {}, as a check", index + 1)
        });
        let recorded: Vec<&Told> = step.produced().map(|event| &event.told).collect();
        let rejection = step.rejection();
        if recorded.is_empty() && rejection.is_none() {
            out.push("  .then_nothing()".to_owned());
        }
        if !recorded.is_empty() {
            out.push("  .then_stored([".to_owned());
            for told in recorded {
                let head = format!(
                    "({:?}, {}, json!(",
                    told.stored.event_type,
                    version_literal(&told.stored.version)
                );
                let data = spread(&told.stored.data);
                let mut lines = data.into_iter();
                let first = lines.next().unwrap_or_default();
                let mut item = vec![format!("{head}{first}")];
                item.extend(lines);
                if let Some(last) = item.last_mut() {
                    last.push_str(")),");
                }
                out.extend(indented(4, item));
            }
            out.push("  ])".to_owned());
        }
        if let Some(error) = rejection {
            let shown = story.error(error, Shape::Line);
            out.push(match story.fixture.views.error {
                Some(View::Debug(..)) => format!("  .then_error({shown})"),
                Some(View::Own(_)) | None => format!("  .then_error(/* {shown} */)"),
            });
        }
    }
}

/// What the report could not show and what was not checked.
fn remarks<A: Aggregate>(story: &Story<A>, out: &mut Vec<String>) {
    let mut lines = Vec::new();
    if story.fixture.views.state.is_none() {
        lines.push("the state is not shown: this fixture has no view of it".to_owned());
    }
    for (check, reason) in &story.fixture.without {
        lines.push(format!("not checked: {}, because {reason}", check.name()));
    }
    if !lines.is_empty() {
        out.push(String::new());
        out.extend(lines);
    }
}
