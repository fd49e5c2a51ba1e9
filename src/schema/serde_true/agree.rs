//! Whether a type and its own schemas agree: what the schema accepts serde reads, what serde reads the schema accepts,
//! and what the type writes its writer's schema accepts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::finding::{self, Finding, Place};
use crate::model::{EventError, EventKind};
use crate::rules;
use crate::schema::draft::Draft;
use crate::schema::engine::{self, Compiled, Violation};
use crate::schema::generate::{sample_instances, sample_near_misses};
use crate::schema::questions::{instances, spoken};
use crate::schema::readings::in_parallel;
use crate::schema::shrink::shrink;

use super::judge::text;
use super::word::Word;

/// How many values of each sort a type is asked about.
const DIRECTED: usize = 300;
const RANDOM: usize = 200;
const MISSES: usize = 120;
const SEED: u64 = 0xa6_2ee5;
/// The most findings of one sort.
const LISTED: usize = 5;

/// Holds each of these types to its own schemas, on generated values: valid ones, and near misses.
///
/// A value that the reader's schema accepts and serde refuses is `type-disagrees`, as is one that the type writes
/// against its writer's schema; a value that serde accepts and the schema refuses is `type-reads-more`. Each finding
/// has the smallest such value and the pointer of the member. The same type has the same findings every time.
///
/// What serde's own formats read beside what they write is not counted: a struct from a list of its members, a unit
/// variant from an object that holds null. Nor are whole numbers with a point, as `1.0`: no writer of integers writes
/// them, and no keyword tells them from `1`.
///
/// ```
/// use pastproof::schema::{check_agreement, kind};
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// struct Ordered {
///     // The schema says so, and serde does not look.
///     #[schemars(range(min = 1))]
///     quantity: u32,
/// }
///
/// let findings = check_agreement(&[kind::<Ordered>("Ordered", 1.into())]);
/// assert_eq!(findings[0].rule.id, "type-reads-more");
/// assert_eq!(findings[0].witness, Some(serde_json::json!({"quantity": 0})));
/// ```
pub fn check_agreement(kinds: &[EventKind]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = in_parallel(kinds, of_type).into_iter().flatten().collect();
    finding::sort(&mut findings);
    findings
}

fn of_type(kind: &EventKind) -> Vec<Finding> {
    let place = || Place::kind(kind.event_type, &kind.version);
    let (reader, writer) = ((kind.reader_schema)(), (kind.writer_schema)());
    let compiled = |schema: &Value| engine::compile(schema, Draft::Draft202012);
    let (Ok(reads), Ok(writes)) = (compiled(&reader), compiled(&writer)) else {
        // Schemas written by hand may be none; that is said where they are compared.
        return Vec::new();
    };
    let asked = Asked {
        word: Word::of(kind),
        reader,
        reads,
        writes,
    };
    let mut findings = Vec::new();
    for (pointer, (value, error)) in asked.refused() {
        let message = format!(
            "{} {}: the schema of what the code reads accepts this value, and the type refuses it: {}",
            kind.event_type, kind.version, error.message
        );
        let finding = Finding::new(&rules::TYPE_DISAGREES, message, place().at_pointer(pointer));
        findings.push(finding.with_witness(value));
    }
    for (pointer, (value, violation)) in asked.against_writer() {
        let message = format!(
            "{} {}: the type writes this value, and the schema of what it writes refuses it: {}",
            kind.event_type, kind.version, violation.message
        );
        let finding = Finding::new(&rules::TYPE_DISAGREES, message, place().at_pointer(pointer));
        findings.push(finding.with_witness(value));
    }
    for (value, violation) in asked.more() {
        let message = format!(
            "{} {}: the type reads this value, and the schema of what the code reads refuses it: {}",
            kind.event_type, kind.version, violation.message
        );
        let finding = Finding::new(
            &rules::TYPE_READS_MORE,
            message,
            place().at_pointer(violation.pointer),
        );
        findings.push(finding.with_witness(value));
    }
    findings
}

struct Asked {
    word: Word,
    reader: Value,
    reads: Compiled,
    writes: Compiled,
}

impl Asked {
    /// Values that the schema accepts, formats of texts kept; nothing where a format is not known here, and a refusal
    /// would say nothing.
    fn valid(&self) -> Option<(Compiled, Vec<Value>)> {
        let (spoken, unspoken) = spoken(&self.reader)?;
        if unspoken {
            return None;
        }
        let accepts = engine::compile(&spoken, Draft::Draft202012).ok()?;
        let mut values = instances(&self.reader, &[], DIRECTED);
        values.extend(sample_instances(&spoken, SEED, RANDOM).unwrap_or_default());
        values.retain(|value| accepts.is_valid(value));
        Some((accepts, values))
    }

    /// What the schema accepts and the type refuses, by the pointer of what is refused.
    fn refused(&self) -> BTreeMap<String, (Value, EventError)> {
        let Some((accepts, values)) = self.valid() else {
            return BTreeMap::new();
        };
        let refuses = |value: &Value| {
            let valid = accepts.is_valid(value) && self.reads.is_valid(value);
            valid.then(|| self.word.read(value).err()).flatten()
        };
        smallest(&values, &refuses, |error| {
            // The place in the type, not in the value: every item of a list is the same place.
            let tokens = error.pointer.split('/').map(|token| {
                if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) {
                    "*"
                } else {
                    token
                }
            });
            (tokens.collect::<Vec<_>>().join("/"), error.pointer.clone())
        })
    }

    /// What the type writes and its writer's schema refuses.
    fn against_writer(&self) -> BTreeMap<String, (Value, Violation)> {
        let written = |value: &Value| self.word.read(value).ok().flatten();
        let values = instances(&self.reader, &[], DIRECTED);
        let values: Vec<Value> = values.iter().filter_map(written).collect();
        let wrong = |value: &Value| {
            let own = written(value).as_ref() == Some(value);
            own.then(|| self.writes.violations(value).into_iter().next())
                .flatten()
        };
        smallest(&values, &wrong, |violation| {
            (violation.message.clone(), violation.pointer.clone())
        })
    }

    /// What the type reads and the schema refuses, one for each reason.
    fn more(&self) -> Vec<(Value, Violation)> {
        let misses = sample_near_misses(&self.reader, SEED, MISSES).unwrap_or_default();
        let mut of_keyword: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for miss in misses {
            of_keyword.entry(miss.keyword).or_default().push(miss.value);
        }
        let more = |value: &Value| {
            if self.word.read(value).is_err() {
                return None;
            }
            let mut violations = self.reads.violations(value).into_iter();
            violations.find(|violation| !spelled_otherwise(value, violation))
        };
        let mut found: Vec<(Value, Violation)> = of_keyword
            .values()
            .filter_map(|values| {
                let one = smallest(values, &more, |_| (String::new(), String::new()));
                one.into_values().next()
            })
            .collect();
        found.sort_by_cached_key(|(value, _)| size(value));
        found.dedup_by(|left, right| left.1 == right.1);
        found.truncate(LISTED);
        found
    }
}

/// For each place that `wrong` has something against, the smallest value; `place` tells by what places are told apart,
/// and how the place is named.
fn smallest<W>(
    values: &[Value],
    wrong: &dyn Fn(&Value) -> Option<W>,
    place: impl Fn(&W) -> (String, String),
) -> BTreeMap<String, (Value, W)> {
    let mut of_place: BTreeMap<String, Value> = BTreeMap::new();
    for value in values {
        let Some(found) = wrong(value) else { continue };
        let (place, _) = place(&found);
        if of_place.get(&place).is_none_or(|known| size(value) < size(known)) {
            of_place.insert(place, value.clone());
        }
    }
    let mut all = BTreeMap::new();
    for (at, value) in of_place.into_iter().take(LISTED) {
        let here = |value: &Value| wrong(value).is_some_and(|found| place(&found).0 == at);
        let value = shrink(value, &here, 1);
        if let Some(found) = wrong(&value) {
            all.insert(place(&found).1, (value, found));
        }
    }
    all
}

fn size(value: &Value) -> (usize, String) {
    let text = text(value);
    (text.len(), text)
}

/// Whether what is wrong with `value` is only that it is another spelling, which serde reads and never writes.
fn spelled_otherwise(value: &Value, violation: &Violation) -> bool {
    match value.pointer(&violation.pointer) {
        // A struct as the list of its members; what is said about the items of a list is something else.
        Some(Value::Array(_)) => !["items", "elements"]
            .iter()
            .any(|word| violation.message.contains(word)),
        // A unit variant as an object.
        Some(Value::Object(members)) => unit(members),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => false,
    }
}

fn unit(members: &Map<String, Value>) -> bool {
    members.len() == 1 && members.values().all(Value::is_null)
}
