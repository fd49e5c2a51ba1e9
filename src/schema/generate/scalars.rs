//! Numbers and texts that satisfy all that is said about one place.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Number, Value};

use crate::schema::eval::{Patterns, equal};

use super::choices::Choices;
use super::decimal::{Fraction, whole};
use super::positive::{FRACTION, NO_MATCH, NO_MULTIPLE, NONE_OF};

/// The longest text and array that is made.
pub(super) const LONGEST: u64 = 4096;
/// How often a text is tried for patterns and lengths that are hard to meet together.
const TEXTS: usize = 60;

/// What the schema objects at one place say with `keyword`.
pub(super) fn said<'a>(objects: &[&'a Map<String, Value>], keyword: &str) -> Vec<&'a Value> {
    objects
        .iter()
        .filter_map(|members| members.get(keyword))
        .collect()
}

/// A count that a keyword gives, which may be written as `2.0`.
pub(super) fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let float = value
            .as_f64()
            .filter(|float| *float >= 0.0 && float.fract() == 0.0)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and not negative; beyond 64 bits it saturates"
        )]
        let count = float as u64;
        Some(count)
    })
}

/// The largest of the least counts, and the smallest of the largest.
pub(super) fn range(objects: &[&Map<String, Value>], least: &str, most: &str) -> (u64, u64) {
    let least = said(objects, least).into_iter().filter_map(count).max();
    let most = said(objects, most).into_iter().filter_map(count).min();
    (least.unwrap_or_default(), most.unwrap_or(u64::MAX))
}

/// Whether a value is none of those that are ruled out.
pub(super) fn allowed(objects: &[&Map<String, Value>], value: &Value) -> bool {
    said(objects, NONE_OF)
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .all(|other| !equal(other, value))
}

/// A number.
pub(super) fn number(
    objects: &[&Map<String, Value>],
    integer: bool,
    choices: &mut dyn Choices,
) -> Option<Value> {
    let bound = |keyword: &str| -> Vec<Number> {
        said(objects, keyword)
            .into_iter()
            .filter_map(|value| match value {
                Value::Number(number) => Some(number.clone()),
                _ => None,
            })
            .collect()
    };
    let mut limits = Limits::default();
    for (keyword, upper, exclusive) in [
        ("minimum", false, false),
        ("exclusiveMinimum", false, true),
        ("maximum", true, false),
        ("exclusiveMaximum", true, true),
    ] {
        for number in bound(keyword) {
            limits.add(&number, upper, exclusive);
        }
    }
    let fraction = !said(objects, FRACTION).is_empty();
    if fraction && integer {
        return None;
    }
    let mut unit: Option<Fraction> = None;
    for divisor in bound("multipleOf") {
        let divisor = Fraction::of(&divisor).filter(|divisor| divisor.over > 0)?;
        unit = Some(match unit {
            None => divisor,
            Some(unit) => unit.common_multiple(divisor)?,
        });
    }
    let no_multiples: Vec<Fraction> = said(objects, NO_MULTIPLE)
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|value| match value {
            Value::Number(number) => Fraction::of(number),
            _ => None,
        })
        .collect();
    if let (true, Some(of)) = (integer, unit) {
        unit = Some(of.common_multiple(Fraction { over: 1, under: 1 })?);
    }
    (0..24).find_map(|_| {
        let value = match unit {
            Some(unit) => limits.multiple(unit, choices),
            None if integer || (!fraction && choices.chance(1, 2)) => limits.whole(choices),
            None => limits.float(fraction, choices),
        }?;
        let exact = match &value {
            Value::Number(number) => Fraction::of(number),
            _ => None,
        };
        let is_multiple =
            |of: &Fraction| exact.is_some_and(|exact| exact.over(*of).is_some_and(Fraction::is_whole));
        let whole =
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|float| float.fract() == 0.0);
        let fits = !(fraction && whole)
            && limits.hold(&value)
            && !no_multiples.iter().any(is_multiple)
            && allowed(objects, &value);
        fits.then_some(value)
    })
}

/// Bounds, as whole numbers, as floats and exactly.
#[derive(Default)]
struct Limits {
    low: Option<(Number, bool)>,
    high: Option<(Number, bool)>,
}

impl Limits {
    fn add(&mut self, number: &Number, upper: bool, exclusive: bool) {
        let known = if upper { &mut self.high } else { &mut self.low };
        let tighter = match known {
            None => true,
            Some((other, was_exclusive)) => match compare(number, other) {
                std::cmp::Ordering::Equal => exclusive && !*was_exclusive,
                order => (order == std::cmp::Ordering::Less) == upper,
            },
        };
        if tighter {
            *known = Some((number.clone(), exclusive));
        }
    }

    fn hold(&self, value: &Value) -> bool {
        let Value::Number(number) = value else {
            return false;
        };
        let low = self.low.as_ref().is_none_or(|(low, exclusive)| {
            let order = compare(number, low);
            order == std::cmp::Ordering::Greater || (!exclusive && order == std::cmp::Ordering::Equal)
        });
        let high = self.high.as_ref().is_none_or(|(high, exclusive)| {
            let order = compare(number, high);
            order == std::cmp::Ordering::Less || (!exclusive && order == std::cmp::Ordering::Equal)
        });
        low && high
    }

    /// The least and the largest whole number.
    fn whole_range(&self, unit: Fraction) -> Option<(i128, i128)> {
        let edge = |number: &Number| Fraction::of(number).and_then(|number| number.over(unit));
        let low = match &self.low {
            None => None,
            Some((low, exclusive)) => match edge(low) {
                Some(low) if *exclusive => Some(low.floor() + 1),
                Some(low) => Some(low.ceil()),
                None if low.as_f64()? < 0.0 => None,
                None => return None,
            },
        };
        let high = match &self.high {
            None => None,
            Some((high, exclusive)) => match edge(high) {
                Some(high) if *exclusive => Some(high.ceil() - 1),
                Some(high) => Some(high.floor()),
                None if high.as_f64()? > 0.0 => None,
                None => return None,
            },
        };
        // Without bounds, what a reader of 64 bits can hold.
        let (least, largest) = (i128::from(i64::MIN), i128::from(i64::MAX));
        let range = match (low, high) {
            (Some(low), Some(high)) => (low, high),
            (Some(low), None) => (low, largest.max(low.saturating_add(1000))),
            (None, Some(high)) => (least.min(high.saturating_sub(1000)), high),
            (None, None) => (least, largest),
        };
        (range.0 <= range.1).then_some(range)
    }

    fn whole(&self, choices: &mut dyn Choices) -> Option<Value> {
        let (low, high) = self.whole_range(Fraction { over: 1, under: 1 })?;
        whole(choices.between(low, high))
    }

    fn multiple(&self, unit: Fraction, choices: &mut dyn Choices) -> Option<Value> {
        let (low, high) = self.whole_range(unit)?;
        // Digits that a float can hold.
        let (low, high) = if unit.is_whole() {
            (low, high)
        } else {
            (low.max(-(1 << 40)), high.min(1 << 40))
        };
        unit.times(choices.between(low, high))?.value()
    }

    fn float(&self, fraction: bool, choices: &mut dyn Choices) -> Option<Value> {
        let float = |bound: &Option<(Number, bool)>| {
            bound
                .as_ref()
                .and_then(|(number, exclusive)| Some((number.as_f64()?, *exclusive)))
        };
        let (low, high) = (float(&self.low), float(&self.high));
        let (from, to) = match (low, high) {
            (Some((low, _)), Some((high, _))) => (low, high),
            (Some((low, _)), None) => (low, low.abs().mul_add(2.0, low + 100.0)),
            (None, Some((high, _))) => (high.abs().mul_add(-2.0, high - 100.0), high),
            (None, None) => (-100.0, 100.0),
        };
        let chosen = match choices.below(7) {
            0 => match low {
                Some((low, true)) => low.next_up(),
                Some((low, false)) => low,
                None if high.is_none() => -1e300,
                None => from,
            },
            1 => match high {
                Some((high, true)) => high.next_down(),
                Some((high, false)) => high,
                None if low.is_none() => 1e300,
                None => to,
            },
            2 => (from + (to - from) / 2.0).trunc() + 0.5,
            3 => 0.5,
            _ => {
                #[expect(clippy::cast_precision_loss, reason = "one of a thousand steps")]
                let step = choices.below(1001) as f64;
                (to - from).mul_add(step / 1000.0, from)
            }
        };
        let chosen = if fraction && chosen.fract() == 0.0 {
            chosen + 0.25
        } else {
            chosen
        };
        Number::from_f64(chosen).map(Value::Number)
    }
}

/// The order of two numbers: exact where they can be counted with.
fn compare(left: &Number, right: &Number) -> std::cmp::Ordering {
    let exact = || {
        let (left, right) = (Fraction::of(left)?, Fraction::of(right)?);
        Some(
            left.over
                .checked_mul(right.under)?
                .cmp(&right.over.checked_mul(left.under)?),
        )
    };
    exact().unwrap_or_else(|| {
        let float = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
        float(left).total_cmp(&float(right))
    })
}

/// A text.
pub(super) fn text(
    objects: &[&Map<String, Value>],
    patterns: &Patterns,
    choices: &mut dyn Choices,
) -> Option<String> {
    let (least, most) = range(objects, "minLength", "maxLength");
    if least > most || least > LONGEST {
        return None;
    }
    let wanted: Vec<&str> = said(objects, "pattern")
        .into_iter()
        .filter_map(Value::as_str)
        .collect();
    let refused: Vec<&str> = said(objects, NO_MATCH)
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let parsed: Vec<Hir> = wanted.iter().filter_map(|pattern| parse(pattern)).collect();
    let fits = |text: &str| {
        let length = text.chars().count() as u64;
        (least..=most).contains(&length)
            && wanted.iter().all(|pattern| patterns.matches(pattern, text))
            && !refused.iter().any(|pattern| patterns.matches(pattern, text))
            && allowed(objects, &Value::from(text))
    };
    for attempt in 0..TEXTS {
        let mut text = String::new();
        match choices.of(&parsed) {
            Some(pattern) => {
                // Longer repetitions as the tries go on, for a length that is hard to reach.
                let reach = 3 + attempt / 4 + usize::try_from(least.min(LONGEST)).unwrap_or_default();
                if parsed.len() == 1 || attempt % 2 == 0 {
                    follow(pattern, reach, choices, &mut text, 0);
                }
                // Patterns are searched for, so each may match at another place.
                if parsed.len() > 1 && attempt % 2 == 1 {
                    for other in choices.shuffled(parsed.iter().collect()) {
                        text.extend(
                            (0..choices.below(3))
                                .map(|_| character(choices))
                                .collect::<Vec<_>>(),
                        );
                        follow(other, reach, choices, &mut text, 0);
                    }
                }
                if attempt % 4 == 3 {
                    text = format!("{}{text}", character(choices));
                }
                let length = text.chars().count() as u64;
                if length < least && attempt % 2 == 1 {
                    let more = least - length;
                    text.extend((0..more).map(|_| character(choices)));
                }
            }
            None => {
                let room = most.saturating_sub(least).min(12);
                let room = usize::try_from(room).unwrap_or_default();
                let length = match choices.below(6) {
                    0 => least,
                    1 if most <= 64 => most,
                    _ => least + choices.below(room + 1) as u64,
                };
                text.extend((0..length).map(|_| character(choices)));
            }
        }
        if fits(&text) {
            return Some(text);
        }
    }
    // What is chosen at the edges of a pattern, where walking through it did not lead there.
    let edges: Vec<String> = wanted
        .iter()
        .flat_map(|pattern| crate::schema::text::matching(pattern))
        .filter(|text| fits(text))
        .collect();
    choices.of(&edges).cloned()
}

/// A pattern in its ECMA dialect, as a structure; `None` with what looks around or back.
fn parse(pattern: &str) -> Option<Hir> {
    let translated = jsonschema_regex::to_rust_regex(pattern).ok()?;
    regex_syntax::parse(&translated).ok()
}

const CHARACTERS: [char; 16] = [
    'a', 'b', 'z', 'A', 'Z', '0', '1', '9', ' ', '-', '_', '.', '"', 'é', '𝄞', '\n',
];

fn character(choices: &mut dyn Choices) -> char {
    // Mostly what is easily read.
    let among = if choices.chance(3, 4) { 8 } else { CHARACTERS.len() };
    CHARACTERS[choices.below(among)]
}

/// Writes one way through a pattern.
fn follow(pattern: &Hir, reach: usize, choices: &mut dyn Choices, text: &mut String, depth: usize) {
    if depth > 128 || text.len() as u64 > LONGEST * 4 {
        return;
    }
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.extend(one_of(class, choices)),
        HirKind::Capture(capture) => follow(&capture.sub, reach, choices, text, depth + 1),
        HirKind::Alternation(branches) => {
            if let Some(branch) = choices.of(branches) {
                follow(branch, reach, choices, text, depth + 1);
            }
        }
        HirKind::Concat(parts) => {
            for part in parts {
                follow(part, reach, choices, text, depth + 1);
            }
        }
        HirKind::Repetition(repetition) => {
            let least = repetition.min as usize;
            let most = repetition.max.map_or(usize::MAX, |most| most as usize);
            let room = most.saturating_sub(least);
            let more = match choices.below(6) {
                0 => 0,
                1 if room <= 32 => room,
                _ => choices.below(room.min(reach) + 1),
            };
            for _ in 0..least + more {
                follow(&repetition.sub, reach, choices, text, depth + 1);
            }
        }
    }
}

fn one_of(class: &Class, choices: &mut dyn Choices) -> Option<char> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .map(|range| (u32::from(range.start()), u32::from(range.end())))
            .collect(),
        Class::Bytes(class) => class
            .ranges()
            .iter()
            .map(|range| (u32::from(range.start()), u32::from(range.end().min(0x7f))))
            .collect(),
    };
    let holds = |code: u32| ranges.iter().any(|(start, end)| (*start..=*end).contains(&code));
    if choices.chance(2, 3) {
        let known: Vec<char> = CHARACTERS
            .into_iter()
            .filter(|known| holds(u32::from(*known)))
            .collect();
        if let Some(known) = choices.of(&known) {
            return Some(*known);
        }
    }
    // The first ranges more often: further on are scripts that say little to most readers.
    let among = if choices.chance(3, 4) {
        ranges.len().min(4)
    } else {
        ranges.len()
    };
    let (start, end) = ranges.get(choices.below(among))?;
    let span = usize::try_from(end.checked_sub(*start)?).unwrap_or_default();
    let code = match choices.below(4) {
        0 => *start,
        1 => *end,
        _ => start + u32::try_from(choices.below(span + 1)).unwrap_or_default(),
    };
    char::from_u32(code).or_else(|| char::from_u32(*start))
}
