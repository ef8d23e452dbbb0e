//! Reading changes by keyset.
//!
//! The vendor numbers pages of a list sorted by time of change. A record that changes while pages are read moves to
//! the end and shifts the rest, so page numbers skip records. Instead each page starts at the time where the one
//! before ended. Only among records of one and the same second page numbers are needed; there a shift is noticed by
//! looking whether the previous page still ends with the same record, and that second is read again.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use finbridge_contract::{Cursor, Failure, FailureKind};
use serde::{Deserialize, Serialize};

/// How far the end of one reading and the start of the next overlap.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);

/// Most pages in one reading: 20 million records. Beyond it the vendor's order does not hold still.
const PAGE_LIMIT: u32 = 100_000;

/// Reads `2013-08-05T12:06:10+0530`, and the spellings of the zone with a colon or as `Z`.
pub(crate) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let parsed: Result<DateTime<FixedOffset>, _> = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z");
    parsed.or_else(|_| DateTime::parse_from_rfc3339(text)).map(|time| time.to_utc()).ok()
}

/// Writes `2013-08-05T06:36:10+0000`.
pub(crate) fn format_time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%z").to_string()
}

/// What the reading needs to know of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) id: String,
    pub(crate) time: DateTime<Utc>,
}

/// The row that ended the page before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tail {
    pub(crate) id: String,
    /// Its place in the list, from 1.
    pub(crate) position: usize,
}

/// What a cursor holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Rows changed at or after this time are read; none means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<DateTime<Utc>>,
    /// Pages of this time that are already read.
    #[serde(default)]
    pub(crate) pages_read: u32,
    /// Set when `pages_read` is not 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tail: Option<Tail>,
    /// The newest change seen in this reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    newest: Option<DateTime<Utc>>,
    /// Pages read in this reading.
    #[serde(default)]
    count: u32,
}

impl Position {
    /// The position that a cursor names; the beginning when there is none.
    pub(crate) fn of(cursor: Option<&Cursor>) -> Result<Self, Failure> {
        let Some(Cursor(text)) = cursor else { return Ok(Self::default()) };
        serde_json::from_str(text)
            .map_err(|error| malformed(format!("the stored cursor is unreadable: {error}")))
    }

    /// The cursor that names this position.
    pub(crate) fn into_cursor(self) -> Result<Cursor, Failure> {
        let text = serde_json::to_string(&self);
        text.map(Cursor).map_err(|error| malformed(format!("the cursor cannot be written: {error}")))
    }

    /// Where to read on after a page with these rows.
    pub(crate) fn after(&self, rows: &[Mark], more: bool) -> Result<Self, Failure> {
        let Some(last) = rows.last() else {
            if more {
                return Err(malformed("an empty page promises more pages".to_owned()));
            }
            return Ok(self.end());
        };
        // Without the order that was asked for, nothing could be said about what is still unread.
        let in_order = rows.is_sorted_by_key(|row| row.time);
        if !in_order || rows.first().map(|row| row.time) < self.since {
            return Err(malformed("the changes do not come in the order that was asked for".to_owned()));
        }
        let here = Self { newest: self.newest.max(Some(last.time)), ..self.clone() };
        if !more {
            return Ok(here.end());
        }
        if Some(last.time) > self.since {
            return here.counted(Self { since: Some(last.time), ..Self::default() });
        }
        let before = self.tail.as_ref().map_or(0, |tail| tail.position);
        let tail = Tail { id: last.id.clone(), position: before + rows.len() };
        here.counted(Self {
            since: self.since,
            pages_read: self.pages_read + 1,
            tail: Some(tail),
            ..Self::default()
        })
    }

    /// Back to the first page of this second, because its rows have shifted.
    pub(crate) fn again(&self) -> Result<Self, Failure> {
        self.counted(Self { since: self.since, ..Self::default() })
    }

    fn counted(&self, next: Self) -> Result<Self, Failure> {
        if self.count >= PAGE_LIMIT {
            return Err(malformed("the list of changes does not come to an end".to_owned()));
        }
        Ok(Self { newest: self.newest, count: self.count + 1, ..next })
    }

    /// Where the next reading starts. When nothing was seen it starts where this one did: going back each time would
    /// drift into the past.
    fn end(&self) -> Self {
        Self { since: self.newest.map(|newest| newest - OVERLAP).or(self.since), ..Self::default() }
    }
}

fn malformed(message: String) -> Failure {
    Failure::new(FailureKind::Malformed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_spelling_of_the_zone_and_written_in_one() {
        for text in ["2013-08-05T12:06:10+0530", "2013-08-05T12:06:10+05:30", "2013-08-05T06:36:10Z"] {
            assert_eq!(
                parse_time(text).map(format_time).as_deref(),
                Some("2013-08-05T06:36:10+0000"),
                "{text}"
            );
        }
        assert_eq!(parse_time(""), None);
    }

    #[test]
    fn a_cursor_reads_back_as_written_and_a_foreign_one_is_refused() {
        let time = parse_time("2026-01-05T12:06:10+0000");
        let tail = Some(Tail { id: "46".to_owned(), position: 400 });
        let position = Position { since: time, pages_read: 2, tail, newest: time, count: 7 };
        let cursor = position.clone().into_cursor().unwrap();
        assert_eq!(Position::of(Some(&cursor)).unwrap(), position);
        assert!(Position::of(Some(&Cursor("page 2".to_owned()))).is_err());
    }

    #[test]
    fn a_quiet_list_does_not_drift_into_the_past() {
        let position = Position { since: parse_time("2026-01-05T12:06:10Z"), ..Position::default() };
        assert_eq!(position.after(&[], false).unwrap(), position);
    }

    #[test]
    fn a_list_that_breaks_the_promised_order_is_refused() {
        let mark = |text| Mark { id: "1".to_owned(), time: parse_time(text).unwrap() };
        let (early, late) = (mark("2026-01-05T12:00:00Z"), mark("2026-01-05T12:00:01Z"));
        assert!(Position::default().after(&[late.clone(), early.clone()], true).is_err());
        let position = Position { since: Some(late.time), ..Position::default() };
        assert!(position.after(&[early], false).is_err());
        assert!(position.after(&[], true).is_err());
        let endless = Position { count: PAGE_LIMIT, ..Position::default() };
        assert!(endless.after(&[late], true).is_err());
    }
}
