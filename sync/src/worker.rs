//! A worker: runs jobs, and wakes what is due.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbBackend;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::job::Jobs;
use crate::schedule;

/// How often due work is looked for.
const TICK: Duration = Duration::from_millis(500);

/// Works until told to stop; what is under way reaches its next safe point first.
pub async fn run(engine: Engine, stop: CancellationToken) {
    if engine.db.get_database_backend() == DbBackend::Sqlite
        && let Err(error) = schedule::release_all_leases(&engine).await
    {
        tracing::warn!(%error, "Runs of an earlier process could not be freed yet; they go on when their lease ends");
    }
    let jobs = Arc::new(Jobs::new(engine.clone(), stop.clone()));
    tokio::join!(engine.queue.run(jobs, stop.clone()), tick(&engine, &stop));
}

async fn tick(engine: &Engine, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = schedule::wake_due_runs(engine).await {
            tracing::warn!(%error, "Due runs could not be read; trying again");
        }
        if let Err(error) = schedule::start_due_runs(engine).await {
            tracing::warn!(%error, "Automatic runs could not be started; trying again");
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = stop.cancelled() => {}
        }
    }
}
