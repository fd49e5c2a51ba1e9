//! What verification found, and how it is gathered.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;

use crate::finding::{Finding, Place};
use crate::json;
use crate::mask::{self, counted};
use crate::model::Version;
use crate::rules;

use super::Upcaster;

/// What verification made of one upcaster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedStep {
    /// The type it starts from.
    pub event_type: String,
    /// The version it starts from.
    pub from: Version,
    /// What it may make.
    pub targets: Vec<(String, Version)>,
    /// `typed`, `json`, or its file.
    pub origin: String,
    /// On how many events it was tried.
    pub tried: u64,
    /// Whether it was tried and nothing was found against it.
    pub verified: bool,
}

/// What verification found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Verified {
    /// What is wrong, in the order in which findings are reported.
    pub findings: Vec<Finding>,
    /// Every upcaster, sorted by what it starts from.
    pub steps: Vec<VerifiedStep>,
    /// How many events were tried.
    pub events: u64,
    /// How many events were passed over, because they are not valid at the version they are stored under, are
    /// redacted, or have no schema.
    pub passed_over: u64,
}

impl Verified {
    /// Whether every upcaster from this version is verified, and there is one.
    pub fn covers(&self, event_type: &str, from: &Version) -> bool {
        let mut steps = self
            .steps
            .iter()
            .filter(|step| step.event_type == event_type && step.from == *from)
            .peekable();
        steps.peek().is_some() && steps.all(|step| step.verified)
    }
}

/// What is known of one upcaster.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) tried: u64,
    /// By rule id, so that the order is fixed.
    pub(super) counters: BTreeMap<&'static str, Counter>,
    /// Something that another check tells stands in its way.
    pub(super) hindered: bool,
}

/// The events that show one thing wrong with one upcaster.
pub(super) struct Counter {
    pub(super) count: u64,
    pub(super) smallest: Witness,
}

/// One event that shows it, ordered by size.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Witness {
    pub(super) length: usize,
    pub(super) text: String,
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) example: bool,
}

impl Tally {
    pub(super) fn count(&mut self, rule: &'static str, witness: Witness, count: u64) {
        match self.counters.entry(rule) {
            Entry::Vacant(entry) => {
                entry.insert(Counter {
                    count,
                    smallest: witness,
                });
            }
            Entry::Occupied(mut entry) => {
                let counter = entry.get_mut();
                counter.count += count;
                if witness < counter.smallest {
                    counter.smallest = witness;
                }
            }
        }
    }
}

impl Counter {
    pub(super) fn finding(self, rule: &str, show: bool) -> Option<Finding> {
        let Witness {
            text,
            place,
            mut message,
            example,
            ..
        } = self.smallest;
        if self.count > 1 {
            message.push_str(", and so with ");
            message.push_str(&counted(self.count - 1, "more event"));
        }
        let data = json::parse(text.as_bytes()).map_or(Value::Null, |parsed| parsed.value);
        let finding = Finding::new(rules::find(rule)?, message, place);
        Some(finding.with_witness(mask::whole(&data, show || example)))
    }
}

/// Says that nothing is known of an upcaster.
pub(super) fn untried(upcaster: &Upcaster) -> Finding {
    let mut place = Place::kind(upcaster.event_type(), upcaster.from());
    place.file = upcaster.file().map(str::to_owned);
    Finding::new(
        &rules::UPCASTER_UNTRIED,
        format!(
            "upcaster {upcaster} was tried on nothing: there is no valid {} {} among the examples and recorded events",
            upcaster.event_type(),
            upcaster.from()
        ),
        place,
    )
}
