//! What came of a step, held against what its checks took into account.

use super::story::{LooksAt, Response, Step, Story};
use super::subject::Subject;
use super::text::{Complaint, count, indented};
use super::views::Shape;

/// Holds what came of a step against what its checks took into account.
pub(super) fn account<S: Subject>(story: &Story<S>, step: &mut Step<S>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let broke = step
        .panicked()
        .map(|(at, panic)| Complaint::new(at, format!("`{}` panics", S::ANSWER), vec![panic.to_owned()]))
        .or_else(|| {
            step.not_ready().map(|at| {
                let lines = vec![
                    "`when` polls the answer once, and it awaits something".to_owned(),
                    "`.when_async(command).await` waits for it, on whatever runs the test".to_owned(),
                ];
                Complaint::new(at, format!("`{}` is not ready", S::ANSWER), lines)
            })
        });
    if let Some(broke) = broke {
        complaints.push(broke);
        for check in &mut step.checks {
            check.complaint = None;
        }
    }
    let stopped = step.asked.iter().position(|asked| !asked.response.went_well());
    for (index, asked) in step.asked.iter().enumerate() {
        if let (Response::NotAsked, Some(stopped)) = (&asked.response, stopped) {
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
    account_rejection(story, step);
    account_ignored(step);
    account_outputs(story, step);
    complaints
}

/// The first check that looks at one of these.
fn position<S: Subject>(step: &Step<S>, what: &[LooksAt]) -> Option<usize> {
    step.checks
        .iter()
        .position(|check| what.contains(&check.looks_at))
}

fn account_rejection<S: Subject>(story: &Story<S>, step: &mut Step<S>) {
    let Some(rejection) = step.rejection() else { return };
    let rejection = story.error(rejection, Shape::Line);
    let recorded = step.produced().count();
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
    } else if let (Some(rejected), None, true) = (says_rejected, says_events, recorded > 0) {
        let check = &mut step.checks[rejected];
        let number = count(recorded, "event");
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
}

fn account_ignored<S: Subject>(step: &mut Step<S>) {
    if !step.ignored() || position(step, &[LooksAt::Ignorance, LooksAt::Everything]).is_some() {
        return;
    }
    // Whatever happens, that something is ignored among it.
    if step
        .checks
        .iter()
        .all(|check| check.looks_at == LooksAt::Invariant)
    {
        return;
    }
    let says = position(step, &[LooksAt::Acceptance, LooksAt::Events, LooksAt::Reply]);
    if let Some(check) = step.checks.get_mut(says.unwrap_or(0))
        && check.complaint.is_none()
    {
        let lines = vec![match check.looks_at {
            LooksAt::Acceptance => "ignored is not the same as accepted without events".to_owned(),
            _ => "no check says so: add `.then_ignored()`".to_owned(),
        }];
        check.complaint = Some(Complaint::new(check.at, "the command was ignored", lines));
    }
}

/// Whatever came beside what a check looks at has to be looked at as well.
fn account_outputs<S: Subject>(story: &Story<S>, step: &mut Step<S>) {
    let looks = |what: &[LooksAt]| position(step, what).is_some();
    let nothing = [LooksAt::Acceptance, LooksAt::Ignorance, LooksAt::Rejection];
    let outputs = [
        LooksAt::Events,
        LooksAt::Effects,
        LooksAt::Commands,
        LooksAt::Scheduled,
        LooksAt::Cancelled,
    ];
    if looks(&[LooksAt::Everything]) || !(looks(&nothing) || looks(&outputs)) {
        return;
    }
    let views = &story.fixture.views;
    let mut missing: Vec<String> = Vec::new();
    let mut say = |looks_at: LooksAt, one: &str, was: &str, advice: &str, shown: &dyn Fn() -> Vec<String>| {
        if looks(&[looks_at]) {
            return;
        }
        let shown = shown();
        if shown.is_empty() {
            return;
        }
        let verb = if shown.len() == 1 { "was" } else { "were" };
        missing.push(format!(
            "{} {verb} {was}: add `{advice}`",
            count(shown.len(), one)
        ));
        missing.extend(indented(2, shown));
    };
    if !looks(&nothing) {
        say(LooksAt::Events, "event", "recorded", ".then([event])", &|| {
            step.produced().map(|event| event.told().line()).collect()
        });
    }
    say(
        LooksAt::Effects,
        "effect",
        "asked for",
        ".then_effects([effect])",
        &|| {
            let effects = step.answers().flat_map(|answered| &answered.effects);
            effects.map(|effect| views.effect.line(effect)).collect()
        },
    );
    say(
        LooksAt::Commands,
        "command",
        "sent",
        ".then_commands([command])",
        &|| {
            let sent = step.answers().flat_map(|answered| &answered.commands);
            sent.map(|sent| views.sent.line(sent)).collect()
        },
    );
    say(
        LooksAt::Scheduled,
        "timeout",
        "scheduled",
        ".then_scheduled([(timeout, due)])",
        &|| {
            let scheduled = step.answers().flat_map(|answered| &answered.scheduled);
            scheduled
                .map(|scheduled| format!("{:?}, due {}", scheduled.timeout, scheduled.due))
                .collect()
        },
    );
    say(
        LooksAt::Cancelled,
        "timeout",
        "cancelled",
        ".then_cancelled([timeout])",
        &|| {
            let cancelled = step.answers().flat_map(|answered| &answered.cancelled);
            cancelled.map(|timeout| format!("{timeout:?}")).collect()
        },
    );
    if missing.is_empty() {
        return;
    }
    let says = position(step, &nothing).or_else(|| position(step, &outputs));
    if let Some(check) = says.and_then(|says| step.checks.get_mut(says)) {
        match &mut check.complaint {
            Some(complaint) => complaint.lines.extend(missing),
            none => {
                *none = Some(Complaint::new(
                    check.at,
                    "more came of it than the checks say",
                    missing,
                ));
            }
        }
    }
}
