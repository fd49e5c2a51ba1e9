//! Masking: pseudonyms by pointer, under a key that stays outside.

use std::collections::HashSet;
use std::fs;

use pastproof::recording::{
    MaskForm, MaskKey, MaskPart, MaskPolicy, MaskRule, RecordOptions, Recorded, Selection, manifest_path,
    record, verify,
};
use serde_json::{Value, json};

use super::common::{ids, read};

const KEY: &str = "0123456789abcdef-secret";

fn rule(part: MaskPart, pointer: &str, class: Option<&str>, form: MaskForm) -> MaskRule {
    MaskRule {
        part,
        pointer: pointer.to_owned(),
        event_type: None,
        class: class.map(ToOwned::to_owned),
        form,
    }
}

fn policy(rules: Vec<MaskRule>) -> MaskPolicy {
    MaskPolicy {
        key_id: Some("2026-11".to_owned()),
        rules,
    }
}

/// Records `source` under a policy; gives what came of it, the events, and everything that was written.
fn masked(source: &str, policy: MaskPolicy, key: &str) -> (Recorded, Vec<Value>, String) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.jsonl"), folder.path().join("to.ndjson"));
    fs::write(&from, source).unwrap();
    let mut options = RecordOptions::default();
    options.masking = Some((policy, MaskKey::new(key).unwrap()));
    options.selection = Selection {
        streams: vec!["person-*".to_owned()],
        ..Selection::default()
    };
    let recorded = record(&from, &to, &options).unwrap();
    assert_eq!(verify(&to, None).unwrap().findings, []);
    let events = read(&to)
        .into_iter()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    let written = fs::read_to_string(&to).unwrap() + &fs::read_to_string(manifest_path(&to)).unwrap();
    (recorded, events, written)
}

const SOURCE: &str = concat!(
    r#"{"s":"person-ana@x.rs","n":0,"i":"e-ana","t":"Joined","d":{"name":"Ana Ivanovic","mail":"ana@x.rs","born":19871106,"phones":[{"no":"+381 64 123"},{"no":"+381 64 124"}],"kept": 1.50,"vip":true},"m":{"by":"Ana Ivanovic"}}"#,
    "\n",
    r#"{"s":"person-ana@x.rs","n":1,"tags":{"mail":["ana@x.rs","bob@x.rs"]},"t":"Moved","d":{"who":{"name":"Ana Ivanovic"},"balance":-12.50,"iban":"RS35260005601001611379"}}"#,
    "\n",
);

#[test]
fn one_value_has_one_pseudonym_wherever_it_stands() {
    let (recorded, events, written) = masked(
        SOURCE,
        policy(vec![
            rule(MaskPart::Data, "/name", Some("person"), MaskForm::Text),
            rule(MaskPart::Data, "/who/name", Some("person"), MaskForm::Text),
            rule(MaskPart::Metadata, "/by", Some("person"), MaskForm::Text),
            rule(MaskPart::Data, "/mail", Some("mail"), MaskForm::Text),
            rule(MaskPart::Tags, "/mail", Some("mail"), MaskForm::Text),
            rule(MaskPart::Stream, "", Some("mail"), MaskForm::Text),
            rule(MaskPart::Id, "", None, MaskForm::Uuid),
            rule(MaskPart::Data, "/born", None, MaskForm::Text),
            rule(MaskPart::Data, "/phones/*/no", None, MaskForm::Shape),
            rule(MaskPart::Data, "/balance", None, MaskForm::Text),
            rule(MaskPart::Data, "/iban", None, MaskForm::Null),
        ]),
        KEY,
    );
    assert_eq!(ids(&recorded.findings), [""; 0]);
    for secret in ["Ana", "ana", "bob", "19871106", "64 123", "12.50", "RS35", KEY] {
        assert!(!written.contains(secret), "{secret} is in {written}");
    }
    let person = &events[0]["d"]["name"];
    assert_eq!(person.as_str().unwrap().len(), 16);
    assert_eq!(
        (&events[1]["d"]["who"]["name"], &events[0]["m"]["by"]),
        (person, person)
    );
    let mail = events[0]["d"]["mail"].as_str().unwrap();
    assert_eq!(events[1]["tags"]["mail"][0], mail);
    assert_ne!(events[1]["tags"]["mail"][1], mail);
    assert_eq!(events[0]["s"], format!("person-{mail}"));
    assert_eq!(events[1]["s"], events[0]["s"]);
    assert_eq!(events[0]["d"]["born"].to_string().len(), 8);
    let phones = ["0", "1"].map(|at| {
        events[0]
            .pointer(&format!("/d/phones/{at}/no"))
            .unwrap()
            .as_str()
            .unwrap()
    });
    assert_ne!(phones[0], phones[1]);
    for phone in phones {
        let shape: String = phone
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        assert_eq!(shape, "+000 00 000");
    }
    let balance = events[1]["d"]["balance"].to_string();
    assert!(balance.starts_with('-') && balance.contains('.'), "{balance}");
    assert_eq!(events[1]["d"]["iban"], Value::Null);
    assert_eq!(
        (events[0]["d"]["kept"].as_f64(), &events[0]["d"]["vip"]),
        (Some(1.5), &json!(true))
    );
    let manifest = recorded.manifest.unwrap();
    let masking = manifest.masking.unwrap();
    assert_eq!(
        (masking.key.as_deref(), masking.policy.len()),
        (Some("2026-11"), 64)
    );
}

#[test]
fn another_key_or_class_gives_other_pseudonyms() {
    let with = |class: &str, key: &str| {
        let rules = vec![rule(MaskPart::Data, "/name", Some(class), MaskForm::Email)];
        let (_, events, _) = masked(SOURCE, policy(rules), key);
        events[0]["d"]["name"].as_str().unwrap().to_owned()
    };
    let first = with("person", KEY);
    assert_eq!(first, with("person", KEY), "the same again");
    assert!(first.ends_with("@masked.invalid"), "{first}");
    let all: HashSet<String> = [
        first,
        with("people", KEY),
        with("person", "another key of length"),
    ]
    .into();
    assert_eq!(all.len(), 3);
}

#[test]
fn uuids_keep_their_version_and_numbers_fit_where_they_were() {
    let source = r#"{"s":"person-1","n":0,"t":"T","d":{"id":"018f4e2a-7b3c-7def-8123-456789abcdef","big":18446744073709551615,"zero":0.05,"neg":-7}}"#;
    let rules = ["/id", "/big", "/zero", "/neg"]
        .map(|pointer| rule(MaskPart::Data, pointer, None, MaskForm::Uuid))
        .to_vec();
    let (_, events, _) = masked(source, policy(rules), KEY);
    let id = events[0]["d"]["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "7"), "{id}");
    assert!("89ab".contains(&id[19..20]), "{id}");
    let data = &events[0]["d"];
    assert!(data["big"].is_u64(), "{data}");
    assert!((0.0..1.0).contains(&data["zero"].as_f64().unwrap()), "{data}");
    assert!((-9..0).contains(&data["neg"].as_i64().unwrap()), "{data}");
}

#[test]
fn a_rule_that_replaces_nothing_is_told() {
    let rules = vec![
        rule(MaskPart::Data, "/name", None, MaskForm::Text),
        rule(MaskPart::Data, "/nmae", None, MaskForm::Text),
    ];
    let (recorded, _, _) = masked(SOURCE, policy(rules), KEY);
    assert_eq!(ids(&recorded.findings), ["mask-unused"]);
    assert!(
        recorded.findings[0].message.contains("\"/nmae\""),
        "{:?}",
        recorded.findings
    );
}

#[test]
fn policies_and_keys_that_cannot_work_are_refused() {
    assert!(MaskKey::new("short").unwrap_err().contains("fewer than 16"));
    assert_eq!(format!("{:?}", MaskKey::new(KEY).unwrap()), "MaskKey(…)");
    for (rules, message) in [
        (vec![], "has no rule"),
        (
            vec![rule(MaskPart::Data, "name", None, MaskForm::Text)],
            "is no JSON pointer",
        ),
        (
            vec![rule(MaskPart::Stream, "/x", None, MaskForm::Text)],
            "has no pointer inside",
        ),
        (
            vec![rule(MaskPart::Stream, "", None, MaskForm::Null)],
            "`null` cannot stand",
        ),
        (
            vec![rule(MaskPart::Tags, "", None, MaskForm::Text)],
            "a pointer `/NAME`",
        ),
    ] {
        let error = policy(rules).check().unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}
