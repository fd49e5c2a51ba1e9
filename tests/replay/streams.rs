//! Streams that are not whole, and orders that are not kept.

use pastproof::json;
use pastproof::recording::{Line, Order, WriterOptions};
use serde_json::Value;

use crate::bed::{Bed, event, history, history_with, read, text};
use crate::domain::{Balances, Counted, MOST};

#[test]
fn a_gap_closes_its_stream() {
    let mut lines = history();
    lines.remove(4);
    let replayed = Bed::global(&lines).run();
    assert_eq!(
        text(&replayed.findings),
        [
            "deny revision-gap account-1@3 Moved:1 | 1 event is missing between revision 1 and revision 3",
            "warn not-checked | the rows of read model `balances` are not checked: it could not be shown, or did \
             not take, 1 event",
        ]
    );
    assert_eq!(replayed.counts.poisoned, 1);
}

#[test]
fn a_revision_that_comes_back_closes_its_stream() {
    for (index, revision, says) in [
        (6, 1, "revision 1 comes after revision 1"),
        (6, 0, "revision 0 comes after revision 1"),
    ] {
        let lines = history_with(
            index,
            event("account-2", revision, 7, "Withdrawn", r#"{"cents":20}"#),
        );
        let bed = Bed::plain(&lines.join("\n"));
        let replayed = bed.run();
        assert_eq!(
            text(&replayed.findings)[0],
            format!("deny revision-gap account-2@{revision} Withdrawn:1 | {says}")
        );
    }
}

#[test]
fn a_stream_starts_at_0_or_1() {
    let from = |first: u64| {
        let lines: Vec<_> = (0..3)
            .map(|n| event("account-1", first + n, n + 1, "Withdrawn", r#"{"cents":1}"#))
            .collect();
        text(&Bed::global(&lines).run().findings)
    };
    assert_eq!(from(0), [""; 0]);
    assert_eq!(from(1), [""; 0]);
    assert_eq!(
        from(7)[0],
        "deny revision-gap account-1@7 Withdrawn:1 | the stream starts at revision 7, and nothing says that its \
         head is cut off"
    );
}

#[test]
fn streams_that_start_at_1_among_others_that_start_at_0_are_looked_at() {
    let mut lines = history();
    lines.push(event("account-3", 1, 8, "Withdrawn", r#"{"cents":1}"#));
    assert_eq!(
        text(&Bed::global(&lines).run().findings),
        [
            "warn revision-gap account-3@1 | 1 stream starts at revision 1 while others start at 0: the first event \
             may be missing"
        ]
    );
}

#[test]
fn a_stream_without_its_head_is_read_and_not_judged() {
    let mut lines = history();
    let flagged = |text: &str| text.replacen("\"d\":", "\"x\":[\"truncated-head\"],\"d\":", 1);
    lines.push(flagged(&event("account-3", 40, 8, "Withdrawn", r#"{"cents":1}"#)));
    lines.push(event("account-3", 41, 9, "Withdrawn", r#"{"cents":2}"#));
    let replayed = Bed::global(&lines).run();
    assert_eq!(
        text(&replayed.findings),
        [
            "warn not-checked | the rows of read model `balances` are not checked: it could not be shown, or did \
             not take, 3 events",
            "warn not-checked account-3@41 | the state of 1 stream of category `account` is not checked: their first \
             events are not in the recording",
        ]
    );
    assert!(replayed.is_clean());
    assert_eq!((replayed.counts.folded, replayed.counts.not_folded), (6, 2));

    lines.push(event("account-3", 42, 10, "Withdrawn", r#"{"cents":-2}"#));
    assert_eq!(
        text(&Bed::global(&lines).run().findings)[0],
        "deny event-unreadable account-3@42 Withdrawn:1 /cents | the code cannot read Withdrawn 1: invalid value: \
         integer `-#`, expected u32",
        "its events are read all the same"
    );
}

#[test]
fn links_and_skipped_events_are_counted_and_left_alone() {
    let mut lines = history();
    let flagged =
        |text: String, flag: &str| text.replacen("\"d\":", &format!("\"x\":[\"{flag}\"],\"d\":"), 1);
    lines.push(flagged(event("account-2", 3, 8, "Unheard", "1"), "link"));
    lines.push(flagged(
        event("account-2", 4, 9, "Withdrawn", r#"{"cents":1000000}"#),
        "skipped",
    ));
    let bed = Bed::global(&lines);
    let replayed = bed.run();
    assert_eq!(text(&replayed.findings), [""; 0]);
    assert_eq!(
        (
            replayed.counts.links,
            replayed.counts.skipped,
            replayed.counts.not_folded
        ),
        (1, 1, 2)
    );
    let mut written = Vec::new();
    replayed.baseline().unwrap().write(&mut written).unwrap();
    assert!(
        String::from_utf8(written).unwrap().contains(r#""balance":480,"#),
        "account 2 is as it was"
    );
}

#[test]
fn redacted_events_are_legal_and_end_what_can_be_known() {
    let redacted = |data: &str| {
        let line = event("account-2", 2, 7, "Withdrawn", data);
        history_with(6, line.replacen("\"d\":", "\"x\":[\"redacted\"],\"d\":", 1))
    };
    let replayed = Bed::global(&redacted("null")).run();
    assert_eq!(
        text(&replayed.findings),
        [
            "warn not-checked | the rows of read model `balances` are not checked: it could not be shown, or did \
             not take, 1 event",
            "warn not-checked account-2@2 | the state of 1 stream of category `account` is not checked: the code \
             does not read what is left of a redacted event",
        ]
    );
    assert_eq!((replayed.counts.redacted, replayed.counts.not_folded), (1, 1));

    // What is left fits the type, though no writer stored it: the schema knows no `gone`.
    let replayed = Bed::global(&redacted(r#"{"cents":0,"gone":true}"#)).run();
    assert_eq!(text(&replayed.findings), [""; 0]);
    assert_eq!((replayed.counts.redacted, replayed.counts.folded), (1, 6));

    let upcast =
        event("account-2", 2, 7, "Deposited", "null").replacen("\"d\":", "\"x\":[\"redacted\"],\"d\":", 1);
    let replayed = Bed::global(&history_with(6, upcast)).run();
    assert!(replayed.is_clean(), "{:?}", text(&replayed.findings));
    assert_eq!(replayed.counts.not_folded, 1);
}

#[test]
fn categories_without_an_aggregate_are_said() {
    let mut lines = history();
    lines.push(event("till-1", 0, 8, "Withdrawn", r#"{"cents":1}"#));
    lines.push(event("till-2", 0, 9, "Forgotten", "{}"));
    lines.push(event("till-2", 1, 10, "Forgotten", "{}"));
    lines.push(event("drawer", 0, 11, "Forgotten", "{}"));
    let replayed = Bed::global(&lines).run();
    assert_eq!(
        text(&replayed.findings),
        [
            "warn stream-not-folded drawer@0 | no aggregate folds category `drawer`: 1 stream with 1 event left alone",
            "warn stream-not-folded till-1@0 | no aggregate folds category `till`: 2 streams with 3 events left alone",
        ]
    );
    assert_eq!((replayed.counts.folded, replayed.counts.not_folded), (6, 4));
    assert!(replayed.is_clean(), "nobody reads `Forgotten` there");

    lines.push(event("till-3", 0, 12, "Moved:2", "{}"));
    assert!(
        text(&Bed::global(&lines).run().findings)[0].starts_with("deny upcaster-missing till-3@0 Moved:2 | "),
        "a projector may wait for what `Moved` becomes"
    );
}

#[test]
fn without_any_code_events_are_taken_to_the_newest_version() {
    let mut bed = Bed::global(&history());
    bed.aggregates.clear();
    bed.projectors.clear();
    let replayed = bed.run();
    assert_eq!(
        text(&replayed.findings),
        [
            "warn stream-not-folded account-1@0 | no aggregate folds category `account`: 2 streams with 7 events left alone"
        ]
    );
    assert_eq!(replayed.counts.upcast, 3);

    let mut bed = Bed::global(&history_with(6, event("account-2", 2, 7, "Forgotten", "{}")));
    bed.aggregates.clear();
    bed.projectors.clear();
    assert!(
        text(&bed.run().findings)[0].starts_with("deny upcaster-missing account-2@2 Forgotten:1 |"),
        "{:?}",
        text(&bed.run().findings)
    );
}

#[test]
fn a_recording_without_events_is_said() {
    let replayed = Bed::plain("\n").run();
    assert_eq!(
        text(&replayed.findings),
        ["deny recording-empty | the recording has no event"]
    );
    assert!(!replayed.is_clean());
}

#[test]
fn a_recording_by_streams_has_one_state_at_a_time_and_no_read_models() {
    const STREAMS: u64 = 5_000;
    let event = read(r#"{"s":"account","n":0,"t":"Withdrawn","d":{"cents":1}}"#);
    let lines = (0..STREAMS).flat_map(|stream| {
        let event = event.clone();
        (0..20).map(move |revision| {
            let mut event = event.clone();
            event.stream = Some(format!("account-{stream}"));
            event.revision = Some(revision);
            Line::Event(event)
        })
    });
    let bed = Bed::written(WriterOptions::new(Order::Stream), lines).with::<Counted>();
    let replayed = bed.run_with(|request| request.collect_baseline = false);
    assert_eq!(
        (replayed.events, replayed.streams, replayed.counts.folded),
        (100_000, STREAMS, 100_000)
    );
    assert_eq!(
        MOST.load(std::sync::atomic::Ordering::SeqCst),
        1,
        "states that live at one time"
    );
    assert_eq!(
        text(&replayed.findings),
        [
            "warn not-checked | the rows of read model `balances` are not checked: the recording holds one stream after \
          the other, and a projector needs global order"
        ]
    );
}

/// A recording whose manifest says another order than its events have: sealed anew.
fn resealed(lines: &[String], order: &str) -> Bed {
    let bed = Bed::by_stream(lines);
    let path = bed.path("history.manifest.json");
    let mut manifest: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    manifest["order"] = order.into();
    manifest.as_object_mut().unwrap().remove("root");
    manifest["root"] = json::digest(&manifest).unwrap().into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    bed
}

#[test]
fn a_global_position_that_goes_back_is_found() {
    let lines = [
        event("account-1", 0, 5, "Withdrawn", r#"{"cents":1}"#),
        event("account-1", 1, 4, "Withdrawn", r#"{"cents":1}"#),
        event("account-1", 2, 5, "Withdrawn", r#"{"cents":1}"#),
        event("account-1", 3, 6, "Withdrawn", r#"{"cents":1}"#),
    ];
    let bed = resealed(&lines, "global");
    assert_eq!(
        text(&bed.run().findings),
        [
            "deny order-broken account-1@1 Withdrawn:1 | global position 4 comes after 5",
            "deny order-broken account-1@2 Withdrawn:1 | global position 5 comes after 5",
            "warn not-checked | the rows of read model `balances` are not checked: it could not be shown, or did \
             not take, 2 events",
        ]
    );
    assert_eq!(resealed(&lines, "stream").run().counts.folded, 4);
}

#[test]
fn a_stream_that_comes_back_is_found() {
    let mut lines: Vec<_> = (0..3)
        .map(|n| event("account-1", n, n + 1, "Withdrawn", r#"{"cents":1}"#))
        .collect();
    lines.push(event("account-2", 0, 4, "Withdrawn", r#"{"cents":1}"#));
    lines.push(event("account-1", 3, 5, "Withdrawn", r#"{"cents":1}"#));
    lines.push(event("account-1", 4, 6, "Withdrawn", r#"{"cents":1}"#));
    let bed = Bed::global(&lines);
    let path = bed.path("history.manifest.json");
    let mut manifest: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    manifest["order"] = "stream".into();
    manifest.as_object_mut().unwrap().remove("root");
    manifest["root"] = json::digest(&manifest).unwrap().into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    let replayed = bed.run();
    assert_eq!(
        text(&replayed.findings)[0],
        "deny order-broken account-1@3 Withdrawn:1 | stream `account-1` goes on after other streams have begun"
    );
    assert_eq!(
        (
            replayed.streams,
            replayed.counts.folded,
            replayed.counts.not_folded
        ),
        (2, 4, 2)
    );
}

#[test]
fn without_a_manifest_rising_global_positions_are_order_enough() {
    let lines = history();
    assert_eq!(text(&Bed::plain(&lines.join("\n")).run().findings), [""; 0]);

    let unknown = [
        "warn not-checked | the rows of read model `balances` are not checked: the recording has no manifest that \
         says its order, and not every event a later global position than the one before; a projector needs global \
         order",
    ];
    let swapped = history_with(6, event("account-2", 2, 3, "Withdrawn", r#"{"cents":20}"#));
    assert_eq!(text(&Bed::plain(&swapped.join("\n")).run().findings), unknown);
    let without = history_with(
        6,
        event("account-2", 2, 7, "Withdrawn", r#"{"cents":20}"#).replace("\"g\":7,", ""),
    );
    assert_eq!(text(&Bed::plain(&without.join("\n")).run().findings), unknown);
}

#[test]
fn events_with_tags_only_reach_projectors() {
    let line = r#"{"g":8,"t":"Withdrawn","tags":{"account":"3"},"d":{"cents":7}}"#;
    let mut lines = history();
    lines.push(line.to_owned());
    let replayed = Bed::global(&lines).showing::<Balances>().run();
    assert_eq!(text(&replayed.findings), [""; 0]);
    assert_eq!(
        (
            replayed.counts.tags_only,
            replayed.counts.not_folded,
            replayed.streams
        ),
        (1, 1, 2)
    );
    let mut written = Vec::new();
    replayed.baseline().unwrap().write(&mut written).unwrap();
    assert!(
        String::from_utf8(written)
            .unwrap()
            .contains(r#"["",{"balance":-7,"withdrawals":1}]"#)
    );

    lines[7] = line.replace("7}", "true}");
    assert_eq!(
        text(&Bed::global(&lines).run().findings)[0],
        "deny invalid-event Withdrawn:1 /cents | not a valid Withdrawn 1: the value is not of type \"integer\""
    );
}

#[test]
fn bad_lines_are_findings_and_explain_the_gap_they_leave() {
    let mut lines = history();
    lines[4] = "{".to_owned();
    let replayed = Bed::plain(&lines.join("\n")).run();
    let found = text(&replayed.findings);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("deny not-json | "), "{found:?}");
    assert_eq!(replayed.findings[0].place.line, Some(5));
    assert!(
        found[1].starts_with("warn not-checked | the rows of read model"),
        "{found:?}"
    );
    assert_eq!(
        (
            replayed.counts.bad_lines,
            replayed.counts.poisoned,
            replayed.events
        ),
        (1, 1, 6)
    );

    // Two events are missing and one line is bad: something else is wrong.
    lines.remove(2);
    let found = text(&Bed::plain(&lines.join("\n")).run().findings);
    assert!(
        found[1].starts_with("deny revision-gap account-1@3 Moved:1 | 2 events are missing"),
        "{found:?}"
    );
}

#[test]
fn decisions_are_counted_and_left_alone() {
    let mut lines = history();
    lines.push(
        r#"{"kind":"decision","s":"account-1","n":3,"cmd":{"t":"Withdraw","d":{}},"outcome":"ignored"}"#
            .to_owned(),
    );
    let replayed = Bed::global(&lines).run();
    assert_eq!(text(&replayed.findings), [""; 0]);
    assert_eq!((replayed.events, replayed.counts.decisions), (7, 1));
}
