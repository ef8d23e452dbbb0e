//! Subscriptions and deliveries as stored.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Waits before the second, third and further attempts, in seconds of the emulator's clock [?].
const RETRY_SECONDS: [u64; 4] = [60, 300, 1800, 7200];
/// How long a receiver may take for its answer, in real seconds [?].
const TIMEOUT_SECONDS: u64 = 10;
/// Deliveries kept; the oldest finished ones are forgotten first, and when none is finished the oldest give up.
pub(crate) const MAX_DELIVERIES: usize = 10_000;
/// The most bytes that the bodies of kept deliveries have together; beyond them the same deliveries go.
pub(crate) const MAX_DELIVERY_BYTES: usize = 64 * 1024 * 1024;

/// What the body of a delivery looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// The record under its singular key: `{"invoice": {…}}`.
    #[default]
    Default,
    /// Billing's events, as `GET /events/{id}` tells them: `{event_id, event_type, event_time, created_time, data}`.
    /// Changes that make no event are told as `<singular>_<act>` to who names their record.
    Event,
    /// `application/x-www-form-urlencoded` with the chosen members, or with the record as `JSONString`.
    Form,
    /// The template with its placeholders filled in.
    Text,
}

/// How a delivery is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    #[default]
    Post,
    Put,
    Delete,
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
    /// `<singular>.<created|edited|deleted>`, with `*` for either part; `*` alone means all modules. In the format of events
    /// `<event_type>`, such as `subscription_renewed`, or `subscription.*` for all that begin so.
    #[serde(default = "all")]
    pub(crate) events: Vec<String>,
    #[serde(default)]
    pub(crate) format: Format,
    #[serde(default)]
    pub(crate) method: Method,
    /// Members that a form carries, by name, with points for members of members.
    #[serde(default)]
    pub(crate) fields: Vec<String>,
    /// The text of [`Format::Text`], with placeholders such as `${INVOICE.INVOICE_ID}`.
    #[serde(default)]
    pub(crate) template: String,
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
    /// How long the receiver may take for its answer, in real seconds.
    #[serde(default = "timeout")]
    pub(crate) timeout_seconds: u64,
    /// Waits before the second, third and further attempts, in seconds of the emulator's clock; none for a single attempt.
    #[serde(default = "retries")]
    pub(crate) retry_seconds: Vec<u64>,
}

fn all() -> Vec<String> {
    vec!["*".to_owned()]
}

fn timeout() -> u64 {
    TIMEOUT_SECONDS
}

fn retries() -> Vec<u64> {
    RETRY_SECONDS.to_vec()
}

impl Webhook {
    /// What is wrong with the subscription, as a sentence that says what is allowed.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        const MOST_RETRIES: usize = 20;
        const YEAR: u64 = 31_536_000;
        let waits = self.retry_seconds.iter().all(|wait| (1..=YEAR).contains(wait));
        if self.template.is_empty() == (self.format == Format::Text) {
            Some("A template belongs to the format text, and only to it.")
        } else if !self.fields.is_empty() && self.format != Format::Form {
            Some("fields are chosen in the format form only.")
        } else if !(1..=600).contains(&self.timeout_seconds) {
            Some("timeout_seconds is a number from 1 to 600.")
        } else if self.retry_seconds.len() > MOST_RETRIES || !waits {
            Some("retry_seconds are at most 20 waits from 1 second to a year.")
        } else {
            None
        }
    }

    /// Whether the subscription wants to know that a record was changed.
    pub(crate) fn wants(&self, resource: &str, act: &str) -> bool {
        let fits = |pattern: &str, word: &str| pattern == "*" || pattern.eq_ignore_ascii_case(word);
        self.events.iter().any(|event| match event.split_once('.') {
            Some((wanted, how)) => fits(wanted, resource) && fits(how, act),
            None => fits(event, resource),
        })
    }

    /// The same, for a record that is named and not only meant by a `*`.
    pub(crate) fn names(&self, resource: &str, act: &str) -> bool {
        let named = |event: &str| {
            let (wanted, how) = event.split_once('.').unwrap_or((event, "*"));
            wanted.eq_ignore_ascii_case(resource) && (how == "*" || how.eq_ignore_ascii_case(act))
        };
        self.events.iter().any(|event| named(event))
    }

    /// Whether the subscription wants one of Billing's events.
    pub(crate) fn hears(&self, event_type: &str) -> bool {
        let begins = |wanted: &str| {
            let rest = event_type.get(wanted.len()..).unwrap_or_default();
            rest.starts_with('_')
                && event_type.get(..wanted.len()).is_some_and(|it| it.eq_ignore_ascii_case(wanted))
        };
        self.wants("event", "created")
            || self.events.iter().any(|event| match event.split_once('.') {
                Some((wanted, "*")) => begins(wanted),
                Some((wanted, how)) => format!("{wanted}_{how}").eq_ignore_ascii_case(event_type),
                None => event.eq_ignore_ascii_case(event_type),
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
    /// `<singular>.<act>`, or the type of one of Billing's events.
    pub(crate) event: String,
    /// The record, or the event.
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

    /// The delivery without further attempts, because too many newer ones wait.
    pub(crate) fn given_up(&self) -> Self {
        let last_error = "given up, because too many newer deliveries wait".to_owned();
        Self { status: Status::Failed, due: None, last_error, ..self.clone() }
    }

    /// The delivery after an attempt at `now`; `retries` are the waits of its webhook. What has arrived once stays delivered, whatever becomes of it when it is
    /// sent again.
    pub(crate) fn attempted(
        &self,
        now: DateTime<Utc>,
        outcome: Result<u16, String>,
        retries: &[u64],
    ) -> Self {
        let mut next =
            Self { attempts: self.attempts + 1, last_attempt: Some(now), due: None, ..self.clone() };
        let (status, error) = match outcome {
            Ok(status) => (Some(status), if status < 300 { String::new() } else { format!("HTTP {status}") }),
            Err(error) => (None, error),
        };
        next.last_status = status;
        next.status = Status::Delivered;
        if !error.is_empty() && self.status != Status::Delivered {
            let wait = retries.get(usize::try_from(self.attempts).unwrap_or(usize::MAX));
            let wait = wait.and_then(|seconds| TimeDelta::try_seconds(i64::try_from(*seconds).ok()?));
            next.due = wait.and_then(|wait| now.checked_add_signed(wait));
            next.status = if next.due.is_some() { Status::Pending } else { Status::Failed };
        }
        next.last_error = error;
        next
    }
}
