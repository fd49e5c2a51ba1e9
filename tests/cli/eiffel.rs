//! A real catalogue as it stands, with a configuration and nothing else.
//!
//! All of it is compared where the data is required, as in CI; elsewhere every eighth type, which takes seconds less.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::tool::{Folder, Said, here, members};

fn is_required() -> bool {
    std::env::var("PASTPROOF_REQUIRE_DATA").is_ok_and(|value| value == "1")
}

/// The data beside the project; its absence is said aloud, and is a failure where it is required.
fn data() -> Option<PathBuf> {
    let path = here().join("../shared/data/eiffel");
    if path.exists() {
        return Some(path.canonicalize().unwrap());
    }
    assert!(!is_required(), "{} is required and absent", path.display());
    println!("skipped: {} is absent", path.display());
    None
}

/// A folder with a configuration that names the data, or those of its types that are compared.
struct Eiffel {
    folder: Folder,
    types: u64,
    versions: u64,
}

impl Eiffel {
    /// The schemas as they stand.
    fn new() -> Option<Self> {
        let data = data()?;
        if is_required() {
            return Some(Self {
                folder: Folder::new().with("pastproof.toml", config(&data.join("schemas"), &data)),
                types: 24,
                versions: 222,
            });
        }
        Self::edited(|_| ())
    }

    /// A copy of the schemas, each changed by `edit`.
    fn edited(edit: impl Fn(&mut Value)) -> Option<Self> {
        let data = data()?;
        let folder = Folder::new();
        let mut types: Vec<PathBuf> = std::fs::read_dir(data.join("schemas"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        types.sort();
        assert_eq!(types.len(), 24);
        let types: Vec<PathBuf> = types
            .into_iter()
            .step_by(if is_required() { 1 } else { 8 })
            .collect();
        let mut versions = 0;
        for event_type in &types {
            for file in std::fs::read_dir(event_type).unwrap() {
                let file = file.unwrap().path();
                let mut schema: Value =
                    serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
                edit(&mut schema);
                let inner = file.strip_prefix(&data).unwrap().to_str().unwrap();
                folder.write(inner, schema.to_string());
                versions += 1;
            }
        }
        folder.write("pastproof.toml", config(Path::new("schemas"), &data));
        Some(Self {
            folder,
            types: types.len() as u64,
            versions,
        })
    }

    fn steps(&self) -> u64 {
        self.versions - self.types
    }

    /// What `schema check` says, with every step counted and told.
    fn check(&self, what: &str) -> (Said, Value) {
        let said = self.folder.look(&["schema", "check"]).exits(1).quietly();
        let names = [
            "kind",
            "types",
            "versions",
            "pairs",
            "compatible",
            "breaking",
            "unproven",
        ];
        assert_eq!(members(said.summary())[..names.len()], names);
        let summary: Value = serde_json::from_str(said.summary()).unwrap();
        let count = |name| number(&summary, name);
        assert_eq!(
            (count("types"), count("versions"), count("pairs")),
            (self.types, self.versions, self.steps())
        );
        assert_eq!(
            count("compatible") + count("breaking") + count("unproven"),
            self.steps()
        );
        println!("eiffel, {what}: {summary}");
        let mut broken = 0;
        for finding in said.findings() {
            let message = finding["message"].as_str().unwrap();
            if finding["id"] == "breaking-step" {
                broken += 1;
                // A break is never said without an event that shows it.
                assert!(finding.get("witness").is_some(), "{finding}");
                println!("  broke history: {message}");
            } else if finding["id"] == "unproven-step" {
                println!("  open: {message}");
            }
        }
        assert_eq!(broken, count("breaking"));
        (said, summary)
    }
}

fn config(schemas: &Path, data: &Path) -> String {
    format!(
        "[catalogue]\npath = \"{}\"\nversion-scheme = \"semver\"\n\n\
         [[recording]]\npath = \"{}/events.ndjson\"\ntype = \"/meta/type\"\nversion = \"/meta/version\"\ndata = \"\"\nstream = \"/meta/source/domainId\"\n",
        schemas.display(),
        data.display()
    )
}

fn number(summary: &Value, name: &str) -> u64 {
    summary[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name}: {summary}"))
}

/// The member in which every schema names its own version.
fn own_version(schema: &mut Value) {
    let own = schema.pointer_mut("/properties/meta/properties/version").unwrap();
    assert!(own.as_object_mut().unwrap().remove("enum").is_some());
}

#[test]
fn every_event_is_valid_against_its_own_version() {
    let Some(data) = data() else { return };
    let schemas = data.join("schemas");
    let all = "{\"kind\":\"summary\",\"events\":97,\"valid\":97,\"invalid\":0,\"unknown\":0}\n";
    let folder = Folder::new().with("pastproof.toml", config(&schemas, &data));
    let said = folder.look(&["validate"]).exits(0).quietly();
    assert_eq!(said.stdout, all);
    // The same told by flags alone.
    let (schemas, events) = (schemas.to_str().unwrap(), data.join("events.ndjson"));
    let flags = [
        "validate",
        events.to_str().unwrap(),
        "--catalogue",
        schemas,
        "--version-scheme",
        "semver",
        "--type",
        "/meta/type",
        "--version",
        "/meta/version",
        "--data",
        "",
        "--stream",
        "/meta/source/domainId",
    ];
    let said = Folder::new().look(&flags).exits(0).quietly();
    assert_eq!(said.stdout, all);
    println!("eiffel: 97 of 97 events valid against their own version");
}

#[test]
fn the_gate_takes_it_as_it_stands() {
    let Some(eiffel) = Eiffel::new() else { return };
    // Every schema names its own version, so taken as they stand no event of one is one of another.
    let (check, summary) = eiffel.check("as it stands");
    assert_eq!(number(&summary, "breaking"), eiffel.steps());

    let gate = eiffel.folder.look(&["gate"]).exits(1).quietly();
    let verdict: Value = serde_json::from_str(gate.summary()).unwrap();
    assert_eq!(verdict["verdict"], "fail");
    let checked = |id: &str| {
        let mut checks = verdict["checks"].as_array().unwrap().iter();
        let check = checks.find(|check| check["id"] == id);
        check.unwrap_or_else(|| panic!("{id}: {verdict}")).clone()
    };
    assert_eq!(checked("catalogue")["checked"], eiffel.versions);
    assert_eq!(checked("catalogue")["findings"], 0);
    assert_eq!(checked("compatibility")["checked"], eiffel.steps());
    assert_eq!(checked("events")["checked"], 97);
    if is_required() {
        assert_eq!(checked("events")["findings"], 0);
    }
    let steps = |said: &Said| {
        let findings = said.findings();
        let steps = findings.iter().filter(|finding| finding["id"] == "breaking-step");
        steps
            .map(|finding| finding["message"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(steps(&check), steps(&gate));
}

/// Without the version that each schema names itself: which steps broke history for another reason.
#[test]
fn steps_that_broke_history() {
    let Some(eiffel) = Eiffel::edited(own_version) else {
        return;
    };
    let (_, summary) = eiffel.check("apart from the version that each schema names");
    assert!(
        number(&summary, "compatible") > 0 && number(&summary, "breaking") > 0,
        "{summary}"
    );
}

/// The same, asked for instead of edited.
#[test]
fn the_version_that_each_schema_names_is_set_aside_when_asked() {
    let (Some(edited), Some(whole)) = (Eiffel::edited(own_version), Eiffel::edited(|_| ())) else {
        return;
    };
    let (_, expected) = edited.check("edited");
    let (said, _) = whole.check("as it stands");
    let hint = said.of("own-version");
    assert_eq!(hint.len(), 1);
    assert_eq!(hint[0]["where"]["pointer"], "/meta/version");
    let aside = whole
        .folder
        .look(&["schema", "check", "--own-version", "/meta/version"])
        .exits(1);
    let aside: Value = serde_json::from_str(aside.summary()).unwrap();
    for name in ["pairs", "compatible", "breaking", "unproven"] {
        assert_eq!(aside[name], expected[name], "{name}");
    }
}

/// Both directions of every adjacent pair, through `--pairs` as another program would ask.
#[test]
fn every_pair_is_answered_in_both_directions() {
    let Some(eiffel) = Eiffel::edited(own_version) else {
        return;
    };
    let read = |event_type: &str, version: &str| -> Value {
        let path = eiffel
            .folder
            .path(&format!("schemas/{event_type}/{version}.json"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let mut pairs = String::new();
    for line in eiffel.folder.look(&["schema", "list"]).exits(0).lines() {
        let event_type = line["type"].as_str().unwrap();
        for pair in line["versions"].as_array().unwrap().windows(2) {
            let (old, new) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            let pair = json!({
                "id": format!("{event_type} {old} {new}"),
                "old": read(event_type, old),
                "new": read(event_type, new),
            });
            pairs += &format!("{pair}\n");
        }
    }
    let said = eiffel
        .folder
        .feed(&["schema", "compare", "--pairs", "-"], pairs.as_bytes())
        .exits(0)
        .quietly();
    assert_eq!(said.stdout.lines().count() as u64, eiffel.steps());
    let mut table = std::collections::BTreeMap::new();
    for (asked, answered) in pairs.lines().zip(said.stdout.lines()) {
        assert_eq!(members(answered), ["id", "backward", "forward"]);
        let asked: Value = serde_json::from_str(asked).unwrap();
        let answered: Value = serde_json::from_str(answered).unwrap();
        assert_eq!(asked["id"], answered["id"]);
        for direction in ["backward", "forward"] {
            let verdict = answered[direction]["verdict"].as_str().unwrap().to_owned();
            assert_eq!(
                verdict == "breaking",
                answered[direction].get("witness").is_some()
            );
            *table.entry((direction, verdict)).or_insert(0) += 1;
        }
    }
    println!("eiffel, both directions of every step: {table:?}");
}
