//! A jq program as the step of an upcaster.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::json;
use crate::model::{Flag, Version};

use super::super::error::{Failure, Kind};
use super::super::event::Upcast;
use super::super::upcaster::{Step, Stored, Upcaster};
use super::Fence;

/// What starts a line in the head of a program that names one thing the program makes.
const MAKES: &str = "makes:";

impl Upcaster {
    /// A jq program that makes version `to` of the same type; `origin` is the file it was read from.
    ///
    /// The program's input is the data. `$event` is what else is stored: an object with the members of a recorded
    /// line (`s`, `c`, `n`, `g`, `i`, `t`, `v`, `at`, `tags`, `m`, `x`) as far as they are known, without data.
    /// Each output is the data of one event at version `to`; no output drops the event. The program sees nothing
    /// else, and runs inside `fence`.
    ///
    /// A program that makes other types or versions says so in its head, one comment line for each, or
    /// `# makes: nothing`, and wraps such an output as `{"$type", "$version", "data"}`:
    ///
    /// ```jq
    /// # makes: ParcelRefused 1
    /// # makes: ReturnOrdered 1
    /// {"$type": "ParcelRefused", "$version": 1, data: {reason}},
    /// {"$type": "ReturnOrdered", "$version": 1, data: {to: .sender}}
    /// ```
    ///
    /// With such lines they are all that the program may make. What is wrong with the program itself is told by
    /// [`Chains::check`](super::super::Chains::check), and by every event that meets it.
    pub fn jq(
        event_type: impl Into<String>,
        from: impl Into<Version>,
        to: impl Into<Version>,
        program: impl Into<String>,
        origin: impl Into<String>,
        fence: Arc<Fence>,
    ) -> Self {
        let target = (event_type.into(), to.into());
        let program: Arc<str> = program.into().into();
        let (targets, wrong) = match made(&program) {
            Ok(targets) => (targets.unwrap_or_else(|| vec![target.clone()]), None),
            Err(line) => (vec![target.clone()], Some(line)),
        };
        let runs_inside = Arc::clone(&fence);
        let upcaster = Self::read_from(
            target.0.clone(),
            from.into(),
            targets,
            origin.into(),
            Jq {
                target,
                program,
                wrong,
                fence,
            },
        );
        upcaster.within(runs_inside)
    }
}

/// What the lines in the program's head name, if there are any; the number of a line that names nothing sound.
fn made(program: &str) -> Result<Option<Vec<(String, Version)>>, u64> {
    let mut targets = None;
    for (line, number) in program.lines().map(str::trim).zip(1_u64..) {
        let Some(comment) = line.strip_prefix('#') else {
            if line.is_empty() {
                continue;
            }
            break;
        };
        let Some(named) = comment.trim_start().strip_prefix(MAKES) else {
            continue;
        };
        let targets = targets.get_or_insert_with(Vec::new);
        let named = named.trim();
        if named == "nothing" {
            continue;
        }
        let (event_type, version) = named.rsplit_once(char::is_whitespace).ok_or(number)?;
        let version = version
            .parse()
            .map_or_else(|_| Version::from(version.to_owned()), Version::Number);
        targets.push((event_type.trim_end().to_owned(), version));
    }
    Ok(targets)
}

struct Jq {
    /// What an output without a wrapper is.
    target: (String, Version),
    program: Arc<str>,
    /// A line in the head that cannot be read.
    wrong: Option<u64>,
    fence: Arc<Fence>,
}

impl Jq {
    fn head(&self) -> Result<(), (Failure, Option<u64>)> {
        match self.wrong {
            None => Ok(()),
            Some(line) => Err((
                Failure::new(
                    Kind::Program,
                    format!("does not compile: line {line}: expected `# {MAKES} TYPE VERSION`"),
                ),
                Some(line),
            )),
        }
    }

    /// The event that one output of the program stands for.
    fn event(&self, output: Value) -> Result<Upcast, Failure> {
        let wrapped = output.as_object().is_some_and(|members| {
            members.contains_key("$type")
                && (members.contains_key("$version") || members.contains_key("data"))
        });
        match output {
            Value::Object(members) if wrapped => unwrap(members).ok_or_else(|| {
                Failure::new(
                    Kind::Refused,
                    "makes an event that has not exactly `$type`, `$version` and `data`",
                )
            }),
            data => Ok(Upcast::new(self.target.0.clone(), self.target.1.clone(), data)),
        }
    }
}

fn unwrap(mut members: Map<String, Value>) -> Option<Upcast> {
    let event_type = members.remove("$type")?.as_str()?.to_owned();
    let version: Version = serde_json::from_value(members.remove("$version")?).ok()?;
    let data = members.remove("data")?;
    members.is_empty().then(|| Upcast::new(event_type, version, data))
}

impl Step for Jq {
    fn prepare(&self) -> Result<(), (Failure, Option<u64>)> {
        self.head()?;
        self.fence.prepare(&self.program)
    }

    fn run(&self, data: Value, stored: Stored<'_>) -> Result<Vec<Upcast>, Failure> {
        self.head().map_err(|(failure, _)| failure)?;
        // Members in the order of their names: what a program sees of an object's order must not depend on how
        // this library was built.
        let data = json::canonical(&data)
            .map_err(|error| Failure::new(Kind::Refused, format!("cannot hand over the event: {error}")))?;
        let event = serde_json::to_string(&Event::from(stored)).map_err(|error| {
            Failure::new(
                Kind::Refused,
                format!("cannot hand over what is stored beside the data: {error}"),
            )
        })?;
        let outputs = self.fence.run(&self.program, &data, &event)?;
        outputs.into_iter().map(|output| self.event(output)).collect()
    }
}

/// `$event`: a recorded line without its data.
#[derive(Serialize)]
struct Event<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    g: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    i: Option<&'a str>,
    t: &'a str,
    v: &'a Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    m: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "<[Flag]>::is_empty")]
    x: &'a [Flag],
}

impl<'a> From<Stored<'a>> for Event<'a> {
    fn from(stored: Stored<'a>) -> Self {
        let envelope = stored.envelope;
        Self {
            s: envelope.stream,
            c: envelope.category,
            n: envelope.revision,
            g: envelope.global,
            i: envelope.id,
            t: stored.event_type,
            v: stored.version,
            at: envelope.recorded_at,
            tags: envelope.tags,
            m: envelope.metadata,
            x: envelope.flags,
        }
    }
}
