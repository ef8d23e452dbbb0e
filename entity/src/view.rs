//! Views: criteria that people keep under a name.

use sea_orm::entity::prelude::*;

use crate::types::RecordType;

/// A row of `view`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "view")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Which records it is on.
    pub record_type: RecordType,
    /// Name.
    pub name: String,
    /// Name as it is compared and ordered.
    pub name_key: String,
    /// Which records are in it.
    pub criteria: Json,
    /// Whether everybody sees it, or only its owner.
    pub is_shared: bool,
    /// Who made it.
    pub owner_id: Uuid,
    /// Ascends with every change; guards concurrent edits.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
