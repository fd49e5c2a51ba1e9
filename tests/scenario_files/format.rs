//! What a file may say.

use std::sync::LazyLock;

use pastproof::scenario::file::{FileError, ScenarioFile, Template, read, write};
use pastproof::scenario::json;
use proptest::prelude::*;
use serde_json::Value;

use crate::generate;

const WHOLE: &str = r#"{
  "format": "1.0",
  "subject": "account",
  "given": [
    {"type": "Opened", "version": 1, "data": {"owner": "ann"}}
  ],
  "when": [
    {"command": {"Deposit": {"cents": 500}}}
  ],
  "then": {
    "events": [
      {"type": "Deposited", "version": 2, "data": {"cents": 500}}
    ]
  }
}
"#;

fn refused(text: &str) -> FileError {
    match read("a.json", text.as_bytes()) {
        Ok(_) => panic!("this must be refused: {text}"),
        Err(error) => error,
    }
}

#[test]
fn a_file_is_read_and_written() {
    let source = read("a.json", WHOLE.as_bytes()).unwrap();
    assert_eq!(source.scenario.subject, "account");
    // As it is written by hand, but for the blanks in data.
    let written = write(&source.scenario);
    assert_eq!(
        written.replace(' ', ""),
        WHOLE.replace(' ', ""),
        "members stand in the order of the format"
    );
    assert_eq!(
        read("a.json", written.as_bytes()).unwrap().scenario,
        source.scenario
    );
}

#[test]
fn everything_has_its_line_and_its_pointer() {
    let source = read("a.json", WHOLE.as_bytes()).unwrap();
    let spot = |pointer| source.spot(pointer).unwrap().to_string();
    assert_eq!(spot(""), "1:1");
    assert_eq!(spot("/given"), "4:3");
    assert_eq!(spot("/given/0"), "5:5");
    assert_eq!(spot("/given/0/data/owner"), "5:47");
    assert_eq!(spot("/then/events/0/version"), "12:29");
    // What is not there is told at what should hold it.
    assert_eq!(spot("/then/state/cents"), "10:3");
}

#[test]
fn what_is_wrong_is_told_with_file_line_and_pointer() {
    // What is changed in the file, and what is said about it.
    let cases = [
        (
            "\"given\": [",
            "\"givn\": [",
            "a.json:4:3, at /givn: unknown field `givn`, expected one of `$schema`, `format`, `subject`, `tells`, `stream`, `at`, `ids`, `given`, `when`, `then`, `and`",
        ),
        (
            "\"format\": \"1.0\"",
            "\"format\": \"2.0\"",
            "a.json:2:3, at /format: the file has format 2.0, and this version of pastproof reads 1.0; update pastproof",
        ),
        ("\"format\": \"1.0\",\n", "", "a.json:1:1: missing field `format`"),
        (
            "\"account\"",
            "\"\"",
            "a.json:3:3, at /subject: the subject has no name",
        ),
        (
            "\"version\": 1, ",
            "",
            "a.json:5:5, at /given/0: an event lacks its `version`",
        ),
        (
            "\"type\": \"Opened\", ",
            "",
            "a.json:5:5, at /given/0: an event lacks its `type`",
        ),
        (
            ", \"data\": {\"owner\": \"ann\"}",
            "",
            "a.json:5:5, at /given/0: an event lacks its `data`",
        ),
        (
            "\"type\": \"Opened\"",
            "\"command\": 1, \"type\": \"Opened\"",
            "a.json:5:5, at /given/0: an event, a command, a scenario and a time are lines of their own",
        ),
        (
            "\"type\": \"Opened\"",
            "\"kind\": \"Opened\"",
            "a.json:5:6, at /given/0/kind: unknown field `kind`, expected one of `type`, `version`, `data`, `command`, `scenario`, `stream`, `tags`, `time`",
        ),
        (
            "\"events\": [",
            "\"event\": [",
            "a.json:11:5, at /then/event: unknown field `event`, expected one of `events`, `events_unordered`, `events_containing`, `events_starting_with`, `ignoring`, `outcome`, `error`, `error_variant`, `error_text`, `state`, `reply`, `result`, `rows`, `no_rows`, `effects`, `commands`, `scheduled`, `cancelled`, `holds`",
        ),
        (
            "{\"cents\": 500}}\n    ]",
            "{\"cents\": 500}}\n    ",
            "a.json:14:3, at /then/events: expected `,` or `]`",
        ),
        (
            "\"cents\": 500}}}",
            "\"cents\": 500, \"cents\": 500}}}",
            "a.json:8:44, at /when/0/command/Deposit: two members are named \"cents\"",
        ),
        (
            "{\"cents\": 500}}}",
            "{\"cents\": 123456789012345678901}}}",
            "a.json:8:30, at /when/0/command/Deposit/cents: a whole number beyond 64 bits, which readers round; write it as a text",
        ),
        (
            "\"ann\"",
            "{\"$bind\": \"owner\"}",
            "a.json:5:47, at /given/0/data/owner: nothing gives `owner` a value here; `$bind` belongs into `then`",
        ),
        (
            "\"cents\": 500}}}",
            "\"cents\": {\"$is\": \"sum\"}}}}",
            "a.json:8:30, at /when/0/command/Deposit/cents: nothing before this gives `sum` a value with {\"$bind\": \"sum\"}",
        ),
        (
            "\"cents\": 500}}\n",
            "\"cents\": {\"$bind\": \"sum\", \"x\": 1}}}\n",
            "a.json:12:52, at /then/events/0/data/cents: `$bind` stands alone in its object; if it is a member of the data, put the object into {\"$literal\": …}",
        ),
        (
            "\"cents\": 500}}\n",
            "\"cents\": {\"$is\": 5}}}\n",
            "a.json:12:52, at /then/events/0/data/cents: `$is` takes a name; if it is a member of the data, put the object into {\"$literal\": …}",
        ),
        (
            "\"cents\": 500}}\n",
            "\"a\": {\"$bind\": \"sum\"}, \"b\": {\"$bind\": \"sum\"}}}\n",
            "a.json:12:75, at /then/events/0/data/b: `sum` has a value already; {\"$is\": \"sum\"} stands for it",
        ),
        (
            "\"events\": [",
            "\"ignoring\": [\"at\"], \"events\": [",
            "a.json:11:18, at /then/ignoring/0: `at` is no JSON pointer; those start with `/`",
        ),
        (
            "\"events\": [",
            "\"ignoring\": [\"\"], \"events\": [",
            "a.json:11:18, at /then/ignoring/0: this ignores all of the data; name a member, as in `/at`",
        ),
        (
            "\"events\": [",
            "\"events_unordered\": [], \"events\": [",
            "a.json:11:5, at /then/events_unordered: this holds whatever happens; `\"events\": []` says that nothing is recorded",
        ),
        (
            "\"data\": {\"owner\": \"ann\"}",
            "\"data\": {\"owner\": \"ann\"}, \"tags\": {\"account\": []}",
            "a.json:5:73, at /given/0/tags/account: a tag has a value; leave the tag out",
        ),
        (
            "{\"type\": \"Opened\", \"version\": 1, \"data\": {\"owner\": \"ann\"}}",
            "{\"command\": 1, \"stream\": \"a\"}",
            "a.json:5:5, at /given/0: `stream` and `tags` belong to an event, which has `type`, `version` and `data`",
        ),
        (
            "{\"command\": {\"Deposit\": {\"cents\": 500}}}",
            "{\"passes\": \"2 days\"}",
            "a.json:8:6, at /when/0/passes: `2 days` is no length of time; write weeks, days, hours, minutes, seconds, as in `P2D` or `PT1H30M`",
        ),
        (
            "{\"command\": {\"Deposit\": {\"cents\": 500}}}",
            "{\"passes\": \"P2D\", \"time\": \"2024-02-29T12:00:00Z\"}",
            "a.json:8:5, at /when/0: a command, an event, a question and time passing are lines of their own",
        ),
        (
            "{\"command\": {\"Deposit\": {\"cents\": 500}}}",
            "{\"query\": {\"a\": 1, \"b\": 2}}",
            "a.json:8:6, at /when/0/query: a question stands under its name, as in {\"due\": {\"above\": 500}}; one without more to say is its name",
        ),
        (
            "\"events\": [",
            "\"rows\": {}, \"events\": [",
            "a.json:11:5, at /then/rows: this holds whatever happens; `\"state\": {}` says that there are no rows",
        ),
        (
            "\"events\": [",
            "\"outcome\": \"accepted\", \"events\": [",
            "a.json:11:5, at /then/outcome: unknown variant `accepted`, expected `accepted_without_events` or `ignored`",
        ),
    ];
    let mut wrong = String::new();
    for (from, to, expected) in cases {
        assert!(WHOLE.contains(from), "{from}");
        let said = refused(&WHOLE.replacen(from, to, 1)).to_string();
        if said != expected {
            wrong += &format!("expected {expected}\ngot      {said}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let nothing = r#"{"format":"1.0","subject":"a","given":[],"when":[{"command":1}],"then":{}}"#;
    assert_eq!(
        refused(nothing).to_string(),
        "a.json:1:65, at /then: this checks nothing: add `events`, `error`, `outcome`, `state` or `holds`"
    );
    let ignoring = r#"{"format":"1.0","subject":"a","given":[],"when":[{"command":1}],"then":{"state":1,"ignoring":["/at"]}}"#;
    assert_eq!(
        refused(ignoring).to_string(),
        "a.json:1:95, at /then/ignoring/0: there are no expected events in which to ignore it"
    );
}

#[test]
fn a_later_minor_version_is_read_as_far_as_it_is_known() {
    let later = WHOLE.replace("\"1.0\"", "\"1.7\"");
    assert_eq!(read("a.json", later.as_bytes()).unwrap().scenario.format, "1.7");
}

#[test]
fn null_is_a_value() {
    let text = r#"{"format":"1.0","subject":"a","given":[{"type":"A","version":1,"data":null}],"when":[{"command":null}],"then":{"error":null,"state":null}}"#;
    let scenario = read("a.json", text.as_bytes()).unwrap().scenario;
    assert_eq!(scenario.then.error, Some(Template::literal(&Value::Null)));
    assert_eq!(scenario.then.state, Some(Template::literal(&Value::Null)));
    assert_eq!(
        read("a.json", write(&scenario).as_bytes()).unwrap().scenario,
        scenario
    );
}

static PUBLISHED: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/pastproof/scenario.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

#[test]
fn the_published_schema_refuses_what_the_reader_refuses() {
    let validator = &*PUBLISHED;
    let whole: Value = serde_json::from_str(WHOLE).unwrap();
    assert!(validator.is_valid(&whole));
    let refuses = |pointer: &str, name: &str, value: Option<Value>| {
        let mut changed = whole.clone();
        let object = changed.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => object.insert(name.to_owned(), value),
            None => object.remove(name),
        };
        assert!(!validator.is_valid(&changed), "{changed}");
        assert!(
            read("a.json", changed.to_string().as_bytes()).is_err(),
            "{changed}"
        );
    };
    for name in ["format", "subject", "given", "when", "then"] {
        refuses("", name, None);
    }
    for name in ["type", "version", "data"] {
        refuses("/given/0", name, None);
        refuses("/then/events/0", name, None);
    }
    refuses("", "extra", Some(json!(1)));
    refuses("", "format", Some(json!("2.0")));
    refuses("", "subject", Some(json!("")));
    refuses("", "and", Some(json!([{"when": [], "then": {"events": []}}])));
    refuses("", "then", Some(json!({})));
    refuses("/given/0", "command", Some(json!(1)));
    refuses("/given/0", "version", Some(json!(1.5)));
    refuses("/when/0", "extra", Some(json!(1)));
    refuses("/when/0", "query", Some(json!("due")));
    refuses("/given/0", "stream", Some(json!(1)));
    refuses("/given/0", "tags", Some(json!({"a": 1})));
    refuses("/given/0", "tags", Some(json!({"a": []})));
    refuses("/then", "outcome", Some(json!("accepted")));
    refuses("/then", "extra", Some(json!(1)));
    for name in [
        "events",
        "events_containing",
        "outcome",
        "error_text",
        "holds",
        "ignoring",
    ] {
        refuses("/then", name, Some(Value::Null));
    }
    for name in ["$schema", "tells", "and"] {
        refuses("", name, Some(Value::Null));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_as_the_same(scenario in generate::file()) {
        let text = write(&scenario);
        let source = read("a.json", text.as_bytes());
        prop_assert!(source.is_ok(), "{}\n{}", source.unwrap_err(), text);
        let back: ScenarioFile = source.unwrap().scenario;
        prop_assert_eq!(&back, &scenario, "{}", text);
        prop_assert_eq!(write(&back), text);
    }

    #[test]
    fn a_written_file_is_valid_for_the_published_schema(scenario in generate::file()) {
        let validator = &*PUBLISHED;
        let value: Value = serde_json::from_str(&write(&scenario)).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}\n{value}");
    }

    #[test]
    fn a_literal_means_itself_whatever_it_holds(value in generate::value()) {
        let template = Template::literal(&value);
        let text = format!(
            r#"{{"format":"1.0","subject":"a","given":[],"when":[{{"command":{}}}],"then":{{"events":[]}}}}"#,
            template.json()
        );
        let source = read("a.json", text.as_bytes());
        prop_assert!(source.is_ok(), "{}", source.unwrap_err());
    }

    #[test]
    fn reading_never_panics(at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = WHOLE.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = with;
        if let Err(error) = read("a.json", &bytes) {
            prop_assert!(error.to_string().starts_with("a.json"));
        }
    }
}
