//! Goals: what holds and what fails of one value, and whether there is such a value.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use crate::schema::eval::Patterns;

use super::branch::State;
use super::build::build;
use super::derivation::{self, Proof, Step};
use super::exact;
use super::language::Languages;
use super::node::{Graph, Id, KINDS, Kind, Node, Which};
use super::tags::Tags;

/// How many steps one question may take: nodes that are looked at, facts that are copied, transitions of automata.
/// They are counted and not timed, so that the same question ends at the same place on every machine.
pub(super) const STEPS: u64 = 20_000_000;

/// What a goal or a case takes besides what is in it.
const GOAL: usize = 24;

/// The stack of the thread that reckons. It is reserved, not used, unless a schema needs it.
const STACK: usize = 256 << 20;

/// How deep goals about parts of values are followed.
const DEPTH: usize = 64;

/// What holds and what fails.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Goal {
    pub(super) holds: Vec<Id>,
    pub(super) fails: Vec<Id>,
}

/// What is known about a goal.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// No value is in it.
    Empty(Rc<Proof>),
    /// This one is.
    Inhabited(Value),
    /// It is not decided.
    Open(Rc<Stuck>),
}

/// Where it could not go on, and why.
#[derive(Clone, Debug)]
pub(super) struct Stuck {
    pub(super) holds: Vec<Id>,
    pub(super) fails: Vec<Id>,
    pub(super) why: String,
}

/// The answer to a question.
#[derive(Clone, Debug)]
pub(in crate::schema) enum Answer {
    /// Every value of the first is one of the second: how that follows.
    Contained(Vec<Step>),
    /// This one is not, as far as the model goes.
    Lost(Value),
    /// It is not decided.
    Open {
        /// Where in the first schema, and where in the second.
        pointers: [Option<String>; 2],
        reason: String,
    },
}

/// What is asked.
#[derive(Clone, Copy)]
pub(in crate::schema) struct Asked<'a> {
    pub(in crate::schema) first: &'a Value,
    pub(in crate::schema) second: &'a Value,
}

/// Whether every value of the first schema is one of the second. Both are in the common form.
pub(in crate::schema) fn decide(asked: Asked<'_>) -> Answer {
    let open = |reason: String| Answer::Open {
        pointers: [None, None],
        reason,
    };
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name("pastproof-prover".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || counted(asked).0);
        match worker.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => open("the prover failed on these schemas".to_owned()),
            Err(error) => open(format!("no thread for the prover: {error}")),
        }
    })
}

/// The answer, and how many steps it took.
pub(super) fn counted(asked: Asked<'_>) -> (Answer, u64) {
    let mut graph = Graph::default();
    let first = build(&mut graph, Which::First, asked.first);
    let second = build(&mut graph, Which::Second, asked.second);
    let patterns = Patterns::default();
    let mut prover = Prover {
        graph,
        patterns: &patterns,
        languages: Languages::default(),
        known: HashMap::new(),
        open: Vec::new(),
        assumed: usize::MAX,
        outside: 0,
        disjoint: HashMap::new(),
        tags: HashMap::new(),
        steps: Cell::new(STEPS),
    };
    let answer = match prover.solve(&[first], &[second]) {
        Outcome::Empty(proof) => Answer::Contained(derivation::steps(&prover.graph, &proof)),
        Outcome::Inhabited(value) => Answer::Lost(value),
        Outcome::Open(stuck) => {
            let pointer = |ids: &[Id], which: Which| {
                let at = ids.iter().filter_map(|id| prover.graph.origin(*id, which));
                at.max_by_key(|at| at.len()).map(str::to_owned)
            };
            let reason = match prover.graph.opaque.first() {
                Some((_, at, why)) => format!("{}; {why} at {at}", stuck.why),
                None => stuck.why.clone(),
            };
            Answer::Open {
                pointers: [
                    pointer(&stuck.holds, Which::First),
                    pointer(&stuck.fails, Which::Second),
                ],
                reason,
            }
        }
    };
    (answer, STEPS - prover.steps.get())
}

/// That a goal is not decided.
pub(super) fn stuck(holds: &[Id], fails: &[Id], why: impl Into<String>) -> Outcome {
    Outcome::Open(Rc::new(Stuck {
        holds: holds.to_vec(),
        fails: fails.to_vec(),
        why: why.into(),
    }))
}

/// That there are no steps left for a goal.
pub(super) fn out_of_steps(holds: &[Id], fails: &[Id]) -> Outcome {
    stuck(holds, fails, format!("it takes more than {STEPS} steps"))
}

pub(super) struct Prover<'a> {
    pub(super) graph: Graph,
    pub(super) patterns: &'a Patterns,
    pub(super) languages: Languages,
    known: HashMap<Goal, Outcome>,
    /// Goals that are being decided, outermost first.
    open: Vec<Goal>,
    /// The outermost open goal that was taken for empty.
    assumed: usize,
    /// How many more goals are open around those.
    outside: usize,
    /// Pairs of nodes that were found to exclude each other, or not.
    disjoint: HashMap<(Id, Id), bool>,
    tags: HashMap<Id, Rc<Tags>>,
    pub(super) steps: Cell<u64>,
}

impl Prover<'_> {
    /// Takes as many steps.
    pub(super) fn spend(&self, steps: usize) {
        self.steps.set(
            self.steps
                .get()
                .saturating_sub(u64::try_from(steps).unwrap_or(u64::MAX)),
        );
    }

    /// Whether no steps are left.
    pub(super) fn is_spent(&self) -> bool {
        self.steps.get() == 0
    }

    /// Takes the steps of a goal or a case with as much in it; false when none are left.
    pub(super) fn step(&self, size: usize) -> bool {
        self.spend(GOAL + size);
        !self.is_spent()
    }

    /// Whether a value satisfies all of `holds` and none of `fails`.
    pub(super) fn solve(&mut self, holds: &[Id], fails: &[Id]) -> Outcome {
        let goal = match self.simplified(holds, fails) {
            Ok(goal) => goal,
            Err(proof) => return Outcome::Empty(proof),
        };
        if let Some(known) = self.known.get(&goal) {
            return known.clone();
        }
        if let Some(index) = self.open.iter().position(|open| *open == goal) {
            self.assumed = self.assumed.min(index);
            return Outcome::Empty(Rc::new(Proof::Again));
        }
        if self.open.len() + self.outside >= DEPTH {
            return stuck(
                holds,
                fails,
                format!("it leads more than {DEPTH} levels into the values"),
            );
        }
        if !self.step(goal.holds.len() + goal.fails.len()) {
            return out_of_steps(holds, fails);
        }
        let index = self.open.len();
        self.open.push(goal.clone());
        let before = std::mem::replace(&mut self.assumed, usize::MAX);
        let outcome = self.decided(&goal);
        self.open.pop();
        let leans_outside = self.assumed < index;
        self.assumed = if leans_outside {
            before.min(self.assumed)
        } else {
            before
        };
        // What leans on a goal around it holds only inside that.
        let lasting = match &outcome {
            Outcome::Empty(_) | Outcome::Open(_) => !leans_outside,
            Outcome::Inhabited(_) => true,
        };
        if lasting {
            self.known.insert(goal, outcome.clone());
        }
        outcome
    }

    /// The goal without what says nothing, or why there is no value in it.
    fn simplified(&self, holds: &[Id], fails: &[Id]) -> Result<Goal, Rc<Proof>> {
        let mut goal = Goal {
            holds: Vec::new(),
            fails: Vec::new(),
        };
        let mut todo: Vec<(Id, bool)> = holds
            .iter()
            .map(|id| (*id, true))
            .chain(fails.iter().map(|id| (*id, false)))
            .collect();
        let mut seen = std::collections::HashSet::new();
        while let Some((id, wanted)) = todo.pop() {
            let Some(id) = self.graph.resolved(id) else {
                // It refers only to itself: nothing is known about it.
                let list = if wanted { &mut goal.holds } else { &mut goal.fails };
                list.push(id);
                continue;
            };
            if !seen.insert((id, wanted)) {
                continue;
            }
            match (&*self.graph.get(id), wanted) {
                (Node::True, true) | (Node::False, false) => {}
                (Node::False, true) | (Node::True, false) => {
                    return Err(Rc::new(Proof::Constant(id, wanted)));
                }
                (Node::And(parts), true) | (Node::Or(parts), false) => {
                    todo.extend(parts.iter().map(|part| (*part, wanted)));
                }
                (Node::Not(inner), _) => todo.push((*inner, !wanted)),
                (_, true) => goal.holds.push(id),
                (_, false) => goal.fails.push(id),
            }
        }
        goal.holds.sort_unstable();
        goal.holds.dedup();
        goal.fails.sort_unstable();
        goal.fails.dedup();
        match goal.holds.iter().find(|id| goal.fails.binary_search(id).is_ok()) {
            Some(both) => Err(Rc::new(Proof::Same(*both))),
            None => Ok(goal),
        }
    }

    fn decided(&mut self, goal: &Goal) -> Outcome {
        let listed = goal.holds.iter().find_map(|id| match &*self.graph.get(*id) {
            Node::Values(values) => Some((*id, values.clone())),
            _ => None,
        });
        if let Some((id, values)) = listed {
            return self.among(id, &values, None, &goal.holds, &goal.fails);
        }
        let kinds = self.allowed(goal);
        let mut proofs = Vec::new();
        let mut open = None;
        for kind in KINDS {
            if kinds & kind.bit() == 0 || (kind == Kind::Point && !self.graph.written) {
                continue;
            }
            match self.of_kind(kind, goal) {
                Outcome::Empty(proof) => proofs.push(proof),
                Outcome::Inhabited(value) => return Outcome::Inhabited(value),
                Outcome::Open(stuck) => {
                    open.get_or_insert(stuck);
                }
            }
        }
        match open {
            Some(stuck) => Outcome::Open(stuck),
            None if kinds == 0 => {
                Outcome::Empty(Rc::new(Proof::Types(goal.holds.clone(), goal.fails.clone())))
            }
            None => Outcome::Empty(Proof::all(proofs)),
        }
    }

    /// The kinds of values that the types in a goal leave.
    fn allowed(&self, goal: &Goal) -> u8 {
        let mut kinds = u8::MAX;
        for (ids, wanted) in [(&goal.holds, true), (&goal.fails, false)] {
            for id in ids {
                match (&*self.graph.get(*id), wanted) {
                    (Node::Types(named), true) => kinds &= named,
                    (Node::Types(named), false) => kinds &= !named,
                    // What is about one kind fails only for values of that kind.
                    (node, false) => kinds &= node.about().unwrap_or(u8::MAX),
                    (_, true) => {}
                }
            }
        }
        kinds
    }

    fn of_kind(&mut self, kind: Kind, goal: &Goal) -> Outcome {
        match kind {
            Kind::Null => self.one_of(&[Value::Null], &goal.holds, &goal.fails),
            Kind::Boolean => self.one_of(&[Value::Bool(false), Value::Bool(true)], &goal.holds, &goal.fails),
            Kind::Text | Kind::Whole | Kind::Point | Kind::Fraction | Kind::Array | Kind::Object => {
                let state = State::new(kind, goal);
                self.branch(state)
            }
        }
    }

    /// Whether one of these values is in the goal, when no other can be.
    fn one_of(&self, values: &[Value], holds: &[Id], fails: &[Id]) -> Outcome {
        let mut known = true;
        for value in values {
            if self.is_spent() {
                return out_of_steps(holds, fails);
            }
            match self.is_in(holds, fails, value) {
                Some(true) => return Outcome::Inhabited(value.clone()),
                Some(false) => {}
                None => known = false,
            }
        }
        if known {
            Outcome::Empty(Rc::new(Proof::Tried(values.to_vec(), fails.to_vec())))
        } else {
            stuck(holds, fails, "one of the values that are listed cannot be tried")
        }
    }

    /// The same for the constants of an enumeration, in each spelling that is told apart.
    pub(super) fn among(
        &self,
        listed: Id,
        constants: &[u32],
        kind: Option<Kind>,
        holds: &[Id],
        fails: &[Id],
    ) -> Outcome {
        let mut values = Vec::new();
        for constant in constants {
            let value = self.graph.value(*constant);
            if self.graph.written {
                if !spellings(&value, &mut values) {
                    return stuck(holds, fails, "a listed value has too many spellings");
                }
            } else {
                values.push((*value).clone());
            }
        }
        if let Some(kind) = kind {
            let same = |value: &Value| {
                let own = Kind::of(value);
                own == kind || (!self.graph.written && own == Kind::Point && kind == Kind::Whole)
            };
            values.retain(same);
        }
        match self.one_of(&values, holds, fails) {
            Outcome::Empty(_) => {
                let others: Vec<Id> = holds.iter().copied().filter(|id| *id != listed).collect();
                Outcome::Empty(Rc::new(Proof::Listed(listed, others, fails.to_vec())))
            }
            outcome => outcome,
        }
    }

    fn tags_of(&mut self, id: Id) -> Rc<Tags> {
        if let Some(known) = self.tags.get(&id) {
            return Rc::clone(known);
        }
        self.spend(GOAL);
        let tags = Rc::new(Tags::of(&self.graph, id));
        self.tags.insert(id, Rc::clone(&tags));
        tags
    }

    /// Whether two nodes exclude each other, as far as that is found out.
    pub(super) fn disjoint(&mut self, left: Id, right: Id) -> bool {
        self.spend(4);
        if self.tags_of(left).exclude(&self.tags_of(right)) {
            return true;
        }
        let pair = (left.min(right), left.max(right));
        if let Some(known) = self.disjoint.get(&pair) {
            return *known;
        }
        // A question about the same value, not a part of it: nothing that is open may be assumed, this least of all.
        self.disjoint.insert(pair, false);
        let open = std::mem::take(&mut self.open);
        let assumed = std::mem::replace(&mut self.assumed, usize::MAX);
        self.outside += open.len();
        let answer = matches!(self.solve(&[left, right], &[]), Outcome::Empty(_));
        self.outside -= open.len();
        self.assumed = assumed;
        self.open = open;
        self.disjoint.insert(pair, answer);
        answer
    }
}

/// Every way to write the whole numbers in a value with and without a point; false when there are too many.
fn spellings(value: &Value, all: &mut Vec<Value>) -> bool {
    fn numbers(value: &Value) -> usize {
        match value {
            Value::Number(number) => {
                usize::from(exact::exact(number).is_some_and(|value| value.is_integer()))
            }
            Value::Array(items) => items.iter().map(numbers).sum(),
            Value::Object(members) => members.values().map(numbers).sum(),
            Value::Null | Value::Bool(_) | Value::String(_) => 0,
        }
    }
    fn spell(value: &mut Value, choices: &mut u32) {
        match value {
            Value::Number(number) => {
                if let Some(whole) = exact::exact(number).filter(exact::Exact::is_integer) {
                    let pointed = *choices & 1 == 1;
                    *choices >>= 1;
                    let spelled = if pointed {
                        exact::to_float(&whole)
                    } else {
                        exact::to_value(&whole)
                    };
                    if let Some(spelled) = spelled {
                        *value = spelled;
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| spell(item, choices)),
            Value::Object(members) => members.values_mut().for_each(|value| spell(value, choices)),
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }
    let count = numbers(value);
    if count > 6 {
        return false;
    }
    for choices in 0..(1u32 << count) {
        let mut spelled = value.clone();
        spell(&mut spelled, &mut choices.clone());
        all.push(spelled);
    }
    true
}
