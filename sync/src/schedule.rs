//! What is due by our own clock.

use finbridge_entity::types::RunState;
use finbridge_entity::{begin_write, sync_run};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};

use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::continue_run;
use crate::lease::LEASE;

/// Wakes the runs whose time to go on has come: those that wait, and those whose worker died.
///
/// Many workers may do this at once; the run's lease lets one of them through.
///
/// # Errors
/// The database's.
pub async fn wake_due_runs(engine: &Engine) -> Result<(), SyncError> {
    let now = engine.clock.now();
    let due = sync_run::Entity::find()
        .filter(sync_run::Column::State.is_in([RunState::Queued, RunState::Running]))
        .filter(sync_run::Column::ResumeAt.lte(now))
        .limit(100)
        .all(&engine.db)
        .await?;
    for run in due {
        let transaction = begin_write(&engine.db).await?;
        let woken = sync_run::Entity::update_many()
            .col_expr(sync_run::Column::ResumeAt, Expr::value(now + LEASE))
            .filter(sync_run::Column::OrganizationId.eq(run.organization_id))
            .filter(sync_run::Column::Id.eq(run.id))
            .filter(Condition::all().add(sync_run::Column::ResumeAt.eq(run.resume_at)))
            .exec(&transaction)
            .await?;
        if woken.rows_affected == 1 {
            engine.queue.enqueue(&transaction, continue_run::job(run.organization_id, run.id)?).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// Frees the runs of a dead process. Only for the embedded database, which no other process can be using.
///
/// # Errors
/// The database's.
pub async fn release_all_leases(engine: &Engine) -> Result<(), SyncError> {
    sync_run::Entity::update_many()
        .col_expr(sync_run::Column::LeaseOwner, Expr::value(Option::<String>::None))
        .col_expr(sync_run::Column::ResumeAt, Expr::value(engine.clock.now()))
        .filter(sync_run::Column::State.is_in([RunState::Queued, RunState::Running]))
        .exec(&engine.db)
        .await?;
    Ok(())
}
