//! Documents of finance apps, how far they were read, and what is asked about them.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let mut document = tenant_table("document");
        document
            .col(uuid("finance_organization_id"))
            .col(uuid("integration_id"))
            .col(text("kind"))
            .col(text("remote_id"))
            .col(ordered_null("number", backend))
            .col(ordered_null("reference", backend))
            .col(text("status"))
            .col(text("remote_status"))
            .col(text_null("customer_id"))
            .col(text_null("vendor_id"))
            .col(text_null("party_name"))
            .col(ordered_null("party_key", backend))
            .col(uuid_null("deal_id"))
            .col(big_null("deal_wire_id"))
            .col(text("currency_code"))
            .col(text_null("exchange_rate"))
            .col(date_null("dated_on"))
            .col(date_null("due_on"))
            .col(big_null("sub_total_units"))
            .col(big_null("discount_units"))
            .col(big_null("tax_units"))
            .col(big_null("shipping_units"))
            .col(big_null("adjustment_units"))
            .col(big("total_units"))
            .col(big_null("balance_units"))
            .col(text("home_currency_code"))
            .col(big_null("home_total_whole"))
            .col(big_null("home_total_nano"))
            .col(big_null("home_balance_whole"))
            .col(big_null("home_balance_nano"))
            .col(json("detail"))
            .col(text_null("problem"))
            .col(boolean("is_whole"))
            .col(time_null("remote_created_at"))
            .col(time("remote_modified_at"))
            .col(time("read_at"))
            .col(time_null("deleted_at"))
            .col(text_null("seen_in_sweep"))
            .col(big("version"))
            .col(time("created_at"))
            .col(time("updated_at"))
            .foreign_key(&mut tenant_key("document", "finance_organization_id", "finance_organization"))
            .foreign_key(&mut tenant_key("document", "integration_id", "integration"))
            .foreign_key(&mut tenant_key("document", "deal_id", "deal"));
        manager.create_table(document).await?;
        let mut document_line = tenant_table("document_line");
        document_line
            .col(uuid("document_id"))
            .col(int("position"))
            .col(text_null("remote_id"))
            .col(text_null("item_id"))
            .col(text("name"))
            .col(text_null("description"))
            .col(text("quantity"))
            .col(text_null("unit"))
            .col(text("unit_price"))
            .col(text_null("discount"))
            .col(text_null("tax_name"))
            .col(text_null("tax_percent"))
            .col(big("total_units"))
            .foreign_key(
                tenant_key("document_line", "document_id", "document").on_delete(ForeignKeyAction::Cascade),
            );
        manager.create_table(document_line).await?;
        let mut document_feed = tenant_table("document_feed");
        document_feed
            .col(uuid("integration_id"))
            .col(text("kind"))
            .col(date_null("history_from"))
            .col(text_null("cursor"))
            .col(boolean("is_fetched"))
            .col(time_null("fetched_at"))
            .col(time_null("due_at"))
            .col(time_null("swept_at"))
            .col(json_null("sweep"))
            .col(uuid_null("lease_owner"))
            .col(time_null("lease_until"))
            .col(int("failures"))
            .col(text_null("error_code"))
            .col(text_null("error_message"))
            .foreign_key(&mut tenant_key("document_feed", "integration_id", "integration"));
        manager.create_table(document_feed).await?;
        let mut document_act = tenant_table("document_act");
        document_act
            .col(uuid("integration_id"))
            .col(text("kind"))
            .col(uuid_null("document_id"))
            .col(uuid_null("deal_id"))
            .col(text("act"))
            .col(json("input"))
            .col(text_null("reference"))
            .col(text("state"))
            .col(int("attempts"))
            .col(time_null("lease_until"))
            .col(time_null("resume_at"))
            .col(text_null("error_code"))
            .col(text_null("error_message"))
            .col(text_null("remote_code"))
            .col(text_null("remote_message"))
            .col(uuid_null("actor_id"))
            .col(time("created_at"))
            .col(time_null("finished_at"))
            .foreign_key(&mut tenant_key("document_act", "integration_id", "integration"))
            .foreign_key(&mut tenant_key("document_act", "document_id", "document"))
            .foreign_key(&mut tenant_key("document_act", "deal_id", "deal"));
        manager.create_table(document_act).await?;
        unique(manager, "document", &["finance_organization_id", "kind", "remote_id"]).await?;
        unique(manager, "document_line", &["document_id", "position"]).await?;
        unique(manager, "document_feed", &["integration_id", "kind"]).await?;
        index(manager, "document", &["finance_organization_id", "kind", "reference"]).await?;
        index(manager, "document", &["deal_id", "dated_on"]).await?;
        index(manager, "document_act", &["document_id", "id"]).await?;
        index(manager, "document_act", &["deal_id", "id"]).await?;
        for column in ["dated_on", "due_on", "party_key", "number", "balance_units"] {
            nullable_sort_index(manager, "document", column).await?;
        }
        index(manager, "document", &["total_units", "id"]).await?;
        index(manager, "document", &["reference", "id"]).await?;
        index(manager, "document", &["updated_at", "id"]).await?;
        index(manager, "document", &["remote_modified_at", "id"]).await?;
        index(manager, "document", &["kind", "status", "dated_on", "id"]).await?;
        index(manager, "document", &["status", "dated_on", "id"]).await?;
        for column in ["customer_id", "vendor_id"] {
            index(manager, "document", &["finance_organization_id", column, "dated_on", "id"]).await?;
        }
        let connection = manager.get_connection();
        // Over all tenants: what is due is looked for by its time alone.
        for sql in [
            "CREATE INDEX ix_document_feed_due_at ON document_feed (due_at) WHERE due_at IS NOT NULL",
            "CREATE INDEX ix_document_act_open ON document_act (resume_at) WHERE finished_at IS NULL",
            "CREATE INDEX ix_document_open ON document (organization_id, kind, due_on) WHERE balance_units <> 0 AND deleted_at IS NULL",
            "CREATE UNIQUE INDEX uq_document_act_reference ON document_act (organization_id, integration_id, reference) WHERE reference IS NOT NULL",
        ] {
            connection.execute_unprepared(sql).await?;
        }
        Ok(())
    }
}
