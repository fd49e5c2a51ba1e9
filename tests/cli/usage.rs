//! Arguments: help, mistakes, where the configuration is found.

use pastproof::rules;

use super::tool::{Folder, Said, members};

const COMMANDS: [&[&str]; 16] = [
    &["gate"],
    &["schema"],
    &["schema", "compare"],
    &["schema", "check"],
    &["schema", "accept"],
    &["schema", "list"],
    &["schema", "show"],
    &["upcast", "verify"],
    &["validate"],
    &["verify"],
    &["replay"],
    &["scenario", "list"],
    &["scenario", "run"],
    &["explain"],
    &["init"],
    &[],
];

#[test]
fn every_command_has_help() {
    let folder = Folder::new();
    for command in COMMANDS {
        let arguments: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        let said = folder.run(&arguments).exits(0).quietly();
        said.says("Usage: pastproof").says("--format <FORMAT>");
    }
    folder
        .run(&["--help"])
        .says("Exit codes: 0 nothing wrong, 1 findings");
}

#[test]
fn the_version_is_the_packages() {
    let said = Folder::new().run(&["--version"]).exits(0).quietly();
    assert_eq!(
        said.stdout,
        concat!("pastproof ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn what_nobody_knows_is_a_usage_error() {
    let folder = Folder::project();
    for command in COMMANDS {
        let arguments: Vec<&str> = command.iter().copied().chain(["--no-such-flag"]).collect();
        let said = folder.run(&arguments).exits(2);
        assert_eq!(said.stdout, "", "{said}");
        said.says("--no-such-flag").says("--help");
    }
    for (arguments, says) in [
        (&["bisect"][..], "bisect"),
        (&["gate", "--format", "xml"], "[possible values: human, json]"),
        (
            &["gate", "--color", "sometimes"],
            "[possible values: auto, always, never]",
        ),
        (&["gate", "--today", "2026-02-30"], "2026-11-30"),
        (&["schema", "compare", "one.json"], "<NEW>"),
        (
            &["schema", "compare", "--pairs", "-", "--require", "full"],
            "--require",
        ),
        (
            &["schema", "check", "--version-scheme", "date"],
            "[possible values: integer, semver, schemaver]",
        ),
        (
            &["schema", "check", "--layout", "{type}.json"],
            "{type} and {version}",
        ),
        (
            &["validate", "e.ndjson", "--layout", "events"],
            "{type}/{version}.json",
        ),
        (&["validate", "e.ndjson", "--threads", "0"], "1..=65535"),
        (&["validate", "e.ndjson", "--type", "meta/type"], "`/meta/type`"),
        (&["verify"], "<FILE>"),
        (&["replay", "--save-baseline"], "[[harness]]"),
        (&["explain", "breaking-stpe"], "the nearest is `breaking-step`"),
    ] {
        // Without a harness nothing can be replayed, whatever else is asked.
        let code = if arguments[0] == "replay" { 3 } else { 2 };
        let said = folder.run(arguments).exits(code);
        assert_eq!(said.stdout, "", "{said}");
        said.says(says);
    }
}

#[test]
fn as_a_subcommand_of_cargo_it_is_the_same() {
    let folder = Folder::project();
    let plain = folder.run(&["gate"]);
    let cargo = folder.run(&["pastproof", "gate"]);
    assert_eq!((plain.exit, &plain.stdout), (cargo.exit, &cargo.stdout));
    folder.run(&["pastproof", "pastproof", "gate"]).exits(2);
}

#[test]
fn cargo_finds_a_program_of_the_name_it_looks_for() {
    let folder = Folder::project();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-pastproof"))
        .args(["pastproof", "gate"])
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    let (plain, cargo) = (folder.run(&["gate"]), Said::from(&output));
    assert_eq!((plain.exit, &plain.stdout), (cargo.exit, &cargo.stdout));
}

#[test]
fn without_a_configuration_there_is_a_hint() {
    let folder = Folder::new();
    for arguments in [
        &[][..],
        &["gate"],
        &["schema", "check"],
        &["schema", "list"],
        &["schema", "accept"],
        &["upcast", "verify"],
        &["validate"],
        &["replay"],
        &["scenario", "list"],
    ] {
        let said = folder.run(arguments).exits(3);
        assert_eq!(said.stdout, "", "{said}");
        said.says("no pastproof.toml in")
            .says("`pastproof init` writes one");
    }
    // With one, a bare call is an unfinished one.
    Folder::project().run(&[]).exits(2).says("Commands:");
}

#[test]
fn init_writes_a_configuration_that_the_gate_understands() {
    let folder = Folder::new();
    let said = folder.run(&["init"]).exits(0).quietly();
    said.says("wrote pastproof.toml")
        .says("then run `pastproof gate`");
    folder
        .run(&["gate"])
        .exits(3)
        .says("there is no catalogue folder schemas; put event schemas there as <EventType>/<version>.json");
    folder.write("schemas/README.md", "ours");
    let said = folder.run(&["gate"]).exits(4);
    said.says("NOTHING CHECKED");
    let said = folder.look(&["gate"]).exits(4).quietly();
    assert_eq!(said.lines().len(), 1);
    assert!(
        said.summary()
            .starts_with(r#"{"kind":"summary","verdict":"nothing-checked","release":"not-checked","rollback":"not-checked","checks":["#),
        "{said}"
    );
    folder.write("schemas/OrderPlaced/1.json", super::tool::ORDER_1);
    folder.run(&["gate"]).exits(0).says("PASS");

    // A second call changes nothing.
    folder.write("pastproof.toml", "# mine\n");
    folder
        .run(&["init"])
        .exits(3)
        .says("pastproof.toml is there already and was left as it is");
    assert_eq!(
        std::fs::read_to_string(folder.path("pastproof.toml")).unwrap(),
        "# mine\n"
    );
    folder
        .run(&["init", "no/such/folder"])
        .exits(3)
        .says("no/such/folder");
    assert!(!folder.path("no").exists());
}

#[test]
fn the_configuration_is_searched_upwards_and_may_be_named() {
    let folder = Folder::project().with("deep/er/file", "");
    let from = |below: &str, arguments: &[&str]| {
        let mut command = folder.command(arguments);
        command.current_dir(folder.path(below));
        super::tool::Said::from(&command.output().unwrap())
    };
    let at_the_top = folder.look(&["gate"]).exits(0);
    let below = from("deep/er", &["gate", "--format", "json"]).exits(0);
    assert_eq!(
        at_the_top.stdout, below.stdout,
        "paths start from the configuration's folder"
    );

    // The one in `.config` belongs to the folder above it.
    std::fs::create_dir(folder.path(".config")).unwrap();
    std::fs::rename(
        folder.path("pastproof.toml"),
        folder.path(".config/pastproof.toml"),
    )
    .unwrap();
    assert_eq!(
        from("deep", &["gate", "--format", "json"]).exits(0).stdout,
        below.stdout
    );

    // The search ends at a Cargo workspace.
    folder.write("deep/Cargo.toml", "[workspace]\n");
    from("deep/er", &["gate"]).exits(3).says("`pastproof init`");

    // A named one is taken, by flag before environment, and must be there.
    from("deep/er", &["gate", "--config", "../../.config/pastproof.toml"]).exits(0);
    from("deep/er", &["gate", "--config", "nowhere.toml"])
        .exits(3)
        .says("nowhere.toml");
    let mut command = folder.command(&["gate"]);
    command.current_dir(folder.path("deep/er"));
    command.env("PASTPROOF_CONFIG", folder.path(".config/pastproof.toml"));
    assert_eq!(command.output().unwrap().status.code(), Some(0));
    command.args(["--config", "nowhere.toml"]);
    assert_eq!(command.output().unwrap().status.code(), Some(3));
}

#[test]
fn a_configuration_that_says_something_unknown_is_told_with_its_line() {
    let folder = Folder::project();
    for (text, says) in [
        ("[catalogue]\nlayuot = \"x\"\n", "line 2"),
        ("[catalogue]\nlayuot = \"x\"\n", "did you mean `layout`?"),
        ("[catalogue]\nversion-scheme = \"date\"\n", "line 2"),
        ("[catalogue\n", "line 1"),
        ("[[recording]]\nbaseline = \"x\"\n", "path"),
        (
            "[[waiver]]\nid = \"no-such-rule\"\nreason = \"r\"\nauthor = \"a\"\nexpires = \"2030-01-01\"\n",
            "no-such-rule",
        ),
        ("[catalogue]\nnot-stored = [\"OrderPlaced\"]\n", "Type@version"),
        (
            "[catalogue]\npath = \"elsewhere\"\n",
            "there is no catalogue folder elsewhere",
        ),
        ("[catalogue]\nlayout = \"{version}\"\n", "{type}/{version}.json"),
    ] {
        folder.write("pastproof.toml", text);
        let said = folder.run(&["gate", "--format", "json"]).exits(3);
        assert_eq!(said.stdout, "", "{said}");
        said.says(says);
    }
}

#[test]
fn every_rule_is_explained() {
    let folder = Folder::new();
    let all = folder.run(&["explain"]).exits(0).quietly();
    assert_eq!(all.stdout.lines().count(), rules::ALL.len());
    let json = folder.run(&["explain", "--format", "json"]).exits(0).quietly();
    assert_eq!(json.lines().len(), rules::ALL.len());
    for (rule, line) in rules::ALL.iter().zip(json.stdout.lines()) {
        assert_eq!(members(line), ["kind", "id", "level", "reason", "next"]);
        all.says(rule.id);
        let said = folder.run(&["explain", rule.id]).exits(0).quietly();
        assert!(said.stdout.starts_with(rule.id), "{said}");
        said.says(rule.reason).says(rule.next);
        assert!(rule.reason.ends_with('.') && rule.reason.starts_with(|c: char| !c.is_whitespace()));
        assert!(!rule.next.ends_with('.'), "{}: {}", rule.id, rule.next);
        let one = folder.run(&["explain", rule.id, "--format", "json"]).exits(0);
        assert_eq!(one.stdout.trim_end(), line);
    }
    super::tool::snapshot("explain", &folder.run(&["explain", "breaking-step"]).stdout);
}
