//! Commands that a harness carries out: `replay`; and what the others share of that.

use std::path::Path;

use serde_json::Value;

use crate::cli::args::ReplayArgs;
use crate::cli::context::{Context, Stop};
use crate::cli::gate::verdict;
use crate::finding;
use crate::gate::config::{Located, RecordingConfig};
use crate::gate::driver::{self, Answers};
use crate::gate::protocol::{Reply, Task};
use crate::gate::upcasters::{Tried, TryOptions};
use crate::gate::{self, Exit};
use crate::report;
use crate::schema::Coverage;

pub(super) fn replay(context: &mut Context<'_>, args: &ReplayArgs) -> Result<Exit, Stop> {
    let located = context.located()?;
    if located.config.harness.is_empty() && args.harness.is_none() {
        return Err(Stop::incomplete(
            "no harness is configured, and replaying needs your code; add [[harness]] to pastproof.toml, or use `pastproof validate`",
        ));
    }
    let recordings = chosen(context, &located, args)?;
    let mut tasks = Vec::new();
    for recording in &recordings {
        let save = if args.save_baseline {
            Some(recording.baseline.clone().ok_or_else(|| {
                Stop::usage(
                    "--save-baseline needs a place: give --baseline FILE, or `baseline` in the configuration",
                )
            })?)
        } else {
            None
        };
        tasks.push(gate::replay_task(recording, save));
    }
    if tasks.is_empty() {
        return Err(Stop::Said(
            Exit::NothingChecked,
            "no recordings are configured and none was named".to_owned(),
        ));
    }
    let answers = drive(context, &located, args.harness.as_deref(), &tasks)?;
    let mut findings: Vec<_> = answers.findings.into_iter().map(|(_, finding)| finding).collect();
    finding::sort(&mut findings);
    context.report(&findings)?;
    let mut total = (0, 0, 0);
    for reply in &answers.replies {
        if let Reply::Done { checked, numbers, .. } = reply {
            let number = |name: &str| numbers.get(name).and_then(Value::as_u64).unwrap_or(0);
            total.0 += checked;
            total.1 += number("streams");
            total.2 += number("differences");
        }
    }
    let (events, streams, differences) = total;
    if context.json {
        report::json_object(
            context.out,
            "summary",
            &[
                ("events", events.into()),
                ("streams", streams.into()),
                ("differences", differences.into()),
            ],
        )?;
    } else {
        writeln!(
            context.out,
            "{} of {}, {}",
            report::count(events, "event"),
            report::count(streams, "stream"),
            report::count(differences, "difference")
        )?;
    }
    Ok(verdict(&findings, events))
}

/// The recordings to replay: those named, with what the configuration knows of them, or all configured ones.
fn chosen(context: &Context<'_>, located: &Located, args: &ReplayArgs) -> Result<Vec<RecordingConfig>, Stop> {
    let ours = located
        .config
        .recording
        .iter()
        .filter(|recording| !recording.is_foreign());
    let mut chosen: Vec<RecordingConfig> = if args.files.is_empty() {
        ours.cloned().collect()
    } else {
        let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        args.files
            .iter()
            .map(|file| {
                let path = context.surroundings.folder.join(file);
                ours.clone()
                    .find(|known| absolute(&located.root.join(&known.path)) == absolute(&path))
                    .cloned()
                    .unwrap_or_else(|| RecordingConfig::at(path.to_string_lossy().into_owned()))
            })
            .collect()
    };
    if let Some(baseline) = &args.baseline {
        let [only] = &mut chosen[..] else {
            return Err(Stop::usage("--baseline belongs to one recording; name it"));
        };
        only.baseline = Some(
            context
                .surroundings
                .folder
                .join(baseline)
                .to_string_lossy()
                .into_owned(),
        );
    }
    Ok(chosen)
}

/// Which version steps upcasters account for: what the harness says of them, or what the files beside the schemas
/// do.
pub(super) fn coverage(context: &mut Context<'_>, located: &Located) -> Result<Vec<Coverage>, Stop> {
    Ok(gate::ground::coverage(
        &steps(context, located, None, TryOptions::default())?.steps,
    ))
}

/// Tries the upcasters: in the harness, or without one those in files.
pub(super) fn steps(
    context: &mut Context<'_>,
    located: &Located,
    harness: Option<&Path>,
    trying: TryOptions,
) -> Result<Tried, Stop> {
    if located.config.harness.is_empty() && harness.is_none() {
        let options = context.gate_options(None);
        return gate::built_in_upcasters(located, &options, trying).map_err(Stop::incomplete);
    }
    let recordings = located
        .config
        .recording
        .iter()
        .map(|recording| recording.path.clone())
        .collect();
    let task = Task::Upcasters {
        recordings,
        mutate: trying.mutate,
        accept: trying.accept,
    };
    let answers = drive(context, located, harness, &[task])?;
    let mut tried = Tried {
        findings: answers.findings.into_iter().map(|(_, finding)| finding).collect(),
        steps: Vec::new(),
        events: 0,
        accepted: Vec::new(),
    };
    for reply in answers.replies {
        match reply {
            Reply::Upcasters { steps } => tried.steps.extend(steps),
            Reply::Done { numbers, .. } => {
                tried.events += numbers.get("events").and_then(Value::as_u64).unwrap_or(0);
                let files = numbers.get("accepted").and_then(Value::as_array);
                let files = files.into_iter().flatten().filter_map(Value::as_str);
                tried.accepted.extend(files.map(str::to_owned));
            }
            _ => {}
        }
    }
    Ok(tried)
}

/// Has every harness carry out `tasks`, and adds up what they answer.
pub(super) fn drive(
    context: &mut Context<'_>,
    located: &Located,
    harness: Option<&Path>,
    tasks: &[Task],
) -> Result<Answers, Stop> {
    let show_values = context.show_values || located.config.report.show_values;
    let folder = context.surroundings.folder.clone();
    let harness = harness.map(|path| folder.join(path));
    let options = context.gate_options(harness.as_deref());
    let executables = gate::executables(located, &options, context.err).unwrap_or_default();
    let config = located
        .file
        .canonicalize()
        .unwrap_or_else(|_| located.file.clone());
    let mut all = Answers::default();
    for executable in executables {
        let executable = executable.map_err(Stop::incomplete)?;
        let answers = driver::drive(
            &executable,
            &located.root,
            &config.to_string_lossy(),
            tasks,
            show_values,
        )
        .map_err(Stop::incomplete)?;
        if let Some((_, message)) = answers.failed.first() {
            return Err(Stop::incomplete(message));
        }
        all.findings.extend(answers.findings);
        all.replies.extend(answers.replies);
    }
    Ok(all)
}
