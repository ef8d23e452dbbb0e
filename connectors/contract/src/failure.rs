//! Why a call to a finance app did not do what was asked.

use std::time::Duration;

/// The kinds of failure that the engine treats differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// The credential is refused even after one renewal: expired for good, revoked, or a scope is missing.
    Unauthorized,
    /// Too many requests, or the connection rests after outages. Nothing was done.
    RateLimited {
        /// How long the finance app asks to wait.
        retry_after: Option<Duration>,
    },
    /// The record or organization is not there.
    NotFound,
    /// Another record already has that name (A17.10).
    NameTaken,
    /// The records have different currencies, which this act does not bear.
    CurrencyDiffers,
    /// The finance app refuses these values or this act; asking again will not help.
    Refused,
    /// The app could not be reached or failed before doing anything; asking again may help.
    Unavailable,
    /// The request was sent and no answer came: it may or may not have been carried out. Look before asking again.
    OutcomeUnknown,
    /// The answer could not be understood. Never read as "nothing there".
    Malformed,
    /// The app, or this organization of it, lacks the capability.
    NotSupported,
}

/// A failed call, with what the finance app said.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind of failure, for the engine.
    pub kind: FailureKind,
    /// A sentence for a person, without secrets.
    pub message: String,
    /// The finance app's error code, as it wrote it.
    pub remote_code: Option<String>,
    /// The finance app's own words.
    pub remote_message: Option<String>,
    /// The finance app's id of the request, for its support.
    pub request_id: Option<String>,
}

impl Failure {
    /// A failure that is not an answer of the finance app.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), remote_code: None, remote_message: None, request_id: None }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            FailureKind::RateLimited { .. } | FailureKind::Unavailable | FailureKind::OutcomeUnknown
        )
    }
}
