//! What triggers did is found by what came of it, and by its age once it is too old to be kept.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index(manager, "trigger_log", &["outcome", "id"]).await?;
        // A deleted deal's documents are found by the number that the finance side has of it.
        index(manager, "document", &["deal_wire_id"]).await?;
        let connection = manager.get_connection();
        // Over all tenants: what is too old is looked for by its time alone.
        for sql in [
            "CREATE INDEX ix_trigger_log_logged_at ON trigger_log (logged_at)",
            "CREATE INDEX ix_deal_event_handled_at ON deal_event (handled_at) WHERE handled_at IS NOT NULL",
            "CREATE INDEX ix_document_act_finished_at ON document_act (finished_at) WHERE finished_at IS NOT NULL",
        ] {
            connection.execute_unprepared(sql).await?;
        }
        Ok(())
    }
}
