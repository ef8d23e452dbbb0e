//! What an import remembers of each source row.

use sea_orm::entity::prelude::*;

/// A row of `import_key`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "import_key")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Name of the source.
    pub source: String,
    /// Kind of record.
    pub record_type: String,
    /// What identifies the row in its source.
    pub external_key: String,
    /// The record made of it.
    pub record_id: Uuid,
    /// Hash of the mapped row as last imported.
    pub row_hash: String,
    /// When.
    pub imported_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
