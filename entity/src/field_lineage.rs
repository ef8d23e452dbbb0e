//! Where the values of linked records come from: one row for each field as it is now, and the earlier ones behind it.

use sea_orm::entity::prelude::*;

/// A row of `field_lineage`. It goes with its link.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "field_lineage")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The pair.
    pub link_id: Uuid,
    /// The field, named as on the finance side.
    pub field: String,
    /// The side that the value came from.
    pub side: String,
    /// The value that both sides had from then on.
    pub value: Option<String>,
    /// What the other side had before; null when it had nothing, or that is not known.
    pub previous_value: Option<String>,
    /// The run that carried it over. History may have forgotten it.
    pub run_id: Uuid,
    /// The rule by which it did.
    pub rule: String,
    /// Who asked for the run.
    pub actor_id: Option<Uuid>,
    /// When it was carried over.
    pub recorded_at: DateTimeUtc,
    /// When another value took its place; null: it is the present one.
    pub replaced_at: Option<DateTimeUtc>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
