//! Notes on records.

use sea_orm::entity::prelude::*;

use crate::types::RecordType;

/// A row of `note`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "note")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Kind of the record.
    pub record_type: RecordType,
    /// The record.
    pub record_id: Uuid,
    /// What it says.
    pub body: String,
    /// Who wrote it.
    pub author_id: Option<Uuid>,
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
