//! What finance organizations were asked lately, counted for all processes together.

use sea_orm::entity::prelude::*;

use crate::types::QuotaLimit;

/// A row of `request_budget`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "request_budget")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The finance organization.
    pub finance_organization_id: Uuid,
    /// Requests of the last minute, those that are promised included: pairs of a second since 1970 and a number.
    pub seconds: Json,
    /// Who may have how many requests under way, and until when.
    pub holders: Json,
    /// Requests of the day.
    pub day_used: i32,
    /// When the day ends.
    pub day_ends_at: DateTimeUtc,
    /// The daily limit that the finance app told; null: none yet.
    pub day_limit: Option<i32>,
    /// Until when the finance app asked to wait; null or past: it may be asked.
    pub closed_until: Option<DateTimeUtc>,
    /// The limit for which it asked.
    pub closed_by: Option<QuotaLimit>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
