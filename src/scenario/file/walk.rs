//! Where scenario files are.

use std::io;
use std::path::{Path, PathBuf};

/// The folder, below that of the package, in which scenario files are looked for.
pub const FOLDER: &str = "tests/scenarios";

/// A scenario file that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The name of the scenario: its path below the folder, with `/`, without `.json`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

/// Every scenario file below `folder`, by name. A folder that does not exist holds none; what starts with a dot is
/// passed over.
///
/// # Errors
///
/// When a folder that is there cannot be read.
pub fn find(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        walk(folder, "", &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, below: &str, found: &mut Vec<Found>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(&path, &format!("{below}{name}/"), found)?;
        } else if let Some(stem) = name.strip_suffix(".json") {
            found.push(Found {
                name: format!("{below}{stem}"),
                path,
            });
        }
    }
    Ok(())
}

/// The file of the scenario `name` below `folder`, when there is one. A name never leads out of the folder.
pub fn file_of(folder: &Path, name: &str) -> Option<Found> {
    let stays = !name.is_empty()
        && name
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains('\\'));
    let path = folder.join(format!("{name}.json"));
    (stays && path.is_file()).then(|| Found {
        name: name.to_owned(),
        path,
    })
}
