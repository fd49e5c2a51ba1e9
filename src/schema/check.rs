//! The catalogue against itself: does every version still read what was written before it, and in which order can
//! the newest go out and be taken back?

use std::collections::BTreeMap;
use std::time::Duration;

use crate::finding::{self, Finding, Level, Place};
use crate::model::Version;
use crate::rules;

use super::catalogue::Catalogue;
use super::compare::{CompareOptions, Contract, Direction, Verdict};
use super::deploy::{Deployment, deployment};
use super::readings::{Readings, in_parallel, work_out};
use super::serde_true::Heard;
use super::told;
use super::version::VersionScheme;

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
    pub(super) fn backward(self) -> bool {
        matches!(self, Self::Backward | Self::Full)
    }

    pub(super) fn forward(self) -> bool {
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

/// Which versions of a type are held against each other.
///
/// Where one schema says both what is written and what is read, steps compose: if every version reads the one
/// before it, the newest reads them all. With reader schemas of their own they do not, and neither do they over a
/// step that is not proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// Every version and the next.
    Adjacent,
    /// Besides, the newest version and every earlier one that is stored.
    Transitive,
    /// Besides, every version that is stored and every later one.
    Live,
}

/// A step out of a version that an upcaster bridges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The stored type.
    pub event_type: String,
    /// The version that the upcaster reads.
    pub from: Version,
    /// The types and versions that it makes; none when it drops the event.
    pub to: Vec<(String, Version)>,
    /// Whether it was tried and did what it should. An upcaster that merely exists covers nothing.
    pub verified: bool,
}

/// What holds for one type. What is left out is as for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeOptions {
    /// What a release must keep.
    pub require: Option<Require>,
    /// Which versions are held against each other.
    pub pairs: Option<Pairs>,
    /// What its schemas stand for.
    pub contract: Option<Contract>,
    /// JSON pointer, in the data, of the member that names the version.
    pub own_version: Option<String>,
}

/// What is known beside the catalogue when it is checked.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// Steps that upcasters bridge.
    pub covered: Vec<Coverage>,
    /// What must be kept.
    pub require: Require,
    /// Which versions are held against each other; left out, those between which steps do not compose: adjacent
    /// ones, and with reader schemas transitively.
    pub pairs: Option<Pairs>,
    /// JSON pointer, in the data, of the member that names the version, in types that have one. What each schema
    /// says about it is set aside: it tells versions apart and nothing else.
    pub own_version: Option<String>,
    /// How much a version number weighs that declares less than the change is.
    pub declared_bump: Level,
    /// What holds for single types.
    pub types: BTreeMap<String, TypeOptions>,
    /// Versions, as `Type@version`, of which no event is stored any more.
    pub not_stored: Vec<String>,
    /// Check only the step into this version.
    pub only: Option<(String, Version)>,
    /// The newest version of each type that is out, where that is known; the release is what came after. Left out,
    /// it is the newest step of every type.
    pub released: Option<BTreeMap<String, Version>>,
    /// What the schemas stand for. A catalogue with writer and reader schemas is taken literally.
    pub contract: Contract,
    /// How long each direction of a pair may take before it is left open.
    pub allowance: Duration,
    /// Answers in which the code's types had the last word; see [`hear`](super::hear).
    pub heard: Vec<Heard>,
}

impl Default for CheckOptions {
    fn default() -> Self {
        let CompareOptions {
            contract, allowance, ..
        } = CompareOptions::default();
        Self {
            covered: Vec::new(),
            require: Require::default(),
            pairs: None,
            own_version: None,
            declared_bump: rules::BUMP_TOO_SMALL.level,
            types: BTreeMap::new(),
            not_stored: Vec::new(),
            only: None,
            released: None,
            contract,
            allowance,
            heard: Vec::new(),
        }
    }
}

/// The options that hold for one type.
pub(super) struct TypeRules<'a> {
    pub(super) require: Require,
    pub(super) pairs: Option<Pairs>,
    pub(super) contract: Contract,
    pub(super) own_version: Option<&'a str>,
}

impl CheckOptions {
    pub(super) fn rules_of(&self, event_type: &str) -> TypeRules<'_> {
        let own = self.types.get(event_type);
        TypeRules {
            require: own.and_then(|own| own.require).unwrap_or(self.require),
            pairs: own.and_then(|own| own.pairs).or(self.pairs),
            contract: own.and_then(|own| own.contract).unwrap_or(self.contract),
            own_version: own
                .and_then(|own| own.own_version.as_deref())
                .or(self.own_version.as_deref()),
        }
    }

    /// Whether events of the version at `at` may still be stored.
    pub(super) fn is_stored(&self, readings: &Readings<'_>, at: usize) -> bool {
        let (history, version) = (readings.history(), &readings.version(at).version);
        !is_named(&self.not_stored, readings.scheme(), &history.event_type, version)
    }

    /// Whether the step into the version at `at` is asked about.
    fn wants(&self, readings: &Readings<'_>, at: usize) -> bool {
        self.only.as_ref().is_none_or(|(event_type, version)| {
            *event_type == readings.history().event_type
                && readings.scheme().same(version, &readings.version(at).version)
        })
    }

    /// Pairs of versions of one type, earlier and later, that are held against each other beside adjacent ones.
    fn further(&self, readings: &Readings<'_>) -> Vec<(usize, usize)> {
        let count = readings.len();
        let composed = || {
            let mut versions = readings.history().versions.iter();
            versions.all(|version| version.reader.is_none())
        };
        let pairs = match self.rules_of(&readings.history().event_type).pairs {
            Some(pairs) => pairs,
            None if composed() => Pairs::Adjacent,
            None => Pairs::Transitive,
        };
        let later = match pairs {
            Pairs::Adjacent => count..count,
            Pairs::Transitive => count.saturating_sub(1)..count,
            Pairs::Live => 0..count,
        };
        later
            .filter(|later| self.wants(readings, *later))
            .flat_map(|later| (0..later.saturating_sub(1)).map(move |earlier| (earlier, later)))
            .filter(|(earlier, _)| self.is_stored(readings, *earlier))
            .collect()
    }

    /// The step that goes out with the release, where the type has one.
    fn release(&self, readings: &Readings<'_>) -> Option<(usize, usize)> {
        let newest = readings.len().checked_sub(1)?;
        let out = match &self.released {
            None => newest.checked_sub(1)?,
            Some(released) => readings.position(released.get(&readings.history().event_type)?)?,
        };
        (out < newest).then_some((out, newest))
    }
}

/// Whether `names`, each `Type@version`, name a version.
pub(super) fn is_named(names: &[String], scheme: VersionScheme, event_type: &str, version: &Version) -> bool {
    names.iter().any(|named| {
        named.rsplit_once('@').is_some_and(|(named_type, named)| {
            named_type == event_type && scheme.same(&Version::from(named.to_owned()), version)
        })
    })
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
    /// How many pairs beside adjacent ones were compared.
    pub further: usize,
    /// Every pair of adjacent versions, by type, oldest first.
    pub steps: Vec<Step>,
    /// How each type's part of the release goes out, by type.
    pub deployment: Vec<Deployment>,
    /// Whether the release can be taken back: the worst answer over its types.
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

/// Compares the versions in `catalogue` with each other.
///
/// Backward, what the earlier version's writers emit is held against what the later one's readers accept. A step
/// that breaks is denied, unless a verified upcaster covers it or nothing is stored under the earlier version any
/// more. Forward, what the newest writers emit is held against the readers before them: that is whether the
/// release can be taken back, and is denied only where it is required.
pub fn check(catalogue: &Catalogue, options: &CheckOptions) -> CheckReport {
    let readings = Readings::of(catalogue, options);
    let mut wanted = Vec::new();
    for (at, readings) in readings.iter().enumerate() {
        let steps = (1..readings.len()).filter(|later| options.wants(readings, *later));
        wanted.extend(steps.flat_map(|later| [(at, later - 1, later), (at, later, later - 1)]));
        for (earlier, later) in options.further(readings) {
            wanted.push((at, earlier, later));
            if options.rules_of(&readings.history().event_type).require.forward() {
                wanted.push((at, later, earlier));
            }
        }
        if let Some((from, to)) = options.release(readings) {
            wanted.extend([(at, from, to), (at, to, from)]);
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    work_out(&readings, &wanted);
    let own: Vec<(&Readings<'_>, usize)> = readings
        .iter()
        .flat_map(|readings| (0..readings.len()).map(move |at| (readings, at)))
        .filter(|(readings, at)| readings.version(*at).reader.is_some() && options.wants(readings, *at))
        .collect();
    let own = in_parallel(&own, |(readings, at)| told::own(readings, *at));

    let mut report = CheckReport {
        types: catalogue.types().len(),
        versions: catalogue
            .types()
            .iter()
            .map(|history| history.versions.len())
            .sum(),
        pairs: 0,
        findings: own.into_iter().flatten().collect(),
        compatible: 0,
        breaking: 0,
        unproven: 0,
        further: 0,
        steps: Vec::new(),
        deployment: Vec::new(),
        rollback: Verdict::Compatible,
    };
    for readings in &readings {
        for later in (1..readings.len()).filter(|later| options.wants(readings, *later)) {
            let step = step(readings, later);
            report.pairs += 1;
            match step.backward.verdict {
                Verdict::Compatible => report.compatible += 1,
                Verdict::Breaking => report.breaking += 1,
                Verdict::Unproven => report.unproven += 1,
            }
            report
                .findings
                .extend(told::step(readings, later, &step, catalogue, options));
            report.steps.push(step);
        }
        for (earlier, later) in options.further(readings) {
            report.further += 1;
            let told = told::further(readings, earlier, later, catalogue, options);
            report.findings.extend(told);
        }
        if let Some((from, to)) = options.release(readings)
            && options.wants(readings, to)
        {
            let deployment = deployment(readings, from, to);
            report.rollback = worse(report.rollback, deployment.rollback);
            report.deployment.push(deployment);
        }
    }
    if options.only.is_none() {
        report
            .findings
            .extend(told::own_versions(&readings, catalogue, options));
        report.findings.extend(unused(catalogue, options));
    }
    finding::sort(&mut report.findings);
    report
}

fn step(readings: &Readings<'_>, later: usize) -> Step {
    let earlier = later - 1;
    Step {
        event_type: readings.history().event_type.clone(),
        from: readings.version(earlier).version.clone(),
        to: readings.version(later).version.clone(),
        backward: Direction::clone(&readings.direction(earlier, later)),
        forward: Direction::clone(&readings.direction(later, earlier)),
        covered: readings.covered(earlier),
        newest: later + 1 == readings.len(),
    }
}

fn worse(known: Verdict, verdict: Verdict) -> Verdict {
    match (known, verdict) {
        (Verdict::Breaking, _) | (_, Verdict::Breaking) => Verdict::Breaking,
        (Verdict::Unproven, _) | (_, Verdict::Unproven) => Verdict::Unproven,
        (Verdict::Compatible, Verdict::Compatible) => Verdict::Compatible,
    }
}

/// Options for types and versions that the catalogue does not have.
fn unused(catalogue: &Catalogue, options: &CheckOptions) -> Vec<Finding> {
    let types = options
        .types
        .keys()
        .filter(|named| !catalogue.has_type(named))
        .map(|named| (named.as_str(), None));
    let versions = options.not_stored.iter().filter_map(|named| {
        let (event_type, version) = named.rsplit_once('@')?;
        let known = Version::from(version.to_owned());
        let missing =
            catalogue.get(event_type, &known).is_none() && catalogue.unusable(event_type, &known).is_none();
        missing.then_some((event_type, Some(version)))
    });
    types
        .chain(versions)
        .map(|(event_type, version)| {
            let message = match version {
                None => {
                    format!("something is set for the type {event_type}, which the catalogue does not have")
                }
                Some(version) => format!(
                    "{event_type} {version} is said not to be stored, and the catalogue does not have it"
                ),
            };
            let place = Place {
                event_type: Some(event_type.to_owned()),
                version: version.map(str::to_owned),
                ..Place::default()
            };
            Finding::new(&rules::SETTING_UNUSED, message, place)
        })
        .collect()
}
