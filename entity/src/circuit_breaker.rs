//! Connections that rest, because the finance app did not answer several times in a row.

use sea_orm::entity::prelude::*;

use crate::types::CircuitState;

/// A row of `circuit_breaker`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "circuit_breaker")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The integration.
    pub integration_id: Uuid,
    /// Whether the finance app is asked.
    pub state: CircuitState,
    /// How often in a row it opened; each time the rest is longer.
    pub openings: i32,
    /// When it opened first; null: it is closed.
    pub opened_at: Option<DateTimeUtc>,
    /// When the app is asked again, or, half open, until when the one who asks has time for it.
    pub retry_at: Option<DateTimeUtc>,
    /// What failed last.
    pub reason: Option<String>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
