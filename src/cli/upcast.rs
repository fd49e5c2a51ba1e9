//! `upcast draft`.

use crate::cli::args::DraftArgs;
use crate::cli::context::{Context, Stop};
use crate::gate::Exit;
use crate::model::Version;
use crate::report;
use crate::schema::{Catalogue, SchemaVersion};
use crate::upcast::Draft;

/// Writes the drafted file on standard output, and what was guessed and what is left to decide on standard error.
pub(super) fn draft(context: &mut Context<'_>, args: &DraftArgs) -> Result<Exit, Stop> {
    let catalogue = context.open_catalogue(&args.catalogue)?;
    let old = version(&catalogue, &args.event_type, &args.from)?;
    let new = version(&catalogue, &args.event_type, &args.to)?;
    let draft = Draft::new(&old.schema, &new.schema).map_err(Stop::incomplete)?;
    let text = serde_json::to_string_pretty(&draft.file).map_err(Stop::incomplete)?;
    writeln!(context.out, "{text}")?;
    for guess in &draft.guesses {
        writeln!(context.err, "guess ({:.2}): {}", guess.confidence, guess.message)?;
    }
    for hole in &draft.holes {
        writeln!(context.err, "to decide: {}: {}", hole.pointer, hole.why)?;
    }
    writeln!(
        context.err,
        "{}, {} to decide; put it at {}-to-{}.upcast.json beside the schemas and run `pastproof upcast verify`",
        report::count(draft.guesses.len() as u64, "guess").replace("guesss", "guesses"),
        report::count(draft.holes.len() as u64, "hole"),
        args.from,
        args.to
    )?;
    Ok(Exit::Clean)
}

fn version<'c>(catalogue: &'c Catalogue, event_type: &str, version: &str) -> Result<&'c SchemaVersion, Stop> {
    catalogue
        .get(event_type, &Version::from(version.to_owned()))
        .ok_or_else(|| {
            let known: Vec<String> = catalogue
                .history(event_type)
                .into_iter()
                .flat_map(|history| &history.versions)
                .map(|version| version.version.to_string())
                .collect();
            let known = if known.is_empty() {
                "`pastproof schema list` lists the types".to_owned()
            } else {
                format!("there are {}", known.join(", "))
            };
            Stop::Said(
                Exit::NothingChecked,
                format!("the catalogue has no {event_type} {version} that can be used; {known}"),
            )
        })
}
