//! The smallest history that still fails in the same way.
//!
//! Prefixes first, then delta debugging over events — `ddmin` of Zeller and Hildebrandt, *Simplifying and Isolating
//! Failure-Inducing Input*, IEEE Transactions on Software Engineering 28(2), 2002 — then over the values of what is
//! left, as far as the schemas allow.

use serde_json::Value;
use serde_json::value::RawValue;

use super::outcome::ReplayError;
use super::pipeline::Pipeline;
use super::request::ReplayRequest;
use super::walk::{Event, Folding, Outcome, Prepared, events_of, place, prepare};
use super::{Progress, mask};
use crate::finding::Finding;
use crate::json;
use crate::model::{Payload, RecordedEvent, Version};
use crate::rules;
use crate::upcast::StreamContext;

/// How many smaller values are tried.
const TRIALS: u32 = 4000;

/// The smallest history that was found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Minimised {
    /// The stored events that are left, with revisions counted from 0.
    pub events: Vec<RecordedEvent>,
    /// How it fails.
    pub finding: Finding,
    /// How many events the stream has.
    pub of: u64,
    /// The revision at which the whole stream fails.
    pub revision: Option<u64>,
    /// How many histories were folded to find it.
    pub folds: u64,
    /// The Rust type of the aggregate, where it is known.
    pub aggregate: Option<&'static str>,
}

/// Looks for the smallest part of `stream` that fails as the whole stream does: with the same rule, at an event of the
/// same type and version, at the same pointer and in the same words, values apart. Where the stream is fine, the answer
/// is the number of its events.
///
/// No event can be left out of what comes back, and of its values none that was tried can be simpler. What is tried is
/// what schemas allow, so that the history is one that could have been stored.
///
/// # Errors
///
/// When the recording cannot be read.
pub fn minimise(
    request: &ReplayRequest<'_>,
    stream: &str,
    progress: &mut dyn Progress,
) -> Result<Result<Minimised, u64>, ReplayError> {
    let (events, default_version) = events_of(request, stream)?;
    let mut search = Search {
        pipeline: Pipeline::new(request),
        request,
        default_version,
        folds: 0,
    };
    let mut context = StreamContext::default();
    let mut items: Vec<Item> = Vec::with_capacity(events.len());
    for Event { line, event } in events {
        progress.begin(stream, event.revision, &event.event_type);
        let item = search.item(line, event, context);
        context = item.after.clone();
        items.push(item);
    }
    let of = items.len() as u64;
    let all: Vec<&Item> = items.iter().collect();
    let Some((failure, at)) = search.fails(&all) else {
        return Ok(Err(of));
    };
    let prefix = if failure.rule == rules::STATE_UNSERIALIZABLE.id {
        search.shortest_prefix(&all, &failure)
    } else {
        at + 1
    };
    let revision = all
        .get(prefix.saturating_sub(1))
        .and_then(|item| item.event.revision);
    let left = search.ddmin(&all[..prefix], &failure);
    let mut left: Vec<Item> = left.into_iter().cloned().collect();
    search.envelopes(&mut left, &failure);
    search.values(&mut left, &failure);
    for (number, item) in left.iter_mut().enumerate() {
        item.event.revision = Some(number as u64);
        item.event.global = None;
    }
    let again: Vec<&Item> = left.iter().collect();
    let finding = search.run(&again).map(|(finding, _)| finding);
    let Some(finding) = finding else {
        return Ok(Err(of));
    };
    let category = left
        .first()
        .and_then(|item| item.event.category().map(ToOwned::to_owned));
    Ok(Ok(Minimised {
        events: left.into_iter().map(|item| item.event).collect(),
        finding,
        of,
        revision,
        folds: search.folds,
        aggregate: request
            .aggregates
            .iter()
            .find(|fold| Some(fold.category()) == category.as_deref())
            .and_then(|fold| fold.rust_type()),
    }))
}

/// A stored event, and what validation and upcasting make of it.
struct Item {
    line: Option<u64>,
    event: RecordedEvent,
    prepared: Prepared,
    /// What upcasters know of the whole stream before it, and after it.
    before: StreamContext,
    after: StreamContext,
}

impl Clone for Item {
    fn clone(&self) -> Self {
        Self {
            line: self.line,
            event: self.event.clone(),
            prepared: match &self.prepared {
                Prepared::Events(events) => Prepared::Events(events.clone()),
                Prepared::NotFolded(why) => Prepared::NotFolded(why),
                Prepared::Failed(finding) => Prepared::Failed(finding.clone()),
            },
            before: self.before.clone(),
            after: self.after.clone(),
        }
    }
}

/// How a history fails, without the values it fails with.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    rule: &'static str,
    event_type: Option<String>,
    version: Option<String>,
    pointer: Option<String>,
    words: String,
}

struct Search<'r> {
    pipeline: Pipeline<'r>,
    request: &'r ReplayRequest<'r>,
    default_version: Version,
    folds: u64,
}

impl Search<'_> {
    fn item(&self, line: Option<u64>, event: RecordedEvent, before: StreamContext) -> Item {
        let version = event
            .version
            .clone()
            .unwrap_or_else(|| self.default_version.clone());
        let mut after = before.clone();
        let prepared = prepare(&self.pipeline, self.request, line, &event, &version, &mut after);
        Item {
            line,
            event,
            prepared,
            before,
            after,
        }
    }

    /// Folds a history; says how it fails, and at which of its events.
    fn run(&mut self, items: &[&Item]) -> Option<(Finding, usize)> {
        self.folds += 1;
        let mut folding = Folding::new(self.request.aggregates, self.request.show_values);
        for (index, item) in items.iter().enumerate() {
            if let Outcome::Failed(finding) = folding.fold(&item.event, &item.prepared) {
                return Some((*finding, index));
            }
        }
        let message = folding.state_error()?;
        let last = items.last()?;
        let version = last.event.version.as_ref().unwrap_or(&self.default_version);
        let message = format!(
            "the state has no JSON form: {}",
            mask::message(&message, &Value::Null, self.request.show_values)
        );
        let mut place = place(self.request, last.line, &last.event, version);
        // The last event need not be the one that matters.
        (place.event_type, place.version) = (None, None);
        Some((
            Finding::new(&rules::STATE_UNSERIALIZABLE, message, place),
            items.len() - 1,
        ))
    }

    fn fails(&mut self, items: &[&Item]) -> Option<(Failure, usize)> {
        self.run(items).map(|(finding, at)| {
            let failure = Failure {
                rule: finding.rule.id,
                words: mask::message(
                    &finding.message,
                    &data_of(&items[at].event).unwrap_or_default(),
                    false,
                ),
                event_type: finding.place.event_type,
                version: finding.place.version,
                pointer: finding.place.pointer,
            };
            (failure, at)
        })
    }

    fn fails_so(&mut self, items: &[&Item], failure: &Failure) -> bool {
        self.fails(items).is_some_and(|(fails, _)| fails == *failure)
    }

    /// The length of the shortest prefix that fails so, if every longer one does.
    fn shortest_prefix(&mut self, items: &[&Item], failure: &Failure) -> usize {
        let (mut fine, mut fails) = (0, items.len());
        while fine + 1 < fails {
            let middle = usize::midpoint(fine, fails);
            if self.fails_so(&items[..middle], failure) {
                fails = middle;
            } else {
                fine = middle;
            }
        }
        fails
    }

    /// Leaves out as many events as can be left out.
    fn ddmin<'i>(&mut self, items: &[&'i Item], failure: &Failure) -> Vec<&'i Item> {
        let mut left = items.to_vec();
        // The last event of the prefix is where it fails, and often all that is needed.
        if let Some(last) = items.last()
            && self.fails_so(&[*last], failure)
        {
            return vec![*last];
        }
        let mut parts = 2;
        while left.len() > 1 {
            let size = left.len().div_ceil(parts);
            let chunks: Vec<(usize, usize)> = (0..left.len())
                .step_by(size)
                .map(|start| (start, (start + size).min(left.len())))
                .collect();
            let mut smaller = None;
            // With two parts, the rest of one is the other.
            for &(start, end) in chunks.iter().filter(|_| parts > 1) {
                if self.fails_so(&left[start..end], failure) {
                    smaller = Some((left[start..end].to_vec(), 2));
                    break;
                }
            }
            if smaller.is_none() && chunks.len() > 2 {
                for &(start, end) in &chunks {
                    let rest = [&left[..start], &left[end..]].concat();
                    if self.fails_so(&rest, failure) {
                        smaller = Some((rest, (parts - 1).max(2)));
                        break;
                    }
                }
            }
            match smaller {
                Some((events, next)) => (left, parts) = (events, next),
                None if size == 1 => break,
                None => parts = (parts * 2).min(left.len()),
            }
        }
        left
    }

    /// Takes away what stands around the data.
    fn envelopes(&mut self, left: &mut [Item], failure: &Failure) {
        for index in 0..left.len() {
            let mut event = left[index].event.clone();
            (event.metadata, event.id, event.recorded_at) = (None, None, None);
            event.tags.clear();
            let item = self.item(left[index].line, event, left[index].before.clone());
            self.replace(left, index, item, failure);
        }
    }

    /// Puts `item` in place of the one at `index`, if the history goes on to fail so.
    fn replace(&mut self, left: &mut [Item], index: usize, item: Item, failure: &Failure) -> bool {
        let before = std::mem::replace(&mut left[index], item);
        let history: Vec<&Item> = left.iter().collect();
        let fails = self.fails_so(&history, failure);
        if !fails {
            left[index] = before;
        }
        fails
    }

    /// Makes values simpler, one after the other, until none can be.
    fn values(&mut self, left: &mut [Item], failure: &Failure) {
        let mut trials = TRIALS;
        for index in 0..left.len() {
            while self.simplify(left, index, failure, &mut trials) {}
        }
    }

    /// Makes one value of the event at `index` simpler, if one can be.
    fn simplify(&mut self, left: &mut [Item], index: usize, failure: &Failure, trials: &mut u32) -> bool {
        let Some(data) = data_of(&left[index].event) else {
            return false;
        };
        for simpler in simpler(&data) {
            if *trials == 0 {
                return false;
            }
            *trials -= 1;
            let Ok(raw) = RawValue::from_string(simpler.to_string()) else {
                continue;
            };
            let mut event = left[index].event.clone();
            event.payload = Payload::Json(raw);
            let item = self.item(left[index].line, event, left[index].before.clone());
            if self.replace(left, index, item, failure) {
                return true;
            }
        }
        false
    }
}

/// The data, where it is JSON of which nothing is lost when it is written anew.
fn data_of(event: &RecordedEvent) -> Option<Value> {
    match &event.payload {
        Payload::Json(text) => {
            let parsed = json::parse(text.get().as_bytes()).ok()?;
            parsed.imprecise.is_none().then_some(parsed.value)
        }
        Payload::Bytes { .. } => None,
    }
}

/// Values that differ from `value` in one place and are simpler there, the greatest steps first.
fn simpler(value: &Value) -> Vec<Value> {
    match value {
        Value::Null | Value::Bool(false) => Vec::new(),
        Value::Bool(true) => vec![Value::Bool(false)],
        Value::Number(number) => {
            if let Some(whole) = number.as_u64() {
                // Ever smaller steps, so that a bound is found in few of them.
                let mut steps = vec![0, 1];
                steps.extend((1..64).map(|by| whole - (whole >> by)));
                steps.push(whole.saturating_sub(1));
                steps.retain(|step| *step < whole);
                steps.dedup();
                steps.into_iter().map(Value::from).collect()
            } else if let Some(whole) = number.as_i64() {
                let mut steps = vec![0, -1];
                steps.extend((1..63).map(|by| whole.saturating_add((whole >> by).saturating_neg())));
                steps.push(whole.saturating_add(1));
                steps.retain(|step| *step > whole);
                steps.dedup();
                steps.into_iter().map(Value::from).collect()
            } else {
                let float = number.as_f64().unwrap_or_default();
                [0.0, 1.0, float.trunc()]
                    .into_iter()
                    .filter(|step| step.abs() < float.abs() || (step.fract() == 0.0 && float.fract() != 0.0))
                    .map(Value::from)
                    .collect()
            }
        }
        Value::String(text) => {
            let count = text.chars().count();
            let start = |count: usize| text.chars().take(count).collect::<String>();
            let mut steps = vec![
                String::new(),
                start(1),
                start(count / 2),
                start(count.saturating_sub(1)),
            ];
            steps.retain(|step| step.len() < text.len());
            steps.dedup();
            steps.into_iter().map(Value::from).collect()
        }
        Value::Array(items) => {
            let mut steps = Vec::new();
            if items.len() > 1 {
                steps.push(Value::Array(Vec::new()));
                steps.push(Value::Array(items[..items.len() / 2].to_vec()));
                steps.push(Value::Array(items[items.len() / 2..].to_vec()));
            }
            for index in 0..items.len() {
                let mut rest = items.clone();
                rest.remove(index);
                steps.push(Value::Array(rest));
            }
            for (index, item) in items.iter().enumerate() {
                for step in simpler(item) {
                    let mut changed = items.clone();
                    changed[index] = step;
                    steps.push(Value::Array(changed));
                }
            }
            steps
        }
        Value::Object(members) => {
            let mut steps = Vec::new();
            for name in members.keys() {
                let mut rest = members.clone();
                rest.remove(name);
                steps.push(Value::Object(rest));
            }
            for (name, member) in members {
                for step in simpler(member) {
                    let mut changed = members.clone();
                    changed.insert(name.clone(), step);
                    steps.push(Value::Object(changed));
                }
            }
            steps
        }
    }
}

/// A history that fails as a scenario in Rust: a function that does not hold until the code is mended.
///
/// `aggregate` is the Rust type whose history it is. Upcasters are those that the caller names `chains()`.
pub fn scenario_of(events: &[RecordedEvent], aggregate: Option<&str>, finding: &Finding) -> String {
    let stream = events
        .first()
        .and_then(|event| event.stream.as_deref())
        .unwrap_or("stream");
    let mut name: String = stream
        .chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    name.insert_str(0, "history_of_");
    // The path of a type inside its own crate.
    let aggregate = aggregate.map_or("Aggregate".to_owned(), |path| match path.split_once("::") {
        Some((_, path)) => format!("crate::{path}"),
        None => path.to_owned(),
    });
    let mut text = format!(
        "/// Every event of this history must fold. Today: {}, {}.\n",
        finding.rule.id,
        finding.message.replace(['\n', '\r'], " ")
    );
    text.push_str(&format!(
        "///\n/// `chains()` hands over the upcasters that production runs.\npub fn {name}() {{\n    use pastproof::scenario::{{Fixture, json}};\n\n    Fixture::<{aggregate}>::new()\n        .upcasters(chains())\n        .given_stored([\n"
    ));
    for event in events {
        let version = match &event.version {
            Some(Version::Number(number)) => number.to_string(),
            Some(version) => format!("{:?}", version.text()),
            None => "1".to_owned(),
        };
        let data = match &event.payload {
            Payload::Json(data) => data.get().to_owned(),
            Payload::Bytes { .. } => "null".to_owned(),
        };
        text.push_str(&format!(
            "            ({:?}, {version}, json!({data})),\n",
            event.event_type
        ));
    }
    text.push_str(
        "        ])\n        .when_nothing()\n        .then_state_that(\"it folds\", |_| true);\n}\n",
    );
    text
}
