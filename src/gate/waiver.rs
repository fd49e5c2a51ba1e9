//! Accepted differences: who accepted what, why, how much of it, and until when.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Level, Place};
use crate::rules;

/// A day of the calendar, written `2026-11-30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// The day that is `days` days after 1970-01-01, in UTC.
    pub fn from_unix_days(days: u64) -> Self {
        // Days are counted from 0000-03-01, so that a leap day is the last day of its year (Howard Hinnant,
        // "chrono-compatible low-level date algorithms").
        let days = days + 719_468;
        let era = days / 146_097;
        let of_era = days % 146_097;
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        Self {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month: u8::try_from(month).unwrap_or(12),
            day: u8::try_from(day).unwrap_or(31),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('-').collect();
        if let [year, month, day] = parts[..]
            && let (4, 2, 2) = (year.len(), month.len(), day.len())
            && parts.concat().bytes().all(|byte| byte.is_ascii_digit())
            && let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse())
            && (1..=days_in(year, month)).contains(&day)
        {
            Ok(Self { year, month, day })
        } else {
            Err(format!("`{text}` is not a day such as 2026-11-30"))
        }
    }
}

/// How many days a month has; none when there is no such month.
fn days_in(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Day {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
    }
}

/// One accepted difference. What is left out of its place fits everything.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Waiver {
    /// The rule that is waived.
    pub id: String,
    /// Only for this event type.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// Only for this schema version.
    pub version: Option<String>,
    /// Only for this stream.
    pub stream: Option<String>,
    /// Only for this JSON pointer.
    pub pointer: Option<String>,
    /// Only for this file.
    pub file: Option<String>,
    /// How many findings it covers; one more and none is covered.
    pub at_most: Option<usize>,
    /// Who accepted it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Day,
}

impl Waiver {
    fn covers(&self, finding: &Finding) -> bool {
        let fits = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        finding.rule.id == self.id
            && fits(&self.event_type, &finding.place.event_type)
            && fits(&self.version, &finding.place.version)
            && fits(&self.stream, &finding.place.stream)
            && fits(&self.pointer, &finding.place.pointer)
            && fits(&self.file, &finding.place.file)
    }

    fn place(&self, config: &str) -> Place {
        Place {
            file: Some(config.to_owned()),
            event_type: self.event_type.clone(),
            version: self.version.clone(),
            stream: self.stream.clone(),
            pointer: self.pointer.clone(),
            ..Place::default()
        }
    }
}

/// Marks the findings that `waivers` cover, and reports waivers that are expired, exceeded or unused.
///
/// `today` is an input, so that the same inputs give the same answer; `config` names the file the waivers stand in.
pub fn apply(findings: &mut Vec<Finding>, waivers: &[Waiver], today: Day, config: &str) {
    let mut about_waivers = Vec::new();
    for waiver in waivers {
        let covered: Vec<usize> = findings
            .iter()
            .enumerate()
            .filter(|(_, finding)| finding.level == Level::Deny && waiver.covers(finding))
            .map(|(index, _)| index)
            .collect();
        if waiver.expires < today {
            about_waivers.push(Finding::new(
                &rules::WAIVER_EXPIRED,
                format!(
                    "the waiver of `{}` by {} expired on {}",
                    waiver.id, waiver.author, waiver.expires
                ),
                waiver.place(config),
            ));
        } else if covered.is_empty() {
            about_waivers.push(Finding::new(
                &rules::WAIVER_UNUSED,
                format!(
                    "the waiver of `{}` by {} covers nothing",
                    waiver.id, waiver.author
                ),
                waiver.place(config),
            ));
        } else if waiver.at_most.is_some_and(|most| covered.len() > most) {
            about_waivers.push(Finding::new(
                &rules::WAIVER_EXCEEDED,
                format!(
                    "the waiver of `{}` by {} allows {} and {} were found",
                    waiver.id,
                    waiver.author,
                    waiver.at_most.unwrap_or(0),
                    covered.len()
                ),
                waiver.place(config),
            ));
        } else {
            for index in covered {
                findings[index].waived = Some(format!(
                    "{} ({}, until {})",
                    waiver.reason, waiver.author, waiver.expires
                ));
            }
        }
    }
    for finding in &mut about_waivers {
        finding.check = Some("waivers".to_owned());
    }
    findings.append(&mut about_waivers);
}
