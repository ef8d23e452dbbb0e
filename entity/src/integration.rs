//! Connections to finance apps.

use sea_orm::entity::prelude::*;

use crate::types::IntegrationState;

/// A row of `integration`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "integration")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The finance app.
    pub app_key: String,
    /// The capability profile.
    pub profile_key: String,
    /// Whether records only go to it: a further organization of its app (X05).
    pub is_one_way: bool,
    /// Whether it works.
    pub state: IntegrationState,
    /// The organization it is connected to.
    pub finance_organization_id: Uuid,
    /// Whose access it uses.
    pub connected_email: String,
    /// The encrypted credential.
    pub sealed_credential: String,
    /// Ascends with every change.
    pub version: i64,
    /// When it was connected.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
