//! `pastproof minimise`.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use serde_json::Value;

use crate::cli::args::MinimiseArgs;
use crate::cli::context::{Context, Stop};
use crate::cli::driven::drive;
use crate::finding::Finding;
use crate::gate::Exit;
use crate::gate::config::RecordingConfig;
use crate::gate::protocol::{Reply, Task};
use crate::model::{Payload, RecordedEvent};
use crate::recording::{Line, Order, Reader, Source, Writer, WriterOptions, parse_line};
use crate::replay::scenario_of;
use crate::report;

pub(super) fn run(context: &mut Context<'_>, args: &MinimiseArgs) -> Result<Exit, Stop> {
    let located = context.located()?;
    if located.config.harness.is_empty() && args.harness.is_none() {
        return Err(Stop::incomplete(
            "no harness is configured, and folding a stream needs your code; add [[harness]] to pastproof.toml",
        ));
    }
    let path = context.surroundings.folder.join(&args.file);
    let known = super::recordings::configured(context, &path)?;
    let known = known.unwrap_or_else(|| RecordingConfig::at(path.to_string_lossy()));
    let task = Task::Minimise {
        file: path.to_string_lossy().into_owned(),
        stream: args.stream.clone(),
        default_version: known.default_version,
    };
    let answers = drive(context, &located, args.harness.as_deref(), &[task])?;
    let findings: Vec<Finding> = answers.findings.into_iter().map(|(_, finding)| finding).collect();
    let mut events = 0;
    let mut found = None;
    for reply in answers.replies {
        match reply {
            Reply::Done { checked, .. } => events = checked,
            Reply::Minimised {
                lines,
                finding,
                revision,
                folds,
                aggregate,
            } => found = Some((lines, *finding, revision, folds, aggregate)),
            _ => {}
        }
    }
    if !findings.is_empty() {
        context.report(&findings)?;
    }
    let Some((lines, finding, revision, folds, aggregate)) = found else {
        return match (findings.is_empty(), events) {
            (true, 0) => Err(Stop::Said(
                Exit::NothingChecked,
                format!("{} holds no event of stream {}", args.file.display(), args.stream),
            )),
            (true, _) => Err(Stop::Said(
                Exit::NothingChecked,
                format!(
                    "stream {} does not fail: all of its {} fold",
                    args.stream,
                    report::count(events, "event")
                ),
            )),
            (false, _) => Ok(Exit::Findings),
        };
    };
    let mut left: Vec<RecordedEvent> = Vec::new();
    for line in &lines {
        match parse_line(line.as_bytes()) {
            Ok(Line::Event(event)) => left.push(event),
            Ok(Line::Decision(_)) => {}
            Err(error) => return Err(Stop::incomplete(error)),
        }
    }
    let scenario = scenario_of(&left, aggregate.as_deref(), &finding);
    if let Some(to) = &args.to {
        store(&path, &context.surroundings.folder.join(to), &left).map_err(Stop::incomplete)?;
    }
    if let Some(file) = &args.scenario {
        let target = context.surroundings.folder.join(file);
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&target)
            .and_then(|mut file| file.write_all(scenario.as_bytes()));
        written.map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                Stop::incomplete(format!(
                    "{} is there already, and is not written over",
                    file.display()
                ))
            } else {
                Stop::incomplete(format!("{}: {error}", file.display()))
            }
        })?;
    }
    let mut finding = finding;
    finding.place.file = Some(args.file.display().to_string());
    finding.place.line = None;
    // Where the whole stream fails is what the reader can look up.
    finding.place.revision = revision;
    context.report(std::slice::from_ref(&finding))?;
    let show = context.show_values || located.config.report.show_values;
    let count = left.len() as u64;
    if context.json {
        for event in &left {
            report::json_object(
                context.out,
                "event",
                &[
                    ("type", event.event_type.as_str().into()),
                    (
                        "version",
                        serde_json::to_value(&event.version).map_err(io::Error::other)?,
                    ),
                    ("data", shown(event, show)),
                ],
            )?;
        }
        report::json_object(
            context.out,
            "summary",
            &[
                ("events", events.into()),
                ("left", count.into()),
                ("folds", folds.into()),
            ],
        )?;
    } else {
        for event in &left {
            let version = event
                .version
                .as_ref()
                .map_or(String::new(), |version| format!("@{version}"));
            writeln!(
                context.out,
                "  {}{version} {}",
                event.event_type,
                shown(event, show)
            )?;
        }
        writeln!(
            context.out,
            "{} of {} left, found in {}",
            count,
            report::count(events, "event"),
            report::count(folds, "fold")
        )?;
        if args.to.is_none() && args.scenario.is_none() {
            writeln!(
                context.out,
                "--to FILE keeps them as a recording, --scenario FILE as a scenario in Rust; both hold values as they were recorded"
            )?;
        }
    }
    Ok(Exit::Findings)
}

fn shown(event: &RecordedEvent, show: bool) -> Value {
    match &event.payload {
        Payload::Json(text) => {
            serde_json::from_str(text.get()).map_or(Value::Null, |data| crate::mask::whole(&data, show))
        }
        Payload::Bytes { content_type, .. } => Value::String(content_type.clone()),
    }
}

/// The history as a recording of one stream, which says what the one it comes from says.
fn store(from: &Path, to: &Path, events: &[RecordedEvent]) -> Result<(), crate::recording::RecordingError> {
    let reader = Reader::open(from)?;
    let mut options = WriterOptions::new(Order::Stream)
        .source(Source::new("minimised"))
        .default_version(reader.default_version());
    options.masking = reader.manifest().and_then(|manifest| manifest.masking.clone());
    let mut writer = Writer::create(to, options)?;
    for event in events {
        writer.push(event)?;
    }
    writer.finish().map(drop)
}
