//! The queue for many processes: Graphile Worker's schema and protocol in the same PostgreSQL.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use graphile_worker::{
    IntoTaskHandlerResult, JobRecovery, JobRecoveryResult, LocalQueueConfig, RefetchDelayConfig, TaskHandler,
    WorkerContext, WorkerOptions, WorkerUtils, worker_utils::types::CleanupTask,
};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, FromQueryResult, Statement,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{CONCURRENCY, DeadJob, Dispatcher, JobQueue, NewJob, QueueError};

/// Pause before a worker that lost its database is started again.
const RESTART_PAUSE: Duration = Duration::from_secs(2);

/// How often the job engine is told that there may be jobs. Its local queue can miss the moment in which its last job is taken
/// (`graphile_worker` 0.14.1 announces it to those only that wait already), and then fetches nothing until the next announcement,
/// which for jobs that are due later never comes.
const NUDGE: Duration = Duration::from_secs(1);

/// How often lanes are forgotten in which nothing waits: the job engine keeps them, and each run is one.
const TIDY: Duration = Duration::from_secs(3600);

/// The queue in the `graphile_worker` schema.
pub struct PostgresQueue {
    db: DatabaseConnection,
}

/// The one task the engine knows; the kind inside says which handler of ours runs it.
#[derive(Debug, Serialize, Deserialize)]
struct Task {
    kind: String,
    payload: Value,
}

#[derive(Clone)]
struct Handlers(Arc<dyn Dispatcher>);

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handlers")
    }
}

impl TaskHandler for Task {
    const IDENTIFIER: &'static str = "finbridge";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(Handlers(dispatcher)) = context.get_ext::<Handlers>() else {
            return Err("the worker was started without handlers".to_owned());
        };
        dispatcher.dispatch(&self.kind, self.payload).await
    }
}

#[derive(FromQueryResult)]
struct DeadRow {
    payload: Value,
    last_error: Option<String>,
}

impl PostgresQueue {
    /// Opens the queue and brings its schema up to date.
    ///
    /// # Errors
    /// The database's.
    pub async fn open(db: DatabaseConnection) -> Result<Self, QueueError> {
        let queue = Self { db };
        // Initialising a worker is what migrates its schema; this one is never run.
        queue.options().init().await.map_err(|error| QueueError::Engine(error.to_string()))?;
        Ok(queue)
    }

    fn options(&self) -> WorkerOptions {
        WorkerOptions::default()
            .pg_pool(self.db.get_postgres_connection_pool().clone())
            .concurrency(CONCURRENCY)
            // Without a local queue each notification fetches one job: tens of jobs a second instead of hundreds. Without a
            // pause it wakes itself after every fetch, and an idle worker asks thousands of times a second; with this
            // threshold the next announcement ends the pause.
            .local_queue(
                LocalQueueConfig::default()
                    .with_size(CONCURRENCY)
                    .with_refetch_delay(RefetchDelayConfig::default().with_max_abort_threshold(1)),
            )
            .heartbeat_interval(Duration::from_secs(5))
            .sweep_interval(Duration::from_secs(5))
            .sweep_threshold(Duration::from_secs(30))
            // A job that kills its process must use up attempts, or it would do so for ever.
            .on(JobRecovery, |_| async { JobRecoveryResult::FailWithBackoff })
            // Its own handling of signals also stops on SIGHUP; the server decides when to stop.
            .listen_os_shutdown_signals(false)
            .define_job::<Task>()
    }
}

impl PostgresQueue {
    /// Announces jobs again and again, as adding one does.
    async fn nudge(&self) -> Infallible {
        loop {
            tokio::time::sleep(NUDGE).await;
            // A database that is gone is the job engine's affair.
            let _ = self.db.execute_unprepared("SELECT pg_notify('jobs:insert', '')").await;
        }
    }

    /// Forgets lanes in which nothing waits, now and again and again.
    async fn tidy(utils: WorkerUtils) -> Infallible {
        let mut hours = tokio::time::interval(TIDY);
        loop {
            hours.tick().await;
            // It waits a second at most for those who are adding jobs.
            if let Err(error) = utils.cleanup(&[CleanupTask::GcJobQueues]).await {
                tracing::info!(%error, "Lanes of the job queue could not be forgotten; they are next time");
            }
        }
    }
}

#[async_trait]
impl JobQueue for PostgresQueue {
    async fn enqueue(&self, transaction: &DatabaseTransaction, job: NewJob) -> Result<(), QueueError> {
        let payload = serde_json::json!({ "kind": job.kind, "payload": job.payload });
        let delay = i64::try_from(job.delay.as_millis()).unwrap_or(i64::MAX / 2);
        let statement = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT graphile_worker.add_job(identifier => $1, payload => $2::json, queue_name => $3, \
             run_at => now() + $4 * interval '1 millisecond', max_attempts => $5, job_key => $6)",
            [
                Task::IDENTIFIER.into(),
                payload.into(),
                job.lane.into(),
                delay.into(),
                i32::from(job.max_attempts).into(),
                job.key.into(),
            ],
        );
        transaction.execute_raw(statement).await?;
        Ok(())
    }

    async fn run(&self, dispatcher: Arc<dyn Dispatcher>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let stopping = stop.clone();
            let options = self
                .options()
                .add_extension(Handlers(dispatcher.clone()))
                .shutdown_signal(async move { stopping.cancelled().await });
            let ended = match options.init().await {
                Ok(worker) => tokio::select! {
                    ended = worker.run() => ended.map_err(|error| error.to_string()),
                    never = self.nudge() => match never {},
                    never = Self::tidy(worker.create_utils()) => match never {},
                },
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = ended {
                tracing::warn!(error, "The job engine lost its database; starting it again");
            }
            tokio::select! {
                () = tokio::time::sleep(RESTART_PAUSE) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn outstanding(&self) -> Result<u64, QueueError> {
        let sql = "SELECT count(*) AS n FROM graphile_worker._private_jobs WHERE attempts < max_attempts OR locked_at IS NOT NULL";
        let row = self.db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        Ok(row
            .map(|row| row.try_get::<i64>("", "n"))
            .transpose()?
            .and_then(|n| n.try_into().ok())
            .unwrap_or_default())
    }

    async fn dead(&self) -> Result<Vec<DeadJob>, QueueError> {
        // A job in whose place another one came while it ran counts as tried often enough, and is not dead for all that.
        let sql = "SELECT payload, last_error FROM graphile_worker._private_jobs AS jobs \
                   WHERE attempts >= max_attempts AND locked_at IS NULL AND NOT EXISTS \
                   (SELECT 1 FROM graphile_worker._private_job_retirements AS retired WHERE retired.id = jobs.id) \
                   ORDER BY id DESC LIMIT 100";
        let rows = DeadRow::find_by_statement(Statement::from_string(DbBackend::Postgres, sql))
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|row| {
                let task: Task = serde_json::from_value(row.payload)
                    .map_err(|error| QueueError::Engine(error.to_string()))?;
                Ok(DeadJob { kind: task.kind, payload: task.payload, last_error: row.last_error })
            })
            .collect()
    }
}
