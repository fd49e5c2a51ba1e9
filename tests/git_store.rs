//! A git repository as an event store, with git itself as the oracle.
//!
//! Along the first-parent history each change of a path is an event and a path is a stream. The events are
//! recorded, read back, upcast and folded; what comes out must be what `git ls-tree -r` says, blob ids included.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test may fail, and says what it compared"
)]

#[path = "git_store/git.rs"]
mod git;
#[path = "git_store/store.rs"]
mod store;
#[path = "git_store/synthetic.rs"]
mod synthetic;
#[path = "git_store/tree.rs"]
mod tree;

use std::path::Path;

use git::{Git, skip};
use store::{Folded, Store};
use tree::{Forgetful, Tree};

/// Records the history of `git`, folds it, and holds the result against git's own tree; prints what was compared.
fn compare(name: &str, git: &Git) -> Folded {
    let store = Store::record(git);
    let folded = store.fold::<Tree>();
    assert_eq!(folded.findings, [] as [String; 0], "{name}");

    let expected = git.tree();
    for (path, entry) in &expected {
        assert_eq!(folded.rows.get(path), Some(entry), "{name}: {path}");
    }
    assert_eq!(folded.rows, expected, "{name}: the read model");
    assert_eq!(
        folded.states,
        store.states(&expected),
        "{name}: the state of every path that ever was"
    );
    let shallow = if git.is_shallow() {
        ", shallow: from the oldest commit here on"
    } else {
        ""
    };
    println!(
        "{name}: commits {}, events {} (upcast {}), streams {}, entries equal to git ls-tree {}{shallow}",
        store.commits,
        folded.events,
        folded.upcast,
        folded.states.len(),
        expected.len(),
    );
    folded
}

#[test]
fn this_repository_folds_to_its_own_tree() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let git = match Git::at(here) {
        Ok(git) => git,
        Err(why) => return skip(&why),
    };
    if !git.is_top(here) {
        return skip("this package lies inside another repository");
    }
    if git.commits().is_empty() {
        return skip("this repository has no commit");
    }
    compare("this repository", &git);
}

#[test]
fn a_repository_with_everything_odd_in_it_folds_to_its_tree() {
    let git = match synthetic::repository() {
        Ok(git) => git,
        Err(why) => return skip(&why),
    };
    assert_eq!(
        git.head(),
        synthetic::HEAD,
        "the repository is the same everywhere"
    );
    let folded = compare("a synthetic repository", &git);
    // The numbers are counted by hand, so that a history that loses events on both sides is noticed.
    assert_eq!(
        folded.stored,
        [
            ("Added 1", 14),
            ("Added 2", 2),
            ("Changed 1", 3),
            ("ContentChanged 1", 2),
            ("Deleted 1", 4),
            ("ModeChanged 1", 3),
            ("RenamedFrom 1", 3),
            ("RenamedTo 1", 3),
        ]
        .map(|(kind, count)| (kind.to_owned(), count))
    );
    for path in [
        "line%0Abreak.txt",
        "not%FFutf%FE8",
        "100%25%20of%20it.txt",
        "lib",
        "link",
        "evil.txt",
        "odd%C3%28%09folder%0A/-%5C%20%250A",
    ] {
        assert!(folded.rows.contains_key(path), "{path}: {:?}", folded.rows.keys());
    }
    let modes: std::collections::BTreeSet<_> =
        folded.rows.values().map(|entry| entry.mode.as_str()).collect();
    assert_eq!(Vec::from_iter(modes), ["100644", "100755", "120000", "160000"]);
}

#[test]
fn a_fold_that_is_wrong_is_not_equal() {
    let git = match synthetic::repository() {
        Ok(git) => git,
        Err(why) => return skip(&why),
    };
    let folded = Store::record(&git).fold::<Forgetful>();
    assert_eq!(folded.findings, [] as [String; 0]);
    let expected = git.tree();
    let wrong: Vec<_> = expected
        .iter()
        .filter(|(path, entry)| folded.rows.get(*path) != Some(entry))
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(wrong, synthetic::CHANGED_MODES, "a fold that forgets about modes");
}

#[test]
fn a_shallow_clone_folds_from_its_oldest_commit_on() {
    let whole = match synthetic::repository() {
        Ok(git) => git,
        Err(why) => return skip(&why),
    };
    let clone = whole.shallow_clone(2);
    assert!(clone.is_shallow());
    let folded = compare("a shallow clone", &clone);
    assert_eq!(clone.commits().len(), 2);
    assert_eq!(folded.rows, whole.tree());
}

#[test]
fn a_repository_with_one_commit_folds_to_its_tree() {
    let git = match synthetic::small() {
        Ok(git) => git,
        Err(why) => return skip(&why),
    };
    let folded = compare("a repository with one commit", &git);
    assert_eq!((git.commits().len(), folded.rows.len()), (1, 1));
}

#[test]
fn a_folder_without_a_repository_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let why = Git::at(folder.path()).err().unwrap();
    // Without git it is git that is missing.
    assert!(
        why.starts_with("there is no git repository here: ") || why.starts_with("git cannot be started: "),
        "{why}"
    );
}

#[test]
fn paths_become_stream_ids_and_come_back() {
    for bytes in [
        &b"a/b.txt"[..],
        b"100%",
        b"%41",
        b"\xff\xfe",
        b"new\nline",
        "šljiva".as_bytes(),
        b" ",
    ] {
        let name = git::encode(bytes);
        assert!(name.is_ascii() && !name.contains('\n'), "{name}");
        assert_eq!(git::decode(&name), bytes);
    }
}
