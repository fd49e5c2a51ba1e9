//! Operations on data.

use serde_json::{Map, Number, Value};

use crate::json;

use super::plan::{Change, Kind, Operation, Otherwise, pointer};

/// Why the data is refused, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) pointer: String,
    pub(super) message: String,
}

fn refuse<T>(at: impl Into<String>, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        pointer: at.into(),
        message: message.into(),
    })
}

/// Takes the operations in order. Comes back with whether there still is an event.
pub(super) fn run(operations: &[Operation], data: &mut Value) -> Result<bool, Refusal> {
    for operation in operations {
        if let Change::DropWhen { condition } = &operation.change {
            if condition.holds(data) {
                return Ok(false);
            }
        } else {
            change(&operation.change, data)?;
        }
    }
    Ok(true)
}

fn change(change: &Change, data: &mut Value) -> Result<(), Refusal> {
    match change {
        Change::Rename { at, to } => {
            let Some((parent, name)) = parent(data, at)? else {
                return Ok(());
            };
            let Some(value) = parent.remove(name) else {
                return Ok(());
            };
            if name != to && parent.contains_key(to) {
                let above = &at[..at.len() - 1];
                return refuse(pointer(above), format!("has both `{name}` and `{to}`"));
            }
            parent.insert(to.clone(), value);
        }
        Change::Move { from, to } => {
            let Some((source, name)) = parent(data, from)? else {
                return Ok(());
            };
            let Some(value) = source.remove(name) else {
                return Ok(());
            };
            if !put(data, to, value)? {
                return refuse(pointer(to), "there is a value already");
            }
        }
        Change::Add { at, value } => {
            put(data, at, value.clone())?;
        }
        Change::Remove { at } => {
            if let Some((parent, name)) = parent(data, at)? {
                parent.remove(name);
            }
        }
        Change::Wrap { at, member } => replace(data, at, |value| {
            Ok(Some(Value::Object(Map::from_iter([(member.clone(), value)]))))
        })?,
        Change::List { at } => replace(data, at, |value| Ok(Some(Value::Array(vec![value]))))?,
        Change::Hoist { at, member } => replace(data, at, |value| match value {
            Value::Object(mut members) => Ok(members.remove(member)),
            Value::Null => Ok(Some(Value::Null)),
            _ => refuse(pointer(at), "is not an object"),
        })?,
        Change::Map {
            at,
            values,
            otherwise,
        } => replace(data, at, |value| mapped(value, values, otherwise, at).map(Some))?,
        Change::Convert { at, to } => replace(data, at, |value| {
            converted(value, *to)
                .map(Some)
                .or_else(|why| refuse(pointer(at), why))
        })?,
        Change::Each { at, operations } => replace(data, at, |value| match value {
            Value::Array(mut items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    run(operations, item).map_err(|refusal| Refusal {
                        pointer: format!("{}/{index}{}", pointer(at), refusal.pointer),
                        message: refusal.message,
                    })?;
                }
                Ok(Some(Value::Array(items)))
            }
            Value::Null => Ok(Some(Value::Null)),
            _ => refuse(pointer(at), "is not an array"),
        })?,
        // Only at the top, where it ends the run.
        Change::DropWhen { .. } => {}
    }
    Ok(())
}

/// An object and a name in it.
type Parent<'d, 'p> = Option<(&'d mut Map<String, Value>, &'p String)>;

/// The object that holds the last name of `path`; none where something on the way is absent or null.
fn parent<'d, 'p>(data: &'d mut Value, path: &'p [String]) -> Result<Parent<'d, 'p>, Refusal> {
    let Some((name, above)) = path.split_last() else {
        return Ok(None);
    };
    let mut value = data;
    for (depth, step) in above.iter().enumerate() {
        value = match value {
            Value::Object(members) => match members.get_mut(step) {
                Some(next) => next,
                None => return Ok(None),
            },
            Value::Null => return Ok(None),
            _ => return refuse(pointer(&above[..depth]), "is not an object"),
        };
    }
    match value {
        Value::Object(members) => Ok(Some((members, name))),
        Value::Null => Ok(None),
        _ => refuse(pointer(above), "is not an object"),
    }
}

/// Puts a value where there is none, with the objects on the way to it. Answers whether there was none.
fn put(data: &mut Value, path: &[String], new: Value) -> Result<bool, Refusal> {
    let mut value = data;
    for (depth, step) in path.iter().enumerate() {
        let Value::Object(members) = value else {
            return refuse(pointer(&path[..depth]), "is not an object");
        };
        let last = depth + 1 == path.len();
        if last && members.contains_key(step) {
            return Ok(false);
        }
        value = members
            .entry(step.clone())
            .or_insert_with(|| Value::Object(Map::new()));
    }
    *value = new;
    Ok(true)
}

/// Puts what `f` makes of a member in its place; nothing removes it.
fn replace(
    data: &mut Value,
    at: &[String],
    f: impl FnOnce(Value) -> Result<Option<Value>, Refusal>,
) -> Result<(), Refusal> {
    let Some((parent, name)) = parent(data, at)? else {
        return Ok(());
    };
    let Some(place) = parent.get_mut(name) else {
        return Ok(());
    };
    match f(place.take())? {
        Some(value) => *place = value,
        None => {
            parent.remove(name);
        }
    }
    Ok(())
}

fn mapped(
    value: Value,
    values: &[(Value, Value)],
    otherwise: &Otherwise,
    at: &[String],
) -> Result<Value, Refusal> {
    match listed(&value, values) {
        Some(to) => Ok(to.clone()),
        None => match otherwise {
            Otherwise::Keep => Ok(value),
            Otherwise::Become(other) => Ok(other.clone()),
            Otherwise::Refuse => refuse(pointer(at), "is a value that the map does not list"),
        },
    }
}

/// What a map makes of a value it lists.
pub(super) fn listed<'v>(value: &Value, values: &'v [(Value, Value)]) -> Option<&'v Value> {
    let found = values.iter().find(|(from, _)| equal(from, value));
    found.map(|(_, to)| to)
}

/// Equality as JSON Schema has it: a number is what it counts, however it is written.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => whole(left)
            .zip(whole(right))
            .map_or_else(|| left.as_f64() == right.as_f64(), |(left, right)| left == right),
        (left, right) => json::same(left, right),
    }
}

fn whole(number: &Number) -> Option<i128> {
    number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from))
}

/// The value as another type, or why it is none of it. Null stays null.
pub(super) fn converted(value: Value, to: Kind) -> Result<Value, String> {
    let cannot = |what: &str| Err(format!("is {what}, which is no {}", to.name()));
    match (value, to) {
        (Value::Null, _) => Ok(Value::Null),
        (value @ Value::String(_), Kind::String)
        | (value @ Value::Bool(_), Kind::Boolean)
        | (value @ Value::Number(_), Kind::Number) => Ok(value),
        (Value::Bool(flag), Kind::String) => Ok(Value::String(flag.to_string())),
        (Value::Bool(flag), Kind::Integer | Kind::Number) => Ok(Value::Number(u8::from(flag).into())),
        (Value::Number(number), Kind::String) => Ok(Value::String(digits(&number))),
        (Value::Number(number), Kind::Integer) => {
            if whole(&number).is_some() || fraction(&number) == Some(false) {
                Ok(Value::Number(number))
            } else {
                cannot("a number with a fraction")
            }
        }
        (Value::Number(number), Kind::Boolean) => match whole(&number) {
            Some(0) => Ok(Value::Bool(false)),
            Some(1) => Ok(Value::Bool(true)),
            _ => cannot("a number other than 0 and 1"),
        },
        (Value::String(text), Kind::Boolean) => match text.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => cannot("a text other than `true` and `false`"),
        },
        (Value::String(text), Kind::Integer) => match integer(&text) {
            Some(number) => Ok(Value::Number(number)),
            None => cannot("a text that is not written as a whole number of 64 bits"),
        },
        (Value::String(text), Kind::Number) => {
            let written = json::parse(text.as_bytes()).ok().map(|parsed| parsed.value);
            match written {
                Some(Value::Number(number)) if text.trim() == text => Ok(Value::Number(number)),
                _ => cannot("a text that is not written as a number"),
            }
        }
        (Value::Array(_), _) => cannot("an array"),
        (Value::Object(_), _) => cannot("an object"),
    }
}

/// Whether the number has digits behind the point that count.
fn fraction(number: &Number) -> Option<bool> {
    number.as_f64().map(|float| float.fract() != 0.0)
}

/// A whole number as its digits, another one in its shortest form.
fn digits(number: &Number) -> String {
    match (whole(number), number.as_f64()) {
        (Some(whole), _) => whole.to_string(),
        (None, Some(float)) if float.fract() == 0.0 && float == 0.0 => "0".to_owned(),
        (None, Some(float)) if float.fract() == 0.0 => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

/// A whole number written without a plus sign and without zeros in front.
fn integer(text: &str) -> Option<Number> {
    let number = text
        .parse::<i64>()
        .map(Number::from)
        .or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()?;
    (number.to_string() == text).then_some(number)
}
