//! `pastproof validate` and `pastproof verify`.

use std::sync::Arc;

use serde_json::json;

use crate::cli::args::{ValidateArgs, VerifyArgs};
use crate::cli::context::{Context, Stop};
use crate::finding::Finding;
use crate::gate::Exit;
use crate::gate::config::RecordingConfig;
use crate::recording;
use crate::replay;
use crate::report;
use crate::schema::{Catalogue, Validators};

pub(super) fn validate(context: &mut Context<'_>, args: &ValidateArgs) -> Result<Exit, Stop> {
    let (catalogue, options) = context.catalogue(&args.catalogue)?;
    let catalogue = Catalogue::open(&catalogue, &options).map_err(Stop::incomplete)?;
    if catalogue.is_empty() {
        return Err(Stop::Said(
            Exit::NothingChecked,
            "the catalogue holds no schema; name its folder with --catalogue, and its files with --layout"
                .to_owned(),
        ));
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
        report::json_line(
            context.out,
            &json!({ "kind": "summary", "events": events, "valid": valid, "invalid": invalid, "unknown": unknown }),
        )?;
    } else {
        writeln!(
            context.out,
            "{events} events: {valid} valid, {invalid} invalid, {unknown} of unknown type or version"
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
    for finding in &mut verification.findings {
        finding.place.file = Some(args.file.display().to_string());
    }
    context.report(&verification.findings)?;
    if context.json {
        report::json_line(
            context.out,
            &json!({
                "kind": "summary",
                "events": verification.events,
                "streams": verification.streams,
                "frames": verification.frames,
                "root": verification.root,
            }),
        )?;
    } else {
        writeln!(
            context.out,
            "{} events of {} streams in {} frames",
            verification.events, verification.streams, verification.frames
        )?;
    }
    Ok(super::gate::verdict(&verification.findings, verification.events))
}
