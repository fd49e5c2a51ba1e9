//! Who reads whom within one event type: what one version's writers emit against what another's readers accept.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

use crate::finding::Side;
use crate::model::Version;

use super::catalogue::{Catalogue, SchemaVersion, TypeHistory};
use super::check::{CheckOptions, Coverage};
use super::compare::{CompareOptions, Contract, Direction, Verdict};
use super::direction::direction;
use super::draft::Draft;
use super::engine;
use super::eval::Patterns;
use super::operand::Operand;
use super::version::VersionScheme;

/// What becomes of one version's events where another version's code reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// They are read as they are: proved.
    Works,
    /// They are read after verified upcasters have brought them there.
    ThroughUpcasters,
    /// At least one is refused, and is known.
    Breaks,
    /// Neither is shown.
    Unproven,
}

impl Reading {
    /// Whether every event arrives, in one way or the other.
    pub fn holds(self) -> bool {
        match self {
            Self::Works | Self::ThroughUpcasters => true,
            Self::Breaks | Self::Unproven => false,
        }
    }
}

/// The versions of one type and every answer about them that was worked out so far.
pub(super) struct Readings<'a> {
    history: Cow<'a, TypeHistory>,
    scheme: VersionScheme,
    compare: CompareOptions,
    covered: Vec<&'a Coverage>,
    known: Mutex<BTreeMap<(usize, usize), Arc<Direction>>>,
}

impl<'a> Readings<'a> {
    /// The readings of every type of `catalogue`, in its order.
    pub(super) fn of(catalogue: &'a Catalogue, options: &'a CheckOptions) -> Vec<Self> {
        catalogue
            .types()
            .iter()
            .map(|history| {
                let rules = options.rules_of(&history.event_type);
                let scheme = catalogue.scheme();
                let at = |version: &Version| {
                    let mut versions = history.versions.iter();
                    versions.position(|known| scheme.same(&known.version, version))
                };
                let heard = options
                    .heard
                    .iter()
                    .filter(|heard| heard.event_type == history.event_type);
                let known = heard.filter_map(|heard| {
                    let pair = (at(&heard.writer)?, at(&heard.reader)?);
                    Some((pair, Arc::new(heard.direction.clone())))
                });
                Self {
                    history: match rules.own_version {
                        Some(pointer) => Cow::Owned(set_aside(history, pointer)),
                        None => Cow::Borrowed(history),
                    },
                    scheme,
                    compare: CompareOptions {
                        draft: None,
                        contract: rules.contract,
                        allowance: options.allowance,
                        ..CompareOptions::default()
                    },
                    covered: options
                        .covered
                        .iter()
                        .filter(|coverage| coverage.event_type == history.event_type)
                        .collect(),
                    known: Mutex::new(known.collect()),
                }
            })
            .collect()
    }

    pub(super) fn history(&self) -> &TypeHistory {
        &self.history
    }

    pub(super) fn contract(&self) -> Contract {
        self.compare.contract
    }

    pub(super) fn scheme(&self) -> VersionScheme {
        self.scheme
    }

    pub(super) fn version(&self, at: usize) -> &SchemaVersion {
        &self.history.versions[at]
    }

    pub(super) fn len(&self) -> usize {
        self.history.versions.len()
    }

    /// Where a version stands in the history.
    pub(super) fn position(&self, version: &Version) -> Option<usize> {
        let mut versions = self.history.versions.iter();
        versions.position(|known| self.scheme.same(&known.version, version))
    }

    /// Whether code at `reader` accepts what code at `writer` emits, without an upcaster.
    pub(super) fn direction(&self, writer: usize, reader: usize) -> Arc<Direction> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(direction) = known().get(&(writer, reader)) {
            return Arc::clone(direction);
        }
        let made = Arc::new(self.asked(writer, reader, |sub, sup| {
            direction(sub, sup, &self.compare, &Patterns::default())
        }));
        known().insert((writer, reader), Arc::clone(&made));
        made
    }

    /// What `answer` says of the schema that `writer` writes by and the one that `reader` reads by.
    pub(super) fn asked(
        &self,
        writer: usize,
        reader: usize,
        answer: impl Fn(&Operand<'_>, &Operand<'_>) -> Direction,
    ) -> Direction {
        let side = if writer <= reader { Side::Old } else { Side::New };
        let (writer, reader) = (self.version(writer), self.version(reader));
        asked(writer, reader, side, &self.compare, answer)
    }

    /// How they are compared.
    pub(super) fn compare(&self) -> &CompareOptions {
        &self.compare
    }

    /// The same, with the upcasters that the code at `reader` has.
    pub(super) fn reading(&self, writer: usize, reader: usize) -> Reading {
        match self.direction(writer, reader).verdict {
            Verdict::Compatible => Reading::Works,
            Verdict::Breaking | Verdict::Unproven if self.bridged(writer, reader) => {
                Reading::ThroughUpcasters
            }
            Verdict::Breaking => Reading::Breaks,
            Verdict::Unproven => Reading::Unproven,
        }
    }

    /// Whether a verified upcaster starts at `from`.
    pub(super) fn covered(&self, from: usize) -> bool {
        self.upcasters(from).any(|coverage| coverage.verified)
    }

    /// Whether an upcaster starts at `from` that is not verified.
    pub(super) fn unearned(&self, from: usize) -> bool {
        self.upcasters(from).any(|coverage| !coverage.verified)
    }

    fn upcasters(&self, from: usize) -> impl Iterator<Item = &'a Coverage> {
        let from = &self.version(from).version;
        let scheme = self.scheme;
        self.covered
            .iter()
            .copied()
            .filter(move |coverage| scheme.same(&coverage.from, from))
    }

    /// Whether verified upcasters bring every event of `writer` to what `reader` accepts. Every step leads to a
    /// later version, so that this comes to an end.
    fn bridged(&self, writer: usize, reader: usize) -> bool {
        self.upcasters(writer)
            .filter(|coverage| coverage.verified)
            .any(|coverage| {
                coverage.to.iter().all(|(event_type, version)| {
                    // Another type has its own history, in which this is a version like any other.
                    *event_type != self.history.event_type
                        || self.position(version).is_some_and(|made| {
                            made > writer
                                && made <= reader
                                && (made == reader
                                    || self.direction(made, reader).verdict == Verdict::Compatible
                                    || self.bridged(made, reader))
                        })
                })
            })
    }
}

/// Works out the answers about `wanted`, each a position in `readings`, a writer and a reader, on all processors.
pub(super) fn work_out(readings: &[Readings<'_>], wanted: &[(usize, usize, usize)]) {
    in_parallel(wanted, |(at, writer, reader)| {
        readings[*at].direction(*writer, *reader);
    });
}

/// What `work` makes of each item, in the order of the items, whatever the number of threads.
pub(super) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(items.len()).min(16))
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(index) else { return done };
                        done.push((index, work(item)));
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| match worker.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What `answer` says of the schema that `writer` writes by and the one that `reader` reads by. `side` is the writer's.
fn asked(
    writer: &SchemaVersion,
    reader: &SchemaVersion,
    side: Side,
    options: &CompareOptions,
    answer: impl Fn(&Operand<'_>, &Operand<'_>) -> Direction,
) -> Direction {
    let other = match side {
        Side::Old => Side::New,
        Side::New => Side::Old,
    };
    let sub = Operand::known(&writer.schema, &writer.compiled, side);
    let sup = match &reader.reader {
        Some((_, schema)) => Operand::new(schema, options, other),
        None => Operand::known(&reader.schema, &reader.compiled, other),
    };
    match (sub, sup) {
        (Ok(sub), Ok(sup)) => answer(&sub, &sup),
        // A catalogue has no such schema: it was compiled when it was opened.
        (Err(error), _) | (_, Err(error)) => Direction::open(side, &error.to_string()),
    }
}

/// `history` without what each schema says about the member at `pointer` if that is the schema's own version: a
/// version that is named in the data tells versions apart by itself and says nothing else about them.
fn set_aside(history: &TypeHistory, pointer: &str) -> TypeHistory {
    let mut history = history.clone();
    for known in &mut history.versions {
        let own = known.version.text().into_owned();
        if let Some(schema) = without(&known.schema, pointer, &own)
            && let Ok(draft) = Draft::of(&schema)
            && let Ok(compiled) = engine::compile(&schema, draft)
        {
            known.schema = schema;
            known.compiled = Arc::new(compiled);
        }
        if let Some((_, reader)) = &mut known.reader
            && let Some(schema) = without(reader, pointer, &own)
        {
            *reader = schema;
        }
    }
    history
}

/// `schema` without the keyword that ties the member at `pointer` to `own`.
fn without(schema: &Value, pointer: &str, own: &str) -> Option<Value> {
    let mut place = String::new();
    for token in pointer.split('/').skip(1) {
        place.push_str("/properties/");
        place.push_str(token);
        // Members that stand in `$defs` are followed once a step: a reference to a reference is nobody's habit.
        if let Some(reference) = schema.pointer(&place)?.get("$ref").and_then(Value::as_str) {
            place = reference.strip_prefix('#')?.to_owned();
        }
    }
    schema.pointer(&place)?;
    let mut schema = schema.clone();
    let member = schema.pointer_mut(&place)?.as_object_mut()?;
    let mut removed = false;
    for keyword in ["const", "enum"] {
        if member.get(keyword).is_some_and(|value| names_only(value, own)) {
            member.remove(keyword);
            removed = true;
        }
    }
    removed.then_some(schema)
}

/// Whether `value`, of a `const` or an `enum`, is the version `own` and nothing else.
pub(super) fn names_only(value: &Value, own: &str) -> bool {
    match value {
        Value::String(text) => text == own,
        Value::Number(number) => number.to_string() == own,
        Value::Array(items) => !items.is_empty() && items.iter().all(|item| names_only(item, own)),
        Value::Null | Value::Bool(_) | Value::Object(_) => false,
    }
}
