//! `--against`: what a change does to history, by a git ref or a folder.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::tool::{Folder, ORDER_1, ORDER_2, Said, at, snapshot};

/// Calls git in `folder`, as nobody in particular.
#[track_caller]
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"])
        .args(["-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

impl Folder {
    /// A repository with all that is in the folder in its first commit.
    fn committed(self) -> Self {
        git(&self.path(""), &["init", "-q"]);
        self.commit();
        self
    }

    fn commit(&self) {
        git(&self.path(""), &["add", "-A"]);
        git(&self.path(""), &["commit", "-q", "-m", "state"]);
    }
}

fn against(said: &Said) -> Value {
    let summary: Value = serde_json::from_str(said.summary()).unwrap();
    summary["against"].clone()
}

/// A repository with two types, and a change to everything in the work tree.
fn changed() -> Folder {
    let folder = Folder::project()
        .with("schemas/OrderPlaced/2.json", ORDER_2)
        .with("schemas/Refunded/1.json", ORDER_1)
        .with("schemas/Shipped/2.json", ORDER_1)
        .committed();
    folder.write(
        "schemas/OrderPlaced/1.json",
        ORDER_1.replace("\"integer\"", "\"string\""),
    );
    folder.write(
        "schemas/OrderPlaced/2.json",
        ORDER_2.replace("{\n", "{\n \"title\": \"An order\",\n"),
    );
    folder.write("schemas/OrderPlaced/3.json", ORDER_2);
    folder.write("schemas/Shipped/1.json", ORDER_1);
    fs::remove_dir_all(folder.path("schemas/Refunded")).unwrap();
    folder
}

#[test]
fn a_change_is_told_by_what_it_does_to_history() {
    let folder = changed();
    let status = git(&folder.path(""), &["status", "--porcelain"]);
    let index = fs::read(folder.path(".git/index")).unwrap();
    let said = folder
        .look(&["schema", "check", "--against", "HEAD"])
        .exits(1)
        .quietly();
    let commit = git(&folder.path(""), &["rev-parse", "HEAD"]);
    assert_eq!(
        against(&said),
        json!({"name": "HEAD", "commit": commit.trim(), "added": 2, "edited": 1, "reworded": 1, "removed": 1})
    );
    let edited = &said.of("version-edited")[0];
    at(
        edited,
        &json!({"file": "schemas/OrderPlaced/1.json", "type": "OrderPlaced", "version": "1"}),
    );
    assert_eq!(edited["level"], "deny");
    assert_eq!(edited["witness"], json!({"order": "", "total": 0}));
    at(
        &said.of("version-removed")[0],
        &json!({"file": "HEAD:schemas/Refunded/1.json", "type": "Refunded", "version": "1"}),
    );
    at(
        &said.of("version-added")[0],
        &json!({"type": "OrderPlaced", "version": "3"}),
    );
    at(
        &said.of("version-inserted")[0],
        &json!({"type": "Shipped", "version": "1"}),
    );
    at(
        &said.of("version-reworded")[0],
        &json!({"type": "OrderPlaced", "version": "2"}),
    );
    // What is compared with is left as it is, and so is everything else.
    assert_eq!(git(&folder.path(""), &["status", "--porcelain"]), status);
    assert_eq!(fs::read(folder.path(".git/index")).unwrap(), index);

    let text = folder.run(&["schema", "check", "--against", "HEAD"]).stdout;
    snapshot("schema_check_against", &text.replace(&commit[..10], "<commit>"));

    // The gate does the same as one of its checks.
    let gate = folder.look(&["gate", "--against", "HEAD"]).exits(1).quietly();
    assert_eq!(gate.of("version-edited")[0]["check"], "history");
    let verdict: Value = serde_json::from_str(gate.summary()).unwrap();
    let history = verdict["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["id"] == "history");
    assert_eq!(history.unwrap()["checked"], 6);
    assert_eq!(verdict["release"], "unsafe");
}

#[test]
fn no_change_is_silent() {
    let folder = Folder::bridged().committed();
    let said = folder.look(&["schema", "check", "--against", "main"]).exits(0);
    let about_history = said
        .findings()
        .iter()
        .filter(|finding| finding["id"].as_str().unwrap().starts_with("version-"))
        .count();
    assert_eq!(about_history, 0, "{said}");
    let summary: Value = serde_json::from_str(said.summary()).unwrap();
    // Nothing goes out, so that there is nothing to take back.
    assert_eq!(
        (&summary["deployment"], &summary["rollback"]),
        (&json!([]), &json!("not-checked"))
    );
}

#[test]
fn the_configured_state_is_used_and_the_flag_stands_over_it() {
    let folder = changed();
    folder.write("pastproof.toml", "[catalogue]\nagainst = \"main\"\n");
    for command in [&["gate"][..], &["schema", "check"]] {
        folder.look(command).exits(1).of("version-edited");
    }
    let said = folder
        .look(&["schema", "check", "--against", "./schemas"])
        .exits(1);
    assert!(
        !said
            .findings()
            .iter()
            .any(|finding| finding["id"] == "version-edited"),
        "{said}"
    );
    folder.write("pastproof.toml", "[catalogue]\nagainst = \"release\"\n");
    folder
        .look(&["gate"])
        .exits(3)
        .says("release is not in the repository");
}

#[test]
fn a_folder_is_another_state_as_well() {
    let folder = changed().with("released/OrderPlaced/1.json", ORDER_1);
    let said = folder
        .look(&["schema", "check", "--against", "released"])
        .exits(1);
    let told = against(&said);
    assert_eq!(
        (&told["name"], &told["commit"]),
        (&json!("released"), &json!(null))
    );
    assert_eq!(said.of("version-edited").len(), 1);
    let empty = folder.with("empty/notes.md", "");
    empty
        .look(&["schema", "check", "--against", "empty"])
        .exits(3)
        .says("empty holds no usable schema to compare with");
    empty
        .look(&["schema", "check", "--against", "./nowhere"])
        .exits(3);
    // A name that is both is not guessed.
    git(&empty.path(""), &["branch", "released"]);
    empty
        .look(&["schema", "check", "--against", "released"])
        .exits(2)
        .says("`released` is a folder and a git ref; write ./released for the folder, or refs/heads/released for a branch");
    empty
        .look(&["schema", "check", "--against", "./released"])
        .exits(1);
    empty
        .look(&["schema", "check", "--against", "refs/heads/released"])
        .exits(1);
}

#[test]
fn a_shallow_clone_is_told_what_to_fetch() {
    let folder = Folder::bridged().committed();
    git(&folder.path(""), &["branch", "released"]);
    folder.write("schemas/OrderPlaced/3.json", ORDER_2);
    folder.commit();
    let clone = Folder::new();
    let from = format!("file://{}", folder.path("").display());
    git(&clone.path(""), &["clone", "-q", "--depth=1", &from, "clone"]);
    let clone = clone.path("clone");
    let check = |named: &str| {
        let output = super::tool::command(&["schema", "check", "--against", named, "--format", "json"])
            .current_dir(&clone)
            .output()
            .unwrap();
        Said::from(&output)
    };
    check("HEAD~1")
        .exits(3)
        .says("HEAD~1 is not in the repository")
        .says("which is a shallow clone, and no folder; `git fetch --unshallow` fetches it");
    let said = check("origin/released").exits(3);
    assert_eq!(said.stdout, "");
    let fetch = "git fetch --depth=1 origin +refs/heads/released:refs/remotes/origin/released";
    said.says(&format!("`{fetch}` fetches it"));
    // The command does what it is said to do.
    let words: Vec<&str> = fetch.split(' ').skip(1).collect();
    git(&clone, &words);
    let said = check("origin/released").exits(0);
    assert_eq!(against(&said)["added"], 1);
    check("v1")
        .exits(3)
        .says("`git fetch --depth=1 origin v1:v1` fetches it");
    // A commit that no branch or tag leads to any more is named by its id.
    let id = git(&folder.path(""), &["rev-parse", "main~1"]);
    check(id.trim()).exits(0);
}

#[test]
fn a_ref_is_never_an_option() {
    let folder = Folder::bridged().committed();
    for named in [
        "--help",
        "-h",
        "--output=stolen",
        "--upload-pack=touch stolen",
        "-",
    ] {
        let argument = format!("--against={named}");
        folder
            .look(&["schema", "check", &argument])
            .exits(2)
            .says("is no git ref and no folder");
    }
    for named in [
        "",
        " ",
        "main:schemas",
        "main..main",
        "a b",
        "$(touch stolen)",
        "main\u{7f}",
    ] {
        let argument = format!("--against={named}");
        let said = folder.look(&["schema", "check", &argument]);
        assert!([2, 3].contains(&said.exit), "{named:?} {said}");
        assert_eq!(said.stdout, "");
    }
    assert!(!folder.path("stolen").exists());
}

#[test]
fn where_there_is_no_repository() {
    let folder = Folder::bridged();
    folder
        .look(&["schema", "check", "--against", "main"])
        .exits(3)
        .says("lies in no git repository; compare with a folder, such as ./released");
}

#[test]
fn a_project_inside_a_repository_and_inside_a_hook() {
    let folder = Folder::new()
        .with("shop/pastproof.toml", "[catalogue]\npath = \"event schemas\"\n")
        .with("shop/event schemas/OrderPlaced/1.json", ORDER_1)
        // Of another project, and of the same name.
        .with("OrderPlaced/1.json", "{}")
        .committed();
    folder.write("shop/event schemas/OrderPlaced/2.json", ORDER_1);
    let mut command = super::tool::command(&["schema", "check", "--against", "main", "--format", "json"]);
    command
        .current_dir(folder.path("shop"))
        .env("GIT_DIR", ".git")
        .env("GIT_INDEX_FILE", "elsewhere");
    let said = Said::from(&command.output().unwrap()).exits(0);
    let told = against(&said);
    assert_eq!((&told["added"], &told["edited"]), (&json!(1), &json!(0)));

    // A catalogue that the other state does not have is all new.
    folder.write("later/pastproof.toml", "[catalogue]\npath = \"schemas\"\n");
    folder.write("later/schemas/OrderPlaced/1.json", ORDER_1);
    let mut command = super::tool::command(&["schema", "check", "--against", "main", "--format", "json"]);
    let said = Said::from(&command.current_dir(folder.path("later")).output().unwrap()).exits(0);
    at(
        &said.of("version-added")[0],
        &json!({"type": "OrderPlaced", "version": "1"}),
    );
}

#[test]
fn what_is_damaged_in_the_other_state_stops_nothing() {
    let folder = Folder::project()
        .with("schemas/OrderPlaced/2.json", "{ not json")
        .with("schemas/Odd name\u{e9}/1.json", ORDER_1)
        .committed();
    folder.write("schemas/OrderPlaced/2.json", ORDER_1);
    let said = folder.look(&["schema", "check", "--against", "HEAD"]).exits(0);
    assert_eq!(against(&said)["added"], 1);
    // The lock of the other state is of no concern, a rewritten one of this state is.
    let folder = Folder::project().committed();
    folder.run(&["schema", "accept"]).exits(0);
    folder.commit();
    folder.write("schemas/OrderPlaced/1.json", ORDER_2);
    let said = folder.look(&["schema", "check", "--against", "HEAD"]).exits(1);
    assert_eq!(said.of("frozen-changed")[0]["level"], "deny");
    assert_eq!(said.of("version-edited")[0]["level"], "note");
    folder
        .run(&["schema", "accept", "--rewrite-history", "nobody stored one"])
        .exits(0);
    let said = folder.look(&["schema", "check", "--against", "HEAD"]).exits(0);
    let edited = &said.of("version-edited")[0];
    assert_eq!(edited["level"], "warn");
    assert!(
        edited["message"]
            .as_str()
            .unwrap()
            .ends_with("on purpose: nobody stored one"),
        "{edited}"
    );
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_catalogue_alone() {
    let folder = Folder::project().with("outside.json", ORDER_1);
    std::os::unix::fs::symlink("../OrderPlaced/1.json", folder.path("schemas/OrderPlaced/2.json")).unwrap();
    std::os::unix::fs::symlink("../../outside.json", folder.path("schemas/OrderPlaced/3.json")).unwrap();
    let folder = folder.committed();
    let said = folder.look(&["schema", "check", "--against", "HEAD"]);
    let told = against(&said);
    assert_eq!(
        (&told["added"], &told["edited"], &told["removed"]),
        (&json!(0), &json!(0), &json!(0)),
        "{said}"
    );
}
