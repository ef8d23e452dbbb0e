//! Words of the names of living records.

use sea_orm::entity::prelude::*;

use crate::types::RecordType;

/// A row of `record_word`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "record_word")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// A word of the name, as it is compared.
    #[sea_orm(primary_key, auto_increment = false)]
    pub word: String,
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: Uuid,
    /// Kind of the record.
    pub record_type: RecordType,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
