//! A scenario that was carried out, as a file.

use serde_json::Value;

use crate::model::Timestamp;
use crate::scenario::record::outcome_record;
use crate::scenario::story::{LooksAt, Step as StoryStep, Story, What};
use crate::scenario::subject::Subject;
use crate::scenario::{
    AskedRecord, GivenRecord, OutcomeRecord, Record, Shown, StepRecord, StoredEvent, VerdictRecord,
};

use super::{
    EventTemplate, FileError, GivenEvent, GivenLine, OutcomeWord, ScenarioFile, ScheduledLine, Spot, Step,
    TagValues, Template, Then, WhenLine,
};

impl ScenarioFile {
    /// A scenario that was told in code, as a file about `subject`. Running it comes to the same record.
    ///
    /// What came of each step is demanded whole: events, verdict, reply, effects, commands, timeouts, the answer to a
    /// question, and at the end the state. What was taken from the end of another scenario is told event by event.
    ///
    /// ```
    /// # use pastproof::model::Aggregate;
    /// # use schemars::JsonSchema;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, JsonSchema)] pub struct Deposited { pub cents: u64 }
    /// # pastproof::events! { pub enum AccountEvent { Deposited(Deposited) = 1 } }
    /// # #[derive(Default, Serialize)] struct Account { cents: u64 }
    /// # #[derive(Debug, Serialize, Deserialize)] enum Command { Deposit { cents: u64 } }
    /// # #[derive(Debug, Serialize, Deserialize)] enum Refusal { Closed }
    /// # impl Aggregate for Account {
    /// #     type Command = Command;
    /// #     type Event = AccountEvent;
    /// #     type Error = Refusal;
    /// #     fn handle(&self, command: &Command) -> Result<Vec<AccountEvent>, Refusal> {
    /// #         let Command::Deposit { cents } = command; Ok(vec![Deposited { cents: *cents }.into()]) }
    /// #     fn apply(&mut self, event: &AccountEvent) { let AccountEvent::Deposited(Deposited { cents }) = event; self.cents += cents; }
    /// # }
    /// use pastproof::scenario::file::{ScenarioFile, write};
    /// use pastproof::scenario::{Fixture, collect};
    ///
    /// let account = Fixture::<Account>::new().as_json();
    /// let (_, records) = collect(|| {
    ///     account.given_nothing().when(Command::Deposit { cents: 5 }).then([Deposited { cents: 5 }]);
    /// });
    /// let file = ScenarioFile::of(&records[0], "account")?;
    /// assert!(write(&file).contains(r#"{"command": {"Deposit":{"cents":5}}}"#));
    /// # Ok::<(), pastproof::scenario::file::FileError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the scenario failed, or holds what has no form as JSON; the place is that of the scenario in code.
    pub fn of(record: &Record, subject: &str) -> Result<Self, FileError> {
        let spot = Spot {
            line: record.line,
            column: 1,
        };
        let refuse = |message: String| FileError::new(&record.file, Some(spot), "", message);
        if let Some(failed) = &record.failed {
            return Err(refuse(format!("what fails has no file: {failed}")));
        }
        let mut file = Self::new(subject, Vec::new(), Vec::new(), Then::default());
        file.stream.clone_from(&record.stream);
        file.ids = record.ids;
        let mut now = None;
        for given in &record.given {
            if given.at != now {
                tell_time(&mut file, &mut now, given.at);
            }
            file.given.extend(given_line(given).map_err(refuse)?);
        }
        if record.at != now {
            tell_time(&mut file, &mut now, record.at);
        }
        let mut steps = record.steps.iter().enumerate().map(|(index, step)| {
            let when = step.when.iter().map(asked_line).collect::<Result<Vec<_>, _>>()?;
            let when: Vec<WhenLine> = when.into_iter().flatten().collect();
            if when.is_empty() && index > 0 {
                return Err("a later step asks nobody, which no file says".to_owned());
            }
            Ok((when, then_of(step)?))
        });
        if let Some(first) = steps.next() {
            (file.when, file.then) = first.map_err(refuse)?;
        }
        for step in steps {
            let (when, then) = step.map_err(refuse)?;
            file.and.push(Step { when, then });
        }
        Ok(file)
    }
}

fn tell_time(file: &mut ScenarioFile, now: &mut Option<Timestamp>, then: Option<Timestamp>) {
    let Some(then) = then else { return };
    *now = Some(then);
    let time = then.to_string();
    if file.given.is_empty() {
        file.at = Some(time);
    } else {
        file.given.push(GivenLine::Time { time });
    }
}

fn given_line(given: &GivenRecord) -> Result<Option<GivenLine>, String> {
    if given.by_the_same {
        return Ok(None);
    }
    if let Some(command) = &given.by {
        let command = Template::literal(json(command, "the command")?);
        return Ok(Some(GivenLine::Command { command }));
    }
    let mut event = GivenEvent::from(template(&given.event));
    event.stream.clone_from(&given.stream);
    for (name, value) in &given.tags {
        let mut values = match event.tags.remove(name) {
            Some(known) => known.values().to_vec(),
            None => Vec::new(),
        };
        values.push(value.clone());
        event
            .tags
            .extend(TagValues::new(values).map(|values| (name.clone(), values)));
    }
    Ok(Some(GivenLine::Event(event)))
}

fn asked_line(asked: &AskedRecord) -> Result<Option<WhenLine>, String> {
    Ok(match asked {
        AskedRecord::Command { command, .. } => Some(WhenLine::command(json(command, "the command")?)),
        AskedRecord::Event { event, .. } => Some(WhenLine::Event(template(event))),
        AskedRecord::Time { to } => Some(WhenLine::Time { time: to.to_string() }),
        AskedRecord::Query { query, .. } => {
            let Some(data) = &query.data else {
                return Err(format!(
                    "the question {} has no form as JSON: `Fixture::query` gives it one",
                    query.text
                ));
            };
            Some(WhenLine::Query {
                query: Template::literal(data),
            })
        }
        // What time passing brings with it, and nothing.
        AskedRecord::Timeout { .. } | AskedRecord::Nothing => None,
    })
}

fn json<'a>(shown: &'a Shown, what: &str) -> Result<&'a Value, String> {
    shown.data.as_ref().ok_or_else(|| {
        format!(
            "{what} {} has no form as JSON: `Fixture::as_json` gives it one",
            shown.text
        )
    })
}

fn template(event: &StoredEvent) -> EventTemplate {
    EventTemplate::literal(&event.event_type, event.version.clone(), &event.data)
}

/// The checks that what came of a step passes.
fn then_of(step: &StepRecord) -> Result<Then, String> {
    let verdicts = step.when.iter().filter_map(|asked| match asked {
        AskedRecord::Command { verdict, .. }
        | AskedRecord::Event { verdict, .. }
        | AskedRecord::Timeout { verdict, .. } => Some(verdict),
        AskedRecord::Time { .. } | AskedRecord::Query { .. } | AskedRecord::Nothing => None,
    });
    let ignored: Vec<bool> = verdicts
        .map(|verdict| *verdict == VerdictRecord::Ignored)
        .collect();
    let any = ignored.contains(&true);
    if any && ignored.last() == Some(&false) {
        return Err(
            "a step in which something was ignored before the last is several steps in a file".to_owned(),
        );
    }
    let (mut then, unshown) = then_of_outcome(&step.then, any);
    if let Some(unshown) = unshown.first() {
        return Err(format!(
            "{unshown} has no form as JSON: `Fixture::as_json` gives it one"
        ));
    }
    then.result = step.when.iter().rev().find_map(|asked| match asked {
        AskedRecord::Query { result, .. } => Some(Template::literal(result)),
        _ => None,
    });
    let asks = |asked: &AskedRecord| !matches!(asked, AskedRecord::Query { .. } | AskedRecord::Nothing);
    if then == Then::default() || (step.when.iter().any(asks) && says_nothing(&then)) {
        then.outcome = Some(OutcomeWord::AcceptedWithoutEvents);
    }
    Ok(then)
}

/// The checks that an outcome passes, and what of it has no form as JSON.
fn then_of_outcome(outcome: &OutcomeRecord, ignored: bool) -> (Then, Vec<String>) {
    let mut unshown = Vec::new();
    let mut literal = |shown: &Shown| match &shown.data {
        Some(data) => Some(Template::literal(data)),
        None => {
            unshown.push(shown.text.clone());
            None
        }
    };
    let mut then = Then::default();
    if let Some(error) = &outcome.error {
        then.error = literal(error);
        if then.error.is_none() {
            then.error_variant = Some(error.variant.clone());
        }
    }
    then.reply = outcome.reply.as_ref().and_then(&mut literal);
    let some = |list: Vec<Template>| (!list.is_empty()).then_some(list);
    then.effects = some(outcome.effects.iter().filter_map(&mut literal).collect());
    then.commands = some(outcome.commands.iter().filter_map(&mut literal).collect());
    let scheduled = outcome.scheduled.iter().map(|(timeout, due)| ScheduledLine {
        timeout: timeout.clone(),
        due: due.to_string(),
    });
    let scheduled: Vec<ScheduledLine> = scheduled.collect();
    then.scheduled = (!scheduled.is_empty()).then_some(scheduled);
    then.cancelled = (!outcome.cancelled.is_empty()).then(|| outcome.cancelled.clone());
    if ignored {
        then.outcome = Some(OutcomeWord::Ignored);
    }
    let events: Vec<EventTemplate> = outcome.events.iter().map(template).collect();
    then.events = (!events.is_empty()).then_some(events);
    then.state = outcome.state.as_ref().map(Template::literal);
    (then, unshown)
}

/// The check that what happened in a step would pass.
pub(in crate::scenario) fn happened<S: Subject>(
    story: &Story<S>,
    step: &StoryStep<S>,
    with_state: bool,
) -> Then {
    let outcome = outcome_record(story, step, with_state);
    let (mut then, _) = then_of_outcome(&outcome, step.ignored());
    if !step.checks.iter().any(|check| check.looks_at == LooksAt::Reply) {
        then.reply = None;
    }
    then.result = step.asked.iter().rev().find_map(|asked| match &asked.what {
        What::Query(query) => query.result.as_ref().ok().map(Template::literal),
        _ => None,
    });
    if then.result.is_none() && says_nothing(&then) {
        then.outcome = Some(OutcomeWord::AcceptedWithoutEvents);
    }
    then
}

/// Whether nothing came of a step but a state, a reply or a result.
fn says_nothing(then: &Then) -> bool {
    let open = Then {
        state: then.state.clone(),
        reply: then.reply.clone(),
        result: then.result.clone(),
        ..Then::default()
    };
    *then == open
}
