//! Taking back what a run did.

use finbridge_entity::types::{RunState, RunTrigger};
use finbridge_entity::{Scoped, begin_write, sync_run};
use finbridge_sync::run::StartRun;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceResult, UserError};
use super::sync::queued;

/// Queues a run that takes back what another did. Asked for again, it is the same run, unless something failed in that one.
///
/// # Errors
/// `NOT_FOUND`, also for a run that has not ended; `NOT_UNDOABLE`, also for one that is older than history is kept;
/// `SYNC_ALREADY_RUNNING`, `SYNC_PAUSED`.
pub async fn undo(services: &Services, run_id: Uuid) -> ServiceResult<sync_run::Model> {
    services.viewer.require_administrator()?;
    let here = services.organization_id();
    let transaction = begin_write(services.db()).await?;
    let run = sync_run::Entity::one_of(here, run_id).one(&transaction).await?;
    let Some(run) = run.filter(|run| run.state.is_final()) else {
        let message = "There is no such run that has ended; `syncRuns` lists them";
        return Err(UserError::of(ErrorCode::NotFound, "runId", message).into());
    };
    if run.undo_of_id.is_some() {
        let message = "This run took another one back, which is not taken back itself; `syncRunStart` starts a run that does what there is to do";
        return Err(UserError::of(ErrorCode::NotUndoable, "runId", message).into());
    }
    let earlier = sync_run::Entity::of(here)
        .filter(sync_run::Column::UndoOfId.eq(run.id))
        .order_by_desc(sync_run::Column::Id)
        .one(&transaction)
        .await?;
    if let Some(earlier) = earlier
        && matches!(earlier.state, RunState::Queued | RunState::Running | RunState::Succeeded)
    {
        return Ok(earlier);
    }
    // Of an old run only a part may be known any more, and later ones, which may have touched the same records, are forgotten.
    let begins = services.engine.retention.history_begins(services.clock().now());
    if run.finished_at.is_some_and(|finished_at| finished_at < begins) {
        let message = "This run is older than history is kept, so what it did is not known in full any more; change the records, or link them anew";
        return Err(UserError::of(ErrorCode::NotUndoable, "runId", message).into());
    }
    let wish = StartRun {
        undo_of_id: Some(run.id),
        ..StartRun::of(here, run.sync_module_id, RunTrigger::Undo).by(services.viewer.user_id)
    };
    queued(services, transaction, wish).await
}
