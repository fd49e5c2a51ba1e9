//! How a subject is asked, and what is made of its answers.

use crate::model::{Context, Scheduled, Timestamp, Verdict};

use super::fixture::FreeCheck;
use super::history::{Label, round_trip};
use super::poll::{self, caught, caught_while};
use super::prove;
use super::quick;
use super::story::{Answered, Asked, At, Past, Repeated, Response, Spot, Step, Story, What};
use super::subject::{Answer, Folded, Subject};
use super::text::{Complaint, Told};
use super::views::Shape;

/// What is asked of a subject.
enum Asking<'a, S: Subject> {
    Input(&'a S::Input),
    Timeout(&'a S::Timeout),
}

/// How many timeouts may fire while time passes.
const MOST_TIMEOUTS: usize = 10_000;

impl<S: Subject> Story<S> {
    pub(super) fn open_step(&mut self) {
        if self.steps.is_empty() {
            self.began = Some((self.clock.clone(), self.ids));
        }
        if self.steps.last().is_none_or(|step| !step.checks.is_empty()) {
            self.steps.push(Step {
                asked: Vec::new(),
                checks: Vec::new(),
            });
        }
    }

    pub(super) fn push(&mut self, at: At, what: What<S>, response: Response<S>) {
        if let Some(step) = self.steps.last_mut() {
            step.asked.push(Asked { at, what, response });
        }
    }

    /// Whether nobody is asked any more in this step.
    pub(super) fn stopped(&self) -> bool {
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
            poll::once(self.respond(Asking::Input(&input), at)).unwrap_or(Response::NotReady)
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
            let response = poll::once(self.respond(Asking::Timeout(&scheduled.timeout), at))
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
        let mut response = self.settle(input, spot, answer, at);
        if let Response::Answered(answered) = &mut response {
            self.repeat(&asking, answered, at).await;
        }
        response
    }

    /// Asks the same once more, in the state after it.
    async fn repeat(&mut self, asking: &Asking<'_, S>, answered: &mut Answered<S>, at: At) {
        let (check, what) = if answered.input.is_some() {
            (FreeCheck::EventDeliveredTwice, "event")
        } else {
            (FreeCheck::CommandRepeated, "command")
        };
        // A question may be asked twice, and what was refused is refused.
        if !self.fixture.makes(check)
            || matches!(asking, Asking::Timeout(_))
            || !matches!(answered.verdict, Verdict::Accepted(_))
            || (answered.is_quiet() && answered.input.is_none())
        {
            return;
        }
        let spot = answered.input_spot.clone();
        let again = match self.one_answer(asking, &spot).await {
            Ok((again, _)) => again,
            Err(panic) => {
                let headline = format!("`{}` panics when the same {what} comes again", S::ANSWER);
                self.troubles.push(Complaint::new(at, headline, vec![panic]));
                return;
            }
        };
        let quiet = again.events.is_empty()
            && again.effects.is_empty()
            && again.commands.is_empty()
            && again.scheduled.is_empty()
            && again.cancelled.is_empty();
        let repeated = match &again.verdict {
            Verdict::Ignored if quiet => Repeated::Ignored,
            Verdict::Rejected(_) if quiet => Repeated::Rejected,
            Verdict::Accepted(_) if quiet => Repeated::Quiet,
            _ => Repeated::Again,
        };
        if repeated == Repeated::Again && self.fixture.idempotent {
            let mut lines = vec!["the fixture says that nothing comes of it".to_owned()];
            lines.extend(self.answer_lines(&again));
            let headline = format!("something comes of the same {what} once more");
            self.troubles.push(Complaint::new(at, headline, lines));
        }
        answered.repeated = Some(repeated);
    }

    /// Asks a command to make history: its events are given, and what else comes of it is not looked at. What is
    /// answered is why it makes none.
    pub(super) fn give_command(&mut self, input: S::Input, at: At) -> Option<Complaint> {
        self.giving = true;
        let response = poll::once(self.respond(Asking::Input(&input), at)).unwrap_or(Response::NotReady);
        self.giving = false;
        let shown = self.input(&input, Shape::Line);
        let (what, lines) = match response {
            Response::Answered(answered) => {
                let error = match answered.verdict {
                    Verdict::Rejected(error) => Some(self.error(&error, Shape::Line)),
                    Verdict::Accepted(_) | Verdict::Ignored => None,
                };
                let nothing = answered.events.is_empty();
                let mut by = Some(input);
                for became in answered.events {
                    self.given.push(Past {
                        stored: None,
                        read: true,
                        became: vec![became],
                        made: true,
                        by: by.take(),
                        from: None,
                    });
                }
                match error {
                    Some(error) => ("is rejected", vec![format!("with {error}")]),
                    None if nothing => (
                        "comes to nothing",
                        vec!["the history is not what the scenario says".to_owned()],
                    ),
                    None => return None,
                }
            }
            Response::Panicked(panic) => ("panics", vec![panic]),
            Response::NotReady | Response::NotAsked | Response::Quiet => (
                "is not ready",
                vec!["it awaits something: give its events in place of it".to_owned()],
            ),
        };
        let headline = format!("the given command {shown} {what}");
        Some(Complaint::new(at, headline, lines))
    }

    /// Folds what came of an answer.
    fn settle(&mut self, input: Option<&S::Event>, spot: Spot, mut answer: Answer<S>, at: At) -> Response<S> {
        if !self.giving {
            prove::distort(&mut answer);
        }
        self.schedule(&answer);
        let mut verdict = answer.verdict;
        let mut told = None;
        if let Some(event) = input {
            let handed = Told::of::<S>(event);
            if handed.unwritten.is_none() {
                self.check_schema(&handed.stored, Label::Handed, at);
            }
            if self.fixture.makes(FreeCheck::RoundTrip)
                && let (_, Some((headline, lines))) = round_trip::<S>(event, &handed)
            {
                let headline = format!("{}: {} {headline}", Label::Handed, handed.stored.kind());
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
            let label = if self.giving {
                Label::Given(self.given.len() + index + 1)
            } else {
                Label::Recorded(before + index + 1)
            };
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
            repeated: None,
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
                S::equals(one, other).unwrap_or_else(|| {
                    quick::same::<S>(one, other) || Told::of::<S>(one).same(&Told::of::<S>(other))
                })
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
}
