//! People who sign in. Their place in a tenant is a membership.

use sea_orm::entity::prelude::*;

/// A row of `crm_user`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "crm_user")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique e-mail address, in lower case.
    pub email: String,
    /// Full name.
    pub name: String,
    /// When the person was first known.
    pub created_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
