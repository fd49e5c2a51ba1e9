//! How many steps questions take: what grows with the schemas grows as they do, and what grows faster ends at the box.

use serde_json::{Map, Value, json};

use super::solve::{Answer, Asked, STEPS, counted};

fn steps(first: &Value, second: &Value) -> (Answer, u64) {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .stack_size(64 << 20)
            .spawn_scoped(scope, || counted(Asked { first, second }));
        worker.unwrap().join().unwrap()
    })
}

fn is_contained(answer: &Answer) -> bool {
    matches!(answer, Answer::Contained(_))
}

/// An object with as many members, all of which have to be there and none of which may be another.
fn wide(count: usize, held: &Value) -> Value {
    let names = || (0..count).map(|index| format!("member{index}"));
    let properties: Map<String, Value> = names().map(|name| (name, held.clone())).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": names().collect::<Vec<String>>(),
        "additionalProperties": false,
    })
}

fn tagged(count: usize, held: &Value) -> Value {
    let branches: Vec<Value> = (0..count)
        .map(|index| {
            json!({
                "type": "object",
                "properties": {"kind": {"const": format!("kind{index}")}, "value": held},
                "required": ["kind", "value"],
            })
        })
        .collect();
    json!({ "oneOf": branches })
}

#[test]
fn many_members_take_as_many_steps() {
    let mut before = None;
    for count in [500, 1000, 2000] {
        let (answer, taken) = steps(
            &wide(count, &json!({"type": "integer"})),
            &wide(count, &json!({"type": "number"})),
        );
        assert!(is_contained(&answer), "{count}: {answer:?}");
        if let Some(before) = before.replace(taken) {
            assert!(taken < 3 * before, "{count}: {taken} steps after {before}");
        }
    }
}

#[test]
fn a_difference_among_many_members_is_found() {
    let first = wide(2000, &json!({"type": "integer"}));
    let mut second = wide(2000, &json!({"type": "number"}));
    second["properties"]["member1234"] = json!({"type": "string"});
    let (answer, taken) = steps(&first, &second);
    assert!(matches!(answer, Answer::Lost(_)), "{answer:?}");
    assert!(taken < STEPS / 8, "{taken}");
}

#[test]
fn tags_tell_many_branches_apart() {
    let mut before = None;
    for count in [30, 60, 120] {
        let (answer, taken) = steps(
            &tagged(count, &json!({"type": "integer"})),
            &tagged(count + 1, &json!({"type": "number"})),
        );
        assert!(is_contained(&answer), "{count}: {answer:?}");
        // Each branch of the one is held against each of the other.
        if let Some(before) = before.replace(taken) {
            assert!(taken < 7 * before, "{count}: {taken} steps after {before}");
        }
    }
}

#[test]
fn what_grows_too_fast_ends_at_the_box() {
    let crossed: Vec<Value> = (0..40)
        .map(|index| json!({"not": {"patternProperties": {format!("^{index}[a-z]*{}$", index % 7): {"minimum": index}}}}))
        .collect();
    let pairs = [
        (
            tagged(3000, &json!({"type": "integer"})),
            tagged(3000, &json!({"type": "number"})),
        ),
        (
            json!({"type": "object", "anyOf": crossed}),
            json!({"oneOf": crossed, "maxProperties": 50}),
        ),
    ];
    for (first, second) in pairs {
        let (answer, taken) = steps(&first, &second);
        assert!(taken <= STEPS);
        // Nothing is concluded from what was not looked at.
        match answer {
            Answer::Open { reason, .. } => assert!(!reason.is_empty()),
            Answer::Lost(_) | Answer::Contained(_) => assert!(taken < STEPS, "{taken}"),
        }
    }
}
