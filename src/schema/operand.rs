//! One side of a comparison: compiled, and in the forms in which it is reckoned with.

use std::cell::OnceCell;
use std::sync::Arc;

use serde_json::Value;

use crate::finding::Side;
use crate::rules::Rule;

use super::closing::{self, Unspecified};
use super::compare::{CompareOptions, Contract, Difference, Direction, Formats, Verdict};
use super::draft::Draft;
use super::engine::{self, CompileError, Compiled};
use super::error::SchemaError;
use super::shape;
use super::translate::{self, Integers, Translated, Untranslatable};

/// The most JSON values that a schema may have to be compared.
const LARGEST: usize = 50_000;

/// One side of a comparison, with what was worked out about it.
pub(super) struct Operand<'a> {
    pub(super) schema: &'a Value,
    pub(super) side: Side,
    pub(super) draft: Draft,
    /// Compiled as it was written; not when it is too deep.
    pub(super) compiled: Result<Arc<Compiled>, String>,
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
    pub(super) fn exact(&self, options: &CompareOptions, written: bool) -> Result<&Value, &Untranslatable> {
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
    pub(super) fn common(&self) -> &Result<Translated, Untranslatable> {
        self.common
            .get_or_init(|| translate::translate(self.schema, self.draft, Integers::Widened))
    }

    /// In the common form, narrower where the forms differ.
    pub(super) fn narrow(&self) -> &Result<Translated, Untranslatable> {
        self.narrow
            .get_or_init(|| translate::translate(self.schema, self.draft, Integers::Dropped))
    }

    /// What a writer of it emits, in the common form.
    pub(super) fn closed(&self, common: &Translated) -> Option<&(Value, Compiled)> {
        self.closed
            .get_or_init(|| {
                let closed = closing::close(&common.schema, Unspecified::Anything);
                let compiled = engine::compile(&closed, Draft::Draft202012).ok()?;
                Some((closed, compiled))
            })
            .as_ref()
    }

    pub(super) fn open(&self, rule: &'static Rule, pointer: &str, reason: &str) -> Direction {
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
