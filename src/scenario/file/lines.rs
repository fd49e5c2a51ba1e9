//! What is given and what is asked, line by line.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Version;

use super::Template;
use super::format::{EventTemplate, VersionSchema, present};

/// A part of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "GivenWire", into = "GivenWire")]
#[schemars(!try_from, !into, untagged, deny_unknown_fields)]
pub enum GivenLine {
    /// An event as it is stored, at whatever version it was written.
    Event(GivenEvent),
    /// A command that has to be accepted; its events are the history.
    Command {
        /// The command, as its type is read from JSON.
        command: Template,
    },
    /// The end of another scenario, which has to hold.
    Scenario {
        /// Its name, which is its path below the folder of scenarios without `.json`.
        scenario: String,
    },
    /// What time it is for what follows.
    Time {
        /// As RFC 3339 has it.
        time: String,
    },
}

/// A given event, and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenEvent {
    /// The stored name of its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version that the data is at.
    #[schemars(with = "VersionSchema")]
    pub version: Version,
    /// Its data.
    #[serde(deserialize_with = "Template::deserialize")]
    pub data: Template,
    /// The stream that it is in. The first one that is named is the subject's own.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schemars(with = "String")]
    pub stream: Option<String>,
    /// The domain ids that it carries, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, TagValues>,
}

/// The values that a tag has: one text, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "TagWire", into = "TagWire")]
#[schemars(!try_from, !into, with = "TagWire", inline)]
pub struct TagValues(Vec<String>);

/// Something that is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "WhenWire", into = "WhenWire")]
#[schemars(!try_from, !into, untagged, deny_unknown_fields)]
pub enum WhenLine {
    /// A command, for those that are asked commands.
    Command {
        /// The command, as its type is read from JSON.
        command: Template,
    },
    /// An event, for those that follow events.
    Event(EventTemplate),
    /// Time passes to a moment, with every timeout that becomes due.
    Time {
        /// The moment, as RFC 3339 has it.
        time: String,
    },
    /// Time passes for a while, with every timeout that becomes due.
    Passing {
        /// How long, as ISO 8601 has it: `"PT48H"`, `"P2DT12H"`.
        passes: String,
    },
    /// A question to a read model.
    Query {
        /// The question under its name, as in `{"due": {"above": 500}}`; the name alone where there is no more to say.
        query: Template,
    },
}

impl TagValues {
    /// These values; none where there are none.
    pub fn new(values: Vec<String>) -> Option<Self> {
        (!values.is_empty()).then_some(Self(values))
    }

    /// The values, in their order.
    pub fn values(&self) -> &[String] {
        &self.0
    }
}

impl GivenEvent {
    /// The event itself.
    pub fn event(&self) -> EventTemplate {
        EventTemplate {
            event_type: self.event_type.clone(),
            version: self.version.clone(),
            data: self.data.clone(),
        }
    }
}

impl From<EventTemplate> for GivenEvent {
    fn from(event: EventTemplate) -> Self {
        Self {
            event_type: event.event_type,
            version: event.version,
            data: event.data,
            stream: None,
            tags: BTreeMap::new(),
        }
    }
}

impl WhenLine {
    /// A command that means itself.
    pub fn command(command: &Value) -> Self {
        Self::Command {
            command: Template::literal(command),
        }
    }
}

/// The values of a tag as they are written.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum TagWire {
    One(String),
    Several(#[schemars(length(min = 1))] Vec<String>),
}

impl TryFrom<TagWire> for TagValues {
    type Error = &'static str;

    fn try_from(wire: TagWire) -> Result<Self, &'static str> {
        match wire {
            TagWire::One(value) => Ok(Self(vec![value])),
            TagWire::Several(values) if values.is_empty() => Err("a tag has a value; leave the tag out"),
            TagWire::Several(values) => Ok(Self(values)),
        }
    }
}

impl From<TagValues> for TagWire {
    fn from(TagValues(mut values): TagValues) -> Self {
        match (values.len(), values.pop()) {
            (1, Some(only)) => Self::One(only),
            (_, last) => {
                values.extend(last);
                Self::Several(values)
            }
        }
    }
}

/// A given line before it is known what it is, so that a mistake in it is told in its own words.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenWire {
    #[serde(
        rename = "type",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    event_type: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    version: Option<Version>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    data: Option<Template>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    command: Option<Template>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    scenario: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    stream: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    tags: Option<BTreeMap<String, TagValues>>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    time: Option<String>,
}

/// The same for what is asked.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhenWire {
    #[serde(
        rename = "type",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    event_type: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    version: Option<Version>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    data: Option<Template>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    command: Option<Template>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    time: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    passes: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    query: Option<Template>,
}

/// The event that these members are; none where there are none of them.
fn event_of(
    event_type: Option<String>,
    version: Option<Version>,
    data: Option<Template>,
) -> Result<Option<EventTemplate>, &'static str> {
    match (event_type, version, data) {
        (None, None, None) => Ok(None),
        (Some(event_type), Some(version), Some(data)) => Ok(Some(EventTemplate {
            event_type,
            version,
            data,
        })),
        (None, _, _) => Err("an event lacks its `type`"),
        (_, None, _) => Err("an event lacks its `version`"),
        (_, _, None) => Err("an event lacks its `data`"),
    }
}

impl TryFrom<GivenWire> for GivenLine {
    type Error = &'static str;

    fn try_from(wire: GivenWire) -> Result<Self, &'static str> {
        let event = event_of(wire.event_type, wire.version, wire.data)?;
        if event.is_none() && (wire.stream.is_some() || wire.tags.is_some()) {
            return Err("`stream` and `tags` belong to an event, which has `type`, `version` and `data`");
        }
        match (event, wire.command, wire.scenario, wire.time) {
            (Some(event), None, None, None) => Ok(Self::Event(GivenEvent {
                stream: wire.stream,
                tags: wire.tags.unwrap_or_default(),
                ..event.into()
            })),
            (None, Some(command), None, None) => Ok(Self::Command { command }),
            (None, None, Some(scenario), None) => Ok(Self::Scenario { scenario }),
            (None, None, None, Some(time)) => Ok(Self::Time { time }),
            (None, None, None, None) => Err(
                "nothing is given here; an event has `type`, `version` and `data`, a command `command`, a time `time`",
            ),
            _ => Err("an event, a command, a scenario and a time are lines of their own"),
        }
    }
}

impl From<GivenLine> for GivenWire {
    fn from(line: GivenLine) -> Self {
        match line {
            GivenLine::Event(event) => Self {
                event_type: Some(event.event_type),
                version: Some(event.version),
                data: Some(event.data),
                stream: event.stream,
                tags: (!event.tags.is_empty()).then_some(event.tags),
                ..Self::default()
            },
            GivenLine::Command { command } => Self {
                command: Some(command),
                ..Self::default()
            },
            GivenLine::Scenario { scenario } => Self {
                scenario: Some(scenario),
                ..Self::default()
            },
            GivenLine::Time { time } => Self {
                time: Some(time),
                ..Self::default()
            },
        }
    }
}

impl TryFrom<WhenWire> for WhenLine {
    type Error = &'static str;

    fn try_from(wire: WhenWire) -> Result<Self, &'static str> {
        let event = event_of(wire.event_type, wire.version, wire.data)?;
        let lines = [
            event.map(Self::Event),
            wire.command.map(|command| Self::Command { command }),
            wire.time.map(|time| Self::Time { time }),
            wire.passes.map(|passes| Self::Passing { passes }),
            wire.query.map(|query| Self::Query { query }),
        ];
        let mut lines = lines.into_iter().flatten();
        match (lines.next(), lines.next()) {
            (Some(line), None) => Ok(line),
            (Some(_), Some(_)) => {
                Err("a command, an event, a question and time passing are lines of their own")
            }
            (None, _) => Err(
                "nothing is asked here; a command has `command`, an event `type`, `version` and `data`, a question `query`, passing time `time` or `passes`",
            ),
        }
    }
}

impl From<WhenLine> for WhenWire {
    fn from(line: WhenLine) -> Self {
        let mut wire = Self::default();
        match line {
            WhenLine::Event(event) => {
                wire.event_type = Some(event.event_type);
                wire.version = Some(event.version);
                wire.data = Some(event.data);
            }
            WhenLine::Command { command } => wire.command = Some(command),
            WhenLine::Time { time } => wire.time = Some(time),
            WhenLine::Passing { passes } => wire.passes = Some(passes),
            WhenLine::Query { query } => wire.query = Some(query),
        }
        wire
    }
}
