//! How far a run has come. The numbers are kept in one narrow row beside the run and moved with each record, in the same
//! transaction, so that looking costs the same however many records the run has. When a run ends they are counted anew,
//! so that history cannot disagree with its items.
//!
//! The row is always the last one a transaction touches: transactions that hold it wait for nothing else.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use finbridge_entity::types::{ItemOutcome, RunPhase};
use finbridge_entity::{sync_run, sync_run_item, sync_run_progress};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, Set, UpdateMany,
};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::SyncError;
use crate::event::{Subject, Topic};
use crate::outcome::Totals;
use sync_run_progress::Column;

/// Most frequent announcement of records that have their outcome.
const ANNOUNCED_EVERY: Duration = Duration::from_millis(200);

/// Where changes of this run are announced.
pub fn topic(organization_id: Uuid, run_id: Uuid) -> Topic {
    Topic::one(organization_id, Subject::SyncRun, run_id)
}

/// The row of a new run.
pub(crate) async fn begin(transaction: &DatabaseTransaction, run: &sync_run::Model) -> Result<(), DbErr> {
    sync_run_progress::ActiveModel {
        organization_id: Set(run.organization_id),
        id: Set(run.id),
        revision: Set(1),
        added: Set(0),
        updated: Set(0),
        deleted: Set(0),
        deactivated: Set(0),
        skipped: Set(0),
        conflicts: Set(0),
        failed: Set(0),
        kept: Set(0),
        pending: Set(0),
        apply_began_at: Set(None),
        changed_at: Set(run.created_at),
    }
    .insert(transaction)
    .await?;
    Ok(())
}

fn change(organization_id: Uuid, run_id: Uuid, now: DateTime<Utc>) -> UpdateMany<sync_run_progress::Entity> {
    sync_run_progress::Entity::update_many()
        .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
        .col_expr(Column::ChangedAt, Expr::value(now))
        .filter(Column::OrganizationId.eq(organization_id))
        .filter(Column::Id.eq(run_id))
}

/// The run itself changed.
pub(crate) async fn changed(
    transaction: &DatabaseTransaction,
    run: &sync_run::Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    change(run.organization_id, run.id, now).exec(transaction).await?;
    Ok(())
}

/// The run went on to its next phase.
pub(crate) async fn entered(
    transaction: &DatabaseTransaction,
    run: &sync_run::Model,
    phase: RunPhase,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut update = change(run.organization_id, run.id, now);
    if phase == RunPhase::Apply {
        update = update.col_expr(Column::ApplyBeganAt, Expr::col(Column::ApplyBeganAt).if_null(now));
    }
    update.exec(transaction).await?;
    Ok(())
}

/// So many more records were planned.
pub(crate) async fn planned(
    transaction: &DatabaseTransaction,
    run: &sync_run::Model,
    count: i64,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let pending = Expr::col(Column::Pending).add(count);
    change(run.organization_id, run.id, now).col_expr(Column::Pending, pending).exec(transaction).await?;
    Ok(())
}

/// So many records wait for somebody's approval instead of being done.
pub(crate) async fn held(
    transaction: &DatabaseTransaction,
    run: &sync_run::Model,
    count: i64,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    change(run.organization_id, run.id, now)
        .col_expr(Column::Pending, Expr::col(Column::Pending).sub(count))
        .col_expr(Column::Conflicts, Expr::col(Column::Conflicts).add(count))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Commits what came of single records, and announces that now and then: PostgreSQL lets transactions that notify commit
/// only one by one, and nobody looks more often.
#[derive(Default)]
pub(crate) struct Pulse(Mutex<Option<Instant>>);

impl Pulse {
    /// Moves the run's numbers with the item, and commits both.
    pub(crate) async fn commit(
        &self,
        engine: &Engine,
        transaction: DatabaseTransaction,
        item: &sync_run_item::Model,
    ) -> Result<(), SyncError> {
        let run = topic(item.organization_id, item.run_id);
        self.commit_many(engine, transaction, run, item.outcome, 1).await
    }

    /// The same with so many items of one outcome.
    pub(crate) async fn commit_many(
        &self,
        engine: &Engine,
        transaction: DatabaseTransaction,
        run: Topic,
        outcome: ItemOutcome,
        count: i64,
    ) -> Result<(), SyncError> {
        if let (Some(column), Some(run_id)) = (settled(outcome), run.id) {
            change(run.organization_id, run_id, engine.clock.now())
                .col_expr(column, Expr::col(column).add(count))
                .col_expr(Column::Pending, Expr::col(Column::Pending).sub(count))
                .exec(&transaction)
                .await?;
        }
        let topics: &[_] = if self.is_due() { &[run] } else { &[] };
        Ok(engine.events.commit(transaction, topics).await?)
    }

    /// True at most once in the interval.
    fn is_due(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= ANNOUNCED_EVERY);
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}

/// The number that a record with this outcome counts in; none while it is pending.
fn settled(outcome: ItemOutcome) -> Option<Column> {
    Some(match outcome {
        ItemOutcome::None => return None,
        ItemOutcome::Added => Column::Added,
        ItemOutcome::Updated => Column::Updated,
        ItemOutcome::Deleted => Column::Deleted,
        ItemOutcome::Deactivated => Column::Deactivated,
        ItemOutcome::Skipped => Column::Skipped,
        ItemOutcome::Conflict => Column::Conflicts,
        ItemOutcome::Failed => Column::Failed,
        ItemOutcome::Kept => Column::Kept,
    })
}

/// The run ended with these numbers.
pub(crate) async fn ended(
    transaction: &DatabaseTransaction,
    run: &sync_run::Model,
    totals: Totals,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    change(run.organization_id, run.id, now)
        .col_expr(Column::Added, Expr::value(totals.added))
        .col_expr(Column::Updated, Expr::value(totals.updated))
        .col_expr(Column::Deleted, Expr::value(totals.deleted))
        .col_expr(Column::Deactivated, Expr::value(totals.deactivated))
        .col_expr(Column::Skipped, Expr::value(totals.skipped))
        .col_expr(Column::Conflicts, Expr::value(totals.conflicts))
        .col_expr(Column::Failed, Expr::value(totals.failed))
        .col_expr(Column::Kept, Expr::value(totals.kept))
        .col_expr(Column::Pending, Expr::value(totals.pending))
        .exec(transaction)
        .await?;
    Ok(())
}
