//! Where a type and its own schema disagree, and what is done about it.

use std::fmt::Write as _;

use pastproof::finding::Level;
use pastproof::model::EventKind;
use pastproof::schema::{CompareOptions, Verdict, check_agreement, compare_kinds, kind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::types;

/// An amount that is no multiple of a hundred is refused, and the schema does not say so.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RoundParts", into = "RoundParts")]
#[schemars(with = "RoundParts")]
struct Round(u32);

#[derive(Serialize, Deserialize, JsonSchema)]
struct RoundParts {
    amount: u32,
}

impl TryFrom<RoundParts> for Round {
    type Error = String;

    fn try_from(parts: RoundParts) -> Result<Self, String> {
        if parts.amount.is_multiple_of(100) {
            Ok(Self(parts.amount))
        } else {
            Err("not a round amount".to_owned())
        }
    }
}

impl From<Round> for RoundParts {
    fn from(round: Round) -> Self {
        Self { amount: round.0 }
    }
}

impl Clone for Round {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

/// The schema says more than serde checks.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Ranged {
    #[schemars(range(min = 1))]
    quantity: u32,
}

/// The schema has another name for a member than the type writes.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Misnamed {
    #[serde(rename = "sum")]
    #[schemars(rename = "total")]
    amount: Option<u8>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Panicking {
    #[serde(deserialize_with = "panicking")]
    level: u8,
}

fn panicking<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let level = u8::deserialize(deserializer)?;
    assert!(level < 200, "no such level");
    Ok(level)
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Stamped {
    #[schemars(extend("format" = "date-time"))]
    at: String,
    #[schemars(extend("format" = "a-format-of-ours"))]
    code: String,
    weight: f32,
    ratio: f64,
    tags: std::collections::BTreeSet<String>,
    letter: char,
}

fn told(kinds: &[EventKind]) -> String {
    let mut text = String::new();
    for finding in check_agreement(kinds) {
        writeln!(
            text,
            "{} {} {:?}\n  {}\n  {}",
            finding.level,
            finding.rule.id,
            finding.place.pointer.as_deref().unwrap_or_default(),
            finding.message,
            finding
                .witness
                .map_or_else(String::new, |witness| witness.to_string())
        )
        .unwrap();
    }
    text
}

#[test]
fn where_type_and_schema_disagree_is_told_with_the_smallest_value() {
    let kinds = [
        kind::<Round>("Round", 1.into()),
        kind::<Ranged>("Ranged", 1.into()),
        kind::<Misnamed>("Misnamed", 1.into()),
        kind::<Panicking>("Panicking", 1.into()),
        // Unit variants of an internally tagged choice read past any member, whatever is denied.
        kind::<types::with_variant::new::Strict>("Strict", 1.into()),
        kind::<types::without_unit_but_other::new::Plain>("Other", 1.into()),
        kind::<types::without_unit_but_other::new::Internal>("OtherTag", 1.into()),
    ];
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("serde_evolution__disagreements", told(&kinds));
    });
}

#[test]
fn types_as_they_are_written_every_day_agree_with_their_schemas() {
    macro_rules! kinds {
        ($module:path, $($name:ident),+) => {{
            use $module as all;
            vec![ $( kind::<all::$name>(stringify!($name), 1.into()) ),+ ]
        }};
    }
    let mut kinds = kinds!(
        types::with_option::new,
        Plain,
        External,
        Internal,
        Adjacent,
        Untagged,
        Flattened,
        Nested,
        Recursive,
        Strict
    );
    kinds.extend(kinds!(
        types::narrowed::new,
        Plain,
        External,
        Internal,
        Adjacent,
        Untagged,
        Flattened,
        Nested,
        Recursive,
        Strict
    ));
    kinds.extend(kinds!(
        types::with_variant::new,
        Plain,
        External,
        Internal,
        Adjacent,
        Flattened,
        Nested,
        Recursive
    ));
    kinds.push(kind::<Stamped>("Stamped", 1.into()));
    let told = told(&kinds);
    assert!(told.is_empty(), "{told}");
}

#[test]
fn floats_agree_but_where_serde_does_not_read_them() {
    use types::to_float::new;
    let kinds = [
        kind::<new::Plain>("Plain", 1.into()),
        kind::<new::External>("External", 1.into()),
        kind::<new::Nested>("Nested", 1.into()),
        kind::<new::Recursive>("Recursive", 1.into()),
        kind::<new::Strict>("Strict", 1.into()),
    ];
    assert_eq!(told(&kinds), "");
    let buffered = [
        kind::<new::Adjacent>("Adjacent", 1.into()),
        kind::<new::Flattened>("Flattened", 1.into()),
        kind::<new::Internal>("Internal", 1.into()),
        kind::<new::Untagged>("Untagged", 1.into()),
    ];
    if crate::floats_are_read_everywhere() {
        assert_eq!(told(&buffered), "");
    } else {
        // Production with the same graph would refuse such an event: it is told for each of them.
        let findings = check_agreement(&buffered);
        let ids: Vec<&str> = findings.iter().map(|finding| finding.rule.id).collect();
        assert_eq!(ids, ["type-disagrees"; 4]);
    }
}

#[test]
fn a_value_that_the_schema_accepts_and_the_type_refuses_breaks() {
    let old = kind::<RoundParts>("Amount", 1.into());
    let new = kind::<Round>("Amount", 2.into());
    let comparison = compare_kinds(&old, &new, &CompareOptions::default()).unwrap();
    assert_eq!(comparison.backward.verdict, Verdict::Breaking);
    assert_eq!(comparison.backward.witness, Some(json!({"amount": 1})));
    let why = &comparison.backward.findings[0].message;
    assert!(why.contains("not a round amount"), "{why}");
    // What the new type writes the old one reads.
    assert_eq!(comparison.forward.verdict, Verdict::Compatible);
}

#[test]
fn what_the_schema_refuses_and_the_type_reads_is_open_and_never_compatible() {
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Unranged {
        quantity: u32,
    }
    let old = kind::<Unranged>("Ordered", 1.into());
    let new = kind::<Ranged>("Ordered", 2.into());
    let comparison = compare_kinds(&old, &new, &CompareOptions::default()).unwrap();
    assert_eq!(comparison.backward.verdict, Verdict::Unproven);
    assert_eq!(comparison.backward.witness, None);
    let found = &comparison.backward.findings[0];
    assert!(found.message.contains("the type reads it"), "{}", found.message);
    assert_eq!(found.pointer, "/properties/quantity/minimum");
}

#[test]
fn a_witness_that_the_old_type_never_writes_is_no_witness() {
    // By their schemas, 1 is lost; the old type writes round amounts alone.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Hundreds {
        #[schemars(extend("multipleOf" = 100))]
        amount: u32,
    }
    let old = kind::<Round>("Amount", 1.into());
    let new = kind::<Hundreds>("Amount", 2.into());
    let comparison = compare_kinds(&old, &new, &CompareOptions::default()).unwrap();
    assert_eq!(comparison.backward.verdict, Verdict::Unproven);
    let why = &comparison.backward.findings[0].message;
    assert!(why.contains("the type never writes it"), "{why}");
}

#[test]
fn each_rule_has_its_weight() {
    let levels = |kind: EventKind| -> Vec<(&str, Level)> {
        let findings = check_agreement(&[kind]);
        findings
            .iter()
            .map(|finding| (finding.rule.id, finding.level))
            .collect()
    };
    assert_eq!(
        levels(kind::<Round>("A", 1.into())),
        [("type-disagrees", Level::Deny)]
    );
    assert_eq!(
        levels(kind::<Ranged>("B", 1.into())),
        [("type-reads-more", Level::Note)]
    );
    assert_eq!(levels(kind::<RoundParts>("C", 1.into())), []);
}
