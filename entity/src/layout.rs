//! Layouts: which custom fields a record shows.

use sea_orm::entity::prelude::*;

use crate::types::RecordType;

/// A row of `layout`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "layout")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Which records have it.
    pub record_type: RecordType,
    /// Name.
    pub name: String,
    /// Name as it is compared.
    pub name_key: String,
    /// Whether records have it when they name no other.
    pub is_standard: bool,
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
