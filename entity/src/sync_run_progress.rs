//! How far a run has come: one narrow row beside each run, so that looking costs the same however many records it has.

use sea_orm::entity::prelude::*;

/// A row of `sync_run_progress`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_run_progress")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Rises with every change of the run or of these numbers.
    pub revision: i64,
    /// Finance records made.
    pub added: i64,
    /// Finance records changed or linked.
    pub updated: i64,
    /// Finance records removed.
    pub deleted: i64,
    /// Finance records made inactive.
    pub deactivated: i64,
    /// Records left alone by rule.
    pub skipped: i64,
    /// Records that wait for a person's decision.
    pub conflicts: i64,
    /// Records that failed.
    pub failed: i64,
    /// Records that an undo left as they are.
    pub kept: i64,
    /// Records planned and not done yet.
    pub pending: i64,
    /// When the first record's turn came.
    pub apply_began_at: Option<DateTimeUtc>,
    /// When the revision rose last.
    pub changed_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
