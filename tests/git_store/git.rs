//! The `git` program, as a store to read and as an oracle.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tree::Entry;

/// Says that a test was skipped; where everything must be there, that is a failure.
pub fn skip(why: &str) {
    println!("skipped: {why}");
    assert!(
        std::env::var_os("PASTPROOF_REQUIRE_DATA").is_none_or(|value| value != "1"),
        "skipped, and PASTPROOF_REQUIRE_DATA=1 does not allow it: {why}"
    );
}

/// A repository.
pub struct Git {
    at: PathBuf,
    /// Keeps a temporary repository.
    _folder: Option<tempfile::TempDir>,
}

/// One change of one path between a commit and its first parent.
#[derive(Debug)]
pub struct Change {
    pub old: Entry,
    pub new: Entry,
    pub status: u8,
    /// The path it had before, when it was renamed.
    pub source: Option<String>,
    pub path: String,
}

impl Git {
    /// The repository that `folder` is in.
    pub fn at(folder: &Path) -> Result<Self, String> {
        let git = Self {
            at: folder.to_owned(),
            _folder: None,
        };
        git.run(&["--version"], b"")?;
        match git.run(&["rev-parse", "--git-dir"], b"") {
            Ok(_) => Ok(git),
            Err(error) => Err(format!("there is no git repository here: {error}")),
        }
    }

    /// A new bare repository with the history that `import` describes.
    pub fn imported(import: &[u8]) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let git = Self {
            at: folder.path().to_owned(),
            _folder: Some(folder),
        };
        git.run(&["--version"], b"")?;
        git.out(&["init", "--quiet", "--bare", "--template="], b"");
        git.out(&["fast-import", "--quiet"], import);
        Ok(git)
    }

    /// A clone of the newest commits, through the file system.
    pub fn shallow_clone(&self, depth: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = format!("file://{}", self.at.display());
        let target = folder.path().display().to_string();
        let depth = depth.to_string();
        self.out(
            &[
                "clone",
                "--quiet",
                "--bare",
                "--template=",
                "--depth",
                &depth,
                &source,
                &target,
            ],
            b"",
        );
        Self {
            at: folder.path().to_owned(),
            _folder: Some(folder),
        }
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
        let mut command = Command::new("git");
        // Nothing of the user's or the machine's configuration plays a part, nor a repository that a hook names.
        command
            .env_clear()
            .envs(
                ["PATH", "SystemRoot", "TMPDIR"]
                    .into_iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .args([
                "-c",
                "safe.directory=*",
                "-c",
                "init.defaultBranch=main",
                "-c",
                "protocol.allow=never",
            ])
            .args(["-c", "protocol.file.allow=always"])
            .arg("-C")
            .arg(&self.at)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| format!("git cannot be started: {error}"))?;
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // Written beside the reading, so that neither waits for the other. Git may end before it has read all.
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join().unwrap();
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }

    fn out(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        self.run(arguments, input)
            .unwrap_or_else(|error| panic!("git {arguments:?}: {error}"))
    }

    fn text(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.out(arguments, b""))
            .unwrap()
            .trim()
            .to_owned()
    }

    /// Whether `folder` is the top of the working tree.
    pub fn is_top(&self, folder: &Path) -> bool {
        let top = self.text(&["rev-parse", "--show-toplevel"]);
        matches!((Path::new(&top).canonicalize(), folder.canonicalize()), (Ok(top), Ok(folder)) if top == folder)
    }

    pub fn is_shallow(&self) -> bool {
        self.text(&["rev-parse", "--is-shallow-repository"]) == "true"
    }

    pub fn head(&self) -> String {
        self.text(&["rev-parse", "HEAD"])
    }

    /// The commits of the first-parent history, oldest first, each with its first parent.
    pub fn commits(&self) -> Vec<(String, Option<String>)> {
        let Ok(list) = self.run(
            &[
                "rev-list",
                "--first-parent",
                "--reverse",
                "--parents",
                "HEAD",
                "--",
            ],
            b"",
        ) else {
            return Vec::new();
        };
        String::from_utf8(list)
            .unwrap()
            .lines()
            .map(|line| {
                let mut ids = line.split(' ').map(str::to_owned);
                (ids.next().unwrap(), ids.next())
            })
            .collect()
    }

    /// What each of `commits` changes against its first parent.
    pub fn changes(&self, commits: &[(String, Option<String>)]) -> Vec<(String, Vec<Change>)> {
        let mut input = String::new();
        for (commit, parent) in commits {
            input.push_str(commit);
            if let Some(parent) = parent {
                input.push(' ');
                input.push_str(parent);
            }
            input.push('\n');
        }
        let arguments = ["diff-tree", "--stdin", "--root", "--raw", "-r", "-z", "-M", "-l0"];
        let output = self.out(&arguments, input.as_bytes());
        let mut tokens = output.split(|byte| *byte == 0).filter(|token| !token.is_empty());
        let mut all: Vec<(String, Vec<Change>)> = Vec::new();
        while let Some(token) = tokens.next() {
            let Some(raw) = token.strip_prefix(b":") else {
                all.push((std::str::from_utf8(token).unwrap().to_owned(), Vec::new()));
                continue;
            };
            let raw: Vec<_> = std::str::from_utf8(raw).unwrap().split(' ').collect();
            let [old_mode, new_mode, old_blob, new_blob, status] = raw[..] else {
                panic!("{raw:?}");
            };
            let status = status.as_bytes()[0];
            let source = (status == b'R').then(|| encode(tokens.next().unwrap()));
            let change = Change {
                old: Entry::new(old_mode, old_blob),
                new: Entry::new(new_mode, new_blob),
                status,
                source,
                path: encode(tokens.next().unwrap()),
            };
            all.last_mut().unwrap().1.push(change);
        }
        all
    }

    /// What git says the tree of HEAD is.
    pub fn tree(&self) -> BTreeMap<String, Entry> {
        let output = self.out(&["ls-tree", "-r", "-z", "--full-tree", "HEAD"], b"");
        output
            .split(|byte| *byte == 0)
            .filter(|line| !line.is_empty())
            .map(|line| {
                let tab = line.iter().position(|byte| *byte == b'\t').unwrap();
                let fields: Vec<_> = std::str::from_utf8(&line[..tab]).unwrap().split(' ').collect();
                let [mode, _kind, blob] = fields[..] else {
                    panic!("{fields:?}");
                };
                (encode(&line[tab + 1..]), Entry::new(mode, blob))
            })
            .collect()
    }
}

/// A path as a stream id: its bytes, percent-encoded where they are not plain.
pub fn encode(path: &[u8]) -> String {
    let mut name = String::new();
    for byte in path {
        if byte.is_ascii_alphanumeric() || b"._-/".contains(byte) {
            name.push(char::from(*byte));
        } else {
            write!(name, "%{byte:02X}").unwrap();
        }
    }
    name
}

/// The path that a stream id stands for.
pub fn decode(name: &str) -> Vec<u8> {
    let mut path = Vec::new();
    let mut rest = name.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(&tail[..2]).unwrap();
            path.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &tail[2..];
        } else {
            path.push(*first);
            rest = tail;
        }
    }
    path
}
