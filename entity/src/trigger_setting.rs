//! What deals do to documents.

use sea_orm::entity::prelude::*;

use crate::types::TriggerPoint;

/// A row of `trigger_setting`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "trigger_setting")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The connection.
    pub integration_id: Uuid,
    /// What is triggered (R122).
    pub trigger: TriggerPoint,
    /// Stages that make a document: a list of ids.
    pub create_stages: Json,
    /// Stages that have an estimate accepted: a list of ids.
    pub accept_stages: Json,
    /// Stages that have a document declined or voided: a list of ids.
    pub invalidate_stages: Json,
    /// Whether documents count as sent at once (A17.3).
    pub is_sent: bool,
    /// Ascends with every change.
    pub version: i64,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
    /// Who changed it.
    pub updated_by_id: Option<Uuid>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
