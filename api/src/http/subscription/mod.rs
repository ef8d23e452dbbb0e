//! Subscriptions, over WebSocket and over Server-Sent Events; docs/subscriptions.md tells clients about both. Queries and
//! mutations may come the same ways.

mod operation;
mod origin;
mod pass;
mod protocol;
mod session;
mod sse;
mod streams;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::graphql::{self, AskedByGet};

pub(super) use streams::Streams;

/// GET /graphql: a WebSocket, an event stream, or an ordinary request.
pub(super) async fn get(
    State(shared): State<Shared>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    headers: HeaderMap,
    asked: Result<Query<AskedByGet>, QueryRejection>,
) -> Response {
    let wants_socket =
        headers.get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    match upgrade {
        Ok(upgrade) => session::open(shared, &headers, upgrade),
        Err(rejection) if wants_socket => rejection.into_response(),
        Err(_) => match sse::wanted(&headers) {
            sse::Wanted::Always => sse::get(shared, headers, asked).await,
            _ => graphql::get(State(shared), headers, asked).await,
        },
    }
}

/// POST /graphql: an event stream or an ordinary request.
pub(super) async fn post(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    if sse::concerns(&headers, &body) {
        return sse::post(shared, headers, body).await;
    }
    graphql::post(State(shared), headers, body).await
}
