//! Upcasters tried on events: what is found against them, and with which event.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pastproof::finding::{Finding, Place};
use pastproof::json::canonical;
use pastproof::model::{EventError, RecordedEvent, Version};
use pastproof::recording::{Line, parse_line};
use pastproof::schema::{Catalogue, CatalogueOptions, Validators};
use pastproof::upcast::{Bounds, Chains, Trial, Upcast, Upcaster, Verified, Verifier};
use serde_json::{Value, json};

/// A catalogue in a folder of its own.
struct Schemas {
    folder: tempfile::TempDir,
}

impl Schemas {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// A schema for objects of which each of `members` is required and of its type.
    fn schema(self, event_type: &str, version: u64, members: &Value) -> Self {
        let required: Vec<&String> = members.as_object().unwrap().keys().collect();
        let schema = json!({
            "type": "object", "properties": members, "required": required, "additionalProperties": false,
        });
        self.file(&format!("{event_type}/{version}.json"), &schema.to_string())
    }

    fn examples(self, event_type: &str, version: u64, lines: &str) -> Self {
        self.file(&format!("{event_type}/examples/{version}.ndjson"), lines)
    }

    fn validators(&self) -> Validators {
        let catalogue = Catalogue::open(self.folder.path(), &CatalogueOptions::default()).unwrap();
        assert_eq!(catalogue.findings(), []);
        Validators::new(Arc::new(catalogue))
    }

    /// Paths as they are inside the catalogue.
    fn inside(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// Prices: cents, then an amount with a currency, then the currency in capitals only.
fn prices() -> Schemas {
    Schemas::new()
        .schema("PriceSet", 1, &json!({"cents": {"type": "integer"}}))
        .schema(
            "PriceSet",
            2,
            &json!({"amount": {"type": "integer", "minimum": 0}, "currency": {"type": "string"}}),
        )
        .schema(
            "PriceSet",
            3,
            &json!({"amount": {"type": "integer"}, "currency": {"enum": ["EUR", "CZK"]}}),
        )
}

fn price_2(data: &Value, currency: &str) -> Vec<Upcast> {
    vec![Upcast::new(
        "PriceSet",
        2,
        json!({"amount": data["cents"], "currency": currency}),
    )]
}

fn upcast_1(f: impl Fn(&Value) -> Result<Vec<Upcast>, String> + Send + Sync + 'static) -> Upcaster {
    Upcaster::json("PriceSet", 1, [("PriceSet", 2)], move |data| f(&data))
}

fn upcast_2() -> Upcaster {
    Upcaster::json("PriceSet", 2, [("PriceSet", 3)], |data| {
        Ok::<_, String>(vec![Upcast::new("PriceSet", 3, data)])
    })
}

/// What comes of trying `upcasters` on examples of version 1.
fn verified(upcasters: Vec<Upcaster>, current: u64, examples: &[Value]) -> Verified {
    let validators = prices().validators();
    let chains = Chains::new(upcasters, [("PriceSet", current)]);
    let mut verifier = Verifier::new(&chains, &validators, None);
    let one = Version::from(1);
    for (line, data) in (1..).zip(examples) {
        let place = Place::file("examples").at_line(line);
        verifier.try_event(&Trial::example("PriceSet", &one, data, place));
    }
    verifier.finish()
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            format!(
                "{} {}: {} <- {}",
                finding.rule.id,
                serde_json::to_string(&finding.place).unwrap(),
                finding.message,
                finding
                    .witness
                    .as_ref()
                    .map_or("-".to_owned(), |witness| canonical(witness).unwrap()),
            )
        })
        .collect()
}

fn steps(verified: &Verified) -> Vec<String> {
    verified
        .steps
        .iter()
        .map(|step| {
            format!(
                "{} {} ({}) tried {} {}",
                step.event_type,
                step.from,
                step.origin,
                step.tried,
                if step.verified { "verified" } else { "not verified" }
            )
        })
        .collect()
}

#[test]
fn a_chain_that_holds_is_verified() {
    let result = verified(
        vec![upcast_1(|data| Ok(price_2(data, "EUR"))), upcast_2()],
        3,
        &[json!({"cents": 5}), json!({"cents": 6})],
    );
    assert_eq!(result.findings, []);
    assert_eq!(
        steps(&result),
        [
            "PriceSet 1 (json) tried 2 verified",
            "PriceSet 2 (json) tried 2 verified"
        ]
    );
    assert_eq!((result.events, result.passed_over), (2, 0));
    assert!(result.covers("PriceSet", &Version::from(1)));
    assert!(!result.covers("PriceSet", &Version::from(3)));
}

#[test]
fn an_event_that_is_not_valid_itself_says_nothing() {
    let result = verified(
        vec![upcast_1(|data| Ok(price_2(data, "EUR")))],
        2,
        &[json!({"cents": "5"}), json!({})],
    );
    assert_eq!(
        told(&result.findings),
        [
            r#"upcaster-untried {"type":"PriceSet","version":"1"}: upcaster PriceSet 1 to 2 (json) was tried on nothing: there is no valid PriceSet 1 among the examples and recorded events <- -"#
        ]
    );
    assert_eq!(steps(&result), ["PriceSet 1 (json) tried 0 not verified"]);
    assert_eq!((result.events, result.passed_over), (0, 2));
    assert!(!result.covers("PriceSet", &Version::from(1)));
}

#[test]
fn invalid_output_is_told_with_the_smallest_event() {
    let result = verified(
        vec![upcast_1(|data| Ok(price_2(data, "EUR"))), upcast_2()],
        3,
        &[
            json!({"cents": 5}),
            json!({"cents": -200}),
            json!({"cents": -30}),
            json!({"cents": -4000}),
        ],
    );
    assert_eq!(
        told(&result.findings),
        [
            r#"upcaster-invalid-output {"file":"examples","line":3,"type":"PriceSet","version":"1","pointer":"/amount"}: upcaster PriceSet 1 to 2 (json) makes an invalid PriceSet 2: the value is less than the minimum of 0 at /amount, and so with 2 more events <- {"cents":-30}"#
        ]
    );
    assert_eq!(
        steps(&result),
        [
            "PriceSet 1 (json) tried 4 not verified",
            "PriceSet 2 (json) tried 1 verified"
        ]
    );
}

#[test]
fn a_step_in_the_middle_of_a_chain_is_told_with_what_it_was_given() {
    let result = verified(
        vec![upcast_1(|data| Ok(price_2(data, "eur"))), upcast_2()],
        3,
        &[json!({"cents": 5})],
    );
    let [finding] = &result.findings[..] else {
        panic!("{:?}", result.findings)
    };
    assert_eq!(finding.rule.id, "upcaster-invalid-output");
    assert_eq!(
        serde_json::to_value(&finding.place).unwrap(),
        json!({"file": "examples", "line": 1, "type": "PriceSet", "version": "2", "pointer": "/currency"})
    );
    assert_eq!(finding.witness, Some(json!({"amount": 5, "currency": "eur"})));
    assert_eq!(
        steps(&result),
        [
            "PriceSet 1 (json) tried 1 verified",
            "PriceSet 2 (json) tried 1 not verified"
        ]
    );
}

#[test]
fn failures_and_panics_are_told() {
    let result = verified(
        vec![upcast_1(|data| match data["cents"].as_i64() {
            Some(0) => Err("nothing costs nothing".to_owned()),
            Some(13) => panic!("bad luck with {data}"),
            _ => Ok(price_2(data, "EUR")),
        })],
        2,
        &[
            json!({"cents": 13}),
            json!({"cents": 0}),
            json!({"cents": 1}),
            json!({"cents": 13}),
        ],
    );
    assert_eq!(
        told(&result.findings),
        [
            r#"upcaster-fails {"file":"examples","line":2,"type":"PriceSet","version":"1"}: upcaster PriceSet 1 to 2 (json) refuses the event: nothing costs nothing <- {"cents":0}"#,
            r#"upcaster-panics {"file":"examples","line":1,"type":"PriceSet","version":"1"}: upcaster PriceSet 1 to 2 (json) panics: bad luck with {"cents":13}, and so with 1 more event <- {"cents":13}"#,
        ]
    );
}

#[test]
fn undeclared_and_unknown_outputs_are_told() {
    let result = verified(
        vec![upcast_1(|data| {
            Ok(vec![Upcast::new("PriceSet", 3, data.clone())])
        })],
        2,
        &[json!({"cents": 1})],
    );
    assert_eq!(result.findings[0].rule.id, "upcaster-undeclared");
    let unknown = |event_type: &'static str| {
        let upcaster = Upcaster::json("PriceSet", 1, [(event_type, 9)], move |data| {
            Ok::<_, String>(vec![Upcast::new(event_type, 9, data)])
        });
        let validators = prices().validators();
        let chains = Chains::new([upcaster], [(event_type, 9)]);
        let mut verifier = Verifier::new(&chains, &validators, None);
        let (one, data) = (Version::from(1), json!({"cents": 1}));
        verifier.try_event(&Trial::example("PriceSet", &one, &data, Place::default()));
        let result = verifier.finish();
        assert!(!result.steps[0].verified);
        format!("{}: {}", result.findings[0].rule.id, result.findings[0].message)
    };
    assert_eq!(
        unknown("PriceSet"),
        "unknown-version: upcaster PriceSet 1 to 9 (json) makes PriceSet 9, and the catalogue has no such version"
    );
    assert_eq!(
        unknown("Price"),
        "unknown-type: upcaster PriceSet 1 to Price 9 (json) makes Price 9, and the catalogue has no such type"
    );
}

#[test]
fn two_answers_to_one_event_are_told() {
    let count = AtomicU64::new(0);
    let result = verified(
        vec![upcast_1(move |data| {
            let now = count.fetch_add(1, Ordering::Relaxed);
            Ok(price_2(data, &format!("at {now}")))
        })],
        2,
        &[json!({"cents": 1})],
    );
    assert_eq!(
        told(&result.findings),
        [
            r#"upcaster-not-deterministic {"file":"examples","line":1,"type":"PriceSet","version":"1"}: upcaster PriceSet 1 to 2 (json) makes one thing of the event, and then another <- {"cents":1}"#
        ]
    );
    let count = AtomicU64::new(0);
    let sometimes = verified(
        vec![upcast_1(move |data| {
            if count.fetch_add(1, Ordering::Relaxed) == 0 {
                return Err("not now".to_owned());
            }
            Ok(price_2(data, "EUR"))
        })],
        2,
        &[json!({"cents": 1})],
    );
    let ids: Vec<&str> = sometimes.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(ids, ["upcaster-fails", "upcaster-not-deterministic"]);
}

#[test]
fn one_is_not_one_point_zero_for_determinism() {
    let schemas = Schemas::new()
        .schema("A", 1, &json!({}))
        .schema("A", 2, &json!({"n": {}}));
    let validators = schemas.validators();
    let count = AtomicU64::new(0);
    let upcaster = Upcaster::json("A", 1, [("A", 2)], move |_| {
        let whole = count.fetch_add(1, Ordering::Relaxed) == 0;
        let n = if whole { json!(1) } else { json!(1.0) };
        Ok::<_, String>(vec![Upcast::new("A", 2, json!({ "n": n }))])
    });
    let chains = Chains::new([upcaster], [("A", 2)]);
    let mut verifier = Verifier::new(&chains, &validators, None);
    verifier.try_event(&Trial::example(
        "A",
        &Version::from(1),
        &json!({}),
        Place::default(),
    ));
    assert_eq!(
        verifier.finish().findings[0].rule.id,
        "upcaster-not-deterministic"
    );
}

#[test]
fn the_code_has_the_last_word() {
    let validators = prices().validators();
    let chains = Chains::new([upcast_1(|data| Ok(price_2(data, "DKK")))], [("PriceSet", 2)]);
    let decoder = |event: &Upcast| {
        assert_eq!(
            (event.event_type.as_str(), &event.version),
            ("PriceSet", &Version::from(2))
        );
        match event.data["amount"].as_u64() {
            Some(0) => panic!("a price of {}", event.data["currency"]),
            Some(1) => Ok(()),
            _ => Err(EventError {
                pointer: "/currency".to_owned(),
                message: "unknown variant `DKK`".to_owned(),
            }),
        }
    };
    let mut verifier = Verifier::new(&chains, &validators, Some(&decoder));
    let one = Version::from(1);
    for data in [json!({"cents": 1}), json!({"cents": 20})] {
        verifier.try_event(&Trial::example("PriceSet", &one, &data, Place::default()));
    }
    assert_eq!(
        told(&verifier.finish().findings),
        [
            r#"event-unreadable {"type":"PriceSet","version":"1","pointer":"/currency"}: the code cannot read the PriceSet 2 that upcaster PriceSet 1 to 2 (json) makes: unknown variant `DKK` at /currency <- {"cents":20}"#
        ]
    );
    let mut verifier = Verifier::new(&chains, &validators, Some(&decoder));
    verifier.try_event(&Trial::example(
        "PriceSet",
        &one,
        &json!({"cents": 0}),
        Place::default(),
    ));
    assert!(
        verifier.finish().findings[0]
            .message
            .ends_with(r#"makes: it panics: a price of "DKK""#)
    );
}

#[test]
fn every_branch_of_a_split_is_tried() {
    let schemas = Schemas::new()
        .schema("Order", 1, &json!({"lines": {"type": "array"}}))
        .schema("Line", 1, &json!({"n": {"type": "integer"}}))
        .schema("Line", 2, &json!({"n": {"type": "integer", "maximum": 9}}))
        .schema("Note", 1, &json!({}));
    let validators = schemas.validators();
    let chains = Chains::new(
        [
            Upcaster::json("Order", 1, [("Line", 1), ("Note", 1)], |data| {
                let lines = data["lines"].as_array().cloned().unwrap_or_default();
                let lines = lines.into_iter().map(|n| Upcast::new("Line", 1, json!({"n": n})));
                Ok::<_, String>(lines.chain([Upcast::new("Note", 1, json!({}))]).collect())
            }),
            Upcaster::typed("Line", 1, 2, |line: Value| Ok::<_, String>(line)),
            Upcaster::dropped("Note", 1),
        ],
        [("Line", 2)],
    );
    let mut verifier = Verifier::new(&chains, &validators, None);
    let one = Version::from(1);
    let data = json!({"lines": [1, 10, 2]});
    verifier.try_event(&Trial::example("Order", &one, &data, Place::default()));
    let result = verifier.finish();
    assert_eq!(
        steps(&result),
        [
            "Line 1 (typed) tried 3 not verified",
            "Note 1 (typed) tried 1 verified",
            "Order 1 (json) tried 1 verified"
        ]
    );
    assert_eq!(result.findings.len(), 1);
    assert_eq!(result.findings[0].witness, Some(json!({"n": 10})));
}

#[test]
fn circles_and_bounds_do_not_hold_up_verification() {
    let schemas = Schemas::new()
        .schema("A", 1, &json!({}))
        .schema("A", 2, &json!({}));
    let validators = schemas.validators();
    let to = |from: u64, to: u64, times: usize| {
        Upcaster::json("A", from, [("A", to)], move |data| {
            Ok::<_, String>(vec![Upcast::new("A", to, data); times])
        })
    };
    let one = Version::from(1);
    let run = |chains: Chains| {
        let mut verifier = Verifier::new(&chains, &validators, None);
        verifier.try_event(&Trial::example("A", &one, &json!({}), Place::default()));
        let found = verifier.finish();
        found
            .findings
            .iter()
            .map(|finding| finding.rule.id)
            .collect::<Vec<_>>()
    };
    // The circle itself is told by `Chains::check`.
    assert!(run(Chains::new([to(1, 2, 1), to(2, 1, 1)], [("A", 3)])).is_empty());
    assert!(run(Chains::new([to(1, 1, 2)], [("A", 3)])).is_empty());
    let outputs = Chains::new([to(1, 2, 11)], [("A", 2)]).with_bounds(Bounds::default().outputs(10));
    assert_eq!(run(outputs), ["upcaster-limit"]);
    let steps = Chains::new([to(1, 2, 11), Upcaster::dropped("A", 2)], [("A", 3)])
        .with_bounds(Bounds::default().steps(10));
    assert_eq!(run(steps), ["upcaster-limit"]);
}

#[test]
fn an_upcaster_that_no_chain_takes_is_tried_all_the_same() {
    let direct = Upcaster::json("PriceSet", 1, [("PriceSet", 3)], |data| {
        Ok::<_, String>(vec![Upcast::new(
            "PriceSet",
            3,
            json!({"amount": data["cents"], "currency": "DKK"}),
        )])
    });
    let through = vec![upcast_1(|data| Ok(price_2(data, "EUR"))), direct];
    let result = verified(through, 2, &[json!({"cents": 5})]);
    assert_eq!(
        steps(&result),
        [
            "PriceSet 1 (json) tried 1 verified",
            "PriceSet 1 (json) tried 1 not verified"
        ]
    );
    assert!(!result.covers("PriceSet", &Version::from(1)));
    // What starts from the version that the code reads is code as well.
    let validators = prices().validators();
    let chains = Chains::new([upcast_2()], [("PriceSet", 2)]);
    let mut verifier = Verifier::new(&chains, &validators, None);
    let data = json!({"amount": 1, "currency": "DKK"});
    verifier.try_event(&Trial::example(
        "PriceSet",
        &Version::from(2),
        &data,
        Place::default(),
    ));
    assert_eq!(verifier.finish().findings[0].rule.id, "upcaster-invalid-output");
}

#[test]
fn examples_of_the_catalogue_are_tried_from_their_files() {
    let schemas = prices()
        .examples("PriceSet", 1, "{\"cents\":5}\r\n\n{\"cents\":-1}")
        .examples(
            "PriceSet",
            2,
            "{\"amount\":1,\"currency\":\"EUR\"}\n{\"amount\":1}\n{\"amount\":\n",
        )
        .examples("PriceSet", 3, "nonsense, and no upcaster starts here\n");
    let validators = schemas.validators();
    let chains = Chains::new(
        [upcast_1(|data| Ok(price_2(data, "EUR"))), upcast_2()],
        [("PriceSet", 3)],
    );
    let mut verifier = Verifier::new(&chains, &validators, None);
    verifier.try_examples().unwrap();
    let result = verifier.finish();
    let lines: Vec<String> = told(&result.findings)
        .iter()
        .map(|line| schemas.inside(line))
        .collect();
    assert_eq!(
        lines,
        [
            r#"invalid-event {"file":"PriceSet/examples/2.ndjson","line":2,"type":"PriceSet","version":"2"}: the example is not a valid PriceSet 2: "currency" is a required property <- -"#,
            r#"not-json {"file":"PriceSet/examples/2.ndjson","line":3,"type":"PriceSet","version":"2","pointer":"/amount"}: the example of PriceSet 2 is not JSON: the text ends inside a value at byte 11, in /amount <- -"#,
            r#"upcaster-invalid-output {"file":"PriceSet/examples/1.ndjson","line":3,"type":"PriceSet","version":"1","pointer":"/amount"}: upcaster PriceSet 1 to 2 (json) makes an invalid PriceSet 2: the value is less than the minimum of 0 at /amount <- {"cents":-1}"#,
        ]
    );
    assert_eq!(
        steps(&result),
        [
            "PriceSet 1 (json) tried 2 not verified",
            "PriceSet 2 (json) tried 2 verified"
        ]
    );
    assert_eq!((result.events, result.passed_over), (3, 1));
}

fn recorded(line: &str) -> RecordedEvent {
    match parse_line(line.as_bytes()).unwrap() {
        Line::Event(event) => event,
        Line::Decision(_) => panic!("{line} is a decision"),
    }
}

#[test]
fn recorded_values_are_masked_unless_asked_for() {
    let schemas = Schemas::new()
        .schema(
            "Named",
            1,
            &json!({"name": {"type": "string"}, "age": {"type": "integer"}}),
        )
        .schema("Named", 2, &json!({"name": {"type": "string"}}));
    let validators = schemas.validators();
    let upcaster = Upcaster::json("Named", 1, [("Named", 2)], |data| -> Result<_, String> {
        Err(format!("{} is too young with {}", data["name"], data["age"]))
    });
    let chains = Chains::new([upcaster], [("Named", 2)]);
    let event = recorded(r#"{"s":"person-1","n":4,"t":"Named","v":1,"d":{"name":"Ana","age":17}}"#);
    let (one, data) = (Version::from(1), json!({"name": "Ana", "age": 17}));
    let found = |show: bool| {
        let mut verifier = Verifier::new(&chains, &validators, None).show_values(show);
        let place = Place::file("people.ndjson").at_line(9);
        verifier.try_event(&Trial::recorded(&event, &one, &data, place));
        told(&verifier.finish().findings).remove(0)
    };
    assert_eq!(
        found(false),
        concat!(
            r#"upcaster-fails {"file":"people.ndjson","line":9,"type":"Named","version":"1","stream":"person-1","revision":4}: "#,
            r#"upcaster Named 1 to 2 (json) refuses the event: "***" is too young with #, event 4 of stream person-1 "#,
            r#"<- {"age":"an integer of 2 digits","name":"a text of 3 characters"}"#
        )
    );
    assert!(found(true).contains(r#""Ana" is too young with 17"#));
    assert!(found(true).ends_with(r#"<- {"age":17,"name":"Ana"}"#));
}

#[test]
fn a_redacted_event_says_nothing() {
    let validators = prices().validators();
    let chains = Chains::new([upcast_1(|_| Err("not reached".to_owned()))], [("PriceSet", 2)]);
    let event = recorded(r#"{"s":"p-1","n":4,"t":"PriceSet","v":1,"d":{"cents":1},"x":["redacted"]}"#);
    let mut verifier = Verifier::new(&chains, &validators, None);
    let (one, data) = (Version::from(1), json!({"cents": 1}));
    verifier.try_event(&Trial::recorded(&event, &one, &data, Place::default()));
    let result = verifier.finish();
    assert_eq!((result.events, result.passed_over), (0, 1));
    assert_eq!(result.findings[0].rule.id, "upcaster-untried");
}

#[test]
fn order_and_threads_change_nothing() {
    let failing = || {
        upcast_1(|data| match data["cents"].as_i64() {
            Some(n) if n % 3 == 0 => Err(format!("{n}")),
            Some(n) if n % 5 == 0 => Ok(price_2(&json!({"cents": -n}), "EUR")),
            _ => Ok(price_2(data, "EUR")),
        })
    };
    let events: Vec<Value> = (1..60).map(|n| json!({"cents": 59 - n})).collect();
    let validators = prices().validators();
    let chains = Chains::new([failing(), upcast_2()], [("PriceSet", 3)]);
    let one = Version::from(1);
    let try_all = |verifier: &mut Verifier<'_>, events: &mut dyn Iterator<Item = &Value>| {
        for data in events {
            verifier.try_event(&Trial::example("PriceSet", &one, data, Place::file("f")));
        }
    };
    let mut forwards = Verifier::new(&chains, &validators, None);
    try_all(&mut forwards, &mut events.iter());
    let forwards = forwards.finish();
    assert_eq!(forwards.findings.len(), 2);
    assert_eq!(forwards.findings[0].witness, Some(json!({"cents": 0})));
    assert_eq!(forwards.findings[1].witness, Some(json!({"cents": 5})));

    let mut backwards = Verifier::new(&chains, &validators, None);
    try_all(&mut backwards, &mut events.iter().rev());
    assert_eq!(backwards.finish(), forwards);

    let mut whole = Verifier::new(&chains, &validators, None);
    for part in events.chunks(7) {
        let mut verifier = Verifier::new(&chains, &validators, None);
        try_all(&mut verifier, &mut part.iter());
        whole.merge(verifier);
    }
    assert_eq!(whole.finish(), forwards);
}

#[cfg(all(feature = "cli", feature = "jq"))]
mod files {
    use std::path::Path;

    use super::*;
    use std::time::Duration;

    use pastproof::upcast::upcasters_in;

    #[test]
    fn the_upcasters_of_the_repository_are_tried_on_its_examples() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let catalogue = Catalogue::open(&root, &CatalogueOptions::default()).unwrap();
        let (upcasters, findings) = upcasters_in(&catalogue, &Arc::new(crate::jq::fence())).unwrap();
        assert_eq!(findings, []);
        assert!(!upcasters.is_empty());
        let current: Vec<(String, Version)> = upcasters
            .iter()
            .flat_map(|upcaster| upcaster.targets().to_vec())
            .collect();
        let validators = Validators::new(Arc::new(catalogue));
        let chains = Chains::new(upcasters, current);
        assert_eq!(chains.check(&[]), []);
        let mut verifier = Verifier::new(&chains, &validators, None);
        verifier.try_examples().unwrap();
        let result = verifier.finish();
        assert_eq!(result.findings, []);
        assert!(
            result.steps.iter().all(|step| step.verified),
            "{:?}",
            result.steps
        );
    }

    #[test]
    fn files_that_cannot_be_used_are_told() {
        let schemas = prices()
            .file("PriceSet/1-to-2.jq", "{amount: .cents, currency: \"EUR\"}")
            .file("PriceSet/2-to-3.upcast.json", "{}");
        let broken = schemas.folder.path().join("PriceSet/3-to-4.jq");
        std::fs::write(&broken, b"\"\xFF\"").unwrap();
        let catalogue = Catalogue::open(schemas.folder.path(), &CatalogueOptions::default()).unwrap();
        let (upcasters, findings) = upcasters_in(&catalogue, &Arc::new(crate::jq::fence())).unwrap();
        let names: Vec<String> = upcasters
            .iter()
            .map(|upcaster| schemas.inside(&upcaster.to_string()))
            .collect();
        assert_eq!(names, ["PriceSet 1 to 2 (PriceSet/1-to-2.jq)"]);
        let lines: Vec<String> = told(&findings).iter().map(|line| schemas.inside(line)).collect();
        assert_eq!(
            lines,
            [
                r#"upcaster-malformed {"file":"PriceSet/2-to-3.upcast.json","type":"PriceSet","version":"2"}: PriceSet/2-to-3.upcast.json: has no member `format` <- -"#,
                r#"jq-invalid {"file":"PriceSet/3-to-4.jq","type":"PriceSet","version":"3"}: PriceSet/3-to-4.jq: the program is not UTF-8 <- -"#,
            ]
        );
    }

    #[test]
    fn a_jq_program_is_verified_like_any_other() {
        let schemas = prices().examples("PriceSet", 1, "{\"cents\":5}\n{\"cents\":-30}\n{\"cents\":7}\n");
        let validators = schemas.validators();
        let found = |program: &str| {
            let fence = crate::jq::fence().time_limit(Duration::from_millis(500));
            let upcaster = Upcaster::jq("PriceSet", 1, 2, program, "1-to-2.jq", Arc::new(fence));
            let chains = Chains::new([upcaster], [("PriceSet", 2)]);
            let mut verifier = Verifier::new(&chains, &validators, None);
            verifier.try_examples().unwrap();
            let result = verifier.finish();
            let found: Vec<String> = result
                .findings
                .iter()
                .map(|finding| {
                    format!(
                        "{} {} {}",
                        finding.rule.id,
                        finding.place.line.unwrap_or_default(),
                        finding
                            .message
                            .replace("upcaster PriceSet 1 to 2 (1-to-2.jq) ", "")
                    )
                })
                .collect();
            (found.join("; "), result.steps[0].verified)
        };
        let text = |found: &str, verified: bool| (found.to_owned(), verified);
        assert_eq!(
            found("{amount: (.cents | fabs | floor), currency: \"EUR\"}"),
            text("", true)
        );
        assert_eq!(
            found("{amount: .cents, currency: \"EUR\"}"),
            text(
                "upcaster-invalid-output 2 makes an invalid PriceSet 2: the value is less than the minimum of 0 at /amount",
                false
            )
        );
        assert_eq!(
            found("if .cents < 0 then until(false; .) else {amount: .cents, currency: \"EUR\"} end"),
            text("upcaster-timeout 2 runs longer than 0.5 seconds", false)
        );
        // What is wrong with the program itself is told by the check of the graph.
        assert_eq!(found("{amount: now}"), text("", false));
    }
}

/// Prices of one stream, read by code that knows how many came before: from its context, or from what it hides.
fn counted_prices(hidden: bool) -> Verified {
    let schemas = prices();
    let validators = schemas.validators();
    let hides = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&hides);
    let upcaster = Upcaster::with_context(
        "PriceSet",
        1,
        [("PriceSet", 2)],
        ["PriceSet"],
        move |count: &mut u64, _| {
            *count += 1;
            hides.fetch_add(1, Ordering::Relaxed);
            Ok::<_, String>(())
        },
        move |_, count, _| {
            let count = if hidden {
                seen.load(Ordering::Relaxed)
            } else {
                *count
            };
            let data = json!({"amount": count, "currency": "EUR"});
            Ok::<_, String>(vec![Upcast::new("PriceSet", 2, data)])
        },
    );
    let chains = Chains::new([upcaster], [("PriceSet", 2)]);
    let mut verifier = Verifier::new(&chains, &validators, None);
    let version = Version::from(1);
    for revision in 0..9 {
        let line = json!({"s": "price-1", "n": revision, "t": "PriceSet", "v": 1, "d": {"cents": revision}});
        let event = recorded(&line.to_string());
        let data = json!({"cents": revision});
        verifier.try_event(&Trial::recorded(&event, &version, &data, Place::default()));
    }
    verifier.try_pages();
    verifier.finish()
}

#[test]
fn what_is_kept_beside_the_context_is_told() {
    let verified = counted_prices(true);
    let finding = verified
        .findings
        .iter()
        .find(|finding| finding.rule.id == "upcaster-page-dependent");
    let finding = finding.unwrap_or_else(|| panic!("{:?}", verified.findings));
    assert!(
        finding.message.contains("when its stream is read in pages of 1"),
        "{}",
        finding.message
    );
    assert!(!verified.covers("PriceSet", &Version::from(1)));
    let verified = counted_prices(false);
    assert!(
        verified.findings.iter().all(|finding| !finding.fails()),
        "{:?}",
        verified.findings
    );
    assert!(verified.covers("PriceSet", &Version::from(1)));
}

/// Each part is tried with the parts before it, and no part is said to lose what the whole keeps.
#[test]
fn a_merge_is_verified_part_by_part() {
    let schema = |member: &str| json!({member: {"type": "integer"}});
    let schemas = Schemas::new()
        .schema("Weighed", 1, &schema("grams"))
        .schema("Measured", 1, &schema("cm"))
        .schema(
            "Sized",
            1,
            &json!({"grams": {"type": "integer"}, "cm": {"type": "integer", "minimum": 0}}),
        );
    let validators = schemas.validators();
    let verify = |positive: bool| {
        let parts = Upcaster::merged([("Weighed", 1), ("Measured", 1)], 5, ("Sized", 1), move |parts| {
            let cm = parts[1]["cm"].as_i64().unwrap_or(0);
            let cm = if positive { cm.max(0) } else { cm };
            Ok::<_, String>(json!({"grams": parts[0]["grams"], "cm": cm}))
        });
        let chains = Chains::new(parts, [("Sized", 1)]);
        let mut verifier = Verifier::new(&chains, &validators, None);
        verifier.try_generated();
        verifier.finish()
    };
    let good = verify(true);
    assert!(
        good.findings.iter().all(|finding| !finding.fails()),
        "{:?}",
        good.findings
    );
    assert!(
        good.steps
            .iter()
            .all(|step| step.verified && step.origin == "merge")
    );
    let bad = verify(false);
    let found: Vec<_> = bad.findings.iter().filter(|finding| finding.fails()).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].rule.id, "upcaster-invalid-output");
    assert_eq!(
        canonical(found[0].witness.as_ref().unwrap()).unwrap(),
        r#"{"cm":-1}"#
    );
}
