//! Texts for a `pattern`: a few that match it, chosen at its edges.

use regex_syntax::hir::{Class, Hir, HirKind};

/// How many texts one part of a pattern contributes.
const PART: usize = 6;

/// How many texts there are for a pattern.
const WHOLE: usize = 24;

/// The longest text that is made.
const LONGEST: usize = 4096;

/// Texts that match `pattern`, the shortest way through it first. Whoever asks checks them: what the pattern
/// looks around for is not seen here, and a pattern that cannot be read has none.
pub(super) fn matching(pattern: &str) -> Vec<String> {
    let Ok(translated) = jsonschema_regex::to_rust_regex(pattern) else {
        return Vec::new();
    };
    let Ok(parsed) = regex_syntax::parse(&translated) else {
        return Vec::new();
    };
    let mut texts = part(&parsed, 0);
    let plain = texts.first().cloned().unwrap_or_default();
    // A pattern is searched for, so that more may stand before and after what it matches.
    for text in [
        format!("a{plain}"),
        format!("{plain}a"),
        format!("{plain}\n"),
        format!("0{plain}0"),
    ] {
        texts.push(text);
    }
    dedup(&mut texts);
    texts.truncate(WHOLE);
    texts
}

fn dedup(texts: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    texts.retain(|text| text.len() <= LONGEST && seen.insert(text.clone()));
}

fn part(hir: &Hir, depth: usize) -> Vec<String> {
    if depth > 64 {
        return Vec::new();
    }
    let mut texts = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![String::new()],
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => vec![text.to_owned()],
            Err(_) => Vec::new(),
        },
        HirKind::Class(class) => characters(class).into_iter().map(String::from).collect(),
        HirKind::Capture(capture) => part(&capture.sub, depth + 1),
        HirKind::Alternation(branches) => {
            // One of each branch before the second of any.
            let all: Vec<Vec<String>> = branches.iter().map(|branch| part(branch, depth + 1)).collect();
            let longest = all.iter().map(Vec::len).max().unwrap_or_default();
            (0..longest)
                .flat_map(|index| all.iter().filter_map(move |texts| texts.get(index).cloned()))
                .take(WHOLE)
                .collect()
        }
        HirKind::Repetition(repetition) => {
            let inner = part(&repetition.sub, depth + 1);
            let least = repetition.min as usize;
            let most = repetition.max.map(|max| max as usize);
            let mut counts = vec![least, least + 1, least + 2];
            counts.extend(most);
            counts.retain(|count| most.is_none_or(|most| *count <= most) && *count <= LONGEST);
            counts.dedup();
            let mut texts = Vec::new();
            for count in counts {
                if count == 0 {
                    texts.push(String::new());
                    continue;
                }
                for text in &inner {
                    if text.len() * count <= LONGEST {
                        texts.push(text.repeat(count));
                    }
                }
                // All of them in turn, so that a class is seen with more than one of its characters.
                if count > 1 && inner.len() > 1 {
                    texts.push(
                        (0..count)
                            .map(|index| inner[index % inner.len()].as_str())
                            .collect(),
                    );
                }
            }
            texts
        }
        HirKind::Concat(parts) => {
            let all: Vec<Vec<String>> = parts.iter().map(|inner| part(inner, depth + 1)).collect();
            if all.iter().any(Vec::is_empty) {
                return Vec::new();
            }
            // The first of each part, then each part varied by itself.
            let base: String = all.iter().map(|texts| texts[0].as_str()).collect();
            let mut texts = vec![base];
            for (varied, choices) in all.iter().enumerate() {
                for choice in choices.iter().skip(1) {
                    let text = all
                        .iter()
                        .enumerate()
                        .map(|(index, texts)| if index == varied { choice } else { &texts[0] })
                        .map(String::as_str)
                        .collect();
                    texts.push(text);
                }
            }
            texts
        }
    };
    dedup(&mut texts);
    if !matches!(
        hir.kind(),
        HirKind::Concat(_) | HirKind::Alternation(_) | HirKind::Capture(_)
    ) {
        texts.truncate(PART * 4);
    }
    texts.truncate(WHOLE * 4);
    texts
}

/// Characters of a class: one that is easily read where there is one, then the ends of its ranges.
fn characters(class: &Class) -> Vec<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .map(|range| (range.start(), range.end()))
            .collect(),
        Class::Bytes(class) => class
            .ranges()
            .iter()
            .filter(|range| range.end() < 0x80)
            .map(|range| (char::from(range.start()), char::from(range.end())))
            .collect(),
    };
    let holds = |wanted: char| {
        ranges
            .iter()
            .any(|(start, end)| (*start..=*end).contains(&wanted))
    };
    let mut chosen: Vec<char> = ['a', '0', 'A', 'x', '-', '_', ' ']
        .into_iter()
        .filter(|character| holds(*character))
        .collect();
    let ends = ranges.iter().take(8).flat_map(|(start, end)| [*start, *end]);
    for character in ends.chain(ranges.last().map(|(_, end)| *end)) {
        if !chosen.contains(&character) {
            chosen.push(character);
        }
    }
    chosen.truncate(PART * 2);
    chosen
}
