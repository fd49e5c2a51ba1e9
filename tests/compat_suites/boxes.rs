//! Pairs that are huge or that take too many cases: each ends, the same way each time, in bounded work.

use std::time::Instant;

use pastproof::schema::{CompareOptions, Comparison, Verdict, compare};
use serde_json::{Map, Value, json};

/// Compares twice; answers that depend on how long something takes would differ.
fn twice(name: &str, old: &Value, new: &Value) -> Comparison {
    let options = CompareOptions::default();
    let started = Instant::now();
    let once = compare(old, new, &options).unwrap();
    println!(
        "{name}: {} and {} after {:.2} s",
        once.backward.verdict,
        once.forward.verdict,
        started.elapsed().as_secs_f64()
    );
    assert_eq!(once, compare(old, new, &options).unwrap(), "{name}");
    once
}

fn wide(count: usize, held: &Value) -> Value {
    let names = || (0..count).map(|index| format!("member{index}"));
    let properties: Map<String, Value> = names().map(|name| (name, held.clone())).collect();
    json!({"type": "object", "properties": properties, "required": names().collect::<Vec<String>>()})
}

/// Fewer in a debug build, which is twenty times as slow.
fn many(count: usize) -> usize {
    if cfg!(debug_assertions) { count / 20 } else { count }
}

#[test]
fn as_many_members_as_there_may_be() {
    let count = many(12_000);
    let (old, new) = (
        wide(count, &json!({"type": "integer"})),
        wide(count, &json!({"type": "number"})),
    );
    let comparison = twice("as many members as there may be", &old, &new);
    assert_eq!(comparison.backward.verdict, Verdict::Compatible);
    assert_ne!(comparison.forward.verdict, Verdict::Compatible);
}

#[test]
fn more_than_there_may_be() {
    let schema = wide(60_000, &json!(true));
    let comparison = twice("60,000 members", &schema, &json!({"required": ["a"]}));
    for direction in [&comparison.backward, &comparison.forward] {
        assert_eq!(direction.verdict, Verdict::Unproven);
        assert!(
            direction.findings[0].message.contains("more than 50000 values"),
            "{direction:?}"
        );
    }
}

#[test]
fn as_many_names_that_have_to_be_there() {
    let required = |count: usize| {
        let names: Vec<String> = (0..count).map(|index| format!("member{index}")).collect();
        json!({ "required": names })
    };
    let count = many(40_000);
    let comparison = twice("40,000 names", &required(count), &required(count - 1));
    assert_eq!(comparison.backward.verdict, Verdict::Compatible);
    assert_ne!(comparison.forward.verdict, Verdict::Compatible);
}

#[test]
fn as_many_branches() {
    let choice = |keyword: &str, count: usize| {
        let branches: Vec<Value> = (0..count)
            .map(|index| json!({"minimum": index, "multipleOf": 2 + index % 5}))
            .collect();
        json!({ keyword: branches })
    };
    let count = many(10_000) / if cfg!(debug_assertions) { 5 } else { 1 };
    for keyword in ["anyOf", "oneOf", "allOf"] {
        let comparison = twice(keyword, &choice(keyword, count), &choice(keyword, count - 1));
        for direction in [&comparison.backward, &comparison.forward] {
            if direction.verdict == Verdict::Unproven {
                assert!(!direction.findings[0].message.is_empty());
            }
        }
    }
}

#[test]
fn nested_as_deep() {
    let deep = |levels: usize, innermost: Value| {
        (0..levels).fold(innermost, |inner, _| json!({"properties": {"a": inner}}))
    };
    // Two levels of JSON each.
    let comparison = twice(
        "60 levels",
        &deep(60, json!({"type": "integer"})),
        &deep(60, json!({"type": "number"})),
    );
    assert_eq!(comparison.backward.verdict, Verdict::Compatible, "{comparison:?}");
    let comparison = twice(
        "500 levels",
        &deep(500, json!(true)),
        &deep(500, json!({"type": "number"})),
    );
    for direction in [&comparison.backward, &comparison.forward] {
        assert_eq!(direction.verdict, Verdict::Unproven);
        assert!(
            direction.findings[0].message.contains("levels deep"),
            "{direction:?}"
        );
    }
}

#[test]
fn exponentially_many_cases() {
    let cases: Vec<Value> = (0..40)
        .map(|index| json!({"not": {"patternProperties": {format!("^{index}[a-z]*{}$", index % 7): {"minimum": index}}}}))
        .collect();
    let flags: Vec<Value> = (0..30)
        .map(|index| json!({"anyOf": [{"required": [format!("a{index}")]}, {"required": [format!("b{index}")]}]}))
        .collect();
    let pairs = [
        (
            "overlapping patterns",
            json!({"type": "object", "anyOf": cases}),
            json!({"oneOf": cases, "maxProperties": 50}),
        ),
        (
            "two to the thirty",
            json!({"type": "object", "allOf": flags}),
            json!({"minProperties": 31}),
        ),
        (
            "two to the thirty, once each",
            json!({"type": "object", "oneOf": flags}),
            json!({"minProperties": 2}),
        ),
    ];
    for (name, old, new) in pairs {
        let comparison = twice(name, &old, &new);
        assert_ne!(comparison.backward.verdict, Verdict::Compatible, "{name}");
    }
}
