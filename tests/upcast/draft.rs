//! Drafts as Rust: the text compiles, and does what the draft as a file does.

use std::path::Path;

use pastproof::model::Version;
use pastproof::upcast::{Chains, Draft, Envelope};
use serde_json::{Value, json};

use super::drafted::order_placed_1_to_2;

fn schemas() -> (Value, Value) {
    let old = json!({
        "type": "object",
        "properties": {
            "order_number": {"type": "string"},
            "total": {"type": "string"},
            "state": {"enum": ["open", "shut"]},
            "street": {"type": "string"},
            "lines": {"type": "array", "items": {
                "type": "object", "properties": {"item_name": {"type": "string"}}, "required": ["item_name"],
            }},
            "fax": {"type": "string"},
        },
        "required": ["order_number", "total", "state", "street", "lines"],
        "additionalProperties": false,
    });
    let new = json!({
        "type": "object",
        "properties": {
            "order_no": {"type": "string"},
            "total": {"type": "integer"},
            "state": {"enum": ["open", "closed"]},
            "address": {"type": "object", "properties": {"street": {"type": "string"}}, "required": ["street"]},
            "lines": {"type": "array", "items": {
                "type": "object", "properties": {"item_names": {"type": "string"}}, "required": ["item_names"],
            }},
            "type": {"type": "string"},
            "version": {"type": "integer", "default": 2},
        },
        "required": ["order_no", "total", "state", "address", "lines", "type", "version"],
        "additionalProperties": false,
    });
    (old, new)
}

/// `UPDATE_CASES=1` writes the text.
#[test]
fn the_drafted_text_is_the_module_that_compiles() {
    let (old, new) = schemas();
    let draft = Draft::new(&old, &new).unwrap();
    let text = draft.rust("OrderPlaced", &Version::from(1), &Version::from(2));
    if std::env::var_os("UPDATE_CASES").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upcast/drafted.rs");
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(text, include_str!("drafted.rs"));
}

#[test]
fn the_drafted_function_upcasts() {
    let upcaster = order_placed_1_to_2(
        |old| Ok(json!(if old["state"] == "shut" { "closed" } else { "open" })),
        |old| Ok(format!("order {}", old["order_number"].as_str().unwrap_or("?"))),
    );
    let chains = Chains::new([upcaster], [("OrderPlaced", 2)]);
    let old = json!({
        "order_number": "7", "total": "450", "state": "shut", "street": "Mill Lane",
        "lines": [{"item_name": "tea"}], "fax": "none",
    });
    let made = chains
        .upcast("OrderPlaced", &Version::from(1), old, &Envelope::default())
        .unwrap();
    let expected = json!({
        "order_no": "7", "total": 450, "state": "closed", "address": {"street": "Mill Lane"},
        "lines": [{"item_names": "tea"}], "type": "order 7", "version": 2,
    });
    assert_eq!(made[0].data, expected);
    let wrong = json!({"order_number": "7", "total": "much", "state": "open", "street": "", "lines": []});
    let error = chains
        .upcast("OrderPlaced", &Version::from(1), wrong, &Envelope::default())
        .unwrap_err();
    assert!(error.to_string().contains("much: invalid digit"), "{error}");
}
