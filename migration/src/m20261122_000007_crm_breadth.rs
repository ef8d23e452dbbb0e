//! The rest of the CRM: pipelines, prices in several currencies, custom fields and layouts, tags, notes, views, words to
//! search by, and keys under which creates can be repeated.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The tables of records that people name, own, tag and delete.
const RECORDS: [&str; 5] = ["account", "contact", "vendor", "product", "deal"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        records(manager).await?;
        pipeline(manager).await?;
        product_price(manager).await?;
        custom_field(manager).await?;
        tag(manager).await?;
        note(manager).await?;
        view(manager).await?;
        idempotency_key(manager).await
    }
}

async fn add(manager: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).take()).await
}

async fn records(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for table in RECORDS {
        add(manager, table, uuid_null("layout_id")).await?;
        add(manager, table, uuid_null("merged_into_id")).await?;
        index(manager, table, &["deleted_at", "id"]).await?;
    }
    for table in ["contact", "vendor", "product", "deal"] {
        add(manager, table, text_null("description")).await?;
    }
    add(manager, "product", text_null("unit")).await?;
    add(manager, "product", boolean("is_taxable").default(true).take()).await
}

async fn pipeline(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = tenant_table("pipeline");
    table.col(text("name")).col(text("name_key")).col(int("position"));
    edited(&mut table);
    manager.create_table(table).await?;
    unique(manager, "pipeline", &["name_key"]).await?;
    // Every organization has a first pipeline. It takes the organization's id, which no other pipeline can have.
    manager
        .get_connection()
        .execute_unprepared(
            "INSERT INTO pipeline (organization_id, id, name, name_key, position, version, created_at, updated_at)
             SELECT id, id, 'Standard', 'standard', 1, 1, created_at, created_at FROM organization",
        )
        .await?;
    // SQLite adds no required column without a default; every writer sets it.
    add(manager, "stage", uuid_null("pipeline_id")).await?;
    manager.get_connection().execute_unprepared("UPDATE stage SET pipeline_id = organization_id").await?;
    let mut by_name = Index::drop();
    by_name.name("uq_stage_name_key").table("stage");
    manager.drop_index(by_name).await?;
    unique(manager, "stage", &["pipeline_id", "name_key"]).await
}

async fn product_price(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = tenant_table("product_price");
    table
        .col(uuid("product_id"))
        .col(text("currency_code"))
        .col(big("amount_units"))
        .foreign_key(&mut tenant_key("product_price", "product_id", "product"));
    manager.create_table(table).await?;
    unique(manager, "product_price", &["product_id", "currency_code"]).await
}

async fn custom_field(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    let mut table = tenant_table("custom_field");
    table
        .col(text("record_type"))
        .col(text("key"))
        .col(text("label"))
        .col(text_null("help"))
        .col(text("kind"))
        .col(json_null("options"))
        .col(boolean("is_required"))
        .col(boolean("is_unique"))
        .col(int("position"));
    edited(&mut table);
    manager.create_table(table).await?;
    unique(manager, "custom_field", &["record_type", "key"]).await?;

    let mut table = tenant_table("layout");
    table.col(text("record_type")).col(text("name")).col(text("name_key")).col(boolean("is_standard"));
    edited(&mut table);
    manager.create_table(table).await?;
    unique(manager, "layout", &["record_type", "name_key"]).await?;

    let mut table = tenant_table("layout_field");
    table
        .col(uuid("layout_id"))
        .col(uuid("field_id"))
        .col(int("position"))
        .foreign_key(&mut tenant_key("layout_field", "layout_id", "layout"))
        .foreign_key(&mut tenant_key("layout_field", "field_id", "custom_field"));
    manager.create_table(table).await?;
    unique(manager, "layout_field", &["layout_id", "field_id"]).await?;
    index(manager, "layout_field", &["field_id"]).await?;

    // One row per filled field of a record. The column that the field's kind uses is set, the others are empty.
    let mut table = tenant_table("custom_value");
    let text_key = ordered_text("text_key", backend).null().take();
    table
        .col(uuid("field_id"))
        .col(uuid("record_id"))
        .col(text_null("text"))
        .col(text_key)
        .col(big_null("number_units"))
        .col(date_null("day"))
        .col(time_null("instant"))
        .col(text_null("unique_key"))
        .foreign_key(&mut tenant_key("custom_value", "field_id", "custom_field"));
    manager.create_table(table).await?;
    unique(manager, "custom_value", &["record_id", "field_id"]).await?;
    unique(manager, "custom_value", &["field_id", "unique_key"]).await?;
    for column in ["text_key", "number_units", "day", "instant"] {
        index(manager, "custom_value", &["field_id", column, "record_id"]).await?;
    }
    Ok(())
}

async fn tag(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = tenant_table("tag");
    table
        .col(text("name"))
        .col(ordered_text("name_key", manager.get_database_backend()))
        .col(time("created_at"));
    manager.create_table(table).await?;
    unique(manager, "tag", &["name_key"]).await?;

    let mut table = tenant_table("record_tag");
    table.col(uuid("tag_id")).col(uuid("record_id")).col(text("record_type")).foreign_key(&mut tenant_key(
        "record_tag",
        "tag_id",
        "tag",
    ));
    manager.create_table(table).await?;
    unique(manager, "record_tag", &["tag_id", "record_id"]).await?;
    index(manager, "record_tag", &["record_id"]).await
}

async fn note(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = tenant_table("note");
    table.col(text("record_type")).col(uuid("record_id")).col(text("body")).col(uuid_null("author_id"));
    edited(&mut table);
    manager.create_table(table).await?;
    index(manager, "note", &["record_id", "created_at", "id"]).await
}

async fn view(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = tenant_table("view");
    table
        .col(text("record_type"))
        .col(text("name"))
        .col(ordered_text("name_key", manager.get_database_backend()))
        .col(json("criteria"))
        .col(boolean("is_shared"))
        .col(uuid("owner_id"));
    edited(&mut table);
    manager.create_table(table).await?;
    unique(manager, "view", &["record_type", "owner_id", "name_key"]).await?;
    index(manager, "view", &["record_type", "name_key", "id"]).await
}

async fn idempotency_key(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = tenant_table("idempotency_key");
    table
        .col(uuid("user_id"))
        .col(text("key"))
        .col(text("operation"))
        .col(text("input_hash"))
        .col(uuid_null("record_id"))
        .col(uuid("claim"))
        .col(time("claimed_until"))
        .col(time("expires_at"));
    manager.create_table(table).await?;
    unique(manager, "idempotency_key", &["user_id", "key"]).await?;
    index(manager, "idempotency_key", &["expires_at"]).await
}
