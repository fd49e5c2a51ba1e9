//! Lengths of time as ISO 8601 writes them.

use std::time::Duration;

const DAY: u64 = 86_400;
/// Ten thousand years, beyond which no time is written.
const LONGEST: u64 = 3_652_425 * DAY;

/// Reads a length of time such as `PT48H` or `P1DT0.5S`. Months and years are no lengths, since they differ.
pub(in crate::scenario) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "`{text}` is no length of time; write weeks, days, hours, minutes, seconds, as in `P2D` or `PT1H30M`"
        )
    };
    let rest = text.strip_prefix('P').ok_or_else(wrong)?;
    let (days, time) = match rest.split_once('T') {
        Some((_, "")) => return Err(wrong()),
        Some((days, time)) => (days, time),
        None => (rest, ""),
    };
    let mut seconds = 0_u64;
    let mut nanos = 0_u32;
    let mut any = false;
    for (mut part, mut units) in [
        (days, &[('W', 7 * DAY), ('D', DAY)][..]),
        (time, &[('H', 3_600), ('M', 60), ('S', 1)][..]),
    ] {
        while !part.is_empty() {
            let digits = part.find(|one: char| !one.is_ascii_digit()).ok_or_else(wrong)?;
            let number: u64 = part[..digits].parse().map_err(|_| wrong())?;
            part = &part[digits..];
            if let Some(fraction) = part.strip_prefix('.') {
                let end = fraction
                    .find('S')
                    .filter(|end| (1..=9).contains(end))
                    .ok_or_else(wrong)?;
                let digits = &fraction[..end];
                if !digits.bytes().all(|digit| digit.is_ascii_digit())
                    || units.iter().all(|(unit, _)| *unit != 'S')
                {
                    return Err(wrong());
                }
                nanos = format!("{digits:0<9}").parse().map_err(|_| wrong())?;
                part = &fraction[end..];
            }
            let unit = part.chars().next().ok_or_else(wrong)?;
            // In their order, each once.
            let at = units
                .iter()
                .position(|(known, _)| *known == unit)
                .ok_or_else(wrong)?;
            let length = number.checked_mul(units[at].1).ok_or_else(wrong)?;
            seconds = seconds.checked_add(length).ok_or_else(wrong)?;
            units = &units[at + 1..];
            part = &part[unit.len_utf8()..];
            any = true;
        }
    }
    if any && seconds <= LONGEST {
        Ok(Duration::new(seconds, nanos))
    } else {
        Err(wrong())
    }
}

/// Writes a length of time as it is read.
#[cfg(feature = "proptest")]
pub(in crate::scenario) fn write(time: Duration) -> String {
    match (time.as_secs(), time.subsec_nanos()) {
        (seconds, 0) if seconds > 0 && seconds % DAY == 0 => format!("P{}D", seconds / DAY),
        (seconds, 0) => format!("PT{seconds}S"),
        (seconds, nanos) => format!("PT{seconds}.{nanos:09}S"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        let read = |text| parse(text).map(|span| span.as_secs_f64());
        assert_eq!(read("PT48H"), Ok(172_800.0));
        assert_eq!(read("P1W2DT3H4M5S"), Ok(788_645.0));
        assert_eq!(read("PT0.25S"), Ok(0.25));
        assert_eq!(read("P0D"), Ok(0.0));
        for wrong in [
            "",
            "P",
            "PT",
            "48H",
            "P48H",
            "P1Y",
            "P1M",
            "P1DT",
            "PT1S1H",
            "PT1S1S",
            "PT1.5H",
            "PT1.S",
            "PT.5S",
            "-PT1S",
            "PT1",
            "PT1.0000000001S",
            "P99999999999999999999D",
            "P9999999999999999W",
            "P1\u{e9}",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
