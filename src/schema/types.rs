//! Schemas of Rust types: what serde writes, and what it reads.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::model::{EventKind, Version, read_json, write_json};

use super::closing::{self, Unspecified};
use super::keywords::{definition_reference, for_each_object};

/// Describes one event type of the code: the name it is stored under, the version the code writes, and the
/// payload `T`.
///
/// [`events!`](crate::events) calls this for each variant.
pub fn kind<T: Serialize + DeserializeOwned + JsonSchema>(
    event_type: &'static str,
    version: Version,
) -> EventKind {
    EventKind {
        event_type,
        version,
        writer_schema: writer_schema::<T>,
        reader_schema: reader_schema::<T>,
        round_trip: |text| write_json(&read_json::<T>(text)?),
    }
}

/// The JSON Schema (2020-12) of what serde writes for `T`.
///
/// It is the serialize contract, with two things made explicit that schemars leaves open. Objects are *closed*:
/// a writer emits the members it declares and no others, unless it writes a map. Formats of numbers have *bounds*:
/// an `i32` is an integer from -2147483648 to 2147483647, and an `f32` ends where its largest value does.
///
/// Members are sorted by name, whatever features `serde_json` was built with.
///
/// JSON Schema counts `1.0` as an integer, serde does not, and no keyword tells them apart. A writer never writes
/// an integer that way, so the difference shows only where a stored number was written by something else than
/// the type.
///
/// ```
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Paid { cents: u32 }
///
/// let schema = pastproof::schema::writer_schema::<Paid>();
/// assert_eq!(schema["additionalProperties"], false);
/// assert_eq!(schema["properties"]["cents"]["maximum"], u32::MAX);
/// ```
pub fn writer_schema<T: JsonSchema>() -> Value {
    let generated = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    let mut schema = closing::close(&tidied(generated), Unspecified::Empty);
    sort(&mut schema);
    schema
}

/// The JSON Schema (2020-12) of what serde reads into `T`.
///
/// It is the deserialize contract: as open as serde is, with members that have a default left optional, and with
/// the bounds that serde checks on integers. Members are sorted by name.
///
/// Where serde knows more than the schema can say, the type has the last word: `#[serde(alias)]` and
/// `#[serde(other)]` read more than the schema accepts, `try_from` and hand-written deserializers read less, and
/// `1.0` is an integer to the schema but not to serde.
pub fn reader_schema<T: JsonSchema>() -> Value {
    let generated = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    let mut schema = tidied(generated);
    // A set is read from a list in which a value stands twice.
    for_each_object(&mut schema, &mut |members| {
        members.remove("uniqueItems");
    });
    sort(&mut schema);
    schema
}

/// `schema` with bounded integers and without references to the document itself.
fn tidied(mut schema: Value) -> Value {
    for_each_object(&mut schema, &mut bound_number);
    name_root(schema)
}

/// Gives the format of a number the bounds that serde checks.
fn bound_number(schema: &mut Map<String, Value>) {
    /// The last text that rounds to the largest `f32`; what is beyond is none.
    const LAST_F32: f64 = 3.402_823_567_797_336_6e38;
    let kind = match schema.get("format").and_then(Value::as_str) {
        Some("float") => "number",
        _ => "integer",
    };
    let number = match schema.get("type") {
        Some(Value::String(name)) => name == kind,
        Some(Value::Array(names)) => names.iter().any(|name| name == kind),
        _ => false,
    };
    let bounds: Option<(Value, Value)> = match schema.get("format").and_then(Value::as_str) {
        Some("int8") => Some((i8::MIN.into(), i8::MAX.into())),
        Some("int16") => Some((i16::MIN.into(), i16::MAX.into())),
        Some("int32") => Some((i32::MIN.into(), i32::MAX.into())),
        // Pointer-sized integers are taken as 64 bits wide, as they are where services run.
        Some("int64" | "int") => Some((i64::MIN.into(), i64::MAX.into())),
        Some("uint8") => Some((u8::MIN.into(), u8::MAX.into())),
        Some("uint16") => Some((u16::MIN.into(), u16::MAX.into())),
        Some("uint32") => Some((u32::MIN.into(), u32::MAX.into())),
        Some("uint64" | "uint") => Some((u64::MIN.into(), u64::MAX.into())),
        Some("float") => Some(((-LAST_F32).into(), LAST_F32.into())),
        // The bounds of 128-bit integers have no exact form as a JSON number that readers agree on.
        _ => None,
    };
    if let (true, Some((minimum, maximum))) = (number, bounds) {
        schema.entry("minimum").or_insert(minimum);
        schema.entry("maximum").or_insert(maximum);
    }
}

/// Moves a schema that refers to itself as `#` into a definition, so that it means the same wherever it is used.
fn name_root(mut schema: Value) -> Value {
    let mut recursive = false;
    for_each_object(&mut schema, &mut |members| {
        recursive |= members.get("$ref").is_some_and(|reference| reference == "#");
    });
    let Value::Object(mut root) = schema else {
        return schema;
    };
    if !recursive {
        return Value::Object(root);
    }
    let mut definitions = match root.remove("$defs") {
        Some(Value::Object(definitions)) => definitions,
        _ => Map::new(),
    };
    let title = root
        .get("title")
        .and_then(Value::as_str)
        .unwrap_or("Root")
        .to_owned();
    let name = free_name(&title, |name| definitions.contains_key(name));
    let dialect = root.remove("$schema");
    definitions.insert(name.clone(), Value::Object(root));
    let mut named = Map::new();
    if let Some(dialect) = dialect {
        named.insert("$schema".to_owned(), dialect);
    }
    named.insert("title".to_owned(), title.into());
    named.insert("$ref".to_owned(), "#".into());
    named.insert("$defs".to_owned(), Value::Object(definitions));
    let mut named = Value::Object(named);
    let reference = definition_reference(&name);
    for_each_object(&mut named, &mut |members| {
        if let Some(target) = members.get_mut("$ref")
            && target == "#"
        {
            *target = reference.clone().into();
        }
    });
    named
}

/// `name`, or `name` with the first number from 2 on that is not taken.
pub(super) fn free_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    let mut number = 2_u32;
    loop {
        let numbered = format!("{name}{number}");
        if !taken(&numbered) {
            return numbered;
        }
        number += 1;
    }
}

/// Sorts members, and the lists whose order means nothing.
fn sort(schema: &mut Value) {
    for_each_object(schema, &mut |members| {
        for keyword in ["required", "type"] {
            if let Some(Value::Array(names)) = members.get_mut(keyword) {
                names.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
                names.dedup();
            }
        }
    });
    schema.sort_all_objects();
}
