//! A replay held against a baseline.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;

use serde_json::Value;

use super::baseline::{Baseline, ModelEntry};
use super::collect::{Collector, Many, pointing};
use super::mask::{self, counted};
use super::sample;
use crate::finding::{Finding, Place};
use crate::json::{self, ChangeKind, hex_sha256};
use crate::rules;

/// Places that are told apart, at most; differences at further ones are only counted.
const PLACES: usize = 10_000;

/// A stream that was folded to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded<'a> {
    pub(super) stream: &'a str,
    pub(super) category: &'a str,
    pub(super) revision: Option<u64>,
    /// The state in its canonical form.
    pub(super) state: &'a str,
    /// The digest of that.
    pub(super) digest: &'a str,
}

/// The rows of a read model, sorted by key, with what a baseline says of them.
pub(super) struct Rows {
    pub(super) rows: Vec<(String, String)>,
    digest: String,
}

impl Rows {
    pub(super) fn new(mut rows: Vec<(String, String)>) -> Self {
        rows.sort_unstable();
        let mut text = String::new();
        for (key, row) in &rows {
            // Lengths first, so that no two lists of rows are one text.
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{} {} {key}{row}", key.len(), row.len());
        }
        let digest = hex_sha256(text.as_bytes());
        Self { rows, digest }
    }

    pub(super) fn entry(&self) -> ModelEntry {
        ModelEntry {
            rows: self.rows.len() as u64,
            digest: self.digest.clone(),
            sample: sample::rows(&self.rows),
        }
    }
}

/// Holds streams and read models against a baseline, one at a time and in any order.
pub(super) struct Comparator {
    file: String,
    show: bool,
    baseline: Baseline,
    differences: u64,
    streams: u64,
    models: u64,
    /// By category and pointer.
    places: BTreeMap<(String, String), Difference>,
    /// Differences at places beyond the bound.
    unlisted: u64,
    /// By category: streams that differ where the baseline has their digest only.
    digests: BTreeMap<String, Many>,
    /// By category: streams that the baseline does not have.
    new: BTreeMap<String, Many>,
    findings: Vec<Finding>,
}

struct Difference {
    many: Many,
    change: String,
    witness: Option<Value>,
}

impl Comparator {
    pub(super) fn new(file: &str, baseline: Baseline, show: bool) -> Self {
        Self {
            file: file.to_owned(),
            show,
            baseline,
            differences: 0,
            streams: 0,
            models: 0,
            places: BTreeMap::new(),
            unlisted: 0,
            digests: BTreeMap::new(),
            new: BTreeMap::new(),
            findings: Vec::new(),
        }
    }

    /// Compares one stream.
    pub(super) fn stream(&mut self, now: Folded<'_>) {
        let Some(then) = self.baseline.streams.remove(now.stream) else {
            self.differences += 1;
            Many::add(&mut self.new, now.category.to_owned(), now.stream, now.revision);
            return;
        };
        self.streams += 1;
        if then.digest == now.digest {
            return;
        }
        self.differences += 1;
        match then.state {
            Some(state) => {
                for (pointer, change) in changes(&state, now.state) {
                    self.add(now, pointer, change.as_ref());
                }
            }
            None => Many::add(
                &mut self.digests,
                now.category.to_owned(),
                now.stream,
                now.revision,
            ),
        }
    }

    fn add(&mut self, now: Folded<'_>, pointer: String, change: Option<&ChangeKind>) {
        let full = self.places.len() == PLACES;
        match self.places.entry((now.category.to_owned(), pointer)) {
            Entry::Vacant(_) if full => self.unlisted += 1,
            Entry::Vacant(place) => {
                place.insert(Difference {
                    many: Many::one(now.stream, now.revision),
                    change: describe(change, self.show),
                    witness: witness(change, self.show),
                });
            }
            Entry::Occupied(mut place) => {
                let difference = place.get_mut();
                if difference.many.join(now.stream, now.revision) {
                    difference.change = describe(change, self.show);
                    difference.witness = witness(change, self.show);
                }
            }
        }
    }

    /// Leaves out a stream whose state is not known, which is said elsewhere.
    pub(super) fn excuse_stream(&mut self, stream: &str) {
        self.baseline.streams.remove(stream);
    }

    /// Leaves out a read model whose rows are not known, which is said elsewhere.
    pub(super) fn excuse_model(&mut self, name: &str) {
        self.baseline.models.remove(name);
    }

    /// Compares one read model.
    pub(super) fn model(&mut self, name: &str, now: &Rows) {
        let place = Place::file(&self.file);
        let Some(then) = self.baseline.models.remove(name) else {
            self.differences += 1;
            self.findings.push(Finding::new(
                &rules::BASELINE_STALE,
                format!("the baseline does not have the read model `{name}`"),
                place,
            ));
            return;
        };
        self.models += 1;
        if then.digest == now.digest {
            return;
        }
        self.differences += 1;
        let counts = if then.rows == now.rows.len() as u64 {
            format!("both have {}", counted(then.rows, "row"))
        } else {
            format!(
                "the baseline has {}, the code makes {}",
                counted(then.rows, "row"),
                counted(now.rows.len() as u64, "row")
            )
        };
        let finding = match first_row(&then, now) {
            Some((pointer, kind)) => {
                let finding = Finding::new(
                    &rules::ROWS_DIFFER,
                    format!(
                        "read model `{name}` differs at {pointer}: {}; {counts}",
                        describe(kind.as_ref(), self.show)
                    ),
                    pointing(place, pointer),
                );
                match witness(kind.as_ref(), self.show) {
                    Some(value) => finding.with_witness(value),
                    None => finding,
                }
            }
            None => Finding::new(
                &rules::ROWS_DIFFER,
                format!(
                    "read model `{name}` differs, but in none of the {} that the baseline holds in full; {counts}",
                    counted(then.sample.len() as u64, "row")
                ),
                place,
            ),
        };
        self.findings.push(finding);
    }

    /// Reports what was found, and what the baseline has that the replay does not.
    pub(super) fn finish(mut self, collector: &mut Collector) -> Compared {
        for finding in std::mem::take(&mut self.findings) {
            collector.push(finding);
        }
        let mut gone: BTreeMap<String, Many> = BTreeMap::new();
        for (stream, entry) in &self.baseline.streams {
            self.differences += 1;
            Many::add(&mut gone, entry.category.clone(), stream, entry.revision);
        }
        for (category, many) in &gone {
            collector.push(Finding::new(
                &rules::BASELINE_STALE,
                format!(
                    "the baseline has {} of category `{category}` that no aggregate folds any more",
                    counted(many.count, "stream")
                ),
                many.place(&self.file),
            ));
        }
        for (category, many) in &self.new {
            collector.push(Finding::new(
                &rules::BASELINE_STALE,
                format!(
                    "the baseline does not have {} of category `{category}` that the code folds",
                    counted(many.count, "stream")
                ),
                many.place(&self.file),
            ));
        }
        for name in self.baseline.models.keys() {
            self.differences += 1;
            collector.push(Finding::new(
                &rules::BASELINE_STALE,
                format!("the baseline has the read model `{name}`, which no projector makes any more"),
                Place::file(&self.file),
            ));
        }
        self.report_states(collector);
        Compared {
            differences: self.differences,
            streams: self.streams,
            models: self.models,
        }
    }

    fn report_states(&mut self, collector: &mut Collector) {
        for ((category, pointer), difference) in std::mem::take(&mut self.places) {
            let many = difference.many;
            let mut message = format!(
                "the state of {} of category `{category}` differs{}: {}",
                counted(many.count, "stream"),
                if pointer.is_empty() {
                    String::new()
                } else {
                    format!(" at {pointer}")
                },
                difference.change,
            );
            if many.count > 1 {
                message.push_str(", in the first");
            }
            // Said once for each category, at its first place.
            if let Some(digests) = self.digests.remove(&category) {
                message.push_str("; ");
                message.push_str(&counted(digests.count, "more stream"));
                message.push_str(" of the category differ, known by digest only");
            }
            let finding = Finding::new(
                &rules::STATE_DIFFERS,
                message,
                pointing(many.place(&self.file), pointer),
            );
            collector.push(match difference.witness {
                Some(value) => finding.with_witness(value),
                None => finding,
            });
        }
        for (category, many) in &self.digests {
            collector.push(Finding::new(
                &rules::STATE_DIFFERS,
                format!(
                    "the state of {} of category `{category}` differs; the baseline has digests of them only, so where is not known",
                    counted(many.count, "stream")
                ),
                many.place(&self.file),
            ));
        }
        if self.unlisted > 0 {
            collector.push(Finding::new(
                &rules::STATE_DIFFERS,
                format!(
                    "{} at further places of states not listed",
                    counted(self.unlisted, "difference")
                ),
                Place::file(&self.file),
            ));
        }
    }
}

/// How a comparison went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Compared {
    pub(super) differences: u64,
    pub(super) streams: u64,
    pub(super) models: u64,
}

/// The differences between two canonical forms that are not the same text, never none; without values where the
/// texts differ and the values cannot show it.
fn changes(then: &str, now: &str) -> Vec<(String, Option<ChangeKind>)> {
    let (Ok(left), Ok(right)) = (json::parse(then.as_bytes()), json::parse(now.as_bytes())) else {
        return vec![(String::new(), None)];
    };
    let changes = json::diff(&left.value, &right.value);
    if changes.is_empty() {
        // What differs is lost in 64 bits: an integer with more digits.
        let pointer = left.imprecise.or(right.imprecise).unwrap_or_default();
        return vec![(pointer, None)];
    }
    changes
        .into_iter()
        .map(|change| (change.pointer, Some(change.kind)))
        .collect()
}

/// Where the first sampled row differs, and how.
fn first_row(then: &ModelEntry, now: &Rows) -> Option<(String, Option<ChangeKind>)> {
    for (key, row) in &then.sample {
        let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
        // A key may come more than once; the rows are sorted, so they stand together.
        let start = now.rows.partition_point(|(other, _)| other < key);
        let rows = now.rows[start..].iter().take_while(|(other, _)| other == key);
        let mut first = None;
        let mut same = false;
        for (_, other) in rows {
            same |= other == row;
            first = first.or(Some(other));
        }
        if same {
            continue;
        }
        let Some(other) = first else {
            let value = json::parse(row.as_bytes()).map_or(Value::Null, |parsed| parsed.value);
            return Some((pointer, Some(ChangeKind::Removed(value))));
        };
        let (inside, change) = changes(row, other).swap_remove(0);
        return Some((pointer + &inside, change));
    }
    None
}

fn describe(change: Option<&ChangeKind>, show: bool) -> String {
    match change {
        None => "in integers of more than 64 bits, or nested too deeply to show".to_owned(),
        Some(ChangeKind::Added(now)) => format!("only the code makes {}", mask::value(now, show)),
        Some(ChangeKind::Removed(then)) => format!("only the baseline has {}", mask::value(then, show)),
        Some(ChangeKind::Changed(then, now)) => format!(
            "the baseline has {}, the code makes {}",
            mask::value(then, show),
            mask::value(now, show)
        ),
    }
}

fn witness(change: Option<&ChangeKind>, show: bool) -> Option<Value> {
    let (then, now) = match change.filter(|_| show)? {
        ChangeKind::Added(now) => (None, Some(now)),
        ChangeKind::Removed(then) => (Some(then), None),
        ChangeKind::Changed(then, now) => (Some(then), Some(now)),
    };
    let sides = [("baseline", then), ("now", now)];
    let members = sides
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.clone())));
    Some(Value::Object(members.collect()))
}
