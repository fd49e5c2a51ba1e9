//! Events that are validated where they stand are judged as values that were built.

use pastproof::model::Version;
use pastproof::replay::ValidateOptions;
use pastproof::schema::Validation;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{catalogue, laws, run, told};

/// Schemas that between them use every kind of keyword.
fn schemas() -> Vec<Value> {
    vec![
        json!({"type": "integer"}),
        json!({"type": ["number", "null"], "multipleOf": 0.5, "exclusiveMaximum": 5, "minimum": -3}),
        json!({"type": "string", "minLength": 1, "maxLength": 2}),
        json!({"pattern": "^[aä]+$"}),
        json!({"enum": [0, 1.0, "a", null, true, [1], {"a": 1}, 18_446_744_073_709_551_615u64]}),
        json!({"const": {"a": [1, {"b": null}]}}),
        json!({"const": -0.0}),
        json!({"items": {"type": "integer"}, "minItems": 1, "maxItems": 2, "uniqueItems": true}),
        json!({"prefixItems": [{"type": "string"}], "items": false}),
        json!({"contains": {"const": "a"}, "minContains": 1, "maxContains": 1}),
        json!({"properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"], "additionalProperties": false}),
        json!({"patternProperties": {"^a": {"type": "array"}}, "additionalProperties": {"type": "integer"}}),
        json!({"propertyNames": {"maxLength": 1, "pattern": "^[ab]"}, "minProperties": 1, "maxProperties": 2}),
        json!({"required": ["a", "b", "c", "d"]}),
        json!({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"b": {"required": ["c"]}}}),
        json!({"oneOf": [{"type": "integer"}, {"minimum": 2}, {"type": "object", "required": ["a"]}]}),
        json!({"anyOf": [{"type": "string"}, {"$ref": "#/$defs/n"}], "$defs": {"n": {"type": "null"}}}),
        json!({"not": {"type": "object"}}),
        json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"maxProperties": 0}}),
        json!({"allOf": [{"properties": {"a": true}}], "unevaluatedProperties": false}),
        json!({"prefixItems": [true], "unevaluatedItems": {"type": "string"}}),
        json!({"type": "object", "properties": {"a": {"$ref": "#"}}, "additionalProperties": false}),
        json!({"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"}),
        json!({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "null"}], "additionalItems": false}),
        json!(false),
    ]
}

fn any_data() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "false",
            "0",
            "-0",
            "-0.0",
            "1",
            "1.0",
            "-1",
            "2.5",
            "4.0",
            "1e2",
            "1e19",
            "5",
            "\"\"",
            "\"a\"",
            "\"\\u0061\"",
            "\"ä\"",
            "\"\\ud83e\\udd80\"",
            "\"ab\"",
            "\"abc\"",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "-9223372036854775809"
        ])
        .prop_map(str::to_owned),
        any::<f64>().prop_filter_map("JSON has it", |float| {
            float.is_finite().then(|| format!("{float:?}"))
        }),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        let names = prop::sample::select(vec!["a", "b", "c", "d", "ab", "\\u0061x", "ä"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::btree_map(names, inner, 0..5).prop_map(|members| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// What is validated without being built is judged as what is built.
#[test]
fn both_ways_to_validate_agree() {
    let schemas = schemas();
    let named: Vec<(String, Value)> = schemas
        .into_iter()
        .enumerate()
        .map(|(index, schema)| (format!("T{index}"), schema))
        .collect();
    let listed: Vec<(&str, &str, Value)> = named
        .iter()
        .map(|(name, schema)| (name.as_str(), "1", schema.clone()))
        .collect();
    let (_folder, validators) = catalogue(&listed);
    assert_eq!(
        validators
            .catalogue()
            .findings()
            .iter()
            .map(told)
            .collect::<Vec<_>>(),
        [""; 0]
    );
    let mut seen = std::collections::BTreeSet::new();
    let mut runner = proptest::test_runner::TestRunner::new(laws(64));
    runner
        .run(&any_data(), |data| {
            let value = pastproof::json::parse(data.as_bytes()).unwrap().value;
            for (name, schema) in &named {
                let line = format!("{{\"s\":\"a\",\"n\":0,\"t\":\"{name}\",\"d\":{data}}}");
                let (findings, counts) = run(&validators, &ValidateOptions::default(), line.as_bytes());
                let built = validators.validate(name, &Version::from(1), &value);
                let (valid, violations) = match built {
                    Validation::Valid => (1, 0),
                    Validation::Invalid(violations) => (0, violations.len()),
                    other => panic!("{other:?}"),
                };
                let found = findings
                    .iter()
                    .filter(|told| told.contains("invalid-event"))
                    .count();
                prop_assert_eq!((counts.valid, found), (valid, violations), "{} {}", schema, data);
            }
            Ok(())
        })
        .unwrap();
    // The law says something only where both answers occur.
    for (name, schema) in &named {
        for data in [
            "null",
            "0",
            "4.0",
            "\"\"",
            "\"a\"",
            "[]",
            "[1,1]",
            "[\"a\"]",
            "{}",
            "{\"a\":1,\"b\":1}",
            "{\"a\":{}}",
            "{\"a\":[]}",
            "{\"a\":1,\"b\":1,\"c\":1,\"d\":1}",
            "{\"b\":2}",
            "{\"a\":[1,{\"b\":null}]}",
            "\"abc\"",
            "[null]",
        ] {
            let value = pastproof::json::parse(data.as_bytes()).unwrap().value;
            let valid = validators.validate(name, &Version::from(1), &value) == Validation::Valid;
            seen.insert((name.clone(), valid));
        }
        assert!(seen.contains(&(name.clone(), false)), "{schema} refuses nothing");
        assert!(
            *schema == json!(false) || seen.contains(&(name.clone(), true)),
            "{schema} accepts nothing"
        );
    }
}
