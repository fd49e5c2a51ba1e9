//! What a scenario has seen so far.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use serde_json::Value;

use crate::model::{Context, Position, Scheduled, Timestamp, Verdict};
use crate::upcast::Envelope;

use super::StoredEvent;
use super::fixture::{Fixture, FreeCheck};
use super::poll::{caught, caught_while};
use super::subject::{Answer, Folded, Place, Subject};
use super::text::{Complaint, Told, differences};
use super::views::Shape;

pub(super) use super::at::At;

/// Domain ids of an event, shared by those that were given together.
pub(super) type Tags = Option<Arc<Vec<(String, String)>>>;

/// Everything a scenario has seen so far.
pub(super) struct Story<S: Subject> {
    pub(super) fixture: Fixture<S>,
    pub(super) name: Option<String>,
    pub(super) started: At,
    pub(super) given: Vec<Past<S>>,
    /// Everything given and everything recorded since is folded into it.
    pub(super) subject: S,
    pub(super) steps: Vec<Step<S>>,
    /// What is wrong with the scenario apart from its checks.
    pub(super) troubles: Vec<Complaint>,
    pub(super) clock: Clock,
    /// How many ids decisions have taken.
    pub(super) ids: u64,
    /// Timeouts that are scheduled, in the order in which they were.
    pub(super) pending: Vec<Scheduled<S::Timeout>>,
    streams: Streams,
}

/// The scenario's time.
#[derive(Clone)]
pub(super) struct Clock {
    pub(super) now: Timestamp,
    /// As recorded events have it, once somebody set the time.
    pub(super) text: Option<Arc<str>>,
}

impl Clock {
    pub(super) fn set(&mut self, now: Timestamp) {
        self.now = now;
        self.text = Some(now.to_string().into());
    }
}

/// The streams of a scenario; the first one is the subject's own.
#[derive(Default)]
pub(super) struct Streams {
    own: u64,
    /// The name of the first one, where it has one.
    name: Option<Arc<str>>,
    others: Vec<(Arc<str>, u64)>,
    global: u64,
}

/// Where an event stands.
#[derive(Clone)]
pub(super) struct Spot {
    stream: usize,
    revision: u64,
    global: u64,
    at: Option<Arc<str>>,
    pub(super) tags: Tags,
}

impl Streams {
    fn index(&mut self, name: Option<&str>) -> usize {
        let Some(name) = name else { return 0 };
        if self.name.is_none() && self.own == 0 {
            self.name = Some(name.into());
        }
        if self.name.as_deref() == Some(name) {
            return 0;
        }
        let found = self.others.iter().position(|(other, _)| **other == *name);
        1 + found.unwrap_or_else(|| {
            self.others.push((name.into(), 0));
            self.others.len() - 1
        })
    }

    fn next(&mut self, stream: usize, at: Option<Arc<str>>, tags: Tags) -> Spot {
        let count = match stream.checked_sub(1) {
            None => &mut self.own,
            Some(other) => &mut self.others[other].1,
        };
        *count += 1;
        self.global += 1;
        Spot {
            stream,
            revision: *count,
            global: self.global,
            at,
            tags,
        }
    }

    pub(super) fn name(&self, spot: &Spot) -> Option<&str> {
        match spot.stream.checked_sub(1) {
            None => self.name.as_deref(),
            Some(other) => Some(&*self.others[other].0),
        }
    }

    fn place<'a>(&'a self, spot: &'a Spot) -> Place<'a> {
        Place {
            position: Position {
                stream: self.name(spot).unwrap_or_default(),
                revision: Some(spot.revision),
                global: Some(spot.global),
                index: 0,
                recorded_at: spot.at.as_deref(),
            },
            tags: spot.tags.as_deref().map_or(&[], Vec::as_slice),
        }
    }
}

/// One given event.
pub(super) struct Past<S: Subject> {
    /// As it was handed in, when it was handed in as it is stored.
    pub(super) stored: Option<Told>,
    /// Whether it could be read.
    pub(super) read: bool,
    /// What the subject folded: the event as it is read back, several after a split, none after a drop.
    pub(super) became: Vec<Became<S>>,
}

impl<S: Subject> Past<S> {
    /// The event as it was handed in.
    pub(super) fn told(&self) -> Option<&Told> {
        self.stored
            .as_ref()
            .or_else(|| self.became.first().map(Became::told))
    }
}

/// An event that was folded.
pub(super) struct Became<S: Subject> {
    pub(super) event: S::Event,
    pub(super) spot: Spot,
    told: OnceCell<Told>,
    /// What the fold said when it panicked, or refused the event.
    pub(super) stopped: Option<String>,
    /// Whether the subject has no business with it.
    pub(super) passed_by: bool,
}

impl<S: Subject> Became<S> {
    /// The event as it is stored; written when it is first looked at.
    pub(super) fn told(&self) -> &Told {
        self.told.get_or_init(|| Told::of::<S>(&self.event))
    }
}

/// Commands in turn, and what is demanded of what came of them.
pub(super) struct Step<S: Subject> {
    pub(super) asked: Vec<Asked<S>>,
    pub(super) checks: Vec<Check>,
}

/// One command and its answer.
pub(super) struct Asked<S: Subject> {
    pub(super) at: At,
    pub(super) what: What<S>,
    pub(super) response: Response<S>,
}

/// What is asked.
pub(super) enum What<S: Subject> {
    Input(S::Input),
    /// A timeout that is due.
    Timeout(Scheduled<S::Timeout>),
    /// Time passes to this moment.
    Time(Timestamp),
    Nothing,
}

/// What came of it.
pub(super) enum Response<S: Subject> {
    Answered(Answered<S>),
    Panicked(String),
    /// The answer awaits something, and nobody awaits the answer.
    NotReady,
    /// An earlier command of the step was not accepted.
    NotAsked,
    /// Nobody was asked.
    Quiet,
}

/// What the subject answered, its events folded.
pub(super) struct Answered<S: Subject> {
    /// The event that was handed to it, where inputs are events.
    pub(super) input: Option<Told>,
    pub(super) input_spot: Spot,
    pub(super) events: Vec<Became<S>>,
    pub(super) verdict: Verdict<S::Reply, S::Error>,
    pub(super) effects: Vec<S::Effect>,
    pub(super) commands: Vec<S::Sent>,
    pub(super) scheduled: Vec<Scheduled<S::Timeout>>,
    pub(super) cancelled: Vec<S::Timeout>,
}

impl<S: Subject> Answered<S> {
    /// Whether nothing came of it but a verdict.
    pub(super) fn is_quiet(&self) -> bool {
        self.events.is_empty()
            && self.effects.is_empty()
            && self.commands.is_empty()
            && self.scheduled.is_empty()
            && self.cancelled.is_empty()
    }
}

/// One check and how it went.
pub(super) struct Check {
    pub(super) at: At,
    /// The word it was asked with, as in `then`.
    pub(super) word: Cow<'static, str>,
    pub(super) looks_at: LooksAt,
    pub(super) complaint: Option<Complaint>,
}

/// What a check takes into account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LooksAt {
    /// The events, and that nothing was rejected unless another check says so.
    Events,
    /// That the command was accepted without events.
    Acceptance,
    /// That the command was ignored.
    Ignorance,
    /// The rejection.
    Rejection,
    /// The state alone.
    State,
    /// The reply.
    Reply,
    Effects,
    Commands,
    Scheduled,
    Cancelled,
    /// Events and rejection, as a recorded scenario does.
    Everything,
}

/// What is asked of a subject.
enum Asking<'a, S: Subject> {
    Input(&'a S::Input),
    Timeout(&'a S::Timeout),
}

/// How many timeouts may fire while time passes.
const MOST_TIMEOUTS: usize = 10_000;

impl<S: Subject> Story<S> {
    pub(super) fn new(fixture: Fixture<S>, started: At) -> Self {
        Self {
            subject: fixture.start(),
            clock: fixture.clock.clone(),
            streams: Streams {
                name: fixture.stream.clone(),
                ..Streams::default()
            },
            fixture,
            name: None,
            started,
            given: Vec::new(),
            steps: Vec::new(),
            troubles: Vec::new(),
            ids: 0,
            pending: Vec::new(),
        }
    }

    pub(super) fn streams(&self) -> &Streams {
        &self.streams
    }

    fn spot(&mut self, stream: Option<&str>, tags: Tags) -> Spot {
        let stream = self.streams.index(stream);
        self.streams.next(stream, self.clock.text.clone(), tags)
    }

    /// Takes `event` into the history, as it would be read back from a store.
    pub(super) fn give(&mut self, event: S::Event, stream: Option<&str>, tags: &Tags, at: At) {
        let label = Label::Given(self.given.len() + 1);
        let spot = self.spot(stream, tags.clone());
        let became = self.fold_given(event, spot, label, at);
        self.given.push(Past {
            stored: None,
            read: true,
            became: vec![became],
        });
    }

    /// Takes `stored` into the history, as it would be read from a store.
    pub(super) fn give_stored(&mut self, stored: StoredEvent, stream: Option<&str>, tags: &Tags, at: At) {
        let label = Label::Given(self.given.len() + 1);
        let read = self.read(&stored);
        let past = Past {
            read: read.is_ok(),
            became: match read {
                Ok(events) => events
                    .into_iter()
                    .map(|event| {
                        let spot = self.spot(stream, tags.clone());
                        self.fold_given(event, spot, label, at)
                    })
                    .collect(),
                Err(message) => {
                    let headline = format!("{label}: {} cannot be read", stored.kind());
                    self.troubles.push(Complaint::new(at, headline, vec![message]));
                    Vec::new()
                }
            },
            stored: Some(Told::stored(stored)),
        };
        self.given.push(past);
    }

    /// What the code reads of a stored event.
    pub(super) fn read(&self, stored: &StoredEvent) -> Result<Vec<S::Event>, String> {
        let decode = |event_type: &str, data: &Value| {
            S::decode(event_type, &data.to_string()).map_err(|error| error.to_string())
        };
        let chains = self.fixture.upcasters.as_deref();
        let stays =
            chains.is_none_or(|chains| chains.first_step(&stored.event_type, &stored.version).is_none());
        match (S::current(&stored.event_type), chains) {
            (Some(version), _) if stays && version == stored.version => {
                Ok(vec![decode(&stored.event_type, &stored.data)?])
            }
            (_, Some(chains)) => chains
                .upcast(
                    &stored.event_type,
                    &stored.version,
                    stored.data.clone(),
                    &Envelope::default(),
                )
                .map_err(|error| error.to_string())?
                .iter()
                .map(|event| decode(&event.event_type, &event.data))
                .collect(),
            (Some(version), None) => Err(format!(
                "the code reads version {version}, and this fixture has no upcasters: `Fixture::upcasters` gives it some"
            )),
            (None, None) => Err(format!(
                "it is not an event of {}, and this fixture has no upcasters: `Fixture::upcasters` gives it some",
                S::name()
            )),
        }
    }

    /// Folds a given event, and asks about it where timeouts may come of it.
    fn fold_given(&mut self, event: S::Event, spot: Spot, label: Label, at: At) -> Became<S> {
        let mut became = self.through_store(event, spot, label, at);
        if S::ONE_STREAM && became.spot.stream > 0 {
            became.passed_by = true;
            return became;
        }
        if S::SCHEDULES {
            self.schedule_given(&became, label, at);
        }
        self.fold(&mut became, label, at);
        became
    }

    /// Learns which timeouts were scheduled when a given event happened. What else came of it then is history.
    fn schedule_given(&mut self, became: &Became<S>, label: Label, at: At) {
        let mut context = Context::after(self.clock.now, self.ids);
        let place = self.streams.place(&became.spot);
        let subject = &mut self.subject;
        let message = match super::poll::once(caught_while(async {
            subject.schedule(&became.event, &place, &mut context).await
        })) {
            Some(Ok(Some(answer))) => {
                self.ids = context.taken();
                self.schedule(&answer);
                return;
            }
            Some(Ok(None)) => return,
            Some(Err(panic)) => panic,
            None => "it is not ready: it awaits something".to_owned(),
        };
        let headline = format!(
            "{label}: `{}` panics on {}",
            S::ANSWER,
            became.told().stored.kind()
        );
        self.troubles.push(Complaint::new(at, headline, vec![message]));
    }

    fn schedule(&mut self, answer: &Answer<S>) {
        for timeout in &answer.cancelled {
            self.pending.retain(|scheduled| scheduled.timeout != *timeout);
        }
        self.pending.extend(answer.scheduled.iter().cloned());
    }

    /// Folds an event into the state.
    fn fold(&mut self, became: &mut Became<S>, label: Label, at: At) {
        let place = self.streams.place(&became.spot);
        let subject = &mut self.subject;
        let (word, message) = match caught(|| subject.fold(&became.event, &place)) {
            Ok(Ok(folded)) => {
                became.passed_by = folded == Folded::PassedBy;
                return;
            }
            Ok(Err(error)) => ("refuses", self.fixture.views.error.line(&error)),
            Err(panic) => ("panics on", panic),
        };
        let headline = format!("{label}: `{}` {word} {}", S::FOLD, became.told().stored.kind());
        self.troubles
            .push(Complaint::new(at, headline, vec![message.clone()]));
        became.stopped = Some(message);
    }

    /// The event as it comes back from a store, with a complaint when that is another one.
    fn through_store(&mut self, event: S::Event, spot: Spot, label: Label, at: At) -> Became<S> {
        let became = |event, told| Became {
            told: match told {
                Some(told) => OnceCell::from(told),
                None => OnceCell::new(),
            },
            event,
            spot,
            stopped: None,
            passed_by: false,
        };
        if !self.fixture.makes(FreeCheck::RoundTrip) {
            return became(event, None);
        }
        let told = Told::of::<S>(&event);
        let (back, complaint) = round_trip::<S>(&event, &told);
        if let Some((headline, lines)) = complaint {
            let headline = format!("{label}: {} {headline}", told.stored.kind());
            self.troubles.push(Complaint::new(at, headline, lines));
        }
        became(back.unwrap_or(event), Some(told))
    }

    fn open_step(&mut self) {
        if self.steps.last().is_none_or(|step| !step.checks.is_empty()) {
            self.steps.push(Step {
                asked: Vec::new(),
                checks: Vec::new(),
            });
        }
    }

    fn push(&mut self, at: At, what: What<S>, response: Response<S>) {
        if let Some(step) = self.steps.last_mut() {
            step.asked.push(Asked { at, what, response });
        }
    }

    /// Whether nobody is asked any more in this step.
    fn stopped(&self) -> bool {
        self.steps
            .last()
            .is_some_and(|step| step.asked.iter().any(|asked| !asked.response.went_well()))
    }

    /// Asks, unless an earlier command of the step was not accepted.
    pub(super) async fn ask(&mut self, input: S::Input, at: At) {
        self.open_step();
        let response = if self.stopped() {
            Response::NotAsked
        } else {
            self.respond(Asking::Input(&input), at).await
        };
        self.push(at, What::Input(input), response);
    }

    /// Asks, where nobody awaits the answer.
    pub(super) fn ask_now(&mut self, input: S::Input, at: At) {
        self.open_step();
        let response = if self.stopped() {
            Response::NotAsked
        } else {
            super::poll::once(self.respond(Asking::Input(&input), at)).unwrap_or(Response::NotReady)
        };
        self.push(at, What::Input(input), response);
    }

    /// Asks nobody.
    pub(super) fn ask_nothing(&mut self, at: At) {
        self.open_step();
        self.push(at, What::Nothing, Response::Quiet);
    }

    /// Lets time pass, with every timeout that becomes due in its order.
    pub(super) fn pass_time(&mut self, to: Timestamp, at: At) {
        self.open_step();
        if self.stopped() {
            self.push(at, What::Time(to), Response::NotAsked);
            return;
        }
        if to < self.clock.now {
            self.troubles.push(Complaint::new(
                at,
                "time runs backwards",
                vec![format!("it is {} already, and not {to}", self.clock.now)],
            ));
        }
        self.push(at, What::Time(to), Response::Quiet);
        for fired in 0.. {
            let due = |(_, scheduled): &(usize, &Scheduled<S::Timeout>)| scheduled.due;
            let Some((next, _)) = self
                .pending
                .iter()
                .enumerate()
                .filter(|(_, scheduled)| scheduled.due <= to)
                .min_by_key(due)
            else {
                break;
            };
            if fired == MOST_TIMEOUTS {
                self.troubles.push(Complaint::new(
                    at,
                    "timeouts never end",
                    vec![format!("{MOST_TIMEOUTS} of them were due before {to}")],
                ));
                break;
            }
            let scheduled = self.pending.remove(next);
            self.clock.set(scheduled.due.max(self.clock.now));
            let response = super::poll::once(self.respond(Asking::Timeout(&scheduled.timeout), at))
                .unwrap_or(Response::NotReady);
            let stops = !response.went_well();
            self.push(at, What::Timeout(scheduled), response);
            if stops {
                break;
            }
        }
        self.clock.set(to.max(self.clock.now));
    }

    /// One answer, from a context as it is now.
    async fn one_answer(&mut self, asking: &Asking<'_, S>, spot: &Spot) -> Result<(Answer<S>, u64), String> {
        let mut context = Context::after(self.clock.now, self.ids);
        let place = self.streams.place(spot);
        let subject = &mut self.subject;
        let answer = match asking {
            Asking::Input(input) => {
                caught_while(async { subject.answer(input, &place, &mut context).await }).await
            }
            Asking::Timeout(timeout) => {
                caught_while(async { subject.time_out(timeout, &mut context).await }).await
            }
        };
        answer.map(|answer| (answer, context.taken()))
    }

    async fn respond(&mut self, asking: Asking<'_, S>, at: At) -> Response<S> {
        let input = match &asking {
            Asking::Input(input) => S::event_of(input),
            Asking::Timeout(_) => None,
        };
        // An event that is asked about has its place before what comes of it.
        let spot = match input {
            Some(_) => self.spot(None, None),
            None => Spot {
                stream: 0,
                revision: self.streams.own,
                global: self.streams.global,
                at: self.clock.text.clone(),
                tags: None,
            },
        };
        let (answer, ids) = match self.one_answer(&asking, &spot).await {
            Ok(answered) => answered,
            Err(panic) => return Response::Panicked(panic),
        };
        if self.fixture.makes(FreeCheck::DecideTwice) {
            let second = self.one_answer(&asking, &spot).await;
            self.compare_answers(&answer, second.map(|(answer, _)| answer), at);
        }
        self.ids = ids;
        self.settle(input, spot, answer, at)
    }

    /// Folds what came of an answer.
    fn settle(&mut self, input: Option<&S::Event>, spot: Spot, answer: Answer<S>, at: At) -> Response<S> {
        self.schedule(&answer);
        let mut verdict = answer.verdict;
        let mut told = None;
        if let Some(event) = input {
            let handed = Told::of::<S>(event);
            if self.fixture.makes(FreeCheck::RoundTrip)
                && let (_, Some((headline, lines))) = round_trip::<S>(event, &handed)
            {
                let headline = format!("the event handed over: {} {headline}", handed.stored.kind());
                self.troubles.push(Complaint::new(at, headline, lines));
            }
            told = Some(handed);
            let place = self.streams.place(&spot);
            let subject = &mut self.subject;
            match caught(|| subject.fold(event, &place)) {
                Ok(Ok(Folded::Folded)) => {}
                Ok(Ok(Folded::PassedBy)) => verdict = Verdict::Ignored,
                Ok(Err(error)) => verdict = Verdict::Rejected(error),
                Err(panic) => return Response::Panicked(panic),
            }
        }
        let before = self.produced().count();
        let mut events = Vec::with_capacity(answer.events.len());
        for (index, event) in answer.events.into_iter().enumerate() {
            let label = Label::Recorded(before + index + 1);
            let spot = self.spot(None, None);
            let mut became = self.through_store(event, spot, label, at);
            self.fold(&mut became, label, at);
            events.push(became);
        }
        Response::Answered(Answered {
            input: told,
            input_spot: spot,
            events,
            verdict,
            effects: answer.effects,
            commands: answer.commands,
            scheduled: answer.scheduled,
            cancelled: answer.cancelled,
        })
    }

    fn compare_answers(&mut self, first: &Answer<S>, second: Result<Answer<S>, String>, at: At) {
        let second = match second {
            Ok(second) if self.same_answer(first, &second) => return,
            second => second,
        };
        let lines = |answer: &Answer<S>| self.answer_lines(answer);
        let mut all = vec!["first".to_owned()];
        all.extend(lines(first).iter().map(|line| format!("  {line}")));
        all.push("second".to_owned());
        let second = match second {
            Ok(second) => lines(&second),
            Err(panic) => vec![format!("panicked: {panic}")],
        };
        all.extend(second.iter().map(|line| format!("  {line}")));
        self.troubles.push(Complaint::new(
            at,
            "the same command on the same state is answered in two ways",
            all,
        ));
    }

    /// Whether two answers are the same, as far as can be told.
    fn same_answer(&self, first: &Answer<S>, second: &Answer<S>) -> bool {
        let views = &self.fixture.views;
        first.events.len() == second.events.len()
            && first.events.iter().zip(&second.events).all(|(one, other)| {
                S::equals(one, other).unwrap_or_else(|| Told::of::<S>(one).same(&Told::of::<S>(other)))
            })
            && match (&first.verdict, &second.verdict) {
                (Verdict::Accepted(one), Verdict::Accepted(other)) => views.reply.same(one, other),
                (Verdict::Rejected(one), Verdict::Rejected(other)) => views.error.same(one, other),
                (Verdict::Ignored, Verdict::Ignored) => true,
                _ => false,
            }
            && views.effect.all_same(&first.effects, &second.effects)
            && views.sent.all_same(&first.commands, &second.commands)
            && first.scheduled == second.scheduled
            && first.cancelled == second.cancelled
    }

    fn answer_lines(&self, answer: &Answer<S>) -> Vec<String> {
        let views = &self.fixture.views;
        let mut lines: Vec<String> = answer
            .events
            .iter()
            .map(|event| Told::of::<S>(event).line())
            .collect();
        lines.extend(
            answer
                .effects
                .iter()
                .map(|effect| format!("effect {}", views.effect.line(effect))),
        );
        lines.extend(
            answer
                .commands
                .iter()
                .map(|sent| format!("sends {}", views.sent.line(sent))),
        );
        lines.extend(
            answer
                .scheduled
                .iter()
                .map(|scheduled| format!("schedules {:?}, due {}", scheduled.timeout, scheduled.due)),
        );
        lines.extend(
            answer
                .cancelled
                .iter()
                .map(|timeout| format!("cancels {timeout:?}")),
        );
        match &answer.verdict {
            Verdict::Rejected(error) => lines.push(format!("rejected with {}", views.error.line(error))),
            Verdict::Ignored => lines.push("ignored".to_owned()),
            Verdict::Accepted(reply) => {
                if lines.is_empty() {
                    lines.push("accepted without events".to_owned());
                }
                if std::mem::size_of::<S::Reply>() > 0 {
                    lines.push(format!("replies {}", views.reply.line(reply)));
                }
            }
        }
        lines
    }

    /// The events of the open step, in order.
    pub(super) fn produced(&self) -> impl Iterator<Item = &Became<S>> {
        self.steps.last().into_iter().flat_map(Step::produced)
    }

    /// The answers of the open step, in order.
    pub(super) fn answers(&self) -> impl Iterator<Item = &Answered<S>> {
        self.steps.last().into_iter().flat_map(Step::answers)
    }

    /// Where an event stands, for a subject that folds it again.
    pub(super) fn place<'a>(&'a self, spot: &'a Spot) -> Place<'a> {
        self.streams.place(spot)
    }

    /// The input on one line, or as a report shows it.
    pub(super) fn input(&self, input: &S::Input, shape: Shape) -> String {
        self.fixture.views.input.show(input, shape)
    }

    /// The error on one line, or as a report shows it.
    pub(super) fn error(&self, error: &S::Error, shape: Shape) -> String {
        self.fixture.views.error.show(error, shape)
    }
}

/// What is wrong when it does not come back, and in which words.
type Loss = Option<(&'static str, Vec<String>)>;

/// The event as it comes back from a store, where it does, and what is lost on the way.
fn round_trip<S: Subject>(event: &S::Event, told: &Told) -> (Option<S::Event>, Loss) {
    if let Some(error) = &told.unwritten {
        return (None, Some(("does not serialize", vec![error.clone()])));
    }
    let back = match S::decode(&told.stored.event_type, &told.stored.data.to_string()) {
        Ok(back) => back,
        Err(error) => {
            let lines = vec![error.to_string(), told.stored.to_string()];
            return (None, Some(("is not read back from its own stored form", lines)));
        }
    };
    if S::equals(event, &back) == Some(true) {
        return (Some(back), None);
    }
    let again = Told::of::<S>(&back);
    let lines = match again.unwritten {
        Some(error) => vec![error],
        None if !again.same(told) => differences(&told.stored, &again.stored, "stored", "read back as"),
        None if S::equals(event, &back) == Some(false) => {
            vec!["it is not equal to the event that was stored, and is written the same".to_owned()]
        }
        None => return (Some(back), None),
    };
    (
        Some(back),
        Some(("changes when it is stored and read back", lines)),
    )
}

/// Which event a complaint is about, counted from 1.
#[derive(Clone, Copy)]
enum Label {
    Given(usize),
    Recorded(usize),
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given(number) => write!(f, "given event {number}"),
            Self::Recorded(number) => write!(f, "recorded event {number}"),
        }
    }
}

impl<S: Subject> Response<S> {
    /// Whether the next command may be asked.
    pub(super) fn went_well(&self) -> bool {
        match self {
            Self::Answered(answered) => !matches!(answered.verdict, Verdict::Rejected(_)),
            Self::Quiet => true,
            Self::Panicked(_) | Self::NotReady | Self::NotAsked => false,
        }
    }
}

impl<S: Subject> Step<S> {
    /// The answers, in order.
    pub(super) fn answers(&self) -> impl Iterator<Item = &Answered<S>> {
        self.asked.iter().filter_map(|asked| match &asked.response {
            Response::Answered(answered) => Some(answered),
            _ => None,
        })
    }

    /// What was recorded, in order.
    pub(super) fn produced(&self) -> impl Iterator<Item = &Became<S>> {
        self.answers().flat_map(|answered| &answered.events)
    }

    /// The rejection, if there is one.
    pub(super) fn rejection(&self) -> Option<&S::Error> {
        self.answers().find_map(|answered| match &answered.verdict {
            Verdict::Rejected(error) => Some(error),
            Verdict::Accepted(_) | Verdict::Ignored => None,
        })
    }

    /// Whether something that was asked was ignored.
    pub(super) fn ignored(&self) -> bool {
        self.answers()
            .any(|answered| matches!(answered.verdict, Verdict::Ignored))
    }

    /// The panic and the command it belongs to, if there is one.
    pub(super) fn panicked(&self) -> Option<(At, &str)> {
        self.asked.iter().find_map(|asked| match &asked.response {
            Response::Panicked(message) => Some((asked.at, message.as_str())),
            _ => None,
        })
    }

    /// The command whose answer nobody awaited, if there is one.
    pub(super) fn not_ready(&self) -> Option<At> {
        self.asked
            .iter()
            .find(|asked| matches!(asked.response, Response::NotReady))
            .map(|asked| asked.at)
    }
}
