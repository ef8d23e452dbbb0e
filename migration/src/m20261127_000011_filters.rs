//! What lists are filtered by. Texts get the form in which they are compared, which is the same on every database, where the
//! small form of a letter is not; and all such forms are ordered by their bytes, so that a beginning is a range of their
//! index.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, prelude::Uuid};

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Table, text, and its form for comparisons.
const KEYED: [(&str, &str, &str); 3] = [
    ("account", "industry", "industry_key"),
    ("product", "code", "code_key"),
    ("product", "family", "family_key"),
];

/// Forms that are there already, in which Σ at the end of a word was not the Σ within it.
const FORMS: [(&str, &str); 16] = [
    ("account", "name_key"),
    ("contact", "name_key"),
    ("contact", "email_key"),
    ("vendor", "name_key"),
    ("product", "name_key"),
    ("deal", "name_key"),
    ("membership", "name_key"),
    ("stage", "name_key"),
    ("pipeline", "name_key"),
    ("layout", "name_key"),
    ("tag", "name_key"),
    ("view", "name_key"),
    ("custom_value", "text_key"),
    ("custom_value", "unique_key"),
    ("record_word", "word"),
    ("remote_record", "name_key"),
];

/// Rows read at a time.
const BATCH: u64 = 1_000;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let db = manager.get_connection();
        for (table, form) in FORMS {
            let sql =
                format!("UPDATE {table} SET {form} = replace({form}, 'ς', 'σ') WHERE {form} LIKE '%ς%'");
            db.execute_unprepared(&sql).await?;
        }
        for (table, text, key) in KEYED {
            let column = ordered_text(key, backend).null().take();
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
            fill(manager, table, text, key).await?;
            let mut lower = Index::drop();
            lower.name(format!("ix_{table}_{text}_lower")).table(table);
            manager.drop_index(lower).await?;
            index(manager, table, &[key]).await?;
        }
        index(manager, "product", &["is_taxable", "name_key", "id"]).await?;
        index(manager, "sync_run", &["state", "created_at", "id"]).await?;
        if backend == DbBackend::Postgres {
            for (table, column) in [("contact", "email_key"), ("crm_user", "email")] {
                let sql = format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE \"C\"");
                db.execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }
}

#[derive(FromQueryResult)]
struct Row {
    organization_id: Uuid,
    id: Uuid,
    value: String,
}

async fn fill(
    manager: &SchemaManager<'_>,
    table: &'static str,
    text: &'static str,
    key: &'static str,
) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let mut after = Uuid::nil();
    loop {
        let select = Query::select()
            .columns(["organization_id", "id"])
            .expr_as(Expr::col(text), "value")
            .from(table)
            .and_where(Expr::col(text).is_not_null())
            .and_where(Expr::col("id").gt(after))
            .order_by("id", Order::Asc)
            .limit(BATCH)
            .take();
        let statement = db.get_database_backend().build(&select);
        let rows = Row::find_by_statement(statement).all(db).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        for row in rows {
            let update = Query::update()
                .table(table)
                .value(key, folded(&row.value))
                .and_where(Expr::col("organization_id").eq(row.organization_id))
                .and_where(Expr::col("id").eq(row.id))
                .take();
            manager.execute(update).await?;
        }
    }
}

/// Words folded letter by letter, as they were when this was written.
fn folded(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let letters = words.join(" ");
    let letters = letters.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase);
    letters.flat_map(char::to_lowercase).collect()
}
