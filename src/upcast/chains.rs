//! Upcasters put together: the way from a stored version to what the code reads.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::Version;

use super::context::{Seen, StreamContext};
use super::error::{Failure, Kind};
use super::upcaster::Stored;
use super::{Envelope, Upcast, UpcastError, Upcaster};

/// How much may be made of one stored event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// Events made of it in the end; 1,000 unless said otherwise.
    pub outputs: usize,
    /// Steps taken on the way; 10,000 unless said otherwise.
    pub steps: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            outputs: 1_000,
            steps: 10_000,
        }
    }
}

impl Bounds {
    /// The same bounds with another number of events.
    #[must_use]
    pub fn outputs(mut self, outputs: usize) -> Self {
        self.outputs = outputs;
        self
    }

    /// The same bounds with another number of steps.
    #[must_use]
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }
}

/// Upcasters, and the types and versions that the code reads.
///
/// From every (type, version) a chain takes the shortest way: fewest steps until everything that the steps
/// declare is at a version the code reads. The order in which upcasters are registered plays no part.
///
/// ```
/// use pastproof::model::Version;
/// use pastproof::upcast::{Chains, Envelope, Upcast, Upcaster};
/// use serde_json::json;
///
/// let chains = Chains::new(
///     [
///         Upcaster::json("PriceSet", 1, [("PriceSet", 2)], |mut data| {
///             data["currency"] = json!("EUR");
///             Ok::<_, String>(vec![Upcast::new("PriceSet", 2, data)])
///         }),
///         Upcaster::dropped("PriceGuessed", 1),
///     ],
///     [("PriceSet", 2)],
/// );
/// let one = Version::from(1);
/// let made = chains.upcast("PriceSet", &one, json!({"cents": 5}), &Envelope::default())?;
/// assert_eq!(made, [Upcast::new("PriceSet", 2, json!({"cents": 5, "currency": "EUR"}))]);
/// assert!(chains.upcast("PriceGuessed", &one, json!({}), &Envelope::default())?.is_empty());
/// assert!(chains.upcast("PriceSet", &Version::from(3), json!({}), &Envelope::default()).is_err());
/// # Ok::<(), pastproof::upcast::UpcastError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Chains {
    upcasters: Vec<Upcaster>,
    /// By type; the versions of one type are few, and comparing them needs no allocation where hashing would.
    nodes: HashMap<String, Vec<Node>>,
    bounds: Bounds,
    /// Whether any upcaster has to know the stream before an event.
    contextual: bool,
}

/// What is known of one (type, version).
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) version: Version,
    pub(super) current: bool,
    /// The upcasters that start here, the one to take first.
    pub(super) steps: Vec<usize>,
    /// Steps to the code on the shortest way, if there is a way.
    distance: Option<usize>,
}

impl Chains {
    /// Chains of `upcasters` that lead to `current`: what the code reads or, without code, each type's newest
    /// version.
    pub fn new(
        upcasters: impl IntoIterator<Item = Upcaster>,
        current: impl IntoIterator<Item = (impl Into<String>, impl Into<Version>)>,
    ) -> Self {
        let mut chains = Self {
            upcasters: upcasters.into_iter().collect(),
            nodes: HashMap::new(),
            bounds: Bounds::default(),
            contextual: false,
        };
        chains.contextual = chains
            .upcasters
            .iter()
            .any(|upcaster| !upcaster.follows().is_empty());
        // Sorted, so that nothing depends on the order of registration.
        chains
            .upcasters
            .sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
        for (event_type, version) in current {
            let node = chains.node_mut(event_type.into(), version.into());
            node.current = true;
            node.distance = Some(0);
        }
        for index in 0..chains.upcasters.len() {
            let upcaster = chains.upcasters[index].clone();
            let node = chains.node_mut(upcaster.event_type().to_owned(), upcaster.from().clone());
            node.steps.push(index);
        }
        chains.find_ways();
        chains
    }

    /// The same chains with other bounds.
    #[must_use]
    pub fn with_bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// How much may be made of one stored event.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    fn node_mut(&mut self, event_type: String, version: Version) -> &mut Node {
        let nodes = self.nodes.entry(event_type).or_default();
        let index = nodes
            .iter()
            .position(|node| node.version == version)
            .unwrap_or_else(|| {
                nodes.push(Node {
                    version,
                    current: false,
                    steps: Vec::new(),
                    distance: None,
                });
                nodes.len() - 1
            });
        &mut nodes[index]
    }

    /// Finds every node's distance, nearest first: a step is as long as the longest way on from its targets.
    fn find_ways(&mut self) {
        for distance in 1..=self.upcasters.len() {
            let mut found = Vec::new();
            for (event_type, nodes) in &self.nodes {
                for (at, node) in nodes.iter().enumerate() {
                    let way = node.steps.iter().position(|&step| {
                        self.upcasters[step]
                            .targets()
                            .iter()
                            .all(|(event_type, version)| {
                                self.node(event_type, version)
                                    .is_some_and(|target| target.distance.is_some())
                            })
                    });
                    if let (None, Some(way)) = (node.distance, way) {
                        found.push((event_type.clone(), at, way));
                    }
                }
            }
            if found.is_empty() {
                return;
            }
            for (event_type, at, way) in found {
                if let Some(node) = self
                    .nodes
                    .get_mut(&event_type)
                    .and_then(|nodes| nodes.get_mut(at))
                {
                    node.distance = Some(distance);
                    node.steps[..=way].rotate_right(1);
                }
            }
        }
    }

    pub(super) fn node(&self, event_type: &str, version: &Version) -> Option<&Node> {
        self.nodes
            .get(event_type)?
            .iter()
            .find(|node| node.version == *version)
    }

    /// Every node, in no order.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes
            .iter()
            .flat_map(|(event_type, nodes)| nodes.iter().map(move |node| (event_type.as_str(), node)))
    }

    /// Whether the code reads this version as it stands.
    pub fn is_current(&self, event_type: &str, version: &Version) -> bool {
        self.node(event_type, version).is_some_and(|node| node.current)
    }

    /// The upcaster that a stored event of this type and version takes first, if it takes any.
    pub fn first_step(&self, event_type: &str, version: &Version) -> Option<&Upcaster> {
        let node = self.node(event_type, version)?;
        if node.current {
            return None;
        }
        node.steps.first().map(|&step| &self.upcasters[step])
    }

    /// Whether every event of this type and version that takes its steps without an error ends at versions the
    /// code reads.
    pub fn reaches(&self, event_type: &str, version: &Version) -> bool {
        self.node(event_type, version)
            .is_some_and(|node| node.distance.is_some())
    }

    /// The upcasters on the way from here to what the code reads, each once, the first one first; none where it is
    /// current.
    pub fn way(&self, event_type: &str, version: &Version) -> Vec<String> {
        let mut way = Vec::new();
        let mut open = vec![(event_type.to_owned(), version.clone())];
        while let Some((event_type, version)) = open.pop() {
            if let Some(step) = self.first_step(&event_type, &version) {
                let name = step.to_string();
                if !way.contains(&name) {
                    way.push(name);
                    open.extend(step.targets().iter().rev().cloned());
                }
            }
        }
        way
    }

    /// The upcasters, sorted by what they start from.
    pub fn upcasters(&self) -> &[Upcaster] {
        &self.upcasters
    }

    /// Takes a stored event to what the code reads: one event, none when it is dropped, or several when it is
    /// split, in the order in which the steps made them. Data that is current already comes back as it is.
    ///
    /// Consumers address what comes back by the stored event's position and the index in the list.
    ///
    /// # Errors
    ///
    /// When there is no way on, a step refuses or panics, makes what it does not declare, or a bound is passed.
    pub fn upcast(
        &self,
        event_type: &str,
        version: &Version,
        data: Value,
        event: &Envelope<'_>,
    ) -> Result<Vec<Upcast>, UpcastError> {
        self.walk(event_type, version, data, event, None)
    }

    pub(super) fn walk(
        &self,
        event_type: &str,
        version: &Version,
        data: Value,
        event: &Envelope<'_>,
        context: Option<&StreamContext>,
    ) -> Result<Vec<Upcast>, UpcastError> {
        let mut walk = Walk {
            chains: self,
            stored: Stored {
                event_type,
                version,
                envelope: event,
                context: None,
            },
            context,
            steps: 0,
            made: Vec::new(),
        };
        walk.follow(Upcast::new(event_type, version.clone(), data), None)?;
        Ok(walk.made)
    }

    /// The types and versions that the code reads, sorted.
    #[cfg(feature = "compat")]
    pub(super) fn current(&self) -> Vec<(&str, &Version)> {
        let mut current: Vec<_> = self
            .nodes()
            .filter(|(_, node)| node.current)
            .map(|(event_type, node)| (event_type, &node.version))
            .collect();
        current.sort_unstable();
        current
    }

    /// Whether any upcaster has to know the stream before an event.
    pub fn needs_context(&self) -> bool {
        self.contextual
    }

    /// Whether any upcaster may put events into other streams than they are stored in.
    pub fn moves(&self) -> bool {
        self.upcasters.iter().any(Upcaster::moves)
    }

    /// As [`upcast`](Self::upcast), for the next event of a stream: `context` is what is known of the stream before
    /// it, and is brought up to date. Every event of the stream has to pass, also those that are current, in the
    /// order of the store.
    ///
    /// # Errors
    ///
    /// As [`upcast`](Self::upcast), and when the event's revision is not after that of the last one. The context is
    /// brought up to date all the same.
    pub fn upcast_in(
        &self,
        context: &mut StreamContext,
        event_type: &str,
        version: &Version,
        data: Value,
        event: &Envelope<'_>,
    ) -> Result<Vec<Upcast>, UpcastError> {
        if !self.contextual {
            return self.walk(event_type, version, data, event, None);
        }
        let seen = self.follows(event_type).then(|| data.clone());
        let made = match (context.last, event.revision) {
            (Some(last), Some(revision)) if revision < last => Err(UpcastError::new(
                Failure::new(
                    Kind::Alone,
                    format!("comes after revision {last}, and upcasting needs the stream in its order"),
                ),
                (event_type, version),
                event,
            )),
            _ => self.walk(event_type, version, data, event, Some(context)),
        };
        let noted = match &seen {
            Some(data) => self.note(context, &Seen::new(event_type, version, data, event)),
            None => Ok(()),
        };
        context.last = event.revision.or(context.last);
        noted.and(made)
    }

    /// Whether any upcaster's context is told of stored events of this type.
    pub fn follows(&self, event_type: &str) -> bool {
        self.contextual
            && self
                .upcasters
                .iter()
                .any(|upcaster| upcaster.follows().iter().any(|known| known == event_type))
    }

    /// Tells the contexts of one event.
    pub(super) fn note(&self, context: &mut StreamContext, event: &Seen<'_>) -> Result<(), UpcastError> {
        let mut noted = Ok(());
        for upcaster in &self.upcasters {
            if !upcaster.follows().iter().any(|known| known == event.event_type) {
                continue;
            }
            let name = upcaster.to_string();
            let known = context.known.remove(&name).unwrap_or(Value::Null);
            match upcaster.note(known.clone(), event) {
                Ok(known) => {
                    context.known.insert(name, known);
                }
                Err(failure) => {
                    let at = (upcaster.event_type(), upcaster.from());
                    noted = Err(UpcastError::new(failure, at, event.envelope).in_step(name.clone()));
                    context.known.insert(name, known);
                }
            }
        }
        noted
    }

    /// What is wrong where the stream `event` belongs to has ended: merges whose window has passed without their last
    /// part.
    pub fn overdue(&self, context: &StreamContext, event: &Envelope<'_>) -> Vec<UpcastError> {
        let mut overdue = Vec::new();
        for upcaster in &self.upcasters {
            let name = upcaster.to_string();
            if let (Some((parts, index)), Some(last)) = (upcaster.part(), context.last)
                && index + 1 == parts.all.len()
                && let Some(known) = context.known.get(&name)
                && let Err(failure) = parts.overdue(known, last)
            {
                let at = (upcaster.event_type(), upcaster.from());
                overdue.push(UpcastError::new(failure, at, event).in_step(name));
            }
        }
        overdue
    }
}

/// The metadata that a step before has given the event.
pub(super) fn changed_metadata(event: &Upcast) -> Option<Box<RawValue>> {
    let metadata = event.metadata.as_ref()?;
    RawValue::from_string(metadata.to_string()).ok()
}

/// The nodes passed on the way to an event.
struct Passed<'a> {
    event_type: &'a str,
    version: &'a Version,
    before: Option<&'a Passed<'a>>,
}

struct Walk<'a> {
    chains: &'a Chains,
    stored: Stored<'a>,
    context: Option<&'a StreamContext>,
    steps: usize,
    made: Vec<Upcast>,
}

impl Walk<'_> {
    fn follow(&mut self, event: Upcast, before: Option<&Passed<'_>>) -> Result<(), UpcastError> {
        let chains = self.chains;
        let bounds = chains.bounds;
        let node = chains.node(&event.event_type, &event.version);
        let error =
            |failure| UpcastError::new(failure, (&event.event_type, &event.version), self.stored.envelope);
        if node.is_some_and(|node| node.current) {
            if self.made.len() == bounds.outputs {
                return Err(error(Failure::new(
                    Kind::Limit,
                    format!(
                        "more than {} events are made of one {} {}",
                        bounds.outputs, self.stored.event_type, self.stored.version
                    ),
                )));
            }
            self.made.push(event);
            return Ok(());
        }
        let Some(&step) = node.and_then(|node| node.steps.first()) else {
            return Err(error(Failure::new(
                Kind::Missing,
                chains.no_way(&event.event_type, &event.version),
            )));
        };
        let upcaster = &chains.upcasters[step];
        let mut passed = before;
        while let Some(node) = passed {
            if node.event_type == event.event_type && *node.version == event.version {
                return Err(error(Failure::new(
                    Kind::Cycle,
                    format!(
                        "upcasting {} {} comes back to {} {}",
                        self.stored.event_type, self.stored.version, event.event_type, event.version
                    ),
                )));
            }
            passed = node.before;
        }
        if self.steps == bounds.steps {
            return Err(error(Failure::new(
                Kind::Limit,
                format!("one event takes more than {} steps", bounds.steps),
            )));
        }
        self.steps += 1;
        let context = match (upcaster.follows(), self.context) {
            ([], _) => None,
            (_, Some(context)) => context.known.get(&upcaster.to_string()),
            (_, None) => {
                let failure = Failure::new(
                    Kind::Alone,
                    "has to know the stream before the event; read the stream with `Chains::upcast_in`",
                );
                return Err(error(failure).in_step(upcaster.to_string()));
            }
        };
        let metadata = changed_metadata(&event);
        let envelope = Envelope {
            stream: event.stream.as_deref().or(self.stored.envelope.stream),
            metadata: metadata.as_deref().or(self.stored.envelope.metadata),
            ..*self.stored.envelope
        };
        let stored = Stored {
            envelope: &envelope,
            context,
            ..self.stored
        };
        let beside = event.beside();
        let mut made = upcaster
            .run(event.data, stored)
            .map_err(|failure| error(failure).in_step(upcaster.to_string()))?;
        for output in &mut made {
            output.inherit(&beside);
        }
        let passed = Passed {
            event_type: &event.event_type,
            version: &event.version,
            before,
        };
        for output in made {
            self.follow(output, Some(&passed))?;
        }
        Ok(())
    }
}
