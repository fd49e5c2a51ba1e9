//! What a version number declares about a change, and what the change is.
//!
//! Semantic versions are read for readers of events: a major change may refuse an event of the version before, a
//! minor one admits more than it, a patch admits the same (<https://semver.org>, where `0.y.z` counts as Cargo
//! counts it: `y` breaks, `z` adds). `SchemaVer` numbers are MODEL-REVISION-ADDITION: an addition reads all
//! historical data, a revision may refuse some of it, a model may refuse all of it
//! (<https://docs.snowplow.io/docs/pipeline-components-and-applications/iglu/common-architecture/schemaver/>).

use crate::model::Version;

use super::compare::Verdict;
use super::version::VersionScheme;

/// How large a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Size {
    Patch,
    Addition,
    Break,
}

/// A version number that declares less than the change is.
pub(super) struct TooSmall {
    /// What was declared: "a minor change".
    pub(super) declared: &'static str,
    /// What the comparison shows.
    pub(super) shown: &'static str,
    /// The smallest version that would declare it.
    pub(super) needed: String,
    /// Whether the witness is one of the earlier version.
    pub(super) backward: bool,
}

/// Whether the step from `from` to `to` declares less than the verdicts prove. What is unproven proves nothing.
pub(super) fn too_small(
    scheme: VersionScheme,
    from: &Version,
    to: &Version,
    backward: Verdict,
    forward: Verdict,
) -> Option<TooSmall> {
    let is = match (backward, forward) {
        (Verdict::Breaking, _) => Size::Break,
        (_, Verdict::Breaking) => Size::Addition,
        (Verdict::Compatible | Verdict::Unproven, Verdict::Compatible | Verdict::Unproven) => Size::Patch,
    };
    let (from, to) = (from.text(), to.text());
    let (declared, size, needed) = match scheme {
        VersionScheme::Integer => return None,
        VersionScheme::Semver => semver(&from, &to, is)?,
        VersionScheme::Schemaver => schemaver(&from, &to)?,
    };
    (size < is).then_some(TooSmall {
        declared,
        shown: match is {
            Size::Break => "it refuses events of the version before",
            Size::Addition | Size::Patch => "it admits events that the version before does not",
        },
        needed,
        backward: is == Size::Break,
    })
}

fn semver(from: &str, to: &str, is: Size) -> Option<(&'static str, Size, String)> {
    let old = semver::Version::parse(from).ok()?;
    let new = semver::Version::parse(to).ok()?;
    let core = |version: &semver::Version| (version.major, version.minor, version.patch);
    // A pre-release promises nothing about the release it leads to, nor about its fellows.
    if core(&old) == core(&new) {
        return None;
    }
    let next = |major, minor, patch| semver::Version::new(major, minor, patch).to_string();
    let (major, minor, patch) = core(&old);
    let (declared, size) = if old.major != new.major {
        ("a major change", Size::Break)
    } else if old.major == 0 && old.minor != new.minor {
        ("a breaking change of 0.x", Size::Break)
    } else if old.major == 0 {
        ("a change of 0.x that breaks nothing", Size::Addition)
    } else if old.minor != new.minor {
        ("a minor change", Size::Addition)
    } else {
        ("a patch", Size::Patch)
    };
    let needed = match is {
        Size::Break if major == 0 => next(0, minor + 1, 0),
        Size::Break => next(major + 1, 0, 0),
        Size::Addition if major == 0 => next(0, minor, patch + 1),
        Size::Addition => next(major, minor + 1, 0),
        Size::Patch => next(major, minor, patch + 1),
    };
    Some((declared, size, needed))
}

/// An addition may admit more: only what is refused counts.
fn schemaver(from: &str, to: &str) -> Option<(&'static str, Size, String)> {
    let numbers =
        |text: &str| -> Option<Vec<u64>> { text.split('-').map(|part| part.parse().ok()).collect() };
    let (old, new) = (numbers(from)?, numbers(to)?);
    let ([model, revision, _], [new_model, new_revision, _]) = (&old[..], &new[..]) else {
        return None;
    };
    let (declared, size) = if model != new_model {
        ("a new model", Size::Break)
    } else if revision != new_revision {
        ("a revision", Size::Break)
    } else {
        ("an addition", Size::Addition)
    };
    Some((declared, size, format!("{model}-{}-0", revision + 1)))
}

#[cfg(test)]
mod tests {
    use super::too_small;
    use crate::model::Version;
    use crate::schema::{Verdict, VersionScheme};

    fn needed(scheme: VersionScheme, from: &str, to: &str, backward: Verdict, forward: Verdict) -> String {
        let (from, to) = (Version::from(from.to_owned()), Version::from(to.to_owned()));
        too_small(scheme, &from, &to, backward, forward).map_or_else(String::new, |found| found.needed)
    }

    #[test]
    fn a_number_declares_at_least_what_is_proved() {
        use Verdict::{Breaking, Compatible, Unproven};
        let semver = |from, to, backward, forward| needed(VersionScheme::Semver, from, to, backward, forward);
        assert_eq!(semver("1.4.2", "2.0.0", Breaking, Breaking), "");
        assert_eq!(semver("1.4.2", "1.5.0", Breaking, Compatible), "2.0.0");
        assert_eq!(semver("1.4.2", "1.5.0", Compatible, Breaking), "");
        assert_eq!(semver("1.4.2", "1.4.3", Compatible, Breaking), "1.5.0");
        assert_eq!(semver("1.4.2", "1.4.3", Compatible, Compatible), "");
        assert_eq!(semver("1.4.2", "1.4.3", Unproven, Unproven), "");
        assert_eq!(semver("0.4.2", "0.4.3", Compatible, Breaking), "");
        assert_eq!(semver("0.4.2", "0.4.3", Breaking, Compatible), "0.5.0");
        assert_eq!(semver("0.4.2", "0.5.0", Breaking, Compatible), "");
        assert_eq!(semver("1.0.0-rc.1", "1.0.0", Breaking, Breaking), "");

        let schemaver =
            |from, to, backward, forward| needed(VersionScheme::Schemaver, from, to, backward, forward);
        assert_eq!(schemaver("1-0-2", "1-0-3", Breaking, Compatible), "1-1-0");
        assert_eq!(schemaver("1-0-2", "1-0-3", Compatible, Breaking), "");
        assert_eq!(schemaver("1-0-2", "1-1-0", Breaking, Breaking), "");
        assert_eq!(schemaver("1-0-2", "2-0-0", Breaking, Breaking), "");
        assert_eq!(needed(VersionScheme::Integer, "1", "2", Breaking, Breaking), "");
    }
}
