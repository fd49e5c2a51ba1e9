//! Bounds at and beyond the ends of 64-bit integers.

use pastproof::schema::{CompareOptions, Verdict, compare};
use serde_json::{Value, json};

fn amount(minimum: impl Into<Value>, maximum: impl Into<Value>, open: bool) -> Value {
    let mut schema = json!({
        "type": "object",
        "properties": {"amount": {"type": "integer", "minimum": minimum.into(), "maximum": maximum.into()}},
        "required": ["amount"],
    });
    if !open {
        schema["additionalProperties"] = json!(false);
    }
    schema
}

#[track_caller]
fn check(writer: &Value, reader: &Value, verdict: Verdict, witness: Option<&Value>) {
    let comparison = compare(writer, reader, &CompareOptions::default()).unwrap();
    assert_eq!(comparison.backward.verdict, verdict, "{comparison:#?}");
    assert_eq!(comparison.backward.witness.as_ref(), witness);
}

#[test]
fn what_a_wide_integer_writes_the_same_or_a_wider_one_reads() {
    let u64s = |open| amount(0, u64::MAX, open);
    let i64s = |open| amount(i64::MIN, i64::MAX, open);
    let all = |open| amount(i64::MIN, u64::MAX, open);
    check(&u64s(false), &u64s(true), Verdict::Compatible, None);
    check(&i64s(false), &i64s(true), Verdict::Compatible, None);
    check(&u64s(false), &all(true), Verdict::Compatible, None);
    check(&i64s(false), &all(true), Verdict::Compatible, None);
    let u32s = amount(0, u32::MAX, false);
    check(&u32s, &u64s(true), Verdict::Compatible, None);
}

#[test]
fn one_step_too_far_is_shown() {
    let u64s = amount(0, u64::MAX, false);
    let one_less = amount(0, u64::MAX - 1, true);
    check(
        &u64s,
        &one_less,
        Verdict::Breaking,
        Some(&json!({"amount": u64::MAX})),
    );
    let i64s = amount(i64::MIN, i64::MAX, true);
    let comparison = compare(&u64s, &i64s, &CompareOptions::default()).unwrap();
    assert_eq!(comparison.backward.verdict, Verdict::Breaking);
}
