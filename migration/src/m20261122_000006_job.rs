//! The job table of the embedded (SQLite) queue. On PostgreSQL the job engine keeps a schema of its own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Sqlite {
            return Ok(());
        }
        let mut job = Table::create();
        job.table("job")
            .col(ColumnDef::new("id").big_integer().not_null().auto_increment().primary_key())
            .col(text("kind"))
            .col(json("payload"))
            .col(text_null("key").unique_key().take())
            .col(text_null("lane"))
            .col(text("state"))
            .col(big("run_at_ms"))
            .col(int("attempts"))
            .col(int("max_attempts"))
            .col(text_null("last_error"));
        manager.create_table(job).await?;
        let mut due = Index::create();
        due.name("ix_job_due").table("job").col("state").col("run_at_ms").col("id");
        manager.create_index(due.take()).await
    }
}
