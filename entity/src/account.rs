//! Companies in the CRM.

use sea_orm::entity::prelude::*;

use crate::types::Address;

/// A row of `account`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
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
    /// Line of business.
    pub industry: Option<String>,
    /// Line of business as it is compared.
    pub industry_key: Option<String>,
    /// Address on the web.
    pub website: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Year of foundation.
    pub year_established: Option<i32>,
    /// Number of employees.
    pub employee_count: Option<i32>,
    /// Annual revenue in ten-thousandths of the currency unit.
    pub annual_revenue_units: Option<i64>,
    /// Currency of the annual revenue.
    pub annual_revenue_currency_code: Option<String>,
    /// Where bills go.
    pub billing_address: Option<Address>,
    /// Where goods go.
    pub shipping_address: Option<Address>,
    /// The account this one belongs to.
    pub parent_id: Option<Uuid>,
    /// The layout whose custom fields it shows; the standard one when empty.
    pub layout_id: Option<Uuid>,
    /// The record that took this one over in a merge; set on tombstones only.
    pub merged_into_id: Option<Uuid>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
