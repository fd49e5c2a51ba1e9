//! Random pairs of small schemas: no verdict is contradicted by random values.

use pastproof::schema::{CompareOptions, Draft, Verdict, compare};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

use crate::second::accepts;

/// Values of a small world, so that schemas and values meet.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (-4..7i64).prop_map(Value::from),
        prop_oneof![Just(0.5), Just(1.5), Just(2.0), Just(-0.25), Just(3.3), Just(1.0)].prop_map(Value::from),
        "[ab01]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abx]|ab|x1", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn keyword(inner: impl Strategy<Value = Value> + Clone + 'static) -> BoxedStrategy<Map<String, Value>> {
    let one = |name: &'static str, value: BoxedStrategy<Value>| {
        value
            .prop_map(move |value| Map::from_iter([(name.to_owned(), value)]))
            .boxed()
    };
    let small = |range: std::ops::Range<u64>| range.prop_map(Value::from).boxed();
    let number = || {
        prop_oneof![
            (-3..6i64).prop_map(Value::from),
            Just(json!(0.5)),
            Just(json!(2.5))
        ]
        .boxed()
    };
    let pattern = || {
        prop_oneof![
            Just("^a"),
            Just("b$"),
            Just("^[ab]*$"),
            Just("^.{2}$"),
            Just("[01]"),
            Just("^x"),
            Just("^(a|ab)$"),
            Just("^(?!a)"),
            Just("\\d")
        ]
    };
    let list = |least: usize| {
        prop::collection::vec(inner.clone(), least..4)
            .prop_map(Value::from)
            .boxed()
    };
    let named = |names: &'static str| {
        prop::collection::btree_map(names, inner.clone(), 0..3)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
            .boxed()
    };
    let patterned = prop::collection::btree_map(pattern().prop_map(str::to_owned), inner.clone(), 1..3)
        .prop_map(|members| Value::Object(members.into_iter().collect()));
    let names = || prop::collection::btree_set("[abx]", 0..3).prop_map(|names| json!(names));
    let types = prop::sample::subsequence(
        vec![
            "null", "boolean", "integer", "number", "string", "array", "object",
        ],
        1..4,
    )
    .prop_map(|names| json!(names));
    prop_oneof![
        4 => one("type", types.boxed()),
        1 => one("const", value().boxed()),
        1 => one("enum", prop::collection::vec(value(), 1..4).prop_map(Value::from).boxed()),
        1 => one("minimum", number()),
        1 => one("maximum", number()),
        1 => one("exclusiveMinimum", number()),
        1 => one("exclusiveMaximum", number()),
        1 => one("multipleOf", prop_oneof![Just(json!(2)), Just(json!(3)), Just(json!(0.5)), Just(json!(1.1))].boxed()),
        1 => one("minLength", small(0..3)),
        1 => one("maxLength", small(0..3)),
        2 => one("pattern", pattern().prop_map(Value::from).boxed()),
        1 => one("minItems", small(0..3)),
        1 => one("maxItems", small(0..3)),
        1 => one("uniqueItems", any::<bool>().prop_map(Value::from).boxed()),
        1 => one("items", inner.clone().boxed()),
        1 => one("prefixItems", list(1)),
        1 => (inner.clone(), 0..3u64, 0..3u64).prop_map(|(contains, least, most)| {
            let members = json!({"contains": contains, "minContains": least, "maxContains": most});
            members.as_object().unwrap().clone()
        }),
        1 => one("contains", inner.clone().boxed()),
        3 => one("properties", named("[abx]")),
        2 => one("required", names().boxed()),
        2 => one("patternProperties", patterned.boxed()),
        2 => one("additionalProperties", inner.clone().boxed()),
        1 => one("propertyNames", inner.clone().boxed()),
        1 => one("minProperties", small(0..3)),
        1 => one("maxProperties", small(0..3)),
        1 => one("dependentRequired", names().prop_map(|names| json!({"a": names})).boxed()),
        1 => one("dependentSchemas", named("[abx]")),
        1 => one("unevaluatedProperties", inner.clone().boxed()),
        1 => one("unevaluatedItems", inner.clone().boxed()),
        1 => one("allOf", list(1)),
        2 => one("anyOf", list(1)),
        2 => one("oneOf", list(1)),
        1 => one("not", inner.clone().boxed()),
        1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(condition, then, other)| {
            let members = json!({"if": condition, "then": then, "else": other});
            members.as_object().unwrap().clone()
        }),
        1 => one("$ref", prop_oneof![Just("#/$defs/one"), Just("#/$defs/two")].prop_map(Value::from).boxed()),
    ]
    .boxed()
}

fn part(depth: u32) -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        1 => any::<bool>().prop_map(Value::from),
        2 => prop_oneof![Just("integer"), Just("string"), Just("object"), Just("array")].prop_map(|name| json!({"type": name})),
    ];
    leaf.prop_recursive(depth, 24, 4, |inner| {
        prop::collection::vec(keyword(inner), 1..4)
            .prop_map(|keywords| Value::Object(keywords.into_iter().flatten().collect()))
    })
    .boxed()
}

/// A schema with two definitions, which may refer to themselves behind a member or an item.
fn schema() -> impl Strategy<Value = Value> {
    (part(3), part(2), part(2)).prop_map(|(schema, one, two)| {
        let guarded = json!({"properties": {"a": one}, "items": two});
        let Value::Object(mut members) = schema else {
            return schema;
        };
        members.insert(
            "$defs".to_owned(),
            json!({"one": guarded.clone(), "two": {"additionalProperties": guarded}}),
        );
        Value::Object(members)
    })
}

/// A schema and one that differs a little, or not at all.
fn pair() -> impl Strategy<Value = (Value, Value)> {
    prop_oneof![
        (schema(), schema()),
        (schema(), part(1)).prop_map(|(old, more)| {
            let new = json!({"anyOf": [old.clone(), more], "$defs": old.get("$defs").cloned().unwrap_or(json!({}))});
            (old, new)
        }),
        (schema(), part(1), 0..8usize).prop_map(|(old, more, index)| {
            let mut new = old.clone();
            if let Value::Object(members) = &mut new {
                let names: Vec<String> = members.keys().filter(|name| *name != "$defs").cloned().collect();
                if let (Some(name), Value::Object(more)) = (names.get(index % names.len().max(1)), more) {
                    members.remove(name);
                    members.extend(more);
                }
            }
            (old, new)
        }),
    ]
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(60) })]

    #[test]
    fn no_verdict_is_contradicted((old, new) in pair(), seed in any::<[u8; 32]>()) {
        let options = CompareOptions { draft: Some(Draft::Draft202012), ..CompareOptions::default() };
        // A reference that leads back to itself, or a pattern that is none.
        let Ok(comparison) = compare(&old, &new, &options) else { return Ok(()) };
        let (Some(is_old), Some(is_new)) = (accepts(&old, Draft::Draft202012), accepts(&new, Draft::Draft202012)) else { return Ok(()) };
        let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let values: Vec<Value> = (0..200).map(|_| value().new_tree(&mut runner).unwrap().current()).collect();
        for (direction, from, to) in [(&comparison.backward, &is_old, &is_new), (&comparison.forward, &is_new, &is_old)] {
            match direction.verdict {
                Verdict::Compatible => {
                    for value in &values {
                        prop_assert!(!from(value) || to(value), "{value} contradicts {:#?}", direction);
                    }
                }
                Verdict::Breaking => {
                    let witness = direction.witness.as_ref().unwrap();
                    // The other validator reckons in floats.
                    let far = witness.to_string().split(|character: char| !character.is_ascii_digit()).any(|digits| digits.len() > 15);
                    prop_assert!(far || from(witness) && !to(witness), "{witness} is no witness");
                }
                Verdict::Unproven => {}
            }
        }
    }
}
