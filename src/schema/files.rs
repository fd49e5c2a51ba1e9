//! Where the files of a catalogue come from: a folder, or a state that git has kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::catalogue::shown;
use super::document;
use super::error::SchemaError;

/// The files of a catalogue.
pub(super) enum Files {
    /// A folder.
    Folder {
        root: PathBuf,
        /// The same without links.
        real: PathBuf,
    },
    /// What was kept elsewhere, in memory, by path inside the catalogue.
    Kept {
        /// What its paths are shown below.
        root: PathBuf,
        files: BTreeMap<String, Kept>,
    },
}

/// A file that was kept.
pub(super) enum Kept {
    /// What it holds, or why it could not be had.
    File(Result<Vec<u8>, String>),
    /// A link to this path.
    Link(String),
}

/// Something in a catalogue.
pub(super) enum Entry {
    /// A file, by its path inside the catalogue with `/` between folders.
    File { inner: String, link: bool },
    /// Something whose name is no text.
    NotUtf8(PathBuf),
}

impl Files {
    /// The files in the folder `root`.
    pub(super) fn folder(root: &Path) -> Result<Self, SchemaError> {
        let real = root.canonicalize().map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                SchemaError::input(format!(
                    "there is no catalogue folder {}; put event schemas there as <EventType>/<version>.json, or name another folder",
                    shown(root)
                ))
            } else {
                SchemaError::io("open the catalogue", root, &error)
            }
        })?;
        if !real.is_dir() {
            return Err(SchemaError::input(format!(
                "the catalogue {} is not a folder",
                shown(root)
            )));
        }
        Ok(Self::Folder {
            root: root.to_owned(),
            real,
        })
    }

    /// A file as it is shown.
    pub(super) fn path(&self, inner: &str) -> PathBuf {
        let (Self::Folder { root, .. } | Self::Kept { root, .. }) = self;
        if inner.is_empty() {
            root.clone()
        } else {
            root.join(inner)
        }
    }

    /// Everything in it, but what starts with a dot and the folder `pastproof`.
    pub(super) fn list(&self) -> Result<Vec<Entry>, SchemaError> {
        match self {
            Self::Folder { root, .. } => list(root),
            Self::Kept { files, .. } => Ok(files
                .iter()
                .filter(|(inner, _)| {
                    !inner.starts_with("pastproof/") && !inner.split('/').any(|step| step.starts_with('.'))
                })
                .map(|(inner, kept)| Entry::File {
                    inner: inner.clone(),
                    link: matches!(kept, Kept::Link(_)),
                })
                .collect()),
        }
    }

    /// The bytes of a regular file of bounded size.
    pub(super) fn bytes(&self, inner: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Folder { root, .. } => document::bytes(&root.join(inner)),
            Self::Kept { files, .. } => match files.get(inner) {
                Some(Kept::File(bytes)) => bytes.clone(),
                Some(Kept::Link(target)) => match files.get(&joined(inner, target)?) {
                    Some(Kept::File(bytes)) => bytes.clone(),
                    Some(Kept::Link(_)) | None => Err("the link leads nowhere".to_owned()),
                },
                None => Err("there is no such file".to_owned()),
            },
        }
    }

    /// Whether there is such a file, usable or not.
    pub(super) fn has(&self, inner: &str) -> bool {
        match self {
            Self::Folder { root, .. } => root.join(inner).symlink_metadata().is_ok(),
            Self::Kept { files, .. } => files.contains_key(inner),
        }
    }

    /// Whether a link leads to a file inside the catalogue.
    pub(super) fn follow(&self, inner: &str) -> Result<(), String> {
        match self {
            Self::Folder { root, real } => {
                let target = root
                    .join(inner)
                    .canonicalize()
                    .map_err(|error| format!("the link leads nowhere: {error}"))?;
                if !target.starts_with(real) {
                    return Err("the link leads out of the catalogue and is not followed".to_owned());
                }
                if !target.is_file() {
                    return Err("the link leads to no file and is not followed".to_owned());
                }
                Ok(())
            }
            Self::Kept { .. } => self.bytes(inner).map(|_| ()),
        }
    }
}

/// The path that a link at `inner` leads to, inside the catalogue.
fn joined(inner: &str, target: &str) -> Result<String, String> {
    let out = || "the link leads out of the catalogue and is not followed".to_owned();
    if target.starts_with('/') {
        return Err(out());
    }
    let mut steps: Vec<&str> = inner.split('/').collect();
    steps.pop();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop().ok_or_else(out)?;
            }
            step => steps.push(step),
        }
    }
    Ok(steps.join("/"))
}

fn list(root: &Path) -> Result<Vec<Entry>, SchemaError> {
    let mut found = Vec::new();
    // Folders without recursion: how deep they nest is not ours to trust.
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        let io = |error| SchemaError::io("read the folder", &path, &error);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(io)? {
            let entry = entry.map_err(io)?;
            names.push((entry.file_name(), entry.file_type().map_err(io)?));
        }
        names.sort_by(|left, right| left.0.cmp(&right.0));
        for (name, kind) in names {
            let Some(text) = name.to_str() else {
                found.push(Entry::NotUtf8(path.join(&name)));
                continue;
            };
            if text.starts_with('.') {
                continue;
            }
            let inner = if folder.is_empty() {
                text.to_owned()
            } else {
                format!("{folder}/{text}")
            };
            if !kind.is_dir() {
                let link = kind.is_symlink();
                found.push(Entry::File { inner, link });
            } else if inner != "pastproof" {
                folders.push(inner);
            }
        }
    }
    Ok(found)
}
