//! JSON Lines.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

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

/// Writes one line of JSON: an object of the sort `kind` with `members` in the order given.
///
/// ```
/// let mut out = Vec::new();
/// pastproof::report::json_object(&mut out, "summary", &[("events", 3.into()), ("valid", 2.into())])?;
/// assert_eq!(out, b"{\"kind\":\"summary\",\"events\":3,\"valid\":2}\n");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// When the writer fails.
pub fn json_object(out: &mut dyn Write, kind: &str, members: &[(&str, Value)]) -> io::Result<()> {
    struct Ordered<'a>(&'a str, &'a [(&'a str, Value)]);

    impl Serialize for Ordered<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(self.1.len() + 1))?;
            map.serialize_entry("kind", self.0)?;
            for (name, value) in self.1 {
                map.serialize_entry(name, value)?;
            }
            map.end()
        }
    }

    json_line(out, &Ordered(kind, members))
}
