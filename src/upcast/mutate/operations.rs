//! Changed copies of a declarative upcaster.

use serde_json::{Map, Value};

use crate::json::canonical;

/// Every copy of `file` with one change, and what the change is.
pub(super) fn mutants(file: &Value) -> Vec<(String, Value)> {
    let mut mutants = Vec::new();
    if let Some(operations) = file.get("operations") {
        of_list(operations, "/operations", &mut |pointer, what, list| {
            let mut mutant = file.clone();
            if let Some(place) = mutant.pointer_mut(pointer) {
                *place = list;
                mutants.push((what, mutant));
            }
        });
    }
    mutants
}

/// Takes a pointer into the file, what is changed, and what stands there then.
type Tell<'a> = &'a mut dyn FnMut(&str, String, Value);

fn of_list(list: &Value, pointer: &str, tell: Tell<'_>) {
    let Some(operations) = list.as_array() else { return };
    for (index, operation) in operations.iter().enumerate() {
        let here = format!("{pointer}/{index}");
        let name = text(operation, "op");
        let mut without = operations.clone();
        without.remove(index);
        tell(pointer, format!("{name} at {here} left out"), without.into());
        of_operation(operation, name, &here, tell);
    }
    swapped_targets(operations, pointer, tell);
}

fn of_operation(operation: &Value, name: &str, here: &str, tell: Tell<'_>) {
    match name {
        "add" => {
            for other in others(operation.get("value")) {
                tell(
                    &format!("{here}/value"),
                    format!("{here} adds {} instead", shown(&other)),
                    other,
                );
            }
        }
        "rename" => {
            let to = format!("{}Other", text(operation, "to"));
            tell(
                &format!("{here}/to"),
                format!("{here} renames to {to} instead"),
                to.into(),
            );
        }
        "move" => {
            let to = format!("{}Other", text(operation, "to"));
            tell(
                &format!("{here}/to"),
                format!("{here} moves to {to} instead"),
                to.into(),
            );
        }
        "wrap" if operation.get("in").is_some() => {
            let into = format!("{}Other", text(operation, "in"));
            tell(
                &format!("{here}/in"),
                format!("{here} wraps in {into} instead"),
                into.into(),
            );
        }
        "map" => of_map(operation, here, tell),
        "each" => {
            if let Some(inner) = operation.get("operations") {
                of_list(inner, &format!("{here}/operations"), tell);
            }
        }
        "metadata" => {
            if let Some(inner) = operation.get("operations") {
                of_list(inner, &format!("{here}/operations"), tell);
            }
        }
        "to-stream" => {
            let prefix = format!("{}other-", text(operation, "prefix"));
            tell(
                &format!("{here}/prefix"),
                format!("{here} moves to streams {prefix} instead"),
                prefix.into(),
            );
        }
        "split" => of_split(operation, here, tell),
        "drop" => {
            if let Some(when) = operation.get("when") {
                let other = serde_json::json!({ "not": when });
                tell(
                    &format!("{here}/when"),
                    format!("{here} drops the others instead"),
                    other,
                );
            }
        }
        _ => {}
    }
}

fn of_map(operation: &Value, here: &str, tell: Tell<'_>) {
    let Some(pairs) = operation.get("values").and_then(Value::as_array) else {
        return;
    };
    let at = format!("{here}/values");
    for index in 0..pairs.len() {
        let mut fewer = pairs.clone();
        fewer.remove(index);
        tell(&at, format!("{at}/{index} left out"), fewer.into());
        let (Some(one), Some(next)) = (pairs.get(index), pairs.get(index + 1)) else {
            continue;
        };
        let mut swapped = pairs.clone();
        if let (Some(to), Some(other)) = (one.get("to"), next.get("to"))
            && to != other
        {
            swapped[index] = with(one, "to", other.clone());
            swapped[index + 1] = with(next, "to", to.clone());
            tell(
                &at,
                format!("{at}/{index} and the next change their results"),
                swapped.into(),
            );
        }
    }
    for other in others(operation.get("default")) {
        tell(
            &format!("{here}/default"),
            format!("{here} becomes {} by default instead", shown(&other)),
            other,
        );
    }
}

fn of_split(operation: &Value, here: &str, tell: Tell<'_>) {
    let Some(parts) = operation.get("into").and_then(Value::as_array) else {
        return;
    };
    let at = format!("{here}/into");
    for (index, part) in parts.iter().enumerate() {
        if parts.len() > 1 {
            let mut fewer = parts.clone();
            fewer.remove(index);
            tell(&at, format!("{at}/{index} left out"), fewer.into());
        }
        if index + 1 < parts.len() {
            let mut swapped = parts.clone();
            swapped.swap(index, index + 1);
            tell(&at, format!("{at}/{index} comes after the next"), swapped.into());
        }
        if let Some(when) = part.get("when") {
            let other = serde_json::json!({ "not": when });
            tell(
                &format!("{at}/{index}/when"),
                format!("{at}/{index} is made in the other cases"),
                other,
            );
        }
        if let Some(inner) = part.get("operations") {
            of_list(inner, &format!("{at}/{index}/operations"), tell);
        }
    }
}

/// Two renames or moves of one list that change their targets.
fn swapped_targets(operations: &[Value], pointer: &str, tell: Tell<'_>) {
    let targets: Vec<(usize, &Value)> = operations
        .iter()
        .enumerate()
        .filter(|(_, operation)| matches!(text(operation, "op"), "rename" | "move"))
        .filter_map(|(index, operation)| Some((index, operation.get("to")?)))
        .collect();
    for two in targets.windows(2) {
        let [(left, to), (right, other)] = two else {
            continue;
        };
        if text(&operations[*left], "op") == text(&operations[*right], "op") && to != other {
            let mut swapped = operations.to_vec();
            swapped[*left] = with(&operations[*left], "to", (*other).clone());
            swapped[*right] = with(&operations[*right], "to", (*to).clone());
            tell(
                pointer,
                format!("{pointer}/{left} and {pointer}/{right} change their targets"),
                swapped.into(),
            );
        }
    }
}

/// A value as text, the same however this library was built.
fn shown(value: &Value) -> String {
    canonical(value).unwrap_or_else(|_| value.to_string())
}

fn text<'v>(operation: &'v Value, name: &str) -> &'v str {
    operation.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut members: Map<String, Value> = object.as_object().cloned().unwrap_or_default();
    members.insert(name.to_owned(), value);
    Value::Object(members)
}

/// Other values of the same type.
fn others(value: Option<&Value>) -> Vec<Value> {
    match value {
        None => Vec::new(),
        Some(Value::Bool(flag)) => vec![Value::Bool(!flag)],
        Some(Value::Number(number)) => match number.as_i64() {
            Some(number) => vec![number.wrapping_add(1).into()],
            None => vec![0.into()],
        },
        Some(Value::String(text)) => vec![Value::String(format!("{text}x"))],
        Some(Value::Null) => vec![Value::String("x".to_owned())],
        Some(Value::Array(items)) if items.is_empty() => vec![serde_json::json!([null])],
        Some(Value::Array(_)) => vec![serde_json::json!([])],
        Some(Value::Object(members)) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            names
                .into_iter()
                .flat_map(|name| {
                    others(members.get(name))
                        .into_iter()
                        .map(|other| with(&Value::Object(members.clone()), name, other))
                })
                .collect()
        }
    }
}
