//! Words of names, so that records are found by any word of their name.

use std::collections::BTreeSet;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, FromQueryResult, prelude::Uuid};

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Stored record types and their tables, as they were when this was written.
const RECORDS: [(&str, &str); 5] = [
    ("ACCOUNT", "account"),
    ("CONTACT", "contact"),
    ("VENDOR", "vendor"),
    ("PRODUCT", "product"),
    ("DEAL", "deal"),
];

/// Records read at a time.
const BATCH: u64 = 1_000;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let table = Table::create()
            .table("record_word")
            .col(uuid("organization_id"))
            .col(ordered_text("word", backend))
            .col(uuid("record_id"))
            .col(text("record_type"))
            .primary_key(Index::create().col("organization_id").col("word").col("record_id"))
            .foreign_key(
                ForeignKey::create()
                    .name("fk_record_word_organization")
                    .from("record_word", "organization_id")
                    .to("organization", "id"),
            )
            .take();
        manager.create_table(table).await?;
        index(manager, "record_word", &["record_id"]).await?;
        for (record_type, table) in RECORDS {
            fill(manager, record_type, table).await?;
        }
        Ok(())
    }
}

#[derive(FromQueryResult)]
struct Named {
    organization_id: Uuid,
    id: Uuid,
    name_key: String,
}

async fn fill(
    manager: &SchemaManager<'_>,
    record_type: &'static str,
    table: &'static str,
) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let mut after = Uuid::nil();
    loop {
        let select = Query::select()
            .columns(["organization_id", "id", "name_key"])
            .from(table)
            .and_where(Expr::col("deleted_at").is_null())
            .and_where(Expr::col("id").gt(after))
            .order_by("id", Order::Asc)
            .limit(BATCH)
            .take();
        let statement = db.get_database_backend().build(&select);
        let rows = Named::find_by_statement(statement).all(db).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        let mut insert = Query::insert()
            .into_table("record_word")
            .columns(["organization_id", "word", "record_id", "record_type"])
            .take();
        let mut filled = false;
        for row in rows {
            let words = row.name_key.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            for word in words.collect::<BTreeSet<_>>() {
                filled = true;
                insert.values_panic([
                    row.organization_id.into(),
                    word.into(),
                    row.id.into(),
                    record_type.into(),
                ]);
            }
        }
        if filled {
            manager.execute(insert).await?;
        }
    }
}
