//! Proofs, and how they read.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use super::node::{Graph, Id, Which};

/// The most steps that are listed.
const LISTED: usize = 200;

/// One reason why a value of the one schema is one of the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// JSON pointer of the place in a value; `*` stands for any other member or item.
    pub at: String,
    /// JSON pointer of what is relied on, in the schema whose values they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// JSON pointer of what follows from it, in the schema that is to accept them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Why, in lower case without a full stop.
    pub why: String,
}

impl Step {
    /// A reason for the whole.
    pub(in crate::schema) fn plain(why: &str) -> Self {
        Self {
            at: String::new(),
            given: None,
            asked: None,
            why: why.to_owned(),
        }
    }
}

/// Why there is no value in a goal.
#[derive(Debug)]
pub(super) enum Proof {
    /// Something that never holds has to, or something that always holds has not to.
    Constant(Id, bool),
    /// The same has to hold and to fail.
    Same(Id),
    /// No kind of values is left.
    Types(Vec<Id>, Vec<Id>),
    /// All of some values were tried.
    Tried(Vec<Value>, Vec<Id>),
    /// All values that are listed were tried.
    Listed(Id, Vec<Id>, Vec<Id>),
    /// What holds and fails cannot be at once.
    Clash(Vec<Id>, Vec<Id>, &'static str),
    /// A goal about a part of the value.
    Within(Place, Rc<Proof>),
    /// The same goal as one around it.
    Again,
    All(Vec<Rc<Proof>>),
}

/// A part of a value.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Member(Rc<str>),
    OtherMember,
    Name,
    Item(u64),
    OtherItem,
}

impl Proof {
    pub(super) fn all(mut proofs: Vec<Rc<Self>>) -> Rc<Self> {
        match proofs.len() {
            1 => proofs.remove(0),
            _ => Rc::new(Self::All(proofs)),
        }
    }
}

/// A proof as a list of steps, each once.
pub(super) fn steps(graph: &Graph, proof: &Rc<Proof>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut seen = BTreeSet::new();
    let mut walked = BTreeSet::new();
    let mut open = vec![(String::new(), Rc::clone(proof))];
    while let Some((at, proof)) = open.pop() {
        if steps.len() >= LISTED {
            steps.push(Step {
                at: String::new(),
                given: None,
                asked: None,
                why: "and more of the same".to_owned(),
            });
            break;
        }
        if !walked.insert((at.clone(), Rc::as_ptr(&proof).addr())) {
            continue;
        }
        let step = match &*proof {
            Proof::All(parts) => {
                open.extend(parts.iter().rev().map(|part| (at.clone(), Rc::clone(part))));
                continue;
            }
            Proof::Within(place, inner) => {
                let at = match place {
                    Place::Member(name) => format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")),
                    Place::OtherMember | Place::OtherItem => format!("{at}/*"),
                    Place::Name => format!("{at}/(name)"),
                    Place::Item(index) => format!("{at}/{index}"),
                };
                open.push((at, Rc::clone(inner)));
                continue;
            }
            Proof::Constant(id, _) => told(graph, at, &[], &[*id], match proof.as_ref() {
                Proof::Constant(_, true) => "nothing may be here",
                _ => "anything may be here",
            }.to_owned()),
            Proof::Same(id) => {
                let why = format!("both say {}", graph.describe(*id));
                told(graph, at, &[*id], &[*id], why)
            }
            Proof::Types(holds, fails) => told(graph, at, holds, fails, follows(graph, holds, fails)),
            Proof::Tried(_, fails) if fails.is_empty() => continue,
            Proof::Tried(values, fails) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                told(graph, at, &[], fails, format!("{} is accepted", values.join(" or ")))
            }
            Proof::Listed(listed, others, fails) => {
                let why = if fails.is_empty() {
                    format!("{} has no value that the rest allows", graph.describe(*listed))
                } else {
                    format!("each of {} is accepted", graph.describe(*listed))
                };
                let holds: Vec<Id> = std::iter::once(*listed).chain(others.iter().copied()).collect();
                told(graph, at, &holds, fails, why)
            }
            Proof::Clash(holds, fails, why) => {
                let follows = follows(graph, holds, fails);
                let why = if why.is_empty() { follows } else { format!("{follows}: {why}") };
                told(graph, at, holds, fails, why)
            }
            Proof::Again => told(
                graph,
                at,
                &[],
                &[],
                "the same question again about a part of the value, so that what is shown for it is shown here"
                    .to_owned(),
            ),
        };
        if seen.insert((step.at.clone(), step.why.clone())) {
            steps.push(step);
        }
    }
    steps
}

fn follows(graph: &Graph, holds: &[Id], fails: &[Id]) -> String {
    let list = |ids: &[Id], joint: &str| {
        let mut parts: Vec<String> = ids.iter().map(|id| graph.describe(*id)).collect();
        parts.dedup();
        parts.truncate(6);
        parts.join(joint)
    };
    match (holds, fails) {
        ([], fails) => format!("{} accepts it", list(fails, " or ")),
        (holds, []) => format!("nothing satisfies {} at once", list(holds, " and ")),
        (holds, fails) => format!("from {} follows {}", list(holds, " and "), list(fails, " or ")),
    }
}

fn told(graph: &Graph, at: String, holds: &[Id], fails: &[Id], why: String) -> Step {
    let first = |ids: &[Id], which: Which| {
        ids.iter()
            .find_map(|id| graph.origin(*id, which))
            .map(str::to_owned)
    };
    Step {
        at,
        given: first(holds, Which::First),
        asked: first(fails, Which::Second),
        why,
    }
}
