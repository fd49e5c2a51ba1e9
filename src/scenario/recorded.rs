//! Scenarios kept as text, to be reviewed once and compared ever after.

#[cfg(feature = "snapshots")]
use std::panic::Location;

use serde::Deserialize;
use serde_json::Value;

use crate::json;
use crate::model::{Scheduled, Verdict, read_json};

use super::StoredEvent;
use super::events::one_line;
use super::story::{At, Became, Step, Story, What};
use super::subject::Subject;
use super::text::{Complaint, Told, fits, indented, spread, version_literal};
use super::views::Shape;

/// Compares a scenario with the snapshot of it under `snapshots/` in the caller's package, and ends it.
///
/// The snapshot holds what was given, the commands, and what came of them, as JSON; it is reviewed and accepted as
/// every insta snapshot is, and in CI it is never written. A recorded scenario counts as checked; checks made
/// before are reported as ever. The name is the file's name: letters, digits, `-`, `_` and `.`.
///
/// Events keep the version at which they were recorded: where the fixture's upcasters make of them what the
/// scenario has today, the snapshot stays as it is, and where they do not, the scenario fails.
///
/// ```no_run
/// # use pastproof::model::Aggregate;
/// # use pastproof::scenario::given_nothing;
/// # fn recorded<A>(command: A::Command)
/// # where A: Aggregate + serde::Serialize, A::Command: std::fmt::Debug, A::Error: std::fmt::Debug {
/// pastproof::recorded!(given_nothing::<A>().when(command), "opening_an_account");
/// # }
/// ```
#[cfg(feature = "snapshots")]
#[macro_export]
macro_rules! recorded {
    ($scenario:expr, $name:expr $(,)?) => {{
        // The folder of the package that is compiled here, which the caller's is.
        const FOLDER: &str = ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/snapshots");
        let scenario = $scenario;
        let name: &str = $name;
        let earlier = $crate::__private::recorded_earlier(FOLDER, name);
        let text = scenario.recorded(earlier.as_deref());
        let mut settings = $crate::__private::insta::Settings::new();
        settings.set_snapshot_path(FOLDER);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| $crate::__private::insta::assert_snapshot!(name, text));
    }};
}

/// The text of the snapshot of this name, without its head; absent when there is none.
///
/// # Panics
///
/// When the name is no file name, when another place of the program records under it, or when the file is there
/// and cannot be read.
#[cfg(feature = "snapshots")]
#[track_caller]
pub fn earlier(folder: &'static str, name: &str) -> Option<String> {
    use std::collections::BTreeMap;
    use std::io::ErrorKind;
    use std::sync::{Mutex, PoisonError};

    static TAKEN: Mutex<BTreeMap<(&str, String), &'static Location<'static>>> = Mutex::new(BTreeMap::new());

    assert!(
        !name.is_empty()
            && name
                .chars()
                .all(|character| character.is_alphanumeric() || "-_.".contains(character)),
        "{name:?} is not a name for a recorded scenario: letters, digits, `-`, `_` and `.` are"
    );
    let here = Location::caller();
    // The map is whole after every statement that a panic could interrupt.
    let taken = *TAKEN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry((folder, name.to_owned()))
        .or_insert(here);
    assert!(
        taken == here,
        "two scenarios are recorded as {name:?}: one at {taken}, one at {here}"
    );
    let path = std::path::Path::new(folder).join(format!("{name}.snap"));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => panic!("{} cannot be read: {error}", path.display()),
    };
    let text = text.replace("\r\n", "\n");
    let body = text
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map(|(_, body)| body.to_owned());
    Some(body.unwrap_or(text))
}

/// The version of the text. A reader takes what has its major version.
const FORMAT: &str = "1.0";

/// What is read of a recorded scenario: the events, which outlive the code that made them.
#[derive(Debug, Deserialize)]
struct Earlier {
    given: Vec<StoredEvent>,
    then: EarlierThen,
    #[serde(default)]
    and: Vec<EarlierStep>,
}

#[derive(Debug, Deserialize)]
struct EarlierStep {
    then: EarlierThen,
}

#[derive(Debug, Deserialize)]
struct EarlierThen {
    events: Vec<StoredEvent>,
}

impl Earlier {
    fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Format {
            format: String,
        }
        json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        let head: Format = read_json(text).map_err(|error| error.to_string())?;
        if head.format.split('.').next() != FORMAT.split('.').next() {
            return Err(format!(
                "it has format {}, and this version of pastproof reads {FORMAT}",
                head.format
            ));
        }
        read_json(text).map_err(|error| error.to_string())
    }
}

/// The scenario as text. Events that `earlier` has at an old version keep it, as long as the upcasters make of
/// them what the scenario has today.
pub(super) fn write<S: Subject>(story: &mut Story<S>, earlier: Option<&str>, at: At) -> String {
    let earlier = match earlier.map(Earlier::parse) {
        None => None,
        Some(Ok(earlier)) => Some(earlier),
        Some(Err(error)) => {
            story.troubles.push(Complaint::new(
                at,
                "the scenario as it was recorded cannot be read",
                vec![
                    error,
                    "restore it from version control, or delete it to record the scenario anew".to_owned(),
                ],
            ));
            None
        }
    };
    let given_now: Vec<Told> = story
        .given
        .iter()
        .filter_map(|past| past.told().cloned())
        .collect();
    let given_read: Vec<Told> = story
        .given
        .iter()
        .flat_map(|past| past.became.iter().map(|became| became.told().clone()))
        .collect();
    let given = match &earlier {
        Some(earlier) => keep(story, &earlier.given, given_now, &given_read, "given", at),
        None => given_now,
    };
    let mut then_before = Vec::new();
    if let Some(earlier) = &earlier {
        then_before.push(&earlier.then.events);
        then_before.extend(earlier.and.iter().map(|step| &step.then.events));
    }
    let recorded: Vec<Vec<Told>> = story
        .steps
        .iter()
        .map(|step| step.produced().map(Became::told).cloned().collect())
        .collect();
    let mut then = Vec::new();
    for (index, now) in recorded.into_iter().enumerate() {
        then.push(match then_before.get(index) {
            Some(before) => keep(story, before, now.clone(), &now, "recorded", at),
            None => now,
        });
    }
    text(story, &given, &then)
}

/// `before` where the code still reads it as what is there `now`, else `now`.
fn keep<S: Subject>(
    story: &mut Story<S>,
    before: &[StoredEvent],
    now: Vec<Told>,
    read_now: &[Told],
    word: &str,
    at: At,
) -> Vec<Told> {
    let mut read_before = Vec::new();
    for (index, stored) in before.iter().enumerate() {
        match story.read(stored) {
            Ok(events) => read_before.extend(events.iter().map(Told::of::<S>)),
            Err(error) => {
                story.troubles.push(Complaint::new(
                    at,
                    format!(
                        "{word} event {} of the recorded scenario, {}, can no longer be read",
                        index + 1,
                        stored.kind()
                    ),
                    vec![
                        error,
                        "bridge it with an upcaster; if no event was ever stored like this, delete the recorded scenario to record it anew"
                            .to_owned(),
                    ],
                ));
                return now;
            }
        }
    }
    let same = read_before.len() == read_now.len()
        && read_before
            .iter()
            .zip(read_now)
            .all(|(before, now)| before.same(now));
    if same {
        before.iter().cloned().map(Told::stored).collect()
    } else {
        now
    }
}

fn text<S: Subject>(story: &Story<S>, given: &[Told], then: &[Vec<Told>]) -> String {
    let mut members = vec![
        member("format", vec![quoted(FORMAT)]),
        member("given", events(given)),
    ];
    let mut steps = story
        .steps
        .iter()
        .zip(then)
        .map(|(step, then)| step_members(story, step, then));
    members.extend(steps.next().unwrap_or_default());
    let rest: Vec<Vec<String>> = steps.map(|members| object(&members)).collect();
    if !rest.is_empty() {
        members.push(member("and", list(&rest)));
    }
    object(&members).join("\n")
}

fn step_members<S: Subject>(story: &Story<S>, step: &Step<S>, then: &[Told]) -> Vec<Vec<String>> {
    let commands: Vec<Vec<String>> = step
        .asked
        .iter()
        .map(|asked| {
            let text = match &asked.what {
                What::Input(input) => match S::event_of(input) {
                    Some(event) => Told::of::<S>(event).line(),
                    None => story.input(input, Shape::Line),
                },
                What::Timeout(scheduled) => format!("timeout {:?}", scheduled.timeout),
                What::Time(to) => format!("it is {to}"),
                What::Query(query) => query.text.clone(),
                What::Nothing => "nothing".to_owned(),
            };
            vec![quoted(&text)]
        })
        .collect();
    let views = &story.fixture.views;
    let mut outcome = vec![member("events", events(then))];
    let results: Vec<Vec<String>> = step
        .asked
        .iter()
        .filter_map(|asked| match &asked.what {
            What::Query(query) => Some(spread(query.result.as_ref().unwrap_or(&Value::Null))),
            _ => None,
        })
        .collect();
    if !results.is_empty() {
        outcome.push(member("results", list(&results)));
    }
    let mut texts = |name: &str, texts: Vec<String>| {
        if !texts.is_empty() {
            let items: Vec<Vec<String>> = texts.iter().map(|text| vec![quoted(text)]).collect();
            outcome.push(member(name, list(&items)));
        }
    };
    let effects = step.answers().flat_map(|answered| &answered.effects);
    texts(
        "effects",
        effects.map(|effect| views.effect.line(effect)).collect(),
    );
    let sent = step.answers().flat_map(|answered| &answered.commands);
    texts("commands", sent.map(|sent| views.sent.line(sent)).collect());
    let scheduled = step.answers().flat_map(|answered| &answered.scheduled);
    let line = |scheduled: &Scheduled<S::Timeout>| format!("{:?}, due {}", scheduled.timeout, scheduled.due);
    texts("scheduled", scheduled.map(line).collect());
    let cancelled = step.answers().flat_map(|answered| &answered.cancelled);
    texts(
        "cancelled",
        cancelled.map(|timeout| format!("{timeout:?}")).collect(),
    );
    if let Some(Verdict::Accepted(reply)) = step.answers().last().map(|answered| &answered.verdict)
        && std::mem::size_of::<S::Reply>() > 0
    {
        outcome.push(member("reply", vec![quoted(&views.reply.line(reply))]));
    }
    if step.ignored() {
        outcome.push(member("ignored", vec!["true".to_owned()]));
    }
    if let Some(error) = step.rejection() {
        outcome.push(member("rejected", vec![quoted(&story.error(error, Shape::Line))]));
    }
    vec![member("when", list(&commands)), member("then", object(&outcome))]
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn events(events: &[Told]) -> Vec<String> {
    let items: Vec<Vec<String>> = events
        .iter()
        .map(|told| {
            let stored = &told.stored;
            let head = format!(
                "{{\"type\": {}, \"version\": {}, \"data\": ",
                quoted(&stored.event_type),
                version_literal(&stored.version)
            );
            let line = format!("{head}{}}}", one_line(&stored.data));
            if fits(&line) {
                return vec![line];
            }
            let mut lines = spread(&stored.data);
            if let Some(first) = lines.first_mut() {
                first.insert_str(0, &head);
            }
            if let Some(last) = lines.last_mut() {
                last.push('}');
            }
            lines
        })
        .collect();
    list(&items)
}

/// A JSON member whose value is on these lines.
fn member(name: &str, mut value: Vec<String>) -> Vec<String> {
    if let Some(first) = value.first_mut() {
        first.insert_str(0, &format!("{}: ", quoted(name)));
    }
    value
}

fn object(members: &[Vec<String>]) -> Vec<String> {
    between("{", members, "}")
}

fn list(items: &[Vec<String>]) -> Vec<String> {
    if items.is_empty() {
        return vec!["[]".to_owned()];
    }
    between("[", items, "]")
}

fn between(open: &str, parts: &[Vec<String>], close: &str) -> Vec<String> {
    let mut lines = vec![open.to_owned()];
    for (index, part) in parts.iter().enumerate() {
        let mut part = part.clone();
        if index + 1 < parts.len()
            && let Some(last) = part.last_mut()
        {
            last.push(',');
        }
        lines.extend(indented(2, part));
    }
    lines.push(close.to_owned());
    lines
}
