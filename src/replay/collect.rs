//! Findings while they are collected: the first few of every rule, and a count of the rest.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::mask::counted;
use crate::finding::{self, Finding, Level, Place};
use crate::rules::{self, Rule};

/// Collects findings of one recording, at most `cap` for each rule and level, in the order in which they are met.
#[derive(Debug)]
pub(super) struct Collector {
    file: String,
    cap: usize,
    findings: Vec<Finding>,
    met: BTreeMap<(&'static str, Level), (&'static Rule, u64)>,
}

impl Collector {
    pub(super) fn new(file: impl Into<String>, cap: usize) -> Self {
        Self {
            file: file.into(),
            cap,
            findings: Vec::new(),
            met: BTreeMap::new(),
        }
    }

    /// The recording, as the caller named it.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn push(&mut self, finding: Finding) {
        let (_, met) = self
            .met
            .entry((finding.rule.id, finding.level))
            .or_insert((finding.rule, 0));
        *met += 1;
        if usize::try_from(*met).is_ok_and(|met| met <= self.cap) {
            self.findings.push(finding);
        }
    }

    /// How many findings were met that fail a gate, but for those that only say that a baseline is another.
    pub(super) fn errors(&self) -> u64 {
        let comparison = [
            &rules::STATE_DIFFERS,
            &rules::ROWS_DIFFER,
            &rules::BASELINE_STALE,
            &rules::BASELINE_DAMAGED,
        ];
        self.met
            .iter()
            .filter(|((_, level), (rule, _))| *level == Level::Deny && !comparison.contains(rule))
            .map(|(_, (_, met))| met)
            .sum()
    }

    /// What was collected, sorted, with one finding more for each rule that has more than were kept.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        for ((_, level), (rule, met)) in &self.met {
            let rest = met.saturating_sub(u64::try_from(self.cap).unwrap_or(u64::MAX));
            if rest > 0 {
                self.findings.push(
                    Finding::new(
                        rule,
                        format!("{} of this rule not listed", counted(rest, "more finding")),
                        Place::file(&self.file),
                    )
                    .at_level(*level),
                );
            }
        }
        finding::sort(&mut self.findings);
        self.findings
    }
}

/// The place with its pointer, unless that is the whole.
pub(super) fn pointing(place: Place, pointer: String) -> Place {
    if pointer.is_empty() {
        place
    } else {
        place.at_pointer(pointer)
    }
}

/// Streams that have something in common, of which the one with the smallest id is shown.
#[derive(Clone, Debug)]
pub(super) struct Many {
    pub(super) count: u64,
    stream: String,
    revision: Option<u64>,
}

impl Many {
    pub(super) fn one(stream: &str, revision: Option<u64>) -> Self {
        Self {
            count: 1,
            stream: stream.to_owned(),
            revision,
        }
    }

    /// Counts one stream more; says whether it is the one to show.
    pub(super) fn join(&mut self, stream: &str, revision: Option<u64>) -> bool {
        self.count += 1;
        let first = stream < self.stream.as_str();
        if first {
            stream.clone_into(&mut self.stream);
            self.revision = revision;
        }
        first
    }

    pub(super) fn add<K: Ord>(map: &mut BTreeMap<K, Many>, key: K, stream: &str, revision: Option<u64>) {
        match map.entry(key) {
            Entry::Vacant(place) => {
                place.insert(Self::one(stream, revision));
            }
            Entry::Occupied(mut place) => {
                place.get_mut().join(stream, revision);
            }
        }
    }

    pub(super) fn place(&self, file: &str) -> Place {
        Place::file(file).in_stream(&self.stream, self.revision)
    }
}
