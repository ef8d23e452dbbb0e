//! What the emulator was asked.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use serde::Deserialize;

use crate::error::ControlError;
use crate::fault::FaultId;
use crate::http::Control;

/// One recorded call, secrets masked, bodies cut at 64 KiB.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Entry {
    /// Number of the call since the journal was cleared, from 1.
    pub sequence: u64,
    /// When the call arrived, on the emulator's clock.
    pub time: DateTime<Utc>,
    /// HTTP method.
    pub method: String,
    /// Path with single slashes.
    pub path: String,
    /// Query.
    pub query: String,
    /// Request headers.
    pub headers: BTreeMap<String, String>,
    /// Organization of the call, if it came to one.
    pub organization_id: Option<String>,
    /// HTTP status; `None` when the connection ended without an answer.
    pub status: Option<u16>,
    /// Code of the envelope, if there was one.
    pub code: Option<u32>,
    /// Request body.
    pub request_body: String,
    /// Answer; after a close the one that was withheld.
    pub response_body: String,
    /// Value of the answer's `X-Request-Id`.
    pub request_id: String,
    /// Real milliseconds from arrival to answer; 0 where an export left them out.
    #[serde(default)]
    pub duration_ms: u64,
    /// The fault rule that struck the call.
    pub fault: Option<FaultId>,
}

/// The order of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

/// Which calls by the fault that struck them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Calls that a fault struck.
    Struck,
    /// Calls that no fault struck.
    Unharmed,
    /// Calls that this rule struck.
    StruckBy(FaultId),
}

/// Which calls are wanted. An empty query wants all, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalQuery(Vec<(&'static str, String)>);

impl JournalQuery {
    /// All calls.
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value.to_string()));
        self
    }

    /// Only calls with this method.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        self.with("method", method)
    }

    /// Only calls whose path begins with `path` or, when it has a star, fits it.
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        self.with("path", path)
    }

    /// Only calls that were answered with this HTTP status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.with("status", status)
    }

    /// Only calls that were answered with this code.
    #[must_use]
    pub fn code(self, code: u32) -> Self {
        self.with("code", code)
    }

    /// Only calls for this organization.
    #[must_use]
    pub fn organization(self, organization_id: &str) -> Self {
        self.with("organization", organization_id)
    }

    /// Only calls after the one with this number.
    #[must_use]
    pub fn after(self, sequence: u64) -> Self {
        self.with("since", sequence)
    }

    /// Only calls up to the one with this number.
    #[must_use]
    pub fn up_to(self, sequence: u64) -> Self {
        self.with("until", sequence)
    }

    /// Only calls from this instant on.
    #[must_use]
    pub fn since(self, instant: DateTime<Utc>) -> Self {
        self.with("since", instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }

    /// Only calls before this instant.
    #[must_use]
    pub fn until(self, instant: DateTime<Utc>) -> Self {
        self.with("until", instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }

    /// Only calls with this fate.
    #[must_use]
    pub fn fault(self, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Struck => self.with("fault", "any"),
            Outcome::Unharmed => self.with("fault", "none"),
            Outcome::StruckBy(id) => self.with("fault", id),
        }
    }

    /// Only calls in whose path, query or bodies, as they are shown, the text occurs.
    #[must_use]
    pub fn has_text(self, text: &str) -> Self {
        self.with("has_text", text)
    }

    /// At most this many calls.
    #[must_use]
    pub fn limit(self, most: usize) -> Self {
        self.with("limit", most)
    }

    /// In this order.
    #[must_use]
    pub fn order(self, order: Order) -> Self {
        self.with("order", if order == Order::Ascending { "asc" } else { "desc" })
    }
}

#[derive(Deserialize)]
struct Entries {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Count {
    count: u64,
}

impl Control {
    /// The calls that are wanted.
    pub async fn journal(&self, query: &JournalQuery) -> Result<Vec<Entry>, ControlError> {
        self.send(Method::GET, "journal", &query.0, None::<&()>).await.map(|list: Entries| list.entries)
    }

    /// How many calls are wanted; a limit in the query has no effect.
    pub async fn count(&self, query: &JournalQuery) -> Result<u64, ControlError> {
        self.send(Method::GET, "journal/count", &query.0, None::<&()>).await.map(|it: Count| it.count)
    }

    /// Succeeds when exactly `expected` calls fit. Errors: [`ControlError::UnexpectedCount`] otherwise.
    pub async fn expect_count(&self, query: &JournalQuery, expected: u64) -> Result<(), ControlError> {
        let count = self.count(query).await?;
        if count == expected { Ok(()) } else { Err(ControlError::UnexpectedCount { expected, count }) }
    }

    /// Forgets all calls; they and the answers (`X-Request-Id`) are numbered from 1 again.
    pub async fn clear_journal(&self) -> Result<(), ControlError> {
        self.order(Method::DELETE, "journal").await
    }

    /// The wanted calls, one JSON object per line. Without `timing`, durations and the emulator's ports are left out, so
    /// that two runs of one script can be compared byte by byte.
    pub async fn export(&self, query: &JournalQuery, timing: bool) -> Result<String, ControlError> {
        self.file(query, "ndjson", timing).await
    }

    /// The wanted calls as an HTTP archive (HAR 1.2).
    pub async fn export_har(&self, query: &JournalQuery, timing: bool) -> Result<String, ControlError> {
        self.file(query, "har", timing).await
    }

    async fn file(&self, query: &JournalQuery, format: &str, timing: bool) -> Result<String, ControlError> {
        let query = query.clone().with("format", format).with("timing", timing);
        self.text(Method::GET, "journal/export", &query.0, None::<&()>).await.map(|(_, text)| text)
    }
}
