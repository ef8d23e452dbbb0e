//! What every response has, whatever it answers: a request id and the headers that keep browsers from mischief.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::Shared;

/// The header that names a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Nothing that is not a page of our own may load or run anything, or be shown within another.
const NOTHING: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'");

/// By what a request is known in answers and logs.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Names the request, by the client's own name for it where that is harmless, and completes the response's headers.
pub async fn seal(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let sent = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let id = match sent.filter(|id| is_harmless(id)) {
        Some(id) => id.to_owned(),
        None => shared.app.engine.ids.uuid().to_string(),
    };
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).instrument(tracing::info_span!("request", id)).await;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, NOTHING),
    ] {
        headers.entry(name).or_insert(value);
    }
    response
}

/// Short, and of letters that mean nothing to logs, shells and pages.
fn is_harmless(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}
