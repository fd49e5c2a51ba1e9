//! The first stage: a history.

use std::panic::Location;

use crate::model::Aggregate;

use super::fixture::Fixture;
use super::outcome::Outcome;
use super::story::{At, Story};
use super::{Events, StoredEvent};

/// A scenario with a history, before its command.
///
/// Dropping it panics: it was started and checks nothing.
#[must_use = "a scenario without a command checks nothing: add `.when(command)` and then a check such as `.then([event])`"]
pub struct Given<A: Aggregate> {
    /// Absent once the scenario went on to its next stage.
    story: Option<Box<Story<A>>>,
}

impl<A: Aggregate> Given<A> {
    #[track_caller]
    pub(super) fn start(fixture: Fixture<A>) -> Self {
        Self {
            story: Some(Box::new(Story::new(fixture, Location::caller()))),
        }
    }

    /// Goes on with these events, oldest first.
    #[track_caller]
    pub fn given(mut self, events: impl Events<A::Event>) -> Self {
        let at = Location::caller();
        let events = events.into_events();
        if let Some(story) = &mut self.story {
            for event in events {
                story.give(event, at);
            }
        }
        self
    }

    /// Goes on with events as they are stored, at whatever version they were written.
    #[track_caller]
    pub fn given_stored<S: Into<StoredEvent>>(mut self, events: impl IntoIterator<Item = S>) -> Self {
        let at = Location::caller();
        for event in events {
            let event = event.into();
            if let Some(story) = &mut self.story {
                story.give_stored(event, at);
            }
        }
        self
    }

    /// Asks the aggregate. What came of it has to be checked.
    #[must_use = "nothing looks at what came of the command: add `.then([event])`, `.then_nothing()` or `.then_error(error)`"]
    #[track_caller]
    pub fn when(mut self, command: impl Into<A::Command>) -> Outcome<A> {
        let at = Location::caller();
        let command = command.into();
        match self.story.take() {
            Some(story) => Outcome::ask(story, command, at),
            // `self.story` is taken here only, and this takes `self`.
            None => unreachable!("a scenario goes on once"),
        }
    }
}

impl<A: Aggregate> Drop for Given<A> {
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
