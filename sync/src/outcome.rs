//! What a run came to, record by record.

use std::collections::HashMap;

use finbridge_entity::types::{ItemOutcome, RunState};
use finbridge_entity::{Scoped, sync_run_item, sync_run_progress};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QuerySelect};
use uuid::Uuid;

/// Numbers of records by what came of them (R106).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Finance records made.
    pub added: i64,
    /// Finance records changed or linked.
    pub updated: i64,
    /// Finance records removed.
    pub deleted: i64,
    /// Finance records made inactive because they have transactions (R117).
    pub deactivated: i64,
    /// Records left alone by rule.
    pub skipped: i64,
    /// Records that wait for a person's decision.
    pub conflicts: i64,
    /// Records that failed (R107).
    pub failed: i64,
    /// Records that an undo left as they are.
    pub kept: i64,
    /// Records planned and not done yet.
    pub pending: i64,
}

impl Totals {
    /// The state of a run that ended with these numbers.
    pub fn final_state(&self) -> RunState {
        if self.failed == 0 && self.conflicts == 0 { RunState::Succeeded } else { RunState::Partial }
    }

    /// All records planned.
    pub fn planned(&self) -> i64 {
        self.done() + self.pending
    }

    /// Those that have their outcome.
    pub fn done(&self) -> i64 {
        self.added
            + self.updated
            + self.deleted
            + self.deactivated
            + self.skipped
            + self.conflicts
            + self.failed
            + self.kept
    }

    fn slot(&mut self, outcome: ItemOutcome) -> &mut i64 {
        match outcome {
            ItemOutcome::None => &mut self.pending,
            ItemOutcome::Added => &mut self.added,
            ItemOutcome::Updated => &mut self.updated,
            ItemOutcome::Deleted => &mut self.deleted,
            ItemOutcome::Deactivated => &mut self.deactivated,
            ItemOutcome::Skipped => &mut self.skipped,
            ItemOutcome::Conflict => &mut self.conflicts,
            ItemOutcome::Failed => &mut self.failed,
            ItemOutcome::Kept => &mut self.kept,
        }
    }
}

impl From<&sync_run_progress::Model> for Totals {
    fn from(row: &sync_run_progress::Model) -> Self {
        Self {
            added: row.added,
            updated: row.updated,
            deleted: row.deleted,
            deactivated: row.deactivated,
            skipped: row.skipped,
            conflicts: row.conflicts,
            failed: row.failed,
            kept: row.kept,
            pending: row.pending,
        }
    }
}

/// The totals of each of these runs as they are kept, in one statement.
///
/// # Errors
/// The database's.
pub async fn totals(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    run_ids: &[Uuid],
) -> Result<HashMap<Uuid, Totals>, DbErr> {
    let kept = sync_run_progress::Entity::of(organization_id)
        .filter(sync_run_progress::Column::Id.is_in(run_ids.iter().copied()))
        .all(db)
        .await?;
    Ok(kept.iter().map(|row| (row.id, row.into())).collect())
}

/// The totals of a run counted from its items, which takes time in proportion to them.
///
/// # Errors
/// The database's.
pub async fn counted(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    run_id: Uuid,
) -> Result<Totals, DbErr> {
    let counted: Vec<(ItemOutcome, i64)> = sync_run_item::Entity::of(organization_id)
        .select_only()
        .column(sync_run_item::Column::Outcome)
        .column_as(sync_run_item::Column::Id.count(), "n")
        .filter(sync_run_item::Column::RunId.eq(run_id))
        .group_by(sync_run_item::Column::Outcome)
        .into_tuple()
        .all(db)
        .await?;
    let mut totals = Totals::default();
    for (outcome, n) in counted {
        *totals.slot(outcome) += n;
    }
    Ok(totals)
}
