//! Objects: which members there have to be, which there may be, and what is said of them.
//!
//! Names that a schema mentions are looked at one by one. All others fall into classes, by which of the patterns they
//! match; a class has a text that stands for it, or none. What fails for some member is tried at every name and in
//! every class where it may be.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::branch::{Foreseen, State};
use super::derivation::{Place, Proof};
use super::node::{Id, Keys, Node};
use super::solve::{Outcome, Prover, Stuck, out_of_steps, stuck};

/// The most patterns that classes are made of.
const PATTERNS: usize = 12;

/// The most members that are added to have enough.
const ADDED: u64 = 2048;

/// What is said of an object.
#[derive(Default)]
pub(super) struct Members {
    has: BTreeSet<Rc<str>>,
    lacks: BTreeSet<Rc<str>>,
    least: u64,
    most: Option<u64>,
    /// What holds for all members with some names.
    all: Vec<(Keys, Id, Id)>,
    /// What fails for a member with one of some names.
    some: Vec<(Keys, Id, Id)>,
    names: Vec<Id>,
    /// What fails for the name of a member.
    some_name: Vec<Id>,
    /// Names that are mentioned.
    mentioned: BTreeSet<Rc<str>>,
}

/// A member that has to be there: what fails for its value besides what holds.
#[derive(Clone, Default)]
struct Wanted {
    named: BTreeMap<Rc<str>, Vec<Id>>,
    /// Members of other names: the name, what holds and what fails.
    other: Vec<(Value, Vec<Id>, Vec<Id>)>,
}

/// A class of names: what they have to be, as facts about texts.
#[derive(Clone)]
struct Class {
    holds: Vec<Id>,
    fails: Vec<Id>,
    matched: Vec<Rc<str>>,
}

impl Prover<'_> {
    fn members(&self, facts: impl Iterator<Item = (Id, bool)>) -> Members {
        let mut members = Members::default();
        let most = |members: &mut Members, count: u64| {
            members.most = Some(members.most.map_or(count, |known| known.min(count)));
        };
        for (id, holds) in facts {
            let node = self.graph.get(id);
            match (&*node, holds) {
                (Node::Has(name), true) => {
                    members.has.insert(Rc::clone(name));
                }
                (Node::Has(name), false) => {
                    members.lacks.insert(Rc::clone(name));
                }
                (Node::MinMembers(count), true) => members.least = members.least.max(*count),
                (Node::MinMembers(count), false) => most(&mut members, count.saturating_sub(1)),
                (Node::MaxMembers(count), true) => most(&mut members, *count),
                (Node::MaxMembers(count), false) => {
                    members.least = members.least.max(count.saturating_add(1));
                }
                (Node::Members(keys, schema), _) => {
                    match keys {
                        Keys::Name(name) => {
                            members.mentioned.insert(Rc::clone(name));
                        }
                        Keys::Rest(names, _) => members.mentioned.extend(names.iter().cloned()),
                        Keys::Match(_) => {}
                    }
                    let list = if holds {
                        &mut members.all
                    } else {
                        &mut members.some
                    };
                    list.push((keys.clone(), *schema, id));
                }
                (Node::Names(schema), true) => members.names.push(*schema),
                (Node::Names(schema), false) => members.some_name.push(*schema),
                _ => {}
            }
        }
        for (keys, schema, _) in &members.all {
            if let (Keys::Name(name), Node::False) = (keys, &*self.graph.get(*schema)) {
                members.lacks.insert(Rc::clone(name));
            }
        }
        members.mentioned.extend(members.has.iter().cloned());
        members.mentioned.extend(members.lacks.iter().cloned());
        members
    }

    /// What holds for the member `name`, when it is there; nothing when that is not known.
    fn of_member(&self, members: &Members, name: &str) -> Option<Vec<Id>> {
        let mut holds = Vec::new();
        for (keys, schema, _) in &members.all {
            if self.is_among(keys, name)? {
                holds.push(*schema);
            }
        }
        Some(holds)
    }

    fn facts_of(state: &State) -> impl Iterator<Item = (Id, bool)> {
        state.plain.iter().map(|(id, holds)| (*id, *holds))
    }

    pub(super) fn object_excluded(&mut self, state: &State) -> Option<Rc<Proof>> {
        let members = self.members(Self::facts_of(state));
        if let Some(both) = members.has.intersection(&members.lacks).next() {
            return Some(self.lacking(state, both));
        }
        if members
            .most
            .is_some_and(|most| (members.has.len() as u64) > most || members.least > most)
        {
            return Some(Rc::new(Proof::Clash(state.having(true), state.having(false), "")));
        }
        for name in &members.has {
            let holds = self.of_member(&members, name)?;
            let fails: Vec<Id> = members
                .some
                .iter()
                .filter(|(keys, ..)| matches!(keys, Keys::Name(known) if known == name))
                .map(|(_, schema, _)| *schema)
                .collect();
            if holds.len() + fails.len() > 1
                && let Outcome::Empty(proof) = self.solve(&holds, &fails)
            {
                return Some(Rc::new(Proof::Within(Place::Member(Rc::clone(name)), proof)));
            }
        }
        None
    }

    fn lacking(&self, state: &State, name: &Rc<str>) -> Rc<Proof> {
        let about = |id: &Id| match &*self.graph.get(*id) {
            Node::Has(known) | Node::Members(Keys::Name(known), _) => known == name,
            _ => false,
        };
        let (mut holds, mut fails) = (state.having(true), state.having(false));
        holds.retain(about);
        fails.retain(about);
        Rc::new(Proof::Clash(holds, fails, ""))
    }

    pub(super) fn object_foreseen(&mut self, state: &State, id: Id, wanted: bool) -> Foreseen {
        let members = self.members(Self::facts_of(state));
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
                    Foreseen::Excluded(self.lacking(state, name))
                }
            }
            Node::Members(Keys::Name(name), schema) => {
                if members.lacks.contains(name) {
                    return if wanted {
                        Foreseen::Holds
                    } else {
                        Foreseen::Excluded(self.lacking(state, name))
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

    pub(super) fn object(&mut self, state: &State) -> Outcome {
        let members = self.members(Self::facts_of(state));
        let (holds, fails) = (state.goal.holds.clone(), state.goal.fails.clone());
        let mut wanted = Wanted::default();
        let mut anywhere = Vec::new();
        for (keys, schema, id) in &members.some {
            match keys {
                Keys::Name(name) if members.lacks.contains(name) => {
                    return Outcome::Empty(self.lacking(state, name));
                }
                Keys::Name(name) => wanted.named.entry(Rc::clone(name)).or_default().push(*schema),
                Keys::Match(_) | Keys::Rest(..) => anywhere.push((keys.clone(), *schema, *id)),
            }
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
            &anywhere,
            &members.some_name.clone(),
        )
    }

    /// Classes of the names that are not mentioned.
    fn classes(&mut self, members: &Members) -> Result<Vec<Class>, String> {
        let mut patterns: BTreeSet<Rc<str>> = BTreeSet::new();
        for (keys, ..) in members.all.iter().chain(&members.some) {
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

    fn of_class(members: &Members, class: &Class) -> Vec<Id> {
        members
            .all
            .iter()
            .filter(|(keys, ..)| Self::is_in_class(keys, class))
            .map(|(_, schema, _)| *schema)
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
        if !self.step() {
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
            let mut next = wanted.clone();
            let failing = next.named.entry(Rc::clone(name)).or_default();
            failing.push(*schema);
            let failing = failing.clone();
            // First by itself, which mostly decides it.
            let outcome = match self.of_member(members, name) {
                Some(holding) => match self.solve(&holding, &failing) {
                    Outcome::Empty(proof) => {
                        Outcome::Empty(Rc::new(Proof::Within(Place::Member(Rc::clone(name)), proof)))
                    }
                    Outcome::Inhabited(_) | Outcome::Open(_) => {
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
        let mut outcomes = Vec::new();
        for name in &members.mentioned {
            if members.lacks.contains(name) {
                continue;
            }
            match self.holds(schema, &Value::from(&**name)) {
                Some(true) => {}
                Some(false) => {
                    let mut next = wanted.clone();
                    next.named.entry(Rc::clone(name)).or_default();
                    outcomes.push(next);
                }
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
                Outcome::Inhabited(name) => {
                    let mut next = wanted.clone();
                    next.other
                        .push((name, Self::of_class(members, class), Vec::new()));
                    outcomes.push(next);
                }
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
        for next in outcomes {
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
                return Outcome::Empty(self.lacking(state, name));
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

    fn spare(
        &self,
        members: &Members,
        classes: &[Class],
        wanted: &Wanted,
        made: &Map<String, Value>,
    ) -> Spares {
        let mut named = Vec::new();
        for name in &members.mentioned {
            if !members.lacks.contains(name)
                && !wanted.named.contains_key(name)
                && !made.contains_key(&**name)
            {
                let accepted = members
                    .names
                    .iter()
                    .all(|schema| self.holds(*schema, &Value::from(&**name)) != Some(false));
                if accepted {
                    named.push((Rc::clone(name), self.of_member(members, name)));
                }
            }
        }
        Spares {
            named,
            classes: classes
                .iter()
                .map(|class| (class.clone(), Self::of_class(members, class)))
                .collect(),
            unknown: false,
            added: 0,
        }
    }
}

/// Members that might be added.
struct Spares {
    named: Vec<(Rc<str>, Option<Vec<Id>>)>,
    classes: Vec<(Class, Vec<Id>)>,
    /// Whether one was passed over that may be possible.
    unknown: bool,
    added: u64,
}

enum Spare {
    Member(String, Value),
    /// There is no other.
    None,
    Unknown,
}

impl Spares {
    fn next(&mut self, prover: &mut Prover<'_>, made: &Map<String, Value>) -> Spare {
        while let Some((name, holding)) = self.named.pop() {
            match holding.map(|holding| prover.solve(&holding, &[])) {
                Some(Outcome::Inhabited(value)) => return Spare::Member(name.to_string(), value),
                Some(Outcome::Empty(_)) => {}
                Some(Outcome::Open(_)) | None => self.unknown = true,
            }
        }
        while let Some((class, holding)) = self.classes.last() {
            self.added += 1;
            if self.added > ADDED {
                return Spare::Unknown;
            }
            let value = match prover.solve(holding, &[]) {
                Outcome::Inhabited(value) => Some(value),
                Outcome::Empty(_) => None,
                Outcome::Open(_) => {
                    self.unknown = true;
                    None
                }
            };
            if let Some(value) = value {
                let used: BTreeSet<&String> = made.keys().collect();
                let used: Vec<Value> = used.into_iter().map(|name| Value::from(name.as_str())).collect();
                let mut fails = class.fails.clone();
                fails.push(prover.graph.values(&used));
                match prover.solve(&class.holds, &fails) {
                    Outcome::Inhabited(Value::String(name)) => return Spare::Member(name, value),
                    Outcome::Empty(_) => {}
                    Outcome::Inhabited(_) | Outcome::Open(_) => self.unknown = true,
                }
            }
            self.classes.pop();
        }
        if self.unknown { Spare::Unknown } else { Spare::None }
    }
}
