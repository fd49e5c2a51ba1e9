//! What an upcaster knows of the stream before the event at hand.
//!
//! Between any two events a context is JSON and nothing else. A reader that goes through a stream in pages, or stops
//! and goes on another day, keeps it beside its position; how long a page is can make no difference.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{EventError, Version, read_json, write_json};

use super::Envelope;
use super::error::{Failure, Kind};
use super::event::Upcast;
use super::upcaster::{Step, Stored, Upcaster};

/// A stored event, as a context is told of it: as it stands in the store, before any upcasting.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Seen<'a> {
    /// The type it is stored under.
    pub event_type: &'a str,
    /// The version it is stored under.
    pub version: &'a Version,
    /// Its data.
    pub data: &'a Value,
    /// What else is stored.
    pub envelope: &'a Envelope<'a>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(
        event_type: &'a str,
        version: &'a Version,
        data: &'a Value,
        envelope: &'a Envelope<'a>,
    ) -> Self {
        Self {
            event_type,
            version,
            data,
            envelope,
        }
    }
}

/// What the upcasters know of one stream so far; [`Chains::upcast_in`](super::Chains::upcast_in) brings it up to date.
///
/// A reader that stops in the middle of a stream keeps it, as JSON, beside its position.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamContext {
    /// By upcaster, as it is shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) known: BTreeMap<String, Value>,
    /// Revision of the last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<u64>,
}

impl StreamContext {
    /// The revision after the last one, for streams that are told without revisions.
    pub(crate) fn next_revision(&self) -> u64 {
        self.last.map_or(0, |last| last.saturating_add(1))
    }
}

type Note = dyn Fn(Value, &Seen<'_>) -> Result<Value, Failure> + Send + Sync;
type Make = dyn Fn(Value, Option<&Value>, &Envelope<'_>) -> Result<Vec<Upcast>, Failure> + Send + Sync;

/// A step that knows the stream so far.
struct InContext {
    follows: Vec<String>,
    note: Box<Note>,
    make: Box<Make>,
}

impl Step for InContext {
    fn follows(&self) -> &[String] {
        &self.follows
    }

    fn note(&self, context: Value, event: &Seen<'_>) -> Result<Value, Failure> {
        (self.note)(context, event)
    }

    fn run(&self, data: Value, stored: Stored<'_>) -> Result<Vec<Upcast>, Failure> {
        (self.make)(data, stored.context, stored.envelope)
    }
}

fn kept<C: Serialize>(context: &C) -> Result<Value, Failure> {
    write_json(context).map_err(|error| {
        Failure::new(
            Kind::Refused,
            format!("cannot keep its context: {}", error.message),
        )
    })
}

fn given<C: Default + for<'de> Deserialize<'de>>(context: Option<&Value>) -> Result<C, Failure> {
    match context {
        None | Some(Value::Null) => Ok(C::default()),
        Some(context) => read_json(&context.to_string()).map_err(|error: EventError| {
            Failure::new(
                Kind::Refused,
                format!("cannot read its context again: {}", error.message),
            )
        }),
    }
}

/// The events that are merged into one.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) all: Vec<(String, Version)>,
    window: u64,
}

/// A part that waits for those that come after it.
#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    revision: u64,
    data: Value,
}

impl Parts {
    fn waiting(context: Option<&Value>) -> Result<Vec<Waiting>, Failure> {
        given(context)
    }

    fn place(&self, event_type: &str, version: &Version) -> Option<usize> {
        self.all
            .iter()
            .position(|part| part.0 == event_type && part.1 == *version)
    }

    fn named(&self, index: usize) -> String {
        self.all
            .get(index)
            .map(|(event_type, version)| format!("{event_type} {version}"))
            .unwrap_or_default()
    }

    fn revision(envelope: &Envelope<'_>) -> Result<u64, Failure> {
        envelope.revision.ok_or_else(|| {
            Failure::new(
                Kind::Refused,
                "merges events of a stream, and the event has no revision",
            )
        })
    }

    /// What is wrong with `index` coming at `revision` after those that wait.
    fn check(&self, waiting: &[Waiting], index: usize, revision: u64) -> Result<(), Failure> {
        let refuse = |what: String| Err(Failure::new(Kind::Refused, what));
        if let Some(first) = waiting.first()
            && revision.saturating_sub(first.revision) > self.window
        {
            return refuse(format!(
                "refuses the event: the {} of revision {} has waited for {} longer than the window of {} revisions",
                self.named(0),
                first.revision,
                self.named(waiting.len()),
                self.window
            ));
        }
        if waiting.len() < index {
            return refuse(format!(
                "refuses the event: there is no {} before it to merge it with",
                self.named(waiting.len())
            ));
        }
        if waiting.len() > index {
            return refuse(format!(
                "refuses the event: the {} of revision {} still waits for {}",
                self.named(index),
                waiting.get(index).map_or(0, |part| part.revision),
                self.named(waiting.len())
            ));
        }
        Ok(())
    }

    fn note(&self, context: &Value, event: &Seen<'_>) -> Result<Value, Failure> {
        let mut waiting = Self::waiting(Some(context))?;
        let Some(index) = self.place(event.event_type, event.version) else {
            return kept(&waiting);
        };
        let revision = Self::revision(event.envelope)?;
        if self.check(&waiting, index, revision).is_err() {
            // Told where the event itself is upcast; from there the merge begins anew.
            waiting.clear();
            if index > 0 {
                return kept(&waiting);
            }
        }
        if index + 1 == self.all.len() {
            waiting.clear();
        } else {
            waiting.push(Waiting {
                revision,
                data: event.data.clone(),
            });
        }
        kept(&waiting)
    }

    /// What is wrong where the stream has come to `last` and parts still wait.
    pub(super) fn overdue(&self, context: &Value, last: u64) -> Result<(), Failure> {
        let waiting = Self::waiting(Some(context))?;
        match waiting.first() {
            Some(first) if last.saturating_sub(first.revision) > self.window => {
                self.check(&waiting, waiting.len(), last)
            }
            _ => Ok(()),
        }
    }

    /// A context in which the parts before `index` wait with this data.
    #[cfg(feature = "compat")]
    pub(super) fn context(before: &[&Value]) -> Value {
        serde_json::json!(
            before
                .iter()
                .zip(0_u64..)
                .map(|(data, revision)| serde_json::json!({"revision": revision, "data": data}))
                .collect::<Vec<_>>()
        )
    }
}

impl Upcaster {
    /// As [`json`](Self::json), and `f` also sees what is stored beside the data.
    ///
    /// What it makes may have other metadata ([`Upcast::with_metadata`]).
    ///
    /// ```
    /// use pastproof::upcast::{Chains, Envelope, Upcast, Upcaster};
    /// use pastproof::model::Version;
    /// use serde_json::json;
    ///
    /// let upcaster = Upcaster::with_envelope("PriceSet", 1, [("PriceSet", 2)], |data, event| {
    ///     let by = event.recorded_at.unwrap_or("unknown").to_owned();
    ///     Ok::<_, String>(vec![Upcast::new("PriceSet", 2, data).with_metadata(json!({"at": by}))])
    /// });
    /// let chains = Chains::new([upcaster], [("PriceSet", 2)]);
    /// let event = Envelope { recorded_at: Some("2026-05-01"), ..Envelope::default() };
    /// let made = chains.upcast("PriceSet", &Version::from(1), json!({}), &event)?;
    /// assert_eq!(made[0].metadata, Some(json!({"at": "2026-05-01"})));
    /// # Ok::<(), pastproof::upcast::UpcastError>(())
    /// ```
    #[track_caller]
    pub fn with_envelope<E>(
        event_type: impl Into<String>,
        from: impl Into<Version>,
        targets: impl IntoIterator<Item = (impl Into<String>, impl Into<Version>)>,
        f: impl Fn(Value, &Envelope<'_>) -> Result<Vec<Upcast>, E> + Send + Sync + 'static,
    ) -> Self
    where
        E: fmt::Display + 'static,
    {
        let step = InContext {
            follows: Vec::new(),
            note: Box::new(|context, _| Ok(context)),
            make: Box::new(move |data, _, envelope| f(data, envelope).map_err(refused)),
        };
        Self::built(event_type.into(), from.into(), pairs(targets), "json", step)
    }

    /// An upcaster of another framework, which cannot refuse an event; `origin` is the framework's name.
    #[cfg(feature = "cqrs-es")]
    #[track_caller]
    pub(crate) fn hosted(
        event_type: String,
        from: Version,
        targets: impl IntoIterator<Item = (String, Version)>,
        origin: &str,
        f: impl Fn(Value, &Envelope<'_>) -> Vec<Upcast> + Send + Sync + 'static,
    ) -> Self {
        let step = InContext {
            follows: Vec::new(),
            note: Box::new(|context, _| Ok(context)),
            make: Box::new(move |data, _, envelope| Ok(f(data, envelope))),
        };
        Self::built(event_type, from, targets.into_iter().collect(), origin, step)
    }

    /// Hands `f` the data together with what is known of the stream so far: `note` is shown every earlier event of
    /// the stream whose stored type is among `follows`, as it is stored, and keeps of it in a `Context` what it
    /// needs.
    ///
    /// The context is written as JSON and read again between any two events.
    /// [`Chains::upcast_in`](super::Chains::upcast_in) reads a stream with such upcasters;
    /// [`Chains::upcast`](super::Chains::upcast) refuses them, since one event alone has no stream.
    ///
    /// ```
    /// use pastproof::model::Version;
    /// use pastproof::upcast::{Chains, Envelope, StreamContext, Upcast, Upcaster};
    /// use serde_json::{Value, json};
    ///
    /// // `Paid` once had no currency: it was the one of the order.
    /// let upcaster = Upcaster::with_context(
    ///     "Paid",
    ///     1,
    ///     [("Paid", 2)],
    ///     ["Ordered"],
    ///     |currency: &mut Option<String>, event| {
    ///         *currency = event.data["currency"].as_str().map(str::to_owned);
    ///         Ok::<_, String>(())
    ///     },
    ///     |mut data: Value, currency, _| match currency {
    ///         Some(currency) => {
    ///             data["currency"] = json!(currency);
    ///             Ok(vec![Upcast::new("Paid", 2, data)])
    ///         }
    ///         None => Err("it was paid before it was ordered".to_owned()),
    ///     },
    /// );
    /// let chains = Chains::new([upcaster], [("Ordered", 1), ("Paid", 2)]);
    /// let (one, event) = (Version::from(1), Envelope::default());
    /// let mut context = StreamContext::default();
    /// chains.upcast_in(&mut context, "Ordered", &one, json!({"currency": "CZK"}), &event)?;
    /// let made = chains.upcast_in(&mut context, "Paid", &one, json!({"cents": 5}), &event)?;
    /// assert_eq!(made[0].data, json!({"cents": 5, "currency": "CZK"}));
    /// # Ok::<(), pastproof::upcast::UpcastError>(())
    /// ```
    #[track_caller]
    pub fn with_context<Context, N, E>(
        event_type: impl Into<String>,
        from: impl Into<Version>,
        targets: impl IntoIterator<Item = (impl Into<String>, impl Into<Version>)>,
        follows: impl IntoIterator<Item = impl Into<String>>,
        note: impl Fn(&mut Context, &Seen<'_>) -> Result<(), N> + Send + Sync + 'static,
        f: impl Fn(Value, &Context, &Envelope<'_>) -> Result<Vec<Upcast>, E> + Send + Sync + 'static,
    ) -> Self
    where
        Context: Default + Serialize + for<'de> Deserialize<'de> + 'static,
        N: fmt::Display + 'static,
        E: fmt::Display + 'static,
    {
        let step = InContext {
            follows: follows.into_iter().map(Into::into).collect(),
            note: Box::new(move |context, event| {
                let mut known: Context = given(Some(&context))?;
                note(&mut known, event).map_err(refused)?;
                kept(&known)
            }),
            make: Box::new(move |data, context, envelope| {
                let known: Context = given(context)?;
                f(data, &known, envelope).map_err(refused)
            }),
        };
        Self::built(event_type.into(), from.into(), pairs(targets), "json", step)
    }

    /// Makes one event of several that follow one another in a stream, others between them, in the order of `parts`.
    ///
    /// The event stands where the last part stands; the earlier ones make nothing where they stand, and so no
    /// address moves, and nothing changes when the stream goes on. `window` is how many revisions the last part may
    /// come after the first at most. A part without those before it, a part that comes twice, and a window that
    /// passes are refused.
    ///
    /// An upcaster for each part comes back.
    ///
    /// ```
    /// use pastproof::model::Version;
    /// use pastproof::upcast::{Chains, Envelope, StreamContext, Upcaster};
    /// use serde_json::json;
    ///
    /// let merged = Upcaster::merged([("Weighed", 1), ("Measured", 1)], 3, ("Sized", 1), |parts| {
    ///     Ok::<_, String>(json!({"grams": parts[0]["grams"], "cm": parts[1]["cm"]}))
    /// });
    /// let chains = Chains::new(merged, [("Sized", 1)]);
    /// let one = Version::from(1);
    /// let mut context = StreamContext::default();
    /// let mut read = |revision, event_type, data| {
    ///     let event = Envelope { revision: Some(revision), ..Envelope::default() };
    ///     chains.upcast_in(&mut context, event_type, &one, data, &event)
    /// };
    /// assert!(read(4, "Weighed", json!({"grams": 70}))?.is_empty());
    /// assert_eq!(read(6, "Measured", json!({"cm": 8}))?[0].data, json!({"grams": 70, "cm": 8}));
    /// # Ok::<(), pastproof::upcast::UpcastError>(())
    /// ```
    #[track_caller]
    pub fn merged<E>(
        parts: impl IntoIterator<Item = (impl Into<String>, impl Into<Version>)>,
        window: u64,
        target: (impl Into<String>, impl Into<Version>),
        f: impl Fn(Vec<Value>) -> Result<Value, E> + Send + Sync + 'static,
    ) -> Vec<Self>
    where
        E: fmt::Display + 'static,
    {
        let parts = Arc::new(Parts {
            all: pairs(parts),
            window,
        });
        let target = (target.0.into(), target.1.into());
        let f: Arc<dyn Fn(Vec<Value>) -> Result<Value, Failure> + Send + Sync> =
            Arc::new(move |parts| f(parts).map_err(refused));
        let mut upcasters = Vec::new();
        for (index, (event_type, version)) in parts.all.iter().enumerate() {
            let (known, noted) = (Arc::clone(&parts), Arc::clone(&parts));
            let (f, made) = (Arc::clone(&f), target.clone());
            let step = InContext {
                follows: parts
                    .all
                    .iter()
                    .map(|(event_type, _)| event_type.clone())
                    .collect(),
                note: Box::new(move |context, event| noted.note(&context, event)),
                make: Box::new(move |data, context, envelope| {
                    let waiting = Parts::waiting(context)?;
                    known.check(&waiting, index, Parts::revision(envelope)?)?;
                    if index + 1 < known.all.len() {
                        return Ok(Vec::new());
                    }
                    let mut event = Upcast::new(made.0.clone(), made.1.clone(), Value::Null);
                    event.merged = waiting.iter().map(|part| part.revision).collect();
                    let mut all: Vec<Value> = waiting.into_iter().map(|part| part.data).collect();
                    all.push(data);
                    event.data = f(all)?;
                    Ok(vec![event])
                }),
            };
            let upcaster = Self::built(
                event_type.clone(),
                version.clone(),
                vec![target.clone()],
                "merge",
                step,
            );
            upcasters.push(upcaster.part_of(Arc::clone(&parts), index));
        }
        upcasters
    }
}

fn pairs(
    targets: impl IntoIterator<Item = (impl Into<String>, impl Into<Version>)>,
) -> Vec<(String, Version)> {
    targets
        .into_iter()
        .map(|(event_type, version)| (event_type.into(), version.into()))
        .collect()
}

fn refused(error: impl fmt::Display) -> Failure {
    Failure::new(Kind::Refused, format!("refuses the event: {error}"))
}
