//! Running scenarios for a gate, and saying what they told.

use std::panic::{self, AssertUnwindSafe};

use serde_json::Value;

use crate::finding::{Finding, Place};
use crate::gate::protocol::{Reply, Request};
use crate::harness::serve::{Done, LAST_PANIC, Replies, Stop, open, panic_message};
use crate::harness::suite::{Suite, World};
use crate::rules;
use crate::scenario::coverage::ScenarioRun;
use crate::scenario::file::{self, Library, Trouble};
use crate::scenario::{collect, orphans, with_catalogue};

/// The scenario files. Those need the upcasters, and so the catalogue; where there are none, nothing is opened.
pub(super) fn library(
    suite: &Suite,
    world: &mut Option<Result<World, String>>,
    request: &Request,
) -> Result<Library, String> {
    if file_names(suite)?.is_empty() {
        return Ok(suite.files.clone());
    }
    match world.get_or_insert_with(|| open(suite, request)) {
        Ok(world) => Ok(suite.library(Some(world))),
        Err(message) => Err(message.clone()),
    }
}

fn file_names(suite: &Suite) -> Result<Vec<String>, String> {
    let found = suite.files.find();
    let found = found.map_err(|error| format!("{} cannot be read: {error}", file::FOLDER))?;
    Ok(found.into_iter().map(|found| found.name).collect())
}

pub(super) fn list(suite: &Suite, replies: &mut Replies) -> Done {
    let names = scenario_names(suite).map_err(Stop::Failed)?;
    let count = names.len() as u64;
    replies.send(&Reply::Scenarios { names })?;
    Ok((count, format!("{count} scenarios"), Value::Null))
}

/// The names of all scenarios, those in code and those in files, each once.
fn scenario_names(suite: &Suite) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = suite.scenarios.iter().map(|(name, _)| name.clone()).collect();
    names.extend(file_names(suite)?);
    names.sort();
    let twice = names
        .iter()
        .zip(names.iter().skip(1))
        .find(|(one, next)| one == next);
    if let Some((name, _)) = twice {
        return Err(format!("two scenarios are named `{name}`"));
    }
    Ok(names)
}

/// What is asked of the scenarios.
pub(super) struct Asked<'a> {
    pub task: usize,
    pub only: Option<&'a str>,
    pub records: bool,
}

pub(super) fn run(
    suite: &Suite,
    library: &Library,
    asked: &Asked<'_>,
    request: &Request,
    replies: &mut Replies,
) -> Done {
    let Asked { task, only, records } = *asked;
    let mut count = 0;
    if records {
        replies.send(&Reply::Facts {
            subjects: suite.facts(),
        })?;
    }
    let world = open(suite, request);
    for name in scenario_names(suite).map_err(Stop::Failed)? {
        if only.is_some_and(|only| only != name) || request.skip_scenarios.contains(&name) {
            continue;
        }
        replies.send(&Reply::Begin {
            task,
            name: Some(name.clone()),
        })?;
        count += 1;
        let run = || match suite.scenarios.iter().find(|(known, _)| *known == name) {
            Some((_, run)) => Ran::Code(panic::catch_unwind(AssertUnwindSafe(run))),
            None => Ran::File(library.run(&name)),
        };
        let run = || match &world {
            Ok(world) => with_catalogue(world.ground.validators.as_ref().clone(), run),
            // What is wrong with it is told elsewhere.
            Err(_) => run(),
        };
        let ran = if records {
            let (ran, mut told) = collect(run);
            let ran = ran.unwrap_or_else(|payload| Ran::Code(Err(payload)));
            if matches!(ran, Ran::File(_)) {
                // The others are of scenarios at whose end this one starts.
                told.retain(|record| record.name.as_ref() == Some(&name));
            }
            replies.send(&Reply::Ran {
                run: Box::new(ScenarioRun {
                    tells: tells(library, &name),
                    failed: matches!(ran, Ran::Code(Err(_)) | Ran::File(Err(_))),
                    name: name.clone(),
                    records: told,
                }),
            })?;
            ran
        } else {
            run()
        };
        match ran {
            Ran::Code(Ok(())) | Ran::File(Ok(())) => {}
            Ran::File(Err(trouble)) => replies.finding(trouble_finding(&name, &trouble))?,
            Ran::Code(Err(payload)) => {
                let raised = LAST_PANIC.with(|last| last.borrow_mut().take());
                let message = panic_message(&*payload);
                let (file, line) = told_place(&message).or(raised).unwrap_or_default();
                replies.finding(Finding::new(
                    &rules::SCENARIO_FAILED,
                    format!("the scenario `{name}` does not hold\n{}", indented(&message)),
                    Place::file(file).at_line(u64::from(line)),
                ))?;
            }
        }
    }
    if only.is_none() {
        let snapshots = suite.folder.join("snapshots");
        let found = orphans(&snapshots, &suite.folder)
            .map_err(|error| Stop::Failed(format!("{}: {error}", snapshots.display())))?;
        for path in found {
            let shown = path.strip_prefix(&suite.folder).unwrap_or(&path);
            replies.finding(Finding::new(
                &rules::SCENARIO_ORPHANED,
                "no test records this scenario any more",
                Place::file(shown.to_string_lossy()),
            ))?;
        }
    }
    Ok((count, format!("{count} scenarios"), Value::Null))
}

/// How a scenario ended.
enum Ran {
    Code(std::thread::Result<()>),
    File(Result<(), Trouble>),
}

/// What a scenario file says that it tells.
fn tells(library: &Library, name: &str) -> Option<String> {
    library
        .has(name)
        .then(|| library.read(name).ok()?.scenario.tells)
        .flatten()
}

/// What a scenario file has to say.
fn trouble_finding(name: &str, trouble: &Trouble) -> Finding {
    match trouble {
        Trouble::File(error) => {
            let mut place = Place::file(error.file());
            if let Some(spot) = error.spot() {
                place = place.at_line(u64::from(spot.line));
            }
            if !error.pointer().is_empty() {
                place = place.at_pointer(error.pointer());
            }
            Finding::new(
                &rules::SCENARIO_FILE,
                format!("the scenario file cannot be used: {}", error.message()),
                place,
            )
        }
        Trouble::Failed(failure) => {
            let message = failure.to_string();
            let (file, line) = told_place(&message).unwrap_or_default();
            Finding::new(
                &rules::SCENARIO_FAILED,
                format!("the scenario `{name}` does not hold\n{}", indented(&message)),
                Place::file(file).at_line(u64::from(line)),
            )
        }
    }
}

/// The place that a scenario's report names: the line of the check, where the panic itself is raised in this crate.
fn told_place(message: &str) -> Option<(String, u32)> {
    let told = message
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("at "))?;
    let (rest, _column) = told.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some((file.to_owned(), line.parse().ok()?))
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text
        .trim_end()
        .lines()
        .map(|line| format!("    {line}").trim_end().to_owned())
        .collect();
    lines.join("\n")
}
