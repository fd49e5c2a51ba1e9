//! Checks of a whole scenario that come free, made when it ends.

use serde_json::Value;

use crate::json::same;
use crate::model::Verdict;

use super::fixture::{FreeCheck, Restore};
use super::poll::caught;
use super::prove;
use super::record;
use super::story::{Response, Spot, Step, Story};
use super::subject::{Folded, Subject};
use super::text::{Complaint, Told, changes, count};
use super::views::Json;

/// At how many positions of a history a state is saved.
const MOST_SNAPSHOTS: usize = 32;

/// Makes the checks, and adds what is wrong to the story.
pub(super) fn check<S: Subject>(story: &mut Story<S>) {
    if prove::is_changing() {
        return;
    }
    let went_wrong = !story.troubles.is_empty()
        || story
            .steps
            .iter()
            .flat_map(|step| &step.asked)
            .any(|asked| matches!(asked.response, Response::Panicked(_) | Response::NotReady));
    let mut found = Vec::new();
    if story.fixture.makes(FreeCheck::UnusedGivens) {
        unused(story, &mut found);
    }
    // What was folded otherwise than it was told is no measure.
    let refused = S::HAS_STATE
        && story
            .steps
            .iter()
            .flat_map(Step::answers)
            .any(|answered| answered.input.is_some() && matches!(answered.verdict, Verdict::Rejected(_)));
    if let Some(view) = story.fixture.views.state
        && S::HAS_STATE
        && !went_wrong
        && !refused
    {
        states(story, view, &mut found);
    }
    story.troubles.extend(found);
}

/// The checks that compare states.
fn states<S: Subject>(story: &Story<S>, view: Json<S::State>, found: &mut Vec<Complaint>) {
    let twice = story.fixture.makes(FreeCheck::EventDeliveredTwice) && has_handed_events(story);
    let replays = story.fixture.makes(FreeCheck::Replay);
    let restore = story
        .fixture
        .restore
        .filter(|_| story.fixture.makes(FreeCheck::Snapshot));
    if !twice && !replays && restore.is_none() {
        return;
    }
    let live = match view(story.subject.state()) {
        Ok(live) => live,
        Err(error) => {
            let lines = vec![
                error,
                "`Fixture::show_state` gives it a view, and `Fixture::opaque` asks for none".to_owned(),
            ];
            found.push(Complaint::new(
                story.started,
                "the state does not serialize",
                lines,
            ));
            return;
        }
    };
    let differ = |headline: &str, again: &Result<Value, String>, word: &str| match again {
        Ok(again) if same(again, &live) => None,
        Ok(again) => {
            let lines = changes(again, &live, word, "live");
            Some(Complaint::new(story.started, headline, lines))
        }
        Err(error) => Some(Complaint::new(story.started, headline, vec![error.clone()])),
    };
    if replays {
        let mut again = story.fresh();
        let folded =
            caught(|| fold_all(story, &mut again, story.folded())).and_then(|()| view(again.state()));
        let headline = "the state is not the one that its events fold to";
        found.extend(differ(headline, &folded, "folded again"));
    }
    if let Some(restore) = restore {
        found.extend(snapshots(story, view, restore, &differ));
    }
    if twice {
        let mut again = story.fresh();
        let folded = caught(|| fold_twice(story, &mut again));
        match folded {
            Err(panic) => {
                let headline = format!("`{}` panics when an event is delivered twice", S::FOLD);
                found.push(Complaint::new(story.started, headline, vec![panic]));
            }
            Ok(()) if story.fixture.idempotent => {
                let headline = "an event that is delivered twice makes another state";
                found.extend(differ(headline, &view(again.state()), "delivered twice"));
            }
            Ok(()) => {}
        }
    }
}

fn fold_all<'a, S: Subject + 'a>(
    story: &Story<S>,
    subject: &mut S,
    events: impl Iterator<Item = (&'a S::Event, &'a Spot)>,
) {
    for (event, spot) in events {
        // Whoever refuses an event is told of where it happens.
        let _ = subject.fold(event, &story.place(spot));
    }
}

/// Whether events were handed over, as to a projector.
fn has_handed_events<S: Subject>(story: &Story<S>) -> bool {
    story
        .steps
        .iter()
        .flat_map(Step::answers)
        .any(|answered| answered.input.is_some())
}

/// Folds everything, and twice what was handed over.
fn fold_twice<S: Subject>(story: &Story<S>, subject: &mut S) {
    let handed: Vec<u64> = story
        .steps
        .iter()
        .flat_map(Step::answers)
        .filter(|answered| answered.input.is_some())
        .map(|answered| answered.input_spot.global)
        .collect();
    for (event, spot) in story.folded() {
        let place = story.place(spot);
        let _ = subject.fold(event, &place);
        if handed.contains(&spot.global) {
            let _ = subject.fold(event, &place);
        }
    }
}

/// Says under this headline how a state differs from the live one, in this word for it; nothing when it does not.
type Differ<'a> = dyn Fn(&str, &Result<Value, String>, &str) -> Option<Complaint> + 'a;

/// The first position at which a saved state goes on to another end.
fn snapshots<S: Subject>(
    story: &Story<S>,
    view: Json<S::State>,
    restore: Restore<S>,
    differ: &Differ<'_>,
) -> Option<Complaint> {
    let events: Vec<_> = story.folded().collect();
    let every = events.len().div_ceil(MOST_SNAPSHOTS).max(1);
    let mut before = story.fresh();
    for position in 0..=events.len() {
        if position % every == 0 || position == events.len() {
            let headline = format!(
                "the state that was saved after {} and read back comes to another end",
                count(position, "event")
            );
            let tail = || {
                let saved = view(before.state())?;
                let mut subject = restore(&saved.to_string())?;
                caught(|| fold_all(story, &mut subject, events[position..].iter().copied()))?;
                view(subject.state())
            };
            let complaint = differ(&headline, &tail(), "from the saved one");
            if complaint.is_some() {
                return complaint;
            }
        }
        if let Some((event, spot)) = events.get(position) {
            let _ = before.fold(event, &story.place(spot));
        }
    }
    None
}

/// Given events that nobody looked at.
fn unused<S: Subject>(story: &Story<S>, found: &mut Vec<Complaint>) {
    let mut say = |number: usize, told: &Told, why: String| {
        let headline = format!("given event {} was not looked at", number + 1);
        found.push(Complaint::new(story.started, headline, vec![told.line(), why]));
    };
    for (number, past) in story.given.iter().enumerate() {
        for became in past.became.iter().filter(|became| became.passed_by) {
            let why = match (S::ONE_STREAM, story.streams().name(&became.spot)) {
                (true, Some(stream)) => {
                    format!(
                        "it is in the stream {stream}, and {} folds its own stream alone",
                        S::name()
                    )
                }
                _ => format!("it is none of the business of {}", S::name()),
            };
            say(number, became.told(), why);
        }
    }
    if story.steps.iter().any(|step| step.answers().next().is_some()) {
        let unread = story.subject.unread();
        if !unread.is_empty() {
            let folded = story.given.iter().enumerate().flat_map(|(number, past)| {
                let folded = past
                    .became
                    .iter()
                    .filter(|became| !became.passed_by && became.stopped.is_none());
                folded.map(move |became| (number, became))
            });
            for (index, (number, became)) in folded.enumerate() {
                if unread.contains(&index) {
                    let why = "no decision query selected it: is there a typo in its ids?".to_owned();
                    say(number, became.told(), why);
                }
            }
        }
    }
    if story.fixture.strict_givens {
        for number in without_difference_now(story) {
            if let Some(told) = story.given[number].told() {
                say(number, told, "it makes no difference to the state".to_owned());
            }
        }
    }
}

/// Which given events make no difference to the state, if somebody collects records.
pub(super) fn without_difference<S: Subject>(story: &Story<S>) -> Vec<usize> {
    if record::collecting() {
        without_difference_now(story)
    } else {
        Vec::new()
    }
}

fn without_difference_now<S: Subject>(story: &Story<S>) -> Vec<usize> {
    let Some(view) = story.fixture.views.state.filter(|_| S::HAS_STATE) else {
        return Vec::new();
    };
    let mut subject = story.fresh();
    let Ok(mut before) = view(subject.state()) else {
        return Vec::new();
    };
    let mut unused = Vec::new();
    for (number, past) in story.given.iter().enumerate() {
        for became in &past.became {
            let place = story.place(&became.spot);
            match caught(|| subject.fold(&became.event, &place)) {
                Ok(Ok(Folded::Folded | Folded::PassedBy)) => {}
                Ok(Err(_)) | Err(_) => return unused,
            }
        }
        let Ok(after) = view(subject.state()) else {
            return unused;
        };
        if same(&before, &after) {
            unused.push(number);
        }
        before = after;
    }
    unused
}
