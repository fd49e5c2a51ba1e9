//! `pastproof explain`.

use crate::cli::args::ExplainArgs;
use crate::cli::context::{Context, Stop};
use crate::gate::Exit;
use crate::gate::config::distance;
use crate::report;
use crate::rules;

pub(super) fn run(context: &mut Context<'_>, args: &ExplainArgs) -> Result<Exit, Stop> {
    let chosen: Vec<_> = match &args.id {
        None => rules::ALL.to_vec(),
        Some(id) => {
            let Some(rule) = rules::find(id) else {
                let nearest = rules::ALL
                    .iter()
                    .map(|rule| rule.id)
                    .min_by_key(|known| distance(id, known));
                return Err(Stop::usage(format!(
                    "there is no rule `{id}`; {}`pastproof explain` lists them all",
                    nearest.map_or_else(String::new, |nearest| format!("the nearest is `{nearest}`, and "))
                )));
            };
            vec![rule]
        }
    };
    for rule in chosen {
        if context.json {
            report::json_object(
                context.out,
                "rule",
                &[
                    ("id", rule.id.into()),
                    ("level", rule.level.to_string().into()),
                    ("reason", rule.reason.into()),
                    ("next", rule.next.into()),
                ],
            )?;
        } else if args.id.is_some() {
            writeln!(
                context.out,
                "{} ({})\n\n{}\n\nNext: {}.",
                rule.id, rule.level, rule.reason, rule.next
            )?;
        } else {
            writeln!(context.out, "{:28} {:4}  {}", rule.id, rule.level, rule.reason)?;
        }
    }
    Ok(Exit::Clean)
}
