//! What holds for every recording.

use pastproof::recording::Order;
use proptest::prelude::*;

use crate::bed::{Bed, text};

/// One event of a generated history, good or bad.
fn any_event() -> impl Strategy<Value = (u8, &'static str, &'static str)> {
    let events = prop::sample::select(vec![
        ("Opened", r#"{"owner":"Ana"}"#),
        ("Deposited", r#"{"cents":10}"#),
        ("Deposited", r#"{"cents":10}"#),
        ("Deposited:2", r#"{"cents":7,"currency":"RSD"}"#),
        ("Withdrawn", r#"{"cents":3}"#),
        ("Withdrawn", r#"{"cents":3}"#),
        ("Moved", r#"{"cents":3,"fee":1}"#),
        ("Audited", "{}"),
        ("Deposited", r#"{"cents":13}"#),
        ("Withdrawn", r#"{"cents":-1}"#),
        ("Withdrawn", r#"{"cents":668}"#),
        ("Unheard", "null"),
    ]);
    (0_u8..6, events).prop_map(|(stream, (kind, data))| (stream, kind, data))
}

/// The events with their positions: in global order, or by streams.
fn lines(events: &[(u8, &'static str, &'static str)], order: Order) -> Vec<String> {
    let mut revisions = [0_u64; 6];
    let mut lines: Vec<(u8, String)> = Vec::new();
    for (global, (stream, kind, data)) in events.iter().enumerate() {
        let revision = &mut revisions[usize::from(*stream)];
        let name = format!("account-{stream}");
        lines.push((
            *stream,
            crate::bed::event(&name, *revision, global as u64 + 1, kind, data),
        ));
        *revision += 1;
    }
    if order == Order::Stream {
        lines.sort_by_key(|(stream, _)| *stream);
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Everything a replay says, but for which recording it is of.
fn said(bed: &Bed) -> (Vec<String>, u64, u64, String, String) {
    let replayed = bed.run();
    let mut baseline = Vec::new();
    replayed.baseline().unwrap().write(&mut baseline).unwrap();
    let baseline = String::from_utf8(baseline).unwrap();
    let (_, states) = baseline.split_once('\n').unwrap();
    (
        text(&replayed.findings),
        replayed.events,
        replayed.streams,
        format!("{:?}", replayed.counts),
        states.to_owned(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn where_a_recording_is_cut_into_frames_changes_nothing(
        events in prop::collection::vec(any_event(), 1..60),
        frame in 1_u64..2_000,
        by_stream in any::<bool>(),
    ) {
        let order = if by_stream { Order::Stream } else { Order::Global };
        let lines = lines(&events, order);
        let whole = Bed::recorded(order, 1 << 20, &lines);
        let cut = Bed::recorded(order, frame, &lines);
        prop_assert_eq!(said(&whole), said(&cut));
        prop_assert_eq!(said(&cut), said(&cut));
    }

    #[test]
    fn every_event_is_accounted_for(events in prop::collection::vec(any_event(), 1..60)) {
        let bed = Bed::recorded(Order::Global, 1 << 20, &lines(&events, Order::Global));
        let replayed = bed.run();
        let counts = &replayed.counts;
        prop_assert_eq!(counts.folded + counts.not_folded + counts.dropped, replayed.events);
        let stored: u64 = counts.stored.values().flat_map(|versions| versions.values()).sum();
        prop_assert_eq!(stored, replayed.events);
        // A state is in the baseline or has a finding that says why it is not.
        let known = replayed.baseline().unwrap().streams() as u64;
        prop_assert_eq!(known + counts.poisoned, replayed.streams);
        prop_assert_eq!(counts.poisoned > 0, counts.not_folded > 0);
    }

    #[test]
    fn streams_fold_to_the_same_states_in_either_order(events in prop::collection::vec(any_event(), 1..60)) {
        let states = |order| {
            let (_, _, _, _, states) = said(&Bed::recorded(order, 1 << 20, &lines(&events, order)));
            states.lines().filter(|line| !line.contains(r#""model""#)).map(str::to_owned).collect::<Vec<_>>()
        };
        prop_assert_eq!(states(Order::Global), states(Order::Stream));
    }
}
