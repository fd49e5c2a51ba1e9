//! Where a suite is contradicted and nothing is said to be lost: values of the old side, none of which is.
//!
//! `PASTPROOF_SAMPLES=1000000 cargo test --release --test compat_suites -- --nocapture signed` tries as many as it
//! says; the list says how many were tried when it was filled in. Where the old side has fewer values, all that are
//! found are tried.

use pastproof::schema::{Draft, sample_instances, sample_near_misses};
use serde_json::{Value, json};

use crate::measure::in_parallel;
use crate::pairs::{pairs, signed};
use crate::second;

/// How many values are made at once.
const AT_ONCE: u64 = 10_000;

fn samples() -> u64 {
    let named = std::env::var("PASTPROOF_SAMPLES").ok();
    named
        .and_then(|count| count.parse().ok())
        .unwrap_or(if cfg!(debug_assertions) { 200 } else { 5000 })
}

/// `schema`, named as of its draft.
fn of(schema: &Value, draft: &str) -> Value {
    let named = match draft {
        "draft4" => "http://json-schema.org/draft-04/schema#",
        "draft6" => "http://json-schema.org/draft-06/schema#",
        "draft7" => "http://json-schema.org/draft-07/schema#",
        "draft2019-09" => "https://json-schema.org/draft/2019-09/schema",
        _ => "https://json-schema.org/draft/2020-12/schema",
    };
    let mut schema = match schema {
        Value::Bool(true) => json!({}),
        Value::Bool(false) => json!({ "not": {} }),
        schema => schema.clone(),
    };
    schema["$schema"] = named.into();
    schema
}

#[test]
fn nothing_is_lost_where_the_list_says_so() {
    let signed = signed();
    let compatible = |id: &str| {
        signed
            .get(id)
            .is_some_and(|signed| signed.verdict == "compatible")
    };
    let mut all = Vec::new();
    for file in ["compat/containment-draft7.jsonl", "compat/apicurio.jsonl"] {
        let Some(pairs) = pairs(file, compatible) else {
            return;
        };
        all.extend(
            pairs
                .into_iter()
                .filter(|pair| compatible(pair["id"].as_str().unwrap())),
        );
    }
    assert_eq!(
        all.len(),
        signed
            .values()
            .filter(|signed| signed.verdict == "compatible")
            .count()
    );
    let wanted = samples();
    let tried = in_parallel(&all, |pair| {
        let draft = pair["draft"].as_str().unwrap();
        let (old, new) = (of(&pair["old"], draft), of(&pair["new"], draft));
        let draft: Draft = draft.parse().unwrap();
        let first = |schema: &Value| {
            jsonschema::options()
                .should_validate_formats(false)
                .without_content_media_type_support("application/json")
                .without_content_encoding_support("base64")
                .build(schema)
                .unwrap()
        };
        let (is_old, is_new) = (first(&old), first(&new));
        let other = second::accepts(&new, draft).unwrap();
        let (mut tried, mut seed) = (0, 0);
        while tried < wanted {
            let count = usize::try_from(AT_ONCE.min(wanted - tried)).unwrap();
            let mut values = sample_instances(&old, seed, count).unwrap();
            // What the new side just refuses is where a value would be lost.
            let misses = sample_near_misses(&new, seed, count / 4 + 1).unwrap();
            values.extend(
                misses
                    .into_iter()
                    .map(|miss| miss.value)
                    .filter(|value| is_old.is_valid(value)),
            );
            for value in &values {
                assert!(
                    is_old.is_valid(value),
                    "{}: {value} is none of the old side",
                    pair["id"]
                );
                assert!(
                    is_new.is_valid(value) && other(value),
                    "{}: {value} is lost",
                    pair["id"]
                );
            }
            tried += values.len() as u64;
            // A side with few values has no others the next time.
            if values.len() < count / 2 {
                break;
            }
            seed += 1;
        }
        tried
    });
    for (pair, tried) in all.iter().zip(tried) {
        println!("{}: {tried} values tried, none lost", pair["id"]);
        // A side that accepts nothing has none to try.
        assert!(
            signed[pair["id"].as_str().unwrap()].tried.is_some(),
            "{}",
            pair["id"]
        );
    }
}
