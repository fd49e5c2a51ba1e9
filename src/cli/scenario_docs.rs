//! `pastproof scenario docs`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::args::DocsArgs;
use crate::cli::context::{Context, Stop};
use crate::cli::gate::verdict;
use crate::cli::scenarios::{Told, told};
use crate::finding::{self, Finding, Place};
use crate::gate::config::Located;
use crate::gate::{Exit, coverage_findings};
use crate::json::Sorted;
use crate::report::living::{MARK, document, masked, pages};
use crate::report::{self, count};
use crate::rules;
use crate::scenario::coverage::{Coverage, ScenarioRun};

/// A story as JSON Lines have it.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tells: Option<&'a str>,
    story: Sorted<'a>,
}

pub(super) fn run(context: &mut Context<'_>, located: &Located, args: &DocsArgs) -> Result<Exit, Stop> {
    let Told {
        mut findings,
        facts,
        runs,
    } = told(context, located, args.harness.as_deref())?;
    let mut coverage = Coverage::of(&facts, &runs);
    if let Some(config) = &located.config.scenarios {
        // How much has to be shown is judged elsewhere; what is excepted is told here as well.
        coverage_findings(&mut coverage, config, "", []);
    }
    let show = context.show_values || located.config.report.show_values;
    let files = args
        .to
        .as_ref()
        .map(|to| files(&context.surroundings.folder.join(to), &coverage, &runs, show))
        .transpose()?;
    let holds = !findings.iter().any(Finding::fails);
    let mut written = Vec::new();
    if let Some(files) = &files {
        if args.check {
            findings.extend(stale(files)?);
            finding::sort(&mut findings);
        } else if holds {
            write(files)?;
            written.extend(files.all.iter().map(|(path, _)| context.named(path)));
            for left in files.left()? {
                writeln!(
                    context.err,
                    "pastproof: {} is left from an earlier run, and tells of nothing that is there now",
                    context.named(&left)
                )?;
            }
        }
    }
    context.report(&findings)?;
    if context.json {
        json_lines(context, &runs, show)?;
        for path in &written {
            report::json_object(context.out, "file", &[("path", path.as_str().into())])?;
        }
        report::json_object(
            context.out,
            "summary",
            &[
                ("scenarios", coverage.scenarios.into()),
                ("subjects", coverage.sheets.len().into()),
                ("files", written.len().into()),
            ],
        )?;
    } else if !holds {
        writeln!(
            context.err,
            "pastproof: nothing is written, because what fails would be told as if it held"
        )?;
    } else if files.is_none() {
        context
            .out
            .write_all(document(&coverage, &runs, show).as_bytes())?;
    } else if args.check {
        let stale = findings
            .iter()
            .filter(|finding| *finding.rule == rules::SCENARIO_DOCS_STALE);
        let all = files.as_ref().map_or(0, |files| files.all.len());
        writeln!(
            context.out,
            "{}, {} of them not as scenarios are today",
            count(all as u64, "document"),
            stale.count()
        )?;
    } else {
        for path in &written {
            writeln!(context.out, "{path}")?;
        }
    }
    Ok(verdict(&findings, coverage.scenarios))
}

fn json_lines(context: &mut Context<'_>, runs: &[ScenarioRun], show: bool) -> io::Result<()> {
    for run in runs {
        for record in run.records.iter().filter(|record| record.failed.is_none()) {
            let story = serde_json::to_value(masked(record, show)).map_err(io::Error::other)?;
            let line = Line {
                kind: "scenario",
                name: &run.name,
                tells: run.tells.as_deref(),
                story: Sorted(&story),
            };
            report::json_line(context.out, &line)?;
        }
    }
    Ok(())
}

/// What is to be written, and where.
struct Files {
    /// The folder that holds nothing but documents, where it is one.
    folder: Option<PathBuf>,
    all: Vec<(PathBuf, String)>,
}

impl Files {
    /// Documents of an earlier run that are not among those of this one.
    fn left(&self) -> Result<Vec<PathBuf>, Stop> {
        let Some(folder) = self.folder.as_ref().filter(|folder| folder.is_dir()) else {
            return Ok(Vec::new());
        };
        let mut left = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| trouble(folder, &error))? {
            let path = entry.map_err(|error| trouble(folder, &error))?.path();
            let is_page = path.extension().is_some_and(|extension| extension == "md");
            if is_page && !self.all.iter().any(|(known, _)| *known == path) && is_ours(&path) {
                left.push(path);
            }
        }
        left.sort();
        Ok(left)
    }
}

/// A file where `to` is named like a document, else a folder.
fn files(to: &Path, coverage: &Coverage, runs: &[ScenarioRun], show: bool) -> Result<Files, Stop> {
    let is_document = to.extension().is_some_and(|extension| extension == "md") && !to.is_dir();
    if is_document {
        return Ok(Files {
            folder: None,
            all: vec![(to.to_owned(), document(coverage, runs, show))],
        });
    }
    if to.is_file() {
        return Err(Stop::usage(format!(
            "{} is a file; name a folder, or a document such as scenarios.md",
            to.display()
        )));
    }
    Ok(Files {
        folder: Some(to.to_owned()),
        all: pages(coverage, runs, show)
            .into_iter()
            .map(|page| (to.join(page.name), page.text))
            .collect(),
    })
}

fn trouble(path: &Path, error: &io::Error) -> Stop {
    Stop::incomplete(format!("{}: {error}", path.display()))
}

/// Whether a file was written by an earlier run, or holds nothing.
fn is_ours(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes.is_empty() || bytes.starts_with(MARK.as_bytes()))
}

/// Writes every file, or none of them: each is written beside its place, and moved there when all are whole.
fn write(files: &Files) -> Result<(), Stop> {
    for (path, _) in &files.all {
        if path.exists() && !is_ours(path) {
            return Err(Stop::incomplete(format!(
                "{} is there already, and was not written by `pastproof scenario docs`; name another place with --to",
                path.display()
            )));
        }
    }
    let mut beside = Vec::new();
    let written = write_beside(files, &mut beside);
    if written.is_err() {
        for temporary in &beside {
            // What was moved or never came to be is not there.
            let _ = fs::remove_file(temporary);
        }
    }
    written
}

fn write_beside(files: &Files, beside: &mut Vec<PathBuf>) -> Result<(), Stop> {
    for (path, text) in &files.all {
        let folder = path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder).map_err(|error| trouble(folder, &error))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = folder.join(format!(".{name}.{}.new", std::process::id()));
        beside.push(temporary.clone());
        fs::write(&temporary, text).map_err(|error| trouble(path, &error))?;
    }
    for (temporary, (path, _)) in beside.iter().zip(&files.all) {
        fs::rename(temporary, path).map_err(|error| trouble(path, &error))?;
    }
    Ok(())
}

/// What is not as it would be written now.
fn stale(files: &Files) -> Result<Vec<Finding>, Stop> {
    let mut findings = Vec::new();
    let mut say = |path: &Path, message: &str| {
        findings.push(Finding::new(
            &rules::SCENARIO_DOCS_STALE,
            message,
            Place::file(path.to_string_lossy()),
        ));
    };
    for (path, text) in &files.all {
        match fs::read(path) {
            // A checkout may have other line ends.
            Ok(bytes) if String::from_utf8_lossy(&bytes).replace("\r\n", "\n") == *text => {}
            Ok(_) => say(path, "the document is not as the scenarios are today"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => say(path, "there is no such document"),
            Err(error) => return Err(trouble(path, &error)),
        }
    }
    for path in files.left()? {
        say(&path, "the document tells of nothing that is there now");
    }
    Ok(findings)
}
