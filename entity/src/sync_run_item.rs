//! What a run does with one record.

use sea_orm::entity::prelude::*;

use crate::types::{ItemAction, ItemOutcome, ItemState};

/// A row of `sync_run_item`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_run_item")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The run.
    pub run_id: Uuid,
    /// The stage in which it is done.
    pub stage: i32,
    /// Kind of the finance record.
    pub kind: String,
    /// The finance record that it belongs to.
    pub remote_parent_id: Option<String>,
    /// Kind of the CRM record.
    pub record_type: String,
    /// The CRM record.
    pub record_id: Uuid,
    /// Its name when planned.
    pub record_name: String,
    /// Its version when planned.
    pub record_version: i64,
    /// What is to be done.
    pub action: ItemAction,
    /// The rule that decided.
    pub rule: String,
    /// Why, as a sentence.
    pub reason: String,
    /// Whether it is done.
    pub state: ItemState,
    /// The finance record.
    pub remote_id: Option<String>,
    /// The name it shall have there.
    pub remote_name: Option<String>,
    /// Field by field, the finance record before and after.
    pub changes: Json,
    /// Field by field, the CRM record before and after, named as on the finance side.
    pub crm_changes: Option<Json>,
    /// Fields that both sides changed.
    pub conflicts: Option<Json>,
    /// What came of it.
    pub outcome: ItemOutcome,
    /// How often it was tried.
    pub attempts: i32,
    /// The finance side's id of the last request.
    pub remote_request_id: Option<String>,
    /// Why it failed.
    pub error_code: Option<String>,
    /// The same as a sentence, with the remedy.
    pub error_message: Option<String>,
    /// That sentence without what is the record's own, where it holds any: what failures of one reason share (X19).
    pub error_template: Option<String>,
    /// The finance side's error code.
    pub remote_code: Option<String>,
    /// The finance side's own words.
    pub remote_message: Option<String>,
    /// When it was planned.
    pub created_at: DateTimeUtc,
    /// When it ended.
    pub finished_at: Option<DateTimeUtc>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
