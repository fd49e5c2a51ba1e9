//! Where the values of a JSON text stand.

use std::collections::BTreeMap;
use std::fmt;

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The place of a byte.
pub(super) fn spot(text: &str, offset: usize) -> Spot {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    let from_one = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
    Spot {
        line: from_one(line),
        column: from_one(column),
    }
}

/// Where every value of a document stands, by its pointer. Members stand where their name does, since that is where
/// a person looks.
pub(super) fn spots(text: &str) -> BTreeMap<String, Spot> {
    let mut walk = Walk {
        text,
        at: 0,
        counted: 0,
        spot: Spot { line: 1, column: 1 },
        spots: BTreeMap::new(),
    };
    walk.blank();
    let start = walk.here();
    walk.spots.insert(String::new(), start);
    walk.value(&mut String::new());
    walk.spots
}

/// A walk over a text that has been read strictly before, so that it has no errors to notice.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    /// How far `spot` is.
    counted: usize,
    spot: Spot,
    spots: BTreeMap<String, Spot>,
}

impl Walk<'_> {
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    fn blank(&mut self) {
        while matches!(self.byte(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn here(&mut self) -> Spot {
        for character in self.text[self.counted..self.at].chars() {
            if character == '\n' {
                self.spot.line = self.spot.line.saturating_add(1);
                self.spot.column = 1;
            } else {
                self.spot.column = self.spot.column.saturating_add(1);
            }
        }
        self.counted = self.at;
        self.spot
    }

    /// Goes over a text and answers with it as it is written.
    fn text(&mut self) -> &str {
        let start = self.at;
        self.at += 1;
        loop {
            match self.byte() {
                b'\\' => self.at += 2,
                b'"' | 0 => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn value(&mut self, pointer: &mut String) {
        let length = pointer.len();
        match self.byte() {
            open @ (b'{' | b'[') => {
                self.at += 1;
                self.blank();
                let mut index = 0_usize;
                while !matches!(self.byte(), b'}' | b']' | 0) {
                    let spot = self.here();
                    if open == b'{' {
                        let name: String = serde_json::from_str(self.text()).unwrap_or_default();
                        pointer.push('/');
                        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                        self.blank();
                        // The colon.
                        self.at += 1;
                        self.blank();
                    } else {
                        pointer.push_str(&format!("/{index}"));
                        index += 1;
                    }
                    self.spots.insert(pointer.clone(), spot);
                    self.value(pointer);
                    pointer.truncate(length);
                    self.blank();
                    if self.byte() == b',' {
                        self.at += 1;
                        self.blank();
                    }
                }
                self.at += 1;
            }
            b'"' => {
                self.text();
            }
            _ => {
                while !matches!(self.byte(), b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' | 0) {
                    self.at += 1;
                }
            }
        }
    }
}
