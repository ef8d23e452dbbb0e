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

use sea_orm_migration::prelude::*;

pub use sea_orm_migration::{MigratorTrait, SchemaManager};

/// Applies the migrations in order.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_tenants::Migration),
            Box::new(m20261122_000002_crm::Migration),
            Box::new(m20261122_000003_import::Migration),
            Box::new(m20261122_000004_integration::Migration),
            Box::new(m20261122_000005_sync::Migration),
            Box::new(m20261122_000006_job::Migration),
            Box::new(m20261122_000007_crm_breadth::Migration),
            Box::new(m20261122_000008_search::Migration),
            Box::new(m20261122_000009_merge::Migration),
            Box::new(m20261122_000010_run_progress::Migration),
            Box::new(m20261127_000011_filters::Migration),
            Box::new(m20261127_000012_both_ways::Migration),
        ]
    }
}
