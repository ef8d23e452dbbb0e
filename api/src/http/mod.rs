//! The HTTP side: GraphQL, CSV export, printed documents, GraphiQL, health.

mod body;
pub mod door;
mod envelope;
mod export;
mod graphiql;
mod graphql;
mod guesses;
pub mod health;
mod media;
pub mod operations;
mod pdf;
mod server;
mod sign_in;
mod subscription;
mod ticket;
mod webhook;
mod wire;
mod written;

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;

use self::body::Memory;
use self::door::Gate;
use self::subscription::Streams;
use crate::app::{App, StartError};
use crate::config::{Config, Server};
use crate::graphql::guard::Guard;
use crate::graphql::{FinbridgeSchema, Introspection, build, build_streaming, build_traced};
use crate::service;
use crate::telemetry::traces;

pub use graphiql::Page as GraphiqlPage;

/// What handlers share.
#[derive(Clone)]
pub struct Shared {
    app: App,
    schema: FinbridgeSchema,
    /// The same for subscriptions, whose events pass one by one.
    streaming: FinbridgeSchema,
    gate: Arc<Gate>,
    graphiql: Option<GraphiqlPage>,
    server: Arc<Server>,
    streams: Streams,
    memory: Arc<Memory>,
    deliveries: Arc<webhook::Deliveries>,
}

impl Shared {
    /// What handlers share: the app, its schema and the guard in front of it, and GraphiQL where it is served.
    ///
    /// # Errors
    /// When the guard cannot read the schema.
    pub fn new(app: App, config: &Config, graphiql: GraphiqlPage) -> Result<Self, StartError> {
        let (server, limits) = (&config.server, &config.limits);
        let introspection =
            if server.introspection { Introspection::Allowed } else { Introspection::Refused };
        let traced = traces::exporting();
        let schema = if traced { build_traced(introspection) } else { build(introspection) };
        let guard = Guard::new(&schema.sdl(), introspection, limits).map_err(StartError::Schema)?;
        Ok(Self {
            app,
            schema,
            streaming: build_streaming(introspection, traced, subscription::Turnstiles),
            gate: Arc::new(Gate::new(guard, limits.clone())),
            graphiql: server.graphiql.then_some(graphiql),
            server: Arc::new(server.clone()),
            streams: Streams::new(config.subscriptions),
            memory: Arc::new(Memory::new(limits.request_memory_bytes)),
            deliveries: Arc::new(webhook::Deliveries::new()),
        })
    }

    /// The address that a request comes from: the peer's, or, where the peer is a proxy of ours, the last one in
    /// `X-Forwarded-For` that is not. What stands before that one, anybody could have written.
    pub fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let ours = |address: IpAddr| {
            self.server.trusted_proxies.iter().any(|proxy| proxy.to_canonical() == address.to_canonical())
        };
        if !ours(peer.ip()) {
            return peer.ip();
        }
        let told: Vec<_> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let told = told.iter().rev().map_while(|address| address.trim().parse().ok());
        told.clone().find(|address| !ours(*address)).or_else(|| told.last()).unwrap_or_else(|| peer.ip())
    }
}

/// Takes the port.
///
/// # Errors
/// When somebody else has it.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen {
        what: "the GraphQL server",
        address,
        variable: "FINBRIDGE_SERVER_LISTEN",
        source,
    })
}

/// Serves until told to stop, goes on for as long as load balancers need to notice, then lets requests under way finish
/// and tells subscribers to connect elsewhere.
pub async fn serve(listener: TcpListener, shared: Shared, stop: CancellationToken) {
    let streams = shared.streams.clone();
    let (events, db) = (shared.app.engine.events.clone(), shared.app.engine.db.clone());
    let settings = shared.server.clone();
    // Until nobody is sent here any more, subscribers are served like everybody else.
    let drained = drained(stop.clone(), Duration::from_secs(settings.drain_seconds));
    let (ending, stopping) = (streams.clone(), drained.clone());
    let listening = tokio::spawn(async move { events.listen(&db, stopping).await });
    let told = drained.clone();
    tokio::spawn(async move {
        told.cancelled().await;
        ending.stop();
    });
    let mut router = Router::new()
        .route("/graphql", get(subscription::get).post(graphql::post))
        .route("/export/{file}", get(export::get))
        .route("/transactions/{id}/pdf", get(pdf::get))
        .route(&format!("{}{{address}}", service::webhook::PATH), post(webhook::post))
        .merge(health::Probes::new(shared.app.engine.db.clone(), stop).router());
    if shared.graphiql.is_some() {
        router = router
            .route("/", get(async || Redirect::temporary("/graphiql")))
            .route("/graphiql", get(graphiql::page))
            .route("/graphiql/{file}", get(graphiql::file));
    }
    let limits = shared.gate.limits().clone();
    router = router.layer(CatchPanicLayer::custom(panicked));
    if !settings.cors_origins.is_empty() {
        router = router.layer(cors(&settings.cors_origins));
    }
    let router =
        router.layer(middleware::from_fn_with_state(shared.clone(), envelope::seal)).with_state(shared);
    server::serve(listener, router, &limits, &settings.trusted_proxies, drained).await;
    streams.stopped().await;
    listening.abort();
}

/// Cancelled that long after `stop` is.
fn drained(stop: CancellationToken, drain: Duration) -> CancellationToken {
    if drain.is_zero() {
        return stop;
    }
    let drained = CancellationToken::new();
    let cancel = drained.clone();
    tokio::spawn(async move {
        stop.cancelled().await;
        tracing::info!(seconds = drain.as_secs(), "Stopping: load balancers are given time to notice");
        tokio::time::sleep(drain).await;
        cancel.cancel();
    });
    drained
}

/// The answer after a panic outside of GraphQL. The panic hook has told the log what happened.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Lets web pages of these origins call the server. Tokens travel in a header, so no credentials need to be allowed.
fn cors(origins: &[String]) -> CorsLayer {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("x-requested-with"),
            envelope::REQUEST_ID,
        ])
        .expose_headers([envelope::REQUEST_ID, header::RETRY_AFTER])
        .max_age(Duration::from_secs(600))
}
