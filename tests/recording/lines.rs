//! Lines in blocks: any block size, any line end, bounded memory.

use std::io::{self, Read};

use pastproof::recording::{Lines, LinesOptions, Piece, Reader};
use proptest::prelude::*;

use super::common::{self, told};

/// Every line as `number:text`, and `number!length` for one that is too long.
fn lines(text: &[u8], block_size: usize, line_limit: usize) -> Vec<String> {
    let options = LinesOptions {
        block_size,
        line_limit,
    };
    let mut lines = Lines::with_options(text, options);
    let mut found = Vec::new();
    while let Some(piece) = lines.next_piece().unwrap() {
        match piece {
            Piece::TooLong { line, length } => found.push(format!("{line}!{length}")),
            Piece::Block(block) => {
                for (number, line) in block.lines() {
                    found.push(format!("{number}:{}", String::from_utf8_lossy(line)));
                }
                lines.recycle(block);
            }
        }
    }
    found
}

#[test]
fn line_ends_and_blank_lines() {
    let text = b"one\r\n\n \t\r\ntwo\n\r\nthree\r";
    for block_size in 1..30 {
        assert_eq!(lines(text, block_size, 100), ["1:one", "4:two", "6:three"]);
    }
    assert_eq!(lines(b"", 10, 10), [""; 0]);
    assert_eq!(lines(b"\n", 10, 10), [""; 0]);
    assert_eq!(lines(b"a", 10, 10), ["1:a"]);
}

#[test]
fn a_line_beyond_the_limit_is_passed_over() {
    let text = b"12345\n123456\n12345\n1234567890123456789\n1\n123456";
    for block_size in 1..60 {
        assert_eq!(
            lines(text, block_size, 5),
            ["1:12345", "2!6", "3:12345", "4!19", "5:1", "6!6"]
        );
    }
}

proptest! {
    #![proptest_config(common::config(100))]

    /// Blocks change nothing about the lines, which are those of the standard library.
    #[test]
    fn the_size_of_blocks_does_not_matter(
        text in "[a\\n\\r \u{e4}]{0,60}",
        block_size in 1usize..40,
        line_limit in 0usize..20,
    ) {
        let mut expected = Vec::new();
        let mut rest = text.as_str();
        let mut number = 0;
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = after;
            number += 1;
            if line.len() > line_limit {
                expected.push(format!("{number}!{}", line.len()));
            } else if !line.trim_matches([' ', '\r', '\t']).is_empty() {
                expected.push(format!("{number}:{}", line.strip_suffix('\r').unwrap_or(line)));
            }
        }
        prop_assert_eq!(lines(text.as_bytes(), block_size, line_limit), expected);
    }
}

/// Gives `before`, then `length` bytes of one line, then `after`, and notes the largest request.
struct Long {
    before: &'static [u8],
    length: u64,
    after: &'static [u8],
}

impl Read for Long {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.before.is_empty() {
            return self.before.read(out);
        }
        if self.length > 0 {
            let count = usize::try_from(self.length.min(out.len() as u64)).unwrap();
            out[..count].fill(b'x');
            self.length -= count as u64;
            return Ok(count);
        }
        self.after.read(out)
    }
}

#[test]
fn a_line_of_100_megabytes_is_named_and_the_next_one_read() {
    const GOOD: &[u8] = b"{\"s\":\"a\",\"n\":0,\"t\":\"T\"}\n";
    let long = Long {
        before: GOOD,
        length: 100_000_000,
        after: b"\n{\"s\":\"a\",\"n\":1,\"t\":\"T\"}\n",
    };
    let told: Vec<String> = Reader::from_read("long.ndjson", long)
        .unwrap()
        .map(|line| match line {
            Ok((number, _)) => format!("event {number}"),
            Err(problem) => told(&problem.into_finding()),
        })
        .collect();
    assert_eq!(
        told,
        [
            "event 1",
            "line-too-long 2: the line has 100000000 bytes, more than are read of one line",
            "event 3"
        ]
    );
}

#[test]
fn a_last_line_of_100_megabytes_is_named() {
    let long = Long {
        before: b"",
        length: 100_000_000,
        after: b"",
    };
    let mut lines = Lines::new(long);
    assert!(matches!(
        lines.next_piece().unwrap(),
        Some(Piece::TooLong {
            line: 1,
            length: 100_000_000
        })
    ));
    assert!(lines.next_piece().unwrap().is_none());
}

#[test]
fn what_reading_gives_is_passed_on() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the cable is out"))
        }
    }
    let mut reader = Reader::from_read("b.ndjson", Broken).unwrap();
    let finding = reader.next_event().unwrap().unwrap_err().into_finding();
    assert_eq!(
        told(&finding),
        "recording-unreadable: cannot read the recording: the cable is out"
    );
    assert!(reader.next_event().is_none());
}
