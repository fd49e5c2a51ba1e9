//! One answer about two schemas, put before the types that are linked in.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::finding::Side;
use crate::json::Sorted;
use crate::model::EventError;
use crate::schema::closing::{self, Unspecified};
use crate::schema::compare::{CompareOptions, Contract, Difference, Direction, Verdict};
use crate::schema::direction::{direction, objections, rules_of};
use crate::schema::draft::Draft;
use crate::schema::engine::{self, Compiled};
use crate::schema::eval::Patterns;
use crate::schema::explain::governing;
use crate::schema::generate::sample_instances;
use crate::schema::operand::Operand;
use crate::schema::prove::Step;
use crate::schema::questions::{common_form, instances, spoken};
use crate::schema::shrink::shrink;

use super::learn::{Learned, learn};
use super::word::Word;

/// How many directed and how many random values are put before the types.
const DIRECTED: usize = 400;
const RANDOM: usize = 100;
const SEED: u64 = 0x5e7d_e7ee;
/// How many things a reader schema is widened by.
const WIDENED: usize = 8;

/// The types on both sides, as far as they are linked in.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) writer: Option<&'a Word>,
    pub(super) reader: Option<&'a Word>,
}

/// The answer about two schemas, with the last word given to their types.
pub(super) fn judged(
    sub: &Operand<'_>,
    sup: &Operand<'_>,
    words: Words<'_>,
    options: &CompareOptions,
) -> Direction {
    let schemas = direction(sub, sup, options, &Patterns::default());
    // A type that only reads, as that of an upcaster, may read more than the code of its time did.
    let words = Words {
        reader: words.reader.filter(|word| word.writes()),
        ..words
    };
    if words.reader.is_none() && words.writer.is_none() {
        return schemas;
    }
    match Hearing::new(sub, sup, words, options) {
        Some(hearing) => hearing.judge(schemas),
        None => schemas,
    }
}

/// A value as text, whatever order its members are kept in.
pub(super) fn text(value: &Value) -> String {
    serde_json::to_string(&Sorted(value)).unwrap_or_default()
}

struct Hearing<'a> {
    sub: &'a Operand<'a>,
    sup: &'a Operand<'a>,
    words: Words<'a>,
    options: &'a CompareOptions,
    /// What the writer's schema lets it emit.
    written: Value,
    /// The same, with examples of the formats of texts.
    spoken: Value,
    emitted: Compiled,
    reader: Compiled,
    /// Whether a text of the writer's has a format of which no examples are known here.
    unspoken: bool,
    /// What the types said, by the text of the value.
    asked: RefCell<BTreeMap<String, Said>>,
}

/// What is known of one value.
#[derive(Clone)]
struct Said {
    /// It is one that the writer emits.
    emitted: bool,
    refused: Option<Refused>,
}

/// How the reader refuses a value.
#[derive(Clone)]
enum Refused {
    ByType(EventError),
    /// Its type is not linked in.
    BySchema,
}

impl Said {
    fn lost(&self) -> bool {
        self.emitted && self.refused.is_some()
    }
}

impl<'a> Hearing<'a> {
    fn new(
        sub: &'a Operand<'a>,
        sup: &'a Operand<'a>,
        words: Words<'a>,
        options: &'a CompareOptions,
    ) -> Option<Self> {
        let closed = |schema: Value| match options.contract {
            Contract::Literal => schema,
            Contract::WriterReader => closing::close(&schema, Unspecified::Anything),
        };
        let written = closed(common_form(sub.schema).ok()?);
        let (spoken, unspoken) = spoken(sub.schema)?;
        let spoken = closed(spoken);
        // Of a writer that is not linked in, only its schema is known, and with it the formats of its texts.
        let emitted = if words.writer.is_some() { &written } else { &spoken };
        let emitted = engine::compile(emitted, Draft::Draft202012).ok()?;
        let reader = engine::compile(sup.schema, sup.draft).ok()?;
        Some(Self {
            sub,
            sup,
            words,
            options,
            written,
            spoken,
            emitted,
            reader,
            unspoken,
            asked: RefCell::default(),
        })
    }

    fn judge(&self, schemas: Direction) -> Direction {
        let mut values: Vec<Value> = schemas.witness.iter().cloned().collect();
        if let Some(witness) = &schemas.witness
            && self.said(witness).lost()
        {
            return schemas;
        }
        values.extend(self.values());
        let lost = |value: &Value| self.said(value).lost();
        if let Some(value) = values.iter().filter_map(|value| self.written(value)).find(lost) {
            return self.breaking(shrink(value, &lost, 1));
        }
        let tried = self.asked.borrow().values().filter(|said| said.emitted).count();
        match schemas.verdict {
            Verdict::Compatible => {
                let mut answer = schemas;
                answer.derivation.push(self.tried(tried));
                answer
            }
            Verdict::Breaking | Verdict::Unproven => self.go_on(&schemas, tried),
        }
    }

    /// What is left when nothing is lost that the schemas say is, or might be.
    fn go_on(&self, schemas: &Direction, tried: usize) -> Direction {
        let mut learned: Vec<Step> = Vec::new();
        if let Some(word) = self.words.reader
            && let Some(mut reader) = self.to_widen()
        {
            let mut witness = schemas.witness.clone();
            let accepts = |value: &Value| word.read(value).is_ok();
            for _ in 0..WIDENED {
                let Some(Learned { schema, what }) =
                    learn(&reader, &self.written, witness.as_ref(), &accepts)
                else {
                    break;
                };
                reader = schema;
                learned.push(what);
                let Ok(sup) = Operand::new(&reader, self.options, self.sup.side) else {
                    break;
                };
                let answer = direction(self.sub, &sup, self.options, &Patterns::default());
                match answer.verdict {
                    Verdict::Compatible => {
                        learned.extend(answer.derivation);
                        learned.push(self.tried(tried));
                        return Direction {
                            derivation: learned,
                            ..answer
                        };
                    }
                    Verdict::Breaking => {
                        let lost = |value: &Value| self.said(value).lost();
                        let found = answer.witness.as_ref().and_then(|value| self.written(value));
                        if let Some(value) = found.filter(lost) {
                            return self.breaking(shrink(value, &lost, 1));
                        }
                        witness = answer.witness;
                    }
                    Verdict::Unproven => witness = None,
                }
            }
        }
        self.open(schemas, tried)
    }

    /// The reader's schema in a form that guesses can be made about, formats kept where there is one.
    fn to_widen(&self) -> Option<Value> {
        match self.sup.draft {
            Draft::Draft202012 => Some(self.sup.schema.clone()),
            Draft::Draft4 | Draft::Draft6 | Draft::Draft7 | Draft::Draft201909 => {
                common_form(self.sup.schema).ok()
            }
        }
    }

    /// Values that the writer's schema lets it emit, as they are aimed at the reader's.
    fn values(&self) -> Vec<Value> {
        let mut values = instances(&self.spoken, &[self.sup.schema], DIRECTED);
        values.extend(sample_instances(&self.spoken, SEED, RANDOM).unwrap_or_default());
        values
    }

    /// What the writer makes of a value that its schema lets it emit.
    fn written(&self, value: &Value) -> Option<Value> {
        match self.words.writer {
            None => Some(value.clone()),
            Some(word) => match word.read(value) {
                Ok(Some(written)) => Some(written),
                Ok(None) => Some(value.clone()),
                Err(_) => None,
            },
        }
    }

    fn said(&self, value: &Value) -> Said {
        let text = text(value);
        if let Some(known) = self.asked.borrow().get(&text) {
            return known.clone();
        }
        let emitted = self.emitted.is_valid(value) && self.written(value).as_ref() == Some(value);
        let said = Said {
            emitted,
            refused: if emitted { self.refused(value) } else { None },
        };
        self.asked.borrow_mut().insert(text, said.clone());
        said
    }

    fn refused(&self, value: &Value) -> Option<Refused> {
        let by_schema = !self.reader.is_valid(value);
        let Some(word) = self.words.reader else {
            return by_schema.then_some(Refused::BySchema);
        };
        let error = word.read(value).err()?;
        // A text whose format nobody here can write may be refused for that alone.
        let guessed = self.unspoken && !by_schema && !self.words.writer.is_some_and(Word::writes);
        (!guessed).then_some(Refused::ByType(error))
    }

    fn breaking(&self, witness: Value) -> Direction {
        let (rule, _) = rules_of(self.sub.side);
        let mut findings = if self.reader.is_valid(&witness) {
            Vec::new()
        } else {
            objections(self.sup, &self.reader, &witness, rule)
        };
        if findings.is_empty() {
            let error = match self.said(&witness).refused {
                Some(Refused::ByType(error)) => error,
                // What the schema refuses it has objections to.
                Some(Refused::BySchema) | None => EventError::new("it is refused"),
            };
            findings.push(Difference {
                id: rule.id,
                pointer: governing(self.sup.schema, &error.pointer, ""),
                side: self.sup.side,
                message: format!("the schema accepts it, and the type refuses it: {error}"),
            });
        }
        Direction {
            verdict: Verdict::Breaking,
            witness: Some(witness),
            findings,
            derivation: Vec::new(),
        }
    }

    fn tried(&self, tried: usize) -> Step {
        let reads = if self.words.reader.is_some() {
            "the new type reads"
        } else {
            "the schema accepts"
        };
        let reads = match self.sup.side {
            Side::New => reads,
            Side::Old if self.words.reader.is_some() => "the old type reads",
            Side::Old => reads,
        };
        let of = if self.words.writer.is_some() {
            "that the other type writes"
        } else {
            "of the other schema"
        };
        Step::plain(&format!("{reads} every one of {tried} values {of}"))
    }

    fn open(&self, schemas: &Direction, tried: usize) -> Direction {
        let (_, rule) = rules_of(self.sub.side);
        let first = schemas.findings.first();
        let why = first.map_or("", |difference| difference.message.as_str());
        let message = match &schemas.witness {
            Some(witness) => {
                let by_type = if self.said(witness).emitted || self.words.writer.is_none() {
                    "the type reads it"
                } else {
                    "the type never writes it"
                };
                format!(
                    "neither proved nor refuted: the schema refuses {} ({why}), and {by_type}; none of {tried} values \
                     tried on the types is lost",
                    text(witness)
                )
            }
            None => format!("{why}, nor is one of {tried} values tried on the types"),
        };
        Direction {
            verdict: Verdict::Unproven,
            witness: None,
            derivation: Vec::new(),
            findings: vec![Difference {
                id: rule.id,
                pointer: first.map_or_else(String::new, |difference| difference.pointer.clone()),
                side: first.map_or(self.sup.side, |difference| difference.side),
                message,
            }],
        }
    }
}
