//! Column and table shapes that migrations share. Frozen like the migrations themselves: add, never change.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// A tenant-owned table: `organization_id` first in the primary key, `id` a UUID v7.
pub fn tenant_table(name: &'static str) -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(name)
        .col(uuid("organization_id"))
        .col(uuid("id"))
        .primary_key(Index::create().col("organization_id").col("id"))
        .foreign_key(
            ForeignKey::create()
                .name(format!("fk_{name}_organization"))
                .from(name, "organization_id")
                .to("organization", "id"),
        );
    table
}

/// `created_at`, `updated_at` and the `version` that guards concurrent edits.
pub fn edited(table: &mut TableCreateStatement) -> &mut TableCreateStatement {
    table.col(big("version")).col(time("created_at")).col(time("updated_at"))
}

/// A reference to a row of the same tenant.
pub fn tenant_key(from: &'static str, column: &'static str, to: &'static str) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.name(format!("fk_{from}_{column}"))
        .from(from, ("organization_id", column))
        .to(to, ("organization_id", "id"));
    key
}

pub fn uuid(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

pub fn uuid_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().null().take()
}

pub fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

pub fn text_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().null().take()
}

/// Text that is ordered by its bytes on every database, whatever locale the server was set up with.
pub fn ordered_text(name: &'static str, backend: DbBackend) -> ColumnDef {
    let mut column = ColumnDef::new(name).text().not_null().take();
    if backend == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

pub fn big(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

pub fn big_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
}

pub fn int(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().take()
}

pub fn int_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().null().take()
}

pub fn boolean(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().take()
}

pub fn json(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().not_null().take()
}

pub fn json_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().null().take()
}

pub fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().not_null().take()
}

pub fn time_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().null().take()
}

pub fn date_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).date().null().take()
}

/// An index over `organization_id` and these columns, ending in `id` where lists page through it.
pub async fn index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.name(format!("ix_{table}_{}", columns.join("_"))).table(table).col("organization_id");
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index.take()).await
}

/// An index that serves comparisons without regard to letter case.
pub async fn lower_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<(), DbErr> {
    let sql = format!("CREATE INDEX ix_{table}_{column}_lower ON {table} (organization_id, lower({column}))");
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

/// A unique key over `organization_id` and these columns.
pub async fn unique(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.unique().name(format!("uq_{table}_{}", columns.join("_"))).table(table).col("organization_id");
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index.take()).await
}

/// Indexes that serve a nullable sort column with empty values last in both directions.
///
/// PostgreSQL sorts nulls as the largest value, SQLite as the smallest, so each needs its own shape.
pub async fn nullable_sort_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<(), DbErr> {
    index(manager, table, &[column, "id"]).await?;
    if manager.get_database_backend() == DbBackend::Postgres {
        let sql = format!(
            "CREATE INDEX ix_{table}_{column}_desc ON {table} (organization_id, {column} DESC NULLS LAST, id DESC)"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

pub fn flag(name: &'static str, value: bool) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().default(value).take()
}

pub fn count(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().default(0).take()
}

pub fn text_of(name: &'static str, value: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().default(value).take()
}

/// Columns come one at a time: SQLite adds no more in one statement.
pub async fn add(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: impl IntoIterator<Item = ColumnDef>,
) -> Result<(), DbErr> {
    for column in columns {
        manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
    }
    Ok(())
}

/// The same as [`ordered_text`], and may be empty.
pub fn ordered_null(name: &'static str, backend: DbBackend) -> ColumnDef {
    let mut column = ColumnDef::new(name).text().null().take();
    if backend == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}
