//! Connections to finance apps, their organizations, credentials and settings.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut finance_organization = tenant_table("finance_organization");
        finance_organization
            .col(text("vendor"))
            .col(text("remote_id"))
            .col(text("name"))
            .col(text("base_currency_code"))
            .col(text_null("country"))
            .col(text_null("time_zone"))
            .col(json("capabilities"))
            .col(time("created_at"))
            .col(time("updated_at"));
        manager.create_table(finance_organization).await?;
        unique(manager, "finance_organization", &["vendor", "remote_id"]).await?;

        let mut integration = tenant_table("integration");
        integration
            .col(text("app_key"))
            .col(text("profile_key"))
            .col(text("state"))
            .col(uuid("finance_organization_id"))
            .col(text("connected_email"))
            .col(text("sealed_credential"))
            .foreign_key(&mut tenant_key("integration", "finance_organization_id", "finance_organization"));
        edited(&mut integration);
        manager.create_table(integration).await?;
        unique(manager, "integration", &["app_key", "finance_organization_id"]).await?;

        let mut module = tenant_table("sync_module");
        module
            .col(uuid("integration_id"))
            .col(text("module"))
            .col(int("settings_version"))
            .col(uuid_null("active_run_id"))
            .col(time_null("initial_sync_at"))
            .col(text_null("remote_cursor"))
            .foreign_key(&mut tenant_key("sync_module", "integration_id", "integration"));
        manager.create_table(module).await?;
        unique(manager, "sync_module", &["integration_id", "module"]).await?;

        let mut settings = tenant_table("sync_settings");
        settings
            .col(uuid("sync_module_id"))
            .col(int("version"))
            .col(json("settings"))
            .col(uuid_null("created_by_id"))
            .col(time("created_at"))
            .foreign_key(&mut tenant_key("sync_settings", "sync_module_id", "sync_module"));
        manager.create_table(settings).await?;
        unique(manager, "sync_settings", &["sync_module_id", "version"]).await
    }
}
