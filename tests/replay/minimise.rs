//! The smallest history that fails in the same way.

use std::time::Instant;

use pastproof::model::Payload;
use pastproof::recording::Order;
use pastproof::replay::{Minimised, Silent, minimise, scenario_of};
use proptest::prelude::*;

use super::bed::{Bed, event};
use super::domain::{Account, Brittle, Mean, Superstitious, chains};

fn of(bed: &Bed, stream: &str) -> Result<Minimised, u64> {
    minimise(&bed.request(), stream, &mut Silent).unwrap()
}

fn events(minimised: &Minimised) -> Vec<String> {
    minimised
        .events
        .iter()
        .map(|event| match &event.payload {
            Payload::Json(data) => format!("{} {}", event.event_type, data.get()),
            Payload::Bytes { .. } => event.event_type.clone(),
        })
        .collect()
}

/// `count` events of one account, harmless but for those given with their places.
fn account(count: u64, planted: &[(u64, &str, &str)]) -> Vec<String> {
    (0..count)
        .map(|number| {
            if let Some((_, kind, data)) = planted.iter().find(|(at, _, _)| *at == number) {
                return event("account-1", number, number, kind, data);
            }
            let data = format!("{{\"cents\":{}}}", number % 900 + 20);
            let kind = if number % 3 == 0 { "Withdrawn" } else { "Deposited" };
            event("account-1", number, number, kind, &data)
        })
        .collect()
}

const PLANTED: [(u64, &str, &str); 4] = [
    (17, "Opened", r#"{"owner":"Ana"}"#),
    (3001, "Withdrawn", r#"{"cents":1234}"#),
    (6007, "Deposited:2", r#"{"cents":77,"currency":"USD"}"#),
    (9500, "Withdrawn", r#"{"cents":7000}"#),
];

mod generated {
    use super::chains;
    include!("minimised.rs");
}

#[test]
fn four_of_ten_thousand_events_are_left_with_the_smallest_values() {
    let bed = Bed::recorded(Order::Stream, 1 << 20, &account(10_000, &PLANTED)).with::<Brittle>();
    let begun = Instant::now();
    let minimised = of(&bed, "account-1").unwrap();
    let took = begun.elapsed();
    assert_eq!(
        events(&minimised),
        [
            r#"Opened {"owner":""}"#,
            r#"Withdrawn {"cents":1000}"#,
            r#"Deposited {"cents":0,"currency":"USD"}"#,
            r#"Withdrawn {"cents":5000}"#,
        ]
    );
    assert_eq!((minimised.of, minimised.revision), (10_000, Some(9500)));
    assert_eq!(minimised.finding.rule.id, "apply-panicked");
    assert!(took.as_secs() < 10, "{took:?} for {} folds", minimised.folds);
    // The scenario stands in a file of its own, so that it is compiled; it fails, as it says.
    let scenario = scenario_of(&minimised.events, minimised.aggregate, &minimised.finding);
    assert_eq!(scenario, include_str!("minimised.rs"));
    let fails = std::panic::catch_unwind(generated::history_of_account_1).unwrap_err();
    let report = fails.downcast_ref::<String>().unwrap();
    assert!(report.contains("the account is overdrawn by 5000"), "{report}");
}

#[test]
fn an_event_that_fails_alone_is_left_alone() {
    for (kind, data, rule, left) in [
        (
            "Withdrawn",
            r#"{"cents":666}"#,
            "apply-panicked",
            r#"Withdrawn {"cents":666}"#,
        ),
        // The schema allows it, the type does not: any number below zero will do.
        (
            "Withdrawn",
            r#"{"cents":-666}"#,
            "event-unreadable",
            r#"Withdrawn {"cents":-1}"#,
        ),
        (
            "Deposited",
            r#"{"cents":13}"#,
            "upcaster-fails",
            r#"Deposited {"cents":13}"#,
        ),
        (
            "Opened",
            r#"{"owner":7}"#,
            "invalid-event",
            r#"Opened {"owner":0}"#,
        ),
    ] {
        let bed = Bed::global(&account(50, &[(31, kind, data)])).with::<Superstitious>();
        let minimised = of(&bed, "account-1").unwrap();
        assert_eq!(minimised.finding.rule.id, rule);
        assert_eq!(events(&minimised), [left]);
        assert_eq!(minimised.revision, Some(31));
    }
}

#[test]
fn a_state_without_a_form_is_minimised_too() {
    let lines: Vec<String> = (0..40)
        .map(|number| event("account-1", number, number, "Withdrawn", r#"{"cents":9}"#))
        .collect();
    let bed = Bed::global(&lines).with::<Mean>();
    let minimised = of(&bed, "account-1").unwrap();
    assert_eq!(minimised.finding.rule.id, "state-unserializable");
    assert_eq!(events(&minimised), [r#"Withdrawn {"cents":0}"#]);
}

#[test]
fn a_stream_that_is_fine_is_said_to_be() {
    let bed = Bed::global(&account(20, &[])).with::<Account>();
    assert_eq!(of(&bed, "account-1").unwrap_err(), 20);
    assert_eq!(of(&bed, "account-9").unwrap_err(), 0);
}

proptest! {
    #![proptest_config(proptest::test_runner::Config {
        failure_persistence: None,
        cases: 24,
        ..Default::default()
    })]

    /// Wherever the events stand that matter, they are what is left, and none can go.
    #[test]
    fn no_event_can_be_left_out(
        count in 4u64..120,
        places in prop::collection::btree_set(0u64..119, 4),
        order in 0usize..6,
    ) {
        // The last is where it fails; the others in any order.
        const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let count = count.max(places.last().unwrap() + 1);
        let planted: Vec<(u64, &str, &str)> = places
            .iter()
            .zip(ORDERS[order].iter().chain([&3]))
            .map(|(at, which)| (*at, PLANTED[*which].1, PLANTED[*which].2))
            .collect();
        let bed = Bed::global(&account(count, &planted)).with::<Brittle>();
        let minimised = of(&bed, "account-1").unwrap();
        prop_assert_eq!(minimised.events.len(), 4);
        for left_out in 0..4 {
            let lines: Vec<String> = minimised
                .events
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != left_out)
                .map(|(_, event)| {
                    let mut line = String::new();
                    pastproof::recording::write_line(event, &mut line);
                    line
                })
                .collect();
            let bed = Bed::plain(&lines.join("\n")).with::<Brittle>();
            prop_assert!(of(&bed, "account-1").is_err());
        }
    }
}
