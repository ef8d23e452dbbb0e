//! Sync runs: the only door. Schedules, mutations, webhooks and retries all come through [`start`].
//!
//! A run is a state machine in the database: READ the finance side, PLAN every record, APPLY the plan, DONE. Every
//! step is committed before the next begins, so a killed worker's run is continued by another from where it stood.

use chrono::TimeDelta;
use finbridge_contract::{Failure, FailureKind};
use finbridge_domain::{SyncModule, SyncSettings};
use finbridge_entity::types::{IntegrationState, ModuleState, Role, RunPhase, RunState, RunTrigger};
use finbridge_entity::{Scoped, crm_user, integration, membership, sync_module, sync_run, sync_settings};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, Set,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::apply::{self, Applied};
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::job::continue_run;
use crate::lease::{LEASE, Lease};
use crate::plan::Subject;
use crate::pull::{self, Reading};
use crate::{planning, progress, shared};

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
    /// The one record that it is about; none: all of them (R104).
    pub only_record_id: Option<Uuid>,
    /// The run whose failures it is about; none: all records.
    pub retry_of_id: Option<Uuid>,
    /// Whether deletions beyond the guard were approved.
    pub may_delete: bool,
}

impl StartRun {
    /// A run over all records.
    pub fn of(organization_id: Uuid, sync_module_id: Uuid, trigger: RunTrigger) -> Self {
        Self {
            organization_id,
            sync_module_id,
            trigger,
            requested_by_id: None,
            only_record_id: None,
            retry_of_id: None,
            may_delete: false,
        }
    }

    /// The same, asked for by this person.
    pub fn by(self, user_id: Uuid) -> Self {
        Self { requested_by_id: Some(user_id), ..self }
    }
}

/// What asking for a run came to.
#[derive(Debug)]
pub enum Started {
    /// A new run is queued.
    Queued(Box<sync_run::Model>),
    /// One is queued or running already; runs of a module never overlap.
    AlreadyActive(Uuid),
    /// The module is paused, or is about to be (R108).
    Paused,
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
    if module.state != ModuleState::Active {
        return Ok(Started::Paused);
    }
    let id = engine.ids.uuid();
    let claimed = sync_module::Entity::update_many()
        .col_expr(sync_module::Column::ActiveRunId, Expr::value(Some(id)))
        .filter(sync_module::Column::OrganizationId.eq(wish.organization_id))
        .filter(sync_module::Column::Id.eq(module.id))
        .filter(sync_module::Column::State.eq(ModuleState::Active))
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
        plan_stage: Set(0),
        only_record_id: Set(wish.only_record_id),
        retry_of_id: Set(wish.retry_of_id),
        plan_hash: Set(None),
        is_reconcile: Set(wish.trigger == RunTrigger::Reconcile),
        may_delete: Set(wish.may_delete),
        is_cancelled: Set(false),
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
    if lease.run.is_cancelled {
        return lease.cancel().await;
    }
    let before = lease.progress().await?;
    let stop = stop.child_token();
    let result = tokio::select! {
        result = drive(&lease, &stop) => result,
        // The heartbeat ends only when the lease is lost: somebody else has the run now.
        () = lease.heartbeat(&stop) => return Ok(()),
    };
    if matches!(result, Ok(Progress::Stopped)) && lease.is_cancelled().await? {
        return lease.cancel().await;
    }
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
    let settings = settings(run)?;
    let module = SyncModule::by_name(&run.module).ok_or(SyncError::Missing("the module of a run"))?;
    let subject = Subject {
        remote: &remote,
        module,
        settings: &settings,
        now: engine.clock.now(),
        only: run.only_record_id,
        retry_of: run.retry_of_id,
        is_reconcile: run.is_reconcile,
    };
    let mut phase = run.phase;
    loop {
        phase = match phase {
            RunPhase::Read => {
                if !read(engine, run, &subject, stop).await? {
                    return Ok(Progress::Stopped);
                }
                RunPhase::Plan
            }
            RunPhase::Plan => {
                while planning::plan_batch(lease, &subject).await? {
                    if stop.is_cancelled() {
                        return Ok(Progress::Stopped);
                    }
                }
                planning::hold_deletions(lease, &subject).await?;
                RunPhase::Apply
            }
            RunPhase::Apply => {
                let owner_id = owner_of(engine, run, &remote).await?;
                match apply::apply(engine, run, &subject, owner_id, stop).await? {
                    Applied::All => {
                        lease.finish().await?;
                        return Ok(Progress::Ended);
                    }
                    Applied::Stopped => return Ok(Progress::Stopped),
                    Applied::Cancelled => {
                        lease.cancel().await?;
                        return Ok(Progress::Ended);
                    }
                    Applied::Waits => return Ok(Progress::Waits),
                    Applied::Outage(failure) => return Err(failure.into()),
                }
            }
            RunPhase::Done => return Ok(Progress::Ended),
        };
        if !lease.enter(phase).await? {
            return Ok(Progress::Stopped);
        }
    }
}

/// Brings the mirror up to date, and tells the finance app what is synchronised with it.
async fn read(
    engine: &Engine,
    run: &sync_run::Model,
    subject: &Subject<'_>,
    stop: &CancellationToken,
) -> Result<bool, SyncError> {
    let shared = shared::of(&engine.db, subject.remote).await?;
    subject.remote.connector.prepare(&subject.remote.connection, &shared).await?;
    let reading = Reading {
        module_id: run.sync_module_id,
        module: subject.module,
        settings: subject.settings,
        is_reconcile: run.is_reconcile,
        is_preview: false,
    };
    pull::read_changes(engine, subject.remote, reading, stop).await
}

/// Who becomes the owner of CRM records that are made: the person whose access the integration uses (R019), else who asked
/// for the run, else the administrator who has been there longest.
async fn owner_of(engine: &Engine, run: &sync_run::Model, remote: &Remote) -> Result<Uuid, SyncError> {
    let email = remote.integration.connected_email.to_lowercase();
    let user = crm_user::Entity::find().filter(crm_user::Column::Email.eq(email)).one(&engine.db).await?;
    for user_id in user.map(|user| user.id).into_iter().chain(run.requested_by_id) {
        let member = membership::Entity::of(run.organization_id)
            .filter(membership::Column::UserId.eq(user_id))
            .one(&engine.db)
            .await?;
        if member.is_some() {
            return Ok(user_id);
        }
    }
    let oldest = membership::Entity::of(run.organization_id)
        .filter(membership::Column::Role.eq(Role::Administrator))
        .order_by_asc(membership::Column::CreatedAt)
        .order_by_asc(membership::Column::Id)
        .one(&engine.db)
        .await?;
    Ok(oldest.ok_or(SyncError::Missing("an administrator of the organization"))?.user_id)
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
