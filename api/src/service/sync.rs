//! Sync runs and plans.

use std::time::Duration;

use chrono::{DateTime, Utc};
use finbridge_domain::{CapabilityProfile, Side, SyncModule, SyncSettings};
use finbridge_entity::types::RunTrigger;
use finbridge_entity::{
    Scoped, begin_write, integration as integration_row, sync_module, sync_run, sync_settings,
};
use finbridge_sync::SyncError;
use finbridge_sync::engine::Remote;
use finbridge_sync::plan::{self, Position, Step, Subject};
use finbridge_sync::pull::{self, Reading};
use finbridge_sync::run::{self, StartRun, Started};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, PaginatorTrait, QueryFilter};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::page::{Listing, Page, PageArgs};
use super::{Services, integration};

/// How long a person waits for a plan.
const DEADLINE: Duration = Duration::from_secs(5);

/// Queues a run of a module, now (R103).
///
/// # Errors
/// `SYNC_NOT_CONFIGURED`, `SYNC_ALREADY_RUNNING`.
pub async fn start(
    services: &Services,
    integration_id: Uuid,
    module: SyncModule,
) -> ServiceResult<sync_run::Model> {
    begin(services, integration_id, module, RunTrigger::Instant).await
}

/// Queues a run about everything, for whoever asks.
pub(super) async fn begin(
    services: &Services,
    integration_id: Uuid,
    module: SyncModule,
    trigger: RunTrigger,
) -> ServiceResult<sync_run::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let row = configured(services, &transaction, integration_id, module).await?;
    let wish = StartRun::of(services.organization_id(), row.id, trigger).by(services.viewer.user_id);
    queued(services, transaction, wish).await
}

/// A module that was configured.
pub(super) async fn configured(
    services: &Services,
    db: &impl ConnectionTrait,
    integration_id: Uuid,
    module: SyncModule,
) -> ServiceResult<sync_module::Model> {
    let found = integration::find_module(db, services.organization_id(), integration_id, module).await?;
    found.ok_or_else(not_configured)
}

/// Queues what is wished for, and makes it last.
pub(super) async fn queued(
    services: &Services,
    transaction: DatabaseTransaction,
    wish: StartRun,
) -> ServiceResult<sync_run::Model> {
    match run::start(&services.engine, &transaction, wish).await? {
        Started::Queued(run) => {
            transaction.commit().await?;
            Ok(*run)
        }
        Started::AlreadyActive(_) => Err(UserError::whole(
            ErrorCode::SyncAlreadyRunning,
            "A run of this module is queued or running; watch it with `syncRuns`, and start another when it has ended",
        )
        .into()),
        Started::Paused => Err(UserError::whole(
            ErrorCode::SyncPaused,
            "The module is paused; resume it with `syncModuleResume` first",
        )
        .into()),
    }
}

pub(super) fn not_configured() -> ServiceError {
    UserError::whole(
        ErrorCode::SyncNotConfigured,
        "This module was never configured for this integration; save its settings with `syncModuleConfigure` first",
    )
    .into()
}

/// A page of runs.
///
/// # Errors
/// Bad page arguments.
pub async fn runs(
    services: &Services,
    filter: Condition,
    listing: &Listing<sync_run::Entity>,
    args: &PageArgs,
) -> ServiceResult<Page<sync_run::Model>> {
    listing
        .window(args)?
        .read(services.db(), sync_run::Entity::of(services.organization_id()).filter(filter))
        .await
}

/// How many runs there are.
///
/// # Errors
/// The database's.
pub async fn count_runs(services: &Services, filter: Condition) -> ServiceResult<u64> {
    Ok(sync_run::Entity::of(services.organization_id()).filter(filter).count(services.db()).await?)
}

/// A run.
///
/// # Errors
/// The database's.
pub async fn run(services: &Services, id: Uuid) -> ServiceResult<Option<sync_run::Model>> {
    Ok(sync_run::Entity::one_of(services.organization_id(), id).one(services.db()).await?)
}

/// A plan: what a run would do, once the finance side has been read for it.
pub struct Plan {
    /// When the finance side was read.
    pub as_of: DateTime<Utc>,
    remote: Remote,
    module: SyncModule,
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
pub async fn plan(services: &Services, integration_id: Uuid, module: SyncModule) -> ServiceResult<Plan> {
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
    match tokio::time::timeout(DEADLINE, read).await {
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
    Ok(Plan { as_of: services.clock().now(), remote, module, settings })
}

impl Plan {
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
        let subject = Subject {
            remote: &self.remote,
            module: self.module,
            settings: &self.settings,
            now: self.as_of,
            only: None,
            retry_of: None,
            is_reconcile: false,
        };
        let mut steps = Vec::new();
        let mut position = Some(after.unwrap_or_default());
        while let Some(from) = position.filter(|_| steps.len() <= size) {
            let planned = plan::next(services.db(), services.ids(), &subject, from, plan::BATCH).await;
            let planned = planned.map_err(|error| match error {
                SyncError::ViewUnusable(message) => ServiceError::BadInput(message),
                error => error.into(),
            })?;
            position = planned.next;
            steps.extend(planned.steps);
        }
        let has_next = steps.len() > size;
        steps.truncate(size);
        Ok(PlanPage { steps, has_next })
    }
}

/// Which side's records a run looks at, in order.
///
/// # Errors
/// Settings that cannot be read.
pub fn phases(
    integration: Option<&integration_row::Model>,
    run: &sync_run::Model,
) -> ServiceResult<Vec<Side>> {
    let profile = integration.and_then(|integration| CapabilityProfile::by_key(&integration.profile_key));
    let (Some(profile), Some(module)) = (profile, SyncModule::by_name(&run.module)) else {
        return Ok(Vec::new());
    };
    Ok(finbridge_sync::stage::phases(profile, module, &run::settings(run)?))
}
