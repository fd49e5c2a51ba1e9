//! Misuse: what is caught where it runs, and what the compiler says to somebody who is new here.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command as Process;
use std::{env, fs};

use pastproof::scenario::{Fixture, FreeCheck, given};
use serde_json::Value;

use crate::account::*;
use crate::panic_of;

#[test]
fn a_scenario_that_is_dropped_while_unwinding_keeps_quiet() {
    let message = panic_of(|| {
        let _unfinished = given::<Account>([opened()]);
        let _unchecked = given::<Account>([opened()]).when(Command::Close);
        let _failed = given::<Account>([opened()]).when(Command::Close).then_nothing();
        panic!("the real reason");
    });
    assert_eq!(message, "the real reason");
}

#[test]
fn a_command_that_cannot_be_made_leaves_its_own_panic() {
    struct Unmade;
    impl From<Unmade> for Command {
        fn from(_: Unmade) -> Self {
            panic!("no command today")
        }
    }
    assert_eq!(
        panic_of(|| drop(given::<Account>([opened()]).when(Unmade))),
        "no command today"
    );
    let outcome = given::<Account>([opened()])
        .when(Command::Close)
        .then([Closed {}]);
    assert_eq!(panic_of(|| drop(outcome.when(Unmade))), "no command today");
}

#[test]
fn a_check_is_left_out_for_a_reason_or_not_at_all() {
    let message = panic_of(|| Fixture::<Account>::new().without(FreeCheck::RoundTrip, " "));
    assert_eq!(message, "leaving out a check takes a reason");
}

/// What every case starts with.
const DOMAIN: &str = r"#![deny(unused_must_use)]
#![allow(dead_code, unused_imports)]
use pastproof::model::Aggregate;
use pastproof::scenario::{Fixture, given, given_nothing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Opened {}
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Parked {}
pastproof::events! { #[derive(Debug)] pub enum AccountEvent { Opened(Opened) = 1 } }
pastproof::events! { pub enum CarEvent { Parked(Parked) = 1 } }
#[derive(Debug)]
pub struct Open;
#[derive(Debug)]
pub struct Park;
#[derive(Debug, PartialEq)]
pub struct Refused;
#[derive(Debug, PartialEq)]
pub struct Towed;

#[derive(Default, Serialize)]
pub struct Account {}
impl Aggregate for Account {
    type Command = Open;
    type Event = AccountEvent;
    type Error = Refused;
    fn handle(&self, _: &Open) -> Result<Vec<AccountEvent>, Refused> { Ok(vec![Opened {}.into()]) }
    fn apply(&mut self, _: &AccountEvent) {}
}

#[derive(Default, Serialize)]
pub struct Board {}
impl pastproof::model::Projector for Board {
    type Event = AccountEvent;
    type Row = u64;
    fn project(&mut self, _: &AccountEvent, _: pastproof::model::Position<'_>) -> Result<(), String> { Ok(()) }
    fn rows(&self) -> Vec<(String, u64)> { Vec::new() }
}

#[derive(Default)]
pub struct Closed {}
impl Aggregate for Closed {
    type Command = Open;
    type Event = AccountEvent;
    type Error = Refused;
    fn handle(&self, _: &Open) -> Result<Vec<AccountEvent>, Refused> { Ok(Vec::new()) }
    fn apply(&mut self, _: &AccountEvent) {}
}
";

/// What is written, how the code of the error begins, and what it must say.
type Case = (&'static str, &'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    // `then` before `when`.
    (
        "given::<Account>([Opened {}]).then([Opened {}]);",
        "E0277",
        &[
            "a scenario that has asked nothing has nothing to check",
            "`.when(command)` comes before `.then(…)`",
        ],
    ),
    // What is no aggregate, and what is one of another kind.
    (
        "given_nothing::<Board>();",
        "E0277",
        &[
            "`Board` is no aggregate",
            "a scenario of a projector, a reactor or a process manager is told of `Projecting<Board>`",
        ],
    ),
    // Rows of what has none.
    (
        "given_nothing::<Account>().when(Open).then_rows([(\"a\", 1)]);",
        "E0599",
        &["no method named `then_rows` found"],
    ),
    // The events of something else, in both places.
    (
        "given::<Account>([Opened {}]).when(Open).then([Parked {}]);",
        "E0277",
        &["the trait bound `AccountEvent: From<Parked>` is not satisfied"],
    ),
    (
        "given::<Account>((Opened {}, Parked {})).when(Open).then_nothing();",
        "E0277",
        &["the trait bound `AccountEvent: From<Parked>` is not satisfied"],
    ),
    // One event, and none, where a list is taken.
    (
        "given_nothing::<Account>().when(Open).then(Opened {});",
        "E0277",
        &[
            "`Opened` is not a list of `AccountEvent`",
            "one event is a list too: `[event]`",
        ],
    ),
    (
        "given_nothing::<Account>().when(Open).then([]);",
        // E0282 or E0283, by what else is around.
        "E028",
        &["type annotations needed"],
    ),
    // The command and the error of something else.
    (
        "given::<Account>([Opened {}]).when(Park).then_nothing();",
        "E0277",
        &["the trait bound `Open: From<Park>` is not satisfied"],
    ),
    (
        "given::<Account>([Opened {}]).when(Open).then_error(Towed);",
        "E0277",
        &["the trait bound `Refused: From<Towed>` is not satisfied"],
    ),
    // An aggregate whose state cannot be shown, without saying so.
    (
        "given::<Closed>([Opened {}]).when(Open).then_nothing();",
        "E0277",
        &["the trait bound `Closed: serde::Serialize` is not satisfied"],
    ),
    (
        "let s = given::<Account>([Opened {}]); s.when(Open).then_nothing(); s.when(Open).then_nothing();",
        "E0382",
        &["use of moved value: `s`"],
    ),
    // Stages that nobody goes on from.
    (
        "given::<Account>([Opened {}]);",
        "unused_must_use",
        &[
            "a scenario without a command checks nothing: add `.when(command)` and then a check such as `.then([event])`",
        ],
    ),
    (
        "given_nothing::<Account>().when(Open);",
        "unused_must_use",
        &[UNCHECKED],
    ),
    (
        "given_nothing::<Account>().when(Open).then([Opened {}]).when(Open);",
        "unused_must_use",
        &[UNCHECKED],
    ),
    (
        "given_nothing::<Account>().when(Open).recorded(None);",
        "unused_must_use",
        &["the text has to be compared with the one that was reviewed"],
    ),
    (
        "Fixture::<Account>::new().show_command(|_| String::new());",
        "unused_must_use",
        &["this makes a new fixture and leaves the old one as it was"],
    ),
];

const UNCHECKED: &str = "nothing looks at what came of the command: add `.then([event])`, `.then_nothing()` or `.then_error(error)`";

/// What must compile, so that a case fails for its own reason.
const FINE: &[&str] = &[
    "given::<Account>([Opened {}]).when(Open).then([Opened {}]);",
    "Fixture::<Closed>::opaque().given([Opened {}]).when(Open).then_nothing();",
    "given_nothing::<pastproof::scenario::Projecting<Board>>().when(Opened {}).then_no_row(\"a\");",
];

/// A program with each of `bodies` on a line of its own, and the number of the first of these lines.
fn program<'a>(bodies: impl Iterator<Item = &'a str>) -> (String, u64) {
    let head = format!("{DOMAIN}fn main() {{}}\n");
    let first = head.lines().count() as u64 + 1;
    let cases = bodies
        .enumerate()
        .map(|(index, body)| format!("mod case_{index} {{ use super::*; fn case() {{ {body} }} }}\n"));
    (head + &cases.collect::<String>(), first)
}

/// The cases are three programs of one throw-away package, so that its dependencies are checked once: what
/// compiles, what has the wrong type, and what the lints find, for which everything else has to be right. Its
/// dependencies are those of a package that uses scenarios and nothing else, at the versions of our own lock.
#[test]
fn the_compiler_says_what_is_wrong() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile-fail");
    let sources = package.join("src/bin");
    fs::create_dir_all(&sources).unwrap();
    let manifest = format!(
        "[package]\nname = \"compile-fail\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\npastproof = {{ path = {root:?}, default-features = false }}\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\nschemars = \"1\"\n\n\
         [profile.dev]\ndebug = false\n\n[workspace]\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let (lints, types): (Vec<&Case>, Vec<&Case>) =
        CASES.iter().partition(|(_, code, _)| *code == "unused_must_use");
    let (fine, _) = program(FINE.iter().copied());
    let (lint_errors, first) = program(lints.iter().map(|(body, ..)| *body));
    let (type_errors, _) = program(types.iter().map(|(body, ..)| *body));
    for (name, text) in [("fine", fine), ("lints", lint_errors), ("types", type_errors)] {
        fs::write(sources.join(format!("{name}.rs")), text).unwrap();
    }
    let output = Process::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--bins", "--keep-going", "--message-format", "json"])
        .current_dir(&package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();

    let mut said: BTreeMap<(String, u64), Vec<(String, String)>> = BTreeMap::new();
    let mut compiled = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let name = message["target"]["name"].as_str().unwrap_or_default().to_owned();
        if message["reason"] == "compiler-artifact" {
            compiled.push(name);
        } else if message["message"]["level"] == "error"
            && let Some(code) = message["message"]["code"]["code"].as_str()
        {
            let spans = message["message"]["spans"].as_array().unwrap();
            let place = spans.iter().find(|span| span["is_primary"] == true).unwrap();
            let rendered = message["message"]["rendered"].as_str().unwrap();
            said.entry((name, place["line_start"].as_u64().unwrap()))
                .or_default()
                .push((code.to_owned(), rendered.to_owned()));
        }
    }
    assert!(
        compiled.iter().any(|name| name == "fine"),
        "what is right does not compile: {said:#?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for (program, cases) in [("lints", lints), ("types", types)] {
        for (line, (body, code, sentences)) in (first..).zip(cases) {
            let errors = said
                .remove(&(program.to_owned(), line))
                .unwrap_or_else(|| panic!("this compiles: {body}"));
            let [(actual, text)] = &errors[..] else {
                panic!("one error is expected for {body}, not {errors:#?}")
            };
            assert!(actual.starts_with(code), "{actual} is not {code}: {text}");
            for sentence in *sentences {
                assert!(
                    text.contains(sentence),
                    "{body} does not say {sentence:?}:\n{text}"
                );
            }
        }
    }
    assert!(said.is_empty(), "errors that no case expects: {said:#?}");
}
