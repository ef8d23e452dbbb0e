//! The history of the database schema.
//!
//! A migration means the same thing for ever: it imports nothing of ours, and a released one is never edited.

mod columns;
mod m20261122_000001_tenants;
mod m20261122_000002_crm;
mod m20261122_000003_import;
mod m20261122_000004_integration;
mod m20261122_000005_sync;
mod m20261122_000006_job;
mod m20261122_000007_crm_breadth;
mod m20261122_000008_search;
mod m20261122_000009_merge;
mod m20261122_000010_run_progress;
mod m20261127_000011_filters;
mod m20261127_000012_both_ways;
mod m20261128_000013_exact_runs;
mod m20261128_000014_budget;
mod m20261128_000015_plan_and_undo;
mod m20261128_000016_lineage;
mod m20261128_000017_product_names;
mod m20261128_000018_one_way_and_users;
mod m20261128_000019_documents;
mod m20261128_000020_triggers;
mod m20261128_000021_trigger_history;
mod m20261128_000022_recreating_for_one;

use sea_orm_migration::prelude::*;

pub use sea_orm_migration::{MigratorTrait, SchemaManager};

/// Applies the migrations in order.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        fn whole(migration: impl MigrationTrait + 'static) -> Box<dyn MigrationTrait> {
            Box::new(Whole(migration))
        }
        vec![
            whole(m20261122_000001_tenants::Migration),
            whole(m20261122_000002_crm::Migration),
            whole(m20261122_000003_import::Migration),
            whole(m20261122_000004_integration::Migration),
            whole(m20261122_000005_sync::Migration),
            whole(m20261122_000006_job::Migration),
            whole(m20261122_000007_crm_breadth::Migration),
            whole(m20261122_000008_search::Migration),
            whole(m20261122_000009_merge::Migration),
            whole(m20261122_000010_run_progress::Migration),
            whole(m20261127_000011_filters::Migration),
            whole(m20261127_000012_both_ways::Migration),
            whole(m20261128_000013_exact_runs::Migration),
            whole(m20261128_000014_budget::Migration),
            whole(m20261128_000015_plan_and_undo::Migration),
            whole(m20261128_000016_lineage::Migration),
            whole(m20261128_000017_product_names::Migration),
            whole(m20261128_000018_one_way_and_users::Migration),
            whole(m20261128_000019_documents::Migration),
            whole(m20261128_000020_triggers::Migration),
            whole(m20261128_000021_trigger_history::Migration),
            whole(m20261128_000022_recreating_for_one::Migration),
        ]
    }
}

/// A migration that is applied whole or not at all, on SQLite too: a process that is killed in between must not leave a
/// half that the next start stumbles over.
struct Whole<M>(M);

impl<M: MigrationTrait> MigrationName for Whole<M> {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait::async_trait]
impl<M: MigrationTrait> MigrationTrait for Whole<M> {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.down(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
