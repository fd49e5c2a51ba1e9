//! What a search found, in words, in Rust and as a report.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::Aggregate;
use crate::scenario::Failure;
use crate::scenario::suggest::stored_literal;
use crate::scenario::text::{count, indented, spread};
use crate::scenario::views::short_name;

use super::run::{Found, Search};

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
pub(super) fn again<A>(search: &Search<A>, commands: &[Value], names: &[&str]) -> Option<Failure>
where
    A: Aggregate + Serialize,
    A::Command: Debug + Serialize + DeserializeOwned,
    A::Error: Debug,
{
    let mut commands = commands
        .iter()
        .map(|command| serde_json::from_value::<A::Command>(command.clone()));
    let first = commands.next()?.ok()?;
    let mut scenario = search.begin(first);
    for command in commands {
        // A command that is not read back as it was written leaves the rest without its history.
        let Ok(command) = command else { break };
        scenario = scenario.go_on(|story| story.ask_now(command, search.at));
    }
    search.demand(scenario, names).try_check().err()
}

/// The scenario in Rust.
pub(super) fn rust<A: Aggregate>(
    search: &Search<A>,
    name: &str,
    commands: &[Value],
    names: &[&str],
) -> String {
    let mut lines = vec!["#[test]".to_owned(), format!("fn {name}() {{")];
    let aggregate = short_name::<A>();
    let own = || format!("Fixture::<{aggregate}>::new()");
    if search.history.is_empty() {
        let (word, start) = match &search.fixture_is {
            Some(fixture) => ("", format!("    {fixture}.given_nothing()")),
            None => ("given_nothing, ", format!("    given_nothing::<{aggregate}>()")),
        };
        lines.push(format!("    use pastproof::scenario::{{from_json, {word}json}};"));
        lines.push(start);
    } else {
        let (word, fixture) = match &search.fixture_is {
            Some(fixture) => ("", fixture.clone()),
            None => ("Fixture, ", own()),
        };
        lines.push(format!("    use pastproof::scenario::{{{word}from_json, json}};"));
        lines.push(format!("    {fixture}"));
        lines.push("        .given_stored([".to_owned());
        for stored in &search.history {
            lines.extend(indented(12, stored_literal(stored)));
        }
        lines.push("        ])".to_owned());
    }
    for command in commands {
        let mut call = spread(command);
        if let Some(first) = call.first_mut() {
            first.insert_str(
                0,
                &format!(".when(from_json::<{}>(json!(", short_name::<A::Command>()),
            );
        }
        if let Some(last) = call.last_mut() {
            last.push_str(")))");
        }
        lines.extend(indented(8, call));
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
