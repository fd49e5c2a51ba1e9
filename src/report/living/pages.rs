//! Documents and their files.

use std::collections::BTreeSet;

use crate::report::text::count;
use crate::scenario::Record;
use crate::scenario::coverage::{Coverage, ScenarioRun, Sheet, percent};

use super::escape::{cell, code, prose};
use super::masked::masked;
use super::matrix::matrix;
use super::story::story;

/// The first line of every document, by which one that may be written over is known.
pub const MARK: &str = "<!-- Written by `pastproof scenario docs`: what is changed here is lost. -->";

/// One document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of its file.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Everything in one document.
pub fn document(coverage: &Coverage, runs: &[ScenarioRun], show: bool) -> String {
    let mut text = format!("{MARK}\n\n# Scenarios\n\n");
    summary(&mut text, coverage, |sheet| code(&sheet.type_name));
    for sheet in &coverage.sheets {
        text.push_str(&format!("## {}\n\n", prose(&sheet.type_name)));
        subject(&mut text, sheet, runs, show, "###");
    }
    finished(&text)
}

/// A document for each subject, and `README.md` that leads to them.
pub fn pages(coverage: &Coverage, runs: &[ScenarioRun], show: bool) -> Vec<Page> {
    let mut taken = BTreeSet::from(["readme".to_owned()]);
    let names: Vec<String> = coverage
        .sheets
        .iter()
        .map(|sheet| file_name(&sheet.type_name, &mut taken))
        .collect();
    let mut index = format!("{MARK}\n\n# Scenarios\n\n");
    let link = |sheet: &Sheet| {
        let at = coverage
            .sheets
            .iter()
            .position(|known| std::ptr::eq(known, sheet));
        let file = at.map_or("", |at| names[at].as_str());
        format!("[{}]({file})", cell(&sheet.type_name))
    };
    summary(&mut index, coverage, link);
    let mut pages = vec![Page {
        name: "README.md".to_owned(),
        text: finished(&index),
    }];
    for (sheet, name) in coverage.sheets.iter().zip(&names) {
        let mut text = format!("{MARK}\n\n# {}\n\n", prose(&sheet.type_name));
        subject(&mut text, sheet, runs, show, "##");
        pages.push(Page {
            name: name.clone(),
            text: finished(&text),
        });
    }
    pages
}

/// One line break at the end.
fn finished(text: &str) -> String {
    format!("{}\n", text.trim_end())
}

/// What there is, in a table with a line for each subject.
fn summary(text: &mut String, coverage: &Coverage, name: impl Fn(&Sheet) -> String) {
    text.push_str(&format!(
        "{} show {} of {} commands, events and errors ({} %).\n\n",
        count(coverage.scenarios, "scenario"),
        coverage.shown(),
        coverage.items(),
        percent(coverage.shown(), coverage.items())
    ));
    text.push_str("| | | scenarios | shown | of |\n|---|---|--:|--:|--:|\n");
    for sheet in &coverage.sheets {
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            name(sheet),
            sheet.role,
            sheet.scenarios.len(),
            sheet.shown(),
            sheet.items()
        ));
    }
    text.push('\n');
    if !coverage.untold.is_empty() {
        let names: Vec<String> = coverage.untold.iter().map(|name| code(name)).collect();
        text.push_str(&format!(
            "Without a story to tell here: {}.\n\n",
            names.join(", ")
        ));
    }
}

fn subject(text: &mut String, sheet: &Sheet, runs: &[ScenarioRun], show: bool, heading: &str) {
    let named = match &sheet.subject {
        Some(name) if *name != sheet.type_name => format!(", known as {}", code(name)),
        _ => String::new(),
    };
    let role = sheet.role.to_string();
    let article = if role.starts_with('a') { "An" } else { "A" };
    text.push_str(&format!("{article} {role}{named}.\n\n"));
    matrix(text, sheet);
    for run in runs {
        let told = told(run, &sheet.type_name);
        let Some(first) = told.first() else { continue };
        text.push_str(&format!("{heading} {}\n\n", prose(&title(&run.name))));
        if let Some(tells) = &run.tells {
            text.push_str(&format!("{}\n\n", prose(tells)));
        }
        text.push_str(&format!("{} in {}\n\n", code(&run.name), code(&first.file)));
        for (index, record) in told.iter().enumerate() {
            if index > 0 {
                text.push_str("* * *\n\n");
            }
            story(text, &masked(record, show));
        }
    }
}

/// The stories of a scenario about one subject that hold, each once.
pub(super) fn told<'a>(run: &'a ScenarioRun, type_name: &str) -> Vec<&'a Record> {
    let mut told: Vec<&Record> = Vec::new();
    for record in &run.records {
        if record.failed.is_none() && record.subject == type_name && !told.contains(&record) {
            told.push(record);
        }
    }
    told
}

/// The name of a scenario as a heading.
fn title(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    let words = last.replace(['_', '-'], " ");
    let mut letters = words.trim().chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => name.to_owned(),
    }
}

/// A file name for a type name: its words in lower case, and a number where another has it.
fn file_name(type_name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut words = String::new();
    let mut before = None;
    for character in type_name.chars() {
        if character.is_alphanumeric() {
            let begins = character.is_uppercase()
                && before.is_some_and(|before: char| before.is_lowercase() || before.is_numeric());
            if begins {
                words.push('-');
            }
            words.extend(character.to_lowercase());
        } else if !words.ends_with('-') && !words.is_empty() {
            words.push('-');
        }
        before = Some(character);
    }
    let words = match words.trim_matches('-') {
        "" => "subject".to_owned(),
        words => words.chars().take(100).collect(),
    };
    let mut name = words.clone();
    for number in 2.. {
        if taken.insert(name.clone()) {
            break;
        }
        name = format!("{words}-{number}");
    }
    format!("{name}.md")
}
