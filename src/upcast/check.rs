//! What the graph of upcasters alone can tell, before any event takes a step.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{self, Finding, Place};
use crate::model::Version;
use crate::rules;

use super::{Chains, Envelope, UpcastError, Upcaster};

/// A (type, version).
type Kind<'a> = (&'a str, &'a Version);

impl Chains {
    /// What is wrong with the upcasters, given the types and versions that history holds.
    ///
    /// - a stored version that the code does not read and no upcaster starts from (`upcaster-missing`);
    /// - an upcaster that makes a version which the code does not read and no upcaster starts from
    ///   (`upcaster-dead-end`);
    /// - upcasters that lead in a circle (`upcaster-cycle`);
    /// - several upcasters from one version to the same versions, in code or in files (`upcaster-duplicate`);
    /// - jq programs that do not compile or that use what the fence forbids (`jq-invalid`).
    ///
    /// Each is told once, where it is to be mended, in the order in which findings are reported.
    pub fn check(&self, stored: &[(String, Version)]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let stored: BTreeSet<Kind<'_>> = stored
            .iter()
            .map(|(event_type, version)| (event_type.as_str(), version))
            .collect();
        for &(event_type, version) in &stored {
            if self.stops_short(event_type, version) {
                findings.push(Finding::new(
                    &rules::UPCASTER_MISSING,
                    self.no_way(event_type, version),
                    Place::kind(event_type, version),
                ));
            }
        }
        self.check_dead_ends(&stored, &mut findings);
        self.check_duplicates(&mut findings);
        self.check_cycles(&mut findings);
        for upcaster in self.upcasters() {
            if let Err((failure, line)) = upcaster.prepare() {
                let error = UpcastError::new(
                    failure,
                    (upcaster.event_type(), upcaster.from()),
                    &Envelope::default(),
                );
                let error = error.in_step(upcaster.to_string());
                let mut finding = error.finding();
                finding.place.file = upcaster.file().map(str::to_owned);
                finding.place.line = line;
                findings.push(finding);
            }
        }
        finding::sort(&mut findings);
        findings
    }

    /// Whether an event here is neither read nor upcast.
    fn stops_short(&self, event_type: &str, version: &Version) -> bool {
        self.node(event_type, version)
            .is_none_or(|node| !node.current && node.steps.is_empty())
    }

    /// Says that there is no way on from here, and what there is instead.
    pub(super) fn no_way(&self, event_type: &str, version: &Version) -> String {
        let mut current: Vec<String> = self
            .nodes()
            .filter(|(other, node)| *other == event_type && node.current)
            .map(|(_, node)| node.version.to_string())
            .collect();
        current.sort_unstable();
        if current.is_empty() {
            format!(
                "no upcaster starts from {event_type} {version}, and the code reads no version of {event_type}"
            )
        } else {
            format!(
                "no upcaster starts from {event_type} {version}, and the code reads version {}",
                current.join(" and ")
            )
        }
    }

    fn check_dead_ends(&self, stored: &BTreeSet<Kind<'_>>, findings: &mut Vec<Finding>) {
        let mut ends: BTreeMap<Kind<'_>, Vec<&Upcaster>> = BTreeMap::new();
        for upcaster in self.upcasters() {
            for (event_type, version) in upcaster.targets() {
                let target = (event_type.as_str(), version);
                // A stored version without a way on is told as missing already.
                if self.stops_short(event_type, version) && !stored.contains(&target) {
                    ends.entry(target).or_default().push(upcaster);
                }
            }
        }
        for ((event_type, version), upcasters) in ends {
            let mut place = Place::kind(event_type, version);
            place.file = upcasters
                .iter()
                .find_map(|upcaster| upcaster.file())
                .map(str::to_owned);
            let names: Vec<String> = upcasters.iter().map(ToString::to_string).collect();
            findings.push(Finding::new(
                &rules::UPCASTER_DEAD_END,
                format!(
                    "upcaster {} ends there: {}",
                    names.join(" and upcaster "),
                    self.no_way(event_type, version)
                ),
                place,
            ));
        }
    }

    fn check_duplicates(&self, findings: &mut Vec<Finding>) {
        let mut starts: BTreeMap<Kind<'_>, Vec<&Upcaster>> = BTreeMap::new();
        for upcaster in self.upcasters() {
            starts
                .entry((upcaster.event_type(), upcaster.from()))
                .or_default()
                .push(upcaster);
        }
        let mut same: Vec<(Kind<'_>, Vec<&Upcaster>)> = Vec::new();
        for (kind, upcasters) in starts {
            // Ways to different versions of the type are held against each other when they are tried.
            let mut ways: BTreeMap<&Version, Vec<&Upcaster>> = BTreeMap::new();
            for upcaster in &upcasters {
                if let [(event_type, version)] = upcaster.targets()
                    && event_type == kind.0
                {
                    ways.entry(version).or_default().push(upcaster);
                }
            }
            if ways.values().map(Vec::len).sum::<usize>() == upcasters.len() {
                same.extend(ways.into_values().map(|upcasters| (kind, upcasters)));
            } else {
                same.push((kind, upcasters));
            }
        }
        for ((event_type, version), upcasters) in same {
            if upcasters.len() < 2 {
                continue;
            }
            let mut places: Vec<String> = upcasters.iter().map(|upcaster| upcaster.whereabouts()).collect();
            places.sort_unstable();
            let mut place = Place::kind(event_type, version);
            place.file = upcasters
                .iter()
                .find_map(|upcaster| upcaster.file())
                .map(str::to_owned);
            findings.push(Finding::new(
                &rules::UPCASTER_DUPLICATE,
                format!(
                    "{} upcasters start from {event_type} {version}: {}",
                    upcasters.len(),
                    places.join(", ")
                ),
                place,
            ));
        }
    }

    /// One finding for each set of nodes that all lead to each other, with a shortest circle through its first.
    fn check_cycles(&self, findings: &mut Vec<Finding>) {
        let mut edges: BTreeMap<Kind<'_>, BTreeSet<Kind<'_>>> = BTreeMap::new();
        for upcaster in self.upcasters() {
            let targets = upcaster
                .targets()
                .iter()
                .map(|(event_type, version)| (event_type.as_str(), version));
            edges
                .entry((upcaster.event_type(), upcaster.from()))
                .or_default()
                .extend(targets);
        }
        let mut told: BTreeSet<Kind<'_>> = BTreeSet::new();
        for &start in edges.keys() {
            if told.contains(&start) {
                continue;
            }
            let Some(circle) = circle(&edges, start) else {
                continue;
            };
            // Whatever lies on a circle with `start` is reached from it and leads back to it.
            let reached = reach(&edges, start);
            told.extend(
                reached
                    .into_iter()
                    .filter(|&node| reach(&edges, node).contains(&start)),
            );
            let way: Vec<String> = circle
                .iter()
                .map(|(event_type, version)| format!("{event_type} {version}"))
                .collect();
            findings.push(Finding::new(
                &rules::UPCASTER_CYCLE,
                if circle.len() == 2 {
                    format!("an upcaster leads from {} back to itself", way[0])
                } else {
                    format!("upcasters lead in a circle: {}", way.join(" to "))
                },
                Place::kind(start.0, start.1),
            ));
        }
    }
}

type Edges<'a> = BTreeMap<Kind<'a>, BTreeSet<Kind<'a>>>;

/// Everything that can be reached from `start` in one step or more.
fn reach<'a>(edges: &Edges<'a>, start: Kind<'a>) -> BTreeSet<Kind<'a>> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        for &next in edges.get(&node).into_iter().flatten() {
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    reached
}

/// A shortest way from `start` back to it, with `start` at both ends.
fn circle<'a>(edges: &Edges<'a>, start: Kind<'a>) -> Option<Vec<Kind<'a>>> {
    let mut came_from: BTreeMap<Kind<'a>, Kind<'a>> = BTreeMap::new();
    let mut level = vec![start];
    while !level.is_empty() && !came_from.contains_key(&start) {
        let mut next_level = Vec::new();
        for node in level {
            for &next in edges.get(&node).into_iter().flatten() {
                if let std::collections::btree_map::Entry::Vacant(entry) = came_from.entry(next) {
                    entry.insert(node);
                    next_level.push(next);
                }
            }
        }
        level = next_level;
    }
    let mut circle = vec![start];
    let mut node = *came_from.get(&start)?;
    while node != start {
        circle.push(node);
        node = *came_from.get(&node)?;
    }
    circle.push(start);
    circle.reverse();
    Some(circle)
}
