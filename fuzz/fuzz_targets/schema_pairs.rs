//! Whatever two schemas say: no panic and no hang, a witness is one, and no value that is generated for the one or that
//! is just not one of the other contradicts a proof.
//!
//! Each proof is held against 60 values, or as many as `PASTPROOF_FUZZ_INSTANCES` says: 10,000 for a corpus that was
//! gathered with fewer.
#![no_main]

mod schemas;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pastproof::schema::{
    CompareOptions, Contract, Direction, Verdict, compare, sample_instances, sample_near_misses,
};
use schemas::{Pair, pair};
use serde_json::Value;

static INSTANCES: LazyLock<usize> = LazyLock::new(|| {
    let named = std::env::var("PASTPROOF_FUZZ_INSTANCES").ok();
    named.and_then(|count| count.parse().ok()).unwrap_or(60)
});

fuzz_target!(|bytes: &[u8]| {
    let pair = pair(bytes);
    let options = CompareOptions {
        contract: pair.contract,
        ..CompareOptions::default()
    };
    // A keyword of which the draft asks for something else.
    let Ok(comparison) = compare(&pair.old, &pair.new, &options) else {
        return;
    };
    let again = compare(&pair.old, &pair.new, &options).expect("it was compared before");
    assert_eq!(comparison, again, "{pair:?}");
    let seed = bytes.iter().fold(0, |seed: u64, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(*byte))
    });
    hold(&pair, &comparison.backward, (&pair.old, &pair.new), seed);
    hold(&pair, &comparison.forward, (&pair.new, &pair.old), seed);
});

fn hold(pair: &Pair, direction: &Direction, (from, to): (&Value, &Value), seed: u64) {
    let (is_from, is_to) = (validator(from), validator(to));
    match direction.verdict {
        Verdict::Breaking => {
            let witness = direction.witness.as_ref().expect("a break has a witness");
            assert!(
                is_from.is_valid(witness) && !is_to.is_valid(witness),
                "{witness} is no witness: {pair:?}"
            );
        }
        // What a writer leaves out is not seen by a validator.
        Verdict::Compatible if pair.contract == Contract::Literal => {
            let count = *INSTANCES;
            let instances = sample_instances(from, seed, count).unwrap_or_default();
            let misses = sample_near_misses(to, seed, count).unwrap_or_default();
            for value in instances.iter().chain(misses.iter().map(|miss| &miss.value)) {
                assert!(
                    !is_from.is_valid(value) || is_to.is_valid(value),
                    "{value} is lost: {pair:?} {:?}",
                    direction.derivation
                );
            }
        }
        Verdict::Compatible => assert!(!direction.derivation.is_empty(), "{pair:?}"),
        Verdict::Unproven => assert!(!direction.findings.is_empty(), "{pair:?}"),
    }
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::options()
        .should_validate_formats(false)
        .build(schema)
        .expect("it was compared, so it is a schema")
}
