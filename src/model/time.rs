//! Time and ids as values: what a decision takes from outside.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NANOS: u32 = 1_000_000_000;
const DAY: i64 = 86_400;

/// A moment in time, to the nanosecond, in UTC. It reads and writes RFC 3339.
///
/// ```
/// use std::time::Duration;
/// use pastproof::model::Timestamp;
///
/// let noon: Timestamp = "2024-02-28T12:00:00Z".parse()?;
/// assert_eq!((noon + Duration::from_secs(86_400)).to_string(), "2024-02-29T12:00:00Z");
/// assert_eq!("2024-02-28T13:00:00+01:00".parse::<Timestamp>()?, noon);
/// # Ok::<(), pastproof::model::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// The first second of 1970.
    pub const EPOCH: Self = Self { seconds: 0, nanos: 0 };

    /// This many seconds after the first one of 1970.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// Whole seconds since the first one of 1970.
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds beyond the whole second.
    pub const fn subsec_nanos(self) -> u32 {
        self.nanos
    }

    /// How long after `earlier` this is; nothing when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        if self <= earlier {
            return Duration::ZERO;
        }
        let mut seconds = self.seconds.abs_diff(earlier.seconds);
        let nanos = if self.nanos >= earlier.nanos {
            self.nanos - earlier.nanos
        } else {
            seconds -= 1;
            self.nanos + NANOS - earlier.nanos
        };
        Duration::new(seconds, nanos)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    /// The end of time stays where it is.
    fn add(self, by: Duration) -> Self {
        let nanos = self.nanos + by.subsec_nanos();
        Self {
            seconds: self
                .seconds
                .saturating_add_unsigned(by.as_secs())
                .saturating_add(i64::from(nanos / NANOS)),
            nanos: nanos % NANOS,
        }
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, by: Duration) -> Self {
        let borrows = self.nanos < by.subsec_nanos();
        Self {
            seconds: self
                .seconds
                .saturating_sub_unsigned(by.as_secs())
                .saturating_sub(i64::from(borrows)),
            nanos: self.nanos + if borrows { NANOS } else { 0 } - by.subsec_nanos(),
        }
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self::EPOCH + after,
            Err(before) => Self::EPOCH - before.duration(),
        }
    }
}

/// The year, month and day that many days after the first day of 1970.
fn date(days: i64) -> (i64, i64, i64) {
    // Counted from the first of March of year 0, a leap day is the last of its year and of its era of 400 years.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// How many days that date is after the first day of 1970.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + of_year - 719_468
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.seconds.div_euclid(DAY));
        let of_day = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if self.nanos > 0 {
            let digits = format!("{:09}", self.nanos);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// Why a text is no moment in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeError {
    text: String,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no time as in `2024-02-29T12:00:00Z`", self.text)
    }
}

impl std::error::Error for TimeError {}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        parse(text).ok_or_else(|| TimeError {
            text: text.to_owned(),
        })
    }
}

impl TryFrom<&str> for Timestamp {
    type Error = TimeError;

    fn try_from(text: &str) -> Result<Self, TimeError> {
        text.parse()
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let number = |from: usize, length: usize| {
        let digits = text.get(from..from + length)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse::<i64>().ok())?
    };
    let is = |at: usize, any_of: &str| {
        text.get(at..=at)
            .filter(|found| any_of.contains(found))
            .map(|_| ())
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    is(4, "-")
        .and(is(7, "-"))
        .and(is(10, "Tt "))
        .and(is(13, ":"))
        .and(is(16, ":"))?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let rest = text.get(19..)?;
    let (nanos, zone) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(fraction) => {
            let end = fraction.find(|digit: char| !digit.is_ascii_digit())?;
            let digits = &fraction[..end];
            if digits.is_empty() || digits.len() > 9 {
                return None;
            }
            (format!("{digits:0<9}").parse().ok()?, &fraction[end..])
        }
    };
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let sign = match zone.get(..1)? {
                "+" => 1,
                "-" => -1,
                _ => return None,
            };
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let two = |digits: &str| {
                let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
                two.then(|| digits.parse::<i64>().ok())?
            };
            sign * (two(hours)? * 3_600 + two(minutes)? * 60)
        }
    };
    Some(Timestamp {
        seconds: days(year, month, day) * DAY + hour * 3_600 + minute * 60 + second - offset,
        nanos,
    })
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a decision takes from outside: the time, and ids that nobody had before.
///
/// Code that asks the clock or a random number generator of its own decides otherwise each time, and no test and no
/// replay can hold it to anything. A service makes a context of its clock and its ids for each decision; a scenario
/// makes one of the scenario's time, with ids that count up.
///
/// ```
/// use pastproof::model::{Context, Timestamp};
/// let mut context = Context::new(Timestamp::EPOCH);
/// assert_eq!(context.now().to_string(), "1970-01-01T00:00:00Z");
/// assert_eq!(context.id(), "00000000-0000-0000-0000-000000000001");
/// assert_eq!(context.id(), "00000000-0000-0000-0000-000000000002");
/// ```
pub struct Context {
    now: Timestamp,
    taken: u64,
    ids: Option<Box<dyn FnMut() -> String + Send>>,
}

impl Context {
    /// The time is `now`, and ids count up from 1.
    pub fn new(now: Timestamp) -> Self {
        Self::after(now, 0)
    }

    /// As if this many ids had been taken already.
    pub(crate) fn after(now: Timestamp, taken: u64) -> Self {
        Self {
            now,
            taken,
            ids: None,
        }
    }

    /// The same context, which takes its ids from `ids`.
    #[must_use]
    pub fn with_ids(mut self, ids: impl FnMut() -> String + Send + 'static) -> Self {
        self.ids = Some(Box::new(ids));
        self
    }

    /// The time of the decision.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// An id that nobody had before. One that counts has the form of a UUID.
    pub fn id(&mut self) -> String {
        self.taken += 1;
        match &mut self.ids {
            Some(ids) => ids(),
            None => format!("00000000-0000-0000-0000-{:012}", self.taken),
        }
    }

    /// How many ids have been taken.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_it_is_written() {
        // From the year 2 to the year 9999: other years have no such form.
        for seconds in (-62_100_000_000..253_402_300_799_i64).step_by(86_399 * 97) {
            let moment = Timestamp::from_unix_seconds(seconds) + Duration::from_nanos(1_500);
            let text = moment.to_string();
            assert_eq!(text.parse(), Ok(moment), "{text}");
        }
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("1969-12-31T23:59:59Z", -1),
            ("2024-01-01T01:00:00+01:00", 1_704_067_200),
            ("2023-12-31T23:30:00-00:30", 1_704_067_200),
        ] {
            assert_eq!(text.parse(), Ok(Timestamp::from_unix_seconds(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.0000000001Z",
            "2024-01-01T00:00:00+1:00",
            "+024-01-01T00:00:00Z",
            "2024-01-01X00:00:00Z",
            "2024-01-01T00:00:00Zulu",
            "２024-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_added_and_taken_away() {
        let moment = Timestamp::EPOCH + Duration::new(5, 999_999_999);
        let later = moment + Duration::new(0, 2);
        assert_eq!((later.unix_seconds(), later.subsec_nanos()), (6, 1));
        assert_eq!(later - Duration::new(0, 2), moment);
        assert_eq!(later.since(moment), Duration::new(0, 2));
        assert_eq!(moment.since(later), Duration::ZERO);
        assert_eq!(
            Timestamp::from(UNIX_EPOCH - Duration::from_secs(1)),
            Timestamp::from_unix_seconds(-1)
        );
    }
}
