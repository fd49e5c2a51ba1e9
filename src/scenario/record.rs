//! A scenario as a value: what was given, what was asked, what came of it.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Timestamp, Verdict};

use super::StoredEvent;
use super::coverage::Role;
use super::free;
use super::report::Failure;
use super::story::{Asked, Became, LooksAt, Repeated, Response, Step, Story, What};
use super::subject::Subject;
use super::text::Told;
use super::views::{Shape, View, name_of};

/// A scenario that was carried out, as a value that can be written down, counted and documented.
///
/// [`collect`] gathers the records of the scenarios that a function carries out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What it is told of: the name of the aggregate, projector, reactor or process manager.
    pub subject: String,
    /// What that is.
    #[serde(default)]
    pub role: Role,
    /// Every event type that it has, where that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Its name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file it stands in.
    pub file: String,
    /// The line it begins at.
    pub line: u32,
    /// The stream that the subject lives in, where it has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Its history, oldest first.
    pub given: Vec<GivenRecord>,
    /// What time it is when something is asked, where somebody set the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How many ids decisions had taken until then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ids: u64,
    /// What was asked, and what came of it, step by step.
    pub steps: Vec<StepRecord>,
    /// What failed, as one line; absent when it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// One given event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GivenRecord {
    /// As it was handed in.
    pub event: StoredEvent,
    /// What the code reads of it, where that is not the event itself: several after a split, none after a drop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_as: Option<Vec<StoredEvent>>,
    /// The stream it is in, where it has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Its tags, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
    /// When it was recorded, where somebody had set the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The scenario at whose end it was history, where it was taken from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The command that made it history, for the first event of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Shown>,
    /// Whether the command of an earlier event made it as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_the_same: bool,
    /// Whether it made no difference to the state, as far as a view of the state shows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unused: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What was asked in turn, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// What was asked, in order.
    pub when: Vec<AskedRecord>,
    /// What came of all of it.
    pub then: OutcomeRecord,
    /// The checks that were made, by the words they were asked with.
    pub checks: Vec<String>,
    /// Whether the checks look at the state, at a reply or at the answer to a question alone, and not at what was
    /// recorded and sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

/// Something that was asked, and what came of it alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum AskedRecord {
    /// A command.
    Command {
        /// The command.
        command: Shown,
        /// How it was answered.
        verdict: VerdictRecord,
        /// What came of it beside the verdict.
        #[serde(default, skip_serializing_if = "Came::is_empty")]
        came: Came,
        /// How the same command was answered once more; absent where that was not tried. `Accepted` means that
        /// something came of it again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        repeated: Option<VerdictRecord>,
    },
    /// An event, handed to one that follows events.
    Event {
        /// The event.
        event: StoredEvent,
        /// How it was answered.
        verdict: VerdictRecord,
        /// What came of it beside the verdict.
        #[serde(default, skip_serializing_if = "Came::is_empty")]
        came: Came,
    },
    /// A timeout that was due.
    Timeout {
        /// What it was for.
        timeout: String,
        /// When it was due.
        due: Timestamp,
        /// How it was answered.
        verdict: VerdictRecord,
        /// What came of it beside the verdict.
        #[serde(default, skip_serializing_if = "Came::is_empty")]
        came: Came,
    },
    /// Time passed.
    Time {
        /// What time it was then.
        to: Timestamp,
    },
    /// A query.
    Query {
        /// The question.
        query: Shown,
        /// The answer.
        result: Value,
    },
    /// Nothing was asked.
    Nothing,
}

/// What came of one thing that was asked, each in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Came {
    /// The types of the events that were recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Shown>,
    /// What is to be done outside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Shown>,
    /// What was sent to others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Shown>,
    /// Timeouts that were scheduled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scheduled: Vec<String>,
    /// Timeouts that were cancelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled: Vec<String>,
}

impl Came {
    /// Whether nothing came of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How something was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum VerdictRecord {
    /// Agreed to.
    Accepted,
    /// None of its business, or carried out already.
    Ignored,
    /// Refused.
    Rejected,
    /// It panicked, was not ready, or was not asked.
    Failed,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeRecord {
    /// How the last thing was answered.
    pub verdict: VerdictRecord,
    /// What was recorded, in order.
    pub events: Vec<StoredEvent>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Shown>,
    /// What the caller was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Shown>,
    /// What is to be done outside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Shown>,
    /// What was sent to others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Shown>,
    /// Timeouts that were scheduled, and when they are due.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scheduled: Vec<(String, Timestamp)>,
    /// Timeouts that were cancelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled: Vec<String>,
    /// The state at the end of the scenario, in its last step, where the fixture has a view of it. A projector's state
    /// is its rows by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Value>,
}

/// A value that has no fixed form: how it is shown, its variant, and its JSON where the fixture has a view of it
/// ([`Fixture::as_json`](super::Fixture::as_json)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// On one line.
    pub text: String,
    /// On several lines, where it is too long for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<String>,
    /// The name it begins with: that of an enum's variant or of a struct.
    pub variant: String,
    /// As JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl Shown {
    fn of<T>(value: &T, view: &View<T>) -> Self {
        let text = view.show(value, Shape::Line);
        let lines = Some(view.show(value, Shape::Lines)).filter(|lines| *lines != text);
        Self {
            lines,
            text,
            variant: view.variant(value),
            data: view.json.and_then(|json| json(value).ok()),
        }
    }
}

thread_local! {
    static COLLECTED: RefCell<Option<Vec<Record>>> = const { RefCell::new(None) };
}

/// Runs `scenarios`, and returns the records of all scenarios that ended in this thread meanwhile, in their order, with
/// what it returned. A scenario that failed is among them.
///
/// Outside of this, no record is made, and scenarios cost nothing for it.
///
/// ```
/// use pastproof::scenario::collect;
/// let (value, records) = collect(|| 7);
/// assert_eq!(value.unwrap(), 7);
/// assert!(records.is_empty());
/// ```
///
/// # Errors
///
/// The first of the two is the panic of `scenarios`, if it panicked.
pub fn collect<T>(scenarios: impl FnOnce() -> T) -> (std::thread::Result<T>, Vec<Record>) {
    let outer = COLLECTED.with_borrow_mut(|collected| collected.replace(Vec::new()));
    let result = catch_unwind(AssertUnwindSafe(scenarios));
    let records = COLLECTED.with_borrow_mut(|collected| std::mem::replace(collected, outer));
    let records = records.unwrap_or_default();
    COLLECTED.with_borrow_mut(|collected| {
        if let Some(outer) = collected {
            outer.extend(records.iter().cloned());
        }
    });
    (result, records)
}

/// Whether somebody collects.
pub(super) fn collecting() -> bool {
    COLLECTED.with_borrow(Option::is_some)
}

/// Keeps the record of a scenario that ended, if somebody collects.
pub(super) fn keep<S: Subject>(story: &Story<S>, failure: Option<&Failure>) {
    if !collecting() {
        return;
    }
    let record = Record::of(story, failure);
    COLLECTED.with_borrow_mut(|collected| {
        if let Some(collected) = collected {
            collected.push(record);
        }
    });
}

impl Record {
    fn of<S: Subject>(story: &Story<S>, failure: Option<&Failure>) -> Self {
        let last = story.steps.len().saturating_sub(1);
        let unused = free::without_difference(story);
        let (clock, ids) = match &story.began {
            Some((clock, ids)) => (Some(clock), *ids),
            None => (None, 0),
        };
        Self {
            stream: story.streams().own_name().map(str::to_owned),
            at: clock.filter(|clock| clock.text.is_some()).map(|clock| clock.now),
            ids,
            subject: S::name().to_owned(),
            role: S::ROLE,
            events: S::kinds().iter().map(|kind| kind.event_type.to_owned()).collect(),
            name: story.name.clone(),
            file: story.started.file().to_owned(),
            line: story.started.line(),
            given: story
                .given
                .iter()
                .enumerate()
                .filter_map(|(index, past)| {
                    let told = past.told()?;
                    let spot = past.became.first().map(|became| &became.spot);
                    let reads = || past.became.iter().map(|became| became.told().stored.clone());
                    let itself =
                        past.became.len() == 1 && past.became.iter().all(|became| became.told().same(told));
                    Some(GivenRecord {
                        event: told.stored.clone(),
                        read_as: (!itself).then(|| reads().collect()),
                        stream: spot
                            .and_then(|spot| story.streams().name(spot))
                            .map(str::to_owned),
                        tags: spot
                            .and_then(|spot| spot.tags.as_deref())
                            .cloned()
                            .unwrap_or_default(),
                        at: spot
                            .and_then(|spot| spot.at.as_deref())
                            .and_then(|at| at.parse().ok()),
                        from: past.from.as_deref().map(str::to_owned),
                        by: past
                            .by
                            .as_ref()
                            .map(|command| Shown::of(command, &story.fixture.views.input)),
                        by_the_same: past.made && past.by.is_none(),
                        unused: unused.contains(&index),
                    })
                })
                .collect(),
            steps: story
                .steps
                .iter()
                .enumerate()
                .map(|(index, step)| StepRecord {
                    when: step
                        .asked
                        .iter()
                        .map(|asked| asked_record(story, asked))
                        .collect(),
                    then: outcome_record(story, step, index == last),
                    checks: step.checks.iter().map(|check| check.word.to_string()).collect(),
                    open: is_open(step),
                })
                .collect(),
            failed: failure.map(|failure| failure.to_string().lines().next().unwrap_or_default().to_owned()),
        }
    }
}

fn verdict<S: Subject>(response: &Response<S>) -> VerdictRecord {
    match response {
        Response::Answered(answered) => match answered.verdict {
            Verdict::Accepted(_) => VerdictRecord::Accepted,
            Verdict::Ignored => VerdictRecord::Ignored,
            Verdict::Rejected(_) => VerdictRecord::Rejected,
        },
        Response::Quiet => VerdictRecord::Accepted,
        Response::Panicked(_) | Response::NotReady | Response::NotAsked => VerdictRecord::Failed,
    }
}

/// Whether no check looks at what came of a step, but for the state and what the caller was told.
fn is_open<S: Subject>(step: &Step<S>) -> bool {
    step.checks.iter().all(|check| match check.looks_at {
        LooksAt::State | LooksAt::Invariant | LooksAt::Reply | LooksAt::Result => true,
        LooksAt::Events
        | LooksAt::Acceptance
        | LooksAt::Ignorance
        | LooksAt::Rejection
        | LooksAt::Effects
        | LooksAt::Commands
        | LooksAt::Scheduled
        | LooksAt::Cancelled
        | LooksAt::Everything => false,
    })
}

/// What came of one thing that was asked.
fn came<S: Subject>(story: &Story<S>, response: &Response<S>) -> Came {
    let Response::Answered(answered) = response else {
        return Came::default();
    };
    let views = &story.fixture.views;
    Came {
        events: answered
            .events
            .iter()
            .map(|event| event.told().stored.event_type.clone())
            .collect(),
        error: match &answered.verdict {
            Verdict::Rejected(error) => Some(Shown::of(error, &views.error)),
            Verdict::Accepted(_) | Verdict::Ignored => None,
        },
        effects: answered
            .effects
            .iter()
            .map(|effect| Shown::of(effect, &views.effect))
            .collect(),
        commands: answered
            .commands
            .iter()
            .map(|sent| Shown::of(sent, &views.sent))
            .collect(),
        scheduled: answered
            .scheduled
            .iter()
            .map(|scheduled| format!("{:?}", scheduled.timeout))
            .collect(),
        cancelled: answered
            .cancelled
            .iter()
            .map(|timeout| format!("{timeout:?}"))
            .collect(),
    }
}

fn asked_record<S: Subject>(story: &Story<S>, asked: &Asked<S>) -> AskedRecord {
    let verdict = verdict(&asked.response);
    match &asked.what {
        What::Input(input) => match S::event_of(input) {
            Some(event) => AskedRecord::Event {
                event: Told::of::<S>(event).stored,
                verdict,
                came: came(story, &asked.response),
            },
            None => AskedRecord::Command {
                command: Shown::of(input, &story.fixture.views.input),
                verdict,
                repeated: match &asked.response {
                    Response::Answered(answered) => answered.repeated.map(|repeated| match repeated {
                        Repeated::Ignored | Repeated::Quiet => VerdictRecord::Ignored,
                        Repeated::Rejected => VerdictRecord::Rejected,
                        Repeated::Again => VerdictRecord::Accepted,
                    }),
                    _ => None,
                },
                came: came(story, &asked.response),
            },
        },
        What::Timeout(scheduled) => AskedRecord::Timeout {
            timeout: format!("{:?}", scheduled.timeout),
            due: scheduled.due,
            verdict,
            came: came(story, &asked.response),
        },
        What::Time(to) => AskedRecord::Time { to: *to },
        What::Query(query) => AskedRecord::Query {
            query: Shown {
                text: query.text.clone(),
                lines: None,
                variant: name_of(&query.text).to_owned(),
                data: query.data.clone(),
            },
            result: query.result.clone().unwrap_or_default(),
        },
        What::Nothing => AskedRecord::Nothing,
    }
}

pub(super) fn outcome_record<S: Subject>(story: &Story<S>, step: &Step<S>, last: bool) -> OutcomeRecord {
    let views = &story.fixture.views;
    let reply = match step.answers().last().map(|answered| &answered.verdict) {
        Some(Verdict::Accepted(reply)) if std::mem::size_of::<S::Reply>() > 0 => {
            Some(Shown::of(reply, &views.reply))
        }
        _ => None,
    };
    OutcomeRecord {
        verdict: step
            .asked
            .last()
            .map_or(VerdictRecord::Failed, |asked| verdict(&asked.response)),
        events: step
            .produced()
            .map(Became::told)
            .map(|told| told.stored.clone())
            .collect(),
        error: step.rejection().map(|error| Shown::of(error, &views.error)),
        reply,
        effects: step
            .answers()
            .flat_map(|answered| &answered.effects)
            .map(|effect| Shown::of(effect, &views.effect))
            .collect(),
        commands: step
            .answers()
            .flat_map(|answered| &answered.commands)
            .map(|sent| Shown::of(sent, &views.sent))
            .collect(),
        scheduled: step
            .answers()
            .flat_map(|answered| &answered.scheduled)
            .map(|scheduled| (format!("{:?}", scheduled.timeout), scheduled.due))
            .collect(),
        cancelled: step
            .answers()
            .flat_map(|answered| &answered.cancelled)
            .map(|timeout| format!("{timeout:?}"))
            .collect(),
        state: (last && S::HAS_STATE)
            .then(|| {
                story
                    .fixture
                    .views
                    .state
                    .and_then(|view| view(story.subject.state()).ok())
            })
            .flatten(),
    }
}
