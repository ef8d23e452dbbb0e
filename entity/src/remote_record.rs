//! The finance side as last read; what matching looks at.

use sea_orm::entity::prelude::*;

/// A row of `remote_record`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "remote_record")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose record.
    pub finance_organization_id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its id on the finance side.
    pub remote_id: String,
    /// Its display name.
    pub name: String,
    /// The name as it is compared.
    pub name_key: String,
    /// The CRM record the finance side says it is linked to.
    pub crm_reference: Option<String>,
    /// The values read.
    pub record: Json,
    /// When it last changed there.
    pub modified_at: DateTimeUtc,
    /// When it was read.
    pub read_at: DateTimeUtc,
    /// The finance record it belongs to: the customer of a contact person.
    pub parent_id: Option<String>,
    /// Company or person; only for customers.
    pub customer_kind: Option<String>,
    /// The code under which an item is stocked, as it is compared.
    pub code_key: Option<String>,
    /// Whether it can be used in new documents.
    pub is_active: bool,
    /// Whether every field was read, not just those that lists tell.
    pub is_whole: bool,
    /// The last sweep that saw it.
    pub seen_in_sweep: Option<String>,
    /// Whether it is the finance version of a record that both sides changed, kept apart: it does not come into the CRM.
    pub is_copy: bool,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
