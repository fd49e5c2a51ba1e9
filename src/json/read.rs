//! Filling a tape: the one reader of JSON text.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use super::parse::{JsonError, JsonErrorKind, MAX_DEPTH};
use super::tape::{Document, Entry, Kind, Member, Tape};

/// How many member names are compared one by one before an object gets a set of them.
const FEW: u32 = 16;

impl Tape {
    /// Fills the tape with the document in `text`.
    pub(crate) fn read<'a>(&'a mut self, text: &'a [u8]) -> Result<Document<'a>, JsonError> {
        self.entries.clear();
        self.decoded.clear();
        self.members.clear();
        self.imprecise = None;
        if text.starts_with(b"\xEF\xBB\xBF") {
            return Err(JsonError::new(JsonErrorKind::ByteOrderMark, String::new(), 0));
        }
        let text = std::str::from_utf8(text).map_err(|error| {
            // A text that ends inside a character was cut off, like one that ends inside a value.
            let kind = match error.error_len() {
                None => JsonErrorKind::CutOff,
                Some(_) => JsonErrorKind::NotUtf8,
            };
            JsonError::new(kind, String::new(), error.valid_up_to())
        })?;
        // With a byte for each entry at least, positions and entries then fit 32 bits.
        if u32::try_from(text.len()).is_err() {
            let kind = JsonErrorKind::Syntax("the text is longer than 4 GiB");
            return Err(JsonError::new(kind, String::new(), 0));
        }
        let mut reader = Reader {
            text,
            bytes: text.as_bytes(),
            at: 0,
            tape: self,
            path: Vec::new(),
        };
        let read = reader.value().and_then(|()| {
            reader.skip_space();
            if reader.at == reader.bytes.len() {
                Ok(())
            } else {
                Err(JsonErrorKind::Syntax("something follows the value"))
            }
        });
        match read {
            Ok(()) => Ok(self.document(text)),
            Err(kind) => {
                let pointer = reader.pointer();
                Err(JsonError::new(kind, pointer, reader.at))
            }
        }
    }
}

/// One step from a container into a part of it.
#[derive(Clone, Copy)]
enum Step {
    /// At the container itself.
    Here,
    /// Entry of the member's name.
    Member(u32),
    Item(usize),
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    tape: &'t mut Tape,
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

    fn pointer(&self) -> String {
        let document = self.tape.document(self.text);
        let mut pointer = String::new();
        for step in &self.path {
            match step {
                Step::Here => {}
                Step::Member(name) => {
                    let name = document.text_of(document.entry(*name));
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                }
                Step::Item(index) => {
                    pointer.push('/');
                    pointer.push_str(&index.to_string());
                }
            }
        }
        pointer
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "there are no more entries than bytes, and those fit 32 bits"
    )]
    fn push(&mut self, mut entry: Entry) {
        entry.next = self.tape.entries.len() as u32 + 1;
        self.tape.entries.push(entry);
    }

    fn value(&mut self) -> Read<()> {
        self.skip_space();
        match self.peek() {
            None => Err(JsonErrorKind::CutOff),
            Some(b'{') => self.container(Kind::Object, Self::object),
            Some(b'[') => self.container(Kind::Array, Self::array),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Kind::True),
            Some(b'f') => self.word("false", Kind::False),
            Some(b'n') => self.word("null", Kind::Null),
            Some(_) => Err(JsonErrorKind::Syntax("expected a value")),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "there are no more entries than bytes, and those fit 32 bits"
    )]
    fn container(&mut self, kind: Kind, read: fn(&mut Self) -> Read<u64>) -> Read<()> {
        if self.path.len() == MAX_DEPTH {
            return Err(JsonErrorKind::TooDeep);
        }
        let index = self.tape.entries.len();
        self.push(Entry::new(kind, 0));
        self.path.push(Step::Here);
        self.at += 1;
        let count = read(self)?;
        self.path.pop();
        let next = self.tape.entries.len() as u32;
        let entry = &mut self.tape.entries[index];
        (entry.next, entry.bits) = (next, count);
        Ok(())
    }

    fn step(&mut self, step: Step) {
        if let Some(last) = self.path.last_mut() {
            *last = step;
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "there are no more entries than bytes, and those fit 32 bits"
    )]
    fn object(&mut self) -> Read<u64> {
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(0);
        }
        let first = self.tape.entries.len() as u32;
        let outermost = self.path.len() == 1;
        let mut many = None;
        let mut count = 0;
        loop {
            self.skip_space();
            let start = self.at;
            match self.peek() {
                Some(b'"') => {}
                None => return Err(JsonErrorKind::CutOff),
                Some(_) => return Err(JsonErrorKind::Syntax("expected a member name")),
            }
            let name = self.tape.entries.len() as u32;
            self.string()?;
            if self.is_duplicate(first, count, name, &mut many) {
                self.at = start;
                let document = self.tape.document(self.text);
                let name = document.text_of(document.entry(name)).to_owned();
                return Err(JsonErrorKind::DuplicateMember(name));
            }
            self.skip_space();
            match self.peek() {
                Some(b':') => self.at += 1,
                None => return Err(JsonErrorKind::CutOff),
                Some(_) => return Err(JsonErrorKind::Syntax("expected `:`")),
            }
            self.step(Step::Member(name));
            self.skip_space();
            let start = self.at;
            self.value()?;
            if outermost {
                let end = self.at;
                self.tape.members.push(Member { name, start, end });
            }
            self.step(Step::Here);
            count += 1;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(u64::from(count));
                }
                None => return Err(JsonErrorKind::CutOff),
                Some(_) => return Err(JsonErrorKind::Syntax("expected `,` or `}`")),
            }
        }
    }

    /// Whether one of the `count` members that start at the entry `first` has the name at the entry `name`.
    fn is_duplicate(
        &self,
        first: u32,
        count: u32,
        name: u32,
        many: &mut Option<(RandomState, HashSet<u64>)>,
    ) -> bool {
        let document = self.tape.document(self.text);
        let text = |at: u32| document.text_of(document.entry(at));
        let names = || {
            let mut at = first;
            (0..count).map(move |_| {
                let name = at;
                at = document.entry(name + 1).next;
                name
            })
        };
        let new = text(name);
        if count < FEW {
            return names().any(|name| document.has_text(document.entry(name), new));
        }
        let (state, hashes) = many.get_or_insert_with(|| {
            let state = RandomState::new();
            let hashes = names().map(|name| state.hash_one(text(name))).collect();
            (state, hashes)
        });
        // Two names with one hash are compared; it makes no difference when names have one hash by chance.
        !hashes.insert(state.hash_one(new)) && names().any(|name| text(name) == new)
    }

    fn array(&mut self) -> Read<u64> {
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(0);
        }
        let mut count = 0;
        loop {
            self.step(Step::Item(count));
            self.value()?;
            self.step(Step::Here);
            count += 1;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(count as u64);
                }
                None => return Err(JsonErrorKind::CutOff),
                Some(_) => return Err(JsonErrorKind::Syntax("expected `,` or `]`")),
            }
        }
    }

    fn word(&mut self, word: &'static str, kind: Kind) -> Read<()> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            self.push(Entry::new(kind, 0));
            Ok(())
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

    fn number(&mut self) -> Read<()> {
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
                self.push(Entry::new(Kind::Unsigned, number));
                return Ok(());
            }
            if let Ok(number) = text.parse::<i64>() {
                self.push(Entry::new(Kind::Signed, number.cast_unsigned()));
                return Ok(());
            }
            if self.tape.imprecise.is_none() {
                self.tape.imprecise = Some(self.pointer());
            }
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                self.push(if whole && text != "-0" {
                    Entry::span(Kind::Big, start, self.at)
                } else {
                    Entry::new(Kind::Float, number.to_bits())
                });
                Ok(())
            }
            _ => {
                self.at = start;
                Err(JsonErrorKind::NumberOutOfRange)
            }
        }
    }

    /// Passes over characters that stand for themselves in a text, eight at a time where there are as many.
    fn skip_plain(&mut self) {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = 0x8080_8080_8080_8080;
        while let Some(chunk) = self.bytes[self.at..].first_chunk::<8>() {
            let chunk = u64::from_le_bytes(*chunk);
            let quote = chunk ^ (ONES * 0x22);
            let escape = chunk ^ (ONES * 0x5C);
            // The high bit of a byte is set where the byte is a quote, a backslash or below a space; bytes after
            // the first such byte may have it set as well.
            let stop = (quote.wrapping_sub(ONES) & !quote
                | escape.wrapping_sub(ONES) & !escape
                | chunk.wrapping_sub(ONES * 0x20) & !chunk)
                & HIGH;
            if stop != 0 {
                self.at += stop.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while self
            .peek()
            .is_some_and(|byte| byte != b'"' && byte != b'\\' && byte > 0x1F)
        {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Read<()> {
        self.at += 1;
        let start = self.at;
        self.skip_plain();
        match self.peek() {
            Some(b'"') => {
                self.push(Entry::span(Kind::Plain, start, self.at));
                self.at += 1;
                Ok(())
            }
            Some(b'\\') => self.escaped(start),
            None => Err(JsonErrorKind::CutOff),
            Some(_) => Err(JsonErrorKind::Syntax("a control character stands in a text")),
        }
    }

    /// The rest of a string from its first escape on.
    fn escaped(&mut self, start: usize) -> Read<()> {
        let begin = self.tape.decoded.len();
        self.tape.decoded.push_str(&self.text[start..self.at]);
        loop {
            let plain = self.at;
            self.skip_plain();
            self.tape.decoded.push_str(&self.text[plain..self.at]);
            match self.peek() {
                None => return Err(JsonErrorKind::CutOff),
                Some(b'"') => {
                    let end = self.tape.decoded.len();
                    self.push(Entry::span(Kind::Decoded, begin, end));
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    let character = self.escape()?;
                    self.tape.decoded.push(character);
                }
                Some(_) => return Err(JsonErrorKind::Syntax("a control character stands in a text")),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let start = self.at;
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
                return self.unicode(start);
            }
            Some(_) => return Err(JsonErrorKind::Syntax("no such escape")),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode(&mut self, start: usize) -> Read<char> {
        let unit = self.hex4()?;
        let code = match unit {
            0xD800..=0xDBFF => {
                let rest = &self.bytes[self.at..];
                if !rest.starts_with(b"\\u") {
                    if b"\\u".starts_with(rest) {
                        return Err(JsonErrorKind::CutOff);
                    }
                    self.at = start;
                    return Err(JsonErrorKind::LoneSurrogate);
                }
                self.at += 2;
                let low = self.hex4()?;
                if !(0xDC00..=0xDFFF).contains(&low) {
                    self.at = start;
                    return Err(JsonErrorKind::LoneSurrogate);
                }
                0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
            }
            _ => unit,
        };
        char::from_u32(code).ok_or_else(|| {
            self.at = start;
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
