//! Lines of a file in blocks, within bounded memory.
//!
//! A block holds whole lines only. Line ends are `\n` or `\r\n`; lines of nothing but white space are passed over
//! but counted; a last line without a line end is a line. A byte-order mark is left where it is: the first line is
//! then not JSON, and reading it says so.

use std::io::{self, Read};

/// The longest line that is read unless told otherwise: 64 MiB.
pub const LINE_LIMIT: usize = 64 << 20;

/// How lines are read.
#[derive(Clone, Copy, Debug)]
pub struct LinesOptions {
    /// How many bytes a block holds, unless one line is longer; 1 MiB.
    pub block_size: usize,
    /// The longest line, without its line end; [`LINE_LIMIT`].
    pub line_limit: usize,
}

impl Default for LinesOptions {
    fn default() -> Self {
        Self {
            block_size: 1 << 20,
            line_limit: LINE_LIMIT,
        }
    }
}

/// A part of a file.
#[derive(Debug)]
pub enum Piece {
    /// Whole lines.
    Block(Block),
    /// One line that is longer than the limit; it was passed over without being kept.
    TooLong {
        /// Its number, from 1.
        line: u64,
        /// Its length in bytes, without its line end.
        length: u64,
    },
}

/// Whole lines of a file.
#[derive(Debug)]
pub struct Block {
    bytes: Vec<u8>,
    first_line: u64,
    open: bool,
}

/// Where a reader of a block stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    at: usize,
    lines: u64,
}

impl Block {
    /// The number, from 1, of the block's first line.
    pub fn first_line(&self) -> u64 {
        self.first_line
    }

    /// Whether the last line of the block is the last of the file and has no line end.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The lines that are not blank, with their numbers and without their line ends.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut cursor = Cursor::default();
        std::iter::from_fn(move || self.next_line(&mut cursor))
    }

    /// How many bytes the block holds.
    pub(super) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The next line after `cursor`.
    pub(super) fn next_line(&self, cursor: &mut Cursor) -> Option<(u64, &[u8])> {
        loop {
            let rest = self.bytes.get(cursor.at..).filter(|rest| !rest.is_empty())?;
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let number = self.first_line + cursor.lines;
            cursor.at += length + 1;
            cursor.lines += 1;
            let line = &rest[..length];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.iter().any(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) {
                return Some((number, line));
            }
        }
    }

    /// Whether nothing of the block comes after `cursor`.
    pub(super) fn is_at_end(&self, cursor: &Cursor) -> bool {
        cursor.at >= self.bytes.len()
    }
}

/// Reads a file in blocks of whole lines.
///
/// Memory is bounded by two blocks, or by twice the longest line within the limit.
#[derive(Debug)]
pub struct Lines<R> {
    read: R,
    options: LinesOptions,
    /// The start of a line whose end was not in the last block.
    carry: Vec<u8>,
    spare: Vec<u8>,
    next_line: u64,
    ended: bool,
    failed: Option<io::Error>,
}

impl<R: Read> Lines<R> {
    /// Reads `read` with the default options.
    pub fn new(read: R) -> Self {
        Self::with_options(read, LinesOptions::default())
    }

    /// Reads `read`.
    pub fn with_options(read: R, options: LinesOptions) -> Self {
        Self {
            read,
            options,
            carry: Vec::new(),
            spare: Vec::new(),
            next_line: 1,
            ended: false,
            failed: None,
        }
    }

    /// The same lines, numbered from `line` on.
    #[must_use]
    pub(super) fn numbered_from(mut self, line: u64) -> Self {
        self.next_line = line;
        self
    }

    /// The number, from 1, of the first line that was not handed out.
    pub fn next_line(&self) -> u64 {
        self.next_line
    }

    /// Takes back the memory of a block that is no longer needed.
    pub fn recycle(&mut self, block: Block) {
        if block.bytes.capacity() <= 2 * self.options.block_size {
            self.spare = block.bytes;
        }
    }

    /// The next part of the file; nothing after its end.
    ///
    /// # Errors
    ///
    /// What reading gives, after the whole lines that were read before; nothing comes after it.
    pub fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        // A buffer starts at the start of a line and never grows past one line of the limit and its line end, so
        // that whether a line is too long does not depend on the size of blocks.
        let longest = self.options.line_limit.saturating_add(1);
        let mut wanted = self.options.block_size.clamp(1, longest);
        let mut bytes = std::mem::take(&mut self.spare);
        bytes.clear();
        bytes.append(&mut self.carry);
        let mut searched = 0;
        loop {
            if !self.ended && bytes.len() < wanted {
                self.fill(wanted, &mut bytes);
            }
            if let Some(at) = memchr::memrchr(b'\n', &bytes[searched..]) {
                let end = searched + at + 1;
                self.carry.extend_from_slice(&bytes[end..]);
                bytes.truncate(end);
                return Ok(Some(self.block(bytes, false)));
            }
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if self.ended && bytes.len() < longest {
                let block = (!bytes.is_empty()).then(|| self.block(bytes, true));
                return Ok(block);
            }
            if bytes.len() >= longest {
                return self.pass_over(bytes).map(Some);
            }
            searched = bytes.len();
            wanted = wanted.saturating_mul(2).min(longest);
        }
    }

    /// Reads until `bytes` has `wanted` bytes or the file has ended, in whichever way.
    fn fill(&mut self, wanted: usize, bytes: &mut Vec<u8>) {
        let missing = (wanted - bytes.len()) as u64;
        match (&mut self.read).take(missing).read_to_end(bytes) {
            Ok(_) => self.ended = bytes.len() < wanted,
            Err(error) => {
                self.ended = true;
                self.failed = Some(error);
            }
        }
    }

    fn block(&mut self, bytes: Vec<u8>, open: bool) -> Piece {
        let first_line = self.next_line;
        self.next_line += memchr::memchr_iter(b'\n', &bytes).count() as u64 + u64::from(open);
        Piece::Block(Block {
            bytes,
            first_line,
            open,
        })
    }

    /// Reads on to the end of a line that is longer than the limit, of which `start` is the start.
    fn pass_over(&mut self, mut start: Vec<u8>) -> io::Result<Piece> {
        let mut length = start.len() as u64;
        start.clear();
        start.shrink_to(self.options.block_size);
        loop {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if self.ended {
                break;
            }
            start.clear();
            // What follows the line is carried over, and a buffer never holds more than one line of the limit.
            let longest = self.options.line_limit.saturating_add(1);
            let wanted = self.options.block_size.clamp(1, longest);
            self.fill(wanted, &mut start);
            if let Some(end) = memchr::memchr(b'\n', &start) {
                length += end as u64;
                self.carry.extend_from_slice(&start[end + 1..]);
                break;
            }
            length += start.len() as u64;
        }
        let line = self.next_line;
        self.next_line += 1;
        Ok(Piece::TooLong { line, length })
    }
}
