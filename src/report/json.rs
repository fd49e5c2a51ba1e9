//! JSON Lines.

use std::io::{self, Write};

use serde::Serialize;

/// Writes `value` as one line of JSON.
///
/// # Errors
///
/// When the writer fails, or the value does not serialize.
pub fn json_line<T: Serialize + ?Sized>(out: &mut dyn Write, value: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(value).map_err(io::Error::other)?;
    line.push(b'\n');
    out.write_all(&line)
}
