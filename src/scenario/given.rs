//! The first stage: a history.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use crate::model::Timestamp;

use super::fixture::{Fixture, moment};
use super::outcome::Outcome;
use super::story::{At, Story, Tags};
use super::subject::Subject;
use super::{Events, StoredEvent};

/// A scenario with a history, before its command.
///
/// Dropping it panics: it was started and checks nothing.
#[must_use = "a scenario without a command checks nothing: add `.when(command)` and then a check such as `.then([event])`"]
pub struct Given<S: Subject> {
    /// Absent once the scenario went on to its next stage.
    story: Option<Box<Story<S>>>,
}

impl<S: Subject> Given<S> {
    #[track_caller]
    pub(super) fn start(fixture: Fixture<S>) -> Self {
        Self::start_at(fixture, At::caller())
    }

    pub(super) fn start_at(fixture: Fixture<S>, at: At) -> Self {
        Self {
            story: Some(Box::new(Story::new(fixture, at))),
        }
    }

    /// Gives the scenario a name, for reports and documents.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        if let Some(story) = &mut self.story {
            story.name = Some(name.into());
        }
        self
    }

    /// Sets the time, for what follows: `"2024-02-29T12:00:00Z"`, or a [`Timestamp`].
    ///
    /// # Panics
    ///
    /// When it is no time.
    #[track_caller]
    pub fn at<T>(mut self, time: T) -> Self
    where
        T: TryInto<Timestamp, Error: Display>,
    {
        let time = moment(time);
        if let Some(story) = &mut self.story {
            story.clock.set(time);
        }
        self
    }

    /// Goes on with these events, oldest first.
    #[track_caller]
    pub fn given(self, events: impl Events<S::Event>) -> Self {
        self.give(events, None, &None, At::caller())
    }

    /// Goes on with events of this stream.
    ///
    /// The first stream that is named is the subject's own, unless [`Fixture::stream`] names another one. An
    /// aggregate folds no other stream; a given event of one fails its scenario.
    #[track_caller]
    pub fn given_in(self, stream: &str, events: impl Events<S::Event>) -> Self {
        self.give(events, Some(stream), &None, At::caller())
    }

    /// Goes on with events that carry these tags, as in `[("course", "c1"), ("student", "s7")]`.
    #[track_caller]
    pub fn given_tagged<N, V>(
        self,
        tags: impl IntoIterator<Item = (N, V)>,
        events: impl Events<S::Event>,
    ) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        let tags = tags.into_iter().map(|(name, value)| (name.into(), value.into()));
        let mut tags: Vec<(String, String)> = tags.collect();
        // By name, as files have them; several of one name stay in their order.
        tags.sort_by(|(one, _), (other, _)| one.cmp(other));
        let tags: Tags = Some(Arc::new(tags));
        self.give(events, None, &tags, At::caller())
    }

    fn give(mut self, events: impl Events<S::Event>, stream: Option<&str>, tags: &Tags, at: At) -> Self {
        let events = events.into_events();
        if let Some(story) = &mut self.story {
            for event in events {
                story.give(event, stream, tags, at);
            }
        }
        self
    }

    /// Goes on with events as they are stored, at whatever version they were written.
    #[track_caller]
    pub fn given_stored<E: Into<StoredEvent>>(mut self, events: impl IntoIterator<Item = E>) -> Self {
        let at = At::caller();
        for event in events {
            let event = event.into();
            if let Some(story) = &mut self.story {
                story.give_stored(event, None, &None, at);
            }
        }
        self
    }

    /// Goes on with the history that these commands make. Each has to be accepted, and to record something.
    ///
    /// What is made this way is a history that the code can come to.
    #[track_caller]
    pub fn given_commands<C: Into<S::Input>>(self, commands: impl IntoIterator<Item = C>) -> Self {
        let at = At::caller();
        let commands: Vec<S::Input> = commands.into_iter().map(Into::into).collect();
        self.with(|story| {
            for command in commands {
                let complaint = story.give_command(command, at);
                story.troubles.extend(complaint);
            }
        })
    }

    pub(super) fn with(mut self, more: impl FnOnce(&mut Story<S>)) -> Self {
        if let Some(story) = &mut self.story {
            more(story);
        }
        self
    }

    /// Asks the subject. What came of it has to be checked.
    ///
    /// An aggregate is asked a command; a projector, a reactor and a process manager are handed an event.
    #[must_use = "nothing looks at what came of the command: add `.then([event])`, `.then_nothing()` or `.then_error(error)`"]
    #[track_caller]
    pub fn when(self, input: impl Into<S::Input>) -> Outcome<S> {
        let at = At::caller();
        let input = input.into();
        self.go_on(|story| story.ask_now(input, at))
    }

    /// Asks a subject whose answer has to be waited for, on whatever runs the test.
    #[must_use = "nothing is asked until this is awaited"]
    #[track_caller]
    pub fn when_async(self, input: impl Into<S::Input>) -> impl Future<Output = Outcome<S>> {
        let at = At::caller();
        let input = input.into();
        let outcome = self.go_on(|_| ());
        async move { outcome.asked(input, at).await }
    }

    /// Lets time pass to this moment, with every timeout that becomes due in its order.
    ///
    /// # Panics
    ///
    /// When it is no time.
    #[must_use = "nothing looks at what came of it: add `.then([event])`, `.then_nothing()` or `.then_commands([command])`"]
    #[track_caller]
    pub fn when_time_is<T>(self, time: T) -> Outcome<S>
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
    pub fn when_time_passes(self, by: Duration) -> Outcome<S> {
        let at = At::caller();
        self.go_on(|story| story.pass_time(story.clock.now + by, at))
    }

    /// Asks nobody: the checks look at what the history comes to.
    #[must_use = "nothing looks at the history: add a check such as `.then_state_that(\"…\", |state| …)`"]
    #[track_caller]
    pub fn when_nothing(self) -> Outcome<S> {
        let at = At::caller();
        self.go_on(|story| story.ask_nothing(at))
    }

    /// Nothing came of anything yet: `when` comes first. This is here for what the compiler says about it.
    #[doc(hidden)]
    pub fn then<E>(self, _events: E) -> Outcome<S>
    where
        Self: HasAsked,
    {
        self.go_on(|_| ())
    }

    pub(super) fn go_on(mut self, step: impl FnOnce(&mut Story<S>)) -> Outcome<S> {
        match self.story.take() {
            Some(mut story) => {
                step(&mut story);
                Outcome::of(story)
            }
            // `self.story` is taken here only, and this takes `self`.
            None => unreachable!("a scenario goes on once"),
        }
    }
}

/// A scenario in which something was asked. Nothing implements it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a scenario that has asked nothing has nothing to check",
    label = "`.when(command)` comes before `.then(…)`",
    note = "`.when_nothing()` says that nothing is asked, and the checks look at the history"
)]
pub trait HasAsked {}

impl<S: Subject> Drop for Given<S> {
    fn drop(&mut self) {
        if let Some(story) = &self.story
            && !std::thread::panicking()
        {
            let advice =
                "there is no command: add `.when(command)`, and then a check such as `.then([event])`";
            panic!("{}", unfinished(story.started, advice));
        }
    }
}

/// What is said about a scenario that nobody finished.
pub(super) fn unfinished(started: At, advice: &str) -> String {
    format!("scenario never checked\nat {started}\n\n{advice}")
}
