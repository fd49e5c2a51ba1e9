//! What structural tools get wrong, one pair each.

use pastproof::schema::{CompareOptions, Contract, Direction, Verdict, compare};
use serde_json::{Value, json};

fn backward(old: &Value, new: &Value) -> Direction {
    compare(old, new, &CompareOptions::default()).unwrap().backward
}

#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "values are written where they are used"
)]
fn check(old: Value, new: Value, verdict: Verdict) {
    let direction = backward(&old, &new);
    assert_eq!(direction.verdict, verdict, "{old} to {new}: {direction:#?}");
    assert_eq!(direction.derivation.is_empty(), verdict != Verdict::Compatible);
}

#[track_caller]
fn holds(old: Value, new: Value) {
    check(old, new, Verdict::Compatible);
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "schemas are written where they are checked"
)]
#[track_caller]
fn breaks(old: Value, new: Value, witness: &Value) {
    check(old.clone(), new.clone(), Verdict::Breaking);
    assert_eq!(backward(&old, &new).witness.as_ref(), Some(witness));
}

#[test]
fn recursion_is_followed_to_its_end() {
    let tree = |value: &str| {
        json!({
            "type": "object",
            "properties": {"value": {"type": value}, "children": {"type": "array", "items": {"$ref": "#"}}},
        })
    };
    holds(tree("integer"), tree("number"));
    check(tree("number"), tree("integer"), Verdict::Breaking);
    // Two definitions that lead to each other, against one that leads to itself.
    let two = json!({
        "$defs": {
            "even": {"properties": {"next": {"$ref": "#/$defs/odd"}}, "required": ["n"]},
            "odd": {"properties": {"next": {"$ref": "#/$defs/even"}}, "required": ["n"]},
        },
        "$ref": "#/$defs/even",
    });
    let one = json!({"properties": {"next": {"$ref": "#"}}, "required": ["n"]});
    holds(two.clone(), one.clone());
    holds(one, two);
}

#[test]
fn unions_are_told_apart_by_their_tag() {
    let variant = |tag: &str, member: &str| {
        json!({
            "type": "object",
            "properties": {"type": {"const": tag}, member: {"type": "string"}},
            "required": ["type", member],
        })
    };
    let old = json!({"oneOf": [variant("a", "x"), variant("b", "y")]});
    let new = json!({"oneOf": [variant("c", "z"), variant("b", "y"), variant("a", "x")]});
    holds(old.clone(), new.clone());
    check(new, old.clone(), Verdict::Breaking);
    holds(old.clone(), json!({"anyOf": old["oneOf"]}));
    // An overlap is refused by both.
    breaks(
        json!({"type": "string"}),
        json!({"oneOf": [{"type": "string"}, {"maxLength": 2}]}),
        &json!(""),
    );
}

#[test]
fn texts_are_languages() {
    let pattern = |pattern: &str| json!({"type": "string", "pattern": pattern});
    holds(
        pattern("^[a-f]{3}$"),
        json!({"pattern": "^[a-z]+$", "maxLength": 3}),
    );
    breaks(pattern("^[0-9a-f]+$"), pattern("^[0-9a-e]+$"), &json!("f"));
    holds(pattern("^(?!b)[ab]$"), json!({"const": "a"}));
    holds(
        json!({"type": "object", "propertyNames": {"pattern": "^x"}, "patternProperties": {"^x-": {"type": "null"}}}),
        json!({"patternProperties": {"^x-a": {"type": ["null", "string"]}}, "not": {"required": ["y"]}}),
    );
    breaks(
        json!({"type": "object", "patternProperties": {"^a": {"type": "null"}}}),
        json!({"patternProperties": {"^ab": {"type": "boolean"}}}),
        &json!({"ab": null}),
    );
}

#[test]
fn numbers_are_exact() {
    holds(
        json!({"type": "integer", "exclusiveMinimum": 4}),
        json!({"minimum": 5}),
    );
    holds(
        json!({"type": "number", "multipleOf": 3.3}),
        json!({"multipleOf": 1.1}),
    );
    holds(
        json!({"type": "integer", "minimum": 7, "maximum": 8}),
        json!({"enum": [7, 8]}),
    );
    breaks(
        json!({"type": "integer", "multipleOf": 4, "minimum": 1}),
        json!({"multipleOf": 6}),
        &json!(4),
    );
}

#[test]
fn objects_and_arrays_are_counted() {
    let flag = json!({"type": "boolean"});
    holds(json!({"required": ["a", "b"]}), json!({"minProperties": 2}));
    holds(
        json!({"type": "array", "items": flag, "uniqueItems": true}),
        json!({"maxItems": 2}),
    );
    holds(
        json!({"contains": {"const": 1}, "minContains": 2}),
        json!({"contains": {"type": "integer"}, "minItems": 2}),
    );
    holds(
        json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "string"}], "items": false}),
        json!({"items": {"type": "string"}, "maxItems": 2}),
    );
    holds(
        json!({"dependentRequired": {"a": ["b"]}, "required": ["a"]}),
        json!({"required": ["b"]}),
    );
    holds(
        json!({"if": {"properties": {"k": {"const": 1}}, "required": ["k"]}, "then": {"required": ["x"]}, "properties": {"k": {"const": 1}}, "required": ["k"]}),
        json!({"required": ["x"]}),
    );
}

#[test]
fn what_is_unevaluated_depends_on_the_case() {
    let part = |name: &str| json!({"properties": {name: {"type": "string"}}, "required": [name]});
    let closed = json!({"type": "object", "anyOf": [part("a"), part("b")], "unevaluatedProperties": false});
    holds(closed.clone(), json!({"propertyNames": {"enum": ["a", "b"]}}));
    check(
        json!({"type": "object", "properties": {"a": {"type": "string"}, "b": true}, "required": ["a"], "additionalProperties": false}),
        closed,
        Verdict::Breaking,
    );
}

#[test]
fn drafts_mix() {
    let draft4 = json!({"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"});
    let later = json!({"type": "integer"});
    holds(draft4.clone(), later.clone());
    breaks(later, draft4, &json!(1.0));
}

#[test]
fn a_writer_that_can_write_nothing_shows_nothing() {
    let options = CompareOptions {
        contract: Contract::WriterReader,
        ..CompareOptions::default()
    };
    // Closed, nobody writes the member that has to be there.
    let old = json!({"type": "object", "properties": {"a": {}}, "required": ["b"]});
    let comparison = compare(&old, &json!({"required": ["c"]}), &options).unwrap();
    assert_eq!(comparison.backward.verdict, Verdict::Unproven, "{comparison:#?}");
}
