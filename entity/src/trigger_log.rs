//! What triggers did, and what not and why.

use sea_orm::entity::prelude::*;

use crate::types::{TriggerAction, TriggerOutcome};

/// A row of `trigger_log`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "trigger_log")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// The connection; null where none came into question.
    pub integration_id: Option<Uuid>,
    /// What was looked at.
    pub event_id: Uuid,
    /// The stage that the deal was in.
    pub stage_id: Uuid,
    /// What kind of document.
    pub kind: Option<String>,
    /// What was done, or would have been.
    pub action: TriggerAction,
    /// What came of it.
    pub outcome: TriggerOutcome,
    /// Why nothing was done; null when something was.
    pub code: Option<String>,
    /// The same, for people.
    pub message: String,
    /// The document, by its id on the finance side.
    pub document_remote_id: Option<String>,
    /// The finance app's code.
    pub remote_code: Option<String>,
    /// When.
    pub logged_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
