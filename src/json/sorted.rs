//! Values written the same way whatever keeps the members of their objects.

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::Value;

/// A value that serializes with the members of its objects by name: `serde_json` keeps them in the order of
/// insertion when another crate turns its feature `preserve_order` on.
pub(crate) struct Sorted<'a>(pub(crate) &'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let mut names: Vec<(&String, &Value)> = members.iter().collect();
                names.sort_by_key(|(name, _)| *name);
                let mut map = serializer.serialize_map(Some(names.len()))?;
                for (name, value) in names {
                    map.serialize_entry(name, &Sorted(value))?;
                }
                map.end()
            }
            Value::Array(items) => {
                let mut sequence = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    sequence.serialize_element(&Sorted(item))?;
                }
                sequence.end()
            }
            other => other.serialize(serializer),
        }
    }
}

/// For `#[serde(serialize_with)]`.
#[expect(clippy::ref_option, reason = "serde calls it with a reference to the member")]
pub(crate) fn sorted<S: Serializer>(value: &Option<Value>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().map(Sorted).serialize(serializer)
}
