//! Trying changed copies of upcasters.

use serde_json::Value;

use crate::finding::Finding;
use crate::json;
use crate::rules;
use crate::schema::Validation;

use super::super::declared::Declared;
use super::super::trial::{Trial, same};
use super::super::verified::place_of;
use super::super::{Chains, Upcaster, Verifier};
use super::operations;

/// What came of changed copies of one upcaster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mutants {
    /// Copies that were found to be wrong.
    pub killed: u64,
    /// Copies that make something else of some event, and nothing was found against them.
    pub survived: u64,
    /// Copies that made the same of every event.
    pub same: u64,
}

impl Verifier<'_> {
    /// Changes declarative and jq upcasters in one place at a time (an operation left out, another default, targets
    /// swapped, the other case of a condition) and tries each copy as the upcaster itself was tried: on the
    /// catalogue's examples, on accepted results of them, and on events made from the schema.
    ///
    /// A copy that makes something else of one of these events, with nothing found against it, survives: nothing at
    /// hand would have told it from the upcaster. Upcasters against which something was found are passed over: what
    /// is wrong with a copy would say nothing.
    ///
    /// Call it after everything else was tried.
    pub fn mutate(&mut self) {
        for step in 0..self.chains.upcasters().len() {
            let tally = &self.tallies[step];
            if tally.is_broken() || tally.hindered || tally.all() == 0 {
                continue;
            }
            let upcaster = &self.chains.upcasters()[step];
            let copies = copies(upcaster);
            if copies.is_empty() {
                continue;
            }
            let values = self.pool(step);
            let mut mutants = Mutants::default();
            for (what, copy) in copies {
                match self.fate(step, &copy, &values) {
                    Fate::Unsound => {}
                    Fate::Killed => mutants.killed += 1,
                    Fate::Same => mutants.same += 1,
                    Fate::Survived(value) => {
                        mutants.survived += 1;
                        let message = format!(
                            "a copy of upcaster {upcaster} passes everything, and makes something else of this event: {what}"
                        );
                        let finding =
                            Finding::new(&rules::UPCASTER_MUTANT_SURVIVES, message, place_of(upcaster));
                        self.findings.push(finding.with_witness(value));
                    }
                }
            }
            self.tallies[step].mutants = Some(mutants);
        }
    }

    /// What the upcaster was tried on, but for recorded events.
    fn pool(&self, step: usize) -> Vec<Value> {
        let upcaster = &self.chains.upcasters()[step];
        let (event_type, from) = (upcaster.event_type(), upcaster.from());
        let mut values = self.examples_of(event_type, from);
        for value in self.made_for(step) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values.retain(|value| self.validators.validate(event_type, from, value) == Validation::Valid);
        values
    }

    fn fate(&self, step: usize, copy: &Upcaster, values: &[Value]) -> Fate {
        if copy.prepare().is_err() {
            return Fate::Unsound;
        }
        let upcaster = &self.chains.upcasters()[step];
        let mut upcasters = self.chains.upcasters().to_vec();
        upcasters[step] = copy.clone();
        let current = self
            .chains
            .current()
            .into_iter()
            .map(|(event_type, version)| (event_type.to_owned(), version.clone()));
        let chains = Chains::new(upcasters, current).with_bounds(self.chains.bounds());
        // Sorting is by what an upcaster starts from and where it stands, which a copy has from its model.
        let mut other = Verifier::new(&chains, self.validators, self.decoder());
        let node = (upcaster.event_type(), upcaster.from());
        let mut differs = None;
        for value in values {
            let (left, right) = (self.run(step, value), other.run(step, value));
            if differs.is_none() && !same(&left, &right) {
                differs = Some(value);
            }
            let trial = other.placed(node, Trial::generated(node.0, node.1, value));
            other.try_event(&trial);
            if other.anything_broken() {
                return Fate::Killed;
            }
        }
        let Some(value) = differs else {
            return Fate::Same;
        };
        other.look_at_influence(step, values);
        other.try_golden(step);
        if other.anything_broken() {
            return Fate::Killed;
        }
        Fate::Survived(value.clone())
    }

    fn anything_broken(&self) -> bool {
        self.tallies.iter().any(super::super::verified::Tally::is_broken)
            || self.findings.iter().any(Finding::fails)
    }
}

enum Fate {
    /// It is no upcaster.
    Unsound,
    Killed,
    Same,
    /// This event shows that it is another one.
    Survived(Value),
}

/// Changed copies of an upcaster that stands in a file.
fn copies(upcaster: &Upcaster) -> Vec<(String, Upcaster)> {
    let Some(text) = upcaster.file().and_then(|file| std::fs::read(file).ok()) else {
        return Vec::new();
    };
    if upcaster.declared().is_some() {
        let (Ok(file), Some(to)) = (json::parse(&text), upcaster.named_target()) else {
            return Vec::new();
        };
        return operations::mutants(&file.value)
            .into_iter()
            .filter_map(|(what, file)| {
                let declared =
                    Declared::read(file.to_string().as_bytes(), upcaster.event_type(), &to).ok()?;
                let origin = upcaster.origin().to_owned();
                Some((
                    what,
                    declared.upcaster(upcaster.event_type(), upcaster.from().clone(), origin),
                ))
            })
            .collect();
    }
    #[cfg(feature = "jq")]
    if let (Some(fence), Some(to), Ok(program)) = (
        upcaster.fence(),
        upcaster.named_target(),
        std::str::from_utf8(&text),
    ) {
        return super::jq::mutants(program)
            .into_iter()
            .map(|(what, program)| {
                let copy = Upcaster::jq(
                    upcaster.event_type(),
                    upcaster.from().clone(),
                    to.clone(),
                    program,
                    upcaster.origin(),
                    fence.clone(),
                );
                (what, copy)
            })
            .collect();
    }
    Vec::new()
}
