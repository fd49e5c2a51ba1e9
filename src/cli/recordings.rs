//! `pastproof validate` and `pastproof verify`.

use std::path::Path;
use std::sync::Arc;

use crate::cli::args::{ValidateArgs, VerifyArgs};
use crate::cli::context::{Context, Stop};
use crate::finding::Finding;
use crate::gate::Exit;
use crate::gate::config::RecordingConfig;
use crate::recording;
use crate::replay;
use crate::report;
use crate::schema::Validators;

pub(super) fn validate(context: &mut Context<'_>, args: &ValidateArgs) -> Result<Exit, Stop> {
    let catalogue = context.open_catalogue(&args.catalogue)?;
    if catalogue.is_empty() {
        return Err(context.no_schema(&catalogue));
    }
    let validators = Validators::new(Arc::new(catalogue));
    let threads = args.threads.map_or(context.surroundings.processors, usize::from);
    let pointers = |path: String| {
        let mut recording = RecordingConfig::at(path);
        recording.event_type.clone_from(&args.event_type);
        recording.version.clone_from(&args.event_version);
        recording.data.clone_from(&args.data);
        recording.stream.clone_from(&args.stream);
        recording
    };
    let recordings: Vec<RecordingConfig> = if args.files.is_empty() {
        let configured = context.located_if_any()?;
        configured.map_or_else(Vec::new, |located| {
            located
                .config
                .recording
                .into_iter()
                .map(|mut recording| {
                    recording.path = located.root.join(&recording.path).to_string_lossy().into_owned();
                    recording
                })
                .collect()
        })
    } else {
        args.files
            .iter()
            .map(|file| pointers(file.to_string_lossy().into_owned()))
            .collect()
    };
    if recordings.is_empty() {
        return Err(Stop::Said(
            Exit::NothingChecked,
            "no file was named and no recording is configured; name a file of events, or `-` for standard input"
                .to_owned(),
        ));
    }
    let (mut events, mut valid, mut invalid, mut unknown) = (0, 0, 0, 0);
    let mut failed = false;
    for recording in &recordings {
        let options = crate::gate::validate_options(recording, threads);
        options.pointers.check().map_err(Stop::usage)?;
        let mut trouble = None;
        let (out, json, look, quiet) = (&mut *context.out, context.json, context.look, args.quiet);
        let mut explained: Vec<&str> = Vec::new();
        let mut sink = |mut finding: Finding| {
            finding.place.file = Some(recording.path.clone());
            failed |= finding.fails();
            if quiet || trouble.is_some() {
                return;
            }
            let written = if json {
                report::json_line(out, &finding)
            } else {
                let known = explained.contains(&finding.rule.id);
                if !known {
                    explained.push(finding.rule.id);
                }
                report::finding(out, &finding, known, look)
            };
            trouble = written.err();
        };
        let summary = if recording.path == "-" {
            replay::validate_read("-", std::io::stdin(), &validators, &options, &mut sink)
        } else {
            let path = context.surroundings.folder.join(&recording.path);
            replay::validate(path, &validators, &options, &mut sink)
        };
        if let Some(error) = trouble {
            return Err(error.into());
        }
        let summary = summary.map_err(Stop::incomplete)?;
        events += summary.events;
        valid += summary.valid;
        invalid += summary.invalid;
        unknown += summary.unknown;
    }
    if context.json {
        report::json_object(
            context.out,
            "summary",
            &[
                ("events", events.into()),
                ("valid", valid.into()),
                ("invalid", invalid.into()),
                ("unknown", unknown.into()),
            ],
        )?;
    } else {
        writeln!(
            context.out,
            "{}: {valid} valid, {invalid} invalid, {unknown} of unknown type or version",
            report::count(events, "event")
        )?;
    }
    Ok(if failed || invalid > 0 || unknown > 0 {
        Exit::Findings
    } else if events == 0 {
        Exit::NothingChecked
    } else {
        Exit::Clean
    })
}

pub(super) fn verify(context: &mut Context<'_>, args: &VerifyArgs) -> Result<Exit, Stop> {
    let path = context.surroundings.folder.join(&args.file);
    let since = args
        .since
        .as_ref()
        .map(|older| context.surroundings.folder.join(older));
    let mut verification = recording::verify(&path, since.as_deref()).map_err(Stop::incomplete)?;
    if let Some(pinning) = configured(context, &path)? {
        let root = verification.root.as_deref();
        verification.findings.extend(pinning.pinned(root, ""));
        crate::finding::sort(&mut verification.findings);
    }
    for finding in &mut verification.findings {
        finding.place.file = Some(args.file.display().to_string());
    }
    context.report(&verification.findings)?;
    if context.json {
        report::json_object(
            context.out,
            "summary",
            &[
                ("events", verification.events.into()),
                ("streams", verification.streams.into()),
                ("frames", verification.frames.into()),
                ("root", verification.root.into()),
            ],
        )?;
    } else {
        writeln!(
            context.out,
            "{} of {} in {}",
            report::count(verification.events, "event"),
            report::count(verification.streams, "stream"),
            report::count(verification.frames, "frame")
        )?;
        if let Some(root) = &verification.root {
            writeln!(context.out, "root {root}")?;
        }
    }
    Ok(super::gate::verdict(&verification.findings, verification.events))
}

/// What the configuration says of the recording at `path`, where there is a configuration that names it.
pub(super) fn configured(context: &Context<'_>, path: &Path) -> Result<Option<RecordingConfig>, Stop> {
    let Some(located) = context.located_if_any()? else {
        return Ok(None);
    };
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let path = absolute(path);
    Ok(located
        .config
        .recording
        .into_iter()
        .find(|recording| absolute(&located.root.join(&recording.path)) == path))
}
