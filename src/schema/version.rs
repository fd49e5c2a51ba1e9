//! How versions are spelled and ordered.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::model::Version;

use super::error::SchemaError;

/// How the versions of a catalogue are spelled and ordered.
///
/// ```
/// use pastproof::model::Version;
/// use pastproof::schema::VersionScheme;
///
/// let semver: VersionScheme = "semver".parse()?;
/// assert!(semver.compare(&Version::from("1.9.0"), &Version::from("1.10.0")).is_lt());
/// assert!(VersionScheme::Integer.parse("v1").is_none());
/// # Ok::<(), pastproof::schema::SchemaError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VersionScheme {
    /// Whole numbers: `1`, `2`, … `01` is the same version as `1`.
    #[default]
    Integer,
    /// Semantic versions: `1.4.0`, `2.0.0-rc.1`. Build metadata (`+…`) does not tell versions apart.
    Semver,
    /// Schema versions of three numbers, model, revision and addition: `1-0-2`.
    Schemaver,
}

impl VersionScheme {
    /// The version that `text` spells.
    pub fn parse(self, text: &str) -> Option<Version> {
        let key = self.key(text)?;
        Some(match key {
            Key::Integer(number) => Version::Number(number),
            Key::Semver(_) | Key::Schemaver(_) => Version::Text(Cow::Owned(text.to_owned())),
        })
    }

    /// Which of two versions is the earlier one. What the scheme cannot read comes last, by its spelling.
    pub fn compare(self, left: &Version, right: &Version) -> Ordering {
        match (self.key(&left.text()), self.key(&right.text())) {
            (Some(left), Some(right)) => left.compare(&right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => left.cmp(right),
        }
    }

    /// Whether two versions are one under this scheme, as `1` and `01` are.
    pub fn same(self, left: &Version, right: &Version) -> bool {
        left == right || self.compare(left, right).is_eq()
    }

    fn key(self, text: &str) -> Option<Key> {
        match self {
            Self::Integer => number(text).map(Key::Integer),
            Self::Semver => semver::Version::parse(text).ok().map(Key::Semver),
            Self::Schemaver => {
                let mut parts = text.split('-').map(number);
                let key = [parts.next()??, parts.next()??, parts.next()??];
                parts.next().is_none().then_some(Key::Schemaver(key))
            }
        }
    }
}

impl fmt::Display for VersionScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "integer",
            Self::Semver => "semver",
            Self::Schemaver => "schemaver",
        })
    }
}

impl FromStr for VersionScheme {
    type Err = SchemaError;

    fn from_str(text: &str) -> Result<Self, SchemaError> {
        match text {
            "integer" => Ok(Self::Integer),
            "semver" => Ok(Self::Semver),
            "schemaver" => Ok(Self::Schemaver),
            _ => Err(SchemaError::usage(format!(
                "no version scheme `{text}`; there are integer, semver and schemaver"
            ))),
        }
    }
}

/// What versions of one scheme are ordered by.
enum Key {
    Integer(u64),
    Semver(semver::Version),
    Schemaver([u64; 3]),
}

impl Key {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => left.cmp(right),
            (Self::Semver(left), Self::Semver(right)) => left.cmp_precedence(right),
            (Self::Schemaver(left), Self::Schemaver(right)) => left.cmp(right),
            (Self::Integer(_) | Self::Semver(_) | Self::Schemaver(_), _) => Ordering::Equal,
        }
    }
}

/// Digits and nothing else, so that `+1` and ` 1` are no versions.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
