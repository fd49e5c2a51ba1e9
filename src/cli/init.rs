//! `pastproof init`.

use std::fs::OpenOptions;
use std::io::{self, Write as _};

use crate::cli::args::InitArgs;
use crate::cli::context::{Context, Stop};
use crate::gate::Exit;

/// A configuration with everything a project usually needs, the rest in comments.
const TEMPLATE: &str = include_str!("init.toml");

pub(super) fn run(context: &mut Context<'_>, args: &InitArgs) -> Result<Exit, Stop> {
    let file = context
        .surroundings
        .folder
        .join(&args.folder)
        .join("pastproof.toml");
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&file)
        .and_then(|mut opened| opened.write_all(TEMPLATE.as_bytes()));
    match written {
        Ok(()) => {
            writeln!(
                context.out,
                "wrote {}\n\nnext: put your event schemas under schemas/<EventType>/<version>.json, then run `pastproof gate`",
                context.named(&file)
            )?;
            Ok(Exit::Clean)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Stop::incomplete(format!(
            "{} is there already and was left as it is",
            context.named(&file)
        ))),
        Err(error) => Err(Stop::incomplete(format!("{}: {error}", context.named(&file)))),
    }
}
