//! Making a witness as small as it can be while it stays one.

use serde_json::{Value, json};

/// How many smaller values are tried.
const TRIES: usize = 3000;

/// Tries times what the schemas have in them: with large schemas fewer are tried.
const WORK: usize = 6_000_000;

/// The fewest that are tried.
const FEWEST: usize = 64;

/// The smallest value found by dropping members and items and by putting simpler values in place, each of which
/// `holds`, which takes as long as the schemas behind it weigh.
pub(super) fn shrink(value: Value, holds: &dyn Fn(&Value) -> bool, weight: usize) -> Value {
    let mut tries = TRIES.min((WORK / weight.max(1)).max(FEWEST));
    let mut value = value;
    // Members are tried in the order of their names, whatever kind of map holds them.
    value.sort_all_objects();
    loop {
        let before = value.clone();
        let mut places = Vec::new();
        collect(&value, &mut String::new(), &mut places);
        // Large parts first: what is dropped with them need not be tried by itself.
        for place in places {
            step(&mut value, &place, holds, &mut tries);
        }
        if value == before || tries == 0 {
            return value;
        }
    }
}

/// JSON pointers of every value inside `value`, itself first.
fn collect(value: &Value, at: &mut String, places: &mut Vec<String>) {
    places.push(at.clone());
    let length = at.len();
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                collect(value, at, places);
                at.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                at.push('/');
                at.push_str(&index.to_string());
                collect(value, at, places);
                at.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Makes the value at `place` smaller, if it still is there.
fn step(whole: &mut Value, place: &str, holds: &dyn Fn(&Value) -> bool, tries: &mut usize) {
    let mut attempt = |whole: &mut Value, change: &dyn Fn(&mut Value)| {
        if *tries == 0 {
            return false;
        }
        *tries -= 1;
        let mut changed = whole.clone();
        if let Some(part) = changed.pointer_mut(place) {
            change(part);
        }
        let smaller = changed != *whole && holds(&changed);
        if smaller {
            *whole = changed;
        }
        smaller
    };
    let Some(part) = whole.pointer(place).cloned() else {
        return;
    };
    for simpler in simpler(&part) {
        if attempt(whole, &|part| *part = simpler.clone()) {
            return;
        }
    }
    match part {
        Value::Object(members) => {
            for name in members.keys() {
                attempt(whole, &|part| {
                    if let Value::Object(members) = part {
                        members.remove(name);
                    }
                });
            }
        }
        Value::Array(items) => {
            for index in (0..items.len()).rev() {
                attempt(whole, &|part| {
                    if let Value::Array(items) = part
                        && index < items.len()
                    {
                        items.remove(index);
                    }
                });
            }
        }
        Value::String(text) => {
            let mut text: Vec<char> = text.chars().collect();
            // Halves while that helps, then one at a time.
            while text.len() > 8 {
                let half: String = text[..text.len() / 2].iter().collect();
                if !attempt(whole, &|part| *part = Value::from(half.as_str())) {
                    break;
                }
                text.truncate(text.len() / 2);
            }
            while !text.is_empty() && text.len() <= 64 {
                let shorter: String = text[..text.len() - 1].iter().collect();
                if !attempt(whole, &|part| *part = Value::from(shorter.as_str())) {
                    break;
                }
                text.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Values that say less, the simplest first.
fn simpler(value: &Value) -> Vec<Value> {
    let all = [
        json!(null),
        json!(false),
        json!(0),
        json!(1),
        json!(""),
        json!("a"),
        json!([]),
        json!({}),
    ];
    let rank = match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => match value.as_i64() {
            Some(0) => 2,
            Some(1) => 3,
            Some(_) | None => 4,
        },
        Value::String(text) => match text.as_str() {
            "" => 4,
            "a" => 5,
            _ => 6,
        },
        Value::Array(items) if items.is_empty() => 6,
        Value::Object(members) if members.is_empty() => 7,
        Value::Array(_) | Value::Object(_) => 8,
    };
    let mut simpler: Vec<Value> = all.into_iter().take(rank).collect();
    // A large number hides which of its digits matter.
    if let Some(number) = value.as_f64().filter(|number| number.abs() > 10.0) {
        simpler.extend([2, 3, 4, 5, 10].map(|small| json!(small)));
        simpler.push(json!(-1));
        if let Some(whole) = value.as_i64() {
            simpler.push(json!(whole / 2));
        } else if number > 1e6 {
            simpler.push(json!(1_000_001));
        }
    }
    simpler
}
