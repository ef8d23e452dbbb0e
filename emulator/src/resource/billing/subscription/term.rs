//! Terms: calendar arithmetic in the organization's zone.

use chrono::{DateTime, Days, Months, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::day;
use crate::store::record::Record;

/// The start of the term that begins `count` intervals after `anchor`. Counting from the anchor and not from the last
/// term keeps 31 January, 28 February, 31 March apart from 28 March. `None` beyond the year 9999.
pub(super) fn after(anchor: NaiveDate, unit: &str, interval: u32, count: u32) -> Option<NaiveDate> {
    let steps = interval.checked_mul(count)?;
    let moved = match unit {
        "weeks" => anchor.checked_add_days(Days::new(u64::from(steps) * 7)),
        "years" => anchor.checked_add_months(Months::new(steps.checked_mul(12)?)),
        _ => anchor.checked_add_months(Months::new(steps)),
    }?;
    (chrono::Datelike::year(&moved) <= 9999).then_some(moved)
}

/// The start of the `count`th term of a subscription after its anchor.
pub(super) fn of(record: &Record, count: u32) -> Option<NaiveDate> {
    after(day(record, "anchor_at")?, record.text("interval_unit"), number(record, "interval").max(1), count)
}

/// A small whole number in a member.
pub(super) fn number(record: &Record, name: &str) -> u32 {
    record.decimal(name).to_u32().unwrap_or(0)
}

/// The first moment of a day. Where the clocks skip midnight it is the first moment after it.
pub(super) fn begins(day: NaiveDate, zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    let mut hours = (0..24).filter_map(|hour| day.and_hms_opt(hour, 0, 0));
    let begun = hours.find_map(|at| zone.from_local_datetime(&at).earliest());
    begun.map_or(now, |at| at.to_utc().min(now))
}

/// How much of the present term is left on `today`, from 0 to 1.
pub(super) fn left(record: &Record, today: NaiveDate) -> Decimal {
    let (Some(starts), Some(ends)) =
        (day(record, "current_term_starts_at"), day(record, "current_term_ends_at"))
    else {
        return Decimal::ZERO;
    };
    let whole = (ends - starts).num_days();
    let rest = (ends - today).num_days().clamp(0, whole.max(0));
    if whole <= 0 { Decimal::ZERO } else { Decimal::from(rest) / Decimal::from(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn terms_are_counted_from_their_anchor() {
        let starts = |anchor, unit, interval| {
            (1..4)
                .map(|count| after(date(anchor), unit, interval, count).unwrap().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(starts("2026-01-31", "months", 1), ["2026-02-28", "2026-03-31", "2026-04-30"]);
        assert_eq!(starts("2027-12-31", "months", 2), ["2028-02-29", "2028-04-30", "2028-06-30"]);
        assert_eq!(starts("2024-02-29", "years", 1), ["2025-02-28", "2026-02-28", "2027-02-28"]);
        assert_eq!(starts("2026-01-31", "weeks", 2), ["2026-02-14", "2026-02-28", "2026-03-14"]);
        assert_eq!(after(date("2026-01-31"), "years", 1000, 1000), None);
    }

    #[test]
    fn days_begin_at_their_first_moment() {
        let now = "2030-01-01T00:00:00Z".parse().unwrap();
        let begun = |day, zone| begins(date(day), zone, now).to_string();
        assert_eq!(begun("2026-01-05", chrono_tz::Asia::Kolkata), "2026-01-04 18:30:00 UTC");
        // Clocks in Beirut skip from midnight to one o'clock on this day.
        assert_eq!(begun("2024-03-31", chrono_tz::Asia::Beirut), "2024-03-30 22:00:00 UTC");
    }
}
