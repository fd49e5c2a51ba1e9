//! The frozen schemas of the example domain are those of its types, old and new.

#![expect(
    clippy::expect_used,
    reason = "a test stops where it finds something else than it expects"
)]

mod parcel;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parcel::events::{CashBoxEvent, ParcelEvent};
use pastproof::model::{Event, EventKind};
use pastproof::schema::{Catalogue, CatalogueOptions, TypeSchemas, Validation, Validators, accept};

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

/// Every version that any release wrote.
fn kinds() -> Vec<EventKind> {
    let mut kinds = parcel::history::kinds();
    kinds.extend(ParcelEvent::kinds());
    kinds.extend(CashBoxEvent::kinds());
    kinds
}

fn catalogue() -> Catalogue {
    Catalogue::open(&schemas(), &CatalogueOptions::default()).expect("a folder of schemas")
}

/// `PASTPROOF_UPDATE=1` freezes versions that are new. A frozen one that changed stays as it is, and red.
#[test]
fn frozen_schemas_are_those_of_the_types() {
    let kinds = kinds();
    if std::env::var_os("PASTPROOF_UPDATE").is_some_and(|value| value == "1") {
        let types: Vec<_> = kinds.iter().map(TypeSchemas::from).collect();
        accept(&schemas(), &CatalogueOptions::default(), &types, None).expect("the new versions are frozen");
    }
    let catalogue = catalogue();
    assert_eq!(catalogue.findings(), []);
    assert!(catalogue.is_frozen());
    for kind in &kinds {
        let frozen = catalogue.get(kind.event_type, &kind.version);
        let frozen = frozen.unwrap_or_else(|| panic!("{kind:?} is new; PASTPROOF_UPDATE=1 freezes it"));
        assert_eq!(frozen.schema, (kind.writer_schema)(), "{kind:?}");
        assert_eq!(*frozen.reader_schema(), (kind.reader_schema)(), "{kind:?}");
    }
    let versions: usize = catalogue
        .types()
        .iter()
        .map(|history| history.versions.len())
        .sum();
    assert_eq!(
        versions,
        kinds.len(),
        "the catalogue has versions that no type here wrote"
    );
}

/// The harness takes them through the upcasters; that there are any, and that they are what they say, is seen here.
#[test]
fn every_old_version_has_examples() {
    let validators = Validators::new(Arc::new(catalogue()));
    for kind in parcel::history::kinds() {
        let path = validators.catalogue().examples(kind.event_type, &kind.version);
        let path = path.unwrap_or_else(|| panic!("{kind:?} has no examples"));
        let examples = fs::read_to_string(path).expect("examples are text");
        assert!(examples.lines().count() >= 2, "{kind:?} has too few examples");
        for example in examples.lines() {
            let data = serde_json::from_str(example).expect("an example is JSON");
            let answer = validators.validate(kind.event_type, &kind.version, &data);
            assert_eq!(answer, Validation::Valid, "{kind:?}: {example}");
            // The old type reads what its writer wrote, and would write it again as it was.
            assert_eq!((kind.round_trip)(example), Ok(data), "{kind:?}");
        }
    }
}
