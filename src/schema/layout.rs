//! Where the schema of a type and version lies in a catalogue, and back.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::model::Version;

use super::error::SchemaError;
use super::version::VersionScheme;

/// What may not stand in a file name somewhere, and the sign that escapes it.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b'/')
    .add(b'\\')
    .add(b':')
    .add(b'*')
    .add(b'?')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'|')
    .add(b'%');

/// The type name as a file name.
pub(super) fn encode(event_type: &str) -> String {
    let mut name = utf8_percent_encode(event_type, ESCAPED).to_string();
    // A leading dot hides a file or leads out of its folder, a trailing dot or space is lost on some systems.
    if name.starts_with('.') {
        name.replace_range(..1, "%2E");
    }
    for (end, escape) in [('.', "%2E"), (' ', "%20")] {
        if name.ends_with(end) {
            name.pop();
            name.push_str(escape);
        }
    }
    // Names that mean something else: to a catalogue, and to one operating system whatever the extension.
    let device = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = device.len() == 4
        && (device.starts_with("com") || device.starts_with("lpt"))
        && device.ends_with(|last: char| last.is_ascii_digit());
    if numbered
        || matches!(
            device.as_str(),
            "pastproof" | "examples" | "con" | "prn" | "aux" | "nul"
        )
    {
        let first = name.remove(0);
        name.insert_str(0, &format!("%{:02X}", u32::from(first)));
    }
    name
}

/// The type name that a path stands for.
fn decode(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// A template such as `{type}/{version}.json`.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    template: String,
    before: String,
    between: String,
    after: String,
    type_first: bool,
    scheme: VersionScheme,
}

/// What a path is by the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// The schema of this type and version.
    Schema(String, Version),
    /// It has the form, but the version is not one: this text is.
    NoVersion(String),
}

impl Layout {
    pub(super) fn new(template: &str, scheme: VersionScheme) -> Result<Self, SchemaError> {
        let wrong = |why: &str| {
            SchemaError::usage(format!(
                "the layout `{template}` {why}; a layout is like `{{type}}/{{version}}.json`"
            ))
        };
        if template.matches("{type}").count() != 1 || template.matches("{version}").count() != 1 {
            return Err(wrong("does not name {type} and {version} once each"));
        }
        let rest = template.replace("{type}", "").replace("{version}", "");
        if rest.contains(['{', '}']) {
            return Err(wrong("names something else than {type} and {version}"));
        }
        if template.starts_with('/')
            || template.contains('\\')
            || template.split('/').any(|step| step == "..")
        {
            return Err(wrong("leads out of the catalogue, or is not written with `/`"));
        }
        let type_first = template.find("{type}") < template.find("{version}");
        let (first, second) = if type_first {
            ("{type}", "{version}")
        } else {
            ("{version}", "{type}")
        };
        let (before, tail) = template.split_once(first).unwrap_or_default();
        let (between, after) = tail.split_once(second).unwrap_or_default();
        if between.is_empty() {
            return Err(wrong("leaves open where {type} ends and {version} begins"));
        }
        if !after.ends_with(".json") {
            return Err(wrong("does not end in .json"));
        }
        Ok(Self {
            template: template.to_owned(),
            before: before.to_owned(),
            between: between.to_owned(),
            after: after.to_owned(),
            type_first,
            scheme,
        })
    }

    pub(super) fn scheme(&self) -> VersionScheme {
        self.scheme
    }

    /// The path of a schema inside the catalogue, with `/` between folders.
    pub(super) fn path(&self, event_type: &str, version: &Version) -> String {
        self.template
            .replace("{type}", &encode(event_type))
            .replace("{version}", &version.text())
    }

    /// What the template makes of a path inside the catalogue.
    pub(super) fn read(&self, path: &str) -> Option<Match> {
        let inner = path.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        let mut other = None;
        // The text between can occur in the name or in the version as well; the split with a version that can be
        // read is meant.
        for (at, _) in inner.rmatch_indices(&self.between) {
            let (first, second) = (&inner[..at], &inner[at + self.between.len()..]);
            let (name, version) = if self.type_first {
                (first, second)
            } else {
                (second, first)
            };
            if name.is_empty() || name.starts_with('/') || name.ends_with('/') || version.contains('/') {
                continue;
            }
            match self.scheme.parse(version) {
                Some(version) => return Some(Match::Schema(decode(name), version)),
                None => other = other.or(Some(Match::NoVersion(version.to_owned()))),
            }
        }
        other
    }

    /// The type and the two versions of an upcaster file, whose path is given without its extension: the path of
    /// a schema with `<from>-to-<to>` in place of the version.
    pub(super) fn read_upcaster(&self, stem: &str) -> Option<(String, Version, Version)> {
        let (from, to) = stem.rsplit_once("-to-")?;
        let Some(Match::Schema(event_type, from)) = self.read(&format!("{from}{}", self.after)) else {
            return None;
        };
        // `v1-to-v2` as well as `v1-to-2`.
        let literal = if self.type_first {
            &self.between
        } else {
            &self.before
        };
        let literal = literal.rsplit('/').next().unwrap_or_default();
        let to = self
            .scheme
            .parse(to)
            .or_else(|| self.scheme.parse(to.strip_prefix(literal)?))?;
        Some((event_type, from, to))
    }
}
