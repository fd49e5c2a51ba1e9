//! `record`: files of others become recordings, whatever happens on the way.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::tool::{Folder, snapshot};

const LINE: &str = r#"{"meta":{"kind":"OrderPlaced","v":1,"at":"2026-01-01"},"order":"o-1","no":0,"body":{"order":"o","total":1}}"#;

const POINTERS: [&str; 12] = [
    "--stream",
    "/order",
    "--revision",
    "/no",
    "--type",
    "/meta/kind",
    "--version",
    "/meta/v",
    "--time",
    "/meta/at",
    "--data",
    "/body",
];

fn record<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ["record", "--from", "in.jsonl", "--to", "out.ndjson.zst"]
        .into_iter()
        .chain(more.iter().copied())
        .collect()
}

#[test]
fn lines_of_another_form_become_a_recording_that_every_command_reads() {
    let folder = Folder::project().with("in.jsonl", LINE);
    let said = folder.run(&record(&POINTERS)).exits(0).quietly();
    assert!(
        said.stdout
            .starts_with("1 event of 1 stream in 1 frame, of 1 read\nroot "),
        "{said}"
    );
    folder.run(&["verify", "out.ndjson.zst"]).exits(0).quietly();
    folder.run(&["validate", "out.ndjson.zst"]).exits(0).quietly();
    let json: Vec<&str> = record(&POINTERS)
        .into_iter()
        .chain(["--format", "json"])
        .collect();
    let said = folder.run(&json).exits(0);
    let summary: Value = serde_json::from_str(said.summary()).unwrap();
    assert_eq!((&summary["read"], &summary["events"]), (&json!(1), &json!(1)));
}

#[test]
fn a_bad_source_is_told_and_leaves_nothing() {
    let bad = LINE.replace("\"no\":0", "\"no\":\"x\"");
    let folder = Folder::project().with("in.jsonl", format!("{LINE}\n{bad}\n"));
    let said = folder.run(&record(&POINTERS)).exits(1);
    snapshot("record_bad_source", &said.stdout);
    assert!(!folder.path("out.ndjson.zst").exists());
    assert!(!folder.path(".out.ndjson.zst.recording").exists());
    folder.run(&record(&[])).exits(3).says("--type /POINTER");
    folder
        .run(&record(&["--type", "kind"]))
        .exits(2)
        .says("is no JSON pointer");
    folder
        .run(&["record", "--from", "in.jsonl", "--to", "out.json"])
        .exits(2)
        .says("NAME.ndjson");
    folder
        .run(&["record", "--from", "nowhere", "--to", "out.ndjson"])
        .exits(3);
    folder.run(&record(&["--sample", "0"])).exits(2).says("above 0");
    let empty = Folder::project().with("in.jsonl", "\n");
    empty.run(&record(&[])).exits(4);
}

#[test]
fn masking_needs_a_key_and_never_shows_it() {
    let folder = Folder::project()
        .with("in.jsonl", LINE)
        .with(
            "mask.toml",
            "key-id = \"k1\"\n[[mask]]\npointer = \"/order\"\n[[mask]]\nin = \"stream\"\nclass = \"order\"\n",
        )
        .with("key", "0123456789abcdef0123\n");
    let with_mask: Vec<&str> = POINTERS.iter().copied().chain(["--mask", "mask.toml"]).collect();
    folder.run(&record(&with_mask)).exits(2).says("--mask-key-file");
    let with_key: Vec<&str> = with_mask
        .iter()
        .copied()
        .chain(["--mask-key-file", "key"])
        .collect();
    folder.run(&record(&with_key)).exits(0).quietly();
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(folder.path("out.manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["masking"]["key"], "k1");
    assert!(!manifest.to_string().contains("0123456789abcdef0123"));
    assert_ne!(manifest["streams"][0][0], "o-1");
    folder.write("mask.toml", "[[mask]]\npointr = \"/order\"\n");
    folder.run(&record(&with_key)).exits(3).says("line 2");
    let by_environment = folder
        .command(&record(&with_mask))
        .env("PASTPROOF_MASK_KEY", "short")
        .output()
        .unwrap();
    assert_ne!(by_environment.status.code(), Some(0));
}

#[test]
fn cloudevents_go_out_and_come_back() {
    let folder = Folder::project().with("in.jsonl", LINE);
    folder.run(&record(&POINTERS)).exits(0);
    folder
        .run(&[
            "record",
            "--from",
            "out.ndjson.zst",
            "--to",
            "ce.jsonl",
            "--as",
            "cloudevents",
        ])
        .exits(0)
        .says("1 event as CloudEvents");
    folder
        .run(&["record", "--from", "ce.jsonl", "--to", "back.ndjson.zst"])
        .exits(0);
    assert_eq!(
        fs::read(folder.path("out.ndjson.zst")).unwrap(),
        fs::read(folder.path("back.ndjson.zst")).unwrap()
    );
    folder
        .run(&["verify", "back.ndjson.zst", "--since", "out.ndjson.zst"])
        .exits(0);
}

/// Shuffled lines of our own, enough for several runs of a mebibyte.
fn large() -> String {
    let count = 12_000_u64;
    (0..count)
        .map(|number| {
            let number = number * 7919 % count;
            format!(
                "{{\"s\":\"a-{}\",\"n\":{},\"g\":{number},\"t\":\"T\",\"d\":{{\"text\":\"{:0>300}\"}}}}\n",
                number % 100,
                number / 100,
                number
            )
        })
        .collect()
}

#[test]
fn a_killed_run_leaves_nothing_that_looks_whole_and_the_next_one_goes_on() {
    let folder = Folder::new().with("in.jsonl", large());
    let arguments = [
        "record",
        "--from",
        "in.jsonl",
        "--to",
        "out.ndjson",
        "--order",
        "stream",
        "--memory",
        "1",
    ];
    folder.run(&arguments).exits(0).quietly();
    let expected = fs::read(folder.path("out.ndjson")).unwrap();
    let sealed = fs::read(folder.path("out.manifest.json")).unwrap();
    let state = folder.path(".out.ndjson.recording/state.json");
    let mut resumed = 0;
    for round in 0..4 {
        fs::remove_file(folder.path("out.ndjson")).unwrap();
        fs::remove_file(folder.path("out.manifest.json")).unwrap();
        let mut child = folder
            .command(&arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while !state.exists()
            && begun.elapsed() < Duration::from_secs(20)
            && child.try_wait().unwrap().is_none()
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(round * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        if state.exists() {
            assert!(
                !folder.path("out.manifest.json").exists(),
                "no seal before the end"
            );
        }
        let said = folder.run(&arguments).exits(0);
        resumed += usize::from(said.stderr.contains("goes on after"));
        assert_eq!(fs::read(folder.path("out.ndjson")).unwrap(), expected);
        assert_eq!(fs::read(folder.path("out.manifest.json")).unwrap(), sealed);
        assert!(!state.exists());
    }
    assert!(resumed > 0, "no run was interrupted in the middle");
}

#[test]
fn a_source_that_changed_in_between_is_read_anew() {
    let folder = Folder::new().with("in.jsonl", large());
    let arguments = [
        "record",
        "--from",
        "in.jsonl",
        "--to",
        "out.ndjson",
        "--order",
        "stream",
        "--memory",
        "1",
    ];
    let mut child = folder.command(&arguments).stdout(Stdio::null()).spawn().unwrap();
    let state = folder.path(".out.ndjson.recording/state.json");
    let begun = Instant::now();
    while !state.exists() && begun.elapsed() < Duration::from_secs(20) && child.try_wait().unwrap().is_none()
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    folder.write("in.jsonl", "{\"s\":\"b-1\",\"n\":0,\"t\":\"T\",\"d\":null}\n");
    let said = folder.run(&arguments).exits(0).quietly();
    assert!(said.stdout.starts_with("1 event of 1 stream"), "{said}");
}

#[test]
fn a_pinned_root_is_held_by_verify_and_by_the_gate() {
    let folder = Folder::project().with("in.jsonl", LINE);
    folder.run(&record(&POINTERS)).exits(0);
    let root = folder.run(&["verify", "out.ndjson.zst"]).exits(0).stdout;
    let root = root
        .lines()
        .find_map(|line| line.strip_prefix("root "))
        .unwrap()
        .to_owned();
    let pin =
        |root: &str| format!("[catalogue]\n[[recording]]\npath = \"out.ndjson.zst\"\nroot = \"{root}\"\n");
    folder.write("pastproof.toml", pin(&root));
    folder.run(&["schema", "accept"]);
    folder.look(&["verify", "out.ndjson.zst"]).exits(0);
    folder.look(&["gate"]).exits(0);
    // Whoever rewrites an event can seal it anew, and the pin still tells.
    folder.write("in.jsonl", LINE.replace("\"total\":1", "\"total\":2"));
    folder.run(&record(&POINTERS)).exits(0);
    for command in [&["verify", "out.ndjson.zst"][..], &["gate"]] {
        let said = folder.look(command).exits(1);
        said.denies("root-mismatch", &json!({"file": "out.ndjson.zst"}));
    }
    folder.write("pastproof.toml", pin("abc"));
    folder
        .run(&["verify", "out.ndjson.zst"])
        .exits(3)
        .says("64 hexadecimal digits");
}
