//! Upcasters of `cqrs-es`, verified as they are; and chains of ours as one of them.

use std::fmt;
use std::sync::Arc;

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::Version;
use crate::upcast::{Chains, Envelope, Upcast, Upcaster};

/// The upcasters of an event store of `cqrs-es`, in its order, to be verified unchanged.
///
/// The store hands every event to each of them that says it can upcast it, one after the other. A
/// [`step`](Self::step) does the same, so that what is verified is what production runs: the functions themselves, the
/// order they are registered in, and the versions they claim.
///
/// ```
/// use cqrs_es::persist::SemanticVersionEventUpcaster;
/// use pastproof::adapters::cqrs_es::Upcasters;
/// use pastproof::model::Version;
/// use pastproof::upcast::{Chains, Envelope};
/// use serde_json::{Value, json};
///
/// fn add_currency(mut payload: Value) -> Value {
///     payload["currency"] = json!("EUR");
///     payload
/// }
///
/// let production = Upcasters::new(vec![Box::new(SemanticVersionEventUpcaster::new(
///     "PriceSet",
///     "2.0.0",
///     Box::new(add_currency),
/// ))]);
/// let chains = Chains::new([production.step("PriceSet", "1.0.0", "2.0.0")], [("PriceSet", "2.0.0")]);
/// let made = chains.upcast("PriceSet", &Version::from("1.0.0"), json!({"cents": 5}), &Envelope::default())?;
/// assert_eq!(made[0].data, json!({"cents": 5, "currency": "EUR"}));
/// assert_eq!(chains.upcasters()[0].to_string(), "PriceSet 1.0.0 to 2.0.0 (cqrs-es)");
/// # Ok::<(), pastproof::upcast::UpcastError>(())
/// ```
#[derive(Clone)]
pub struct Upcasters(Arc<[Box<dyn EventUpcaster>]>);

impl fmt::Debug for Upcasters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upcasters({})", self.0.len())
    }
}

impl Upcasters {
    /// The upcasters as the store is given them.
    pub fn new(upcasters: Vec<Box<dyn EventUpcaster>>) -> Self {
        Self(upcasters.into())
    }

    /// What the store makes of events of this type and version, which are at `to` then. That they are is part of what
    /// is verified: upcasters that leave them at another version, or pass them by, make what is not declared.
    #[track_caller]
    pub fn step(
        &self,
        event_type: impl Into<String>,
        from: impl Into<Version>,
        to: impl Into<Version>,
    ) -> Upcaster {
        let event_type = event_type.into();
        self.renaming(event_type.clone(), from, event_type, to)
    }

    /// As [`step`](Self::step), and the events are of another type then.
    #[track_caller]
    pub fn renaming(
        &self,
        event_type: impl Into<String>,
        from: impl Into<Version>,
        new_type: impl Into<String>,
        to: impl Into<Version>,
    ) -> Upcaster {
        let (event_type, from) = (event_type.into(), from.into());
        let (stored, version) = (event_type.clone(), from.to_string());
        let upcasters = Arc::clone(&self.0);
        Upcaster::hosted(
            event_type,
            from,
            [(new_type.into(), to.into())],
            "cqrs-es",
            move |data, envelope| {
                let metadata = envelope
                    .metadata
                    .and_then(|raw| serde_json::from_str(raw.get()).ok());
                let before: Value = metadata.unwrap_or_default();
                let event = SerializedEvent::new(
                    envelope.stream.unwrap_or_default().to_owned(),
                    usize::try_from(envelope.revision.unwrap_or(0)).unwrap_or(usize::MAX),
                    envelope.category.unwrap_or_default().to_owned(),
                    stored.clone(),
                    version.clone(),
                    data,
                    before.clone(),
                );
                let made = upcasters.iter().fold(event, |event, upcaster| {
                    if upcaster.can_upcast(&event.event_type, &event.event_version) {
                        upcaster.upcast(event)
                    } else {
                        event
                    }
                });
                let mut upcast = Upcast::new(made.event_type, made.event_version, made.payload);
                if made.metadata != before {
                    upcast.metadata = Some(made.metadata);
                }
                vec![upcast]
            },
        )
    }
}

/// Chains of ours as an upcaster of `cqrs-es`: the store then runs what was verified, whether typed, JSON, declarative
/// or jq.
///
/// The trait can say neither that an event is refused nor that it became none or several. Where that happens, the
/// payload becomes a text that says why, and reading the event fails with it; an event is never passed on half
/// upcast. [`new`](Self::new) refuses chains that are meant to do so.
///
/// ```
/// use cqrs_es::persist::{EventUpcaster as _, SerializedEvent};
/// use pastproof::adapters::cqrs_es::ChainUpcaster;
/// use pastproof::upcast::{Chains, Upcast, Upcaster};
/// use serde_json::json;
///
/// let chains = Chains::new(
///     [Upcaster::json("PriceSet", "1.0.0", [("PriceSet", "2.0.0")], |mut data| {
///         data["currency"] = json!("EUR");
///         Ok::<_, String>(vec![Upcast::new("PriceSet", "2.0.0", data)])
///     })],
///     [("PriceSet", "2.0.0")],
/// );
/// let upcaster = ChainUpcaster::new(chains)?;
/// assert!(upcaster.can_upcast("PriceSet", "1.0.0") && !upcaster.can_upcast("PriceSet", "2.0.0"));
/// let stored = SerializedEvent::new(
///     "7".into(), 1, "price".into(), "PriceSet".into(), "1.0.0".into(), json!({"cents": 5}), json!({}),
/// );
/// let read = upcaster.upcast(stored);
/// assert_eq!(read.event_version, "2.0.0");
/// assert_eq!(read.payload, json!({"cents": 5, "currency": "EUR"}));
/// # Ok::<(), pastproof::adapters::cqrs_es::Unsuited>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChainUpcaster(Arc<Chains>);

/// Why chains cannot be an upcaster of `cqrs-es`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsuited(String);

impl fmt::Display for Unsuited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsuited {}

impl ChainUpcaster {
    /// Chains whose every step makes one event of one, in its own stream.
    ///
    /// # Errors
    ///
    /// When a step drops, splits, merges or moves events, or has to know the stream before them.
    pub fn new(chains: impl Into<Arc<Chains>>) -> Result<Self, Unsuited> {
        let chains = chains.into();
        for upcaster in chains.upcasters() {
            let why = if upcaster.targets().len() != 1 {
                "makes none or several events of one"
            } else if !upcaster.follows().is_empty() {
                "has to know the stream before an event"
            } else if upcaster.moves() {
                "moves events to other streams"
            } else {
                continue;
            };
            return Err(Unsuited(format!(
                "upcaster {upcaster} {why}, and an upcaster of cqrs-es makes one event of one"
            )));
        }
        Ok(Self(chains))
    }
}

impl EventUpcaster for ChainUpcaster {
    fn can_upcast(&self, event_type: &str, event_version: &str) -> bool {
        let version = Version::from(event_version.to_owned());
        self.0.first_step(event_type, &version).is_some()
    }

    fn upcast(&self, event: SerializedEvent) -> SerializedEvent {
        let version = Version::from(event.event_version.clone());
        let metadata = RawValue::from_string(event.metadata.to_string()).ok();
        let envelope = Envelope {
            stream: Some(&event.aggregate_id),
            category: Some(&event.aggregate_type),
            revision: u64::try_from(event.sequence).ok(),
            metadata: metadata.as_deref(),
            ..Envelope::default()
        };
        let made = self
            .0
            .upcast(&event.event_type, &version, event.payload.clone(), &envelope);
        let one = match made {
            Ok(mut made) if made.len() == 1 => made.remove(0),
            other => {
                let why = match other {
                    Ok(made) => format!(
                        "upcasting {} {version} made {} events, and the store takes one",
                        event.event_type,
                        made.len()
                    ),
                    Err(error) => error.to_string(),
                };
                return SerializedEvent {
                    payload: Value::String(why),
                    ..event
                };
            }
        };
        SerializedEvent {
            event_type: one.event_type,
            event_version: one.version.to_string(),
            payload: one.data,
            metadata: one.metadata.unwrap_or(event.metadata),
            ..event
        }
    }
}
