//! Holding what scenarios show against what they have to.

use crate::finding::{Finding, Level, Place};
use crate::gate::config::ScenariosConfig;
use crate::report::count;
use crate::rules;
use crate::scenario::coverage::{Coverage, percent};

/// How many missing things a finding names.
const NAMED: usize = 20;

/// Takes out of `coverage` what `config` excepts, and says where it is below a floor. `file` is the configuration.
///
/// `others` are the findings of the scenarios themselves: what is not shown because a scenario fails follows from that,
/// and is a note.
pub fn coverage_findings<'a>(
    coverage: &mut Coverage,
    config: &ScenariosConfig,
    file: &str,
    others: impl IntoIterator<Item = &'a Finding>,
) -> Vec<Finding> {
    let cause = others.into_iter().find(|finding| finding.fails());
    let cause = cause.map(|finding| finding.rule.id);
    let place = || Place::file(file);
    let mut findings: Vec<Finding> = coverage
        .except(&config.except)
        .into_iter()
        .map(|idle| {
            Finding::new(
                &rules::SETTING_UNUSED,
                format!("[[scenarios.except]] {idle}"),
                place(),
            )
        })
        .collect();
    if config.floor.is_none() && config.cell_floor.is_none() {
        return findings;
    }
    let floors = [
        (
            config.floor,
            coverage.shown(),
            coverage.items(),
            "what the code has",
        ),
        (
            config.cell_floor,
            coverage.cells_shown(),
            coverage.cells(),
            "the cells of the matrix",
        ),
    ];
    for (floor, shown, of, what) in floors {
        let Some(floor) = floor else { continue };
        if of == 0 {
            findings.push(Finding::new(
                &rules::SCENARIO_COVERAGE,
                format!("there is nothing of {what} to show, and the floor is {floor} %"),
                place(),
            ));
            continue;
        }
        // Exactly, since a rounded share would let one thing too few through.
        if u128::from(shown) * 100 >= u128::from(floor) * u128::from(of) {
            continue;
        }
        let message = format!(
            "the scenarios show {shown} of {of} ({} %) of {what}, and the floor is {floor} %",
            percent(shown, of)
        );
        findings.push(match cause {
            None => {
                let message = format!("{message}{}", missing(coverage));
                Finding::new(&rules::SCENARIO_COVERAGE, message, place())
            }
            Some(cause) => {
                let message = format!("{message} (follows from `{cause}`)");
                Finding::new(&rules::SCENARIO_COVERAGE, message, place()).at_level(Level::Note)
            }
        });
    }
    for sheet in coverage.sheets.iter().filter(|sheet| !sheet.unknown.is_empty()) {
        findings.push(Finding::new(
            &rules::SCENARIO_COVERAGE_UNKNOWN,
            format!(
                "of the {} {}, these are not known: {}",
                sheet.role,
                sheet.type_name,
                sheet.unknown.join(", ")
            ),
            place(),
        ));
    }
    findings
}

fn missing(coverage: &Coverage) -> String {
    let all: Vec<String> = coverage
        .missing()
        .map(|(sheet, item)| format!("\n    {}: {item}", sheet.type_name))
        .collect();
    let Some(rest) = all.len().checked_sub(NAMED).filter(|rest| *rest > 0) else {
        return all.concat();
    };
    format!(
        "{}\n    and {} more",
        all[..NAMED].concat(),
        count(rest as u64, "thing")
    )
}
