//! How a history is taken in: read, written and read back, folded.

use std::cell::OnceCell;

use serde_json::Value;

use crate::model::Context;
use crate::upcast::{Envelope, StreamContext};

use super::StoredEvent;
use super::fixture::FreeCheck;
use super::poll::{self, caught, caught_while};
use super::prove;
use super::quick;
use super::story::{At, Became, Past, Spot, Story, Tags};
use super::subject::{Answer, Folded, Subject};
use super::text::{Complaint, Told, differences};

impl<S: Subject> Story<S> {
    /// Takes `event` into the history, as it would be read back from a store.
    pub(super) fn give(&mut self, event: S::Event, stream: Option<&str>, tags: &Tags, at: At) {
        let label = Label::Given(self.given.len() + 1);
        let spot = self.spot(stream, tags.clone());
        let became = self.fold_given(event, spot, label, at);
        self.given.push(Past {
            stored: None,
            read: true,
            became: vec![became],
            made: false,
            by: None,
            from: None,
        });
    }

    /// Takes `stored` into the history, as it would be read from a store.
    pub(super) fn give_stored(&mut self, stored: StoredEvent, stream: Option<&str>, tags: &Tags, at: At) {
        let label = Label::Given(self.given.len() + 1);
        self.check_schema(&stored, label, at);
        let read = self.read_next(&stored, stream);
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
            made: false,
            by: None,
            from: None,
        };
        self.given.push(past);
    }

    /// What the code reads of the next stored event of a stream.
    fn read_next(&mut self, stored: &StoredEvent, stream: Option<&str>) -> Result<Vec<S::Event>, String> {
        let chains = self.fixture.upcasters.as_deref();
        if !chains.is_some_and(crate::upcast::Chains::needs_context) {
            return self.read(stored);
        }
        let key = stream.unwrap_or_default().to_owned();
        let mut context = self.contexts.remove(&key).unwrap_or_default();
        let read = self.read_after(stored, Some(&mut context));
        self.contexts.insert(key, context);
        read
    }

    /// What the code reads of a stored event.
    pub(super) fn read(&self, stored: &StoredEvent) -> Result<Vec<S::Event>, String> {
        self.read_after(stored, None)
    }

    fn read_after(
        &self,
        stored: &StoredEvent,
        context: Option<&mut StreamContext>,
    ) -> Result<Vec<S::Event>, String> {
        let decode = |event_type: &str, data: &Value| {
            S::decode(event_type, &data.to_string()).map_err(|error| error.to_string())
        };
        let chains = self.fixture.upcasters.as_deref();
        let stays =
            chains.is_none_or(|chains| chains.first_step(&stored.event_type, &stored.version).is_none());
        if let (Some(context), Some(chains)) = (context, chains) {
            let envelope = Envelope {
                revision: Some(context.next_revision()),
                ..Envelope::default()
            };
            let data = stored.data.clone();
            let made = chains.upcast_in(context, &stored.event_type, &stored.version, data, &envelope);
            if !stays || S::current(&stored.event_type).as_ref() != Some(&stored.version) {
                let made = made.map_err(|error| error.to_string())?;
                return made
                    .iter()
                    .map(|event| decode(&event.event_type, &event.data))
                    .collect();
            }
        }
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
        if S::SCHEDULES && !self.continuing {
            self.schedule_given(&became, label, at);
        }
        if !prove::leaves_out(|| became.told().stored.kind()) {
            self.fold(&mut became, label, at);
        }
        became
    }

    /// Learns which timeouts were scheduled when a given event happened. What else came of it then is history.
    fn schedule_given(&mut self, became: &Became<S>, label: Label, at: At) {
        let mut context = Context::after(self.clock.now, self.ids);
        let place = self.streams.place(&became.spot);
        let subject = &mut self.subject;
        let message = match poll::once(caught_while(async {
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

    pub(super) fn schedule(&mut self, answer: &Answer<S>) {
        for timeout in &answer.cancelled {
            self.pending.retain(|scheduled| scheduled.timeout != *timeout);
        }
        self.pending.extend(answer.scheduled.iter().cloned());
    }

    /// Holds an event against the catalogue, where there is one.
    pub(super) fn check_schema(&mut self, stored: &StoredEvent, label: Label, at: At) {
        let Some(schemas) = self
            .schemas
            .as_ref()
            .filter(|_| self.fixture.makes(FreeCheck::Schema))
        else {
            return;
        };
        if let Err(lines) = schemas(stored) {
            let headline = format!("{label}: {} is not what the catalogue says", stored.kind());
            self.troubles.push(Complaint::new(at, headline, lines));
        }
    }

    /// Folds an event into the state.
    pub(super) fn fold(&mut self, became: &mut Became<S>, label: Label, at: At) {
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
    pub(super) fn through_store(&mut self, event: S::Event, spot: Spot, label: Label, at: At) -> Became<S> {
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
        if !self.fixture.makes(FreeCheck::RoundTrip) && self.schemas.is_none() {
            return became(event, None);
        }
        if self.schemas.is_none()
            && let Some(back) = quick::read_back::<S>(&event)
        {
            return became(back, None);
        }
        let told = Told::of::<S>(&event);
        if told.unwritten.is_none() {
            self.check_schema(&told.stored, label, at);
        }
        if !self.fixture.makes(FreeCheck::RoundTrip) {
            return became(event, Some(told));
        }
        let (back, complaint) = round_trip::<S>(&event, &told);
        if let Some((headline, lines)) = complaint {
            let headline = format!("{label}: {} {headline}", told.stored.kind());
            self.troubles.push(Complaint::new(at, headline, lines));
        }
        became(back.unwrap_or(event), Some(told))
    }
}

/// What is wrong when it does not come back, and in which words.
pub(super) type Loss = Option<(&'static str, Vec<String>)>;

/// The event as it comes back from a store, where it does, and what is lost on the way.
pub(super) fn round_trip<S: Subject>(event: &S::Event, told: &Told) -> (Option<S::Event>, Loss) {
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
pub(super) enum Label {
    Given(usize),
    Recorded(usize),
    /// The event that is handed over.
    Handed,
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given(number) => write!(f, "given event {number}"),
            Self::Recorded(number) => write!(f, "recorded event {number}"),
            Self::Handed => f.write_str("the event handed over"),
        }
    }
}
