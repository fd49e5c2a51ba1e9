//! The fixtures: right expectations first, then right verdicts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pastproof::schema::{
    CompareOptions, Comparison, Contract, Direction, Verdict, compare, sample_instances,
};
use serde::Deserialize;
use serde_json::Value;

use crate::second::Second;

/// The kinds of change that fixtures are of. Each has one at least.
const ROWS: &[(&str, &str)] = &[
    ("type-widened", "`type` allows more"),
    ("type-narrowed", "`type` allows less or something else"),
    ("enum-changed", "a value of `enum` is added or removed"),
    (
        "enum-or-const-to-type",
        "listed values become a type, a longer list, or one branch",
    ),
    ("required-declared-added", "a declared property becomes required"),
    (
        "required-undeclared-added",
        "a property that is not declared becomes required",
    ),
    (
        "required-with-default-added",
        "a property with a default becomes required",
    ),
    ("required-removed", "a property is no longer required"),
    (
        "optional-added-open",
        "an optional property is added to an open object",
    ),
    (
        "optional-added-closed",
        "an optional property is added to a closed object",
    ),
    ("optional-removed", "an optional property is removed"),
    ("property-true-added", "a property that may be anything is added"),
    ("property-false-added", "a property that may not be is added"),
    ("additional-properties-toggled", "an object is opened or closed"),
    (
        "additional-properties-schema",
        "the schema of additional properties changes",
    ),
    (
        "pattern-properties-narrowed",
        "a pattern's properties are narrowed or added",
    ),
    ("pattern-properties-removed", "a pattern's properties are removed"),
    ("property-names", "`propertyNames` is added or narrowed"),
    ("properties-count", "the number of properties is bounded"),
    ("dependencies", "one property asks for others"),
    ("items", "the schema of items is added or narrowed"),
    ("tuple-position", "a position is added to a tuple"),
    ("tuple-and-list", "a tuple becomes a list, or a list a tuple"),
    (
        "additional-items-inert",
        "`additionalItems` where it says nothing",
    ),
    ("contains", "`contains` and its counts"),
    ("unique-items", "`uniqueItems` is added"),
    ("bounds-tightened", "a length, a count or a bound is tightened"),
    ("exclusive-bounds", "a bound is written in another way"),
    (
        "exclusive-maximum-decreased",
        "an exclusive bound alone decreases",
    ),
    ("multiple-of", "`multipleOf` changes"),
    ("pattern", "`pattern` changes"),
    ("pattern-and-length", "`pattern` against lengths"),
    ("format", "`format` is added or changed"),
    ("content", "`contentEncoding` and `contentMediaType`"),
    ("const-changed", "`const` changes"),
    ("not", "what is refused is widened or narrowed"),
    ("all-of", "a part of `allOf` is added, removed or merged"),
    ("any-of", "a branch of `anyOf` is added, removed or split"),
    (
        "one-of-disjoint-added",
        "a branch of `oneOf` that excludes the others",
    ),
    ("one-of-overlapping", "a branch of `oneOf` that overlaps"),
    ("scalar-wrapped-one-of", "a schema becomes a branch of `oneOf`"),
    ("one-of-to-any-of", "`oneOf` becomes `anyOf`"),
    ("conditions", "`if`, `then` and `else`"),
    ("unevaluated", "`unevaluatedProperties` and `unevaluatedItems`"),
    ("ref-inlined", "references, anchors and addresses"),
    ("recursion", "schemas that refer to themselves"),
    ("dynamic-references", "dynamic anchors"),
    ("annotations", "titles, defaults and unknown keywords"),
    ("boolean-root", "`true` and `false` as a whole schema"),
    ("draft-differences", "one keyword in two drafts"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    row: String,
    backward: Verdict,
    forward: Verdict,
    #[serde(default)]
    contract: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Examples {
    both: Vec<Value>,
    #[serde(default)]
    old_only: Vec<Value>,
    #[serde(default)]
    new_only: Vec<Value>,
}

struct Case {
    name: String,
    old: Value,
    new: Value,
    expect: Expect,
    examples: Examples,
}

impl Case {
    fn options(&self) -> CompareOptions {
        CompareOptions {
            contract: match self.expect.contract.as_deref() {
                None | Some("literal") => Contract::Literal,
                Some("writer-reader") => Contract::WriterReader,
                Some(other) => panic!("{}: no contract `{other}`", self.name),
            },
            ..CompareOptions::default()
        }
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat");
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
        .iter()
        .map(|folder| Case {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            old: read(&folder.join("old.json")),
            new: read(&folder.join("new.json")),
            expect: read(&folder.join("expect.json")),
            examples: read(&folder.join("examples.json")),
        })
        .collect()
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether a schema accepts a value, by two validators that must agree.
struct Judges {
    first: jsonschema::Validator,
    second: Second,
    /// Whether the second one is known to be wrong here.
    alone: bool,
}

impl Judges {
    fn new(case: &Case, schema: &Value) -> Self {
        Self {
            first: jsonschema::options()
                .should_validate_formats(false)
                .without_content_media_type_support("application/json")
                .without_content_encoding_support("base64")
                .build(schema)
                .unwrap(),
            second: Second::new(schema, boon::Draft::V2020_12).unwrap(),
            alone: BEYOND_THE_SECOND.iter().any(|(name, _)| *name == case.name),
        }
    }

    fn accepts(&self, value: &Value, what: &str) -> bool {
        let by_first = self.first.is_valid(value);
        assert!(
            self.alone || by_first == self.second.accepts(value),
            "the validators disagree about {value}: {what}"
        );
        by_first
    }
}

/// Where the second validator is wrong, and in what.
const BEYOND_THE_SECOND: &[(&str, &str)] = &[
    (
        "draft4-integer-is-narrower",
        "it counts `1.0` as an integer in draft 4 as well",
    ),
    ("multiple-of-divisor", "it divides large integers as floats"),
    ("multiple-of-decimal", "it divides decimals as floats"),
    ("maximum-beyond-float", "it compares large integers as floats"),
];

#[test]
fn every_row_has_a_fixture() {
    let cases = cases();
    assert!(cases.len() >= 120, "{}", cases.len());
    let known: BTreeSet<&str> = ROWS.iter().map(|(row, _)| *row).collect();
    let mut covered: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &cases {
        assert!(
            known.contains(case.expect.row.as_str()),
            "{}: no row `{}`",
            case.name,
            case.expect.row
        );
        *covered.entry(&case.expect.row).or_default() += 1;
    }
    for (row, what) in ROWS {
        assert!(covered.contains_key(row), "no fixture for `{row}`: {what}");
    }
}

/// A side that is said to lose values has an example that is lost; a side that is said to lose none keeps every
/// value that is generated for it.
#[test]
fn no_expectation_is_a_guess() {
    for case in cases() {
        let (old, new) = (Judges::new(&case, &case.old), Judges::new(&case, &case.new));
        let writer = case.expect.contract.is_some();
        let sides = [
            (
                &old,
                &new,
                &case.examples.old_only,
                case.expect.backward,
                &case.old,
            ),
            (
                &new,
                &old,
                &case.examples.new_only,
                case.expect.forward,
                &case.new,
            ),
        ];
        for (index, (here, there, only, expected, schema)) in sides.into_iter().enumerate() {
            let told = format!("{}, side {index}", case.name);
            match expected {
                Verdict::Breaking => {
                    assert!(!only.is_empty(), "{told}: no example that is lost");
                }
                Verdict::Compatible if !writer => {
                    assert!(
                        only.is_empty(),
                        "{told}: examples are lost and none is expected to be"
                    );
                    for value in sample_instances(schema, 1, 150).unwrap_or_default() {
                        assert!(there.accepts(&value, &told), "{told}: {value} is lost");
                    }
                }
                Verdict::Compatible => assert!(only.is_empty(), "{told}"),
                Verdict::Unproven => panic!("{told}: every fixture has an answer"),
            }
            for value in only {
                assert!(
                    here.accepts(value, &told),
                    "{told}: {value} is refused on its own side"
                );
                assert!(!there.accepts(value, &told), "{told}: {value} is not lost");
            }
        }
        for value in &case.examples.both {
            assert!(
                old.accepts(value, &case.name) && new.accepts(value, &case.name),
                "{}: {value}",
                case.name
            );
        }
    }
}

#[test]
fn every_pair_is_decided_as_expected() {
    let (mut right, mut open, mut wrong) = (0, Vec::new(), Vec::new());
    for case in cases() {
        let Comparison {
            backward, forward, ..
        } = compare(&case.old, &case.new, &case.options())
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        for (name, direction, expected) in [
            ("backward", backward, case.expect.backward),
            ("forward", forward, case.expect.forward),
        ] {
            let told = format!("{} {name}", case.name);
            if direction.verdict == expected {
                confirmed(&case, name, &direction);
                right += 1;
            } else if direction.verdict == Verdict::Unproven {
                open.push((
                    told,
                    direction.findings.first().map(|finding| finding.message.clone()),
                ));
            } else {
                wrong.push(format!("{told}: {direction:?}"));
            }
        }
    }
    println!(
        "fixtures: {right} right, {} wrong, {} unproven",
        wrong.len(),
        open.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(open.is_empty(), "not decided: {open:#?}");
    assert_eq!(right, 2 * cases().len());
}

/// A break has a witness, which the second validator confirms.
fn confirmed(case: &Case, direction: &str, answer: &Direction) {
    let told = format!("{} {direction}", case.name);
    match answer.verdict {
        Verdict::Breaking => {
            let witness = answer
                .witness
                .as_ref()
                .unwrap_or_else(|| panic!("{told}: no witness"));
            let (old, new) = (Judges::new(case, &case.old), Judges::new(case, &case.new));
            let (here, there) = if direction == "backward" {
                (&old, &new)
            } else {
                (&new, &old)
            };
            assert!(
                here.accepts(witness, &told),
                "{told}: {witness} is refused on its own side"
            );
            assert!(!there.accepts(witness, &told), "{told}: {witness} is not lost");
        }
        Verdict::Compatible | Verdict::Unproven => assert!(answer.witness.is_none(), "{told}"),
    }
}

#[test]
fn a_schema_against_itself_is_silent() {
    for case in cases() {
        for schema in [&case.old, &case.new] {
            for contract in [Contract::Literal, Contract::WriterReader] {
                let options = CompareOptions {
                    contract,
                    ..CompareOptions::default()
                };
                let Comparison {
                    backward,
                    forward,
                    contract: stated,
                } = compare(schema, schema, &options).unwrap();
                assert_eq!(stated, contract);
                for direction in [backward, forward] {
                    assert_eq!(
                        direction.verdict,
                        Verdict::Compatible,
                        "{}: {direction:?}",
                        case.name
                    );
                    assert!(direction.findings.is_empty(), "{}", case.name);
                }
            }
        }
    }
}
