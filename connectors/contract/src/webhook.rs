//! What a finance app tells by itself. It is never believed: a delivery only says that it is worth looking.

use chrono::{DateTime, Utc};
use finbridge_domain::DocumentKind;
use finbridge_domain::record::RecordKind;

/// A delivery as it arrived.
pub struct WebhookDelivery<'a> {
    /// The value of a header, by its name.
    pub header: &'a dyn Fn(&str) -> Option<String>,
    /// The body.
    pub body: &'a [u8],
}

/// What a delivery says, once its signature proved right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookNotice {
    /// By what a repetition of the delivery is known.
    pub key: String,
    /// When the app says that it happened; none when it does not say.
    pub happened_at: Option<DateTime<Utc>>,
    /// What may have changed; empty when it is nothing that is synchronised.
    pub kinds: Vec<RecordKind>,
    /// Which documents may have changed.
    pub documents: Vec<DocumentNotice>,
}

/// A document that may have changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentNotice {
    /// What it is.
    pub kind: DocumentKind,
    /// Its id on the finance side; none when it is not told.
    pub remote_id: Option<String>,
}

/// Why a delivery is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    /// The app tells nothing by itself.
    #[error("this finance app sends no webhooks")]
    NotSupported,
    /// The signature is missing or wrong.
    #[error("the signature is missing or wrong")]
    Signature,
    /// The body is not what the app sends.
    #[error("the body cannot be read")]
    Unreadable,
}
