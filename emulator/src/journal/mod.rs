//! What the emulator was asked and what it answered, with every secret masked.
//!
//! Recording a call keeps its bytes as they are, because it lies in the way of every answer. Masking waits until somebody
//! reads, and is done once.

mod export;
mod filter;
mod mask;

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::fault::FaultId;
use crate::sync::locked;

pub(crate) use export::{har, lines};
pub(crate) use filter::{JournalFilter, value};

/// Entries kept; older ones are forgotten.
const MAX_ENTRIES: usize = 10_000;
/// Bytes kept in all, so that large bodies cannot fill the memory. What was read takes up to as much again.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Bytes kept of one body.
const MAX_BODY: usize = 64 * 1024;
/// What an entry takes besides its texts, in bytes, roughly.
const OVERHEAD: usize = 512;

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Number of the call since the journal was cleared, from 1.
    pub sequence: u64,
    /// When the call arrived, on the emulator's clock.
    pub time: DateTime<Utc>,
    /// HTTP method.
    pub method: String,
    /// Path with single slashes.
    pub path: String,
    /// Query, secrets masked.
    pub query: String,
    /// Request headers, secrets masked.
    pub headers: BTreeMap<String, String>,
    /// Organization the call named or fell back to; `None` when it came to none.
    pub organization_id: Option<String>,
    /// HTTP status; `None` when the connection was closed without an answer.
    pub status: Option<u16>,
    /// Code of the envelope, if the answer had one.
    pub code: Option<u32>,
    /// Request body, secrets masked, cut at 64 KiB.
    pub request_body: String,
    /// Answer, secrets masked, cut at 64 KiB. After a close it is the answer that was withheld.
    pub response_body: String,
    /// Value of the answer's `X-Request-Id`.
    pub request_id: String,
    /// Real milliseconds from arrival to answer.
    pub duration_ms: u64,
    /// The fault rule that struck the call.
    pub fault: Option<FaultId>,
}

/// One call as it was, secrets and all. It never leaves the crate.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    /// Assigned by [`Journal::record`].
    pub(crate) sequence: u64,
    pub(crate) time: DateTime<Utc>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Arc<HeaderMap>,
    pub(crate) organization_id: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<u32>,
    pub(crate) content_type: Cow<'static, str>,
    pub(crate) request_body: Bytes,
    pub(crate) response_body: Bytes,
    pub(crate) request_id: String,
    pub(crate) duration: Duration,
    pub(crate) fault: Option<FaultId>,
}

impl Recorded {
    /// The entry that may be shown.
    fn entry(&self) -> JournalEntry {
        JournalEntry {
            sequence: self.sequence,
            time: self.time,
            method: self.method.clone(),
            path: mask::tokens(&self.path).into_owned(),
            query: mask::query(&self.query),
            headers: mask::headers(&self.headers),
            organization_id: self.organization_id.clone(),
            status: self.status,
            code: self.code,
            request_body: mask::body(&self.request_body, MAX_BODY),
            response_body: mask::body(&self.response_body, MAX_BODY),
            request_id: self.request_id.clone(),
            duration_ms: u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            fault: self.fault,
        }
    }

    fn weight(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let texts = self.path.len() + self.query.len() + self.request_body.len() + self.response_body.len();
        OVERHEAD + headers + texts
    }
}

/// A call in the journal and, once somebody has read it, its entry.
#[derive(Debug)]
pub(crate) struct Kept {
    call: Recorded,
    shown: OnceLock<JournalEntry>,
}

impl Kept {
    fn entry(&self) -> &JournalEntry {
        self.shown.get_or_init(|| self.call.entry())
    }
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Arc<Kept>>,
    bytes: usize,
    sequence: u64,
}

/// The bounded list of past calls.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Ring>);

impl Journal {
    /// Adds a call and gives it its number.
    pub(crate) fn record(&self, mut call: Recorded) {
        // A slice would keep the whole allocation alive, so the head of a long body is copied.
        for body in [&mut call.request_body, &mut call.response_body] {
            if body.len() > MAX_BODY {
                *body = Bytes::copy_from_slice(&body[..MAX_BODY]);
            }
        }
        let mut ring = locked(&self.0);
        ring.sequence += 1;
        call.sequence = ring.sequence;
        ring.bytes += call.weight();
        ring.entries.push_back(Arc::new(Kept { call, shown: OnceLock::new() }));
        while ring.entries.len() > MAX_ENTRIES || ring.bytes > MAX_BYTES {
            let Some(oldest) = ring.entries.pop_front() else { break };
            ring.bytes -= oldest.call.weight();
        }
    }

    /// The matching entries, in the order that the filter asks for.
    pub(crate) fn list(&self, filter: &JournalFilter) -> Vec<JournalEntry> {
        self.select(filter).map(|kept| kept.entry().clone()).collect()
    }

    /// The number of matching entries, whatever limit the filter has.
    pub(crate) fn count(&self, filter: &JournalFilter) -> usize {
        if filter.has_text.is_none() {
            return locked(&self.0).entries.iter().filter(|kept| filter.admits(&kept.call)).count();
        }
        self.select(&JournalFilter { limit: None, ..filter.clone() }).count()
    }

    /// Forgets all calls and numbers from 1 again.
    pub(crate) fn clear(&self) {
        *locked(&self.0) = Ring::default();
    }

    /// The matching calls. Masking happens outside of the lock.
    pub(crate) fn select(&self, filter: &JournalFilter) -> impl Iterator<Item = Arc<Kept>> + use<> {
        let mut calls: Vec<Arc<Kept>> =
            locked(&self.0).entries.iter().filter(|kept| filter.admits(&kept.call)).cloned().collect();
        if filter.newest_first {
            calls.reverse();
        }
        let text = filter.has_text.clone();
        calls
            .into_iter()
            .filter(move |kept| text.as_ref().is_none_or(|text| filter::has_text(kept.entry(), text)))
            .take(filter.limit.unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(body: usize) -> Recorded {
        Recorded {
            request_body: vec![b'x'; body].into(),
            response_body: vec![b'x'; body].into(),
            ..Recorded::default()
        }
    }

    #[test]
    fn entries_and_bytes_are_bounded() {
        let journal = Journal::default();
        for _ in 0..600 {
            journal.record(call(MAX_BODY + 1));
        }
        let kept = journal.list(&JournalFilter::default());
        let bytes: usize = kept.iter().map(|it| it.request_body.len() + it.response_body.len()).sum();
        assert!(bytes <= MAX_BYTES && bytes > MAX_BYTES / 2, "{bytes}");
        assert!(kept.iter().all(|it| it.request_body.len() == MAX_BODY));
        assert_eq!(kept.last().map(|it| it.sequence), Some(600));

        for _ in 0..=MAX_ENTRIES {
            journal.record(call(0));
        }
        let kept = journal.list(&JournalFilter::default());
        assert_eq!((kept.len(), kept[0].sequence), (MAX_ENTRIES, 602));
        journal.clear();
        journal.record(call(1));
        assert_eq!(journal.list(&JournalFilter::default())[0].sequence, 1);
    }
}
