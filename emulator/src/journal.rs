//! What the emulator was asked and what it answered, with every secret masked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::fault::FaultId;
use crate::json::Json;
use crate::sync::locked;

/// Entries kept; older ones are forgotten.
const MAX_ENTRIES: usize = 10_000;
/// Bytes of bodies kept in all, so that large bodies cannot fill the memory.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Bytes kept of one body.
const MAX_BODY: usize = 64 * 1024;
const MASK: &str = "***";
/// Members, parameters and headers whose values are never recorded.
const SECRETS: [&str; 10] = [
    "access_token",
    "authorization",
    "authtoken",
    "client_secret",
    "code",
    "cookie",
    "refresh_token",
    "token",
    "zsc_key",
    "password",
];

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

/// Which entries to show.
#[derive(Debug, Default)]
pub(crate) struct JournalFilter {
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) since: Option<u64>,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<JournalEntry>,
    bytes: usize,
    sequence: u64,
}

/// The bounded list of past calls.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Ring>);

impl Journal {
    /// Adds a call and gives it its number.
    pub(crate) fn record(&self, mut entry: JournalEntry) {
        let mut ring = locked(&self.0);
        ring.sequence += 1;
        entry.sequence = ring.sequence;
        ring.bytes += weight(&entry);
        ring.entries.push_back(entry);
        while ring.entries.len() > MAX_ENTRIES || ring.bytes > MAX_BYTES {
            let Some(oldest) = ring.entries.pop_front() else { break };
            ring.bytes -= weight(&oldest);
        }
    }

    /// The matching entries, oldest first.
    pub(crate) fn list(&self, filter: &JournalFilter) -> Vec<JournalEntry> {
        let ring = locked(&self.0);
        let wanted = |entry: &&JournalEntry| {
            filter.method.as_ref().is_none_or(|it| it.eq_ignore_ascii_case(&entry.method))
                && filter.path.as_ref().is_none_or(|it| entry.path.starts_with(it.as_str()))
                && filter.status.is_none_or(|it| entry.status == Some(it))
                && filter.since.is_none_or(|it| entry.sequence > it)
        };
        ring.entries.iter().filter(wanted).cloned().collect()
    }

    /// Forgets all calls and numbers from 1 again.
    pub(crate) fn clear(&self) {
        *locked(&self.0) = Ring::default();
    }
}

fn weight(entry: &JournalEntry) -> usize {
    entry.request_body.len() + entry.response_body.len()
}

/// Headers with secrets masked; of an authorization only the scheme is left.
pub(crate) fn masked_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let shown = |name: &str, value: &str| match value.split_once(' ') {
        Some((scheme, _)) if name == "authorization" => format!("{scheme} {MASK}"),
        _ if secret(name) => MASK.to_owned(),
        _ => value.to_owned(),
    };
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), shown(name.as_str(), &text(value)))).collect()
}

/// A query or form with secrets masked.
pub(crate) fn masked_query(query: &str) -> String {
    let mut masked = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if secret(&name) {
            masked.append_pair(&name, MASK);
        } else if name == "JSONString" {
            masked.append_pair(&name, &masked_body(value.as_bytes()));
        } else {
            masked.append_pair(&name, &value);
        }
    }
    masked.finish()
}

/// A body with secrets masked. A text that is neither JSON nor a form is hidden whole once it mentions a secret.
pub(crate) fn masked_body(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let first = text.trim_start().as_bytes().first().copied();
    let masked = match Json::parse(&text) {
        Ok(mut json) => {
            mask(&mut json);
            json.to_text()
        }
        Err(_) if !text.contains(char::is_whitespace) && text.contains('=') && first != Some(b'{') => {
            masked_query(&text)
        }
        Err(_)
            if SECRETS
                .iter()
                .any(|secret| *secret != "code" && text.to_ascii_lowercase().contains(secret)) =>
        {
            MASK.to_owned()
        }
        Err(_) => text.into_owned(),
    };
    truncated(masked)
}

fn secret(name: &str) -> bool {
    SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

fn mask(json: &mut Json) {
    match json {
        Json::Object(members) => {
            for (name, value) in members {
                // The envelope's `code` is a number; a grant code is text.
                match value {
                    Json::Text(text) if secret(name) && !text.is_empty() => *value = MASK.into(),
                    other => mask(other),
                }
            }
        }
        Json::List(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

fn truncated(mut text: String) -> String {
    if text.len() > MAX_BODY {
        text.truncate(text.floor_char_boundary(MAX_BODY));
    }
    text
}
