//! Tenants.

use sea_orm::entity::prelude::*;

/// A row of `organization`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "organization")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// ISO 4217 code of the home currency.
    pub home_currency_code: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Whether no two living products may have the same name (R089).
    pub is_product_name_unique: bool,
    /// When the tenant was made.
    pub created_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
