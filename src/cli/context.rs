//! One run of the command line, with everything from outside passed in.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::cli::args::{CatalogueArgs, Cli, Color, Command, Format, Scheme};
use crate::cli::{
    driven, explain, gate, init, inspect, minimise, record, recordings, scenarios, schema, upcast,
};
use crate::finding::{Finding, Level};
use crate::gate::config::{self, Located};
use crate::gate::{Day, Exit, GateOptions};
use crate::report::{self, Look};
use crate::schema::{Catalogue, CatalogueOptions, VersionScheme};

/// What the command line is told about the world instead of asking.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The folder it is called in.
    pub folder: PathBuf,
    /// The `cargo` that builds harnesses.
    pub cargo: PathBuf,
    /// The `git` that is asked for another state of the catalogue.
    pub git: PathBuf,
    /// This executable, which also serves as worker for jq programs.
    pub executable: PathBuf,
    /// Today.
    pub today: Day,
    /// Whether standard output wants colour when nobody said so.
    pub color: bool,
    /// How many processors there are.
    pub processors: usize,
}

/// Runs the command line `arguments` (the program's name first) and answers with the exit code.
///
/// Findings go to `out`, progress to `err`. A reader that goes away is no error.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Exit {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    // `cargo pastproof gate` runs `cargo-pastproof pastproof gate`.
    if arguments.get(1).is_some_and(|first| first == "pastproof") {
        arguments.remove(1);
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error, surroundings, out, err),
    };
    let look = Look {
        color: match cli.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => surroundings.color,
        },
    };
    let mut context = Context {
        surroundings,
        config: cli.config,
        json: cli.format == Format::Json,
        show_values: cli.show_values,
        look,
        out,
        err,
    };
    let exit = match context.dispatch(cli.command) {
        Ok(exit) => exit,
        Err(Stop::Io(error)) => return unwritable(&error, context.err),
        Err(Stop::Said(exit, message)) => {
            // What was found before comes first where both are shown on one terminal.
            if let Err(error) = context.out.flush() {
                return unwritable(&error, context.err);
            }
            let message = context.shown(&message);
            let _ = writeln!(context.err, "error: {message}");
            exit
        }
    };
    match context.out.flush() {
        Ok(()) => exit,
        Err(error) => unwritable(&error, context.err),
    }
}

/// A reader that went away has what it wanted; any other output that cannot be written is incomplete.
fn unwritable(error: &io::Error, err: &mut dyn Write) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::Clean;
    }
    let _ = writeln!(err, "error: the report cannot be written: {error}");
    Exit::Incomplete
}

/// Help and versions that were asked for, and what is wrong with the arguments.
fn not_parsed(
    error: &clap::Error,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Exit {
    let text = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            match write!(out, "{text}").and_then(|()| out.flush()) {
                Ok(()) => Exit::Clean,
                Err(error) => unwritable(&error, err),
            }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(err, "{text}");
            match config::find(&surroundings.folder) {
                Err(error) if error.is_missing() => {
                    let _ = writeln!(err, "\nerror: {error}");
                    Exit::Incomplete
                }
                _ => Exit::Usage,
            }
        }
        _ => {
            let _ = write!(err, "{text}");
            Exit::Usage
        }
    }
}

/// Why a command ends before its time.
pub(super) enum Stop {
    /// The report cannot be written.
    Io(io::Error),
    /// Something else, with its exit code and what to say.
    Said(Exit, String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Stop {
    /// The command could not be completed.
    pub fn incomplete(message: impl Display) -> Self {
        Self::Said(Exit::Incomplete, message.to_string())
    }

    /// The command line was wrong.
    pub fn usage(message: impl Display) -> Self {
        Self::Said(Exit::Usage, message.to_string())
    }
}

/// What every command has at hand.
pub(super) struct Context<'a> {
    pub surroundings: &'a Surroundings,
    pub config: Option<PathBuf>,
    pub json: bool,
    pub show_values: bool,
    pub look: Look,
    pub out: &'a mut dyn Write,
    pub err: &'a mut dyn Write,
}

impl Context<'_> {
    fn dispatch(&mut self, command: Command) -> Result<Exit, Stop> {
        match command {
            Command::Gate(args) => gate::run(self, &args),
            Command::Schema(command) => schema::run(self, &command),
            Command::Upcast(command) => upcast::run(self, &command),
            Command::Validate(args) => recordings::validate(self, &args),
            Command::Record(args) => record::run(self, &args),
            Command::Verify(args) => recordings::verify(self, &args),
            Command::Replay(args) => driven::replay(self, &args),
            Command::Inspect(args) => inspect::run(self, &args),
            Command::Minimise(args) => minimise::run(self, &args),
            Command::Scenario(command) => scenarios::run(self, &command),
            Command::Explain(args) => explain::run(self, &args),
            Command::Init(args) => init::run(self, &args),
        }
    }

    /// The configuration: the one named, or the one found from here upwards.
    pub fn located(&self) -> Result<Located, Stop> {
        match &self.config {
            Some(file) => config::load(&self.surroundings.folder.join(file)),
            None => config::find(&self.surroundings.folder),
        }
        .map_err(Stop::incomplete)
    }

    /// The configuration if there is one; an unusable one is still an error.
    pub fn located_if_any(&self) -> Result<Option<Located>, Stop> {
        if self.config.is_some() {
            return self.located().map(Some);
        }
        match config::find(&self.surroundings.folder) {
            Ok(located) => Ok(Some(located)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(Stop::incomplete(error)),
        }
    }

    /// What a gate is told beside its configuration.
    pub fn gate_options<'b>(&self, harness: Option<&'b Path>) -> GateOptions<'b>
    where
        Self: 'b,
    {
        GateOptions {
            harness,
            today: self.surroundings.today,
            cargo: &self.surroundings.cargo,
            git: &self.surroundings.git,
            against: None,
            folder: &self.surroundings.folder,
            executable: &self.surroundings.executable,
            show_values: self.show_values,
            threads: self.surroundings.processors,
        }
    }

    /// The catalogue's folder and options: the flags, then the configuration, then `schemas`.
    pub fn catalogue(&self, args: &CatalogueArgs) -> Result<(PathBuf, CatalogueOptions), Stop> {
        let located = if args.catalogue.is_some() && self.config.is_none() {
            None
        } else {
            self.located_if_any()?
        };
        if located.is_none() && args.catalogue.is_none() {
            // Says that no configuration was found, and what writes one.
            self.located()?;
        }
        let config = located
            .as_ref()
            .and_then(|located| located.config.catalogue.clone())
            .unwrap_or_default();
        let mut options = crate::gate::ground::options(&config);
        if let Some(layout) = &args.layout {
            options.layout.clone_from(layout);
        }
        if let Some(scheme) = args.version_scheme {
            options.scheme = match scheme {
                Scheme::Integer => VersionScheme::Integer,
                Scheme::Semver => VersionScheme::Semver,
                Scheme::Schemaver => VersionScheme::Schemaver,
            };
        }
        let folder = match (&args.catalogue, &located) {
            (Some(folder), _) => self.surroundings.folder.join(folder),
            (None, Some(located)) => located.root.join(&config.path),
            (None, None) => self.surroundings.folder.join(&config.path),
        };
        Ok((folder, options))
    }

    /// Opens the catalogue that the flags or the configuration name.
    pub fn open_catalogue(&self, args: &CatalogueArgs) -> Result<Catalogue, Stop> {
        let (folder, options) = self.catalogue(args)?;
        Catalogue::open(&folder, &options).map_err(|error| {
            if error.is_usage() && args.layout.is_some() {
                Stop::usage(error)
            } else {
                Stop::incomplete(error)
            }
        })
    }

    /// What to say of a catalogue without a schema.
    pub fn no_schema(&self, catalogue: &Catalogue) -> Stop {
        let why = if catalogue.findings().iter().any(Finding::fails) {
            "; `pastproof schema check` says what is wrong with its files"
        } else {
            "; put schemas there as <EventType>/<version>.json, or name another folder with --catalogue, another form with --layout"
        };
        Stop::Said(
            Exit::NothingChecked,
            format!("{} holds no usable schema{why}", self.named(catalogue.root())),
        )
    }

    /// A path as the caller would type it: from the folder the command is called in, where it lies below it.
    pub fn named(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.surroundings.folder).unwrap_or(path);
        // `a/./b` and `a/b` are one place.
        below.components().collect::<PathBuf>().display().to_string()
    }

    /// `text` with its paths as [`named`](Self::named) has them.
    pub fn shown(&self, text: &str) -> String {
        report::below(text, &self.surroundings.folder)
    }

    /// `finding` with its paths as [`named`](Self::named) has them.
    pub fn localized(&self, mut finding: Finding) -> Finding {
        finding.message = self.shown(&finding.message);
        if let Some(file) = &finding.place.file {
            finding.place.file = Some(self.named(Path::new(file)));
        }
        finding
    }

    /// Reports `findings`, which are sorted: JSON Lines, or paragraphs with each reason once.
    pub fn report(&mut self, findings: &[Finding]) -> io::Result<()> {
        let mut explained: Vec<&str> = Vec::new();
        for finding in findings {
            let finding = &self.localized(finding.clone());
            if self.json {
                report::json_line(self.out, finding)?;
            } else {
                let known = explained.contains(&finding.rule.id);
                report::finding(self.out, finding, known, self.look)?;
                explained.push(finding.rule.id);
            }
        }
        if !self.json && findings.last().is_some_and(|last| last.level == Level::Note) {
            writeln!(self.out)?;
        }
        Ok(())
    }
}
