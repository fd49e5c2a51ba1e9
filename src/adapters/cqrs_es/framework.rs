//! The names that tests of `cqrs-es` use.

use cqrs_es::Aggregate;

use super::aggregate::{HostedOnce, Once};
use crate::model::Verdict;
use crate::scenario::{Fixture, Given, Outcome};

/// Tests an aggregate by the words of `cqrs_es::test::TestFramework`; see the [module](super).
///
/// What the words mean is what they mean there, but strictly: [`Outcome`] has the rules.
pub struct TestFramework<A: Aggregate + 'static> {
    fixture: Fixture<HostedOnce<A>>,
}

impl<A> TestFramework<A>
where
    A: Aggregate + 'static,
    A::Services: 'static,
{
    /// Tests of an aggregate that asks these services.
    pub fn with(service: A::Services) -> Self {
        Self {
            fixture: HostedOnce::fixture(service),
        }
    }

    /// The same tests, whose reports show commands by `view`; without it they name the command's type.
    #[must_use = "this makes a new test framework"]
    pub fn show_command(mut self, view: fn(&Once<A::Command>) -> String) -> Self {
        self.fixture = self.fixture.show_command(view);
        self
    }

    /// Nothing has happened yet.
    #[track_caller]
    pub fn given_no_previous_events(self) -> AggregateTestExecutor<A> {
        AggregateTestExecutor {
            given: self.fixture.given_nothing(),
        }
    }

    /// This has happened.
    #[track_caller]
    pub fn given(self, events: Vec<A::Event>) -> AggregateTestExecutor<A> {
        AggregateTestExecutor {
            given: self.fixture.given(events),
        }
    }
}

/// A history, before its command.
#[must_use = "a test without a command checks nothing: add `.when(command)`"]
pub struct AggregateTestExecutor<A: Aggregate + 'static> {
    given: Given<HostedOnce<A>>,
}

impl<A: Aggregate + 'static> AggregateTestExecutor<A> {
    /// This has happened as well.
    #[track_caller]
    pub fn and(self, new_events: Vec<A::Event>) -> Self {
        Self {
            given: self.given.given(new_events),
        }
    }

    /// Asks the aggregate, whose handler has to be ready at once.
    #[track_caller]
    pub fn when(self, command: A::Command) -> AggregateResultValidator<A> {
        AggregateResultValidator {
            outcome: self.given.when(command),
        }
    }

    /// Asks the aggregate, and awaits its handler on whatever runs the test.
    #[track_caller]
    pub fn when_async(self, command: A::Command) -> impl Future<Output = AggregateResultValidator<A>> {
        let asked = self.given.when_async(command);
        async { AggregateResultValidator { outcome: asked.await } }
    }
}

/// What came of the command.
#[must_use = "nothing looks at what came of the command: add `.then_expect_events(events)` or `.then_expect_error(error)`"]
pub struct AggregateResultValidator<A: Aggregate + 'static> {
    outcome: Outcome<HostedOnce<A>>,
}

impl<A: Aggregate + 'static> AggregateResultValidator<A> {
    /// Exactly these events were written, and the command was accepted.
    #[track_caller]
    pub fn then_expect_events(self, expected_events: Vec<A::Event>) {
        self.outcome.then(expected_events).check_now();
    }

    /// The command was rejected with this error, and nothing was written before.
    #[track_caller]
    pub fn then_expect_error(self, expected_error: A::Error)
    where
        A::Error: PartialEq,
    {
        self.outcome.then_error(expected_error).check_now();
    }

    /// The command was rejected with an error that reads so, and nothing was written before.
    #[track_caller]
    pub fn then_expect_error_message(self, error_message: &str) {
        self.outcome.then_error_message(error_message).check_now();
    }

    /// What was written, or the error, for whoever checks it by hand.
    ///
    /// # Panics
    ///
    /// When anything else is wrong: a handler that panicked or was not ready, an event that does not survive being
    /// stored.
    #[track_caller]
    pub fn inspect_result(self) -> Result<Vec<A::Event>, A::Error> {
        match self.outcome.try_inspect() {
            Ok((_, Verdict::Rejected(error))) => Err(error),
            Ok((events, Verdict::Accepted(()) | Verdict::Ignored)) => Ok(events),
            Err(failure) => panic!("{failure}"),
        }
    }

    /// The outcome, for several checks and all the words of [`scenario`](crate::scenario).
    pub fn outcome(self) -> Outcome<HostedOnce<A>> {
        self.outcome
    }
}
