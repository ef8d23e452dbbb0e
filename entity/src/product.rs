//! Products in the CRM.

use sea_orm::entity::prelude::*;

/// A row of `product`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The 18-digit number by which finance apps know the record; never changes.
    pub wire_id: i64,
    /// Name as people write it.
    pub name: String,
    /// Name as it is compared and ordered.
    pub name_key: String,
    /// The user who owns the record.
    pub owner_id: Option<Uuid>,
    /// When the record was deleted; null while it lives (A17.25).
    pub deleted_at: Option<DateTimeUtc>,
    /// Ascends with every change; guards concurrent edits.
    pub version: i64,
    /// When the record was made.
    pub created_at: DateTimeUtc,
    /// When the record was last changed.
    pub updated_at: DateTimeUtc,
    /// Product code.
    pub code: Option<String>,
    /// Product code as it is compared.
    pub code_key: Option<String>,
    /// Product line.
    pub family: Option<String>,
    /// Product line as it is compared.
    pub family_key: Option<String>,
    /// List price in ten-thousandths of the currency unit.
    pub unit_price_units: Option<i64>,
    /// Currency of the list price.
    pub unit_price_currency_code: Option<String>,
    /// Whether it is sold.
    pub is_active: bool,
    /// The layout whose custom fields it shows; the standard one when empty.
    pub layout_id: Option<Uuid>,
    /// The record that took this one over in a merge; set on tombstones only.
    pub merged_into_id: Option<Uuid>,
    /// Free text.
    pub description: Option<String>,
    /// What it is counted in, such as pcs, h or kg.
    pub unit: Option<String>,
    /// Whether sales of it are taxed.
    pub is_taxable: bool,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
