//! What every check produces: findings.
//!
//! A finding is one type, and a rule behind it is data: a stable id, a default level, a reason and the next
//! step. Checks push findings; reporters print them; no reporter computes.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::sorted;
use crate::rules::{self, Rule};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Fails the gate unless waived.
    Deny,
    /// Worth a look; fails nothing.
    Warn,
    /// Said so that nothing passes in silence.
    Note,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
            Self::Note => "note",
        })
    }
}

/// Which of two things compared a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The earlier one.
    Old,
    /// The later one.
    New,
}

/// Where a finding is: as much as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// File, as the caller named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Event type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Schema version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Stream id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Position in the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// JSON pointer inside the data, schema or state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Which side of a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
}

impl Place {
    /// A place known by its file.
    pub fn file(file: impl Into<String>) -> Self {
        Self {
            file: Some(file.into()),
            ..Self::default()
        }
    }

    /// A place known by event type and version.
    pub fn kind(event_type: impl Into<String>, version: impl fmt::Display) -> Self {
        Self {
            event_type: Some(event_type.into()),
            version: Some(version.to_string()),
            ..Self::default()
        }
    }

    /// The same place with its file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same place with its line, from 1.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same place with its stream and revision.
    #[must_use]
    pub fn in_stream(mut self, stream: impl Into<String>, revision: Option<u64>) -> Self {
        self.stream = Some(stream.into());
        self.revision = revision;
        self
    }

    /// The same place with its JSON pointer.
    #[must_use]
    pub fn at_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// The same place with its side.
    #[must_use]
    pub fn on(mut self, side: Side) -> Self {
        self.side = Some(side);
        self
    }
}

/// Something a check has to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule behind it.
    pub rule: &'static Rule,
    /// Its weight: the rule's level unless the check knows better.
    pub level: Level,
    /// What is wrong, one sentence in lower case without a full stop.
    pub message: String,
    /// Where.
    pub place: Place,
    /// The smallest value that shows it.
    pub witness: Option<Value>,
    /// What to do next, when there is more to say than the rule has.
    pub next: Option<String>,
    /// The gate's check it came from; set by the gate.
    pub check: Option<String>,
    /// Why it does not fail the gate, when a waiver covers it.
    pub waived: Option<String>,
}

impl Finding {
    /// A finding at its rule's own level.
    pub fn new(rule: &'static Rule, message: impl Into<String>, place: Place) -> Self {
        Self {
            rule,
            level: rule.level,
            message: message.into(),
            place,
            witness: None,
            next: None,
            check: None,
            waived: None,
        }
    }

    /// The same finding at another level.
    #[must_use]
    pub fn at_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// The same finding with the value that shows it.
    #[must_use]
    pub fn with_witness(mut self, witness: Value) -> Self {
        self.witness = Some(witness);
        self
    }

    /// The same finding with its own next step.
    #[must_use]
    pub fn with_next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// What to do next: the finding's own step, or the rule's.
    pub fn next_step(&self) -> &str {
        self.next.as_deref().unwrap_or(self.rule.next)
    }

    /// Whether it fails the gate.
    pub fn fails(&self) -> bool {
        self.level == Level::Deny && self.waived.is_none()
    }

    /// The order in which findings are reported.
    fn sort_key(&self) -> impl Ord + '_ {
        (self.level, &self.check, self.rule.id, &self.place, &self.message)
    }
}

/// Puts findings in the order in which they are reported, the same for the same findings.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
}

/// The JSON form of a finding, as it stands in reports and between the gate and a harness.
#[derive(Serialize, Deserialize)]
struct Wire {
    kind: String,
    id: String,
    level: Level,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check: Option<String>,
    message: String,
    #[serde(rename = "where", default)]
    place: Place,
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "sorted")]
    witness: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waived: Option<String>,
}

impl Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire {
            kind: "finding".to_owned(),
            id: self.rule.id.to_owned(),
            level: self.level,
            check: self.check.clone(),
            message: self.message.clone(),
            place: self.place.clone(),
            witness: self.witness.clone(),
            next: Some(self.next_step().to_owned()),
            waived: self.waived.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let rule = rules::find(&wire.id)
            .ok_or_else(|| serde::de::Error::custom(format!("unknown rule `{}`", wire.id)))?;
        Ok(Self {
            rule,
            level: wire.level,
            message: wire.message,
            place: wire.place,
            witness: wire.witness,
            next: wire.next,
            check: wire.check,
            waived: wire.waived,
        })
    }
}
