//! Many comparisons, one a line.

use std::io::{self, BufRead, Read as _, Write};

use serde::Serialize;
use serde_json::Value;

use crate::json;

use super::compare::{CompareOptions, Direction, Formats, compare};

/// The longest line that is read.
const MAX_LINE: u64 = 64 << 20;

/// How many lines were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairsSummary {
    /// Lines that were answered, blank ones apart.
    pub pairs: u64,
    /// Lines among them that were no pair of schemas and got an error for an answer.
    pub errors: u64,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a Value,
    backward: &'a Direction,
    forward: &'a Direction,
}

#[derive(Serialize)]
struct Failure<'a> {
    id: &'a Value,
    error: &'a str,
}

/// Compares the pairs in `input`, one JSON object a line: `id`, `old`, `new`, and `draft` to override what both
/// sides say, and `format_asserted`, true where formats count ([`Formats`]).
///
/// Each line is answered by one line in `output`, in the same order and at once, so that another program can ask
/// and read the answer before it asks again. A line that is no pair of schemas is answered with `error`, and the
/// next one is read. Blank lines are passed over.
///
/// # Errors
///
/// When `input` cannot be read or `output` cannot be written.
pub fn compare_pairs(
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    options: &CompareOptions,
) -> io::Result<PairsSummary> {
    let mut summary = PairsSummary::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut *input).take(MAX_LINE + 1).read_until(b'\n', &mut line)? == 0 {
            return Ok(summary);
        }
        let cut = line.len() as u64 > MAX_LINE && !line.ends_with(b"\n");
        if cut {
            skip_line(input)?;
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let (id, answer) = if cut {
            (
                Value::Null,
                Err(format!("the line is longer than {} MiB", MAX_LINE >> 20)),
            )
        } else {
            answer(text, options)
        };
        summary.pairs += 1;
        let text = match &answer {
            Ok((backward, forward)) => serde_json::to_string(&Answer {
                id: &id,
                backward,
                forward,
            }),
            Err(error) => {
                summary.errors += 1;
                serde_json::to_string(&Failure { id: &id, error })
            }
        }
        .map_err(io::Error::other)?;
        writeln!(output, "{text}")?;
        output.flush()?;
    }
}

fn skip_line(input: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (used, done) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(newline) => (newline + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

type Directions = (Direction, Direction);

fn answer(line: &[u8], options: &CompareOptions) -> (Value, Result<Directions, String>) {
    let mut pair = match json::parse(line) {
        Ok(parsed) => parsed.value,
        Err(error) => return (Value::Null, Err(error.to_string())),
    };
    let mut member = |name: &str| pair.get_mut(name).map(Value::take);
    let id = member("id").unwrap_or_default();
    let answer = (|| {
        let old = member("old").ok_or("the line has no `old`")?;
        let new = member("new").ok_or("the line has no `new`")?;
        let draft = match member("draft") {
            None | Some(Value::Null) => options.draft,
            Some(Value::String(draft)) => Some(draft.parse().map_err(|error| format!("{error}"))?),
            Some(_) => return Err("`draft` is no text".to_owned()),
        };
        let formats = match member("format_asserted") {
            None | Some(Value::Null) => options.formats,
            Some(Value::Bool(false)) => Formats::Annotation,
            Some(Value::Bool(true)) => Formats::Assertion,
            Some(_) => return Err("`format_asserted` is neither true nor false".to_owned()),
        };
        let options = CompareOptions {
            draft,
            formats,
            ..options.clone()
        };
        let comparison = compare(&old, &new, &options).map_err(|error| error.to_string())?;
        Ok((comparison.backward, comparison.forward))
    })();
    (id, answer)
}
