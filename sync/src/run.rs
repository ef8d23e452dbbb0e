//! Sync runs: the only door. Schedules, mutations, webhooks and retries all come through [`start`].
//!
//! A run is a state machine in the database: READ the finance side, PLAN every record, APPLY the plan, DONE. Every
//! step is committed before the next begins, so a killed worker's run is continued by another from where it stood.

use chrono::TimeDelta;
use finbridge_contract::{Failure, FailureKind};
use finbridge_domain::SyncSettings;
use finbridge_entity::types::{IntegrationState, ItemOutcome, ItemState, RunPhase, RunState, RunTrigger};
use finbridge_entity::{
    Scoped, begin_write, integration, record_link, sync_module, sync_run, sync_run_item, sync_settings,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, Set};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::apply::{self, Applied};
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::job::continue_run;
use crate::lease::{LEASE, Lease};
use crate::{plan, progress, pull};

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
    Queued(Box<sync_run::Model>),
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
    progress::begin(transaction, &run).await?;
    engine.queue.enqueue(transaction, continue_run::job(wish.organization_id, id)?).await?;
    Ok(Started::Queued(Box::new(run)))
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
    let Some(lease) = Lease::take(engine, organization_id, run_id).await? else { return Ok(()) };
    let before = lease.progress().await?;
    let result = tokio::select! {
        result = drive(&lease, stop) => result,
        // The heartbeat ends only when the lease is lost: somebody else has the run now.
        () = lease.heartbeat() => return Ok(()),
    };
    let attempts = lease.run.attempts;
    // A run that gets on may be interrupted as often as it takes.
    let patience =
        async || Ok::<_, SyncError>(if lease.progress().await? == before { attempts + 1 } else { 0 });
    match result {
        Ok(Progress::Ended) => Ok(()),
        Ok(Progress::Stopped) => lease.release(TimeDelta::zero(), 0).await,
        Ok(Progress::Waits) => lease.release(backoff(attempts), patience().await?).await,
        Err(SyncError::Finance(failure)) => {
            let attempts = patience().await?;
            if failure.is_transient() && attempts < MOST_ATTEMPTS {
                tracing::warn!(run = %run_id, %failure, attempts, "A sync run waits for the finance app");
                return lease.release(pause(&failure, attempts), attempts).await;
            }
            if failure.kind == FailureKind::Unauthorized {
                mark_reconnect_needed(engine, &lease.run).await?;
            }
            lease.fail(apply::error_code(&failure.kind), &failure.message).await
        }
        Err(SyncError::Database(error)) if attempts < MOST_ATTEMPTS => {
            lease.release(backoff(attempts), patience().await?).await?;
            Err(error.into())
        }
        Err(SyncError::ViewUnusable(message)) => lease.fail("VIEW_UNUSABLE", &message).await,
        // Trying again would end the same way.
        Err(error) => {
            lease.fail("NOT_POSSIBLE", &error.to_string()).await?;
            Err(error)
        }
    }
}

enum Progress {
    Ended,
    Stopped,
    Waits,
}

async fn drive(lease: &Lease<'_>, stop: &CancellationToken) -> Result<Progress, SyncError> {
    let (engine, run) = (lease.engine, &lease.run);
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
                RunPhase::Plan
            }
            RunPhase::Plan => {
                while plan_batch(lease, &remote).await? {
                    if stop.is_cancelled() {
                        return Ok(Progress::Stopped);
                    }
                }
                RunPhase::Apply
            }
            RunPhase::Apply => match apply::apply(engine, run, &remote, adapter, stop).await? {
                Applied::All => {
                    lease.finish().await?;
                    return Ok(Progress::Ended);
                }
                Applied::Stopped => return Ok(Progress::Stopped),
                Applied::Waits => return Ok(Progress::Waits),
                Applied::Outage(failure) => return Err(failure.into()),
            },
            RunPhase::Done => return Ok(Progress::Ended),
        };
        if !lease.enter(phase).await? {
            return Ok(Progress::Stopped);
        }
    }
}

/// Plans one batch: its items, the position and the noted versions stand or fall together. False: no more records.
async fn plan_batch(lease: &Lease<'_>, remote: &Remote) -> Result<bool, SyncError> {
    let (engine, run) = (lease.engine, &lease.run);
    let current = sync_run::Entity::one_of(run.organization_id, run.id)
        .one(&engine.db)
        .await?
        .ok_or(SyncError::Missing("the run"))?;
    let now = engine.clock.now();
    let planned =
        plan::next(&engine.db, remote, &settings(run)?, now, current.plan_position, plan::BATCH).await?;
    let Some(position) = planned.position else { return Ok(false) };
    let count = i64::try_from(planned.steps.len()).unwrap_or(i64::MAX);
    let mut items = Vec::with_capacity(planned.steps.len());
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
    let moved = lease
        .update()
        .col_expr(sync_run::Column::PlanPosition, Expr::value(Some(position)))
        .col_expr(sync_run::Column::PlannedCount, Expr::col(sync_run::Column::PlannedCount).add(count))
        .filter(match current.plan_position {
            Some(before) => sync_run::Column::PlanPosition.eq(before),
            None => sync_run::Column::PlanPosition.is_null(),
        })
        .exec(&transaction)
        .await?;
    if moved.rows_affected == 0 {
        // Another worker has the run, and planned this batch in the meantime.
        return Ok(false);
    }
    if !items.is_empty() {
        sync_run_item::Entity::insert_many(items).exec_without_returning(&transaction).await?;
    }
    for plan::Unchanged { link_id, record_id, version } in planned.unchanged {
        record_link::Entity::update_many()
            .col_expr(record_link::Column::SyncedVersion, Expr::value(version))
            .filter(record_link::Column::OrganizationId.eq(run.organization_id))
            .filter(record_link::Column::Id.eq(link_id))
            .filter(record_link::Column::RecordId.eq(record_id))
            .exec(&transaction)
            .await?;
    }
    progress::planned(&transaction, run, count, now).await?;
    engine.events.commit(transaction, &[progress::topic(run.organization_id, run.id)]).await?;
    Ok(true)
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

/// As long as the finance app asks for, or else longer each time.
fn pause(failure: &Failure, attempts: i32) -> TimeDelta {
    match failure.kind {
        FailureKind::RateLimited { retry_after: Some(pause) } => TimeDelta::from_std(pause).unwrap_or(LEASE),
        _ => backoff(attempts),
    }
}

/// 1 s, 2 s, 4 s … at most 5 minutes.
fn backoff(attempts: i32) -> TimeDelta {
    TimeDelta::seconds(1 << attempts.clamp(0, 8)).min(TimeDelta::minutes(5))
}
