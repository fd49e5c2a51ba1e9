//! The gate on this repository, and on copies of it in which one thing is wrong.
//!
//! The copies share one folder and the build folder of this test, and take turns. Each test first shows its copy
//! green, then breaks it, then asserts the one finding that fails the gate.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

/// What a copy consists of.
const PARTS: [&str; 8] = [
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "pastproof.toml",
    "schemas",
    "snapshots",
    "src",
    "tests",
];

static TURN: Mutex<()> = Mutex::new(());

struct Copy {
    root: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

/// What a gate said.
struct Said {
    exit: i32,
    findings: Vec<Value>,
    summary: Value,
    stdout: String,
    stderr: String,
}

impl Said {
    /// Rule and place of what fails the gate.
    fn denies(&self) -> Vec<(String, Value)> {
        self.findings
            .iter()
            .filter(|finding| finding["level"] == "deny" && finding["waived"].is_null())
            .map(|finding| {
                (
                    finding["id"].as_str().unwrap().to_owned(),
                    finding["where"].clone(),
                )
            })
            .collect()
    }

    fn all(&self) -> String {
        format!("exit {}\n{}\n{}", self.exit, self.stdout, self.stderr)
    }
}

fn said(output: &Output) -> Said {
    let stdout = String::from_utf8(output.stdout.clone()).unwrap();
    let mut findings = Vec::new();
    let mut summary = Value::Null;
    for line in stdout.lines() {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if value["kind"] == "finding" {
            findings.push(value);
        } else {
            assert_eq!(value["kind"], "summary", "{line}");
            summary = value;
        }
    }
    Said {
        exit: output.status.code().unwrap_or(-1),
        findings,
        summary,
        stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The build folder of the running tests.
fn target() -> PathBuf {
    let bin = Path::new(env!("CARGO_BIN_EXE_pastproof"));
    bin.ancestors().nth(2).unwrap().to_owned()
}

fn files(root: &Path, below: &Path, into: &mut BTreeSet<PathBuf>) {
    let path = root.join(below);
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            files(root, &below.join(entry.unwrap().file_name()), into);
        }
    } else if path.is_file() {
        into.insert(below.to_owned());
    }
}

/// What a file of the repository becomes in a copy: no binary is built, since the one beside this test is run, and
/// the version is another one, or Cargo would take what it built of a broken copy for the repository's own.
fn adapted(path: &Path, bytes: Vec<u8>) -> Vec<u8> {
    if path == Path::new("Cargo.toml") {
        let text = String::from_utf8(bytes).unwrap();
        let (before, rest) = text.split_once("[[bin]]").expect("a binary");
        let (_, after) = rest.split_once("[[test]]").expect("a test after it");
        let text = before.replace("default-run = \"pastproof\"", "autobins = false") + "[[test]]" + after;
        let version = format!("version = \"{}", env!("CARGO_PKG_VERSION"));
        assert!(text.contains(&version), "the package has its version");
        let text = text.replacen(&version, &format!("{version}-copy"), 1);
        text.into_bytes()
    } else {
        bytes
    }
}

/// A copy of the repository as it is. Only what differs is written, so that Cargo builds only that.
fn copy() -> Copy {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let root = target().join("gate-copy");
    let mut wanted = BTreeSet::new();
    let mut present = BTreeSet::new();
    for part in PARTS {
        files(here(), Path::new(part), &mut wanted);
        files(&root, Path::new(part), &mut present);
    }
    for extra in present.difference(&wanted) {
        fs::remove_file(root.join(extra)).unwrap();
    }
    for path in &wanted {
        let bytes = adapted(path, fs::read(here().join(path)).unwrap());
        let to = root.join(path);
        if fs::read(&to).ok().as_deref() != Some(&bytes) {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(&to, bytes).unwrap();
        }
    }
    Copy { root, _turn: turn }
}

impl Copy {
    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_pastproof"))
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", target())
            .env_remove("PASTPROOF_CONFIG")
            .output()
            .unwrap()
    }

    fn gate(&self) -> Said {
        said(&self.run(&["gate", "--format", "json"]))
    }

    /// Shows that nothing is wrong yet.
    fn green(self) -> Self {
        let said = self.gate();
        assert_eq!(said.exit, 0, "{}", said.all());
        assert_eq!(said.denies(), [], "{}", said.all());
        assert_eq!(said.summary["verdict"], "pass");
        for check in said.summary["checks"].as_array().unwrap() {
            assert!(
                check["checked"].as_u64().unwrap() > 0,
                "{check} looked at nothing"
            );
        }
        self
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let file = self.root.join(path);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{path} has once: {from}");
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }
}

/// Asserts that a copy that was green is red with this one failing finding, whose message and next step name what
/// to mend.
#[track_caller]
fn red(said: &Said, id: &str, place: &Value, names: &str) {
    assert_eq!(said.exit, 1, "{}", said.all());
    assert_eq!(said.summary["verdict"], "fail");
    let denies = said.denies();
    assert_eq!(denies.len(), 1, "{denies:#?}\n{}", said.all());
    assert_eq!(denies[0].0, id, "{}", said.all());
    for (name, value) in place.as_object().unwrap() {
        assert_eq!(&denies[0].1[name], value, "{name} in {}", denies[0].1);
    }
    let finding = said
        .findings
        .iter()
        .find(|finding| finding["id"] == id && finding["level"] == "deny")
        .unwrap();
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains(names), "the message names {names}: {message}");
    assert!(!finding["next"].as_str().unwrap().is_empty());
}

#[test]
fn a_frozen_schema_changed_in_meaning() {
    let copy = copy().green();
    copy.edit(
        "schemas/DepotReached/1.json",
        "\"place\": {\n      \"type\": \"string\"\n    }",
        "\"place\": {\n      \"maxLength\": 500,\n      \"type\": \"string\"\n    }",
    );
    red(
        &copy.gate(),
        "frozen-changed",
        &json!({"type": "DepotReached", "version": "1", "file": "schemas/DepotReached/1.json"}),
        "DepotReached",
    );
}

#[test]
fn a_breaking_change_without_an_upcaster() {
    let copy = copy().green();
    copy.remove("schemas/DepotReached/1-to-2.upcast.json");
    let said = copy.gate();
    red(
        &said,
        "breaking-step",
        &json!({"type": "DepotReached", "version": "1"}),
        "DepotReached",
    );
    let finding = said
        .findings
        .iter()
        .find(|finding| finding["id"] == "breaking-step" && finding["level"] == "deny");
    assert!(finding.unwrap()["witness"]["place"].is_string(), "{finding:?}");
}

#[test]
fn a_type_that_refuses_what_its_schema_accepts() {
    let copy = copy().green();
    copy.edit(
        "tests/parcel/events.rs",
        "pub struct OutForDelivery {\n    pub courier: String,\n}",
        "pub struct OutForDelivery {\n    #[serde(deserialize_with = \"named\")]\n    pub courier: String,\n}

fn named<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name.is_empty() { Err(serde::de::Error::custom(\"nobody has no name\")) } else { Ok(name) }
}",
    );
    let said = copy.gate();
    red(
        &said,
        "type-disagrees",
        &json!({"type": "OutForDelivery", "version": "1", "pointer": "/courier"}),
        "nobody has no name",
    );
    let finding = said
        .findings
        .iter()
        .find(|finding| finding["id"] == "type-disagrees");
    assert_eq!(finding.unwrap()["witness"], json!({"courier": ""}));
}

#[test]
fn an_upcaster_that_makes_invalid_data() {
    let copy = copy().green();
    copy.edit(
        "schemas/DepotReached/1-to-2.upcast.json",
        r#""to": "depot" }"#,
        r#""to": "depot" }, { "op": "map", "at": "/depot", "values": [], "default": 7 }"#,
    );
    red(
        &copy.gate(),
        "upcaster-invalid-output",
        &json!({"type": "DepotReached", "version": "1", "pointer": "/depot"}),
        "DepotReached",
    );
}

#[test]
fn a_scenario_that_does_not_hold() {
    let copy = copy().green();
    copy.edit(
        "tests/parcel/scenarios/cash_boxes.rs",
        "cash_box.surplus_cents == -500",
        "cash_box.surplus_cents == 500",
    );
    let said = copy.gate();
    red(
        &said,
        "scenario-failed",
        &json!({"file": "tests/parcel/scenarios/cash_boxes.rs"}),
        "missing_money_is_written_down",
    );
}

#[test]
fn an_apply_that_folds_history_to_another_state() {
    let copy = copy().green();
    copy.edit(
        "tests/parcel/parcel.rs",
        "ParcelEvent::DepotReached(DepotReached { depot, .. }) => self.depot = Some(depot.clone()),",
        "ParcelEvent::DepotReached(DepotReached { depot, .. }) => {
                if depot != \"depot-23\" {
                    self.depot = Some(depot.clone());
                }
            }",
    );
    let said = copy.gate();
    red(&said, "state-differs", &json!({"pointer": "/depot"}), "parcel");
    assert!(
        said.denies()[0].1["stream"]
            .as_str()
            .unwrap()
            .starts_with("parcel-")
    );
}

#[test]
fn a_recording_with_one_byte_flipped() {
    let copy = copy().green();
    let file = copy.root.join("tests/recordings/parcel.ndjson.zst");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&file, bytes).unwrap();
    red(
        &copy.gate(),
        "frame-damaged",
        &json!({"file": "tests/recordings/parcel.ndjson.zst"}),
        "frame",
    );
}

#[test]
fn code_that_takes_its_process_down_is_named_with_the_event_and_the_rest_goes_on() {
    let copy = copy().green();
    // Without a budget of its own the recursion runs into the guard page, as a stack overflow in production does.
    copy.edit(
        "tests/parcel/parcel.rs",
        "            ParcelEvent::ReturnStarted(_) => self.stage = Stage::Returning,",
        "            ParcelEvent::ReturnStarted(_) => {
                fn overflow(depth: u64) -> u64 {
                    if depth == u64::MAX { 0 } else { std::hint::black_box(overflow(depth + 1)) + 1 }
                }
                let due = self.order.as_ref().and_then(|order| order.due.as_ref());
                if due.is_some_and(|due| due.cents == 55249 || due.cents == 33999) {
                    overflow(0);
                }
                self.stage = Stage::Returning;
            }",
    );
    let said = copy.gate();
    assert_eq!(said.exit, 1, "{}", said.all());
    let denies = said.denies();
    assert_eq!(denies.len(), 2, "{}", said.all());
    for (id, place) in &denies {
        assert_eq!(id, "harness-died", "{}", said.all());
        assert_eq!(place["type"], "ReturnStarted");
        assert!(
            place["stream"].as_str().unwrap().starts_with("parcel-"),
            "{place}"
        );
        assert!(place["revision"].is_u64(), "{place}");
    }
    let replay = said.summary["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["id"] == "replay");
    assert!(
        replay.unwrap()["checked"].as_u64().unwrap() > 20_000,
        "{}",
        said.summary
    );
}

#[test]
fn code_that_prints_does_not_reach_the_report() {
    let copy = copy().green();
    copy.edit(
        "tests/parcel/parcel.rs",
        "    fn apply(&mut self, event: &ParcelEvent) {\n",
        "    fn apply(&mut self, event: &ParcelEvent) {\n        println!(\"{{\\\"kind\\\":\\\"finding\\\"}}\");\n",
    );
    let said = copy.gate();
    assert_eq!(said.exit, 0, "{}", said.all());
    assert_eq!(said.summary["verdict"], "pass");
}

#[test]
fn a_harness_that_does_not_compile_is_said_and_the_verdict_is_incomplete() {
    let copy = copy().green();
    copy.edit(
        "tests/pastproof.rs",
        "fn main() -> ExitCode {",
        "fn main() -> ExitCode { nonsense",
    );
    let said = copy.gate();
    assert_eq!(said.exit, 3, "{}", said.all());
    assert_eq!(said.summary["verdict"], "incomplete");
    assert_eq!(said.denies()[0].0, "harness-build");
    assert!(
        said.stderr
            .contains("building the harness: cargo test --no-run --test pastproof"),
        "{}",
        said.stderr
    );
}

#[test]
fn two_runs_print_the_same_bytes() {
    let copy = copy();
    let (first, second) = (copy.gate(), copy.gate());
    assert_eq!(first.stdout, second.stdout);
}

/// The lines of the block of the README that begins with `first`.
fn shown(first: &str) -> impl Iterator<Item = &'static str> {
    const README: &str = include_str!("../README.md");
    let start = README.find(first).expect("the README shows it");
    let block = README[start..].split("\n```").next().unwrap();
    block
        .lines()
        .filter(|line| !(line.is_empty() || *line == "…" || line.starts_with('$')))
}

#[test]
fn the_readme_shows_what_the_gate_prints() {
    let copy = copy();
    let people = |exit: i32, first: &str| {
        let output = copy.run(&["gate"]);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(exit), "{printed}");
        for line in shown(first) {
            assert!(
                printed.lines().any(|printed| printed == line),
                "missing: {line}\nin:\n{printed}"
            );
        }
    };
    people(0, "$ pastproof gate\n");
    copy.edit(
        "schemas/DepotReached/1-to-2.upcast.json",
        r#"{ "op": "rename", "at": "/place", "to": "depot" }"#,
        shown(r#"    { "op": "rename""#)
            .collect::<Vec<_>>()
            .join("\n")
            .trim(),
    );
    people(1, "deny[upcaster-invalid-output] upcaster");
}
