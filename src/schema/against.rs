//! Another state of a catalogue: a folder, or what git has kept under a ref. The work tree, the index and the
//! network are left alone.

use std::collections::BTreeMap;
use std::io::{BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::catalogue::{Catalogue, CatalogueOptions, shown};
use super::document::MAX_BYTES;
use super::error::SchemaError;
use super::files::{Files, Kept};

/// Another state of a catalogue.
#[derive(Debug)]
pub struct Against {
    /// What it is called: the ref or the folder, as it was named.
    pub name: String,
    /// The commit, where it is one.
    pub commit: Option<String>,
    /// The catalogue at that state.
    pub catalogue: Catalogue,
}

/// The state of the catalogue at `root` that `named` stands for: a folder with a catalogue of the same layout, seen
/// from `from`, or a git ref of the repository that `root` lies in. `git` is the executable that is asked.
///
/// # Errors
///
/// When `named` is neither or could be both, when the ref is not in the repository, as after a shallow clone (the
/// message has the command that fetches it), and when git cannot be run or the state cannot be read.
pub fn against(
    git: &Path,
    root: &Path,
    named: &str,
    from: &Path,
    options: &CatalogueOptions,
) -> Result<Against, SchemaError> {
    if named.is_empty() {
        return Err(SchemaError::usage(
            "there is nothing to compare with: the name is empty",
        ));
    }
    let path = from.join(named);
    let is_path =
        named.starts_with(['.', '/', '\\']) || named.ends_with('/') || Path::new(named).is_absolute();
    if is_path {
        return folder(&path, named, options);
    }
    // Git would read it as an option, and allows no ref that starts like this.
    if named.starts_with('-') {
        return Err(SchemaError::usage(format!(
            "`{named}` is no git ref and no folder"
        )));
    }
    let repository = Repository { git, folder: root };
    let is_folder = path.is_dir();
    let commit = match repository.commit(named) {
        Ok(commit) => commit,
        Err(_) if is_folder => None,
        Err(error) => return Err(error),
    };
    match (commit, is_folder) {
        (Some(_), true) => Err(SchemaError::usage(format!(
            "`{named}` is a folder and a git ref; write ./{named} for the folder, or refs/heads/{named} for a branch"
        ))),
        (Some(commit), false) => {
            let files = repository.files(named, &commit)?;
            Ok(Against {
                name: named.to_owned(),
                commit: Some(commit),
                catalogue: Catalogue::of(files, options)?,
            })
        }
        (None, true) => folder(&path, named, options),
        (None, false) => Err(repository.missing(named)),
    }
}

fn folder(path: &Path, named: &str, options: &CatalogueOptions) -> Result<Against, SchemaError> {
    let catalogue = Catalogue::open(path, options)?;
    // Everything would be new, and nothing compared.
    if catalogue.is_empty() {
        return Err(SchemaError::input(format!(
            "{named} holds no usable schema to compare with; name a folder with a catalogue of the same layout"
        )));
    }
    Ok(Against {
        name: named.to_owned(),
        commit: None,
        catalogue,
    })
}

/// The repository that a folder lies in.
struct Repository<'a> {
    git: &'a Path,
    folder: &'a Path,
}

impl Repository<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.git);
        command
            .arg("-C")
            .arg(self.folder)
            .args(arguments)
            // A hook runs with its own repository in the environment; it is the folder's that is asked for.
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_PREFIX")
            // Nothing is written, fetched or asked.
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn not_run(&self, error: &std::io::Error) -> SchemaError {
        SchemaError::input(format!("{} cannot be run: {error}", self.git.display()))
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, SchemaError> {
        self.command(arguments)
            .output()
            .map_err(|error| self.not_run(&error))
    }

    /// What git answers, and its own words where it refuses.
    fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>, SchemaError> {
        let output = self.run(arguments)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().trim_start_matches("fatal: ");
        if said.contains("not a git repository") {
            return Err(SchemaError::input(format!(
                "{} lies in no git repository; compare with a folder, such as ./released",
                shown(self.folder)
            )));
        }
        Err(SchemaError::input(format!("git: {said}")))
    }

    /// One line of text that git answers.
    fn line(&self, arguments: &[&str]) -> Result<String, SchemaError> {
        let text = self.ask(arguments)?;
        Ok(String::from_utf8_lossy(&text)
            .trim_end_matches(['\r', '\n'])
            .to_owned())
    }

    /// The commit that `named` stands for, if the repository has it.
    fn commit(&self, named: &str) -> Result<Option<String>, SchemaError> {
        // A folder outside a repository is said before a ref that nobody knows.
        self.ask(&["rev-parse", "--git-dir"])?;
        let peeled = format!("{named}^{{commit}}");
        let output = self.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &peeled])?;
        let text = String::from_utf8_lossy(&output.stdout);
        let commit = text.trim();
        let is_id = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        Ok((output.status.success() && is_id).then(|| commit.to_owned()))
    }

    /// What to say of a ref that is not there, with the command that brings it.
    fn missing(&self, named: &str) -> SchemaError {
        let is_shallow = self
            .line(&["rev-parse", "--is-shallow-repository"])
            .is_ok_and(|answer| answer == "true");
        let remotes = self.line(&["remote"]).unwrap_or_default();
        let remote = remotes.lines().find(|remote| {
            named
                .strip_prefix(*remote)
                .is_some_and(|rest| rest.starts_with('/'))
        });
        let depth = if is_shallow { "--depth=1 " } else { "" };
        let first = remotes
            .lines()
            .find(|remote| *remote == "origin")
            .or(remotes.lines().next());
        let is_id = named.len() >= 40 && named.bytes().all(|byte| byte.is_ascii_hexdigit());
        let command = match (remote, first) {
            _ if named.contains(['~', '^', '@', ':', '{']) && is_shallow => {
                Some("git fetch --unshallow".to_owned())
            }
            _ if named.contains(['~', '^', '@', ':', '{']) => None,
            (Some(remote), _) => {
                let branch = &named[remote.len() + 1..];
                Some(format!(
                    "git fetch {depth}{remote} {}",
                    quoted(&format!("+refs/heads/{branch}:refs/remotes/{named}"))
                ))
            }
            (None, Some(first)) if is_id => Some(format!("git fetch {depth}{first} {named}")),
            (None, Some(first)) => Some(format!(
                "git fetch {depth}{first} {}",
                quoted(&format!("{named}:{named}"))
            )),
            (None, None) => None,
        };
        let what = if is_shallow {
            "which is a shallow clone"
        } else {
            "which knows no such ref"
        };
        let next = match command {
            Some(command) => format!("; `{command}` fetches it"),
            None => String::new(),
        };
        SchemaError::input(format!(
            "{named} is not in the repository of {}, {what}, and no folder{next}",
            shown(self.folder)
        ))
    }

    /// The files of the folder as `commit` has them.
    fn files(&self, named: &str, commit: &str) -> Result<Files, SchemaError> {
        let prefix = self.line(&["rev-parse", "--show-prefix"])?;
        let mut arguments = vec!["ls-tree", "-r", "-z", "-l", "--full-tree", commit];
        if !prefix.is_empty() {
            arguments.extend(["--", &prefix]);
        }
        let listed = self.ask(&arguments)?;
        let mut files = BTreeMap::new();
        let mut wanted = Vec::new();
        for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            // `mode SP type SP id SP+ size TAB path`
            let Some((head, path)) = split_at_tab(entry) else {
                return Err(SchemaError::input("git: a listing that cannot be read"));
            };
            let head = String::from_utf8_lossy(head);
            let mut head = head.split_ascii_whitespace();
            let (Some(mode), Some("blob"), Some(id), Some(size)) =
                (head.next(), head.next(), head.next(), head.next())
            else {
                continue;
            };
            let Ok(path) = std::str::from_utf8(path) else {
                continue;
            };
            let inner = path.strip_prefix(&prefix).unwrap_or(path).to_owned();
            if size.parse::<u64>().is_ok_and(|size| size > MAX_BYTES) {
                let why = format!("it is larger than {} MiB", MAX_BYTES >> 20);
                files.insert(inner, Kept::File(Err(why)));
            } else if is_read(&inner) {
                wanted.push((inner, id.to_owned(), mode == "120000"));
            } else {
                // That it is there is enough to know.
                files.insert(inner, Kept::File(Ok(Vec::new())));
            }
        }
        let ids: Vec<&str> = wanted.iter().map(|(_, id, _)| id.as_str()).collect();
        let contents = self.contents(&ids)?;
        for ((inner, _, link), bytes) in wanted.into_iter().zip(contents) {
            let kept = match bytes {
                Ok(bytes) if link => Kept::Link(String::from_utf8_lossy(&bytes).into_owned()),
                bytes => Kept::File(bytes),
            };
            files.insert(inner, kept);
        }
        let root = PathBuf::from(format!("{named}:{}", prefix.trim_end_matches('/')));
        Ok(Files::Kept { root, files })
    }

    /// The contents of objects, in their order.
    fn contents(&self, ids: &[&str]) -> Result<Vec<Result<Vec<u8>, String>>, SchemaError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut child = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| self.not_run(&error))?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(SchemaError::input("git: it cannot be spoken to"));
        };
        // Asking and listening go on at once: either pipe may be full.
        let read = std::thread::scope(|scope| {
            scope.spawn(move || {
                // Git that went away is told by what it did not answer.
                let _ = ids.iter().try_for_each(|id| writeln!(stdin, "{id}"));
            });
            let mut stdout = BufReader::new(stdout);
            ids.iter().map(|_| object(&mut stdout)).collect::<Result<_, _>>()
        });
        let ended = child.wait();
        let read: Vec<_> =
            read.map_err(|error| SchemaError::input(format!("git: the objects cannot be read: {error}")))?;
        ended.map_err(|error| self.not_run(&error))?;
        Ok(read)
    }
}

/// One answer of `git cat-file --batch`: `id type size`, the bytes and a line end, or `id missing`.
fn object(from: &mut impl std::io::BufRead) -> std::io::Result<Result<Vec<u8>, String>> {
    let mut head = String::new();
    if from.read_line(&mut head)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let Some(size) = head
        .trim_end()
        .rsplit(' ')
        .next()
        .and_then(|size| size.parse::<u64>().ok())
    else {
        let why = "git does not have its content, as in a partial clone; `git fetch --refetch` brings it";
        return Ok(Err(why.to_owned()));
    };
    let mut bytes = Vec::new();
    from.take(size).read_to_end(&mut bytes)?;
    let mut end = [0];
    from.read_exact(&mut end)?;
    Ok(Ok(bytes))
}

fn split_at_tab(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    let tab = entry.iter().position(|byte| *byte == b'\t')?;
    Some((&entry[..tab], &entry[tab + 1..]))
}

/// Whether a catalogue reads the content of this file.
fn is_read(inner: &str) -> bool {
    inner.ends_with(".json") || inner == super::lock::NAME
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+:/._-".contains(&byte);
    if text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
