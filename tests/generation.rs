//! Instances of a schema and near misses, each held against two validators.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test may fail, and says so when it is skipped"
)]

use std::collections::BTreeSet;
use std::path::Path;

use pastproof::schema::{CompareOptions, Draft, Verdict, arbitrary, arbitrary_in, compare, near_misses};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

#[path = "second/mod.rs"]
mod second;
use second::Second;

/// One schema for every keyword, and for what keywords do to each other.
fn schemas() -> Vec<(&'static str, Value)> {
    let draft = |uri: &str, mut schema: Value| {
        schema["$schema"] = uri.into();
        schema
    };
    let four = "http://json-schema.org/draft-04/schema#";
    let six = "http://json-schema.org/draft-06/schema#";
    let seven = "http://json-schema.org/draft-07/schema#";
    let nine = "https://json-schema.org/draft/2019-09/schema";
    vec![
        ("types", json!({"type": ["integer", "null", "array"]})),
        ("enumeration", json!({"enum": [1, "a", {"b": []}, null]})),
        ("constant", json!({"const": {"a": [1, 2]}})),
        (
            "bounds",
            json!({"type": "integer", "minimum": -3, "exclusiveMaximum": 9_007_199_254_740_993_u64}),
        ),
        (
            "u64",
            json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
        ),
        (
            "narrow",
            json!({"type": "number", "exclusiveMinimum": 0.1, "maximum": 0.2}),
        ),
        (
            "quarters",
            json!({"type": "number", "multipleOf": 0.25, "minimum": 0, "maximum": 99.99}),
        ),
        (
            "multiples",
            json!({"type": "integer", "allOf": [{"multipleOf": 6}, {"multipleOf": 4}, {"multipleOf": 2.5}]}),
        ),
        (
            "length",
            json!({"type": "string", "minLength": 3, "maxLength": 4}),
        ),
        (
            "pattern",
            json!({"type": "string", "pattern": "^[A-Z]{2}-\\d{4,6}$"}),
        ),
        (
            "long pattern",
            json!({"type": "string", "pattern": "^(ab|cd)*$", "minLength": 20, "maxLength": 24}),
        ),
        (
            "two patterns",
            json!({"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "z$"}]}),
        ),
        (
            "no pattern",
            json!({"type": "string", "not": {"pattern": "^a"}, "minLength": 1}),
        ),
        (
            "tuple",
            json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false, "minItems": 1}),
        ),
        (
            "list",
            json!({"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 5}),
        ),
        (
            "unique",
            json!({"type": "array", "items": {"enum": [1, 2, 3, 4]}, "uniqueItems": true, "minItems": 4}),
        ),
        (
            "contains",
            json!({"type": "array", "contains": {"type": "string"}, "minContains": 2, "maxContains": 3}),
        ),
        (
            "object",
            json!({"type": "object", "required": ["a", "z"], "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}),
        ),
        (
            "closed",
            json!({"type": "object", "properties": {"a": {}, "b": {}}, "patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": false, "minProperties": 2}),
        ),
        (
            "names",
            json!({"type": "object", "propertyNames": {"pattern": "^[a-c]+$"}, "minProperties": 2, "maxProperties": 3}),
        ),
        (
            "map",
            json!({"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}),
        ),
        (
            "dependent",
            json!({"type": "object", "properties": {"card": {}, "bill": {}}, "dependentRequired": {"card": ["bill"]}, "dependentSchemas": {"bill": {"required": ["zip"], "properties": {"zip": {"type": "string"}}}}, "minProperties": 1}),
        ),
        (
            "conditions",
            json!({"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["a", "b"]}}, "if": {"properties": {"kind": {"const": "a"}}}, "then": {"required": ["x"]}, "else": {"required": ["y"]}}),
        ),
        (
            "tagged",
            json!({"oneOf": [
                {"type": "object", "properties": {"type": {"const": "A"}, "n": {"type": "integer"}}, "required": ["type", "n"]},
                {"type": "object", "properties": {"type": {"const": "B"}}, "required": ["type"]},
            ]}),
        ),
        (
            "overlapping",
            json!({"oneOf": [{"type": "integer", "minimum": 5}, {"type": "integer", "maximum": 9}]}),
        ),
        ("refused", json!({"not": {"type": ["object", "array", "string"]}})),
        (
            "refused members",
            json!({"type": "object", "not": {"properties": {"a": {"type": "integer"}}, "required": ["b"]}}),
        ),
        (
            "refused choice",
            json!({"type": "integer", "not": {"anyOf": [{"minimum": 10}, {"multipleOf": 2}]}}),
        ),
        (
            "refused map",
            json!({"type": "object", "not": {"additionalProperties": {"type": "string"}}}),
        ),
        (
            "refused items",
            json!({"type": "array", "not": {"items": {"type": "integer"}}}),
        ),
        (
            "refused contains",
            json!({"type": "array", "not": {"contains": {"type": "integer"}}, "minItems": 1}),
        ),
        (
            "recursive",
            json!({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "required": ["value"], "properties": {"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "additionalProperties": false}}}),
        ),
        (
            "root",
            json!({"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, "required": ["next"]}),
        ),
        (
            "expression",
            json!({"$ref": "#/$defs/e", "$defs": {"e": {"oneOf": [{"type": "integer"}, {"type": "array", "prefixItems": [{"$ref": "#/$defs/e"}, {"enum": ["+", "-"]}, {"$ref": "#/$defs/e"}], "items": false, "minItems": 3}]}}}),
        ),
        (
            "unevaluated",
            json!({"type": "object", "allOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"b": {"type": "string"}}}], "required": ["a"], "unevaluatedProperties": false}),
        ),
        (
            "unevaluated items",
            json!({"type": "array", "prefixItems": [{"type": "integer"}], "unevaluatedItems": false, "minItems": 1}),
        ),
        (
            "anchor",
            json!({"$ref": "#money", "$defs": {"m": {"$anchor": "money", "type": "object", "required": ["cents"], "properties": {"cents": {"type": "integer"}}}}}),
        ),
        (
            "draft 4",
            draft(
                four,
                json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true, "maximum": 9}),
            ),
        ),
        (
            "draft 4 tuple",
            draft(
                four,
                json!({"type": "array", "items": [{"type": "string"}], "additionalItems": {"type": "integer"}}),
            ),
        ),
        (
            "draft 6",
            draft(
                six,
                json!({"type": "array", "contains": {"const": 1}, "items": {"type": "integer"}}),
            ),
        ),
        (
            "draft 7",
            draft(
                seven,
                json!({"definitions": {"s": {"type": "string"}}, "type": "object", "properties": {"a": {"$ref": "#/definitions/s", "minLength": 99}}, "required": ["a"], "dependencies": {"a": ["b"]}}),
            ),
        ),
        (
            "2019-09",
            draft(
                nine,
                json!({"type": "array", "items": [{"type": "integer"}], "additionalItems": {"type": "string"}, "minItems": 2}),
            ),
        ),
    ]
}

fn second(schema: &Value) -> Second {
    Second::new(schema, boon::Draft::V2020_12).unwrap()
}

#[test]
fn every_instance_is_one_for_two_validators() {
    let mut runner = TestRunner::deterministic();
    for (name, schema) in schemas() {
        let strategy = arbitrary(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        let second = second(&schema);
        let mut different = BTreeSet::new();
        for _ in 0..30 {
            let value = strategy
                .new_tree(&mut runner)
                .unwrap_or_else(|why| panic!("{name}: {why}"))
                .current();
            assert!(second.accepts(&value), "{name}: {value}");
            different.insert(value.to_string());
        }
        let least = if name == "constant" { 1 } else { 3 };
        assert!(different.len() >= least, "{name}: always {different:?}");
    }
}

#[test]
fn what_shrinks_stays_an_instance_and_comes_to_an_end() {
    let mut runner = TestRunner::deterministic();
    for (name, schema) in schemas() {
        let strategy = arbitrary(&schema).unwrap();
        let second = second(&schema);
        for _ in 0..3 {
            let mut tree = strategy.new_tree(&mut runner).unwrap();
            let mut steps = 0;
            while tree.simplify() {
                steps += 1;
                assert!(second.accepts(&tree.current()), "{name}: {}", tree.current());
                assert!(
                    steps < 5000,
                    "{name}: shrinks without end, now {}",
                    tree.current()
                );
            }
        }
    }
}

#[test]
fn a_failing_instance_shrinks_to_the_smallest_that_fails() {
    let schema = json!({
        "type": "object",
        "required": ["items", "note"],
        "properties": {
            "items": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "note": {"type": "string", "minLength": 2},
        },
    });
    let mut runner = TestRunner::deterministic();
    let failed = runner.run(&arbitrary(&schema).unwrap(), |event| {
        let sum: u64 = event["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_u64)
            .fold(0, u64::saturating_add);
        proptest::prop_assert!(sum < 1000);
        Ok(())
    });
    let Err(proptest::test_runner::TestError::Fail(_, smallest)) = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(smallest, json!({"items": [1000], "note": "aa"}));
}

#[test]
fn a_near_miss_misses_by_the_keyword_it_names() {
    let mut runner = TestRunner::deterministic();
    for (name, schema) in schemas() {
        let second_whole = second(&schema);
        let strategy = near_misses(&schema).unwrap();
        let mut named = BTreeSet::new();
        for _ in 0..12 {
            let miss = strategy
                .new_tree(&mut runner)
                .unwrap_or_else(|why| panic!("{name}: {why}"))
                .current();
            let (above, keyword) = miss.keyword.rsplit_once('/').unwrap();
            let mut without = schema.clone();
            without
                .pointer_mut(above)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(keyword)
                .unwrap();
            let told = format!("{name}: {} by {}", miss.value, miss.keyword);
            assert!(!second_whole.accepts(&miss.value), "accepted, {told}");
            assert!(
                second(&without).accepts(&miss.value),
                "refused for more than that, {told}"
            );
            named.insert(miss.keyword);
        }
        println!("{name}: {named:?}");
    }
}

/// Every keyword of this schema can be missed alone, and is.
#[test]
fn near_misses_find_every_keyword() {
    let schema = json!({
        "type": "object",
        "required": ["id", "lines"],
        "properties": {
            "id": {"type": "string", "pattern": "^P-[0-9]+$", "maxLength": 6},
            "lines": {
                "type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": true,
                "items": {"type": "integer", "minimum": 1, "maximum": 99, "multipleOf": 3},
            },
            "way": {"enum": ["post", "van"]},
        },
        "additionalProperties": false,
        "not": {"type": "object", "required": ["way"], "properties": {"lines": {"minItems": 2}}},
    });
    let strategy = near_misses(&schema).unwrap();
    let mut runner = TestRunner::deterministic();
    let missed: BTreeSet<String> = (0..300)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current().keyword)
        .collect();
    let wanted = [
        "/additionalProperties",
        "/not",
        "/properties/id/maxLength",
        "/properties/id/pattern",
        "/properties/id/type",
        "/properties/lines/items/maximum",
        "/properties/lines/items/minimum",
        "/properties/lines/items/multipleOf",
        "/properties/lines/items/type",
        "/properties/lines/maxItems",
        "/properties/lines/minItems",
        "/properties/lines/type",
        "/properties/lines/uniqueItems",
        "/properties/way/enum",
        "/required",
        "/type",
    ];
    assert_eq!(missed.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
}

/// The second validator divides floats, and so refuses some of these.
#[test]
fn multiples_of_a_decimal_are_exact() {
    let schema = json!({"type": "number", "multipleOf": 0.01, "minimum": 0.05, "maximum": 99.99});
    let strategy = arbitrary(&schema).unwrap();
    let mut runner = TestRunner::deterministic();
    for _ in 0..200 {
        let value = strategy.new_tree(&mut runner).unwrap().current().to_string();
        let digits = value.split_once('.').map_or("", |(_, digits)| digits);
        assert!(digits.len() <= 2, "{value}");
    }
}

#[test]
fn a_schema_without_instances_makes_none() {
    let mut runner = TestRunner::deterministic();
    for schema in [
        json!(false),
        json!({"type": "integer", "minimum": 3, "maximum": 2}),
        json!({"type": "object", "required": ["a"], "properties": {"a": false}}),
        json!({"$ref": "#/$defs/loop", "$defs": {"loop": {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/$defs/loop"}}}}}),
    ] {
        let made = arbitrary(&schema)
            .unwrap()
            .new_tree(&mut runner)
            .map(|tree| tree.current());
        assert!(made.is_err(), "{schema}: {made:?}");
    }
}

#[test]
fn what_is_no_schema_is_said() {
    let told = |schema: Value| arbitrary(&schema).unwrap_err().to_string();
    assert!(
        told(json!({"type": "text"})).contains("type"),
        "{}",
        told(json!({"type": "text"}))
    );
    assert!(told(json!({"$ref": "other.json"})).contains("other.json"));
    assert!(told(json!(3)).contains("neither an object nor a boolean"));
    assert!(
        told(json!({"$dynamicRef": "#a", "$defs": {"a": {"$dynamicAnchor": "a"}}})).contains("/$dynamicRef")
    );
}

/// Schemas of a public suite, which were written to be hard. Where the second validator cannot compile a schema,
/// the first alone has confirmed.
#[test]
fn schemas_of_a_public_suite_have_instances() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/compat/containment-draft7.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        let required = std::env::var("PASTPROOF_REQUIRE_DATA").is_ok_and(|value| value == "1");
        assert!(!required, "{} is missing", path.display());
        eprintln!("skipped: {} is missing", path.display());
        return;
    };
    let mut schemas: Vec<Value> = Vec::new();
    for line in text.lines().step_by(23) {
        let pair: Value = serde_json::from_str(line).unwrap();
        schemas.push(pair["old"].clone());
        schemas.push(pair["new"].clone());
    }
    let mut seen = BTreeSet::new();
    schemas.retain(|schema| seen.insert(schema.to_string()));
    let mut runner = TestRunner::deterministic();
    let (mut none, mut instances) = (Vec::new(), 0);
    for schema in &schemas {
        let Ok(strategy) = arbitrary_in(schema, Draft::Draft7) else {
            continue;
        };
        let second = Second::new(schema, boon::Draft::V7);
        for _ in 0..3 {
            let Ok(tree) = strategy.new_tree(&mut runner) else {
                none.push(schema.to_string());
                break;
            };
            instances += 1;
            if let Ok(second) = &second {
                assert!(second.accepts(&tree.current()), "{schema}: {}", tree.current());
            }
        }
    }
    // Many are built to have none, and that can be proved.
    let nothing = json!(false);
    let mut empty = 0;
    none.retain(|schema| {
        let options = CompareOptions {
            draft: Some(Draft::Draft7),
            ..CompareOptions::default()
        };
        let schema: Value = serde_json::from_str(schema).unwrap();
        let is_empty = compare(&schema, &nothing, &options).unwrap().backward.verdict == Verdict::Compatible;
        empty += usize::from(is_empty);
        !is_empty
    });
    println!(
        "{} schemas, {instances} instances, {empty} empty, open: {none:#?}",
        schemas.len()
    );
    assert!(
        none.len() * 100 <= schemas.len() * 2,
        "{} of {}: {none:#?}",
        none.len(),
        schemas.len()
    );
}
