//! Documents on a tape, as the validator sees them: nothing is built for an event that is valid.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node, NodeIdentity, Object, SerdeJson};
use serde_json::{Number, Value};

use crate::json::{Document, Items, Kind, Members};

/// The representation: values of a [`Document`].
pub(super) struct Flat;

/// One value of a document, or the name of a member taken for a value.
#[derive(Clone, Copy)]
pub(super) enum FlatNode<'a> {
    Value(Document<'a>, u32),
    Name(&'a str),
}

impl Json for Flat {
    type Node<'a> = FlatNode<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    // A lookup walks the members one by one, so one pass over a small object replaces several of them.
    const KEYS_PER_LOOKUP: usize = 4;
    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(FlatNode<'_>) -> T) -> T {
        f(FlatNode::Name(string))
    }
}

impl FlatNode<'_> {
    fn kind(self) -> Kind {
        match self {
            Self::Value(document, at) => document.entry(at).kind,
            Self::Name(_) => Kind::Plain,
        }
    }
}

/// The parts of a container.
#[derive(Clone, Copy)]
pub(super) struct FlatParts<'a> {
    document: Document<'a>,
    at: u32,
}

impl<'a> Node<'a, Flat> for FlatNode<'a> {
    type Object = FlatParts<'a>;
    type Array = FlatParts<'a>;
    type Number = FlatNumber;

    fn as_object(&self) -> Option<FlatParts<'a>> {
        match *self {
            Self::Value(document, at) if self.kind() == Kind::Object => Some(FlatParts { document, at }),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<FlatParts<'a>> {
        match *self {
            Self::Value(document, at) if self.kind() == Kind::Array => Some(FlatParts { document, at }),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match *self {
            Self::Value(document, at) => document.text(document.entry(at)).map(Cow::Borrowed),
            Self::Name(name) => Some(Cow::Borrowed(name)),
        }
    }

    fn as_number(&self) -> Option<FlatNumber> {
        let Self::Value(document, at) = *self else {
            return None;
        };
        let entry = document.entry(at);
        match entry.kind {
            Kind::Unsigned => Some(FlatNumber::Unsigned(entry.unsigned())),
            Kind::Signed => Some(FlatNumber::Signed(entry.signed())),
            Kind::Float | Kind::Big => Some(FlatNumber::Float(document.float(entry))),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    fn is_number(&self) -> bool {
        matches!(
            self.kind(),
            Kind::Unsigned | Kind::Signed | Kind::Float | Kind::Big
        )
    }

    fn json_type(&self) -> JsonType {
        match self.kind() {
            Kind::Null => JsonType::Null,
            Kind::False | Kind::True => JsonType::Boolean,
            Kind::Unsigned | Kind::Signed | Kind::Float | Kind::Big => JsonType::Number,
            Kind::Plain | Kind::Decoded => JsonType::String,
            Kind::Array => JsonType::Array,
            Kind::Object => JsonType::Object,
        }
    }

    fn string_length_within(&self, min: u64, max: u64) -> Option<bool> {
        let text = self.as_string()?;
        // A character takes one to four bytes, which mostly decides it.
        let most = text.len() as u64;
        let fewest = most.div_ceil(4);
        if most < min || fewest > max {
            return Some(false);
        }
        if min <= fewest && most <= max {
            return Some(true);
        }
        Some((min..=max).contains(&(text.chars().count() as u64)))
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (self.kind(), expected) {
            (Kind::Plain | Kind::Decoded, Value::String(expected)) => {
                self.as_string().is_some_and(|text| text == expected.as_str())
            }
            (Kind::Null, expected) => expected.is_null(),
            (Kind::True, expected) => *expected == Value::Bool(true),
            (Kind::False, expected) => *expected == Value::Bool(false),
            // How numbers compare is the engine's own business.
            (Kind::Unsigned | Kind::Signed | Kind::Float | Kind::Big, Value::Number(_))
            | (Kind::Array, Value::Array(_))
            | (Kind::Object, Value::Object(_)) => {
                <&Value as Node<'_, SerdeJson>>::equals_value(&self.to_value().as_ref(), expected)
            }
            (_, _) => false,
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(match *self {
            Self::Value(document, at) => document.value(at),
            Self::Name(name) => Value::String(name.to_owned()),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        match *self {
            Self::Value(document, at) => Some(NodeIdentity::tagged(document.address(), at)),
            Self::Name(_) => None,
        }
    }
}

impl<'a> Object<'a, Flat> for FlatParts<'a> {
    type Node = FlatNode<'a>;
    type MemberName = &'a str;
    type MembersIter = FlatMembers<'a>;

    fn len(&self) -> usize {
        self.document.entry(self.at).count()
    }

    fn get(&self, key: &Box<str>) -> Option<FlatNode<'a>> {
        let value = self.document.member(self.at, key)?;
        Some(FlatNode::Value(self.document, value))
    }

    fn members(&self) -> FlatMembers<'a> {
        FlatMembers(self.document, self.document.members(self.at))
    }
}

pub(super) struct FlatMembers<'a>(Document<'a>, Members<'a>);

impl<'a> Iterator for FlatMembers<'a> {
    type Item = (&'a str, FlatNode<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.1.next()?;
        Some((self.0.text_of(self.0.entry(name)), FlatNode::Value(self.0, value)))
    }
}

impl<'a> Array<'a, Flat> for FlatParts<'a> {
    type Node = FlatNode<'a>;
    type ElementsIter = FlatItems<'a>;

    fn len(&self) -> usize {
        self.document.entry(self.at).count()
    }

    fn elements(&self) -> FlatItems<'a> {
        FlatItems(self.document, self.document.items(self.at))
    }
}

pub(super) struct FlatItems<'a>(Document<'a>, Items<'a>);

impl<'a> Iterator for FlatItems<'a> {
    type Item = FlatNode<'a>;

    fn next(&mut self) -> Option<FlatNode<'a>> {
        self.1.next().map(|item| FlatNode::Value(self.0, item))
    }
}

/// A number as it stands on a tape.
#[derive(Clone, Copy)]
pub(super) enum FlatNumber {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl FlatNumber {
    fn number(self) -> Number {
        match self {
            Self::Unsigned(number) => number.into(),
            Self::Signed(number) => number.into(),
            // A tape holds finite numbers only.
            Self::Float(number) => Number::from_f64(number).unwrap_or_else(|| 0.into()),
        }
    }
}

impl JsonNumber for FlatNumber {
    fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::Unsigned(number) => Some(number),
            Self::Signed(number) => u64::try_from(number).ok(),
            Self::Float(_) => None,
        }
    }

    fn as_i64(&self) -> Option<i64> {
        match *self {
            Self::Unsigned(number) => i64::try_from(number).ok(),
            Self::Signed(number) => Some(number),
            Self::Float(_) => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "what every JSON number is as a float")]
    fn as_f64(&self) -> Option<f64> {
        Some(match *self {
            Self::Unsigned(number) => number as f64,
            Self::Signed(number) => number as f64,
            Self::Float(number) => number,
        })
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.number().to_string())
    }

    fn to_number(&self) -> Cow<'_, Number> {
        Cow::Owned(self.number())
    }

    fn is_integer(&self) -> bool {
        match *self {
            Self::Unsigned(_) | Self::Signed(_) => true,
            Self::Float(number) => number.fract() == 0.0,
        }
    }

    fn is_written_as_integer(&self) -> bool {
        // Of a float only its value is left; the engine's own numbers decide it in the same way.
        JsonNumber::is_written_as_integer(&self.number())
    }
}
