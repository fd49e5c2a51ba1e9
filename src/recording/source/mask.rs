//! A masking policy: which values are replaced, and by what.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::Sha256;

use super::super::manifest::Masking;
use super::mask_value::{self, Pseudonyms};
use super::raw;
use crate::json;
use crate::model::{Payload, RecordedEvent};

/// Which values of events are replaced by pseudonyms.
///
/// A pseudonym is HMAC-SHA-256 (RFC 2104) of class and value under a secret key: the same value of the same class
/// has the same pseudonym wherever it stands, so that references between events go on to match, and without the key
/// nobody can try values out. What no rule names stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MaskPolicy {
    /// By which name the key is known. The manifest says it; it never says the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The rules, applied in order.
    #[serde(rename = "mask", default)]
    pub rules: Vec<MaskRule>,
}

/// One rule of a [`MaskPolicy`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MaskRule {
    /// In which part of the event.
    #[serde(rename = "in", default)]
    pub part: MaskPart,
    /// JSON pointer inside the part, where `*` stands for every member or item. Everything below is masked. In
    /// tags, `/NAME`; empty for a stream and an id.
    #[serde(default)]
    pub pointer: String,
    /// Only in events of this type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// What kind of thing the value is. The same value has the same pseudonym within a class, and another one in
    /// another class. The pointer's last name if left out; `stream` and `id` for those parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// What the pseudonym looks like.
    #[serde(rename = "with", default)]
    pub form: MaskForm,
}

/// A part of a recorded event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskPart {
    /// The data.
    #[default]
    Data,
    /// The metadata.
    Metadata,
    /// The stream id after its category.
    Stream,
    /// The tags.
    Tags,
    /// The event id.
    Id,
}

/// What a pseudonym looks like. Numbers keep sign, digits and point in every form but `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskForm {
    /// Sixteen hexadecimal digits.
    #[default]
    Text,
    /// The same at a domain that nobody can have.
    Email,
    /// A UUID, of the version that the value has, or version 8.
    Uuid,
    /// A letter for each letter, a digit for each digit, everything else as it is. Two values may become one.
    Shape,
    /// `null`, whatever it was.
    Null,
}

/// The secret key of pseudonyms. It is never printed.
#[derive(Clone)]
pub struct MaskKey(Vec<u8>);

impl MaskKey {
    /// The shortest key that is taken: 128 bits, below which a key can be searched for.
    pub const SHORTEST: usize = 16;

    /// A key of these bytes.
    ///
    /// # Errors
    ///
    /// When there are fewer than [`SHORTEST`](Self::SHORTEST).
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, String> {
        let bytes = bytes.into();
        if bytes.len() < Self::SHORTEST {
            return Err(format!(
                "the masking key has {} bytes, and fewer than {} can be guessed; `openssl rand -hex 32` makes one",
                bytes.len(),
                Self::SHORTEST
            ));
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskKey(…)")
    }
}

impl MaskPolicy {
    /// Checks that every rule can match something.
    ///
    /// # Errors
    ///
    /// Which rule cannot, and why.
    pub fn check(&self) -> Result<(), String> {
        if self.rules.is_empty() {
            return Err("the masking policy has no rule; write `[[mask]]` with a `pointer`".to_owned());
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let number = index + 1;
            let pointer = &rule.pointer;
            if !(pointer.is_empty() || pointer.starts_with('/')) {
                return Err(format!(
                    "[[mask]] {number}: {pointer:?} is no JSON pointer; it is empty or starts with `/`"
                ));
            }
            let bare = matches!(rule.part, MaskPart::Stream | MaskPart::Id);
            if bare && !pointer.is_empty() {
                return Err(format!("[[mask]] {number}: this part has no pointer inside"));
            }
            if bare && rule.form == MaskForm::Null {
                return Err(format!("[[mask]] {number}: `null` cannot stand in this part"));
            }
            if rule.part == MaskPart::Tags && (raw::tokens(pointer).len() != 1 || rule.form == MaskForm::Null)
            {
                return Err(format!(
                    "[[mask]] {number}: in tags a rule has a pointer `/NAME`, and a form other than `null`"
                ));
            }
        }
        Ok(())
    }
}

impl MaskRule {
    fn class(&self) -> String {
        if let Some(class) = &self.class {
            return class.clone();
        }
        match self.part {
            MaskPart::Stream => "stream".to_owned(),
            MaskPart::Id => "id".to_owned(),
            MaskPart::Data | MaskPart::Metadata | MaskPart::Tags => raw::tokens(&self.pointer)
                .into_iter()
                .rev()
                .find(|token| token != "*")
                .unwrap_or_else(|| "value".to_owned()),
        }
    }
}

/// Applies a policy.
pub(in super::super) struct Masker<'p> {
    policy: &'p MaskPolicy,
    rules: Vec<(Vec<String>, Pseudonyms)>,
    mac: Hmac<Sha256>,
    /// How many values each rule replaced.
    pub(in super::super) replaced: Vec<u64>,
}

impl<'p> Masker<'p> {
    pub(in super::super) fn new(policy: &'p MaskPolicy, key: &MaskKey) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "RFC 2104 takes keys of any length, and so does the crate"
        )]
        let mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("a key of any length");
        let rules = policy
            .rules
            .iter()
            .map(|rule| {
                let pseudonyms = Pseudonyms::new(mac.clone(), &rule.class(), rule.form);
                (raw::tokens(&rule.pointer), pseudonyms)
            })
            .collect();
        Self {
            policy,
            rules,
            mac,
            replaced: vec![0; policy.rules.len()],
        }
    }

    /// What the manifest says of it.
    pub(in super::super) fn described(&self) -> Masking {
        Masking {
            policy: json::digest(self.policy).unwrap_or_default(),
            key: self.policy.key_id.clone(),
        }
    }

    /// Tells one key from another without saying anything about either.
    pub(in super::super) fn key_check(&self) -> String {
        let mut mac = self.mac.clone();
        mac.update(b"which key is this");
        json::hex(&mac.finalize().into_bytes())
    }

    /// The name that stands for `stream`.
    pub(in super::super) fn stream(&self, stream: &str) -> String {
        let mut name = stream.to_owned();
        for (rule, (_, pseudonyms)) in self.policy.rules.iter().zip(&self.rules) {
            if rule.part == MaskPart::Stream && rule.event_type.is_none() {
                name = masked_stream(&name, pseudonyms);
            }
        }
        name
    }

    /// Replaces what the rules name.
    pub(in super::super) fn mask(&mut self, event: &mut RecordedEvent) {
        for (index, rule) in self.policy.rules.iter().enumerate() {
            if rule
                .event_type
                .as_ref()
                .is_some_and(|event_type| *event_type != event.event_type)
            {
                continue;
            }
            let (tokens, pseudonyms) = &self.rules[index];
            let count = &mut self.replaced[index];
            match rule.part {
                MaskPart::Stream => {
                    if let Some(stream) = &mut event.stream {
                        *stream = masked_stream(stream, pseudonyms);
                        *count += 1;
                    }
                }
                MaskPart::Id => {
                    if let Some(id) = &mut event.id {
                        *id = pseudonyms.text(id);
                        *count += 1;
                    }
                }
                MaskPart::Tags => {
                    let values = tokens.first().and_then(|name| event.tags.get_mut(name));
                    for value in values.into_iter().flatten() {
                        *value = pseudonyms.text(value);
                        *count += 1;
                    }
                }
                MaskPart::Data => {
                    if let Payload::Json(data) = &mut event.payload {
                        replace(data, tokens, pseudonyms, count);
                    }
                }
                MaskPart::Metadata => {
                    if let Some(metadata) = &mut event.metadata {
                        replace(metadata, tokens, pseudonyms, count);
                    }
                }
            }
        }
    }
}

/// The category is kept: it says which code folds the stream.
fn masked_stream(stream: &str, pseudonyms: &Pseudonyms) -> String {
    match stream.split_once('-') {
        Some((category, id)) => format!("{category}-{}", pseudonyms.text(id)),
        None => pseudonyms.text(stream),
    }
}

fn replace(value: &mut Box<RawValue>, tokens: &[String], pseudonyms: &Pseudonyms, count: &mut u64) {
    let before = *count;
    let text = mask_value::replace(value, tokens, pseudonyms, count);
    if *count > before
        && let Ok(masked) = RawValue::from_string(text)
    {
        *value = masked;
    }
}
