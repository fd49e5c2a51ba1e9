//! Where the answer goes: terminals, pipes, full disks.

use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;

use super::tool::{Folder, Said, command};

/// A file of `count` events that are all wrong.
fn wrong(count: u64) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for revision in 0..count {
        writeln!(
            text,
            r#"{{"s":"o-1","n":{revision},"t":"OrderPlaced","v":1,"d":{{}}}}"#
        )
        .unwrap();
    }
    text
}

#[test]
fn colour_is_for_terminals() {
    let folder = Folder::project().with("schemas/OrderPlaced/2.json", super::tool::ORDER_2);
    let plain = folder.run(&["gate"]).exits(1);
    assert!(!plain.stdout.contains('\u{1b}'), "{plain}");
    let coloured = folder.run(&["gate", "--color", "always"]).exits(1);
    assert!(
        coloured.stdout.contains("\u{1b}[1;31mdeny\u{1b}[0m"),
        "{coloured}"
    );
    let mut bare = String::new();
    let mut rest = coloured.stdout.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        bare.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    bare.push_str(rest);
    assert_eq!(bare, plain.stdout, "colour changes no text");

    // JSON is never coloured, and what is asked for stands over the environment.
    let json = folder
        .run(&["gate", "--color", "always", "--format", "json"])
        .exits(1);
    assert!(!json.stdout.contains('\u{1b}'), "{json}");
    for (variables, arguments, color) in [
        (&[("NO_COLOR", "1")][..], &["gate"][..], false),
        (&[("CLICOLOR_FORCE", "1")], &["gate"], true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &["gate"], false),
        (&[("CLICOLOR_FORCE", "1")], &["gate", "--color", "never"], false),
        (&[("NO_COLOR", "1")], &["gate", "--color", "always"], true),
    ] {
        let mut command = folder.command(arguments);
        command.envs(variables.iter().copied());
        let said = Said::from(&command.output().unwrap());
        assert_eq!(
            said.stdout.contains('\u{1b}'),
            color,
            "{variables:?} {arguments:?}\n{said}"
        );
    }
}

#[test]
fn names_from_data_do_not_steer_the_terminal() {
    let folder = Folder::project().with(
        "e.ndjson",
        "{\"s\":\"o\\u001b[2Jx\",\"n\":0,\"t\":\"a\\u001b[31m\\u0007\",\"v\":1,\"d\":{}}\n",
    );
    let said = folder.run(&["validate", "e.ndjson"]).exits(1);
    assert!(
        said.stdout
            .chars()
            .all(|character| character == '\n' || !character.is_control()),
        "{said}"
    );
    said.says("unknown-type");
}

#[test]
fn a_reader_that_goes_away_is_quiet_success() {
    let folder = Folder::project().with("e.ndjson", wrong(20_000));
    for arguments in [
        &["validate", "e.ndjson"][..],
        &["validate", "e.ndjson", "--format", "json"],
        &["validate", "e.ndjson", "--threads", "1"],
    ] {
        let mut child = folder
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 10];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut first).unwrap();
        drop(out);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_closed_before_the_first_byte_is_quiet_as_well() {
    let folder = Folder::bridged();
    for arguments in [
        &["explain"][..],
        &["--help"],
        &["gate"],
        &["schema", "check"],
        &["schema", "list", "--format", "json"],
        &[
            "schema",
            "compare",
            "schemas/OrderPlaced/1.json",
            "schemas/OrderPlaced/2.json",
        ],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = folder
            .command(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_is_said() {
    let folder = Folder::bridged()
        .with("e.ndjson", wrong(2000))
        .with("one.ndjson", wrong(1));
    for arguments in [
        &["validate", "e.ndjson"][..],
        &["validate", "one.ndjson", "--format", "json"],
        &["validate", "one.ndjson", "--quiet"],
        &["gate"],
        &["gate", "--format", "json"],
        &["schema", "check"],
        &["schema", "list"],
        &["schema", "show", "OrderPlaced"],
        &[
            "schema",
            "compare",
            "schemas/OrderPlaced/1.json",
            "schemas/OrderPlaced/2.json",
        ],
        &["upcast", "verify"],
        &["explain"],
        &["--help"],
        &["--version"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = folder.command(arguments);
        let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
        let said = Said::from(&output).exits(3);
        assert!(
            said.stderr
                .starts_with("error: the report cannot be written: No space left"),
            "{arguments:?}: {said}"
        );
        assert_eq!(said.stderr.lines().count(), 1, "{arguments:?}: {said}");
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let folder = Folder::bridged().with("e.ndjson", wrong(3000));
    let one = folder.run(&["validate", "e.ndjson", "--format", "json", "--threads", "1"]);
    for threads in ["2", "7"] {
        let more = folder.run(&["validate", "e.ndjson", "--format", "json", "--threads", threads]);
        assert!(one.stdout == more.stdout, "{threads} threads say something else");
    }
    for arguments in [
        &["gate", "--format", "json"][..],
        &["schema", "check"],
        &["upcast", "verify", "--format", "json"],
    ] {
        assert_eq!(folder.run(arguments).stdout, folder.run(arguments).stdout);
    }
}

#[test]
fn a_report_does_not_depend_on_where_the_project_lies() {
    let said = |folder: &Folder| {
        [
            "gate",
            "schema check",
            "upcast verify",
            "verify e.ndjson",
            "validate e.ndjson",
        ]
        .map(|arguments| {
            let arguments: Vec<&str> = arguments.split(' ').collect();
            let human = folder.run(&arguments);
            let json = folder.look(&arguments);
            for text in [&human, &json] {
                let place = folder.path("").display().to_string();
                assert!(
                    !text.stdout.contains(place.trim_end_matches('/')),
                    "{place}: {text}"
                );
            }
            (human.stdout, json.stdout)
        })
    };
    let project = || {
        Folder::bridged()
            .with("schemas/OrderPlaced/3.json", "{")
            .with("schemas/OrderPlaced/2-to-3.jq", "nonsense(")
            .with("schemas/Lonely/1-to-2.jq", ".")
            .with("e.ndjson", wrong(1))
    };
    assert_eq!(said(&project()), said(&project()));
}

#[test]
fn it_needs_no_folder_of_its_own() {
    let output = command(&["explain", "not-json"])
        .current_dir("/")
        .output()
        .unwrap();
    Said::from(&output).exits(0).quietly().says("not-json (deny)");
}
