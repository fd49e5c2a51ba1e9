//! A command as type and data.

use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{Error, Impossible, Serializer};

/// Writes `command` to `out` as `{"t":type,"d":data}`.
///
/// The type of an enum that serde tags externally, which is its default, is the variant, and the data is what the
/// variant holds; of any other type it is the name of the Rust type, and the data is the whole value.
pub(super) fn write<C: Serialize + ?Sized>(command: &C, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let variant = command.serialize(Probe).err().and_then(|stop| stop.0);
    match variant {
        None => write_as(short_name::<C>(), command, out),
        Some((name, false)) => write_as(name, &(), out),
        Some((name, true)) => {
            out.extend_from_slice(b"{\"t\":");
            serde_json::to_writer(&mut *out, name)?;
            out.extend_from_slice(b",\"d\":");
            // What serde_json writes is `{"variant":data}`, of which the data goes where the whole has begun.
            let start = out.len();
            serde_json::to_writer(&mut *out, command)?;
            let mut before = b"{".to_vec();
            serde_json::to_writer(&mut before, name)?;
            before.push(b':');
            let whole = &out[start..];
            if !whole.starts_with(&before) || whole.last() != Some(&b'}') {
                return Err(serde_json::Error::custom(
                    "the command's `Serialize` does not write the variant that it names",
                ));
            }
            out.drain(start..start + before.len());
            // The bracket that closed the variant now closes the command.
            Ok(())
        }
    }
}

/// Writes `{"t":name,"d":data}` to `out`.
pub(super) fn write_as<D: Serialize + ?Sized>(
    name: &str,
    data: &D,
    out: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    out.extend_from_slice(b"{\"t\":");
    serde_json::to_writer(&mut *out, name)?;
    out.extend_from_slice(b",\"d\":");
    serde_json::to_writer(&mut *out, data)?;
    out.push(b'}');
    Ok(())
}

/// The name of a type without its path and its parameters.
fn short_name<T: ?Sized>() -> &'static str {
    let name = std::any::type_name::<T>();
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name)
}

/// Asks a value which enum variant it is, and stops there.
struct Probe;

/// The variant, and whether it holds data.
#[derive(Debug)]
struct Stop(Option<(&'static str, bool)>);

impl Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Stop {}

impl Error for Stop {
    fn custom<T: Display>(_: T) -> Self {
        Self(None)
    }
}

macro_rules! no_variant {
    ($($method:ident($($argument:ty),*) -> $answer:ty;)+) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$answer, Stop> {
            Err(Stop(None))
        })+
    };
}

impl Serializer for Probe {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Impossible<(), Stop>;
    type SerializeTuple = Impossible<(), Stop>;
    type SerializeTupleStruct = Impossible<(), Stop>;
    type SerializeTupleVariant = Impossible<(), Stop>;
    type SerializeMap = Impossible<(), Stop>;
    type SerializeStruct = Impossible<(), Stop>;
    type SerializeStructVariant = Impossible<(), Stop>;

    no_variant! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_i128(i128) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_u128(u128) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result<(), Stop> {
        Err(Stop(None))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Stop> {
        Err(Stop(Some((variant, false))))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Result<(), Stop> {
        Err(Stop(Some((variant, true))))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Stop> {
        Err(Stop(Some((variant, true))))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Stop> {
        Err(Stop(Some((variant, true))))
    }
}
