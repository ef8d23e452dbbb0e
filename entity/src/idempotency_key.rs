//! Keys under which creates can be repeated without a second effect.

use sea_orm::entity::prelude::*;

/// A row of `idempotency_key`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who sent it.
    pub user_id: Uuid,
    /// The key, as it was sent.
    pub key: String,
    /// What was asked for.
    pub operation: String,
    /// Hash of the input it came with.
    pub input_hash: String,
    /// What was made; null while it is being made.
    pub record_id: Option<Uuid>,
    /// Who is making it: whoever takes the key over takes a claim of its own.
    pub claim: Uuid,
    /// When an unfinished claim may be taken over.
    pub claimed_until: DateTimeUtc,
    /// When the key is forgotten.
    pub expires_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
