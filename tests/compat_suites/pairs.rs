//! Pairs with a published expectation, and a list of those in which the suite is mistaken.
//!
//! Where a suite means something by a keyword that is a matter of policy, it is asked as it means it, and once more as
//! it is by default: both answers are listed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pastproof::schema::{Classes, CompareOptions, Direction, Draft, Formats, compare};
use serde::Deserialize;
use serde_json::Value;

use crate::measure::{Times, in_parallel, shared};
use crate::second;

/// A witness that the other validator judges wrongly: it divides 1e308 as a float, which overflows.
const OVERFLOWS: &str = "draft7/nonvalid/optional/float-overflow.json#1";

/// Why an answer is not what the suite expects.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    pub id: String,
    /// `compatible`, `breaking`, or `error` for a pair of which one is no schema.
    pub verdict: String,
    pub reason: String,
    /// How many values of the old side were tried, where nothing is said to be lost.
    pub tried: Option<u64>,
}

/// How a suite means a keyword, and what the answer is by default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    id: String,
    policy: Means,
    verdict: String,
    reason: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Means {
    /// `\w` and `\d` are Unicode's.
    Unicode,
    /// Formats and contents are assertions.
    Asserted,
}

struct Answer {
    id: String,
    expected: bool,
    backward: Result<Direction, String>,
    took: Duration,
    /// What the other validator says of the witness; nothing when it does not know the schemas.
    confirmed: Option<bool>,
}

impl Answer {
    fn said(&self) -> String {
        match &self.backward {
            Ok(backward) => backward.verdict.to_string(),
            Err(_) => "error".to_owned(),
        }
    }
}

pub fn signed() -> BTreeMap<String, Signed> {
    let listed: Vec<Signed> = serde_json::from_str(include_str!("signed.json")).unwrap();
    listed
        .into_iter()
        .map(|signed| (signed.id.clone(), signed))
        .collect()
}

fn policies() -> BTreeMap<String, Policy> {
    let listed: Vec<Policy> = serde_json::from_str(include_str!("policies.json")).unwrap();
    listed
        .into_iter()
        .map(|policy| (policy.id.clone(), policy))
        .collect()
}

/// Compares a pair as its suite means it, or by default but for what its line says itself.
fn answer(pair: &Value, means: Option<Means>) -> Answer {
    let id = pair["id"].as_str().unwrap();
    // The suite asserts contents in this one file without its flag.
    let asserting = pair["format_asserted"].as_bool().unwrap()
        || id.contains("optional/content.json")
        || matches!(means, Some(Means::Asserted));
    let draft: Draft = pair["draft"].as_str().unwrap().parse().unwrap();
    let options = CompareOptions {
        draft: Some(draft),
        formats: if asserting {
            Formats::Assertion
        } else {
            Formats::Annotation
        },
        classes: match means {
            Some(Means::Unicode) => Classes::Unicode,
            Some(Means::Asserted) | None => Classes::Ecma,
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
    // The other validator has the classes of ECMA 262.
    let knows = !matches!(means, Some(Means::Unicode));
    let confirmed = witness.filter(|_| knows).and_then(|witness| {
        let old = second::judge(&pair["old"], draft, asserting)?;
        let new = second::judge(&pair["new"], draft, asserting)?;
        Some(old(witness) && !new(witness))
    });
    Answer {
        id: id.to_owned(),
        expected: pair["backward"].as_bool().unwrap(),
        backward,
        took,
        confirmed,
    }
}

/// The pairs of a suite; in a debug build each eighth, and those that are listed.
pub fn pairs(file: &str, listed: impl Fn(&str) -> bool) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(shared(file)?).unwrap();
    let every = if cfg!(debug_assertions) { 8 } else { 1 };
    let pairs = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .enumerate()
        .filter(|(index, pair)| index % every == 0 || listed(pair["id"].as_str().unwrap()))
        .map(|(_, pair)| pair)
        .collect();
    Some(pairs)
}

/// Prints how many answers are what the suite expects. Every other one is signed, and nothing signed is as expected.
fn measure(name: &str, file: &str, own: &str, open_at_most: usize) {
    let (signed, policies) = (signed(), policies());
    let Some(pairs) = pairs(file, |id| signed.contains_key(id) || policies.contains_key(id)) else {
        return;
    };
    let answers = in_parallel(&pairs, |pair| {
        let policy = policies.get(pair["id"].as_str().unwrap());
        answer(pair, policy.map(|policy| policy.policy))
    });
    let by_default: Vec<&Value> = pairs
        .iter()
        .filter(|pair| policies.contains_key(pair["id"].as_str().unwrap()))
        .collect();
    for answer in by_default.iter().map(|pair| answer(pair, None)) {
        let policy = &policies[&answer.id];
        assert!(!policy.reason.is_empty());
        assert_eq!(answer.said(), policy.verdict, "{} by default", answer.id);
        proved(&answer);
        // The other validator has the classes of ECMA 262 as well.
        assert_ne!(answer.confirmed, Some(false), "{} by default", answer.id);
        assert_eq!(
            answer.confirmed.is_some(),
            policy.verdict == "breaking",
            "{}",
            answer.id
        );
    }
    let (mut right, mut witnesses, mut confirmed) = (0, 0, 0);
    let (mut unsigned, mut open, mut refuted) = (Vec::new(), Vec::new(), Vec::new());
    let mut moot: BTreeMap<&str, &Signed> = signed
        .iter()
        .filter(|(id, _)| id.starts_with(own))
        .map(|(id, signed)| (id.as_str(), signed))
        .collect();
    for answer in &answers {
        let said = answer.said();
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
                proved(answer);
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
        "{name}: {count} pairs, {right} right ({:.2} %), {} of them by a policy that is not the default; {} signed, {} \
         wrong, {} unproven; {confirmed} of {witnesses} witnesses confirmed by the other validator; {}",
        100.0 * f64::from(right) / f64::from(u32::try_from(count).unwrap()),
        by_default.len(),
        count - usize::try_from(right).unwrap() - unsigned.len() - open.len(),
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

/// Each is its own proof: a witness, or a derivation.
fn proved(answer: &Answer) {
    let said = answer.said();
    if let Ok(backward) = &answer.backward {
        assert_eq!(backward.witness.is_some(), said == "breaking", "{}", answer.id);
        assert_eq!(
            backward.derivation.is_empty(),
            said != "compatible",
            "{}",
            answer.id
        );
    }
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
