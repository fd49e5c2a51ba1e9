//! What a change does to history: versions that it adds, edits, rewords and removes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::finding::{self, Finding, Level, Place};
use crate::model::Version;
use crate::rules::{self, Rule};

use super::against::Against;
use super::catalogue::{Catalogue, SchemaVersion, TypeHistory, shown};
use super::check::{CheckOptions, is_named};
use super::compare::{CompareOptions, Contract, Verdict, contains};
use super::lock::Digests;
use super::readings::Readings;

/// What is different from another state of a catalogue.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// What there is to say, in reporting order.
    pub findings: Vec<Finding>,
    /// How many versions are new.
    pub added: usize,
    /// How many changed in meaning.
    pub edited: usize,
    /// How many say the same in other words.
    pub reworded: usize,
    /// How many are gone.
    pub removed: usize,
    /// How many versions both states have.
    pub compared: usize,
    /// The newest version of every type of the other state: what is out when the other state is what was released.
    pub released: BTreeMap<String, Version>,
}

/// Holds `now` against another state of it.
pub fn changes(before: &Against, now: &Catalogue, options: &CheckOptions) -> Changes {
    let mut changes = Changes {
        released: before
            .catalogue
            .types()
            .iter()
            .filter_map(|history| {
                let newest = history.versions.last()?;
                Some((history.event_type.clone(), newest.version.clone()))
            })
            .collect(),
        ..Changes::default()
    };
    let names: BTreeSet<&str> = [&before.catalogue, now]
        .iter()
        .flat_map(|catalogue| catalogue.types())
        .map(|history| history.event_type.as_str())
        .collect();
    let readings = Readings::of(now, options);
    for name in names {
        let of_type = OfType {
            before,
            now,
            options,
            old: before.catalogue.history(name),
            new: now.history(name),
            readings: readings.iter().find(|known| known.history().event_type == name),
        };
        of_type.removed(name, &mut changes);
        of_type.added(name, &mut changes);
        of_type.edited(name, &mut changes);
    }
    finding::sort(&mut changes.findings);
    changes
}

/// One type in both states.
struct OfType<'a> {
    before: &'a Against,
    now: &'a Catalogue,
    options: &'a CheckOptions,
    old: Option<&'a TypeHistory>,
    new: Option<&'a TypeHistory>,
    readings: Option<&'a Readings<'a>>,
}

impl OfType<'_> {
    fn has(&self, history: Option<&TypeHistory>, version: &Version) -> bool {
        history.is_some_and(|history| {
            let scheme = self.now.scheme();
            history
                .versions
                .iter()
                .any(|known| scheme.same(&known.version, version))
        })
    }

    /// Whether the lock says the same with the same weight already.
    fn is_told(&self, rule: &Rule, event_type: &str, version: &Version) -> bool {
        self.now.findings().iter().any(|finding| {
            finding.rule == rule
                && finding.place.event_type.as_deref() == Some(event_type)
                && finding.place.version.as_deref() == Some(&version.to_string())
        })
    }

    fn removed(&self, name: &str, changes: &mut Changes) {
        let Some(old) = self.old else { return };
        let gone: Vec<&SchemaVersion> = old
            .versions
            .iter()
            // A file that is there and cannot be read has its own finding.
            .filter(|known| {
                !self.has(self.new, &known.version) && self.now.unusable(name, &known.version).is_none()
            })
            .collect();
        changes.removed += gone.len();
        for known in &gone {
            let version = &known.version;
            let whole = if gone.len() == old.versions.len() {
                ", with the whole type"
            } else {
                ""
            };
            let (level, why) = if is_named(&self.options.not_stored, self.now.scheme(), name, version) {
                (Level::Note, "; nothing is stored under it")
            } else if self.is_told(&rules::FROZEN_MISSING, name, version) {
                (Level::Note, "; the lock says so as well")
            } else {
                (Level::Deny, "")
            };
            let message = format!("{name} {version}: removed since {}{whole}{why}", self.before.name);
            // Where it is now, it has no file.
            let place = Place::kind(name, version).in_file(shown(&known.path));
            changes
                .findings
                .push(Finding::new(&rules::VERSION_REMOVED, message, place).at_level(level));
        }
    }

    fn added(&self, name: &str, changes: &mut Changes) {
        let (Some(new), Some(readings)) = (self.new, self.readings) else {
            return;
        };
        let newest_before = self.old.and_then(|old| old.versions.last());
        for (at, known) in new.versions.iter().enumerate() {
            let version = &known.version;
            if self.has(self.old, version) {
                continue;
            }
            changes.added += 1;
            let since = &self.before.name;
            let mut said = match self.old {
                None => format!("{name} {version}: new since {since}, as is the type"),
                Some(_) => format!("{name} {version}: new since {since}"),
            };
            if let Some(before) = at.checked_sub(1) {
                let earlier = &readings.version(before).version;
                said.push_str(&match readings.direction(before, at).verdict {
                    Verdict::Compatible => format!("; it reads every event of {earlier}"),
                    Verdict::Breaking if readings.covered(before) => {
                        format!("; it reads events of {earlier} through a verified upcaster")
                    }
                    Verdict::Breaking => format!("; it refuses events of {earlier}"),
                    Verdict::Unproven => format!("; whether it reads every event of {earlier} is open"),
                });
            }
            let place = Place::kind(name, version).in_file(shown(&known.path));
            let after =
                newest_before.filter(|newest| self.now.scheme().compare(version, &newest.version).is_lt());
            let rule = match after {
                Some(newest) => {
                    said.push_str(&format!("; {} was out before it", newest.version));
                    &rules::VERSION_INSERTED
                }
                None => &rules::VERSION_ADDED,
            };
            changes.findings.push(Finding::new(rule, said, place));
        }
    }

    fn edited(&self, name: &str, changes: &mut Changes) {
        let (Some(old), Some(new)) = (self.old, self.new) else {
            return;
        };
        for now in &new.versions {
            let scheme = self.now.scheme();
            let Some(was) = old
                .versions
                .iter()
                .find(|known| scheme.same(&known.version, &now.version))
            else {
                continue;
            };
            changes.compared += 1;
            let (worded, meant) = alike(was, now);
            if worded {
                continue;
            }
            let place = Place::kind(name, &now.version).in_file(shown(&now.path));
            let subject = format!("{name} {}", now.version);
            let since = &self.before.name;
            if meant || self.is_same(was, now) {
                changes.reworded += 1;
                let message = format!("{subject}: says the same as at {since} in other words");
                changes
                    .findings
                    .push(Finding::new(&rules::VERSION_REWORDED, message, place));
                continue;
            }
            changes.edited += 1;
            changes.findings.push(self.edit(&subject, was, now, place));
        }
    }

    /// Whether two wordings accept the same events, proved.
    fn is_same(&self, was: &SchemaVersion, now: &SchemaVersion) -> bool {
        let equal = |left, right| {
            [(left, right), (right, left)].into_iter().all(|(sub, sup)| {
                contains(sub, sup, &self.compare(Contract::Literal))
                    .is_ok_and(|direction| direction.verdict == Verdict::Compatible)
            })
        };
        equal(&was.schema, &now.schema) && equal(was.reader_schema(), now.reader_schema())
    }

    fn compare(&self, contract: Contract) -> CompareOptions {
        CompareOptions {
            draft: None,
            contract,
            allowance: self.options.allowance,
            ..CompareOptions::default()
        }
    }

    fn edit(&self, subject: &str, was: &SchemaVersion, now: &SchemaVersion, place: Place) -> Finding {
        let since = &self.before.name;
        let contract = self.readings.map_or(Contract::Literal, Readings::contract);
        let stored = contains(&was.schema, now.reader_schema(), &self.compare(contract));
        let (what, witness, pointer) = match stored {
            Ok(stored) => {
                let difference = stored.findings.first();
                let why = difference.map_or("", |difference| difference.message.as_str());
                let what = match stored.verdict {
                    Verdict::Breaking => format!("it refuses events that were stored under it: {why}"),
                    Verdict::Compatible => {
                        "it still reads what was stored under it, and what is stored from now on is something else"
                            .to_owned()
                    }
                    Verdict::Unproven => {
                        format!("whether it reads what was stored under it is open: {why}")
                    }
                };
                let pointer = difference.map(|difference| difference.pointer.clone());
                (what, stored.witness, pointer)
            }
            Err(error) => (error.to_string(), None, None),
        };
        let (level, why) = if let Some(reason) = self.rewritten(&now.path) {
            (
                Level::Warn,
                format!("; history was rewritten on purpose: {reason}"),
            )
        } else if self.is_told(
            &rules::FROZEN_CHANGED,
            place.event_type.as_deref().unwrap_or_default(),
            &now.version,
        ) {
            (Level::Note, "; the lock says so as well".to_owned())
        } else {
            (Level::Deny, String::new())
        };
        let message = format!("{subject}: changed in meaning since {since}; {what}{why}");
        let place = match pointer {
            Some(pointer) => place.at_pointer(pointer),
            None => place,
        };
        let finding = Finding::new(&rules::VERSION_EDITED, message, place).at_level(level);
        match witness {
            Some(witness) => finding.with_witness(witness),
            None => finding,
        }
    }

    /// The reason for which the lock of this state, and not that of the other, has the file rewritten.
    fn rewritten(&self, path: &Path) -> Option<&str> {
        let inner = shown(path.strip_prefix(self.now.root()).unwrap_or(path));
        let of = |catalogue: &Catalogue| {
            let notes = catalogue.rewritten.iter();
            notes.filter(|(file, _)| *file == inner).count()
        };
        let (now, before) = (of(self.now), of(&self.before.catalogue));
        let newest = self.now.rewritten.iter().rfind(|(file, _)| *file == inner);
        newest.filter(|_| now > before).map(|(_, reason)| reason.as_str())
    }
}

/// Whether two files are worded alike, and whether they mean the same.
fn alike(was: &SchemaVersion, now: &SchemaVersion) -> (bool, bool) {
    let pairs = [
        (&was.schema, &now.schema),
        (was.reader_schema(), now.reader_schema()),
    ];
    let mut alike = (true, true);
    for (was, now) in pairs {
        match (Digests::of(was), Digests::of(now)) {
            (Ok(was), Ok(now)) => {
                alike.0 &= was.wording == now.wording;
                alike.1 &= was.meaning == now.meaning;
            }
            _ => alike = (false, false),
        }
    }
    alike
}
