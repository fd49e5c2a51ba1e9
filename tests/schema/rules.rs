//! Every schema rule on every fixture of `tests/compat`, and every rule on a catalogue that has it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pastproof::finding::{Finding, Level};
use pastproof::rules;
use pastproof::schema::{
    Catalogue, CatalogueOptions, CheckOptions, Contract, Order, Pairs, Require, TypeOptions, VersionScheme,
    against, changes, check,
};
use serde_json::Value;

/// Files of a catalogue, by path.
type Files<'a> = &'a [(&'a str, &'a str)];

/// The fixtures, by name.
fn fixtures() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat");
    let mut fixtures: Vec<(String, PathBuf)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("expect.json").is_file())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    fixtures.sort();
    assert!(fixtures.len() >= 120, "only {} fixtures", fixtures.len());
    fixtures
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A catalogue with one type for every fixture, whose versions are these files.
fn catalogue(folder: &Path, versions: &[(&str, &str)]) -> Catalogue {
    for (name, path) in fixtures() {
        fs::create_dir_all(folder.join(&name)).unwrap();
        for (version, file) in versions {
            fs::copy(path.join(file), folder.join(format!("{name}/{version}.json"))).unwrap();
        }
    }
    let options = CatalogueOptions {
        scheme: VersionScheme::Semver,
        ..CatalogueOptions::default()
    };
    Catalogue::open(folder, &options).unwrap()
}

/// Everything asked for that can be asked for.
fn strict() -> CheckOptions {
    let mut types = BTreeMap::new();
    for (name, path) in fixtures() {
        let own = match read(&path.join("expect.json"))["contract"].as_str() {
            Some("writer-reader") => Some(Contract::WriterReader),
            Some("literal") | None => None,
            Some(other) => panic!("{name}: no contract `{other}`"),
        };
        let options = TypeOptions {
            contract: own,
            ..TypeOptions::default()
        };
        types.insert(name, options);
    }
    CheckOptions {
        require: Require::Full,
        pairs: Some(Pairs::Live),
        declared_bump: Level::Deny,
        types,
        ..CheckOptions::default()
    }
}

/// What a finding must have, whatever its rule.
fn well_formed(finding: &Finding) {
    assert_eq!(rules::find(finding.rule.id), Some(finding.rule));
    assert!(
        !finding.message.is_empty() && !finding.message.ends_with('.'),
        "{finding:?}"
    );
    assert!(
        !finding.rule.reason.is_empty() && !finding.next_step().is_empty(),
        "{finding:?}"
    );
    assert_eq!(
        finding.witness.is_some(),
        finding.rule.id.starts_with("breaking-") || finding.rule.id == "bump-too-small",
        "{finding:?}"
    );
    let text = serde_json::to_string(finding).unwrap();
    assert_eq!(serde_json::from_str::<Finding>(&text).unwrap().rule, finding.rule);
}

#[test]
fn every_rule_runs_on_every_fixture() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = catalogue(folder.path(), &[("1.0.0", "old.json"), ("1.0.1", "new.json")]);
    let files: Vec<&str> = catalogue
        .findings()
        .iter()
        .map(|finding| finding.rule.id)
        .collect();
    assert_eq!(files, Vec::<&str>::new(), "{:?}", catalogue.findings());
    let report = check(&catalogue, &strict());
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for finding in &report.findings {
        well_formed(finding);
        assert_eq!(finding.level, Level::Deny, "{finding:?}");
        let event_type = finding.place.event_type.as_deref().unwrap();
        told.entry(event_type).or_default().insert(finding.rule.id);
    }
    for (name, path) in fixtures() {
        let expected = read(&path.join("expect.json"));
        let is = |direction: &str, verdict: &str| expected[direction] == verdict;
        let mut rules = BTreeSet::new();
        for (direction, verdict, rule) in [
            ("backward", "breaking", "breaking-step"),
            ("backward", "unproven", "unproven-step"),
            ("forward", "breaking", "breaking-rollback"),
            ("forward", "unproven", "unproven-rollback"),
        ] {
            if is(direction, verdict) {
                rules.insert(rule);
            }
        }
        // A patch promises that nothing changes.
        if is("backward", "breaking") || is("forward", "breaking") {
            rules.insert("bump-too-small");
        }
        let told = told.remove(name.as_str()).unwrap_or_default();
        // An engine that cannot decide a pair yet says so, and never the opposite.
        let undecided = told.contains("unproven-step") || told.contains("unproven-rollback");
        if !undecided {
            assert_eq!(told, rules, "{name}");
        }
        let deployment = report
            .deployment
            .iter()
            .find(|step| step.event_type == name)
            .unwrap();
        if !undecided {
            let order = match (is("backward", "breaking"), is("forward", "breaking")) {
                (false, false) => Order::Any,
                (false, true) => Order::ReadersFirst,
                (true, false) => Order::WritersFirst,
                (true, true) => Order::Apart,
            };
            assert_eq!(deployment.order, order, "{name}");
            assert_eq!(deployment.witness.is_some(), order != Order::Any, "{name}");
        }
    }
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn no_change_is_silent_on_every_fixture() {
    for file in ["old.json", "new.json"] {
        let folder = tempfile::tempdir().unwrap();
        let versions = [("1.0.0", file), ("1.0.1", file), ("1.0.2", file)];
        let catalogue = catalogue(folder.path(), &versions);
        assert_eq!(catalogue.findings(), []);
        let report = check(&catalogue, &strict());
        assert_eq!(report.findings, []);
        assert_eq!(report.compatible, report.pairs);
        assert!(report.deployment.iter().all(|step| step.order == Order::Any));
        // Against itself nothing has changed.
        let options = CatalogueOptions {
            scheme: VersionScheme::Semver,
            ..CatalogueOptions::default()
        };
        let named = folder.path().to_str().unwrap();
        let before = against("git".as_ref(), folder.path(), named, folder.path(), &options).unwrap();
        let changes = changes(&before, &catalogue, &strict());
        assert_eq!(changes.findings, []);
        assert_eq!(changes.compared, report.versions);
    }
}

/// A closed object of integers; `?` marks those that may be absent.
fn object(members: &[&str]) -> String {
    let list = |wanted: &dyn Fn(&&&str) -> bool, form: &dyn Fn(&str) -> String| {
        let found: Vec<String> = members
            .iter()
            .filter(wanted)
            .map(|member| form(member.trim_end_matches('?')))
            .collect();
        found.join(",")
    };
    format!(
        r#"{{"type":"object","additionalProperties":false,"properties":{{{}}},"required":[{}]}}"#,
        list(&|_| true, &|name| format!("\"{name}\":{{\"type\":\"integer\"}}")),
        list(&|member| !member.ends_with('?'), &|name| format!("\"{name}\""))
    )
}

/// What a catalogue of these files has to say, with everything asked for, against another state of some of them.
fn rules_of(files: &[(&str, &str)], before: &[(&str, &str)]) -> BTreeSet<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let write = |root: &str, files: &[(&str, &str)]| {
        for (path, text) in files {
            let path = folder.path().join(root).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder.path().join(root)
    };
    let now = write("now", files);
    let options = CatalogueOptions {
        scheme: if files.iter().any(|(path, _)| path.contains("1.0.")) {
            VersionScheme::Semver
        } else {
            VersionScheme::Integer
        },
        ..CatalogueOptions::default()
    };
    let catalogue = Catalogue::open(&now, &options).unwrap();
    let asked = CheckOptions {
        require: Require::Full,
        not_stored: vec!["Nobody@1".to_owned()],
        ..CheckOptions::default()
    };
    let mut findings = catalogue.findings().to_vec();
    findings.extend(check(&catalogue, &asked).findings);
    if !before.is_empty() {
        let state = write("before", before);
        let state = against("git".as_ref(), &now, state.to_str().unwrap(), &now, &options).unwrap();
        findings.extend(changes(&state, &catalogue, &asked).findings);
    }
    findings.iter().map(|finding| finding.rule.id).collect()
}

/// Every rule about the catalogue and its versions fires where it should: none is there for show.
#[test]
fn every_rule_has_a_catalogue_that_has_it() {
    let (a, ab, b) = (object(&["a"]), object(&["a", "b?"]), object(&["b"]));
    let strict = object(&["a", "b"]);
    let titled = a.replacen('{', "{\"title\":\"A\",", 1);
    let lock = |meaning: &str| {
        format!(
            "{{\"format\":\"1.0\",\"frozen\":[{{\"file\":\"T/1.json\",\"meaning\":\"{meaning}\",\"wording\":\"{meaning}\"}}],\"rewritten\":[]}}"
        )
    };
    let wrong_lock = lock(&"0".repeat(64));
    let named = |version: u8| {
        format!(
            "{{\"type\":\"object\",\"properties\":{{\"v\":{{\"const\":{version}}}}},\"required\":[\"v\"]}}"
        )
    };
    let (named_1, named_2) = (named(1), named(2));
    let echo = r#"{"type":"string","pattern":"^(a+)b\\1$"}"#;
    let about = r#"{"type":"string","pattern":"^a+ba+$"}"#;
    // Reworded since it was frozen: the meaning is right and the wording is not.
    let reworded_lock = {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("T")).unwrap();
        fs::write(folder.path().join("T/1.json"), &a).unwrap();
        pastproof::schema::accept(folder.path(), &CatalogueOptions::default(), &[], None).unwrap();
        fs::read_to_string(folder.path().join("pastproof.lock")).unwrap()
    };
    let cases: &[(&str, Files<'_>, Files<'_>)] = &[
        ("schema-unreadable", &[("T/1.json", "{")], &[]),
        ("schema-invalid", &[("T/1.json", r#"{"type":7}"#)], &[]),
        (
            "schema-reference",
            &[("T/1.json", r#"{"$ref":"http://localhost:1/a"}"#)],
            &[],
        ),
        ("version-unparsable", &[("T/one.json", &a)], &[]),
        ("version-duplicate", &[("T/1.json", &a), ("T/01.json", &a)], &[]),
        ("type-clash", &[("T/1.json", &a), ("t/1.json", &a)], &[]),
        (
            "frozen-changed",
            &[("T/1.json", &a), ("pastproof.lock", &wrong_lock)],
            &[],
        ),
        (
            "frozen-reworded",
            &[("T/1.json", &titled), ("pastproof.lock", &reworded_lock)],
            &[],
        ),
        (
            "frozen-missing",
            &[("T/2.json", &a), ("pastproof.lock", &wrong_lock)],
            &[],
        ),
        (
            "not-frozen",
            &[("T/2.json", &a), ("pastproof.lock", &wrong_lock)],
            &[],
        ),
        ("lock-damaged", &[("T/1.json", &a), ("pastproof.lock", "{}")], &[]),
        ("breaking-step", &[("T/1.json", &a), ("T/2.json", &b)], &[]),
        ("unproven-step", &[("T/1.json", echo), ("T/2.json", about)], &[]),
        ("breaking-rollback", &[("T/1.json", &a), ("T/2.json", &ab)], &[]),
        (
            "unproven-rollback",
            &[("T/1.json", about), ("T/2.json", echo)],
            &[],
        ),
        (
            "breaking-pair",
            &[
                ("T/1.json", &a),
                ("T/2.json", &strict),
                ("T/2.reader.json", &ab),
                ("T/3.json", &strict),
            ],
            &[],
        ),
        (
            "unproven-pair",
            &[
                ("T/1.json", echo),
                ("T/2.json", about),
                ("T/2.reader.json", "true"),
                ("T/3.json", about),
            ],
            &[],
        ),
        (
            "bump-too-small",
            &[("T/1.0.0.json", &a), ("T/1.0.1.json", &ab)],
            &[],
        ),
        (
            "own-version",
            &[("T/1.json", &named_1), ("T/2.json", &named_2)],
            &[],
        ),
        (
            "version-added",
            &[("T/1.json", &a), ("T/2.json", &a)],
            &[("T/1.json", &a)],
        ),
        (
            "version-inserted",
            &[("T/1.json", &a), ("T/2.json", &a)],
            &[("T/2.json", &a)],
        ),
        ("version-edited", &[("T/1.json", &b)], &[("T/1.json", &a)]),
        ("version-reworded", &[("T/1.json", &titled)], &[("T/1.json", &a)]),
        (
            "version-removed",
            &[("T/1.json", &a)],
            &[("T/1.json", &a), ("T/2.json", &a)],
        ),
        ("setting-unused", &[("T/1.json", &a)], &[]),
        (
            "own-unreadable",
            &[("T/1.json", &a), ("T/1.reader.json", &b)],
            &[],
        ),
    ];
    for (id, files, before) in cases {
        let found = rules_of(files, before);
        assert!(found.contains(id), "{id}: {found:?}");
    }
    // The table is complete: what stands between the first and the last of these rules is about the catalogue.
    let of_catalogue: Vec<&str> = rules::ALL
        .iter()
        .map(|rule| rule.id)
        .take_while(|id| *id != "type-not-accepted")
        .collect();
    let tested: BTreeSet<&str> = cases.iter().map(|(id, ..)| *id).collect();
    assert_eq!(of_catalogue.iter().copied().collect::<BTreeSet<_>>(), tested);
}
