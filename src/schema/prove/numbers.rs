//! Numbers: an interval, divisors, and single values that are left out.

use std::collections::BTreeSet;
use std::rc::Rc;

use num_traits::Signed as _;
use serde_json::Value;

use super::branch::{Foreseen, State};
use super::derivation::Proof;
use super::exact::{self, Exact, common_multiple, is_multiple, whole};
use super::node::{Id, Kind, Node};
use super::solve::{Outcome, Prover, stuck};

/// How many multiples of a divisor are tried.
const TRIED: i64 = 4000;

/// What is left of the number line.
struct Line {
    kind: Kind,
    low: Option<(Exact, bool)>,
    high: Option<(Exact, bool)>,
    /// Every number is a multiple of this.
    divisor: Option<Exact>,
    /// No number is a multiple of one of these.
    not_multiples: Vec<Exact>,
    /// What no number is.
    not: BTreeSet<Exact>,
}

impl Line {
    fn raise(&mut self, bound: &Exact, open: bool) {
        let higher = match &self.low {
            None => true,
            Some((known, known_open)) => bound > known || (bound == known && open && !known_open),
        };
        if higher {
            self.low = Some((bound.clone(), open));
        }
    }

    fn lower(&mut self, bound: &Exact, open: bool) {
        let lower = match &self.high {
            None => true,
            Some((known, known_open)) => bound < known || (bound == known && open && !known_open),
        };
        if lower {
            self.high = Some((bound.clone(), open));
        }
    }

    fn holds(&self, number: &Exact) -> bool {
        self.low
            .as_ref()
            .is_none_or(|(bound, open)| if *open { number > bound } else { number >= bound })
            && self
                .high
                .as_ref()
                .is_none_or(|(bound, open)| if *open { number < bound } else { number <= bound })
            && self
                .divisor
                .as_ref()
                .is_none_or(|divisor| is_multiple(number, divisor))
            && !self
                .not_multiples
                .iter()
                .any(|divisor| is_multiple(number, divisor))
            && !self.not.contains(number)
            && (number.is_integer() != (self.kind == Kind::Fraction))
    }

    /// A number that is left: some, none for certain, or unknown.
    fn find(&self) -> Result<Option<Exact>, ()> {
        if let (Some((low, low_open)), Some((high, high_open))) = (&self.low, &self.high)
            && (low > high || (low == high && (*low_open || *high_open)))
        {
            return Ok(None);
        }
        match &self.divisor {
            Some(divisor) => self.among_multiples(divisor),
            None => self.anywhere(),
        }
    }

    fn among_multiples(&self, divisor: &Exact) -> Result<Option<Exact>, ()> {
        if self.not_multiples.iter().any(|other| is_multiple(divisor, other)) {
            return Ok(None);
        }
        let first = self.low.as_ref().map(|(low, _)| (low / divisor).ceil());
        let last = self.high.as_ref().map(|(high, _)| (high / divisor).floor());
        // After one period everything comes again, but for the values that are left out.
        let mut period = divisor.clone();
        for other in &self.not_multiples {
            period = common_multiple(&period, other);
        }
        let period = period / divisor;
        let (start, step) = match (&first, &last) {
            (Some(first), _) if first.is_positive() => (first.clone(), whole(1)),
            (_, Some(last)) if last.is_negative() => (last.clone(), whole(-1)),
            _ => (whole(0), whole(1)),
        };
        // Away from zero on the side where it starts, then on the other.
        let around = first.as_ref().is_none_or(|first| !first.is_positive())
            && last.as_ref().is_none_or(|last| !last.is_negative());
        let mut tried = 0;
        let mut ended = [false, false];
        let mut times = [start.clone(), &start - whole(1)];
        let steps = [step, whole(-1)];
        for index in 0..TRIED {
            for side in 0..if around { 2 } else { 1 } {
                let beyond = first.as_ref().is_some_and(|first| times[side] < *first)
                    || last.as_ref().is_some_and(|last| times[side] > *last);
                if beyond {
                    ended[side] = true;
                    continue;
                }
                let number = &times[side] * divisor;
                if self.holds(&number) {
                    return Ok(Some(number));
                }
                tried += 1;
                times[side] = &times[side] + &steps[side];
            }
            if ended[0] && (ended[1] || !around) {
                return Ok(None);
            }
            // A period beyond all that is left out has the same in it as every other.
            let enough =
                whole(index) > &period * whole(i64::try_from(self.not.len() + 3).unwrap_or(i64::MAX));
            if enough && tried > 0 {
                return Ok(None);
            }
        }
        Err(())
    }

    fn anywhere(&self) -> Result<Option<Exact>, ()> {
        if let (Some((low, _)), Some((high, _))) = (&self.low, &self.high)
            && low == high
        {
            return Ok(Some(low.clone()).filter(|number| self.holds(number)));
        }
        // Between two bounds there is no end of fractions, and only some are multiples or left out.
        let mut candidates: Vec<Exact> = Vec::new();
        let half = Exact::new(1.into(), 2.into());
        let parts = [
            (1, 2),
            (1, 4),
            (3, 4),
            (1, 3),
            (1, 8),
            (3, 8),
            (1, 10),
            (3, 10),
            (7, 10),
            (1, 7),
            (1, 1000),
            (1, 997),
        ];
        let (from, width) = match (&self.low, &self.high) {
            (Some((low, _)), Some((high, _))) => (low.clone(), high - low),
            (Some((low, _)), None) => (low.clone(), whole(2)),
            (None, Some((high, _))) => (high - whole(2), whole(2)),
            (None, None) => (whole(0), whole(2)),
        };
        candidates.push(from.clone());
        candidates.push(&from + &width);
        candidates.push(&from.floor() + &half);
        candidates.push(&from.ceil() + &half);
        for (numerator, denominator) in parts {
            candidates.push(&from + &width * Exact::new(numerator.into(), denominator.into()));
        }
        for numerator in 1..200 {
            candidates.push(&from + &width * Exact::new(numerator.into(), 211.into()));
        }
        match candidates.into_iter().find(|number| self.holds(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(()),
        }
    }
}

impl Prover<'_> {
    fn line(&self, kind: Kind, facts: impl Iterator<Item = (Id, bool)>) -> Line {
        let mut line = Line {
            kind,
            low: None,
            high: None,
            divisor: (kind != Kind::Fraction).then(|| whole(1)),
            not_multiples: if kind == Kind::Fraction {
                vec![whole(1)]
            } else {
                Vec::new()
            },
            not: BTreeSet::new(),
        };
        for (id, holds) in facts {
            match (&*self.graph.get(id), holds) {
                (Node::AtLeast(bound, open), true) => line.raise(bound, *open),
                (Node::AtLeast(bound, open), false) => line.lower(bound, !open),
                (Node::AtMost(bound, open), true) => line.lower(bound, *open),
                (Node::AtMost(bound, open), false) => line.raise(bound, !open),
                (Node::MultipleOf(divisor), true) => {
                    line.divisor = Some(match &line.divisor {
                        Some(known) => common_multiple(known, divisor),
                        None => divisor.abs(),
                    });
                }
                (Node::MultipleOf(divisor), false) => line.not_multiples.push(divisor.clone()),
                (Node::Values(values), false) => {
                    for value in values {
                        if let Value::Number(number) = &*self.graph.value(*value) {
                            line.not.extend(exact::exact(number));
                        }
                    }
                }
                _ => {}
            }
        }
        line
    }

    fn facts(state: &State) -> impl Iterator<Item = (Id, bool)> {
        state.plain.iter().map(|(id, holds)| (*id, *holds))
    }

    pub(super) fn number(&mut self, state: &State) -> Outcome {
        let line = self.line(state.kind, Self::facts(state));
        let (holds, fails) = (&state.goal.holds, &state.goal.fails);
        match line.find() {
            Ok(None) => Outcome::Empty(Rc::new(Proof::Clash(state.having(true), state.having(false), ""))),
            Ok(Some(number)) => {
                let value = if state.kind == Kind::Point {
                    exact::to_float(&number)
                } else {
                    exact::to_value(&number)
                };
                match value {
                    Some(value) if self.is_in(holds, fails, &value) == Some(true) => {
                        Outcome::Inhabited(value)
                    }
                    _ => stuck(holds, fails, "no number that was tried shows the difference"),
                }
            }
            Err(()) => stuck(holds, fails, "no number that was tried shows the difference"),
        }
    }

    /// What the constraints on numbers exclude, whatever is chosen.
    pub(super) fn number_excluded(&mut self, state: &State) -> Option<Rc<Proof>> {
        let line = self.line(state.kind, Self::facts(state));
        match line.find() {
            Ok(None) => Some(Rc::new(Proof::Clash(state.having(true), state.having(false), ""))),
            Ok(Some(_)) | Err(()) => None,
        }
    }

    pub(super) fn number_foreseen(&mut self, state: &State, id: Id, wanted: bool) -> Foreseen {
        let with = |prover: &Self, wanted: bool| {
            prover
                .line(state.kind, Self::facts(state).chain([(id, wanted)]))
                .find()
                == Ok(None)
        };
        if with(self, wanted) {
            let (mut holds, mut fails) = (state.having(true), state.having(false));
            if wanted {
                holds.push(id);
            } else {
                fails.push(id);
            }
            return Foreseen::Excluded(Rc::new(Proof::Clash(holds, fails, "")));
        }
        if with(self, !wanted) {
            Foreseen::Holds
        } else {
            Foreseen::Unknown
        }
    }
}
