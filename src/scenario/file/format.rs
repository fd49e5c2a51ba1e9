//! The format itself, as types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::model::Version;

use super::Template;
use super::lines::{GivenLine, WhenLine};

/// The version of the format that is written. A reader takes every file of its major version.
pub const FORMAT: &str = "1.0";

/// One scenario, as a file holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "pastproof scenario")]
pub struct ScenarioFile {
    /// Where the JSON Schema of this format is, for editors.
    #[serde(
        rename = "$schema",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schemars(with = "String")]
    pub schema: Option<String>,
    /// The version of the format, `major.minor`.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    pub format: String,
    /// The name under which the suite knows what the scenario is about.
    #[schemars(length(min = 1))]
    pub subject: String,
    /// What the scenario tells, for people.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schemars(with = "String")]
    pub tells: Option<String>,
    /// The stream that the subject lives in.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schemars(with = "String")]
    pub stream: Option<String>,
    /// What time it is when the scenario begins, as RFC 3339 has it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schemars(with = "String")]
    pub at: Option<String>,
    /// How many ids the code has made up before anything is asked, so that the next one is another.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ids: u64,
    /// What happened before, oldest first. Empty says that nothing did.
    pub given: Vec<GivenLine>,
    /// What is asked. Empty says that nobody is asked, and the checks look at the history.
    pub when: Vec<WhenLine>,
    /// What must come of it.
    pub then: Then,
    /// What is asked after that, and what must come of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub and: Vec<Step>,
}

/// A later step of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is asked.
    #[schemars(length(min = 1))]
    pub when: Vec<WhenLine>,
    /// What must come of it.
    pub then: Then,
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventTemplate {
    /// The stored name of its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version that the data is at.
    #[schemars(with = "VersionSchema")]
    pub version: Version,
    /// Its data.
    #[serde(deserialize_with = "Template::deserialize")]
    pub data: Template,
}

/// What a version may be, for the published schema.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) enum VersionSchema {
    Number(u64),
    Text(String),
}

/// What must come of a step. All checks that are there are made, and one at least has to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1))]
pub struct Then {
    /// Exactly these events, in this order.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Vec<EventTemplate>")]
    pub events: Option<Vec<EventTemplate>>,
    /// Exactly these events, in any order.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Vec<EventTemplate>")]
    pub events_unordered: Option<Vec<EventTemplate>>,
    /// These events are among those that were recorded, each for itself, in whatever order.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Vec<EventTemplate>")]
    pub events_containing: Option<Vec<EventTemplate>>,
    /// These events first, and then whatever else.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Vec<EventTemplate>")]
    pub events_starting_with: Option<Vec<EventTemplate>>,
    /// JSON pointers into the data of events that are not compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignoring: Vec<String>,
    /// How it was answered.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "OutcomeWord")]
    pub outcome: Option<OutcomeWord>,
    /// It was rejected with this error, as its type is written as JSON.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Template")]
    pub error: Option<Template>,
    /// It was rejected with an error of this variant.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "String")]
    pub error_variant: Option<String>,
    /// It was rejected with an error that reads exactly like this.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "String")]
    pub error_text: Option<String>,
    /// The state afterwards, as it is written as JSON.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Template")]
    pub state: Option<Template>,
    /// What the caller was told, as its type is written as JSON.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Template")]
    pub reply: Option<Template>,
    /// What the last question was answered with, as it is written as JSON.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Template")]
    pub result: Option<Template>,
    /// These rows of a read model, by key, are so; there may be others, which `state` says.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "BTreeMap<String, Template>")]
    pub rows: Option<BTreeMap<String, Template>>,
    /// The read model has no rows of these keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no_rows: Vec<String>,
    /// Exactly these effects are to be carried out, in this order.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Vec<Template>")]
    pub effects: Option<Vec<Template>>,
    /// Exactly these commands were sent, in this order.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Vec<Template>")]
    pub commands: Option<Vec<Template>>,
    /// Exactly these timeouts were scheduled, in this order.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Vec<ScheduledLine>")]
    pub scheduled: Option<Vec<ScheduledLine>>,
    /// Exactly these timeouts were cancelled, in this order.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Vec<String>")]
    pub cancelled: Option<Vec<String>>,
    /// Invariants, by their names, that hold afterwards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<String>,
}

/// How a command was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeWord {
    /// It was accepted, and there was nothing to record.
    AcceptedWithoutEvents,
    /// It was ignored.
    Ignored,
}

/// A timeout that was scheduled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduledLine {
    /// What it is for, as it is shown.
    pub timeout: String,
    /// When it is due, as RFC 3339 has it.
    pub due: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A member that is there has a value, and `null` is a value as any other.
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl ScenarioFile {
    /// A file about `subject` with one step.
    pub fn new(subject: impl Into<String>, given: Vec<GivenLine>, when: Vec<WhenLine>, then: Then) -> Self {
        Self {
            schema: None,
            format: FORMAT.to_owned(),
            subject: subject.into(),
            tells: None,
            stream: None,
            at: None,
            ids: 0,
            given,
            when,
            then,
            and: Vec::new(),
        }
    }

    /// Every step in order, with the JSON pointer of what holds it.
    pub fn steps(&self) -> impl Iterator<Item = (String, &[WhenLine], &Then)> {
        std::iter::once((String::new(), self.when.as_slice(), &self.then)).chain(
            self.and
                .iter()
                .enumerate()
                .map(|(index, step)| (format!("/and/{index}"), step.when.as_slice(), &step.then)),
        )
    }
}

impl EventTemplate {
    /// An event that means itself.
    pub fn literal(event_type: impl Into<String>, version: impl Into<Version>, data: &Value) -> Self {
        Self {
            event_type: event_type.into(),
            version: version.into(),
            data: Template::literal(data),
        }
    }
}

impl Then {
    /// The lists of events that are expected, each with the name of its member.
    pub(super) fn event_lists(&self) -> impl Iterator<Item = (&'static str, &Vec<EventTemplate>)> {
        [
            ("events", &self.events),
            ("events_unordered", &self.events_unordered),
            ("events_containing", &self.events_containing),
            ("events_starting_with", &self.events_starting_with),
        ]
        .into_iter()
        .filter_map(|(name, list)| list.as_ref().map(|list| (name, list)))
    }
}
