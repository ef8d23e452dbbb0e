//! Versions of module settings.

use sea_orm::entity::prelude::*;

/// A row of `sync_settings`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_settings")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The module.
    pub sync_module_id: Uuid,
    /// Ascends from 1.
    pub version: i32,
    /// The settings.
    pub settings: Json,
    /// Who saved them.
    pub created_by_id: Option<Uuid>,
    /// When.
    pub created_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
