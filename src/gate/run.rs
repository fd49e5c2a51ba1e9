//! The plan of a gate and its execution.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::finding::{self, Finding, Place};
use crate::gate::causes::demote_consequences;
use crate::gate::config::{Located, RecordingConfig};
use crate::gate::counts::Counts;
use crate::gate::coverage::coverage_findings;
use crate::gate::driver::{self, Answers};
use crate::gate::ground::{self, Ground, GroundError, check_options, coverage};
use crate::gate::protocol::{Reply, StepReport, Task};
use crate::gate::upcasters::{Tried, TryOptions, try_upcasters};
use crate::gate::{Assessment, Check, Day, Summary, apply_waivers};
use crate::recording;
use crate::replay::{self, Silent};
use crate::report::{self, count};
use crate::rules;
use crate::scenario::coverage::{Coverage, percent};
use crate::schema::{self, Against, Deployment, Heard, TypeSchemas};

/// What a gate is told beside its configuration.
#[derive(Clone, Debug)]
pub struct GateOptions<'a> {
    /// A harness that is already built, in place of the configured ones.
    pub harness: Option<&'a Path>,
    /// The day that waivers are judged by.
    pub today: Day,
    /// The `cargo` that builds harnesses.
    pub cargo: &'a Path,
    /// The `git` that is asked for another state of the catalogue.
    pub git: &'a Path,
    /// The state of the catalogue to tell changes from, over the configured one: a git ref, or a folder.
    pub against: Option<&'a str>,
    /// The folder that a path in `against` starts from.
    pub folder: &'a Path,
    /// This executable, which also serves as worker for jq programs.
    pub executable: &'a Path,
    /// Show recorded values in findings.
    pub show_values: bool,
    /// How many threads validate.
    pub threads: usize,
}

/// What a gate found, sorted, and its verdict.
#[derive(Debug)]
pub struct Outcome {
    /// Every finding, waived ones included.
    pub findings: Vec<Finding>,
    /// The verdict and what was checked.
    pub summary: Summary,
}

/// Why a gate could not even begin.
#[derive(Debug)]
pub struct GateError {
    message: String,
}

impl GateError {
    fn new(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
        }
    }
}

impl fmt::Display for GateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for GateError {}

/// Checks everything that the configuration names. Progress goes to `err`.
///
/// # Errors
///
/// When the catalogue cannot be opened, or the state that it is compared with. Everything after that is a finding, or makes the verdict `incomplete`.
pub fn run(located: &Located, options: &GateOptions<'_>, err: &mut dyn Write) -> Result<Outcome, GateError> {
    let ground = open(located, options)?;
    let before = before(located, options, &ground)?;
    let mut gate = Gate {
        located,
        options,
        ground: &ground,
        before,
        heard: Vec::new(),
        findings: Vec::new(),
        checks: Vec::new(),
        complete: true,
    };
    gate.catalogue();
    let sound = gate.recordings();
    let steps = match gate.harnesses(&sound, err) {
        Some(steps) => steps,
        None => gate.built_in(&sound, err),
    };
    let (rollback, deployment) = gate.compatibility(&steps);
    let Gate {
        mut findings,
        mut checks,
        complete,
        ..
    } = gate;
    demote_consequences(&mut findings);
    if !located.config.waiver.is_empty() {
        let file = ground.shown(&located.file);
        apply_waivers(&mut findings, &located.config.waiver, options.today, &file);
        let given = located.config.waiver.len() as u64;
        checks.push(Check::new("waivers", given, count(given, "accepted difference")));
    }
    finding::sort(&mut findings);
    let summary = Summary::of(&findings, checks, complete, rollback).deployed(deployment);
    Ok(Outcome { findings, summary })
}

fn open(located: &Located, options: &GateOptions<'_>) -> Result<Ground, GateError> {
    Ground::open(located, options.executable).map_err(GateError::new)
}

/// The state of the catalogue that changes are told from.
fn before(
    located: &Located,
    options: &GateOptions<'_>,
    ground: &Ground,
) -> Result<Option<Against>, GateError> {
    let config = located.config.catalogue.clone().unwrap_or_default();
    let (named, from) = match (options.against, &config.against) {
        (Some(named), _) => (named, options.folder),
        (None, Some(named)) => (named.as_str(), located.root.as_path()),
        (None, None) => return Ok(None),
    };
    let root = ground.catalogue.root();
    schema::against(options.git, root, named, from, &ground::options(&config))
        .map(Some)
        .map_err(GateError::new)
}

struct Gate<'a> {
    located: &'a Located,
    options: &'a GateOptions<'a>,
    ground: &'a Ground,
    before: Option<Against>,
    /// What the types of the code say of two versions.
    heard: Vec<Heard>,
    findings: Vec<Finding>,
    checks: Vec<Check>,
    complete: bool,
}

impl Gate<'_> {
    fn add(&mut self, check: &str, findings: impl IntoIterator<Item = Finding>) {
        let ground = self.ground;
        self.findings.extend(findings.into_iter().map(|mut finding| {
            finding.check = Some(check.to_owned());
            if let Some(file) = &finding.place.file {
                finding.place.file = Some(ground.shown(Path::new(file)));
            }
            finding.message = ground.shown_in(&finding.message);
            finding
        }));
    }

    fn show_values(&self) -> bool {
        self.options.show_values || self.located.config.report.show_values
    }

    /// The files of the catalogue: readable, schemas, frozen.
    fn catalogue(&mut self) {
        let types = self.ground.catalogue.types();
        let versions: usize = types.iter().map(|history| history.versions.len()).sum();
        self.add("catalogue", self.ground.catalogue.findings().to_vec());
        self.checks.push(Check::new(
            "catalogue",
            versions as u64,
            format!(
                "{} of {}",
                count(versions as u64, "version"),
                count(types.len() as u64, "event type")
            ),
        ));
    }

    /// The recordings: sealed and whole. Answers with those that can be read on.
    fn recordings(&mut self) -> Vec<RecordingConfig> {
        let mut sound = Vec::new();
        let (mut events, mut streams) = (0, 0);
        for recording in &self.located.config.recording {
            if recording.is_foreign() {
                // Lines of another form have no seal; reading them is the check.
                sound.push(recording.clone());
                continue;
            }
            match recording::verify(self.ground.path(&recording.path), None) {
                Ok(verification) => {
                    events += verification.events;
                    streams += verification.streams;
                    let mut findings = verification.findings;
                    for finding in &mut findings {
                        finding.place.file = Some(recording.path.clone());
                    }
                    findings.extend(recording.pinned(verification.root.as_deref(), &recording.path));
                    let broken = findings.iter().any(Finding::fails);
                    if verification.events == 0 && !broken {
                        findings.push(Finding::new(
                            &rules::RECORDING_EMPTY,
                            "the recording holds no events",
                            Place::file(recording.path.clone()),
                        ));
                    } else if !broken {
                        sound.push(recording.clone());
                    }
                    self.add("recordings", findings);
                }
                Err(error) => self.add(
                    "recordings",
                    [Finding::new(
                        &rules::RECORDING_UNREADABLE,
                        error.to_string(),
                        Place::file(recording.path.clone()),
                    )],
                ),
            }
        }
        if self
            .located
            .config
            .recording
            .iter()
            .any(|recording| !recording.is_foreign())
        {
            self.checks.push(Check::new(
                "recordings",
                events,
                format!(
                    "{} of {}, as they were sealed",
                    count(events, "event"),
                    count(streams, "stream")
                ),
            ));
        }
        sound
    }

    /// Everything that needs the user's code. `None` when no harness is configured.
    fn harnesses(&mut self, sound: &[RecordingConfig], err: &mut dyn Write) -> Option<Vec<StepReport>> {
        let executables = executables(self.located, self.options, err)?;
        let mut tasks = vec![
            Task::Types,
            Task::Compatibility,
            Task::Upcasters {
                recordings: sound.iter().map(|recording| recording.path.clone()).collect(),
                mutate: false,
                accept: false,
            },
            Task::Scenarios {
                only: None,
                records: self.located.config.scenarios.is_some(),
            },
        ];
        tasks.extend(
            sound
                .iter()
                .filter(|recording| !recording.is_foreign())
                .map(|recording| replay_task(recording, None)),
        );
        let mut steps = Vec::new();
        let mut counts = Counts::default();
        for executable in executables {
            let executable = match executable {
                Ok(executable) => executable,
                Err(error) => {
                    self.complete = false;
                    let _ = writeln!(err, "pastproof: {error}");
                    if error.is_build() {
                        self.add(
                            "types",
                            [Finding::new(
                                &rules::HARNESS_BUILD,
                                error.to_string(),
                                Place::default(),
                            )],
                        );
                    }
                    continue;
                }
            };
            let config = self
                .located
                .file
                .canonicalize()
                .unwrap_or_else(|_| self.located.file.clone());
            let answers = driver::drive(
                &executable,
                &self.located.root,
                &config.to_string_lossy(),
                &tasks,
                self.show_values(),
            );
            match answers {
                Ok(answers) => self.take(answers, &tasks, &mut steps, &mut counts, err),
                Err(error) => {
                    self.complete = false;
                    let _ = writeln!(err, "pastproof: {error}");
                }
            }
        }
        self.coverage(&mut counts);
        counts.into_checks(&mut self.checks);
        let foreign: Vec<_> = sound
            .iter()
            .filter(|recording| recording.is_foreign())
            .cloned()
            .collect();
        self.events(&foreign, err);
        Some(steps)
    }

    fn take(
        &mut self,
        answers: Answers,
        tasks: &[Task],
        steps: &mut Vec<StepReport>,
        counts: &mut Counts,
        err: &mut dyn Write,
    ) {
        for (task, finding) in answers.findings {
            self.add(check_of(&tasks[task]), [finding]);
        }
        for (task, message) in answers.failed {
            self.complete = false;
            let _ = writeln!(err, "pastproof: {}: {message}", check_of(&tasks[task]));
        }
        for reply in answers.replies {
            match reply {
                Reply::Types { types } => {
                    let types: Vec<TypeSchemas> = types
                        .into_iter()
                        .filter_map(|described| serde_json::from_value(described).ok())
                        .collect();
                    self.add("types", schema::check_types(&self.ground.catalogue, &types));
                }
                Reply::Heard { heard } => self.heard.extend(heard.into_heard()),
                Reply::Upcasters { steps: more } => steps.extend(more),
                Reply::Facts { subjects } => counts.facts.extend(subjects),
                Reply::Ran { run } => counts.runs.push(*run),
                Reply::Done {
                    task,
                    checked,
                    detail,
                    numbers,
                } => counts.done(&tasks[task], checked, detail, &numbers),
                Reply::Hello { .. }
                | Reply::Begin { .. }
                | Reply::Census { .. }
                | Reply::Scenarios { .. }
                | Reply::Step { .. }
                | Reply::Minimised { .. }
                | Reply::Finding { .. }
                | Reply::Failed { .. }
                | Reply::End => {}
            }
        }
    }

    /// What the scenarios show, where the configuration says how much they have to.
    fn coverage(&mut self, counts: &mut Counts) {
        let Some(config) = &self.located.config.scenarios else {
            return;
        };
        // What did not run shows nothing, and the verdict says so already.
        if !self.complete {
            return;
        }
        let mut coverage = Coverage::of(&counts.facts, &counts.runs);
        let file = self.located.file.to_string_lossy();
        let others = self
            .findings
            .iter()
            .filter(|finding| finding.check.as_deref() == Some("scenarios"));
        let findings = coverage_findings(&mut coverage, config, &file, others);
        let (shown, of) = (coverage.shown(), coverage.items());
        counts.shown = Some(format!("{shown} of {of} ({} %) shown", percent(shown, of)));
        self.add("scenarios", findings);
    }

    /// Everything that can be checked without the user's code.
    fn built_in(&mut self, sound: &[RecordingConfig], err: &mut dyn Write) -> Vec<StepReport> {
        if self.located.config.scenarios.is_some() {
            let file = self.located.file.to_string_lossy();
            let message = "[scenarios] no harness is configured, so no scenario shows anything";
            let finding = Finding::new(&rules::SETTING_UNUSED, message, Place::file(file))
                .with_next("add [[harness]] to pastproof.toml, or remove the section");
            self.add("scenarios", [finding]);
        }
        let mut steps = Vec::new();
        if !self.ground.file_upcasters.is_empty() || !self.ground.findings.is_empty() {
            match try_file_upcasters(
                self.ground,
                sound,
                TryOptions {
                    show_values: self.show_values(),
                    ..TryOptions::default()
                },
            ) {
                Ok(tried) => {
                    self.checks.push(Check::new(
                        "upcasters",
                        tried.steps.len() as u64,
                        format!(
                            "{} tried on {}",
                            count(tried.steps.len() as u64, "upcaster"),
                            count(tried.events, "event")
                        ),
                    ));
                    self.add("upcasters", tried.findings);
                    steps = tried.steps;
                }
                Err(error) => {
                    self.complete = false;
                    let _ = writeln!(err, "pastproof: upcasters: {error}");
                }
            }
        }
        self.events(sound, err);
        steps
    }

    /// Recorded events against the schemas of their types and versions.
    fn events(&mut self, recordings: &[RecordingConfig], err: &mut dyn Write) {
        if recordings.is_empty() {
            return;
        }
        let (mut events, mut valid) = (0, 0);
        for recording in recordings {
            let path = self.ground.path(&recording.path);
            let options = validate_options(recording, self.options.threads);
            let mut findings = Vec::new();
            let summary = replay::validate(&path, &self.ground.validators, &options, &mut |finding| {
                findings.push(finding);
            });
            match summary {
                Ok(summary) => {
                    events += summary.events;
                    valid += summary.valid;
                    if summary.events == 0 {
                        findings.push(Finding::new(
                            &rules::RECORDING_EMPTY,
                            "the recording holds no events",
                            Place::file(recording.path.clone()),
                        ));
                    }
                }
                Err(error) => {
                    let _ = writeln!(err, "pastproof: {error}");
                    findings.push(Finding::new(
                        &rules::RECORDING_UNREADABLE,
                        error.to_string(),
                        Place::file(recording.path.clone()),
                    ));
                }
            }
            self.add("events", findings);
        }
        self.checks.push(Check::new(
            "events",
            events,
            format!(
                "{valid} of {} valid under their own version",
                count(events, "recorded event")
            ),
        ));
    }

    /// Every version against the next. Answers with what is known about rolling back, and the order of the release.
    fn compatibility(&mut self, steps: &[StepReport]) -> (Assessment, Vec<Deployment>) {
        let config = self.located.config.catalogue.clone().unwrap_or_default();
        let mut asked = check_options(&config);
        asked.covered = coverage(steps);
        asked.heard = std::mem::take(&mut self.heard);
        // Without an answer from the code nobody knows which steps its upcasters bridge.
        if !self.complete {
            asked.require = schema::Require::None;
            for own in asked.types.values_mut() {
                own.require = None;
            }
        }
        if let Some(before) = self.before.take() {
            let changes = schema::changes(&before, &self.ground.catalogue, &asked);
            self.checks.push(Check::new(
                "history",
                (changes.compared + changes.added + changes.removed) as u64,
                report::since(&before, &changes),
            ));
            self.add("history", changes.findings);
            asked.released = Some(changes.released);
        }
        let report = schema::check(&self.ground.catalogue, &asked);
        let bridged = report
            .findings
            .iter()
            .filter(|finding| *finding.rule == rules::BREAKING_STEP && !finding.fails())
            .count();
        let bridges = if bridged > 0 {
            format!(", {bridged} of them accounted for")
        } else {
            String::new()
        };
        let unproven = if report.unproven > 0 {
            format!(", {} unproven", report.unproven)
        } else {
            String::new()
        };
        self.checks.push(Check::new(
            "compatibility",
            report.pairs as u64,
            format!(
                "{}: {} compatible, {} breaking{bridges}{unproven}",
                count(report.pairs as u64, "version step"),
                report.compatible,
                report.breaking
            ),
        ));
        let rollback = Assessment::of_rollback(&report);
        self.add("compatibility", report.findings);
        (rollback, report.deployment)
    }
}

/// Tries the upcasters that stand in files, where there is no code to ask: every type is current at its newest
/// version.
fn try_file_upcasters(
    ground: &Ground,
    recordings: &[RecordingConfig],
    trying: TryOptions,
) -> Result<Tried, GroundError> {
    let chains = ground.file_chains();
    let mut tried = try_upcasters(ground, &chains, None, recordings, trying, &mut Silent)?;
    // Versions without an upcaster are judged by the compatibility check.
    tried
        .findings
        .retain(|finding| *finding.rule != rules::UPCASTER_MISSING);
    Ok(tried)
}

/// Tries the upcasters that stand in files beside the schemas.
///
/// # Errors
///
/// When the catalogue, its examples or a recording cannot be read.
pub fn built_in_upcasters(
    located: &Located,
    options: &GateOptions<'_>,
    mut trying: TryOptions,
) -> Result<Tried, GateError> {
    let ground = open(located, options)?;
    trying.show_values = options.show_values || located.config.report.show_values;
    try_file_upcasters(&ground, &located.config.recording, trying).map_err(GateError::new)
}

/// The check that a task belongs to.
fn check_of(task: &Task) -> &'static str {
    match task {
        Task::Types => "types",
        Task::Compatibility => "compatibility",
        Task::Upcasters { .. } | Task::Census { .. } | Task::Rewrite { .. } => "upcasters",
        Task::Scenarios { .. } | Task::ListScenarios => "scenarios",
        Task::Replay { .. } | Task::Inspect { .. } | Task::Minimise { .. } => "replay",
    }
}

/// The harnesses to drive, built: the one that was named, or those of the configuration. `None` when there are none.
pub fn executables(
    located: &Located,
    options: &GateOptions<'_>,
    err: &mut dyn Write,
) -> Option<Vec<Result<PathBuf, driver::DriveError>>> {
    if let Some(path) = options.harness {
        return Some(vec![Ok(path.to_owned())]);
    }
    if located.config.harness.is_empty() {
        return None;
    }
    Some(
        located
            .config
            .harness
            .iter()
            .map(|harness| driver::build(&located.root, harness, options.cargo, err))
            .collect(),
    )
}

/// The task that replays `recording`.
pub fn replay_task(recording: &RecordingConfig, save_baseline: Option<String>) -> Task {
    Task::Replay {
        file: recording.path.clone(),
        baseline: if save_baseline.is_some() {
            None
        } else {
            recording.baseline.clone()
        },
        save_baseline,
        default_version: recording.default_version.clone(),
    }
}

/// How the lines of `recording` are read when they are validated.
pub fn validate_options(recording: &RecordingConfig, threads: usize) -> replay::ValidateOptions {
    let mut options = replay::ValidateOptions::default();
    options.pointers.event_type.clone_from(&recording.event_type);
    options.pointers.version.clone_from(&recording.version);
    options.pointers.data.clone_from(&recording.data);
    options.pointers.stream.clone_from(&recording.stream);
    options.default_version.clone_from(&recording.default_version);
    options.threads = threads;
    options
}
