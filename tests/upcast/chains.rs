//! What chains make of events, and what they refuse.

use std::panic::panic_any;

use pastproof::finding::Finding;
use pastproof::model::Version;
use pastproof::upcast::{Bounds, Chains, Envelope, Upcast, UpcastError, Upcaster};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn version(number: u64) -> Version {
    Version::from(number)
}

fn upcast(chains: &Chains, event_type: &str, from: u64, data: Value) -> Result<Vec<Upcast>, UpcastError> {
    chains.upcast(event_type, &version(from), data, &Envelope::default())
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
        Err(error) => format!("{}: {error}", error.rule().id),
    }
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let place = &finding.place;
            format!(
                "{} {} {}: {}",
                finding.rule.id,
                place.event_type.as_deref().unwrap_or("-"),
                place.version.as_deref().unwrap_or("-"),
                finding.message
            )
        })
        .collect()
}

/// An upcaster that notes in the data that it was taken.
fn noting(event_type: &'static str, from: u64, to: u64) -> Upcaster {
    Upcaster::json(event_type, from, [(event_type, to)], move |mut data| {
        let way = data.as_array_mut().ok_or("not an array")?;
        way.push(json!(format!("{from}-{to}")));
        Ok::<_, &str>(vec![Upcast::new(event_type, to, data)])
    })
}

#[derive(Clone, Copy, Deserialize)]
struct PriceSetV1 {
    cents: u64,
}

#[derive(Serialize, Deserialize)]
struct PriceSetV2 {
    amount: u64,
    currency: String,
}

fn price(old: PriceSetV1) -> Result<PriceSetV2, String> {
    if old.cents == 0 {
        return Err("nothing costs nothing".to_owned());
    }
    Ok(PriceSetV2 {
        amount: old.cents,
        currency: "EUR".to_owned(),
    })
}

#[test]
fn a_typed_upcaster_changes_the_data() {
    let chains = Chains::new([Upcaster::typed("PriceSet", 1, 2, price)], [("PriceSet", 2)]);
    assert_eq!(
        made(upcast(&chains, "PriceSet", 1, json!({"cents": 5}))),
        r#"PriceSet 2 {"amount":5,"currency":"EUR"}"#
    );
}

#[test]
fn a_typed_upcaster_says_what_it_refuses_and_where() {
    let chains = Chains::new([Upcaster::typed("PriceSet", 1, 2, price)], [("PriceSet", 2)]);
    assert_eq!(
        made(upcast(&chains, "PriceSet", 1, json!({"cents": 0}))),
        "upcaster-fails: upcaster PriceSet 1 to 2 (typed) refuses the event: nothing costs nothing"
    );
    let envelope = Envelope {
        stream: Some("price-7"),
        revision: Some(3),
        ..Envelope::default()
    };
    let error = chains
        .upcast("PriceSet", &version(1), json!({"cents": "five"}), &envelope)
        .unwrap_err();
    assert_eq!(error.pointer(), "/cents");
    assert_eq!(error.step(), Some("PriceSet 1 to 2 (typed)"));
    let finding = error.finding();
    assert_eq!(finding.rule.id, "upcaster-fails");
    assert_eq!(
        serde_json::to_value(&finding.place).unwrap(),
        json!({"type": "PriceSet", "version": "1", "stream": "price-7", "revision": 3, "pointer": "/cents"})
    );
    assert!(
        finding.message.ends_with("at /cents, event 3 of stream price-7"),
        "{}",
        finding.message
    );
}

#[test]
fn what_does_not_serialize_is_refused() {
    #[derive(Serialize)]
    struct Odd {
        by_place: std::collections::BTreeMap<(u8, u8), u8>,
    }
    let upcaster = Upcaster::typed("Map", 1, 2, |_: Value| {
        Ok::<_, String>(Odd {
            by_place: [((1, 2), 3)].into(),
        })
    });
    let chains = Chains::new([upcaster], [("Map", 2)]);
    assert_eq!(
        made(upcast(&chains, "Map", 1, json!({}))),
        "upcaster-fails: upcaster Map 1 to 2 (typed) cannot write what it made: key must be a string"
    );
}

#[test]
fn a_chain_renames_splits_and_drops_in_order() {
    let chains = Chains::new(
        [
            Upcaster::renamed("Old", 1, "New", 1, |old: Value| Ok::<_, String>(old)),
            Upcaster::split(
                "New",
                1,
                [("Part", 1), ("Rest", 1), ("Gone", 1)],
                |parts: Vec<u64>| {
                    parts
                        .iter()
                        .map(|part| match part {
                            0 => Upcast::of("Gone", 1, part),
                            1..10 => Upcast::of("Part", 1, part),
                            _ => Upcast::of("Rest", 1, part),
                        })
                        .collect()
                },
            ),
            Upcaster::dropped("Gone", 1),
            Upcaster::typed("Part", 1, 2, |part: u64| Ok::<_, String>(part * 100)),
        ],
        [("Part", 2), ("Rest", 1)],
    );
    assert_eq!(
        made(upcast(&chains, "Old", 1, json!([3, 0, 10, 1, 0, 2]))),
        "Part 2 300\nRest 1 10\nPart 2 100\nPart 2 200"
    );
    assert_eq!(made(upcast(&chains, "Old", 1, json!([0]))), "");
    assert_eq!(chains.check(&[("Old".to_owned(), version(1))]), []);
}

#[test]
fn current_data_comes_back_as_it_is() {
    let chains = Chains::new([noting("A", 2, 3)], [("A", 2)]);
    assert!(chains.is_current("A", &version(2)));
    assert!(chains.is_current("A", &Version::from("2")));
    assert!(chains.first_step("A", &version(2)).is_none());
    assert_eq!(made(upcast(&chains, "A", 2, json!(["kept"]))), r#"A 2 ["kept"]"#);
}

#[test]
fn the_shortest_way_is_taken() {
    let chains = Chains::new(
        [
            noting("A", 1, 2),
            noting("A", 2, 3),
            noting("A", 3, 4),
            noting("A", 2, 4),
        ],
        [("A", 4)],
    );
    assert_eq!(made(upcast(&chains, "A", 1, json!([]))), r#"A 4 ["1-2","2-4"]"#);
}

#[test]
fn a_way_that_leads_nowhere_is_not_taken() {
    // 1 to 9 is listed first and shorter, but 9 is no version the code reads.
    let chains = Chains::new(
        [noting("A", 1, 9), noting("A", 1, 2), noting("A", 2, 3)],
        [("A", 3)],
    );
    assert_eq!(made(upcast(&chains, "A", 1, json!([]))), r#"A 3 ["1-2","2-3"]"#);
}

#[test]
fn an_event_with_no_way_on_is_an_error_that_says_what_the_code_reads() {
    let chains = Chains::new([noting("A", 1, 2)], [("A", 3)]);
    assert_eq!(
        made(upcast(&chains, "A", 1, json!([]))),
        "upcaster-missing: no upcaster starts from A 2, and the code reads version 3"
    );
    assert_eq!(
        made(upcast(&chains, "B", 1, json!([]))),
        "upcaster-missing: no upcaster starts from B 1, and the code reads no version of B"
    );
}

#[test]
fn an_undeclared_output_is_an_error() {
    let upcaster = Upcaster::json("A", 1, [("A", 2)], |data| {
        Ok::<_, String>(vec![Upcast::new("A", 3, data)])
    });
    let chains = Chains::new([upcaster], [("A", 2), ("A", 3)]);
    assert_eq!(
        made(upcast(&chains, "A", 1, json!([]))),
        "upcaster-undeclared: upcaster A 1 to 2 (json) makes an event A 3, which is not among its targets"
    );
}

#[test]
fn a_panic_is_an_error_with_its_message() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the payload of a panic panics");
        }
    }
    let chains = Chains::new(
        [
            Upcaster::json("Said", 1, [("Said", 2)], |_| -> Result<_, String> {
                panic!("no {}", "way")
            }),
            Upcaster::json("Bomb", 1, [("Bomb", 2)], |_| -> Result<_, String> {
                panic_any(Bomb)
            }),
        ],
        [("Said", 2), ("Bomb", 2)],
    );
    assert_eq!(
        made(upcast(&chains, "Said", 1, json!([]))),
        "upcaster-panics: upcaster Said 1 to 2 (json) panics: no way"
    );
    assert_eq!(
        made(upcast(&chains, "Bomb", 1, json!([]))),
        "upcaster-panics: upcaster Bomb 1 to 2 (json) panics without a message"
    );
    // And the next event is upcast as if nothing had been.
    assert_eq!(made(upcast(&chains, "Said", 2, json!([1]))), "Said 2 [1]");
}

#[test]
fn what_one_event_may_become_is_bounded() {
    let many = Upcaster::json("A", 1, [("A", 2)], |data| {
        Ok::<_, String>(vec![Upcast::new("A", 2, data); 11])
    });
    let chains = Chains::new([many.clone()], [("A", 2)]);
    assert_eq!(upcast(&chains, "A", 1, json!([])).unwrap().len(), 11);
    let chains = chains.with_bounds(Bounds::default().outputs(10));
    assert_eq!(
        made(upcast(&chains, "A", 1, json!([]))),
        "upcaster-limit: more than 10 events are made of one A 1"
    );
    let chains =
        Chains::new([many, Upcaster::dropped("A", 2)], [("A", 3)]).with_bounds(Bounds::default().steps(10));
    assert_eq!(
        made(upcast(&chains, "A", 1, json!([]))),
        "upcaster-limit: one event takes more than 10 steps"
    );
}

#[test]
fn a_circle_ends_with_an_error() {
    let chains = Chains::new(
        [noting("A", 1, 2), noting("A", 2, 1), noting("B", 1, 1)],
        [("A", 3)],
    );
    assert_eq!(
        made(upcast(&chains, "A", 1, json!([]))),
        "upcaster-cycle: upcasting A 1 comes back to A 1"
    );
    assert_eq!(
        made(upcast(&chains, "B", 1, json!([]))),
        "upcaster-cycle: upcasting B 1 comes back to B 1"
    );
}

#[test]
fn the_graph_is_checked() {
    let chains = Chains::new(
        [
            noting("Duplicate", 1, 2),
            noting("Duplicate", 1, 2),
            noting("Duplicate", 1, 3),
            Upcaster::dropped("Circle", 2),
            noting("Duplicate", 2, 3),
            noting("Circle", 3, 1),
            noting("Circle", 1, 2),
            noting("Circle", 2, 3),
            noting("Circle", 2, 9),
            noting("Itself", 1, 1),
            noting("End", 1, 2),
        ],
        [("Duplicate", 3), ("Circle", 9), ("Missing", 2)],
    );
    let stored = [
        ("Missing", 1),
        ("Missing", 2),
        ("Unread", 1),
        ("End", 1),
        ("Itself", 1),
    ]
    .map(|(event_type, from)| (event_type.to_owned(), version(from)));
    let findings = chains.check(&stored);
    let lines: Vec<String> = told(&findings)
        .into_iter()
        .filter(|line| !line.starts_with("upcaster-duplicate"))
        .collect();
    assert_eq!(
        lines,
        [
            "upcaster-cycle Circle 1: upcasters lead in a circle: Circle 1 to Circle 2 to Circle 3 to Circle 1",
            "upcaster-cycle Itself 1: an upcaster leads from Itself 1 back to itself",
            "upcaster-dead-end End 2: upcaster End 1 to 2 (json) ends there: no upcaster starts from End 2, and the code reads no version of End",
            "upcaster-missing Missing 1: no upcaster starts from Missing 1, and the code reads version 2",
            "upcaster-missing Unread 1: no upcaster starts from Unread 1, and the code reads no version of Unread",
        ]
    );
    let duplicates: Vec<String> = told(&findings)
        .into_iter()
        .filter(|line| line.starts_with("upcaster-duplicate"))
        .collect();
    assert_eq!(duplicates.len(), 2, "{duplicates:?}");
    assert!(
        duplicates[0].starts_with("upcaster-duplicate Circle 2: 3 upcasters start from Circle 2: json at "),
        "{duplicates:?}"
    );
    assert!(
        duplicates[1].contains("Duplicate 1: json at tests/upcast/chains.rs:"),
        "{duplicates:?}"
    );
}

#[test]
fn a_stored_version_in_the_middle_of_a_broken_chain_is_told_once() {
    let chains = Chains::new([noting("A", 1, 2)], [("A", 3)]);
    let stored = [1, 2, 3].map(|from| ("A".to_owned(), version(from)));
    assert_eq!(
        told(&chains.check(&stored)),
        ["upcaster-missing A 2: no upcaster starts from A 2, and the code reads version 3"]
    );
}
