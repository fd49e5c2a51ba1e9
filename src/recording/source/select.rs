//! Which events of a source go into a recording.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::model::RecordedEvent;

/// Which events are taken: all, unless something is named.
///
/// Types leave gaps in streams, which a replay reports; streams, categories and samples are whole streams.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// Only these event types; all if empty.
    pub types: Vec<String>,
    /// Only these streams; all if empty. A name that ends in `*` stands for all that begin so.
    pub streams: Vec<String>,
    /// Only these categories; all if empty.
    pub categories: Vec<String>,
    /// Only a share of the streams.
    pub sample: Option<Sample>,
}

/// A share of the streams, each as a whole. The same seed takes the same streams, whatever else is in the source.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// How many of a million streams.
    pub per_million: u32,
    /// Another seed takes other streams.
    pub seed: u64,
}

impl Sample {
    /// Whether `stream` is in it.
    pub fn takes(self, stream: &str) -> bool {
        let mut digest = Sha256::new();
        digest.update(self.seed.to_be_bytes());
        digest.update(stream.as_bytes());
        let mut number = 0_u64;
        for byte in digest.finalize().iter().take(8) {
            number = number << 8 | u64::from(*byte);
        }
        // Multiplied rather than divided, so that a million of a million is every stream.
        u128::from(number) * 1_000_000 < u128::from(self.per_million) << 64
    }
}

impl Selection {
    /// Whether everything is taken.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `event` is taken.
    ///
    /// # Errors
    ///
    /// When a sample of streams is asked for and the event has none.
    pub(crate) fn takes(&self, event: &RecordedEvent) -> Result<bool, &'static str> {
        let stream = event.stream.as_deref();
        if self.sample.is_some() && stream.is_none() {
            return Err("a sample takes whole streams, and this event has none");
        }
        let named = |pattern: &String| match (pattern.strip_suffix('*'), stream) {
            (_, None) => false,
            (Some(start), Some(stream)) => stream.starts_with(start),
            (None, Some(stream)) => stream == pattern,
        };
        Ok((self.types.is_empty() || self.types.contains(&event.event_type))
            && (self.streams.is_empty() || self.streams.iter().any(named))
            && (self.categories.is_empty()
                || self
                    .categories
                    .iter()
                    .any(|category| event.category() == Some(category)))
            && self
                .sample
                .is_none_or(|sample| stream.is_some_and(|stream| sample.takes(stream))))
    }

    /// What the manifest says of it; `stream` gives the name that stands in the recording for a stream's own.
    pub(crate) fn described(&self, stream: impl Fn(&str) -> String) -> Option<Value> {
        if self.is_everything() {
            return None;
        }
        let mut described = serde_json::Map::new();
        if !self.types.is_empty() {
            described.insert("types".to_owned(), json!(self.types));
        }
        if !self.streams.is_empty() {
            let streams: Vec<String> = self.streams.iter().map(|name| stream(name)).collect();
            described.insert("streams".to_owned(), json!(streams));
        }
        if !self.categories.is_empty() {
            described.insert("categories".to_owned(), json!(self.categories));
        }
        if let Some(sample) = self.sample {
            described.insert("sample".to_owned(), json!(sample));
        }
        Some(Value::Object(described))
    }
}
