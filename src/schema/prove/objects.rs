//! Objects: which members there have to be, which there may be, and what is said of them.
//!
//! Names that a schema mentions are looked at one by one. All others fall into classes, by which of the patterns they
//! match; a class has a text that stands for it, or none. What fails for some member is tried at every name and in
//! every class where it may be.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::branch::State;
use super::derivation::{Place, Proof};
use super::members::Members;
use super::node::{Id, Keys, Node};
use super::solve::{Outcome, Prover, Stuck, out_of_steps, stuck};
use super::spares::Spare;

/// The most patterns that classes are made of.
const PATTERNS: usize = 12;

/// A member that has to be there: what fails for its value besides what holds.
#[derive(Clone, Default)]
pub(super) struct Wanted {
    pub(super) named: BTreeMap<Rc<str>, Vec<Id>>,
    /// Members of other names: the name, what holds and what fails.
    pub(super) other: Vec<(Value, Vec<Id>, Vec<Id>)>,
}

/// A class of names: what they have to be, as facts about texts.
#[derive(Clone)]
pub(super) struct Class {
    pub(super) holds: Vec<Id>,
    pub(super) fails: Vec<Id>,
    pub(super) matched: Vec<Rc<str>>,
}

impl Prover<'_> {
    pub(super) fn object(&mut self, state: &State) -> Outcome {
        let members = self.members(state);
        let (holds, fails) = (state.goal.holds.clone(), state.goal.fails.clone());
        let mut wanted = Wanted::default();
        for (name, named) in &members.of_name {
            if named.fails.is_empty() {
                continue;
            }
            if members.lacks.contains(name) {
                return Outcome::Empty(members.lacking(name));
            }
            wanted.named.insert(Rc::clone(name), named.fails.clone());
        }
        for name in &members.has {
            wanted.named.entry(Rc::clone(name)).or_default();
        }
        let classes = match self.classes(&members) {
            Ok(classes) => classes,
            Err(why) => return stuck(&holds, &fails, why),
        };
        self.placed(
            state,
            &members,
            &classes,
            &wanted,
            &members.some,
            &members.some_name,
        )
    }

    /// Classes of the names that are not mentioned.
    fn classes(&mut self, members: &Members) -> Result<Vec<Class>, String> {
        let mut patterns: BTreeSet<Rc<str>> = BTreeSet::new();
        let all = members.all.iter().map(|(keys, _)| keys);
        for keys in all.chain(members.some.iter().map(|(keys, ..)| keys)) {
            match keys {
                Keys::Match(pattern) => {
                    patterns.insert(Rc::clone(pattern));
                }
                Keys::Rest(_, known) => patterns.extend(known.iter().cloned()),
                Keys::Name(_) => {}
            }
        }
        if patterns.len() > PATTERNS {
            return Err(format!(
                "there are more than {PATTERNS} patterns for the members of one object"
            ));
        }
        let named: Vec<Value> = members
            .mentioned
            .iter()
            .map(|name| Value::from(&**name))
            .collect();
        let mentioned = self.graph.values(&named);
        let text = self.graph.intern(Node::Types(super::node::Kind::Text.bit()));
        let mut classes = vec![Class {
            holds: std::iter::once(text)
                .chain(members.names.iter().copied())
                .collect(),
            fails: vec![mentioned],
            matched: Vec::new(),
        }];
        for pattern in patterns {
            let id = self.graph.intern(Node::Pattern(Rc::clone(&pattern)));
            let mut split = Vec::new();
            for class in classes {
                let mut matching = class.clone();
                matching.holds.push(id);
                matching.matched.push(Rc::clone(&pattern));
                let mut other = class;
                other.fails.push(id);
                for class in [matching, other] {
                    if !matches!(self.solve(&class.holds, &class.fails), Outcome::Empty(_)) {
                        split.push(class);
                    }
                }
            }
            classes = split;
        }
        if classes.len() == 1 && !members.names.is_empty() {
            classes.retain(|class| !matches!(self.solve(&class.holds, &class.fails), Outcome::Empty(_)));
        }
        Ok(classes)
    }

    fn is_in_class(keys: &Keys, class: &Class) -> bool {
        match keys {
            Keys::Name(_) => false,
            Keys::Match(pattern) => class.matched.contains(pattern),
            Keys::Rest(_, patterns) => !patterns.iter().any(|pattern| class.matched.contains(pattern)),
        }
    }

    pub(super) fn of_class(members: &Members, class: &Class) -> Vec<Id> {
        members
            .all
            .iter()
            .filter(|(keys, _)| Self::is_in_class(keys, class))
            .map(|(_, schema)| *schema)
            .collect()
    }

    /// Finds a place for everything that has to fail somewhere, then the whole object.
    fn placed(
        &mut self,
        state: &State,
        members: &Members,
        classes: &[Class],
        wanted: &Wanted,
        anywhere: &[(Keys, Id, Id)],
        some_name: &[Id],
    ) -> Outcome {
        let (holds, fails) = (&state.goal.holds, &state.goal.fails);
        if !self.step(wanted.named.len() + wanted.other.len()) {
            return out_of_steps(holds, fails);
        }
        if let [schema, rest @ ..] = some_name {
            return self.name_placed(state, members, classes, wanted, anywhere, (*schema, rest));
        }
        let [(keys, schema, id), rest @ ..] = anywhere else {
            return self.whole(state, members, classes, wanted);
        };
        let mut proofs = Vec::new();
        let mut open: Option<Rc<Stuck>> = None;
        let mut tried = |outcome: Outcome| match outcome {
            Outcome::Inhabited(value) => Some(value),
            Outcome::Empty(proof) => {
                proofs.push(proof);
                None
            }
            Outcome::Open(stuck) => {
                open.get_or_insert(stuck);
                None
            }
        };
        for name in &members.mentioned {
            if members.lacks.contains(name) || self.is_among(keys, name) == Some(false) {
                continue;
            }
            let mut failing = wanted.named.get(name).cloned().unwrap_or_default();
            failing.push(*schema);
            // First by itself, which mostly decides it.
            let outcome = match self.of_member(members, name) {
                Some(holding) => match self.solve(&holding, &failing) {
                    Outcome::Empty(proof) => {
                        Outcome::Empty(Rc::new(Proof::Within(Place::Member(Rc::clone(name)), proof)))
                    }
                    Outcome::Inhabited(_) | Outcome::Open(_) => {
                        let mut next = wanted.clone();
                        next.named.insert(Rc::clone(name), failing);
                        self.placed(state, members, classes, &next, rest, some_name)
                    }
                },
                None => stuck(
                    holds,
                    fails,
                    format!("whether a pattern matches {name:?} is not known"),
                ),
            };
            if let Some(value) = tried(outcome) {
                return Outcome::Inhabited(value);
            }
        }
        for class in classes {
            if !Self::is_in_class(keys, class) {
                continue;
            }
            let holding = Self::of_class(members, class);
            let outcome = match self.solve(&holding, &[*schema]) {
                Outcome::Empty(proof) => Outcome::Empty(Rc::new(Proof::Within(Place::OtherMember, proof))),
                Outcome::Inhabited(_) | Outcome::Open(_) => match self.unused_name(class, wanted) {
                    Outcome::Inhabited(name) => {
                        let mut next = wanted.clone();
                        next.other.push((name, holding, vec![*schema]));
                        self.placed(state, members, classes, &next, rest, some_name)
                    }
                    // A class that is used up: another member of it may have to share its place.
                    Outcome::Empty(proof) if wanted.other.is_empty() => {
                        Outcome::Empty(Rc::new(Proof::Within(Place::Name, proof)))
                    }
                    Outcome::Empty(_) => stuck(holds, fails, "there are few names for the members it takes"),
                    Outcome::Open(stuck) => Outcome::Open(stuck),
                },
            };
            if let Some(value) = tried(outcome) {
                return Outcome::Inhabited(value);
            }
        }
        match open {
            Some(stuck) => Outcome::Open(stuck),
            None if proofs.is_empty() => Outcome::Empty(Rc::new(Proof::Clash(
                state.having(true),
                vec![*id],
                "there is no such member",
            ))),
            None => Outcome::Empty(Proof::all(proofs)),
        }
    }

    /// A name of a class that is not used yet.
    fn unused_name(&mut self, class: &Class, wanted: &Wanted) -> Outcome {
        let fails = self.besides(class, wanted);
        self.solve(&class.holds, &fails)
    }

    /// What the names of a class are not, the names that are used already among it.
    fn besides(&mut self, class: &Class, wanted: &Wanted) -> Vec<Id> {
        let mut fails = class.fails.clone();
        if !wanted.other.is_empty() {
            let used: Vec<&Value> = wanted.other.iter().map(|(name, ..)| name).collect();
            fails.push(self.graph.values(used));
        }
        fails
    }

    /// Finds a name that fails `schema`.
    fn name_placed(
        &mut self,
        state: &State,
        members: &Members,
        classes: &[Class],
        wanted: &Wanted,
        anywhere: &[(Keys, Id, Id)],
        (schema, rest): (Id, &[Id]),
    ) -> Outcome {
        let (holds, fails) = (&state.goal.holds, &state.goal.fails);
        let mut proofs = Vec::new();
        let mut open: Option<Rc<Stuck>> = None;
        let mut places = Vec::new();
        for name in &members.mentioned {
            if members.lacks.contains(name) {
                continue;
            }
            match self.holds(schema, &Value::from(&**name)) {
                Some(true) => {}
                Some(false) => places.push(Err(Rc::clone(name))),
                None => {
                    let stuck = stuck(
                        holds,
                        fails,
                        format!("whether {name:?} is a name that is accepted is not known"),
                    );
                    if let Outcome::Open(stuck) = stuck {
                        open.get_or_insert(stuck);
                    }
                }
            }
        }
        for class in classes {
            let mut failing = self.besides(class, wanted);
            failing.push(schema);
            match self.solve(&class.holds, &failing) {
                Outcome::Inhabited(name) => places.push(Ok((name, Self::of_class(members, class)))),
                Outcome::Empty(proof) if wanted.other.is_empty() => {
                    proofs.push(Rc::new(Proof::Within(Place::Name, proof)));
                }
                Outcome::Empty(_) => {
                    if let Outcome::Open(stuck) =
                        stuck(holds, fails, "there are few names for the members it takes")
                    {
                        open.get_or_insert(stuck);
                    }
                }
                Outcome::Open(stuck) => {
                    open.get_or_insert(stuck);
                }
            }
        }
        for place in places {
            let mut next = wanted.clone();
            match place {
                Ok((name, holding)) => next.other.push((name, holding, Vec::new())),
                Err(name) => {
                    next.named.entry(name).or_default();
                }
            }
            match self.placed(state, members, classes, &next, anywhere, rest) {
                Outcome::Inhabited(value) => return Outcome::Inhabited(value),
                Outcome::Empty(proof) => proofs.push(proof),
                Outcome::Open(stuck) => {
                    open.get_or_insert(stuck);
                }
            }
        }
        match open {
            Some(stuck) => Outcome::Open(stuck),
            None => Outcome::Empty(Proof::all(proofs)),
        }
    }

    /// The object with these members, and more where there have to be.
    fn whole(&mut self, state: &State, members: &Members, classes: &[Class], wanted: &Wanted) -> Outcome {
        let (holds, fails) = (&state.goal.holds, &state.goal.fails);
        let clash = |why| {
            Outcome::Empty(Rc::new(Proof::Clash(
                state.having(true),
                state.having(false),
                why,
            )))
        };
        let mut made = Map::new();
        let mut open: Option<Rc<Stuck>> = None;
        for (name, failing) in &wanted.named {
            if members.lacks.contains(name) {
                return Outcome::Empty(members.lacking(name));
            }
            for schema in &members.names {
                if self.holds(*schema, &Value::from(&**name)) == Some(false) {
                    return Outcome::Empty(Rc::new(Proof::Within(
                        Place::Name,
                        Rc::new(Proof::Clash(
                            vec![*schema],
                            Vec::new(),
                            "a name that has to be there is refused",
                        )),
                    )));
                }
            }
            let Some(holding) = self.of_member(members, name) else {
                return stuck(
                    holds,
                    fails,
                    format!("whether a pattern matches {name:?} is not known"),
                );
            };
            match self.solve(&holding, failing) {
                Outcome::Empty(proof) => {
                    return Outcome::Empty(Rc::new(Proof::Within(Place::Member(Rc::clone(name)), proof)));
                }
                Outcome::Inhabited(value) => {
                    made.insert(name.to_string(), value);
                }
                Outcome::Open(stuck) => {
                    open.get_or_insert(stuck);
                }
            }
        }
        for (name, holding, failing) in &wanted.other {
            match (self.solve(holding, failing), name.as_str()) {
                (Outcome::Empty(proof), _) => {
                    return Outcome::Empty(Rc::new(Proof::Within(Place::OtherMember, proof)));
                }
                (Outcome::Inhabited(value), Some(name)) => {
                    made.insert(name.to_owned(), value);
                }
                (Outcome::Inhabited(_), None) => {}
                (Outcome::Open(stuck), _) => {
                    open.get_or_insert(stuck);
                }
            }
        }
        // Members with other names may be one and the same.
        let fewest = wanted.named.len() as u64 + u64::from(!wanted.other.is_empty());
        if members.most.is_some_and(|most| most < fewest.max(members.least)) {
            return clash("");
        }
        if let Some(stuck) = open {
            return Outcome::Open(stuck);
        }
        if members.most.is_some_and(|most| (made.len() as u64) > most) {
            return stuck(holds, fails, "there may be too few members for what has to fail");
        }
        let mut spare = self.spare(members, classes, wanted, &made);
        while (made.len() as u64) < members.least {
            match spare.next(self, &made) {
                Spare::Member(name, value) => {
                    made.insert(name, value);
                }
                Spare::None => return clash("there are not enough members"),
                Spare::Unknown => {
                    return stuck(holds, fails, "whether there are enough members is not known");
                }
            }
        }
        let value = Value::Object(made.clone());
        if self.is_in(holds, fails, &value) == Some(true) {
            return Outcome::Inhabited(value);
        }
        // A value may be left out as such; one with another member is not.
        for _ in 0..4 {
            match spare.next(self, &made) {
                Spare::Member(name, value) => {
                    made.insert(name, value);
                }
                Spare::None if made.is_empty() => {
                    return match self.is_in(holds, fails, &value) {
                        Some(false) => clash("the empty object is accepted"),
                        Some(true) | None => stuck(holds, fails, "the empty object cannot be tried"),
                    };
                }
                Spare::None | Spare::Unknown => break,
            }
            if members.most.is_some_and(|most| (made.len() as u64) > most) {
                if made.len() == 1 {
                    return match self.is_in(holds, fails, &value) {
                        Some(false) => clash("the empty object is accepted"),
                        Some(true) | None => stuck(holds, fails, "the empty object cannot be tried"),
                    };
                }
                break;
            }
            let value = Value::Object(made.clone());
            if self.is_in(holds, fails, &value) == Some(true) {
                return Outcome::Inhabited(value);
            }
        }
        stuck(holds, fails, "no object that was tried shows the difference")
    }
}
