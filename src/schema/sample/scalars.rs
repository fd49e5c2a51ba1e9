//! Numbers and texts at the edges of what schemas say.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

use super::place::{FULL, LONGEST};
use super::ways::{At, Way};

/// Both sides of every count that a schema has.
pub(super) fn limits(near: &[At<'_>], keywords: &[&str]) -> Vec<u64> {
    let mut limits = BTreeSet::new();
    for at in near {
        for keyword in keywords {
            if let Some(limit) = at.schema.get(*keyword).and_then(Value::as_u64) {
                limits.extend([limit.saturating_sub(1), limit, limit.saturating_add(1)]);
            }
        }
    }
    limits.into_iter().take(24).collect()
}

/// Numbers at the edges of what the schemas say.
pub(super) fn numbers(way: &Way<'_>, near: &[At<'_>], integer: bool) -> Vec<Value> {
    let mut exact: Vec<i128> = Vec::new();
    let mut floats: Vec<f64> = Vec::new();
    let own = way.objects.iter().map(|(members, _)| *members);
    let others = near.iter().filter_map(|at| at.schema.as_object());
    let mut divisors: Vec<f64> = Vec::new();
    for members in own.chain(others) {
        for keyword in [
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "const",
        ] {
            if let Some(Value::Number(limit)) = members.get(keyword) {
                around(limit, &mut exact, &mut floats);
            }
        }
        for value in members
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .take(32)
        {
            if let Value::Number(number) = value {
                around(number, &mut exact, &mut floats);
            }
        }
        if let Some(divisor) = members.get("multipleOf").and_then(Value::as_f64)
            && divisor > 0.0
        {
            divisors.push(divisor);
        }
    }
    exact.extend([0, 1, -1, 2]);
    let edges: Vec<f64> = exact
        .iter()
        .take(12)
        .map(|edge| to_float(*edge))
        .chain(floats.iter().copied())
        .collect();
    for divisor in divisors.iter().take(6) {
        for edge in &edges {
            let times = (edge / divisor).round();
            for times in [times, times + 1.0, times - 1.0] {
                floats.push(times * divisor);
            }
        }
        floats.extend([*divisor, divisor * 2.0, divisor * 3.0, divisor / 2.0]);
    }
    if let [first, second, ..] = divisors.as_slice() {
        floats.push(first * second);
    }
    exact.extend([10, 1000, i128::from(i32::MAX) + 1, -1000, i128::from(u64::MAX)]);
    if !integer {
        floats.extend([0.5, 1.5, -0.5, 1e300, -1e300]);
    }
    let mut values = Vec::new();
    for float in floats {
        let whole = float.fract() == 0.0 && float.abs() < 9e15;
        if whole {
            #[allow(clippy::cast_possible_truncation)]
            exact.push(float as i128);
        } else if !integer || float.fract() == 0.0 {
            values.extend(Number::from_f64(float).map(Value::Number));
        }
    }
    let mut all: Vec<Value> = Vec::new();
    for number in exact {
        let value = u64::try_from(number)
            .map(Value::from)
            .or_else(|_| i64::try_from(number).map(Value::from));
        all.extend(value);
    }
    all.extend(values);
    // The spelling with a point, last: a witness that hangs on it says little.
    all.extend(
        [1.0, 0.0]
            .into_iter()
            .filter_map(Number::from_f64)
            .map(Value::Number),
    );
    let floats: Vec<Value> = all.iter().take(16).filter_map(as_float).collect();
    all.extend(floats);
    all.truncate(FULL.0);
    all
}

/// A whole number, spelled with a point.
pub(super) fn as_float(value: &Value) -> Option<Value> {
    let whole = value.is_u64() || value.is_i64();
    let float = value.as_f64().filter(|_| whole)?;
    Number::from_f64(float).map(Value::Number)
}

#[allow(clippy::cast_precision_loss)]
pub(super) fn to_float(number: i128) -> f64 {
    number as f64
}

pub(super) fn around(limit: &Number, exact: &mut Vec<i128>, floats: &mut Vec<f64>) {
    let whole = limit
        .as_u64()
        .map(i128::from)
        .or_else(|| limit.as_i64().map(i128::from));
    match (whole, limit.as_f64()) {
        (Some(whole), _) => {
            exact.extend([whole, whole + 1, whole - 1]);
            floats.extend([to_float(whole) + 0.5, to_float(whole) - 0.5]);
        }
        (None, Some(float)) => {
            floats.extend([
                float,
                float + 1.0,
                float - 1.0,
                float.ceil(),
                float.floor(),
                float + 0.001,
                float - 0.001,
            ]);
        }
        (None, None) => {}
    }
}

/// Texts at the edges of what the schemas say.
pub(super) fn texts(way: &Way<'_>, near: &[At<'_>]) -> Vec<Value> {
    let mut texts: Vec<String> = Vec::new();
    let own: Vec<&Map<String, Value>> = way.objects.iter().map(|(members, _)| *members).collect();
    for (members, document) in &way.objects {
        if let Some(pattern) = members.get("pattern").and_then(Value::as_str) {
            texts.extend_from_slice(&document.texts(pattern));
        }
    }
    let least = own
        .iter()
        .filter_map(|members| members.get("minLength")?.as_u64())
        .max()
        .unwrap_or_default();
    if let Ok(least) = usize::try_from(least.min(LONGEST)) {
        texts.push("a".repeat(least));
    }
    texts.extend(["a", "", "A", "0", " ", "-", "é", "𝄞", "a b", "true", "1.0"].map(str::to_owned));
    for limit in limits(near, &["minLength", "maxLength"]) {
        if let Ok(limit) = usize::try_from(limit.min(LONGEST)) {
            texts.push("a".repeat(limit));
            texts.push("0".repeat(limit));
            texts.push("𝄞".repeat(limit));
        }
    }
    for at in near {
        if let Some(pattern) = at.schema.get("pattern").and_then(Value::as_str) {
            let matching = at.document.texts(pattern);
            for text in matching.iter().take(8) {
                texts.push(text.clone());
                let mut cut = text.clone();
                if cut.pop().is_some() {
                    texts.push(cut);
                }
                texts.push(text.to_uppercase());
            }
        }
        let listed = at
            .schema
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let listed = listed
            .chain(at.schema.get("const"))
            .filter_map(Value::as_str)
            .take(32);
        for text in listed {
            texts.push(text.to_owned());
            texts.push(format!("{text}a"));
        }
    }
    let mut seen = BTreeSet::new();
    texts.retain(|text| seen.insert(text.clone()));
    texts.truncate(FULL.0 * 2);
    texts.into_iter().map(Value::from).collect()
}
