//! Where the values of linked records come from, what failures have in common, and finding what is too old to be kept.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "sync_run_item", [text_null("error_template")]).await?;

        // Over all tenants: what is pruned is looked for by its age alone.
        let mut finished = Index::create();
        finished.name("ix_sync_run_finished_at").table("sync_run").col("finished_at");
        manager.create_index(finished.take()).await?;
        index(manager, "sync_conflict", &["run_id"]).await?;

        let mut lineage = tenant_table("field_lineage");
        lineage
            .col(uuid("link_id"))
            .col(text("field"))
            .col(text("side"))
            .col(text_null("value"))
            .col(text_null("previous_value"))
            .col(uuid("run_id"))
            .col(text("rule"))
            .col(uuid_null("actor_id"))
            .col(time("recorded_at"))
            .col(time_null("replaced_at"))
            // A pair that is dissolved has no fields any more.
            .foreign_key(
                tenant_key("field_lineage", "link_id", "record_link").on_delete(ForeignKeyAction::Cascade),
            );
        manager.create_table(lineage).await?;
        index(manager, "field_lineage", &["link_id", "id"]).await?;
        let connection = manager.get_connection();
        // One row tells of a field as it is now, all others of what it was.
        let current = "CREATE UNIQUE INDEX uq_field_lineage_current ON field_lineage (organization_id, link_id, field) \
                       WHERE replaced_at IS NULL";
        connection.execute_unprepared(current).await?;
        let replaced = "CREATE INDEX ix_field_lineage_replaced_at ON field_lineage (replaced_at) \
                        WHERE replaced_at IS NOT NULL";
        connection.execute_unprepared(replaced).await?;
        Ok(())
    }
}
