//! What finance apps tell by themselves: `POST /webhooks/finance/{address}`.
//!
//! Nothing that comes is believed. A delivery whose signature is right makes the engine look, and that is all; so what is
//! lost, doubled or out of order does no harm, and a replay that comes after it was forgotten costs one run.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{WebhookDelivery, WebhookRefusal};
use finbridge_domain::record::RecordKind;
use finbridge_sync::{document, wake};
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::Uuid;

use super::body::{self, Part};
use super::{Shared, guesses};
use crate::auth::token;
use crate::graphql::guard::refusal::{Manner, Refusal, seconds};
use crate::service::webhook;
use crate::telemetry::measure;

/// How long a delivery is remembered, and how old one may be: longer than a finance app goes on trying.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// Deliveries that are remembered: some megabytes at most.
const MOST_REMEMBERED: u64 = 100_000;

/// Deliveries of one address in a minute. More are refused, and the finance app tries them again later.
const MOST_PER_MINUTE: u32 = 6_000;

/// Since when deliveries are counted, and how many came.
type Pace = (DateTime<Utc>, u32);

/// What is known of deliveries, in this process.
pub(super) struct Deliveries {
    /// By the hashes of their keys: who signs deliveries chooses the keys, and their length.
    seen: Cache<(Uuid, [u8; 32]), ()>,
    /// Until when further words about these kinds of records change nothing.
    marked: Cache<(Uuid, Vec<RecordKind>), DateTime<Utc>>,
    pace: Cache<Uuid, Arc<Mutex<Pace>>>,
}

impl Deliveries {
    pub fn new() -> Self {
        let idle = Duration::from_secs(600);
        Self {
            seen: Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(REMEMBERED).build(),
            marked: Cache::builder().max_capacity(10_000).time_to_live(idle).build(),
            pace: Cache::builder().max_capacity(10_000).time_to_idle(idle).build(),
        }
    }

    /// How long this address has to wait; nothing when it need not.
    fn too_fast(&self, endpoint: Uuid, now: DateTime<Utc>) -> Option<Duration> {
        let pace = self.pace.get_with(endpoint, || Arc::new(Mutex::new((now, 0))));
        let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = *pace;
        let minute = TimeDelta::minutes(1);
        if now - since >= minute {
            *pace = (now, 1);
            return None;
        }
        pace.1 = count.saturating_add(1);
        (count >= MOST_PER_MINUTE).then(|| (since + minute - now).min(minute).to_std().unwrap_or_default())
    }
}

/// What becomes of a delivery.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// The engine will look.
    Accepted,
    /// It came before, is too old, or is about nothing that is synchronised now.
    Ignored,
}

/// Why a delivery is not taken.
struct Refused {
    status: StatusCode,
    message: String,
    wait: Option<Duration>,
}

impl Refused {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), wait: None }
    }

    fn failed(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "A webhook could not be taken");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Something failed on our side; send it again later")
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let (status, message) = match refusal.manner {
            Manner::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Manner::TooSlow => (StatusCode::REQUEST_TIMEOUT, "The body came too slowly"),
            Manner::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "There is no room now; send it again later")
            }
            _ => (StatusCode::BAD_REQUEST, "The body cannot be read"),
        };
        Self { wait: refusal.retry_after, ..Self::new(status, message) }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.message }))).into_response();
        if let Some(wait) = self.wait {
            response.headers_mut().insert(header::RETRY_AFTER, seconds(wait).into());
        }
        response
    }
}

pub(super) async fn post(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(address): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let outcome = take(&shared, peer, SecretString::from(address), &headers, body).await;
    let mut response = match outcome {
        Ok(Outcome::Accepted) => {
            (StatusCode::ACCEPTED, Json(json!({ "status": "accepted" }))).into_response()
        }
        // A finance app tries again what was refused, so this is no refusal.
        Ok(Outcome::Ignored) => (StatusCode::OK, Json(json!({ "status": "ignored" }))).into_response(),
        Err(refused) => refused.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn take(
    shared: &Shared,
    peer: SocketAddr,
    address: SecretString,
    headers: &HeaderMap,
    body: Body,
) -> Result<Outcome, Refused> {
    let engine = &shared.app.engine;
    let now = engine.clock.now();
    let client = shared.client(peer, headers);
    let guesses: &guesses::Guesses = &shared.gate.guesses;
    let digest = token::digest(address.expose_secret());
    if let Some(wait) = guesses.blocked(client, &digest, now) {
        measure::throttled("unknown_tokens");
        body::discard(body);
        let message = "Too many unknown addresses were tried from yours";
        return Err(Refused { wait: Some(wait), ..Refused::new(StatusCode::TOO_MANY_REQUESTS, message) });
    }
    let found = webhook::find(&engine.db, &address).await.map_err(|error| Refused::failed(&error))?;
    let Some((endpoint, integration)) = found else {
        guesses.unknown(client, &digest, now);
        body::discard(body);
        return Err(Refused::new(
            StatusCode::NOT_FOUND,
            "There is no such address; it may have been changed",
        ));
    };
    guesses.good(digest, now);
    if let Some(wait) = shared.deliveries.too_fast(endpoint.id, now) {
        body::discard(body);
        let message = "Too many deliveries came in this minute; send this one again later";
        return Err(Refused { wait: Some(wait), ..Refused::new(StatusCode::TOO_MANY_REQUESTS, message) });
    }
    let mut part = Part::default();
    let bytes = body::read(shared, headers, body, &mut part).await?;
    body::check_json(shared, &bytes)?;
    shared.memory.grow_by_values(&mut part, &bytes).await?;
    let connector = engine.connectors.get(&integration.app_key);
    let secret = engine.vault.open(&endpoint.sealed_secret).map_err(|error| Refused::failed(&error))?;
    let read = match connector {
        Some(connector) => {
            let header = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
            connector.read_webhook(&secret, &WebhookDelivery { header: &header, body: &bytes })
        }
        None => Err(WebhookRefusal::NotSupported),
    };
    let notice = read.map_err(|refusal| match refusal {
        WebhookRefusal::Signature => Refused::new(StatusCode::UNAUTHORIZED, refusal.to_string()),
        WebhookRefusal::Unreadable => Refused::new(StatusCode::BAD_REQUEST, refusal.to_string()),
        WebhookRefusal::NotSupported => Refused::new(StatusCode::NOT_FOUND, refusal.to_string()),
    })?;
    let oldest = now - TimeDelta::from_std(REMEMBERED).unwrap_or_default();
    let key = (endpoint.id, token::digest(&notice.key));
    if notice.happened_at.is_some_and(|at| at < oldest) || shared.deliveries.seen.contains_key(&key) {
        return Ok(Outcome::Ignored);
    }
    let documents = document::wake::mark(engine, &integration, &notice.documents).await;
    let is_mirrored = documents.map_err(|error| Refused::failed(&error))?;
    let marked = (endpoint.id, notice.kinds);
    let due = match shared.deliveries.marked.get(&marked).filter(|due| now < *due) {
        // The run has not begun yet, so it will find this change too.
        Some(due) => Some(due),
        None => {
            let due = wake::mark(engine, &integration, &marked.1).await;
            due.map_err(|error| Refused::failed(&error))?
        }
    };
    // Only what had its effect is remembered: the finance app tries again what had none.
    shared.deliveries.seen.insert(key, ());
    Ok(match due {
        Some(due) => {
            shared.deliveries.marked.insert(marked, due);
            Outcome::Accepted
        }
        None if is_mirrored => Outcome::Accepted,
        None => Outcome::Ignored,
    })
}
