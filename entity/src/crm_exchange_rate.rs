//! The CRM's own exchange rates.

use sea_orm::entity::prelude::*;

use crate::types::ExactDecimal;

/// A row of `crm_exchange_rate`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "crm_exchange_rate")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The foreign currency.
    pub currency_code: String,
    /// 1 unit of the home currency = so many of the foreign one (R176).
    pub rate: ExactDecimal,
    /// Ascends with every change.
    pub version: i64,
    /// When it was first set.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
