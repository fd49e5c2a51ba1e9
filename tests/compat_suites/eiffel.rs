//! Every adjacent pair of a real catalogue, in both directions.

use std::time::Instant;

use pastproof::schema::{
    Catalogue, CatalogueOptions, CompareOptions, Draft, Verdict, VersionScheme, compare,
};
use serde_json::Value;

use crate::measure::{Times, in_parallel, shared};
use crate::second;

#[test]
fn adjacent_versions() {
    let Some(path) = shared("eiffel/schemas") else {
        return;
    };
    let options = CatalogueOptions {
        scheme: VersionScheme::Semver,
        ..CatalogueOptions::default()
    };
    let catalogue = Catalogue::open(&path, &options).unwrap();
    let pairs: Vec<(String, &Value, &Value)> = catalogue
        .types()
        .iter()
        .flat_map(|history| {
            history.versions.windows(2).map(|pair| {
                let name = format!(
                    "{} {} to {}",
                    history.event_type, pair[0].version, pair[1].version
                );
                (name, &pair[0].schema, &pair[1].schema)
            })
        })
        .collect();
    // A debug build takes one pair of each eight.
    let every = if cfg!(debug_assertions) { 8 } else { 1 };
    let pairs: Vec<_> = pairs.into_iter().step_by(every).collect();
    let started = Instant::now();
    let answers = in_parallel(&pairs, |(_, old, new)| {
        let started = Instant::now();
        (
            compare(old, new, &CompareOptions::default()).unwrap(),
            started.elapsed(),
        )
    });
    let wall = started.elapsed();
    let (mut compatible, mut breaking, mut open) = (0, 0, 0);
    for ((name, old, new), (comparison, _)) in pairs.iter().zip(&answers) {
        let accepts = |schema| second::accepts(schema, Draft::Draft202012).unwrap();
        let (is_old, is_new) = (accepts(old), accepts(new));
        let back = comparison.backward.witness.as_ref();
        assert!(
            back.is_none_or(|witness| is_old(witness) && !is_new(witness)),
            "{name}"
        );
        let forth = comparison.forward.witness.as_ref();
        assert!(
            forth.is_none_or(|witness| is_new(witness) && !is_old(witness)),
            "{name}"
        );
        for direction in [&comparison.backward, &comparison.forward] {
            match direction.verdict {
                Verdict::Compatible => compatible += 1,
                Verdict::Breaking => breaking += 1,
                Verdict::Unproven => {
                    open += 1;
                    println!("OPEN {name}: {}", direction.findings[0].message);
                }
            }
        }
    }
    println!(
        "eiffel: {} directions, {compatible} compatible, {breaking} breaking, {open} unproven; {}; wall {:.2} s",
        2 * pairs.len(),
        Times::new(answers.iter().map(|(_, took)| *took).collect()),
        wall.as_secs_f64(),
    );
    assert_eq!(open, 0);
}
