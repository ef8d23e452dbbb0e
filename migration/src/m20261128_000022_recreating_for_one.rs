//! Another document is asked for of one integration, and tries that a limit ended are told from the others.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "deal_event", [uuid_null("integration_id"), count("limited")]).await
    }
}
