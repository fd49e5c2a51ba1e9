//! The JSON texts of a source, one an event.

use std::io::{self, BufRead as _, BufReader};

use super::super::frames::Bytes;
use super::super::lines::{Block, Cursor, LINE_LIMIT, Lines, Piece};

/// What a source holds next.
pub(in super::super) enum Text {
    /// One event's text, and the line it starts on.
    Event(u64, Vec<u8>),
    /// Something that cannot be read as one, on this line.
    Bad(u64, &'static str),
}

/// Reads a source text by text.
pub(in super::super) enum Texts {
    /// One a line.
    Lines(Lines<Bytes>, Option<(Block, Cursor)>),
    /// JSON values one after the other, on any number of lines, in arrays or not.
    Values(Box<Values>),
}

impl Texts {
    pub(in super::super) fn lines(bytes: Bytes) -> Self {
        Self::Lines(Lines::new(bytes), None)
    }

    pub(in super::super) fn values(bytes: Bytes) -> Self {
        Self::Values(Box::new(Values {
            read: BufReader::with_capacity(128 << 10, bytes),
            line: 1,
            array: false,
            expects: Expects::Value,
            ended: false,
        }))
    }

    /// The next text; nothing at the end.
    pub(in super::super) fn next_text(&mut self) -> io::Result<Option<Text>> {
        match self {
            Self::Values(values) => values.next_value(),
            Self::Lines(lines, open) => loop {
                if let Some((block, cursor)) = open {
                    if let Some((number, text)) = block.next_line(cursor) {
                        return Ok(Some(Text::Event(number, text.to_vec())));
                    }
                    if let Some((block, _)) = open.take() {
                        lines.recycle(block);
                    }
                }
                match lines.next_piece()? {
                    None => return Ok(None),
                    Some(Piece::Block(block)) => *open = Some((block, Cursor::default())),
                    Some(Piece::TooLong { line, .. }) => {
                        return Ok(Some(Text::Bad(
                            line,
                            "the line is longer than what is read of one line",
                        )));
                    }
                }
            },
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expects {
    Value,
    /// After a value of an array.
    Separator,
}

/// Finds where values begin and end; what stands between is not looked at.
pub(in super::super) struct Values {
    read: BufReader<Bytes>,
    line: u64,
    array: bool,
    expects: Expects,
    ended: bool,
}

impl Values {
    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.read.fill_buf()?.first().copied())
    }

    fn bad(&mut self, what: &'static str) -> Text {
        self.ended = true;
        Text::Bad(self.line, what)
    }

    fn next_value(&mut self) -> io::Result<Option<Text>> {
        while !self.ended {
            let Some(byte) = self.peek()? else {
                self.ended = true;
                let open = self.array;
                return Ok(open.then(|| self.bad("the file ends inside an array of events")));
            };
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                b',' if self.array && self.expects == Expects::Separator => self.expects = Expects::Value,
                b'[' if !self.array => {
                    self.array = true;
                    self.expects = Expects::Value;
                }
                b']' if self.array => {
                    self.array = false;
                    self.expects = Expects::Value;
                }
                b'{' if self.expects == Expects::Value => {
                    if self.array {
                        self.expects = Expects::Separator;
                    }
                    return self.object();
                }
                _ => return Ok(Some(self.bad("an event, which is an object, is expected here"))),
            }
            self.read.consume(1);
        }
        Ok(None)
    }

    /// An object, up to its closing brace.
    fn object(&mut self) -> io::Result<Option<Text>> {
        let first = self.line;
        let mut text = Vec::new();
        let (mut depth, mut quoted, mut escaped) = (0_u64, false, false);
        loop {
            let buffer = self.read.fill_buf()?;
            if buffer.is_empty() {
                self.line = first;
                return Ok(Some(self.bad("the file ends inside an event")));
            }
            let mut used = 0;
            let mut closed = false;
            for byte in buffer {
                used += 1;
                self.line += u64::from(*byte == b'\n');
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    b'{' | b'[' if !quoted => depth += 1,
                    b'}' | b']' if !quoted => {
                        depth -= 1;
                        if depth == 0 {
                            closed = true;
                            break;
                        }
                    }
                    _ => {}
                }
            }
            text.extend_from_slice(&buffer[..used]);
            self.read.consume(used);
            if text.len() > LINE_LIMIT {
                return Ok(Some(self.bad("the event is longer than what is read of one")));
            }
            if closed {
                return Ok(Some(Text::Event(first, text)));
            }
        }
    }
}
