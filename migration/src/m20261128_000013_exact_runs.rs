//! Runs that go on where they stopped: the place of a sweep, copies that a run made, and one item for each thing that a
//! run does about a record.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "sync_module", [json_null("sweep")]).await?;
        add(manager, "remote_record", [flag("is_copy", false)]).await?;

        // A contact can have to leave one place on the finance side and take another in the same run.
        let one_for_each_record =
            Index::drop().name("uq_sync_run_item_run_id_record_id").table("sync_run_item").to_owned();
        manager.drop_index(one_for_each_record).await?;
        unique(manager, "sync_run_item", &["run_id", "kind", "record_id"]).await
    }
}
