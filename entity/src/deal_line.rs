//! Product lines of deals.

use sea_orm::entity::prelude::*;

use crate::types::ExactDecimal;

/// A row of `deal_line`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "deal_line")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// The product.
    pub product_id: Uuid,
    /// Place among the lines of the deal, from 0.
    pub position: i32,
    /// How many.
    pub quantity: ExactDecimal,
    /// Price of one, in the currency of the deal; null when not known.
    pub unit_price: Option<ExactDecimal>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
