//! The catalogue against itself: every version against the next.

use std::path::Path;

use crate::finding::{Finding, Level, Place};
use crate::model::Version;
use crate::rules;

use super::catalogue::shown;
use super::compare;
use super::{Catalogue, CompareOptions, Direction, SchemaVersion, Verdict};

/// A version that an upcaster starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The event type.
    pub event_type: String,
    /// The version.
    pub from: Version,
    /// Whether the upcaster was tried and held.
    pub verified: bool,
}

/// Which directions must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Require {
    /// New code reads old events.
    #[default]
    Backward,
    /// Old code reads new events.
    Forward,
    /// Both.
    Full,
    /// Neither: report only.
    None,
}

impl Require {
    fn backward(self) -> bool {
        match self {
            Self::Backward | Self::Full => true,
            Self::Forward | Self::None => false,
        }
    }

    fn forward(self) -> bool {
        match self {
            Self::Forward | Self::Full => true,
            Self::Backward | Self::None => false,
        }
    }
}

/// What a check of a catalogue is told.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    /// The versions that upcasters start from.
    pub covered: Vec<Coverage>,
    /// Which directions must hold.
    pub require: Require,
    /// Versions, as `Type@version`, of which no event is stored any more.
    pub not_stored: Vec<String>,
    /// Check only the step into this version.
    pub only: Option<(String, Version)>,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckReport {
    /// What is wrong, sorted.
    pub findings: Vec<Finding>,
    /// Event types.
    pub types: usize,
    /// Versions of them.
    pub versions: usize,
    /// Steps from one version to the next.
    pub pairs: usize,
    /// Steps after which every old event is readable.
    pub compatible: usize,
    /// Steps with an old event that is not, bridged or not.
    pub breaking: usize,
    /// Steps about which neither is known.
    pub unproven: usize,
    /// Whether the version before the newest one of every type reads what the newest one writes.
    pub rollback: Verdict,
}

/// Compares every version with the next: what the old one's writers emit with what the new one's readers accept, and
/// for the newest step the reverse.
///
/// A breaking step is at level deny while its old version is stored and no verified upcaster starts there.
pub fn check(catalogue: &Catalogue, options: &CheckOptions) -> CheckReport {
    let mut report = CheckReport {
        findings: Vec::new(),
        types: catalogue.types().len(),
        versions: 0,
        pairs: 0,
        compatible: 0,
        breaking: 0,
        unproven: 0,
        rollback: Verdict::Compatible,
    };
    for history in catalogue.types() {
        report.versions += history.versions.len();
        let steps = history.versions.len().saturating_sub(1);
        for (index, pair) in history.versions.windows(2).enumerate() {
            if let [old, new] = pair {
                let wanted = options.only.as_ref().is_none_or(|(event_type, version)| {
                    *event_type == history.event_type && *version == new.version
                });
                if wanted {
                    let step = Step {
                        root: catalogue.root(),
                        event_type: &history.event_type,
                        old,
                        new,
                    };
                    step.forwards(options, &mut report);
                    if index + 1 == steps {
                        step.back(options, &mut report);
                    }
                }
            }
        }
    }
    crate::finding::sort(&mut report.findings);
    report
}

/// One version and the next.
struct Step<'a> {
    root: &'a Path,
    event_type: &'a str,
    old: &'a SchemaVersion,
    new: &'a SchemaVersion,
}

impl Step<'_> {
    /// A file as messages name it: from the catalogue's folder.
    fn named(&self, path: &Path) -> String {
        shown(path.strip_prefix(self.root).unwrap_or(path))
    }

    /// May the new version read what the old one wrote.
    fn forwards(&self, options: &CheckOptions, report: &mut CheckReport) {
        let (event_type, old, new) = (self.event_type, self.old, self.new);
        report.pairs += 1;
        let backward = direction(&old.schema, new.reader_schema());
        let coverage = options
            .covered
            .iter()
            .find(|coverage| coverage.event_type == event_type && coverage.from == old.version);
        let bridged = coverage.is_some_and(|coverage| coverage.verified);
        let stored = !options
            .not_stored
            .contains(&format!("{event_type}@{}", old.version));
        let why = match (bridged, stored) {
            (true, _) => "; its upcaster bridges the step",
            (false, false) => "; no event of it is stored any more",
            (false, true) if coverage.is_some() => "; its upcaster is not verified",
            (false, true) => "",
        };
        let level = if options.require.backward() && stored && !bridged {
            Level::Deny
        } else {
            Level::Note
        };
        let (rule, said) = match backward.verdict {
            Verdict::Compatible => {
                report.compatible += 1;
                return;
            }
            Verdict::Breaking => {
                report.breaking += 1;
                let said = format!(
                    "{event_type} {} refuses an event that {} wrote",
                    new.version, old.version
                );
                (&rules::BREAKING_STEP, said)
            }
            Verdict::Unproven => {
                report.unproven += 1;
                let said = format!(
                    "whether {event_type} {} reads every event that {} wrote is open",
                    new.version, old.version
                );
                (&rules::UNPROVEN_STEP, said)
            }
        };
        report.findings.push(about(
            rule,
            format!(
                "{said}: {} in {}{why}",
                reason(&backward),
                self.named(new.reader_path())
            ),
            Place::kind(event_type, &old.version).in_file(shown(&old.path)),
            &backward,
            level,
        ));
    }

    /// The reverse of the newest step: may the code before this release read what this release writes.
    fn back(&self, options: &CheckOptions, report: &mut CheckReport) {
        let (event_type, old, new) = (self.event_type, self.old, self.new);
        let forward = direction(&new.schema, old.reader_schema());
        let level = if options.require.forward() {
            Level::Deny
        } else {
            Level::Note
        };
        let (rule, said) = match forward.verdict {
            Verdict::Compatible => return,
            Verdict::Breaking => {
                report.rollback = Verdict::Breaking;
                let said = format!(
                    "{event_type} {} refuses an event that {} writes",
                    old.version, new.version
                );
                (&rules::BREAKING_ROLLBACK, said)
            }
            Verdict::Unproven => {
                if report.rollback == Verdict::Compatible {
                    report.rollback = Verdict::Unproven;
                }
                let said = format!(
                    "whether {event_type} {} reads every event that {} writes is open",
                    old.version, new.version
                );
                (&rules::UNPROVEN_ROLLBACK, said)
            }
        };
        report.findings.push(about(
            rule,
            format!(
                "{said}: {} in {}",
                reason(&forward),
                self.named(old.reader_path())
            ),
            Place::kind(event_type, &new.version).in_file(shown(&new.path)),
            &forward,
            level,
        ));
    }
}

/// One direction, taking the files as they stand: writers' files are closed, readers' files open.
fn direction(writer: &serde_json::Value, reader: &serde_json::Value) -> Direction {
    match compare::contains(writer, reader, &CompareOptions::default()) {
        Ok(direction) => direction,
        // Whatever is wrong with a schema is a finding of the catalogue; the step is open.
        Err(error) => Direction {
            verdict: Verdict::Unproven,
            witness: None,
            findings: vec![super::Difference {
                id: rules::UNPROVEN_STEP.id,
                pointer: String::new(),
                side: crate::finding::Side::Old,
                message: error.to_string(),
            }],
        },
    }
}

fn reason(direction: &Direction) -> String {
    let Some(first) = direction.findings.first() else {
        return "no reason is known".to_owned();
    };
    first.message.clone()
}

fn about(
    rule: &'static rules::Rule,
    message: String,
    mut place: Place,
    direction: &Direction,
    level: Level,
) -> Finding {
    if let Some(first) = direction.findings.first() {
        place.pointer = Some(first.pointer.clone());
        place.side = Some(first.side);
    }
    let finding = Finding::new(rule, message, place).at_level(level);
    match &direction.witness {
        Some(witness) => finding.with_witness(witness.clone()),
        None => finding,
    }
}
