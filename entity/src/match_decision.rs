//! What people decided about records that could be several things.

use sea_orm::entity::prelude::*;

use crate::types::MatchChoice;

/// A row of `match_decision`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "match_decision")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The finance organization.
    pub finance_organization_id: Uuid,
    /// Kind of the finance record.
    pub kind: String,
    /// The CRM record.
    pub record_id: Uuid,
    /// What was decided.
    pub choice: MatchChoice,
    /// The finance record; only for links.
    pub remote_id: Option<String>,
    /// Who decided.
    pub decided_by_id: Option<Uuid>,
    /// When.
    pub decided_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
