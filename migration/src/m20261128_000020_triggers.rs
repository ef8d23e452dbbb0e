//! What deals do to documents, and the CRM's own exchange rates.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut trigger_setting = tenant_table("trigger_setting");
        trigger_setting
            .col(uuid("integration_id"))
            .col(text("trigger"))
            .col(json("create_stages"))
            .col(json("accept_stages"))
            .col(json("invalidate_stages"))
            .col(boolean("is_sent"))
            .col(big("version"))
            .col(time("updated_at"))
            .col(uuid_null("updated_by_id"))
            .foreign_key(&mut tenant_key("trigger_setting", "integration_id", "integration"));
        manager.create_table(trigger_setting).await?;
        let mut deal_event = tenant_table("deal_event");
        deal_event
            .col(uuid("deal_id"))
            .col(text("event"))
            .col(uuid("stage_id"))
            .col(uuid_null("actor_id"))
            .col(time("occurred_at"))
            .col(boolean("is_recreating"))
            .col(int("attempts"))
            .col(time_null("lease_until"))
            .col(time_null("resume_at"))
            .col(time_null("handled_at"))
            .foreign_key(&mut tenant_key("deal_event", "deal_id", "deal"));
        manager.create_table(deal_event).await?;
        let mut deal_document = tenant_table("deal_document");
        deal_document
            .col(uuid("deal_id"))
            .col(uuid("integration_id"))
            .col(text("kind"))
            .col(text("reference"))
            .col(text_null("remote_id"))
            .col(text_null("intended_status"))
            .col(text_null("written_status"))
            .col(time_null("stopped_at"))
            .col(time("created_at"))
            .col(time("updated_at"))
            .foreign_key(&mut tenant_key("deal_document", "deal_id", "deal"))
            .foreign_key(&mut tenant_key("deal_document", "integration_id", "integration"));
        manager.create_table(deal_document).await?;
        let mut trigger_log = tenant_table("trigger_log");
        trigger_log
            .col(uuid("deal_id"))
            .col(uuid_null("integration_id"))
            .col(uuid("event_id"))
            .col(uuid("stage_id"))
            .col(text_null("kind"))
            .col(text("action"))
            .col(text("outcome"))
            .col(text_null("code"))
            .col(text("message"))
            .col(text_null("document_remote_id"))
            .col(text_null("remote_code"))
            .col(time("logged_at"))
            .foreign_key(&mut tenant_key("trigger_log", "deal_id", "deal"));
        manager.create_table(trigger_log).await?;
        let mut crm_exchange_rate = tenant_table("crm_exchange_rate");
        crm_exchange_rate
            .col(text("currency_code"))
            .col(text("rate"))
            .col(big("version"))
            .col(time("created_at"))
            .col(time("updated_at"));
        manager.create_table(crm_exchange_rate).await?;
        unique(manager, "trigger_setting", &["integration_id"]).await?;
        unique(manager, "deal_document", &["deal_id", "integration_id", "kind"]).await?;
        unique(manager, "deal_document", &["integration_id", "reference"]).await?;
        unique(manager, "crm_exchange_rate", &["currency_code"]).await?;
        index(manager, "deal_document", &["integration_id", "kind", "remote_id"]).await?;
        index(manager, "deal_event", &["deal_id", "id"]).await?;
        index(manager, "trigger_log", &["deal_id", "id"]).await?;
        index(manager, "trigger_log", &["code", "id"]).await?;
        let connection = manager.get_connection();
        // Over all tenants: what is to be looked at is found by that alone.
        let sql = "CREATE INDEX ix_deal_event_open ON deal_event (resume_at, id) WHERE handled_at IS NULL";
        connection.execute_unprepared(sql).await?;
        Ok(())
    }
}
