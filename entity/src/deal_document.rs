//! Documents that triggers made or are about to make: one for each deal and kind.

use sea_orm::entity::prelude::*;

/// A row of `deal_document`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "deal_document")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// The connection.
    pub integration_id: Uuid,
    /// What kind of document.
    pub kind: String,
    /// By what a repetition finds it.
    pub reference: String,
    /// Its id on the finance side; null while it is only claimed.
    pub remote_id: Option<String>,
    /// The status that a trigger is about to give it; what is found with it was the trigger's doing.
    pub intended_status: Option<String>,
    /// The status that a trigger last gave it (A17.3).
    pub written_status: Option<String>,
    /// When a status given by hand stopped triggers for it (R128).
    pub stopped_at: Option<DateTimeUtc>,
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
