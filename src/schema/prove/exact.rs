//! Numbers as they are written: exact fractions of any size.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{FromPrimitive as _, One as _, Signed as _, ToPrimitive as _, Zero as _};
use serde_json::{Number, Value};

pub(super) type Exact = BigRational;

/// The largest power of ten that is written out.
const LARGEST_EXPONENT: i64 = 1100;

/// The value of a number as its decimal digits have it.
pub(super) fn exact(number: &Number) -> Option<Exact> {
    if let Some(whole) = number.as_i64() {
        return Some(Exact::from_integer(BigInt::from(whole)));
    }
    if let Some(whole) = number.as_u64() {
        return Some(Exact::from_integer(BigInt::from(whole)));
    }
    parse(&number.to_string())
}

fn parse(text: &str) -> Option<Exact> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.trim_start_matches('+').parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
    let exponent = exponent - i64::try_from(fraction.len()).ok()?;
    if exponent.abs() > LARGEST_EXPONENT {
        return None;
    }
    let power = BigInt::from(10).pow(u32::try_from(exponent.unsigned_abs()).ok()?);
    Some(if exponent < 0 {
        Exact::new(digits, power)
    } else {
        Exact::from_integer(digits * power)
    })
}

pub(super) fn whole(number: i64) -> Exact {
    Exact::from_integer(BigInt::from(number))
}

/// A JSON number with this value, or one near it where JSON has none.
pub(super) fn to_value(number: &Exact) -> Option<Value> {
    if number.is_integer() {
        let integer = number.to_integer();
        if let Some(small) = integer.to_i64() {
            return Some(Value::from(small));
        }
        if let Some(large) = integer.to_u64() {
            return Some(Value::from(large));
        }
    }
    Number::from_f64(number.to_f64()?).map(Value::Number)
}

/// The same, spelled with a point.
pub(super) fn to_float(number: &Exact) -> Option<Value> {
    Number::from_f64(number.to_f64()?).map(Value::Number)
}

/// A float near a fraction, or nothing.
pub(super) fn of_f64(number: f64) -> Option<Exact> {
    exact(&Number::from_f64(number)?)
}

pub(super) fn is_multiple(number: &Exact, divisor: &Exact) -> bool {
    !divisor.is_zero() && (number / divisor).is_integer()
}

/// The smallest positive number that is a multiple of both.
pub(super) fn common_multiple(left: &Exact, right: &Exact) -> Exact {
    // In lowest terms, lcm(a/b, c/d) = lcm(a, c) / gcd(b, d).
    let (a, b) = (left.numer().abs(), left.denom().clone());
    let (c, d) = (right.numer().abs(), right.denom().clone());
    Exact::new(&a / gcd(&a, &c) * &c, gcd(&b, &d))
}

fn gcd(left: &BigInt, right: &BigInt) -> BigInt {
    let (mut left, mut right) = (left.abs(), right.abs());
    while !right.is_zero() {
        (left, right) = (right.clone(), left % right);
    }
    if left.is_zero() { BigInt::one() } else { left }
}

/// How a number reads.
pub(super) fn shown(number: &Exact) -> String {
    if number.is_integer() {
        return number.to_integer().to_string();
    }
    match number.to_f64() {
        Some(float)
            if Exact::from_f64(float).as_ref() == Some(number) || of_f64(float).as_ref() == Some(number) =>
        {
            float.to_string()
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Exact {
        parse(text).unwrap()
    }

    #[test]
    fn decimal_digits_are_exact() {
        assert_eq!(of("0.1") + of("0.2"), of("0.3"));
        assert_eq!(of("1e3"), of("1000"));
        assert_eq!(of("12.50e-1"), of("1.25"));
        assert!(is_multiple(&of("3.3"), &of("1.1")));
        assert!(!is_multiple(&of("3.4"), &of("1.1")));
        assert_eq!(parse("1e99999"), None);
    }

    #[test]
    fn the_common_multiple_of_fractions() {
        assert_eq!(common_multiple(&of("4"), &of("6")), of("12"));
        assert_eq!(common_multiple(&of("0.5"), &of("0.2")), of("1"));
        assert_eq!(common_multiple(&of("1.5"), &of("1")), of("3"));
    }
}
