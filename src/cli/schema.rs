//! `pastproof schema …`.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::args::{
    AcceptArgs, AskedArgs, CatalogueArgs, CheckArgs, CompareArgs, ContractName, MatrixArgs, PairsName,
    Require, SchemaCommand, ShowArgs,
};
use crate::cli::context::{Context, Stop};
use crate::cli::driven;
use crate::gate::ground::check_options;
use crate::gate::protocol::{Reply, Task};
use crate::gate::{Assessment, Exit};
use crate::model::Version;
use crate::report::{self, Compared};
use crate::rules;
use crate::schema::{
    self, Against, Catalogue, CheckOptions, CompareOptions, Contract, Direction, Matrix, Pairs, Reading,
    SchemaVersion, TypeSchemas, Verdict, Written,
};

pub(super) fn run(context: &mut Context<'_>, command: &SchemaCommand) -> Result<Exit, Stop> {
    match command {
        SchemaCommand::Compare(args) => compare(context, args),
        SchemaCommand::Check(args) => check(context, args),
        SchemaCommand::Matrix(args) => matrix(context, args),
        SchemaCommand::Accept(args) => accept(context, args),
        SchemaCommand::List(args) => list(context, args),
        SchemaCommand::Show(args) => show(context, args),
    }
}

fn compare(context: &mut Context<'_>, args: &CompareArgs) -> Result<Exit, Stop> {
    let options = CompareOptions {
        contract: contract(args.contract),
        ..CompareOptions::default()
    };
    if let Some(pairs) = &args.pairs {
        let stdin = io::stdin();
        let mut input: Box<dyn BufRead> = if pairs.as_os_str() == "-" {
            Box::new(stdin.lock())
        } else {
            let path = context.surroundings.folder.join(pairs);
            let refuse = |what: String| Stop::incomplete(format!("{}: {what}", pairs.display()));
            let file = File::open(&path).map_err(|error| refuse(error.to_string()))?;
            if path.is_dir() {
                return Err(refuse("a folder, where a file of pairs is needed".to_owned()));
            }
            Box::new(BufReader::new(file))
        };
        let summary = schema::compare_pairs(&mut *input, context.out, &options)?;
        return Ok(if summary.errors == 0 {
            Exit::Clean
        } else {
            Exit::Findings
        });
    }
    let (Some(old), Some(new)) = (&args.old, &args.new) else {
        return Err(Stop::usage("two schema files are needed, OLD and NEW"));
    };
    let read = |path: &Path| -> Result<(String, Value), Stop> {
        let full = context.surroundings.folder.join(path);
        let text =
            fs::read(&full).map_err(|error| Stop::incomplete(format!("{}: {error}", path.display())))?;
        let parsed = crate::json::parse(&text)
            .map_err(|error| Stop::incomplete(format!("{}: {error}", path.display())))?;
        Ok((String::from_utf8_lossy(&text).into_owned(), parsed.value))
    };
    let (old_text, old_schema) = read(old)?;
    let (new_text, new_schema) = read(new)?;
    let comparison = schema::compare(&old_schema, &new_schema, &options).map_err(|error| {
        // Files have names; two values have not.
        let message = error.to_string();
        let named = |side: &str, path: &Path| {
            let rest = message.strip_prefix(side)?;
            Some(format!("{}{rest}", path.display()))
        };
        let named = named("the old schema", old).or_else(|| named("the new schema", new));
        Stop::incomplete(named.unwrap_or_else(|| message.clone()))
    })?;
    if context.json {
        report::json_line(context.out, &comparison)?;
    } else {
        let (old_name, new_name) = (old.display().to_string(), new.display().to_string());
        let compared = Compared {
            old: &old_name,
            new: &new_name,
            contract: options.contract,
            look: context.look,
        };
        let (old, new) = (
            Written {
                text: &old_text,
                schema: &old_schema,
            },
            Written {
                text: &new_text,
                schema: &new_schema,
            },
        );
        report::compared(context.out, compared)?;
        for (name, direction) in [
            ("backward", &comparison.backward),
            ("forward", &comparison.forward),
        ] {
            let explanation = schema::explain(direction, old, new);
            report::direction(context.out, compared, name, direction, explanation.as_ref())?;
        }
    }
    let holds = |direction: &Direction| direction.verdict == Verdict::Compatible;
    let fine = match args.require {
        Require::Backward => holds(&comparison.backward),
        Require::Forward => holds(&comparison.forward),
        Require::Full => holds(&comparison.backward) && holds(&comparison.forward),
        Require::None => true,
    };
    if !context.json {
        let required = match args.require {
            Require::Backward => "backward is required",
            Require::Forward => "forward is required",
            Require::Full => "backward and forward are required",
            Require::None => "nothing is required",
        };
        let holds = match (args.require, fine) {
            (Require::None, _) => "",
            (Require::Backward | Require::Forward, true) => " and holds",
            (Require::Backward | Require::Forward, false) => " and does not hold",
            (Require::Full, true) => " and hold",
            (Require::Full, false) => " and do not both hold",
        };
        writeln!(context.out, "{required}{holds}")?;
    }
    Ok(if fine { Exit::Clean } else { Exit::Findings })
}

fn contract(name: ContractName) -> Contract {
    match name {
        ContractName::Literal => Contract::Literal,
        ContractName::WriterReader => Contract::WriterReader,
    }
}

/// What is asked of the catalogue's versions: the configuration, over it the flags, with what the upcasters account
/// for.
fn asked(
    context: &mut Context<'_>,
    catalogue: &CatalogueArgs,
    args: &AskedArgs,
) -> Result<CheckOptions, Stop> {
    // A catalogue that is named is looked at as it stands.
    let located = if catalogue.catalogue.is_some() {
        None
    } else {
        context.located_if_any()?
    };
    let mut options = CheckOptions::default();
    if let Some(located) = &located {
        options = check_options(&located.config.catalogue.clone().unwrap_or_default());
        options.covered = driven::coverage(context, located)?;
    }
    if let Some(name) = args.contract {
        options.contract = contract(name);
        for own in options.types.values_mut() {
            own.contract = None;
        }
    }
    if let Some(pointer) = &args.own_version {
        if !pointer.starts_with('/') {
            return Err(Stop::usage(format!(
                "--own-version: `{pointer}` is no JSON pointer to a member, such as /meta/version"
            )));
        }
        options.own_version = Some(pointer.clone());
    }
    Ok(options)
}

fn check(context: &mut Context<'_>, args: &CheckArgs) -> Result<Exit, Stop> {
    let catalogue = context.open_catalogue(&args.catalogue)?;
    let mut options = asked(context, &args.catalogue, &args.asked)?;
    if let Some(require) = args.require {
        options.require = match require {
            Require::Backward => schema::Require::Backward,
            Require::Forward => schema::Require::Forward,
            Require::Full => schema::Require::Full,
            Require::None => schema::Require::None,
        };
        for own in options.types.values_mut() {
            own.require = None;
        }
    }
    if let Some(pairs) = args.pairs {
        options.pairs = Some(match pairs {
            PairsName::Adjacent => Pairs::Adjacent,
            PairsName::Transitive => Pairs::Transitive,
            PairsName::Live => Pairs::Live,
        });
        for own in options.types.values_mut() {
            own.pairs = None;
        }
    }
    let mut findings = catalogue.findings().to_vec();
    let since = match before(context, args, &catalogue)? {
        None => None,
        Some(before) => {
            let changes = schema::changes(&before, &catalogue, &options);
            findings.extend(changes.findings.iter().cloned());
            options.released = Some(changes.released.clone());
            Some((before, changes))
        }
    };
    let report = schema::check(&catalogue, &options);
    findings.extend(report.findings.iter().cloned());
    crate::finding::sort(&mut findings);
    context.report(&findings)?;
    if context.json {
        let mut members: Vec<(&str, Value)> = vec![
            ("types", report.types.into()),
            ("versions", report.versions.into()),
            ("pairs", report.pairs.into()),
            ("compatible", report.compatible.into()),
            ("breaking", report.breaking.into()),
            ("unproven", report.unproven.into()),
        ];
        if report.pairs > 0 {
            let value = serde_json::to_value(&report.deployment).map_err(Stop::incomplete)?;
            let rollback =
                serde_json::to_value(Assessment::of_rollback(&report)).map_err(Stop::incomplete)?;
            members.extend([
                ("further_pairs", report.further.into()),
                ("contract", report::contract_name(options.contract).into()),
                ("deployment", value),
                ("rollback", rollback),
            ]);
        }
        if let Some((before, changes)) = &since {
            members.push((
                "against",
                json!({
                    "name": before.name,
                    "commit": before.commit,
                    "added": changes.added,
                    "edited": changes.edited,
                    "reworded": changes.reworded,
                    "removed": changes.removed,
                }),
            ));
        }
        report::json_object(context.out, "summary", &members)?;
    } else {
        report::deployment(context.out, &report.deployment, context.look)?;
        if let Some((before, changes)) = &since {
            writeln!(context.out, "{}", report::since(before, changes))?;
        }
        report::check_summary(context.out, &report, options.contract)?;
    }
    Ok(super::gate::verdict(&findings, report.versions as u64))
}

/// The state of the catalogue that changes are told from: the one named, or the configured one.
fn before(context: &Context<'_>, args: &CheckArgs, catalogue: &Catalogue) -> Result<Option<Against>, Stop> {
    let mut configured = None;
    let (named, from) = match &args.against {
        Some(named) => (named, context.surroundings.folder.clone()),
        None if args.catalogue.catalogue.is_some() => return Ok(None),
        None => {
            if let Some(located) = context.located_if_any()? {
                let against = located.config.catalogue.and_then(|config| config.against);
                configured = against.map(|named| (named, located.root));
            }
            match &configured {
                Some((named, root)) => (named, root.clone()),
                None => return Ok(None),
            }
        }
    };
    let (_, layout) = context.catalogue(&args.catalogue)?;
    let git = &context.surroundings.git;
    schema::against(git, catalogue.root(), named, &from, &layout)
        .map(Some)
        .map_err(|error| {
            if error.is_usage() {
                Stop::usage(error)
            } else {
                Stop::incomplete(error)
            }
        })
}

/// A table as JSON Lines have it.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    #[serde(flatten)]
    table: &'a Matrix,
}

fn matrix(context: &mut Context<'_>, args: &MatrixArgs) -> Result<Exit, Stop> {
    let catalogue = context.open_catalogue(&args.catalogue)?;
    if catalogue.is_empty() {
        return Err(context.no_schema(&catalogue));
    }
    let options = asked(context, &args.catalogue, &args.asked)?;
    let tables = schema::matrix(&catalogue, &options, args.event_type.as_deref());
    if tables.is_empty() {
        return Err(Stop::Said(
            Exit::NothingChecked,
            format!(
                "the catalogue has no {} that can be used; `pastproof schema list` lists what it has",
                args.event_type.as_deref().unwrap_or("event type")
            ),
        ));
    }
    if context.json {
        let mut counts = [0_usize; 4];
        for table in &tables {
            for cell in &table.cells {
                counts[cell.reading as usize] += 1;
            }
            report::json_line(
                context.out,
                &Line {
                    kind: "matrix",
                    table,
                },
            )?;
        }
        report::json_object(
            context.out,
            "summary",
            &[
                ("types", tables.len().into()),
                (
                    "pairs",
                    tables.iter().map(|table| table.cells.len()).sum::<usize>().into(),
                ),
                ("works", counts[Reading::Works as usize].into()),
                (
                    "through_upcasters",
                    counts[Reading::ThroughUpcasters as usize].into(),
                ),
                ("breaks", counts[Reading::Breaks as usize].into()),
                ("unproven", counts[Reading::Unproven as usize].into()),
            ],
        )?;
    } else {
        report::matrices(context.out, &tables, context.look)?;
    }
    Ok(Exit::Clean)
}

fn accept(context: &mut Context<'_>, args: &AcceptArgs) -> Result<Exit, Stop> {
    let (folder, options) = context.catalogue(&args.catalogue)?;
    let located = if args.catalogue.catalogue.is_some() {
        None
    } else {
        context.located_if_any()?
    };
    let mut types: Vec<TypeSchemas> = Vec::new();
    if let Some(located) = &located
        && (!located.config.harness.is_empty() || args.harness.is_some())
    {
        let answers = driven::drive(context, located, args.harness.as_deref(), &[Task::Types])?;
        for reply in answers.replies {
            if let Reply::Types { types: described } = reply {
                for value in described {
                    types.push(serde_json::from_value(value).map_err(Stop::incomplete)?);
                }
            }
        }
    }
    if types.is_empty() {
        let catalogue = context.open_catalogue(&args.catalogue)?;
        if catalogue.is_empty() && !catalogue.findings().iter().any(crate::finding::Finding::fails) {
            return Err(context.no_schema(&catalogue));
        }
    }
    let accepted =
        schema::accept(&folder, &options, &types, args.rewrite_history.as_deref()).map_err(|error| {
            if error.is_refusal() && args.rewrite_history.is_none() {
                Stop::incomplete(format!("{error}, with --rewrite-history REASON"))
            } else {
                Stop::incomplete(error)
            }
        })?;
    for path in &accepted.written {
        let file = context.named(path);
        if context.json {
            report::json_object(context.out, "written", &[("file", file.into())])?;
        } else {
            writeln!(context.out, "wrote {file}")?;
        }
    }
    if context.json {
        report::json_object(
            context.out,
            "summary",
            &[("written", accepted.written.len().into())],
        )?;
    } else if accepted.written.is_empty() {
        writeln!(context.out, "everything is frozen already")?;
    }
    Ok(Exit::Clean)
}

fn list(context: &mut Context<'_>, args: &CatalogueArgs) -> Result<Exit, Stop> {
    let catalogue = context.open_catalogue(args)?;
    for history in catalogue.types() {
        let versions: Vec<&Version> = history.versions.iter().map(|version| &version.version).collect();
        if context.json {
            let versions = versions.into_iter().map(value).collect::<Vec<_>>();
            report::json_object(
                context.out,
                "type",
                &[
                    ("type", history.event_type.as_str().into()),
                    ("versions", versions.into()),
                ],
            )?;
        } else {
            let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
            writeln!(context.out, "{}  {}", history.event_type, versions.join(" "))?;
        }
    }
    let left_out = [
        &rules::SCHEMA_UNREADABLE,
        &rules::SCHEMA_INVALID,
        &rules::SCHEMA_REFERENCE,
        &rules::VERSION_UNPARSABLE,
        &rules::VERSION_DUPLICATE,
    ];
    if catalogue.is_empty() {
        return Err(context.no_schema(&catalogue));
    }
    let findings = catalogue.findings().iter();
    if findings
        .filter(|finding| left_out.contains(&finding.rule))
        .count()
        > 0
    {
        context.out.flush()?;
        let _ = writeln!(
            context.err,
            "pastproof: files that cannot be used are left out; `pastproof schema check` says which"
        );
    }
    Ok(Exit::Clean)
}

/// A version as it stands in recorded events: a number or a text.
fn value(version: &Version) -> Value {
    match version {
        Version::Number(number) => (*number).into(),
        Version::Text(text) => text.as_ref().into(),
    }
}

fn show(context: &mut Context<'_>, args: &ShowArgs) -> Result<Exit, Stop> {
    let catalogue = context.open_catalogue(&args.catalogue)?;
    let found: Option<&SchemaVersion> = match &args.version {
        Some(version) => catalogue.get(&args.event_type, &Version::from(version.clone())),
        None => catalogue.newest(&args.event_type),
    };
    let Some(found) = found else {
        return Err(Stop::Said(
            Exit::NothingChecked,
            format!(
                "the catalogue has no {}{} that can be used; `pastproof schema list` lists what it has, and `pastproof schema check` says what is wrong with the rest",
                args.event_type,
                args.version
                    .as_ref()
                    .map_or_else(String::new, |version| format!(" version {version}"))
            ),
        ));
    };
    let schema = if args.reader {
        found.reader_schema()
    } else {
        &found.schema
    };
    let text = serde_json::to_string_pretty(&crate::json::Sorted(schema)).map_err(Stop::incomplete)?;
    writeln!(context.out, "{text}")?;
    Ok(Exit::Clean)
}
