//! Decisions of a live handler: what is written for each, and that it is read back.

use std::collections::BTreeMap;
use std::fmt;

use pastproof::model::{Event as _, Version};
use pastproof::recording::recorder::{Asked, Counts, Options, Recorder, append_to};
use pastproof::recording::{Decision, Line, Outcome, Reader, parse_line, write_decision};
use proptest::prelude::*;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json, value::RawValue};

use super::common::raw;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Opened {
    pub owner: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Deposited {
    pub cents: u64,
}

pastproof::events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum AccountEvent {
        Opened(Opened) = 1,
        Deposited(Deposited) as "money-deposited" = "1.2.0",
    }
}

#[derive(Serialize)]
enum Command {
    Open {
        owner: String,
    },
    Deposit(u64),
    Move(u64, &'static str),
    #[serde(rename = "audit \"all\"")]
    Audit,
}

#[derive(Debug, PartialEq, Serialize)]
enum Refusal {
    NotOpen,
    TooLittle { missing: u64 },
}

/// The lines of what `record` records, without line ends, and the counts.
fn recorded(record: impl FnOnce(&Recorder)) -> (Vec<String>, Counts) {
    let (recorder, writer) = Recorder::new(Options::default());
    record(&recorder);
    drop(recorder);
    let mut file = Vec::new();
    let counts = writer.run(&mut file);
    let text = String::from_utf8(file).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
    (text.lines().map(str::to_owned).collect(), counts)
}

fn one(record: impl FnOnce(&Recorder)) -> String {
    let (mut lines, counts) = recorded(record);
    assert_eq!((lines.len(), counts.written), (1, 1));
    lines.remove(0)
}

fn decision(line: &str) -> Decision {
    match parse_line(line.as_bytes()).unwrap() {
        Line::Decision(decision) => decision,
        Line::Event(event) => panic!("{event:?} is no decision"),
    }
}

/// What stands in the line of a command.
fn command<C: Serialize + ?Sized>(command: &C) -> String {
    let line = one(|recorder| recorder.asked("a", None, command).ignored());
    let text = line.strip_prefix(r#"{"kind":"decision","s":"a","cmd":"#).unwrap();
    text.strip_suffix(r#","outcome":"ignored"}"#).unwrap().to_owned()
}

#[test]
fn events_are_recorded_with_type_version_and_data() {
    let line = one(|recorder| {
        let open = Command::Open {
            owner: "Žofie".to_owned(),
        };
        let events = vec![
            AccountEvent::from(Opened {
                owner: "Žofie".to_owned(),
            }),
            Deposited { cents: 5 }.into(),
        ];
        let answer = recorder.record("account-7", Some(3), &open, || Ok::<_, Refusal>(events.clone()));
        assert_eq!(answer, Ok(events), "the answer is handed through");
    });
    assert_eq!(
        line,
        concat!(
            r#"{"kind":"decision","s":"account-7","n":3,"cmd":{"t":"Open","d":{"owner":"Žofie"}},"#,
            r#""outcome":{"events":[{"t":"Opened","v":1,"d":{"owner":"Žofie"}},"#,
            r#"{"t":"money-deposited","v":"1.2.0","d":{"cents":5}}]}}"#
        )
    );
}

#[test]
fn rejected_accepted_without_events_and_ignored_are_three_outcomes() {
    let outcome = |record: &dyn Fn(Asked)| {
        let line = one(|recorder| record(recorder.asked("a", Some(0), &Command::Audit)));
        let (_, outcome) = line.split_once(r#""outcome":"#).unwrap();
        outcome.strip_suffix('}').unwrap().to_owned()
    };
    let answered = |answer: Result<Vec<AccountEvent>, Refusal>| outcome(&|asked| asked.answered(&answer));
    assert_eq!(answered(Ok(vec![])), r#"{"events":[]}"#);
    assert_eq!(answered(Err(Refusal::NotOpen)), r#"{"rejected":"NotOpen"}"#);
    assert_eq!(
        answered(Err(Refusal::TooLittle { missing: 2 })),
        r#"{"rejected":{"TooLittle":{"missing":2}}}"#
    );
    assert_eq!(
        outcome(&|asked| asked.rejected_text("no \"way\"")),
        r#"{"rejected":"no \"way\""}"#
    );
    assert_eq!(outcome(&Asked::ignored), r#""ignored""#);
    let stored = [
        ("Opened", None, json!({})),
        ("Closed", Some(Version::from(2)), json!(null)),
    ];
    assert_eq!(
        outcome(&|asked| asked.stored_events(stored.clone())),
        r#"{"events":[{"t":"Opened","d":{}},{"t":"Closed","v":2,"d":null}]}"#
    );
}

#[test]
fn the_variant_is_the_type_of_a_command() {
    #[derive(Serialize)]
    struct Rename {
        to: &'static str,
    }
    #[derive(Serialize)]
    struct Wrapped(Command);
    #[derive(Serialize)]
    #[serde(tag = "type")]
    enum Tagged {
        Rename { to: &'static str },
    }
    #[derive(Serialize)]
    struct Of<T> {
        of: T,
    }
    assert_eq!(command(&Command::Deposit(5)), r#"{"t":"Deposit","d":5}"#);
    assert_eq!(command(&Command::Move(5, "b")), r#"{"t":"Move","d":[5,"b"]}"#);
    assert_eq!(command(&Command::Audit), r#"{"t":"audit \"all\"","d":null}"#);
    assert_eq!(command(&Wrapped(Command::Deposit(5))), r#"{"t":"Deposit","d":5}"#);
    assert_eq!(command(&Some(Command::Deposit(5))), r#"{"t":"Deposit","d":5}"#);
    assert_eq!(command(&Rename { to: "b" }), r#"{"t":"Rename","d":{"to":"b"}}"#);
    assert_eq!(command(&Of { of: vec![1] }), r#"{"t":"Of","d":{"of":[1]}}"#);
    assert_eq!(
        command(&Tagged::Rename { to: "b" }),
        r#"{"t":"Tagged","d":{"type":"Rename","to":"b"}}"#
    );
    let line = one(|recorder| {
        recorder
            .asked_as("a", None, "rename", &json!({"to": 1}))
            .ignored();
    });
    assert!(line.contains(r#""cmd":{"t":"rename","d":{"to":1}}"#), "{line}");
}

#[test]
fn the_line_ends_of_raw_json_become_spaces() {
    #[derive(Serialize)]
    struct Raw(Box<RawValue>);
    let line = one(|recorder| {
        recorder
            .asked("a", None, &Raw(raw("{\n  \"x\": \"a\\nb\"\r\n}")))
            .ignored();
    });
    assert!(line.contains(r#""d":{   "x": "a\nb"  }"#), "{line}");
    decision(&line);
}

/// Whose `Serialize` fails, panics, or names a variant and writes something else.
enum Odd {
    Fails,
    Panics,
    Lies,
}

impl Serialize for Odd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fails => BTreeMap::from([((1, 2), 3)]).serialize(serializer),
            Self::Panics => panic!("a panic while serializing"),
            // A human-readable format is told something else.
            Self::Lies if serializer.is_human_readable() => {
                thread_local!(static TURN: std::cell::Cell<bool> = const { std::cell::Cell::new(false) });
                if TURN.replace(true) {
                    serializer.serialize_str("something else")
                } else {
                    serializer.serialize_newtype_variant("Odd", 0, "Lies", &1)
                }
            }
            Self::Lies => serializer.serialize_unit(),
        }
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

#[test]
fn what_does_not_serialize_costs_its_line_and_never_the_call() {
    let (lines, counts) = recorded(|recorder| {
        for odd in [Odd::Fails, Odd::Panics, Odd::Lies] {
            let answer: Result<Vec<AccountEvent>, Refusal> = recorder.record("a", None, &odd, || Ok(vec![]));
            assert_eq!(answer, Ok(vec![]));
        }
        for odd in [Odd::Fails, Odd::Panics] {
            let answer: Result<Vec<AccountEvent>, Odd> =
                recorder.record("a", None, &Command::Audit, || Err(odd));
            assert!(answer.is_err());
        }
        recorder.asked("a", None, &Command::Audit).ignored();
        recorder.asked("a", None, &Command::Audit).ignored();
    });
    assert_eq!((counts.unwritable, counts.written, counts.dropped), (5, 2, 0));
    assert_eq!(decision(&lines[0]).dropped, 5, "the file tells of them");
    assert_eq!(decision(&lines[1]).dropped, 0, "and tells it once");
}

#[test]
fn a_handler_that_panics_goes_on_panicking() {
    let (lines, counts) = recorded(|recorder| {
        let panicked = std::panic::catch_unwind(|| {
            recorder.record(
                "a",
                None,
                &Command::Audit,
                || -> Result<Vec<AccountEvent>, Refusal> { panic!("the handler's own") },
            )
        });
        let panic = panicked.unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"the handler's own"));
    });
    assert_eq!((lines.len(), counts.unanswered, counts.dropped), (0, 1, 0));
}

#[test]
fn a_future_is_recorded_when_it_ends_and_not_when_it_is_dropped() {
    use std::task::{Context, Poll, Waker};
    let (lines, counts) = recorded(|recorder| {
        let handler = async { Ok::<_, Refusal>(vec![AccountEvent::from(Deposited { cents: 1 })]) };
        let mut ready = Box::pin(recorder.record_async("a", None, &Command::Deposit(1), handler));
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(ready.as_mut().poll(&mut context), Poll::Ready(Ok(events)) if events.len() == 1));
        let handler = std::future::pending::<Result<Vec<AccountEvent>, Refusal>>();
        let mut pending = Box::pin(recorder.record_async("a", None, &Command::Deposit(1), handler));
        assert!(pending.as_mut().poll(&mut context).is_pending());
    });
    assert_eq!((lines.len(), counts.written, counts.unanswered), (1, 1, 1));
}

#[test]
fn the_reader_of_recordings_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decisions.ndjson");
    for revision in 0..3 {
        let (recorder, writer) = Recorder::new(Options::default());
        let command = Command::Deposit(revision);
        let events = vec![AccountEvent::from(Deposited { cents: revision })];
        let _ = recorder.record("account-7", Some(revision), &command, || Ok::<_, Refusal>(events));
        drop(recorder);
        assert_eq!(writer.run(append_to(&path).unwrap()).written, 1);
    }
    let mut revisions = Vec::new();
    for line in Reader::open(&path).unwrap() {
        let (_, Line::Decision(decision)) = line.unwrap() else {
            panic!("only decisions were recorded")
        };
        let Outcome::Events(events) = decision.outcome else {
            panic!("all were accepted")
        };
        let event = AccountEvent::decode(&events[0].event_type, events[0].data.get()).unwrap();
        revisions.push((decision.revision.unwrap(), event));
    }
    let expected = (0..3).map(|cents| (cents, Deposited { cents }.into()));
    assert_eq!(revisions, expected.collect::<Vec<_>>());
}

/// Where JSON values go on from texts and numbers.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// What is recorded is one line, which reads back as what was recorded, and is written by the other writer of
    /// decisions in the same bytes.
    #[test]
    fn a_recorded_decision_reads_back_as_it_was(
        stream in any::<String>(),
        revision in any::<Option<u64>>(),
        command_type in any::<String>(),
        data in any_value(),
        outcome in prop_oneof![
            Just(None),
            any_value().prop_map(|error| Some(Err(error))),
            prop::collection::vec((any::<String>(), any::<Option<u64>>(), any_value()), 0..4)
                .prop_map(|events| Some(Ok(events))),
        ],
    ) {
        let line = one(|recorder| {
            let asked = recorder.asked_as(&stream, revision, &command_type, &data);
            match &outcome {
                None => asked.ignored(),
                Some(Err(error)) => asked.rejected(error),
                Some(Ok(events)) => asked.stored_events(
                    events.iter().map(|(name, version, data)| (name, version.map(Version::from), data)),
                ),
            }
        });
        let decision = decision(&line);
        let mut again = String::new();
        write_decision(&decision, &mut again);
        let value = |text: &RawValue| serde_json::from_str::<Value>(text.get()).unwrap();
        prop_assert_eq!(
            serde_json::from_str::<Value>(&again).unwrap(),
            serde_json::from_str::<Value>(&line).unwrap()
        );
        prop_assert_eq!((decision.stream, decision.revision, decision.command_type), (stream, revision, command_type));
        prop_assert_eq!(value(&decision.command), data);
        match (decision.outcome, outcome) {
            (Outcome::Ignored, None) => {}
            (Outcome::Rejected(error), Some(Err(expected))) => prop_assert_eq!(value(&error), expected),
            (Outcome::Events(events), Some(Ok(expected))) => {
                let events = events.iter().map(|event| {
                    let version = event.version.as_ref().map(|version| version.to_string().parse().unwrap());
                    (event.event_type.clone(), version, value(&event.data))
                });
                prop_assert_eq!(events.collect::<Vec<_>>(), expected);
            }
            (outcome, expected) => prop_assert!(false, "{:?} was {:?}", outcome, expected),
        }
    }
}
