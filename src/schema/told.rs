//! What there is to say about versions that were compared: findings.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::finding::{Finding, Level, Place};
use crate::rules::{self, Rule};

use super::bump;
use super::catalogue::{Catalogue, SchemaVersion, shown};
use super::check::{CheckOptions, Step};
use super::compare::{Difference, Direction, Verdict};
use super::readings::{Readings, names_only};

/// What a version writes and does not read itself.
pub(super) fn own(readings: &Readings<'_>, at: usize) -> Option<Finding> {
    let version = readings.version(at);
    let own = readings.direction(at, at);
    let event_type = &readings.history().event_type;
    let reader = shown(version.reader_path());
    let place = Place::kind(event_type, &version.version).in_file(&reader);
    match own.verdict {
        Verdict::Compatible => None,
        Verdict::Breaking | Verdict::Unproven => {
            let difference = own.findings.first();
            let place = place.at_pointer(difference.map_or("", |difference| &difference.pointer));
            let why = difference.map_or("", |difference| &difference.message);
            let (level, is_not) = match own.verdict {
                Verdict::Unproven => (Level::Warn, "may not be"),
                Verdict::Breaking | Verdict::Compatible => (Level::Deny, "is not"),
            };
            let message = format!(
                "{event_type} {}: what {} describes {is_not} read by {reader}: {why}",
                version.version,
                shown(&version.path)
            );
            let finding = Finding::new(&rules::OWN_UNREADABLE, message, place).at_level(level);
            Some(match &own.witness {
                Some(witness) => finding.with_witness(witness.clone()),
                None => finding,
            })
        }
    }
}

/// How much a step backward weighs, and what to add to it.
fn weight(
    readings: &Readings<'_>,
    earlier: usize,
    covered: bool,
    options: &CheckOptions,
) -> (Level, &'static str) {
    let rules = options.rules_of(&readings.history().event_type);
    if covered {
        (Level::Note, "; a verified upcaster covers it")
    } else if !options.is_stored(readings, earlier) {
        (Level::Note, "; nothing is stored under the earlier version")
    } else if !rules.require.backward() {
        (Level::Note, "; it is not required")
    } else if readings.unearned(earlier) {
        (
            Level::Deny,
            "; the upcaster out of the earlier version is not verified",
        )
    } else {
        (Level::Deny, "")
    }
}

/// What there is to say about a step.
pub(super) fn step(
    readings: &Readings<'_>,
    later: usize,
    step: &Step,
    catalogue: &Catalogue,
    options: &CheckOptions,
) -> Vec<Finding> {
    let earlier = later - 1;
    let require = options.rules_of(&readings.history().event_type).require;
    let (level, why) = weight(readings, earlier, step.covered, options);
    let mut findings = Vec::new();
    findings.extend(refusal(
        readings,
        (earlier, later),
        catalogue.root(),
        (&rules::BREAKING_STEP, &rules::UNPROVEN_STEP),
        (level, why),
    ));
    // Only the newest step is one that a release could take back.
    if step.newest {
        let level = if require.forward() {
            Level::Deny
        } else {
            Level::Note
        };
        findings.extend(refusal(
            readings,
            (later, earlier),
            catalogue.root(),
            (&rules::BREAKING_ROLLBACK, &rules::UNPROVEN_ROLLBACK),
            (level, ""),
        ));
    }
    findings.extend(declared(readings, later, step, options));
    findings
}

/// What there is to say about versions that are not adjacent.
pub(super) fn further(
    readings: &Readings<'_>,
    earlier: usize,
    later: usize,
    catalogue: &Catalogue,
    options: &CheckOptions,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !readings.reading(earlier, later).holds() {
        let (mut level, mut why) = weight(readings, earlier, false, options);
        // Where a step on the way fails the gate already, this is what it leads to.
        let cause = (earlier + 1..=later).find(|to| {
            readings.direction(to - 1, *to).verdict != Verdict::Compatible
                && weight(readings, to - 1, readings.covered(to - 1), options).0 == Level::Deny
        });
        let follows;
        if let (Level::Deny, Some(to)) = (level, cause) {
            follows = format!(
                "; it follows from the step from {} to {}",
                readings.version(to - 1).version,
                readings.version(to).version
            );
            (level, why) = (Level::Note, &follows);
        }
        findings.extend(refusal(
            readings,
            (earlier, later),
            catalogue.root(),
            (&rules::BREAKING_PAIR, &rules::UNPROVEN_PAIR),
            (level, why),
        ));
    }
    if options.rules_of(&readings.history().event_type).require.forward() {
        findings.extend(refusal(
            readings,
            (later, earlier),
            catalogue.root(),
            (&rules::BREAKING_ROLLBACK, &rules::UNPROVEN_ROLLBACK),
            (Level::Deny, ""),
        ));
    }
    findings
}

/// That one version's readers refuse what another's writers emit. It stands where the writer does: that is the
/// version whose events are lost, and where an upcaster would start.
fn refusal(
    readings: &Readings<'_>,
    (writer, reader): (usize, usize),
    root: &Path,
    (breaking, unproven): (&'static Rule, &'static Rule),
    (level, addition): (Level, &str),
) -> Option<Finding> {
    let direction = readings.direction(writer, reader);
    let rule = match direction.verdict {
        Verdict::Compatible => return None,
        Verdict::Breaking => breaking,
        Verdict::Unproven => unproven,
    };
    let wrote = if writer < reader { "wrote" } else { "writes" };
    let (writer, reader) = (readings.version(writer), readings.version(reader));
    let difference = direction.findings.first();
    let why = difference.map_or("", |difference| &difference.message);
    let more = match direction.findings.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let event_type = &readings.history().event_type;
    let said = match direction.verdict {
        Verdict::Unproven => format!(
            "whether {event_type} {} reads every event that {} {wrote} is open",
            reader.version, writer.version
        ),
        Verdict::Breaking | Verdict::Compatible => format!(
            "{event_type} {} refuses an event that {} {wrote}",
            reader.version, writer.version
        ),
    };
    let file = reader.reader_path();
    let file = shown(file.strip_prefix(root).unwrap_or(file));
    let message = format!("{said}: {why}{more} in {file}{addition}");
    let mut place = Place::kind(event_type, &writer.version).in_file(shown(&writer.path));
    if let Some(difference) = difference {
        place = place.at_pointer(&difference.pointer).on(difference.side);
    }
    let finding = Finding::new(rule, message, place).at_level(level);
    Some(match &direction.witness {
        Some(witness) => finding.with_witness(witness.clone()),
        None => finding,
    })
}

/// A version number that declares less than the step is.
fn declared(readings: &Readings<'_>, later: usize, step: &Step, options: &CheckOptions) -> Option<Finding> {
    // A version that names itself in the data differs from every other, and that is all it shows.
    let (old, new) = (readings.version(later - 1), readings.version(later));
    let verdict = |direction: &Direction, reader: &SchemaVersion| {
        if own_member(direction, reader).is_some() {
            Verdict::Unproven
        } else {
            direction.verdict
        }
    };
    let small = bump::too_small(
        readings.scheme(),
        &step.from,
        &step.to,
        verdict(&step.backward, new),
        verdict(&step.forward, old),
    )?;
    let event_type = &step.event_type;
    let message = format!(
        "{event_type} {} is declared {} of {}, and {}: that takes {} at least",
        step.to, small.declared, step.from, small.shown, small.needed
    );
    let direction = if small.backward {
        &step.backward
    } else {
        &step.forward
    };
    let place = Place::kind(event_type, &step.to).in_file(shown(&new.path));
    let finding = Finding::new(&rules::BUMP_TOO_SMALL, message, place)
        .at_level(options.declared_bump)
        .with_next(format!(
            "release it as {} or later; a version that is out already keeps its number",
            small.needed
        ));
    Some(match &direction.witness {
        Some(witness) => finding.with_witness(witness.clone()),
        None => finding,
    })
}

/// The member, as a pointer into the data, that names the reader's version, when a direction breaks for that alone.
fn own_member(direction: &Direction, reader: &SchemaVersion) -> Option<String> {
    let version = reader.version.text();
    let member = |difference: &Difference| {
        let value: &Value = reader.reader_schema().pointer(&difference.pointer)?;
        let (place, keyword) = difference.pointer.rsplit_once('/')?;
        if !["const", "enum"].contains(&keyword) || !names_only(value, &version) {
            return None;
        }
        // `/properties/meta/properties/version` stands for `/meta/version`.
        let mut tokens = place.split('/').skip(1);
        let mut pointer = String::new();
        while let Some(token) = tokens.next() {
            if token != "properties" {
                return None;
            }
            pointer.push('/');
            pointer.push_str(tokens.next()?);
        }
        Some(pointer)
    };
    let mut members = direction.findings.iter().map(member);
    let first = members.next()??;
    members
        .all(|member| member.as_ref() == Some(&first))
        .then_some(first)
}

/// That versions differ by the version that their schemas name, in types where nobody said so.
pub(super) fn own_versions(
    readings: &[Readings<'_>],
    catalogue: &Catalogue,
    options: &CheckOptions,
) -> Vec<Finding> {
    let mut steps: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for readings in readings {
        if options
            .rules_of(&readings.history().event_type)
            .own_version
            .is_some()
        {
            continue;
        }
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for later in 1..readings.len() {
            let direction = readings.direction(later - 1, later);
            if let Some(member) = own_member(&direction, readings.version(later)) {
                *found.entry(member).or_default() += 1;
            }
        }
        for (member, count) in found {
            let (types, all) = steps.entry(member).or_default();
            *types += 1;
            *all += count;
        }
    }
    steps
        .into_iter()
        .map(|(member, (types, steps))| {
            let of = if types == 1 {
                "1 event type".to_owned()
            } else {
                format!("{types} event types")
            };
            let breaks = if steps == 1 {
                "1 step breaks".to_owned()
            } else {
                format!("{steps} steps break")
            };
            let message = format!(
                "the schemas of {of} name their own version at {member}, and {breaks} for that alone; --own-version {member}, or \
                 `own-version = \"{member}\"` under [catalogue], sets it aside"
            );
            let place = Place::file(shown(catalogue.root())).at_pointer(&member);
            Finding::new(&rules::OWN_VERSION, message, place)
        })
        .collect()
}
