//! Versions of a catalogue held against each other: which pairs, what must hold, how a release goes out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pastproof::finding::{Finding, Level};
use pastproof::model::Version;
use pastproof::schema::{
    Catalogue, CatalogueOptions, CheckOptions, CheckReport, CompareOptions, Contract, Coverage, Order, Pairs,
    Reading, Require, TypeOptions, Verdict, VersionScheme, check, compare, matrix,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A catalogue in a folder that goes away with the test.
struct Shelf {
    folder: TempDir,
    scheme: VersionScheme,
}

impl Shelf {
    fn new(files: &[(&str, Value)]) -> Self {
        let shelf = Self {
            folder: tempfile::tempdir().unwrap(),
            scheme: VersionScheme::Integer,
        };
        for (path, schema) in files {
            let path = shelf.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, schema.to_string()).unwrap();
        }
        shelf
    }

    fn by(mut self, scheme: VersionScheme) -> Self {
        self.scheme = scheme;
        self
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn catalogue(&self) -> Catalogue {
        let options = CatalogueOptions {
            scheme: self.scheme,
            ..CatalogueOptions::default()
        };
        let catalogue = Catalogue::open(self.path(), &options).unwrap();
        assert!(catalogue.findings().is_empty(), "{:?}", catalogue.findings());
        catalogue
    }

    fn check(&self, options: &CheckOptions) -> CheckReport {
        check(&self.catalogue(), options)
    }
}

/// A closed object whose members are integers, `?` marks those that may be absent.
fn object(members: &[&str]) -> Value {
    let properties: serde_json::Map<String, Value> = members
        .iter()
        .map(|member| {
            (
                member.trim_end_matches('?').to_owned(),
                json!({"type": "integer"}),
            )
        })
        .collect();
    let required: Vec<&&str> = members.iter().filter(|member| !member.ends_with('?')).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn ids(findings: &[Finding]) -> Vec<(&'static str, Level)> {
    findings
        .iter()
        .map(|finding| (finding.rule.id, finding.level))
        .collect()
}

fn upcaster(event_type: &str, from: u64, to: &[(&str, u64)], verified: bool) -> Coverage {
    Coverage {
        event_type: event_type.to_owned(),
        from: Version::Number(from),
        to: to
            .iter()
            .map(|(event_type, version)| ((*event_type).to_owned(), Version::Number(*version)))
            .collect(),
        verified,
    }
}

/// Every step holds, and the newest readers refuse what the first writers wrote.
fn not_composed() -> Shelf {
    Shelf::new(&[
        ("Paid/1.json", object(&["a"])),
        ("Paid/2.json", object(&["a", "b"])),
        ("Paid/2.reader.json", object(&["a", "b?"])),
        ("Paid/3.json", object(&["a", "b"])),
    ])
}

#[test]
fn steps_that_do_not_compose_are_held_against_each_other() {
    let report = not_composed().check(&CheckOptions::default());
    assert_eq!((report.pairs, report.compatible, report.further), (2, 2, 1));
    assert_eq!(ids(&report.findings), [("breaking-pair", Level::Deny)]);
    let finding = &report.findings[0];
    assert_eq!(
        finding.message,
        "Paid 3 refuses an event that 1 wrote: \"b\" is a required property in Paid/3.json"
    );
    assert_eq!(finding.witness, Some(json!({"a": 0})));
    assert_eq!(finding.place.version.as_deref(), Some("1"));
}

#[test]
fn which_pairs_are_looked_at_can_be_said() {
    let shelf = not_composed();
    let with = |pairs| CheckOptions {
        pairs: Some(pairs),
        ..CheckOptions::default()
    };
    let adjacent = shelf.check(&with(Pairs::Adjacent));
    assert_eq!((adjacent.further, ids(&adjacent.findings)), (0, Vec::new()));
    assert_eq!(shelf.check(&with(Pairs::Live)).further, 1);
    // For one type over what holds for all.
    let options = CheckOptions {
        types: BTreeMap::from([(
            "Paid".to_owned(),
            TypeOptions {
                pairs: Some(Pairs::Adjacent),
                ..TypeOptions::default()
            },
        )]),
        ..with(Pairs::Live)
    };
    assert_eq!(shelf.check(&options).further, 0);
    // Versions that are not stored have nothing to lose.
    let options = CheckOptions {
        not_stored: vec!["Paid@1".to_owned()],
        ..CheckOptions::default()
    };
    assert_eq!(ids(&shelf.check(&options).findings), []);
}

#[test]
fn upcasters_bridge_pairs_only_where_they_lead_there_and_hold() {
    let shelf = not_composed();
    let with = |covered: Vec<Coverage>| {
        let options = CheckOptions {
            covered,
            ..CheckOptions::default()
        };
        ids(&shelf.check(&options).findings)
    };
    let broken = [("breaking-pair", Level::Deny)];
    assert_eq!(with(vec![upcaster("Paid", 1, &[("Paid", 2)], true)]), []);
    assert_eq!(with(vec![upcaster("Paid", 1, &[("Paid", 3)], true)]), []);
    assert_eq!(with(vec![upcaster("Paid", 1, &[], true)]), []);
    assert_eq!(with(vec![upcaster("Paid", 1, &[("Billed", 1)], true)]), []);
    assert_eq!(with(vec![upcaster("Paid", 1, &[("Paid", 2)], false)]), broken);
    assert_eq!(with(vec![upcaster("Paid", 1, &[("Paid", 9)], true)]), broken);
    assert_eq!(with(vec![upcaster("Other", 1, &[("Paid", 3)], true)]), broken);
}

#[test]
fn what_follows_from_a_broken_step_is_a_note() {
    let shelf = Shelf::new(&[
        ("Paid/1.json", object(&["a"])),
        ("Paid/2.json", object(&["a", "b"])),
        ("Paid/3.json", object(&["a", "b"])),
    ]);
    let options = CheckOptions {
        pairs: Some(Pairs::Live),
        ..CheckOptions::default()
    };
    let report = shelf.check(&options);
    assert_eq!(
        ids(&report.findings),
        [("breaking-step", Level::Deny), ("breaking-pair", Level::Note)]
    );
    assert!(
        report.findings[1]
            .message
            .ends_with("; it follows from the step from 1 to 2"),
        "{}",
        report.findings[1].message
    );
}

#[test]
fn each_type_has_its_own_requirement() {
    let shelf = Shelf::new(&[
        ("Billed/1.json", object(&["a"])),
        ("Billed/2.json", object(&["a", "b?"])),
        ("Paid/1.json", object(&["a"])),
        ("Paid/2.json", object(&["a", "b?"])),
    ]);
    let own = |require| TypeOptions {
        require: Some(require),
        ..TypeOptions::default()
    };
    let options = CheckOptions {
        types: BTreeMap::from([
            ("Paid".to_owned(), own(Require::Full)),
            ("Paaid".to_owned(), own(Require::None)),
        ]),
        ..CheckOptions::default()
    };
    let report = shelf.check(&options);
    let told: Vec<_> = report
        .findings
        .iter()
        .map(|finding| {
            (
                finding.rule.id,
                finding.level,
                finding.place.event_type.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("breaking-rollback", Level::Deny, Some("Paid")),
            ("setting-unused", Level::Warn, Some("Paaid")),
            ("breaking-rollback", Level::Note, Some("Billed")),
        ]
    );
}

#[test]
fn a_release_says_in_which_order_it_goes_out() {
    let shelf = Shelf::new(&[
        ("Any/1.json", object(&["a"])),
        ("Any/2.json", object(&["a"])),
        ("Apart/1.json", object(&["a"])),
        ("Apart/2.json", object(&["b"])),
        ("New/1.json", object(&["a"])),
        ("Readers/1.json", object(&["a"])),
        ("Readers/2.json", object(&["a", "b?"])),
        ("Writers/1.json", object(&["a", "b?"])),
        ("Writers/2.json", object(&["a"])),
    ]);
    let report = shelf.check(&CheckOptions::default());
    let orders: Vec<_> = report
        .deployment
        .iter()
        .map(|step| (step.event_type.as_str(), step.order, step.rollback))
        .collect();
    assert_eq!(
        orders,
        [
            ("Any", Order::Any, Verdict::Compatible),
            ("Apart", Order::Apart, Verdict::Breaking),
            ("Readers", Order::ReadersFirst, Verdict::Breaking),
            ("Writers", Order::WritersFirst, Verdict::Compatible),
        ]
    );
    assert_eq!(report.rollback, Verdict::Breaking);
    let [_, _, readers, writers] = &report.deployment[..] else {
        panic!("{:?}", report.deployment)
    };
    // The witness is one that the side that comes too late refuses.
    assert_eq!(readers.witness, Some(json!({"a": 0, "b": 0})));
    assert_eq!(writers.witness, Some(json!({"a": 0, "b": 0})));
    assert!(readers.because.contains("'b' was unexpected"), "{readers:?}");

    // An upcaster takes the old events along, and nothing takes the new ones back.
    let options = CheckOptions {
        covered: vec![upcaster("Apart", 1, &[("Apart", 2)], true)],
        ..CheckOptions::default()
    };
    let apart = &shelf.check(&options).deployment[1];
    assert_eq!(
        (apart.order, apart.backward, apart.forward),
        (Order::ReadersFirst, Reading::ThroughUpcasters, Reading::Breaks)
    );
}

#[test]
fn what_is_out_already_is_no_part_of_the_release() {
    let shelf = Shelf::new(&[
        ("Paid/1.json", object(&["a"])),
        ("Paid/2.json", object(&["a", "b?"])),
        ("Paid/3.json", object(&["a", "b?"])),
    ]);
    let released = |versions: &[(&str, u64)]| {
        let options = CheckOptions {
            released: Some(
                versions
                    .iter()
                    .map(|(event_type, version)| ((*event_type).to_owned(), Version::Number(*version)))
                    .collect(),
            ),
            ..CheckOptions::default()
        };
        let deployment = shelf.check(&options).deployment;
        deployment
            .iter()
            .map(|step| format!("{} to {} {:?}", step.from, step.to, step.order))
            .collect::<Vec<_>>()
    };
    assert_eq!(released(&[("Paid", 3)]), Vec::<String>::new());
    assert_eq!(released(&[("Paid", 2)]), ["2 to 3 Any"]);
    assert_eq!(released(&[("Paid", 1)]), ["1 to 3 ReadersFirst"]);
    assert_eq!(released(&[]), Vec::<String>::new());
}

#[test]
fn the_matrix_says_of_every_pair_what_comparing_says() {
    let schemas = [
        object(&["a"]),
        object(&["a", "b?"]),
        object(&["a", "b"]),
        object(&["b", "c?"]),
    ];
    let files: Vec<(String, Value)> = schemas
        .iter()
        .enumerate()
        .map(|(at, schema)| (format!("Paid/{}.json", at + 1), schema.clone()))
        .collect();
    let files: Vec<(&str, Value)> = files
        .iter()
        .map(|(path, schema)| (path.as_str(), schema.clone()))
        .collect();
    let catalogue = Shelf::new(&files).catalogue();
    let options = CheckOptions {
        covered: vec![
            upcaster("Paid", 2, &[("Paid", 3)], true),
            upcaster("Paid", 3, &[("Paid", 4)], true),
        ],
        ..CheckOptions::default()
    };
    let tables = matrix(&catalogue, &options, Some("Paid"));
    let [table] = &tables[..] else {
        panic!("{tables:?}")
    };
    let mut through = Vec::new();
    for (writer, wrote) in schemas.iter().enumerate() {
        for (reader, read) in schemas.iter().enumerate() {
            let Some(cell) = table.cell(writer, reader) else {
                assert_eq!(writer, reader);
                continue;
            };
            assert_eq!(
                (&cell.writer, &cell.reader),
                (&table.versions[writer], &table.versions[reader])
            );
            let direction = compare(wrote, read, &CompareOptions::default()).unwrap().backward;
            assert_eq!(cell.witness, direction.witness);
            if cell.reading == Reading::ThroughUpcasters {
                through.push((writer + 1, reader + 1));
                continue;
            }
            let verdict = match cell.reading {
                Reading::Works => Verdict::Compatible,
                Reading::Breaks => Verdict::Breaking,
                Reading::Unproven | Reading::ThroughUpcasters => Verdict::Unproven,
            };
            assert_eq!(verdict, direction.verdict, "{cell:?}");
        }
    }
    assert_eq!(through, [(2, 3), (2, 4), (3, 4)]);
    assert_eq!(matrix(&catalogue, &options, Some("Unpaid")), []);
}

#[test]
fn a_version_that_declares_too_little_is_told() {
    let shelf = Shelf::new(&[
        ("Paid/1-0-0.json", object(&["a"])),
        ("Paid/1-0-1.json", object(&["a", "b?"])),
        ("Paid/1-0-2.json", object(&["a", "b"])),
        ("Paid/1-0-10.json", object(&["a", "b?"])),
    ])
    .by(VersionScheme::Schemaver);
    let options = CheckOptions {
        require: Require::None,
        declared_bump: Level::Deny,
        ..CheckOptions::default()
    };
    let report = shelf.check(&options);
    // 1-0-10 comes after 1-0-2.
    assert_eq!(
        report
            .steps
            .iter()
            .map(|step| step.to.to_string())
            .collect::<Vec<_>>(),
        ["1-0-1", "1-0-2", "1-0-10"]
    );
    let denied: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.level == Level::Deny)
        .collect();
    let [finding] = &denied[..] else {
        panic!("{denied:?}")
    };
    assert_eq!(finding.rule.id, "bump-too-small");
    assert_eq!(
        finding.message,
        "Paid 1-0-2 is declared an addition of 1-0-1, and it refuses events of the version before: that takes 1-1-0 \
         at least"
    );
    assert_eq!(finding.witness, Some(json!({"a": 0})));
}

/// A version that its schema names at `/meta/v`, beside other members.
fn self_named(version: &Value, members: &[&str]) -> Value {
    let mut schema = object(members);
    schema["properties"]["meta"] = json!({
        "type": "object", "properties": {"v": {"$ref": "#/$defs/v"}}, "required": ["v"]
    });
    schema["$defs"] = json!({"v": {"const": version}});
    schema
}

#[test]
fn a_version_named_in_the_data_is_set_aside_when_asked() {
    let shelf = Shelf::new(&[
        ("Paid/1.json", self_named(&json!(1), &["a"])),
        ("Paid/2.json", self_named(&json!("2"), &["a", "b?"])),
        ("Paid/3.json", self_named(&json!(3), &["a", "b"])),
        ("Sent/1.json", object(&["a"])),
        ("Sent/2.json", object(&["a"])),
    ]);
    let plain = shelf.check(&CheckOptions::default());
    assert_eq!((plain.compatible, plain.breaking), (1, 2));
    let options = CheckOptions {
        own_version: Some("/meta/v".to_owned()),
        ..CheckOptions::default()
    };
    let aside = shelf.check(&options);
    assert_eq!((aside.compatible, aside.breaking), (2, 1));
    // A member that says something else than the version stays.
    let shelf = Shelf::new(&[
        ("Paid/1.json", self_named(&json!(7), &["a"])),
        ("Paid/2.json", self_named(&json!(8), &["a"])),
    ]);
    assert_eq!(shelf.check(&options).breaking, 1);
}

#[test]
fn a_contract_can_be_taken_for_the_whole_catalogue_or_a_type() {
    let open = |members: Value| json!({"type": "object", "properties": members});
    let shelf = Shelf::new(&[
        ("Paid/1.json", open(json!({"a": {"type": "string"}}))),
        (
            "Paid/2.json",
            open(json!({"a": {"type": "string"}, "b": {"type": "string"}})),
        ),
    ]);
    let options = |contract| CheckOptions {
        contract,
        ..CheckOptions::default()
    };
    assert_eq!(shelf.check(&options(Contract::Literal)).breaking, 1);
    assert_eq!(shelf.check(&options(Contract::WriterReader)).compatible, 1);
    let own = TypeOptions {
        contract: Some(Contract::WriterReader),
        ..TypeOptions::default()
    };
    let options = CheckOptions {
        types: BTreeMap::from([("Paid".to_owned(), own)]),
        ..CheckOptions::default()
    };
    assert_eq!(shelf.check(&options).compatible, 1);
}

/// A catalogue whose versions all say the same has nothing to say, whatever is asked of it.
#[test]
fn no_change_is_silent() {
    for scheme in [
        VersionScheme::Integer,
        VersionScheme::Semver,
        VersionScheme::Schemaver,
    ] {
        let names = match scheme {
            VersionScheme::Integer => ["1", "2", "3"],
            VersionScheme::Semver => ["1.0.0", "1.0.1", "1.0.2"],
            VersionScheme::Schemaver => ["1-0-0", "1-0-1", "1-0-2"],
        };
        let files: Vec<(String, Value)> = names
            .iter()
            .map(|name| (format!("Paid/{name}.json"), object(&["a", "b?"])))
            .collect();
        let files: Vec<(&str, Value)> = files
            .iter()
            .map(|(path, schema)| (path.as_str(), schema.clone()))
            .collect();
        let options = CheckOptions {
            require: Require::Full,
            pairs: Some(Pairs::Live),
            declared_bump: Level::Deny,
            ..CheckOptions::default()
        };
        let report = Shelf::new(&files).by(scheme).check(&options);
        assert_eq!(report.findings, []);
        assert_eq!(report.deployment.len(), 1);
        assert_eq!(report.deployment[0].order, Order::Any);
    }
}
