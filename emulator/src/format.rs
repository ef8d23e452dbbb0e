//! Timestamps and dates as the API writes and reads them.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// `2013-08-05T12:06:10+0530`: the organization's offset without a colon.
pub(crate) fn timestamp(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S%z").to_string()
}

/// `yyyy-MM-dd` in the organization's zone.
pub(crate) fn date(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).format("%Y-%m-%d").to_string()
}

/// Reads an instant written with `+0000`, `-0800`, `+05:30` or `Z`, or as a bare date in the organization's zone.
/// A plus sign that a client forgot to escape arrives as a space and is read as the plus it was.
pub(crate) fn parse_instant(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest().map(|at| at.to_utc());
    }
    let mut text = text.to_owned();
    if let Some(bare) = text.strip_suffix(['Z', 'z']) {
        text = format!("{bare}+0000");
    }
    if let Some(at) = text.rfind(' ').filter(|at| *at >= 19) {
        text.replace_range(at..=at, "+");
    }
    DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%z").ok().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_spellings_of_the_zone_are_read() {
        let zone = chrono_tz::Asia::Kolkata;
        let expected = Utc.with_ymd_and_hms(2026, 1, 5, 6, 36, 10).unwrap();
        for text in [
            "2026-01-05T06:36:10+0000",
            "2026-01-04T22:36:10-0800",
            "2026-01-05T12:06:10+05:30",
            "2026-01-05T06:36:10Z",
            "2026-01-05T12:06:10 0530",
            "2026-01-05T06:36:10.000Z",
        ] {
            assert_eq!(parse_instant(text, zone), Some(expected), "{text}");
        }
        assert_eq!(timestamp(expected, zone), "2026-01-05T12:06:10+0530");
        assert_eq!(parse_instant("yesterday", zone), None);
    }
}
