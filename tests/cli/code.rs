//! Commands that need code: the example domain's harness, built once, on a few of its recorded events.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use pastproof::recording::{Line, Order, Reader, Writer, WriterOptions};
use serde_json::Value;

use super::tool::{Folder, Said, here, members};

/// The example domain's harness, as `cargo test` builds it.
pub fn harness() -> &'static str {
    static HARNESS: OnceLock<String> = OnceLock::new();
    HARNESS.get_or_init(|| {
        let target = PathBuf::from(env!("CARGO_BIN_EXE_pastproof"));
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "test",
                "--no-run",
                "--test",
                "pastproof",
                "--message-format=json",
                "--offline",
            ])
            .current_dir(here())
            .env("CARGO_TARGET_DIR", target.ancestors().nth(2).unwrap())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        text.lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| {
                message["target"]["name"] == "pastproof" && message["target"]["kind"][0] == "test"
            })
            .find_map(|message| message["executable"].as_str().map(str::to_owned))
            .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    })
}

/// The example's catalogue with the first events of its recording.
fn project(count: usize) -> Folder {
    let folder = Folder::new();
    let schemas = here().join("schemas");
    folder.write(
        "pastproof.toml",
        format!(
            "[catalogue]\npath = \"{}\"\n\n[[harness]]\nexecutable = \"{}\"\n\n[[recording]]\npath = \"few.ndjson.zst\"\nbaseline = \"few.baseline.ndjson\"\n",
            schemas.display(),
            harness()
        ),
    );
    let mut reader = Reader::open(here().join("tests/recordings/parcel.ndjson.zst")).unwrap();
    let mut writer =
        Writer::create(folder.path("few.ndjson.zst"), WriterOptions::new(Order::Global)).unwrap();
    for _ in 0..count {
        if let Some(Ok((_, Line::Event(event)))) = reader.next_event() {
            writer.push(&event).unwrap();
        }
    }
    writer.finish().unwrap();
    folder
}

#[test]
fn replay_saves_a_baseline_and_compares_with_it() {
    let folder = project(60);
    let without = folder.look(&["replay"]);
    without.of("baseline-missing");
    let said = folder
        .run(&["replay", "few.ndjson.zst", "--save-baseline", "--format", "json"])
        .exits(0);
    assert_eq!(
        members(said.summary()),
        ["kind", "events", "streams", "differences"]
    );
    let summary: Value = serde_json::from_str(said.summary()).unwrap();
    assert_eq!(summary["events"], 60);
    assert!(folder.path("few.baseline.ndjson").exists());
    let said = folder.look(&["replay"]).exits(0);
    assert_eq!(serde_json::from_str::<Value>(said.summary()).unwrap(), summary);
    assert!(
        said.findings().iter().all(|finding| finding["level"] != "deny"),
        "{said}"
    );

    // A baseline that was cut off.
    let text = fs::read_to_string(folder.path("few.baseline.ndjson")).unwrap();
    folder.write("few.baseline.ndjson", &text[..text.len() / 2]);
    let said = folder.look(&["replay"]).exits(1);
    said.of("baseline-damaged");
}

#[test]
fn scenarios_are_listed_and_run() {
    let folder = project(1);
    let list = folder.look(&["scenario", "list"]).exits(0);
    let lines = list.lines();
    assert!(lines.len() > 10, "{list}");
    let (last, names) = lines.split_last().unwrap();
    assert_eq!(last["kind"], "summary");
    assert_eq!(last["scenarios"], names.len());
    let name = names[0]["name"].as_str().unwrap();
    let said = folder.look(&["scenario", "run", name]).exits(0);
    assert_eq!(
        said.stdout,
        "{\"kind\":\"summary\",\"scenarios\":1,\"failed\":0}\n"
    );
    let said = folder.run(&["scenario", "run"]).exits(0);
    said.says(&format!("{} scenarios, 0 of them do not hold", names.len()));
    folder
        .run(&["scenario", "run", "no such scenario"])
        .exits(4)
        .says("there is no scenario `no such scenario`; `pastproof scenario list` lists them");
}

#[test]
fn upcasters_of_the_code_are_verified() {
    let said: Said = project(60).look(&["upcast", "verify"]);
    let steps: Vec<Value> = said
        .lines()
        .into_iter()
        .filter(|line| line["kind"] == "step")
        .collect();
    assert!(steps.len() >= 4, "{said}");
    assert!(
        steps
            .iter()
            .any(|step| step["origin"].as_str().unwrap().ends_with(".jq")),
        "{said}"
    );
    assert!(steps.iter().any(|step| step["origin"] == "typed"), "{said}");
    said.exits(0);
}

#[test]
fn a_stream_is_inspected_forwards_backwards_and_at_one_place() {
    let folder = project(60);
    let stream = {
        let manifest = fs::read_to_string(folder.path("few.manifest.json")).unwrap();
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        manifest["streams"][0][0].as_str().unwrap().to_owned()
    };
    let said = folder
        .run(&["inspect", "few.ndjson.zst", &stream])
        .exits(0)
        .quietly();
    super::tool::snapshot("inspect", &said.stdout);
    let forwards = folder
        .look(&["inspect", "few.ndjson.zst", &stream])
        .exits(0)
        .lines();
    let mut backwards = folder
        .look(&["inspect", "few.ndjson.zst", &stream, "--reverse"])
        .exits(0)
        .lines();
    let steps = backwards.len() - 1;
    backwards[..steps].reverse();
    assert_eq!(forwards, backwards);
    let at = folder
        .run(&["inspect", "few.ndjson.zst", &stream, "--at", "1", "--show-values"])
        .exits(0);
    super::tool::snapshot("inspect_at", &at.stdout);
    folder
        .run(&["inspect", "few.ndjson.zst", &stream, "--at", "999"])
        .exits(4)
        .says("has no revision 999; it has 0 to ");
    folder
        .run(&["inspect", "few.ndjson.zst", "nobody-1"])
        .exits(4)
        .says("no event of stream nobody-1");
    folder.run(&["inspect", "nowhere.ndjson", &stream]).exits(3);
    folder.run(&["replay", "--save-baseline"]).exits(0);
    folder
        .run(&[
            "inspect",
            "few.ndjson.zst",
            &stream,
            "--diff",
            "few.baseline.ndjson",
        ])
        .exits(0)
        .says("baseline the same state");
}

#[test]
fn a_failing_stream_is_minimised_to_a_recording_and_a_scenario() {
    let folder = project(60);
    let mut reader = Reader::open(folder.path("few.ndjson.zst")).unwrap();
    let mut writer = Writer::create(folder.path("bad.ndjson"), WriterOptions::new(Order::Global)).unwrap();
    let mut stream = None;
    let mut last = None;
    while let Some(Ok((_, Line::Event(event)))) = reader.next_event() {
        stream.get_or_insert_with(|| event.stream.clone().unwrap());
        writer.push(&event).unwrap();
        if event.stream == stream {
            last = Some(event);
        }
    }
    // One that no upcaster and no type knows.
    let mut bad = last.unwrap();
    bad.revision = bad.revision.map(|revision| revision + 1);
    bad.global = Some(1_000_000);
    bad.version = Some(77.into());
    writer.push(&bad).unwrap();
    writer.finish().unwrap();
    let stream = stream.unwrap();
    let arguments = [
        "minimise",
        "bad.ndjson",
        &stream,
        "--to",
        "small.ndjson",
        "--scenario",
        "small.rs",
    ];
    let said = folder.run(&arguments).exits(1).quietly();
    super::tool::snapshot("minimise", &said.stdout);
    let verified = folder.run(&["verify", "small.ndjson"]).exits(0);
    verified.says("1 event of 1 stream");
    let scenario = fs::read_to_string(folder.path("small.rs")).unwrap();
    assert!(scenario.contains(".given_stored(["), "{scenario}");
    folder.run(&arguments).exits(3).says("is there already");
    let said = folder.look(&["minimise", "bad.ndjson", &stream]).exits(1);
    assert_eq!(serde_json::from_str::<Value>(said.summary()).unwrap()["left"], 1);
    folder
        .run(&["minimise", "few.ndjson.zst", &stream])
        .exits(4)
        .says("does not fail");
    // What is left fails in the same way.
    folder
        .look(&["replay", "small.ndjson"])
        .exits(1)
        .of("unknown-version");
}
