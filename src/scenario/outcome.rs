//! The last stage: what came of the commands, and the checks of its events.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use crate::model::{Timestamp, Verdict};

use super::align;
use super::capture::Captured;
use super::fixture::moment;
use super::free;
use super::given::unfinished;
use super::loose;
use super::poll::caught;
use super::quick;
use super::record;
use super::recorded;
use super::report::{self, Failure};
use super::story::{At, Became, Check, LooksAt, Response, Story};
use super::subject::Subject;
use super::text::{Complaint, Told};
use super::{Events, StoredEvent};

/// Events and verdict, as [`Outcome::try_inspect`] hands them out.
pub type Inspected<S> = (
    Vec<<S as Subject>::Event>,
    Verdict<<S as Subject>::Reply, <S as Subject>::Error>,
);

/// What came of the commands. Any number of checks may follow; all of them are made, and every one that fails is
/// reported when the scenario ends, which is when this value is dropped.
///
/// Dropping it without a check panics.
pub struct Outcome<S: Subject> {
    /// Absent once the scenario ended.
    story: Option<Box<Story<S>>>,
}

#[expect(
    clippy::return_self_not_must_use,
    reason = "a scenario may end with any check: dropping it is what makes it count"
)]
impl<S: Subject> Outcome<S> {
    pub(super) fn of(story: Box<Story<S>>) -> Self {
        Self { story: Some(story) }
    }

    pub(super) async fn asked(mut self, input: S::Input, at: At) -> Self {
        if let Some(story) = &mut self.story {
            story.ask(input, at).await;
        }
        self
    }

    /// The story, which ends here.
    pub(super) fn take(&mut self) -> Option<Box<Story<S>>> {
        self.story.take()
    }

    /// What was captured so far.
    pub(super) fn captured(&self) -> Captured {
        self.story
            .as_ref()
            .map(|story| story.captured.clone())
            .unwrap_or_default()
    }

    /// Ends the scenario without a word, because something else has to be said.
    pub(super) fn discard(mut self) {
        self.story = None;
    }

    /// What failed before the last step that has no check yet; ends the scenario.
    pub(super) fn failed(mut self) -> Option<Failure> {
        let mut story = self.story.take()?;
        story.steps.retain(|step| !step.checks.is_empty());
        report::judge(&mut story).err()
    }

    /// What the scenario has seen so far.
    pub(super) fn story(&self) -> Option<&Story<S>> {
        self.story.as_deref()
    }

    pub(super) fn go_on(mut self, step: impl FnOnce(&mut Story<S>)) -> Self {
        if let Some(story) = &mut self.story {
            step(story);
        }
        self
    }

    /// Asks the subject once more.
    ///
    /// Before a check, the commands belong together: the checks see the events of all of them, in order, and a
    /// command after one that was rejected is not asked, which fails the scenario. After a check, a new step
    /// begins, and the checks that follow see its events alone.
    #[must_use = "nothing looks at what came of the command: add `.then([event])`, `.then_nothing()` or `.then_error(error)`"]
    #[track_caller]
    pub fn when(self, input: impl Into<S::Input>) -> Self {
        let at = At::caller();
        let input = input.into();
        self.go_on(|story| story.ask_now(input, at))
    }

    /// Asks once more, and waits for the answer on whatever runs the test.
    #[must_use = "nothing is asked until this is awaited"]
    #[track_caller]
    pub fn when_async(self, input: impl Into<S::Input>) -> impl Future<Output = Self> {
        let at = At::caller();
        let input = input.into();
        self.asked(input, at)
    }

    /// Lets time pass to this moment, with every timeout that becomes due in its order.
    ///
    /// # Panics
    ///
    /// When it is no time.
    #[must_use = "nothing looks at what came of it: add `.then([event])`, `.then_nothing()` or `.then_commands([command])`"]
    #[track_caller]
    pub fn when_time_is<T>(self, time: T) -> Self
    where
        T: TryInto<Timestamp, Error: Display>,
    {
        let at = At::caller();
        let time = moment(time);
        self.go_on(|story| story.pass_time(time, at))
    }

    /// Lets this much time pass, with every timeout that becomes due in its order.
    #[must_use = "nothing looks at what came of it: add `.then([event])`, `.then_nothing()` or `.then_commands([command])`"]
    #[track_caller]
    pub fn when_time_passes(self, by: Duration) -> Self {
        let at = At::caller();
        self.go_on(|story| story.pass_time(story.clock.now + by, at))
    }

    /// Exactly these events were recorded: in this order, this many, every member of their data the same.
    ///
    /// Events are compared as they would be stored, by type, version and data.
    #[track_caller]
    pub fn then(mut self, events: impl Events<S::Event>) -> Self {
        let expected = events.into_events();
        self.check("then", LooksAt::Events, At::caller(), |story, at| {
            let at_a_glance = story.produced().count() == expected.len()
                && story
                    .produced()
                    .zip(&expected)
                    .all(|(event, expected)| quick::same::<S>(expected, &event.event));
            if at_a_glance {
                return None;
            }
            let expected: Vec<Told> = expected.iter().map(Told::of::<S>).collect();
            exactly(story, &expected, at)
        });
        self
    }

    /// As [`then`](Self::then), with events as they are stored.
    ///
    /// A failed scenario prints what happened in this form.
    #[track_caller]
    pub fn then_stored<E: Into<StoredEvent>>(self, events: impl IntoIterator<Item = E>) -> Self {
        let expected: Vec<Told> = events
            .into_iter()
            .map(|event| Told::stored(event.into()))
            .collect();
        self.events("then_stored", LooksAt::Events, &expected, At::caller())
    }

    /// The command was accepted, and there was nothing to record, to send or to do.
    ///
    /// A command that was rejected or ignored does not meet this.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        self.events("then_nothing", LooksAt::Acceptance, &[], At::caller())
    }

    /// These events are among those that were recorded, each for itself: two equal ones need two. Others may stand
    /// before, between and after them, and the order is not looked at.
    ///
    /// This is looser than [`then`](Self::then), and the report says so. No events at all are no check, and fail.
    #[track_caller]
    pub fn then_containing(mut self, events: impl Events<S::Event>) -> Self {
        let at = At::caller();
        let expected = told::<S>(events);
        self.check("then_containing", LooksAt::Events, at, |story, at| {
            loose::containing(&expected, &recorded_now(story), at)
        });
        self
    }

    /// Exactly these events were recorded, in any order.
    ///
    /// This is looser than [`then`](Self::then), and the report says so.
    #[track_caller]
    pub fn then_unordered(mut self, events: impl Events<S::Event>) -> Self {
        let at = At::caller();
        let expected = told::<S>(events);
        self.check("then_unordered", LooksAt::Events, at, |story, at| {
            loose::unordered(&expected, &recorded_now(story), at)
        });
        self
    }

    /// Exactly these events were recorded, group by group; within a group in any order.
    ///
    /// This is looser than [`then`](Self::then), and the report says so. A group without events fails.
    #[track_caller]
    pub fn then_in_groups<E: Into<S::Event>>(
        mut self,
        groups: impl IntoIterator<Item: IntoIterator<Item = E>>,
    ) -> Self {
        let at = At::caller();
        let events_of = |group: Vec<S::Event>| group.iter().map(Told::of::<S>).collect();
        let expected: Vec<Vec<Told>> = groups
            .into_iter()
            .map(|group| events_of(group.into_iter().map(Into::into).collect()))
            .collect();
        self.check("then_in_groups", LooksAt::Events, at, |story, at| {
            loose::groups(&expected, &recorded_now(story), at)
        });
        self
    }

    /// These events were recorded first, in this order; others may follow.
    ///
    /// This is looser than [`then`](Self::then), and the report says so. No events at all are no check, and fail.
    #[track_caller]
    pub fn then_starting_with(mut self, events: impl Events<S::Event>) -> Self {
        let at = At::caller();
        let expected = told::<S>(events);
        self.check("then_starting_with", LooksAt::Events, at, |story, at| {
            loose::starting_with(&expected, &recorded_now(story), at)
        });
        self
    }

    /// Exactly these events were recorded, but for what their data have at these JSON pointers; `*` stands for any
    /// member or position.
    ///
    /// This is looser than [`then`](Self::then), and the report lists the pointers. One that is in no event fails.
    #[track_caller]
    pub fn then_ignoring<'p>(
        mut self,
        pointers: impl IntoIterator<Item = &'p str>,
        events: impl Events<S::Event>,
    ) -> Self {
        let at = At::caller();
        let expected = told::<S>(events);
        let pointers: Vec<&str> = pointers.into_iter().collect();
        let word = format!("then_ignoring {}", pointers.join(", "));
        self.check(word, LooksAt::Events, at, |story, at| {
            loose::ignoring(&pointers, &expected, &recorded_now(story), at)
        });
        self
    }

    /// `predicate` holds of the events that were recorded, in their order. `name` says what is demanded.
    ///
    /// It is asked also when there are none.
    #[track_caller]
    pub fn then_events_that(
        mut self,
        name: impl Display,
        predicate: impl FnOnce(&[&S::Event]) -> bool,
    ) -> Self {
        let at = At::caller();
        let word = format!("then_events_that {name}");
        self.check(word, LooksAt::Events, at, |story, at| {
            let events: Vec<&S::Event> = story.produced().map(|became| &became.event).collect();
            match caught(|| predicate(&events)) {
                Ok(true) => None,
                Ok(false) => Some(Complaint::new(at, "it does not hold of the events", Vec::new())),
                Err(panic) => Some(Complaint::new(at, "it panics on the events", vec![panic])),
            }
        });
        self
    }

    fn events(mut self, word: &'static str, looks_at: LooksAt, expected: &[Told], at: At) -> Self {
        self.check(word, looks_at, at, |story, at| exactly(story, expected, at));
        self
    }

    pub(super) fn check(
        &mut self,
        word: impl Into<Cow<'static, str>>,
        looks_at: LooksAt,
        at: At,
        judge: impl FnOnce(&Story<S>, At) -> Option<Complaint>,
    ) {
        if let Some(story) = &mut self.story {
            let complaint = judge(story, at);
            if let Some(step) = story.steps.last_mut() {
                step.checks.push(Check {
                    at,
                    word: word.into(),
                    looks_at,
                    complaint,
                });
            }
        }
    }

    /// Ends the scenario and returns it as text: what was given, the commands, and what came of them, as JSON.
    ///
    /// This is what [`recorded!`](crate::recorded) compares with a snapshot, and it counts as a check of
    /// everything. Events that `earlier`, the text as it was before, has at an old version keep it, as long as the
    /// fixture's upcasters make of them what the scenario has today.
    ///
    /// # Panics
    ///
    /// When the scenario failed, or when `earlier` holds events that the code can no longer read.
    #[must_use = "the text has to be compared with the one that was reviewed"]
    #[track_caller]
    pub fn recorded(mut self, earlier: Option<&str>) -> String {
        let at = At::caller();
        let Some(mut story) = self.story.take() else {
            return String::new();
        };
        for step in &mut story.steps {
            step.checks.push(Check {
                at,
                word: "recorded".into(),
                looks_at: LooksAt::Everything,
                complaint: None,
            });
        }
        let text = recorded::write(&mut story, earlier, at);
        if let Err(failure) = end(&mut story) {
            panic!("{failure}");
        }
        text
    }

    /// Shows what came of the last step: its events, and the verdict of the last command that was answered. This
    /// counts as a check of everything.
    #[track_caller]
    pub(crate) fn look<T>(
        &mut self,
        look: impl FnOnce(&[&S::Event], Option<&Verdict<S::Reply, S::Error>>) -> T,
    ) -> T {
        let at = At::caller();
        self.check("look", LooksAt::Everything, at, |_, _| None);
        let step = self.story.as_ref().and_then(|story| story.steps.last());
        let events: Vec<&S::Event> = step
            .into_iter()
            .flat_map(|step| step.produced().map(|became| &became.event))
            .collect();
        let verdict = step.and_then(|step| step.answers().last().map(|answered| &answered.verdict));
        look(&events, verdict)
    }

    /// Ends the scenario and hands out what came of its last step, for whoever checks it by hand: events, verdict.
    ///
    /// This counts as a check of everything. A step of several commands has the verdict of the last one that was
    /// answered.
    ///
    /// # Errors
    ///
    /// When the scenario failed by itself: what was asked panicked or was not ready, an event does not survive being
    /// stored, another free check complains.
    #[track_caller]
    pub fn try_inspect(mut self) -> Result<Inspected<S>, Failure> {
        let at = At::caller();
        self.check("try_inspect", LooksAt::Everything, at, |_, _| None);
        let Some(mut story) = self.story.take() else {
            return Err(Failure::new(at, "the scenario has ended".to_owned()));
        };
        end(&mut story)?;
        let mut events = Vec::new();
        let mut verdict = Verdict::Ignored;
        for asked in story.steps.pop().into_iter().flat_map(|step| step.asked) {
            if let Response::Answered(answered) = asked.response {
                events.extend(answered.events.into_iter().map(|became| became.event));
                verdict = answered.verdict;
            }
        }
        Ok((events, verdict))
    }

    /// Ends the scenario here. Without it, the scenario ends where the value is dropped; with it, the panic of a
    /// failed scenario has this line as its place.
    ///
    /// # Panics
    ///
    /// When the scenario failed, or when nothing was checked.
    #[track_caller]
    pub fn check_now(self) {
        if let Err(failure) = self.try_check() {
            panic!("{failure}");
        }
    }

    /// Ends the scenario and returns what failed in place of a panic.
    ///
    /// # Errors
    ///
    /// When the scenario failed, or when nothing was checked.
    pub fn try_check(mut self) -> Result<(), Failure> {
        match self.story.take() {
            Some(mut story) => end(&mut story),
            None => Ok(()),
        }
    }
}

/// Expected events as they are stored.
pub(super) fn told<S: Subject>(events: impl Events<S::Event>) -> Vec<Told> {
    events.into_events().iter().map(Told::of::<S>).collect()
}

/// Whether exactly these events were recorded, and if not, how they differ.
fn exactly<S: Subject>(story: &Story<S>, expected: &[Told], at: At) -> Option<Complaint> {
    let same = story.produced().count() == expected.len()
        && story
            .produced()
            .zip(expected)
            .all(|(event, expected)| expected.same(event.told()));
    if same {
        return None;
    }
    let actual: Vec<Told> = story.produced().map(|event| event.told().clone()).collect();
    Some(Complaint::new(
        at,
        align::headline(expected, &actual),
        align::compare(expected, &actual).unwrap_or_default(),
    ))
}

/// How a scenario ended.
pub(super) fn end<S: Subject>(story: &mut Story<S>) -> Result<(), Failure> {
    let advice = "nothing looks at what came of the command: add `.then([event])`, `.then_nothing()` or `.then_error(error)`";
    let at = match story.steps.last() {
        None => {
            let advice = "nothing was asked: `.when_async(command)` asks once it is awaited";
            return Err(Failure::new(story.started, unfinished(story.started, advice)));
        }
        Some(step) if step.checks.is_empty() => step.asked.first().map(|asked| asked.at),
        Some(_) => None,
    };
    if let Some(at) = at {
        if story.steps.len() == 1 && story.troubles.is_empty() {
            return Err(Failure::new(at, unfinished(story.started, advice)));
        }
        story.troubles.push(Complaint::new(
            at,
            "the last command was never checked",
            vec![advice.to_owned()],
        ));
    }
    free::check(story);
    let passed = report::judge(story);
    record::keep(story, passed.as_ref().err());
    passed
}

impl<S: Subject> Drop for Outcome<S> {
    fn drop(&mut self) {
        let Some(mut story) = self.story.take() else {
            return;
        };
        if std::thread::panicking() {
            return;
        }
        if let Err(failure) = end(&mut story) {
            panic!("{failure}");
        }
    }
}

/// The events of the open step as they are stored.
fn recorded_now<S: Subject>(story: &Story<S>) -> Vec<Told> {
    story.produced().map(Became::told).cloned().collect()
}
