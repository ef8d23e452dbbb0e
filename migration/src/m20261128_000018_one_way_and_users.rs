//! Further organizations of an app only take (X05), and runs tell of users that they invited (X11).

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "integration", [flag("is_one_way", false)]).await?;
        add(manager, "sync_run", [json_null("crm_users")]).await
    }
}
