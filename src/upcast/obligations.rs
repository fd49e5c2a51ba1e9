//! What a verifier asks of upcasters beyond single events: proofs, generated events, what gets lost, the way back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::finding::{Finding, Level, Place};
use crate::json;
use crate::model::Version;
use crate::rules::{self, Rule};
use crate::schema::{Validation, Validators, instances, smallest};

use super::context::Parts;
use super::error::Failure;
use super::trial::{Source, Trial, bytes, describe, same};
use super::upcaster::Stored;
use super::verified::{Witness, place_of};
use super::{Chains, Envelope, StreamContext, Upcast, Upcaster, Verifier};

/// How many events are made of one version's schema.
const GENERATED: usize = 200;
/// The same for jq, whose every run is a message to another process.
const GENERATED_FOR_JQ: usize = 40;
/// How many events are compared to see whether a member has influence.
const COMPARED: usize = 24;

impl Verifier<'_> {
    /// Proves what can be proved of declarative upcasters: that no event which the writers of the old version emit is
    /// refused, and that whatever is made of it is valid.
    ///
    /// The schema of what comes out is computed from the old schema and the operations, and compared with the new
    /// schema. What is not proved is said, and still tried.
    pub fn prove(&mut self) {
        let catalogue = self.validators.catalogue().clone();
        for (upcaster, tally) in self.chains.upcasters().iter().zip(&mut self.tallies) {
            if let Some(declared) = upcaster.declared() {
                tally.proof = Some(declared.prove(&catalogue, upcaster.event_type(), upcaster.from()));
            }
        }
    }

    /// Tries every upcaster on events made from the schema of the version it starts from, aimed at where the schemas
    /// differ: each branch and each member of an enumeration, optional members present and absent, bounds and what
    /// lies beside them. Then looks at what has influence on the result, and at the way back where there is one.
    ///
    /// A counterexample that was found here is made as small as it can be.
    pub fn try_generated(&mut self) {
        let catalogue = self.validators.catalogue().clone();
        let mut tried: BTreeSet<(&str, &Version)> = BTreeSet::new();
        let chains = self.chains;
        for upcaster in chains.upcasters() {
            let node = (upcaster.event_type(), upcaster.from());
            if catalogue.get(node.0, node.1).is_none() {
                continue;
            }
            if !tried.insert(node) {
                continue;
            }
            let together = self.starting_at(node);
            let Some(&any) = together.first() else { continue };
            let values = self.made_for(any);
            for value in &values {
                let trial = self.placed(node, Trial::generated(node.0, node.1, value));
                self.try_event(&trial);
            }
            for step in together {
                self.make_smaller(step);
                if !self.tallies[step].is_broken() && !self.tallies[step].hindered {
                    self.look_at_influence(step, &values);
                }
            }
        }
    }

    /// An event that is made up, with what has to wait before it where it is part of a merge.
    pub(super) fn placed<'t>(&self, node: (&str, &Version), trial: Trial<'t>) -> Trial<'t> {
        let mut context = StreamContext::default();
        let mut revision = None;
        for (step, upcaster) in self.chains.upcasters().iter().enumerate() {
            if (upcaster.event_type(), upcaster.from()) == node
                && let (Some((_, index)), Some(before)) = (upcaster.part(), self.before.get(&step))
            {
                context.known.insert(upcaster.to_string(), before.clone());
                revision = Some(index as u64);
            }
        }
        match revision {
            Some(revision) => trial.within(context, revision),
            None => trial,
        }
    }

    pub(super) fn run(&self, step: usize, data: &Value) -> Result<Vec<Upcast>, Failure> {
        let upcaster = &self.chains.upcasters()[step];
        let envelope = Envelope {
            revision: upcaster.part().map(|(_, index)| index as u64),
            ..Envelope::default()
        };
        upcaster.run(
            data.clone(),
            Stored {
                event_type: upcaster.event_type(),
                version: upcaster.from(),
                envelope: &envelope,
                context: self.before.get(&step),
            },
        )
    }

    /// The upcasters that start from one version.
    fn starting_at(&self, node: (&str, &Version)) -> Vec<usize> {
        let upcasters = self.chains.upcasters().iter().enumerate();
        upcasters
            .filter(|(_, other)| (other.event_type(), other.from()) == node)
            .map(|(step, _)| step)
            .collect()
    }

    /// Events made from the schema of the version that an upcaster starts from, aimed at what those upcasters do.
    pub(super) fn made_for(&self, step: usize) -> Vec<Value> {
        let chains = self.chains;
        let catalogue = self.validators.catalogue();
        let upcaster = &chains.upcasters()[step];
        let node = (upcaster.event_type(), upcaster.from());
        let Some(old) = catalogue.get(node.0, node.1) else {
            return Vec::new();
        };
        let together = self.starting_at(node);
        let declared: Vec<_> = together
            .iter()
            .filter_map(|&step| Some(chains.upcasters()[step].declared()?.aims()))
            .collect();
        let conditions = declared.iter().flat_map(|(_, schemas)| schemas.iter().copied());
        let aims: Vec<&Value> = together
            .iter()
            .flat_map(|&step| chains.upcasters()[step].targets())
            .filter_map(|(event_type, version)| Some(&catalogue.get(event_type, version)?.schema))
            .chain(conditions)
            .collect();
        let foreign = together.iter().any(|&step| is_foreign(&chains.upcasters()[step]));
        let limit = if foreign { GENERATED_FOR_JQ } else { GENERATED };
        let mut values = instances(&old.schema, &aims, limit);
        // What an upcaster treats apart is tried first; a schema alone seldom leads to it.
        let apart: Vec<Value> = declared
            .iter()
            .flat_map(|(apart, _)| apart)
            .filter_map(|(pointer, value)| {
                let host = values.iter().find(|known| known.pointer(pointer).is_some())?;
                changed(host, pointer, Some(value)).filter(|changed| !values.contains(changed))
            })
            .collect();
        values.splice(0..0, apart);
        values.retain(|value| self.validators.validate(node.0, node.1, value) == Validation::Valid);
        values
    }

    /// What one rule has against a step on `data`, as far as the step alone shows it.
    fn objection(&self, step: usize, data: &Value) -> Option<(&'static Rule, String, String)> {
        let upcaster = &self.chains.upcasters()[step];
        let named = |failure: Failure| {
            let error = super::UpcastError::new(
                failure,
                (upcaster.event_type(), upcaster.from()),
                &Envelope::default(),
            );
            let error = error.in_step(upcaster.to_string());
            (error.rule(), error.to_string(), error.pointer().to_owned())
        };
        let made = match self.run(step, data) {
            Ok(made) => made,
            Err(failure) => return Some(named(failure)),
        };
        for output in made {
            let (event_type, version) = (&output.event_type, &output.version);
            if let Validation::Invalid(violations) =
                self.validators.validate(event_type, version, &output.data)
            {
                let (violation, pointer) = describe(&violations);
                return Some((
                    &rules::UPCASTER_INVALID_OUTPUT,
                    format!("upcaster {upcaster} makes an invalid {event_type} {version}: {violation}"),
                    pointer,
                ));
            }
        }
        None
    }

    /// Makes the generated counterexamples of a step as small as they can be.
    fn make_smaller(&mut self, step: usize) {
        let upcaster = &self.chains.upcasters()[step];
        if is_foreign(upcaster) {
            return;
        }
        let (event_type, from) = (upcaster.event_type(), upcaster.from());
        let mut smaller = Vec::new();
        for (rule, counter) in &self.tallies[step].counters {
            if counter.smallest.source != Source::Generated {
                continue;
            }
            let Ok(found) = json::parse(counter.smallest.text.as_bytes()) else {
                continue;
            };
            let holds = |value: &Value| {
                self.validators.validate(event_type, from, value) == Validation::Valid
                    && self
                        .objection(step, value)
                        .is_some_and(|(found, ..)| found.id == *rule)
            };
            if !holds(&found.value) {
                continue;
            }
            let value = smallest(found.value, &holds);
            if let Some((_, message, pointer)) = self.objection(step, &value) {
                let text = bytes(&value);
                let mut place = place_of(upcaster);
                place.pointer = Some(pointer).filter(|pointer| !pointer.is_empty());
                smaller.push((
                    *rule,
                    Witness {
                        length: text.len(),
                        text,
                        place,
                        message,
                        source: Source::Generated,
                    },
                ));
            }
        }
        for (rule, witness) in smaller {
            self.tallies[step].count(rule, witness, 0);
        }
    }

    /// Which members of the old event change nothing, which members of the new one nothing changes, and whether the
    /// way back comes to what there was.
    pub(super) fn look_at_influence(&mut self, step: usize, values: &[Value]) {
        let upcaster = &self.chains.upcasters()[step];
        let (event_type, from) = (upcaster.event_type(), upcaster.from());
        let results: Vec<(&Value, Vec<Upcast>)> = spread(values, COMPARED)
            .filter_map(|value| Some((value, self.run(step, value).ok()?)))
            .collect();
        // Parts of a merge make nothing until the last one comes.
        let waits = upcaster
            .part()
            .is_some_and(|(parts, index)| index + 1 < parts.all.len());
        if upcaster.targets().is_empty() || waits {
            return;
        }
        let lost = self.lost_members(step, &results, values);
        let declared: BTreeSet<String> = self.tallies[step]
            .proof
            .iter()
            .flat_map(|proof| proof.removed.iter().cloned())
            .collect();
        for (pointer, pairs) in &lost {
            let kept = upcaster.targets().iter().find(|(event_type, version)| {
                let known = self.validators.catalogue().get(event_type, version);
                known.is_some_and(|known| {
                    instances(&known.schema, &[], GENERATED)
                        .iter()
                        .any(|value| value.pointer(pointer).is_some())
                })
            });
            let mut finding = Finding::new(
                &rules::UPCASTER_LOSES,
                format!(
                    "{pointer} of {event_type} {from} has no influence on what upcaster {upcaster} makes, in {} of which the two differ in nothing else",
                    if *pairs == 1 {
                        "1 pair of events".to_owned()
                    } else {
                        format!("{pairs} pairs of events")
                    }
                ),
                place_of(upcaster).at_pointer(pointer.as_str()),
            );
            if let (Some((new_type, version)), false) = (kept, declared.contains(pointer)) {
                finding
                    .message
                    .push_str(&format!(", and {new_type} {version} still has that member"));
                finding = finding.at_level(Level::Deny);
                self.tallies[step].loses = true;
            }
            self.findings.push(finding);
        }
        self.tell_invented(step, &results);
        self.try_way_back(step, &results, &lost);
    }

    /// Members that can be changed without changing the result, with the number of pairs that show it.
    fn lost_members(
        &self,
        step: usize,
        results: &[(&Value, Vec<Upcast>)],
        values: &[Value],
    ) -> BTreeMap<String, u64> {
        let upcaster = &self.chains.upcasters()[step];
        let (event_type, from) = (upcaster.event_type(), upcaster.from());
        let mut pointers = BTreeSet::new();
        for (value, _) in results {
            members(value, &mut String::new(), &mut |pointer, _| {
                pointers.insert(pointer.to_owned());
            });
        }
        let mut lost: BTreeMap<String, u64> = BTreeMap::new();
        for pointer in pointers {
            let above = |known: &String| pointer.starts_with(&format!("{known}/"));
            if lost.keys().any(above) {
                continue;
            }
            let mut pairs = 0;
            let mut influence = false;
            'values: for (value, made) in results
                .iter()
                .filter(|(value, _)| value.pointer(&pointer).is_some())
            {
                let mut others: Vec<&Value> = Vec::new();
                for other in values.iter().filter_map(|other| other.pointer(&pointer)) {
                    if others.len() < COMPARED && !others.contains(&other) {
                        others.push(other);
                    }
                }
                others.retain(|other| Some(*other) != value.pointer(&pointer));
                for other in [None].into_iter().chain(others.into_iter().map(Some)) {
                    let Some(changed) = changed(value, &pointer, other) else {
                        continue;
                    };
                    if self.validators.validate(event_type, from, &changed) != Validation::Valid {
                        continue;
                    }
                    pairs += 1;
                    if !same(&Ok(made.clone()), &self.run(step, &changed)) {
                        influence = true;
                        break 'values;
                    }
                }
            }
            if pairs > 0 && !influence {
                lost.insert(pointer, pairs);
            }
        }
        lost
    }

    /// Members that are the same in everything that is made, though the schema lets them differ.
    fn tell_invented(&mut self, step: usize, results: &[(&Value, Vec<Upcast>)]) {
        let upcaster = &self.chains.upcasters()[step];
        let (event_type, from) = (upcaster.event_type(), upcaster.from());
        for (new_type, version) in upcaster.targets() {
            let made: Vec<(&Value, &Upcast)> = results
                .iter()
                .flat_map(|(value, made)| made.iter().map(move |made| (*value, made)))
                .filter(|(_, made)| made.event_type == *new_type && made.version == *version)
                .collect();
            let (Some((_, first)), true) = (made.first(), made.len() > 1) else {
                continue;
            };
            let mut constants: Vec<(String, Value)> = Vec::new();
            members(&first.data, &mut String::new(), &mut |pointer, value| {
                let leaf = value.as_object().is_none_or(Map::is_empty);
                let constant = made.iter().all(|(old, made)| {
                    made.data.pointer(pointer) == Some(value) && old.pointer(pointer).is_none()
                });
                if leaf && constant {
                    constants.push((pointer.to_owned(), value.clone()));
                }
            });
            let Some(known) = self.validators.catalogue().get(new_type, version) else {
                continue;
            };
            if constants.is_empty() {
                continue;
            }
            let possible = instances(&known.schema, &[], GENERATED);
            for (pointer, value) in constants {
                let differs = |other: &Value| other.pointer(&pointer).is_none_or(|other| *other != value);
                if possible.iter().any(differs) {
                    self.findings.push(Finding::new(
                        &rules::UPCASTER_INVENTS,
                        format!(
                            "{pointer} is {value} in every {new_type} {version} that upcaster {upcaster} makes; no {event_type} {from} says so"
                        ),
                        place_of(upcaster).at_pointer(pointer),
                    ));
                }
            }
        }
    }

    /// Up and back again, on the members that are not lost.
    fn try_way_back(&mut self, step: usize, results: &[(&Value, Vec<Upcast>)], lost: &BTreeMap<String, u64>) {
        let upcaster = &self.chains.upcasters()[step];
        for (value, made) in results {
            let [only] = &made[..] else { continue };
            let Some(back) = upcaster.back(only.data.clone()) else {
                return;
            };
            let trouble = match back {
                Err(failure) => Some((failure.message, failure.pointer)),
                Ok(back) => json::diff(value, &back)
                    .into_iter()
                    .map(|change| change.pointer)
                    .find(|pointer| {
                        !lost
                            .keys()
                            .any(|lost| pointer == lost || pointer.starts_with(&format!("{lost}/")))
                    })
                    .map(|pointer| ("comes back as something else".to_owned(), pointer)),
            };
            if let Some((what, pointer)) = trouble {
                let text = bytes(value);
                let at = if pointer.is_empty() { "the data" } else { &pointer };
                let witness = Witness {
                    length: text.len(),
                    message: format!("upcaster {upcaster} and its way back: {at} of the event {what}"),
                    place: Place {
                        pointer: Some(pointer.clone()).filter(|pointer| !pointer.is_empty()),
                        ..place_of(upcaster)
                    },
                    text,
                    source: Source::Generated,
                };
                self.tallies[step].count(rules::UPCASTER_ROUND_TRIP.id, witness, 1);
            }
        }
    }
}

/// Whether every run of it costs a message to another process.
fn is_foreign(upcaster: &Upcaster) -> bool {
    upcaster.file().is_some() && upcaster.declared().is_none()
}

/// For each upcaster that is a later part of a merge: the earlier parts, made from their schemas, as they wait.
pub(super) fn before(chains: &Chains, validators: &Validators) -> BTreeMap<usize, Value> {
    let mut before = BTreeMap::new();
    for (step, upcaster) in chains.upcasters().iter().enumerate() {
        let Some((parts, index)) = upcaster.part() else {
            continue;
        };
        let waiting: Vec<Value> = parts.all[..index]
            .iter()
            .filter_map(|(event_type, version)| {
                let known = validators.catalogue().get(event_type, version)?;
                instances(&known.schema, &[], 1).into_iter().next()
            })
            .collect();
        before.insert(step, Parts::context(&waiting.iter().collect::<Vec<_>>()));
    }
    before
}

/// At most `limit` of the values, evenly chosen.
fn spread(values: &[Value], limit: usize) -> impl Iterator<Item = &Value> {
    let step = values.len().div_ceil(limit).max(1);
    values.iter().step_by(step)
}

/// Every member of an object, and of the objects in it, with its pointer.
fn members(value: &Value, at: &mut String, visit: &mut dyn FnMut(&str, &Value)) {
    let Value::Object(all) = value else { return };
    for (name, member) in all {
        let length = at.len();
        at.push('/');
        at.push_str(&name.replace('~', "~0").replace('/', "~1"));
        visit(at, member);
        members(member, at, visit);
        at.truncate(length);
    }
}

/// The value with another value at a pointer, or with nothing there.
fn changed(value: &Value, pointer: &str, other: Option<&Value>) -> Option<Value> {
    let mut changed = value.clone();
    match other {
        Some(other) => *changed.pointer_mut(pointer)? = other.clone(),
        None => {
            let (parent, name) = pointer.rsplit_once('/')?;
            let name = name.replace("~1", "/").replace("~0", "~");
            changed.pointer_mut(parent)?.as_object_mut()?.remove(&name)?;
        }
    }
    Some(changed)
}
