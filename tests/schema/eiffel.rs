//! A real catalogue: every schema of the Eiffel protocol, and the events it gives as examples.

use std::path::PathBuf;
use std::sync::Arc;

use pastproof::model::Version;
use pastproof::schema::{Catalogue, CatalogueOptions, Validation, Validators, VersionScheme};
use serde_json::Value;

/// Real data beside the project; its absence is said aloud, and is a failure where it is required.
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")).join(path);
    if path.exists() {
        return Some(path);
    }
    let required = std::env::var("PASTPROOF_REQUIRE_DATA").is_ok_and(|value| value == "1");
    assert!(!required, "{} is required and absent", path.display());
    eprintln!("skipped: {} is absent", path.display());
    None
}

pub fn open() -> Option<Catalogue> {
    let options = CatalogueOptions {
        scheme: VersionScheme::Semver,
        ..CatalogueOptions::default()
    };
    Some(Catalogue::open(&shared("eiffel/schemas")?, &options).unwrap())
}

#[test]
fn every_schema_is_read_and_every_example_is_valid() {
    let Some(catalogue) = open() else { return };
    assert_eq!(catalogue.findings(), []);
    assert!(!catalogue.is_frozen());
    assert_eq!(catalogue.types().len(), 24);
    let versions: usize = catalogue
        .types()
        .iter()
        .map(|history| history.versions.len())
        .sum();
    assert_eq!(versions, 222);
    let finished = catalogue.history("EiffelActivityFinishedEvent").unwrap();
    let spelled: Vec<String> = finished
        .versions
        .iter()
        .map(|version| version.version.to_string())
        .collect();
    assert_eq!(&spelled[..3], ["1.0.0", "1.1.0", "2.0.0"]);

    let validators = Validators::new(Arc::new(catalogue));
    let events = std::fs::read_to_string(shared("eiffel/events.ndjson").unwrap()).unwrap();
    let mut valid = 0;
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| event["meta"][name].as_str().unwrap().to_owned();
        let version = Version::from(text("version"));
        assert_eq!(
            validators.validate(&text("type"), &version, &event),
            Validation::Valid,
            "{event}"
        );
        valid += 1;
    }
    assert_eq!(valid, 97);
}
