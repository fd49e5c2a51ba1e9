//! Cases of a goal for one kind of values, until only plain constraints are left.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::derivation::Proof;
use super::members::Members;
use super::node::{Id, Kind, Node};
use super::solve::{Goal, Outcome, Prover, out_of_steps, stuck};

/// A node that holds or fails.
pub(super) type Fact = (Id, bool);

/// How deep statuses are looked into.
const LOOK: usize = 12;

/// Facts of which all hold at once, as one of several alternatives.
type Alternative = Vec<Fact>;

/// One case.
#[derive(Clone)]
pub(super) struct State {
    pub(super) kind: Kind,
    facts: HashMap<Id, bool>,
    /// Plain constraints about this kind of values.
    pub(super) plain: BTreeMap<Id, bool>,
    /// Of each of these one alternative holds.
    clauses: Vec<Vec<Alternative>>,
    todo: Vec<Fact>,
    /// Why alternatives were left out.
    notes: Vec<Rc<Proof>>,
    pub(super) goal: Rc<Goal>,
    /// Whether something without a model has to hold or to fail.
    pub(super) opaque: bool,
    /// What the plain constraints say of an object, as long as there are no others.
    pub(super) members: OnceCell<Rc<Members>>,
}

impl State {
    pub(super) fn new(kind: Kind, goal: &Goal) -> Self {
        let facts = |ids: &[Id], wanted: bool| ids.iter().map(|id| (*id, wanted)).collect::<Vec<Fact>>();
        let mut todo = facts(&goal.holds, true);
        todo.extend(facts(&goal.fails, false));
        Self {
            kind,
            facts: HashMap::new(),
            plain: BTreeMap::new(),
            clauses: Vec::new(),
            todo,
            notes: Vec::new(),
            goal: Rc::new(goal.clone()),
            opaque: false,
            members: OnceCell::new(),
        }
    }

    /// Constraints that hold, or that fail.
    pub(super) fn having(&self, wanted: bool) -> Vec<Id> {
        self.plain
            .iter()
            .filter(|(_, holds)| **holds == wanted)
            .map(|(id, _)| *id)
            .collect()
    }

    /// How much there is to copy.
    fn size(&self) -> usize {
        let alternatives: usize = self.clauses.iter().map(Vec::len).sum();
        self.facts.len() + self.plain.len() + self.notes.len() + 2 * alternatives
    }

    fn insert(&mut self, id: Id, holds: bool) {
        self.plain.insert(id, holds);
        self.members.take();
    }

    fn with(&self, alternative: &[Fact]) -> Self {
        let mut next = self.clone();
        next.todo.extend(alternative);
        next
    }
}

impl Prover<'_> {
    /// Whether there is a value in this case.
    pub(super) fn branch(&mut self, mut state: State) -> Outcome {
        let (holds, fails) = (state.goal.holds.clone(), state.goal.fails.clone());
        if !self.step(state.size()) {
            return out_of_steps(&holds, &fails);
        }
        let settled = self.settle(&mut state);
        // Choices that were not all looked at exclude nothing.
        if self.is_spent() {
            return out_of_steps(&holds, &fails);
        }
        if let Err(proof) = settled {
            state.notes.push(proof);
            return Outcome::Empty(Proof::all(state.notes));
        }
        let listed = state
            .plain
            .iter()
            .find_map(|(id, holds)| match &*self.graph.get(*id) {
                Node::Values(values) if *holds => Some((*id, values.clone())),
                _ => None,
            });
        if let Some((id, values)) = listed {
            let outcome = self.among(id, &values, Some(state.kind), &holds, &fails);
            return noted(outcome, state.notes);
        }
        let Some((index, _)) = state
            .clauses
            .iter()
            .enumerate()
            .min_by_key(|(_, clause)| clause.len())
        else {
            let outcome = match state.kind {
                Kind::Text => self.text(&state),
                Kind::Whole | Kind::Point | Kind::Fraction => self.number(&state),
                Kind::Array => self.array(&state),
                Kind::Object => self.object(&state),
                Kind::Null | Kind::Boolean => stuck(&holds, &fails, "it is of another kind"),
            };
            return noted(outcome, state.notes);
        };
        let clause = state.clauses.swap_remove(index);
        let notes = std::mem::take(&mut state.notes);
        let mut proofs = Vec::new();
        let mut open = None;
        for alternative in &clause {
            let next = state.with(alternative);
            match self.branch(next) {
                Outcome::Empty(proof) => proofs.push(proof),
                Outcome::Inhabited(value) => return Outcome::Inhabited(value),
                Outcome::Open(stuck) => {
                    open.get_or_insert(stuck);
                }
            }
        }
        match open {
            Some(stuck) => Outcome::Open(stuck),
            None => noted(Outcome::Empty(Proof::all(proofs)), notes),
        }
    }

    /// Draws every conclusion that needs no choice; the proof when they exclude each other.
    fn settle(&mut self, state: &mut State) -> Result<(), Rc<Proof>> {
        loop {
            while let Some((id, wanted)) = state.todo.pop() {
                self.assert(state, id, wanted)?;
            }
            self.simplify(state)?;
            if state.todo.is_empty() {
                if let Some(proof) = self.excluded(state) {
                    return Err(proof);
                }
                self.reckon(state)?;
                if state.todo.is_empty() || self.is_spent() {
                    return Ok(());
                }
            }
        }
    }

    fn assert(&mut self, state: &mut State, id: Id, wanted: bool) -> Result<(), Rc<Proof>> {
        let Some(id) = self.graph.resolved(id) else {
            state.opaque = true;
            return Ok(());
        };
        match state.facts.get(&id) {
            Some(known) if *known == wanted => return Ok(()),
            Some(_) => return Err(Rc::new(Proof::Same(id))),
            None => state.facts.insert(id, wanted),
        };
        let node = self.graph.get(id);
        let clash = || {
            let (holds, fails) = if wanted {
                (vec![id], Vec::new())
            } else {
                (Vec::new(), vec![id])
            };
            Err(Rc::new(Proof::Clash(holds, fails, "")))
        };
        match (&*node, wanted) {
            (Node::True, true) | (Node::False, false) => {}
            (Node::True, false) | (Node::False, true) => return Err(Rc::new(Proof::Constant(id, wanted))),
            (Node::Ref(_) | Node::Opaque(_), _) => state.opaque = true,
            (Node::And(parts), true) | (Node::Or(parts), false) => {
                state.todo.extend(parts.iter().map(|part| (*part, wanted)));
            }
            (Node::And(parts), false) | (Node::Or(parts), true) => {
                state
                    .clauses
                    .push(parts.iter().map(|part| vec![(*part, wanted)]).collect());
            }
            (Node::Not(inner), _) => state.todo.push((*inner, !wanted)),
            (Node::One(branches), _) => {
                let clause = self.exactly_one(state, branches, wanted);
                state.clauses.push(clause);
            }
            (Node::Types(kinds), _) => {
                if (kinds & state.kind.bit() != 0) != wanted {
                    return clash();
                }
            }
            (Node::Values(values), true) => {
                let possible = values.iter().any(|value| {
                    let kind = Kind::of(&self.graph.value(*value));
                    kind == state.kind || (kind.is_number() && state.kind.is_number())
                });
                if !possible {
                    return clash();
                }
                state.insert(id, true);
            }
            (Node::Values(_), false) => {
                state.insert(id, false);
            }
            (constraint, _) => {
                let about = constraint.about().unwrap_or(u8::MAX);
                if about & state.kind.bit() != 0 {
                    state.insert(id, wanted);
                } else if !wanted {
                    return clash();
                }
            }
        }
        Ok(())
    }

    fn exactly_one(&mut self, state: &State, branches: &[Id], wanted: bool) -> Vec<Alternative> {
        let live: Vec<Id> = branches
            .iter()
            .copied()
            .filter(|branch| self.status(state, *branch, true, LOOK) != Some(false))
            .collect();
        let mut clause = Vec::new();
        if wanted {
            for (chosen, branch) in live.iter().enumerate() {
                let mut facts = vec![(*branch, true)];
                for (index, other) in live.iter().enumerate() {
                    if self.is_spent() {
                        return clause;
                    }
                    // What is apart from it fails by itself.
                    if index != chosen && (other == branch || !self.disjoint(*branch, *other)) {
                        facts.push((*other, false));
                    }
                }
                clause.push(facts);
            }
            return clause;
        }
        clause.push(live.iter().map(|branch| (*branch, false)).collect());
        for (index, left) in live.iter().enumerate() {
            for right in &live[index + 1..] {
                if self.is_spent() {
                    return clause;
                }
                if left == right || !self.disjoint(*left, *right) {
                    clause.push(vec![(*left, true), (*right, true)]);
                }
            }
        }
        clause
    }

    /// Leaves out alternatives that cannot hold, and clauses that do.
    fn simplify(&mut self, state: &mut State) -> Result<(), Rc<Proof>> {
        let clauses = std::mem::take(&mut state.clauses);
        let mut kept = Vec::new();
        for clause in clauses {
            let mut left = Vec::new();
            let mut out = Vec::new();
            let mut satisfied = false;
            for alternative in clause {
                let mut all = true;
                let mut excluded = None;
                for (id, wanted) in &alternative {
                    match self.status(state, *id, *wanted, LOOK) {
                        Some(true) => {}
                        Some(false) => excluded = Some((*id, *wanted)),
                        None => all = false,
                    }
                }
                match excluded {
                    Some(fact) => out.push(fact),
                    None if all => {
                        satisfied = true;
                        break;
                    }
                    None => left.push(alternative),
                }
            }
            if satisfied {
                continue;
            }
            match left.as_slice() {
                [] => {
                    let of = |kind: bool| {
                        out.iter()
                            .filter(|(_, wanted)| *wanted == kind)
                            .map(|(id, _)| *id)
                            .collect()
                    };
                    return Err(Rc::new(Proof::Clash(of(true), of(false), "")));
                }
                [only] => state.todo.extend(only),
                _ => kept.push(left),
            }
        }
        state.clauses.extend(kept);
        Ok(())
    }

    /// Whether a fact holds here for certain, or for certain does not, without any reckoning.
    fn status(&self, state: &State, id: Id, wanted: bool, look: usize) -> Option<bool> {
        self.spend(1);
        if self.is_spent() {
            return None;
        }
        let id = self.graph.resolved(id)?;
        if let Some(known) = state.facts.get(&id) {
            return Some(*known == wanted);
        }
        let same = |answer: bool| Some(answer == wanted);
        let node = self.graph.get(id);
        match &*node {
            Node::True => same(true),
            Node::False => same(false),
            Node::Types(kinds) => same(kinds & state.kind.bit() != 0),
            Node::Not(inner) => self.status(state, *inner, !wanted, look),
            Node::And(parts) | Node::Or(parts) if look > 0 => {
                let decisive = matches!(&*node, Node::Or(_));
                let mut all = true;
                for part in parts {
                    match self.status(state, *part, true, look - 1) {
                        Some(answer) if answer == decisive => return same(decisive),
                        Some(_) => {}
                        None => all = false,
                    }
                }
                if all { same(!decisive) } else { None }
            }
            Node::Values(values) => {
                let possible = values.iter().any(|value| {
                    let kind = Kind::of(&self.graph.value(*value));
                    kind == state.kind || (kind.is_number() && state.kind.is_number())
                });
                if possible { None } else { same(false) }
            }
            Node::And(_) | Node::Or(_) | Node::One(_) | Node::Ref(_) | Node::Opaque(_) => None,
            constraint => match constraint.about() {
                Some(about) if about & state.kind.bit() == 0 => same(true),
                Some(_) | None => None,
            },
        }
    }

    /// The same by reckoning with the constraints that are known: single facts only.
    fn reckon(&mut self, state: &mut State) -> Result<(), Rc<Proof>> {
        let clauses = std::mem::take(&mut state.clauses);
        let mut kept = Vec::new();
        for clause in clauses {
            let mut left = Vec::new();
            let mut out = Vec::new();
            let mut satisfied = false;
            for alternative in clause {
                if self.is_spent() {
                    return Ok(());
                }
                match self.foreseen(state, &alternative) {
                    Foreseen::Holds => {
                        satisfied = true;
                        break;
                    }
                    Foreseen::Excluded(proof) => out.push(proof),
                    Foreseen::Unknown => left.push(alternative),
                }
            }
            if satisfied {
                continue;
            }
            match left.as_slice() {
                [] => return Err(Proof::all(out)),
                [only] => {
                    state.todo.extend(only);
                    state.notes.extend(out);
                }
                _ => {
                    state.notes.extend(out);
                    kept.push(left);
                }
            }
        }
        state.clauses.extend(kept);
        Ok(())
    }

    fn foreseen(&mut self, state: &State, alternative: &[Fact]) -> Foreseen {
        let mut all = true;
        for (id, wanted) in alternative {
            match self.fact_foreseen(state, *id, *wanted, 4) {
                Foreseen::Excluded(proof) => return Foreseen::Excluded(proof),
                Foreseen::Holds => {}
                Foreseen::Unknown => all = false,
            }
        }
        if all { Foreseen::Holds } else { Foreseen::Unknown }
    }

    /// What is reckoned of one fact; what is made of several parts is excluded when one of them is.
    fn fact_foreseen(&mut self, state: &State, id: Id, wanted: bool, look: usize) -> Foreseen {
        let Some(id) = self.graph.resolved(id) else {
            return Foreseen::Unknown;
        };
        match self.status(state, id, wanted, LOOK) {
            Some(true) => return Foreseen::Holds,
            Some(false) => {
                let (holds, fails) = if wanted {
                    (vec![id], Vec::new())
                } else {
                    (Vec::new(), vec![id])
                };
                return Foreseen::Excluded(Rc::new(Proof::Clash(holds, fails, "")));
            }
            None => {}
        }
        let node = self.graph.get(id);
        match (&*node, wanted) {
            (Node::Not(inner), _) => self.fact_foreseen(state, *inner, !wanted, look),
            (Node::And(parts), true) | (Node::Or(parts), false) if look > 0 => {
                let mut all = true;
                for part in parts {
                    match self.fact_foreseen(state, *part, wanted, look - 1) {
                        Foreseen::Excluded(proof) => return Foreseen::Excluded(proof),
                        Foreseen::Holds => {}
                        Foreseen::Unknown => all = false,
                    }
                }
                if all { Foreseen::Holds } else { Foreseen::Unknown }
            }
            (Node::And(parts), false) | (Node::Or(parts), true) if look > 0 => {
                let mut proofs = Vec::new();
                for part in parts {
                    match self.fact_foreseen(state, *part, wanted, look - 1) {
                        Foreseen::Excluded(proof) => proofs.push(proof),
                        Foreseen::Holds => return Foreseen::Holds,
                        Foreseen::Unknown => return Foreseen::Unknown,
                    }
                }
                Foreseen::Excluded(Proof::all(proofs))
            }
            (node, _) if node.about().is_some() => match state.kind {
                Kind::Whole | Kind::Point | Kind::Fraction => self.number_foreseen(state, id, wanted),
                Kind::Text => self.text_foreseen(state, id, wanted),
                Kind::Object => self.object_foreseen(state, id, wanted),
                Kind::Array => self.array_foreseen(state, id, wanted),
                Kind::Null | Kind::Boolean => Foreseen::Unknown,
            },
            _ => Foreseen::Unknown,
        }
    }

    /// What single constraints already exclude, before any choice.
    fn excluded(&mut self, state: &State) -> Option<Rc<Proof>> {
        match state.kind {
            Kind::Object => self.object_excluded(state),
            Kind::Whole | Kind::Point | Kind::Fraction => self.number_excluded(state),
            Kind::Array | Kind::Text | Kind::Null | Kind::Boolean => None,
        }
    }
}

/// What comes of one more fact.
pub(super) enum Foreseen {
    /// It holds already.
    Holds,
    /// It cannot.
    Excluded(Rc<Proof>),
    Unknown,
}

fn noted(outcome: Outcome, mut notes: Vec<Rc<Proof>>) -> Outcome {
    match outcome {
        Outcome::Empty(proof) if !notes.is_empty() => {
            notes.push(proof);
            Outcome::Empty(Proof::all(notes))
        }
        outcome => outcome,
    }
}
