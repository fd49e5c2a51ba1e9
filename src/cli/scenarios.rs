//! `pastproof scenario`.

use std::path::Path;

use serde::Serialize;

use crate::cli::args::{CoverageArgs, ScenarioCommand};
use crate::cli::context::{Context, Stop};
use crate::cli::driven::drive;
use crate::cli::gate::verdict;
use crate::finding::{self, Finding};
use crate::gate::config::Located;
use crate::gate::protocol::{Reply, Task};
use crate::gate::{Exit, coverage_findings};
use crate::report;
use crate::scenario::coverage::{Coverage, Facts, ScenarioRun, Sheet, percent};

const NO_HARNESS: &str =
    "no harness is configured, and scenarios stand in your code; add [[harness]] to pastproof.toml";

pub(super) fn run(context: &mut Context<'_>, command: &ScenarioCommand) -> Result<Exit, Stop> {
    let located = context.located()?;
    let (task, harness) = match command {
        ScenarioCommand::List(args) => (Task::ListScenarios, &args.harness),
        ScenarioCommand::Run(args) => (
            Task::Scenarios {
                only: args.name.clone(),
                records: false,
            },
            &args.harness,
        ),
        ScenarioCommand::Coverage(args) => return coverage(context, &located, args),
        ScenarioCommand::Docs(args) => return super::scenario_docs::run(context, &located, args),
    };
    if located.config.harness.is_empty() && harness.is_none() {
        return Err(Stop::incomplete(NO_HARNESS));
    }
    let answers = drive(context, &located, harness.as_deref(), &[task])?;
    let mut findings: Vec<_> = answers.findings.into_iter().map(|(_, finding)| finding).collect();
    finding::sort(&mut findings);
    context.report(&findings)?;
    let mut count = 0;
    for reply in &answers.replies {
        match reply {
            Reply::Scenarios { names } => {
                for name in names {
                    if context.json {
                        report::json_object(context.out, "scenario", &[("name", name.as_str().into())])?;
                    } else {
                        writeln!(context.out, "{name}")?;
                    }
                }
            }
            Reply::Done { checked, .. } => count += checked,
            _ => {}
        }
    }
    let failed = findings.iter().filter(|finding| finding.fails()).count();
    if context.json {
        report::json_object(
            context.out,
            "summary",
            &[("scenarios", count.into()), ("failed", failed.into())],
        )?;
    } else if matches!(command, ScenarioCommand::Run(_)) {
        writeln!(
            context.out,
            "{}, {failed} of them do not hold",
            report::count(count, "scenario")
        )?;
    }
    if count == 0
        && findings.is_empty()
        && let ScenarioCommand::Run(args) = command
        && let Some(name) = &args.name
    {
        return Err(Stop::Said(
            Exit::NothingChecked,
            format!("there is no scenario `{name}`; `pastproof scenario list` lists them"),
        ));
    }
    Ok(verdict(&findings, count))
}

/// What the scenarios of all harnesses told.
pub(super) struct Told {
    pub findings: Vec<Finding>,
    pub facts: Vec<Facts>,
    pub runs: Vec<ScenarioRun>,
}

/// Has every harness run its scenarios and say what they told.
pub(super) fn told(
    context: &mut Context<'_>,
    located: &Located,
    harness: Option<&Path>,
) -> Result<Told, Stop> {
    if located.config.harness.is_empty() && harness.is_none() {
        return Err(Stop::incomplete(NO_HARNESS));
    }
    let task = Task::Scenarios {
        only: None,
        records: true,
    };
    let answers = drive(context, located, harness, &[task])?;
    let mut told = Told {
        findings: answers.findings.into_iter().map(|(_, finding)| finding).collect(),
        facts: Vec::new(),
        runs: Vec::new(),
    };
    finding::sort(&mut told.findings);
    let (mut ran, mut answered) = (0, false);
    for reply in answers.replies {
        match reply {
            Reply::Facts { subjects } => {
                answered = true;
                told.facts.extend(subjects);
            }
            Reply::Ran { run } => told.runs.push(*run),
            Reply::Done { checked, .. } => ran += checked,
            _ => {}
        }
    }
    if ran == 0 && told.findings.is_empty() {
        return Err(Stop::Said(
            Exit::NothingChecked,
            "there are no scenarios: register some with `Suite::scenario`, or write scenario files below tests/scenarios"
                .to_owned(),
        ));
    }
    if ran > 0 && !answered {
        return Err(Stop::incomplete(
            "the harness does not say what its scenarios told; use one version of pastproof for both",
        ));
    }
    Ok(told)
}

/// A sheet as JSON Lines have it.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    #[serde(flatten)]
    sheet: &'a Sheet,
    shown: u64,
    of: u64,
    percent: u64,
    cells: u64,
    cells_shown: u64,
}

fn coverage(context: &mut Context<'_>, located: &Located, args: &CoverageArgs) -> Result<Exit, Stop> {
    let Told {
        mut findings,
        facts,
        runs,
    } = told(context, located, args.harness.as_deref())?;
    let mut coverage = Coverage::of(&facts, &runs);
    let mut config = located.config.scenarios.clone().unwrap_or_default();
    config.floor = args.floor.or(config.floor);
    config.cell_floor = args.cell_floor.or(config.cell_floor);
    let file = located.file.to_string_lossy();
    let shown = coverage_findings(&mut coverage, &config, &file, &findings);
    findings.extend(shown);
    finding::sort(&mut findings);
    if context.json {
        context.report(&findings)?;
        for sheet in &coverage.sheets {
            let (shown, of) = (sheet.shown(), sheet.items());
            let line = Line {
                kind: "coverage",
                sheet,
                shown,
                of,
                percent: percent(shown, of),
                cells: sheet.cells(),
                cells_shown: sheet.cells_shown(),
            };
            report::json_line(context.out, &line)?;
        }
        let (shown, of) = (coverage.shown(), coverage.items());
        report::json_object(
            context.out,
            "summary",
            &[
                ("scenarios", coverage.scenarios.into()),
                ("failed", coverage.failed.clone().into()),
                ("untold", coverage.untold.clone().into()),
                ("shown", shown.into()),
                ("of", of.into()),
                ("percent", percent(shown, of).into()),
                ("cells", coverage.cells().into()),
                ("cells_shown", coverage.cells_shown().into()),
                ("floor", config.floor.into()),
                ("cell_floor", config.cell_floor.into()),
            ],
        )?;
    } else {
        report::coverage(context.out, &coverage, args.cells, context.look)?;
        if !findings.is_empty() {
            writeln!(context.out)?;
            context.report(&findings)?;
        }
    }
    Ok(verdict(&findings, coverage.scenarios))
}
