//! Which entries of the journal are wanted.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::{JournalEntry, Recorded};
use crate::fault::FaultId;
use crate::pattern;
use crate::request::Query;

/// Which entries to show, and in which order. The default is all, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct JournalFilter {
    pub(crate) method: Option<String>,
    /// A prefix, or a pattern of the whole path when it has a star.
    pub(crate) path: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<u32>,
    pub(crate) organization: Option<String>,
    pub(crate) since: Option<Bound>,
    pub(crate) until: Option<Bound>,
    pub(crate) fault: Option<FaultWanted>,
    pub(crate) has_text: Option<String>,
    pub(crate) limit: Option<usize>,
    pub(crate) newest_first: bool,
}

/// One end of a range.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// A sequence number: `since` leaves it out, `until` includes it.
    Sequence(u64),
    /// An instant of the emulator's clock: `since` includes it, `until` leaves it out.
    Instant(DateTime<Utc>),
}

/// Which calls by the fault that struck them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FaultWanted {
    Any,
    None,
    Rule(FaultId),
}

impl FromStr for Bound {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        // A plus sign that was not escaped arrives as a space.
        let instant = || DateTime::parse_from_rfc3339(&text.replace(' ', "+")).map(|at| at.to_utc());
        text.parse().map(Self::Sequence).or_else(|_| instant().map(Self::Instant)).map_err(|_| ())
    }
}

impl FromStr for FaultWanted {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "any" => Ok(Self::Any),
            "none" => Ok(Self::None),
            id => id.parse().map(Self::Rule).map_err(|_| ()),
        }
    }
}

impl JournalFilter {
    /// Reads the parameters of a query. Errors: a sentence about the first value that is not understood.
    pub(crate) fn read(query: &Query) -> Result<Self, String> {
        const BOUND: &str = "a sequence number or an RFC 3339 instant";
        let text = |name: &str| query.get(name).map(str::to_owned);
        let newest_first = match query.get("order") {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err("order is asc, oldest first, or desc.".to_owned()),
        };
        Ok(Self {
            method: text("method"),
            path: text("path"),
            status: value(query, "status", "a whole number")?,
            code: value(query, "code", "a whole number")?,
            organization: text("organization"),
            since: value(query, "since", BOUND)?,
            until: value(query, "until", BOUND)?,
            fault: value(query, "fault", "any, none or the id of a rule")?,
            has_text: text("has_text"),
            limit: value(query, "limit", "a whole number")?,
            newest_first,
        })
    }

    /// Whether the call fits, its text aside.
    pub(super) fn admits(&self, call: &Recorded) -> bool {
        let path = |wanted: &String| {
            if wanted.contains('*') {
                pattern::fits(wanted, &call.path)
            } else {
                call.path.starts_with(wanted.as_str())
            }
        };
        self.method.as_ref().is_none_or(|it| it.eq_ignore_ascii_case(&call.method))
            && self.path.as_ref().is_none_or(path)
            && self.status.is_none_or(|it| call.status == Some(it))
            && self.code.is_none_or(|it| call.code == Some(it))
            && self.organization.as_ref().is_none_or(|it| call.organization_id.as_ref() == Some(it))
            && self.since.is_none_or(|it| match it {
                Bound::Sequence(number) => call.sequence > number,
                Bound::Instant(at) => call.time >= at,
            })
            && self.until.is_none_or(|it| match it {
                Bound::Sequence(number) => call.sequence <= number,
                Bound::Instant(at) => call.time < at,
            })
            && self.fault.is_none_or(|it| match it {
                FaultWanted::Any => call.fault.is_some(),
                FaultWanted::None => call.fault.is_none(),
                FaultWanted::Rule(id) => call.fault == Some(id),
            })
    }
}

/// The parameter `name`, or a sentence that says what it may be.
pub(crate) fn value<T: FromStr>(query: &Query, name: &str, what: &str) -> Result<Option<T>, String> {
    let read = |text: &str| text.parse().map_err(|_| format!("{name} is {what}, not \"{text}\"."));
    query.get(name).map(read).transpose()
}

/// Whether the text occurs in what is shown of the path, the query or one of the bodies. Secrets are masked there, so
/// they cannot be searched for.
pub(super) fn has_text(entry: &JournalEntry, text: &str) -> bool {
    [&entry.path, &entry.query, &entry.request_body, &entry.response_body].iter().any(|it| it.contains(text))
}
