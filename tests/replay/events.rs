//! Single events that go wrong, and what the rest makes of it.

use crate::bed::{Bed, event, history, history_with, text};
use crate::domain::Superstitious;

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
