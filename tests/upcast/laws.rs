//! What holds of chains whatever the upcasters.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pastproof::model::Version;
use pastproof::upcast::{Bounds, Chains, Envelope, Upcast, Upcaster};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A (type, version).
type Node = (usize, u64);

const TYPES: [&str; 3] = ["A", "B", "C"];

fn node() -> impl Strategy<Value = Node> {
    (0..TYPES.len(), 1..4_u64)
}

fn named((event_type, version): Node) -> (String, Version) {
    (TYPES[event_type].to_owned(), Version::from(version))
}

/// An upcaster that makes one event for each target and notes in its data which way it came.
fn noting(from: Node, targets: Vec<Node>) -> Upcaster {
    let declared: Vec<(String, Version)> = targets.iter().copied().map(named).collect();
    Upcaster::json(TYPES[from.0], from.1, declared, move |data| {
        let way = data.as_str().unwrap_or_default();
        let events = targets.iter().enumerate().map(|(index, target)| {
            let (event_type, version) = named(*target);
            Upcast::new(event_type, version, json!(format!("{way} {from:?}.{index}")))
        });
        Ok::<_, String>(events.collect())
    })
}

fn graph() -> impl Strategy<Value = (Vec<(Node, Vec<Node>)>, Vec<Node>)> {
    (vec((node(), vec(node(), 0..3)), 0..9), vec(node(), 0..4))
}

/// Everything that chains say: what becomes of every event, and what the check finds.
fn said(chains: &Chains) -> Vec<String> {
    let all = (0..TYPES.len()).flat_map(|event_type| (1..4).map(move |version| (event_type, version)));
    let mut said: Vec<String> = all
        .clone()
        .map(|node| {
            let (event_type, version) = named(node);
            let made = chains.upcast(&event_type, &version, json!(""), &Envelope::default());
            format!(
                "{event_type} {version} {} {} {made:?}",
                chains.is_current(&event_type, &version),
                chains.reaches(&event_type, &version)
            )
        })
        .collect();
    let stored: Vec<(String, Version)> = all.map(named).collect();
    said.extend(chains.check(&stored).iter().map(|finding| format!("{finding:?}")));
    said
}

proptest! {
    #[test]
    fn the_order_of_registration_plays_no_part(
        (upcasters, current) in graph(),
        order in vec(any::<u32>(), 9),
    ) {
        // Two upcasters with the same ends and the same place in the code are one and the same here.
        let mut kinds = upcasters.clone();
        kinds.sort();
        kinds.dedup();
        let mut shuffled: Vec<(u32, (Node, Vec<Node>))> = order.into_iter().zip(kinds.clone()).collect();
        shuffled.sort();
        let build = |upcasters: Vec<(Node, Vec<Node>)>, current: Vec<Node>| {
            let upcasters: Vec<Upcaster> = upcasters.into_iter().map(|(from, targets)| noting(from, targets)).collect();
            Chains::new(upcasters, current.into_iter().map(named))
        };
        let mut reversed = current.clone();
        reversed.reverse();
        let one = build(kinds, current);
        let other = build(shuffled.into_iter().map(|(_, kind)| kind).collect(), reversed);
        prop_assert_eq!(said(&one), said(&other));
    }

    #[test]
    fn what_comes_out_is_current_and_what_the_check_passes_comes_out((upcasters, current) in graph()) {
        let chains = Chains::new(
            upcasters.into_iter().map(|(from, targets)| noting(from, targets)),
            current.into_iter().map(named),
        );
        for event_type in TYPES {
            for version in (1..4).map(Version::from) {
                let stored = [(event_type.to_owned(), version.clone())];
                let made = chains.upcast(event_type, &version, json!(""), &Envelope::default());
                if let Ok(events) = &made {
                    for event in events {
                        prop_assert!(chains.is_current(&event.event_type, &event.version));
                    }
                }
                prop_assert!(made.is_ok() || !chains.check(&stored).is_empty(), "{:?}", made);
                prop_assert!(made.is_ok() || !chains.reaches(event_type, &version), "{:?}", made);
            }
        }
    }

    #[test]
    fn the_way_taken_is_a_shortest(
        steps in vec((1..8_u64, 1..8_u64), 0..16),
        current in 1..8_u64,
    ) {
        let chains = Chains::new(
            steps.iter().map(|&(from, to)| noting((0, from), vec![(0, to)])),
            [("A", current)],
        );
        // Distances by relaxing every edge as often as there can be steps.
        let mut distance = [usize::MAX; 8];
        distance[usize::try_from(current).unwrap()] = 0;
        for _ in 0..8 {
            for &(from, to) in &steps {
                let (from, to) = (usize::try_from(from).unwrap(), usize::try_from(to).unwrap());
                distance[from] = distance[from].min(distance[to].saturating_add(1));
            }
        }
        for from in 1..8_u64 {
            let made = chains.upcast("A", &Version::from(from), json!(""), &Envelope::default());
            let expected = distance[usize::try_from(from).unwrap()];
            match made {
                Ok(events) => {
                    prop_assert_eq!(events.len(), 1);
                    let taken = events[0].data.as_str().unwrap().split_whitespace().count() / 2;
                    prop_assert_eq!(taken, expected);
                }
                Err(error) => prop_assert_eq!(expected, usize::MAX, "{}", error),
            }
        }
    }

    #[test]
    fn splitting_keeps_the_order_and_dropping_leaves_nothing(groups in vec(vec(any::<u16>(), 0..6), 0..6)) {
        let split = |event_type: &'static str, into: &'static str| {
            Upcaster::split(event_type, 1, [(into, 1)], move |items: Vec<Value>| {
                Ok::<_, String>(items.into_iter().map(|item| Upcast::new(into, 1, item)).collect())
            })
        };
        let odd = Upcaster::json("Item", 1, [("Item", 2), ("Odd", 1)], |data| {
            let odd = data.as_u64().is_some_and(|n| n % 2 == 1);
            Ok::<_, String>(vec![if odd { Upcast::new("Odd", 1, data) } else { Upcast::new("Item", 2, data) }])
        });
        let chains = Chains::new(
            [split("Batch", "Group"), split("Group", "Item"), odd, Upcaster::dropped("Odd", 1)],
            [("Item", 2)],
        );
        let made = chains.upcast("Batch", &Version::from(1), json!(groups), &Envelope::default()).unwrap();
        let made: Vec<u16> = made.iter().map(|event| serde_json::from_value(event.data.clone()).unwrap()).collect();
        let kept: Vec<u16> = groups.concat().into_iter().filter(|n| n % 2 == 0).collect();
        prop_assert_eq!(made, kept);
    }

    #[test]
    fn nothing_that_an_upcaster_does_escapes(plan in vec(0..6_u8, 1..6), depth in 1..4_u64) {
        let misbehaving = |from: u64| Upcaster::json("A", from, [("A", from + 1)], move |data| {
            let plan: Vec<u8> = serde_json::from_value(data.clone()).map_err(|error| error.to_string())?;
            match plan.get(usize::try_from(from).unwrap_or(0)) {
                Some(1) => Err("refused".to_owned()),
                Some(2) => panic!("panicked"),
                Some(3) => std::panic::panic_any(from),
                Some(4) => Ok(vec![Upcast::new("B", 1, data)]),
                Some(5) => Ok(vec![Upcast::new("A", from + 1, data); 200]),
                _ => Ok(vec![Upcast::new("A", from + 1, data)]),
            }
        });
        let chains = Chains::new((0..depth).map(misbehaving), [("A", depth)])
            .with_bounds(Bounds::default().outputs(100));
        let result = catch_unwind(AssertUnwindSafe(|| {
            chains.upcast("A", &Version::from(0), json!(plan), &Envelope::default())
        }));
        let Ok(result) = result else {
            return Err(TestCaseError::fail("a panic escaped"));
        };
        let first = (0..depth).find_map(|from| plan.get(usize::try_from(from).unwrap()).filter(|step| (1..5).contains(*step)));
        let fanned = (0..depth).any(|from| plan.get(usize::try_from(from).unwrap()) == Some(&5));
        let expected = match first {
            Some(1) => Some("upcaster-fails"),
            Some(2 | 3) => Some("upcaster-panics"),
            Some(4) => Some("upcaster-undeclared"),
            _ if fanned => Some("upcaster-limit"),
            _ => None,
        };
        prop_assert_eq!(result.err().map(|error| error.rule().id), expected);
    }
}
