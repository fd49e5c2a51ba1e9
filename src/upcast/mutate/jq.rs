//! Changed copies of a jq program. What does not compile is passed over by whoever tries them.

/// The most copies that are made of one program: each run is a message to another process.
const MOST: usize = 40;

/// A piece of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Number,
    /// A text without anything interpolated.
    Text,
    /// `.name`.
    Member,
    Word,
    Sign,
    /// Space and comments.
    Other,
}

/// Every copy of `program` with one change, and what the change is.
pub(super) fn mutants(program: &str) -> Vec<(String, String)> {
    let pieces = pieces(program);
    let mut mutants: Vec<(String, String)> = Vec::new();
    let mut replace = |from: usize, to: usize, text: &str, what: String| {
        if mutants.len() < MOST {
            let copy = format!("{}{text}{}", &program[..from], &program[to..]);
            if !mutants.iter().any(|(_, known)| *known == copy) {
                mutants.push((what, copy));
            }
        }
    };
    for (index, (from, to, piece)) in pieces.iter().enumerate() {
        let text = &program[*from..*to];
        let line = program[..*from].matches('\n').count() + 1;
        let other = match (piece, text) {
            (Piece::Number, _) => Some(format!("({text} + 1)")),
            (Piece::Text, _) => Some(format!("{}x\"", &text[..text.len() - 1])),
            (Piece::Word, "true") => Some("false".to_owned()),
            (Piece::Word, "false") => Some("true".to_owned()),
            (Piece::Word, "and") => Some("or".to_owned()),
            (Piece::Word, "or") => Some("and".to_owned()),
            (Piece::Sign, "==") => Some("!=".to_owned()),
            (Piece::Sign, "!=") => Some("==".to_owned()),
            (Piece::Sign, "<") => Some("<=".to_owned()),
            (Piece::Sign, "<=") => Some("<".to_owned()),
            (Piece::Sign, ">") => Some(">=".to_owned()),
            (Piece::Sign, ">=") => Some(">".to_owned()),
            (Piece::Sign, "+") => Some("-".to_owned()),
            (Piece::Sign, "-") => Some("+".to_owned()),
            (Piece::Sign, "*") => Some("/".to_owned()),
            (Piece::Member, _) => Some(format!("{text}Other")),
            _ => None,
        };
        if let Some(other) = other {
            replace(
                *from,
                *to,
                &other,
                format!("`{text}` in line {line} becomes `{other}`"),
            );
        }
        if *piece == Piece::Member
            && let Some((second_from, second_to, _)) = pieces[index + 1..]
                .iter()
                .find(|(from, to, piece)| *piece == Piece::Member && program[*from..*to] != *text)
        {
            let second = &program[*second_from..*second_to];
            let swapped = format!("{second}{}{text}", &program[*to..*second_from]);
            replace(
                *from,
                *second_to,
                &swapped,
                format!("`{text}` and `{second}` in line {line} change places"),
            );
        }
        if *piece == Piece::Sign && text == "|" {
            replace(
                *from,
                program.len(),
                "",
                format!("all from the `|` in line {line} on is left out"),
            );
            replace(
                0,
                *to,
                "",
                format!("all up to the `|` in line {line} is left out"),
            );
        }
    }
    mutants
}

/// The pieces of a program, with where they start and end.
fn pieces(program: &str) -> Vec<(usize, usize, Piece)> {
    let bytes = program.as_bytes();
    let mut pieces = Vec::new();
    let mut at = 0;
    let while_in = |mut at: usize, holds: fn(u8) -> bool| {
        while bytes.get(at).is_some_and(|byte| holds(*byte)) {
            at += 1;
        }
        at
    };
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    while let Some(&byte) = bytes.get(at) {
        let from = at;
        let piece = match byte {
            b'#' => {
                at = while_in(at, |byte| byte != b'\n');
                Piece::Other
            }
            b'"' => {
                at += 1;
                let mut plain = true;
                while let Some(&byte) = bytes.get(at) {
                    at += 1;
                    match byte {
                        b'\\' => {
                            // An interpolation may hold texts of its own, and is left alone to the end of the line.
                            plain &= bytes.get(at) != Some(&b'(');
                            at += 1;
                        }
                        b'"' => break,
                        _ => {}
                    }
                }
                at = at.min(bytes.len());
                while !program.is_char_boundary(at) {
                    at += 1;
                }
                let closed = program[from..at].len() > 1 && program[..at].ends_with('"');
                if plain && closed {
                    Piece::Text
                } else {
                    Piece::Other
                }
            }
            b'0'..=b'9' => {
                at = while_in(at, |byte| byte.is_ascii_digit() || byte == b'.');
                Piece::Number
            }
            b'.' if bytes
                .get(at + 1)
                .is_some_and(|next| next.is_ascii_alphabetic() || *next == b'_') =>
            {
                at = while_in(at + 1, word);
                Piece::Member
            }
            b'$' => {
                at = while_in(at + 1, word);
                Piece::Other
            }
            _ if byte.is_ascii_alphabetic() || byte == b'_' => {
                at = while_in(at, word);
                Piece::Word
            }
            b'=' | b'!' | b'<' | b'>' => {
                at = while_in(at, |byte| matches!(byte, b'=' | b'!' | b'<' | b'>'));
                Piece::Sign
            }
            b'|' | b'+' | b'-' | b'*' | b'/' if bytes.get(at + 1) != Some(&b'=') => {
                at = while_in(at, |byte| matches!(byte, b'|' | b'+' | b'-' | b'*' | b'/'));
                Piece::Sign
            }
            _ => {
                at += 1;
                while !program.is_char_boundary(at) {
                    at += 1;
                }
                Piece::Other
            }
        };
        pieces.push((from, at, piece));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::mutants;

    #[test]
    fn whatever_the_program_it_is_taken_apart() {
        for program in [
            "",
            "\"",
            "\"\\",
            "é\"é\\é\"é",
            "#",
            ".a.é|\"\\(.b)\"",
            "$__loc__",
            "..|.a?//1",
        ] {
            for (_, mutant) in mutants(program) {
                assert_ne!(mutant, program);
            }
        }
        let all: Vec<String> = mutants(".a = 1 | .b = \"EUR\"")
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        assert_eq!(
            all,
            [
                ".aOther = 1 | .b = \"EUR\"",
                ".b = 1 | .a = \"EUR\"",
                ".a = (1 + 1) | .b = \"EUR\"",
                ".a = 1 ",
                " .b = \"EUR\"",
                ".a = 1 | .bOther = \"EUR\"",
                ".a = 1 | .b = \"EURx\"",
            ]
        );
    }
}
