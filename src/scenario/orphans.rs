//! Recorded scenarios that no test records any more.

use std::io;
use std::path::{Path, PathBuf};

/// The recorded scenarios in `snapshots` that nobody records any more: no Rust file under `package` mentions their name
/// in quotes. Folders named `target`, and hidden ones, are not searched.
///
/// It reads files alone, and so does not know names that are put together when a test runs; such a scenario counts as
/// an orphan. Snapshots of other kinds are passed over, and a folder that is not there has none.
///
/// # Errors
///
/// When a folder or a file cannot be read.
pub fn orphans(snapshots: &Path, package: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<(PathBuf, String)> = Vec::new();
    for path in entries(snapshots)? {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name.and_then(|name| name.strip_suffix(".snap")) else {
            continue;
        };
        if is_scenario(&std::fs::read_to_string(&path)?) {
            let quoted = format!("\"{name}\"");
            found.push((path, quoted));
        }
    }
    let mut folders = vec![package.to_owned()];
    while let Some(folder) = folders.pop() {
        if found.is_empty() {
            break;
        }
        for path in entries(&folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                let code = std::fs::read(&path)?;
                let code = String::from_utf8_lossy(&code);
                found.retain(|(_, quoted)| !code.contains(quoted));
            }
        }
    }
    let mut found: Vec<PathBuf> = found.into_iter().map(|(path, _)| path).collect();
    found.sort();
    Ok(found)
}

/// What is in a folder; nothing where there is none.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Whether a snapshot is one of a scenario.
fn is_scenario(text: &str) -> bool {
    let text = text.replace("\r\n", "\n");
    let body = text
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .and_then(|(_, body)| body.trim_start().strip_prefix('{'));
    body.is_some_and(|body| body.trim_start().starts_with("\"format\":") && body.contains("\"given\":"))
}
