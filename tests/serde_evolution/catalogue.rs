//! The types of the code beside a catalogue: what a gate and `cargo test` make of them.

use std::fs;

use pastproof::finding::Level;
use pastproof::gate::protocol::{HeardReport, Reply};
use pastproof::model::EventKind;
use pastproof::schema::{
    Catalogue, CatalogueOptions, CheckOptions, Heard, TypeOptions, Verdict, Word, check, hear, kind, matrix,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tempfile::TempDir;

use crate::types::{renamed, renamed_with_alias};

/// A catalogue in which these types are frozen.
fn frozen(kinds: &[EventKind]) -> (TempDir, Catalogue) {
    let folder = tempfile::tempdir().unwrap();
    for kind in kinds {
        let types = folder.path().join(kind.event_type);
        fs::create_dir_all(&types).unwrap();
        for (name, schema) in [
            (format!("{}.json", kind.version), (kind.writer_schema)()),
            (format!("{}.reader.json", kind.version), (kind.reader_schema)()),
        ] {
            fs::write(types.join(name), schema.to_string()).unwrap();
        }
    }
    let catalogue = Catalogue::open(folder.path(), &CatalogueOptions::default()).unwrap();
    assert!(catalogue.findings().is_empty(), "{:?}", catalogue.findings());
    (folder, catalogue)
}

fn alias() -> [EventKind; 2] {
    [
        kind::<renamed_with_alias::old::Internal>("Paid", 1.into()),
        kind::<renamed_with_alias::new::Internal>("Paid", 2.into()),
    ]
}

fn denied(catalogue: &Catalogue, options: &CheckOptions) -> Vec<&'static str> {
    let findings = check(catalogue, options).findings;
    let denied = findings.iter().filter(|finding| finding.level == Level::Deny);
    denied.map(|finding| finding.rule.id).collect()
}

#[test]
fn the_type_of_the_newest_version_clears_what_the_schemas_call_breaking() {
    let kinds = alias();
    let (_folder, catalogue) = frozen(&kinds);
    let mut options = CheckOptions::default();
    assert_eq!(
        denied(&catalogue, &options),
        ["breaking-step"],
        "by the schemas alone"
    );

    // The code has the newest type and nothing of the old one.
    options.heard = hear(&catalogue, &options, &[Word::of(&kinds[1])]);
    assert_eq!(denied(&catalogue, &options), [] as [&str; 0]);
    let report = check(&catalogue, &options);
    assert_eq!((report.compatible, report.breaking, report.unproven), (1, 0, 0));
    let told = &report.steps[0].backward.derivation;
    assert!(
        told.iter()
            .any(|step| step.why.contains("`cents` under the name `total`")),
        "{told:?}"
    );
    // The table of versions says the same.
    let table = &matrix(&catalogue, &options, None)[0];
    assert!(table.cell(0, 1).unwrap().reading.holds());
}

#[test]
fn a_rename_without_an_alias_stays_breaking_with_an_event_that_the_old_type_writes() {
    let kinds = [
        kind::<renamed::old::Flattened>("Paid", 1.into()),
        kind::<renamed::new::Flattened>("Paid", 2.into()),
    ];
    let (_folder, catalogue) = frozen(&kinds);
    let words: Vec<Word> = kinds.iter().map(Word::of).collect();
    let mut options = CheckOptions::default();
    options.heard = hear(&catalogue, &options, &words);
    assert_eq!(denied(&catalogue, &options), ["breaking-step"]);
    let report = check(&catalogue, &options);
    let witness = report.steps[0].backward.witness.as_ref().unwrap();
    let written = (kinds[0].round_trip)(&witness.to_string()).unwrap();
    assert_eq!(&written, witness);
    assert!((kinds[1].round_trip)(&witness.to_string()).is_err());
}

#[test]
fn a_type_that_only_an_upcaster_reads_says_what_its_events_are_and_no_more() {
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Counted {
        #[schemars(range(min = 0, max = 9))]
        count: i64,
    }
    #[derive(Deserialize)]
    struct Argument {
        #[serde(rename = "count")]
        _count: u8,
    }
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Open {
        count: i64,
    }
    // By the schema of version 1, a negative count was written; what the upcaster takes has none.
    let kinds = [
        kind::<Open>("Counted", 1.into()),
        kind::<Counted>("Counted", 2.into()),
    ];
    let (_folder, catalogue) = frozen(&kinds);
    let options = CheckOptions::default();
    let words = [Word::reading::<Argument>("Counted", 1)];
    let heard = hear(&catalogue, &options, &words);
    let about = |writer: u64, reader: u64| -> &Heard {
        let mut all = heard.iter();
        all.find(|heard| heard.writer == writer.into() && heard.reader == reader.into())
            .unwrap()
    };
    let backward = &about(1, 2).direction;
    assert_eq!(backward.verdict, Verdict::Breaking);
    // The witness is one that the argument reads.
    assert_eq!(backward.witness, Some(json!({"count": 10})));
    // As a reader of new events it is not asked: the code of its time may have read less.
    assert_eq!(about(2, 1).direction.verdict, Verdict::Compatible);
}

#[test]
fn a_type_that_names_its_version_in_the_data_is_left_to_its_schemas() {
    let kinds = alias();
    let (_folder, catalogue) = frozen(&kinds);
    let mut options = CheckOptions::default();
    let own = TypeOptions {
        own_version: Some("/version".to_owned()),
        ..TypeOptions::default()
    };
    options.types.insert("Paid".to_owned(), own);
    assert_eq!(hear(&catalogue, &options, &[Word::of(&kinds[1])]), []);
}

#[test]
fn what_a_harness_heard_reaches_the_gate_as_it_was() {
    let kinds = alias();
    let (_folder, catalogue) = frozen(&kinds);
    let options = CheckOptions::default();
    let words: Vec<Word> = kinds.iter().map(Word::of).collect();
    let heard = hear(&catalogue, &options, &words);
    assert_eq!(heard.len(), 2);
    let mut verdicts = Vec::new();
    for one in heard {
        verdicts.push(one.direction.verdict);
        let sent = Reply::Heard {
            heard: Box::new(HeardReport::from(one.clone())),
        };
        let line = serde_json::to_string(&sent).unwrap();
        let Reply::Heard { heard } = serde_json::from_str(&line).unwrap() else {
            panic!("another reply: {line}");
        };
        assert_eq!(heard.into_heard(), Some(one));
    }
    assert_eq!(verdicts, [Verdict::Compatible, Verdict::Breaking]);
    // A rule that this gate does not know is no answer.
    let unknown = json!({
        "type": "Paid", "writer": 1, "reader": 2, "verdict": "breaking",
        "findings": [{"id": "no-such-rule", "pointer": "", "side": "new", "message": ""}]
    });
    let unknown: HeardReport = serde_json::from_value(unknown).unwrap();
    assert_eq!(unknown.into_heard(), None);
}
