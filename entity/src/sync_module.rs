//! Modules of integrations that were set up for sync.

use sea_orm::entity::prelude::*;

use crate::types::ModuleState;

/// A row of `sync_module`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_module")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The integration.
    pub integration_id: Uuid,
    /// The module.
    pub module: String,
    /// The settings in force.
    pub settings_version: i32,
    /// The run that is queued or running: at most one.
    pub active_run_id: Option<Uuid>,
    /// When the first sync completed (R101).
    pub initial_sync_at: Option<DateTimeUtc>,
    /// Up to where the finance side has been read.
    pub remote_cursor: Option<String>,
    /// Whether runs may start.
    pub state: ModuleState,
    /// When the next automatic run is due; null: none is.
    pub next_due_at: Option<DateTimeUtc>,
    /// When the ids of the finance side were last compared as a whole.
    pub swept_at: Option<DateTimeUtc>,
    /// How far a comparison of them came that was interrupted.
    pub sweep: Option<Json>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
