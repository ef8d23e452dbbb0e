//! Plans that wait to be carried out, and runs that take back what another did.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let outlook = [flag("is_plan", false), json_null("plan"), uuid_null("undo_of_id")];
        add(manager, "sync_run", outlook).await?;
        index(manager, "sync_run", &["undo_of_id"]).await?;
        index(manager, "record_link", &["finance_organization_id", "kind", "remote_parent_id"]).await?;
        let kept = ColumnDef::new("kept").big_integer().not_null().default(0).take();
        add(manager, "sync_run_progress", [kept]).await
    }
}
