//! Checks of events that are looser than exact, each by its own name.

use serde_json::Value;

use super::align::{self, headline};
use super::story::At;
use super::text::{Complaint, Told, differences, indented};

/// Which expected and which recorded events have no partner that is the same.
fn left_over(expected: &[Told], actual: &[Told]) -> (Vec<usize>, Vec<usize>) {
    let mut rest: Vec<usize> = (0..actual.len()).collect();
    let mut missing = Vec::new();
    for (index, want) in expected.iter().enumerate() {
        match rest.iter().position(|&at| actual[at].same(want)) {
            Some(found) => {
                rest.remove(found);
            }
            None => missing.push(index),
        }
    }
    (missing, rest)
}

/// The missing events, each with the nearest one among those that are left.
fn tell_missing(expected: &[Told], actual: &[Told], missing: &[usize], rest: &[usize]) -> Vec<String> {
    let mut lines = Vec::new();
    for &index in missing {
        let want = &expected[index];
        let head = format!("{:<14}{}. ", "missing", index + 1);
        let mut told = want.lines().into_iter();
        lines.push(format!("{head}{}", told.next().unwrap_or_default()));
        lines.extend(indented(head.len(), told.collect()));
        let same_type = |at: &&usize| actual[**at].stored.event_type == want.stored.event_type;
        let apart = |at: &&usize| differences(&want.stored, &actual[**at].stored, "expected", "got").len();
        let note = if let Some(at) = rest.iter().filter(same_type).min_by_key(apart) {
            let mut note = vec![format!("the nearest is event {}", at + 1)];
            note.extend(differences(&want.stored, &actual[*at].stored, "expected", "got"));
            note
        } else if actual.iter().any(|event| event.same(want)) {
            vec!["it was recorded less often than it is expected".to_owned()]
        } else {
            vec!["no other event of this type was recorded".to_owned()]
        };
        lines.extend(indented(head.len(), note));
    }
    lines
}

fn empty(at: At, word: &str) -> Complaint {
    let line =
        format!("`{word}` with no events always holds; `.then_nothing()` says that nothing came of it");
    Complaint::new(at, "this checks nothing", vec![line])
}

pub(super) fn containing(expected: &[Told], actual: &[Told], at: At) -> Option<Complaint> {
    if expected.is_empty() {
        return Some(empty(at, "then_containing"));
    }
    let (missing, rest) = left_over(expected, actual);
    let lines = tell_missing(expected, actual, &missing, &rest);
    let headline = match (missing.len(), actual) {
        (0, _) => return None,
        (_, []) => "nothing was recorded".to_owned(),
        (1, _) => "1 event is not among those recorded".to_owned(),
        (number, _) => format!("{number} events are not among those recorded"),
    };
    Some(Complaint::new(at, headline, lines))
}

pub(super) fn unordered(expected: &[Told], actual: &[Told], at: At) -> Option<Complaint> {
    let (missing, rest) = left_over(expected, actual);
    if missing.is_empty() && rest.is_empty() {
        return None;
    }
    let mut lines = tell_missing(expected, actual, &missing, &rest);
    for index in rest {
        let head = format!("{:<14}{}. ", "not expected", index + 1);
        let mut told = actual[index].lines().into_iter();
        lines.push(format!("{head}{}", told.next().unwrap_or_default()));
        lines.extend(indented(head.len(), told.collect()));
    }
    Some(Complaint::new(at, headline(expected, actual), lines))
}

pub(super) fn groups(expected: &[Vec<Told>], actual: &[Told], at: At) -> Option<Complaint> {
    if let Some(index) = expected.iter().position(Vec::is_empty) {
        let line = "a group without events says nothing about when it happens".to_owned();
        let headline = format!("group {} has no events", index + 1);
        return Some(Complaint::new(at, headline, vec![line]));
    }
    // Each group takes as many events as it has, so that an event too many or too few shows in the group where it is.
    let mut rest = actual;
    let mut lines = Vec::new();
    let mut wrong: Option<usize> = None;
    for (index, group) in expected.iter().enumerate() {
        let (here, later) = rest.split_at(group.len().min(rest.len()));
        rest = later;
        let Some(complaint) = unordered(group, here, at) else {
            continue;
        };
        wrong.get_or_insert(index + 1);
        lines.push(format!("group {}", index + 1));
        lines.extend(indented(2, complaint.lines));
    }
    let too_many = match rest {
        [] => 0,
        more => {
            lines.push("after the last group".to_owned());
            lines.extend(indented(2, unordered(&[], more, at)?.lines));
            more.len()
        }
    };
    let flat: Vec<Told> = expected.iter().flatten().cloned().collect();
    match (wrong, too_many) {
        (None, 0) => None,
        (Some(group), 0) if flat.len() == actual.len() => {
            Some(Complaint::new(at, format!("group {group} is another one"), lines))
        }
        _ => Some(Complaint::new(at, headline(&flat, actual), lines)),
    }
}

pub(super) fn starting_with(expected: &[Told], actual: &[Told], at: At) -> Option<Complaint> {
    if expected.is_empty() {
        return Some(empty(at, "then_starting_with"));
    }
    let first = &actual[..expected.len().min(actual.len())];
    let lines = align::compare(expected, first)?;
    Some(Complaint::new(at, headline(expected, first), lines))
}

pub(super) fn ignoring(pointers: &[&str], expected: &[Told], actual: &[Told], at: At) -> Option<Complaint> {
    let mut hit = vec![false; pointers.len()];
    let mut without = |events: &[Told]| -> Vec<Told> {
        let mut events = events.to_vec();
        for told in &mut events {
            for (index, pointer) in pointers.iter().enumerate() {
                let parts: Vec<&str> = pointer.split('/').skip(1).collect();
                hit[index] |= remove(&mut told.stored.data, &parts);
            }
        }
        events
    };
    let (masked_expected, masked_actual) = (without(expected), without(actual));
    let mut lines: Vec<String> = pointers
        .iter()
        .zip(&hit)
        .filter(|(_, hit)| !**hit)
        .map(|(pointer, _)| format!("{pointer} is in no event"))
        .collect();
    let mut said = if lines.is_empty() {
        None
    } else {
        Some("what is ignored is not there".to_owned())
    };
    if let Some(differences) = align::compare(&masked_expected, &masked_actual) {
        lines.extend(differences);
        said = Some(headline(expected, actual));
    }
    said.map(|said| Complaint::new(at, said, lines))
}

/// Takes out what is at a pointer, and says whether something was.
fn remove(value: &mut Value, parts: &[&str]) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return false;
    };
    let name = part.replace("~1", "/").replace("~0", "~");
    match value {
        Value::Object(members) if rest.is_empty() => {
            let before = members.len();
            members.retain(|member, _| *part != "*" && *member != name);
            members.len() < before
        }
        Value::Object(members) => {
            let mut hit = false;
            for (member, value) in members {
                if *part == "*" || *member == name {
                    hit |= remove(value, rest);
                }
            }
            hit
        }
        Value::Array(items) => {
            let mut hit = false;
            for (index, item) in items.iter_mut().enumerate() {
                if *part != "*" && index.to_string() != name {
                    continue;
                }
                if rest.is_empty() {
                    // The position stays, so that those after it keep theirs.
                    *item = Value::Null;
                    hit = true;
                } else {
                    hit |= remove(item, rest);
                }
            }
            hit
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
