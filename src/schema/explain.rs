//! An answer with the places in both files that it is about.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::finding::Side;

use super::compare::{Difference, Direction, Verdict};

/// One of two schemas that were compared, as it was written.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The file's text.
    pub text: &'a str,
    /// What it says.
    pub schema: &'a Value,
}

/// Why a direction is not compatible: what, where in both files, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What is wrong, one reason a line.
    pub because: Vec<String>,
    /// The place that refuses the witness, or that the proof is stuck at.
    pub at: Option<Spot>,
    /// The place on the other side that allows it.
    pub opposite: Option<Spot>,
    /// What to do next.
    pub next: String,
}

/// A place in a schema file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Which of the two.
    pub side: Side,
    /// JSON pointer in the schema.
    pub pointer: String,
    /// Line in the file, from 1.
    pub line: Option<u64>,
    /// What stands there.
    pub says: Value,
}

/// Explains why `direction` is not compatible. `old` and `new` are the schemas that were compared.
///
/// ```
/// use pastproof::schema::{CompareOptions, Written, compare, explain};
///
/// let (old, new) = ("{\n \"type\": \"string\"\n}", "{\n \"maxLength\": 2,\n \"type\": \"string\"\n}");
/// let (old_schema, new_schema) = (serde_json::from_str(old)?, serde_json::from_str(new)?);
/// let comparison = compare(&old_schema, &new_schema, &CompareOptions::default())?;
/// let explained = explain(
///     &comparison.backward,
///     Written { text: old, schema: &old_schema },
///     Written { text: new, schema: &new_schema },
/// )
/// .expect("it breaks");
/// let at = explained.at.expect("there is a place");
/// assert_eq!((at.pointer.as_str(), at.line), ("/maxLength", Some(2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explain(direction: &Direction, old: Written<'_>, new: Written<'_>) -> Option<Explanation> {
    if direction.verdict == Verdict::Compatible {
        return None;
    }
    let first = direction.findings.first()?;
    let of = |side: Side| match side {
        Side::Old => old,
        Side::New => new,
    };
    let (side, other) = match first.side {
        Side::Old => (Side::Old, Side::New),
        Side::New => (Side::New, Side::Old),
    };
    let opposite = direction.witness.as_ref().map(|witness| {
        let mut keyword = first.pointer.rsplit('/').next().unwrap_or_default();
        let mut member = member_of(&first.message, witness);
        // A member that is one too many is allowed where the other schema describes it.
        if let ("additionalProperties" | "unevaluatedProperties", Some(name)) =
            (keyword, unexpected(&first.message))
        {
            member.push_str(&format!("/{}", name.replace('~', "~0").replace('/', "~1")));
            keyword = "";
        }
        spot(of(other), other, &governing(of(other).schema, &member, keyword))
    });
    Some(Explanation {
        because: direction
            .findings
            .iter()
            .map(|difference| difference.message.clone())
            .collect(),
        at: Some(spot(of(side), side, &first.pointer)),
        opposite,
        next: next(direction.verdict, first).to_owned(),
    })
}

fn spot(written: Written<'_>, side: Side, pointer: &str) -> Spot {
    Spot {
        side,
        pointer: pointer.to_owned(),
        line: line_of(written.text, pointer),
        says: written.schema.pointer(pointer).cloned().unwrap_or_default(),
    }
}

/// What to do about a difference, by the keyword that makes it.
fn next(verdict: Verdict, difference: &Difference) -> &'static str {
    let keyword = difference.pointer.rsplit('/').next().unwrap_or_default();
    match (verdict, difference.side) {
        (Verdict::Unproven | Verdict::Compatible, _) => {
            "write the place more simply, split it, or take the step for breaking and bridge it with an upcaster"
        }
        (Verdict::Breaking, Side::New) => match keyword {
            "required" => "leave the member out of `required` in the new schema, or supply it in an upcaster",
            "additionalProperties" | "unevaluatedProperties" => {
                "keep the member in the new schema, or remove it in an upcaster"
            }
            "enum" | "const" | "oneOf" | "anyOf" => {
                "keep what the old schema allows in the new one, or convert it in an upcaster"
            }
            _ => "widen the new schema here, or convert the event in an upcaster",
        },
        (Verdict::Breaking, Side::Old) => {
            "bring every reader to the new schema before anything writes it; once such an event is stored, there is \
             no way back to the old one"
        }
    }
}

/// The pointer into the witness that a message starts with: `at /total: …`; the whole witness without one.
fn member_of(message: &str, witness: &Value) -> String {
    let Some(rest) = message.strip_prefix("at ") else {
        return String::new();
    };
    rest.match_indices(": ")
        .map(|(end, _)| &rest[..end])
        .find(|pointer| pointer.starts_with('/') && witness.pointer(pointer).is_some())
        .unwrap_or_default()
        .to_owned()
}

/// The first member that a message calls unexpected: `… ('currency' was unexpected)`.
fn unexpected(message: &str) -> Option<&str> {
    let (_, names) = message.rsplit_once("('")?;
    let (name, rest) = names.split_once('\'')?;
    rest.contains("unexpected").then_some(name)
}

/// The place in `schema` that says what the value at `member` may be: its `keyword`, where it has that, else the
/// subschema itself, or the nearest above that says something about it.
pub(super) fn governing(schema: &Value, member: &str, keyword: &str) -> String {
    let mut place = resolved(schema, String::new());
    for token in member.split('/').skip(1) {
        match below(schema, &place, token, 0) {
            Some(next) => place = next,
            None => break,
        }
    }
    let own = format!("{place}/{keyword}");
    if schema.pointer(&own).is_some() {
        own
    } else {
        place
    }
}

/// `place`, or where the references at it lead.
fn resolved(schema: &Value, mut place: String) -> String {
    for _ in 0..16 {
        let reference = schema
            .pointer(&place)
            .and_then(|at| at.get("$ref"))
            .and_then(Value::as_str);
        match reference.and_then(|reference| reference.strip_prefix('#')) {
            Some(target)
                if (target.is_empty() || target.starts_with('/')) && schema.pointer(target).is_some() =>
            {
                target.clone_into(&mut place);
            }
            _ => break,
        }
    }
    place
}

/// The subschema for one member or item of what the subschema at `place` describes.
fn below(schema: &Value, place: &str, token: &str, depth: usize) -> Option<String> {
    let at = schema.pointer(place)?;
    let mut ways = vec![format!("properties/{token}")];
    if token.bytes().all(|byte| byte.is_ascii_digit()) {
        ways.extend([
            format!("prefixItems/{token}"),
            format!("items/{token}"),
            "items".to_owned(),
        ]);
    }
    ways.push("additionalProperties".to_owned());
    for way in ways {
        let found = format!("{place}/{way}");
        if schema
            .pointer(&found)
            .is_some_and(|found| found.is_object() || *found == Value::Bool(true))
        {
            return Some(resolved(schema, found));
        }
    }
    if depth > 4 {
        return None;
    }
    for branches in ["allOf", "oneOf", "anyOf"] {
        let count = at.get(branches).and_then(Value::as_array).map_or(0, Vec::len);
        for index in 0..count {
            let branch = resolved(schema, format!("{place}/{branches}/{index}"));
            if let Some(found) = below(schema, &branch, token, depth + 1) {
                return Some(found);
            }
        }
    }
    None
}

/// The line, from 1, on which the value at `pointer` begins.
fn line_of(text: &str, pointer: &str) -> Option<u64> {
    let start = text.len() - text.trim_start().len();
    let mut inner = &text[start..];
    for token in pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        let raw: &RawValue = if inner.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(inner).ok()?;
            items.get(name.parse::<usize>().ok()?)?
        } else {
            let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(inner).ok()?;
            members.get(name.as_str())?
        };
        inner = raw.get();
    }
    // `inner` is a part of `text`, so that their addresses tell where.
    let offset = (inner.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    Some(text.get(..offset)?.matches('\n').count() as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::{governing, line_of, member_of};
    use serde_json::json;

    #[test]
    fn a_pointer_is_a_line() {
        let text = "\n{\n \"a/b\": [1,\n 2, {\"c~\": 3}],\n \"d\": {}\n}\n";
        for (pointer, line) in [
            ("", 2),
            ("/a~1b", 3),
            ("/a~1b/1", 4),
            ("/a~1b/2/c~0", 4),
            ("/d", 5),
        ] {
            assert_eq!(line_of(text, pointer), Some(line), "{pointer}");
        }
        assert_eq!(line_of(text, "/e"), None);
        assert_eq!(line_of(text, "/a~1b/9"), None);
    }

    #[test]
    fn a_message_names_its_member() {
        let witness = json!({"a: b": {"c": 1}});
        assert_eq!(member_of("at /a: b/c: wrong: at all", &witness), "/a: b/c");
        assert_eq!(member_of("at /x: wrong", &witness), "");
        assert_eq!(member_of("wrong", &witness), "");
    }

    #[test]
    fn a_member_has_a_place_in_the_other_schema() {
        let schema = json!({
            "$ref": "#/$defs/event",
            "$defs": {"event": {"allOf": [
                {"properties": {"items": {"items": {"$ref": "#/$defs/item"}}}},
                {"required": ["items"]},
            ]}, "item": {"type": "object", "additionalProperties": {"minimum": 1}}},
        });
        assert_eq!(governing(&schema, "", "required"), "/$defs/event");
        assert_eq!(governing(&schema, "/items/3", "type"), "/$defs/item/type");
        assert_eq!(
            governing(&schema, "/items/3/count", "minimum"),
            "/$defs/item/additionalProperties/minimum"
        );
        // What it says nothing about is governed from above.
        assert_eq!(governing(&schema, "/other/deep", "enum"), "/$defs/event");
        assert_eq!(governing(&json!({"$ref": "#"}), "/a", "enum"), "");
        assert_eq!(governing(&json!(true), "/a", "enum"), "");
    }
}
