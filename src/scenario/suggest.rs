//! The checks that what happened would pass, ready to paste.

use serde_json::Value;

use crate::model::Verdict;

use super::StoredEvent;
use super::story::{Became, Check, LooksAt, Step, Story, What};
use super::subject::Subject;
use super::text::{Told, indented, spread, version_literal};
use super::views::Shape;

/// The checks that what happened would pass.
pub(super) fn suggest<S: Subject>(story: &Story<S>, out: &mut Vec<String>) {
    for (index, step) in story.steps.iter().enumerate() {
        let failed = |wanted: &dyn Fn(&Check) -> bool| {
            step.checks
                .iter()
                .any(|check| check.complaint.is_some() && wanted(check))
        };
        let of_answers = failed(&|check| {
            !matches!(
                check.looks_at,
                LooksAt::State | LooksAt::Invariant | LooksAt::Result | LooksAt::Everything
            )
        });
        let asked = step
            .asked
            .iter()
            .any(|asked| matches!(asked.what, What::Query(_)));
        let of_result = asked && failed(&|check| check.looks_at == LooksAt::Result);
        // The state is that of the end, which an earlier step has not come to.
        let of_state = index + 1 == story.steps.len()
            && failed(&|check| {
                check.looks_at == LooksAt::State
                    && (check.word == "state" || check.word.starts_with("then_state"))
                    && !check.word.starts_with("then_state_that")
            });
        let unwritten = step.produced().any(|event| event.told().unwritten.is_some());
        if step.panicked().is_some()
            || step.not_ready().is_some()
            || unwritten
            || !(of_answers || of_result || of_state)
        {
            continue;
        }
        out.push(String::new());
        out.push(if story.steps.len() == 1 {
            "what happened, as a check".to_owned()
        } else {
            format!("what happened in step {}, as a check", index + 1)
        });
        if of_answers || ((of_state || of_result) && story.started.is_in_file()) {
            suggest_step(story, step, of_state, out);
        }
        if of_result && !story.started.is_in_file() {
            let last = step.asked.iter().rev().find_map(|asked| match &asked.what {
                What::Query(query) => query.result.as_ref().ok(),
                _ => None,
            });
            if let Some(result) = last {
                call("then_result", result, out);
            }
        }
        if of_state
            && !story.started.is_in_file()
            && let Some(view) = story.fixture.views.state
            && let Ok(state) = view(story.subject.state())
        {
            call("then_state_json", &state, out);
        }
    }
}

/// A check that takes a JSON value.
fn call(word: &str, value: &Value, out: &mut Vec<String>) {
    let mut lines = spread(value);
    if let Some(first) = lines.first_mut() {
        first.insert_str(0, &format!(".{word}(json!("));
    }
    if let Some(last) = lines.last_mut() {
        last.push_str("))");
    }
    out.extend(indented(2, lines));
}

/// An event as `then_stored` and `given_stored` take it, in Rust.
pub(super) fn stored_literal(event: &StoredEvent) -> Vec<String> {
    let mut item = spread(&event.data);
    if let Some(first) = item.first_mut() {
        let version = version_literal(&event.version);
        first.insert_str(0, &format!("({:?}, {version}, json!(", event.event_type));
    }
    if let Some(last) = item.last_mut() {
        last.push_str(")),");
    }
    item
}

fn suggest_step<S: Subject>(story: &Story<S>, step: &Step<S>, with_state: bool, out: &mut Vec<String>) {
    if story.started.is_in_file() {
        let then = super::file::happened(story, step, with_state);
        out.extend(indented(2, super::file::then_text(&then)));
        return;
    }
    let views = &story.fixture.views;
    let recorded: Vec<&Told> = step.produced().map(Became::told).collect();
    let rejection = step.rejection();
    let from = out.len();
    if !recorded.is_empty() {
        out.push("  .then_stored([".to_owned());
        for told in recorded {
            out.extend(indented(4, stored_literal(&told.stored)));
        }
        out.push("  ])".to_owned());
    }
    let listed = |word: &str, items: Vec<String>, rust: bool, out: &mut Vec<String>| {
        if items.is_empty() {
            return;
        }
        let items = items.join(", ");
        out.push(if rust {
            format!("  .{word}([{items}])")
        } else {
            format!("  .{word}([/* {items} */])")
        });
    };
    let effects = step.answers().flat_map(|answered| &answered.effects);
    let effects = effects.map(|effect| views.effect.line(effect)).collect();
    listed("then_effects", effects, views.effect.is_rust(), out);
    let sent = step.answers().flat_map(|answered| &answered.commands);
    let sent = sent.map(|sent| views.sent.line(sent)).collect();
    listed("then_commands", sent, views.sent.is_rust(), out);
    let scheduled = step.answers().flat_map(|answered| &answered.scheduled);
    let scheduled = scheduled
        .map(|scheduled| format!("({:?}, \"{}\")", scheduled.timeout, scheduled.due))
        .collect();
    listed("then_scheduled", scheduled, true, out);
    let cancelled = step.answers().flat_map(|answered| &answered.cancelled);
    let cancelled = cancelled.map(|timeout| format!("{timeout:?}")).collect();
    listed("then_cancelled", cancelled, true, out);
    if let Some(Verdict::Accepted(reply)) = step.answers().last().map(|answered| &answered.verdict)
        && step.checks.iter().any(|check| check.looks_at == LooksAt::Reply)
    {
        let shown = views.reply.line(reply);
        out.push(if views.reply.is_rust() {
            format!("  .then_reply({shown})")
        } else {
            format!("  .then_reply(/* {shown} */)")
        });
    }
    if step.ignored() {
        out.push("  .then_ignored()".to_owned());
    } else if out.len() == from && rejection.is_none() {
        out.push("  .then_nothing()".to_owned());
    }
    if let Some(error) = rejection {
        let shown = story.error(error, Shape::Line);
        out.push(if views.error.is_rust() {
            format!("  .then_error({shown})")
        } else {
            format!("  .then_error(/* {shown} */)")
        });
    }
}
