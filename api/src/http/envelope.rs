//! What every response has, whatever it answers: a request id, the headers that keep browsers from mischief, and a line
//! in the log.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::trace::TraceContextExt;
use tracing::field::Empty;
use tracing::{Instrument, Span, error_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::Shared;
use crate::telemetry::{measure, traces};

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
    let begun = Instant::now();
    let method = measure::method(request.method());
    // Only the route, and never what stands in its place: paths and query strings are the client's.
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("other", MatchedPath::as_str).to_owned();
    let span = span(&id, method, &route, &request);
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status(), begun.elapsed());
    measure::http_request(&route, method, status.as_u16(), took);
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        // Probes come every few seconds, and say nothing.
        if route.starts_with("/health/") {
            tracing::debug!(status = status.as_u16(), duration_us, "Answered");
        } else {
            tracing::info!(status = status.as_u16(), duration_us, "Answered");
        }
    });
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

/// The span that every log line of the request stands in. Its level is that of errors, because a filter that left it out
/// would leave the request's id out of the lines that it lets through.
fn span(id: &str, method: &'static str, route: &str, request: &Request) -> Span {
    if !traces::exporting() {
        return error_span!("request", id, method, route, operation = Empty, organization = Empty);
    }
    let span = error_span!(
        "request",
        id,
        method,
        route,
        operation = Empty,
        organization = Empty,
        trace = Empty,
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty
    );
    // It fails only for spans that are not exported.
    let _ = span.set_parent(traces::of_headers(request.headers()));
    span.set_attribute("http.request.method", method);
    span.set_attribute("http.route", route.to_owned());
    let context = span.context();
    if context.span().span_context().is_sampled() {
        span.record("trace", context.span().span_context().trace_id().to_string());
    }
    span
}

/// Short, and of letters that mean nothing to logs, shells and pages.
fn is_harmless(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}
