//! Links between the two sides, the mirror of the finance side used for matching, runs and what they did.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut remote = tenant_table("remote_record");
        remote
            .col(uuid("finance_organization_id"))
            .col(text("kind"))
            .col(text("remote_id"))
            .col(text("name"))
            .col(text("name_key"))
            .col(text_null("crm_reference"))
            .col(json("record"))
            .col(time("modified_at"))
            .col(time("read_at"))
            .foreign_key(&mut tenant_key("remote_record", "finance_organization_id", "finance_organization"));
        manager.create_table(remote).await?;
        unique(manager, "remote_record", &["finance_organization_id", "kind", "remote_id"]).await?;
        index(manager, "remote_record", &["finance_organization_id", "kind", "name_key"]).await?;
        index(manager, "remote_record", &["finance_organization_id", "kind", "crm_reference"]).await?;

        let mut link = tenant_table("record_link");
        link.col(uuid("finance_organization_id"))
            .col(text("kind"))
            .col(text("record_type"))
            .col(uuid("record_id"))
            .col(text_null("remote_id"))
            .col(text("state"))
            .col(text("origin"))
            .col(text_null("name_suffix"))
            .col(json_null("crm_base"))
            .col(json_null("remote_base"))
            .col(big("synced_version"))
            .col(time("created_at"))
            .col(time("updated_at"))
            .foreign_key(&mut tenant_key("record_link", "finance_organization_id", "finance_organization"));
        manager.create_table(link).await?;
        unique(manager, "record_link", &["finance_organization_id", "kind", "record_id"]).await?;
        unique(manager, "record_link", &["finance_organization_id", "kind", "remote_id"]).await?;
        index(manager, "record_link", &["record_id"]).await?;

        let mut run = tenant_table("sync_run");
        run.col(uuid("integration_id"))
            .col(uuid("sync_module_id"))
            .col(text("module"))
            .col(text("trigger"))
            .col(text("state"))
            .col(text("phase"))
            .col(int("settings_version"))
            .col(json("settings"))
            .col(uuid_null("requested_by_id"))
            .col(uuid_null("plan_position"))
            .col(big("planned_count"))
            .col(int("attempts"))
            .col(time_null("resume_at"))
            .col(text_null("lease_owner"))
            .col(time_null("lease_until"))
            .col(text_null("error_code"))
            .col(text_null("error_message"))
            .col(time("created_at"))
            .col(time_null("started_at"))
            .col(time_null("finished_at"))
            .foreign_key(&mut tenant_key("sync_run", "integration_id", "integration"))
            .foreign_key(&mut tenant_key("sync_run", "sync_module_id", "sync_module"));
        manager.create_table(run).await?;
        index(manager, "sync_run", &["created_at", "id"]).await?;
        index(manager, "sync_run", &["integration_id", "created_at", "id"]).await?;
        index(manager, "sync_run", &["sync_module_id", "created_at", "id"]).await?;
        let mut due = Index::create();
        due.name("ix_sync_run_due").table("sync_run").col("state").col("resume_at");
        manager.create_index(due.take()).await?;

        let mut item = tenant_table("sync_run_item");
        item.col(uuid("run_id"))
            .col(text("record_type"))
            .col(uuid("record_id"))
            .col(text("record_name"))
            .col(big("record_version"))
            .col(text("action"))
            .col(text("rule"))
            .col(text("reason"))
            .col(text("state"))
            .col(text_null("remote_id"))
            .col(text_null("remote_name"))
            .col(json("changes"))
            .col(text("outcome"))
            .col(int("attempts"))
            .col(text_null("remote_request_id"))
            .col(text_null("error_code"))
            .col(text_null("error_message"))
            .col(text_null("remote_code"))
            .col(text_null("remote_message"))
            .col(time("created_at"))
            .col(time_null("finished_at"))
            .foreign_key(&mut tenant_key("sync_run_item", "run_id", "sync_run"));
        manager.create_table(item).await?;
        unique(manager, "sync_run_item", &["run_id", "record_id"]).await?;
        index(manager, "sync_run_item", &["run_id", "id"]).await?;
        index(manager, "sync_run_item", &["run_id", "state", "id"]).await?;
        index(manager, "sync_run_item", &["run_id", "outcome", "id"]).await
    }
}
