//! Sync runs and plans.

pub mod conflict;
pub mod crm_users;
pub mod failures;
pub mod filter;
pub mod forecast;
pub mod item;
pub mod lineage;
pub mod link_map;
pub mod mutation;
pub mod plan;
pub mod query;
pub mod subscription;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use finbridge_domain::record::CrmRecordType;
use finbridge_domain::{NodeId, NodeKind};
use finbridge_entity::types::{RunPhase, RunState, RunTrigger};
use finbridge_entity::{sync_module, sync_run};
use finbridge_sync::outcome::Totals;
use sea_orm::ColumnTrait;

use super::connection::{Count, page_args};
use super::context::{Asked, id};
use super::error::{coded, top_level};
use super::integration::{Integration, SyncModule, SyncModuleKey, module_key};
use super::loader::{CountOf, PageOf, failed};
use super::scalar::DateTime;
use super::user::User;
use crate::service::{self, page::Page};
use crm_users::SyncRunCrmUsers;
use failures::{SyncFailureGrouping, SyncRunFailureGroup};
use filter::SyncRunItemFilter;
use forecast::SyncRunPlan;
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
    /// Planned, and nothing done yet: `plan` has what `syncPlanApply` carries out.
    Planned,
    /// Ended; every record succeeded or was left alone by rule.
    Succeeded,
    /// Ended; some records failed or wait for a decision. `items` tells which and why.
    Partial,
    /// Could not be carried out; `error` tells why.
    Failed,
    /// Ended by a person before its end; the next run takes up what was left.
    Cancelled,
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
    /// The schedule.
    Auto,
    /// A person, for one record.
    Resync,
    /// A person, for what failed or was held up in an earlier run.
    Retry,
    /// A person, for a plan that was looked at.
    Plan,
    /// A person, for every pair whether it changed or not.
    Reconcile,
    /// The finance app told of a change.
    Webhook,
    /// A person, to take back what an earlier run did.
    Undo,
}

/// A side of the integration.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "finbridge_domain::Side")]
pub enum SyncSide {
    /// The CRM.
    Crm,
    /// The finance app.
    Finance,
}

/// Which way records travel in a part of a run.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncRunDirection {
    /// The CRM's records are looked at.
    CrmToFinance,
    /// The finance side's records are looked at.
    FinanceToCrm,
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
    /// Records that a run which takes back another left as they are, or in part.
    kept: i32,
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
            kept: int(totals.kept),
            pending: int(totals.pending),
        }
    }
}

/// The id of a record that syncs, and what it is.
///
/// # Errors
/// An id of something else.
pub fn synced_record(id: &ID) -> Result<(uuid::Uuid, CrmRecordType)> {
    let named = id.parse::<NodeId>().ok().and_then(|node| {
        let record_type = match node.kind {
            NodeKind::Account => CrmRecordType::Account,
            NodeKind::Contact => CrmRecordType::Contact,
            NodeKind::Vendor => CrmRecordType::Vendor,
            NodeKind::Product => CrmRecordType::Product,
            _ => return None,
        };
        Some((node.uuid, record_type))
    });
    named
        .ok_or_else(|| coded("BAD_USER_INPUT", "Pass the id of an account, a contact, a vendor or a product"))
}

/// A module with the settings in force.
///
/// # Errors
/// The database's.
pub async fn of_module(
    services: &service::Services,
    row: sync_module::Model,
) -> service::ServiceResult<SyncModule> {
    let which = sync_module::Column::Id.eq(row.id);
    let found = service::integration::configured(services.db(), row.organization_id, which).await?;
    found
        .into_iter()
        .next()
        .map(|(row, settings)| SyncModule { row, settings })
        .ok_or_else(|| service::ServiceError::Internal("a module that went away".into()))
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

    /// Which way records travel, in the order in which the run does it.
    async fn phases(&self, ctx: &Context<'_>) -> Result<Vec<SyncRunDirection>> {
        let integration =
            ctx.loaders()?.integrations().load_one(self.0.integration_id).await.map_err(failed)?;
        let sides = service::sync::phases(integration.as_ref(), &self.0).map_err(top_level)?;
        let direction = |side| match side {
            finbridge_domain::Side::Crm => SyncRunDirection::CrmToFinance,
            finbridge_domain::Side::Finance => SyncRunDirection::FinanceToCrm,
        };
        Ok(sides.into_iter().map(direction).collect())
    }

    /// The plan that it keeps, or was started from; null unless it was started with `syncPlanPrepare` and is planned.
    async fn plan(&self) -> Result<Option<SyncRunPlan>> {
        let kept = service::plan::kept(&self.0).map_err(top_level)?;
        Ok(kept.map(SyncRunPlan::of))
    }

    /// The run that it takes back; null when it takes back none.
    async fn undo_of(&self, ctx: &Context<'_>) -> Result<Option<SyncRun>> {
        let Some(undone) = self.0.undo_of_id else { return Ok(None) };
        Ok(ctx.loaders()?.runs().load_one(undone).await.map_err(failed)?.map(SyncRun::from))
    }

    /// Version of the settings it began with.
    async fn settings_version(&self) -> i32 {
        self.0.settings_version
    }

    /// Numbers of records by what came of them so far.
    async fn totals(&self, ctx: &Context<'_>) -> Result<SyncRunTotals> {
        let totals = ctx.loaders()?.run_totals().load_one(self.0.id).await.map_err(failed)?;
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
        let loader = ctx.loaders()?.items_of_run();
        let filter = filter.unwrap_or_default().outcomes();
        let count = CountOf(self.0.id, filter.clone());
        let key = PageOf { parent: self.0.id, filter, args: page_args(first, after, last, before) };
        let page = loader.load_one(key).await.map_err(failed)?.unwrap_or_else(Page::empty);
        Ok(SyncRunItemConnection::new(page, Count::of_parent(loader.clone(), count)))
    }

    /// The records that failed, put together by reason: 20 reasons at most, the most frequent first.
    async fn failures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "By what to put them together; by REASON when not given.")] group_by: Option<
            SyncFailureGrouping,
        >,
    ) -> Result<Vec<SyncRunFailureGroup>> {
        let groups = match group_by.unwrap_or_default() {
            SyncFailureGrouping::Reason => ctx.loaders()?.failures_of_run().load_one(self.0.id).await,
        };
        Ok(groups.map_err(failed)?.unwrap_or_default().into_iter().map(Into::into).collect())
    }

    /// What it did about CRM users who shall be users of the finance app; null when the settings do not say so, or it did not get
    /// that far. They are invited once all records have their outcome.
    async fn crm_users(&self) -> Result<Option<SyncRunCrmUsers>> {
        let told = finbridge_sync::users::told(&self.0).map_err(|error| top_level(error.into()))?;
        Ok(told.map(Into::into))
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
