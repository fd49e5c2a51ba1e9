//! Shapes × evolutions, both directions: the answer about types that are linked in is what serde does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pastproof::model::EventKind;
use pastproof::schema::{CompareOptions, Direction, Verdict, compare_kinds, kind, sample_instances};
use serde_json::Value;

use crate::second::Second;
use crate::types;

/// How many values of the one type are shown to the other.
const VALUES: usize = 100;

struct Case {
    shape: &'static str,
    evolution: &'static str,
    old: EventKind,
    new: EventKind,
}

macro_rules! cases {
    ($all:ident, $evolution:literal, $old:path, $new:path, $($shape:literal $type:ident),+) => {{
        use $old as old;
        use $new as new;
        $( $all.push(Case {
            shape: $shape,
            evolution: $evolution,
            old: kind::<old::$type>("Event", 1.into()),
            new: kind::<new::$type>("Event", 2.into()),
        }); )+
    }};
}

macro_rules! of_members {
    ($all:ident, $evolution:literal, $module:ident) => {
        cases!(
            $all, $evolution, types::$module::old, types::$module::new,
            "plain struct" Plain, "externally tagged" External, "internally tagged" Internal,
            "adjacently tagged" Adjacent, "untagged" Untagged, "flattened" Flattened, "nested" Nested,
            "recursive" Recursive, "deny_unknown_fields" Strict
        );
    };
}

macro_rules! of_variants {
    ($all:ident, $evolution:literal, $module:ident) => {
        cases!(
            $all, $evolution, types::$module::old, types::$module::new,
            "plain struct" Plain, "externally tagged" External, "internally tagged" Internal,
            "adjacently tagged" Adjacent, "flattened" Flattened, "nested" Nested, "recursive" Recursive,
            "deny_unknown_fields" Strict
        );
    };
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    of_members!(all, "+ option", with_option);
    of_members!(all, "+ default", with_default);
    of_members!(all, "+ required", with_required);
    of_members!(all, "- option", without_option);
    of_members!(all, "- required", without_required);
    of_members!(all, "rename", renamed);
    of_members!(all, "rename with alias", renamed_with_alias);
    of_members!(all, "two renames with aliases", renamed_twice_with_aliases);
    of_members!(all, "alias, and narrowed", renamed_with_alias_and_narrowed);
    of_members!(all, "alias taken already", alias_taken);
    of_members!(all, "integer widened", widened);
    of_members!(all, "integer narrowed", narrowed);
    of_variants!(all, "+ variant", with_variant);
    of_variants!(all, "- variant", without_variant);
    of_variants!(all, "- variant, other", without_variant_but_other);
    of_variants!(all, "- unit variant, other", without_unit_but_other);
    of_variants!(all, "rename variant with alias", variant_renamed_with_alias);
    cases!(all, "+ variant", types::untagged::two, types::untagged::three, "untagged" Untagged);
    cases!(all, "- variant", types::untagged::three, types::untagged::two, "untagged" Untagged);
    cases!(all, "variants turned round", types::untagged::three, types::untagged::turned, "untagged" Untagged);
    all
}

/// Integers that become floats. They have a table of their own: where the dependency graph turns on `serde_json`'s
/// `arbitrary_precision`, serde reads no floats inside tagged, untagged and flattened types.
fn floats() -> Vec<Case> {
    let mut all = Vec::new();
    of_members!(all, "integer to float", to_float);
    all
}

/// What `writer` really writes: values that its schema allows, read by the type and written again.
fn written(writer: &EventKind) -> Vec<Value> {
    let schema = (writer.writer_schema)();
    let values: Vec<Value> = sample_instances(&schema, 1, VALUES)
        .unwrap()
        .iter()
        .filter_map(|value| (writer.round_trip)(&value.to_string()).ok())
        .collect();
    assert!(!values.is_empty(), "no value of the type is known: {schema}");
    values
}

/// Whether the type of `reader` reads this.
fn reads(reader: &EventKind, value: &Value) -> bool {
    (reader.round_trip)(&value.to_string()).is_ok()
}

/// What serde does with what `writer` writes, and whether `answer` says so; a text that tells where it does not.
fn held(answer: &Direction, writer: &EventKind, reader: &EventKind) -> Result<(), String> {
    let lost = written(writer).into_iter().find(|value| !reads(reader, value));
    match (answer.verdict, &answer.witness, lost) {
        (Verdict::Compatible, _, None) => {
            assert!(!answer.derivation.is_empty(), "a proof can be read");
            Ok(())
        }
        (Verdict::Compatible, _, Some(lost)) => Err(format!("compatible, and serde refuses {lost}")),
        (Verdict::Breaking, Some(witness), _) => {
            let written = (writer.round_trip)(&witness.to_string());
            if written.as_ref().ok() != Some(witness) {
                return Err(format!("breaking, and {witness} is never written"));
            }
            if reads(reader, witness) {
                return Err(format!("breaking, and serde reads {witness}"));
            }
            // A validator of other authors says of the schemas what ours does.
            let second = |schema: Value| Second::new(&schema, boon::Draft::V2020_12).unwrap();
            if !second((writer.writer_schema)()).accepts(witness) {
                return Err(format!("breaking, and its own schema refuses {witness}"));
            }
            let by_type = answer.findings[0].message.contains("the type refuses it");
            if second((reader.reader_schema)()).accepts(witness) != by_type {
                return Err(format!("breaking, and the validators differ about {witness}"));
            }
            Ok(())
        }
        (Verdict::Breaking, None, _) => Err("breaking without a witness".to_owned()),
        (Verdict::Unproven, _, lost) => Err(format!(
            "unproven: {}; serde {}",
            answer.findings.first().map_or("", |found| found.message.as_str()),
            lost.map_or_else(|| "reads all".to_owned(), |lost| format!("refuses {lost}")),
        )),
    }
}

/// What is said of a case, as a cell of the table, and what is wrong with it.
fn answered(case: &Case) -> (String, Vec<(Verdict, String)>) {
    let comparison = compare_kinds(&case.old, &case.new, &CompareOptions::default()).unwrap();
    let directions = [
        ("backward", &comparison.backward, &case.old, &case.new),
        ("forward", &comparison.forward, &case.new, &case.old),
    ];
    let mut trouble = Vec::new();
    for (name, answer, writer, reader) in directions {
        if let Err(why) = held(answer, writer, reader) {
            let text = format!("{}, {}, {name}: {why}", case.shape, case.evolution);
            trouble.push((answer.verdict, text));
        }
    }
    let cell = |answer: &Direction| match answer.verdict {
        Verdict::Compatible => "yes",
        Verdict::Breaking => "no",
        Verdict::Unproven => "?",
    };
    let (backward, forward) = (cell(&comparison.backward), cell(&comparison.forward));
    (format!("{backward:<8} {forward}"), trouble)
}

/// The table of these cases, and what is wrong in it.
fn told(cases: &[Case]) -> (String, Vec<(Verdict, String)>) {
    let next = AtomicUsize::new(0);
    let cells: Mutex<BTreeMap<usize, String>> = Mutex::default();
    let trouble: Mutex<Vec<(Verdict, String)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((index, case)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    cases.get(index).map(|case| (index, case))
                } {
                    let (cell, wrong) = answered(case);
                    cells.lock().unwrap().insert(index, cell);
                    trouble.lock().unwrap().extend(wrong);
                }
            });
        }
    });
    let trouble = trouble.into_inner().unwrap();
    let mut table = format!("{:<26} {:<20} backward forward\n", "evolution", "shape");
    for (index, cell) in cells.into_inner().unwrap() {
        let Case { shape, evolution, .. } = &cases[index];
        writeln!(table, "{evolution:<26} {shape:<20} {cell}").unwrap();
    }
    let unproven = trouble
        .iter()
        .filter(|(verdict, _)| *verdict == Verdict::Unproven)
        .count();
    let (count, wrong) = (cases.len(), trouble.len() - unproven);
    println!("{table}\n{count} evolutions in both directions: {wrong} wrong, {unproven} unproven");
    (table, trouble)
}

macro_rules! reads {
    ($name:literal, $table:expr) => {
        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!($name, $table);
        });
    };
}

fn texts(trouble: &[(Verdict, String)]) -> String {
    let texts: Vec<&str> = trouble.iter().map(|(_, text)| text.as_str()).collect();
    texts.join("\n")
}

#[test]
fn what_is_said_of_every_evolution_of_every_shape_is_what_serde_does() {
    let cases = cases();
    let (table, trouble) = told(&cases);
    assert!(trouble.is_empty(), "{}", texts(&trouble));
    assert!(
        cases.len() >= 150,
        "{} evolutions are not all there are",
        cases.len()
    );
    reads!("serde_evolution__table", table);
}

#[test]
fn what_is_said_of_integers_that_become_floats_is_what_serde_does() {
    let (table, trouble) = told(&floats());
    if crate::floats_are_read_everywhere() {
        assert!(trouble.is_empty(), "{}", texts(&trouble));
        reads!("serde_evolution__floats", table);
    } else {
        // Types that can hardly be read leave questions open, and nothing wrong is said of them.
        let wrong = trouble
            .iter()
            .filter(|(verdict, _)| *verdict != Verdict::Unproven);
        assert_eq!(wrong.count(), 0, "{}", texts(&trouble));
    }
}
