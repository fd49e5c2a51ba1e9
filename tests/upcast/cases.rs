//! Cases as data: `tests/upcast/cases/<case>/case.json`. Each is a small catalogue with upcasters, and what has to be
//! said about them: good ones are proved or tested, broken ones are caught with the smallest event that shows it.
//!
//! `UPDATE_CASES=1` writes what is said into the files, to be read before it is believed.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use pastproof::finding::Finding;
use pastproof::json::canonical;
use pastproof::model::Version;
use pastproof::schema::{Catalogue, CatalogueOptions, Validators};
use pastproof::upcast::{Chains, Upcast, Upcaster, Verifier, declared_in};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "says")]
    _says: String,
    schemas: BTreeMap<String, Value>,
    #[serde(default)]
    files: BTreeMap<String, Value>,
    #[serde(default)]
    code: Vec<String>,
    #[serde(default)]
    examples: BTreeMap<String, Vec<Value>>,
    current: BTreeMap<String, u64>,
    /// Whether a proof may or may not be found: it depends on more than the upcaster.
    #[serde(default)]
    open: bool,
    expect: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Cents {
    cents: u64,
}

#[derive(Serialize)]
struct Amount {
    amount: u64,
}

#[derive(Deserialize)]
struct Note {
    note: String,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize, Deserialize)]
struct Narrow {
    n: u8,
}

/// A JSON upcaster from A 1 to A 2.
fn code(f: impl Fn(Value) -> Value + Send + Sync + 'static) -> Upcaster {
    Upcaster::json("A", 1, [("A", 2)], move |data| {
        Ok::<_, String>(vec![Upcast::new("A", 2, f(data))])
    })
}

fn lines(data: &Value) -> Vec<Value> {
    data["lines"].as_array().cloned().unwrap_or_default()
}

/// The upcasters that cases name.
fn by_name(name: &str) -> Upcaster {
    match name {
        "typed_rename" => Upcaster::typed("A", 1, 2, |old: Cents| {
            Ok::<_, String>(Amount { amount: old.cents })
        }),
        "forgets_phone" => code(|data| json!({"a": data["a"], "n": 0})),
        "unwraps_note" => code(|data| {
            let note = data.get("note").and_then(Value::as_str).unwrap();
            json!({ "text": note })
        }),
        "hash_order" => code(|data| {
            let members: HashMap<&String, &Value> = data.as_object().unwrap().iter().collect();
            json!({"names": members.keys().collect::<Vec<_>>()})
        }),
        "clock" => code(|mut data| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            data["at"] = json!(now.as_nanos().to_string());
            data
        }),
        "counter" => {
            let count = AtomicU64::new(0);
            code(move |mut data| {
                data["seq"] = json!(count.fetch_add(1, Ordering::Relaxed));
                data
            })
        }
        "one_too_far" => Upcaster::json("Order", 1, [("Line", 1)], |data| {
            let lines = lines(&data);
            let made = (0..=lines.len()).map(|index| Upcast::new("Line", 1, json!({"n": lines[index]})));
            Ok::<_, String>(made.collect())
        }),
        "one_too_few" => Upcaster::json("Order", 1, [("Line", 1)], |data| {
            let lines = lines(&data);
            let made = (1..lines.len()).map(|index| Upcast::new("Line", 1, json!({"n": lines[index - 1]})));
            Ok::<_, String>(made.collect())
        }),
        "same_again" => code(|data| data),
        "same_again_too" => Upcaster::json("A", 1, [("A", 2)], |data| {
            Ok::<_, String>(vec![Upcast::new("A", 2, data)])
        }),
        "times_hundred" => code(|data| json!({"amount": data["amount"].as_u64().unwrap() * 100})),
        "undeclared" => Upcaster::json("A", 1, [("A", 2)], |data| {
            Ok::<_, String>(vec![Upcast::new("B", 1, data)])
        }),
        "strict_old_type" => Upcaster::typed("A", 1, 2, |old: Note| Ok::<_, String>(Text { text: old.note })),
        "narrow_old_type" => Upcaster::typed("A", 1, 2, |old: Narrow| Ok::<_, String>(old)),
        other => panic!("no upcaster is called {other}"),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upcast/cases")
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What is said about a case: a line for each finding and for each upcaster.
fn said(case: &Case) -> Vec<String> {
    let root = tempfile::tempdir().unwrap();
    for (name, schema) in &case.schemas {
        write(&root.path().join(format!("{name}.json")), &schema.to_string());
    }
    for (name, file) in &case.files {
        write(
            &root.path().join(format!("{name}.upcast.json")),
            &file.to_string(),
        );
    }
    for (name, examples) in &case.examples {
        let (event_type, version) = name.split_once('/').unwrap();
        let text: String = examples.iter().map(|example| format!("{example}\n")).collect();
        write(
            &root
                .path()
                .join(format!("{event_type}/examples/{version}.ndjson")),
            &text,
        );
    }
    let catalogue = Arc::new(Catalogue::open(root.path(), &CatalogueOptions::default()).unwrap());
    assert_eq!(catalogue.findings(), []);
    let (mut upcasters, mut findings) = declared_in(&catalogue).unwrap();
    upcasters.extend(case.code.iter().map(|name| by_name(name)));
    let current = case
        .current
        .iter()
        .map(|(event_type, version)| (event_type.clone(), Version::from(*version)));
    let chains = Chains::new(upcasters, current);
    let stored: Vec<(String, Version)> = catalogue
        .types()
        .iter()
        .flat_map(|history| {
            let versions = history.versions.iter();
            versions.map(|version| (history.event_type.clone(), version.version.clone()))
        })
        .collect();
    findings.extend(chains.check(&stored));
    let validators = Validators::new(Arc::clone(&catalogue));
    let mut verifier = Verifier::new(&chains, &validators, None);
    verifier.prove();
    verifier.try_examples().unwrap();
    verifier.try_generated();
    let verified = verifier.finish();
    findings.extend(verified.findings);
    let inside = |text: &str| text.replace(&format!("{}/", root.path().display()), "");
    findings.retain(|finding| !(case.open && finding.rule.id == "upcaster-unproven"));
    let mut told: Vec<String> = findings.iter().map(|finding| inside(&line(finding))).collect();
    told.extend(verified.steps.iter().map(|step| {
        let how = match (step.verified, step.proved) {
            (true, _) if case.open => "holds",
            (true, true) => "proved",
            (true, false) => "tested",
            (false, _) => "not verified",
        };
        format!(
            "{} {} ({}): {how}",
            step.event_type,
            step.from,
            inside(&step.origin)
        )
    }));
    told
}

/// How many events show something depends on how they are made, and where code stands on who edits it.
fn steady(message: &str) -> String {
    let message = message.split(", and so with ").next().unwrap_or_default();
    let mut steady = String::new();
    for word in message.split_inclusive(' ') {
        let number = word.trim_end_matches([' ', ',']);
        match number.rsplit_once(".rs:") {
            Some((file, _)) => steady.push_str(&word.replace(number, &format!("{file}.rs"))),
            None => steady.push_str(word),
        }
    }
    match (steady.find(" makes, in "), steady.find(" of events")) {
        (Some(start), Some(end)) if start < end => {
            let tail = steady[end..].find(", and").map_or("", |at| &steady[end + at..]);
            format!("{} makes{tail}", &steady[..start])
        }
        _ => steady,
    }
}

fn line(finding: &Finding) -> String {
    let witness = finding.witness.as_ref().map_or_else(String::new, |witness| {
        format!(" <- {}", canonical(witness).unwrap())
    });
    let message = steady(&finding.message);
    format!("{}[{}] {message}{witness}", finding.level, finding.rule.id)
}

#[test]
fn every_case() {
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    assert!(names.len() >= 40, "{} cases", names.len());
    let update = std::env::var_os("UPDATE_CASES").is_some();
    // Panics of broken upcasters are told as findings; printing them as well would hide what fails here.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut wrong = Vec::new();
    for name in names {
        let file = name.join("case.json");
        let text = std::fs::read_to_string(&file).unwrap();
        let case: Case =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let told = said(&case);
        if told == case.expect {
            continue;
        }
        if update {
            let (before, _) = text.split_once("  \"expect\": [").unwrap();
            let lines: Vec<String> = told.iter().map(|line| format!("    {}", json!(line))).collect();
            std::fs::write(
                &file,
                format!("{before}  \"expect\": [\n{}\n  ]\n}}\n", lines.join(",\n")),
            )
            .unwrap();
        }
        wrong.push(format!(
            "{}\n  expected:\n    {}\n  said:\n    {}",
            file.display(),
            case.expect.join("\n    "),
            told.join("\n    ")
        ));
    }
    std::panic::set_hook(hook);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
