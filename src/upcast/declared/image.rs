//! What operations make of a whole schema: the image, which accepts whatever they make of any value it accepts.
//!
//! The idea is Cambria's, whose lenses act on schemas as they act on data (Litt, van Hardenberg and Henry,
//! "Project Cambria: Translate your data with lenses", 2020). Here an image may be wider than what really comes out,
//! never narrower, so that an image inside a schema is a proof. What cannot be followed is said, and proves nothing.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::places::{
    Place, Presence, Taken, any_of, free, is_null, member, object, presence, put, shown, take, without,
};
use super::plan::{Change, Ending, Operation, Path, Plan, pointer};

/// What is known of a plan on every value of a schema.
#[derive(Debug, Default)]
pub(super) struct Image {
    /// For each event it may make: its type and version, and the schema of its data.
    pub(super) made: Vec<(String, crate::model::Version, Value)>,
    /// Every value of the first must be one of the second, or the plan refuses some value.
    pub(super) obligations: Vec<Obligation>,
    /// Operations whose place no value has: pointers in the file.
    pub(super) pointless: BTreeSet<String>,
    /// Members of the old data that do not get into the new.
    pub(super) removed: BTreeSet<String>,
    /// Members of the new data that are the same in every event.
    pub(super) invented: BTreeSet<String>,
}

/// An inclusion that has to hold.
#[derive(Debug)]
pub(super) struct Obligation {
    pub(super) values: Value,
    pub(super) within: Value,
    pub(super) says: String,
}

/// The image of `schema`, which is in the common form; or why it cannot be followed.
pub(super) fn image(plan: &Plan, schema: &Value) -> Result<Image, String> {
    let mut body = schema.clone();
    let definitions = match &mut body {
        Value::Object(members) => match members.remove("$defs") {
            Some(Value::Object(definitions)) => definitions,
            _ => Map::new(),
        },
        _ => Map::new(),
    };
    let mut follower = Follower {
        definitions,
        image: Image::default(),
        touched: BTreeSet::new(),
        all: BTreeSet::new(),
    };
    if let Some(stream) = &plan.stream {
        let named = json!({"type": ["string", "integer"]});
        let within = stream.at.iter().rev().fold(
            named,
            |inner, name| json!({"type": "object", "properties": {name: inner}, "required": [name]}),
        );
        let says = format!("{} names a stream", shown(&stream.at));
        follower.must(body.clone(), within, says);
    }
    let body = follower.operations(&plan.operations, body)?;
    match &plan.ending {
        Ending::One(event_type, version) => follower.makes(event_type, version, body),
        Ending::Split(parts) => {
            for part in parts {
                let here = match &part.when {
                    None => body.clone(),
                    Some(when) => json!({"allOf": [body.clone(), when.schema.clone()]}),
                };
                let here = follower.operations(&part.operations, here)?;
                follower.makes(&part.event_type, &part.version, here);
            }
        }
        Ending::Nothing => {}
    }
    follower.image.pointless = follower.all.difference(&follower.touched).cloned().collect();
    Ok(follower.image)
}

/// Works on an object that can hold a name.
type AtParent<'a> = dyn FnMut(&mut Follower, &mut Map<String, Value>, &String) -> Result<(), String> + 'a;

pub(super) struct Follower {
    pub(super) definitions: Map<String, Value>,
    pub(super) image: Image,
    /// Operations that found something to do somewhere.
    touched: BTreeSet<String>,
    all: BTreeSet<String>,
}

impl Follower {
    fn makes(&mut self, event_type: &str, version: &crate::model::Version, body: Value) {
        let schema = self.standing(body);
        self.image
            .made
            .push((event_type.to_owned(), version.clone(), schema));
    }

    /// A schema that stands on its own.
    fn standing(&self, body: Value) -> Value {
        let mut members = match body {
            Value::Object(members) => members,
            Value::Bool(false) => Map::from_iter([("not".to_owned(), json!({}))]),
            _ => Map::new(),
        };
        if !self.definitions.is_empty() {
            members.insert("$defs".to_owned(), Value::Object(self.definitions.clone()));
        }
        Value::Object(members)
    }

    pub(super) fn operations(&mut self, operations: &[Operation], schema: Value) -> Result<Value, String> {
        let mut schema = schema;
        for operation in operations {
            self.all.insert(operation.pointer.clone());
            let mut made = Vec::new();
            for alternative in self.alternatives(&schema)? {
                made.push(
                    self.change(operation, alternative)
                        .map_err(|why| format!("{}: {why}", operation.pointer))?,
                );
            }
            schema = any_of(made);
        }
        Ok(schema)
    }

    /// One operation on one alternative.
    fn change(&mut self, operation: &Operation, schema: Value) -> Result<Value, String> {
        let touched = |follower: &mut Self, found: bool| {
            if found {
                follower.touched.insert(operation.pointer.clone());
            }
        };
        match &operation.change {
            Change::Rename { at, to } => {
                let mut found = false;
                let schema = self.at_parent(&schema, at, &mut |_, members, name| {
                    let Some((value, presence)) = take(members, name) else {
                        return Ok(());
                    };
                    found = true;
                    if name != to {
                        free(members, to)?;
                    }
                    put(members, to, value, presence);
                    Ok(())
                })?;
                touched(self, found);
                Ok(schema)
            }
            Change::Move { from, to } => {
                let mut taken: Vec<Taken> = Vec::new();
                let schema = self.at_parent(&schema, from, &mut |_, members, name| {
                    let found = take(members, name);
                    taken.push(found);
                    Ok(())
                })?;
                let all = taken.len();
                let found: Vec<(Value, Presence)> = taken.into_iter().flatten().collect();
                if found.is_empty() {
                    return Ok(schema);
                }
                touched(self, true);
                let always = found.len() == all
                    && found.iter().all(|(_, presence)| *presence == Presence::Always)
                    && self.always_there(&schema, &from[..from.len() - 1])?;
                let presence = if always { Presence::Always } else { Presence::Maybe };
                let value = any_of(found.into_iter().map(|(value, _)| value).collect());
                self.put_at(&schema, to, &value, presence, true)
            }
            Change::Add { at, value } => {
                let constant = json!({ "const": value });
                touched(self, true);
                if !self.declares(&schema, at)? {
                    self.image.invented.insert(pointer(at));
                }
                self.put_at(&schema, at, &constant, Presence::Always, false)
            }
            Change::Remove { at } => {
                let mut found = false;
                let schema = self.at_parent(&schema, at, &mut |_, members, name| {
                    found |= take(members, name).is_some();
                    Ok(())
                })?;
                touched(self, found);
                if found {
                    self.image.removed.insert(pointer(at));
                }
                Ok(schema)
            }
            Change::Wrap { at, member } => self.each_value(operation, &schema, at, &mut |_, value| {
                let mut members = Map::new();
                members.insert("type".to_owned(), json!("object"));
                members.insert("additionalProperties".to_owned(), json!(false));
                put(&mut members, member, value, Presence::Always);
                Ok(Some((Value::Object(members), Presence::Always)))
            }),
            Change::List { at } => self.each_value(operation, &schema, at, &mut |_, value| {
                Ok(Some((
                    json!({"type": "array", "items": value, "minItems": 1, "maxItems": 1}),
                    Presence::Always,
                )))
            }),
            Change::Hoist { at, member } => {
                self.each_value(operation, &schema, at, &mut |follower, value| {
                    follower.hoisted(&value, member, at)
                })
            }
            Change::Map {
                at,
                values,
                otherwise,
            } => self.each_value(operation, &schema, at, &mut |follower, value| {
                Ok(Some((
                    follower.mapped(value, values, otherwise, at)?,
                    Presence::Always,
                )))
            }),
            Change::Convert { at, to } => self.each_value(operation, &schema, at, &mut |follower, value| {
                let mut made = Vec::new();
                for alternative in follower.alternatives(&value)? {
                    made.push(follower.converted(alternative, *to, at)?);
                }
                Ok(Some((any_of(made), Presence::Always)))
            }),
            Change::Each { at, operations } => {
                self.each_value(operation, &schema, at, &mut |follower, value| {
                    let mut made = Vec::new();
                    for alternative in follower.alternatives(&value)? {
                        made.push(follower.items(alternative, operations, at)?);
                    }
                    Ok(Some((any_of(made), Presence::Always)))
                })
            }
            Change::DropWhen { condition } => {
                touched(self, true);
                Ok(without(schema, condition))
            }
        }
    }

    /// Puts what `f` makes of the value at `at` in its place.
    fn each_value(
        &mut self,
        operation: &Operation,
        schema: &Value,
        at: &Path,
        f: &mut dyn FnMut(&mut Self, Value) -> Result<Taken, String>,
    ) -> Result<Value, String> {
        let mut found = false;
        let schema = self.at_parent(schema, at, &mut |follower, members, name| {
            let Some((value, presence)) = take(members, name) else {
                return Ok(());
            };
            found = true;
            if let Some((value, made)) = f(follower, value)? {
                let presence = if made == Presence::Always { presence } else { made };
                put(members, name, value, presence);
            }
            Ok(())
        })?;
        if found {
            self.touched.insert(operation.pointer.clone());
        }
        Ok(schema)
    }

    /// Hands every object that can hold the last name of `path` to `f`.
    fn at_parent(&mut self, schema: &Value, path: &[String], f: &mut AtParent<'_>) -> Result<Value, String> {
        self.descend(schema, path, 0, f)
    }

    fn descend(
        &mut self,
        schema: &Value,
        path: &[String],
        depth: usize,
        f: &mut AtParent<'_>,
    ) -> Result<Value, String> {
        let name = &path[depth];
        let mut made = Vec::new();
        for alternative in self.alternatives(schema)? {
            let mut members = match object(alternative, &path[..depth])? {
                Place::Null(null) => {
                    made.push(null);
                    continue;
                }
                Place::Object(members) => members,
            };
            if depth + 1 == path.len() {
                f(self, &mut members, name)?;
            } else if let Some(below) = member(&members, name) {
                let below = self.descend(&below, path, depth + 1, f)?;
                let presence = presence(&members, name);
                put(&mut members, name, below, presence);
            }
            made.push(Value::Object(members));
        }
        Ok(any_of(made))
    }

    /// Puts a value at a path, where it may be there already (`exclusive` says it must not).
    fn put_at(
        &mut self,
        schema: &Value,
        path: &[String],
        value: &Value,
        there: Presence,
        exclusive: bool,
    ) -> Result<Value, String> {
        self.put_below(schema, path, 0, value, there, exclusive)
    }

    fn put_below(
        &mut self,
        schema: &Value,
        path: &[String],
        depth: usize,
        value: &Value,
        there: Presence,
        exclusive: bool,
    ) -> Result<Value, String> {
        let name = &path[depth];
        let mut made = Vec::new();
        for alternative in self.alternatives(schema)? {
            let Place::Object(mut members) = object(alternative, &path[..depth])? else {
                return Err(format!(
                    "{} can be null, and nothing can be put into it",
                    shown(&path[..depth])
                ));
            };
            let known = member(&members, name);
            let before = presence(&members, name);
            if depth + 1 == path.len() {
                match known {
                    None => {
                        free(&members, name)?;
                        put(&mut members, name, value.clone(), there);
                    }
                    Some(_) if exclusive => {
                        return Err(format!("there can be a value at {} already", shown(path)));
                    }
                    Some(known) => {
                        let both = match before {
                            Presence::Always => known,
                            Presence::Maybe => any_of(vec![known, value.clone()]),
                        };
                        put(&mut members, name, both, Presence::Always);
                    }
                }
            } else {
                // The objects on the way are made where they are absent.
                let alone = path[depth + 1..].iter().rev().fold(value.clone(), |inner, name| {
                    let mut members = Map::from_iter([("type".to_owned(), json!("object"))]);
                    put(&mut members, name, inner, Presence::Always);
                    Value::Object(members)
                });
                let (below, after) = match known {
                    None => {
                        free(&members, name)?;
                        (alone, there)
                    }
                    Some(known) => {
                        let into = self.put_below(&known, path, depth + 1, value, there, exclusive)?;
                        match before {
                            Presence::Always => (into, Presence::Always),
                            Presence::Maybe => (any_of(vec![into, alone]), there),
                        }
                    }
                };
                put(&mut members, name, below, after);
            }
            made.push(Value::Object(members));
        }
        Ok(any_of(made))
    }

    /// Whether there is an object at `path` in every value.
    fn always_there(&mut self, schema: &Value, path: &[String]) -> Result<bool, String> {
        let Some((name, rest)) = path.split_first() else {
            return Ok(true);
        };
        for alternative in self.alternatives(schema)? {
            let Place::Object(members) = object(alternative, &[])? else {
                return Ok(false);
            };
            match member(&members, name) {
                Some(below) if presence(&members, name) == Presence::Always => {
                    if self.alternatives(&below)?.iter().any(is_null) || !self.always_there(&below, rest)? {
                        return Ok(false);
                    }
                }
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Whether any value can have something at `path`.
    fn declares(&mut self, schema: &Value, path: &[String]) -> Result<bool, String> {
        let Some((name, rest)) = path.split_first() else {
            return Ok(true);
        };
        for alternative in self.alternatives(schema)? {
            if let Ok(Place::Object(members)) = object(alternative, &[])
                && let Some(below) = member(&members, name)
                && self.declares(&below, rest)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn must(&mut self, values: Value, within: Value, says: String) {
        let values = self.standing(values);
        self.image.obligations.push(Obligation { values, within, says });
    }
}
