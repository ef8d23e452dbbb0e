//! What a merge of records looks up: the import keys of a record, and what was merged into it before.

use sea_orm_migration::prelude::*;

use crate::columns::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index(manager, "import_key", &["record_id"]).await?;
        for table in ["account", "contact", "vendor", "product", "deal"] {
            // Few records were ever merged, so the index holds only these.
            let sql = format!(
                "CREATE INDEX ix_{table}_merged_into_id ON {table} (organization_id, merged_into_id)
                 WHERE merged_into_id IS NOT NULL"
            );
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }
}
