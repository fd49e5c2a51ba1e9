//! Text from data in Markdown, so that it is shown and never obeyed.

use std::fmt::Write as _;

use serde_json::Value;

use crate::scenario::json_lines;

/// Whether a character changes what surrounds it without being seen: control characters, and those that turn the
/// direction of text.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        )
}

/// On one line, and with nothing hidden in it.
fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => visible.push(' '),
            hidden if is_hidden(hidden) => visible.extend(hidden.escape_unicode()),
            other => visible.push(other),
        }
    }
    visible
}

/// Text as prose: nothing in it is markup.
pub(super) fn prose(text: &str) -> String {
    let text = visible(text.trim());
    let mut escaped = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let is_markup = match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '$' | '!' | '@' => true,
            // A list, a rule or a heading at the start of a line.
            '-' | '+' | '=' => at == 0,
            // A numbered list.
            // Or an address, which is a link without being asked.
            '.' | ')' => {
                let before = &text[..at];
                at > 0 && before.bytes().all(|byte| byte.is_ascii_digit()) || before.ends_with("www")
            }
            ':' => text[at..].starts_with("://"),
            _ => false,
        };
        if is_markup {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Text as code in a line.
pub(super) fn code(text: &str) -> String {
    let text = visible(text);
    if text.trim().is_empty() {
        return "(no name)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Text as code in a cell of a table, where a bar ends the cell even in code.
pub(super) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A value as a block of JSON, members by name, each line after `indent`.
pub(super) fn json(value: &Value, indent: &str) -> String {
    block("json", &json_lines(value).join("\n"), indent)
}

/// Text as a block of code.
pub(super) fn block(language: &str, text: &str, indent: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let mut block = format!("{indent}{fence}{language}\n");
    for line in text.lines() {
        block.push_str(indent);
        for character in line.chars() {
            if is_hidden(character) {
                // As JSON writes it, whatever the language.
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    let _ = write!(block, "\\u{unit:04x}");
                }
            } else {
                block.push(character);
            }
        }
        block.push('\n');
    }
    format!("{block}{indent}{fence}\n")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prose_holds_no_markup() {
        for (text, expected) in [
            ("<b>bold</b>", r"\<b\>bold\</b\>"),
            ("[a](b) ![c](d)", r"\[a\](b) \!\[c\](d)"),
            ("# a\n# b", r"\# a \# b"),
            ("- item", r"\- item"),
            ("1. item 2. not", r"1\. item 2. not"),
            ("a | b", r"a \| b"),
            ("&amp; $x$ ~y~ _z_", r"\&amp; \$x\$ \~y\~ \_z\_"),
            ("see https://example.org", r"see https\://example.org"),
            ("five euro are missing.", "five euro are missing."),
            ("left\u{202e}right\u{7}", r"left\\u{202e}right\\u{7}"),
            ("see www.example.org", r"see www\.example.org"),
        ] {
            let escaped = prose(text);
            assert_eq!(escaped, expected, "{text}");
        }
    }

    #[test]
    fn code_ends_where_it_should() {
        assert_eq!(code("Take"), "`Take`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a\nb"), "`a b`");
        assert_eq!(code("  "), "(no name)");
        assert_eq!(cell("a|b"), r"`a\|b`");
    }

    #[test]
    fn a_block_is_left_by_nothing_in_it() {
        let text = block("", "```\n````js\n<script>", "  ");
        assert_eq!(text, "  `````\n  ```\n  ````js\n  <script>\n  `````\n");
        let text = json(&json!({"b": "```\n\u{202e}", "a": 1}), "");
        assert_eq!(text, "````json\n{\"a\":1,\"b\":\"```\\u000a\\u202e\"}\n````\n");
    }
}
