//! Upcasters of `cqrs-es` verified as they are, and chains of ours in its place.

use std::sync::Arc;

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster, SerializedEvent};
use pastproof::adapters::cqrs_es::{ChainUpcaster, Upcasters};
use pastproof::schema::{Catalogue, CatalogueOptions, Validators, VersionScheme};
use pastproof::upcast::{Chains, Upcast, Upcaster, Verified, Verifier};
use serde_json::{Value, json};

fn upcaster(to: &str, f: fn(Value) -> Value) -> Box<dyn EventUpcaster> {
    Box::new(SemanticVersionEventUpcaster::new("PriceSet", to, Box::new(f)))
}

fn renamed(mut data: Value) -> Value {
    let cents = data["cents"].take();
    json!({ "amount": cents })
}

fn in_euro(mut data: Value) -> Value {
    data["currency"] = json!("EUR");
    data
}

/// Prices: cents; an amount; an amount with a currency, where the store once had no cents.
fn verified(upcasters: Vec<Box<dyn EventUpcaster>>, optional: bool) -> Verified {
    let folder = tempfile::tempdir().unwrap();
    let schema = |members: Value, required: Value| json!({"type": "object", "properties": members, "required": required, "additionalProperties": false});
    let at = folder.path().join("PriceSet");
    std::fs::create_dir_all(&at).unwrap();
    let cents = if optional { json!([]) } else { json!(["cents"]) };
    let versions = [
        ("1.0.0", schema(json!({"cents": {"type": "integer"}}), cents)),
        (
            "2.0.0",
            schema(json!({"amount": {"type": "integer"}}), json!(["amount"])),
        ),
        (
            "3.0.0",
            schema(
                json!({"amount": {"type": "integer"}, "currency": {"type": "string"}}),
                json!(["amount", "currency"]),
            ),
        ),
    ];
    for (version, schema) in versions {
        std::fs::write(at.join(format!("{version}.json")), schema.to_string()).unwrap();
    }
    let options = CatalogueOptions {
        scheme: VersionScheme::Semver,
        ..CatalogueOptions::default()
    };
    let validators = Validators::new(Arc::new(Catalogue::open(folder.path(), &options).unwrap()));
    let production = Upcasters::new(upcasters);
    let chains = Chains::new(
        [
            production.step("PriceSet", "1.0.0", "3.0.0"),
            production.step("PriceSet", "2.0.0", "3.0.0"),
        ],
        [("PriceSet", "3.0.0")],
    );
    let mut verifier = Verifier::new(&chains, &validators, None);
    verifier.try_generated();
    verifier.finish()
}

fn denied(verified: &Verified) -> Vec<(&str, String)> {
    let findings = verified.findings.iter().filter(|finding| finding.fails());
    findings
        .map(|finding| (finding.rule.id, finding.message.clone()))
        .collect()
}

#[test]
fn a_stores_upcasters_are_verified_unchanged() {
    let good = verified(
        vec![upcaster("2.0.0", renamed), upcaster("3.0.0", in_euro)],
        false,
    );
    assert_eq!(denied(&good), []);
    let steps: Vec<_> = good
        .steps
        .iter()
        .map(|step| (step.from.to_string(), step.origin.as_str(), step.verified))
        .collect();
    assert_eq!(
        steps,
        [
            ("1.0.0".to_owned(), "cqrs-es", true),
            ("2.0.0".to_owned(), "cqrs-es", true)
        ]
    );
}

/// Registered in the wrong order, the later one lifts the version above what the earlier one would take.
#[test]
fn the_order_of_registration_is_part_of_what_is_verified() {
    let wrong = verified(
        vec![upcaster("3.0.0", in_euro), upcaster("2.0.0", renamed)],
        false,
    );
    let [(rule, message)] = &denied(&wrong)[..] else {
        panic!("{:?}", wrong.findings)
    };
    assert_eq!(*rule, "upcaster-invalid-output");
    assert!(
        message.contains("PriceSet 1.0.0 to 3.0.0 (cqrs-es) makes an invalid PriceSet 3.0.0"),
        "{message}"
    );
}

#[test]
fn what_panics_or_passes_an_event_by_is_told() {
    fn panics(mut data: Value) -> Value {
        let cents = data
            .as_object_mut()
            .and_then(|data| data.remove("cents"))
            .expect("there are cents");
        json!({ "amount": cents })
    }
    let panicking = verified(vec![upcaster("2.0.0", panics), upcaster("3.0.0", in_euro)], true);
    assert!(
        denied(&panicking)
            .iter()
            .any(|(rule, _)| *rule == "upcaster-panics"),
        "{:?}",
        panicking.findings
    );
    let missing = verified(vec![upcaster("2.0.0", renamed)], false);
    assert!(
        denied(&missing)
            .iter()
            .any(|(rule, message)| *rule == "upcaster-undeclared"
                && message.contains("makes an event PriceSet 2.0.0")),
        "{:?}",
        missing.findings
    );
}

fn stored(version: &str, payload: Value) -> SerializedEvent {
    SerializedEvent::new(
        "7".to_owned(),
        3,
        "price".to_owned(),
        "PriceSet".to_owned(),
        version.to_owned(),
        payload,
        json!({"by": "shop"}),
    )
}

fn chain(refuses: bool) -> Chains {
    Chains::new(
        [
            Upcaster::json("PriceSet", "1.0.0", [("PriceSet", "2.0.0")], |data| {
                Ok::<_, String>(vec![Upcast::new("PriceSet", "2.0.0", renamed(data))])
            }),
            Upcaster::with_envelope(
                "PriceSet",
                "2.0.0",
                [("PriceSet", "3.0.0")],
                move |data, event| {
                    if refuses {
                        return Err("nobody knows the currency");
                    }
                    assert_eq!((event.stream, event.revision), (Some("7"), Some(3)));
                    Ok(vec![
                        Upcast::new("PriceSet", "3.0.0", in_euro(data))
                            .with_metadata(json!({"by": "upcaster"})),
                    ])
                },
            ),
        ],
        [("PriceSet", "3.0.0")],
    )
}

/// The store runs the chain that was verified, over all its steps.
#[test]
fn a_chain_is_an_upcaster_of_the_store() {
    let upcaster = ChainUpcaster::new(chain(false)).unwrap();
    for version in ["1.0.0", "2.0.0"] {
        assert!(upcaster.can_upcast("PriceSet", version));
    }
    assert!(!upcaster.can_upcast("PriceSet", "3.0.0") && !upcaster.can_upcast("Other", "1.0.0"));
    let read = upcaster.upcast(stored("1.0.0", json!({"cents": 5})));
    assert_eq!(
        read,
        SerializedEvent {
            metadata: json!({"by": "upcaster"}),
            ..stored("3.0.0", json!({"amount": 5, "currency": "EUR"}))
        }
    );
}

/// The trait has no errors; what is refused must not be read as if it were upcast.
#[test]
fn what_is_refused_cannot_be_read() {
    let upcaster = ChainUpcaster::new(chain(true)).unwrap();
    let read = upcaster.upcast(stored("1.0.0", json!({"cents": 5})));
    assert_eq!(read.event_version, "1.0.0");
    let why = read.payload.as_str().unwrap();
    assert!(why.contains("nobody knows the currency"), "{why}");
    let dropping = Chains::new([Upcaster::dropped("PriceSet", "1.0.0")], [("PriceSet", "3.0.0")]);
    let why = ChainUpcaster::new(dropping).unwrap_err().to_string();
    assert!(
        why.starts_with("upcaster PriceSet 1.0.0 to nothing (typed) makes none or several"),
        "{why}"
    );
}
