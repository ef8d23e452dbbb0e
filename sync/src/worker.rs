//! A worker: runs jobs, and wakes what is due.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbBackend;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::job::Jobs;
use crate::{act, document, retention, schedule, trigger, wake};

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
    tokio::join!(engine.queue.run(jobs, stop.clone()), tick(&engine, &stop), settle(&engine, &stop));
}

async fn tick(engine: &Engine, stop: &CancellationToken) {
    let mut prune_at = engine.clock.now();
    while !stop.is_cancelled() {
        let now = engine.clock.now();
        if prune_at <= now {
            match retention::prune(engine).await {
                // There is more: the next tick goes on, so that nobody's writes have to wait for long.
                Ok(true) => {}
                Ok(false) => prune_at = now + retention::EVERY,
                Err(error) => {
                    prune_at = now + retention::EVERY;
                    tracing::warn!(%error, "What is too old to be kept could not be removed; trying again in an hour");
                }
            }
        }
        if let Err(error) = schedule::wake_due_runs(engine).await {
            tracing::warn!(%error, "Due runs could not be read; trying again");
        }
        if let Err(error) = schedule::discard_old_plans(engine).await {
            tracing::warn!(%error, "Old plans could not be discarded; trying again");
        }
        if let Err(error) = schedule::start_due_runs(engine).await {
            tracing::warn!(%error, "Automatic runs could not be started; trying again");
        }
        if let Err(error) = wake::start_woken_runs(engine).await {
            tracing::warn!(%error, "Runs that webhooks asked for could not be started; trying again");
        }
        if let Err(error) = act::wake_due(engine).await {
            tracing::warn!(%error, "What was asked about documents could not be looked for; trying again");
        }
        if let Err(error) = document::feed::wake_due(engine).await {
            tracing::warn!(%error, "Documents that are due could not be looked for; trying again");
        }
        if let Err(error) = trigger::wake_due(engine).await {
            tracing::warn!(%error, "Deals whose triggers wait could not be looked for; trying again");
        }
        pause(stop).await;
    }
}

/// Gives back, until told to stop, what this process may ask finance apps and does not. A process without a worker asks
/// too, for people.
pub async fn settle(engine: &Engine, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = engine.budgets.settle().await {
            tracing::warn!(%error, "Requests that are not used could not be given back; trying again");
        }
        pause(stop).await;
    }
}

async fn pause(stop: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(TICK) => {}
        () = stop.cancelled() => {}
    }
}
