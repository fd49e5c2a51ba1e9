//! Proofs of containment: the only place that calls the set algebra of the `jsonschema` crate.
//!
//! Its interface is experimental, its answers are three-valued, and it may take long or fail on a schema nobody
//! tried. So it is asked only about schemas of a bounded size with a bounded number of cases, which is the same
//! bound on every machine; it runs on a thread of its own with a deep stack, a panic is an answer like any other,
//! and after the allowance, as a net below that bound, the question is left open. Only a proof leaves this module
//! as one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use jsonschema::CanonicalizationError;
use jsonschema::canonical::{
    CanonicalSchema, CanonicalView, Containment, RawReason, Satisfiability, options,
};
use serde_json::Value;

use super::bounds;
use super::draft::Draft;
use super::engine::engine_draft;
use super::shape;

/// The stack of the thread that reckons. It is reserved, not used, unless a schema needs it.
const STACK: usize = 256 << 20;

/// The most JSON values in both schemas that the algebra is asked about.
const LARGEST: usize = 1500;

/// The most combinations of the cases in one of them.
const CASES: usize = 1 << 10;

/// What the algebra says about one schema being part of another.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Every value of the first is one of the second.
    Contained,
    /// It cannot say.
    Open {
        /// The schema of the values that the second loses, where it can be written.
        difference: Option<Value>,
        /// Why there is no answer.
        stuck: Stuck,
    },
}

/// Why there is no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stuck {
    /// Which of the two it is about: the first or the second.
    pub(super) first: bool,
    /// JSON pointer in that one, as it was handed in.
    pub(super) pointer: String,
    pub(super) reason: String,
}

impl Stuck {
    /// About the first, as a whole.
    pub(super) fn of_first(reason: &str) -> Self {
        Self {
            first: true,
            pointer: String::new(),
            reason: reason.to_owned(),
        }
    }
}

/// Whether every value that `first` accepts is accepted by `second`. Both are written in `draft`.
pub(super) fn contained(first: &Value, second: &Value, draft: Draft, allowance: Duration) -> Answer {
    if !is_small(first, second) {
        return open("both are too large for the set algebra");
    }
    let (sender, receiver) = mpsc::channel();
    let (first, second) =
        bounds::drawn_nearer(first, second).unwrap_or_else(|| (first.clone(), second.clone()));
    let worker = std::thread::Builder::new()
        .name("pastproof-algebra".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let answer = catch_unwind(AssertUnwindSafe(|| decide(&first, &second, draft)))
                .unwrap_or_else(|_| open("the set algebra failed on these schemas"));
            // Nobody listens any more when the allowance is over.
            let _ = sender.send(answer);
        });
    match worker {
        Ok(_) => match receiver.recv_timeout(allowance) {
            Ok(answer) => answer,
            Err(mpsc::RecvTimeoutError::Timeout) => open(format!(
                "the set algebra did not come to an answer within {} s",
                allowance.as_secs_f64()
            )),
            Err(mpsc::RecvTimeoutError::Disconnected) => open("the set algebra failed on these schemas"),
        },
        Err(error) => open(format!("no thread for the set algebra: {error}")),
    }
}

/// Whether two schemas are within the bounds for the algebra.
fn is_small(first: &Value, second: &Value) -> bool {
    shape::size(first, LARGEST) + shape::size(second, LARGEST) < LARGEST
        && cases(first) <= CASES
        && cases(second) <= CASES
}

/// How many combinations of cases there are in a schema at most, whatever values they are about.
fn cases(schema: &Value) -> usize {
    match schema {
        Value::Object(members) => members.iter().fold(1, |all: usize, (keyword, held)| {
            let own = match (keyword.as_str(), held) {
                ("anyOf" | "oneOf", Value::Array(branches)) => branches.len().max(1),
                ("if", _) => 2,
                _ => 1,
            };
            all.saturating_mul(own).saturating_mul(cases(held))
        }),
        Value::Array(items) => items
            .iter()
            .fold(1, |all: usize, item| all.saturating_mul(cases(item))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

fn open(reason: impl Into<String>) -> Answer {
    Answer::Open {
        difference: None,
        stuck: Stuck {
            first: true,
            pointer: String::new(),
            reason: reason.into(),
        },
    }
}

fn decide(first: &Value, second: &Value, draft: Draft) -> Answer {
    let canonical = |schema: &Value, is_first: bool| {
        let made = options()
            .offline()
            .with_draft(engine_draft(draft))
            .should_validate_formats(false)
            .canonicalize(schema);
        match made {
            Ok(canonical) => match unmodelled(&canonical) {
                Some((pointer, reason)) => Err(Stuck {
                    first: is_first,
                    pointer,
                    reason,
                }),
                None => Ok(canonical),
            },
            Err(error) => Err(Stuck {
                first: is_first,
                pointer: String::new(),
                reason: error.to_string(),
            }),
        }
    };
    let operands = canonical(first, true).and_then(|first| Ok((first, canonical(second, false)?)));
    let (first, second) = match operands {
        Ok(operands) => operands,
        Err(stuck) => {
            return Answer::Open {
                difference: None,
                stuck,
            };
        }
    };
    let refuted = match second.covers(&first) {
        Ok(Containment::Yes) => return Answer::Contained,
        Ok(Containment::No) => true,
        Ok(Containment::Unknown) => false,
        Err(error) => return open(error.to_string()),
    };
    let difference = match first.subtract(&second) {
        Ok(difference) => match difference.satisfiability() {
            Satisfiability::No => return Answer::Contained,
            Satisfiability::Yes | Satisfiability::Unknown => Some(difference.to_json_schema()),
        },
        Err(CanonicalizationError::UnsupportedResult | CanonicalizationError::UnsupportedOperand) => None,
        Err(error) => return open(error.to_string()),
    };
    let reason = if refuted {
        "the set algebra says that values are lost, but none was found"
    } else {
        "the set algebra can neither prove nor refute it"
    };
    Answer::Open {
        difference,
        stuck: Stuck {
            first: false,
            pointer: String::new(),
            reason: reason.to_owned(),
        },
    }
}

/// Where and why a schema has no canonical form.
fn unmodelled(canonical: &CanonicalSchema) -> Option<(String, String)> {
    let CanonicalView::Raw(raw) = canonical.view() else {
        return None;
    };
    let reason = match raw.reason {
        RawReason::UnknownDialect => "its dialect is not known to the set algebra",
        RawReason::Unmodeled => "the set algebra has no model of what stands here",
        RawReason::OutgrewIntersections | RawReason::OutgrewCases => {
            "it combines more cases than the set algebra follows"
        }
        RawReason::InexactIntersection => "what it combines has no exact intersection",
    };
    Some((raw.pointer.unwrap_or_default(), reason.to_owned()))
}
