//! Days by the organization's zone.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::operator::Operator;

/// The first and the last day that a relative operator means.
pub(super) fn days(operator: Operator, n: i64, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let back = |days: i64| today.checked_sub_days(Days::new(days.unsigned_abs())).unwrap_or(today);
    let ahead = |days: i64| today.checked_add_days(Days::new(days.unsigned_abs())).unwrap_or(today);
    match operator {
        Operator::Yesterday => (back(1), back(1)),
        Operator::Tomorrow => (ahead(1), ahead(1)),
        Operator::ThisWeek => {
            let since_monday = i64::from(today.weekday().num_days_from_monday());
            (back(since_monday), ahead(6 - since_monday))
        }
        Operator::ThisMonth => {
            let first = today.with_day(1).unwrap_or(today);
            let next = first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt());
            (first, next.unwrap_or(today))
        }
        Operator::ThisYear => {
            let day = |month, day| NaiveDate::from_ymd_opt(today.year(), month, day).unwrap_or(today);
            (day(1, 1), day(12, 31))
        }
        Operator::LastNDays => (back(n - 1), today),
        Operator::NextNDays => (today, ahead(n - 1)),
        _ => (today, today),
    }
}

/// The next midnight after `now` in an IANA time zone; by UTC where the zone is not known.
pub fn next_midnight(zone: Option<&str>, now: DateTime<Utc>) -> DateTime<Utc> {
    let zone: Tz = zone.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC);
    let today = now.with_timezone(&zone).date_naive();
    // A zone may leave a day out.
    let days = (1..=3).filter_map(|days| today.checked_add_days(Days::new(days)));
    days.map(|day| begin(zone, day)).find(|begin| *begin > now).unwrap_or(now + TimeDelta::days(1))
}

/// The instant at which a day begins. Where clocks skip midnight, it begins when they go on.
pub(super) fn begin(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    // Clocks have been moved by whole quarters of an hour, and by a whole day at most.
    (0..=96)
        .find_map(|quarters| {
            zone.from_local_datetime(&(midnight + TimeDelta::minutes(15 * quarters))).earliest()
        })
        .map_or_else(|| midnight.and_utc(), |begin| begin.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn relative_operators_mean_whole_days() {
        // A Monday.
        let today = day("2026-01-05");
        for (operator, n, first, last) in [
            (Operator::Today, 0, "2026-01-05", "2026-01-05"),
            (Operator::Yesterday, 0, "2026-01-04", "2026-01-04"),
            (Operator::Tomorrow, 0, "2026-01-06", "2026-01-06"),
            (Operator::ThisWeek, 0, "2026-01-05", "2026-01-11"),
            (Operator::ThisMonth, 0, "2026-01-01", "2026-01-31"),
            (Operator::ThisYear, 0, "2026-01-01", "2026-12-31"),
            (Operator::LastNDays, 1, "2026-01-05", "2026-01-05"),
            (Operator::LastNDays, 7, "2025-12-30", "2026-01-05"),
            (Operator::NextNDays, 7, "2026-01-05", "2026-01-11"),
        ] {
            assert_eq!(days(operator, n, today), (day(first), day(last)), "{operator:?} {n}");
        }
        assert_eq!(days(Operator::ThisWeek, 0, day("2026-01-04")), (day("2025-12-29"), day("2026-01-04")));
        assert_eq!(days(Operator::ThisMonth, 0, day("2028-02-10")), (day("2028-02-01"), day("2028-02-29")));
    }

    #[test]
    fn midnight_comes_by_the_zone() {
        let now = "2026-01-05T12:00:00Z".parse().unwrap();
        let next = |zone| next_midnight(zone, now).to_rfc3339();
        assert_eq!(next(Some("America/Los_Angeles")), "2026-01-06T08:00:00+00:00");
        assert_eq!(next(Some("Asia/Kolkata")), "2026-01-05T18:30:00+00:00");
        assert_eq!(next(Some("nowhere")), "2026-01-06T00:00:00+00:00");
        assert_eq!(next(None), "2026-01-06T00:00:00+00:00");
    }

    #[test]
    fn days_begin_by_the_zone_and_never_twice() {
        let begins = |zone: &str, text: &str| begin(zone.parse().unwrap(), day(text)).to_rfc3339();
        assert_eq!(begins("America/Los_Angeles", "2026-01-05"), "2026-01-05T08:00:00+00:00");
        assert_eq!(begins("Europe/Berlin", "2026-07-01"), "2026-06-30T22:00:00+00:00");
        // Clocks went from 23:59:59 to 01:00, and a day was left out.
        assert_eq!(begins("America/Santiago", "2023-09-03"), "2023-09-03T04:00:00+00:00");
        assert_eq!(begins("Pacific/Apia", "2011-12-30"), begins("Pacific/Apia", "2011-12-31"));
        // Midnight came twice: the first counts.
        assert_eq!(begins("America/Havana", "2023-11-05"), "2023-11-05T04:00:00+00:00");
    }
}
