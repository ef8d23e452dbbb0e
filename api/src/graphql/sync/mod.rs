//! Sync runs and plans.

pub mod filter;
pub mod item;
pub mod mutation;
pub mod plan;
pub mod query;
pub mod subscription;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;
use finbridge_entity::types::{RunPhase, RunState, RunTrigger};
use finbridge_entity::{sync_run, sync_run_item};
use finbridge_sync::outcome::Totals;
use sea_orm::ColumnTrait;

use super::connection::{Count, page_args};
use super::context::{Asked, id};
use super::error::top_level;
use super::integration::{Integration, SyncModuleKey, module_key};
use super::loader::failed;
use super::scalar::DateTime;
use super::user::User;
use crate::service;
use crate::service::page::{Listing, SortKey, SortValue};
use filter::SyncRunItemFilter;
use item::SyncRunItemConnection;

/// A run of the sync engine over one module.
#[derive(Clone)]
pub struct SyncRun(sync_run::Model);

impl From<sync_run::Model> for SyncRun {
    fn from(row: sync_run::Model) -> Self {
        Self(row)
    }
}

super::connection::connection!(SyncRunConnection, SyncRunEdge, SyncRun, sync_run::Model, "sync runs");

/// How a run stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "RunState")]
pub enum SyncRunState {
    /// Waiting for a worker.
    Queued,
    /// Under way.
    Running,
    /// Ended; every record succeeded or was left alone by rule.
    Succeeded,
    /// Ended; some records failed or wait for a decision. `items` tells which and why.
    Partial,
    /// Could not be carried out; `error` tells why.
    Failed,
}

/// What a run is doing.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "RunPhase")]
pub enum SyncRunPhase {
    /// Reading what changed on the finance side.
    Read,
    /// Deciding what to do with each record.
    Plan,
    /// Doing it.
    Apply,
    /// Nothing more.
    Done,
}

/// What started a run.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "RunTrigger")]
pub enum SyncRunTrigger {
    /// A person, now.
    Instant,
    /// Saving the settings with "save and sync".
    Initial,
}

/// Numbers of records by what came of them, counted from the run's items.
#[derive(SimpleObject)]
pub struct SyncRunTotals {
    /// Records the run set out to do something about.
    planned: i32,
    /// Finance records made.
    added: i32,
    /// Finance records changed or linked.
    updated: i32,
    /// Finance records removed.
    deleted: i32,
    /// Finance records made inactive because they have transactions.
    deactivated: i32,
    /// Records left alone by rule.
    skipped: i32,
    /// Records that wait for a person's decision.
    conflicts: i32,
    /// Records that failed.
    failed: i32,
    /// Records whose turn has not come yet.
    pending: i32,
}

fn int(n: i64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

impl From<Totals> for SyncRunTotals {
    fn from(totals: Totals) -> Self {
        Self {
            planned: int(totals.planned()),
            added: int(totals.added),
            updated: int(totals.updated),
            deleted: int(totals.deleted),
            deactivated: int(totals.deactivated),
            skipped: int(totals.skipped),
            conflicts: int(totals.conflicts),
            failed: int(totals.failed),
            pending: int(totals.pending),
        }
    }
}

/// Why something did not work, as data.
#[derive(SimpleObject, Debug, Clone)]
pub struct SyncError {
    /// Stable code, for programs; docs/errors.md explains it.
    pub code: String,
    /// What happened and what to do; for people.
    pub message: String,
    /// The finance app's own code; null when it gave none.
    pub remote_code: Option<String>,
    /// The finance app's own words; null when it gave none.
    pub remote_message: Option<String>,
}

/// A run of the sync engine over one module.
#[Object]
impl SyncRun {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::SyncRun, self.0.id)
    }

    /// The integration it belongs to.
    async fn integration(&self, ctx: &Context<'_>) -> Result<Option<Integration>> {
        Integration::load(ctx, self.0.integration_id).await
    }

    /// The module it synchronises.
    async fn module(&self) -> Result<SyncModuleKey> {
        module_key(&self.0.module)
    }

    /// What started it.
    async fn trigger(&self) -> SyncRunTrigger {
        self.0.trigger.into()
    }

    /// Who asked for it; null when nobody did.
    async fn requested_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.requested_by_id).await
    }

    /// How it stands.
    async fn state(&self) -> SyncRunState {
        self.0.state.into()
    }

    /// What it is doing.
    async fn phase(&self) -> SyncRunPhase {
        self.0.phase.into()
    }

    /// Version of the settings it began with.
    async fn settings_version(&self) -> i32 {
        self.0.settings_version
    }

    /// Numbers of records by what came of them so far.
    async fn totals(&self, ctx: &Context<'_>) -> Result<SyncRunTotals> {
        let totals = ctx.loaders()?.run_totals.load_one(self.0.id).await.map_err(failed)?;
        Ok(totals.unwrap_or_default().into())
    }

    /// What it did, or means to do, with each record, in the order it was planned.
    async fn items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only items for which all of this holds.")] filter: Option<SyncRunItemFilter>,
    ) -> Result<SyncRunItemConnection> {
        let services = ctx.services()?;
        let condition =
            filter.unwrap_or_default().condition().add(sync_run_item::Column::RunId.eq(self.0.id));
        let listing = Listing {
            name: "syncRunItems",
            key: SortKey {
                name: "PLANNED",
                column: sync_run_item::Column::Id,
                nullable: false,
                value: |row: &sync_run_item::Model| SortValue::Id(row.id),
            },
            descending: false,
        };
        let args = page_args(first, after, last, before);
        let page =
            service::sync::items(services, condition.clone(), &listing, &args).await.map_err(top_level)?;
        let services = services.clone();
        let count = Count::new(move || {
            let (services, condition) = (services.clone(), condition.clone());
            async move { service::sync::count_items(&services, condition).await }
        });
        Ok(SyncRunItemConnection::new(page, count))
    }

    /// Why the run as a whole failed; null when it did not.
    async fn error(&self) -> Option<SyncError> {
        let code = self.0.error_code.clone()?;
        let message = self.0.error_message.clone().unwrap_or_default();
        Some(SyncError { code, message, remote_code: None, remote_message: None })
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When a worker began it; null while it is queued.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }

    /// When it ended; null before.
    async fn finished_at(&self) -> Option<DateTime> {
        self.0.finished_at.map(DateTime)
    }
}
