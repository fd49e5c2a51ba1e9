//! Reading a declarative upcaster: strictly, with the pointer of what is wrong.

use serde_json::{Map, Value};

use crate::json;
use crate::model::Version;
use crate::schema::Condition;

use super::plan::{Change, Ending, Kind, Operation, Otherwise, Part, Path, Plan, ToStream};

/// The major version of the format; a file of a later one is refused.
const MAJOR: &str = "1";
/// How deep operations nest.
const DEEPEST: usize = 32;

/// Where and why a file is no declarative upcaster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) line: Option<u64>,
    pub(super) pointer: String,
    pub(super) message: String,
}

/// Reads the file's text; `event_type` and `to` are what its name says.
pub(super) fn read(text: &[u8], event_type: &str, to: &Version) -> Result<Plan, Wrong> {
    let parsed = json::parse(text).map_err(|error| {
        let before = &text[..error.offset().min(text.len())];
        Wrong {
            line: Some(before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1),
            pointer: error.pointer().to_owned(),
            message: error.to_string(),
        }
    })?;
    let mut file = Object::new(&parsed.value, String::new())?;
    let format = file.text("format")?;
    if format.split('.').next() != Some(MAJOR) {
        return Err(file.wrong_at(
            "format",
            format!("is `{format}`, and this version reads {MAJOR}.x; use the pastproof that wrote the file"),
        ));
    }
    file.optional("$schema");
    file.optional("description");
    let whole = whole(file.list("operations")?, event_type, to)?;
    let back = match file.optional("back") {
        Some(back) => Some(changes(items(back)?, 0)?),
        None => None,
    };
    file.finish()?;
    if back.is_some() && !matches!(&whole.ending, Ending::One(..)) {
        return Err(Wrong {
            line: None,
            pointer: "/back".to_owned(),
            message: "there is no way back from a split or a drop".to_owned(),
        });
    }
    Ok(Plan { back, ..whole })
}

/// The operations of a file, with what the event is in the end.
fn whole(values: Vec<Located<'_>>, event_type: &str, to: &Version) -> Result<Plan, Wrong> {
    let mut operations = Vec::new();
    let (mut metadata, mut stream) = (Vec::new(), None);
    let mut ending = None;
    for (value, pointer) in values {
        if ending.is_some() {
            return Err(Wrong {
                line: None,
                pointer,
                message: "stands behind an operation that ends the file".to_owned(),
            });
        }
        let mut object = Object::new(value, pointer.clone())?;
        object.optional("note");
        match object.text("op")?.as_str() {
            "rename-type" => {
                let (event_type, version) = (object.text("to")?, object.version("version")?);
                ending = Some(Ending::One(event_type, version.unwrap_or_else(|| to.clone())));
            }
            "split" => {
                let mut parts = Vec::new();
                for (value, pointer) in object.list("into")? {
                    parts.push(part(value, pointer)?);
                }
                if parts.is_empty() {
                    return Err(object.wrong_at("into", "is empty; an event that becomes nothing is dropped"));
                }
                ending = Some(Ending::Split(parts));
            }
            "metadata" => metadata.extend(changes(object.list("operations")?, 0)?),
            "to-stream" => {
                let moved = ToStream {
                    prefix: object.text("prefix")?,
                    at: object.path("at")?,
                };
                if stream.replace(moved).is_some() {
                    return Err(object.wrong_at("op", "moves an event that is moved already"));
                }
            }
            "drop" => match object.condition("when")? {
                Some(condition) => operations.push(Operation {
                    pointer,
                    change: Change::DropWhen { condition },
                }),
                None => ending = Some(Ending::Nothing),
            },
            _ => {
                operations.push(change(value, pointer, 0)?);
                continue;
            }
        }
        object.finish()?;
    }
    Ok(Plan {
        operations,
        ending: ending.unwrap_or_else(|| Ending::One(event_type.to_owned(), to.clone())),
        metadata,
        stream,
        back: None,
    })
}

fn part(value: &Value, pointer: String) -> Result<Part, Wrong> {
    let mut object = Object::new(value, pointer)?;
    let part = Part {
        event_type: object.text("type")?,
        version: match object.version("version")? {
            Some(version) => version,
            None => return Err(object.missing("version")),
        },
        when: object.condition("when")?,
        operations: changes(object.list("operations")?, 0)?,
    };
    object.finish()?;
    Ok(part)
}

fn changes(values: Vec<Located<'_>>, depth: usize) -> Result<Vec<Operation>, Wrong> {
    values
        .into_iter()
        .map(|(value, pointer)| change(value, pointer, depth))
        .collect()
}

fn change(value: &Value, pointer: String, depth: usize) -> Result<Operation, Wrong> {
    let mut object = Object::new(value, pointer.clone())?;
    object.optional("note");
    let op = object.text("op")?;
    let change = match op.as_str() {
        "rename" => {
            let (at, to) = (object.path("at")?, object.text("to")?);
            if to.starts_with('/') {
                return Err(object.wrong_at(
                    "to",
                    "is a pointer; a renamed member stays where it is, and `move` takes it elsewhere",
                ));
            }
            Change::Rename { at, to }
        }
        "move" => {
            let (from, to) = (object.path("from")?, object.path("to")?);
            if to.starts_with(&from) {
                return Err(object.wrong_at(
                    "to",
                    "lies inside what is moved; `wrap` puts a value into an object",
                ));
            }
            Change::Move { from, to }
        }
        "add" => Change::Add {
            at: object.path("at")?,
            value: object.required("value")?.clone(),
        },
        "remove" => Change::Remove {
            at: object.path("at")?,
        },
        "wrap" => {
            let at = object.path("at")?;
            match object.optional("as") {
                None => Change::Wrap {
                    at,
                    member: object.text("in")?,
                },
                Some((Value::String(list), _)) if list == "list" => Change::List { at },
                Some((_, pointer)) => {
                    return Err(Wrong {
                        line: None,
                        pointer,
                        message: "is not `list`; `in` names the member of an object instead".to_owned(),
                    });
                }
            }
        }
        "hoist" => Change::Hoist {
            at: object.path("at")?,
            member: object.text("member")?,
        },
        "map" => map(&mut object)?,
        "convert" => {
            let (at, to) = (object.path("at")?, object.text("to")?);
            let kind = Kind::NAMES.iter().find(|(name, _)| *name == to);
            let Some((_, kind)) = kind else {
                return Err(object.wrong_at(
                    "to",
                    format!("is `{to}`; values are converted to string, integer, number or boolean"),
                ));
            };
            Change::Convert { at, to: *kind }
        }
        "each" => {
            if depth == DEEPEST {
                return Err(object.wrong_at("op", format!("nests deeper than {DEEPEST} levels")));
            }
            Change::Each {
                at: object.path("at")?,
                operations: changes(object.list("operations")?, depth + 1)?,
            }
        }
        "hole" => {
            let at = object.text("at")?;
            return Err(object.wrong_at(
                "op",
                format!("is a hole: no old event supplies {at}; decide on a value with `add`, or on where it comes from with `move` or `rename`"),
            ));
        }
        "rename-type" | "split" | "drop" | "metadata" | "to-stream" => {
            return Err(object.wrong_at(
                "op",
                format!("is `{op}`, which concerns the whole event and stands at the top only"),
            ));
        }
        _ => {
            return Err(object.wrong_at(
                "op",
                format!(
                    "is `{op}`, which is no operation; there are add, remove, rename, move, wrap, hoist, map, convert, each, metadata, to-stream, rename-type, split and drop"
                ),
            ));
        }
    };
    object.finish()?;
    Ok(Operation { pointer, change })
}

fn map(object: &mut Object<'_>) -> Result<Change, Wrong> {
    let at = object.path("at")?;
    let mut values = Vec::new();
    for (value, pointer) in object.list("values")? {
        let mut pair = Object::new(value, pointer)?;
        let (from, to) = (pair.required("from")?.clone(), pair.required("to")?.clone());
        pair.finish()?;
        if values.iter().any(|(known, _)| json::same(known, &from)) {
            return Err(pair.wrong_at("from", "is listed twice"));
        }
        values.push((from, to));
    }
    let otherwise = match (object.optional("otherwise"), object.optional("default")) {
        (None, None) => Otherwise::Refuse,
        (None, Some((value, _))) => Otherwise::Become(value.clone()),
        (Some((Value::String(what), _)), None) if what == "refuse" => Otherwise::Refuse,
        (Some((Value::String(what), _)), None) if what == "keep" => Otherwise::Keep,
        (Some((_, pointer)), _) => {
            return Err(Wrong {
                line: None,
                pointer,
                message: "is neither `refuse` nor `keep`; `default` gives a value instead".to_owned(),
            });
        }
    };
    Ok(Change::Map {
        at,
        values,
        otherwise,
    })
}

/// A value and its pointer in the file.
type Located<'a> = (&'a Value, String);

fn items((value, pointer): Located<'_>) -> Result<Vec<Located<'_>>, Wrong> {
    match value {
        Value::Array(items) => Ok(items
            .iter()
            .enumerate()
            .map(|(index, item)| (item, format!("{pointer}/{index}")))
            .collect()),
        _ => Err(Wrong {
            line: None,
            pointer,
            message: "is not an array".to_owned(),
        }),
    }
}

/// An object that is read member by member; what is left over is an error.
struct Object<'a> {
    members: &'a Map<String, Value>,
    pointer: String,
    read: Vec<&'static str>,
}

impl<'a> Object<'a> {
    fn new(value: &'a Value, pointer: String) -> Result<Self, Wrong> {
        match value {
            Value::Object(members) => Ok(Self {
                members,
                pointer,
                read: Vec::new(),
            }),
            _ => Err(Wrong {
                line: None,
                pointer,
                message: "is not an object".to_owned(),
            }),
        }
    }

    fn wrong_at(&self, name: &str, message: impl Into<String>) -> Wrong {
        Wrong {
            line: None,
            pointer: format!("{}/{name}", self.pointer),
            message: message.into(),
        }
    }

    fn missing(&self, name: &str) -> Wrong {
        Wrong {
            line: None,
            pointer: self.pointer.clone(),
            message: format!("has no member `{name}`"),
        }
    }

    fn optional(&mut self, name: &'static str) -> Option<Located<'a>> {
        self.read.push(name);
        let value = self.members.get(name)?;
        Some((value, format!("{}/{name}", self.pointer)))
    }

    fn required(&mut self, name: &'static str) -> Result<&'a Value, Wrong> {
        match self.optional(name) {
            Some((value, _)) => Ok(value),
            None => Err(self.missing(name)),
        }
    }

    fn text(&mut self, name: &'static str) -> Result<String, Wrong> {
        match self.required(name)? {
            Value::String(text) if !text.is_empty() => Ok(text.clone()),
            _ => Err(self.wrong_at(name, "is not a text, or an empty one")),
        }
    }

    fn list(&mut self, name: &'static str) -> Result<Vec<Located<'a>>, Wrong> {
        match self.optional(name) {
            Some(located) => items(located),
            None => Err(self.missing(name)),
        }
    }

    fn version(&mut self, name: &'static str) -> Result<Option<Version>, Wrong> {
        match self.optional(name) {
            None => Ok(None),
            Some((value, _)) => serde_json::from_value(value.clone())
                .map(Some)
                .map_err(|_| self.wrong_at(name, "is no version: a whole number or a text")),
        }
    }

    fn condition(&mut self, name: &'static str) -> Result<Option<Condition>, Wrong> {
        let Some((value, pointer)) = self.optional(name) else {
            return Ok(None);
        };
        Condition::new(value).map(Some).map_err(|(inner, message)| Wrong {
            line: None,
            pointer: format!("{pointer}{inner}"),
            message: format!("is no JSON Schema: {message}"),
        })
    }

    fn path(&mut self, name: &'static str) -> Result<Path, Wrong> {
        let text = self.text(name)?;
        let Some(steps) = text.strip_prefix('/') else {
            return Err(self.wrong_at(name, format!("is `{text}`; a JSON pointer starts with `/`")));
        };
        Ok(steps
            .split('/')
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect())
    }

    /// The members there are, in the order they were asked for.
    fn known(&self) -> String {
        let named: Vec<&str> = self.read.iter().copied().filter(|name| *name != "note").collect();
        named.join(", ")
    }

    /// Every member was read.
    fn finish(&self) -> Result<(), Wrong> {
        match self
            .members
            .keys()
            .find(|name| !self.read.contains(&name.as_str()))
        {
            None => Ok(()),
            Some(name) => Err(self.wrong_at(
                &name.replace('~', "~0").replace('/', "~1"),
                format!("is not known here; there are {}", self.known()),
            )),
        }
    }
}
