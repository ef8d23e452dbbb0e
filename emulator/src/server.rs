//! The pipeline every call goes through, and the connections it arrives on.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::auth::Context;
use crate::clock::Clock;
use crate::control;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::fault::{FaultAction, FaultId, Faults};
use crate::integration;
use crate::journal::{Journal, JournalEntry, masked_body, masked_headers, masked_query};
use crate::oauth;
use crate::request::{Call, Decoded, Query, decode_body, read_body};
use crate::routes::{self, Target};
use crate::store::Store;
use crate::sync::locked;

/// The day's quota never reads lower than this: limits are not enforced yet, and clients stop when it runs out.
const QUOTA_FLOOR: u64 = 100;

/// Everything the calls share.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    /// The emulator's own address; tokens name it as `api_domain`.
    pub(crate) url: String,
    pub(crate) stop: CancellationToken,
    pub(crate) requests: AtomicU64,
    /// Calls per organization and day.
    pub(crate) used: Mutex<HashMap<String, (NaiveDate, u64)>>,
}

/// Marks an answer whose connection must be closed instead.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the connection is closed by a fault rule")]
struct Withheld;

/// A call read from the wire.
struct Incoming {
    id: String,
    arrived: Instant,
    now: DateTime<Utc>,
    method: String,
    path: String,
    raw_query: String,
    headers: HeaderMap,
    body: Bytes,
    query: Query,
    decoded: Decoded,
}

/// Accepts connections until `app.stop` is cancelled, then lets running calls finish.
pub(crate) async fn accept(app: Arc<App>, listener: TcpListener, tasks: TaskTracker) {
    let panicked = |_: Box<dyn std::any::Any + Send>| response(ApiError::from(Code::Internal).into(), "");
    let router = Router::new()
        .fallback(handle)
        .with_state(Arc::clone(&app))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(panicked));
    loop {
        let accepted = tokio::select! {
            () = app.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Out of file descriptors is the usual cause; spinning would make it worse.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (router, stop) = (router.clone(), app.stop.clone());
        tasks.spawn(async move {
            // Without this, small answers wait for the client's delayed acknowledgement.
            let _ = stream.set_nodelay(true);
            let service =
                hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    let router = router.clone();
                    async move {
                        let answer: Result<Response, Infallible> =
                            router.oneshot(request.map(Body::new)).await;
                        let response = answer.unwrap_or_else(|never| match never {});
                        // An error from the service makes hyper drop the connection without a byte.
                        match response.extensions().get::<Withheld>() {
                            Some(withheld) => Err(*withheld),
                            None => Ok(response),
                        }
                    }
                });
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    let arrived = Instant::now();
    let now = app.clock.now();
    let id = format!("req-{}", app.requests.fetch_add(1, Ordering::Relaxed) + 1);
    let (parts, body) = request.into_parts();
    let host = parts.headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = routes::canonical(parts.uri.path(), host);
    let method = parts.method.as_str().to_owned();
    let raw_query = parts.uri.query().unwrap_or_default().to_owned();
    let mut query = Query::parse(raw_query.as_bytes());
    let body = read_body(body).await;
    let too_large = body.is_none();
    let body = Bytes::from(body.unwrap_or_default());
    if path == "_emulator" || path.starts_with("_emulator/") {
        let reply = if too_large {
            ApiError::from(Code::BodyTooLarge).into()
        } else {
            let app = Arc::clone(&app);
            blocking(move || control::handle(&app, now, &method, &path, &query, &body)).await
        };
        return response(reply, &id);
    }
    let decoded = if too_large {
        Err(ApiError::from(Code::BodyTooLarge)).into()
    } else {
        decode_body(&parts.headers, &body, &mut query).await
    };
    let incoming = Incoming {
        id: id.clone(),
        arrived,
        now,
        method,
        path,
        raw_query,
        headers: parts.headers,
        body,
        query,
        decoded,
    };
    let fault = app.faults.strike(&incoming.method, &format!("/{}", incoming.path), &incoming.body);
    match fault {
        None => finish(&app, incoming, None).await,
        Some((rule, FaultAction::Delay { ms })) => {
            pause(&app, ms).await;
            finish(&app, incoming, Some(rule)).await
        }
        Some((rule, FaultAction::Respond { status, body, headers })) => {
            let mut reply = Reply::json(status, &crate::json::Json::Null);
            reply.code =
                body.get("code").and_then(|code| code.as_u64()).and_then(|code| code.try_into().ok());
            reply.body = body.to_string().into();
            reply.headers = headers.into_iter().collect();
            record(&app, &incoming, Some(rule), None, Some(reply.status), &reply);
            response(reply, &id)
        }
        Some((rule, FaultAction::CloseBeforeCommit)) => withhold(&app, &incoming, rule),
        Some((rule, FaultAction::Hang { ms })) => {
            pause(&app, ms).await;
            withhold(&app, &incoming, rule)
        }
        Some((rule, FaultAction::CloseAfterCommit)) => {
            let worker = Arc::clone(&app);
            let _ = blocking(move || {
                let (reply, organization) = answer(&worker, &incoming);
                record(&worker, &incoming, Some(rule), organization, None, &reply);
                reply
            })
            .await;
            withheld()
        }
    }
}

/// Waits, but never longer than the emulator lives.
async fn pause(app: &App, ms: u64) {
    tokio::select! {
        () = app.stop.cancelled() => {}
        () = tokio::time::sleep(Duration::from_millis(ms)) => {}
    }
}

async fn finish(app: &Arc<App>, incoming: Incoming, fault: Option<FaultId>) -> Response {
    let id = incoming.id.clone();
    let worker = Arc::clone(app);
    let reply = blocking(move || {
        let (mut reply, organization) = answer(&worker, &incoming);
        if let Some(organization) = &organization {
            let quota = quota(&worker, organization, incoming.now);
            reply.headers.extend(quota);
        }
        record(&worker, &incoming, fault, organization, Some(reply.status), &reply);
        reply
    })
    .await;
    response(reply, &id)
}

/// Runs disk and store work off the event loop; a panic in it becomes code 1000. The work goes on when the client
/// hangs up, so a call is either wholly done or not begun.
async fn blocking(work: impl FnOnce() -> Reply + Send + 'static) -> Reply {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| ApiError::from(Code::Internal).into())
}

/// Handles the call and waits until everything it may have seen or done is on disk.
fn answer(app: &App, incoming: &Incoming) -> (Reply, Option<String>) {
    let mut organization = None;
    let reply = dispatch(app, incoming, &mut organization).unwrap_or_else(Reply::from);
    match app.store.settle() {
        Ok(()) => (reply, organization),
        Err(error) => {
            tracing::error!(%error, "the state file could not be brought to disk");
            (ApiError::from(Code::Internal).into(), organization)
        }
    }
}

fn dispatch(app: &App, incoming: &Incoming, organization: &mut Option<String>) -> Result<Reply, ApiError> {
    if incoming.method == "OPTIONS" {
        return Ok(Reply::read([]));
    }
    if let Err(error @ ApiError { kind: Code::BodyTooLarge, .. }) = &incoming.decoded.body {
        return Err(error.clone());
    }
    let call = |ids| Call {
        ids,
        query: incoming.query.clone(),
        headers: incoming.headers.clone(),
        files: incoming.decoded.files.clone(),
        body: incoming.decoded.body.clone(),
    };
    match routes::find(&incoming.method, &incoming.path) {
        Target::Refused(error) => Err(error),
        Target::Token => Ok(oauth::token(&app.store, incoming.now, &app.url, &incoming.query)),
        Target::Revoke => Ok(oauth::revoke(&app.store, &incoming.query)),
        Target::ZscExchange => integration::exchange_zsc_key(&app.store, &call(Vec::new())),
        Target::Operation(operation, _product, ids) => {
            let (mut context, token) =
                Context::admit(&app.store, incoming.now, &incoming.headers, operation.need)?;
            if operation.scoped {
                context.select(&incoming.query, &incoming.headers, &token)?;
                crate::resource::billing::catch_up(&mut context)?;
                *organization = context.organization().ok().map(|it| it.organization_id.clone());
            }
            operation.answer(&context, &call(ids))
        }
    }
}

/// The rate-limit headers: at least one published client crashes without them.
fn quota(app: &App, organization: &str, now: DateTime<Utc>) -> [(String, String); 3] {
    let plan = app.store.read().organizations.get(organization).map(|it| it.plan_name.to_ascii_uppercase());
    let limit: u64 = match plan.as_deref() {
        Some("FREE") => 1000,
        Some("STANDARD") => 2000,
        Some("PROFESSIONAL") => 5000,
        _ => 10_000,
    };
    let mut used = locked(&app.used);
    let today = used.entry(organization.to_owned()).or_insert((now.date_naive(), 0));
    if today.0 != now.date_naive() {
        *today = (now.date_naive(), 0);
    }
    today.1 += 1;
    let remaining = limit.saturating_sub(today.1).max(QUOTA_FLOOR);
    let midnight = 86_400 - i64::from(chrono::Timelike::num_seconds_from_midnight(&now));
    [("Limit", limit.to_string()), ("Remaining", remaining.to_string()), ("Reset", midnight.to_string())]
        .map(|(name, value)| (format!("X-Rate-Limit-{name}"), value))
}

fn record(
    app: &App,
    incoming: &Incoming,
    fault: Option<FaultId>,
    organization_id: Option<String>,
    status: Option<u16>,
    reply: &Reply,
) {
    app.journal.record(JournalEntry {
        sequence: 0,
        time: incoming.now,
        method: incoming.method.clone(),
        path: format!("/{}", incoming.path),
        query: masked_query(&incoming.raw_query),
        headers: masked_headers(&incoming.headers),
        organization_id,
        status,
        code: reply.code,
        request_body: masked_body(&incoming.body),
        response_body: masked_body(&reply.body),
        request_id: incoming.id.clone(),
        duration_ms: u64::try_from(incoming.arrived.elapsed().as_millis()).unwrap_or(u64::MAX),
        fault,
    });
}

fn withhold(app: &App, incoming: &Incoming, rule: FaultId) -> Response {
    let mut nothing = Reply::json(200, &crate::json::Json::Null);
    nothing.body = Bytes::new();
    record(app, incoming, Some(rule), None, None, &nothing);
    withheld()
}

fn withheld() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Withheld);
    response
}

/// A content type that a client stored with a file may be no header value.
fn content_type(reply: &Reply) -> HeaderValue {
    let known = HeaderValue::from_str(&reply.content_type);
    known.unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

fn response(reply: Reply, request_id: &str) -> Response {
    let content_type = content_type(&reply);
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    for (name, value) in [
        ("cache-control", "no-cache, no-store, must-revalidate, private"),
        ("pragma", "no-cache"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let request_id = ("X-Request-Id".to_owned(), request_id.to_owned());
    for (name, value) in reply.headers.into_iter().chain([request_id]) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}
