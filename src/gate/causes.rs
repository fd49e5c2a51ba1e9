//! One cause, one finding that fails the gate.
//!
//! An upcaster that makes invalid data fails its own check, leaves its version step without a bridge, and stops the
//! replay of every stream that needs it. The first is the cause. The others stay in the report as notes that name
//! it, so that what has to be mended is counted once.

use std::collections::BTreeMap;

use crate::finding::{Finding, Level};
use crate::rules::{self, Rule};

/// What a finding about one (type, version) can be a consequence of, the cause first.
///
/// A missing upcaster is caused by the breaking step that asks for one. A breaking step is caused by the upcaster
/// that was to bridge it and does not hold.
static UPCASTER_FAULTS: [&Rule; 8] = [
    &rules::JQ_INVALID,
    &rules::UPCASTER_FAILS,
    &rules::UPCASTER_PANICS,
    &rules::UPCASTER_TIMEOUT,
    &rules::UPCASTER_LIMIT,
    &rules::UPCASTER_INVALID_OUTPUT,
    &rules::UPCASTER_NOT_DETERMINISTIC,
    &rules::UPCASTER_UNTRIED,
];

fn is_fault(rule: &Rule) -> bool {
    UPCASTER_FAULTS.contains(&rule)
}

/// The (type, version) a finding is about, when both are known.
fn kind(finding: &Finding) -> Option<(String, String)> {
    Some((finding.place.event_type.clone()?, finding.place.version.clone()?))
}

/// What is told once: rule, check and kind. Its place among the findings that are kept, and how many there were, are
/// what is known of it.
type Consequence = (&'static str, Option<String>, (String, String));

/// Turns what follows from another finding of the same event type and version into a note: one for each rule, with
/// the number of places.
pub(super) fn demote_consequences(findings: &mut Vec<Finding>) {
    let mut faults: BTreeMap<(String, String), &'static Rule> = BTreeMap::new();
    let mut steps: BTreeMap<(String, String), &'static Rule> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.fails()) {
        let Some(kind) = kind(finding) else { continue };
        if finding.check.as_deref() == Some("upcasters") && is_fault(finding.rule) {
            faults.entry(kind).or_insert(finding.rule);
        } else if is_step(finding.rule) {
            steps.entry(kind).or_insert(finding.rule);
        }
    }
    let mut consequences: BTreeMap<Consequence, (usize, u64)> = BTreeMap::new();
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for mut finding in findings.drain(..) {
        let cause = kind(&finding).filter(|_| finding.fails()).and_then(|kind| {
            let in_replay = finding.check.as_deref() == Some("replay") && is_fault(finding.rule);
            let cause = if is_step(finding.rule) || in_replay {
                faults.get(&kind)
            } else if *finding.rule == rules::UPCASTER_MISSING {
                steps.get(&kind)
            } else {
                None
            };
            cause.map(|cause| (kind, *cause))
        });
        let Some((kind, cause)) = cause else {
            kept.push(finding);
            continue;
        };
        let (_, count) = consequences
            .entry((finding.rule.id, finding.check.clone(), kind))
            .or_insert((kept.len(), 0));
        *count += 1;
        if *count == 1 {
            finding.level = Level::Note;
            finding.message = format!("{} (follows from `{}`)", finding.message, cause.id);
            kept.push(finding);
        }
    }
    for (at, count) in consequences.values() {
        if *count > 1 {
            let message = &mut kept[*at].message;
            *message = format!("{message}, and {} more like it", count - 1);
        }
    }
    // A replay lists so many findings of a rule and counts the rest in one without an event of its own. Where all
    // that were listed follow from a cause, so does the rest.
    let listed: Vec<&'static str> = kept
        .iter()
        .filter(|finding| {
            finding.check.as_deref() == Some("replay") && finding.fails() && kind(finding).is_some()
        })
        .map(|finding| finding.rule.id)
        .collect();
    for finding in &mut kept {
        let rest = finding.check.as_deref() == Some("replay") && kind(finding).is_none() && finding.fails();
        let followed = consequences.keys().any(|(rule, _, _)| *rule == finding.rule.id);
        if rest && followed && !listed.contains(&finding.rule.id) {
            finding.level = Level::Note;
        }
    }
    *findings = kept;
}

fn is_step(rule: &Rule) -> bool {
    *rule == rules::BREAKING_STEP || *rule == rules::UNPROVEN_STEP
}
