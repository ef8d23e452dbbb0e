//! Sync runs.

use finbridge_domain::{CapabilityProfile, Side, SyncModule};
use finbridge_entity::types::RunTrigger;
use finbridge_entity::{Scoped, begin_write, integration as integration_row, sync_module, sync_run};
use finbridge_sync::run::{self, StartRun, Started};
use sea_orm::{Condition, ConnectionTrait, DatabaseTransaction, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::page::{Listing, Page, PageArgs};
use super::{Services, integration};

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
    let started = run::start(&services.engine, &transaction, wish).await?;
    begun(transaction, started).await
}

/// Makes what was asked for last, or says why there is no such run.
pub(super) async fn begun(
    transaction: DatabaseTransaction,
    started: Started,
) -> ServiceResult<sync_run::Model> {
    match started {
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
        Started::Disabled => Err(super::leave::inactive()),
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
