//! The README's five-minute tour, carried out block by block in a project of its own.
//!
//! `<!-- file: PATH -->` writes the block that follows, `<!-- patch: PATH -->` replaces the lines marked `-` by those
//! marked `+`, `<!-- run: EXIT -->` runs the block's commands, of which the last ends with that exit code and
//! prints every line of the block after it that is marked `output`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::fs;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../README.md");

#[derive(Debug)]
enum Step<'a> {
    File(&'a str, &'a str),
    Patch(&'a str, &'a str),
    Run(i32, &'a str),
    Output(&'a str),
}

fn steps() -> Vec<Step<'static>> {
    let mut steps = Vec::new();
    let mut rest = README;
    while let Some(start) = rest.find("<!-- ") {
        rest = &rest[start + 5..];
        let (mark, after) = rest.split_once(" -->").expect("a comment ends");
        rest = after;
        let Some((kind, argument)) = mark
            .split_once(": ")
            .or((mark == "output").then_some(("output", "")))
        else {
            continue;
        };
        let (_, body) = after.split_once("```").expect("a block follows");
        let (_, body) = body.split_once('\n').expect("a block has lines");
        let (body, _) = body.split_once("\n```").expect("a block ends");
        steps.push(match kind {
            "file" => Step::File(argument, body),
            "patch" => Step::Patch(argument, body),
            "run" => Step::Run(argument.parse().expect("an exit code"), body),
            "output" => Step::Output(body),
            other => panic!("the README has a mark `{other}` that this test does not know"),
        });
    }
    steps
}

/// The project's own copy of pastproof in place of the published one, and the versions that this repository locks.
fn localized(path: &str, body: &str) -> String {
    if path != "Cargo.toml" {
        return body.to_owned() + "\n";
    }
    let here = env!("CARGO_MANIFEST_DIR").replace('\\', "/");
    let text = body.replace(
        "pastproof = { version = \"0.1\"",
        &format!("pastproof = {{ path = \"{here}\""),
    );
    assert_ne!(text, body, "the tour depends on pastproof");
    text + "\n[workspace]\n\n[profile.dev]\ndebug = false\n"
}

fn patched(text: &str, patch: &str) -> String {
    let mut text = text.to_owned();
    let mut old = Vec::new();
    let mut new = Vec::new();
    let mut apply = |old: &mut Vec<&str>, new: &mut Vec<&str>| {
        if !old.is_empty() {
            let from = old.join("\n");
            assert_eq!(text.matches(&from).count(), 1, "the patch fits once:\n{from}");
            text = text.replace(&from, &new.join("\n"));
        }
        old.clear();
        new.clear();
    };
    for line in patch.lines() {
        if let Some(line) = line.strip_prefix('-') {
            if !new.is_empty() {
                apply(&mut old, &mut new);
            }
            old.push(line.strip_prefix(' ').unwrap_or(line));
        } else if let Some(line) = line.strip_prefix('+') {
            new.push(line.strip_prefix(' ').unwrap_or(line));
        }
    }
    apply(&mut old, &mut new);
    text
}

#[test]
fn the_tour_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let bin = Path::new(env!("CARGO_BIN_EXE_pastproof"));
    let target = bin.parent().unwrap().parent().unwrap().join("tour");
    let path = std::env::join_paths(
        std::iter::once(bin.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    )
    .unwrap();
    fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"),
        root.join("Cargo.lock"),
    )
    .unwrap();
    let mut printed = String::new();
    let (mut ran, mut outputs) = (0, 0);
    for step in steps() {
        match step {
            Step::File(path, body) => {
                let file = root.join(path);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, localized(path, body)).unwrap();
            }
            Step::Patch(path, patch) => {
                let file = root.join(path);
                let text = fs::read_to_string(&file).unwrap();
                fs::write(file, patched(&text, patch)).unwrap();
            }
            Step::Run(exit, commands) => {
                ran += 1;
                let output = Command::new("sh")
                    .arg("-c")
                    .arg(commands)
                    .current_dir(root)
                    .env("PATH", &path)
                    .env("CARGO_TARGET_DIR", &target)
                    .env_remove("PASTPROOF_CONFIG")
                    .output()
                    .unwrap();
                printed = String::from_utf8_lossy(&output.stdout).into_owned();
                assert_eq!(
                    output.status.code(),
                    Some(exit),
                    "{commands}\n{printed}\n{}",
                    String::from_utf8_lossy(&output.stderr)
                );
            }
            Step::Output(expected) => {
                outputs += 1;
                for line in expected.lines().filter(|line| !line.trim().is_empty()) {
                    assert!(
                        printed.contains(line.trim_end()),
                        "missing: {line}\nin:\n{printed}"
                    );
                }
            }
        }
    }
    assert!(
        ran >= 4 && outputs >= 2,
        "the tour has {ran} runs and {outputs} outputs"
    );
}
