//! `pastproof gate`.

use crate::cli::args::GateArgs;
use crate::cli::context::{Context, Stop};
use crate::finding::Finding;
use crate::gate::{self, Exit, GateOptions};
use crate::report;

pub(super) fn run(context: &mut Context<'_>, args: &GateArgs) -> Result<Exit, Stop> {
    let located = context.located()?;
    let options = GateOptions {
        today: args.today.unwrap_or(context.surroundings.today),
        against: args.against.as_deref(),
        ..context.gate_options(args.harness.as_deref())
    };
    let outcome = gate::run(&located, &options, context.err).map_err(Stop::incomplete)?;
    context.report(&outcome.findings)?;
    if context.json {
        report::json_line(context.out, &outcome.summary)?;
    } else {
        let failing = outcome.findings.iter().filter(|finding| finding.fails()).count();
        report::gate_summary(context.out, &outcome.summary, failing, context.look)?;
    }
    Ok(outcome.summary.exit())
}

/// Whether any of `findings` fails the command.
pub(super) fn verdict(findings: &[Finding], checked: u64) -> Exit {
    if findings.iter().any(Finding::fails) {
        Exit::Findings
    } else if checked == 0 {
        Exit::NothingChecked
    } else {
        Exit::Clean
    }
}
