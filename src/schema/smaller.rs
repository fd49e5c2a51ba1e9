//! Values that say less than another, the least first.

use serde_json::{Map, Number, Value, json};

/// The most candidates.
const CANDIDATES: usize = 2000;

/// Every value that is one step smaller than `value`. Each is smaller by one measure, so that steps come to an end.
pub(super) fn than(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    // Members in the order of their names, whatever kind of map holds them.
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    inside(&sorted, &|changed| changed, &mut found);
    let size = size(value);
    found.retain(|candidate| self::size(candidate) < size);
    found.sort_by_cached_key(self::size);
    found.dedup();
    found.truncate(CANDIDATES);
    found
}

/// Values and characters in a value, then how far its parts are from the simplest of their kind.
fn size(value: &Value) -> (usize, usize, u128) {
    match value {
        Value::Null => (1, 0, 0),
        Value::Bool(set) => (1, 0, 1 + u128::from(*set)),
        Value::Number(number) => (1, 0, 3 + magnitude(number)),
        Value::String(text) => {
            let rank = text.chars().map(|character| match character {
                'a' => 0,
                '0' => 1,
                other => 2 + u128::from(u32::from(other)),
            });
            (1, text.chars().count(), 10 + rank.sum::<u128>())
        }
        Value::Array(items) => sum((1, 0, 0), items.iter().map(size)),
        Value::Object(members) => {
            let names = members.keys().map(|name| (0, name.chars().count(), 0));
            sum((1, 0, 0), members.values().map(size).chain(names))
        }
    }
}

fn sum(
    start: (usize, usize, u128),
    parts: impl Iterator<Item = (usize, usize, u128)>,
) -> (usize, usize, u128) {
    parts.fold(start, |sum, part| {
        (sum.0 + part.0, sum.1 + part.1, sum.2.saturating_add(part.2))
    })
}

/// How far a number is from zero; below a point, further; below zero, a little further.
fn magnitude(number: &Number) -> u128 {
    let negative = u128::from(number.as_f64().is_some_and(f64::is_sign_negative));
    let whole = number
        .as_u64()
        .map(u128::from)
        .or_else(|| number.as_i64().map(|number| u128::from(number.unsigned_abs())));
    whole.map_or_else(
        || {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a positive float; a large one saturates"
            )]
            let float = (number.as_f64().unwrap_or_default().abs() as u128).min(1 << 90);
            float.saturating_add(1 << 64).saturating_mul(2) + number.to_string().len() as u128 * 4 + negative
        },
        |whole| whole * 2 + negative,
    )
}

/// Candidates for `value`, each put where it stands by `around`.
fn inside(value: &Value, around: &dyn Fn(Value) -> Value, found: &mut Vec<Value>) {
    if found.len() > CANDIDATES * 4 {
        return;
    }
    for simple in [
        json!(null),
        json!(false),
        json!(0),
        json!(1),
        json!(""),
        json!("a"),
        json!([]),
        json!({}),
    ] {
        found.push(around(simple));
    }
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => found.extend(numbers(number).into_iter().map(around)),
        Value::String(text) => found.extend(texts(text).into_iter().map(|text| around(text.into()))),
        Value::Array(items) => {
            found.push(around(items[..items.len() / 2].to_vec().into()));
            for index in 0..items.len() {
                let mut fewer = items.clone();
                // A part in place of the whole, for what contains itself.
                let part = fewer.remove(index);
                found.push(around(fewer.into()));
                found.push(around(part));
            }
            for (index, item) in items.iter().enumerate() {
                let here = |changed: Value| {
                    let mut items = items.clone();
                    items[index] = changed;
                    around(items.into())
                };
                inside(item, &here, found);
            }
        }
        Value::Object(members) => {
            for (name, part) in members {
                let fewer: Map<String, Value> = members
                    .iter()
                    .filter(|(other, _)| *other != name)
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                found.push(around(fewer.into()));
                found.push(around(part.clone()));
            }
            for (name, member) in members {
                let here = |changed: Value| {
                    let mut members = members.clone();
                    members.insert(name.clone(), changed);
                    around(members.into())
                };
                inside(member, &here, found);
                for shorter in texts(name)
                    .into_iter()
                    .take(12)
                    .filter(|shorter| !members.contains_key(shorter))
                {
                    let mut members = members.clone();
                    if let Some(value) = members.remove(name) {
                        members.insert(shorter, value);
                        found.push(around(members.into()));
                    }
                }
            }
        }
    }
}

fn numbers(number: &Number) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    if let Some(whole) = number.as_i64() {
        found.extend([whole / 2, whole - whole.signum(), whole.saturating_neg()].map(Value::from));
        found.extend((1..=18).map(|digits| Value::from(whole / 10_i64.pow(digits) * 10_i64.pow(digits))));
        // Towards zero by ever smaller steps, as a binary search does.
        found.extend(
            (2..62)
                .map(|shift| whole - whole / (1_i64 << shift))
                .map(Value::from),
        );
    } else if let Some(whole) = number.as_u64() {
        found.extend([whole / 2, whole - 1].map(Value::from));
        found.extend(
            (2..62)
                .map(|shift| whole - whole / (1_u64 << shift))
                .map(Value::from),
        );
    } else if let Some(float) = number.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "only where it fits")]
        if float.abs() < 9e15 {
            found.push(Value::from(float.trunc() as i64));
            found.push(Value::from(float.floor() as i64));
            found.push(Value::from(float.ceil() as i64));
        }
        found.extend([float / 2.0, float.trunc(), float.trunc() + 0.5, -float].map(Value::from));
        found.extend([10.0, 100.0].map(|scale: f64| Value::from((float * scale).trunc() / scale)));
    }
    found
}

fn texts(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut found = vec![
        characters[..characters.len() / 2].iter().collect(),
        characters[characters.len() / 2..].iter().collect(),
    ];
    for index in (0..characters.len()).rev().take(128) {
        let mut fewer = characters.clone();
        fewer.remove(index);
        found.push(fewer.iter().collect());
        for plain in ['a', '0'] {
            let mut plainer = characters.clone();
            plainer[index] = plain;
            found.push(plainer.iter().collect());
        }
    }
    found
}
