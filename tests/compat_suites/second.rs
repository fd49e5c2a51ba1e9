//! A second validator, written apart from the first.

use pastproof::schema::Draft;
use serde_json::Value;

/// Whether a value is one of `schema`, formats apart; nothing when the schema has a pattern or a reference that it does
/// not know.
pub fn accepts(schema: &Value, draft: Draft) -> Option<impl Fn(&Value) -> bool + use<>> {
    judge(schema, draft, false)
}

/// Whether a value is one of `schema`; nothing when the schema has a pattern or a reference that it does not know.
pub fn judge(schema: &Value, draft: Draft, asserting: bool) -> Option<impl Fn(&Value) -> bool + use<>> {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.set_default_draft(match draft {
        Draft::Draft4 => boon::Draft::V4,
        Draft::Draft6 => boon::Draft::V6,
        Draft::Draft7 => boon::Draft::V7,
        Draft::Draft201909 => boon::Draft::V2019_09,
        _ => boon::Draft::V2020_12,
    });
    if asserting {
        compiler.enable_format_assertions();
        compiler.enable_content_assertions();
    }
    compiler.add_resource("schema.json", schema.clone()).ok()?;
    let index = compiler.compile("schema.json", &mut schemas).ok()?;
    Some(move |value: &Value| schemas.validate(value, index).is_ok())
}
