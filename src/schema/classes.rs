//! Patterns as a validator reads them whose `\d` and `\w` are those of Unicode: written out for one that reads ECMA 262.

use serde_json::{Map, Value};

use super::keywords::for_each_object;

/// `\d` and `\w` of Unicode.
const DIGITS: &str = r"\p{Nd}";
const WORD: &str = r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}";

/// `schema` with every `\d`, `\D`, `\w` and `\W` of its patterns written out as Unicode has them.
///
/// # Errors
///
/// A pattern that cannot be written so, when `\W` stands inside a class.
pub(super) fn unicode(schema: &Value) -> Result<Value, String> {
    let mut schema = schema.clone();
    let mut refused = None;
    let mut written = |pattern: &str| {
        pattern_of(pattern).unwrap_or_else(|| {
            refused.get_or_insert_with(|| pattern.to_owned());
            pattern.to_owned()
        })
    };
    for_each_object(&mut schema, &mut |members| {
        if let Some(Value::String(pattern)) = members.get_mut("pattern") {
            *pattern = written(pattern);
        }
        if let Some(Value::Object(patterns)) = members.get_mut("patternProperties") {
            let renamed: Map<String, Value> = std::mem::take(patterns)
                .into_iter()
                .map(|(pattern, held)| (written(&pattern), held))
                .collect();
            *patterns = renamed;
        }
    });
    match refused {
        Some(pattern) => Err(format!(
            "the pattern {pattern:?} has `\\W` inside a class, which has no form with Unicode's classes"
        )),
        None => Ok(schema),
    }
}

fn pattern_of(pattern: &str) -> Option<String> {
    let mut written = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match (characters.next(), in_class) {
                (Some('d'), _) => written.push_str(DIGITS),
                (Some('D'), _) => written.push_str(r"\P{Nd}"),
                (Some('w'), true) => written.push_str(WORD),
                (Some('w'), false) => written.push_str(&format!("[{WORD}]")),
                (Some('W'), true) => return None,
                (Some('W'), false) => written.push_str(&format!("[^{WORD}]")),
                (Some(other), _) => written.extend(['\\', other]),
                (None, _) => written.push('\\'),
            },
            '[' => {
                in_class = true;
                written.push('[');
            }
            ']' => {
                in_class = false;
                written.push(']');
            }
            other => written.push(other),
        }
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn classes_are_written_out_where_they_stand() {
        let schema = json!({
            "pattern": r"^\d\\d[\w.]\b$",
            "const": r"\d",
            "properties": {"pattern": {"patternProperties": {r"\W": true}}},
        });
        let written = json!({
            "pattern": r"^\p{Nd}\\d[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}.]\b$",
            "const": r"\d",
            "properties": {"pattern": {"patternProperties": {r"[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]": true}}},
        });
        assert_eq!(unicode(&schema), Ok(written));
        assert!(
            unicode(&json!({"pattern": r"[\W]"}))
                .unwrap_err()
                .contains("inside a class")
        );
    }
}
