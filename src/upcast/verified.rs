//! What verification found, and how it is gathered.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;

use crate::finding::{Finding, Level, Place};
use crate::json;
use crate::mask::{self, counted};
use crate::model::Version;
use crate::rules;

use super::declared::Proof;
use super::trial::Source;
use super::{Mutants, Upcaster};

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
    /// How many of them are examples of the catalogue.
    pub examples: u64,
    /// How many of them were made from the schema.
    pub generated: u64,
    /// How many of them are what a store holds.
    pub recorded: u64,
    /// Whether it is proved, for every event that writers of its version emit, that it makes valid events of it.
    pub proved: bool,
    /// Whether it was tried and nothing was found against it.
    pub verified: bool,
    /// What came of changed copies of it, where that was asked.
    pub mutants: Option<Mutants>,
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
    /// By source.
    pub(super) tried: [u64; 3],
    /// What is known without trying.
    pub(super) proof: Option<Proof>,
    /// By rule id, so that the order is fixed.
    pub(super) counters: BTreeMap<&'static str, Counter>,
    /// Something that another check tells stands in its way.
    pub(super) hindered: bool,
    /// It drops a member that the new version still has.
    pub(super) loses: bool,
    /// What came of changed copies.
    pub(super) mutants: Option<Mutants>,
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
    pub(super) source: Source,
}

impl Tally {
    pub(super) fn tried(&mut self, source: Source) {
        self.tried[source as usize] += 1;
    }

    pub(super) fn all(&self) -> u64 {
        self.tried.iter().sum()
    }

    /// Whether an event showed something that fails a gate.
    pub(super) fn is_broken(&self) -> bool {
        self.loses
            || self
                .counters
                .keys()
                .any(|rule| rules::find(rule).is_none_or(|rule| rule.level == Level::Deny))
    }

    /// Whether an event took it beyond its bounds.
    pub(super) fn exceeds(&self) -> bool {
        [
            rules::UPCASTER_TIMEOUT.id,
            rules::UPCASTER_LIMIT.id,
            rules::JQ_FENCE.id,
        ]
        .iter()
        .any(|rule| self.counters.contains_key(rule))
    }

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
            source,
            ..
        } = self.smallest;
        if self.count > 1 {
            message.push_str(", and so with ");
            message.push_str(&counted(self.count - 1, "more event"));
        }
        let data = json::parse(text.as_bytes()).map_or(Value::Null, |parsed| parsed.value);
        let finding = Finding::new(rules::find(rule)?, message, place);
        Some(finding.with_witness(mask::whole(&data, show || source != Source::Recorded)))
    }
}

/// What the proof of a declarative upcaster has to say.
pub(super) fn said_of(upcaster: &Upcaster, proof: &Proof, broken: bool) -> Vec<Finding> {
    let place = |pointer: &str| {
        let mut place = place_of(upcaster);
        place.pointer = Some(pointer.to_owned()).filter(|pointer| !pointer.is_empty());
        place
    };
    let pointless = proof.pointless.iter().map(|pointer| {
        Finding::new(
            &rules::UPCASTER_POINTLESS,
            format!(
                "the operation at {pointer} of upcaster {upcaster} never finds anything: {} {} has no such member",
                upcaster.event_type(),
                upcaster.from()
            ),
            place(pointer),
        )
    });
    // A counterexample says more than a proof that did not succeed.
    let open = proof.open.iter().filter(|_| !broken).map(|why| {
        Finding::new(
            &rules::UPCASTER_UNPROVEN,
            format!("upcaster {upcaster} is not proved: {why}"),
            place(""),
        )
    });
    pointless.chain(open).collect()
}

/// The place of an upcaster where no event has one.
pub(super) fn place_of(upcaster: &Upcaster) -> Place {
    let mut place = Place::kind(upcaster.event_type(), upcaster.from());
    place.file = upcaster.file().map(str::to_owned);
    place
}

/// Says that no stored event takes an upcaster.
pub(super) fn unused(upcaster: &Upcaster) -> Finding {
    Finding::new(
        &rules::UPCASTER_UNUSED,
        format!("no recorded event takes upcaster {upcaster}"),
        place_of(upcaster),
    )
}

/// Says that nothing is known of an upcaster.
pub(super) fn untried(upcaster: &Upcaster) -> Finding {
    Finding::new(
        &rules::UPCASTER_UNTRIED,
        format!(
            "upcaster {upcaster} was tried on nothing: there is no valid {} {} among the examples and recorded events",
            upcaster.event_type(),
            upcaster.from()
        ),
        place_of(upcaster),
    )
}
