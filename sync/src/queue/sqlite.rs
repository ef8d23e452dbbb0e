//! The embedded queue: one table, one process.
//!
//! SQLite is never shared between processes (a file lock sees to that), so jobs found running at start were cut off
//! and go back to waiting. Due times are the machine's: they pace retries and never decide what is synchronised when.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use finbridge_domain::{Clock, SystemClock};
use finbridge_entity::begin_write;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement,
    Value as SqlValue,
};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{CONCURRENCY, DeadJob, Dispatcher, JobQueue, NewJob, QueueError, backoff};

/// How often the table is looked at when nothing woke the runner.
const POLL: Duration = Duration::from_millis(50);

/// The first look after an enqueue. Commits are not announced, only enqueues, and a job is not seen before its commit: looks follow
/// at twice the pause each, up to [`POLL`], so that a person who waits for a job waits for its commit and not for the clock.
const FIRST_LOOK: Duration = Duration::from_millis(1);

/// The queue in the `job` table.
pub struct SqliteQueue {
    db: DatabaseConnection,
    wake: Notify,
}

#[derive(Debug, FromQueryResult)]
struct Claimed {
    id: i64,
    kind: String,
    payload: Value,
    lane: Option<String>,
    attempts: i32,
    max_attempts: i32,
}

#[derive(FromQueryResult)]
struct DeadRow {
    kind: String,
    payload: Value,
    last_error: Option<String>,
}

impl SqliteQueue {
    /// Opens the queue and puts back what a killed process was running.
    ///
    /// # Errors
    /// The database's.
    pub async fn open(db: DatabaseConnection) -> Result<Self, QueueError> {
        let queue = Self { db, wake: Notify::new() };
        // A cut-off job counts as a failed attempt, or one that kills its process would do so for ever.
        queue
            .execute(
                &queue.db,
                "UPDATE job SET state = CASE WHEN attempts >= max_attempts THEN 'DEAD' ELSE 'PENDING' END, \
                 last_error = 'the process ended while the job ran' WHERE state = 'RUNNING'",
                [],
            )
            .await?;
        Ok(queue)
    }

    async fn execute(
        &self,
        connection: &impl ConnectionTrait,
        sql: &str,
        values: impl IntoIterator<Item = SqlValue>,
    ) -> Result<u64, DbErr> {
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        Ok(connection.execute_raw(statement).await?.rows_affected())
    }

    async fn claim(&self, busy_lanes: &HashSet<String>) -> Result<Option<Claimed>, DbErr> {
        let now = now_ms();
        let due = Statement::from_sql_and_values(
            DbBackend::Sqlite,
            "SELECT id, kind, payload, lane, attempts, max_attempts FROM job \
             WHERE state = 'PENDING' AND run_at_ms <= ? ORDER BY run_at_ms, id LIMIT 100",
            [now.into()],
        );
        // Looking costs no write lock; only a job that is there is worth one.
        let waiting = Claimed::find_by_statement(due).all(&self.db).await?;
        let free = |job: &Claimed| job.lane.as_ref().is_none_or(|lane| !busy_lanes.contains(lane));
        let Some(mut job) = waiting.into_iter().find(free) else { return Ok(None) };
        let transaction = begin_write(&self.db).await?;
        let claimed = self
            .execute(
                &transaction,
                "UPDATE job SET state = 'RUNNING', attempts = attempts + 1, key = NULL WHERE id = ? AND state = 'PENDING'",
                [job.id.into()],
            )
            .await?;
        transaction.commit().await?;
        job.attempts += 1;
        Ok((claimed == 1).then_some(job))
    }

    async fn finish(
        &self,
        id: i64,
        attempts: i32,
        max_attempts: i32,
        result: Result<(), String>,
    ) -> Result<(), DbErr> {
        let Err(error) = result else {
            self.execute(&self.db, "DELETE FROM job WHERE id = ?", [id.into()]).await?;
            return Ok(());
        };
        let dead = attempts >= max_attempts;
        let state = if dead { "DEAD" } else { "PENDING" };
        tracing::warn!(job = id, attempts, dead, error, "A job failed");
        let delay = backoff(u32::try_from(attempts).unwrap_or_default());
        let run_at = now_ms() + i64::try_from(delay.as_millis()).unwrap_or(i64::MAX / 2);
        self.execute(
            &self.db,
            "UPDATE job SET state = ?, run_at_ms = ?, last_error = ? WHERE id = ?",
            [state.into(), run_at.into(), error.into(), id.into()],
        )
        .await?;
        Ok(())
    }
}

#[async_trait]
impl JobQueue for SqliteQueue {
    async fn enqueue(&self, transaction: &DatabaseTransaction, job: NewJob) -> Result<(), QueueError> {
        let run_at = now_ms() + i64::try_from(job.delay.as_millis()).unwrap_or(i64::MAX / 2);
        self.execute(
            transaction,
            "INSERT INTO job (kind, payload, key, lane, state, run_at_ms, attempts, max_attempts) \
             VALUES (?, ?, ?, ?, 'PENDING', ?, 0, ?) \
             ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, payload = excluded.payload, lane = excluded.lane, \
             state = 'PENDING', run_at_ms = excluded.run_at_ms, attempts = 0, max_attempts = excluded.max_attempts",
            [
                job.kind.into(),
                job.payload.into(),
                job.key.into(),
                job.lane.into(),
                run_at.into(),
                i32::from(job.max_attempts).into(),
            ],
        )
        .await?;
        self.wake.notify_one();
        Ok(())
    }

    async fn run(&self, dispatcher: Arc<dyn Dispatcher>, stop: CancellationToken) {
        let mut running: JoinSet<(Claimed, Result<(), String>)> = JoinSet::new();
        let mut busy_lanes = HashSet::new();
        let mut pause = POLL;
        while !stop.is_cancelled() {
            let room = running.len() < CONCURRENCY;
            match if room { self.claim(&busy_lanes).await } else { Ok(None) } {
                Ok(Some(job)) => {
                    busy_lanes.extend(job.lane.clone());
                    let dispatcher = dispatcher.clone();
                    running.spawn(async move {
                        let (kind, payload) = (job.kind.clone(), job.payload.clone());
                        let result =
                            tokio::spawn(async move { dispatcher.dispatch(&kind, payload).await }).await;
                        (job, result.unwrap_or_else(|panic| Err(format!("the job panicked: {panic}"))))
                    });
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "The job table cannot be read; trying again"),
            }
            tokio::select! {
                Some(done) = running.join_next() => self.settle(done, &mut busy_lanes).await,
                () = self.wake.notified() => pause = FIRST_LOOK,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(POLL),
                () = stop.cancelled() => {}
            }
        }
        while let Some(done) = running.join_next().await {
            self.settle(done, &mut busy_lanes).await;
        }
    }

    async fn outstanding(&self) -> Result<u64, QueueError> {
        let statement =
            Statement::from_string(DbBackend::Sqlite, "SELECT count(*) AS n FROM job WHERE state <> 'DEAD'");
        let row = self.db.query_one_raw(statement).await?;
        Ok(row
            .map(|row| row.try_get::<i64>("", "n"))
            .transpose()?
            .and_then(|n| n.try_into().ok())
            .unwrap_or_default())
    }

    async fn dead(&self) -> Result<Vec<DeadJob>, QueueError> {
        let sql = "SELECT kind, payload, last_error FROM job WHERE state = 'DEAD' ORDER BY id DESC LIMIT 100";
        let rows =
            DeadRow::find_by_statement(Statement::from_string(DbBackend::Sqlite, sql)).all(&self.db).await?;
        Ok(rows
            .into_iter()
            .map(|row| DeadJob { kind: row.kind, payload: row.payload, last_error: row.last_error })
            .collect())
    }
}

impl SqliteQueue {
    async fn settle(
        &self,
        done: Result<(Claimed, Result<(), String>), tokio::task::JoinError>,
        busy_lanes: &mut HashSet<String>,
    ) {
        let Ok((job, result)) = done else { return };
        if let Some(lane) = &job.lane {
            busy_lanes.remove(lane);
        }
        if let Err(error) = self.finish(job.id, job.attempts, job.max_attempts, result).await {
            // The job stays RUNNING and returns to waiting when the process starts again.
            tracing::error!(job = job.id, %error, "The end of a job could not be recorded");
        }
    }
}

fn now_ms() -> i64 {
    SystemClock.now().timestamp_millis()
}
