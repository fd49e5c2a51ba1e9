//! Members that are added to an object, so that it has enough or is another than one that is left out.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::members::Members;
use super::node::Id;
use super::objects::{Class, Wanted};
use super::solve::{Outcome, Prover};

/// The most members that are added to have enough.
const ADDED: u64 = 2048;

/// Members that might be added.
pub(super) struct Spares {
    named: Vec<(Rc<str>, Option<Vec<Id>>)>,
    classes: Vec<(Class, Vec<Id>)>,
    /// Whether one was passed over that may be possible.
    unknown: bool,
    added: u64,
}

pub(super) enum Spare {
    Member(String, Value),
    /// There is no other.
    None,
    Unknown,
}

impl Spares {
    pub(super) fn next(&mut self, prover: &mut Prover<'_>, made: &Map<String, Value>) -> Spare {
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
                prover.spend(made.len());
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

impl Prover<'_> {
    pub(super) fn spare(
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
