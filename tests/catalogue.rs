//! The frozen schemas of the example domain are those of its types, old and new.

mod parcel;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parcel::events::{CashBoxEvent, ParcelEvent};
use pastproof::model::{Event, EventKind};
use pastproof::schema::{Catalogue, CatalogueOptions, Validation, Validators};
use serde_json::Value;

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

#[test]
fn frozen_schemas_are_those_of_the_types() {
    let update = std::env::var_os("PASTPROOF_UPDATE").is_some_and(|value| value == "1");
    for kind in kinds() {
        let folder = schemas().join(kind.event_type);
        let version = &kind.version;
        for (name, schema) in [
            (format!("{version}.json"), (kind.writer_schema)()),
            (format!("{version}.reader.json"), (kind.reader_schema)()),
        ] {
            let path = folder.join(name);
            let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
            if update {
                fs::create_dir_all(&folder).expect("the folder can be made");
                fs::write(&path, &text).expect("the schema can be written");
            }
            let frozen = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}; PASTPROOF_UPDATE=1 freezes it", path.display()));
            let frozen: Value = serde_json::from_str(&frozen).expect("a schema is JSON");
            assert_eq!(frozen, schema, "{} is not what the type says", path.display());
        }
    }
}

/// The harness takes them through the upcasters; that there are any, and that they are what they say, is seen here.
#[test]
fn every_old_version_has_examples() {
    let catalogue = Catalogue::open(&schemas(), &CatalogueOptions::default()).expect("a folder of schemas");
    let validators = Validators::new(Arc::new(catalogue));
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
