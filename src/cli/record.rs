//! `pastproof record`.

use std::fs;
use std::path::Path;

use crate::cli::args::{FormName, IntoName, OrderName, RecordArgs};
use crate::cli::context::{Context, Stop};
use crate::gate::Exit;
use crate::model::Version;
use crate::recording::{
    self, EventPointers, MaskKey, MaskPolicy, Number, Order, RecordOptions, Sample, Selection, SourceForm,
};
use crate::report;

pub(super) fn run(context: &mut Context<'_>, args: &RecordArgs) -> Result<Exit, Stop> {
    let options = options(context, args)?;
    let target = context.surroundings.folder.join(&args.to);
    if args.into == IntoName::Cloudevents {
        return export(context, args, &target);
    }
    let name = target.to_string_lossy().into_owned();
    if ![".ndjson", ".ndjson.zst", ".jsonl", ".jsonl.zst"]
        .iter()
        .any(|ending| name.ends_with(ending))
    {
        return Err(Stop::usage(format!(
            "--to {}: a recording is called NAME.ndjson or NAME.ndjson.zst",
            args.to.display()
        )));
    }
    let recorded = if args.from == Path::new("-") {
        recording::record_read(&args.from, std::io::stdin(), &target, &options)
    } else {
        let source = context.surroundings.folder.join(&args.from);
        recording::record(&source, &target, &options)
    }
    .map_err(Stop::incomplete)?;
    context.report(&recorded.findings)?;
    if recorded.resumed > 0 {
        writeln!(
            context.err,
            "pastproof: goes on after {} that an interrupted run had read",
            report::count(recorded.resumed, "event")
        )?;
    }
    let manifest = recorded.manifest.as_ref();
    let events = manifest.map_or(0, |manifest| manifest.events);
    let streams = manifest.map_or(0, |manifest| manifest.streams.len() as u64);
    let frames = manifest.map_or(0, |manifest| manifest.frames.len() as u64);
    if context.json {
        report::json_object(
            context.out,
            "summary",
            &[
                ("read", recorded.read.into()),
                ("events", events.into()),
                ("streams", streams.into()),
                ("frames", frames.into()),
                ("root", manifest.map(|manifest| manifest.root.clone()).into()),
            ],
        )?;
    } else if let Some(manifest) = manifest {
        writeln!(
            context.out,
            "{} of {} in {}, of {} read\nroot {}",
            report::count(events, "event"),
            report::count(streams, "stream"),
            report::count(frames, "frame"),
            recorded.read,
            manifest.root
        )?;
    } else {
        writeln!(context.out, "nothing was recorded, of {} read", recorded.read)?;
    }
    Ok(super::gate::verdict(&recorded.findings, events))
}

fn options(context: &Context<'_>, args: &RecordArgs) -> Result<RecordOptions, Stop> {
    let number = |text: &Option<String>| {
        text.as_ref().map(|text| match text.as_str() {
            "count" => Number::Counted,
            _ => Number::At(text.clone()),
        })
    };
    let form = args.form.map(|form| match form {
        FormName::Recording => SourceForm::Recording,
        FormName::Ndjson => SourceForm::Ndjson,
        FormName::Cloudevents => SourceForm::CloudEvents,
    });
    let pointers = EventPointers {
        stream: args.stream.clone(),
        category: args.category.clone(),
        revision: number(&args.revision),
        global: number(&args.global),
        event_type: args.event_type.clone(),
        version: args.event_version.clone(),
        id: args.id.clone(),
        time: args.time.clone(),
        tags: args.tags.clone(),
        data: args.data.clone(),
        metadata: args.metadata.clone(),
    };
    pointers.check().map_err(Stop::usage)?;
    let order = args.order.map(|order| match order {
        OrderName::Stream => Order::Stream,
        OrderName::Global => Order::Global,
    });
    let selection = Selection {
        types: args.only_type.clone(),
        streams: args.only_stream.clone(),
        categories: args.only_category.clone(),
        sample: args.sample.map(|per_million| Sample {
            per_million,
            seed: args.seed,
        }),
    };
    let default_version = args.default_version.as_ref().map(|text| {
        text.parse()
            .map_or_else(|_| Version::from(text.clone()), Version::Number)
    });
    Ok(RecordOptions {
        form,
        pointers,
        order,
        selection,
        masking: masking(context, args)?,
        taken_at: args.taken_at.clone(),
        default_version,
        memory: (args.memory as usize) << 20,
        ..RecordOptions::default()
    })
}

fn masking(context: &Context<'_>, args: &RecordArgs) -> Result<Option<(MaskPolicy, MaskKey)>, Stop> {
    let Some(file) = &args.mask else {
        return Ok(None);
    };
    let read = |file: &Path| {
        fs::read_to_string(context.surroundings.folder.join(file))
            .map_err(|error| Stop::incomplete(format!("{}: {error}", file.display())))
    };
    let refused = |error: String| Stop::incomplete(format!("{}: {error}", file.display()));
    let text = read(file)?;
    let policy: MaskPolicy = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            text.get(..span.start).unwrap_or(&text).matches('\n').count() + 1
        });
        refused(format!("line {line}: {}", error.message()))
    })?;
    policy.check().map_err(refused)?;
    let key = match (&args.mask_key_file, &args.mask_key) {
        (Some(file), _) => read(file)?.trim().to_owned(),
        (None, Some(key)) => key.clone(),
        (None, None) => {
            return Err(Stop::usage(
                "masking needs a key: name a file with --mask-key-file, or set PASTPROOF_MASK_KEY; `openssl rand -hex 32` makes one",
            ));
        }
    };
    let key = MaskKey::new(key.into_bytes()).map_err(Stop::usage)?;
    Ok(Some((policy, key)))
}

/// Writes the events of a recording as CloudEvents.
fn export(context: &mut Context<'_>, args: &RecordArgs, target: &Path) -> Result<Exit, Stop> {
    let source = context.surroundings.folder.join(&args.from);
    let exported = recording::export_cloudevents(&source, target).map_err(Stop::incomplete)?;
    context.report(&exported.findings)?;
    if context.json {
        let events = exported.events.into();
        report::json_object(context.out, "summary", &[("events", events)])?;
    } else {
        writeln!(
            context.out,
            "{} as CloudEvents",
            report::count(exported.events, "event")
        )?;
    }
    Ok(super::gate::verdict(&exported.findings, exported.events))
}
