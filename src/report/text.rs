//! Words that every report shares.

#[cfg(any(feature = "cli", feature = "harness", test))]
use std::path::Path;

/// A number and what it counts: `1 event`, `2 events`.
pub(crate) fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// `text` with every path below `folder` as it is seen from there, so that a report is the same wherever a project
/// lies.
#[cfg(any(feature = "cli", feature = "harness", test))]
pub(crate) fn below(text: &str, folder: &Path) -> String {
    if !folder.is_absolute() || folder.parent().is_none() {
        return text.to_owned();
    }
    text.replace(&format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR), "")
}

#[cfg(test)]
mod tests {
    use super::{below, count};

    #[test]
    fn one_is_not_many() {
        assert_eq!(count(0, "event"), "0 events");
        assert_eq!(count(1, "event"), "1 event");
        assert_eq!(count(2, "event"), "2 events");
    }

    #[cfg(unix)]
    #[test]
    fn paths_are_told_from_the_folder() {
        let folder = std::path::Path::new("/home/shop");
        assert_eq!(
            below("/home/shop/a.json and /home/shopper/b", folder),
            "a.json and /home/shopper/b"
        );
        assert_eq!(below("/a", std::path::Path::new("/")), "/a");
        assert_eq!(below("../a", std::path::Path::new(".")), "../a");
    }
}
