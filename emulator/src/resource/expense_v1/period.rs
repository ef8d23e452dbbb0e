//! Periods of `filter_by=ExpenseDate.<period>`, by the day in the organization's zone.

use chrono::{Datelike, Months, NaiveDate};

/// Whether `day` lies in the period around `today`. A week begins on Sunday [?].
pub(crate) fn holds(period: &str, day: NaiveDate, today: NaiveDate) -> bool {
    let month = |day: NaiveDate| (day.year(), day.month());
    match period {
        "Today" => day == today,
        "ThisWeek" => day.week(chrono::Weekday::Sun) == today.week(chrono::Weekday::Sun),
        "ThisMonth" => month(day) == month(today),
        "PreviousMonth" => {
            today.checked_sub_months(Months::new(1)).is_some_and(|before| month(day) == month(before))
        }
        "ThisQuarter" => day.year() == today.year() && day.month0() / 3 == today.month0() / 3,
        "ThisYear" => day.year() == today.year(),
        "PreviousYear" => day.year() == today.year() - 1,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap()
    }

    #[test]
    fn periods_end_where_the_calendar_says() {
        let today = day("2026-01-05");
        for (period, inside, outside) in [
            ("Today", "2026-01-05", "2026-01-04"),
            ("ThisWeek", "2026-01-10", "2026-01-11"),
            ("ThisWeek", "2026-01-04", "2026-01-03"),
            ("ThisMonth", "2026-01-31", "2025-12-31"),
            ("PreviousMonth", "2025-12-01", "2026-01-01"),
            ("ThisQuarter", "2026-03-31", "2026-04-01"),
            ("ThisYear", "2026-12-31", "2025-12-31"),
            ("PreviousYear", "2025-01-01", "2024-12-31"),
        ] {
            assert!(holds(period, day(inside), today), "{period} {inside}");
            assert!(!holds(period, day(outside), today), "{period} {outside}");
        }
        assert!(holds("All", day("1999-01-01"), today));
    }
}
