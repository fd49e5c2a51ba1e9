//! `pastproof inspect`.

use std::io::{self, Write};

use serde_json::Value;

use crate::cli::args::InspectArgs;
use crate::cli::context::{Context, Stop};
use crate::cli::driven::drive;
use crate::gate::Exit;
use crate::gate::config::RecordingConfig;
use crate::gate::protocol::{Reply, Task};
use crate::replay::{Step, StepChange};
use crate::report;

pub(super) fn run(context: &mut Context<'_>, args: &InspectArgs) -> Result<Exit, Stop> {
    let located = context.located()?;
    if located.config.harness.is_empty() && args.harness.is_none() {
        return Err(Stop::incomplete(
            "no harness is configured, and folding a stream needs your code; add [[harness]] to pastproof.toml",
        ));
    }
    let path = context.surroundings.folder.join(&args.file);
    let known = super::recordings::configured(context, &path)?;
    let known = known.unwrap_or_else(|| RecordingConfig::at(path.to_string_lossy()));
    let baseline = args.diff.as_ref().map(|file| {
        context
            .surroundings
            .folder
            .join(file)
            .to_string_lossy()
            .into_owned()
    });
    let task = Task::Inspect {
        file: path.to_string_lossy().into_owned(),
        stream: args.stream.clone(),
        at: args.at,
        baseline,
        default_version: known.default_version,
    };
    let answers = drive(context, &located, args.harness.as_deref(), &[task])?;
    let findings: Vec<_> = answers.findings.into_iter().map(|(_, finding)| finding).collect();
    let mut steps: Vec<Step> = Vec::new();
    let (mut events, mut first, mut last, mut held) = (0, None, None, None);
    for reply in answers.replies {
        match reply {
            Reply::Step { step } => steps.push(*step),
            Reply::Done { checked, numbers, .. } => {
                events = checked;
                let number = |name: &str| numbers.get(name).and_then(Value::as_u64);
                (first, last, held) = (number("first"), number("last"), number("baseline"));
            }
            _ => {}
        }
    }
    if events == 0 && findings.is_empty() {
        return Err(Stop::Said(
            Exit::NothingChecked,
            format!("{} holds no event of stream {}", args.file.display(), args.stream),
        ));
    }
    if let (Some(at), true, (Some(first), Some(last))) = (args.at, steps.is_empty(), (first, last)) {
        return Err(Stop::Said(
            Exit::NothingChecked,
            format!(
                "stream {} has no revision {at}; it has {first} to {last}",
                args.stream
            ),
        ));
    }
    if args.diff.is_some() && !steps.iter().any(|step| step.baseline.is_some()) {
        let message = match held {
            Some(held) => {
                format!("the baseline holds the state at revision {held}, which is not among these")
            }
            None => "the baseline does not know this stream".to_owned(),
        };
        writeln!(context.err, "pastproof: {message}")?;
    }
    if args.reverse {
        steps.reverse();
    }
    let failed = steps.iter().filter(|step| step.finding.is_some()).count();
    let differs = steps
        .iter()
        .any(|step| step.baseline.as_ref().is_some_and(|against| !against.same));
    context.report(&findings)?;
    for step in &steps {
        if context.json {
            let value = serde_json::to_value(step).map_err(io::Error::other)?;
            let Value::Object(members) = value else { continue };
            let members: Vec<(&str, Value)> = members
                .iter()
                .map(|(name, value)| (name.as_str(), value.clone()))
                .collect();
            report::json_object(context.out, "step", &members)?;
        } else {
            write(context.out, step, args.at.is_some())?;
        }
    }
    let shown = steps.len();
    if context.json {
        report::json_object(
            context.out,
            "summary",
            &[
                ("events", events.into()),
                ("shown", shown.into()),
                ("failed", failed.into()),
            ],
        )?;
    } else {
        let failed = match failed {
            0 => String::new(),
            failed => format!(", {failed} of them not folded"),
        };
        writeln!(
            context.out,
            "{shown} of {} shown{failed}",
            report::count(events, "event")
        )?;
    }
    Ok(
        if failed > 0 || differs || findings.iter().any(crate::finding::Finding::fails) {
            Exit::Findings
        } else {
            Exit::Clean
        },
    )
}

/// One step for people: what is stored, what the code reads, what it changes.
fn write(out: &mut dyn Write, step: &Step, whole: bool) -> io::Result<()> {
    let mut place = step
        .revision
        .map_or(String::new(), |revision| format!(" revision {revision}"));
    if let Some(global) = step.global {
        place.push_str(&format!(", global {global}"));
    }
    if let Some(line) = step.line {
        place.push_str(&format!(", line {line}"));
    }
    let time = step
        .recorded_at
        .as_ref()
        .map_or(String::new(), |time| format!(", {time}"));
    writeln!(
        out,
        "{}{place}: {}@{}{time}",
        step.stream, step.event_type, step.version
    )?;
    match &step.stored {
        Some(stored) => writeln!(out, "  stored   {stored}")?,
        None => writeln!(out, "  stored   not JSON")?,
    }
    for link in &step.chain {
        writeln!(out, "  upcast   {link}")?;
    }
    let changed = !step.chain.is_empty();
    for made in step.upcast.iter().filter(|_| changed) {
        writeln!(
            out,
            "  read as  {}@{} {}",
            made.event_type, made.version, made.data
        )?;
    }
    if let Some(finding) = &step.finding {
        writeln!(out, "  failed   [{}] {}", finding.rule.id, finding.message)?;
        if let Some(pointer) = &finding.place.pointer {
            writeln!(out, "           at {pointer}")?;
        }
    }
    if let Some(why) = &step.not_folded {
        writeln!(out, "  not folded: {why}")?;
    }
    if whole && let Some(before) = &step.before {
        writeln!(out, "  before   {before}")?;
    }
    for change in &step.changes {
        write_change(out, "  change ", change)?;
    }
    match &step.after {
        Some(after) if whole => writeln!(out, "  after    {after}")?,
        Some(_) if step.changes.is_empty() && step.not_folded.is_none() => {
            writeln!(out, "  change   none")?;
        }
        _ => {}
    }
    if let Some(against) = &step.baseline {
        if against.same {
            writeln!(out, "  baseline the same state")?;
        } else if against.kept {
            writeln!(out, "  baseline another state, from it to this one:")?;
        } else {
            writeln!(out, "  baseline another state, of which it keeps the digest only")?;
        }
        for change in &against.changes {
            write_change(out, "         ", change)?;
        }
    }
    writeln!(out)
}

fn write_change(out: &mut dyn Write, what: &str, change: &StepChange) -> io::Result<()> {
    // The whole state has the empty pointer.
    let pointer = if change.pointer.is_empty() {
        "(state)"
    } else {
        &change.pointer
    };
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => writeln!(out, "{what} ~ {pointer}: {before} → {after}"),
        (Some(before), None) => writeln!(out, "{what} - {pointer}: {before}"),
        (None, Some(after)) => writeln!(out, "{what} + {pointer}: {after}"),
        (None, None) => writeln!(out, "{what} ~ {pointer}"),
    }
}
