//! What may be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use crate::cli::scenario_args::{CoverageArgs, DocsArgs, ScenarioCommand};
pub use crate::cli::stream_args::{InspectArgs, MinimiseArgs};
use crate::gate::Day;

/// Does this code still agree with everything production has recorded?
#[derive(Debug, Parser)]
#[command(
    name = "pastproof",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 nothing wrong, 1 findings, 2 usage, 3 could not complete, 4 nothing was checked, 5 time box."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How the answer is written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
    /// Colour in the human format.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// The configuration; pastproof.toml here or above if left out.
    #[arg(long, global = true, env = "PASTPROOF_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Show recorded values in findings, not only their kind and length.
    #[arg(long, global = true)]
    pub show_values: bool,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON value a line.
    Json,
}

/// Colour in the human format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check everything configured: schemas, upcasters, scenarios, recordings. One verdict.
    Gate(GateArgs),
    /// Compare, check, freeze and show event schemas.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Verify upcasters.
    #[command(subcommand)]
    Upcast(UpcastCommand),
    /// Validate every recorded event against the schema of its type and version.
    Validate(ValidateArgs),
    /// Take a recording from a file: convert, select, mask, put in order, seal.
    Record(Box<RecordArgs>),
    /// Check that a recording is what was sealed.
    Verify(VerifyArgs),
    /// Replay recordings through the code and compare with a baseline.
    Replay(ReplayArgs),
    /// Step through a stream: what is stored, what the code reads, what it changes.
    Inspect(InspectArgs),
    /// The smallest part of a stream that still fails, as a recording and a scenario.
    Minimise(MinimiseArgs),
    /// List and run scenarios, and say what they show.
    #[command(subcommand)]
    Scenario(ScenarioCommand),
    /// Explain a rule, or list them all.
    Explain(ExplainArgs),
    /// Write a first pastproof.toml.
    Init(InitArgs),
}

/// `gate`.
#[derive(Debug, Args)]
pub struct GateArgs {
    /// A harness that is already built, in place of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub harness: Option<PathBuf>,
    /// Another state of the catalogue to tell changes from: a git ref, or a folder; the configured one if left out.
    #[arg(long, value_name = "REF|DIR")]
    pub against: Option<String>,
    /// The day that waivers are judged by, such as 2026-11-30; today if left out.
    #[arg(long, value_name = "DAY")]
    pub today: Option<Day>,
}

/// `schema …`.
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    /// Compare two schemas: does the new one accept what the old one allowed, and the reverse.
    Compare(CompareArgs),
    /// Check the catalogue: every version against the next, and how the newest can go out.
    Check(CheckArgs),
    /// Show which version's code reads which version's events.
    Matrix(MatrixArgs),
    /// Freeze new versions, from the code and from files that are not in the lock yet.
    Accept(AcceptArgs),
    /// List types and versions.
    List(CatalogueArgs),
    /// Print one version's schema.
    Show(ShowArgs),
}

/// Where the catalogue is and how it is laid out.
#[derive(Clone, Debug, Default, Args)]
pub struct CatalogueArgs {
    /// The folder of event schemas.
    #[arg(long, value_name = "DIR")]
    pub catalogue: Option<PathBuf>,
    /// Where a version's file is.
    #[arg(long, value_name = "TEMPLATE")]
    pub layout: Option<String>,
    /// How versions are read and ordered.
    #[arg(long, value_enum, value_name = "SCHEME")]
    pub version_scheme: Option<Scheme>,
}

/// How versions are read and ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scheme {
    /// Whole numbers.
    Integer,
    /// Semantic versions.
    Semver,
    /// MODEL-REVISION-ADDITION.
    Schemaver,
}

/// Which versions are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PairsName {
    /// Every version and the next.
    Adjacent,
    /// Besides, the newest and every earlier one that is stored.
    Transitive,
    /// Besides, every one that is stored and every later one.
    Live,
}

/// Which directions of compatibility decide the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Require {
    /// New code reads old events.
    Backward,
    /// Old code reads new events.
    Forward,
    /// Both.
    Full,
    /// Neither.
    None,
}

/// How schema files are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ContractName {
    /// Both files as sets of instances.
    Literal,
    /// The writer's side closed: a writer emits only what its schema declares.
    WriterReader,
}

/// `schema compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The earlier schema.
    #[arg(required_unless_present = "pairs", value_name = "OLD")]
    pub old: Option<PathBuf>,
    /// The later schema.
    #[arg(required_unless_present = "pairs", value_name = "NEW")]
    pub new: Option<PathBuf>,
    /// Pairs to compare, one JSON object a line; `-` for standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["old", "new", "require"])]
    pub pairs: Option<PathBuf>,
    /// Which directions decide the exit code.
    #[arg(long, value_enum, default_value_t = Require::Backward)]
    pub require: Require,
    /// How the files are taken.
    #[arg(long, value_enum, default_value_t = ContractName::Literal)]
    pub contract: ContractName,
}

/// What is asked of the versions in a catalogue, over what the configuration says.
#[derive(Clone, Debug, Default, Args)]
pub struct AskedArgs {
    /// How the schemas are taken.
    #[arg(long, value_enum, value_name = "CONTRACT")]
    pub contract: Option<ContractName>,
    /// JSON pointer of a member of the data that names the version; what schemas say about it is set aside.
    #[arg(long, value_name = "POINTER")]
    pub own_version: Option<String>,
}

/// `schema check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The catalogue.
    #[command(flatten)]
    pub catalogue: CatalogueArgs,
    /// What is asked of it.
    #[command(flatten)]
    pub asked: AskedArgs,
    /// Which directions must hold, for every type.
    #[arg(long, value_enum, value_name = "DIRECTION")]
    pub require: Option<Require>,
    /// Which versions are held against each other, for every type.
    #[arg(long, value_enum, value_name = "PAIRS")]
    pub pairs: Option<PairsName>,
    /// Another state of the catalogue to tell changes from: a git ref, or a folder; the configured one if left out.
    #[arg(long, value_name = "REF|DIR")]
    pub against: Option<String>,
}

/// `schema matrix`.
#[derive(Debug, Args)]
pub struct MatrixArgs {
    /// The event type; all of them if left out.
    #[arg(value_name = "TYPE")]
    pub event_type: Option<String>,
    /// The catalogue.
    #[command(flatten)]
    pub catalogue: CatalogueArgs,
    /// What is asked of it.
    #[command(flatten)]
    pub asked: AskedArgs,
}

/// `schema accept`.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// The catalogue.
    #[command(flatten)]
    pub catalogue: CatalogueArgs,
    /// Freeze versions that changed after they were frozen, and write this reason into the lock.
    #[arg(long, value_name = "REASON")]
    pub rewrite_history: Option<String>,
    /// A harness that is already built, in place of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub harness: Option<PathBuf>,
}

/// `schema show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The event type.
    #[arg(value_name = "TYPE")]
    pub event_type: String,
    /// The version; the newest if left out.
    #[arg(value_name = "VERSION")]
    pub version: Option<String>,
    /// What readers accept, instead of what writers emit.
    #[arg(long)]
    pub reader: bool,
    /// The catalogue.
    #[command(flatten)]
    pub catalogue: CatalogueArgs,
}

/// `upcast …`.
#[derive(Debug, Subcommand)]
pub enum UpcastCommand {
    /// Prove and try every upcaster: on schemas, the catalogue's examples and the configured recordings.
    Verify(VerifyUpcastersArgs),
    /// Copy a recording with every event at the version that the code reads.
    Run(UpcastRunArgs),
    /// Count what recordings hold of every version, and what reading it takes.
    Census(CensusArgs),
    /// Draft an upcaster from the difference of two schemas.
    Draft(DraftArgs),
}

/// `upcast verify`.
#[derive(Debug, Args)]
pub struct VerifyUpcastersArgs {
    /// Change declarative and jq upcasters in one place at a time, and say which changes nothing would have noticed.
    #[arg(long)]
    pub mutate: bool,
    /// Accept what upcasters make of the catalogue's examples, to be held to it from now on.
    #[arg(long)]
    pub accept: bool,
    /// The harness.
    #[command(flatten)]
    pub driven: DrivenArgs,
}

/// `upcast run`.
#[derive(Debug, Args)]
pub struct UpcastRunArgs {
    /// The recording.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The new recording, sealed; NAME.ndjson or NAME.ndjson.zst.
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// The version of events that say none; what the recording says, else 1.
    #[arg(long, value_name = "VERSION")]
    pub default_version: Option<String>,
    /// How much memory sorting takes, in MiB; beyond, events go to disk beside the target.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub memory: u32,
    /// The harness.
    #[command(flatten)]
    pub driven: DrivenArgs,
}

/// `upcast census`.
#[derive(Debug, Args)]
pub struct CensusArgs {
    /// The recordings. The configured ones if left out.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The version of events that say none; what the recording says, else 1.
    #[arg(long, value_name = "VERSION")]
    pub default_version: Option<String>,
    /// The harness.
    #[command(flatten)]
    pub driven: DrivenArgs,
}

/// `upcast draft`.
#[derive(Debug, Args)]
pub struct DraftArgs {
    /// The event type.
    #[arg(value_name = "TYPE")]
    pub event_type: String,
    /// The version that events are stored under.
    #[arg(value_name = "FROM")]
    pub from: String,
    /// The version that the code reads.
    #[arg(value_name = "TO")]
    pub to: String,
    /// Write it as Rust.
    #[arg(long)]
    pub rust: bool,
    /// The catalogue.
    #[command(flatten)]
    pub catalogue: CatalogueArgs,
}

/// A command that the harness carries out.
#[derive(Debug, Args)]
pub struct DrivenArgs {
    /// A harness that is already built, in place of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub harness: Option<PathBuf>,
}

/// `validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// The files; `-` for standard input. The configured recordings if left out.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The catalogue.
    #[command(flatten)]
    pub catalogue: CatalogueArgs,
    /// JSON pointer of the event type.
    #[arg(long = "type", value_name = "POINTER")]
    pub event_type: Option<String>,
    /// JSON pointer of the schema version.
    #[arg(long = "version", value_name = "POINTER")]
    pub event_version: Option<String>,
    /// JSON pointer of the data; empty for the whole line.
    #[arg(long, value_name = "POINTER")]
    pub data: Option<String>,
    /// JSON pointer of the stream id.
    #[arg(long, value_name = "POINTER")]
    pub stream: Option<String>,
    /// How many threads validate; all cores if left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Print the summary alone.
    #[arg(long)]
    pub quiet: bool,
}

/// What a source's events are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormName {
    /// Lines of a recording.
    Recording,
    /// JSON, one event a line, read through pointers.
    Ndjson,
    /// CloudEvents, one after the other or in batches.
    Cloudevents,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IntoName {
    /// A sealed recording.
    Recording,
    /// CloudEvents, one a line.
    Cloudevents,
}

/// The order of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OrderName {
    /// All events of a stream together.
    Stream,
    /// By global position.
    Global,
}

/// `record`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// The source, plain or .zst; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// The recording: NAME.ndjson or NAME.ndjson.zst; its manifest lies beside it.
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// What the source is written in; what its first event looks like if left out.
    #[arg(long, value_enum, value_name = "FORM")]
    pub form: Option<FormName>,
    /// What is written; CloudEvents have no seal, and their source is a recording.
    #[arg(long = "as", value_enum, value_name = "FORM", default_value_t = IntoName::Recording)]
    pub into: IntoName,
    /// The order of the recording.
    #[arg(long, value_enum, value_name = "ORDER")]
    pub order: Option<OrderName>,
    /// JSON pointer of the stream id.
    #[arg(long, value_name = "POINTER", help_heading = "Where an event has its parts")]
    pub stream: Option<String>,
    /// JSON pointer of the category.
    #[arg(long, value_name = "POINTER", help_heading = "Where an event has its parts")]
    pub category: Option<String>,
    /// JSON pointer of the position in the stream; `count` counts them in the order of the source.
    #[arg(long, value_name = "POINTER", help_heading = "Where an event has its parts")]
    pub revision: Option<String>,
    /// JSON pointer of the global position; `count` counts them in the order of the source.
    #[arg(long, value_name = "POINTER", help_heading = "Where an event has its parts")]
    pub global: Option<String>,
    /// JSON pointer of the event type.
    #[arg(
        long = "type",
        value_name = "POINTER",
        help_heading = "Where an event has its parts"
    )]
    pub event_type: Option<String>,
    /// JSON pointer of the schema version.
    #[arg(
        long = "version",
        value_name = "POINTER",
        help_heading = "Where an event has its parts"
    )]
    pub event_version: Option<String>,
    /// JSON pointer of the event id.
    #[arg(long, value_name = "POINTER", help_heading = "Where an event has its parts")]
    pub id: Option<String>,
    /// JSON pointer of the recorded time.
    #[arg(long, value_name = "POINTER", help_heading = "Where an event has its parts")]
    pub time: Option<String>,
    /// JSON pointer of the tags: an object, or an array of `name:value`.
    #[arg(long, value_name = "POINTER", help_heading = "Where an event has its parts")]
    pub tags: Option<String>,
    /// JSON pointer of the data; the whole line if left out.
    #[arg(long, value_name = "POINTER", help_heading = "Where an event has its parts")]
    pub data: Option<String>,
    /// JSON pointer of the metadata.
    #[arg(long, value_name = "POINTER", help_heading = "Where an event has its parts")]
    pub metadata: Option<String>,
    /// The version of events that say none; 1 if left out.
    #[arg(long, value_name = "VERSION", help_heading = "Where an event has its parts")]
    pub default_version: Option<String>,
    /// Only events of this type; may be repeated. Leaves gaps in streams.
    #[arg(long, value_name = "TYPE", help_heading = "What is taken")]
    pub only_type: Vec<String>,
    /// Only this stream, or with a `*` at the end all that begin so; may be repeated.
    #[arg(long, value_name = "STREAM", help_heading = "What is taken")]
    pub only_stream: Vec<String>,
    /// Only this category; may be repeated.
    #[arg(long, value_name = "CATEGORY", help_heading = "What is taken")]
    pub only_category: Vec<String>,
    /// Only a share of the streams, each whole, such as 5%.
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = "What is taken")]
    pub sample: Option<u32>,
    /// Another seed takes other streams.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        requires = "sample",
        help_heading = "What is taken"
    )]
    pub seed: u64,
    /// A masking policy; its key is read from --mask-key-file or `PASTPROOF_MASK_KEY`.
    #[arg(long, value_name = "FILE", help_heading = "What is masked")]
    pub mask: Option<PathBuf>,
    /// A file that holds the masking key and nothing else.
    #[arg(long, value_name = "FILE", requires = "mask", help_heading = "What is masked")]
    pub mask_key_file: Option<PathBuf>,
    /// The masking key.
    #[arg(long, env = "PASTPROOF_MASK_KEY", hide = true, hide_env_values = true)]
    pub mask_key: Option<String>,
    /// When the recording is taken, for its manifest.
    #[arg(long, value_name = "TIME")]
    pub taken_at: Option<String>,
    /// How much memory sorting takes, in MiB; beyond, events go to disk beside the target.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub memory: u32,
}

/// A share of streams, in millionths.
fn share(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is no share; write 5% or 0.05");
    let (number, whole) = match text.strip_suffix('%') {
        Some(number) => (number, 10_000.0),
        None => (text, 1_000_000.0),
    };
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let millionths = number * whole;
    if !(millionths > 0.0 && millionths <= 1_000_000.0) {
        return Err(format!("{text:?} is no share; it is above 0 and not above 100%"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 0 and a million"
    )]
    let millionths = millionths.round().max(1.0) as u32;
    Ok(millionths)
}

/// `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The recording.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// An older recording of the same history.
    #[arg(long, value_name = "OLDER")]
    pub since: Option<PathBuf>,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The recordings; the configured ones if left out.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What a known-good release made of the recording; the configured one if left out.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Save what this replay makes as the baseline, at `--baseline` or the configured place.
    #[arg(long)]
    pub save_baseline: bool,
    /// A harness that is already built, in place of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub harness: Option<PathBuf>,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The rule; all of them if left out.
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The project folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
}
