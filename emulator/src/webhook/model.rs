//! Subscriptions and deliveries as stored.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Waits before the second, third and further attempts, in seconds of the emulator's clock [?].
const BACKOFF_SECONDS: [i64; 4] = [60, 300, 1800, 7200];
/// Deliveries kept; the oldest finished ones are forgotten first.
pub(crate) const MAX_DELIVERIES: usize = 10_000;

/// What the body of a delivery looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// The record under its singular key: `{"invoice": {…}}`.
    #[default]
    Default,
    /// Billing's events: `{event_id, event_type, created_time, data}`.
    Event,
    /// `application/x-www-form-urlencoded` with the record as `JSONString`.
    Form,
}

/// How the signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encoding {
    #[default]
    Hex,
    Base64,
}

/// A subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Webhook {
    #[serde(default)]
    pub(crate) id: u64,
    pub(crate) organization_id: String,
    /// Where to send: an `http` or `https` address.
    pub(crate) url: String,
    /// `<singular>.<created|edited|deleted>`, with `*` for either part; `*` alone means all.
    #[serde(default = "all")]
    pub(crate) events: Vec<String>,
    #[serde(default)]
    pub(crate) format: Format,
    /// Shared secret of the signature; without one nothing is signed.
    #[serde(default)]
    pub(crate) secret: String,
    #[serde(default)]
    pub(crate) encoding: Encoding,
    /// Puts the sorted query parameters of the address in front of the signed body [?].
    #[serde(default)]
    pub(crate) sign_query: bool,
    /// Further headers.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

fn all() -> Vec<String> {
    vec!["*".to_owned()]
}

impl Webhook {
    /// Whether the subscription wants an event.
    pub(crate) fn wants(&self, organization_id: &str, resource: &str, act: &str) -> bool {
        let fits = |pattern: &str, word: &str| pattern == "*" || pattern.eq_ignore_ascii_case(word);
        self.organization_id == organization_id
            && self.events.iter().any(|event| match event.split_once('.') {
                Some((wanted, how)) => fits(wanted, resource) && fits(how, act),
                None => fits(event, resource),
            })
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Pending,
    Delivered,
    /// Every attempt failed.
    Failed,
    /// A fault rule swallowed it.
    Lost,
}

/// One event for one subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) id: u64,
    pub(crate) webhook_id: u64,
    /// `<singular>.<act>`.
    pub(crate) event: String,
    pub(crate) record_id: String,
    pub(crate) content_type: String,
    pub(crate) body: String,
    pub(crate) status: Status,
    pub(crate) attempts: u32,
    /// When the next attempt is due; absent means at once.
    pub(crate) due: Option<DateTime<Utc>>,
    pub(crate) last_attempt: Option<DateTime<Utc>>,
    /// HTTP status of the last answer, if there was one.
    pub(crate) last_status: Option<u16>,
    /// Why the last attempt failed.
    pub(crate) last_error: String,
}

impl Delivery {
    /// Whether both tell the same event to the same subscription.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        (self.webhook_id, &self.event, &self.record_id) == (other.webhook_id, &other.event, &other.record_id)
            && self.body == other.body
    }

    /// The delivery after an attempt at `now`.
    pub(crate) fn attempted(&self, now: DateTime<Utc>, outcome: Result<u16, String>) -> Self {
        let mut next =
            Self { attempts: self.attempts + 1, last_attempt: Some(now), due: None, ..self.clone() };
        let (status, error) = match outcome {
            Ok(status) => (Some(status), if status < 300 { String::new() } else { format!("HTTP {status}") }),
            Err(error) => (None, error),
        };
        next.last_status = status;
        next.status = Status::Delivered;
        if !error.is_empty() {
            let wait = BACKOFF_SECONDS.get(usize::try_from(self.attempts).unwrap_or(usize::MAX));
            next.due = wait.and_then(|seconds| now.checked_add_signed(TimeDelta::seconds(*seconds)));
            next.status = if next.due.is_some() { Status::Pending } else { Status::Failed };
        }
        next.last_error = error;
        next
    }
}
