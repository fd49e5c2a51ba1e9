//! Whether one schema still accepts what another accepts: a proof, a witness, or an open question.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::finding::Side;
use crate::rules::{self, Rule};

use super::algebra::{self, Answer, Stuck};
use super::closing::{self, Unspecified};
use super::draft::Draft;
use super::engine::{self, CompileError, Compiled};
use super::error::SchemaError;
use super::eval::{Evaluator, Patterns};
use super::lock::Digests;
use super::prove::{self, Asked, Step as DerivationStep};
use super::sample::{self, Effort};
use super::shape;
use super::shrink::shrink;
use super::translate::{self, Fidelity, Integers, Translated, Untranslatable};

/// The most JSON values that a schema may have to be compared.
const LARGEST: usize = 50_000;

/// The answer to one question. Nothing is guessed: what is neither proved nor refuted is said to be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Proved: every value the one side accepts, the other accepts.
    Compatible,
    /// Refuted: a value is known that the one side accepts and the other refuses.
    Breaking,
    /// Neither proved nor refuted.
    Unproven,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compatible => "compatible",
            Self::Breaking => "breaking",
            Self::Unproven => "unproven",
        })
    }
}

/// What a schema stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contract {
    /// The values it accepts, on both sides.
    #[default]
    Literal,
    /// On the side that writes, the values that a program emits that knows only this schema: members that the
    /// schema does not mention are never there. On the side that reads, the values it accepts.
    WriterReader,
}

/// What `format`, `contentMediaType` and `contentEncoding` say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Formats {
    /// Nothing about which values are accepted, in every draft: what they would assert differs between drafts and
    /// validators.
    #[default]
    Annotation,
    /// What the validator asserts by them: `format` in every draft, the other two in drafts 6 and 7.
    Assertion,
}

/// How two schemas are compared.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    /// The draft of both, over what they say themselves.
    pub draft: Option<Draft>,
    /// What they stand for.
    pub contract: Contract,
    /// Whether formats count.
    pub formats: Formats,
    /// How long each direction may take before it is left open.
    pub allowance: Duration,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self {
            draft: None,
            contract: Contract::default(),
            formats: Formats::default(),
            allowance: Duration::from_secs(20),
        }
    }
}

/// Both answers about two schemas. It serializes as the command line prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Whether every value of the old one is one of the new one.
    pub backward: Direction,
    /// Whether every value of the new one is one of the old one.
    pub forward: Direction,
}

/// The answer for one direction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Direction {
    /// The answer.
    pub verdict: Verdict,
    /// A value that is lost, where the verdict is breaking: the validators of both schemas have confirmed it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::json::sorted"
    )]
    pub witness: Option<Value>,
    /// Why it is not compatible.
    pub findings: Vec<Difference>,
    /// How it follows that it is compatible, where the verdict is that: what was relied on and what followed, place by
    /// place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub derivation: Vec<DerivationStep>,
}

/// One reason why a direction is not compatible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The rule behind it.
    pub id: &'static str,
    /// JSON pointer in the schema of `side`.
    pub pointer: String,
    /// The schema that refuses the witness, or that the question is stuck on.
    pub side: Side,
    /// What is wrong, in lower case without a full stop.
    pub message: String,
}

/// Compares two schemas, in both directions.
///
/// Each side has its own draft, by `$schema`, unless the options say otherwise. `format`, `contentMediaType` and
/// `contentEncoding` are annotations in every draft, unless the options make them count. Nothing is fetched.
///
/// # Errors
///
/// When one of them is no schema, or refers to something outside itself.
///
/// ```
/// use pastproof::schema::{CompareOptions, Verdict, compare};
/// use serde_json::json;
///
/// let old = json!({"type": "string"});
/// let new = json!({"type": "string", "maxLength": 2});
/// let comparison = compare(&old, &new, &CompareOptions::default())?;
/// assert_eq!(comparison.backward.verdict, Verdict::Breaking);
/// let witness = comparison.backward.witness.expect("a break has a witness");
/// assert_eq!(witness.as_str().map(str::len), Some(3));
/// assert_eq!(comparison.forward.verdict, Verdict::Compatible);
/// # Ok::<(), pastproof::schema::SchemaError>(())
/// ```
pub fn compare(old: &Value, new: &Value, options: &CompareOptions) -> Result<Comparison, SchemaError> {
    let old = Operand::new(old, options, Side::Old)?;
    let new = Operand::new(new, options, Side::New)?;
    let patterns = Patterns::default();
    Ok(Comparison {
        backward: direction(&old, &new, options, &patterns),
        forward: direction(&new, &old, options, &patterns),
    })
}

/// Whether every value of `sub` is one of `sup`: one direction of [`compare`], where only one is asked for. The
/// rules and sides in the findings are those of `backward`.
pub(super) fn contains(sub: &Value, sup: &Value, options: &CompareOptions) -> Result<Direction, SchemaError> {
    let sub = Operand::new(sub, options, Side::Old)?;
    let sup = Operand::new(sup, options, Side::New)?;
    Ok(direction(&sub, &sup, options, &Patterns::default()))
}

/// One side of a comparison, with what was worked out about it.
pub(super) struct Operand<'a> {
    pub(super) schema: &'a Value,
    pub(super) side: Side,
    pub(super) draft: Draft,
    /// Compiled as it was written; not when it is too deep.
    compiled: Result<Arc<Compiled>, String>,
    common: OnceCell<Result<Translated, Untranslatable>>,
    narrow: OnceCell<Result<Translated, Untranslatable>>,
    closed: OnceCell<Option<(Value, Compiled)>>,
    /// As the prover reads it, and that closed.
    exact: OnceCell<Result<Value, Untranslatable>>,
    exact_closed: OnceCell<Value>,
}

impl<'a> Operand<'a> {
    pub(super) fn new(schema: &'a Value, options: &CompareOptions, side: Side) -> Result<Self, SchemaError> {
        let name = match side {
            Side::Old => "the old schema",
            Side::New => "the new schema",
        };
        if !schema.is_object() && !schema.is_boolean() {
            return Err(SchemaError::input(format!(
                "{name} is neither an object nor a boolean"
            )));
        }
        let own = || {
            Draft::of(schema).map_err(|named| {
                SchemaError::input(format!(
                    "{name} is written in `{named}`, which is no draft from 4 to 2020-12"
                ))
            })
        };
        if shape::size(schema, LARGEST + 1) > LARGEST {
            let why = format!("it has more than {LARGEST} values");
            return Ok(Self::made(schema, Draft::default(), Err(why), side));
        }
        let draft = options.draft.map_or_else(own, Ok)?;
        let compile = match options.formats {
            Formats::Annotation => engine::compile,
            Formats::Assertion => engine::compile_asserting,
        };
        let mut compiled = (draft, compile(schema, draft));
        // A schema that is none in the draft that is asked for, but one in the draft it names itself, is not
        // ambiguous.
        if let (Err(CompileError::Invalid(_)), Some(_), Ok(named)) =
            (&compiled.1, schema.get("$schema"), own())
            && named != draft
            && let Ok(by_name) = compile(schema, named)
        {
            compiled = (named, Ok(by_name));
        }
        match compiled {
            (draft, Ok(compiled)) => Ok(Self::made(schema, draft, Ok(Arc::new(compiled)), side)),
            (draft, Err(CompileError::TooDeep(why))) => Ok(Self::made(schema, draft, Err(why), side)),
            (_, Err(error @ (CompileError::Invalid(_) | CompileError::Outside(_)))) => {
                Err(SchemaError::input(format!("{name}: {}", error.message())))
            }
        }
    }

    /// A schema that was compiled before, in the draft that it names.
    pub(super) fn known(
        schema: &'a Value,
        compiled: &Arc<Compiled>,
        side: Side,
    ) -> Result<Self, SchemaError> {
        let draft = Draft::of(schema).map_err(SchemaError::input)?;
        Ok(Self::made(schema, draft, Ok(Arc::clone(compiled)), side))
    }

    fn made(schema: &'a Value, draft: Draft, compiled: Result<Arc<Compiled>, String>, side: Side) -> Self {
        Self {
            schema,
            side,
            draft,
            compiled,
            common: OnceCell::new(),
            narrow: OnceCell::new(),
            closed: OnceCell::new(),
            exact: OnceCell::new(),
            exact_closed: OnceCell::new(),
        }
    }

    /// As the prover reads it: what it accepts, or what a writer of it emits.
    fn exact(&self, options: &CompareOptions, written: bool) -> Result<&Value, &Untranslatable> {
        let asserting = options.formats == Formats::Assertion;
        let exact = self
            .exact
            .get_or_init(|| translate::exact(self.schema, self.draft, asserting))
            .as_ref()?;
        Ok(match (options.contract, written) {
            (Contract::WriterReader, true) => self
                .exact_closed
                .get_or_init(|| closing::close(exact, Unspecified::Anything)),
            (Contract::Literal, _) | (Contract::WriterReader, false) => exact,
        })
    }

    /// In the common form, wider where the forms differ.
    fn common(&self) -> &Result<Translated, Untranslatable> {
        self.common
            .get_or_init(|| translate::translate(self.schema, self.draft, Integers::Widened))
    }

    /// In the common form, narrower where the forms differ.
    fn narrow(&self) -> &Result<Translated, Untranslatable> {
        self.narrow
            .get_or_init(|| translate::translate(self.schema, self.draft, Integers::Dropped))
    }

    /// What a writer of it emits, in the common form.
    fn closed(&self, common: &Translated) -> Option<&(Value, Compiled)> {
        self.closed
            .get_or_init(|| {
                let closed = closing::close(&common.schema, Unspecified::Anything);
                let compiled = engine::compile(&closed, Draft::Draft202012).ok()?;
                Some((closed, compiled))
            })
            .as_ref()
    }

    fn open(&self, rule: &'static Rule, pointer: &str, reason: &str) -> Direction {
        Direction {
            verdict: Verdict::Unproven,
            witness: None,
            derivation: Vec::new(),
            findings: vec![Difference {
                id: rule.id,
                pointer: pointer.to_owned(),
                side: self.side,
                message: format!("neither proved nor refuted: {reason}"),
            }],
        }
    }
}

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

    let started = Instant::now();
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
        until: started + options.allowance,
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
        let witness = shrink(witness, &search.lost);
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
    until: Instant,
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
            Instant::now() < self.until && (self.lost)(value)
        })
    }
}
