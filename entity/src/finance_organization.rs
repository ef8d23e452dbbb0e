//! Organizations on the finance side. Apps of one organization share it.

use sea_orm::entity::prelude::*;

/// A row of `finance_organization`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "finance_organization")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Vendor whose apps share the organization.
    pub vendor: String,
    /// The organization's id there.
    pub remote_id: String,
    /// Its name.
    pub name: String,
    /// Its base currency.
    pub base_currency_code: String,
    /// Its country.
    pub country: Option<String>,
    /// Its time zone.
    pub time_zone: Option<String>,
    /// What it declares beyond the public API.
    pub capabilities: Json,
    /// When it was first connected.
    pub created_at: DateTimeUtc,
    /// When it was last read.
    pub updated_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
