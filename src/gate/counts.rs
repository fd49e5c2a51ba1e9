//! What harnesses counted, added up over all of them.

use serde_json::Value;

use crate::gate::Check;
use crate::gate::protocol::Task;
use crate::report::count;
use crate::scenario::coverage::{Facts, ScenarioRun};

/// What harnesses counted, added up over all of them.
#[derive(Default)]
pub(super) struct Counts {
    types: u64,
    upcasters: (u64, u64),
    scenarios: u64,
    pub facts: Vec<Facts>,
    pub runs: Vec<ScenarioRun>,
    /// How much the scenarios show, where it is asked for.
    pub shown: Option<String>,
    replay: Option<Replayed>,
}

#[derive(Default)]
struct Replayed {
    events: u64,
    streams: u64,
    upcast: u64,
    differences: u64,
}

impl Counts {
    pub fn done(&mut self, task: &Task, checked: u64, _detail: String, numbers: &Value) {
        let number = |name: &str| numbers.get(name).and_then(Value::as_u64).unwrap_or(0);
        match task {
            Task::Types => self.types += checked,
            Task::Upcasters { .. } => {
                self.upcasters.0 += checked;
                self.upcasters.1 += number("events");
            }
            Task::Scenarios { .. } => self.scenarios += checked,
            Task::Replay { .. } => {
                let replayed = self.replay.get_or_insert_with(Replayed::default);
                replayed.events += checked;
                replayed.streams += number("streams");
                replayed.upcast += number("upcast");
                replayed.differences += number("differences");
            }
            Task::Compatibility
            | Task::ListScenarios
            | Task::Census { .. }
            | Task::Rewrite { .. }
            | Task::Inspect { .. }
            | Task::Minimise { .. } => {}
        }
    }

    pub fn into_checks(self, checks: &mut Vec<Check>) {
        checks.push(Check::new(
            "types",
            self.types,
            format!("{} of the code", count(self.types, "event type")),
        ));
        let (upcasters, events) = self.upcasters;
        checks.push(Check::new(
            "upcasters",
            upcasters,
            format!(
                "{} tried on {}",
                count(upcasters, "upcaster"),
                count(events, "event")
            ),
        ));
        checks.push(Check::new(
            "scenarios",
            self.scenarios,
            match self.shown {
                Some(shown) => format!("{}, {shown}", count(self.scenarios, "scenario")),
                None => count(self.scenarios, "scenario"),
            },
        ));
        if let Some(replay) = self.replay {
            checks.push(Check::new(
                "replay",
                replay.events,
                format!(
                    "{} of {} folded, {} of them upcast; {} from the baseline",
                    count(replay.events, "event"),
                    count(replay.streams, "stream"),
                    replay.upcast,
                    count(replay.differences, "difference")
                ),
            ));
        }
    }
}
