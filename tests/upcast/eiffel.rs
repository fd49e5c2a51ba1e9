//! Real history: steps of the Eiffel protocol whose old version has example events. Each is drafted, completed with what
//! a person decides, and verified over the examples and over events made from the old schema.

use std::path::PathBuf;
use std::sync::Arc;

use pastproof::finding::{Level, Place};
use pastproof::model::Version;
use pastproof::schema::{
    Catalogue, CatalogueOptions, CompareOptions, Contract, Validators, Verdict, VersionScheme, compare,
};
use pastproof::upcast::{Chains, Draft, Trial, Verifier, declared_in};
use serde_json::{Value, json};

fn data() -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/eiffel"));
    if path.exists() {
        return Some(path);
    }
    let required = std::env::var("PASTPROOF_REQUIRE_DATA").is_ok_and(|value| value == "1");
    assert!(!required, "{} is required and absent", path.display());
    eprintln!("skipped: {} is absent", path.display());
    None
}

fn options() -> CatalogueOptions {
    CatalogueOptions {
        scheme: VersionScheme::Semver,
        ..CatalogueOptions::default()
    }
}

/// What a person decides about a hole, by its place.
fn decided(pointer: &str) -> Option<Value> {
    Some(match pointer {
        // A signature is over the bytes that were stored. Whatever is upcast is no longer what was signed, so the
        // signature goes, and nobody is made up as its author.
        _ if pointer.starts_with("/meta/security/") => json!({"op": "remove", "at": "/meta/security"}),
        // Free-form constraints became a list of keys and values, and which member is which nobody knows.
        "/constraints" => json!({"op": "remove", "at": "/constraints"}),
        _ => return None,
    })
}

/// The drafted file with every hole filled; the decisions that were taken.
fn complete(draft: &Draft) -> (Value, Vec<String>) {
    let mut decisions = Vec::new();
    let mut file = draft.file.clone();
    fill(&mut file["operations"], &mut decisions);
    (file, decisions)
}

fn fill(operations: &mut Value, decisions: &mut Vec<String>) {
    let mut filled = Vec::new();
    for mut operation in std::mem::take(operations.as_array_mut().unwrap()) {
        if operation["op"] == "hole" {
            let at = operation["at"].as_str().unwrap();
            let decision = decided(at).unwrap_or_else(|| panic!("nobody decided about {at}: {operation}"));
            decisions.push(format!("{at}: {decision}"));
            if filled.contains(&decision) {
                continue;
            }
            operation = decision;
        } else if operation.get("operations").is_some() {
            fill(&mut operation["operations"], decisions);
        }
        filled.push(operation);
    }
    *operations = Value::Array(filled);
}

#[test]
fn breaking_steps_are_drafted_completed_and_verified() {
    let Some(data) = data() else { return };
    let catalogue = Catalogue::open(&data.join("schemas"), &options()).unwrap();
    let events = std::fs::read_to_string(data.join("events.ndjson")).unwrap();
    let events: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut report = Vec::new();
    let mut steps = 0;
    // All of them where the data is required, as in CI; elsewhere every fourth.
    let all = std::env::var("PASTPROOF_REQUIRE_DATA").is_ok_and(|value| value == "1");
    let mut seen = 0;
    for history in catalogue.types() {
        for pair in history.versions.windows(2) {
            let (old, new) = (&pair[0], &pair[1]);
            let stored: Vec<&Value> = events
                .iter()
                .filter(|event| event["meta"]["type"] == history.event_type.as_str())
                .filter(|event| event["meta"]["version"] == old.version.to_string().as_str())
                .collect();
            if stored.is_empty() {
                continue;
            }
            seen += 1;
            if !all && seen % 4 != 1 {
                continue;
            }
            let compared = CompareOptions {
                contract: Contract::WriterReader,
                ..CompareOptions::default()
            };
            let comparison = compare(&old.schema, &new.schema, &compared).unwrap();
            if comparison.backward.verdict != Verdict::Breaking {
                continue;
            }
            steps += 1;
            let draft = Draft::new(&old.schema, &new.schema).unwrap();
            let (file, decisions) = complete(&draft);
            let folder = tempfile::tempdir().unwrap();
            let own = folder.path().join(&history.event_type);
            std::fs::create_dir(&own).unwrap();
            std::fs::write(own.join(format!("{}.json", old.version)), old.schema.to_string()).unwrap();
            std::fs::write(own.join(format!("{}.json", new.version)), new.schema.to_string()).unwrap();
            std::fs::write(
                own.join(format!("{}-to-{}.upcast.json", old.version, new.version)),
                file.to_string(),
            )
            .unwrap();
            let two = Arc::new(Catalogue::open(folder.path(), &options()).unwrap());
            let (upcasters, findings) = declared_in(&two).unwrap();
            assert_eq!(findings, []);
            let chains = Chains::new(upcasters, [(history.event_type.clone(), new.version.clone())]);
            let validators = Validators::new(two);
            let mut verifier = Verifier::new(&chains, &validators, None);
            verifier.prove();
            let version: Version = old.version.clone();
            for event in &stored {
                verifier.try_event(&Trial::example(
                    &history.event_type,
                    &version,
                    event,
                    Place::default(),
                ));
            }
            verifier.try_generated();
            let verified = verifier.finish();
            let bad: Vec<_> = verified
                .findings
                .iter()
                .filter(|finding| finding.level == Level::Deny)
                .collect();
            assert!(
                bad.is_empty(),
                "{} {}: {bad:#?}\n{file:#}",
                history.event_type,
                old.version
            );
            let step = &verified.steps[0];
            assert!(step.verified && step.examples == stored.len() as u64, "{step:?}");
            report.push(format!(
                "{} {} to {}: {} on {} stored, {} generated; {} operations drafted, {} decided: {}",
                history.event_type,
                old.version,
                new.version,
                if step.proved { "proved" } else { "tested" },
                step.examples,
                if step.generated > 0 { "some" } else { "no" },
                file["operations"].as_array().unwrap().len(),
                decisions.len(),
                decisions.join(", "),
            ));
        }
    }
    println!("{}", report.join("\n"));
    assert!(steps >= 10, "{steps} breaking steps with stored events");
}
