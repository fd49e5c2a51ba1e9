//! The formats that pastproof publishes, as JSON Schema files that editors and other programs use.
//!
//! `PASTPROOF_UPDATE=1 cargo test --test formats` writes them anew.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::fs;
use std::path::Path;

use pastproof::gate::config::{self, Config};
use pastproof::scenario::file::ScenarioFile;
use serde_json::Value;

fn check(name: &str, schema: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schemas/pastproof")
        .join(name);
    let mut schema = schema.clone();
    schema.sort_all_objects();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("PASTPROOF_UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == text,
        "schemas/pastproof/{name} is stale; PASTPROOF_UPDATE=1 cargo test --test formats writes it anew"
    );
}

#[test]
fn the_configuration_has_a_published_schema() {
    let schema = schemars::schema_for!(Config);
    check("config.json", schema.as_value());
}

#[test]
fn scenario_files_have_a_published_schema() {
    let schema = schemars::schema_for!(ScenarioFile);
    check("scenario.json", schema.as_value());
}

fn refused(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pastproof.toml");
    fs::write(&file, text).unwrap();
    let message = config::load(&file).unwrap_err().to_string();
    message.replace(&folder.path().display().to_string(), "")
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one() {
    let message = refused("[catalogue]\npath = \"schemas\"\nlayuot = \"x\"\n");
    assert!(
        message.starts_with("/pastproof.toml: line 3: unknown field `layuot`"),
        "{message}"
    );
    assert!(message.ends_with("did you mean `layout`?"), "{message}");
}

#[test]
fn values_that_make_no_sense_are_refused_with_their_place() {
    for (text, expected) in [
        (
            "[catalogue]\nversion-scheme = \"calendar\"\n",
            "line 2: unknown variant `calendar`",
        ),
        ("[[harness]]\ntest = 3\n", "line 2: invalid type: integer `3`"),
        ("[[recording]]\nbaseline = \"x\"\n", "missing field `path`"),
        (
            "[[waiver]]\nid = \"no-such-rule\"\nauthor = \"a\"\nreason = \"r\"\nexpires = \"2027-01-01\"\n",
            "there is no rule `no-such-rule`",
        ),
        (
            "[[waiver]]\nid = \"breaking-step\"\nauthor = \"a\"\nreason = \"r\"\nexpires = \"soon\"\n",
            "`soon` is not a day",
        ),
        (
            "[catalogue]\nnot-stored = [\"OrderCreated\"]\n",
            "is not of the form Type@version",
        ),
        ("[catalogue\n", "line 1: "),
    ] {
        let message = refused(text);
        assert!(message.contains(expected), "{text}\n{message}");
    }
}

#[test]
fn the_configuration_is_found_upwards_to_the_workspace_root() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::create_dir_all(folder.path().join(".config")).unwrap();
    fs::write(folder.path().join(".config/pastproof.toml"), "[catalogue]\n").unwrap();
    let located = config::find(&deep).unwrap();
    assert_eq!(located.root, folder.path());

    fs::write(folder.path().join("a/Cargo.toml"), "[workspace]\n").unwrap();
    let error = config::find(&deep).unwrap_err();
    assert!(error.is_missing());
    assert!(
        error.to_string().contains("`pastproof init` writes one"),
        "{error}"
    );
}
