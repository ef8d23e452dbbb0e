//! Fields that an organization adds to its records.

use sea_orm::entity::prelude::*;

use crate::types::{CustomFieldKind, RecordType, TextList};

/// A row of `custom_field`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "custom_field")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Which records have it.
    pub record_type: RecordType,
    /// Name for programs; never changes.
    pub key: String,
    /// Name for people.
    pub label: String,
    /// What to fill in, for people.
    pub help: Option<String>,
    /// What it holds.
    pub kind: CustomFieldKind,
    /// What can be chosen; only for pick lists.
    pub options: Option<TextList>,
    /// Whether records on a layout that has it must fill it.
    pub is_required: bool,
    /// Whether no two living records may hold the same.
    pub is_unique: bool,
    /// Place in the order of fields.
    pub position: i32,
    /// Ascends with every change; guards concurrent edits.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
