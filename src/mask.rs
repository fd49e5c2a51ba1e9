//! Production values stay out of reports unless asked for.

use std::collections::HashSet;

use serde_json::Value;

/// How long a shown value may get.
const SHOWN: usize = 200;

/// A value as a report may show it: itself when `show` is set, else its kind and length only.
pub(crate) fn value(value: &Value, show: bool) -> String {
    if show {
        return shorten(&value.to_string());
    }
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Number(number) => {
            let text = number.to_string();
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            let kind = if text.contains(['.', 'e', 'E']) {
                "a float"
            } else {
                "an integer"
            };
            format!("{kind} of {}", counted(digits as u64, "digit"))
        }
        Value::String(text) => format!("a text of {}", counted(text.chars().count() as u64, "character")),
        Value::Array(items) => format!("an array of {}", counted(items.len() as u64, "item")),
        Value::Object(members) => format!("an object of {}", counted(members.len() as u64, "member")),
    }
}

/// A value as a report may show it whole: itself when `show` is set, else with every leaf replaced by its kind and
/// length. The names of members stay.
pub(crate) fn whole(value: &Value, show: bool) -> Value {
    if show {
        return value.clone();
    }
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) | Value::String(_) => Value::String(self::value(value, false)),
        Value::Array(items) => items.iter().map(|item| whole(item, false)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), whole(member, false)))
            .collect(),
    }
}

/// `number` with its noun.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What user code or a deserializer says about `data`, with every production value cut out unless `show` is set.
///
/// Three things may be values: a word that also stands in the event, a run of digits, and what stands between
/// double quotes.
pub(crate) fn message(text: &str, data: &Value, show: bool) -> String {
    let text = one_line(without_position(text));
    if show {
        return shorten(&text);
    }
    let mut words = HashSet::new();
    collect(data, &mut words);
    let mut masked = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let end = if first == '"' {
            let end = closing_quote(rest);
            masked.push_str("\"***\"");
            end
        } else if first.is_alphanumeric() {
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            let word = &rest[..end];
            if word.chars().all(|c| c.is_ascii_digit()) {
                masked.push('#');
            } else if words.contains(word) {
                masked.push_str("***");
            } else {
                masked.push_str(word);
            }
            end
        } else {
            masked.push(first);
            first.len_utf8()
        };
        rest = &rest[end..];
    }
    shorten(&masked)
}

/// The end of the quoted text that `text` starts with, past its closing quote.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    text.len()
}

/// Without the position that a deserializer adds: it counts columns of a text that nobody sees.
fn without_position(text: &str) -> &str {
    match text.rfind(" at line ") {
        Some(at) if text[at..].contains(" column ") => &text[..at],
        _ => text,
    }
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

fn collect<'a>(value: &'a Value, words: &mut HashSet<&'a str>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => words.extend(
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty()),
        ),
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        Value::Object(members) => members.values().for_each(|item| collect(item, words)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_masked_value_says_kind_and_length_only() {
        assert_eq!(value(&json!("Ana"), false), "a text of 3 characters");
        assert_eq!(value(&json!(-12), false), "an integer of 2 digits");
        assert_eq!(value(&json!(1.0), false), "a float of 2 digits");
        assert_eq!(value(&json!([1]), false), "an array of 1 item");
        assert_eq!(value(&json!({"a": 1, "b": 2}), false), "an object of 2 members");
        assert_eq!(value(&json!("Ana"), true), r#""Ana""#);
    }

    #[test]
    fn a_masked_whole_keeps_its_shape() {
        let value = json!({"owner": "Ana", "paid": [1, null, true]});
        assert_eq!(
            whole(&value, false),
            json!({"owner": "a text of 3 characters", "paid": ["an integer of 1 digit", null, true]})
        );
        assert_eq!(whole(&value, true), value);
    }

    #[test]
    fn a_message_keeps_the_code_s_words_and_loses_the_event_s() {
        let data = json!({"owner": "Ana Petrović", "cents": 500, "at": ["Novi Sad"]});
        let masked = |text| message(text, &data, false);
        assert_eq!(
            masked(r#"invalid type: string "Ana", expected u64 at line 1 column 5"#),
            r#"invalid type: string "***", expected u64"#
        );
        assert_eq!(
            masked("Petrović of Sad owes 4000\n  to nobody"),
            "*** of *** owes #; to nobody"
        );
        assert_eq!(masked(r#"Err("a \"quoted\" one", Kind)"#), r#"Err("***", Kind)"#);
        assert_eq!(masked("missing field `owner`"), "missing field `owner`");
        assert_eq!(
            message("Ana owes 4000", &data, true),
            "Ana owes 4000",
            "shown when asked for"
        );
    }
}
