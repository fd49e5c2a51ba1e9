//! Decimal numbers as exact fractions.

use serde_json::{Number, Value};

/// A fraction `over / under` in lowest terms, `under` positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fraction {
    pub(super) over: i128,
    pub(super) under: i128,
}

impl Fraction {
    pub(super) fn new(over: i128, under: i128) -> Option<Self> {
        if under == 0 {
            return None;
        }
        let common = gcd(over.unsigned_abs(), under.unsigned_abs());
        let common = i128::try_from(common).ok()?.max(1);
        let sign = under.signum();
        Some(Self {
            over: sign * (over / common),
            under: (under / common).abs(),
        })
    }

    /// The number as it is written; `None` for one too large or too fine to count with.
    pub(super) fn of(number: &Number) -> Option<Self> {
        let text = number.to_string();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text.as_str(), 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
        if exponent >= 0 {
            Self::new(digits.checked_mul(power)?, 1)
        } else {
            Self::new(digits, power)
        }
    }

    /// The least number that is a multiple of both.
    pub(super) fn common_multiple(self, other: Self) -> Option<Self> {
        let over = gcd(self.over.unsigned_abs(), other.over.unsigned_abs());
        let over = i128::try_from(over).ok().filter(|common| *common > 0)?;
        let over = (self.over / over).checked_mul(other.over)?;
        let under = gcd(self.under.unsigned_abs(), other.under.unsigned_abs());
        Self::new(over.abs(), i128::try_from(under).ok()?)
    }

    pub(super) fn floor(self) -> i128 {
        self.over.div_euclid(self.under)
    }

    pub(super) fn ceil(self) -> i128 {
        -((-self.over).div_euclid(self.under))
    }

    pub(super) fn times(self, factor: i128) -> Option<Self> {
        Self::new(self.over.checked_mul(factor)?, self.under)
    }

    /// How often `unit` goes into this: the quotient.
    pub(super) fn over(self, unit: Self) -> Option<Self> {
        Self::new(
            self.over.checked_mul(unit.under)?,
            self.under.checked_mul(unit.over)?,
        )
    }

    pub(super) fn is_whole(self) -> bool {
        self.under == 1
    }

    /// As a JSON number, if it has a short decimal form.
    pub(super) fn value(self) -> Option<Value> {
        if self.is_whole() {
            return whole(self.over);
        }
        let mut power = 1_i128;
        let mut digits = 0_usize;
        while power % self.under != 0 {
            power = power.checked_mul(10)?;
            digits += 1;
            if digits > 17 {
                return None;
            }
        }
        let scaled = self.over.checked_mul(power / self.under)?;
        let text = format!("{:0>width$}", scaled.unsigned_abs(), width = digits + 1);
        let (whole, fraction) = text.split_at(text.len() - digits);
        let sign = if scaled < 0 { "-" } else { "" };
        let float: f64 = format!("{sign}{whole}.{fraction}").parse().ok()?;
        Number::from_f64(float).map(Value::Number)
    }
}

/// A whole number as JSON has it: exact where it can be.
pub(super) fn whole(number: i128) -> Option<Value> {
    u64::try_from(number)
        .map(Value::from)
        .or_else(|_| i64::try_from(number).map(Value::from))
        .ok()
        .or_else(|| {
            #[expect(
                clippy::cast_precision_loss,
                reason = "beyond 64 bits a JSON number is a float"
            )]
            let float = number as f64;
            Number::from_f64(float).map(Value::Number)
        })
}

fn gcd(left: u128, right: u128) -> u128 {
    if right == 0 {
        left
    } else {
        gcd(right, left % right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(text: &str) -> Option<Fraction> {
        Fraction::of(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(fraction("3.30"), Fraction::new(33, 10));
        assert_eq!(fraction("-1e-2"), Fraction::new(-1, 100));
        assert_eq!(fraction("12e2"), Fraction::new(1200, 1));
        let (three, cent) = (fraction("0.3").unwrap(), fraction("0.02").unwrap());
        assert_eq!(three.common_multiple(cent), Fraction::new(3, 10));
        let (two, three) = (fraction("0.2").unwrap(), fraction("0.3").unwrap());
        assert_eq!(two.common_multiple(three), Fraction::new(6, 10));
        assert_eq!(three.times(11).and_then(Fraction::value), Some(3.3.into()));
        assert_eq!(fraction("-0.5").unwrap().floor(), -1);
        assert_eq!(fraction("-0.5").unwrap().ceil(), 0);
        assert_eq!(fraction("-0.05").unwrap().value(), Some((-0.05).into()));
    }
}
