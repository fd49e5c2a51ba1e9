//! The catalogue against itself: does every version still read what the one before it wrote, and could the
//! release of the newest be taken back?

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::finding::{self, Finding, Level, Place, Side};
use crate::model::Version;
use crate::rules::{self, Rule};

use super::catalogue::{Catalogue, SchemaVersion, TypeHistory, shown};
use super::compare::{CompareOptions, Contract, Direction, Operand, Verdict, direction};
use super::eval::Patterns;

/// What a release must keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Require {
    /// New readers read what old writers stored.
    #[default]
    Backward,
    /// Old readers read what new writers store.
    Forward,
    /// Both.
    Full,
    /// Nothing: what breaks is told, and fails nothing.
    None,
}

impl Require {
    fn backward(self) -> bool {
        matches!(self, Self::Backward | Self::Full)
    }

    fn forward(self) -> bool {
        matches!(self, Self::Forward | Self::Full)
    }
}

impl std::str::FromStr for Require {
    type Err = super::error::SchemaError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "backward" => Ok(Self::Backward),
            "forward" => Ok(Self::Forward),
            "full" => Ok(Self::Full),
            "none" => Ok(Self::None),
            _ => Err(super::error::SchemaError::usage(format!(
                "no requirement `{text}`; there are backward, forward, full and none"
            ))),
        }
    }
}

/// A step out of a version that an upcaster bridges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The stored type.
    pub event_type: String,
    /// The version that the upcaster reads.
    pub from: Version,
    /// Whether it was tried and did what it should. An upcaster that merely exists covers nothing.
    pub verified: bool,
}

/// What is known beside the catalogue when it is checked.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// Steps that upcasters bridge.
    pub covered: Vec<Coverage>,
    /// What must be kept.
    pub require: Require,
    /// Versions, as `Type@version`, of which no event is stored any more.
    pub not_stored: Vec<String>,
    /// Check only the step into this version.
    pub only: Option<(String, Version)>,
    /// What the schemas stand for. A catalogue with writer and reader schemas is taken literally.
    pub contract: Contract,
    /// How long each direction of a pair may take before it is left open.
    pub allowance: Duration,
}

impl Default for CheckOptions {
    fn default() -> Self {
        let CompareOptions {
            contract, allowance, ..
        } = CompareOptions::default();
        Self {
            covered: Vec::new(),
            require: Require::default(),
            not_stored: Vec::new(),
            only: None,
            contract,
            allowance,
        }
    }
}

/// What came of checking a catalogue.
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// What there is to say, in reporting order. What is wrong with the catalogue itself stands in
    /// [`Catalogue::findings`].
    pub findings: Vec<Finding>,
    /// How many event types were looked at.
    pub types: usize,
    /// How many versions they have.
    pub versions: usize,
    /// How many pairs of adjacent versions were compared.
    pub pairs: usize,
    /// How many of them are compatible backward.
    pub compatible: usize,
    /// How many of them break backward, whether or not an upcaster covers them.
    pub breaking: usize,
    /// How many of them are left open.
    pub unproven: usize,
    /// Every pair, by type, oldest first.
    pub steps: Vec<Step>,
    /// Whether the newest versions can be taken back: the worst answer over the newest step of every type.
    pub rollback: Verdict,
}

/// One pair of adjacent versions.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The type.
    pub event_type: String,
    /// The earlier version.
    pub from: Version,
    /// The later version.
    pub to: Version,
    /// Whether the later one reads what the earlier one wrote.
    pub backward: Direction,
    /// Whether the earlier one reads what the later one writes.
    pub forward: Direction,
    /// Whether a verified upcaster covers it.
    pub covered: bool,
    /// Whether it is the newest step of its type.
    pub newest: bool,
}

/// Compares every version in `catalogue` with the next.
///
/// Backward, what the earlier version's writers emit is held against what the later one's readers accept. A step
/// that breaks is denied, unless a verified upcaster covers it or nothing is stored under the earlier version any
/// more. Forward, what the newest writers emit is held against the readers before them: that is whether the
/// release can be taken back, and is denied only where it is required.
pub fn check(catalogue: &Catalogue, options: &CheckOptions) -> CheckReport {
    let wanted = |event_type: &str, version: &Version| {
        options
            .only
            .as_ref()
            .is_none_or(|(only_type, only)| only_type == event_type && catalogue.scheme().same(only, version))
    };
    let mut pairs: Vec<(&TypeHistory, usize)> = Vec::new();
    for history in catalogue.types() {
        let later = (1..history.versions.len())
            .filter(|later| wanted(&history.event_type, &history.versions[*later].version));
        pairs.extend(later.map(|later| (history, later)));
    }
    let compared = in_parallel(&pairs, |(history, later)| {
        step(history, *later, catalogue, options)
    });
    let own: Vec<(&TypeHistory, &SchemaVersion)> = catalogue
        .types()
        .iter()
        .flat_map(|history| history.versions.iter().map(move |version| (history, version)))
        .filter(|(history, version)| {
            version.reader.is_some() && wanted(&history.event_type, &version.version)
        })
        .collect();
    let own = in_parallel(&own, |(history, version)| unreadable(history, version, options));

    let mut report = CheckReport {
        types: catalogue.types().len(),
        versions: catalogue
            .types()
            .iter()
            .map(|history| history.versions.len())
            .sum(),
        pairs: compared.len(),
        findings: own.into_iter().flatten().collect(),
        compatible: 0,
        breaking: 0,
        unproven: 0,
        steps: Vec::new(),
        rollback: Verdict::Compatible,
    };
    for ((history, later), step) in pairs.into_iter().zip(compared) {
        match step.backward.verdict {
            Verdict::Compatible => report.compatible += 1,
            Verdict::Breaking => report.breaking += 1,
            Verdict::Unproven => report.unproven += 1,
        }
        if step.newest {
            report.rollback = worse(report.rollback, step.forward.verdict);
        }
        report
            .findings
            .extend(told(history, later, &step, catalogue, options));
        report.steps.push(step);
    }
    finding::sort(&mut report.findings);
    report
}

fn worse(known: Verdict, verdict: Verdict) -> Verdict {
    match (known, verdict) {
        (Verdict::Breaking, _) | (_, Verdict::Breaking) => Verdict::Breaking,
        (Verdict::Unproven, _) | (_, Verdict::Unproven) => Verdict::Unproven,
        (Verdict::Compatible, Verdict::Compatible) => Verdict::Compatible,
    }
}

/// What `work` makes of each item, in the order of the items, whatever the number of threads.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(items.len()).min(16))
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(index) else { return done };
                        done.push((index, work(item)));
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| match worker.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

fn compare_options(options: &CheckOptions) -> CompareOptions {
    CompareOptions {
        draft: None,
        contract: options.contract,
        allowance: options.allowance,
    }
}

fn step(history: &TypeHistory, later: usize, catalogue: &Catalogue, options: &CheckOptions) -> Step {
    let (old, new) = (&history.versions[later - 1], &history.versions[later]);
    let with = compare_options(options);
    let scheme = catalogue.scheme();
    Step {
        event_type: history.event_type.clone(),
        from: old.version.clone(),
        to: new.version.clone(),
        backward: reads(old, new, Side::Old, &with),
        forward: reads(new, old, Side::New, &with),
        covered: options.covered.iter().any(|coverage| {
            coverage.verified
                && coverage.event_type == history.event_type
                && scheme.same(&coverage.from, &old.version)
        }),
        newest: later + 1 == history.versions.len(),
    }
}

/// Whether the readers of `reader` accept what the writers of `writer` emit. `side` is the writer's.
fn reads(writer: &SchemaVersion, reader: &SchemaVersion, side: Side, options: &CompareOptions) -> Direction {
    let other = match side {
        Side::Old => Side::New,
        Side::New => Side::Old,
    };
    let sub = Operand::known(&writer.schema, &writer.compiled, side);
    let sup = match &reader.reader {
        Some((_, schema)) => Operand::new(schema, options, other),
        None => Operand::known(&reader.schema, &reader.compiled, other),
    };
    match (sub, sup) {
        (Ok(sub), Ok(sup)) => direction(&sub, &sup, options, &Patterns::default()),
        // A catalogue has no such schema: it was compiled when it was opened.
        (Err(error), _) | (_, Err(error)) => Direction::open(side, &error.to_string()),
    }
}

/// What a version writes and does not read itself.
fn unreadable(history: &TypeHistory, version: &SchemaVersion, options: &CheckOptions) -> Option<Finding> {
    let own = reads(version, version, Side::Old, &compare_options(options));
    let event_type = &history.event_type;
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
            Some(match own.witness {
                Some(witness) => finding.with_witness(witness),
                None => finding,
            })
        }
    }
}

/// What there is to say about a step.
fn told(
    history: &TypeHistory,
    later: usize,
    step: &Step,
    catalogue: &Catalogue,
    options: &CheckOptions,
) -> Vec<Finding> {
    let (old, new) = (&history.versions[later - 1], &history.versions[later]);
    let scheme = catalogue.scheme();
    let stored = !options.not_stored.iter().any(|named| {
        named.rsplit_once('@').is_some_and(|(event_type, version)| {
            event_type == history.event_type && scheme.same(&Version::from(version.to_owned()), &old.version)
        })
    });
    let unearned = options.covered.iter().any(|coverage| {
        !coverage.verified
            && coverage.event_type == history.event_type
            && scheme.same(&coverage.from, &old.version)
    });
    let mut findings = Vec::new();
    let (level, why) = if step.covered {
        (Level::Note, "; a verified upcaster covers it")
    } else if !stored {
        (Level::Note, "; nothing is stored under the earlier version")
    } else if !options.require.backward() {
        (Level::Note, "; it is not required")
    } else if unearned {
        (
            Level::Deny,
            "; the upcaster out of the earlier version is not verified",
        )
    } else {
        (Level::Deny, "")
    };
    let backward = Told {
        history,
        writer: old,
        reader: new,
        root: catalogue.root(),
        wrote: "wrote",
    };
    findings.extend(backward.finding(
        &step.backward,
        (&rules::BREAKING_STEP, &rules::UNPROVEN_STEP),
        level,
        why,
    ));
    // Only the newest step is one that a release could take back.
    if step.newest {
        let level = if options.require.forward() {
            Level::Deny
        } else {
            Level::Note
        };
        let forward = Told {
            history,
            writer: new,
            reader: old,
            root: catalogue.root(),
            wrote: "writes",
        };
        findings.extend(forward.finding(
            &step.forward,
            (&rules::BREAKING_ROLLBACK, &rules::UNPROVEN_ROLLBACK),
            level,
            "",
        ));
    }
    findings
}

/// What one version writes, held against what another reads. A finding about it stands where the writer does: that
/// is the version whose events are lost, and where an upcaster would start.
struct Told<'a> {
    history: &'a TypeHistory,
    writer: &'a SchemaVersion,
    reader: &'a SchemaVersion,
    root: &'a Path,
    wrote: &'a str,
}

impl Told<'_> {
    fn finding(
        &self,
        direction: &Direction,
        (breaking, unproven): (&'static Rule, &'static Rule),
        level: Level,
        addition: &str,
    ) -> Option<Finding> {
        let rule = match direction.verdict {
            Verdict::Compatible => return None,
            Verdict::Breaking => breaking,
            Verdict::Unproven => unproven,
        };
        let difference = direction.findings.first();
        let why = difference.map_or("", |difference| &difference.message);
        let more = match direction.findings.len() {
            0 | 1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let (event_type, reader, writer) = (
            &self.history.event_type,
            &self.reader.version,
            &self.writer.version,
        );
        let wrote = self.wrote;
        let said = match direction.verdict {
            Verdict::Unproven => {
                format!("whether {event_type} {reader} reads every event that {writer} {wrote} is open")
            }
            Verdict::Breaking | Verdict::Compatible => {
                format!("{event_type} {reader} refuses an event that {writer} {wrote}")
            }
        };
        let file = self.reader.reader_path();
        let file = shown(file.strip_prefix(self.root).unwrap_or(file));
        let message = format!("{said}: {why}{more} in {file}{addition}");
        let mut place =
            Place::kind(&self.history.event_type, &self.writer.version).in_file(shown(&self.writer.path));
        if let Some(difference) = difference {
            place = place.at_pointer(&difference.pointer).on(difference.side);
        }
        let finding = Finding::new(rule, message, place).at_level(level);
        Some(match &direction.witness {
            Some(witness) => finding.with_witness(witness.clone()),
            None => finding,
        })
    }
}
