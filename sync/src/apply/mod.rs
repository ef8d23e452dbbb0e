//! Applying the plan, record by record: claim, write, read back, note. Each record ends with its own outcome; one
//! that fails does not stop the others.

mod item;

use std::sync::atomic::{AtomicUsize, Ordering};

use finbridge_contract::{CustomerAdapter, Failure};
use finbridge_entity::types::ItemState;
use finbridge_entity::{Scoped, sync_run, sync_run_item};
use futures::StreamExt;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::progress::{self, Pulse};
use item::{ItemWorker, Settled};

pub(crate) use item::error_code;

/// Records written at the same time.
const PARALLEL: usize = 4;

/// Items read at a time.
const BATCH: u64 = 100;

/// Tries of one record before it counts as failed.
const MOST_ATTEMPTS: i32 = 5;

/// Passing failures in a row after which the finance app is given a rest.
const PATIENCE: usize = 5;

/// How far applying came.
pub enum Applied {
    /// Every item has its outcome.
    All,
    /// Told to stop.
    Stopped,
    /// Some records failed in a way that may pass; they are tried again after a pause.
    Waits,
    /// The finance app answers nobody: no record is to blame, all of them wait.
    Outage(Failure),
}

/// Applies what is pending.
///
/// # Errors
/// What concerns the whole run: a refused credential, a rate limit, the database.
pub async fn apply(
    engine: &Engine,
    run: &sync_run::Model,
    remote: &Remote,
    adapter: &dyn CustomerAdapter,
    stop: &CancellationToken,
) -> Result<Applied, SyncError> {
    let applied = work_off(engine, run, remote, adapter, stop).await;
    // The last records may have fallen between two announcements.
    engine.events.announce(&engine.db, progress::topic(run.organization_id, run.id)).await?;
    applied
}

async fn work_off(
    engine: &Engine,
    run: &sync_run::Model,
    remote: &Remote,
    adapter: &dyn CustomerAdapter,
    stop: &CancellationToken,
) -> Result<Applied, SyncError> {
    let unanswered = AtomicUsize::new(0);
    let pulse = Pulse::default();
    let mut after = None;
    loop {
        if stop.is_cancelled() {
            return Ok(Applied::Stopped);
        }
        let mut select = sync_run_item::Entity::of(run.organization_id)
            .filter(sync_run_item::Column::RunId.eq(run.id))
            .filter(sync_run_item::Column::State.eq(ItemState::Pending))
            .order_by_asc(sync_run_item::Column::Id)
            .limit(BATCH);
        if let Some(after) = after {
            select = select.filter(sync_run_item::Column::Id.gt(after));
        }
        let items = select.all(&engine.db).await?;
        let Some(last) = items.last() else { break };
        after = Some(last.id);
        let mut done = futures::stream::iter(items)
            .map(|item| async {
                if stop.is_cancelled() {
                    return Ok(None);
                }
                let worker = ItemWorker { engine, remote, adapter, pulse: &pulse };
                match worker.work(item).await? {
                    Settled::Answered => unanswered.store(0, Ordering::Relaxed),
                    Settled::Unanswered(failure) => {
                        if unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= PATIENCE {
                            return Ok(Some(failure));
                        }
                    }
                }
                Ok::<_, SyncError>(None)
            })
            .buffer_unordered(PARALLEL);
        while let Some(result) = done.next().await {
            if let Some(failure) = result? {
                forgive(engine, run).await?;
                return Ok(Applied::Outage(failure));
            }
        }
    }
    let left = sync_run_item::Entity::of(run.organization_id)
        .filter(sync_run_item::Column::RunId.eq(run.id))
        .filter(sync_run_item::Column::State.eq(ItemState::Pending))
        .one(&engine.db)
        .await?;
    Ok(if left.is_some() { Applied::Waits } else { Applied::All })
}

/// In an outage the tries of single records do not count: they failed with everything else.
async fn forgive(engine: &Engine, run: &sync_run::Model) -> Result<(), SyncError> {
    sync_run_item::Entity::update_many()
        .col_expr(sync_run_item::Column::Attempts, Expr::value(0))
        .filter(sync_run_item::Column::OrganizationId.eq(run.organization_id))
        .filter(sync_run_item::Column::RunId.eq(run.id))
        .filter(sync_run_item::Column::State.eq(ItemState::Pending))
        .exec(&engine.db)
        .await?;
    Ok(())
}
