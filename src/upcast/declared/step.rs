//! A declarative upcaster as the step of an upcaster, and what is proved of it.

use std::sync::Arc;

use serde_json::Value;

use crate::model::Version;
use crate::schema::{Catalogue, Contract, common_form, included};

use super::super::error::{Failure, Kind};
use super::super::event::Upcast;
use super::super::upcaster::{Step, Stored, Upcaster};
use super::image::{Image, image};
use super::plan::{Change, Ending, Plan, ToStream, pointer};
use super::read::{self, Wrong};
use super::run::{self, Refusal};

/// Why a text is no declarative upcaster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct NotDeclared {
    pub(in super::super) line: Option<u64>,
    pub(in super::super) pointer: String,
    pub(in super::super) message: String,
}

impl From<Wrong> for NotDeclared {
    fn from(wrong: Wrong) -> Self {
        Self {
            line: wrong.line,
            pointer: wrong.pointer,
            message: wrong.message,
        }
    }
}

/// What can be said of a declarative upcaster without trying it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Proof {
    /// Why it is not proved; nothing when it is.
    pub(in super::super) open: Vec<String>,
    /// Operations that never find anything to do: pointers in the file.
    pub(in super::super) pointless: Vec<String>,
    /// Members that it says it takes away.
    pub(in super::super) removed: Vec<String>,
}

/// A plan that a file says.
#[derive(Clone, Debug)]
pub(in super::super) struct Declared(Arc<Plan>);

impl Declared {
    /// Reads the text of a file; `event_type` and `to` are what its name says.
    pub(in super::super) fn read(text: &[u8], event_type: &str, to: &Version) -> Result<Self, NotDeclared> {
        Ok(Self(Arc::new(read::read(text, event_type, to)?)))
    }

    /// The upcaster that stands in `file`.
    pub(in super::super) fn upcaster(self, event_type: &str, from: Version, file: String) -> Upcaster {
        let targets = self.0.targets();
        let step = Ops(Arc::clone(&self.0));
        let moves = self.0.stream.is_some();
        let upcaster =
            Upcaster::read_from(event_type.to_owned(), from, targets, file, step).declared_as(self);
        if moves { upcaster.moving() } else { upcaster }
    }

    /// Values that it treats apart, each with the pointer of its member, and the schemas that it decides by.
    pub(in super::super) fn aims(&self) -> (Vec<(String, Value)>, Vec<&Value>) {
        let mut values = Vec::new();
        let mut schemas = Vec::new();
        for operation in &self.0.operations {
            match &operation.change {
                Change::Map {
                    at, values: listed, ..
                } => {
                    values.extend(listed.iter().map(|(from, _)| (pointer(at), from.clone())));
                }
                Change::DropWhen { condition } => schemas.push(&condition.schema),
                _ => {}
            }
        }
        if let Ending::Split(parts) = &self.0.ending {
            schemas.extend(parts.iter().filter_map(|part| Some(&part.when.as_ref()?.schema)));
        }
        (values, schemas)
    }

    /// The way back of data that it made.
    pub(in super::super) fn back(&self, data: Value) -> Option<Result<Value, Failure>> {
        let back = self.0.back.as_ref()?;
        let mut data = data;
        Some(match run::run(back, &mut data) {
            Ok(_) => Ok(data),
            Err(refusal) => Err(refused(refusal)),
        })
    }

    /// Proves, or says why not, that no event that the writers of (`event_type`, `from`) emit is refused, and that
    /// all it makes of them is valid at the versions it claims.
    pub(in super::super) fn prove(&self, catalogue: &Catalogue, event_type: &str, from: &Version) -> Proof {
        let mut proof = Proof::default();
        let Some(old) = catalogue.get(event_type, from) else {
            proof
                .open
                .push(format!("the catalogue has no {event_type} {from} to start from"));
            return proof;
        };
        let image = common_form(&old.schema).and_then(|schema| image(&self.0, &schema));
        let Image {
            made,
            obligations,
            pointless,
            removed,
            ..
        } = match image {
            Ok(image) => image,
            Err(why) => {
                proof.open.push(why);
                return proof;
            }
        };
        proof.pointless = pointless.into_iter().collect();
        proof.removed = removed.into_iter().collect();
        for obligation in obligations {
            let held = included(&obligation.values, &obligation.within, Contract::WriterReader);
            if let Err((why, witness)) = held {
                let value = witness.map_or_else(String::new, |witness| format!(", as with {witness}"));
                proof.open.push(format!("{}: {why}{value}", obligation.says));
            }
        }
        for (event_type, version, schema) in made {
            let Some(target) = catalogue.get(&event_type, &version) else {
                proof.open.push(format!(
                    "the catalogue has no {event_type} {version} to compare with"
                ));
                continue;
            };
            if let Err((why, witness)) = included(&schema, &target.schema, Contract::WriterReader) {
                let value = witness.map_or_else(String::new, |witness| format!(", as with {witness}"));
                proof.open.push(format!(
                    "what it makes is not always a valid {event_type} {version}: {why}{value}"
                ));
            }
        }
        proof
    }
}

fn refused(refusal: Refusal) -> Failure {
    Failure::new(
        Kind::Refused,
        format!("refuses the event: the value {}", refusal.message),
    )
    .at(refusal.pointer)
}

struct Ops(Arc<Plan>);

impl Ops {
    /// The stream that an event with this data is moved to.
    fn stream(&self, data: &Value) -> Result<Option<String>, Failure> {
        let Some(ToStream { prefix, at }) = &self.0.stream else {
            return Ok(None);
        };
        let at = pointer(at);
        match data.pointer(&at) {
            Some(Value::String(text)) => Ok(Some(format!("{prefix}{text}"))),
            Some(Value::Number(number)) if number.is_u64() || number.is_i64() => {
                Ok(Some(format!("{prefix}{number}")))
            }
            _ => Err(refused(Refusal {
                pointer: at,
                message: "names no stream: it is neither a text nor a whole number".to_owned(),
            })),
        }
    }

    /// The metadata after what is done to it, where anything is.
    fn metadata(&self, stored: Stored<'_>) -> Result<Option<Value>, Failure> {
        if self.0.metadata.is_empty() {
            return Ok(None);
        }
        let text = stored.envelope.metadata.map_or("{}", |raw| raw.get());
        let mut metadata = match crate::json::parse(text.as_bytes()) {
            Ok(parsed) if parsed.value.is_null() => Value::Object(serde_json::Map::new()),
            Ok(parsed) => parsed.value,
            Err(error) => {
                return Err(Failure::new(
                    Kind::Refused,
                    format!("cannot read the metadata: {error}"),
                ));
            }
        };
        run::run(&self.0.metadata, &mut metadata).map_err(refused)?;
        Ok(Some(metadata))
    }

    fn made(&self, data: Value) -> Result<Vec<Upcast>, Failure> {
        let mut data = data;
        if !run::run(&self.0.operations, &mut data).map_err(refused)? {
            return Ok(Vec::new());
        }
        match &self.0.ending {
            Ending::One(event_type, version) => {
                Ok(vec![Upcast::new(event_type.as_str(), version.clone(), data)])
            }
            Ending::Split(parts) => {
                let mut made = Vec::with_capacity(parts.len());
                for part in parts {
                    if part.when.as_ref().is_some_and(|when| !when.holds(&data)) {
                        continue;
                    }
                    let mut data = data.clone();
                    run::run(&part.operations, &mut data).map_err(refused)?;
                    made.push(Upcast::new(part.event_type.as_str(), part.version.clone(), data));
                }
                Ok(made)
            }
            Ending::Nothing => Ok(Vec::new()),
        }
    }
}

impl Step for Ops {
    fn run(&self, data: Value, stored: Stored<'_>) -> Result<Vec<Upcast>, Failure> {
        let (stream, metadata) = (self.stream(&data)?, self.metadata(stored)?);
        let mut made = self.made(data)?;
        for event in &mut made {
            event.stream.clone_from(&stream);
            event.metadata.clone_from(&metadata);
        }
        Ok(made)
    }
}
