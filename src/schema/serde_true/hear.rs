//! Comparisons in which the types of the code have the last word.

use crate::finding::Side;
use crate::model::{EventKind, Version};
use crate::schema::catalogue::Catalogue;
use crate::schema::check::CheckOptions;
use crate::schema::compare::{CompareOptions, Comparison, Direction};
use crate::schema::error::SchemaError;
use crate::schema::operand::Operand;
use crate::schema::readings::{Readings, in_parallel};

use super::judge::{Words, judged};
use super::word::Word;

/// An answer about two versions of a catalogue in which their types had the last word.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The event type.
    pub event_type: String,
    /// The version that wrote.
    pub writer: Version,
    /// The version that reads.
    pub reader: Version,
    /// The answer.
    pub direction: Direction,
}

/// Compares two versions of an event type that are both linked in: what the one writes against what the other reads,
/// in both directions, by their schemas first and then by the types themselves.
///
/// # Errors
///
/// When a type's own schema cannot be used, as one written by hand may be.
///
/// ```
/// use pastproof::schema::{CompareOptions, Verdict, compare_kinds, kind};
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// struct Paid { total: u32 }
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// struct PaidNow {
///     // No schema says this, and serde reads it.
///     #[serde(alias = "total")]
///     cents: u32,
/// }
///
/// let old = kind::<Paid>("Paid", 1.into());
/// let new = kind::<PaidNow>("Paid", 2.into());
/// let comparison = compare_kinds(&old, &new, &CompareOptions::default())?;
/// assert_eq!(comparison.backward.verdict, Verdict::Compatible);
/// assert_eq!(comparison.forward.verdict, Verdict::Breaking);
/// # Ok::<(), pastproof::schema::SchemaError>(())
/// ```
pub fn compare_kinds(
    old: &EventKind,
    new: &EventKind,
    options: &CompareOptions,
) -> Result<Comparison, SchemaError> {
    let (old_word, new_word) = (Word::of(old), Word::of(new));
    let one = |writer: &EventKind, reader: &EventKind, words: Words<'_>, sides: (Side, Side)| {
        let (written, read) = ((writer.writer_schema)(), (reader.reader_schema)());
        let sub = Operand::new(&written, options, sides.0)?;
        let sup = Operand::new(&read, options, sides.1)?;
        Ok::<_, SchemaError>(judged(&sub, &sup, words, options))
    };
    Ok(Comparison {
        backward: one(
            old,
            new,
            Words {
                writer: Some(&old_word),
                reader: Some(&new_word),
            },
            (Side::Old, Side::New),
        )?,
        forward: one(
            new,
            old,
            Words {
                writer: Some(&new_word),
                reader: Some(&old_word),
            },
            (Side::New, Side::Old),
        )?,
        contract: options.contract,
    })
}

/// The answers about versions of `catalogue` of which at least one is linked in, as `words` say: put into
/// [`CheckOptions::heard`], they take the place of what the schemas say by themselves.
///
/// A type in whose data the version is named, with `own-version`, is left to its schemas: there, what is said about
/// that member is set aside, and a type cannot be asked to overlook it.
pub fn hear(catalogue: &Catalogue, options: &CheckOptions, words: &[Word]) -> Vec<Heard> {
    let readings = Readings::of(catalogue, options);
    let mut pairs = Vec::new();
    for readings in &readings {
        let event_type = &readings.history().event_type;
        let wanted = options.only.as_ref().is_none_or(|(only, _)| only == event_type);
        if !wanted || options.rules_of(event_type).own_version.is_some() {
            continue;
        }
        let word = |at: usize| {
            let version = &readings.version(at).version;
            // A type that also writes says more than one that only reads.
            let of_version = || words.iter().filter(|word| word.is_of(event_type, version));
            of_version()
                .find(|word| word.writes())
                .or_else(|| of_version().next())
        };
        let linked: Vec<Option<&Word>> = (0..readings.len()).map(word).collect();
        for writer in 0..readings.len() {
            for reader in (0..readings.len()).filter(|reader| *reader != writer) {
                let words = Words {
                    writer: linked[writer],
                    reader: linked[reader],
                };
                let only = options.only.as_ref().is_none_or(|(_, version)| {
                    [writer, reader]
                        .into_iter()
                        .any(|at| readings.scheme().same(version, &readings.version(at).version))
                });
                if only && (words.writer.is_some() || words.reader.is_some()) {
                    pairs.push((readings, writer, reader, words));
                }
            }
        }
    }
    in_parallel(&pairs, |(readings, writer, reader, words)| {
        let options = readings.compare();
        let direction = readings.asked(*writer, *reader, |sub, sup| judged(sub, sup, *words, options));
        Heard {
            event_type: readings.history().event_type.clone(),
            writer: readings.version(*writer).version.clone(),
            reader: readings.version(*reader).version.clone(),
            direction,
        }
    })
}
