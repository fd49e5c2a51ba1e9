//! `upcast verify`, `run`, `census` and `draft`.

use std::path::Path;

use serde::Serialize;

use crate::cli::args::{CensusArgs, DraftArgs, UpcastCommand, UpcastRunArgs, VerifyUpcastersArgs};
use crate::cli::context::{Context, Stop};
use crate::cli::driven;
use crate::cli::gate::verdict;
use crate::finding::{self, Finding};
use crate::gate::Exit;
use crate::gate::config::{Located, RecordingConfig};
use crate::gate::ground::Ground;
use crate::gate::protocol::{Reply, StepReport, Task};
use crate::gate::upcasters::TryOptions;
use crate::model::Version;
use crate::report;
use crate::schema::{Catalogue, SchemaVersion};
use crate::upcast::{self, Census, Draft, RewriteOptions, RewriteReport};

/// An upcaster as JSON Lines have it.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    #[serde(flatten)]
    step: &'a StepReport,
}

pub(super) fn run(context: &mut Context<'_>, command: &UpcastCommand) -> Result<Exit, Stop> {
    match command {
        UpcastCommand::Verify(args) => verify(context, args),
        UpcastCommand::Run(args) => rewrite(context, args),
        UpcastCommand::Census(args) => census(context, args),
        UpcastCommand::Draft(args) => draft(context, args),
    }
}

fn verify(context: &mut Context<'_>, args: &VerifyUpcastersArgs) -> Result<Exit, Stop> {
    let harness = args.driven.harness.as_deref();
    let located = context.located()?;
    let trying = TryOptions {
        show_values: false,
        mutate: args.mutate,
        accept: args.accept,
    };
    let tried = driven::steps(context, &located, harness, trying)?;
    let (mut findings, steps) = (tried.findings, tried.steps);
    finding::sort(&mut findings);
    context.report(&findings)?;
    for file in &tried.accepted {
        writeln!(context.err, "pastproof: accepted {}", context.shown(file))?;
    }
    let verified = steps.iter().filter(|step: &&StepReport| step.verified).count();
    let proved = steps.iter().filter(|step| step.verified && step.proved).count();
    let censuses = count(context, &located, harness, &configured(&located), None)?;
    if context.json {
        for step in &steps {
            report::json_line(context.out, &Line { kind: "step", step })?;
        }
        for census in &censuses {
            report::census(context.out, census, true)?;
        }
        report::json_object(
            context.out,
            "summary",
            &[
                ("upcasters", steps.len().into()),
                ("verified", verified.into()),
                ("proved", proved.into()),
            ],
        )?;
    } else {
        for step in &steps {
            let to = if step.to.is_empty() {
                "dropped".to_owned()
            } else {
                step.to.join(", ")
            };
            writeln!(
                context.out,
                "  {}@{} → {to}: {} ({})",
                step.event_type,
                step.from,
                standing(step),
                step.origin
            )?;
            if let (Some(killed), Some(survived)) = (step.mutants_killed, step.mutants_survived) {
                let same = step.mutants_same.unwrap_or(0);
                writeln!(
                    context.out,
                    "    {killed} of {} caught{}",
                    report::count(killed + survived, "changed copy").replace("copys", "copies"),
                    match same {
                        0 => String::new(),
                        _ => format!("; {same} more make the same of every event"),
                    }
                )?;
            }
        }
        for census in &censuses {
            report::census(context.out, census, false)?;
        }
        writeln!(
            context.out,
            "{verified} of {} verified, {proved} of them by proof",
            report::count(steps.len() as u64, "upcaster")
        )?;
    }
    Ok(verdict(&findings, steps.len() as u64))
}

/// How an upcaster fared: by proof or by trying, and on what.
fn standing(step: &StepReport) -> String {
    let mark = match (step.verified, step.proved) {
        (true, true) => "proved, and tried",
        (true, false) => "tested",
        (false, _) => "not verified, tried",
    };
    let kinds = [
        (step.examples, "example"),
        (step.generated, "generated event"),
        (step.recorded, "recorded event"),
    ];
    let kinds: Vec<String> = kinds
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| report::count(*number, what))
        .collect();
    if kinds.is_empty() {
        return format!("{mark} on nothing");
    }
    format!("{mark} on {}", kinds.join(", "))
}

/// Whether a harness has the upcasters, or the files beside the schemas are all there is.
fn is_driven(located: &Located, harness: Option<&Path>) -> bool {
    harness.is_some() || !located.config.harness.is_empty()
}

fn configured(located: &Located) -> Vec<RecordingConfig> {
    let recordings = located.config.recording.iter();
    recordings
        .filter(|recording| !recording.is_foreign())
        .cloned()
        .collect()
}

fn version_of(text: Option<&String>) -> Option<Version> {
    text.map(|text| {
        text.parse()
            .map_or_else(|_| Version::from(text.clone()), Version::Number)
    })
}

fn rewrite(context: &mut Context<'_>, args: &UpcastRunArgs) -> Result<Exit, Stop> {
    let name = args.to.to_string_lossy();
    if ![".ndjson", ".ndjson.zst", ".jsonl", ".jsonl.zst"]
        .iter()
        .any(|ending| name.ends_with(ending))
    {
        return Err(Stop::usage(format!(
            "--to {name}: a recording is called NAME.ndjson or NAME.ndjson.zst"
        )));
    }
    let located = context.located()?;
    let harness = args.driven.harness.as_deref();
    let folder = context.surroundings.folder.clone();
    let (file, to) = (folder.join(&args.file), folder.join(&args.to));
    let default_version = version_of(args.default_version.as_ref());
    let memory = u64::from(args.memory) << 20;
    let (mut findings, done): (Vec<Finding>, RewriteReport) = if is_driven(&located, harness) {
        let task = Task::Rewrite {
            file: file.to_string_lossy().into_owned(),
            to: to.to_string_lossy().into_owned(),
            default_version,
            memory: Some(memory),
        };
        let answers = driven::drive(context, &located, harness, &[task])?;
        let mut done = RewriteReport::default();
        for reply in answers.replies {
            if let Reply::Done { numbers, .. } = reply {
                done = serde_json::from_value(numbers).map_err(Stop::incomplete)?;
            }
        }
        (
            answers.findings.into_iter().map(|(_, finding)| finding).collect(),
            done,
        )
    } else {
        let ground = Ground::open(&located, &context.surroundings.executable).map_err(Stop::incomplete)?;
        let options = RewriteOptions {
            default_version,
            memory: usize::try_from(memory).ok(),
            show_values: context.show_values || located.config.report.show_values,
        };
        let chains = ground.file_chains();
        let rewritten =
            upcast::rewrite(&file, &to, &chains, &ground.validators, &options).map_err(Stop::incomplete)?;
        let mut findings = ground.findings.clone();
        findings.extend(rewritten.findings.iter().cloned());
        (findings, rewritten.report())
    };
    finding::sort(&mut findings);
    context.report(&findings)?;
    if done.resumed > 0 {
        writeln!(
            context.err,
            "pastproof: goes on after {} that an interrupted run had read",
            report::count(done.resumed, "event")
        )?;
    }
    let counts = done.counts;
    if context.json {
        report::json_object(
            context.out,
            "summary",
            &[
                ("read", done.read.into()),
                ("events", done.events.into()),
                ("copied", counts.copied.into()),
                ("upcast", counts.upcast.into()),
                ("split", counts.split.into()),
                ("dropped", counts.dropped.into()),
                ("moved", counts.moved.into()),
                ("left", counts.left.into()),
                ("root", done.root.clone().into()),
            ],
        )?;
    } else if let (Some(events), Some(root)) = (done.events, &done.root) {
        writeln!(
            context.out,
            "{} written of {} read: {} copied, {} upcast, of which {} split, {} dropped; {} moved\nroot {root}",
            report::count(events, "event"),
            done.read,
            counts.copied,
            counts.upcast,
            counts.split,
            counts.dropped,
            counts.moved
        )?;
    } else {
        writeln!(context.out, "nothing was written, of {} read", done.read)?;
    }
    Ok(verdict(&findings, done.events.unwrap_or(done.read)))
}

fn census(context: &mut Context<'_>, args: &CensusArgs) -> Result<Exit, Stop> {
    let located = context.located()?;
    let recordings = if args.files.is_empty() {
        configured(&located)
    } else {
        let folder = &context.surroundings.folder;
        args.files
            .iter()
            .map(|file| RecordingConfig::at(folder.join(file).to_string_lossy().into_owned()))
            .collect()
    };
    if recordings.is_empty() {
        return Err(Stop::Said(
            Exit::NothingChecked,
            "no recordings are configured and none was named".to_owned(),
        ));
    }
    let harness = args.driven.harness.as_deref();
    let default_version = version_of(args.default_version.as_ref());
    let censuses = count(context, &located, harness, &recordings, default_version.as_ref())?;
    let mut findings: Vec<Finding> = censuses.iter().flat_map(Census::findings).collect();
    finding::sort(&mut findings);
    context.report(&findings)?;
    for census in &censuses {
        report::census(context.out, census, context.json)?;
    }
    let events: u64 = censuses.iter().map(|census| census.events).sum();
    let versions: usize = censuses.iter().map(|census| census.versions.len()).sum();
    if context.json {
        report::json_object(
            context.out,
            "summary",
            &[("events", events.into()), ("versions", versions.into())],
        )?;
    }
    Ok(verdict(&findings, events))
}

/// Counts what recordings hold, in the harness or without one with the upcasters in files.
fn count(
    context: &mut Context<'_>,
    located: &Located,
    harness: Option<&Path>,
    recordings: &[RecordingConfig],
    default_version: Option<&Version>,
) -> Result<Vec<Census>, Stop> {
    let default =
        |recording: &RecordingConfig| default_version.or(recording.default_version.as_ref()).cloned();
    if is_driven(located, harness) {
        let tasks: Vec<Task> = recordings
            .iter()
            .map(|recording| Task::Census {
                file: recording.path.clone(),
                default_version: default(recording),
            })
            .collect();
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        let answers = driven::drive(context, located, harness, &tasks)?;
        let censuses = answers.replies.into_iter().filter_map(|reply| match reply {
            Reply::Census { census } => Some(*census),
            _ => None,
        });
        return Ok(censuses.collect());
    }
    let ground = Ground::open(located, &context.surroundings.executable).map_err(Stop::incomplete)?;
    let chains = ground.file_chains();
    let mut censuses = Vec::new();
    for recording in recordings {
        let path = ground.path(&recording.path);
        let census = Census::take(&path, &chains, &ground.validators, default(recording).as_ref());
        let mut census = census.map_err(Stop::incomplete)?;
        ground.localize(&mut census);
        censuses.push(census);
    }
    Ok(censuses)
}

/// Writes the drafted file on standard output, and what was guessed and what is left to decide on standard error.
fn draft(context: &mut Context<'_>, args: &DraftArgs) -> Result<Exit, Stop> {
    let catalogue = context.open_catalogue(&args.catalogue)?;
    let old = version(&catalogue, &args.event_type, &args.from)?;
    let new = version(&catalogue, &args.event_type, &args.to)?;
    let draft = Draft::new(&old.schema, &new.schema).map_err(Stop::incomplete)?;
    if args.rust {
        let text = draft.rust(&args.event_type, &old.version, &new.version);
        write!(context.out, "{text}")?;
    } else {
        let text = serde_json::to_string_pretty(&draft.file).map_err(Stop::incomplete)?;
        writeln!(context.out, "{text}")?;
    }
    for guess in &draft.guesses {
        writeln!(context.err, "guess ({:.2}): {}", guess.confidence, guess.message)?;
    }
    for hole in &draft.holes {
        writeln!(context.err, "to decide: {}: {}", hole.pointer, hole.why)?;
    }
    writeln!(
        context.err,
        "{}, {} to decide; {} and run `pastproof upcast verify`",
        report::count(draft.guesses.len() as u64, "guess").replace("guesss", "guesses"),
        report::count(draft.holes.len() as u64, "hole"),
        if args.rust {
            "register it with `Suite::upcasters`".to_owned()
        } else {
            format!(
                "put it at {}-to-{}.upcast.json beside the schemas",
                args.from, args.to
            )
        }
    )?;
    Ok(Exit::Clean)
}

fn version<'c>(catalogue: &'c Catalogue, event_type: &str, version: &str) -> Result<&'c SchemaVersion, Stop> {
    catalogue
        .get(event_type, &Version::from(version.to_owned()))
        .ok_or_else(|| {
            let known: Vec<String> = catalogue
                .history(event_type)
                .into_iter()
                .flat_map(|history| &history.versions)
                .map(|version| version.version.to_string())
                .collect();
            let known = if known.is_empty() {
                "`pastproof schema list` lists the types".to_owned()
            } else {
                format!("there are {}", known.join(", "))
            };
            Stop::Said(
                Exit::NothingChecked,
                format!("the catalogue has no {event_type} {version} that can be used; {known}"),
            )
        })
}
