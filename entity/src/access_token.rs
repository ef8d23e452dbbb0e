//! Access tokens of integrations, encrypted, and the right to renew one.

use sea_orm::entity::prelude::*;

/// A row of `access_token`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "access_token")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The integration.
    pub integration_id: Uuid,
    /// The version of the integration whose credential the token came from.
    pub integration_version: i64,
    /// The encrypted token; null: there is none.
    pub sealed_token: Option<String>,
    /// When it is to be replaced.
    pub renew_at: Option<DateTimeUtc>,
    /// Who renews it; null: nobody.
    pub renewer: Option<String>,
    /// Until when nobody else may.
    pub renewer_until: Option<DateTimeUtc>,
    /// When it was renewed in the last ten minutes, oldest first.
    pub renewals: Json,
    /// Until when the finance app issues no tokens.
    pub closed_until: Option<DateTimeUtc>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
