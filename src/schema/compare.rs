//! Whether one schema still accepts what another accepts: a proof, a witness, or an open question.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::finding::Side;

use super::classes;
use super::direction::direction;
use super::draft::Draft;
use super::error::SchemaError;
use super::eval::Patterns;
use super::operand::Operand;
use super::prove::Step as DerivationStep;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
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

/// What `\d` and `\w` stand for in a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Classes {
    /// What ECMA 262 says, as JSON Schema asks for: ASCII digits, and ASCII letters, digits and the underscore,
    /// whatever the flags.
    #[default]
    Ecma,
    /// The digits and the letters of every script, as validators have it whose engine does: those of Python, .NET
    /// and some of Rust.
    Unicode,
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
    /// What the classes of patterns stand for.
    pub classes: Classes,
    /// How long the set algebra may reckon at one question before it is left open. Everything else is bounded by
    /// counted steps, and so is what is handed to the algebra: this is a net below both.
    pub allowance: Duration,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self {
            draft: None,
            contract: Contract::default(),
            formats: Formats::default(),
            classes: Classes::default(),
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
    /// What both were taken to stand for.
    pub contract: Contract,
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
/// When one of them is no schema, or refers to something outside itself; with [`Classes::Unicode`] also when a
/// pattern has `\W` inside a class.
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
    if options.classes == Classes::Unicode {
        let written = |schema: &Value, name: &str| {
            classes::unicode(schema).map_err(|why| SchemaError::input(format!("the {name} schema: {why}")))
        };
        let options = CompareOptions {
            classes: Classes::Ecma,
            ..options.clone()
        };
        return compare(&written(old, "old")?, &written(new, "new")?, &options);
    }
    let old = Operand::new(old, options, Side::Old)?;
    let new = Operand::new(new, options, Side::New)?;
    let patterns = Patterns::default();
    Ok(Comparison {
        backward: direction(&old, &new, options, &patterns),
        forward: direction(&new, &old, options, &patterns),
        contract: options.contract,
    })
}

/// Whether every value of `sub` is one of `sup`: one direction of [`compare`], where only one is asked for. The
/// rules and sides in the findings are those of `backward`.
pub(super) fn contains(sub: &Value, sup: &Value, options: &CompareOptions) -> Result<Direction, SchemaError> {
    let sub = Operand::new(sub, options, Side::Old)?;
    let sup = Operand::new(sup, options, Side::New)?;
    Ok(direction(&sub, &sup, options, &Patterns::default()))
}
