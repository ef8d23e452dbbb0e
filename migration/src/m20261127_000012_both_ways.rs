//! Both directions and every module: what links, the mirror, runs and items need for it, and the tables of what waits for
//! a person.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(
            manager,
            "sync_module",
            [text_of("state", "ACTIVE"), time_null("next_due_at"), time_null("swept_at")],
        )
        .await?;
        let mut due = Index::create();
        due.name("ix_sync_module_due").table("sync_module").col("state").col("next_due_at");
        manager.create_index(due.take()).await?;

        add(
            manager,
            "record_link",
            [text_null("remote_parent_id"), flag("is_remote_dirty", false), time_null("remote_modified_at")],
        )
        .await?;
        index(manager, "record_link", &["finance_organization_id", "kind", "is_remote_dirty"]).await?;
        index(manager, "record_link", &["finance_organization_id", "kind", "state"]).await?;

        add(
            manager,
            "remote_record",
            [
                text_null("parent_id"),
                text_null("customer_kind"),
                text_null("code_key"),
                flag("is_active", true),
                flag("is_whole", false),
                text_null("seen_in_sweep"),
            ],
        )
        .await?;
        index(manager, "remote_record", &["finance_organization_id", "kind", "code_key"]).await?;
        index(manager, "remote_record", &["finance_organization_id", "kind", "parent_id"]).await?;
        index(manager, "remote_record", &["finance_organization_id", "kind", "id"]).await?;

        add(
            manager,
            "sync_run",
            [
                count("plan_stage"),
                uuid_null("only_record_id"),
                uuid_null("retry_of_id"),
                text_null("plan_hash"),
                flag("is_reconcile", false),
                flag("may_delete", false),
                flag("is_cancelled", false),
            ],
        )
        .await?;

        add(
            manager,
            "sync_run_item",
            [
                count("stage"),
                text_of("kind", "CUSTOMER"),
                text_null("remote_parent_id"),
                json_null("crm_changes"),
                json_null("conflicts"),
            ],
        )
        .await?;
        index(manager, "sync_run_item", &["run_id", "stage", "state", "id"]).await?;
        index(manager, "sync_run_item", &["record_id", "id"]).await?;

        let mut conflict = tenant_table("sync_conflict");
        conflict
            .col(uuid("link_id"))
            .col(uuid("run_id"))
            .col(text("field"))
            .col(text_null("base_value"))
            .col(text_null("crm_value"))
            .col(text_null("finance_value"))
            .col(text("state"))
            .col(uuid_null("resolved_by_id"))
            .col(time("created_at"))
            .col(time_null("resolved_at"))
            .foreign_key(&mut tenant_key("sync_conflict", "run_id", "sync_run"));
        manager.create_table(conflict).await?;
        unique(manager, "sync_conflict", &["link_id", "field"]).await?;
        index(manager, "sync_conflict", &["state", "created_at", "id"]).await?;

        let mut decision = tenant_table("match_decision");
        decision
            .col(uuid("finance_organization_id"))
            .col(text("kind"))
            .col(uuid("record_id"))
            .col(text("choice"))
            .col(text_null("remote_id"))
            .col(uuid_null("decided_by_id"))
            .col(time("decided_at"))
            .foreign_key(&mut tenant_key(
                "match_decision",
                "finance_organization_id",
                "finance_organization",
            ));
        manager.create_table(decision).await?;
        unique(manager, "match_decision", &["finance_organization_id", "kind", "record_id"]).await
    }
}
