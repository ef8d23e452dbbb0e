//! Fields that both sides changed.

use sea_orm::entity::prelude::*;

use crate::types::ConflictState;

/// A row of `sync_conflict`. Values are those of the finance field, as each side had them when the conflict was found.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_conflict")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The pair.
    pub link_id: Uuid,
    /// The run that found it last.
    pub run_id: Uuid,
    /// The field, named as on the finance side.
    pub field: String,
    /// What both sides had before.
    pub base_value: Option<String>,
    /// What the CRM has.
    pub crm_value: Option<String>,
    /// What the finance side has.
    pub finance_value: Option<String>,
    /// How it stands.
    pub state: ConflictState,
    /// Who chose.
    pub resolved_by_id: Option<Uuid>,
    /// When it was found.
    pub created_at: DateTimeUtc,
    /// When somebody chose.
    pub resolved_at: Option<DateTimeUtc>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
