//! Strict reading of JSON text.
//!
//! Readers of JSON agree about most documents and differ about the rest: which of two members with one name
//! counts, what becomes of an integer beyond 64 bits, of a lone surrogate, of a thousand nested arrays. A tool
//! that compares readers has to notice. This one follows RFC 8259, refuses what readers disagree about with its
//! place, and gives the same values whatever features `serde_json` was built with elsewhere.

use std::fmt;

use serde_json::{Map, Number, Value};

/// How deep arrays and objects may nest.
pub(crate) const MAX_DEPTH: usize = 128;

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
    /// More than 128 levels of arrays and objects.
    TooDeep,
}

impl JsonError {
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
    if text.starts_with(b"\xEF\xBB\xBF") {
        return Err(JsonError {
            kind: JsonErrorKind::ByteOrderMark,
            pointer: String::new(),
            offset: 0,
        });
    }
    let text = std::str::from_utf8(text).map_err(|error| JsonError {
        kind: JsonErrorKind::NotUtf8,
        pointer: String::new(),
        offset: error.valid_up_to(),
    })?;
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
        imprecise: None,
        path: Vec::new(),
    };
    let value = reader.value().and_then(|value| {
        reader.skip_space();
        if reader.at == reader.bytes.len() {
            Ok(value)
        } else {
            Err(JsonErrorKind::Syntax("something follows the value"))
        }
    });
    match value {
        Ok(value) => Ok(Parsed {
            value,
            imprecise: reader.imprecise,
        }),
        Err(kind) => Err(JsonError {
            kind,
            pointer: pointer(&reader.path),
            offset: reader.at,
        }),
    }
}

/// One step from a value into a part of it.
enum Step {
    Member(String),
    Item(usize),
}

fn pointer(path: &[Step]) -> String {
    let mut pointer = String::new();
    for step in path {
        pointer.push('/');
        match step {
            Step::Member(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
            Step::Item(index) => pointer.push_str(&index.to_string()),
        }
    }
    pointer
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    imprecise: Option<String>,
    /// Where the reader is; left as it is when an error is returned, so that the error can say it.
    path: Vec<Step>,
}

type Read<T> = Result<T, JsonErrorKind>;

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Read<Value> {
        self.skip_space();
        match self.peek() {
            None => Err(JsonErrorKind::CutOff),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(JsonErrorKind::Syntax("expected a value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Read<Value>) -> Read<Value> {
        if self.depth == MAX_DEPTH {
            return Err(JsonErrorKind::TooDeep);
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Read<Value> {
        let mut members = Map::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_space();
            let start = self.at;
            match self.peek() {
                Some(b'"') => {}
                None => return Err(JsonErrorKind::CutOff),
                Some(_) => return Err(JsonErrorKind::Syntax("expected a member name")),
            }
            let name = self.string()?;
            if members.contains_key(&name) {
                self.at = start;
                return Err(JsonErrorKind::DuplicateMember(name));
            }
            self.skip_space();
            match self.peek() {
                Some(b':') => self.at += 1,
                None => return Err(JsonErrorKind::CutOff),
                Some(_) => return Err(JsonErrorKind::Syntax("expected `:`")),
            }
            self.path.push(Step::Member(name));
            let value = self.value()?;
            if let Some(Step::Member(name)) = self.path.pop() {
                members.insert(name, value);
            }
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(members));
                }
                None => return Err(JsonErrorKind::CutOff),
                Some(_) => return Err(JsonErrorKind::Syntax("expected `,` or `}`")),
            }
        }
    }

    fn array(&mut self) -> Read<Value> {
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            self.path.push(Step::Item(items.len()));
            items.push(self.value()?);
            self.path.pop();
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(items));
                }
                None => return Err(JsonErrorKind::CutOff),
                Some(_) => return Err(JsonErrorKind::Syntax("expected `,` or `]`")),
            }
        }
    }

    fn word(&mut self, word: &'static str, value: Value) -> Read<Value> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else if word.as_bytes().starts_with(rest) {
            Err(JsonErrorKind::CutOff)
        } else {
            Err(JsonErrorKind::Syntax("expected a value"))
        }
    }

    fn digits(&mut self) -> Read<()> {
        match self.peek() {
            Some(b'0'..=b'9') => {}
            None => return Err(JsonErrorKind::CutOff),
            Some(_) => return Err(JsonErrorKind::Syntax("expected a digit")),
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(JsonErrorKind::Syntax("a number starts with 0"));
            }
        } else {
            self.digits()?;
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        if whole && text != "-0" {
            if let Ok(number) = text.parse::<u64>() {
                return Ok(Value::Number(number.into()));
            }
            if let Ok(number) = text.parse::<i64>() {
                return Ok(Value::Number(number.into()));
            }
            if self.imprecise.is_none() {
                self.imprecise = Some(pointer(&self.path));
            }
        }
        let number = text.parse::<f64>().ok().and_then(Number::from_f64);
        number.map(Value::Number).ok_or_else(|| {
            self.at = start;
            JsonErrorKind::NumberOutOfRange
        })
    }

    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    let text = self.text[start..self.at].to_owned();
                    self.at += 1;
                    return Ok(text);
                }
                b'\\' => return self.escaped(start),
                0..=0x1F => return Err(JsonErrorKind::Syntax("a control character stands in a text")),
                _ => self.at += 1,
            }
        }
        Err(JsonErrorKind::CutOff)
    }

    /// The rest of a string from its first escape on.
    fn escaped(&mut self, start: usize) -> Read<String> {
        let mut text = self.text[start..self.at].to_owned();
        loop {
            let plain = self.at;
            while self
                .peek()
                .is_some_and(|byte| byte != b'"' && byte != b'\\' && byte > 0x1F)
            {
                self.at += 1;
            }
            text.push_str(&self.text[plain..self.at]);
            match self.peek() {
                None => return Err(JsonErrorKind::CutOff),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    let escape = self.at;
                    self.at += 1;
                    let character = match self.peek() {
                        None => return Err(JsonErrorKind::CutOff),
                        Some(b'"') => '"',
                        Some(b'\\') => '\\',
                        Some(b'/') => '/',
                        Some(b'b') => '\u{8}',
                        Some(b'f') => '\u{C}',
                        Some(b'n') => '\n',
                        Some(b'r') => '\r',
                        Some(b't') => '\t',
                        Some(b'u') => {
                            self.at += 1;
                            text.push(self.unicode(escape)?);
                            continue;
                        }
                        Some(_) => return Err(JsonErrorKind::Syntax("no such escape")),
                    };
                    self.at += 1;
                    text.push(character);
                }
                Some(_) => return Err(JsonErrorKind::Syntax("a control character stands in a text")),
            }
        }
    }

    fn unicode(&mut self, escape: usize) -> Read<char> {
        let unit = self.hex4()?;
        let code = match unit {
            0xD800..=0xDBFF => {
                if !self.bytes[self.at..].starts_with(b"\\u") {
                    self.at = escape;
                    return Err(JsonErrorKind::LoneSurrogate);
                }
                self.at += 2;
                let low = self.hex4()?;
                if !(0xDC00..=0xDFFF).contains(&low) {
                    self.at = escape;
                    return Err(JsonErrorKind::LoneSurrogate);
                }
                0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
            }
            _ => unit,
        };
        char::from_u32(code).ok_or_else(|| {
            self.at = escape;
            JsonErrorKind::LoneSurrogate
        })
    }

    fn hex4(&mut self) -> Read<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = match self.peek() {
                None => return Err(JsonErrorKind::CutOff),
                Some(byte) => char::from(byte).to_digit(16),
            };
            let digit = digit.ok_or(JsonErrorKind::Syntax("expected four hexadecimal digits"))?;
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}
