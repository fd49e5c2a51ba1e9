//! Event schemas.
use crate::model::{EventKind, Version};
/// Kind.
pub fn kind<T: serde::Serialize + serde::de::DeserializeOwned + schemars::JsonSchema>(
    event_type: &'static str,
    version: Version,
) -> EventKind {
    EventKind {
        event_type,
        version,
        writer_schema: || serde_json::Value::Null,
        reader_schema: || serde_json::Value::Null,
        round_trip: |text| crate::model::write_json(&crate::model::read_json::<T>(text)?),
    }
}
