//! Runs of the sync engine.

use sea_orm::entity::prelude::*;

use crate::types::{RunPhase, RunState, RunTrigger};

/// A row of `sync_run`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_run")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The integration.
    pub integration_id: Uuid,
    /// The module row.
    pub sync_module_id: Uuid,
    /// The module.
    pub module: String,
    /// What started it.
    pub trigger: RunTrigger,
    /// How it stands.
    pub state: RunState,
    /// What it is doing.
    pub phase: RunPhase,
    /// The settings it began with.
    pub settings_version: i32,
    /// Those settings.
    pub settings: Json,
    /// Who asked for it.
    pub requested_by_id: Option<Uuid>,
    /// The stage that is being planned.
    pub plan_stage: i32,
    /// The one record that it is about; null: all of them (R104).
    pub only_record_id: Option<Uuid>,
    /// The run whose failures it is about; null: of none.
    pub retry_of_id: Option<Uuid>,
    /// The run that it takes back; null: of none.
    pub undo_of_id: Option<Uuid>,
    /// Whether it stops once it is planned, until somebody has looked at the plan.
    pub is_plan: bool,
    /// The hash of the plan that it carries out to the letter; null: what it finds.
    pub plan_hash: Option<String>,
    /// What that plan comes to, once it is made: records and requests.
    pub plan: Option<Json>,
    /// Whether it compares every pair, changed or not.
    pub is_reconcile: bool,
    /// Whether somebody approved deletions beyond the guard.
    pub may_delete: bool,
    /// Whether somebody asked for its end.
    pub is_cancelled: bool,
    /// Last record planned.
    pub plan_position: Option<Uuid>,
    /// Records planned so far.
    pub planned_count: i64,
    /// Interruptions in a row without progress.
    pub attempts: i32,
    /// When to go on; null: nothing to do.
    pub resume_at: Option<DateTimeUtc>,
    /// The worker on it.
    pub lease_owner: Option<String>,
    /// Until when that worker has it.
    pub lease_until: Option<DateTimeUtc>,
    /// What came of inviting CRM users to the finance app; null when it did not (X11).
    pub crm_users: Option<Json>,
    /// Why it failed.
    pub error_code: Option<String>,
    /// The same as a sentence.
    pub error_message: Option<String>,
    /// When it was asked for.
    pub created_at: DateTimeUtc,
    /// When it began.
    pub started_at: Option<DateTimeUtc>,
    /// When it ended.
    pub finished_at: Option<DateTimeUtc>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
