//! What may be typed after `scenario`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::args::DrivenArgs;

/// `scenario …`.
#[derive(Debug, Subcommand)]
pub enum ScenarioCommand {
    /// List the scenarios.
    List(DrivenArgs),
    /// Run scenarios.
    Run(ScenarioRunArgs),
    /// Show what the scenarios show: every command by every outcome, and what none of them shows.
    Coverage(CoverageArgs),
    /// Write the scenarios as documents.
    Docs(DocsArgs),
}

/// `scenario run`.
#[derive(Debug, Args)]
pub struct ScenarioRunArgs {
    /// The only scenario to run.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// A harness that is already built, in place of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub harness: Option<PathBuf>,
}

/// `scenario coverage`.
#[derive(Debug, Args)]
pub struct CoverageArgs {
    /// Fail where less than this share of commands, events and errors is shown, in percent; the configured one if left
    /// out.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub floor: Option<u8>,
    /// Fail where less than this share of the matrix is shown, in percent; the configured one if left out.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub cell_floor: Option<u8>,
    /// Name what no scenario shows of each command as well; the code does not reach all of it.
    #[arg(long)]
    pub cells: bool,
    /// A harness that is already built, in place of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub harness: Option<PathBuf>,
}

/// `scenario docs`.
#[derive(Debug, Args)]
pub struct DocsArgs {
    /// Where they go: a file NAME.md, or a folder with a document for each subject; standard output if left out.
    #[arg(long, value_name = "DIR|FILE")]
    pub to: Option<PathBuf>,
    /// Write nothing, and fail where the documents are not as scenarios are today.
    #[arg(long, requires = "to")]
    pub check: bool,
    /// A harness that is already built, in place of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub harness: Option<PathBuf>,
}
