//! What an import remembers of each source row, so that importing again changes only what changed in the file.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut key = tenant_table("import_key");
        key.col(text("source"))
            .col(text("record_type"))
            .col(text("external_key"))
            .col(uuid("record_id"))
            .col(text("row_hash"))
            .col(time("imported_at"));
        manager.create_table(key).await?;
        unique(manager, "import_key", &["source", "record_type", "external_key"]).await
    }
}
