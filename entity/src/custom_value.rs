//! What records hold in custom fields: one row per filled field.

use sea_orm::entity::prelude::*;

/// A row of `custom_value`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "custom_value")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The field.
    pub field_id: Uuid,
    /// The record.
    pub record_id: Uuid,
    /// Text as people write it; for texts and pick lists.
    pub text: Option<String>,
    /// Text as it is compared and ordered.
    pub text_key: Option<String>,
    /// Number in ten-thousandths, or 0 and 1 for no and yes.
    pub number_units: Option<i64>,
    /// Day.
    pub day: Option<Date>,
    /// Instant.
    pub instant: Option<DateTimeUtc>,
    /// What no other living record may hold; null where the field is not unique.
    pub unique_key: Option<String>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
