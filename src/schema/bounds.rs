//! Bounds beyond what the set algebra reckons with.
//!
//! The algebra has no model of an integer bound outside 64 signed bits, and `u64` has one in every Rust type. What a
//! bound does is to compare, so the far ends of the number line can be drawn nearer without changing any answer:
//! every bound beyond 2^62 moves to a place of its own past 2^62, in the same order on both sides, with room between
//! two neighbours. Each value of the true line has one on the drawn line that compares the same with every bound, so
//! what is proved there holds here.

use serde_json::{Map, Number, Value};

use super::keywords::for_each_object;

const BOUNDS: [&str; 4] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];

/// From here on bounds are moved.
const FAR: i128 = 1 << 62;

/// The room between two neighbours that were moved.
const ROOM: i128 = 16;

/// Both schemas with their far bounds drawn nearer; nothing when none needs it, or when something else than a bound
/// looks at large numbers.
pub(super) fn drawn_nearer(first: &Value, second: &Value) -> Option<(Value, Value)> {
    let mut far = Vec::new();
    let mut beyond = false;
    let mut simple = true;
    for schema in [first, second] {
        let mut schema = schema.clone();
        for_each_object(&mut schema, &mut |members| {
            simple &= !members.contains_key("multipleOf") && !members.contains_key("uniqueItems");
            simple &= ["const", "enum"]
                .iter()
                .all(|keyword| members.get(*keyword).is_none_or(is_near));
            for bound in bounds(members) {
                match whole(bound) {
                    Some(value) if value.abs() >= FAR => {
                        beyond |= i64::try_from(value).is_err();
                        far.push(value);
                    }
                    Some(_) => {}
                    None => simple &= bound.as_f64().is_some_and(|value| value.abs() < 4e18),
                }
            }
        });
    }
    if !beyond || !simple {
        return None;
    }
    far.sort_unstable();
    far.dedup();
    let moved = |schema: &Value| {
        let mut schema = schema.clone();
        for_each_object(&mut schema, &mut |members| {
            for keyword in BOUNDS {
                if let Some(Value::Number(number)) = members.get_mut(keyword)
                    && let Some(value) = whole(number)
                    && let Some(place) = place(value, &far)
                {
                    *number = place.into();
                }
            }
        });
        schema
    };
    Some((moved(first), moved(second)))
}

fn bounds(members: &Map<String, Value>) -> impl Iterator<Item = &Number> {
    BOUNDS.iter().filter_map(|keyword| match members.get(*keyword) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    })
}

/// The whole number that `number` is, if it is one and fits.
fn whole(number: &Number) -> Option<i128> {
    if let Some(value) = number.as_i64() {
        Some(value.into())
    } else {
        number.as_u64().map(i128::from)
    }
}

/// Where a far bound goes.
fn place(value: i128, far: &[i128]) -> Option<i64> {
    let rank = far.binary_search(&value).ok()?;
    let place = if value > 0 {
        let before = far.partition_point(|other| *other <= 0);
        FAR + ROOM * i128::try_from(rank - before + 1).ok()?
    } else {
        let after = far.partition_point(|other| *other <= 0);
        -FAR - ROOM * i128::try_from(after - rank).ok()?
    };
    i64::try_from(place).ok()
}

/// Whether every number in `value` is nearer than the bounds that are moved.
fn is_near(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|value| value.abs() < 4e18),
        Value::Array(items) => items.iter().all(is_near),
        Value::Object(members) => members.values().all(is_near),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}
