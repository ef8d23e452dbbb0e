//! Addresses to which finance apps tell of changes.

use sea_orm::entity::prelude::*;

/// A row of `webhook_endpoint`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoint")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The integration.
    pub integration_id: Uuid,
    /// SHA-256 of the secret part of the address, in hex.
    pub token_hash: String,
    /// The encrypted secret of the signatures.
    pub sealed_secret: String,
    /// Who made it.
    pub created_by_id: Option<Uuid>,
    /// When it was made, or made anew.
    pub created_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
