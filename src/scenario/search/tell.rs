//! What a search found, in words, in Rust and as a report.

use crate::scenario::Failure;
use crate::scenario::file::WhenLine;
use crate::scenario::suggest::stored_literal;
use crate::scenario::text::{count, indented};

use super::lives::Searchable;
use super::run::{Found, Search, ask};

/// The first line of the report.
pub(super) fn headline(failure: &Failure) -> String {
    failure.to_string().lines().next().unwrap_or_default().to_owned()
}

/// A name for a function and for a file.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.ends_with('_') && !slug.is_empty() && character != '`' && character != '\'' {
            slug.push('_');
        }
    }
    let slug = slug.trim_end_matches('_');
    if slug.starts_with(|first: char| first.is_ascii_alphabetic()) {
        slug.to_owned()
    } else {
        format!("found_{slug}")
    }
}

/// The report of the scenario that asks `commands` in one step; none when it holds after all.
pub(super) fn again<A: Searchable>(
    search: &Search<A>,
    lines: &[WhenLine],
    names: &[&str],
) -> Option<Failure> {
    let mut commands = lines.iter().map(A::read);
    let mut scenario = search.begin(commands.next()??);
    for command in commands {
        // What is not read back as it was written leaves the rest without its history.
        let Some(command) = command else { break };
        scenario = scenario.go_on(|story| ask(story, command, search.at));
    }
    search.demand(scenario, names).try_check().err()
}

/// The scenario in Rust.
pub(super) fn rust<A: Searchable>(
    search: &Search<A>,
    name: &str,
    asked: &[WhenLine],
    names: &[&str],
) -> String {
    let mut lines = vec!["#[test]".to_owned(), format!("fn {name}() {{")];
    let subject = A::rust_name();
    let (word, start) = match (&search.fixture_is, search.history.is_empty()) {
        (Some(fixture), true) => (None, format!("{fixture}.given_nothing()")),
        (Some(fixture), false) => (None, fixture.clone()),
        (None, true) => (Some("given_nothing"), format!("given_nothing::<{subject}>()")),
        (None, false) => (Some("Fixture"), format!("Fixture::<{subject}>::new()")),
    };
    let mut words: Vec<&str> = word.into_iter().chain(A::words().iter().copied()).collect();
    words.sort_unstable();
    lines.extend(A::imports().iter().map(|import| format!("    use {import};")));
    lines.push(format!("    use pastproof::scenario::{{{}}};", words.join(", ")));
    lines.push(format!("    {start}"));
    if !search.history.is_empty() {
        lines.push("        .given_stored([".to_owned());
        for stored in &search.history {
            lines.extend(indented(12, stored_literal(stored)));
        }
        lines.push("        ])".to_owned());
    }
    for line in asked {
        lines.extend(indented(8, A::rust(line)));
    }
    for name in names {
        lines.push(format!(
            "        .then_holds(&{}, {name:?})",
            search.invariants_are
        ));
    }
    if let Some(last) = lines.last_mut() {
        last.push(';');
    }
    lines.push("}".to_owned());
    lines.join("\n")
}

/// Everything that was found.
pub(super) fn found(found: &Found) -> String {
    let mut lines = vec![
        format!(
            "the search broke: {} (case {} of seed {}, made as small as {})",
            found.broken,
            found.case + 1,
            found.seed,
            count(found.length, "command")
        ),
        String::new(),
    ];
    lines.extend(found.failure.to_string().lines().map(str::to_owned));
    lines.extend([String::new(), "the scenario, to paste".to_owned(), String::new()]);
    lines.extend(indented(2, found.rust.lines().map(str::to_owned).collect()));
    lines.push(String::new());
    match &found.written {
        Some(Ok(path)) => lines.push(format!("the scenario, as a file\n  {}", path.display())),
        Some(Err(error)) => lines.push(format!("the scenario file could not be written: {error}")),
        None => lines.push(
            "`Search::files` names a folder, and then the scenario is written there as a file".to_owned(),
        ),
    }
    lines.join("\n")
}
