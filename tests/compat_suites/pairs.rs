//! Pairs with a published expectation, and a list of those in which the suite is mistaken, or of another policy.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pastproof::schema::{CompareOptions, Direction, Draft, Formats, compare};
use serde::Deserialize;
use serde_json::Value;

use crate::measure::{Times, in_parallel, shared};
use crate::second;

/// A witness that the other validator judges wrongly: it divides 1e308 as a float, which overflows.
const OVERFLOWS: &str = "draft7/nonvalid/optional/float-overflow.json#1";

/// Why an answer is not what the suite expects.
#[derive(Deserialize)]
struct Signed {
    id: String,
    /// `compatible`, `breaking`, or `error` for a pair of which one is no schema.
    verdict: String,
    reason: String,
}

struct Answer {
    id: String,
    expected: bool,
    backward: Result<Direction, String>,
    took: Duration,
    /// What the other validator says of the witness; nothing when it does not know the schemas.
    confirmed: Option<bool>,
}

fn signed() -> BTreeMap<String, Signed> {
    let listed: Vec<Signed> = serde_json::from_str(include_str!("signed.json")).unwrap();
    listed
        .into_iter()
        .map(|signed| (signed.id.clone(), signed))
        .collect()
}

/// The answers to every pair of a suite; in a debug build to each eighth, and to those that are signed.
fn answers(file: &str, signed: &BTreeMap<String, Signed>) -> Option<Vec<Answer>> {
    let text = std::fs::read_to_string(shared(file)?).unwrap();
    let every = if cfg!(debug_assertions) { 8 } else { 1 };
    let pairs: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .enumerate()
        .filter(|(index, pair)| index % every == 0 || signed.contains_key(pair["id"].as_str().unwrap()))
        .map(|(_, pair)| pair)
        .collect();
    Some(in_parallel(&pairs, |pair| {
        let id = pair["id"].as_str().unwrap();
        // The suite asserts contents in this one file without its flag.
        let asserting = pair["format_asserted"].as_bool().unwrap() || id.contains("optional/content.json");
        let draft: Draft = pair["draft"].as_str().unwrap().parse().unwrap();
        let options = CompareOptions {
            draft: Some(draft),
            formats: if asserting {
                Formats::Assertion
            } else {
                Formats::Annotation
            },
            ..CompareOptions::default()
        };
        let started = Instant::now();
        let comparison = compare(&pair["old"], &pair["new"], &options);
        let took = started.elapsed();
        let backward = comparison
            .map(|comparison| comparison.backward)
            .map_err(|error| error.to_string());
        let witness = backward
            .as_ref()
            .ok()
            .and_then(|backward| backward.witness.as_ref());
        let confirmed = witness.filter(|_| !asserting).and_then(|witness| {
            let old = second::accepts(&pair["old"], draft)?;
            let new = second::accepts(&pair["new"], draft)?;
            Some(old(witness) && !new(witness))
        });
        Answer {
            id: id.to_owned(),
            expected: pair["backward"].as_bool().unwrap(),
            backward,
            took,
            confirmed,
        }
    }))
}

/// Prints how many answers are what the suite expects. Every other one is signed, and nothing signed is as expected.
fn measure(name: &str, file: &str, own: &str, open_at_most: usize) {
    let signed = signed();
    let Some(answers) = answers(file, &signed) else {
        return;
    };
    let (mut right, mut witnesses, mut confirmed) = (0, 0, 0);
    let (mut unsigned, mut open, mut refuted) = (Vec::new(), Vec::new(), Vec::new());
    let mut moot: BTreeMap<&str, &Signed> = signed
        .iter()
        .filter(|(id, _)| id.starts_with(own))
        .map(|(id, signed)| (id.as_str(), signed))
        .collect();
    for answer in &answers {
        let said = match &answer.backward {
            Ok(backward) => backward.verdict.to_string(),
            Err(_) => "error".to_owned(),
        };
        if let Some(answered) = answer.confirmed {
            witnesses += 1;
            confirmed += usize::from(answered);
            if !answered && answer.id != OVERFLOWS {
                refuted.push(answer.id.as_str());
            }
        }
        let expected = if answer.expected { "compatible" } else { "breaking" };
        if said == expected {
            right += 1;
            continue;
        }
        match moot.remove(answer.id.as_str()) {
            Some(signed) if signed.verdict == said => {
                assert!(!signed.reason.is_empty());
                if let Ok(backward) = &answer.backward {
                    // Each is its own proof: a witness, or a derivation.
                    assert_eq!(backward.witness.is_some(), said == "breaking");
                    assert_eq!(backward.derivation.is_empty(), said != "compatible");
                }
            }
            _ if said == "unproven" => {
                let why = answer
                    .backward
                    .as_ref()
                    .map(|backward| backward.findings[0].message.clone());
                open.push(format!("{}: {}", answer.id, why.unwrap_or_default()));
            }
            _ => unsigned.push(format!(
                "{}: {expected} expected, {said} {:?}",
                answer.id, answer.backward
            )),
        }
    }
    let count = answers.len();
    println!(
        "{name}: {count} pairs, {right} right, {} signed, {} wrong, {} unproven; {confirmed} of {witnesses} \
         witnesses confirmed by the other validator; {}",
        count - right - unsigned.len() - open.len(),
        unsigned.len(),
        open.len(),
        Times::new(answers.iter().map(|answer| answer.took).collect())
    );
    assert!(unsigned.is_empty(), "{unsigned:#?}");
    assert!(open.len() <= open_at_most, "{open:#?}");
    assert!(refuted.is_empty(), "{refuted:#?}");
    let moot: Vec<&&str> = moot.keys().collect();
    assert!(moot.is_empty(), "signed, and as expected: {moot:#?}");
}

#[test]
fn containment() {
    measure(
        "containment-draft7",
        "compat/containment-draft7.jsonl",
        "draft7/",
        8,
    );
}

#[test]
fn apicurio() {
    measure("apicurio", "compat/apicurio.jsonl", "apicurio#", 0);
}
