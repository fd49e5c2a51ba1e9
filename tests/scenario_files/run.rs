//! What a file means: the same as the scenario in code.

use std::path::Path;

use pastproof::scenario::file::{FileReader, Library, Trouble, read, write};
use pastproof::scenario::{Fixture, Invariants, Managing, Projecting, Reacting};

use crate::order::{Collecting, Debts, MoreThan, Order};
use crate::shop::{Board, Mailer, Ticket, Wallet};

pub fn invariants() -> Invariants<Wallet> {
    Invariants::new()
        .always("nobody owes", |wallet: &Wallet| wallet.cents >= 0)
        .of_history("there is a history", |_, events| !events.is_empty())
}

pub fn library(folder: &Path) -> Library {
    Library::new(folder)
        .root(folder)
        .subject("ticket", FileReader::<Ticket>::decider().error_texts())
        .subject("board", FileReader::<Projecting<Board>>::follower(Fixture::new()))
        .subject("mailer", FileReader::<Reacting<Mailer>>::follower(Fixture::new()))
        .subject(
            "debts",
            FileReader::<Projecting<Debts>>::follower(Fixture::new().query::<MoreThan>("more_than")),
        )
        .subject(
            "collecting",
            FileReader::<Managing<Collecting>>::follower(Fixture::new()),
        )
        .subject("order", FileReader::<Order>::commands(Fixture::new().as_json()))
        .subject("wallet", FileReader::<Wallet>::decider().invariants(invariants()))
}

fn run(text: &str) -> Result<(), Trouble> {
    let source = read("a.json", text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    library(Path::new("/nowhere")).run_source("a", &source)
}

#[track_caller]
fn passes(text: &str) {
    if let Err(trouble) = run(text) {
        panic!("this must pass:\n{text}\n\n{trouble}");
    }
}

#[track_caller]
fn fails(text: &str) -> String {
    match run(text) {
        Err(Trouble::Failed(failure)) => failure.to_string(),
        Err(Trouble::File(error)) => panic!("this must fail, and the file cannot be used: {error}\n{text}"),
        Ok(()) => panic!("this must fail, and it passed:\n{text}"),
    }
}

#[track_caller]
fn refused(text: &str) -> String {
    match run(text) {
        Err(Trouble::File(error)) => error.to_string(),
        Err(Trouble::Failed(failure)) => panic!("the file must be refused, and it failed: {failure}"),
        Ok(()) => panic!("the file must be refused, and it passed:\n{text}"),
    }
}

const OPENED: &str = r#"{"type":"Opened","version":1,"data":{"id":"t-1","about":"rain"}}"#;

fn noted(texts: &[&str]) -> String {
    let events: Vec<String> = texts
        .iter()
        .map(|text| format!(r#"{{"type":"Noted","version":2,"data":{{"ticket":"t-1","text":"{text}"}}}}"#))
        .collect();
    events.join(",\n      ")
}

/// Two notes on an open ticket, with these checks.
fn notes(then: &str) -> String {
    format!(
        r#"{{
  "format": "1.0",
  "subject": "ticket",
  "given": [
    {OPENED}
  ],
  "when": [
    {{"command": {{"note": {{"ticket": "t-1", "texts": ["a", "b"]}}}}}}
  ],
  "then": {{
    {then}
  }}
}}
"#
    )
}

#[test]
fn events_are_compared_exactly_unless_a_word_says_otherwise() {
    let list = |word: &str, texts: &[&str]| notes(&format!("\"{word}\": [\n      {}\n    ]", noted(texts)));
    passes(&list("events", &["a", "b"]));
    fails(&list("events", &["b", "a"]));
    fails(&list("events", &["a"]));
    fails(&list("events", &["a", "b", "b"]));
    fails(&list("events", &["a", "x"]));
    fails(&notes("\"events\": []"));
    passes(&list("events_unordered", &["b", "a"]));
    fails(&list("events_unordered", &["a", "a"]));
    fails(&list("events_unordered", &["b"]));
    passes(&list("events_containing", &["b"]));
    passes(&list("events_containing", &["a", "b"]));
    passes(&list("events_containing", &["b", "a"]));
    fails(&list("events_containing", &["a", "a"]));
    passes(&list("events_starting_with", &["a"]));
    fails(&list("events_starting_with", &["b"]));
    fails(&list("events_starting_with", &["a", "b", "c"]));
    // Nothing but what is named is ignored.
    let ignoring = |pointer: &str, texts: &[&str]| {
        notes(&format!(
            "\"events\": [{}], \"ignoring\": [\"{pointer}\"]",
            noted(texts)
        ))
    };
    passes(&ignoring("/text", &["x", "y"]));
    fails(&ignoring("/ticket", &["x", "b"]));
    fails(&ignoring("/text", &["x"]));
}

#[test]
fn rejected_ignored_and_accepted_without_events_are_three_outcomes() {
    let open = r#"{"command":{"open":{"about":"rain"}}}"#;
    let close = r#"{"command":"close"}"#;
    let closed = format!(r#"{OPENED},{{"type":"Closed","version":1,"data":{{}}}}"#);
    let checks = [
        r#""outcome":"ignored""#,
        r#""outcome":"accepted_without_events""#,
        r#""error":"NotOpen""#,
    ];
    for (given, when, right) in [(OPENED, open, 0), (closed.as_str(), close, 1), ("", close, 2)] {
        for (index, check) in checks.iter().enumerate() {
            let text = format!(
                r#"{{"format":"1.0","subject":"ticket","given":[{given}],"when":[{when}],"then":{{{check}}}}}"#
            );
            if index == right {
                passes(&text);
            } else {
                fails(&text);
            }
        }
    }
}

#[test]
fn an_error_is_expected_by_value_variant_or_text() {
    let text = |then: &str| {
        format!(
            r#"{{"format":"1.0","subject":"ticket","given":[{OPENED}],"when":[{{"command":{{"note":{{"ticket":"t-2","texts":[]}}}}}}],"then":{{{then}}}}}"#
        )
    };
    passes(&text(r#""error":{"AnotherTicket":{"id":"t-1"}}"#));
    passes(&text(r#""error_variant":"AnotherTicket""#));
    passes(&text(r#""error_text":"this is ticket t-1""#));
    passes(&text(r#""error":{"AnotherTicket":{"id":{"$bind":"id"}}}"#));
    fails(&text(r#""error":{"AnotherTicket":{"id":"t-2"}}"#));
    fails(&text(r#""error":"NotOpen""#));
    fails(&text(r#""error_variant":"NotOpen""#));
    fails(&text(r#""error_text":"this is ticket""#));
    assert_eq!(
        refused(&text(r#""error":"NotOpn""#)),
        "a.json:1:177, at /then/error: unknown variant `NotOpn`, expected `NotOpen` or `AnotherTicket`"
    );
}

/// A ticket is opened, noted on and told about, whatever its id.
const NAMED: &str = r#"{
  "format": "1.0",
  "subject": "ticket",
  "given": [],
  "when": [{"command": {"open": {"about": "rain"}}}],
  "then": {
    "events": [{"type": "Opened", "version": 1, "data": {"id": {"$bind": "ticket"}, "about": "rain"}}],
    "reply": {"$is": "ticket"}
  },
  "and": [{
    "when": [{"command": {"note": {"ticket": {"$is": "ticket"}, "texts": ["wet"]}}}],
    "then": {
      "events": [{"type": "Noted", "version": 2, "data": {"ticket": {"$is": "ticket"}, "text": "wet"}}],
      "state": {"id": {"$is": "ticket"}, "notes": 1, "closed": false}
    }
  }]
}
"#;

#[test]
fn a_value_that_the_code_made_up_is_named_once_and_used_later() {
    passes(NAMED);
    let report = fails(&NAMED.replace(
        r#""ticket": {"$is": "ticket"}, "text""#,
        r#""ticket": "t-1", "text""#,
    ));
    assert!(
        report.contains("/ticket: expected \"t-1\", got \"00000000-0000-0000-0000-000000000001\""),
        "{report}"
    );
    // An expected event that never came names nothing, and what failed is told in place of that.
    let report = fails(&NAMED.replace("\"Opened\"", "\"Closed\""));
    assert!(report.contains("the events differ"), "{report}");
    // What looks like a name and is none.
    passes(
        &notes(&format!("\"events\": [{}]", noted(&["a", "b"]))).replace("\"a\"", "{\"$literal\": \"a\"}"),
    );
}

#[test]
fn those_that_follow_events_are_handed_events() {
    let text = |subject: &str, then: &str| {
        format!(
            r#"{{"format":"1.0","subject":"{subject}","given":[{OPENED}],"when":[{OPENED}],"then":{{{then}}}}}"#
        )
    };
    passes(&text("board", r#""state":{"rain":2}"#));
    fails(&text("board", r#""state":{"rain":1}"#));
    passes(&text("mailer", r#""effects":[{"Mail":{"about":"rain"}}]"#));
    fails(&text("mailer", r#""effects":[]"#));
    fails(&text("mailer", r#""effects":[{"Mail":{"about":"sun"}}]"#));
    assert_eq!(
        refused(&text("ticket", r#""events":[]"#)),
        "a.json:1:119, at /when/0: ticket is asked commands and follows no events"
    );
    let command =
        r#"{"format":"1.0","subject":"board","given":[],"when":[{"command":1}],"then":{"state":{}}}"#;
    assert_eq!(
        refused(command),
        "a.json:1:55, at /when/0/command: board follows events and takes no commands"
    );
    let nothing = format!(
        r#"{{"format":"1.0","subject":"board","given":[{OPENED}],"when":[],"then":{{"state":{{"rain":1}}}}}}"#
    );
    passes(&nothing);
}

#[test]
fn a_history_is_events_commands_and_the_end_of_another_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, text: &str| {
        let path = folder.path().join(format!("{name}.json"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    save(
        "tickets/open",
        r#"{"format":"1.0","subject":"ticket","given":[],"when":[{"command":{"open":{"about":"rain"}}}],"then":{"events":[{"type":"Opened","version":1,"data":{"id":{"$bind":"id"},"about":"rain"}}]}}"#,
    );
    let close = |given: &str| {
        format!(
            r#"{{"format":"1.0","subject":"ticket","given":[{given}],"when":[{{"command":"close"}}],"then":{{"events":[{{"type":"Closed","version":1,"data":{{}}}}]}}}}"#
        )
    };
    save("tickets/close", &close(r#"{"scenario":"tickets/open"}"#));
    save("tickets/close_again", &close(r#"{"scenario":"tickets/close"}"#));
    save("by_command", &close(r#"{"command":{"open":{"about":"sun"}}}"#));
    save("never_opened", &close(r#"{"command":"close"}"#));
    save("circle", &close(r#"{"scenario":"circle"}"#));
    save("nowhere", &close(r#"{"scenario":"../tickets/open"}"#));
    save("broken", &close(r#"{"scenario":"tickets/close_again"}"#));
    save(
        "board",
        r#"{"format":"1.0","subject":"board","given":[{"scenario":"tickets/close"}],"when":[],"then":{"state":{"rain":1}}}"#,
    );
    let library = library(folder.path());
    let names: Vec<String> = library
        .find()
        .unwrap()
        .into_iter()
        .map(|found| found.name)
        .collect();
    assert_eq!(
        names,
        [
            "board",
            "broken",
            "by_command",
            "circle",
            "never_opened",
            "nowhere",
            "tickets/close",
            "tickets/close_again",
            "tickets/open"
        ]
    );
    let said = |name: &str| {
        let told = library.run(name).unwrap_err().to_string();
        told.lines().take(2).collect::<Vec<_>>().join(" | ")
    };
    for name in ["tickets/open", "tickets/close", "by_command", "board"] {
        library
            .run(name)
            .unwrap_or_else(|trouble| panic!("{name}: {trouble}"));
    }
    let told = [
        "tickets/close_again",
        "never_opened",
        "circle",
        "nowhere",
        "broken",
        "absent",
    ]
    .map(said)
    .join("\n");
    crate::snapshot("scenario_file_histories", &told);
}

#[test]
fn a_failed_file_is_told_as_every_failed_scenario_with_lines_of_the_file() {
    let text = notes(
        "\"events\": [\n      {\"type\": \"Noted\", \"version\": 2, \"data\": {\"ticket\": \"t-1\", \"text\": \"b\"}}\n    ]",
    );
    crate::snapshot("scenario_file_failed", &fails(&text));
    let text = r#"{
  "format": "1.0",
  "subject": "wallet",
  "tells": "A wallet holds what was paid in.",
  "given": [{"type": "PaidIn", "version": 1, "data": {"cents": 20}}],
  "when": [{"command": {"PayOut": {"cents": 2000}}}],
  "then": {
    "error": "TooLittle",
    "holds": ["nobody owes"]
  }
}
"#;
    crate::snapshot("scenario_file_failed_in_two_ways", &fails(text));
}

#[test]
fn what_a_file_gets_wrong_about_the_code_is_told_at_its_place() {
    let text = |subject: &str, command: &str, then: &str| {
        format!(
            "{{\"format\":\"1.0\",\"subject\":\"{subject}\",\"given\":[],\n\"when\":[{{\"command\":{command}}}],\n\"then\":{{{then}}}}}"
        )
    };
    let told = [
        text("tikcet", "1", "\"events\":[]"),
        text("ticket", "\"clsoe\"", "\"events\":[]"),
        text("ticket", "{\"open\":{\"abuot\":\"rain\"}}", "\"events\":[]"),
        text("ticket", "{\"open\":{\"about\":7}}", "\"events\":[]"),
        text(
            "ticket",
            "{\"open\":{\"about\":\"rain\",\"abuot\":1}}",
            "\"events\":[]",
        ),
        text("wallet", "{\"PayIn\":{\"cents\":-1}}", "\"events\":[]"),
        text(
            "wallet",
            "{\"PayIn\":{\"cents\":1}}",
            "\"holds\":[\"nobody ows\"]",
        ),
        text("ticket", "\"close\"", "\"holds\":[\"x\"]"),
        text("wallet", "{\"PayIn\":{\"cents\":1}}", "\"error_text\":\"no\""),
    ]
    .map(|text| refused(&text))
    .join("\n");
    crate::snapshot("scenario_file_refused", &told);
}

#[test]
fn the_files_of_the_example_stand_as_they_are_written() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios"));
    let found = Library::new(folder).find().unwrap();
    assert!(found.len() >= 7, "{found:?}");
    for file in found {
        let text = std::fs::read_to_string(&file.path).unwrap();
        let scenario = read(&file.name, text.as_bytes()).unwrap().scenario;
        let written = write(&scenario);
        if std::env::var_os("PASTPROOF_UPDATE").is_some() {
            std::fs::write(&file.path, &written).unwrap();
            continue;
        }
        assert!(
            written == text,
            "{} stands in another way than it is written; PASTPROOF_UPDATE=1 cargo test --test scenario_files writes it anew",
            file.path.display()
        );
    }
}

/// One file about the shop's read model or its process manager.
fn of_orders(subject: &str, given: &str, when: &str, then: &str) -> String {
    format!(
        "{{\"format\":\"1.0\",\"subject\":\"{subject}\",\"at\":\"2024-02-28T12:00:00Z\",\n\"given\":[{given}],\n\"when\":[{when}],\n\"then\":{{{then}}}}}"
    )
}

fn placed(order: &str, cents: u32, more: &str) -> String {
    format!(
        r#"{{"type":"Placed","version":1,"data":{{"order":"{order}","cents":{cents},"at":"then"}}{more}}}"#
    )
}

#[test]
fn read_models_are_asked_questions_and_looked_at_row_by_row() {
    let given = [
        placed("o-1", 500, r#","stream":"order-1""#),
        placed(
            "o-2",
            900,
            r#","stream":"order-2","tags":{"customer":["ann","bob"]}"#,
        ),
    ]
    .join(",");
    let debts = |when: &str, then: &str| of_orders("debts", &given, when, then);
    passes(&debts(r#"{"query":{"more_than":600}}"#, r#""result":["o-2"]"#));
    passes(&debts(
        r#"{"query":{"more_than":600}},{"query":{"more_than":400}}"#,
        r#""result":["o-1","o-2"],"rows":{"o-1":{"cents":500}},"no_rows":["o-3"]"#,
    ));
    passes(&debts("", r#""state":{"o-1":{"cents":500},"o-2":{"cents":900}}"#));
    let told = [
        fails(&debts(r#"{"query":{"more_than":600}}"#, r#""result":["o-1"]"#)),
        fails(&debts(
            "",
            r#""rows":{"o-1":{"cents":5},"o-3":{"cents":1}},"no_rows":["o-2"]"#,
        )),
        fails(&debts("", r#""result":[]"#)),
    ]
    .join("\n\n");
    crate::snapshot("scenario_file_read_models", &told);
    let refused = [
        refused(&debts(r#"{"query":{"mor_than":600}}"#, r#""result":[]"#)),
        refused(&debts(r#"{"query":{"more_than":"x"}}"#, r#""result":[]"#)),
        refused(&of_orders("ticket", "", r#"{"query":"due"}"#, r#""result":[]"#)),
        refused(&of_orders(
            "ticket",
            "",
            r#"{"command":"close"}"#,
            r#""rows":{"a":1}"#,
        )),
    ]
    .join("\n");
    crate::snapshot("scenario_file_questions_refused", &refused);
}

#[test]
fn time_passes_for_a_while_or_to_a_moment() {
    let given = placed("o-1", 500, "");
    let collecting = |given: &str, when: &str, then: &str| of_orders("collecting", given, when, then);
    let warned = r#""events":[{"type":"Reminded","version":1,"data":{"order":"o-1"}}],"commands":[{"Warn":{"order":"o-1"}}],
        "scheduled":[{"timeout":"Remind { order: \"o-1\" }","due":"2024-03-01T12:00:00Z"}]"#;
    passes(&collecting(
        &given,
        r#"{"passes":"PT23H59M59S"}"#,
        r#""outcome":"accepted_without_events""#,
    ));
    passes(&collecting(&given, r#"{"passes":"P1D"}"#, warned));
    passes(&collecting(&given, r#"{"time":"2024-02-29T12:00:00Z"}"#, warned));
    // A given event happened at the time that is set before it.
    let earlier =
        format!("{{\"time\":\"2024-02-28T10:00:00Z\"}},{given},{{\"time\":\"2024-02-28T11:00:00Z\"}}");
    passes(&collecting(
        &earlier,
        r#"{"passes":"PT22H59M"}"#,
        r#""outcome":"accepted_without_events""#,
    ));
    let said = fails(&collecting(
        &earlier,
        r#"{"passes":"PT23H"}"#,
        r#""outcome":"accepted_without_events""#,
    ));
    assert!(said.contains("sent Warn { order: \"o-1\" }"), "{said}");
    let said = fails(&collecting(
        &given,
        r#"{"time":"2024-02-28T11:59:59Z"}"#,
        r#""events":[]"#,
    ));
    assert!(said.contains("time runs backwards"), "{said}");
}

#[test]
fn streams_and_tags_stand_at_their_events() {
    let opened =
        |more: &str| format!(r#"{{"type":"Opened","version":1,"data":{{"id":"t-1","about":"rain"}}{more}}}"#);
    let ticket = |given: &str| {
        format!(
            "{{\"format\":\"1.0\",\"subject\":\"ticket\",\"given\":[{given}],\"when\":[{{\"command\":\"close\"}}],\"then\":{{\"events\":[{{\"type\":\"Closed\",\"version\":1,\"data\":{{}}}}]}}}}"
        )
    };
    passes(&ticket(&opened(
        r#","stream":"ticket-1","tags":{"about":"rain"}"#,
    )));
    // An aggregate folds no other stream than its own, which is the first one that is named.
    let both = format!(
        "{},{}",
        opened(r#","stream":"ticket-1""#),
        opened(r#","stream":"ticket-2","tags":{"about":["rain","snow"]}"#)
    );
    crate::snapshot("scenario_file_streams", &fails(&ticket(&both)));
}

#[test]
fn the_end_of_another_scenario_has_its_time_its_ids_and_its_streams() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "placed.json",
        &of_orders(
            "collecting",
            "",
            &placed("o-1", 500, ""),
            r#""scheduled":[{"timeout":"Remind { order: \"o-1\" }","due":"2024-02-29T12:00:00Z"}]"#,
        )
        .replace("\"at\"", "\"stream\":\"order-1\",\"at\""),
    );
    let warned = |passes: &str| {
        format!(
            r#"{{"format":"1.0","subject":"collecting","given":[{{"scenario":"placed"}}],
"when":[{{"passes":"{passes}"}}],"then":{{"commands":[{{"Warn":{{"order":"o-1"}}}}],
"events":[{{"type":"Reminded","version":1,"data":{{"order":"o-1"}}}}],
"scheduled":[{{"timeout":"Remind {{ order: \"o-1\" }}","due":"2024-03-01T12:00:00Z"}}]}}}}"#
        )
    };
    write("warned.json", &warned("P1D"));
    write("too_early.json", &warned("PT23H"));
    write(
        "opened.json",
        r#"{"format":"1.0","subject":"ticket","given":[],"when":[{"command":{"open":{"about":"rain"}}}],
"then":{"reply":"00000000-0000-0000-0000-000000000001"},
"and":[{"when":[{"command":"close"}],"then":{"events":[{"type":"Closed","version":1,"data":{}}]}}]}"#,
    );
    // Whoever begins there takes the next id.
    write(
        "again.json",
        r#"{"format":"1.0","subject":"order","given":[{"scenario":"no_order"}],"when":[{"command":{"Place":{"cents":5}}}],
"then":{"events":[{"type":"Placed","version":1,"data":{"order":"00000000-0000-0000-0000-000000000004","cents":5,"at":"1970-01-01T00:00:00Z"}}],"effects":[{"Mail":{"to":"ann"}}]}}"#,
    );
    write(
        "no_order.json",
        r#"{"format":"1.0","subject":"order","ids":3,"given":[],"when":[{"command":"HowMuch"}],"then":{"reply":{"Due":{"cents":0}}}}"#,
    );
    let library = library(folder.path());
    for name in ["placed", "warned", "opened", "no_order", "again"] {
        library
            .run(name)
            .unwrap_or_else(|trouble| panic!("{name}: {trouble}"));
    }
    let said = library.run("too_early").unwrap_err().to_string();
    assert!(said.contains("the end of `placed`"), "{said}");
    assert!(said.contains("in order-1"), "{said}");
}
