//! Webhooks: subscriptions, the delivery log, faults of delivery, firing by hand.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::error::ControlError;
use crate::http::Control;

/// What the body of a delivery looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookFormat {
    /// The record under its singular key.
    #[default]
    Default,
    /// `{event_id, event_type, created_time, data}`.
    Event,
    /// A form with the chosen members, or with the record as `JSONString`.
    Form,
    /// The template with its placeholders filled in.
    Text,
}

/// How a delivery is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum WebhookMethod {
    /// `POST`.
    #[default]
    Post,
    /// `PUT`.
    Put,
    /// `DELETE`.
    Delete,
}

/// How the signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureEncoding {
    /// Lower-case hexadecimal digits.
    #[default]
    Hex,
    /// Base64 with padding.
    Base64,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Given by the emulator; what is sent counts for nothing.
    #[serde(default)]
    pub id: u64,
    /// Whose records it tells of.
    pub organization_id: String,
    /// Where to send: an `http` or `https` address.
    pub url: String,
    /// `<singular>.<created|edited|deleted>`, with `*` for either part; `*` alone means all modules.
    pub events: Vec<String>,
    /// What the body looks like.
    #[serde(default)]
    pub format: WebhookFormat,
    /// How a delivery is sent.
    #[serde(default)]
    pub method: WebhookMethod,
    /// Members that a form carries, by name, with points for members of members; none for the whole record.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The text of [`WebhookFormat::Text`], with placeholders such as `${INVOICE.INVOICE_ID}`.
    #[serde(default)]
    pub template: String,
    /// Shared secret of the signature, shown as `***`; empty means no signature.
    #[serde(default)]
    pub secret: String,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: SignatureEncoding,
    /// Whether the sorted query parameters stand in front of the signed body.
    #[serde(default)]
    pub sign_query: bool,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How long the receiver may take for its answer, in real seconds.
    pub timeout_seconds: u64,
    /// Waits before the second, third and further attempts, in seconds of the emulator's clock.
    pub retry_seconds: Vec<u64>,
}

impl Webhook {
    /// A subscription of all events, without a signature.
    pub fn new(organization_id: &str, url: &str) -> Self {
        Self {
            id: 0,
            organization_id: organization_id.to_owned(),
            url: url.to_owned(),
            events: vec!["*".to_owned()],
            format: WebhookFormat::Default,
            method: WebhookMethod::Post,
            fields: Vec::new(),
            template: String::new(),
            secret: String::new(),
            encoding: SignatureEncoding::Hex,
            sign_query: false,
            headers: BTreeMap::new(),
            timeout_seconds: 10,
            retry_seconds: vec![60, 300, 1800, 7200],
        }
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// It is still to be sent, or sent again.
    Pending,
    /// The receiver answered with success.
    Delivered,
    /// Every attempt failed.
    Failed,
    /// A fault swallowed it.
    Lost,
}

/// One event for one subscription.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Delivery {
    /// Its place in the log.
    pub id: u64,
    /// The subscription.
    pub webhook_id: u64,
    /// `<singular>.<created|edited|deleted>`.
    pub event: String,
    /// The record.
    pub record_id: String,
    /// Content type of the body.
    pub content_type: String,
    /// The body as it is sent.
    pub body: String,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next attempt is due, on the emulator's clock; `None` means at once or never.
    pub due: Option<DateTime<Utc>>,
    /// When it was last attempted.
    pub last_attempt: Option<DateTime<Utc>>,
    /// HTTP status of the last answer.
    pub last_status: Option<u16>,
    /// Why the last attempt failed, empty when it did not.
    pub last_error: String,
}

/// Which deliveries to list; everything left out means any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// `<singular>.<created|edited|deleted>`.
    pub event: Option<String>,
    /// Where they stand.
    pub status: Option<DeliveryStatus>,
    /// The subscription.
    pub webhook_id: Option<u64>,
}

/// What happens to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mishap {
    /// It is never sent.
    Lost,
    /// It is sent twice.
    Doubled,
    /// It is sent so many seconds later, on the emulator's clock.
    Late {
        /// Seconds.
        seconds: i64,
    },
    /// It is sent after the next delivery to the same address.
    Reordered,
}

/// A fault of delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookFault {
    /// `<singular>.<created|edited|deleted>`; `None` means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// How many deliveries it strikes, or how many are left; `None` means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What happens.
    #[serde(flatten)]
    pub mishap: Mishap,
}

/// An event to send by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shot {
    /// The subscription to send to.
    pub webhook_id: u64,
    /// Singular key of the resource, such as `invoice`.
    pub resource: String,
    /// Id of the record.
    pub id: String,
    /// `created`, `edited` or `deleted`.
    pub event: String,
}

#[derive(Deserialize)]
struct One {
    webhook: Webhook,
}

#[derive(Deserialize)]
struct Webhooks {
    webhooks: Vec<Webhook>,
}

#[derive(Deserialize)]
struct Deliveries {
    deliveries: Vec<Delivery>,
}

#[derive(Deserialize)]
struct Faults {
    faults: Vec<WebhookFault>,
}

#[derive(Deserialize)]
struct Fired {
    delivery_id: u64,
}

impl Control {
    /// Subscribes. The answer has the id, and the secret masked. Refused with 400 for an unknown organization, for
    /// another address than one of the web, and for what does not belong to the format.
    pub async fn subscribe(&self, webhook: &Webhook) -> Result<Webhook, ControlError> {
        self.send(Method::POST, "webhooks", &[], Some(webhook)).await.map(|one: One| one.webhook)
    }

    /// The subscriptions, secrets masked.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, ControlError> {
        self.get("webhooks").await.map(|all: Webhooks| all.webhooks)
    }

    /// Ends a subscription. Refused with 404 when there is none with this id.
    pub async fn unsubscribe(&self, id: u64) -> Result<(), ControlError> {
        self.order(Method::DELETE, &format!("webhooks/{id}")).await
    }

    /// The delivery log, oldest first.
    pub async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, ControlError> {
        let status = query.status.map(|status| match status {
            DeliveryStatus::Pending => "pending",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Failed => "failed",
            DeliveryStatus::Lost => "lost",
        });
        let parameters = [
            ("event", query.event.clone()),
            ("status", status.map(str::to_owned)),
            ("webhook_id", query.webhook_id.map(|id| id.to_string())),
        ];
        let given: Vec<_> =
            parameters.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect();
        let answer = self.send(Method::GET, "webhooks/deliveries", &given, None::<&()>).await;
        answer.map(|all: Deliveries| all.deliveries)
    }

    /// Forgets all deliveries, those that wait included.
    pub async fn clear_deliveries(&self) -> Result<(), ControlError> {
        self.order(Method::DELETE, "webhooks/deliveries").await
    }

    /// The faults of delivery with what is left of their counts.
    pub async fn webhook_faults(&self) -> Result<Vec<WebhookFault>, ControlError> {
        self.get("webhooks/faults").await.map(|all: Faults| all.faults)
    }

    /// Makes deliveries go wrong.
    pub async fn add_webhook_fault(&self, fault: &WebhookFault) -> Result<(), ControlError> {
        self.text(Method::POST, "webhooks/faults", &[], Some(fault)).await.map(|_| ())
    }

    /// Removes all faults of delivery.
    pub async fn clear_webhook_faults(&self) -> Result<(), ControlError> {
        self.order(Method::DELETE, "webhooks/faults").await
    }

    /// Sends a record's event as if it had just happened; the answer is the delivery's id. Refused with 400 when the
    /// subscription or the record does not exist.
    pub async fn fire(&self, shot: &Shot) -> Result<u64, ControlError> {
        self.send(Method::POST, "webhooks/fire", &[], Some(shot)).await.map(|fired: Fired| fired.delivery_id)
    }
}
