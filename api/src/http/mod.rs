//! The HTTP side: GraphQL, GraphiQL, health.

mod graphiql;
mod graphql;
mod subscription;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use sea_orm::ConnectionTrait;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::{App, StartError};
use crate::config::Config;
use crate::graphql::{FinbridgeSchema, Introspection, build};

use subscription::Streams;

pub use graphiql::Page as GraphiqlPage;

/// Largest body of a request.
const BODY_LIMIT: usize = 256 * 1024;

/// Longest execution of a request.
const EXECUTION_LIMIT: Duration = Duration::from_secs(10);

/// What handlers share.
#[derive(Clone)]
pub struct Shared {
    app: App,
    schema: FinbridgeSchema,
    graphiql: Option<GraphiqlPage>,
    allowed_origins: Arc<[String]>,
    streams: Streams,
}

impl Shared {
    /// What handlers share: the app, its schema, and GraphiQL where it is served.
    pub fn new(app: App, config: &Config, graphiql: GraphiqlPage) -> Self {
        let server = &config.server;
        let introspection =
            if server.introspection { Introspection::Allowed } else { Introspection::Refused };
        Self {
            app,
            schema: build(introspection),
            graphiql: server.graphiql.then_some(graphiql),
            allowed_origins: server.allowed_origins.as_slice().into(),
            streams: Streams::new(config.subscriptions),
        }
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

/// Serves until told to stop, then lets requests under way finish and tells subscribers to connect elsewhere.
///
/// # Errors
/// The system's.
pub async fn serve(listener: TcpListener, shared: Shared, stop: CancellationToken) -> std::io::Result<()> {
    let streams = shared.streams.clone();
    let (events, db) = (shared.app.engine.events.clone(), shared.app.engine.db.clone());
    let stopping = stop.clone();
    let listening = tokio::spawn(async move { events.listen(&db, stopping).await });
    let mut router = Router::new()
        .route("/graphql", get(subscription::get).post(subscription::post))
        .route("/health/live", get(async || StatusCode::NO_CONTENT))
        .route("/health/ready", get(ready));
    if shared.graphiql.is_some() {
        router = router
            .route("/", get(async || Redirect::temporary("/graphiql")))
            .route("/graphiql", get(graphiql::page))
            .route("/graphiql/{file}", get(graphiql::file));
    }
    let router = router
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::new())
        .with_state(shared)
        .into_make_service_with_connect_info::<SocketAddr>();
    let ending = streams.clone();
    let told = async move {
        stop.cancelled().await;
        ending.stop();
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(told).await;
    streams.stopped().await;
    listening.abort();
    served
}

/// Ready means that requests can be answered: the database does.
async fn ready(State(shared): State<Shared>) -> impl IntoResponse {
    match shared.app.engine.db.execute_unprepared("SELECT 1").await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
