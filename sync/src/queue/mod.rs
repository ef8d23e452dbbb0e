//! The job queue: one contract, two engines.
//!
//! A job is enqueued in the transaction of the write that causes it, so neither can exist without the other. Jobs are
//! delivered at least once: a handler may see the same job again after a crash and must not mind. What has to happen
//! at a certain time stands in our own tables under the injected clock; a job only wakes a worker.

mod postgres;
mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbBackend, DbErr};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use postgres::PostgresQueue;
pub use sqlite::SqliteQueue;

/// Jobs that run at the same time in one worker.
pub const CONCURRENCY: usize = 8;

/// A job to be run.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Which handler runs it.
    pub kind: &'static str,
    /// What it is told.
    pub payload: Value,
    /// While a job of this key waits, another one of the same key replaces it.
    pub key: Option<String>,
    /// Jobs of one lane run one after the other.
    pub lane: Option<String>,
    /// How long it waits at least.
    pub delay: Duration,
    /// Tries before it is dead.
    pub max_attempts: u16,
}

impl NewJob {
    /// A job that is due at once and may fail a few times.
    pub fn new(kind: &'static str, payload: Value) -> Self {
        Self { kind, payload, key: None, lane: None, delay: Duration::ZERO, max_attempts: 10 }
    }
}

/// A job that failed as often as it may.
#[derive(Debug, Clone)]
pub struct DeadJob {
    /// Which handler ran it.
    pub kind: String,
    /// What it was told.
    pub payload: Value,
    /// What it said last.
    pub last_error: Option<String>,
}

/// The queue failed.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The database failed.
    #[error("the job queue's database failed")]
    Database(#[from] DbErr),
    /// The PostgreSQL job engine failed.
    #[error("the job engine failed: {0}")]
    Engine(String),
}

/// Runs jobs.
#[async_trait]
pub trait Dispatcher: Send + Sync + 'static {
    /// Runs one job. An error is retried with backoff until the job's attempts are used up.
    ///
    /// # Errors
    /// A sentence that is kept with the job.
    async fn dispatch(&self, kind: &str, payload: Value) -> Result<(), String>;
}

/// A durable queue.
#[async_trait]
pub trait JobQueue: Send + Sync + 'static {
    /// Adds a job in the caller's transaction: it runs if and only if that commits.
    ///
    /// # Errors
    /// The database's.
    async fn enqueue(&self, transaction: &DatabaseTransaction, job: NewJob) -> Result<(), QueueError>;

    /// Runs jobs until told to stop, then waits for those under way. Outlives the database being away.
    async fn run(&self, dispatcher: Arc<dyn Dispatcher>, stop: CancellationToken);

    /// Jobs that are waiting or running.
    ///
    /// # Errors
    /// The database's.
    async fn outstanding(&self) -> Result<u64, QueueError>;

    /// Jobs that failed for good, newest first, at most 100.
    ///
    /// # Errors
    /// The database's.
    async fn dead(&self) -> Result<Vec<DeadJob>, QueueError>;
}

/// The queue that fits the database. On PostgreSQL the job engine's own schema is brought up to date.
///
/// # Errors
/// The database's.
pub async fn open(db: &DatabaseConnection) -> Result<Arc<dyn JobQueue>, QueueError> {
    Ok(match db.get_database_backend() {
        DbBackend::Postgres => Arc::new(PostgresQueue::open(db.clone()).await?),
        _ => Arc::new(SqliteQueue::open(db.clone()).await?),
    })
}

/// Adds jobs in the caller's transaction, in the order of their keys: PostgreSQL holds a lock for each key until the commit, and two
/// who add the same ones in different orders would wait for each other.
///
/// # Errors
/// The database's.
pub(crate) async fn enqueue_all(
    queue: &dyn JobQueue,
    transaction: &DatabaseTransaction,
    mut jobs: Vec<NewJob>,
) -> Result<(), QueueError> {
    jobs.sort_by(|one, other| one.key.cmp(&other.key));
    for job in jobs {
        queue.enqueue(transaction, job).await?;
    }
    Ok(())
}

/// How long a job that failed for the n-th time waits: 1 s, 2 s, 4 s … at most 5 minutes.
fn backoff(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.saturating_sub(1).min(9)).min(Duration::from_secs(300))
}
