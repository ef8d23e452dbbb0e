//! Subscriptions, over WebSocket and over Server-Sent Events; docs/subscriptions.md tells clients about both. Queries and
//! mutations may come the same ways.

mod operation;
mod origin;
mod pass;
mod protocol;
mod session;
pub(super) mod sse;
mod streams;
mod turnstile;
mod writer;

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::envelope::RequestId;
use super::graphql::{self, Got};
use super::server::Held;

pub(super) use streams::Streams;
pub(super) use turnstile::Turnstiles;

/// GET /graphql: a WebSocket, or a request that may be answered by an event stream.
pub(super) async fn get(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(id): Extension<RequestId>,
    Extension(connection): Extension<Held>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    headers: HeaderMap,
    asked: Result<Query<Got>, QueryRejection>,
) -> Response {
    let wants_socket =
        headers.get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    match upgrade {
        Ok(upgrade) => session::open(shared, peer, connection, id, &headers, upgrade),
        Err(rejection) if wants_socket => rejection.into_response(),
        Err(_) => graphql::get(State(shared), ConnectInfo(peer), Extension(id), headers, asked).await,
    }
}
