//! One direction of a comparison: a glance for a value that is lost, a proof, then a search directed by what the
//! proof could not show.

use std::cell::Cell;
use std::time::Duration;

use serde_json::Value;

use crate::finding::Side;
use crate::rules::{self, Rule};

use super::algebra::{self, Answer, Stuck};
use super::compare::{CompareOptions, Contract, Difference, Direction, Formats, Verdict};
use super::draft::Draft;
use super::engine::Compiled;
use super::eval::{Evaluator, Patterns};
use super::lock::Digests;
use super::operand::Operand;
use super::prove::{self, Asked, Step as DerivationStep};
use super::sample::{self, Effort};
use super::shape;
use super::shrink::shrink;
use super::translate::{self, Fidelity, Integers, Translated};

/// Up to here the size of a schema is counted.
const WEIGHTY: usize = 1_000_000;

impl Direction {
    /// An open question, asked about what `side` writes.
    pub(super) fn open(side: Side, reason: &str) -> Self {
        Self {
            verdict: Verdict::Unproven,
            witness: None,
            derivation: Vec::new(),
            findings: vec![Difference {
                id: rules_of(side).1.id,
                pointer: String::new(),
                side,
                message: format!("neither proved nor refuted: {reason}"),
            }],
        }
    }
}

/// The rules behind the findings of one direction: breaking and unproven.
pub(super) fn rules_of(sub: Side) -> (&'static Rule, &'static Rule) {
    match sub {
        Side::Old => (&rules::BREAKING_STEP, &rules::UNPROVEN_STEP),
        Side::New => (&rules::BREAKING_ROLLBACK, &rules::UNPROVEN_ROLLBACK),
    }
}

/// Whether every value of `sub` is one of `sup`.
pub(super) fn direction(
    sub: &Operand<'_>,
    sup: &Operand<'_>,
    options: &CompareOptions,
    patterns: &Patterns,
) -> Direction {
    let (breaking, unproven) = rules_of(sub.side);
    let compatible = |derivation| Direction {
        verdict: Verdict::Compatible,
        witness: None,
        findings: Vec::new(),
        derivation,
    };
    let asserting = options.formats == Formats::Assertion;
    if !asserting && sub.draft == sup.draft && same_meaning(sub.schema, sup.schema) {
        return compatible(vec![DerivationStep::plain(
            "both schemas say the same, annotations apart",
        )]);
    }
    let (sub_compiled, sup_compiled) = match (&sub.compiled, &sup.compiled) {
        (Ok(sub), Ok(sup)) => (sub, sup),
        (Err(why), _) => return sub.open(unproven, "", why),
        (_, Err(why)) => return sup.open(unproven, "", why),
    };
    let (sub_common, sup_common) = match (sub.common(), sup.common()) {
        (Ok(sub), Ok(sup)) => (sub, sup),
        (Err(error), _) => return sub.open(unproven, &error.pointer, &error.reason),
        (_, Err(error)) => return sup.open(unproven, &error.pointer, &error.reason),
    };
    let closed = match options.contract {
        Contract::Literal => None,
        Contract::WriterReader => match sub.closed(sub_common) {
            Some(closed) => Some(closed),
            None => return sub.open(unproven, "", "its writer's side cannot be closed"),
        },
    };
    let written = closed.map_or(&sub_common.schema, |(schema, _)| schema);

    let weight = shape::size(sub.schema, WEIGHTY) + shape::size(sup.schema, WEIGHTY);
    let question = Question {
        sub,
        sup,
        written,
        sub_common,
        sup_common,
        literal: closed.is_none(),
        allowance: options.allowance,
    };
    let search = Search {
        lost: &|value| {
            sub_compiled.is_valid(value)
                && closed.is_none_or(|(_, closed)| closed.is_valid(value))
                && !sup_compiled.is_valid(value)
        },
        tried: Cell::new(0),
        patterns,
    };
    // A glance first: most of what breaks shows at once, and no proof stands against a value that is lost.
    let against = &sup_common.schema;
    let mut witness = search.in_structure(written, against, Effort::Glance);
    let mut proof = Proof::Open {
        difference: None,
        stuck: Stuck::default(),
    };
    if witness.is_none() {
        let answer = match (sub.exact(options, true), sup.exact(options, false)) {
            (Ok(first), Ok(second)) => prove::decide(Asked { first, second }),
            (Err(error), _) => return sub.open(unproven, &error.pointer, &error.reason),
            (_, Err(error)) => return sup.open(unproven, &error.pointer, &error.reason),
        };
        let stuck = match answer {
            prove::Answer::Contained(_)
                if options.contract == Contract::WriterReader && vacuous(sub, options) =>
            {
                let why =
                    "a program that knows only this schema could write nothing, so that nothing is shown";
                return sub.open(unproven, "", why);
            }
            prove::Answer::Contained(derivation) => return compatible(derivation),
            prove::Answer::Lost(value) => {
                search.tried.set(search.tried.get() + 1);
                witness = Some(value).filter(|value| (search.lost)(value));
                Stuck::of_first("a value that should be lost is not refused by the validator")
            }
            prove::Answer::Open { pointers, reason } => stuck_at(pointers, reason),
        };
        if witness.is_none() {
            proof = if asserting {
                Proof::Open {
                    difference: None,
                    stuck: stuck.clone(),
                }
            } else {
                question.prove()
            };
            if let Proof::Open { difference, .. } = &proof {
                witness = difference
                    .as_ref()
                    .and_then(|difference| search.in_structure(difference, against, Effort::Full))
                    .or_else(|| search.in_structure(written, against, Effort::Full));
            }
            if let Proof::Open { stuck: told, .. } = &mut proof {
                *told = stuck;
            }
        }
    }
    if let Some(witness) = witness {
        let witness = shrink(witness, &search.lost, weight);
        return Direction {
            verdict: Verdict::Breaking,
            findings: objections(sup, sup_compiled, &witness, breaking),
            witness: Some(witness),
            derivation: Vec::new(),
        };
    }
    match proof {
        Proof::Contained => compatible(vec![DerivationStep::plain(
            "the set algebra finds no value that is lost",
        )]),
        Proof::Open { stuck, .. } => {
            let side = if stuck.first { sub } else { sup };
            let tried = search.tried.get();
            let reason = format!("{}, and none of {tried} values tried is lost", stuck.reason);
            side.open(unproven, &stuck.pointer, &reason)
        }
    }
}

/// Whether closing a schema leaves no value, though it has some.
fn vacuous(operand: &Operand<'_>, options: &CompareOptions) -> bool {
    let nothing = Value::Bool(false);
    let empty = |written: bool| {
        let first = operand.exact(options, written);
        let answer = first.map(|first| {
            prove::decide(Asked {
                first,
                second: &nothing,
            })
        });
        matches!(answer, Ok(prove::Answer::Contained(_)))
    };
    empty(true) && !empty(false)
}

/// Where the prover could not go on: at the place in the second schema, and beside which of the first.
fn stuck_at(pointers: [Option<String>; 2], reason: String) -> Stuck {
    let [first, second] = pointers;
    match (first, second) {
        (Some(first), None) => Stuck {
            first: true,
            pointer: first,
            reason,
        },
        (None, second) => Stuck {
            first: false,
            pointer: second.unwrap_or_default(),
            reason,
        },
        (Some(first), Some(second)) => Stuck {
            first: false,
            pointer: second,
            reason: format!("{reason}, held against {first:?} of the other schema"),
        },
    }
}

/// Whether two schemas of one draft say the same, annotations apart.
fn same_meaning(left: &Value, right: &Value) -> bool {
    match (Digests::of(left), Digests::of(right)) {
        (Ok(left), Ok(right)) => left.meaning == right.meaning,
        _ => false,
    }
}

/// What `sup` has against the witness.
pub(super) fn objections(
    sup: &Operand<'_>,
    compiled: &Compiled,
    witness: &Value,
    rule: &'static Rule,
) -> Vec<Difference> {
    let mut differences: Vec<Difference> = compiled
        .objections(witness)
        .into_iter()
        .map(|objection| {
            let at = if objection.pointer.is_empty() {
                String::new()
            } else {
                format!("at {}: ", objection.pointer)
            };
            let point = if sup.draft == Draft::Draft4
                && objection.message.contains("not of type \"integer\"")
                && witness.pointer(&objection.pointer).is_some_and(Value::is_f64)
            {
                "; draft 4 does not count a number with a point as an integer"
            } else {
                ""
            };
            Difference {
                id: rule.id,
                pointer: objection.keyword,
                side: sup.side,
                message: format!("{at}{}{point}", objection.message),
            }
        })
        .collect();
    differences.dedup();
    differences
}

enum Proof {
    Contained,
    Open { difference: Option<Value>, stuck: Stuck },
}

/// One question for the algebra.
struct Question<'a> {
    sub: &'a Operand<'a>,
    sup: &'a Operand<'a>,
    /// What is written, in the common form.
    written: &'a Value,
    sub_common: &'a Translated,
    sup_common: &'a Translated,
    literal: bool,
    allowance: Duration,
}

impl Question<'_> {
    fn prove(&self) -> Proof {
        // Two schemas of draft 4 mean the same by `integer`, so they are asked about as they are.
        if self.literal && self.sub.draft == Draft::Draft4 && self.sup.draft == Draft::Draft4 {
            let kept = translate::keep_draft4(self.sub.schema)
                .and_then(|sub| Ok((sub, translate::keep_draft4(self.sup.schema)?)));
            if let Ok((sub, sup)) = kept {
                return match algebra::contained(&sub, &sup, Draft::Draft4, self.allowance) {
                    Answer::Contained => Proof::Contained,
                    Answer::Open { difference, stuck } => Proof::Open {
                        difference: difference.and_then(|difference| {
                            let common = translate::translate(&difference, Draft::Draft4, Integers::Widened);
                            Some(common.ok()?.schema)
                        }),
                        stuck,
                    },
                };
            }
        }
        let answer = self.ask(&self.sup_common.schema);
        let Answer::Contained = answer else {
            return match answer {
                Answer::Contained => Proof::Contained,
                Answer::Open { difference, stuck } => Proof::Open { difference, stuck },
            };
        };
        // A wider first and a narrower second side prove more than is asked; the other way round they prove
        // nothing.
        let open = |first: bool| Proof::Open {
            difference: None,
            stuck: Stuck {
                first,
                pointer: String::new(),
                reason: "all is proved but for numbers such as 1.0, which draft 4 does not count as integers"
                    .to_owned(),
            },
        };
        match self.sub_common.fidelity {
            Fidelity::Exact | Fidelity::Wider => {}
            Fidelity::Narrower | Fidelity::Loose => return open(true),
        }
        match self.sup_common.fidelity {
            Fidelity::Exact | Fidelity::Narrower => Proof::Contained,
            Fidelity::Wider | Fidelity::Loose => match self.sup.narrow() {
                Ok(Translated {
                    schema,
                    fidelity: Fidelity::Exact | Fidelity::Narrower,
                }) => match self.ask(schema) {
                    Answer::Contained => Proof::Contained,
                    Answer::Open { .. } => open(false),
                },
                Ok(_) | Err(_) => open(false),
            },
        }
    }

    fn ask(&self, sup: &Value) -> Answer {
        algebra::contained(self.written, sup, Draft::Draft202012, self.allowance)
    }
}

/// The search for a value that is lost.
struct Search<'a> {
    lost: &'a dyn Fn(&Value) -> bool,
    tried: Cell<usize>,
    patterns: &'a Patterns,
}

impl Search<'_> {
    /// A lost value among those that the structure of `from` gives, directed by `against`.
    fn in_structure(&self, from: &Value, against: &Value, effort: Effort) -> Option<Value> {
        let from_document = Evaluator::new(from, self.patterns);
        let against_document = Evaluator::new(against, self.patterns);
        let values = sample::values(from, &from_document, against, &against_document, effort);
        values.into_iter().find(|value| {
            self.tried.set(self.tried.get() + 1);
            (self.lost)(value)
        })
    }
}
