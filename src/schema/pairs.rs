//! Comparing pairs of schemas, one JSON object a line.

use std::io::{self, BufRead, Write};

use serde::Serialize;
use serde_json::Value;

use crate::json;

use super::{CompareOptions, Comparison, compare};

/// The longest line that is read.
const LINE_LIMIT: usize = 64 << 20;

/// How many lines were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairsSummary {
    /// Lines read, blank ones apart.
    pub pairs: u64,
    /// Lines that got an error for an answer.
    pub errors: u64,
}

/// Reads `{"id","old","new","draft"?}` lines and writes `{"id","backward","forward"}` lines in the same order, each
/// flushed before the next is read. A line that cannot be answered gets `{"id","error"}` and stops nothing.
///
/// # Errors
///
/// When reading or writing fails.
pub fn compare_pairs(
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    options: &CompareOptions,
) -> io::Result<PairsSummary> {
    #[derive(Serialize)]
    struct Answer<'a> {
        id: &'a Value,
        #[serde(flatten)]
        comparison: Comparison,
    }
    #[derive(Serialize)]
    struct Refusal<'a> {
        id: &'a Value,
        error: String,
    }
    let mut summary = PairsSummary::default();
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        number += 1;
        let whole = read_line(input, &mut line)?;
        if line.is_empty() && whole == Whole::End {
            return Ok(summary);
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        summary.pairs += 1;
        let mut id = Value::Null;
        let answer = if whole == Whole::TooLong {
            Err(format!("line {number} is longer than {LINE_LIMIT} bytes"))
        } else {
            answer(&line, &mut id, options).map_err(|error| format!("line {number}: {error}"))
        };
        match answer {
            Ok(comparison) => serde_json::to_writer(&mut *output, &Answer { id: &id, comparison }),
            Err(error) => {
                summary.errors += 1;
                serde_json::to_writer(&mut *output, &Refusal { id: &id, error })
            }
        }
        .map_err(io::Error::from)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
}

fn answer(line: &[u8], id: &mut Value, options: &CompareOptions) -> Result<Comparison, String> {
    let mut pair = json::parse(line).map_err(|error| error.to_string())?.value;
    if let Some(given) = pair.get_mut("id") {
        *id = given.take();
    }
    let mut options = options.clone();
    match pair.get("draft") {
        None | Some(Value::Null) => {}
        Some(Value::String(draft)) => {
            options.draft = Some(
                draft
                    .parse()
                    .map_err(|error: super::SchemaError| error.to_string())?,
            );
        }
        Some(other) => return Err(format!("`draft` is {other}, not a text")),
    }
    let side = |name: &str| pair.get(name).ok_or_else(|| format!("`{name}` is missing"));
    compare(side("old")?, side("new")?, &options).map_err(|error| error.to_string())
}

#[derive(PartialEq, Eq)]
enum Whole {
    Line,
    End,
    TooLong,
}

/// Reads one line without its end; of a line that is too long only the fact is kept.
fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Whole> {
    let mut too_long = false;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(if too_long { Whole::TooLong } else { Whole::End });
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        if line.len() + part.len() > LINE_LIMIT {
            too_long = true;
            line.truncate(1);
        } else if !too_long {
            line.extend_from_slice(part);
        }
        let used = end.map_or(buffer.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(if too_long { Whole::TooLong } else { Whole::Line });
        }
    }
}
