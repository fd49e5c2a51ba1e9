//! jq programs: what they see, what they make, and the fence around them.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pastproof::finding::Finding;
use pastproof::model::{Flag, Version};
use pastproof::upcast::{Chains, Envelope, Fence, JQ_WORKER, Upcast, UpcastError, Upcaster};
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub fn fence() -> Fence {
    Fence::for_command(vec![
        OsString::from(env!("CARGO_BIN_EXE_pastproof")),
        OsString::from(JQ_WORKER),
    ])
}

fn chains_in(fence: &Arc<Fence>, program: &str) -> Chains {
    let file = "schemas/A/1-to-2.jq";
    let upcaster = Upcaster::jq("A", 1, 2, program, file, Arc::clone(fence));
    let current: Vec<(String, Version)> = upcaster.targets().to_vec();
    Chains::new([upcaster], current)
}

fn chains(program: &str) -> Chains {
    chains_in(&Arc::new(fence()), program)
}

fn upcast(chains: &Chains, data: Value) -> Result<Vec<Upcast>, UpcastError> {
    chains.upcast("A", &Version::from(1), data, &Envelope::default())
}

/// What became of an event, one line each.
fn made(result: Result<Vec<Upcast>, UpcastError>) -> String {
    match result {
        Ok(events) => {
            let lines: Vec<String> = events
                .iter()
                .map(|event| {
                    let data = pastproof::json::canonical(&event.data).unwrap();
                    format!("{} {} {data}", event.event_type, event.version)
                })
                .collect();
            lines.join("\n")
        }
        Err(error) => format!(
            "{}: {}",
            error.rule().id,
            error
                .to_string()
                .replace("upcaster A 1 to 2 (schemas/A/1-to-2.jq) ", "")
        ),
    }
}

fn check(program: &str) -> Vec<Finding> {
    chains(program).check(&[])
}

/// The one thing that is wrong with a program, with its line.
fn wrong(program: &str) -> String {
    let findings = check(program);
    let [finding] = &findings[..] else {
        panic!("{program}: {findings:?}")
    };
    assert_eq!(finding.rule.id, "jq-invalid", "{program}");
    assert_eq!(finding.place.file.as_deref(), Some("schemas/A/1-to-2.jq"));
    let message = finding
        .message
        .strip_prefix("upcaster A 1 to 2 (schemas/A/1-to-2.jq) does not compile: ")
        .unwrap_or(&finding.message);
    assert!(
        finding
            .place
            .line
            .is_some_and(|line| message.starts_with(&format!("line {line}, ")))
            || finding
                .place
                .line
                .is_some_and(|line| message.starts_with(&format!("line {line}: "))),
        "{message} at {:?}",
        finding.place.line
    );
    message.to_owned()
}

#[test]
fn a_program_makes_data_of_the_later_version() {
    let chains = chains("{amount: .cents, currency: (.currency // \"EUR\")}");
    assert_eq!(chains.check(&[]), []);
    assert_eq!(
        made(upcast(&chains, json!({"cents": 5}))),
        r#"A 2 {"amount":5,"currency":"EUR"}"#
    );
    assert_eq!(
        made(upcast(&chains, json!({"cents": 6, "currency": "CZK"}))),
        r#"A 2 {"amount":6,"currency":"CZK"}"#
    );
}

#[test]
fn a_program_splits_in_order_and_drops() {
    let program = "# Each part on its own.\n# makes: Part 1\n#makes: Whole part 1.0\n\n\
        .[] | if . < 10 then {\"$type\": \"Part\", \"$version\": 1, data: .}\n\
        else {\"$type\": \"Whole part\", \"$version\": \"1.0\", data: {n: .}} end";
    let chains = chains(program);
    assert_eq!(
        chains.upcasters()[0].to_string(),
        "A 1 to Part 1 and Whole part 1.0 (schemas/A/1-to-2.jq)"
    );
    assert_eq!(chains.check(&[]), []);
    assert_eq!(
        upcast(&chains, json!([3, 30, 1, 2])).map(|events| made(Ok(events))),
        Ok("Part 1 3\nWhole part 1.0 {\"n\":30}\nPart 1 1\nPart 1 2".to_owned())
    );
    assert_eq!(upcast(&chains, json!([])), Ok(Vec::new()));
    let dropping = self::chains("# makes: nothing\nempty");
    assert_eq!(
        dropping.upcasters()[0].to_string(),
        "A 1 to nothing (schemas/A/1-to-2.jq)"
    );
    assert_eq!(upcast(&dropping, json!({"a": 1})), Ok(Vec::new()));
}

#[test]
fn what_is_made_must_be_declared() {
    let undeclared = chains(r#"{"$type": "B", "$version": 1, data: .}"#);
    assert_eq!(
        made(upcast(&undeclared, json!(1))),
        "upcaster-undeclared: makes an event B 1, which is not among its targets"
    );
    let bare = chains("# makes: B 1\n.");
    let error = upcast(&bare, json!(1)).unwrap_err();
    assert_eq!(error.rule().id, "upcaster-undeclared");
    let unfinished = chains(r#"{"$type": "A", data: .}"#);
    assert_eq!(
        made(upcast(&unfinished, json!(1))),
        "upcaster-fails: makes an event that has not exactly `$type`, `$version` and `data`"
    );
    // Some stores write a member of that name into every payload.
    let dotnet = chains(".");
    assert_eq!(
        made(upcast(
            &dotnet,
            json!({"$type": "Shop.PriceSet, Shop", "cents": 5})
        )),
        r#"A 2 {"$type":"Shop.PriceSet, Shop","cents":5}"#
    );
}

#[test]
fn a_line_that_names_nothing_sound_is_told() {
    assert_eq!(
        wrong("# makes: B 1\n# makes: C\n."),
        "line 2: expected `# makes: TYPE VERSION`"
    );
    let chains = chains("# makes:\n.");
    assert_eq!(
        made(upcast(&chains, json!(1))),
        "jq-invalid: does not compile: line 1: expected `# makes: TYPE VERSION`"
    );
}

#[test]
fn two_upcasters_from_one_version_are_told_whether_code_or_file() {
    let fence = Arc::new(fence());
    let file = |name: &str| Upcaster::jq("A", 1, 2, ".", name, Arc::clone(&fence));
    let findings = Chains::new([file("b/1-to-2.jq"), file("a/1-to-2.jq")], [("A", 2)]).check(&[]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].rule.id, "upcaster-duplicate");
    assert_eq!(
        findings[0].message,
        "2 upcasters start from A 1: a/1-to-2.jq, b/1-to-2.jq"
    );
    assert_eq!(findings[0].place.file.as_deref(), Some("a/1-to-2.jq"));
    let code = Upcaster::dropped("A", 1);
    let findings = Chains::new([code, file("a/1-to-2.jq")], [("A", 2)]).check(&[]);
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0]
            .message
            .starts_with("2 upcasters start from A 1: a/1-to-2.jq, typed at tests/upcast/jq.rs:"),
        "{}",
        findings[0].message
    );
}

#[test]
fn a_program_sees_the_envelope() {
    let fence = Arc::new(fence());
    let chains = chains_in(&fence, "$event");
    assert_eq!(made(upcast(&chains, json!({}))), r#"A 2 {"t":"A","v":1}"#);
    let tags = [("parcel".to_owned(), vec!["p1".to_owned()])].into();
    // A line may break between two members; what is said to the worker must stay one line.
    let metadata: Box<RawValue> = serde_json::from_str("{\"by\":\n\"me\", \"at\":1.0}").unwrap();
    let envelope = Envelope {
        stream: Some("parcel-1"),
        category: Some("parcel"),
        revision: Some(4),
        global: Some(u64::MAX),
        id: Some("e-1"),
        recorded_at: Some("2024-05-06T07:08:09Z"),
        tags: Some(&tags),
        metadata: Some(&metadata),
        flags: &[Flag::TruncatedHead],
    };
    let events = chains
        .upcast("A", &Version::from(1), json!({}), &envelope)
        .unwrap();
    assert_eq!(
        events[0].data,
        json!({
            "s": "parcel-1", "c": "parcel", "n": 4, "g": u64::MAX, "i": "e-1", "t": "A", "v": 1,
            "at": "2024-05-06T07:08:09Z", "tags": {"parcel": ["p1"]}, "m": {"by": "me", "at": 1.0},
            "x": ["truncated-head"],
        })
    );
}

#[test]
fn numbers_keep_their_digits() {
    let chains = chains(".");
    for text in [
        "0",
        "-1",
        "18446744073709551615",
        "-9223372036854775808",
        "9007199254740993",
        "1.0",
        "0.1",
        "-0.0",
        "1e300",
        "1.5e-7",
        "123456789.123456789",
    ] {
        let data = pastproof::json::parse(text.as_bytes()).unwrap().value;
        let events = upcast(&chains, data.clone()).unwrap();
        assert_eq!(
            pastproof::json::canonical(&events[0].data),
            pastproof::json::canonical(&data),
            "{text}"
        );
    }
    let fence = Arc::new(fence());
    let sum = chains_in(&fence, "[.a + .b, .a * 1.0, (.a | tostring)]");
    assert_eq!(
        made(upcast(&sum, json!({"a": 9_007_199_254_740_993_u64, "b": 1}))),
        r#"A 2 [9007199254740994,9007199254740992.0,"9007199254740993"]"#
    );
}

#[test]
fn what_json_does_not_have_is_refused_with_its_place() {
    let fence = Arc::new(fence());
    for (program, told) in [
        (
            "{a: [1, nan]}",
            "makes the number NaN, and JSON has no such number at /a/1",
        ),
        (
            "{\"a/b\": infinite}",
            "makes the number Infinity, and JSON has no such number at /a~1b",
        ),
        (
            "[1e999]",
            "makes the number 1e999, and JSON has no such number at /0",
        ),
        (
            "{a: (18446744073709551615 + 1)}",
            "makes a whole number beyond 64 bits at /a",
        ),
        (
            "[{(\"1\" | tonumber): 2}]",
            "makes a member whose name is no text but 1 at /0",
        ),
        ("[\"a\" | tobytes]", "makes bytes, and JSON has none at /0"),
        ("[\"/w==\" | @base64d]", "makes a text that is not UTF-8 at /0"),
    ] {
        let chains = chains_in(&fence, program);
        assert_eq!(
            made(upcast(&chains, json!({}))),
            format!("upcaster-fails: {told}"),
            "{program}"
        );
    }
    let worker = fence.worker_id();
    assert!(worker.is_some());
    let chains = chains_in(&fence, ".");
    assert_eq!(made(upcast(&chains, json!(1))), "A 2 1");
    assert_eq!(fence.worker_id(), worker, "a refusal does not cost a process");
}

#[test]
fn an_error_of_the_program_refuses_the_event() {
    let chains = chains("if .a then . else error(\"no a\") end");
    assert_eq!(
        made(upcast(&chains, json!({}))),
        "upcaster-fails: refuses the event: no a"
    );
    let chains = self::chains(".a.b");
    assert_eq!(
        made(upcast(&chains, json!({"a": 5}))),
        "upcaster-fails: refuses the event: cannot index 5 with \"b\""
    );
    let caught = self::chains("try error(\"x\") catch .");
    assert_eq!(made(upcast(&caught, json!({}))), r#"A 2 "x""#);
}

#[test]
fn what_is_forbidden_is_named_with_its_place() {
    const SEES: &str = "is forbidden: an upcaster sees the event and nothing else";
    for (program, word, column) in [
        ("env", "env", 1),
        (". + env.HOME", "env", 5),
        ("[$ENV.HOME]", "$ENV", 2),
        ("{at: now}", "now", 6),
        ("0 | localtime", "localtime", 5),
        ("0 | strflocaltime(\"%Y\")", "strflocaltime", 5),
        ("halt", "halt", 1),
        ("\"é\" | halt_error", "halt_error", 7),
        ("halt_error(1)", "halt_error", 1),
        ("input", "input", 1),
        ("[inputs]", "inputs", 2),
        ("debug", "debug", 1),
        ("debug(\"x\")", "debug", 1),
        ("stderr", "stderr", 1),
        ("input_filename", "input_filename", 1),
        ("input_line_number", "input_line_number", 1),
        ("get_search_list", "get_search_list", 1),
        ("\"\\(env)\"", "env", 4),
        ("halt(0)", "halt", 1),
        ("debug_empty", "debug_empty", 1),
        ("stderr_empty", "stderr_empty", 1),
    ] {
        assert_eq!(
            wrong(program),
            format!("line 1, column {column}: `{word}` {SEES}"),
            "{program}"
        );
        assert_eq!(
            wrong(&format!("# a comment\n\n  {program}")),
            format!("line 3, column {}: `{word}` {SEES}", column + 2),
            "{program}"
        );
    }
    for (program, word) in [
        ("import \"a\" as a; .", "import"),
        ("include \"a\"; .", "include"),
        ("import \"a\" as $a; .", "import"),
        ("module {}; .", "module"),
    ] {
        assert_eq!(
            wrong(program),
            format!("line 1, column 1: `{word}` is forbidden: a program stands on its own"),
            "{program}"
        );
    }
}

#[test]
fn a_word_that_is_forbidden_is_a_name_like_any_other() {
    let fence = Arc::new(fence());
    for (program, told) in [
        ("def env: 1; env", "A 2 1"),
        (". as $ENV | [$ENV.now]", "A 2 [2]"),
        (
            "{import: .now, env: 1, debug: 2}",
            r#"A 2 {"debug":2,"env":1,"import":2}"#,
        ),
    ] {
        let chains = chains_in(&fence, program);
        assert_eq!(made(upcast(&chains, json!({"now": 2}))), told, "{program}");
    }
}

#[test]
fn a_program_that_does_not_compile_is_told_with_its_place() {
    assert_eq!(wrong("{a: 1"), "line 1, column 6: expected closing brace");
    assert_eq!(wrong(".a |\n  foo"), "line 2, column 3: there is no filter `foo`");
    assert_eq!(
        wrong("foo(1; 2)"),
        "line 1, column 1: there is no filter `foo` with 2 arguments"
    );
    assert_eq!(wrong("$x"), "line 1, column 1: there is no variable `$x`");
    assert_eq!(wrong("a::b"), "line 1, column 1: there is no module `a`");
    assert_eq!(
        wrong("foo, bar, baz"),
        "line 1, column 1: there is no filter `foo`; and 2 more errors"
    );
    assert_eq!(wrong(""), "line 1, column 1: expected term, the program ends");
    assert_eq!(wrong("1 2"), "line 1, column 3: expected nothing, met `2`");
    let chains = chains("nonsense");
    assert_eq!(
        made(upcast(&chains, json!(1))),
        "jq-invalid: does not compile: line 1, column 1: there is no filter `nonsense`"
    );
}

#[test]
fn times_are_read_and_written_in_utc_and_never_by_name() {
    let fence = Arc::new(fence());
    for (program, told) in [
        ("\"2024-05-06T07:08:09Z\" | fromdate", "A 2 1714979289"),
        ("1714979289 | todate", r#"A 2 "2024-05-06T07:08:09Z""#),
        (
            "\"06.05.2024\" | strptime(\"%d.%m.%Y\") | mktime",
            "A 2 1714953600",
        ),
        ("1714979289 | strftime(\"%H:%M %Z\")", r#"A 2 "07:08 UTC""#),
        (
            "\"2024-05-06 07:08 Europe/Prague\" | strptime(\"%Y-%m-%d %H:%M %Q\")",
            "upcaster-fails: refuses the event: strptime reads no time zone names: the machine would decide what they mean",
        ),
        (
            "\"2024-05-06 07:08 Europe/Prague\" | strptime(\"%Y-%m-%d %H:%M %:Q\")",
            "upcaster-fails: refuses the event: strptime reads no time zone names: the machine would decide what they mean",
        ),
    ] {
        let chains = chains_in(&fence, program);
        assert_eq!(made(upcast(&chains, json!({}))), told, "{program}");
    }
}

#[test]
fn the_order_of_members_is_that_of_their_names() {
    let chains = chains("keys_unsorted");
    let data: Value = serde_json::from_str(r#"{"b":1,"c":2,"a":3}"#).unwrap();
    assert_eq!(made(upcast(&chains, data)), r#"A 2 ["a","b","c"]"#);
}

/// Each program ends within its bounds, with the rule, and the next event is upcast as if nothing had been.
fn each_ends(fence: Fence, within: Duration, rule: &str, programs: &[&str]) {
    let fence = Arc::new(fence);
    for program in programs {
        let chains = chains_in(&fence, program);
        assert_eq!(chains.check(&[]), [], "{program}");
        let start = Instant::now();
        let Err(error) = upcast(&chains, json!({})) else {
            panic!("{program} ends well")
        };
        let took = start.elapsed();
        assert_eq!(error.rule().id, rule, "{program}: {error}");
        assert!(took < within, "{program} took {took:?}");
        let next = chains_in(&fence, ".");
        assert_eq!(made(upcast(&next, json!([1]))), "A 2 [1]", "after {program}");
    }
}

#[test]
fn an_endless_program_ends() {
    let time_limit = Duration::from_millis(300);
    each_ends(
        fence().time_limit(time_limit),
        time_limit + Duration::from_secs(4),
        "upcaster-timeout",
        &[
            "def f: f; f",
            "last(repeat(1))",
            "[limit(1; repeat(1) | select(. > 1))]",
            "until(false; .)",
            "reduce repeat(1) as $x (0; . + $x)",
            "label $out | foreach repeat(1) as $x (0; 1; empty)",
        ],
    );
}

#[test]
fn a_huge_program_ends() {
    // Time enough to fill the memory even on a machine that is busy; what is told must be the memory.
    let patience = Duration::from_secs(60);
    each_ends(
        fence()
            .time_limit(patience)
            .memory_limit(128 << 20)
            .output_limit(256 << 10),
        patience,
        "upcaster-limit",
        &[
            // Outputs.
            "repeat(.)",
            "range(1e12)",
            // Memory.
            "[range(1e12)]",
            "\"x\" * 1000000000",
            "\"x\" * 1000000000000000000",
            "\"xxxxxxxx\" * 9223372036854775807",
            "\"x\" | until(false; . + .)",
            "[1] | until(false; . + .)",
            // Bytes of output.
            "\"x\" * 300000",
            "[range(100000)]",
            // Depth.
            "def f: [f]; f",
            "def f: 1 + f; f",
            "reduce range(100000) as $i (0; [.])",
            "reduce range(200) as $i (0; [.])",
            "\"[\" * 1000000 | fromjson",
        ],
    );
}

#[test]
fn programs_that_are_themselves_huge_or_deep_end_within_their_bounds() {
    let fence = Arc::new(fence());
    for program in ["(".repeat(1_000_000), "[".repeat(300_000) + &"]".repeat(300_000)] {
        let chains = chains_in(&fence, &program);
        let findings = chains.check(&[]);
        assert_eq!(findings.len(), 1);
        assert!(
            ["jq-invalid", "upcaster-limit", "upcaster-timeout"].contains(&findings[0].rule.id),
            "{}",
            findings[0].rule.id
        );
    }
    assert_eq!(made(upcast(&chains_in(&fence, "."), json!(1))), "A 2 1");
}

#[test]
fn bounds_are_told_in_the_words_of_the_fence() {
    let short = Arc::new(fence().time_limit(Duration::from_millis(300)));
    assert_eq!(
        made(upcast(&chains_in(&short, "def f: f; f"), json!({}))),
        "upcaster-timeout: runs longer than 0.3 seconds"
    );
    let fence = Arc::new(
        fence()
            .time_limit(Duration::from_secs(60))
            .memory_limit(256 << 20)
            .output_limit(1000),
    );
    for (program, told) in [
        (
            "\"x\" * 1000000000",
            "upcaster-limit: needs more than 256 MiB of memory",
        ),
        (
            "\"x\" * 1000",
            "upcaster-limit: makes more than 1000 bytes of output",
        ),
        ("def f: 1 + f; f", "upcaster-limit: recurses too deeply"),
        (
            "reduce range(200) as $i (0; [.])",
            "upcaster-limit: nests its output deeper than 127 levels",
        ),
    ] {
        assert_eq!(
            made(upcast(&chains_in(&fence, program), json!({}))),
            told,
            "{program}"
        );
    }
    let outputs = chains_in(&Arc::new(self::fence()), "repeat(1)");
    assert_eq!(
        made(upcast(&outputs, json!({}))),
        "upcaster-limit: makes more than 1000 events of one"
    );
}

#[test]
fn a_program_that_passes_its_bounds_again_and_again_is_not_run_any_more() {
    let fence = Arc::new(fence().time_limit(Duration::from_millis(300)));
    let endless = chains_in(&fence, "if .a then . else until(false; .) end");
    for _ in 0..5 {
        assert_eq!(made(upcast(&endless, json!({"a": 1}))), r#"A 2 {"a":1}"#);
        assert_eq!(
            made(upcast(&endless, json!({}))),
            "upcaster-timeout: runs longer than 0.3 seconds"
        );
    }
    let start = Instant::now();
    for _ in 0..100 {
        assert_eq!(
            made(upcast(&endless, json!({}))),
            "upcaster-timeout: runs longer than 0.3 seconds, as on 5 events before; it is not run any more"
        );
    }
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(made(upcast(&chains_in(&fence, "."), json!(1))), "A 2 1");
}

#[test]
fn a_worker_that_does_not_start_is_told() {
    let told = |command: &[&str]| {
        let fence = Fence::for_command(command.iter().map(OsString::from).collect());
        made(upcast(&chains_in(&Arc::new(fence), "."), json!(1)))
    };
    assert_eq!(
        told(&[]),
        "jq-fence: cannot run, since its process `` does not start: no command was given"
    );
    let missing = told(&["/no/such/program"]);
    assert!(
        missing.starts_with(
            "jq-fence: cannot run, since its process `/no/such/program` ends before it answers: "
        ),
        "{missing}"
    );
    assert_eq!(
        told(&["/bin/sh", "-c", "read line; echo hello"]),
        "jq-fence: cannot run, since its process `/bin/sh -c read line; echo hello` is no jq worker"
    );
    let small = fence().memory_limit(1 << 20);
    let small = made(upcast(&chains_in(&Arc::new(small), "."), json!(1)));
    assert!(small.starts_with("jq-fence: cannot run"), "{small}");
}

#[test]
fn several_threads_share_one_fence() {
    let chains = Arc::new(chains("{n: (.n * 2)}"));
    let threads: Vec<_> = (0..4_u64)
        .map(|thread| {
            let chains = Arc::clone(&chains);
            std::thread::spawn(move || {
                for index in 0..50 {
                    let n = thread * 1000 + index;
                    let events = upcast(&chains, json!({"n": n})).unwrap();
                    assert_eq!(events[0].data, json!({"n": n * 2}));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Whether a process is there and has not ended.
fn is_running(id: u32) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) else {
        return false;
    };
    // The first thread of a process may be gone while others still end.
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).map_or(0, Iterator::count);
    !status.contains("State:\tZ") || threads > 1
}

fn ends_within(id: u32, time: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < time {
        if !is_running(id) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[cfg(target_os = "linux")]
#[test]
fn the_worker_ends_with_its_fence() {
    let fence = Arc::new(fence());
    assert_eq!(fence.worker_id(), None, "nothing is started before it is needed");
    let chains = chains_in(&fence, ".");
    upcast(&chains, json!(1)).unwrap();
    let worker = fence.worker_id().unwrap();
    assert!(is_running(worker));
    drop((chains, fence));
    assert!(!is_running(worker));
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_that_is_killed_from_outside_is_started_anew() {
    let fence = Arc::new(fence());
    let chains = chains_in(&fence, ".");
    upcast(&chains, json!(1)).unwrap();
    let worker = fence.worker_id().unwrap();
    assert!(
        Command::new("kill")
            .args(["-9", &worker.to_string()])
            .status()
            .unwrap()
            .success()
    );
    assert!(ends_within(worker, Duration::from_secs(10)));
    assert_eq!(made(upcast(&chains, json!(2))), "A 2 2");
    assert_ne!(fence.worker_id(), Some(worker));
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_that_is_stopped_is_ended_by_the_fence() {
    let fence = Arc::new(fence().time_limit(Duration::from_millis(100)));
    let chains = chains_in(&fence, ".");
    upcast(&chains, json!(1)).unwrap();
    let worker = fence.worker_id().unwrap();
    assert!(
        Command::new("kill")
            .args(["-STOP", &worker.to_string()])
            .status()
            .unwrap()
            .success()
    );
    while !std::fs::read_to_string(format!("/proc/{worker}/status"))
        .unwrap()
        .contains("State:\tT")
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    let error = upcast(&chains, json!(2)).unwrap_err();
    assert_eq!(error.rule().id, "upcaster-timeout");
    assert!(!is_running(worker));
    assert_eq!(made(upcast(&chains, json!(3))), "A 2 3");
}

/// The worker process as a child of this test, spoken to by hand.
fn worker() -> std::process::Child {
    let started = Command::new(env!("CARGO_BIN_EXE_pastproof"))
        .arg(JQ_WORKER)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(worker) = started else {
        panic!("the worker does not start")
    };
    worker
}

#[test]
fn the_worker_answers_line_by_line() {
    use std::io::Write as _;
    let mut worker = worker();
    worker
        .stdin
        .take()
        .unwrap()
        .write_all(
            concat!(
                r#"{"hello":{"time_ms":1000,"output_bytes":1000}}"#,
                "\n",
                r#"{"compile":{"id":0,"source":".a"}}"#,
                "\n",
                r#"{"run":{"id":0,"data":{"a":12345678901234567},"event":{}}}"#,
                "\n",
                r#"{"run":{"id":1,"data":{},"event":{}}}"#,
                "\nnonsense\n",
            )
            .as_bytes(),
        )
        .unwrap();
    let output = worker.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..4],
        [
            r#""ready""#,
            r#""compiled""#,
            r#"{"made":[12345678901234567]}"#,
            r#"{"confused":{"message":"there is no program 1"}}"#
        ]
    );
    assert!(lines[4].starts_with(r#"{"confused":"#));
}

/// What remains when the process that holds the fence is killed: a worker whose input ends while it is at work.
#[cfg(target_os = "linux")]
#[test]
fn a_worker_without_a_parent_ends_by_itself() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let mut busy = worker();
    let mut input = busy.stdin.take().unwrap();
    let mut lines = BufReader::new(busy.stdout.take().unwrap()).lines();
    writeln!(input, r#"{{"hello":{{"time_ms":700,"output_bytes":1000}}}}"#).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), r#""ready""#);
    writeln!(input, r#"{{"compile":{{"id":0,"source":"def f: f; f"}}}}"#).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), r#""compiled""#);
    writeln!(input, r#"{{"run":{{"id":0,"data":{{}},"event":{{}}}}}}"#).unwrap();
    drop((input, lines));
    assert!(
        ends_within(busy.id(), Duration::from_secs(20)),
        "the worker outlives its parent"
    );
    busy.wait().unwrap();

    let mut idle = worker();
    drop(idle.stdin.take());
    assert!(
        ends_within(idle.id(), Duration::from_secs(20)),
        "an idle worker outlives its parent"
    );
    idle.wait().unwrap();
}

/// A process that holds a fence is killed in the middle of an endless program; its worker must not outlive it.
#[cfg(target_os = "linux")]
#[test]
fn no_worker_outlives_a_killed_parent() {
    use std::io::Read as _;
    const HOLDER: &str = "PASTPROOF_TEST_HOLDS_A_FENCE";
    if std::env::var_os(HOLDER).is_some() {
        let fence = Arc::new(fence().time_limit(Duration::from_secs(1)));
        upcast(&chains_in(&fence, "."), json!(1)).unwrap();
        println!("worker {}.", fence.worker_id().unwrap());
        let _ = upcast(&chains_in(&fence, "def f: f; f"), json!(1));
        return;
    }
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "jq::no_worker_outlives_a_killed_parent", "--nocapture"])
        .env(HOLDER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = holder.stdout.take().unwrap();
    let mut said = String::new();
    let mut buffer = [0; 256];
    let worker: u32 = loop {
        let count = output.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "{said}");
        said.push_str(&String::from_utf8_lossy(&buffer[..count]));
        if let Some((id, _)) = said
            .split_once("worker ")
            .and_then(|(_, rest)| rest.split_once('.'))
        {
            break id.parse().unwrap();
        }
    };
    std::thread::sleep(Duration::from_millis(100));
    assert!(is_running(worker));
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert!(ends_within(worker, Duration::from_secs(20)));
}
