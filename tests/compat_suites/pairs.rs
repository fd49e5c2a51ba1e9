//! Pairs with a published expectation.

use std::time::{Duration, Instant};

use pastproof::schema::{CompareOptions, Direction, Formats, Verdict, compare};
use serde_json::Value;

use crate::measure::{Times, in_parallel, shared};

struct Answer {
    id: String,
    expected: bool,
    backward: Result<Direction, String>,
    took: Duration,
}

fn answers(file: &str) -> Option<Vec<Answer>> {
    let text = std::fs::read_to_string(shared(file)?).unwrap();
    let pairs: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    Some(in_parallel(&pairs, |pair| {
        let options = CompareOptions {
            draft: Some(pair["draft"].as_str().unwrap().parse().unwrap()),
            formats: match pair["format_asserted"].as_bool().unwrap()
                || pair["id"].as_str().unwrap().contains("content.json")
            {
                true => Formats::Assertion,
                false => Formats::Annotation,
            },
            ..CompareOptions::default()
        };
        let started = Instant::now();
        let comparison = compare(&pair["old"], &pair["new"], &options);
        Answer {
            id: pair["id"].as_str().unwrap().to_owned(),
            expected: pair["backward"].as_bool().unwrap(),
            backward: comparison
                .map(|comparison| comparison.backward)
                .map_err(|error| error.to_string()),
            took: started.elapsed(),
        }
    }))
}

/// Prints what does not answer as the suite expects, then how many answers do.
fn measure(name: &str, file: &str, floor: usize) {
    let Some(answers) = answers(file) else { return };
    let (mut right, mut other, mut open) = (0, 0, 0);
    for answer in &answers {
        let (id, expected) = (&answer.id, answer.expected);
        match &answer.backward {
            Ok(backward) => match (backward.verdict, expected) {
                (Verdict::Compatible, true) | (Verdict::Breaking, false) => right += 1,
                (Verdict::Compatible, false) | (Verdict::Breaking, true) => {
                    other += 1;
                    let witness = backward.witness.as_ref().map(ToString::to_string);
                    let witness = witness.unwrap_or_default();
                    println!("{id}: expected {expected}, {} {witness}", backward.verdict);
                }
                (Verdict::Unproven, _) => {
                    open += 1;
                    println!("{id}: expected {expected}, {}", backward.findings[0].message);
                }
            },
            Err(error) => {
                open += 1;
                println!("{id}: {error}");
            }
        }
    }
    for answer in &answers {
        if let Ok(b) = &answer.backward
            && b.derivation.iter().any(|s| s.why.contains("set algebra"))
        {
            println!("ALGEBRA {}", answer.id);
        }
    }
    let mut slow: Vec<&Answer> = answers.iter().collect();
    slow.sort_by_key(|answer| std::cmp::Reverse(answer.took));
    for answer in slow.iter().take(3) {
        println!("{}: took {:?}", answer.id, answer.took);
    }
    println!(
        "{name}: {} pairs, {right} right, {other} otherwise, {open} unproven; {}",
        answers.len(),
        Times::new(answers.iter().map(|answer| answer.took).collect())
    );
    assert!(right >= floor, "{right} right, and {floor} were before");
}

#[test]
fn containment() {
    measure("containment-draft7", "compat/containment-draft7.jsonl", 2442);
}

#[test]
fn apicurio() {
    measure("apicurio", "compat/apicurio.jsonl", 265);
}
