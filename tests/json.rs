//! JSON: strict reading, the canonical form, differences.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use pastproof::json::{Change, ChangeKind, JsonErrorKind, canonical, diff, digest, parse, same};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Laws are tried on new values each time, as often as `PROPTEST_CASES` says.
fn laws() -> ProptestConfig {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig { cases: 100, ..config },
    }
}

// ---- reading

/// The canonical form of what was read, with what was rounded; or the error.
fn read(text: &str) -> String {
    match parse(text.as_bytes()) {
        Ok(parsed) => {
            let rounded = parsed
                .imprecise
                .map_or(String::new(), |at| format!(", rounded at `{at}`"));
            canonical(&parsed.value).unwrap() + &rounded
        }
        Err(error) => error.to_string(),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(read(text), *expected, "{text}");
    }
}

#[test]
fn numbers() {
    check(&[
        ("0", "0"),
        ("-0", "-0.0"),
        ("-0.0", "-0.0"),
        ("0.0", "0.0"),
        ("1", "1"),
        ("1.0", "1.0"),
        ("1e0", "1.0"),
        ("1E+2", "100.0"),
        ("1.50", "1.5"),
        ("0.1", "0.1"),
        ("5e-324", "5e-324"),
        ("1e-400", "0.0"),
        ("2.2250738585072011e-308", "2.225073858507201e-308"),
        ("1.7976931348623157e308", "1.7976931348623157e308"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9007199254740993", "9007199254740993"),
        ("18446744073709551616", "1.8446744073709552e19, rounded at ``"),
        ("-9223372036854775809", "-9.223372036854776e18, rounded at ``"),
        (
            "[1,{\"a/b\":12345678901234567890}]",
            "[1,{\"a/b\":12345678901234567890}]",
        ),
        (
            "[1,{\"a/b\":123456789012345678901,\"c\":223456789012345678901}]",
            "[1,{\"a/b\":1.2345678901234568e20,\"c\":2.234567890123457e20}], rounded at `/1/a~1b`",
        ),
        ("1e400", "a number is too large at byte 1"),
        ("{\"a\":[0,-1e309]}", "a number is too large at byte 9, in /a/1"),
        (&"9".repeat(400), "a number is too large at byte 1"),
        ("01", "a number starts with 0 at byte 2"),
        ("-", "the text ends inside a value at byte 2"),
        ("1.", "the text ends inside a value at byte 3"),
        ("1.e1", "expected a digit at byte 3"),
        (".1", "expected a value at byte 1"),
        ("+1", "expected a value at byte 1"),
        ("1e", "the text ends inside a value at byte 3"),
        ("NaN", "expected a value at byte 1"),
        ("Infinity", "expected a value at byte 1"),
        ("0x10", "something follows the value at byte 2"),
    ]);
}

#[test]
fn numbers_are_the_same_values_whatever_serde_json_keeps() {
    let value = |text: &str| parse(text.as_bytes()).unwrap().value;
    assert_eq!(value("1.50"), json!(1.5));
    assert_eq!(value("15e-1"), json!(1.5));
    assert_eq!(value("150"), json!(150));
    assert_eq!(value("-150"), json!(-150));
    assert_eq!(value("18446744073709551615"), json!(u64::MAX));
    assert_eq!(value("100000000000000000000"), json!(1e20));
    assert_eq!(value("1e0").as_u64(), None);
}

#[test]
fn texts() {
    check(&[
        (r#""""#, r#""""#),
        (
            r#""a\"\\\/\b\f\n\r\t\u00e4""#,
            r#""a\"\\/\u0008\u000c\u000a\u000d\u0009ä""#,
        ),
        (r#""\ud83e\udd80""#, "\"🦀\""),
        (r#""\u0000""#, r#""\u0000""#),
        ("\"\u{7f}\u{2028}\"", "\"\u{7f}\u{2028}\""),
        (
            r#""\ud83e""#,
            "an escaped surrogate lacks its other half at byte 2",
        ),
        (
            r#""\ud83ex""#,
            "an escaped surrogate lacks its other half at byte 2",
        ),
        (
            r#""\ud83e\n""#,
            "an escaped surrogate lacks its other half at byte 2",
        ),
        (
            r#""\ud83e\ud83e""#,
            "an escaped surrogate lacks its other half at byte 2",
        ),
        (
            r#"["a\udd80"]"#,
            "an escaped surrogate lacks its other half at byte 4, in /0",
        ),
        (r#""\x""#, "no such escape at byte 3"),
        (r#""\u00g0""#, "expected four hexadecimal digits at byte 6"),
        ("\"a\nb\"", "a control character stands in a text at byte 3"),
        (
            "\"12345678\u{1}\"",
            "a control character stands in a text at byte 10",
        ),
        ("\"\\n\u{1f}\"", "a control character stands in a text at byte 4"),
        ("\"abc", "the text ends inside a value at byte 5"),
    ]);
    // The end of a text is found wherever it stands among the bytes that are looked at together.
    for length in 0..40 {
        let text = "ä".repeat(length) + &"x".repeat(length % 3);
        check(&[(&format!("\"{text}\""), &format!("\"{text}\""))]);
        check(&[(
            &format!("\"{text}\\n{text}\""),
            &format!("\"{text}\\u000a{text}\""),
        )]);
    }
}

#[test]
fn members() {
    check(&[
        (r#"{"b":1,"a":{"d":2,"c":3}}"#, r#"{"a":{"c":3,"d":2},"b":1}"#),
        (" { \"a\" :\t1\r\n, \"b\" : [ ] } ", r#"{"a":1,"b":[]}"#),
        (r#"{"a":1,"a":2}"#, r#"two members are named "a" at byte 8"#),
        (r#"{"a":1,"\u0061":2}"#, r#"two members are named "a" at byte 8"#),
        (r#"{"\u0061":1,"a":2}"#, r#"two members are named "a" at byte 13"#),
        (
            r#"{"x":[{"a":1},{"":1,"":2}]}"#,
            r#"two members are named "" at byte 21, in /x/1"#,
        ),
        (r#"{"a":1,}"#, "expected a member name at byte 8"),
        (r#"{"a" 1}"#, "expected `:` at byte 6"),
        (r#"{"a":1 "b":2}"#, "expected `,` or `}` at byte 8"),
        ("{1:2}", "expected a member name at byte 2"),
        ("[1,]", "expected a value at byte 4, in /1"),
        ("[1 2]", "expected `,` or `]` at byte 4"),
        ("nul", "the text ends inside a value at byte 1"),
        ("nulL", "expected a value at byte 1"),
        ("true false", "something follows the value at byte 6"),
        ("", "the text ends inside a value at byte 1"),
        (" ", "the text ends inside a value at byte 2"),
        ("\u{feff}1", "the text starts with a byte-order mark at byte 1"),
        ("1\u{feff}", "something follows the value at byte 2"),
    ]);
}

#[test]
fn a_member_twice_among_many() {
    for count in [15, 16, 17, 100, 5000] {
        let mut names: Vec<String> = (0..count)
            .map(|number| format!("\"n{number}\":{number}"))
            .collect();
        assert!(parse(format!("{{{}}}", names.join(",")).as_bytes()).is_ok());
        names.push("\"n7\":0".to_owned());
        let error = parse(format!("{{{}}}", names.join(",")).as_bytes()).unwrap_err();
        assert_eq!(*error.kind(), JsonErrorKind::DuplicateMember("n7".to_owned()));
    }
}

#[test]
fn text_that_is_no_text() {
    let error = parse(b"[\"\xC3\x28\"]").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (&JsonErrorKind::NotUtf8, 2));
    // UTF-16, as some editors save.
    assert_eq!(
        *parse(b"\xFF\xFE1\x00").unwrap_err().kind(),
        JsonErrorKind::NotUtf8
    );
    let error = parse("\"ä".as_bytes()[..2].as_ref()).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (&JsonErrorKind::CutOff, 1));
}

#[test]
fn nesting() {
    for (open, close, inner) in [("[", "]", ""), ("{\"a\":", "}", "1"), ("[{\"a\":", "}]", "[]")] {
        let step = open.matches(['[', '{']).count();
        for levels in [120, 126, 127, 128, 129, 130, 10_000, 100_000] {
            let repeat = levels / step;
            let text = format!("{}{inner}{}", open.repeat(repeat), close.repeat(repeat));
            let depth = repeat * step + usize::from(inner == "[]");
            let read = parse(text.as_bytes());
            assert_eq!(read.is_ok(), depth <= 127, "{depth}");
            assert_eq!(
                read.is_ok(),
                serde_json::from_str::<Value>(&text).is_ok(),
                "{depth}"
            );
            if let Err(error) = read {
                assert_eq!(*error.kind(), JsonErrorKind::TooDeep);
            }
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a\\\\\"/\u{e4}\u{1F980}\n]{0,12}",]
}

/// A text as some writer would escape it.
fn escaped(text: &str, how: u8) -> String {
    match how % 3 {
        0 => serde_json::to_string(text).unwrap(),
        1 => {
            let mut units = String::new();
            for unit in text.encode_utf16() {
                write!(units, "\\u{unit:04X}").unwrap();
            }
            format!("\"{units}\"")
        }
        _ => canonical(text).unwrap(),
    }
}

/// Documents as text, in many spellings, without members of one name.
fn any_document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| if number.is_finite() {
            format!("{number:e}")
        } else {
            "0.50".to_owned()
        }),
        "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?",
        (any_text(), any::<u8>()).prop_map(|(text, how)| escaped(&text, how)),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..5), "[ \t\r\n]{0,2}").prop_map(
                |(items, space)| format!("[{space}{}{space}]", items.join(&format!("{space},{space}")))
            ),
            (
                prop::collection::btree_map(any_text(), (inner, any::<u8>()), 0..5),
                "[ \t\r\n]{0,2}"
            )
                .prop_map(|(members, space)| {
                    let members: Vec<String> = members
                        .iter()
                        .map(|(name, (value, how))| format!("{}{space}:{space}{value}", escaped(name, *how)))
                        .collect();
                    format!("{space}{{{}}}", members.join(","))
                }),
        ]
    })
}

/// Any text that looks a little like JSON.
fn any_near_miss() -> impl Strategy<Value = String> {
    (
        any_document(),
        any::<prop::sample::Index>(),
        "[\\[\\]{},:\"\\\\u0-9eE.tfn +-]",
    )
        .prop_map(|(text, at, with)| {
            let at = at.index(text.chars().count() + 1);
            let before: String = text.chars().take(at).collect();
            let after: String = text.chars().skip(at + 1).collect();
            before + &with + &after
        })
}

proptest! {
    #![proptest_config(laws())]

    /// What both read is the same; what only serde_json reads is what readers disagree about.
    #[test]
    fn reading_agrees_with_serde_json(text in prop_oneof![any_document(), any_near_miss()]) {
        let theirs: Result<Value, _> = serde_json::from_str(&text);
        match parse(text.as_bytes()) {
            Ok(parsed) => {
                let theirs = theirs.unwrap();
                if parsed.imprecise.is_none() {
                    prop_assert_eq!(canonical(&parsed.value).unwrap(), canonical(&theirs).unwrap());
                }
                prop_assert_eq!(diff(&parsed.value, &parse(text.as_bytes()).unwrap().value), []);
            }
            Err(error) => match error.kind() {
                // Here serde_json reads on: to the last member of a name, and past large numbers when it keeps their text.
                JsonErrorKind::DuplicateMember(_) | JsonErrorKind::NumberOutOfRange => {}
                _ => prop_assert!(theirs.is_err(), "{} {}", text, error),
            },
        }
    }

    /// The canonical form is JSON that reads back as the same value, and is its own canonical form.
    #[test]
    fn the_canonical_form_is_one(text in any_document()) {
        let Ok(parsed) = parse(text.as_bytes()) else { return Ok(()) };
        let form = canonical(&parsed.value).unwrap();
        let again = parse(form.as_bytes()).unwrap();
        prop_assert_eq!(&again.value, &parsed.value);
        prop_assert_eq!(canonical(&again.value).unwrap(), form.clone());
        // Text that is kept as it was written has the same form, but for digits that a value would round.
        let raw = RawValue::from_string(text.clone()).unwrap();
        if parsed.imprecise.is_none() {
            prop_assert_eq!(canonical(&raw).unwrap(), form.clone());
        }
        prop_assert_eq!(digest(&parsed.value).unwrap(), digest(&again.value).unwrap());
    }

    /// The order in which members were written or inserted plays no role.
    #[test]
    fn the_canonical_form_does_not_depend_on_the_order_of_members(
        members in prop::collection::btree_map(any_text(), any::<i64>(), 0..8),
        rotate in 0usize..8,
    ) {
        let mut order: Vec<(&String, &i64)> = members.iter().collect();
        order.reverse();
        let count = order.len().max(1);
        order.rotate_left(rotate % count);
        let mut inserted = serde_json::Map::new();
        for (name, value) in &order {
            inserted.insert((*name).clone(), json!(value));
        }
        let hashed: HashMap<&String, &i64> = order.iter().copied().collect();
        let form = canonical(&members).unwrap();
        prop_assert_eq!(canonical(&Value::Object(inserted)).unwrap(), form.clone());
        prop_assert_eq!(canonical(&hashed).unwrap(), form);
    }

    #[test]
    fn numbers_of_any_width_keep_their_digits(signed in any::<i128>(), unsigned in any::<u128>(), float in any::<f64>()) {
        prop_assert_eq!(canonical(&signed).unwrap(), signed.to_string());
        prop_assert_eq!(canonical(&unsigned).unwrap(), unsigned.to_string());
        let raw = RawValue::from_string(unsigned.to_string()).unwrap();
        prop_assert_eq!(canonical(&raw).unwrap(), unsigned.to_string());
        match canonical(&float) {
            Ok(form) => {
                let back: f64 = form.parse().unwrap();
                prop_assert_eq!(back.to_bits(), float.to_bits());
                prop_assert!(form.contains(['.', 'e']), "{}", form);
            }
            Err(_) => prop_assert!(!float.is_finite()),
        }
    }

    /// Nothing differs from itself, and with what differs the left becomes the right.
    #[test]
    fn differences_lead_from_left_to_right(left in any_document(), right in any_document()) {
        let (Ok(left), Ok(right)) = (parse(left.as_bytes()), parse(right.as_bytes())) else { return Ok(()) };
        let (left, right) = (left.value, right.value);
        prop_assert_eq!(diff(&left, &left), []);
        let changes = diff(&left, &right);
        prop_assert_eq!(changes.is_empty(), canonical(&left).unwrap() == canonical(&right).unwrap());
        let mut patched = left.clone();
        prop_assert_eq!(same(&left, &right), changes.is_empty());
        let is_removed = |change: &&Change| matches!(change.kind, ChangeKind::Removed(_));
        for change in changes.iter().rev().filter(is_removed) {
            apply(&mut patched, change);
        }
        for change in changes.iter().filter(|change| !is_removed(change)) {
            apply(&mut patched, change);
        }
        prop_assert_eq!(canonical(&patched).unwrap(), canonical(&right).unwrap());
        let back = diff(&right, &left);
        prop_assert_eq!(back.len(), changes.len());
        for (back, change) in back.iter().zip(&changes) {
            prop_assert_eq!(&back.pointer, &change.pointer);
            let turned = match change.kind.clone() {
                ChangeKind::Added(value) => ChangeKind::Removed(value),
                ChangeKind::Removed(value) => ChangeKind::Added(value),
                ChangeKind::Changed(left, right) => ChangeKind::Changed(right, left),
            };
            prop_assert_eq!(&back.kind, &turned);
        }
    }
}

/// Makes one change. Items go away from the end and are added at the end.
fn apply(value: &mut Value, change: &Change) {
    let Some((parent, step)) = change.pointer.rsplit_once('/') else {
        let ChangeKind::Changed(_, right) = &change.kind else {
            panic!("the whole is neither added nor removed")
        };
        *value = right.clone();
        return;
    };
    let step = step.replace("~1", "/").replace("~0", "~");
    match (value.pointer_mut(parent).unwrap(), &change.kind) {
        (Value::Object(members), ChangeKind::Removed(_)) => {
            members.remove(&step).unwrap();
        }
        (Value::Object(members), ChangeKind::Added(value) | ChangeKind::Changed(_, value)) => {
            members.insert(step, value.clone());
        }
        (Value::Array(items), ChangeKind::Removed(_)) => {
            items.remove(step.parse().unwrap());
        }
        (Value::Array(items), ChangeKind::Added(value)) => {
            assert_eq!(items.len(), step.parse::<usize>().unwrap());
            items.push(value.clone());
        }
        (Value::Array(items), ChangeKind::Changed(_, value)) => {
            let at: usize = step.parse().unwrap();
            items[at] = value.clone();
        }
        (other, _) => panic!("{other} has no parts"),
    }
}

// ---- canonical form

#[derive(Serialize)]
struct Order {
    total: f64,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    price: f32,
}

#[derive(Serialize)]
enum State {
    Open,
    Closed { at: u8 },
    Paid(f64),
    Pair(u8, f64),
}

fn refused<T: Serialize>(value: &T) -> String {
    let error = canonical(value).unwrap_err();
    assert_eq!(digest(value).unwrap_err(), error);
    error.to_string()
}

#[test]
fn what_json_cannot_hold_is_refused_with_its_place() {
    let order = |total, price| Order {
        total,
        lines: vec![Line { price: 1.0 }, Line { price }],
    };
    assert_eq!(
        canonical(&order(1.0, 0.1)).unwrap(),
        r#"{"lines":[{"price":1.0},{"price":0.1}],"total":1.0}"#
    );
    assert_eq!(refused(&order(f64::NAN, 1.0)), "at /total: JSON has no NaN");
    assert_eq!(
        refused(&order(1.0, f32::INFINITY)),
        "at /lines/1/price: JSON has no inf"
    );
    assert_eq!(
        refused(&State::Paid(f64::NEG_INFINITY)),
        "at /Paid: JSON has no -inf"
    );
    assert_eq!(refused(&State::Pair(1, f64::NAN)), "at /Pair/1: JSON has no NaN");
    assert_eq!(
        refused(&BTreeMap::from([("a/b~", f64::NAN)])),
        "at /a~1b~0: JSON has no NaN"
    );
    assert_eq!(refused(&BTreeMap::from([((1, 2), 3)])), "a map key is not a text");
    assert_eq!(
        refused(&json!([{"a": 1}]).as_array().map(|_| [[f64::NAN]])),
        "at /0/0: JSON has no NaN"
    );
}

#[test]
fn keys_that_are_written_as_texts() {
    assert_eq!(
        canonical(&BTreeMap::from([(-1, "a"), (10, "b")])).unwrap(),
        r#"{"-1":"a","10":"b"}"#
    );
    assert_eq!(canonical(&BTreeMap::from([(true, 1)])).unwrap(), r#"{"true":1}"#);
    assert_eq!(canonical(&BTreeMap::from([('c', 1)])).unwrap(), r#"{"c":1}"#);
    assert_eq!(
        canonical(&[("a", State::Open), ("b", State::Closed { at: 1 })]).unwrap(),
        r#"[["a","Open"],["b",{"Closed":{"at":1}}]]"#
    );
}

#[test]
fn two_members_of_one_name_are_refused() {
    #[derive(Serialize)]
    struct Twice {
        a: u8,
        #[serde(flatten)]
        rest: BTreeMap<&'static str, u8>,
    }
    let twice = Twice {
        a: 1,
        rest: BTreeMap::from([("a", 2)]),
    };
    assert_eq!(refused(&[twice]), "at /0/a: two members have this name");
    let raw = RawValue::from_string(r#"{"a":1,"a":2}"#.to_owned()).unwrap();
    assert_eq!(refused(&[raw]), "at /0: two members are named \"a\" at byte 8");
}

#[test]
fn kinds_of_numbers_are_told_apart() {
    assert_eq!(
        canonical(&json!([1, 1.0, -1, 0.0, -0.0, 1e21, 1e-7])).unwrap(),
        "[1,1.0,-1,0.0,-0.0,1e21,1e-7]"
    );
    assert_ne!(digest(&json!(1)).unwrap(), digest(&json!(1.0)).unwrap());
    assert_ne!(
        digest(&json!(9_007_199_254_740_992u64)).unwrap(),
        digest(&json!(9_007_199_254_740_993u64)).unwrap()
    );
    assert_eq!(
        digest(&json!({})).unwrap(),
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    );
}

// ---- differences

fn differences(left: &Value, right: &Value) -> Vec<String> {
    diff(left, right)
        .into_iter()
        .map(|change| match change.kind {
            ChangeKind::Added(value) => format!("{} + {value}", change.pointer),
            ChangeKind::Removed(value) => format!("{} - {value}", change.pointer),
            ChangeKind::Changed(left, right) => format!("{} {left} -> {right}", change.pointer),
        })
        .collect()
}

#[test]
fn differences_by_pointer() {
    let left = json!({"a": 1, "b": [1, {"c": 2}, 3], "d/e": null, "f": 1});
    let right = json!({"a": 2, "b": [1, {"c": true}], "d/e": {}, "g": 1});
    assert_eq!(
        differences(&left, &right),
        [
            "/a 1 -> 2",
            "/b/1/c 2 -> true",
            "/b/2 - 3",
            "/d~1e null -> {}",
            "/f - 1",
            "/g + 1"
        ]
    );
    assert_eq!(differences(&json!(1), &json!([1])), [" 1 -> [1]"]);
    assert_eq!(differences(&json!(1), &json!(1.0)), [" 1 -> 1.0"]);
    assert_eq!(differences(&json!(0.0), &json!(-0.0)), [" 0.0 -> -0.0"]);
    assert_eq!(
        differences(&json!({"b": 1, "a": 2}), &json!({"a": 2, "b": 1})),
        [""; 0]
    );
}
