//! Plans: what a run would do, looked at before anything is done, and carried out to the letter.

use chrono::{DateTime, Utc};
use finbridge_domain::{SyncModule, SyncSettings};
use finbridge_entity::types::{RunState, RunTrigger};
use finbridge_entity::{Scoped, begin_write, sync_module, sync_run, sync_settings};
use finbridge_sync::SyncError;
use finbridge_sync::engine::Remote;
use finbridge_sync::plan::forecast::{Outlook, Summary};
use finbridge_sync::plan::hash::PlanHash;
use finbridge_sync::plan::{self, Position, Step, Subject};
use finbridge_sync::pull::{self, Reading};
use finbridge_sync::run::{self, StartRun};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::sync::{begun, configured, not_configured, queued};
use super::{Services, remote};

/// A plan: what a run would do, once the finance side has been read for it.
pub struct Plan {
    /// When the finance side was read.
    pub as_of: DateTime<Utc>,
    remote: Remote,
    module: SyncModule,
    row: sync_module::Model,
    settings: SyncSettings,
}

/// A part of a plan.
pub struct PlanPage {
    /// What a run would do now.
    pub steps: Vec<Step>,
    /// Whether the plan goes on.
    pub has_next: bool,
}

/// Begins a plan: reads the finance side up to this moment.
///
/// # Errors
/// `BAD_USER_INPUT` when the module was never configured, or its view cannot be applied any more; a sentence when the finance app cannot be read in time.
pub async fn look(services: &Services, integration_id: Uuid, module: SyncModule) -> ServiceResult<Plan> {
    services.viewer.require_administrator()?;
    let db = services.db();
    let row = configured(services, db, integration_id, module).await?;
    let settings = sync_settings::Entity::of(services.organization_id())
        .filter(sync_settings::Column::SyncModuleId.eq(row.id))
        .filter(sync_settings::Column::Version.eq(row.settings_version))
        .one(db)
        .await?
        .ok_or_else(not_configured)?;
    let settings: SyncSettings = serde_json::from_value(settings.settings)?;
    let remote = services.engine.remote(db, services.organization_id(), integration_id).await?;
    let never = CancellationToken::new();
    // Pages read before the deadline stay read, so asking again gets further.
    let reading =
        Reading { module_id: row.id, module, settings: &settings, is_reconcile: false, is_preview: true };
    let read = pull::read_changes(&services.engine, &remote, reading, &never);
    match tokio::time::timeout(remote::PATIENCE, read).await {
        Ok(Ok(_)) => {}
        Ok(Err(SyncError::Finance(failure))) => {
            return Err(ServiceError::Unavailable(failure.message));
        }
        Ok(Err(error)) => return Err(error.into()),
        Err(_) => {
            let message = "The finance side is too large to be read within 5 seconds; ask again, it goes on where it stopped";
            return Err(ServiceError::Unavailable(message.to_owned()));
        }
    }
    Ok(Plan { as_of: services.clock().now(), remote, module, row, settings })
}

fn told(error: SyncError) -> ServiceError {
    match error {
        SyncError::ViewUnusable(message) => ServiceError::BadInput(message),
        error => error.into(),
    }
}

impl Plan {
    fn subject(&self) -> Subject<'_> {
        Subject {
            remote: &self.remote,
            module: self.module,
            settings: &self.settings,
            now: self.as_of,
            only: None,
            only_remote: None,
            retry_of: None,
            undo_of: None,
            is_reconcile: false,
        }
    }

    /// The next `size` records of the plan after this position. Nothing is written on either side.
    ///
    /// # Errors
    /// The database's.
    pub async fn page(
        &self,
        services: &Services,
        after: Option<Position>,
        size: usize,
    ) -> ServiceResult<PlanPage> {
        let subject = self.subject();
        let mut steps = Vec::new();
        let mut position = Some(after.unwrap_or_default());
        while let Some(from) = position.filter(|_| steps.len() <= size) {
            let planned = plan::next(services.db(), services.ids(), &subject, from, plan::BATCH).await;
            let planned = planned.map_err(told)?;
            position = planned.next;
            steps.extend(planned.steps);
        }
        let has_next = steps.len() > size;
        steps.truncate(size);
        Ok(PlanPage { steps, has_next })
    }

    /// The whole plan, summed up. It takes time in proportion to the records that there is something to do about.
    ///
    /// # Errors
    /// The database's.
    pub async fn summary(&self, services: &Services) -> ServiceResult<Summary> {
        plan::whole(services.db(), services.ids(), &self.subject(), &self.row).await.map_err(told)
    }
}

/// What the kept plan of a run comes to; none where the run has none.
///
/// # Errors
/// A plan that cannot be read.
pub fn kept(run: &sync_run::Model) -> ServiceResult<Option<(String, Outlook)>> {
    let (Some(hash), Some(outlook)) = (&run.plan_hash, &run.plan) else { return Ok(None) };
    Ok(Some((hash.clone(), serde_json::from_value(outlook.clone())?)))
}

/// Queues a run that makes a plan, keeps it, and stops there.
///
/// # Errors
/// `SYNC_NOT_CONFIGURED`, `SYNC_ALREADY_RUNNING`, `SYNC_PAUSED`.
pub async fn prepare(
    services: &Services,
    integration_id: Uuid,
    module: SyncModule,
    is_reconcile: bool,
) -> ServiceResult<sync_run::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let row = configured(services, &transaction, integration_id, module).await?;
    let wish = StartRun { is_plan: true, is_reconcile, ..wish(services, &row) };
    queued(services, transaction, wish).await
}

fn wish(services: &Services, row: &sync_module::Model) -> StartRun {
    StartRun::of(row.organization_id, row.id, RunTrigger::Plan).by(services.viewer.user_id)
}

/// Carries out the plan of this hash and nothing else. Of a plan that is kept, records that changed since are left alone; one
/// that was only looked at has to be the same as a whole.
///
/// # Errors
/// `INVALID`, `PLAN_STALE`, `SYNC_NOT_CONFIGURED`, `SYNC_ALREADY_RUNNING`, `SYNC_PAUSED`.
pub async fn apply(
    services: &Services,
    integration_id: Uuid,
    module: SyncModule,
    hash: &str,
) -> ServiceResult<sync_run::Model> {
    services.viewer.require_administrator()?;
    let Some(hash) = PlanHash::read(&hash.to_ascii_lowercase()) else {
        let message = "Pass the `hash` of a plan exactly as `syncPlan` or `SyncRun.plan` had it";
        return Err(UserError::of(ErrorCode::Invalid, "hash", message).into());
    };
    let transaction = begin_write(services.db()).await?;
    let row = configured(services, &transaction, integration_id, module).await?;
    let kept = sync_run::Entity::of(services.organization_id())
        .filter(sync_run::Column::SyncModuleId.eq(row.id))
        .filter(sync_run::Column::State.eq(RunState::Planned))
        .filter(sync_run::Column::PlanHash.eq(hash.text()))
        .order_by_desc(sync_run::Column::Id)
        // Whoever carries it out, discards or ends it at this moment goes first.
        .lock_exclusive()
        .one(&transaction)
        .await?;
    let Some(kept) = kept else {
        let wish = StartRun { plan_hash: Some(hash), ..wish(services, &row) };
        return queued(services, transaction, wish).await;
    };
    if kept.settings_version != row.settings_version {
        let message = "The settings changed since this plan was made; make another with `syncPlanPrepare`";
        return Err(UserError::of(ErrorCode::PlanStale, "hash", message).into());
    }
    let started = run::carry_out(&services.engine, &transaction, &kept).await?;
    begun(transaction, started).await
}
