//! A folder to call the command in, and what it says.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use tempfile::TempDir;

/// An order with two members; closed.
pub const ORDER_1: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": { "order": { "type": "string" }, "total": { "type": "integer" } },
  "required": ["order", "total"],
  "additionalProperties": false
}"#;

/// The same with a currency, which is required.
pub const ORDER_2: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": { "order": { "type": "string" }, "total": { "type": "integer" }, "currency": { "type": "string" } },
  "required": ["order", "total", "currency"],
  "additionalProperties": false
}"#;

/// An upcaster from the one to the other.
pub const ORDER_1_TO_2: &str = ".currency = \"EUR\"\n";

/// A folder that goes away with the test.
pub struct Folder {
    folder: TempDir,
}

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A project with a configuration and one version of one event type.
    pub fn project() -> Self {
        Self::new()
            .with("pastproof.toml", "[catalogue]\n")
            .with("schemas/OrderPlaced/1.json", ORDER_1)
    }

    /// A project with two versions, an upcaster between them and an example for it.
    pub fn bridged() -> Self {
        Self::project()
            .with("schemas/OrderPlaced/2.json", ORDER_2)
            .with("schemas/OrderPlaced/1-to-2.jq", ORDER_1_TO_2)
            .with(
                "schemas/OrderPlaced/examples/1.ndjson",
                "{\"order\":\"o-1\",\"total\":1}\n",
            )
    }

    /// The same folder with one more file.
    pub fn with(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.write(path, text);
        self
    }

    /// The same folder with one file less.
    pub fn without(self, path: &str) -> Self {
        fs::remove_file(self.path(path)).unwrap();
        self
    }

    /// The same folder with `in.jsonl`, which has lines of ours, recorded as `old.ndjson`.
    pub fn recorded(self, more: &[&str]) -> Self {
        let start = ["record", "--from", "in.jsonl", "--to", "old.ndjson"];
        let arguments: Vec<&str> = start.iter().chain(more).copied().collect();
        self.run(&arguments).exits(0).quietly();
        self
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.current_dir(self.folder.path());
        command
    }

    /// Calls the command in this folder.
    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::from(&self.command(arguments).output().unwrap())
    }

    /// Calls the command with `--format json`, once with the folder's content before and after: a command that only
    /// looks leaves everything as it was.
    pub fn look(&self, arguments: &[&str]) -> Said {
        let before = self.content();
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--format", "json"]).collect();
        let said = self.run(&arguments);
        assert_eq!(before, self.content(), "{arguments:?} only looks");
        said
    }

    /// Calls the command with `input` on its standard input.
    pub fn feed(&self, arguments: &[&str], input: &[u8]) -> Said {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // Beside the reading, since either pipe may be full.
            scope.spawn(move || {
                // Whoever does not read to the end has said why.
                let _ = stdin.write_all(input);
            });
            Said::from(&child.wait_with_output().unwrap())
        })
    }

    /// Every file with its length and the time it was written.
    pub fn content(&self) -> BTreeMap<PathBuf, (u64, std::time::SystemTime)> {
        let mut content = BTreeMap::new();
        let mut open = vec![self.folder.path().to_owned()];
        while let Some(path) = open.pop() {
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    open.push(entry.path());
                } else {
                    let metadata = entry.metadata().unwrap();
                    content.insert(entry.path(), (metadata.len(), metadata.modified().unwrap()));
                }
            }
        }
        content
    }
}

/// The command, with nothing from outside that changes what it says.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pastproof"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .env_remove("PASTPROOF_CONFIG")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("CLICOLOR");
    command
}

/// What the command said.
#[derive(Debug)]
pub struct Said {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<&Output> for Said {
    fn from(output: &Output) -> Self {
        let said = Self {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        };
        assert!((0..=5).contains(&said.exit), "{said}");
        for sign in ["panicked at", "RUST_BACKTRACE", "overflowed its stack"] {
            assert!(!said.stderr.contains(sign), "{said}");
            assert!(!said.stdout.contains(sign), "{said}");
        }
        said
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}\n{}\n{}", self.exit, self.stdout, self.stderr)
    }
}

impl Said {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.exit, code, "{self}");
        self
    }

    /// Says nothing on standard error.
    #[track_caller]
    pub fn quietly(self) -> Self {
        assert_eq!(self.stderr, "", "{self}");
        self
    }

    /// Every line of standard output as JSON.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        assert!(self.stdout.is_empty() || self.stdout.ends_with('\n'), "{self}");
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{self}")))
            .collect()
    }

    /// The findings; the last line, and no other, is the summary.
    #[track_caller]
    pub fn findings(&self) -> Vec<Value> {
        let mut lines = self.lines();
        let last = lines.pop().unwrap_or_else(|| panic!("no summary: {self}"));
        assert_eq!(last["kind"], "summary", "{self}");
        assert!(lines.iter().all(|line| line["kind"] != "summary"), "{self}");
        lines.retain(|line| line["kind"] == "finding");
        for finding in &lines {
            well_formed(finding);
        }
        lines
    }

    /// The summary, as it stands.
    #[track_caller]
    pub fn summary(&self) -> &str {
        self.findings();
        self.stdout.lines().last().unwrap()
    }

    /// The only finding.
    #[track_caller]
    pub fn only(&self) -> Value {
        let findings = self.findings();
        assert_eq!(findings.len(), 1, "{self}");
        findings.into_iter().next().unwrap()
    }

    /// The findings of the rule `id`; there is at least one.
    #[track_caller]
    pub fn of(&self, id: &str) -> Vec<Value> {
        let found: Vec<Value> = self
            .findings()
            .into_iter()
            .filter(|finding| finding["id"] == id)
            .collect();
        assert!(!found.is_empty(), "no {id}: {self}");
        found
    }

    /// The only finding at level deny, which is of the rule `id`, at a place with these members.
    #[track_caller]
    pub fn denies(&self, id: &str, place: &Value) -> Value {
        let denies: Vec<Value> = self
            .findings()
            .into_iter()
            .filter(|finding| finding["level"] == "deny")
            .collect();
        assert_eq!(denies.len(), 1, "{self}");
        assert_eq!(denies[0]["id"], id, "{self}");
        at(&denies[0], place);
        denies.into_iter().next().unwrap()
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "missing: {text}\n{self}"
        );
        self
    }
}

/// Whether `finding` stands at a place with these members.
#[track_caller]
pub fn at(finding: &Value, place: &Value) {
    for (name, value) in place.as_object().unwrap() {
        assert_eq!(&finding["where"][name], value, "`{name}` of {finding}");
    }
}

/// Whether `finding` has the members of the contract, each of its type.
#[track_caller]
fn well_formed(finding: &Value) {
    let id = finding["id"].as_str().unwrap();
    assert!(pastproof::rules::find(id).is_some(), "{finding}");
    assert!(
        ["deny", "warn", "note"].contains(&finding["level"].as_str().unwrap()),
        "{finding}"
    );
    assert!(!finding["message"].as_str().unwrap().is_empty(), "{finding}");
    assert!(!finding["message"].as_str().unwrap().ends_with('.'), "{finding}");
    for (name, value) in finding["where"].as_object().unwrap() {
        match name.as_str() {
            "line" | "revision" => assert!(value.is_u64(), "{finding}"),
            "side" => assert!(value == "old" || value == "new", "{finding}"),
            "file" | "type" | "version" | "stream" | "pointer" => assert!(value.is_string(), "{finding}"),
            other => panic!("`where` has no member {other}: {finding}"),
        }
    }
}

/// The names of the members of the object in `text`, in the order they are written in.
#[track_caller]
pub fn members(text: &str) -> Vec<String> {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = Vec<String>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut names = Vec::new();
            while let Some((name, IgnoredAny)) = map.next_entry()? {
                names.push(name);
            }
            Ok(names)
        }
    }
    serde_json::Deserializer::from_str(text)
        .deserialize_map(Names)
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Compares with the snapshot `name` in the top-level folder.
#[track_caller]
pub fn snapshot(name: &str, text: &str) {
    insta::with_settings!(
        {
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        },
        { insta::assert_snapshot!(format!("cli__{name}"), text) }
    );
}

/// Where this repository is.
pub fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
