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

/// Turns what follows from another finding of the same event type and version into a note.
pub(super) fn demote_consequences(findings: &mut [Finding]) {
    let mut faults: BTreeMap<(String, String), &'static Rule> = BTreeMap::new();
    let mut steps: BTreeMap<(String, String), &'static Rule> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.fails()) {
        let Some(kind) = kind(finding) else { continue };
        if finding.check.as_deref() == Some("upcasters") && is_fault(finding.rule) {
            faults.entry(kind).or_insert(finding.rule);
        } else if *finding.rule == rules::BREAKING_STEP || *finding.rule == rules::UNPROVEN_STEP {
            steps.entry(kind).or_insert(finding.rule);
        }
    }
    for finding in findings.iter_mut().filter(|finding| finding.fails()) {
        let Some(kind) = kind(finding) else { continue };
        let is_step = *finding.rule == rules::BREAKING_STEP || *finding.rule == rules::UNPROVEN_STEP;
        let in_replay = finding.check.as_deref() == Some("replay") && is_fault(finding.rule);
        let cause = if is_step || in_replay {
            faults.get(&kind)
        } else if *finding.rule == rules::UPCASTER_MISSING {
            steps.get(&kind)
        } else {
            None
        };
        if let Some(cause) = cause {
            finding.level = Level::Note;
            finding.message = format!("{} (follows from `{}`)", finding.message, cause.id);
        }
    }
}
