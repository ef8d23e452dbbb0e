//! Sync runs: the only door. Schedules, mutations, webhooks and retries all come through [`start`].
//!
//! A run is a state machine in the database: READ the finance side, PLAN every record, APPLY the plan, DONE. Every
//! step is committed before the next begins, so a killed worker's run is continued by another from where it stood.

mod request;

use chrono::TimeDelta;
use finbridge_contract::{Failure, FailureKind};
use finbridge_domain::{SyncModule, SyncSettings};
use finbridge_entity::types::{IntegrationState, Role, RunPhase, RunTrigger};
use finbridge_entity::{Scoped, crm_user, integration, membership, sync_run};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::apply::{self, Applied};
use crate::budget::Priority;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::lease::{LEASE, Lease};
use crate::plan::Subject;
use crate::pull::{self, Reading};
use crate::users::{self, Invited};
use crate::{planning, shared};
pub use request::{StartRun, Started, carry_out, start};

/// Interruptions without progress after which a run is given up.
const MOST_ATTEMPTS: i32 = 10;

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
            let rests_until = engine.budgets.rests_until(organization_id, lease.run.integration_id);
            // Who waits because everybody has to has not failed, and is not given up for it.
            let waits = rests_until.is_some() || matches!(failure.kind, FailureKind::RateLimited { .. });
            let attempts = if waits { attempts } else { patience().await? };
            if failure.is_transient() && (waits || attempts < MOST_ATTEMPTS) {
                tracing::warn!(run = %run_id, %failure, attempts, "A sync run waits for the finance app");
                let rest = rests_until.map_or(TimeDelta::zero(), |until| until - engine.clock.now());
                return lease.release(pause(&failure, attempts).max(rest), attempts).await;
            }
            if failure.kind == FailureKind::Unauthorized {
                mark_reconnect_needed(engine, organization_id, lease.run.integration_id).await?;
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
    let priority = match run.trigger {
        RunTrigger::Instant | RunTrigger::Resync => Priority::Person,
        _ => Priority::Background,
    };
    let remote = engine.remote_for(&engine.db, run.organization_id, run.integration_id, priority).await?;
    let settings = settings(run)?;
    let module = SyncModule::by_name(&run.module).ok_or(SyncError::Missing("the module of a run"))?;
    let subject = Subject {
        remote: &remote,
        module,
        settings: &settings,
        now: engine.clock.now(),
        only: run.only_record_id,
        only_remote: None,
        retry_of: run.retry_of_id,
        undo_of: run.undo_of_id,
        is_reconcile: run.is_reconcile,
    };
    // No record shall be to blame for an outage: something else finds out whether it is over.
    if (run.phase != RunPhase::Read || run.undo_of_id.is_some())
        && engine.budgets.rests_until(run.organization_id, run.integration_id).is_some()
    {
        prepare(engine, &remote).await?;
    }
    let mut phase = run.phase;
    loop {
        phase = match phase {
            RunPhase::Read => {
                // What is taken back is looked at record by record.
                if run.undo_of_id.is_none() && !read(engine, run, &subject, stop).await? {
                    return Ok(Progress::Stopped);
                }
                if run.plan.is_some() { RunPhase::Apply } else { RunPhase::Plan }
            }
            RunPhase::Plan => {
                while planning::plan_batch(lease, &subject).await? {
                    if stop.is_cancelled() {
                        return Ok(Progress::Stopped);
                    }
                }
                planning::hold_deletions(lease, &subject).await?;
                if run.is_plan {
                    let is_kept = lease.rest(&planning::summary(lease, &subject).await?).await?;
                    return Ok(if is_kept { Progress::Ended } else { Progress::Stopped });
                }
                if let Some(looked_at) = &run.plan_hash
                    && planning::summary(lease, &subject).await?.hash.text() != *looked_at
                {
                    let message = "The plan is another one by now, so nothing was written; look at it again, or have it kept with `syncPlanPrepare`, so that single records that change do not matter";
                    lease.fail(apply::PLAN_STALE, message).await?;
                    return Ok(Progress::Ended);
                }
                RunPhase::Apply
            }
            RunPhase::Apply => {
                let owner_id = owner_of(engine, run, &remote).await?;
                match apply::apply(engine, run, &subject, owner_id, stop).await? {
                    Applied::All => {
                        let Invited::All { has_failures } = users::invite(lease, &subject, stop).await?
                        else {
                            return Ok(Progress::Stopped);
                        };
                        lease.finish(has_failures).await?;
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

/// Tells the finance app what is synchronised with it. The run of another module may tell it at the same moment, and what was
/// read first may arrive last; so whoever told something that is old by now tells it again.
async fn prepare(engine: &Engine, remote: &Remote) -> Result<(), SyncError> {
    let mut told = shared::of(&engine.db, remote).await?;
    loop {
        remote.connector.prepare(&remote.connection, &told).await?;
        let now = shared::of(&engine.db, remote).await?;
        if now == told {
            return Ok(());
        }
        told = now;
    }
}

/// Brings the mirror up to date, and tells the finance app what is synchronised with it.
async fn read(
    engine: &Engine,
    run: &sync_run::Model,
    subject: &Subject<'_>,
    stop: &CancellationToken,
) -> Result<bool, SyncError> {
    prepare(engine, subject.remote).await?;
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

/// Notes that the finance app refuses the credential.
pub(crate) async fn mark_reconnect_needed(
    engine: &Engine,
    organization_id: Uuid,
    integration_id: Uuid,
) -> Result<(), SyncError> {
    integration::Entity::update_many()
        .col_expr(integration::Column::State, Expr::value(IntegrationState::ReconnectNeeded))
        .filter(integration::Column::OrganizationId.eq(organization_id))
        .filter(integration::Column::Id.eq(integration_id))
        // One that is disabled stays so.
        .filter(integration::Column::State.eq(IntegrationState::Active))
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
