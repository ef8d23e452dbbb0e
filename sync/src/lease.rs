//! The right to work on a run: held by one worker at a time, lost when it stops saying that it is there.
//!
//! Every write to the run names the holder, so a worker that lost its lease without noticing changes nothing.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_domain::SyncModule;
use finbridge_entity::types::{ItemOutcome, ItemState, RunPhase, RunState};
use finbridge_entity::{
    Scoped, begin_write, integration, remote_record, sync_module, sync_run, sync_run_item,
};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, UpdateMany};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::SyncError;
use crate::event::Topic;
use crate::plan::forecast::Summary;
use crate::{measure, outcome, progress, schedule};

/// How long a worker has a run to itself without saying that it is still there.
pub const LEASE: TimeDelta = TimeDelta::seconds(30);

/// How often it says so.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How far a run has come.
#[derive(Debug, PartialEq)]
pub(crate) struct Come {
    phase: RunPhase,
    planned: i64,
    /// Records that have their outcome.
    settled: u64,
    /// Finance records that were read since the run was asked for.
    read: u64,
    cursor: Option<String>,
    sweep: Option<serde_json::Value>,
}

/// A run that this worker has to itself.
pub(crate) struct Lease<'a> {
    pub engine: &'a Engine,
    /// The run as it was when the lease was taken.
    pub run: sync_run::Model,
    owner: String,
}

impl<'a> Lease<'a> {
    /// Takes the run, unless it ended or another worker has it.
    pub async fn take(
        engine: &'a Engine,
        organization_id: Uuid,
        run_id: Uuid,
    ) -> Result<Option<Self>, SyncError> {
        let now = engine.clock.now();
        let owner = engine.ids.uuid().to_string();
        let free = Condition::any()
            .add(sync_run::Column::LeaseOwner.is_null())
            .add(sync_run::Column::LeaseUntil.lte(now));
        let started = Expr::col(sync_run::Column::StartedAt).if_null(now);
        let transaction = begin_write(&engine.db).await?;
        let taken = of(organization_id, run_id)
            .col_expr(sync_run::Column::State, Expr::value(RunState::Running))
            .col_expr(sync_run::Column::LeaseOwner, Expr::value(Some(owner.clone())))
            .col_expr(sync_run::Column::LeaseUntil, Expr::value(Some(now + LEASE)))
            .col_expr(sync_run::Column::ResumeAt, Expr::value(Some(now + LEASE)))
            .col_expr(sync_run::Column::StartedAt, started)
            .filter(sync_run::Column::State.is_in([RunState::Queued, RunState::Running]))
            .filter(free)
            .exec(&transaction)
            .await?;
        if taken.rows_affected == 0 {
            return Ok(None);
        }
        let run = sync_run::Entity::one_of(organization_id, run_id)
            .one(&transaction)
            .await?
            .ok_or(SyncError::Missing("the run"))?;
        let mut topics = Vec::new();
        // Going on is nothing that anybody sees; beginning is.
        if run.started_at == Some(now) {
            progress::changed(&transaction, &run, now).await?;
            topics.push(progress::topic(organization_id, run_id));
        }
        engine.events.commit(transaction, &topics).await?;
        Ok(Some(Self { engine, run, owner }))
    }

    /// An update of the run that only the holder of the lease can make.
    pub fn update(&self) -> UpdateMany<sync_run::Entity> {
        of(self.run.organization_id, self.run.id).filter(sync_run::Column::LeaseOwner.eq(&self.owner))
    }

    /// Whether somebody asked the run to end.
    pub async fn is_cancelled(&self) -> Result<bool, SyncError> {
        let run =
            sync_run::Entity::one_of(self.run.organization_id, self.run.id).one(&self.engine.db).await?;
        Ok(run.is_none_or(|run| run.is_cancelled))
    }

    /// Says again and again that the worker is there, and lets it stop when somebody asked the run to end; returns when
    /// the lease is lost.
    pub async fn heartbeat(&self, stop: &CancellationToken) {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            let until = self.engine.clock.now() + LEASE;
            let renewed = self
                .update()
                .col_expr(sync_run::Column::LeaseUntil, Expr::value(Some(until)))
                .col_expr(sync_run::Column::ResumeAt, Expr::value(Some(until)))
                .exec(&self.engine.db)
                .await;
            match renewed {
                Ok(renewed) if renewed.rows_affected == 0 => {
                    tracing::warn!(run = %self.run.id, "Another worker has taken this run over");
                    return;
                }
                Ok(_) => {
                    if self.is_cancelled().await.unwrap_or(false) {
                        stop.cancel();
                    }
                }
                Err(error) => {
                    tracing::warn!(run = %self.run.id, %error, "A lease could not be renewed; trying again");
                }
            }
        }
    }

    /// How far the run has come.
    pub async fn progress(&self) -> Result<Come, SyncError> {
        let run = sync_run::Entity::one_of(self.run.organization_id, self.run.id)
            .one(&self.engine.db)
            .await?
            .ok_or(SyncError::Missing("the run"))?;
        let settled = sync_run_item::Entity::of(run.organization_id)
            .filter(sync_run_item::Column::RunId.eq(run.id))
            .filter(sync_run_item::Column::State.ne(ItemState::Pending))
            .count(&self.engine.db)
            .await?;
        let module = sync_module::Entity::one_of(run.organization_id, run.sync_module_id)
            .one(&self.engine.db)
            .await?
            .ok_or(SyncError::Missing("the sync module"))?;
        let kinds = SyncModule::by_name(&run.module).map(SyncModule::kinds).unwrap_or_default();
        let mut finance = Query::select();
        finance
            .column(integration::Column::FinanceOrganizationId)
            .from(integration::Entity)
            .and_where(integration::Column::OrganizationId.eq(run.organization_id))
            .and_where(integration::Column::Id.eq(run.integration_id));
        let read = remote_record::Entity::of(run.organization_id)
            .filter(remote_record::Column::FinanceOrganizationId.in_subquery(finance.take()))
            .filter(remote_record::Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())))
            .filter(remote_record::Column::ReadAt.gte(run.created_at))
            .count(&self.engine.db)
            .await?;
        Ok(Come {
            phase: run.phase,
            planned: run.planned_count,
            settled,
            read,
            cursor: module.remote_cursor,
            sweep: module.sweep,
        })
    }

    /// Moves the run to its next phase. False: the lease is lost.
    pub async fn enter(&self, phase: RunPhase) -> Result<bool, SyncError> {
        let (engine, run) = (self.engine, &self.run);
        let transaction = begin_write(&engine.db).await?;
        let entered =
            self.update().col_expr(sync_run::Column::Phase, Expr::value(phase)).exec(&transaction).await?;
        if entered.rows_affected == 0 {
            return Ok(false);
        }
        progress::entered(&transaction, run, phase, engine.clock.now()).await?;
        engine.events.commit(transaction, &[self.topic()]).await?;
        Ok(true)
    }

    /// Leaves the run to be continued after a pause.
    pub async fn release(&self, pause: TimeDelta, attempts: i32) -> Result<(), SyncError> {
        self.update()
            .col_expr(sync_run::Column::LeaseOwner, Expr::value(Option::<String>::None))
            .col_expr(sync_run::Column::ResumeAt, Expr::value(Some(self.engine.clock.now() + pause)))
            .col_expr(sync_run::Column::Attempts, Expr::value(attempts))
            .exec(&self.engine.db)
            .await?;
        Ok(())
    }

    /// Leaves the run as a plan that waits to be carried out, and the module to others. It takes the place of an earlier plan
    /// that waits, and gives way to a later one, or to its age. False: somebody asked the run to end, or the lease is lost.
    pub async fn rest(&self, plan: &Summary) -> Result<bool, SyncError> {
        let (run, now) = (&self.run, self.engine.clock.now());
        let outlook = serde_json::to_value(&plan.outlook)
            .map_err(|source| SyncError::Corrupt { what: "the forecast of a plan", source })?;
        let transaction = begin_write(&self.engine.db).await?;
        schedule::discard_plans(&transaction, run.organization_id, run.sync_module_id, now).await?;
        let rested = self
            .update()
            .col_expr(sync_run::Column::State, Expr::value(RunState::Planned))
            .col_expr(sync_run::Column::Phase, Expr::value(RunPhase::Apply))
            .col_expr(sync_run::Column::PlanHash, Expr::value(Some(plan.hash.text())))
            .col_expr(sync_run::Column::Plan, Expr::value(Some(outlook)))
            .col_expr(sync_run::Column::ResumeAt, Expr::value(Some(now + schedule::PLANS_LAST)))
            .col_expr(sync_run::Column::LeaseOwner, Expr::value(Option::<String>::None))
            .filter(sync_run::Column::IsCancelled.eq(false))
            .exec(&transaction)
            .await?;
        if rested.rows_affected == 0 {
            return Ok(false);
        }
        sync_module::Entity::update_many()
            .col_expr(sync_module::Column::ActiveRunId, Expr::value(Option::<Uuid>::None))
            .filter(sync_module::Column::OrganizationId.eq(run.organization_id))
            .filter(sync_module::Column::ActiveRunId.eq(run.id))
            .exec(&transaction)
            .await?;
        schedule::run_ended(&transaction, run, now).await?;
        progress::changed(&transaction, run, now).await?;
        self.engine.events.commit(transaction, &[self.topic()]).await?;
        Ok(true)
    }

    /// Ends a run whose items all have their outcome; `has_failures` says whether something failed that is no item.
    pub async fn finish(&self, has_failures: bool) -> Result<(), SyncError> {
        let totals = outcome::counted(&self.engine.db, self.run.organization_id, self.run.id).await?;
        let state = if has_failures { RunState::Partial } else { totals.final_state() };
        tracing::info!(run = %self.run.id, ?state, "A sync run ended");
        self.end(state, None).await
    }

    /// Ends a run that cannot be carried out.
    pub async fn fail(&self, code: &str, message: &str) -> Result<(), SyncError> {
        tracing::error!(run = %self.run.id, code, message, "A sync run failed");
        self.end(RunState::Failed, Some((code, message))).await
    }

    /// Ends a run that somebody asked to end.
    pub async fn cancel(&self) -> Result<(), SyncError> {
        tracing::info!(run = %self.run.id, "A sync run was cancelled");
        self.end(RunState::Cancelled, None).await
    }

    /// The run's state, what was left undone, and the module's freedom to run again: in one transaction.
    async fn end(&self, state: RunState, error: Option<(&str, &str)>) -> Result<(), SyncError> {
        let (run, now) = (&self.run, self.engine.clock.now());
        let transaction = begin_write(&self.engine.db).await?;
        let ended = self
            .update()
            .col_expr(sync_run::Column::State, Expr::value(state))
            .col_expr(sync_run::Column::Phase, Expr::value(RunPhase::Done))
            .col_expr(sync_run::Column::FinishedAt, Expr::value(Some(now)))
            .col_expr(sync_run::Column::ResumeAt, Expr::value(Option::<DateTime<Utc>>::None))
            .col_expr(sync_run::Column::LeaseOwner, Expr::value(Option::<String>::None))
            .col_expr(sync_run::Column::ErrorCode, Expr::value(error.map(|(code, _)| code.to_owned())))
            .col_expr(
                sync_run::Column::ErrorMessage,
                Expr::value(error.map(|(_, message)| message.to_owned())),
            )
            .exec(&transaction)
            .await?;
        if ended.rows_affected == 0 {
            return Ok(());
        }
        let (left, outcome, code, undone) = match state {
            RunState::Cancelled => (
                ItemState::Skipped,
                ItemOutcome::Skipped,
                "RUN_CANCELLED",
                "The run was cancelled before this record's turn; the next run takes it up",
            ),
            _ => (
                ItemState::Failed,
                ItemOutcome::Failed,
                "RUN_FAILED",
                "The run failed before this record's turn; the next run takes it up",
            ),
        };
        sync_run_item::Entity::update_many()
            .col_expr(sync_run_item::Column::State, Expr::value(left))
            .col_expr(sync_run_item::Column::Outcome, Expr::value(outcome))
            .col_expr(sync_run_item::Column::ErrorCode, Expr::value(code))
            .col_expr(sync_run_item::Column::ErrorMessage, Expr::value(undone))
            .col_expr(sync_run_item::Column::ErrorTemplate, Expr::value(Option::<String>::None))
            .col_expr(sync_run_item::Column::FinishedAt, Expr::value(Some(now)))
            .filter(sync_run_item::Column::OrganizationId.eq(run.organization_id))
            .filter(sync_run_item::Column::RunId.eq(run.id))
            .filter(sync_run_item::Column::State.eq(ItemState::Pending))
            .exec(&transaction)
            .await?;
        let mut module = sync_module::Entity::update_many()
            .col_expr(sync_module::Column::ActiveRunId, Expr::value(Option::<Uuid>::None))
            .filter(sync_module::Column::OrganizationId.eq(run.organization_id))
            .filter(sync_module::Column::ActiveRunId.eq(run.id));
        // A part of the records is no first sync.
        let is_whole = run.only_record_id.is_none() && run.retry_of_id.is_none() && run.undo_of_id.is_none();
        if matches!(state, RunState::Succeeded | RunState::Partial) && is_whole {
            let first = Expr::col(sync_module::Column::InitialSyncAt).if_null(now);
            module = module.col_expr(sync_module::Column::InitialSyncAt, first);
        }
        // A plan that was never carried out had left the module to others.
        if module.exec(&transaction).await?.rows_affected == 1 {
            schedule::run_ended(&transaction, run, now).await?;
        }
        let totals = outcome::counted(&transaction, run.organization_id, run.id).await?;
        progress::ended(&transaction, run, totals, now).await?;
        self.engine.events.commit(transaction, &[self.topic()]).await?;
        measure::run_ended(self.engine, run, state, now).await;
        Ok(())
    }

    fn topic(&self) -> Topic {
        progress::topic(self.run.organization_id, self.run.id)
    }
}

fn of(organization_id: Uuid, run_id: Uuid) -> UpdateMany<sync_run::Entity> {
    sync_run::Entity::update_many()
        .filter(sync_run::Column::OrganizationId.eq(organization_id))
        .filter(sync_run::Column::Id.eq(run_id))
}
