//! The CRM: accounts, contacts, vendors, products, stages, deals and their lines.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        account(manager).await?;
        contact(manager).await?;
        vendor(manager).await?;
        product(manager).await?;
        stage(manager).await?;
        deal(manager).await?;
        deal_line(manager).await
    }
}

/// Name, the 18-digit id for finance apps, owner, tombstone: what every synchronised CRM record has.
fn record(name: &'static str, backend: sea_orm_migration::sea_orm::DbBackend) -> TableCreateStatement {
    let mut table = tenant_table(name);
    table
        .col(big("wire_id"))
        .col(text("name"))
        .col(ordered_text("name_key", backend))
        .col(uuid_null("owner_id"))
        .col(time_null("deleted_at"))
        .foreign_key(
            ForeignKey::create().name(format!("fk_{name}_owner")).from(name, "owner_id").to("crm_user", "id"),
        );
    edited(&mut table);
    table
}

async fn record_indexes(manager: &SchemaManager<'_>, name: &'static str) -> Result<(), DbErr> {
    unique(manager, name, &["wire_id"]).await?;
    index(manager, name, &["name_key", "id"]).await?;
    index(manager, name, &["created_at", "id"]).await?;
    index(manager, name, &["updated_at", "id"]).await?;
    index(manager, name, &["owner_id"]).await
}

async fn account(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = record("account", manager.get_database_backend());
    table
        .col(text_null("industry"))
        .col(text_null("website"))
        .col(text_null("phone"))
        .col(text_null("description"))
        .col(int_null("year_established"))
        .col(int_null("employee_count"))
        .col(big_null("annual_revenue_units"))
        .col(text_null("annual_revenue_currency_code"))
        .col(json_null("billing_address"))
        .col(json_null("shipping_address"))
        .col(uuid_null("parent_id"))
        .foreign_key(&mut tenant_key("account", "parent_id", "account"));
    manager.create_table(table).await?;
    record_indexes(manager, "account").await?;
    lower_index(manager, "account", "industry").await?;
    index(manager, "account", &["parent_id"]).await?;
    nullable_sort_index(manager, "account", "annual_revenue_units").await?;
    nullable_sort_index(manager, "account", "employee_count").await
}

async fn contact(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = record("contact", manager.get_database_backend());
    table
        .col(text_null("first_name"))
        .col(text("last_name"))
        .col(text_null("email"))
        .col(text_null("email_key"))
        .col(text_null("phone"))
        .col(text_null("title"))
        .col(json_null("mailing_address"))
        .col(uuid_null("account_id"))
        .foreign_key(&mut tenant_key("contact", "account_id", "account"));
    manager.create_table(table).await?;
    record_indexes(manager, "contact").await?;
    index(manager, "contact", &["account_id", "name_key", "id"]).await?;
    index(manager, "contact", &["email_key"]).await
}

async fn vendor(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = record("vendor", manager.get_database_backend());
    table.col(text_null("email")).col(text_null("phone")).col(text_null("website")).col(json_null("address"));
    manager.create_table(table).await?;
    record_indexes(manager, "vendor").await
}

async fn product(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = record("product", manager.get_database_backend());
    table
        .col(text_null("code"))
        .col(text_null("family"))
        .col(big_null("unit_price_units"))
        .col(text_null("unit_price_currency_code"))
        .col(boolean("is_active"));
    manager.create_table(table).await?;
    record_indexes(manager, "product").await?;
    lower_index(manager, "product", "code").await?;
    lower_index(manager, "product", "family").await?;
    index(manager, "product", &["is_active", "name_key", "id"]).await?;
    nullable_sort_index(manager, "product", "unit_price_units").await
}

async fn stage(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = tenant_table("stage");
    table.col(text("name")).col(text("name_key")).col(text("kind")).col(int("position"));
    manager.create_table(table).await?;
    unique(manager, "stage", &["name_key"]).await?;
    index(manager, "stage", &["position", "id"]).await
}

async fn deal(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = record("deal", manager.get_database_backend());
    table
        .col(uuid_null("account_id"))
        .col(uuid("stage_id"))
        .col(big_null("amount_units"))
        .col(text("currency_code"))
        .col(date_null("opened_on"))
        .col(date_null("closed_on"))
        .foreign_key(&mut tenant_key("deal", "account_id", "account"))
        .foreign_key(&mut tenant_key("deal", "stage_id", "stage"));
    manager.create_table(table).await?;
    record_indexes(manager, "deal").await?;
    index(manager, "deal", &["account_id", "created_at", "id"]).await?;
    index(manager, "deal", &["stage_id"]).await?;
    nullable_sort_index(manager, "deal", "amount_units").await?;
    nullable_sort_index(manager, "deal", "opened_on").await?;
    nullable_sort_index(manager, "deal", "closed_on").await
}

async fn deal_line(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = tenant_table("deal_line");
    table
        .col(uuid("deal_id"))
        .col(uuid("product_id"))
        .col(int("position"))
        .col(text("quantity"))
        .col(text_null("unit_price"))
        .foreign_key(&mut tenant_key("deal_line", "deal_id", "deal"))
        .foreign_key(&mut tenant_key("deal_line", "product_id", "product"));
    manager.create_table(table).await?;
    unique(manager, "deal_line", &["deal_id", "position"]).await?;
    index(manager, "deal_line", &["product_id"]).await
}
