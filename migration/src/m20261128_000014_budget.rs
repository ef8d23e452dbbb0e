//! What all processes share about calling finance apps: requests counted, access tokens, circuit breakers; and webhooks,
//! with the modules that they woke.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut budget = tenant_table("request_budget");
        budget
            .col(uuid("finance_organization_id"))
            .col(json("seconds"))
            .col(json("holders"))
            .col(int("day_used"))
            .col(time("day_ends_at"))
            .col(int_null("day_limit"))
            .col(time_null("closed_until"))
            .col(text_null("closed_by"))
            .foreign_key(&mut tenant_key(
                "request_budget",
                "finance_organization_id",
                "finance_organization",
            ));
        manager.create_table(budget).await?;
        unique(manager, "request_budget", &["finance_organization_id"]).await?;

        let mut token = tenant_table("access_token");
        token
            .col(uuid("integration_id"))
            .col(big("integration_version"))
            .col(text_null("sealed_token"))
            .col(time_null("renew_at"))
            .col(text_null("renewer"))
            .col(time_null("renewer_until"))
            .col(json("renewals"))
            .col(time_null("closed_until"))
            .foreign_key(&mut tenant_key("access_token", "integration_id", "integration"));
        manager.create_table(token).await?;
        unique(manager, "access_token", &["integration_id"]).await?;

        let mut breaker = tenant_table("circuit_breaker");
        breaker
            .col(uuid("integration_id"))
            .col(text("state"))
            .col(int("openings"))
            .col(time_null("opened_at"))
            .col(time_null("retry_at"))
            .col(text_null("reason"))
            .foreign_key(&mut tenant_key("circuit_breaker", "integration_id", "integration"));
        manager.create_table(breaker).await?;
        unique(manager, "circuit_breaker", &["integration_id"]).await?;

        let mut webhook = tenant_table("webhook_endpoint");
        webhook
            .col(uuid("integration_id"))
            .col(text("token_hash"))
            .col(text("sealed_secret"))
            .col(uuid_null("created_by_id"))
            .col(time("created_at"))
            .foreign_key(&mut tenant_key("webhook_endpoint", "integration_id", "integration"));
        manager.create_table(webhook).await?;
        unique(manager, "webhook_endpoint", &["integration_id"]).await?;
        // Whose delivery it is, is known by the address alone.
        let mut by_token = Index::create();
        by_token.unique().name("uq_webhook_endpoint_token_hash").table("webhook_endpoint").col("token_hash");
        manager.create_index(by_token.take()).await?;

        let mut wake = tenant_table("sync_wake");
        wake.col(uuid("sync_module_id")).col(time("due_at")).foreign_key(&mut tenant_key(
            "sync_wake",
            "sync_module_id",
            "sync_module",
        ));
        manager.create_table(wake).await?;
        unique(manager, "sync_wake", &["sync_module_id"]).await?;
        let mut due = Index::create();
        due.name("ix_sync_wake_due").table("sync_wake").col("due_at");
        manager.create_index(due.take()).await
    }
}
