//! The canonical form that digests are made of.
//!
//! Members sorted by name, integers as their exact digits of any width, floats in the shortest form that reads
//! back and always told apart from integers. RFC 8785 is not used: it reads every number as a float, which would
//! merge neighbouring 64-bit integers, and `1` with `1.0`.
//!
//! The form is made by a serializer of its own, so that it does not depend on the features that `serde_json` was
//! built with elsewhere.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};

use serde::ser::{self, Serialize, Serializer as _};

use super::tape::{Document, Kind, Tape};

/// Why a value has no canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalError {
    message: String,
    /// Steps from the refused value outwards.
    path: Vec<String>,
}

impl CanonicalError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            path: Vec::new(),
        }
    }

    fn inside(mut self, step: impl Into<String>) -> Self {
        self.path.push(step.into());
        self
    }

    /// JSON pointer of the value that was refused.
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in self.path.iter().rev() {
            pointer.push('/');
            pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        }
        pointer
    }
}

impl Display for CanonicalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = self.pointer();
        if pointer.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "at {pointer}: {}", self.message)
        }
    }
}

impl std::error::Error for CanonicalError {}

impl ser::Error for CanonicalError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

/// The canonical form of `value`, itself JSON.
///
/// # Errors
///
/// When the value does not serialize, holds what JSON cannot (NaN, an infinity, a key that is no text), or has
/// two members with one name.
///
/// ```
/// let text = pastproof::json::canonical(&serde_json::json!({"b": 1.0, "a": 18446744073709551615u64}))?;
/// assert_eq!(text, r#"{"a":18446744073709551615,"b":1.0}"#);
/// # Ok::<(), pastproof::json::CanonicalError>(())
/// ```
pub fn canonical<T: Serialize + ?Sized>(value: &T) -> Result<String, CanonicalError> {
    let mut text = String::new();
    value.serialize(ToNode)?.write(&mut text);
    Ok(text)
}

/// SHA-256 over the canonical form of `value`, in lower-case hexadecimal.
///
/// # Errors
///
/// As [`canonical`].
#[cfg(feature = "compat")]
pub fn digest<T: Serialize + ?Sized>(value: &T) -> Result<String, CanonicalError> {
    Ok(hex_sha256(canonical(value)?.as_bytes()))
}

/// SHA-256 of `bytes`, in lower-case hexadecimal.
#[cfg(feature = "compat")]
pub(crate) fn hex_sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex(&sha2::Sha256::digest(bytes))
}

/// Bytes in lower-case hexadecimal.
#[cfg(feature = "compat")]
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

enum Node {
    Null,
    Bool(bool),
    /// Exact digits, or a float in its shortest form.
    Number(String),
    Text(String),
    Array(Vec<Node>),
    Object(BTreeMap<String, Node>),
}

impl Node {
    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => write_text(text, out),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{0}'..='\u{1F}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// The number in `text`, which is a JSON number: digits of any width, or a float.
fn number(text: &str) -> Result<Node, CanonicalError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole && text != "-0" {
        return Ok(Node::Number(text.to_owned()));
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(Node::Number(format!("{float:?}"))),
        _ => Err(CanonicalError::new(format!(
            "{text} is not a number that JSON readers agree on"
        ))),
    }
}

/// The document in `text`, which was kept as it was written.
fn raw(text: &str) -> Result<Node, CanonicalError> {
    let mut tape = Tape::default();
    let document = tape
        .read(text.as_bytes())
        .map_err(|error| CanonicalError::new(error.to_string()))?;
    node(document, 0)
}

fn node(document: Document<'_>, at: u32) -> Result<Node, CanonicalError> {
    let entry = document.entry(at);
    Ok(match entry.kind {
        Kind::Null => Node::Null,
        Kind::False => Node::Bool(false),
        Kind::True => Node::Bool(true),
        Kind::Unsigned => Node::Number(entry.unsigned().to_string()),
        Kind::Signed => Node::Number(entry.signed().to_string()),
        Kind::Float => return ToNode.serialize_f64(document.float(entry)),
        Kind::Big => Node::Number(document.text_of(entry).to_owned()),
        Kind::Plain | Kind::Decoded => Node::Text(document.text_of(entry).to_owned()),
        Kind::Array => {
            let items: Result<Vec<Node>, CanonicalError> =
                document.items(at).map(|item| node(document, item)).collect();
            Node::Array(items?)
        }
        Kind::Object => {
            let members: Result<BTreeMap<String, Node>, CanonicalError> = document
                .members(at)
                .map(|(name, value)| {
                    let name = document.text_of(document.entry(name)).to_owned();
                    Ok((name, node(document, value)?))
                })
                .collect();
            Node::Object(members?)
        }
    })
}

/// The names under which `serde_json` hands over numbers and raw text when it keeps them as written.
const NUMBER: &str = "$serde_json::private::Number";
const RAW: &str = "$serde_json::private::RawValue";

struct ToNode;

impl ser::Serializer for ToNode {
    type Ok = Node;
    type Error = CanonicalError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Members;

    fn serialize_bool(self, value: bool) -> Result<Node, CanonicalError> {
        Ok(Node::Bool(value))
    }
    fn serialize_i8(self, value: i8) -> Result<Node, CanonicalError> {
        Ok(Node::Number(value.to_string()))
    }
    fn serialize_i16(self, value: i16) -> Result<Node, CanonicalError> {
        Ok(Node::Number(value.to_string()))
    }
    fn serialize_i32(self, value: i32) -> Result<Node, CanonicalError> {
        Ok(Node::Number(value.to_string()))
    }
    fn serialize_i64(self, value: i64) -> Result<Node, CanonicalError> {
        Ok(Node::Number(value.to_string()))
    }
    fn serialize_i128(self, value: i128) -> Result<Node, CanonicalError> {
        Ok(Node::Number(value.to_string()))
    }
    fn serialize_u8(self, value: u8) -> Result<Node, CanonicalError> {
        Ok(Node::Number(value.to_string()))
    }
    fn serialize_u16(self, value: u16) -> Result<Node, CanonicalError> {
        Ok(Node::Number(value.to_string()))
    }
    fn serialize_u32(self, value: u32) -> Result<Node, CanonicalError> {
        Ok(Node::Number(value.to_string()))
    }
    fn serialize_u64(self, value: u64) -> Result<Node, CanonicalError> {
        Ok(Node::Number(value.to_string()))
    }
    fn serialize_u128(self, value: u128) -> Result<Node, CanonicalError> {
        Ok(Node::Number(value.to_string()))
    }
    fn serialize_f32(self, value: f32) -> Result<Node, CanonicalError> {
        if value.is_finite() {
            Ok(Node::Number(format!("{value:?}")))
        } else {
            Err(CanonicalError::new(format!("JSON has no {value}")))
        }
    }
    fn serialize_f64(self, value: f64) -> Result<Node, CanonicalError> {
        if value.is_finite() {
            Ok(Node::Number(format!("{value:?}")))
        } else {
            Err(CanonicalError::new(format!("JSON has no {value}")))
        }
    }
    fn serialize_char(self, value: char) -> Result<Node, CanonicalError> {
        Ok(Node::Text(value.to_string()))
    }
    fn serialize_str(self, value: &str) -> Result<Node, CanonicalError> {
        Ok(Node::Text(value.to_owned()))
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<Node, CanonicalError> {
        Ok(Node::Array(
            value.iter().map(|byte| Node::Number(byte.to_string())).collect(),
        ))
    }
    fn serialize_none(self) -> Result<Node, CanonicalError> {
        Ok(Node::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Node, CanonicalError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Node, CanonicalError> {
        Ok(Node::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Node, CanonicalError> {
        Ok(Node::Null)
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Node, CanonicalError> {
        Ok(Node::Text(variant.to_owned()))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Node, CanonicalError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Node, CanonicalError> {
        let node = value.serialize(Self).map_err(|error| error.inside(variant))?;
        Ok(Node::Object(BTreeMap::from([(variant.to_owned(), node)])))
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Items, CanonicalError> {
        Ok(Items {
            items: Vec::with_capacity(length.unwrap_or(0).min(1024)),
            variant: None,
        })
    }
    fn serialize_tuple(self, length: usize) -> Result<Items, CanonicalError> {
        self.serialize_seq(Some(length))
    }
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items, CanonicalError> {
        self.serialize_seq(Some(length))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items, CanonicalError> {
        Ok(Items {
            items: Vec::with_capacity(length),
            variant: Some(variant),
        })
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Members, CanonicalError> {
        Ok(Members::default())
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Members, CanonicalError> {
        Ok(Members {
            kept: (name == NUMBER || name == RAW).then_some(name),
            ..Members::default()
        })
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members, CanonicalError> {
        Ok(Members {
            variant: Some(variant),
            ..Members::default()
        })
    }
}

struct Items {
    items: Vec<Node>,
    variant: Option<&'static str>,
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        let step = self.items.len();
        let node = value.serialize(ToNode).map_err(|error| {
            let error = error.inside(step.to_string());
            match self.variant {
                Some(variant) => error.inside(variant),
                None => error,
            }
        })?;
        self.items.push(node);
        Ok(())
    }

    fn finish(self) -> Node {
        wrap(Node::Array(self.items), self.variant)
    }
}

fn wrap(node: Node, variant: Option<&'static str>) -> Node {
    match variant {
        Some(variant) => Node::Object(BTreeMap::from([(variant.to_owned(), node)])),
        None => node,
    }
}

#[derive(Default)]
struct Members {
    nodes: BTreeMap<String, Node>,
    variant: Option<&'static str>,
    key: Option<String>,
    /// Set when `serde_json` hands over one text that stands for a number or a document.
    kept: Option<&'static str>,
}

impl Members {
    fn insert<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), CanonicalError> {
        let node = value.serialize(ToNode).map_err(|error| {
            let error = error.inside(name.clone());
            match self.variant {
                Some(variant) => error.inside(variant),
                None => error,
            }
        })?;
        if self.nodes.contains_key(&name) {
            return Err(CanonicalError::new("two members have this name").inside(name));
        }
        self.nodes.insert(name, node);
        Ok(())
    }

    fn finish(mut self) -> Result<Node, CanonicalError> {
        if let Some(kept) = self.kept
            && let Some(Node::Text(text)) = self.nodes.remove(kept)
        {
            return if kept == NUMBER { number(&text) } else { raw(&text) };
        }
        Ok(wrap(Node::Object(self.nodes), self.variant))
    }
}

impl ser::SerializeSeq for Items {
    type Ok = Node;
    type Error = CanonicalError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        self.push(value)
    }
    fn end(self) -> Result<Node, CanonicalError> {
        Ok(self.finish())
    }
}

impl ser::SerializeTuple for Items {
    type Ok = Node;
    type Error = CanonicalError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        self.push(value)
    }
    fn end(self) -> Result<Node, CanonicalError> {
        Ok(self.finish())
    }
}

impl ser::SerializeTupleStruct for Items {
    type Ok = Node;
    type Error = CanonicalError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        self.push(value)
    }
    fn end(self) -> Result<Node, CanonicalError> {
        Ok(self.finish())
    }
}

impl ser::SerializeTupleVariant for Items {
    type Ok = Node;
    type Error = CanonicalError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        self.push(value)
    }
    fn end(self) -> Result<Node, CanonicalError> {
        Ok(self.finish())
    }
}

impl ser::SerializeMap for Members {
    type Ok = Node;
    type Error = CanonicalError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CanonicalError> {
        self.key = Some(match key.serialize(ToNode)? {
            Node::Text(text) | Node::Number(text) => text,
            Node::Bool(value) => value.to_string(),
            Node::Null | Node::Array(_) | Node::Object(_) => {
                return Err(CanonicalError::new("a map key is not a text"));
            }
        });
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalError> {
        let key = self
            .key
            .take()
            .ok_or_else(|| CanonicalError::new("a map value came before its key"))?;
        self.insert(key, value)
    }
    fn end(self) -> Result<Node, CanonicalError> {
        self.finish()
    }
}

impl ser::SerializeStruct for Members {
    type Ok = Node;
    type Error = CanonicalError;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), CanonicalError> {
        self.insert(name.to_owned(), value)
    }
    fn end(self) -> Result<Node, CanonicalError> {
        self.finish()
    }
}

impl ser::SerializeStructVariant for Members {
    type Ok = Node;
    type Error = CanonicalError;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), CanonicalError> {
        self.insert(name.to_owned(), value)
    }
    fn end(self) -> Result<Node, CanonicalError> {
        self.finish()
    }
}
