//! Laws that hold for every pair of schemas.

use std::time::Duration;

use pastproof::schema::{CompareOptions, Direction, Draft, Verdict, compare, sample_instances};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::random::{Stream, changed, schema};
use crate::second::Second;

fn options() -> CompareOptions {
    CompareOptions {
        allowance: Duration::from_millis(300),
        ..CompareOptions::default()
    }
}

fn backward(old: &Value, new: &Value) -> Direction {
    compare(old, new, &options()).unwrap().backward
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 1..60)
}

fn one() -> impl Strategy<Value = Value> {
    bytes().prop_map(|bytes| schema(&mut Stream::new(&bytes), 2))
}

fn pair() -> impl Strategy<Value = (Value, Value)> {
    (bytes(), bytes()).prop_map(|(first, second)| {
        let old = schema(&mut Stream::new(&first), 2);
        let new = changed(&mut Stream::new(&second), &old);
        (old, new)
    })
}

/// Writes every list whose order means nothing the other way round.
fn turned(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => members
            .iter()
            .map(|(keyword, value)| {
                let value = match (keyword.as_str(), value) {
                    ("enum" | "required" | "type", Value::Array(items)) => {
                        items.iter().rev().cloned().collect()
                    }
                    ("anyOf" | "allOf" | "oneOf", Value::Array(items)) => {
                        items.iter().rev().map(turned).collect()
                    }
                    ("const" | "enum", value) => value.clone(),
                    (_, value) => turned(value),
                };
                (keyword.clone(), value)
            })
            .collect(),
        other => other.clone(),
    }
}

/// What can be said about a verdict without asking the engine again.
fn holds(old: &Value, new: &Value, direction: &Direction, samples: usize) -> Result<(), TestCaseError> {
    let second = |schema: &Value| Second::new(schema, boon::Draft::V2020_12).unwrap();
    let (old_second, new_second) = (second(old), second(new));
    match direction.verdict {
        Verdict::Compatible => {
            for value in sample_instances(old, 5, samples).unwrap() {
                prop_assert!(old_second.accepts(&value), "{old} is said to accept {value}");
                prop_assert!(new_second.accepts(&value), "{old} ⊆ {new} is refuted by {value}");
            }
        }
        Verdict::Breaking => {
            let witness = direction.witness.as_ref();
            prop_assert!(witness.is_some(), "{old} ⊄ {new} has no witness");
            let witness = witness.unwrap();
            prop_assert!(old_second.accepts(witness), "{old} refuses the witness {witness}");
            prop_assert!(
                !new_second.accepts(witness),
                "{new} accepts the witness {witness}"
            );
        }
        Verdict::Unproven => prop_assert!(!direction.findings.is_empty()),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_verdict_is_contradicted((old, new) in pair()) {
        let answer = compare(&old, &new, &options()).unwrap();
        holds(&old, &new, &answer.backward, 60)?;
        holds(&new, &old, &answer.forward, 60)?;
    }

    #[test]
    fn a_schema_contains_itself(schema in one()) {
        prop_assert_eq!(backward(&schema, &schema).verdict, Verdict::Compatible);
        // However its lists are ordered, whatever is said beside it, and wherever it stands.
        let referred = json!({ "$ref": "#/$defs/s", "$defs": { "s": schema } });
        let wrapped = json!({ "allOf": [schema] });
        for other in [turned(&schema), referred, wrapped] {
            for (old, new) in [(&schema, &other), (&other, &schema)] {
                prop_assert_eq!(backward(old, new).verdict, Verdict::Compatible, "{} {}", old, new);
            }
        }
    }

    #[test]
    fn a_choice_contains_its_branches_and_a_meet_is_contained(schema in one(), more in one()) {
        let choice = json!({ "anyOf": [schema, more] });
        let meet = json!({ "allOf": [schema, more] });
        prop_assert_eq!(backward(&schema, &choice).verdict, Verdict::Compatible);
        prop_assert_eq!(backward(&meet, &schema).verdict, Verdict::Compatible);
        prop_assert_eq!(backward(&meet, &choice).verdict, Verdict::Compatible);
    }

    #[test]
    fn containment_is_transitive((first, second) in pair(), bytes in bytes()) {
        let third = changed(&mut Stream::new(&bytes), &second);
        if backward(&first, &second).verdict == Verdict::Compatible
            && backward(&second, &third).verdict == Verdict::Compatible
        {
            prop_assert_ne!(backward(&first, &third).verdict, Verdict::Breaking);
        }
    }

    #[test]
    fn a_reference_and_what_it_refers_to_are_one((old, new) in pair()) {
        let referred = |schema: &Value| json!({ "$ref": "#/$defs/s", "$defs": { "s": schema } });
        let plain = backward(&old, &new).verdict;
        let inlined = backward(&referred(&old), &referred(&new)).verdict;
        prop_assert!(!contradict(plain, inlined), "{old} {new}: {plain}, {inlined} by reference");
    }

    #[test]
    fn the_draft_does_not_matter_where_drafts_agree((old, new) in pair()) {
        let plain = backward(&old, &new).verdict;
        for draft in [Draft::Draft7, Draft::Draft201909] {
            let options = CompareOptions { draft: Some(draft), ..options() };
            let other = compare(&old, &new, &options).unwrap().backward.verdict;
            prop_assert!(!contradict(plain, other), "{old} {new}: {plain}, {other} in {draft}");
        }
    }

    /// Where objects keep the order of their members: every word of the answer is the same.
    #[test]
    fn the_order_of_members_is_not_seen((old, new) in pair()) {
        let plain = compare(&old, &new, &options()).unwrap();
        let other = compare(&reversed(&old), &reversed(&new), &options()).unwrap();
        prop_assert_eq!(serde_json::to_string(&plain).unwrap(), serde_json::to_string(&other).unwrap());
    }

    #[test]
    fn order_does_not_matter((old, new) in pair()) {
        let plain = backward(&old, &new).verdict;
        let other = backward(&turned(&old), &turned(&new)).verdict;
        prop_assert!(!contradict(plain, other), "{old} {new}: {plain}, {other} in another order");
    }
}

/// The same schema with the members of every object the other way round, where objects keep an order at all.
fn reversed(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => members
            .iter()
            .rev()
            .map(|(name, value)| (name.clone(), reversed(value)))
            .collect(),
        Value::Array(items) => items.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

/// Whether one verdict rules the other out.
fn contradict(left: Verdict, right: Verdict) -> bool {
    matches!(
        (left, right),
        (Verdict::Compatible, Verdict::Breaking) | (Verdict::Breaking, Verdict::Compatible)
    )
}
