//! The jq language: the only module that knows its implementation.

use std::fmt;

use jaq_core::load::parse::{Def, Term};
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::native::Fun;
use jaq_core::{Compiler, Ctx, Vars, compile, data};
use jaq_json::{Num, Val};

use crate::json::MAX_DEPTH;

use super::wire::Invalid;

type Data = data::JustLut<Val>;

/// What a program may call that is not written in jq itself. All of it is a function of its arguments.
///
/// What is written in jq can do no more than this, so that this list is the fence.
#[rustfmt::skip]
const ALLOWED: &[&str] = &[
    // Control, paths, generators.
    "error_empty", "path", "path_value", "range", "keys_unsorted", "key_values", "first", "last",
    "limit", "skip",
    // Values.
    "fromjson", "tojson", "tobytes", "length", "contains", "has", "indices", "bsearch", "reverse",
    "sort", "sort_by", "group_by", "min_by_or_empty", "max_by_or_empty",
    // Texts.
    "utf8bytelength", "explode", "implode", "ascii_downcase", "ascii_upcase", "startswith", "endswith",
    "ltrimstr", "rtrimstr", "trim", "ltrim", "rtrim", "matches", "split_matches", "split_", "escape_sh",
    "escape_html", "unescape_html", "encode_uri", "decode_uri", "encode_base64", "decode_base64",
    // Numbers.
    "floor", "round", "ceil", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh",
    "erf", "erfc", "exp", "exp10", "exp2", "expm1", "fabs", "frexp", "ilogb", "j0", "j1", "lgamma",
    "log", "log10", "log1p", "log2", "modf", "nearbyint", "rint", "sin", "sinh", "sqrt", "tan", "tanh",
    "tgamma", "trunc", "y0", "y1", "atan2", "copysign", "fdim", "fmax", "fmin", "fmod", "hypot", "jn",
    "ldexp", "nextafter", "pow", "remainder", "scalbln", "yn", "fma",
    // Times that the event holds, always in UTC.
    "fromdateiso8601", "todateiso8601", "strftime", "gmtime", "mktime", "strptime",
];

/// What jq has elsewhere and a program must not use: clock, environment, other input, output, ending the process.
#[rustfmt::skip]
const FORBIDDEN: &[&str] = &[
    "env", "$ENV", "now", "localtime", "strflocaltime", "halt", "halt_error", "input", "inputs",
    "debug", "stderr", "input_filename", "input_line_number", "get_search_list", "debug_empty",
    "stderr_empty",
];

/// The words that start what reads other files; they are words of the language only at the head of a program.
const MODULES: &[&str] = &["import", "include", "module"];

/// `strptime` without a check; no program can write this name.
const STRPTIME: &str = "!strptime";

/// A compiled program.
pub(super) struct Program(jaq_core::Filter<Data>);

/// How a run ended that made nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Refused { message: String, pointer: String },
    Limit(String),
}

fn natives() -> impl Iterator<Item = Fun<Data>> {
    jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs())
}

fn definitions() -> Vec<Def<&'static str>> {
    // A time zone by name is looked up in the machine's own tables, which differ.
    let named_zone = load::parse(r#"$format | test("%[^A-Za-z%]*Q")"#, |p| p.term()).unwrap_or_default();
    let refused = load::parse(
        r#"error("strptime reads no time zone names: the machine would decide what they mean")"#,
        |p| p.term(),
    )
    .unwrap_or_default();
    let strptime = Def {
        name: "strptime",
        args: vec!["$format"],
        body: Term::IfThenElse(
            vec![(named_zone, refused)],
            Some(Box::new(Term::Call(STRPTIME, vec![Term::Var("$format")]))),
        ),
    };
    jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs())
        .filter(|def| !FORBIDDEN.contains(&def.name))
        .chain([strptime])
        .collect()
}

/// Compiles `source`, which sees the envelope as `$event`.
pub(super) fn compile(source: &str) -> Result<Program, Invalid> {
    if let Some((offset, word)) = module_word(source) {
        return Err(invalid(
            source,
            [(
                offset,
                format!("`{word}` is forbidden: a program stands on its own"),
            )],
        ));
    }
    let arena = Arena::default();
    let loader = Loader::new(definitions().into_iter().map(shorten));
    let modules = loader
        .load(
            &arena,
            File {
                code: source,
                path: (),
            },
        )
        .map_err(|errors| unreadable(source, errors))?;
    // Data files are imported apart from modules.
    load::import(&modules, |_| Err("a program stands on its own".to_owned()))
        .map_err(|errors| unreadable(source, errors))?;
    let natives = natives()
        .filter(|(name, _, _)| ALLOWED.contains(name))
        .map(|(name, args, run)| (if name == "strptime" { STRPTIME } else { name }, args, run));
    let filter = Compiler::default()
        .with_funs(natives)
        .with_global_vars(["$event"])
        .compile(modules)
        .map_err(|errors| undefined(source, errors))?;
    Ok(Program(filter))
}

/// Lets a definition live as short as the program it is used with.
fn shorten<'a>(definition: Def<&'static str>) -> Def<&'a str> {
    definition
}

/// The word for modules at the head of the program, if there is one, and where it starts.
fn module_word(source: &str) -> Option<(usize, &str)> {
    let tokens = load::Lexer::new(source).lex().ok()?;
    let word = tokens.first()?.as_str();
    MODULES.contains(&word).then(|| (offset(source, word), word))
}

/// Where `part` starts in `whole`, which it was cut from; the end if it was not.
fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize)
        .checked_sub(whole.as_ptr() as usize)
        .filter(|offset| *offset <= whole.len())
        .unwrap_or(whole.len())
}

fn unreadable<P>(source: &str, errors: load::Errors<&str, P>) -> Invalid {
    let mut problems = Vec::new();
    for (_, error) in errors {
        match error {
            load::Error::Io(errors) => problems.extend(
                errors
                    .into_iter()
                    .map(|(path, error)| (offset(source, path), error)),
            ),
            load::Error::Lex(errors) => {
                for (expected, rest) in errors {
                    problems.push((offset(source, rest), format!("expected {}", expected.as_str())));
                }
            }
            load::Error::Parse(errors) => problems.extend(errors.into_iter().map(|(expected, found)| {
                let met = if found.is_empty() {
                    "the program ends".to_owned()
                } else {
                    format!("met `{}`", first_line(found))
                };
                (
                    offset(source, found),
                    format!("expected {}, {met}", expected.as_str()),
                )
            })),
        }
    }
    invalid(source, problems)
}

fn undefined<P>(source: &str, errors: compile::Errors<&str, P>) -> Invalid {
    let problems = errors
        .into_iter()
        .flat_map(|(_, errors)| errors)
        .map(|(name, kind)| {
            let message = if FORBIDDEN.contains(&name) {
                format!("`{name}` is forbidden: an upcaster sees the event and nothing else")
            } else if let compile::Undefined::Filter(arity @ 1..) = kind {
                format!("there is no filter `{name}` with {arity} arguments")
            } else {
                format!("there is no {} `{name}`", kind.as_str())
            };
            (offset(source, name), message)
        });
    invalid(source, problems)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The first problem, and how many more there are.
fn invalid(source: &str, problems: impl IntoIterator<Item = (usize, String)>) -> Invalid {
    let mut problems: Vec<(usize, String)> = problems.into_iter().collect();
    problems.sort();
    problems.dedup();
    let more = problems.len().saturating_sub(1);
    let Some((offset, message)) = problems.into_iter().next() else {
        return Invalid {
            message: "the program does not compile".to_owned(),
            line: 0,
            column: 0,
        };
    };
    let before = source.get(..offset).unwrap_or(source);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Invalid {
        message: match more {
            0 => message,
            1 => format!("{message}; and 1 more error"),
            _ => format!("{message}; and {more} more errors"),
        },
        line: before.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1,
        column: before[start..].chars().count() as u64 + 1,
    }
}

impl Program {
    /// Runs the program on `data` and appends what it makes to `out`, comma-separated JSON texts.
    ///
    /// `out` is not to grow beyond `limit` bytes.
    pub(super) fn run(
        &self,
        data: &str,
        event: &str,
        outputs: usize,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let data = read(data)?;
        let event = read(event)?;
        let context = Ctx::<Data>::new(&self.0.lut, Vars::new([event]));
        for (made, value) in self.0.id.run((context, data)).enumerate() {
            let value = value.map_err(|stop| {
                let said = match stop.get_err() {
                    Ok(error) => match error.into_val() {
                        Val::TStr(said) => brief(&String::from_utf8_lossy(&said)),
                        other => brief(&other),
                    },
                    Err(_) => "the program broke off".to_owned(),
                };
                Stop::Refused {
                    message: format!("refuses the event: {said}"),
                    pointer: String::new(),
                }
            })?;
            if made == outputs {
                return Err(Stop::Limit(format!("makes more than {outputs} events of one")));
            }
            if made > 0 {
                out.push(b',');
            }
            Writer {
                out,
                limit,
                path: Vec::new(),
            }
            .value(&value)?;
        }
        Ok(())
    }
}

fn read(text: &str) -> Result<Val, Stop> {
    jaq_json::read::parse_single(text.as_bytes()).map_err(|error| Stop::Refused {
        message: format!("cannot read the event: {error}"),
        pointer: String::new(),
    })
}

/// The start of what `error` says; an error may hold the whole event.
fn brief(error: &impl fmt::Display) -> String {
    const LENGTH: usize = 300;
    let mut said = error.to_string();
    if let Some((at, _)) = said.char_indices().nth(LENGTH) {
        said.truncate(at);
        said.push_str("...");
    }
    said
}

/// Writes a value as JSON, and refuses what jq has beyond JSON.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    limit: usize,
    /// The steps to the value being written, for the pointer of a refusal.
    path: Vec<String>,
}

impl Writer<'_> {
    fn value(&mut self, value: &Val) -> Result<(), Stop> {
        match value {
            Val::Null => self.out.extend_from_slice(b"null"),
            Val::Bool(true) => self.out.extend_from_slice(b"true"),
            Val::Bool(false) => self.out.extend_from_slice(b"false"),
            Val::Num(number) => {
                let text = number_text(number).map_err(|what| self.refuse(&what))?;
                self.out.extend_from_slice(text.as_bytes());
            }
            Val::TStr(text) => self.text(text)?,
            Val::BStr(_) => return Err(self.refuse("bytes, and JSON has none")),
            Val::Arr(items) => {
                self.open(b'[')?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.path.push(index.to_string());
                    self.value(item)?;
                    self.path.pop();
                }
                self.out.push(b']');
            }
            Val::Obj(members) => {
                self.open(b'{')?;
                for (index, (name, member)) in members.iter().enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    let Val::TStr(name) = name else {
                        return Err(
                            self.refuse(&format!("a member whose name is no text but {}", brief(name)))
                        );
                    };
                    self.text(name)?;
                    self.out.push(b':');
                    self.path.push(
                        String::from_utf8_lossy(name)
                            .replace('~', "~0")
                            .replace('/', "~1"),
                    );
                    self.value(member)?;
                    self.path.pop();
                }
                self.out.push(b'}');
            }
        }
        if self.out.len() > self.limit {
            return Err(self.too_long());
        }
        Ok(())
    }

    fn too_long(&self) -> Stop {
        Stop::Limit(format!("makes more than {} bytes of output", self.limit))
    }

    fn open(&mut self, bracket: u8) -> Result<(), Stop> {
        if self.path.len() == MAX_DEPTH {
            return Err(Stop::Limit(format!(
                "nests its output deeper than {MAX_DEPTH} levels"
            )));
        }
        self.out.push(bracket);
        Ok(())
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Stop> {
        if text.len() > self.limit {
            return Err(self.too_long());
        }
        let text = std::str::from_utf8(text).map_err(|_| self.refuse("a text that is not UTF-8"))?;
        serde_json::to_writer(&mut *self.out, text)
            .map_err(|error| self.refuse(&format!("a text that cannot be written: {error}")))
    }

    fn refuse(&self, what: &str) -> Stop {
        let mut pointer = String::new();
        for step in &self.path {
            pointer.push('/');
            pointer.push_str(step);
        }
        Stop::Refused {
            message: format!("makes {what}"),
            pointer,
        }
    }
}

/// The number as JSON, with the digits it has.
fn number_text(number: &Num) -> Result<String, String> {
    let text = number.to_string();
    let float = match number {
        Num::Int(_) => return Ok(text),
        Num::BigInt(_) if text.parse::<u64>().is_ok() || text.parse::<i64>().is_ok() => return Ok(text),
        Num::BigInt(_) => return Err("a whole number beyond 64 bits".to_owned()),
        Num::Float(float) => *float,
        Num::Dec(_) => text.parse().unwrap_or(f64::NAN),
    };
    if float.is_finite() {
        Ok(format!("{float:?}"))
    } else {
        Err(format!("the number {text}, and JSON has no such number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_native_is_allowed_or_forbidden() {
        for (name, _, _) in natives() {
            assert!(
                ALLOWED.contains(&name) != FORBIDDEN.contains(&name),
                "{name} is new, or stands in both lists"
            );
        }
        let names: Vec<&str> = natives().map(|(name, _, _)| name).collect();
        for name in ALLOWED {
            assert!(names.contains(name), "{name} is gone");
        }
    }
}
