//! What is said of an object, by the names of its members, and what of that excludes itself.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::branch::{Fact, Foreseen, State};
use super::derivation::{Place, Proof};
use super::node::{Id, Keys, Node};
use super::solve::{Outcome, Prover};

/// What is said of an object.
#[derive(Default)]
pub(super) struct Members {
    pub(super) has: BTreeSet<Rc<str>>,
    pub(super) lacks: BTreeSet<Rc<str>>,
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    /// What is said of the member of one name.
    pub(super) of_name: BTreeMap<Rc<str>, Named>,
    /// What holds for all members with some names.
    pub(super) all: Vec<(Keys, Id)>,
    /// What fails for a member with one of some names.
    pub(super) some: Vec<(Keys, Id, Id)>,
    pub(super) names: Vec<Id>,
    /// What fails for the name of a member.
    pub(super) some_name: Vec<Id>,
    /// Names that are mentioned.
    pub(super) mentioned: BTreeSet<Rc<str>>,
}

/// What is said of the member of one name.
#[derive(Default)]
pub(super) struct Named {
    /// What holds for it.
    pub(super) holds: Vec<Id>,
    /// What fails for it.
    pub(super) fails: Vec<Id>,
    /// Where that is said, and that it is there or not.
    facts: Vec<Fact>,
}

impl Members {
    fn cut(&mut self, most: u64) {
        self.most = Some(self.most.map_or(most, |known| known.min(most)));
    }

    fn named(&mut self, name: &Rc<str>, fact: Fact) -> &mut Named {
        let named = self.of_name.entry(Rc::clone(name)).or_default();
        named.facts.push(fact);
        named
    }

    /// That there is no such member, and that there has to be.
    pub(super) fn lacking(&self, name: &str) -> Rc<Proof> {
        let facts = self.of_name.get(name).map_or(&[][..], |named| &named.facts);
        let of = |wanted: bool| {
            let facts = facts.iter().filter(|(_, holds)| *holds == wanted);
            facts.map(|(id, _)| *id).collect()
        };
        Rc::new(Proof::Clash(of(true), of(false), ""))
    }
}

impl Prover<'_> {
    /// What the plain constraints of a case say.
    pub(super) fn members(&mut self, state: &State) -> Rc<Members> {
        let made = state.members.get_or_init(|| {
            self.spend(state.plain.len());
            let mut members = Members::default();
            for (id, holds) in &state.plain {
                self.said(&mut members, *id, *holds);
            }
            for (name, named) in &members.of_name {
                let never = |id: &Id| matches!(*self.graph.get(*id), Node::False);
                if named.holds.iter().any(never) {
                    members.lacks.insert(Rc::clone(name));
                }
            }
            members.mentioned.extend(members.has.iter().cloned());
            members.mentioned.extend(members.lacks.iter().cloned());
            Rc::new(members)
        });
        Rc::clone(made)
    }

    fn said(&self, members: &mut Members, id: Id, holds: bool) {
        match (&*self.graph.get(id), holds) {
            (Node::Has(name), _) => {
                members.named(name, (id, holds));
                let list = if holds {
                    &mut members.has
                } else {
                    &mut members.lacks
                };
                list.insert(Rc::clone(name));
            }
            (Node::MinMembers(count), true) => members.least = members.least.max(*count),
            (Node::MinMembers(count), false) => members.cut(count.saturating_sub(1)),
            (Node::MaxMembers(count), true) => members.cut(*count),
            (Node::MaxMembers(count), false) => {
                members.least = members.least.max(count.saturating_add(1));
            }
            (Node::Members(Keys::Name(name), schema), _) => {
                members.mentioned.insert(Rc::clone(name));
                let named = members.named(name, (id, holds));
                let list = if holds { &mut named.holds } else { &mut named.fails };
                list.push(*schema);
            }
            (Node::Members(keys, schema), _) => {
                if let Keys::Rest(names, _) = keys {
                    members.mentioned.extend(names.iter().cloned());
                }
                if holds {
                    members.all.push((keys.clone(), *schema));
                } else {
                    members.some.push((keys.clone(), *schema, id));
                }
            }
            (Node::Names(schema), true) => members.names.push(*schema),
            (Node::Names(schema), false) => members.some_name.push(*schema),
            _ => {}
        }
    }

    /// What holds for the member `name`, when it is there; nothing when that is not known.
    pub(super) fn of_member(&self, members: &Members, name: &str) -> Option<Vec<Id>> {
        let mut holds = members
            .of_name
            .get(name)
            .map_or_else(Vec::new, |named| named.holds.clone());
        self.spend(1 + members.all.len());
        for (keys, schema) in &members.all {
            if self.is_among(keys, name)? {
                holds.push(*schema);
            }
        }
        Some(holds)
    }

    pub(super) fn object_excluded(&mut self, state: &State) -> Option<Rc<Proof>> {
        let members = self.members(state);
        if let Some(both) = members.has.intersection(&members.lacks).next() {
            return Some(members.lacking(both));
        }
        if members
            .most
            .is_some_and(|most| (members.has.len() as u64) > most || members.least > most)
        {
            return Some(Rc::new(Proof::Clash(state.having(true), state.having(false), "")));
        }
        for name in &members.has {
            if self.is_spent() {
                return None;
            }
            let holds = self.of_member(&members, name)?;
            let fails = members.of_name.get(name).map_or(&[][..], |named| &named.fails);
            if holds.len() + fails.len() > 1
                && let Outcome::Empty(proof) = self.solve(&holds, fails)
            {
                return Some(Rc::new(Proof::Within(Place::Member(Rc::clone(name)), proof)));
            }
        }
        None
    }

    pub(super) fn object_foreseen(&mut self, state: &State, id: Id, wanted: bool) -> Foreseen {
        let members = self.members(state);
        let node = self.graph.get(id);
        match &*node {
            Node::Has(name) => {
                let known = if members.has.contains(name) {
                    true
                } else if members.lacks.contains(name) {
                    false
                } else {
                    return Foreseen::Unknown;
                };
                if known == wanted {
                    Foreseen::Holds
                } else {
                    Foreseen::Excluded(members.lacking(name))
                }
            }
            Node::Members(Keys::Name(name), schema) => {
                if members.lacks.contains(name) {
                    return if wanted {
                        Foreseen::Holds
                    } else {
                        Foreseen::Excluded(members.lacking(name))
                    };
                }
                let Some(holds) = self.of_member(&members, name) else {
                    return Foreseen::Unknown;
                };
                if let Outcome::Empty(proof) = self.solve(&holds, &[*schema]) {
                    // What the member is, satisfies it already.
                    return if wanted {
                        Foreseen::Holds
                    } else {
                        Foreseen::Excluded(Rc::new(Proof::Within(Place::Member(Rc::clone(name)), proof)))
                    };
                }
                if !members.has.contains(name) {
                    return Foreseen::Unknown;
                }
                let mut both = holds;
                both.push(*schema);
                match self.solve(&both, &[]) {
                    Outcome::Empty(proof) if wanted => {
                        Foreseen::Excluded(Rc::new(Proof::Within(Place::Member(Rc::clone(name)), proof)))
                    }
                    Outcome::Empty(_) => Foreseen::Holds,
                    Outcome::Inhabited(_) | Outcome::Open(_) => Foreseen::Unknown,
                }
            }
            _ => Foreseen::Unknown,
        }
    }
}
