//! Applying the plan, record by record: claim, write, read back, note. Each record ends with its own outcome; one
//! that fails does not stop the others.

pub(crate) mod alone;
mod in_crm;
mod make;
mod planned;
mod primary;
mod remove;
mod settle;
mod together;
mod undo;
mod update;
mod work;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use finbridge_contract::Failure;
use finbridge_entity::types::ItemState;
use finbridge_entity::{Scoped, sync_run, sync_run_item};
use futures::StreamExt;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::SyncError;
use crate::plan::Subject;
use crate::progress::{self, Pulse};
pub(crate) use planned::PLAN_STALE;
use settle::Settled;
pub(crate) use settle::error_code;
use together::{GROUP, Piece};
use work::Work;
pub(crate) use work::{changes, contents, crm_changes};

/// Records written at the same time.
pub(crate) const PARALLEL: usize = 4;

/// Items read at a time.
const BATCH: u64 = 100;

/// Passing failures in a row after which the finance app is given a rest.
const PATIENCE: usize = 5;

/// How far applying came.
pub enum Applied {
    /// Every item has its outcome.
    All,
    /// Told to stop.
    Stopped,
    /// Somebody ended the run.
    Cancelled,
    /// Some records failed in a way that may pass; they are tried again after a pause.
    Waits,
    /// The finance app answers nobody: no record is to blame, all of them wait.
    Outage(Failure),
}

/// Applies what is pending, stage by stage: what others belong to comes first.
///
/// # Errors
/// What concerns the whole run: a refused credential, a rate limit, the database.
pub async fn apply(
    engine: &Engine,
    run: &sync_run::Model,
    subject: &Subject<'_>,
    owner_id: Uuid,
    stop: &CancellationToken,
) -> Result<Applied, SyncError> {
    let pulse = Pulse::default();
    let work = Work::new(engine, run, *subject, owner_id, &pulse)?;
    let mut applied = Applied::All;
    for stage in 0..work.stages.len() {
        applied = work_off(&work, stage, stop).await?;
        if !matches!(applied, Applied::All) {
            break;
        }
    }
    // The last records may have fallen between two announcements.
    engine.events.announce(&engine.db, progress::topic(run.organization_id, run.id)).await?;
    if !matches!(applied, Applied::All) {
        return Ok(applied);
    }
    let left = pending(run).one(&engine.db).await?;
    Ok(if left.is_some() { Applied::Waits } else { Applied::All })
}

fn pending(run: &sync_run::Model) -> sea_orm::Select<sync_run_item::Entity> {
    sync_run_item::Entity::of(run.organization_id)
        .filter(sync_run_item::Column::RunId.eq(run.id))
        .filter(sync_run_item::Column::State.eq(ItemState::Pending))
}

async fn work_off(work: &Work<'_>, stage: usize, stop: &CancellationToken) -> Result<Applied, SyncError> {
    let (engine, run) = (work.engine, work.run);
    let unanswered = AtomicUsize::new(0);
    let mut after = None;
    loop {
        if stop.is_cancelled() {
            return Ok(Applied::Stopped);
        }
        if is_cancelled(engine, run).await? {
            return Ok(Applied::Cancelled);
        }
        let mut select = pending(run)
            .filter(sync_run_item::Column::Stage.eq(i32::try_from(stage).unwrap_or(i32::MAX)))
            .order_by_asc(sync_run_item::Column::Id)
            .limit(BATCH);
        if let Some(after) = after {
            select = select.filter(sync_run_item::Column::Id.gt(after));
        }
        let items = select.all(&engine.db).await?;
        let Some(last) = items.last() else { return Ok(Applied::All) };
        after = Some(last.id);
        if let Some(failure) = work_batch(work, items, &unanswered, stop).await? {
            forgive(engine, run).await?;
            return Ok(Applied::Outage(failure));
        }
    }
}

/// Works on a batch of items of one stage, some at the same time; what came of it is noted meanwhile. Some failure: the finance
/// app answers nobody.
async fn work_batch(
    work: &Work<'_>,
    items: Vec<sync_run_item::Model>,
    unanswered: &AtomicUsize,
    stop: &CancellationToken,
) -> Result<Option<Failure>, SyncError> {
    let (begun, rest) = work.begin(items).await?;
    let pieces = begun
        .into_iter()
        .map(Box::new)
        .map(Piece::Begun)
        .chain(rest.into_iter().map(Box::new).map(Piece::Single));
    let (made, noted) = mpsc::channel(2 * GROUP);
    let ends = AtomicBool::new(false);
    let unasked = Mutex::new(Vec::new());
    let working = async {
        // Whoever notes what is made ends when this is dropped.
        let made = made;
        let mut done = futures::stream::iter(pieces)
            .map(|piece| async {
                if stop.is_cancelled() || ends.load(Ordering::Relaxed) {
                    if let Piece::Begun(begun) = piece {
                        unasked.lock().unwrap_or_else(PoisonError::into_inner).push(begun.link.id);
                    }
                    return Ok(None);
                }
                match work.piece(piece, &made).await? {
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
        let mut end = None;
        while let Some(result) = done.next().await {
            if let Some(reason) = result.transpose() {
                // Nothing more begins. What is under way comes to its end: a write that is cut off would have to be looked
                // for, and a look whether the app answers again would find nothing out.
                ends.store(true, Ordering::Relaxed);
                end.get_or_insert(reason);
            }
        }
        end.transpose()
    };
    let noting = async {
        let noted = work.note_made(noted).await;
        if noted.is_err() {
            ends.store(true, Ordering::Relaxed);
        }
        noted
    };
    let (worked, noted) = tokio::join!(working, noting);
    let unasked = unasked.into_inner().unwrap_or_else(PoisonError::into_inner);
    work.give_back(unasked).await?;
    noted?;
    worked
}

async fn is_cancelled(engine: &Engine, run: &sync_run::Model) -> Result<bool, SyncError> {
    let now = sync_run::Entity::one_of(run.organization_id, run.id)
        .select_only()
        .column(sync_run::Column::IsCancelled)
        .into_tuple::<bool>()
        .one(&engine.db)
        .await?;
    Ok(now.unwrap_or(true))
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
