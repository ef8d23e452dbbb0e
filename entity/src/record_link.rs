//! Pairs of records that are the same thing on both sides.

use sea_orm::entity::prelude::*;

use crate::types::{LinkState, Origin};

/// The version of a CRM record of which nothing was written yet; versions begin at 1.
pub const NEVER_WRITTEN: i64 = 0;

/// A row of `record_link`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "record_link")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The finance organization.
    pub finance_organization_id: Uuid,
    /// Kind of the finance record.
    pub kind: String,
    /// Kind of the CRM record.
    pub record_type: String,
    /// The CRM record.
    pub record_id: Uuid,
    /// The finance record; null while it is only claimed.
    pub remote_id: Option<String>,
    /// Where the pair stands.
    pub state: LinkState,
    /// Which side had the record first; decides on deletion.
    pub origin: Origin,
    /// What a clone carries after its name (A17.9).
    pub name_suffix: Option<String>,
    /// The CRM's values as last written; what the CRM changed since is the difference from these.
    pub crm_base: Option<Json>,
    /// The finance side as last read back.
    pub remote_base: Option<Json>,
    /// Version of the CRM record that was last written; [`NEVER_WRITTEN`] while the finance record is only claimed, and
    /// after it was taken over from a record that was merged into this one.
    pub synced_version: i64,
    /// The finance record that the finance record belongs to: the customer of a contact person.
    pub remote_parent_id: Option<String>,
    /// Whether the finance record changed since it was last read back.
    pub is_remote_dirty: bool,
    /// When the finance record had last changed as it was last read back.
    pub remote_modified_at: Option<DateTimeUtc>,
    /// When it was claimed.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
