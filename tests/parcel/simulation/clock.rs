//! The simulation's calendar. It starts on 1 March 2024 and knows nothing of the machine's clock.

use std::fmt;

pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// 2024-03-01T00:00:00Z in milliseconds since 1970.
const EPOCH: u64 = 1_709_251_200_000;

/// A moment, in milliseconds since the simulation's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    pub fn plus(self, millis: u64) -> Self {
        Self(self.0 + millis)
    }

    pub fn since_1970(self) -> u64 {
        EPOCH + self.0
    }

    /// The moment `offset` into the day.
    pub fn today(self, offset: u64) -> Self {
        Self(self.0 - self.0 % DAY + offset)
    }

    /// `2024-03-01`: the months from March on have this many days, and the simulation ends long before winter.
    pub fn date(self) -> String {
        let mut day = self.0 / DAY;
        for (month, length) in [(3, 31), (4, 30), (5, 31), (6, 30), (7, 31), (8, 31)] {
            if day < length {
                return format!("2024-{month:02}-{:02}", day + 1);
            }
            day -= length;
        }
        format!("2024-09-{:02}", day + 1)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = self.0 % DAY;
        write!(
            f,
            "{}T{:02}:{:02}:{:02}.{:03}Z",
            self.date(),
            clock / HOUR,
            clock / MINUTE % 60,
            clock / SECOND % 60,
            clock % SECOND,
        )
    }
}
