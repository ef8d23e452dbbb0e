//! How far each run has come, in numbers that are kept and not counted.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const OUTCOMES: [(&str, &str); 8] = [
    ("added", "ADDED"),
    ("updated", "UPDATED"),
    ("deleted", "DELETED"),
    ("deactivated", "DEACTIVATED"),
    ("skipped", "SKIPPED"),
    ("conflicts", "CONFLICT"),
    ("failed", "FAILED"),
    ("pending", "NONE"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut progress = tenant_table("sync_run_progress");
        progress.col(big("revision"));
        for (column, _) in OUTCOMES {
            progress.col(big(column));
        }
        progress.col(time_null("apply_began_at")).col(time("changed_at")).foreign_key(&mut tenant_key(
            "sync_run_progress",
            "id",
            "sync_run",
        ));
        manager.create_table(progress).await?;

        // Runs that are there already: counted once, here.
        let columns = OUTCOMES.map(|(column, _)| column).join(", ");
        let counts = OUTCOMES
            .map(|(_, outcome)| format!("COUNT(CASE WHEN item.outcome = '{outcome}' THEN 1 END)"))
            .join(", ");
        let sql = format!(
            "INSERT INTO sync_run_progress (organization_id, id, revision, {columns}, changed_at) \
             SELECT run.organization_id, run.id, 1, {counts}, COALESCE(run.finished_at, run.started_at, run.created_at) \
             FROM sync_run run LEFT JOIN sync_run_item item \
             ON item.organization_id = run.organization_id AND item.run_id = run.id \
             GROUP BY run.organization_id, run.id, run.finished_at, run.started_at, run.created_at"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
        Ok(())
    }
}
