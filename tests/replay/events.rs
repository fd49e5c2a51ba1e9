//! Single events that go wrong, and what the rest makes of it.

use std::collections::BTreeSet;

use pastproof::replay::{self, Progress};

use crate::bed::{Bed, event, history, history_with, text};
use crate::domain::{Account, Hashed, Mean, Superstitious};

const NOT_SHOWN: &str = "warn not-checked | the rows of read model `balances` are not checked: it could not be \
                         shown, or did not take, 1 event";

/// What a replay finds when the last event of account 2 is another one.
fn last(kind: &str, data: &str) -> Vec<String> {
    let bed = Bed::global(&history_with(6, event("account-2", 2, 7, kind, data)));
    text(&bed.run().findings)
}

#[test]
fn a_good_history_has_nothing_to_say() {
    let bed = Bed::global(&history());
    let replayed = bed.run();
    assert_eq!(text(&replayed.findings), [""; 0]);
    assert!(replayed.is_clean());
    assert_eq!(
        (replayed.events, replayed.streams, replayed.differences),
        (7, 2, 0)
    );
    let counts = &replayed.counts;
    assert_eq!(
        (counts.upcast, counts.folded, counts.dropped, counts.not_folded),
        (3, 6, 1, 0)
    );
    let stored: Vec<_> = counts
        .stored
        .iter()
        .flat_map(|(event_type, versions)| {
            versions
                .iter()
                .map(move |(version, count)| format!("{event_type}:{version} {count}"))
        })
        .collect();
    assert_eq!(
        stored,
        [
            "Audited:1 1",
            "Deposited:1 1",
            "Deposited:2 1",
            "Moved:1 1",
            "Opened:1 2",
            "Withdrawn:1 1"
        ]
    );

    let mut written = Vec::new();
    replayed.baseline().unwrap().write(&mut written).unwrap();
    let written = String::from_utf8(written).unwrap();
    let lines: Vec<_> = written.lines().collect();
    assert!(
        lines[1].starts_with(r#"{"s":"account-1","c":"account","n":3,"digest":""#)
            && lines[1].ends_with(r#""state":{"balance":695,"currencies":{"EUR":1},"owner":"Ana"}}"#),
        "{}",
        lines[1]
    );
    assert!(
        lines[3].ends_with(
            r#""sample":[["account-1",{"balance":695,"withdrawals":2}],["account-2",{"balance":480,"withdrawals":1}]]}"#
        ),
        "{}",
        lines[3]
    );
}

#[test]
fn an_event_that_its_schema_refuses_is_found() {
    assert_eq!(
        last("Withdrawn", r#"{"cents":"a secret"}"#),
        [
            "deny invalid-event account-2@2 Withdrawn:1 /cents | not a valid Withdrawn 1: the value is not of type \
             \"integer\"",
            NOT_SHOWN
        ]
    );
    assert!(last("Withdrawn", r#"{"cents":"s","more":1}"#)[0].ends_with("; and 1 more violation"));
}

#[test]
fn an_event_that_the_catalogue_does_not_know_is_found() {
    assert_eq!(
        last("Unheard", "{}"),
        [
            "deny unknown-type account-2@2 Unheard:1 | the catalogue has no type `Unheard`",
            NOT_SHOWN
        ]
    );
    assert_eq!(
        last("Withdrawn:9", "{}"),
        [
            "deny unknown-version account-2@2 Withdrawn:9 | the catalogue has no version 9 of `Withdrawn`",
            NOT_SHOWN
        ]
    );
}

#[test]
fn an_event_that_the_schema_lets_pass_and_the_type_does_not_is_found() {
    assert_eq!(
        last("Withdrawn", r#"{"cents":-5}"#),
        [
            "deny event-unreadable account-2@2 Withdrawn:1 /cents | the code cannot read Withdrawn 1: invalid value: \
             integer `-#`, expected u32",
            NOT_SHOWN
        ]
    );
    let bed = Bed::global(&history_with(
        6,
        event("account-2", 2, 7, "Withdrawn", r#"{"cents":-5}"#),
    ));
    let shown = bed.run_with(|request| request.show_values = true);
    assert!(
        shown.findings[0]
            .message
            .ends_with("invalid value: integer `-5`, expected u32"),
        "values are shown when asked for"
    );
}

#[test]
fn an_event_that_is_not_json_is_found() {
    let line = r#"{"s":"account-2","n":2,"g":7,"t":"Withdrawn","ct":"application/x-protobuf","b":"AAEC"}"#;
    let bed = Bed::global(&history_with(6, line.to_owned()));
    assert_eq!(
        text(&bed.run().findings)[0],
        "deny event-unreadable account-2@2 Withdrawn:1 | the data is `application/x-protobuf`, not JSON"
    );
}

#[test]
fn an_event_that_nothing_upcasts_is_found() {
    let found = last("Forgotten", "{}");
    assert!(
        found[0].starts_with("deny upcaster-missing account-2@2 Forgotten:1 | "),
        "{found:?}"
    );
    assert_eq!(found[1..], [NOT_SHOWN]);
}

#[test]
fn an_upcaster_that_goes_wrong_is_found() {
    let found = last("Deposited", r#"{"cents":13}"#);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("deny upcaster-fails account-2@2 Deposited:1 | ")
            && found[0].contains("amount # of the old format"),
        "{found:?}"
    );
    let found = last("Deposited", r#"{"cents":14}"#);
    assert!(
        found[0].starts_with("deny upcaster-panics account-2@2 Deposited:1 | ")
            && found[0].contains("cannot upcast #"),
        "{found:?}"
    );
    assert_eq!(
        last("Deposited", r#"{"cents":-1}"#),
        [
            "deny upcaster-invalid-output account-2@2 Deposited:1 /cents | upcasting Deposited makes no valid \
             Deposited 2: the value is less than the minimum of 0",
            NOT_SHOWN
        ]
    );
}

#[test]
fn a_type_that_the_aggregate_does_not_have_is_found() {
    let mut bed = Bed::global(&history());
    bed.aggregates = vec![
        replay::aggregate::<Account>("till"),
        replay::aggregate::<Narrow>("account"),
    ];
    let found = text(&bed.run().findings);
    assert_eq!(
        found[..2],
        [
            "deny event-unreadable account-1@1 Deposited:1 | the code cannot read Deposited 2: Deposited is not an \
             event of NarrowEvent",
            "deny event-unreadable account-2@1 Deposited:2 | the code cannot read Deposited 2: Deposited is not an \
             event of NarrowEvent",
        ]
    );
}

pastproof::events! {
    pub enum NarrowEvent {
        Opened(crate::domain::Opened) = 1,
        Withdrawn(crate::domain::Withdrawn) = 7,
    }
}

#[derive(Default, serde::Serialize)]
struct Narrow {}

impl pastproof::model::Aggregate for Narrow {
    type Command = ();
    type Event = NarrowEvent;
    type Error = ();
    fn handle(&self, (): &()) -> Result<Vec<NarrowEvent>, ()> {
        Ok(Vec::new())
    }
    fn apply(&mut self, _: &NarrowEvent) {}
}

#[test]
fn a_version_that_the_aggregate_does_not_read_is_found() {
    let line = event("account-1", 0, 1, "Withdrawn", r#"{"cents":5}"#);
    let mut bed = Bed::global(&[line]);
    bed.aggregates = vec![replay::aggregate::<Narrow>("account")];
    assert_eq!(
        text(&bed.run().findings)[0],
        "deny event-unreadable account-1@0 Withdrawn:1 | the code reads version 7 of `Withdrawn`, and the event is \
         at version 1"
    );
}

#[test]
fn a_panic_in_apply_ends_its_stream_and_nothing_else() {
    let mut lines = history_with(6, event("account-2", 2, 7, "Withdrawn", r#"{"cents":666}"#));
    lines.push(event("account-2", 3, 8, "Withdrawn", r#"{"cents":1}"#));
    lines.push(event("account-3", 0, 9, "Withdrawn", r#"{"cents":666}"#));
    lines.push(event("account-1", 4, 10, "Withdrawn", r#"{"cents":1}"#));
    let bed = Bed::global(&lines).with::<Superstitious>();
    let replayed = bed.run();
    assert_eq!(
        text(&replayed.findings),
        [
            "deny apply-panicked account-2@2 Withdrawn:1 | the aggregate of category `account` panics on Withdrawn 1: \
             no # cents from \"***\"",
            "deny apply-panicked account-3@0 Withdrawn:1 | the aggregate of category `account` panics on Withdrawn 1: \
             no # cents from \"***\"",
        ],
        "the read model does not care, and is compared"
    );
    let counts = &replayed.counts;
    assert_eq!((counts.folded, counts.not_folded, counts.poisoned), (6, 3, 2));
    let shown = bed.run_with(|request| request.show_values = true);
    assert!(
        shown.findings[0].message.ends_with("no 666 cents from \"Ana\""),
        "{}",
        shown.findings[0].message
    );
}

#[test]
fn a_projector_that_refuses_or_panics_is_found() {
    let mut lines = history_with(6, event("account-2", 2, 7, "Withdrawn", r#"{"cents":668}"#));
    lines.push(event("account-2", 3, 8, "Withdrawn", r#"{"cents":668}"#));
    let replayed = Bed::global(&lines).run();
    let refused = |revision| {
        format!(
            "deny projector-failed account-2@{revision} Withdrawn:1 | projector `balances` refuses Withdrawn 1: # of \
             account-# is refused"
        )
    };
    let rows = NOT_SHOWN.replace("1 event", "2 events");
    assert_eq!(
        text(&replayed.findings),
        [refused(2), refused(3), rows.clone()],
        "every one"
    );
    assert_eq!(replayed.counts.not_folded, 0, "the state has taken them");

    let mut lines = history_with(6, event("account-2", 2, 7, "Withdrawn", r#"{"cents":667}"#));
    lines.push(event("account-2", 3, 8, "Withdrawn", r#"{"cents":667}"#));
    assert_eq!(
        text(&Bed::global(&lines).run().findings),
        [
            "deny apply-panicked account-2@2 Withdrawn:1 | projector `balances` panics on Withdrawn 1: no # here",
            &rows
        ],
        "once for a stream"
    );
}

#[test]
fn a_state_that_json_cannot_hold_is_found() {
    let bed = Bed::global(&[event("account-1", 0, 1, "Opened", r#"{"owner":"Ana"}"#)]).with::<Mean>();
    let replayed = bed.run();
    assert_eq!(
        text(&replayed.findings),
        ["deny state-unserializable account-1@0 /part/value | the state has no JSON form: JSON has no NaN"]
    );
    assert_eq!(replayed.counts.poisoned, 1);

    let mut bed = Bed::global(&[event("account-1", 0, 1, "Opened", r#"{"owner":"Ana"}"#)]);
    bed.aggregates = vec![replay::aggregate_view("account", |mean: &Mean| {
        (mean.deposits, mean.part.value.to_string())
    })];
    assert_eq!(text(&bed.run().findings), [""; 0], "a view says what to compare");
}

#[test]
fn a_state_that_iterates_over_hashes_has_one_digest() {
    let mut lines = Vec::new();
    for n in 0..64 {
        let data = format!(r#"{{"cents":1,"currency":"C{n}"}}"#);
        lines.push(event("account-1", n, n + 1, "Deposited:2", &data));
    }
    let bed = Bed::global(&lines).with::<Hashed>();
    let written = || {
        let mut text = Vec::new();
        bed.run().baseline().unwrap().write(&mut text).unwrap();
        text
    };
    let first = written();
    for _ in 0..8 {
        assert_eq!(written(), first);
    }
    // The control: two hash tables are not in the same order.
    let orders: BTreeSet<Vec<usize>> = (0..8)
        .map(|_| {
            let set: std::collections::HashSet<_> = (0..64).collect();
            set.into_iter().collect()
        })
        .collect();
    assert!(orders.len() > 1);
}

#[test]
fn findings_are_listed_up_to_a_bound_and_the_rest_is_counted() {
    let lines: Vec<_> = (0..30)
        .map(|n| {
            event(
                &format!("account-{n:02}"),
                0,
                n + 1,
                "Withdrawn",
                r#"{"cents":"x"}"#,
            )
        })
        .collect();
    let replayed = Bed::global(&lines).run_with(|request| request.listed = 3);
    let found = text(&replayed.findings);
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(
        found[0],
        "deny invalid-event | 27 more findings of this rule not listed"
    );
    assert!(found[1].starts_with("deny invalid-event account-00@0 "));
    assert!(found[3].starts_with("deny invalid-event account-02@0 "));
    assert_eq!(replayed.counts.poisoned, 30);
    let error = replayed
        .save_baseline(&Bed::global(&lines).path("x.baseline.ndjson"), false)
        .unwrap_err();
    assert!(error.to_string().contains("30 errors"), "{error}");
}

#[test]
fn an_event_without_a_version_has_the_default_one() {
    let line = r#"{"s":"account-1","n":0,"g":1,"t":"Deposited","d":{"cents":5,"currency":"EUR"}}"#;
    let bed = Bed::global(&[line]);
    assert_eq!(
        text(&bed.run().findings)[0],
        "deny invalid-event account-1@0 Deposited:1 | not a valid Deposited 1: additional properties are not \
         allowed ('currency' was unexpected)"
    );
    let replayed = bed.run_with(|request| request.default_version = Some(2.into()));
    assert_eq!(text(&replayed.findings), [""; 0]);
}

/// Everything that was announced.
#[derive(Default)]
struct Heard(Vec<String>);

impl Progress for Heard {
    fn begin(&mut self, stream: &str, revision: Option<u64>, event_type: &str) {
        self.0.push(format!("{stream} {revision:?} {event_type}"));
    }
    fn rows(&mut self, projector: &str) {
        self.0.push(projector.to_owned());
    }
}

#[test]
fn a_driver_hears_what_is_about_to_run_and_can_leave_streams_out() {
    let bed = Bed::global(&history());
    let mut heard = Heard::default();
    replay::run(&bed.request(), &mut heard).unwrap();
    assert_eq!(
        heard.0,
        [
            "account-1 Some(0) Opened",
            "account-2 Some(0) Opened",
            "account-1 Some(1) Deposited",
            "account-2 Some(1) Deposited",
            "account-1 Some(2) Audited",
            "account-1 Some(3) Moved",
            "account-2 Some(2) Withdrawn",
            "account-1 Some(3) Moved",
            "account-2 Some(2) Withdrawn",
            "balances",
        ],
        "each event, then each state, then the rows"
    );

    let mut request = bed.request();
    request.skip_streams.insert("account-1".to_owned());
    let mut heard = Heard::default();
    let replayed = replay::run(&request, &mut heard).unwrap();
    assert!(
        heard.0.iter().all(|line| !line.starts_with("account-1")),
        "{:?}",
        heard.0
    );
    assert_eq!(
        text(&replayed.findings),
        [NOT_SHOWN.replace("1 event", "4 events")]
    );
    assert_eq!((replayed.counts.folded, replayed.counts.not_folded), (3, 4));
}

#[test]
fn a_request_that_contradicts_itself_is_refused() {
    let mut bed = Bed::global(&history());
    bed.aggregates.push(replay::aggregate::<Account>("account"));
    let error = bed.try_with(|_| {}).unwrap_err();
    assert!(error.is_request());
    assert_eq!(
        error.to_string(),
        "two aggregates are registered for category `account`"
    );
}

#[test]
fn a_damaged_recording_is_an_error_that_is_a_finding_where_damage_is_looked_for() {
    let bed = Bed::global(&history());
    let mut bytes = std::fs::read(&bed.recording).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&bed.recording, bytes).unwrap();
    let error = bed.try_with(|_| {}).unwrap_err();
    assert_eq!(error.finding().unwrap().rule.id, "frame-damaged");

    std::fs::remove_file(&bed.recording).unwrap();
    let error = bed.try_with(|_| {}).unwrap_err();
    assert_eq!(error.finding().unwrap().rule.id, "recording-unreadable");
}
