//! People in the CRM.

use sea_orm::entity::prelude::*;

use crate::types::Address;

/// A row of `contact`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
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
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// E-mail address as it is compared.
    pub email_key: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Position.
    pub title: Option<String>,
    /// Postal address.
    pub mailing_address: Option<Address>,
    /// The company the person works for.
    pub account_id: Option<Uuid>,
    /// The layout whose custom fields it shows; the standard one when empty.
    pub layout_id: Option<Uuid>,
    /// The record that took this one over in a merge; set on tombstones only.
    pub merged_into_id: Option<Uuid>,
    /// Free text.
    pub description: Option<String>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
