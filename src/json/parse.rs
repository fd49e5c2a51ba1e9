//! Strict reading of JSON text.
//!
//! Readers of JSON agree about most documents and differ about the rest: which of two members with one name
//! counts, what becomes of an integer beyond 64 bits, of a lone surrogate, of a thousand nested arrays. A tool
//! that compares readers has to notice. This one follows RFC 8259, refuses what readers disagree about with its
//! place, and gives the same values whatever features `serde_json` was built with elsewhere.

use std::fmt;

use serde_json::{Map, Number, Value};

use super::tape::{Document, Kind, Tape};

/// How deep arrays and objects may nest: as deep as `serde_json` reads.
pub(crate) const MAX_DEPTH: usize = 127;

/// A document that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// Its value. Integers beyond 64 bits are the nearest `f64`.
    pub value: Value,
    /// JSON pointer of the first integer that does not fit 64 bits, if there is one.
    pub imprecise: Option<String>,
}

/// Why a document was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    kind: JsonErrorKind,
    pointer: String,
    offset: usize,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// The text is not JSON; the word says what was met or missed.
    Syntax(&'static str),
    /// The text ends inside a value.
    CutOff,
    /// The text is not UTF-8.
    NotUtf8,
    /// The text starts with a byte-order mark.
    ByteOrderMark,
    /// An object has two members with this name.
    DuplicateMember(String),
    /// A number too large for 64-bit floating point.
    NumberOutOfRange,
    /// An escaped surrogate without its other half.
    LoneSurrogate,
    /// More than 127 levels of arrays and objects.
    TooDeep,
}

impl JsonError {
    pub(super) fn new(kind: JsonErrorKind, pointer: String, offset: usize) -> Self {
        Self {
            kind,
            pointer,
            offset,
        }
    }

    /// What is wrong.
    pub fn kind(&self) -> &JsonErrorKind {
        &self.kind
    }

    /// JSON pointer of the value in which it is wrong.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Byte offset in the text, from 0.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            JsonErrorKind::Syntax(what) => f.write_str(what)?,
            JsonErrorKind::CutOff => f.write_str("the text ends inside a value")?,
            JsonErrorKind::NotUtf8 => f.write_str("the text is not UTF-8")?,
            JsonErrorKind::ByteOrderMark => f.write_str("the text starts with a byte-order mark")?,
            JsonErrorKind::DuplicateMember(name) => write!(f, "two members are named {name:?}")?,
            JsonErrorKind::NumberOutOfRange => f.write_str("a number is too large")?,
            JsonErrorKind::LoneSurrogate => f.write_str("an escaped surrogate lacks its other half")?,
            JsonErrorKind::TooDeep => write!(f, "more than {MAX_DEPTH} levels of nesting")?,
        }
        write!(f, " at byte {}", self.offset + 1)?;
        if self.pointer.is_empty() {
            Ok(())
        } else {
            write!(f, ", in {}", self.pointer)
        }
    }
}

impl std::error::Error for JsonError {}

/// Reads one JSON document.
///
/// # Errors
///
/// When the text is not JSON, or is JSON that readers disagree about; see [`JsonErrorKind`].
///
/// ```
/// let twice = pastproof::json::parse(br#"{"order":{"id":1,"id":2}}"#).unwrap_err();
/// assert_eq!(twice.to_string(), r#"two members are named "id" at byte 18, in /order"#);
/// ```
pub fn parse(text: &[u8]) -> Result<Parsed, JsonError> {
    let mut tape = Tape::default();
    let document = tape.read(text)?;
    Ok(Parsed {
        value: document.value(0),
        imprecise: document.imprecise().map(str::to_owned),
    })
}

impl Document<'_> {
    /// The value at an entry.
    ///
    /// Numbers are built from their values, never from their text, so that they are the same whether or not
    /// `serde_json` keeps texts.
    pub(crate) fn value(self, at: u32) -> Value {
        let entry = self.entry(at);
        match entry.kind {
            Kind::Null => Value::Null,
            Kind::False => Value::Bool(false),
            Kind::True => Value::Bool(true),
            Kind::Unsigned => Value::Number(entry.unsigned().into()),
            Kind::Signed => Value::Number(entry.signed().into()),
            // The reader lets only finite numbers pass.
            Kind::Float | Kind::Big => Number::from_f64(self.float(entry)).map_or(Value::Null, Value::Number),
            Kind::Plain | Kind::Decoded => Value::String(self.text_of(entry).to_owned()),
            Kind::Array => {
                let mut items = Vec::with_capacity(entry.count());
                items.extend(self.items(at).map(|item| self.value(item)));
                Value::Array(items)
            }
            Kind::Object => {
                let mut members = Map::new();
                for (name, value) in self.members(at) {
                    members.insert(self.text_of(self.entry(name)).to_owned(), self.value(value));
                }
                Value::Object(members)
            }
        }
    }
}
