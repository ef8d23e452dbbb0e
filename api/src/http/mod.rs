//! The HTTP side: GraphQL, GraphiQL, health.

mod graphiql;
mod graphql;

use std::net::SocketAddr;
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
use crate::config;
use crate::graphql::{FinbridgeSchema, Introspection, build};

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
}

impl Shared {
    /// What handlers share: the app, its schema, and GraphiQL where it is served.
    pub fn new(app: App, server: &config::Server, graphiql: GraphiqlPage) -> Self {
        let introspection =
            if server.introspection { Introspection::Allowed } else { Introspection::Refused };
        Self { app, schema: build(introspection), graphiql: server.graphiql.then_some(graphiql) }
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

/// Serves until told to stop, then lets requests under way finish.
///
/// # Errors
/// The system's.
pub async fn serve(listener: TcpListener, shared: Shared, stop: CancellationToken) -> std::io::Result<()> {
    let mut router = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
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
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// Ready means that requests can be answered: the database does.
async fn ready(State(shared): State<Shared>) -> impl IntoResponse {
    match shared.app.engine.db.execute_unprepared("SELECT 1").await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
