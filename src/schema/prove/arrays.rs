//! Arrays: how long they are, what is said of the item at each position, and which items there have to be.
//!
//! Positions that a schema tells apart are looked at one by one; all after them are alike.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::branch::{Foreseen, State};
use super::derivation::{Place, Proof};
use super::node::{Id, Kind, Node};
use super::solve::{Outcome, Prover, Stuck, out_of_steps, stuck};

/// The most positions that are told apart.
const POSITIONS: u64 = 64;
/// The longest array that is built.
const LONGEST: u64 = 2048;
/// The most items that are placed by trying every place.
const PLACED: usize = 12;

/// What is said of an array.
#[derive(Default)]
struct Items {
    least: u64,
    most: Option<u64>,
    all: Vec<(u64, Option<u64>, Id)>,
    /// What fails for some item between two positions.
    some: Vec<(u64, Option<u64>, Id)>,
    contains: Vec<(Id, u64)>,
    contains_most: Vec<(Id, u64)>,
    /// What fails for every item.
    none: Vec<Id>,
    unique: Option<bool>,
    /// How many positions are told apart.
    told_apart: u64,
}

/// An item that there has to be.
#[derive(Clone)]
struct Demand {
    from: u64,
    to: Option<u64>,
    holds: Vec<Id>,
    fails: Vec<Id>,
    /// Demands of one group need an item each.
    group: usize,
}

/// What is wanted of the items at some positions, and by which groups.
type Assigned = BTreeMap<u64, (Vec<Id>, Vec<Id>, Vec<usize>)>;

impl Items {
    fn holds_at(&self, index: u64) -> Vec<Id> {
        self.all
            .iter()
            .filter(|(from, to, _)| *from <= index && to.is_none_or(|to| index < to))
            .map(|(_, _, schema)| *schema)
            .collect()
    }

    /// Each position that is told apart, and one for all others, as far as there may be such items.
    fn positions(&self) -> impl Iterator<Item = u64> {
        let end = self.most.map_or(self.told_apart, |most| {
            most.saturating_sub(1).min(self.told_apart)
        });
        let none = self.most == Some(0);
        (0..=end).filter(move |_| !none)
    }

    fn cut(&mut self, most: u64) {
        self.most = Some(self.most.map_or(most, |known| known.min(most)));
    }
}

impl Prover<'_> {
    fn items(&self, state: &State) -> Items {
        let mut items = Items::default();
        for (id, holds) in &state.plain {
            match (&*self.graph.get(*id), holds) {
                (Node::MinItems(count), true) => items.least = items.least.max(*count),
                (Node::MinItems(count), false) => items.cut(count.saturating_sub(1)),
                (Node::MaxItems(count), true) => items.cut(*count),
                (Node::MaxItems(count), false) => items.least = items.least.max(count.saturating_add(1)),
                (Node::Items(from, to, schema), true) => items.all.push((*from, *to, *schema)),
                (Node::Items(from, to, schema), false) => items.some.push((*from, *to, *schema)),
                (Node::Contains(schema, count), true) => items.contains.push((*schema, *count)),
                (Node::Contains(schema, 1), false) | (Node::ContainsAtMost(schema, 0), true) => {
                    items.none.push(*schema);
                }
                (Node::Contains(schema, count), false) => {
                    items.contains_most.push((*schema, count.saturating_sub(1)));
                }
                (Node::ContainsAtMost(schema, count), true) => items.contains_most.push((*schema, *count)),
                (Node::ContainsAtMost(schema, count), false) => {
                    items.contains.push((*schema, count.saturating_add(1)));
                }
                (Node::Unique, unique) => items.unique = Some(*unique),
                _ => {}
            }
        }
        for (from, to, _) in items.all.iter().chain(&items.some) {
            items.told_apart = items.told_apart.max(to.unwrap_or(*from));
        }
        items
    }

    fn place(items: &Items, index: u64) -> Place {
        if index < items.told_apart {
            Place::Item(index)
        } else {
            Place::OtherItem
        }
    }

    pub(super) fn array(&mut self, state: &State) -> Outcome {
        let (holds, fails) = (state.goal.holds.clone(), state.goal.fails.clone());
        let mut items = self.items(state);
        if items.told_apart > POSITIONS {
            return stuck(
                &holds,
                &fails,
                format!("it tells more than {POSITIONS} positions of an array apart"),
            );
        }
        let clash = |why| Rc::new(Proof::Clash(state.having(true), state.having(false), why));
        let mut proofs = Vec::new();
        // An item that cannot be ends the array before it.
        let positions: Vec<u64> = items.positions().collect();
        for index in positions {
            if let Outcome::Empty(proof) = self.solve(&items.holds_at(index), &items.none) {
                items.cut(index);
                proofs.push(Rc::new(Proof::Within(Self::place(&items, index), proof)));
                break;
            }
        }
        if items.unique == Some(true)
            && let Some(count) = self.count_of(&items.holds_at(items.told_apart), &items.none)
        {
            items.cut(items.told_apart.saturating_add(count));
        }
        if items.most.is_some_and(|most| items.least > most) {
            proofs.push(clash(""));
            return Outcome::Empty(Proof::all(proofs));
        }
        match self.counted(&items) {
            Some(more) => {
                proofs.extend(more);
                proofs.push(clash(""));
                return Outcome::Empty(Proof::all(proofs));
            }
            None if items.unique == Some(false) => return self.repeated(state, &items, proofs),
            None => {}
        }
        let mut demands = Vec::new();
        for (from, to, schema) in &items.some {
            demands.push(Demand {
                from: *from,
                to: *to,
                holds: Vec::new(),
                fails: vec![*schema],
                group: usize::MAX,
            });
        }
        for (group, (schema, count)) in items.contains.iter().enumerate() {
            for _ in 0..*count {
                if demands.len() > PLACED {
                    return stuck(
                        &holds,
                        &fails,
                        format!("more than {PLACED} items have to be there"),
                    );
                }
                demands.push(Demand {
                    from: 0,
                    to: None,
                    holds: vec![*schema],
                    fails: Vec::new(),
                    group,
                });
            }
        }
        noted(self.demanded(state, &items, &demands, &Assigned::new()), proofs)
    }

    /// A proof that counting the items leaves none, where it does.
    fn counted(&mut self, items: &Items) -> Option<Vec<Rc<Proof>>> {
        let positions: Vec<u64> = items.positions().collect();
        // How many items a position stands for: itself, or all after those that are told apart.
        let weight = |index: u64, length: Option<u64>| {
            if index < items.told_apart {
                Some(u64::from(length.is_none_or(|length| index < length)))
            } else {
                length.map(|length| length.saturating_sub(items.told_apart))
            }
        };
        for (schema, count) in &items.contains {
            let mut possible = Some(0u64);
            let mut proofs = Vec::new();
            for index in &positions {
                let mut holds = items.holds_at(*index);
                holds.push(*schema);
                match self.solve(&holds, &items.none) {
                    Outcome::Empty(proof) => {
                        proofs.push(Rc::new(Proof::Within(Self::place(items, *index), proof)));
                    }
                    Outcome::Inhabited(_) | Outcome::Open(_) => {
                        possible = possible
                            .zip(weight(*index, items.most))
                            .map(|(sum, more)| sum.saturating_add(more));
                    }
                }
            }
            if possible.is_some_and(|possible| possible < *count) {
                return Some(proofs);
            }
        }
        for (schema, most) in &items.contains_most {
            let mut certain = 0u64;
            let mut proofs = Vec::new();
            for index in &positions {
                let mut fails = items.none.clone();
                fails.push(*schema);
                if let Outcome::Empty(proof) = self.solve(&items.holds_at(*index), &fails) {
                    certain = certain.saturating_add(weight(*index, Some(items.least)).unwrap_or_default());
                    proofs.push(Rc::new(Proof::Within(Self::place(items, *index), proof)));
                }
            }
            if certain > *most {
                return Some(proofs);
            }
            // More of some that are all among these.
            for (wanted, count) in &items.contains {
                let mut proofs = Vec::new();
                let among = *count > *most
                    && positions.iter().all(|index| {
                        let mut holds = items.holds_at(*index);
                        holds.push(*wanted);
                        let mut fails = items.none.clone();
                        fails.push(*schema);
                        match self.solve(&holds, &fails) {
                            Outcome::Empty(proof) => {
                                proofs.push(Rc::new(Proof::Within(Self::place(items, *index), proof)));
                                true
                            }
                            Outcome::Inhabited(_) | Outcome::Open(_) => false,
                        }
                    });
                if among {
                    return Some(proofs);
                }
            }
        }
        None
    }

    /// How many values there are in a goal, where that is a small number.
    fn count_of(&mut self, holds: &[Id], fails: &[Id]) -> Option<u64> {
        let mut fails = fails.to_vec();
        for count in 0..16 {
            match self.solve(holds, &fails) {
                Outcome::Empty(_) => return Some(count),
                Outcome::Inhabited(value) => {
                    let known = self.graph.values([&value]);
                    fails.push(known);
                }
                Outcome::Open(_) => return None,
            }
            // Only what is listed or has two values is worth counting.
            if count == 0 && !self.is_small(holds) {
                return None;
            }
        }
        None
    }

    fn is_small(&self, holds: &[Id]) -> bool {
        holds.iter().any(|id| {
            let Some(id) = self.graph.resolved(*id) else {
                return false;
            };
            match &*self.graph.get(id) {
                Node::Values(_) => true,
                Node::Types(kinds) => kinds & !(Kind::Null.bit() | Kind::Boolean.bit()) == 0,
                Node::And(parts) => self.is_small(parts),
                Node::AtLeast(..) | Node::AtMost(..) => true,
                _ => false,
            }
        })
    }

    /// Arrays in which two items are equal.
    fn repeated(&mut self, state: &State, items: &Items, mut proofs: Vec<Rc<Proof>>) -> Outcome {
        let (holds, fails) = (&state.goal.holds, &state.goal.fails);
        if self.graph.written {
            return stuck(holds, fails, "equal items may be spelled in different ways");
        }
        if items.most.is_some_and(|most| most < 2) {
            proofs.push(Rc::new(Proof::Clash(state.having(true), state.having(false), "")));
            return Outcome::Empty(Proof::all(proofs));
        }
        let end = items.told_apart + 1;
        let mut open = None;
        let mut tried = Vec::new();
        for left in 0..=end {
            for right in left + 1..=end {
                if items.most.is_some_and(|most| right >= most) {
                    continue;
                }
                let both: Vec<Id> = items
                    .holds_at(left)
                    .into_iter()
                    .chain(items.holds_at(right))
                    .collect();
                match self.solve(&both, &items.none) {
                    Outcome::Empty(proof) => {
                        tried.push(Rc::new(Proof::Within(Self::place(items, right), proof)));
                    }
                    Outcome::Open(stuck) => {
                        open.get_or_insert(stuck);
                    }
                    Outcome::Inhabited(value) => {
                        let mut made = Vec::new();
                        for index in 0..=right.max(items.least.min(LONGEST).saturating_sub(1)) {
                            if index == left || index == right {
                                made.push(value.clone());
                            } else if let Outcome::Inhabited(other) =
                                self.solve(&items.holds_at(index), &items.none)
                            {
                                made.push(other);
                            }
                        }
                        let made = Value::Array(made);
                        if self.is_in(holds, fails, &made) == Some(true) {
                            return Outcome::Inhabited(made);
                        }
                        if let Outcome::Open(stuck) =
                            stuck(holds, fails, "no array that was tried has two equal items")
                        {
                            open.get_or_insert(stuck);
                        }
                    }
                }
            }
        }
        match open {
            Some(stuck) => Outcome::Open(stuck),
            None => {
                proofs.extend(tried);
                Outcome::Empty(Proof::all(proofs))
            }
        }
    }

    /// Finds a position for every item that there has to be, then the whole array.
    fn demanded(&mut self, state: &State, items: &Items, demands: &[Demand], assigned: &Assigned) -> Outcome {
        let (holds, fails) = (&state.goal.holds, &state.goal.fails);
        if !self.step(assigned.len()) {
            return out_of_steps(holds, fails);
        }
        let [demand, rest @ ..] = demands else {
            return self.filled(state, items, assigned);
        };
        // Beyond those that are told apart all positions are alike: those in use, and the next.
        let next = assigned
            .keys()
            .next_back()
            .map_or(items.told_apart, |last| (last + 1).max(items.told_apart));
        let candidates = (0..items.told_apart)
            .chain(
                assigned
                    .keys()
                    .copied()
                    .filter(|index| *index >= items.told_apart),
            )
            .chain([next.max(demand.from)]);
        let candidates: Vec<u64> = candidates
            .filter(|index| {
                *index >= demand.from
                    && demand.to.is_none_or(|to| *index < to)
                    && items.most.is_none_or(|most| *index < most)
            })
            .collect();
        let mut proofs = Vec::new();
        let mut open: Option<Rc<Stuck>> = None;
        for index in candidates {
            let mut with = assigned.clone();
            let entry = with.entry(index).or_default();
            if entry.2.contains(&demand.group) && demand.group != usize::MAX {
                continue;
            }
            entry.0.extend(&demand.holds);
            entry.1.extend(&demand.fails);
            entry.2.push(demand.group);
            let mut holding = items.holds_at(index);
            holding.extend(&entry.0);
            let mut failing = items.none.clone();
            failing.extend(&entry.1);
            let outcome = match self.solve(&holding, &failing) {
                Outcome::Empty(proof) => {
                    Outcome::Empty(Rc::new(Proof::Within(Self::place(items, index), proof)))
                }
                Outcome::Inhabited(_) | Outcome::Open(_) => self.demanded(state, items, rest, &with),
            };
            match outcome {
                Outcome::Inhabited(value) => return Outcome::Inhabited(value),
                Outcome::Empty(proof) => proofs.push(proof),
                Outcome::Open(stuck) => {
                    open.get_or_insert(stuck);
                }
            }
        }
        match open {
            Some(stuck) => Outcome::Open(stuck),
            None if proofs.is_empty() => Outcome::Empty(Rc::new(Proof::Clash(
                state.having(true),
                state.having(false),
                "there is no place for such an item",
            ))),
            None => Outcome::Empty(Proof::all(proofs)),
        }
    }

    fn filled(&mut self, state: &State, items: &Items, assigned: &Assigned) -> Outcome {
        let (holds, fails) = (&state.goal.holds, &state.goal.fails);
        let reached = assigned.keys().next_back().map_or(0, |last| last + 1);
        let length = items.least.max(reached);
        if length > LONGEST {
            return stuck(
                holds,
                fails,
                format!("it takes an array of more than {LONGEST} items"),
            );
        }
        let mut made = Vec::new();
        let longest = items.most.unwrap_or(u64::MAX).min(length + 2);
        for index in 0..=longest {
            if index >= length {
                let value = Value::Array(made.clone());
                if self.is_in(holds, fails, &value) == Some(true) {
                    return Outcome::Inhabited(value);
                }
            }
            if index == longest {
                break;
            }
            match self.filler(items, index, assigned.get(&index), &made) {
                Some(item) => made.push(item),
                None if index < length => {
                    return stuck(holds, fails, format!("no item was found for position {index}"));
                }
                None => break,
            }
        }
        if items.most == Some(0) && self.is_in(holds, fails, &Value::Array(Vec::new())) == Some(false) {
            return Outcome::Empty(Rc::new(Proof::Clash(
                state.having(true),
                state.having(false),
                "the empty array is accepted",
            )));
        }
        // One with another item, where a value is left out as such.
        if let Some(first) = made.first().cloned()
            && length > 0
        {
            made.truncate(usize::try_from(length).unwrap_or(made.len()));
            let (more_holds, more_fails) = match assigned.get(&0) {
                Some((holds, fails, _)) => (holds.clone(), fails.clone()),
                None => Default::default(),
            };
            let mut holding = items.holds_at(0);
            holding.extend(more_holds);
            let mut failing = items.none.clone();
            failing.extend(more_fails);
            failing.push(self.graph.values([&first]));
            if let Outcome::Inhabited(other) = self.solve(&holding, &failing)
                && let Some(item) = made.first_mut()
            {
                *item = other;
                let value = Value::Array(made);
                if self.is_in(holds, fails, &value) == Some(true) {
                    return Outcome::Inhabited(value);
                }
            }
        }
        stuck(holds, fails, "no array that was tried shows the difference")
    }

    fn filler(
        &mut self,
        items: &Items,
        index: u64,
        assigned: Option<&(Vec<Id>, Vec<Id>, Vec<usize>)>,
        made: &[Value],
    ) -> Option<Value> {
        let mut holding = items.holds_at(index);
        let mut failing = items.none.clone();
        if let Some((holds, fails, _)) = assigned {
            holding.extend(holds);
            failing.extend(fails);
        }
        if items.unique == Some(true) && !made.is_empty() {
            failing.push(self.graph.values(made));
        }
        // What must not be too often is avoided where it can be.
        let mut avoiding = failing.clone();
        avoiding.extend(items.contains_most.iter().map(|(schema, _)| *schema));
        for failing in [avoiding, failing] {
            if let Outcome::Inhabited(value) = self.solve(&holding, &failing) {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn array_foreseen(&mut self, state: &State, id: Id, wanted: bool) -> Foreseen {
        let items = self.items(state);
        let node = self.graph.get(id);
        let decided = |holds: bool| {
            if holds == wanted {
                Foreseen::Holds
            } else {
                let (mut holding, mut failing) = (state.having(true), state.having(false));
                if wanted {
                    holding.push(id);
                } else {
                    failing.push(id);
                }
                Foreseen::Excluded(Rc::new(Proof::Clash(holding, failing, "")))
            }
        };
        match &*node {
            Node::MinItems(count) if items.least >= *count => decided(true),
            Node::MinItems(count) if items.most.is_some_and(|most| most < *count) => decided(false),
            Node::MaxItems(count) if items.most.is_some_and(|most| most <= *count) => decided(true),
            Node::MaxItems(count) if items.least > *count => decided(false),
            Node::Items(from, to, schema) if items.told_apart.max(to.unwrap_or(*from)) <= POSITIONS => {
                let end = items.told_apart.max(to.unwrap_or(*from));
                let mut proofs = Vec::new();
                for index in *from..=end {
                    if to.is_some_and(|to| index >= to) || items.most.is_some_and(|most| index >= most) {
                        continue;
                    }
                    let mut failing = items.none.clone();
                    failing.push(*schema);
                    match self.solve(&items.holds_at(index), &failing) {
                        Outcome::Empty(proof) => {
                            proofs.push(Rc::new(Proof::Within(Self::place(&items, index), proof)));
                        }
                        Outcome::Inhabited(_) | Outcome::Open(_) => return Foreseen::Unknown,
                    }
                }
                if wanted {
                    Foreseen::Holds
                } else {
                    Foreseen::Excluded(Proof::all(proofs))
                }
            }
            _ => Foreseen::Unknown,
        }
    }
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
