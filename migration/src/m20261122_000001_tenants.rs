//! Organizations, people, their places in organizations, and API tokens.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut organization = Table::create();
        organization
            .table("organization")
            .col(uuid("id").primary_key().take())
            .col(text("name"))
            .col(text("home_currency_code"))
            .col(text("time_zone"))
            .col(time("created_at"));
        manager.create_table(organization).await?;

        let mut user = Table::create();
        user.table("crm_user")
            .col(uuid("id").primary_key().take())
            .col(text("email").unique_key().take())
            .col(text("name"))
            .col(time("created_at"));
        manager.create_table(user).await?;

        let backend = manager.get_database_backend();
        let mut membership = tenant_table("membership");
        membership
            .col(uuid("user_id"))
            .col(text("role"))
            .col(text_null("team"))
            .col(ordered_text("name_key", backend))
            .col(time("created_at"))
            .foreign_key(
                ForeignKey::create()
                    .name("fk_membership_user")
                    .from("membership", "user_id")
                    .to("crm_user", "id"),
            );
        manager.create_table(membership).await?;
        unique(manager, "membership", &["user_id"]).await?;
        index(manager, "membership", &["name_key", "id"]).await?;

        let mut token = tenant_table("api_token");
        token
            .col(uuid("user_id"))
            .col(text("name"))
            .col(text("token_hash").unique_key().take())
            .col(time("created_at"))
            .col(time_null("expires_at"))
            .col(time_null("revoked_at"))
            .foreign_key(
                ForeignKey::create()
                    .name("fk_api_token_user")
                    .from("api_token", "user_id")
                    .to("crm_user", "id"),
            );
        manager.create_table(token).await?;
        index(manager, "api_token", &["created_at", "id"]).await
    }
}
