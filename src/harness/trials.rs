//! The suite as named tests, for `cargo test` and nextest.
//!
//! `schemas::TYPE::VERSION`, `types::TYPE`, `upcasters::TYPE::FROM`, `scenarios::NAME` and `recordings::PATH`. Listing
//! runs nothing, and an exact name builds that one test without looking for others.

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::finding::{self, Finding};
use crate::gate::config::{Located, RecordingConfig};
use crate::gate::ground::check_options;
use crate::gate::upcasters::{TryOptions, try_upcasters};
use crate::harness::serve::{panic_message, read_with_types};
use crate::harness::suite::{Ask, Suite, World};
use crate::model::{EventKind, Version};
use crate::recording;
use crate::replay::Silent;
use crate::report::{self, Look};
use crate::scenario::file::{self, Library};
use crate::scenario::with_catalogue;
use crate::schema::{self, Coverage, TypeSchemas};

/// Runs the tests that the process's arguments ask for.
pub(super) fn run(suite: Suite) -> ExitCode {
    let arguments = Arguments::from_args();
    let shared = Arc::new(Shared {
        suite,
        located: OnceLock::new(),
        world: OnceLock::new(),
        tried: OnceLock::new(),
    });
    let trials = match (&arguments.filter, arguments.exact) {
        (Some(name), true) => one(&shared, name).into_iter().collect(),
        _ => all(&shared),
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What the tests share; opened by the first one that needs it.
struct Shared {
    suite: Suite,
    located: OnceLock<Result<Located, String>>,
    world: OnceLock<Result<World, String>>,
    /// What came of trying every upcaster; each has a test of its own, and chains share their events.
    tried: OnceLock<Result<Vec<Finding>, String>>,
}

impl Shared {
    fn located(&self) -> Result<&Located, Failed> {
        self.located
            .get_or_init(|| self.suite.located().map_err(|error| error.to_string()))
            .as_ref()
            .map_err(Failed::from)
    }

    fn world(&self) -> Result<&World, Failed> {
        let located = self.located()?;
        self.world
            .get_or_init(|| self.suite.world(located).map_err(|error| error.to_string()))
            .as_ref()
            .map_err(Failed::from)
    }

    /// The scenario files; without a configuration, those need none.
    fn library(&self) -> Result<Library, Failed> {
        let world = match self.located() {
            Ok(_) => Some(self.world()?),
            Err(_) => None,
        };
        Ok(self.suite.library(world))
    }
}

impl Shared {
    fn tried(&self) -> Result<&[Finding], Failed> {
        let world = self.world()?;
        self.tried
            .get_or_init(|| {
                try_upcasters(
                    &world.ground,
                    &world.chains,
                    Some(&|upcast| read_with_types(world, upcast)),
                    &[],
                    TryOptions {
                        show_values: true,
                        ..TryOptions::default()
                    },
                    &mut Silent,
                )
                .map(|tried| tried.findings)
                .map_err(|error| error.to_string())
            })
            .as_deref()
            .map_err(Failed::from)
    }
}

type Outcome = Result<(), Failed>;

fn trial(shared: &Arc<Shared>, name: String, run: impl FnOnce(&Shared) -> Outcome + Send + 'static) -> Trial {
    let shared = Arc::clone(shared);
    Trial::test(name, move || run(&shared))
}

/// Every test. What cannot be listed becomes one failing test that says why.
fn all(shared: &Arc<Shared>) -> Vec<Trial> {
    let mut trials = Vec::new();
    match shared.world() {
        Ok(world) => {
            for history in world.ground.catalogue.types() {
                for version in &history.versions {
                    trials.push(schema_trial(shared, &history.event_type, version.version.clone()));
                }
            }
            for kind in &world.kinds {
                trials.push(type_trial(shared, kind.event_type));
            }
            let mut steps: Vec<(String, Version)> = world
                .chains
                .upcasters()
                .iter()
                .map(|upcaster| (upcaster.event_type().to_owned(), upcaster.from().clone()))
                .collect();
            steps.dedup();
            for (event_type, from) in steps {
                trials.push(upcaster_trial(shared, &event_type, from));
            }
        }
        Err(failed) => trials.push(Trial::test("catalogue", move || Err(failed))),
    }
    for (name, scenario) in &shared.suite.scenarios {
        trials.push(scenario_trial(shared, name, *scenario));
    }
    match shared.suite.files.find() {
        Ok(found) => {
            for file in found {
                trials.push(file_trial(shared, &file.name));
            }
        }
        Err(error) => {
            let message = format!("{} cannot be read: {error}", file::FOLDER);
            trials.push(Trial::test("scenarios", move || Err(Failed::from(message))));
        }
    }
    match shared.located() {
        Ok(located) => {
            for recording in located
                .config
                .recording
                .iter()
                .filter(|recording| !recording.is_foreign())
            {
                trials.push(recording_trial(shared, &recording.path));
            }
        }
        Err(failed) => trials.push(Trial::test("configuration", move || Err(failed))),
    }
    trials
}

/// The one test with this name, found by its name alone.
fn one(shared: &Arc<Shared>, name: &str) -> Option<Trial> {
    let (room, rest) = name.split_once("::")?;
    let kind = || {
        let (event_type, version) = rest.rsplit_once("::")?;
        let version = version
            .parse()
            .map_or_else(|_| Version::from(version.to_owned()), Version::Number);
        Some((event_type, version))
    };
    match room {
        "schemas" => {
            let (event_type, version) = kind()?;
            Some(schema_trial(shared, event_type, version))
        }
        "upcasters" => {
            let (event_type, version) = kind()?;
            Some(upcaster_trial(shared, event_type, version))
        }
        "types" => Some(type_trial(shared, rest)),
        "scenarios" => match shared.suite.scenarios.iter().find(|(name, _)| name == rest) {
            Some((name, scenario)) => Some(scenario_trial(shared, name, *scenario)),
            None => shared.suite.files.has(rest).then(|| file_trial(shared, rest)),
        },
        "recordings" => Some(recording_trial(shared, rest)),
        _ => None,
    }
}

/// Fails with the findings that fail a gate; the others are not worth stopping a test run.
fn judge(mut findings: Vec<Finding>) -> Outcome {
    findings.retain(Finding::fails);
    if findings.is_empty() {
        return Ok(());
    }
    finding::sort(&mut findings);
    let mut text = Vec::new();
    for finding in &findings {
        report::finding(&mut text, finding, false, Look::default()).map_err(|error| error.to_string())?;
    }
    Err(Failed::from(String::from_utf8_lossy(&text).trim_end().to_owned()))
}

fn schema_trial(shared: &Arc<Shared>, event_type: &str, version: Version) -> Trial {
    let event_type = event_type.to_owned();
    trial(
        shared,
        format!("schemas::{event_type}::{version}"),
        move |shared| {
            let world = shared.world()?;
            let catalogue = &world.ground.catalogue;
            if catalogue.get(&event_type, &version).is_none() {
                return Err(format!("the catalogue has no {event_type} version {version}").into());
            }
            let covered = world
                .chains
                .upcasters()
                .iter()
                .map(|upcaster| Coverage {
                    event_type: upcaster.event_type().to_owned(),
                    from: upcaster.from().clone(),
                    to: upcaster.targets().to_vec(),
                    // Whether it holds is the question of its own test.
                    verified: true,
                })
                .collect();
            let config = shared.located()?.config.catalogue.clone().unwrap_or_default();
            let mut options = schema::CheckOptions {
                covered,
                only: Some((event_type.clone(), version.clone())),
                ..check_options(&config)
            };
            options.heard = schema::hear(catalogue, &options, &world.words);
            let is_here = |finding: &Finding| {
                finding.place.event_type.as_ref() == Some(&event_type)
                    && finding
                        .place
                        .version
                        .as_ref()
                        .is_none_or(|found| *found == version.to_string())
            };
            let mut findings: Vec<Finding> = catalogue
                .findings()
                .iter()
                .filter(|finding| is_here(finding))
                .cloned()
                .collect();
            findings.extend(schema::check(catalogue, &options).findings);
            judge(findings)
        },
    )
}

fn type_trial(shared: &Arc<Shared>, event_type: &str) -> Trial {
    let event_type = event_type.to_owned();
    trial(shared, format!("types::{event_type}"), move |shared| {
        let world = shared.world()?;
        let kinds: Vec<EventKind> = world
            .kinds
            .iter()
            .filter(|kind| kind.event_type == event_type)
            .cloned()
            .collect();
        let types: Vec<TypeSchemas> = kinds.iter().map(TypeSchemas::from).collect();
        if types.is_empty() {
            return Err(format!("the code has no event type {event_type}").into());
        }
        let mut findings = schema::check_types(&world.ground.catalogue, &types);
        findings.extend(schema::check_agreement(&kinds));
        judge(findings)
    })
}

fn upcaster_trial(shared: &Arc<Shared>, event_type: &str, from: Version) -> Trial {
    let event_type = event_type.to_owned();
    trial(
        shared,
        format!("upcasters::{event_type}::{from}"),
        move |shared| {
            let world = shared.world()?;
            if world.chains.first_step(&event_type, &from).is_none() {
                return Err(format!("no upcaster starts at {event_type} version {from}").into());
            }
            let here = |finding: &&Finding| {
                let of = &finding.place.event_type;
                of.as_ref().is_none_or(|of| *of == event_type)
            };
            judge(shared.tried()?.iter().filter(here).cloned().collect())
        },
    )
}

fn scenario_trial(shared: &Arc<Shared>, name: &str, scenario: fn()) -> Trial {
    trial(shared, format!("scenarios::{name}"), move |shared| {
        let run = || panic::catch_unwind(AssertUnwindSafe(scenario));
        // What is wrong with the catalogue is told by tests of its own.
        let ran = match shared.world() {
            Ok(world) => with_catalogue(world.ground.validators.as_ref().clone(), run),
            Err(_) => run(),
        };
        ran.map_err(|payload| Failed::from(panic_message(&*payload)))
    })
}

fn file_trial(shared: &Arc<Shared>, name: &str) -> Trial {
    let name = name.to_owned();
    trial(shared, format!("scenarios::{name}"), move |shared| {
        if shared.suite.scenarios.iter().any(|(known, _)| *known == name) {
            return Err(format!("a scenario in code and one in a file are both named `{name}`").into());
        }
        shared
            .library()?
            .run(&name)
            .map_err(|trouble| trouble.to_string().into())
    })
}

fn recording_trial(shared: &Arc<Shared>, path: &str) -> Trial {
    let path = path.to_owned();
    trial(shared, format!("recordings::{path}"), move |shared| {
        let world = shared.world()?;
        let located = shared.located()?;
        let known = located
            .config
            .recording
            .iter()
            .find(|recording| recording.path == path);
        let recording = known
            .cloned()
            .ok_or_else(|| Failed::from(format!("the configuration names no recording {path}")))?;
        let file = world.ground.path(&recording.path);
        let mut findings = recording::verify(&file, None)
            .map_err(|error| error.to_string())?
            .findings;
        if !findings.iter().any(Finding::fails) {
            findings.extend(replay_findings(shared, world, &recording)?);
        }
        judge(findings)
    })
}

fn replay_findings(
    shared: &Shared,
    world: &World,
    recording: &RecordingConfig,
) -> Result<Vec<Finding>, Failed> {
    let replayed = world.replay(
        &shared.suite,
        &Ask {
            file: &recording.path,
            baseline: recording.baseline.as_deref(),
            save_baseline: None,
            default_version: recording.default_version.clone(),
            skip_streams: &[],
            show_values: shared.located()?.config.report.show_values,
        },
        &mut Silent,
    )?;
    Ok(replayed.findings)
}
