//! What happened to deals and is to be looked at by triggers.

use sea_orm::entity::prelude::*;

use crate::types::DealEventKind;

/// A row of `deal_event`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "deal_event")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// What happened.
    pub event: DealEventKind,
    /// The stage that it is in since.
    pub stage_id: Uuid,
    /// Who did it.
    pub actor_id: Option<Uuid>,
    /// When.
    pub occurred_at: DateTimeUtc,
    /// Whether a document may be made although a voided one is there (A17.1).
    pub is_recreating: bool,
    /// The one integration that it concerns; null: every one that has a trigger.
    pub integration_id: Option<Uuid>,
    /// How often it was begun.
    pub attempts: i32,
    /// How many of these attempts tried nothing, because of a limit or of what happened to the deal before.
    pub limited: i32,
    /// Until when nobody else looks at it.
    pub lease_until: Option<DateTimeUtc>,
    /// When it is looked at again; null when nothing is to be waited for.
    pub resume_at: Option<DateTimeUtc>,
    /// When it was looked at to its end.
    pub handled_at: Option<DateTimeUtc>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
