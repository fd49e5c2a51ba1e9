//! The variants of an enum, as its schema has them.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

/// Names of variants, in the order of the type.
pub type Variants = Vec<String>;

/// The variants of `T` as serde names them: the tag, or the text of a variant without data. A type that is no enum has
/// none.
pub(in crate::scenario) fn variants<T: JsonSchema>() -> Variants {
    let schema = SchemaGenerator::default().into_root_schema_for::<T>();
    let mut found = Vec::new();
    collect(schema.as_value(), schema.as_value(), 0, &mut found);
    found
}

fn collect(root: &Value, schema: &Value, depth: usize, found: &mut Variants) {
    if depth > 4 {
        return;
    }
    if let Some(pointer) = schema.get("$ref").and_then(Value::as_str)
        && let Some(target) = pointer
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer))
    {
        collect(root, target, depth + 1, found);
    }
    for word in ["oneOf", "anyOf"] {
        for variant in schema.get(word).and_then(Value::as_array).into_iter().flatten() {
            collect(root, variant, depth + 1, found);
        }
    }
    for text in schema.get("enum").and_then(Value::as_array).into_iter().flatten() {
        found.extend(text.as_str().map(str::to_owned));
    }
    found.extend(schema.get("const").and_then(Value::as_str).map(str::to_owned));
    // Below the root, where a variant with data is an object with its tag as a member, or as the value of one.
    if depth > 0
        && let Some(members) = schema.get("properties").and_then(Value::as_object)
    {
        let tag = members
            .values()
            .find_map(|member| member.get("const").and_then(Value::as_str));
        match (tag, members.len()) {
            (Some(tag), _) => found.push(tag.to_owned()),
            (None, 1) => found.extend(members.keys().cloned()),
            (None, _) => {}
        }
    }
}
