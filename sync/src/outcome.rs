//! What a run came to: counted from its items, so that history cannot disagree with them.

use std::collections::HashMap;

use finbridge_entity::types::{ItemOutcome, RunState};
use finbridge_entity::{Scoped, sync_run_item};
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
        self.added
            + self.updated
            + self.deleted
            + self.deactivated
            + self.skipped
            + self.conflicts
            + self.failed
            + self.pending
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
        }
    }
}

/// The totals of each of these runs, in one statement.
///
/// # Errors
/// The database's.
pub async fn totals(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    run_ids: &[Uuid],
) -> Result<HashMap<Uuid, Totals>, DbErr> {
    let counted: Vec<(Uuid, ItemOutcome, i64)> = sync_run_item::Entity::of(organization_id)
        .select_only()
        .column(sync_run_item::Column::RunId)
        .column(sync_run_item::Column::Outcome)
        .column_as(sync_run_item::Column::Id.count(), "n")
        .filter(sync_run_item::Column::RunId.is_in(run_ids.iter().copied()))
        .group_by(sync_run_item::Column::RunId)
        .group_by(sync_run_item::Column::Outcome)
        .into_tuple()
        .all(db)
        .await?;
    let mut totals: HashMap<Uuid, Totals> = run_ids.iter().map(|id| (*id, Totals::default())).collect();
    for (run_id, outcome, n) in counted {
        *totals.entry(run_id).or_default().slot(outcome) += n;
    }
    Ok(totals)
}
