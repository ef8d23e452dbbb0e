//! What a load balancer or an orchestrator asks: whether the process is up, and whether requests should come to it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use finbridge_migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// How long the database may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long one look at the database answers everybody who asks: anybody may ask, and none may keep it busy by that.
const FRESH: Duration = Duration::from_millis(250);

/// When somebody looked last, and what was wrong.
type Look = (Instant, Option<Reason>);

/// What readiness depends on. Cheap to clone.
#[derive(Clone)]
pub struct Probes {
    db: DatabaseConnection,
    stop: CancellationToken,
    migrations: Arc<HashSet<String>>,
    last: Arc<Mutex<Option<Look>>>,
}

/// Why no requests should come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reason {
    code: &'static str,
    message: &'static str,
}

const STOPPING: Reason = Reason { code: "STOPPING", message: "The server is stopping; ask another one" };
const DATABASE: Reason =
    Reason { code: "DATABASE", message: "The database does not answer as it should; see the server's log" };
const MIGRATIONS: Reason = Reason {
    code: "MIGRATIONS",
    message: "The database is behind this version of Finbridge; run `finbridge migrate`",
};

#[derive(Serialize)]
struct Report {
    status: &'static str,
    reasons: Vec<Reason>,
}

impl Probes {
    /// Readiness by this database, until told to stop.
    pub fn new(db: DatabaseConnection, stop: CancellationToken) -> Self {
        let migrations = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        Self { db, stop, migrations: Arc::new(migrations), last: Arc::default() }
    }

    /// The routes of the probes.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new()
            .route("/health/live", get(async || report(StatusCode::OK, "live", Vec::new())))
            .route("/health/ready", get(ready))
            .with_state(self)
    }

    /// Why requests should not come; nothing when they may.
    async fn reasons(&self) -> Vec<Reason> {
        if self.stop.is_cancelled() {
            return vec![STOPPING];
        }
        let mut last = self.last.lock().await;
        let known = last.filter(|(at, _)| at.elapsed() < FRESH);
        let reason = match known {
            Some((_, reason)) => reason,
            None => {
                let reason = self.look().await;
                *last = Some((Instant::now(), reason));
                reason
            }
        };
        reason.into_iter().collect()
    }

    async fn look(&self) -> Option<Reason> {
        match timeout(PATIENCE, self.missing_migrations()).await {
            Ok(Ok(0)) => None,
            Ok(Ok(missing)) => {
                tracing::warn!(missing, "The database lacks migrations; requests are turned away");
                Some(MIGRATIONS)
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "The database cannot be reached; requests are turned away");
                Some(DATABASE)
            }
            Err(_) => {
                tracing::warn!("The database did not answer within a second; requests are turned away");
                Some(DATABASE)
            }
        }
    }

    /// Migrations that this version knows and the database lacks. More of them there is what a newer version brought,
    /// and this one may go on serving until it is replaced.
    async fn missing_migrations(&self) -> Result<usize, DbErr> {
        let applied = Statement::from_string(
            self.db.get_database_backend(),
            format!("SELECT version FROM {}", Migrator::migration_table_name()),
        );
        let applied = self.db.query_all_raw(applied).await?;
        let applied = applied.iter().map(|row| row.try_get::<String>("", "version"));
        let applied = applied.collect::<Result<HashSet<_>, _>>()?;
        Ok(self.migrations.difference(&applied).count())
    }
}

async fn ready(State(probes): State<Probes>) -> Response {
    let reasons = probes.reasons().await;
    if reasons.is_empty() {
        report(StatusCode::OK, "ready", reasons)
    } else {
        report(StatusCode::SERVICE_UNAVAILABLE, "not ready", reasons)
    }
}

fn report(status: StatusCode, text: &'static str, reasons: Vec<Reason>) -> Response {
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, headers, Json(Report { status: text, reasons })).into_response()
}
