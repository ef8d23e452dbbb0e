//! Sync runs: the only door. Schedules, mutations, webhooks and retries all come through [`start`].
//!
//! A run is a state machine in the database: READ the finance side, PLAN every record, APPLY the plan, DONE. Every
//! step is committed before the next begins, so a killed worker's run is continued by another from where it stood.

use std::time::Duration;

use chrono::TimeDelta;
use finbridge_contract::FailureKind;
use finbridge_domain::SyncSettings;
use finbridge_entity::types::{IntegrationState, ItemOutcome, ItemState, RunPhase, RunState, RunTrigger};
use finbridge_entity::{
    Scoped, begin_write, integration, record_link, sync_module, sync_run, sync_run_item, sync_settings,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, Set, UpdateMany,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::apply::{self, Applied};
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::job::continue_run;
use crate::{outcome, plan, pull};

/// How long a worker has a run to itself without saying that it is still there.
pub const LEASE: TimeDelta = TimeDelta::seconds(30);

/// How often it says so.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Interruptions without progress after which a run is given up.
const MOST_ATTEMPTS: i32 = 10;

/// Who wants a run of what.
#[derive(Debug, Clone, Copy)]
pub struct StartRun {
    /// The tenant.
    pub organization_id: Uuid,
    /// The module row to be synchronised.
    pub sync_module_id: Uuid,
    /// What started it.
    pub trigger: RunTrigger,
    /// Who asked for it.
    pub requested_by_id: Option<Uuid>,
}

/// What asking for a run came to.
#[derive(Debug)]
pub enum Started {
    /// A new run is queued.
    Queued(sync_run::Model),
    /// One is queued or running already; runs of a module never overlap.
    AlreadyActive(Uuid),
}

/// Queues a run in the caller's transaction: the run, its claim on the module, and the job that begins it.
///
/// # Errors
/// The database's, or that the module was never configured.
pub async fn start(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    wish: StartRun,
) -> Result<Started, SyncError> {
    let module = sync_module::Entity::one_of(wish.organization_id, wish.sync_module_id)
        .one(transaction)
        .await?
        .ok_or(SyncError::Missing("the sync module"))?;
    let id = engine.ids.uuid();
    let claimed = sync_module::Entity::update_many()
        .col_expr(sync_module::Column::ActiveRunId, Expr::value(Some(id)))
        .filter(sync_module::Column::OrganizationId.eq(wish.organization_id))
        .filter(sync_module::Column::Id.eq(module.id))
        .filter(sync_module::Column::ActiveRunId.is_null())
        .exec(transaction)
        .await?;
    if claimed.rows_affected == 0 {
        let active = sync_module::Entity::one_of(wish.organization_id, module.id)
            .one(transaction)
            .await?
            .and_then(|module| module.active_run_id)
            .ok_or(SyncError::Missing("the active run"))?;
        return Ok(Started::AlreadyActive(active));
    }
    let settings = sync_settings::Entity::of(wish.organization_id)
        .filter(sync_settings::Column::SyncModuleId.eq(module.id))
        .filter(sync_settings::Column::Version.eq(module.settings_version))
        .one(transaction)
        .await?
        .ok_or(SyncError::Missing("the settings in force"))?;
    let now = engine.clock.now();
    let run = sync_run::ActiveModel {
        organization_id: Set(wish.organization_id),
        id: Set(id),
        integration_id: Set(module.integration_id),
        sync_module_id: Set(module.id),
        module: Set(module.module),
        trigger: Set(wish.trigger),
        state: Set(RunState::Queued),
        phase: Set(RunPhase::Read),
        settings_version: Set(module.settings_version),
        settings: Set(settings.settings),
        requested_by_id: Set(wish.requested_by_id),
        plan_position: Set(None),
        planned_count: Set(0),
        attempts: Set(0),
        // The job begins it at once; this is for the case that the job is lost.
        resume_at: Set(Some(now + LEASE)),
        lease_owner: Set(None),
        lease_until: Set(None),
        error_code: Set(None),
        error_message: Set(None),
        created_at: Set(now),
        started_at: Set(None),
        finished_at: Set(None),
    }
    .insert(transaction)
    .await?;
    engine.queue.enqueue(transaction, continue_run::job(wish.organization_id, id)?).await?;
    Ok(Started::Queued(run))
}

/// The settings a run began with.
///
/// # Errors
/// When they cannot be read.
pub fn settings(run: &sync_run::Model) -> Result<SyncSettings, SyncError> {
    serde_json::from_value(run.settings.clone())
        .map_err(|source| SyncError::Corrupt { what: "the settings of a run", source })
}

/// Goes on with a run until it ends, has to wait, or the worker is told to stop.
///
/// # Errors
/// What interrupted it. The run then waits in the database and is woken when its time comes.
pub async fn go_on(
    engine: &Engine,
    organization_id: Uuid,
    run_id: Uuid,
    stop: &CancellationToken,
) -> Result<(), SyncError> {
    let owner = engine.ids.uuid().to_string();
    let Some(run) = take_lease(engine, organization_id, run_id, &owner).await? else { return Ok(()) };
    let lost = stop.child_token();
    let result = tokio::select! {
        result = drive(engine, &run, &lost) => result,
        // Only a lost lease ends the heartbeat: somebody else has the run now.
        () = heartbeat(engine, &run, &owner, &lost) => return Ok(()),
    };
    match result {
        Ok(Progress::Ended) => Ok(()),
        Ok(Progress::Stopped) => yield_run(engine, &run, &owner, TimeDelta::zero(), 0).await,
        Ok(Progress::Waits(pause)) => yield_run(engine, &run, &owner, pause, run.attempts + 1).await,
        Err(SyncError::Finance(failure)) if failure.is_transient() && run.attempts < MOST_ATTEMPTS => {
            tracing::warn!(run = %run.id, %failure, attempts = run.attempts, "A sync run waits for the finance app");
            let pause = match failure.kind {
                FailureKind::RateLimited { retry_after: Some(pause) } => {
                    TimeDelta::from_std(pause).unwrap_or(LEASE)
                }
                _ => backoff(run.attempts),
            };
            yield_run(engine, &run, &owner, pause, run.attempts + 1).await
        }
        Err(SyncError::Finance(failure)) => {
            let code = match failure.kind {
                FailureKind::Unauthorized => "RECONNECT_NEEDED",
                FailureKind::RateLimited { .. } => "RATE_LIMITED",
                FailureKind::Unavailable | FailureKind::OutcomeUnknown => "FINANCE_UNAVAILABLE",
                FailureKind::NotSupported => "NOT_SUPPORTED",
                _ => "FINANCE_REFUSED",
            };
            if failure.kind == FailureKind::Unauthorized {
                mark_reconnect_needed(engine, &run).await?;
            }
            fail(engine, &run, code, &failure.message).await
        }
        Err(error @ (SyncError::Credential | SyncError::UnknownApp(_) | SyncError::Corrupt { .. })) => {
            fail(engine, &run, "NOT_POSSIBLE", &error.to_string()).await
        }
        Err(error) => {
            yield_run(engine, &run, &owner, backoff(run.attempts), run.attempts + 1).await?;
            Err(error)
        }
    }
}

enum Progress {
    Ended,
    Stopped,
    Waits(TimeDelta),
}

async fn drive(
    engine: &Engine,
    run: &sync_run::Model,
    stop: &CancellationToken,
) -> Result<Progress, SyncError> {
    let remote = engine.remote(&engine.db, run.organization_id, run.integration_id).await?;
    let adapter = remote.connector.clone();
    let adapter = adapter.customers().ok_or(SyncError::Missing("the customers of this finance app"))?;
    let mut phase = run.phase;
    loop {
        phase = match phase {
            RunPhase::Read => {
                if !pull::read_changes(engine, &remote, adapter, run.sync_module_id, stop).await? {
                    return Ok(Progress::Stopped);
                }
                enter(engine, run, RunPhase::Plan).await?
            }
            RunPhase::Plan => {
                while plan_batch(engine, run, &remote).await? {
                    if stop.is_cancelled() {
                        return Ok(Progress::Stopped);
                    }
                }
                enter(engine, run, RunPhase::Apply).await?
            }
            RunPhase::Apply => match apply::apply(engine, run, &remote, adapter, stop).await? {
                Applied::All => {
                    finish(engine, run).await?;
                    return Ok(Progress::Ended);
                }
                Applied::Stopped => return Ok(Progress::Stopped),
                Applied::Waits => return Ok(Progress::Waits(backoff(run.attempts))),
            },
            RunPhase::Done => return Ok(Progress::Ended),
        };
    }
}

/// Plans one batch: its items, the position and the noted versions stand or fall together. False: no more records.
async fn plan_batch(engine: &Engine, run: &sync_run::Model, remote: &Remote) -> Result<bool, SyncError> {
    let current = sync_run::Entity::one_of(run.organization_id, run.id)
        .one(&engine.db)
        .await?
        .ok_or(SyncError::Missing("the run"))?;
    let planned = plan::next(&engine.db, remote, &settings(run)?, current.plan_position, plan::BATCH).await?;
    let Some(position) = planned.position else { return Ok(false) };
    let now = engine.clock.now();
    let count = planned.steps.len();
    let mut items = Vec::with_capacity(count);
    for step in planned.steps {
        let changes = serde_json::to_value(&step.decision.changes)
            .map_err(|source| SyncError::Corrupt { what: "a plan", source })?;
        items.push(sync_run_item::ActiveModel {
            organization_id: Set(run.organization_id),
            id: Set(engine.ids.uuid()),
            run_id: Set(run.id),
            record_type: Set(crate::modules::customers::ACCOUNT.to_owned()),
            record_id: Set(step.record.id),
            record_name: Set(step.record.name),
            record_version: Set(step.record.version),
            action: Set(step.decision.action),
            rule: Set(step.decision.rule.to_owned()),
            reason: Set(step.decision.reason),
            state: Set(ItemState::Pending),
            remote_id: Set(step.decision.remote_id),
            remote_name: Set(step.decision.remote_name),
            changes: Set(changes),
            outcome: Set(ItemOutcome::None),
            attempts: Set(0),
            remote_request_id: Set(None),
            error_code: Set(None),
            error_message: Set(None),
            remote_code: Set(None),
            remote_message: Set(None),
            created_at: Set(now),
            finished_at: Set(None),
        });
    }
    let transaction = begin_write(&engine.db).await?;
    let moved = update_run(run)
        .col_expr(sync_run::Column::PlanPosition, Expr::value(Some(position)))
        .col_expr(
            sync_run::Column::PlannedCount,
            Expr::col(sync_run::Column::PlannedCount).add(i64::try_from(count).unwrap_or(i64::MAX)),
        )
        .filter(match current.plan_position {
            Some(before) => sync_run::Column::PlanPosition.eq(before),
            None => sync_run::Column::PlanPosition.is_null(),
        })
        .exec(&transaction)
        .await?;
    if moved.rows_affected == 0 {
        // Another worker planned this batch in the meantime.
        return Ok(true);
    }
    if !items.is_empty() {
        sync_run_item::Entity::insert_many(items).exec_without_returning(&transaction).await?;
    }
    for (link_id, version) in planned.unchanged {
        record_link::Entity::update_many()
            .col_expr(record_link::Column::SyncedVersion, Expr::value(version))
            .filter(record_link::Column::OrganizationId.eq(run.organization_id))
            .filter(record_link::Column::Id.eq(link_id))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(true)
}

fn update_run(run: &sync_run::Model) -> UpdateMany<sync_run::Entity> {
    sync_run::Entity::update_many()
        .filter(sync_run::Column::OrganizationId.eq(run.organization_id))
        .filter(sync_run::Column::Id.eq(run.id))
}

async fn take_lease(
    engine: &Engine,
    organization_id: Uuid,
    run_id: Uuid,
    owner: &str,
) -> Result<Option<sync_run::Model>, SyncError> {
    let now = engine.clock.now();
    let Some(run) = sync_run::Entity::one_of(organization_id, run_id).one(&engine.db).await? else {
        return Ok(None);
    };
    let free = Condition::any()
        .add(sync_run::Column::LeaseOwner.is_null())
        .add(sync_run::Column::LeaseUntil.lte(now));
    let taken = update_run(&run)
        .col_expr(sync_run::Column::State, Expr::value(RunState::Running))
        .col_expr(sync_run::Column::LeaseOwner, Expr::value(Some(owner.to_owned())))
        .col_expr(sync_run::Column::LeaseUntil, Expr::value(Some(now + LEASE)))
        .col_expr(sync_run::Column::ResumeAt, Expr::value(Some(now + LEASE)))
        .col_expr(sync_run::Column::StartedAt, Expr::value(Some(run.started_at.unwrap_or(now))))
        .filter(sync_run::Column::State.is_in([RunState::Queued, RunState::Running]))
        .filter(free)
        .exec(&engine.db)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    Ok(sync_run::Entity::one_of(organization_id, run_id).one(&engine.db).await?)
}

async fn heartbeat(engine: &Engine, run: &sync_run::Model, owner: &str, lost: &CancellationToken) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let until = engine.clock.now() + LEASE;
        let renewed = update_run(run)
            .col_expr(sync_run::Column::LeaseUntil, Expr::value(Some(until)))
            .col_expr(sync_run::Column::ResumeAt, Expr::value(Some(until)))
            .filter(sync_run::Column::LeaseOwner.eq(owner))
            .exec(&engine.db)
            .await;
        match renewed {
            Ok(renewed) if renewed.rows_affected == 0 => {
                tracing::warn!(run = %run.id, "Another worker has taken this run over");
                lost.cancel();
                return;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(run = %run.id, %error, "The lease of a run could not be renewed; trying again")
            }
        }
    }
}

/// Leaves the run to be continued after a pause.
async fn yield_run(
    engine: &Engine,
    run: &sync_run::Model,
    owner: &str,
    pause: TimeDelta,
    attempts: i32,
) -> Result<(), SyncError> {
    update_run(run)
        .col_expr(sync_run::Column::LeaseOwner, Expr::value(Option::<String>::None))
        .col_expr(sync_run::Column::ResumeAt, Expr::value(Some(engine.clock.now() + pause)))
        .col_expr(sync_run::Column::Attempts, Expr::value(attempts))
        .filter(sync_run::Column::LeaseOwner.eq(owner))
        .exec(&engine.db)
        .await?;
    Ok(())
}

async fn enter(engine: &Engine, run: &sync_run::Model, phase: RunPhase) -> Result<RunPhase, SyncError> {
    update_run(run)
        .col_expr(sync_run::Column::Phase, Expr::value(phase))
        // Reaching a new phase is progress: patience begins anew.
        .col_expr(sync_run::Column::Attempts, Expr::value(0))
        .exec(&engine.db)
        .await?;
    Ok(phase)
}

async fn finish(engine: &Engine, run: &sync_run::Model) -> Result<(), SyncError> {
    let totals = outcome::totals(&engine.db, run.organization_id, &[run.id]).await?;
    let state = totals.get(&run.id).copied().unwrap_or_default().final_state();
    end(engine, run, state, None).await?;
    tracing::info!(run = %run.id, ?state, "A sync run ended");
    Ok(())
}

async fn fail(engine: &Engine, run: &sync_run::Model, code: &str, message: &str) -> Result<(), SyncError> {
    tracing::error!(run = %run.id, code, message, "A sync run failed");
    end(engine, run, RunState::Failed, Some((code, message))).await
}

/// Ends the run: its state, what was left undone, and the module's freedom to run again, in one transaction.
async fn end(
    engine: &Engine,
    run: &sync_run::Model,
    state: RunState,
    error: Option<(&str, &str)>,
) -> Result<(), SyncError> {
    let now = engine.clock.now();
    let transaction = begin_write(&engine.db).await?;
    update_run(run)
        .col_expr(sync_run::Column::State, Expr::value(state))
        .col_expr(sync_run::Column::Phase, Expr::value(RunPhase::Done))
        .col_expr(sync_run::Column::FinishedAt, Expr::value(Some(now)))
        .col_expr(sync_run::Column::ResumeAt, Expr::value(Option::<chrono::DateTime<chrono::Utc>>::None))
        .col_expr(sync_run::Column::LeaseOwner, Expr::value(Option::<String>::None))
        .col_expr(sync_run::Column::ErrorCode, Expr::value(error.map(|(code, _)| code.to_owned())))
        .col_expr(sync_run::Column::ErrorMessage, Expr::value(error.map(|(_, message)| message.to_owned())))
        .exec(&transaction)
        .await?;
    sync_run_item::Entity::update_many()
        .col_expr(sync_run_item::Column::State, Expr::value(ItemState::Failed))
        .col_expr(sync_run_item::Column::Outcome, Expr::value(ItemOutcome::Failed))
        .col_expr(sync_run_item::Column::ErrorCode, Expr::value("RUN_FAILED"))
        .col_expr(
            sync_run_item::Column::ErrorMessage,
            Expr::value("The run failed before this record's turn; the next run takes it up"),
        )
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
    if state != RunState::Failed {
        let first = Expr::col(sync_module::Column::InitialSyncAt).if_null(now);
        module = module.col_expr(sync_module::Column::InitialSyncAt, first);
    }
    module.exec(&transaction).await?;
    transaction.commit().await?;
    Ok(())
}

async fn mark_reconnect_needed(engine: &Engine, run: &sync_run::Model) -> Result<(), SyncError> {
    integration::Entity::update_many()
        .col_expr(integration::Column::State, Expr::value(IntegrationState::ReconnectNeeded))
        .filter(integration::Column::OrganizationId.eq(run.organization_id))
        .filter(integration::Column::Id.eq(run.integration_id))
        .exec(&engine.db)
        .await?;
    Ok(())
}

/// 1 s, 2 s, 4 s … at most 5 minutes.
fn backoff(attempts: i32) -> TimeDelta {
    TimeDelta::seconds(1 << attempts.clamp(0, 8)).min(TimeDelta::minutes(5))
}
